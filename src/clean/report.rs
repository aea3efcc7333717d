//! The deletion of single units, for people.

use std::collections::BTreeMap;
use std::io;

use crate::clean::model::{CollectFolder, CollectReason, CollectedUnit, KeptUnit, KeptUnitReason};
use crate::plan::action::{Action, LastUseSource, Plan};
use crate::plan::outcome::{Deed, Done, Outcome};
use crate::size::Bytes;
use crate::target::unit::UnitKind;
use crate::term::table::{Align, Table};
use crate::term::view::{GOOD, HEADING, Out, View, WARNING, counted, wrapped};
use crate::text::shown;

/// How many packages are named for a reason unless everything is asked for.
const NAMED: usize = 3;

/// What goes for one reason.
#[derive(Default)]
struct Group {
    units: usize,
    others: usize,
    on_disk: Bytes,
    names: Vec<String>,
}

/// Writes which units would be deleted.
pub(crate) fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let mut any = false;
    for action in &plan.actions {
        if let Action::Collect(folder) = action {
            self::folder(out, folder, view)?;
            any = true;
        }
    }
    if any {
        writeln!(out, "together they free {GOOD}{}{GOOD:#}", plan.freeable)?;
        writeln!(out)?;
    }
    Ok(())
}

fn folder(out: Out<'_>, folder: &CollectFolder, view: &View) -> io::Result<()> {
    let units = folder.units.len() + folder.kept.len();
    writeln!(
        out,
        "{HEADING}Delete from {}{HEADING:#} {} of {}",
        view.paths.show(&folder.path),
        folder.units.len(),
        counted(units, "unit"),
    )?;
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for unit in &folder.units {
        let group = groups.entry(why(&unit.why)).or_default();
        group.units += 1;
        group.on_disk += unit.on_disk;
        let name = name(unit);
        if !group.names.contains(&name) {
            group.names.push(name);
        }
    }
    for other in &folder.others {
        let group = groups.entry(why(&other.why)).or_default();
        group.others += 1;
        group.on_disk += other.on_disk;
        let name = other.path.file_name().unwrap_or_default();
        group.names.push(name.to_string_lossy().into_owned());
    }
    let mut groups: Vec<(String, Group)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.on_disk));
    let mut table = Table::new(&[
        ("ON DISK", Align::Right),
        ("UNITS", Align::Right),
        ("WHY", Align::Left),
        ("WHAT", Align::Left),
    ]);
    for (why, group) in groups {
        table.row(vec![
            group.on_disk.to_string(),
            match group.units {
                0 => "-".into(),
                units => units.to_string(),
            },
            why,
            names(&group.names, view.verbose),
        ]);
    }
    table.write(out, view.width)?;
    for doubt in &folder.doubts {
        wrapped(out, &format!("not asked: {doubt}"), "  ", view.width)?;
    }
    if view.verbose {
        kept(out, &folder.kept)?;
    }
    writeln!(out)
}

fn kept(out: Out<'_>, kept: &[KeptUnit]) -> io::Result<()> {
    for unit in kept {
        let package = shown(unit.package.as_deref().unwrap_or("?"));
        let why = match &unit.reason {
            KeptUnitReason::NoRule => continue,
            KeptUnitReason::Needed { by } => format!("{by} was made with it"),
            KeptUnitReason::MayBeRun => {
                "a program is there that may look for it, and nothing says by what that was made"
                    .into()
            }
            KeptUnitReason::Unclear { why } => why.clone(),
        };
        writeln!(out, "  keep {package} {}: {why}", unit.id)?;
    }
    Ok(())
}

fn names(names: &[String], all: bool) -> String {
    let shown = if all { names.len() } else { NAMED };
    let mut text = names
        .iter()
        .take(shown)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > shown {
        text.push_str(&format!(" and {} more", names.len() - shown));
    }
    text
}

fn name(unit: &CollectedUnit) -> String {
    let package = match (&unit.package, &unit.version) {
        (Some(package), Some(version)) => format!("{package} {version}"),
        (Some(package), None) => package.clone(),
        (None, _) => unit.id.to_string(),
    };
    match unit.unit {
        UnitKind::Test => format!("{package} (test)"),
        UnitKind::Bench => format!("{package} (bench)"),
        UnitKind::Example => format!("{package} (example)"),
        _ => package,
    }
}

/// Why a unit may go, in a few words.
fn why(reason: &CollectReason) -> String {
    match reason {
        CollectReason::Unreferenced => "in no Cargo.lock".into(),
        CollectReason::MadeWithUnreferenced { .. } => "made with what is in no Cargo.lock".into(),
        CollectReason::ToolchainGone {
            toolchain: Some(name),
        } => format!("{name} is not installed"),
        CollectReason::ToolchainGone { toolchain: None } => "its compiler is not installed".into(),
        CollectReason::Superseded { .. } => "a newer one is there".into(),
        CollectReason::Unfinished => "its build did not end".into(),
        CollectReason::Idle { source, .. } => match source {
            LastUseSource::Read => "not used for that long".into(),
            LastUseSource::Modified => "not made for that long".into(),
        },
        CollectReason::Profile => "the profile was asked for".into(),
        CollectReason::Budget { .. } => "for space, the oldest first".into(),
        CollectReason::CrateGone => "compiler's cache of crates that are gone".into(),
        CollectReason::Incremental => "compiler's cache".into(),
        CollectReason::ProductOf { .. } => "the same program".into(),
    }
}

/// Writes which units were deleted.
pub(crate) fn outcome(out: Out<'_>, outcome: &Outcome, view: &View) -> io::Result<()> {
    let done = outcome.done.iter();
    let done: Vec<&Done> = done.filter(|done| done.what == Deed::Collect).collect();
    if done.is_empty() {
        return Ok(());
    }
    let collected = || {
        done.iter()
            .filter_map(|done| Some((&done.path, done.collected.as_ref()?)))
    };
    let units: usize = collected().map(|(_, one)| one.units).sum();
    writeln!(
        out,
        "deleted {} of {} ({} files): freed {}{GOOD}{}{GOOD:#}",
        counted(units, "unit"),
        counted(done.len(), "target folder"),
        outcome.freed.entries,
        crate::dedupe::report::at_most(outcome),
        outcome.freed.on_disk,
    )?;
    for (path, one) in collected().filter(|(_, one)| !one.left.is_empty()) {
        let first = one.left.first().map(String::as_str).unwrap_or_default();
        let text = format!(
            "{} of {} stay: {first}",
            counted(one.left.len(), "unit"),
            view.paths.show(path)
        );
        write!(out, "{WARNING}kept{WARNING:#} ")?;
        wrapped(out, &text, "", view.width)?;
    }
    Ok(())
}
