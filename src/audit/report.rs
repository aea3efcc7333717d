//! An audit, for people: it fits a screen.

use std::cmp::Reverse;
use std::io;

use crate::audit::model::{Audit, AuditedPackage, Difference, Finding, Share, Variant};
use crate::size::Bytes;
use crate::term::table::{Align, Table};
use crate::term::view::{GOOD, HEADING, Out, View, WARNING, ago, counted, entries, wrapped};
use crate::text::shown;

/// So many names are given as examples.
const NAMED: usize = 4;

/// Writes an audit, at most `top` rows of each table.
pub(crate) fn audit(out: Out<'_>, audit: &Audit, top: usize, view: &View) -> io::Result<()> {
    folders(out, audit, top, view)?;
    shares(out, audit, top, view)?;
    variants(out, audit, top, view)?;
    unused(out, audit, view)?;
    findings(out, &audit.findings, top, view)?;
    for problem in &audit.problems {
        write!(out, "{WARNING}warning{WARNING:#}: ")?;
        let text = format!("{}: {}", view.paths.show(&problem.path), problem.message);
        wrapped(out, &text, "", view.width)?;
    }
    Ok(())
}

fn folders(out: Out<'_>, audit: &Audit, top: usize, view: &View) -> io::Result<()> {
    writeln!(
        out,
        "{HEADING}{}{HEADING:#}: {GOOD}{}{GOOD:#} on disk, {} freeable ({}, {})",
        counted(audit.folders.len(), "target folder"),
        audit.total.on_disk,
        audit.total.freeable,
        entries(audit.total.entries),
        counted(units(audit), "unit"),
    )?;
    if audit.folders.len() > 1 {
        folders_table(audit, top, view).write(out, view.width)?;
        more(out, audit.folders.len(), top)?;
    }
    writeln!(out)
}

/// How many units there are.
pub(super) fn units(audit: &Audit) -> usize {
    audit.folders.iter().map(|folder| folder.units).sum()
}

/// The target folders.
pub(super) fn folders_table(audit: &Audit, top: usize, view: &View) -> Table {
    let mut table = Table::new(&[
        ("ON DISK", Align::Right),
        ("SHARED", Align::Right),
        ("UNITS", Align::Right),
        ("LAST USE", Align::Left),
        ("FOLDER", Align::Left),
    ]);
    for folder in audit.folders.iter().take(top) {
        let cells = vec![
            folder.on_disk.to_string(),
            folder.shared.to_string(),
            folder.units.to_string(),
            ago(folder.last_use, view),
            view.paths.show(&folder.path),
        ];
        table.linked_row(cells, view.link(&folder.path));
    }
    table
}

fn shares(out: Out<'_>, audit: &Audit, top: usize, view: &View) -> io::Result<()> {
    shares_table(audit, top).write(out, view.width)?;
    writeln!(out)
}

/// The whole space, by kind, profile and triple.
pub(super) fn shares_table(audit: &Audit, top: usize) -> Table {
    let mut table = Table::new(&[
        ("ON DISK", Align::Right),
        ("SHARE", Align::Right),
        ("FREEABLE", Align::Right),
        ("WHERE", Align::Left),
    ]);
    // Less than a hundredth of it helps no reader, and would come and go with the block size of the filesystem.
    let matters = |share: &&Share| share.on_disk.0 >= audit.total.on_disk.0 / 100;
    let mut rows = |shares: &[Share], of: &str| {
        for share in shares.iter().take(top).filter(matters) {
            let name = format!("{of}{}", share.name);
            table.row(vec![
                share.on_disk.to_string(),
                percent(share.on_disk, audit.total.on_disk),
                share.freeable.to_string(),
                name,
            ]);
        }
    };
    rows(&audit.kinds, "");
    if audit.profiles.iter().filter(matters).count() > 1 {
        rows(&audit.profiles, "profile ");
    }
    if audit.triples.iter().filter(matters).count() > 1 {
        rows(&audit.triples, "for ");
    }
    table
}

fn percent(part: Bytes, whole: Bytes) -> String {
    let (part, whole) = (u128::from(part.0), u128::from(whole.0));
    let rounded = (part * 1000 + whole / 2).checked_div(whole);
    let tenths = rounded.unwrap_or_default();
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn variants(out: Out<'_>, audit: &Audit, top: usize, view: &View) -> io::Result<()> {
    let several = several(audit);
    if several.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "{HEADING}Variants{HEADING:#}: {} in more than one",
        counted(several.len(), "package")
    )?;
    variants_table(&several, top).write(out, view.width)?;
    more(out, several.len(), top)?;
    for package in several.iter().take(top) {
        if view.verbose {
            each_variant(out, package, view)?;
        }
        asked(out, package, view)?;
    }
    writeln!(out)
}

/// The packages with several variants; first those that would free most with one variant less.
pub(super) fn several(audit: &Audit) -> Vec<&AuditedPackage> {
    let several = audit
        .packages
        .iter()
        .filter(|package| package.several() > 0);
    let mut several: Vec<&AuditedPackage> = several.collect();
    several.sort_by_key(|package| Reverse(package.one_less));
    several
}

/// Packages that are there in several variants.
pub(super) fn variants_table(several: &[&AuditedPackage], top: usize) -> Table {
    let mut table = Table::new(&[
        ("ON DISK", Align::Right),
        ("ONE LESS", Align::Right),
        ("VARIANTS", Align::Right),
        ("PACKAGE", Align::Left),
        ("DIFFER IN", Align::Left),
    ]);
    for package in several.iter().take(top) {
        table.row(vec![
            package.share.on_disk.to_string(),
            package.one_less.to_string(),
            package.several().to_string(),
            name(package),
            differ_in(&package.variants),
        ]);
    }
    table
}

fn name(package: &AuditedPackage) -> String {
    match &package.version {
        Some(version) => format!("{} {version}", package.name),
        None => package.name.clone(),
    }
}

/// The differences between the variants of a package, each word once.
fn differ_in(variants: &[Variant]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for difference in variants.iter().flat_map(|variant| &variant.differs) {
        let word = match difference {
            Difference::Checked => "check or build",
            Difference::Profile { .. } => "profile",
            Difference::Settings => "profile settings or lints",
            Difference::Triple { .. } => "triple",
            Difference::Compiler { .. } => "compiler",
            Difference::Rustflags { .. } => "RUSTFLAGS",
            Difference::Features { .. } => "features",
            Difference::Dependencies { .. } => "dependencies",
            Difference::Unknown => "unknown",
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(", ")
}

fn each_variant(out: Out<'_>, package: &AuditedPackage, view: &View) -> io::Result<()> {
    writeln!(out, "  {}", shown(&name(package)))?;
    for variant in &package.variants {
        let differs: Vec<String> = variant.differs.iter().map(difference).collect();
        let what = match &differs[..] {
            [] => format!("[{}]", variant.features.join(", ")),
            differs => differs.join("; "),
        };
        let text = format!("{}  {}  {what}", variant.on_disk, variant.id);
        wrapped(out, &text, "    ", view.width)?;
    }
    Ok(())
}

/// A difference between a variant and the one before it, in a few words.
fn difference(difference: &Difference) -> String {
    let or_host = |triple: &Option<String>| triple.clone().unwrap_or_else(|| "host".into());
    let or_other = |compiler: &Option<String>| compiler.clone().unwrap_or_else(|| "other".into());
    match difference {
        Difference::Checked => "checked or built".into(),
        Difference::Profile { to, .. } => format!("profile {to}"),
        Difference::Settings => "other profile settings or lints".into(),
        Difference::Triple { to, .. } => format!("for {}", or_host(to)),
        Difference::Compiler { to, .. } => or_other(to),
        Difference::Rustflags { to, .. } => format!("RUSTFLAGS={}", to.join(" ")),
        Difference::Features { more, less } => {
            let more = more.iter().map(|name| format!("+{name}"));
            let less = less.iter().map(|name| format!("-{name}"));
            more.chain(less).collect::<Vec<_>>().join(" ")
        }
        Difference::Dependencies { packages } => {
            let shown = packages.iter().take(NAMED).cloned().collect::<Vec<_>>();
            format!("depends on other {}", shown.join(", "))
        }
        Difference::Unknown => "something that Cargo does not record".into(),
    }
}

/// Who asks for what some variants have and others have not.
fn asked(out: Out<'_>, package: &AuditedPackage, view: &View) -> io::Result<()> {
    let mut by_asker: Vec<(String, Vec<&str>)> = Vec::new();
    for asked in &package.asked_by {
        let member = match &asked.member {
            Some(member) if *member != asked.package => format!(" (through {member})"),
            _ => String::new(),
        };
        let kind = match asked.dependency.as_str() {
            "normal" => String::new(),
            kind => format!(", {kind}-dependency"),
        };
        let asker = format!("{}{member}{kind}", asked.package);
        match by_asker.iter_mut().find(|(known, _)| *known == asker) {
            Some((_, features)) => features.push(&asked.feature),
            None => by_asker.push((asker, vec![&asked.feature])),
        }
    }
    let shown = if view.verbose { by_asker.len() } else { NAMED };
    let all: Vec<String> = by_asker
        .iter()
        .take(shown)
        .map(|(asker, features)| format!("{asker} enables {}", features.join(" ")))
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let others = match by_asker.len().checked_sub(shown) {
        Some(others) if others > 0 => format!("; {others} more"),
        _ => String::new(),
    };
    let text = format!("{}: {}{others}", name(package), all.join("; "));
    wrapped(out, &text, "  ", view.width)
}

fn unused(out: Out<'_>, audit: &Audit, view: &View) -> io::Result<()> {
    if audit.unused.is_empty() {
        return Ok(());
    }
    writeln!(out, "{HEADING}Unused{HEADING:#}")?;
    unused_table(audit).write(out, view.width)?;
    writeln!(out)
}

/// The files that nothing uses.
pub(super) fn unused_table(audit: &Audit) -> Table {
    let mut table = Table::new(&[
        ("ON DISK", Align::Right),
        ("FREEABLE", Align::Right),
        ("COUNT", Align::Right),
        ("WHAT", Align::Left),
        ("SUCH AS", Align::Left),
    ]);
    for unused in &audit.unused {
        let names = unused.names.iter().take(NAMED).cloned().collect::<Vec<_>>();
        table.row(vec![
            unused.share.on_disk.to_string(),
            unused.share.freeable.to_string(),
            unused.count.to_string(),
            unused.share.name.clone(),
            names.join(", "),
        ]);
    }
    table
}

fn findings(out: Out<'_>, findings: &[Finding], top: usize, view: &View) -> io::Result<()> {
    if findings.is_empty() {
        return writeln!(out, "{GOOD}no suggestions{GOOD:#}");
    }
    writeln!(out, "{HEADING}Suggestions{HEADING:#}")?;
    for finding in findings.iter().take(top) {
        let text = format!("{}{}", saves(finding), shown(&finding.what));
        wrapped(out, &text, "  ", view.width)?;
        if let Some(place) = place(finding, view) {
            wrapped(out, &format!("in {place}"), "      ", view.width)?;
        }
        for line in finding.change.lines() {
            writeln!(out, "      {line}")?;
        }
    }
    more(out, findings.len(), top)
}

/// The files that a change belongs in.
pub(super) fn place(finding: &Finding, view: &View) -> Option<String> {
    let file = view.paths.show(finding.file.as_ref()?);
    Some(match &finding.more_files[..] {
        [] => file,
        [other] => format!("{file} and {}", view.paths.show(other)),
        [others @ .., last] if view.verbose => {
            let others = others.iter().map(|path| view.paths.show(path));
            let all: Vec<String> = std::iter::once(file).chain(others).collect();
            format!("{} and {}", all.join(", "), view.paths.show(last))
        }
        more => format!("{file} and {} more", more.len()),
    })
}

/// The saving of a change, as the beginning of its line.
pub(super) fn saves(finding: &Finding) -> String {
    match (finding.saves, finding.at_most) {
        (Some(bytes), true) => format!("up to {bytes}: "),
        (Some(bytes), false) => format!("{bytes}: "),
        (None, _) => String::new(),
    }
}

/// Says that there are more rows than are shown.
fn more(out: Out<'_>, count: usize, top: usize) -> io::Result<()> {
    match count.checked_sub(top) {
        Some(more) if more > 0 => {
            writeln!(out, "  and {more} more (--top {count} shows all)")
        }
        _ => Ok(()),
    }
}
