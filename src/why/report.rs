//! Why the last build compiled what it compiled, for people.

use std::io;
use std::path::Path;

use jiff::SignedDuration;

use crate::audit::model::Difference;
use crate::plan::kept::KeptReason;
use crate::plan::left;
use crate::plan::reasons;
use crate::target::fingerprint;
use crate::target::fingerprint::differences::FieldDifference;
use crate::target::unit::{Source, UnitKind};
use crate::term::view::{
    COLUMN, HEADING, HINT, Out, View, WARNING, ago, counted, wrapped, wrapped_after,
};
use crate::text::shown;
use crate::why::model::{
    Cause, ComparedFolder, ExplainedUnit, PackageDifference, UnitDifference, WorkspaceBuild,
};
use crate::why::spec::Spec;

/// So many packages are named for each cause.
const NAMED: usize = 6;

/// So many of the things that differ are named.
const LISTED: usize = 4;

/// The columns before a cause.
const INDENT: &str = "         ";

/// Writes what was found.
pub(crate) fn why(
    out: Out<'_>,
    package: Option<&Spec>,
    builds: &[WorkspaceBuild],
    view: &View,
) -> io::Result<()> {
    for (at, build) in builds.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        match package {
            None => summary(out, build, view)?,
            Some(spec) => details(out, spec, build, view)?,
        }
        notes(out, build, view)?;
    }
    Ok(())
}

/// Writes all units of the last build by cause, those of most units first.
fn summary(out: Out<'_>, build: &WorkspaceBuild, view: &View) -> io::Result<()> {
    let folder = view.paths.show(&build.folder);
    let Some(last) = build.build else {
        let text = format!("no build has compiled anything in {folder}");
        return wrapped(out, &text, "", view.width);
    };
    let text = format!(
        "The last build in {folder} began {} and compiled {} in {}",
        ago(Some(last.began), view),
        counted(last.units, "unit"),
        length(last.ended.duration_since(last.began)),
    );
    wrapped(out, &text, "", view.width)?;
    let mut groups: Vec<(String, Vec<&ExplainedUnit>)> = Vec::new();
    for unit in &build.units {
        let words = heading(&unit.cause, &unit.package, view);
        match groups.iter_mut().find(|(known, _)| *known == words) {
            Some((_, group)) => group.push(unit),
            None => groups.push((words, vec![unit])),
        }
    }
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    if !groups.is_empty() {
        writeln!(out)?;
        writeln!(out, "  {COLUMN}UNITS  CAUSE{COLUMN:#}")?;
    }
    let mut advised: Vec<&str> = Vec::new();
    for (words, group) in groups {
        let count = format!("  {:>5}  ", group.len());
        write!(out, "{count}")?;
        wrapped_after(out, count.len(), &words, INDENT, view.width)?;
        write!(out, "{INDENT}")?;
        wrapped_after(out, INDENT.len(), &names(&group, view), INDENT, view.width)?;
        let advice = group.iter().find_map(|unit| unit.advice);
        if let Some(advice) = advice.filter(|advice| !advised.contains(advice)) {
            hint(out, advice, INDENT, view)?;
            advised.push(advice);
        }
    }
    Ok(())
}

/// The packages of some units, each with its targets.
fn names(group: &[&ExplainedUnit], view: &View) -> String {
    let mut packages: Vec<(String, Vec<String>)> = Vec::new();
    for unit in group {
        let name = package(unit);
        let target = target(unit);
        match packages.iter_mut().find(|(known, _)| *known == name) {
            Some((_, targets)) if targets.contains(&target) => {}
            Some((_, targets)) => targets.push(target),
            None => packages.push((name, vec![target])),
        }
    }
    let most = if view.verbose { packages.len() } else { NAMED };
    let more = packages.len().saturating_sub(most);
    let named = packages.into_iter().take(most);
    let mut named: Vec<String> = named
        .map(|(name, targets)| match &targets[..] {
            // That is what most packages have, and all that others are compiled with.
            [only] if only == "lib" => name,
            _ => format!("{name} ({})", targets.join(", ")),
        })
        .collect();
    if more > 0 {
        named.push(format!("and {more} more (--verbose names them)"));
    }
    named.join(", ")
}

/// Writes each unit of a package.
fn details(out: Out<'_>, spec: &Spec, build: &WorkspaceBuild, view: &View) -> io::Result<()> {
    let folder = view.paths.show(&build.folder);
    if build.units.is_empty() {
        let text = format!("no build has compiled `{}` in {folder}", spec.text);
        return wrapped(out, &text, "", view.width);
    }
    for (at, unit) in build.units.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let is_known = !matches!(unit.kind, UnitKind::Unknown { .. });
        let checked = match unit.checked && is_known {
            true => ", only checked",
            false => "",
        };
        let text = format!("{}: {}{checked}", package(unit), target(unit));
        writeln!(out, "{HEADING}{}{HEADING:#}", shown(&text))?;
        row(out, "unit", &format!("{} in {folder}", unit.id), view)?;
        if let (Some(began), Some(ended)) = (unit.began, unit.ended) {
            let which = match unit.in_last_build {
                true => "the last build",
                false => "an earlier build",
            };
            let took = length(ended.duration_since(began));
            let text = format!("{}, in {took}, by {which}", ago(Some(began), view));
            row(out, "compiled", &text, view)?;
        }
        row(
            out,
            "cause",
            &sentence(&unit.cause, &unit.package, view),
            view,
        )?;
        if let Some(nearest) = nearest(&unit.cause) {
            row(out, "nearest", &view.paths.show(&nearest.folder), view)?;
        }
        if let Some(advice) = unit.advice {
            hint(out, advice, "  ", view)?;
        }
    }
    Ok(())
}

fn row(out: Out<'_>, name: &str, text: &str, view: &View) -> io::Result<()> {
    const COLUMNS: &str = "             ";
    let begun = format!("  {name:<9}  ");
    write!(out, "  {COLUMN}{name:<9}{COLUMN:#}  ")?;
    wrapped_after(out, begun.len(), text, COLUMNS, view.width)
}

fn hint(out: Out<'_>, text: &str, indent: &str, view: &View) -> io::Result<()> {
    write!(out, "{indent}{HINT}hint{HINT:#}: ")?;
    wrapped_after(out, indent.len() + "hint: ".len(), text, indent, view.width)
}

/// Writes what else there is to say of a folder.
fn notes(out: Out<'_>, build: &WorkspaceBuild, view: &View) -> io::Result<()> {
    let mut note = |text: &str| {
        write!(out, "{WARNING}warning{WARNING:#}: ")?;
        wrapped_after(out, "warning: ".len(), text, "", view.width)
    };
    if !build.unfinished.is_empty() {
        let packages = listed(&build.unfinished);
        note(&format!(
            "units without a fingerprint in {}, of {packages}: a build failed, or it still runs",
            view.paths.show(&build.folder)
        ))?;
    }
    for refused in &build.refused {
        let why = KeptReason::NotADonor {
            because: Box::new(refused.why.clone()),
        };
        let why = reasons::kept(&why, &view.paths, view.now);
        note(&format!("{} {why}", view.paths.show(&refused.folder)))?;
    }
    for problem in &build.problems {
        note(&format!(
            "{}: {}",
            view.paths.show(&problem.path),
            problem.message
        ))?;
    }
    Ok(())
}

/// The package with its version.
fn package(unit: &ExplainedUnit) -> String {
    match (&unit.version, &unit.source) {
        (Some(version), _) => format!("{} {version}", unit.package),
        (None, Source::Git { revision, .. }) => format!("{} {revision}", unit.package),
        (None, _) => unit.package.clone(),
    }
}

/// The target in Cargo's words: `lib`, `bin app`, `test app`, `build script`.
fn target(unit: &ExplainedUnit) -> String {
    let word = match &unit.kind {
        UnitKind::Library => return "lib".into(),
        UnitKind::ProcMacro => return "proc macro".into(),
        UnitKind::BuildScript => return "build script".into(),
        UnitKind::BuildScriptRun => return "build script's run".into(),
        UnitKind::Program => "bin",
        UnitKind::Test => "test",
        UnitKind::Bench => "bench",
        UnitKind::Example => "example",
        UnitKind::Doc => return "doc".into(),
        UnitKind::Unknown { .. } => return "unknown".into(),
    };
    let name = unit.targets.first().and_then(|name| {
        let (_, target) = fingerprint::target(name)?;
        Some(target)
    });
    name.map_or_else(|| word.to_owned(), |name| format!("{word} {name}"))
}

fn nearest(cause: &Cause) -> Option<&ComparedFolder> {
    match cause.root() {
        Cause::OtherUnit { nearest, .. }
        | Cause::OtherFingerprint { nearest, .. }
        | Cause::SourceDiffers { nearest, .. }
        | Cause::Left { nearest, .. }
        | Cause::NotWarmed { nearest, .. }
        | Cause::BuiltLater { nearest, .. } => Some(nearest),
        _ => None,
    }
}

/// A cause as the heading of all units that have it, without what each has for itself. `of` is the package.
fn heading(cause: &Cause, of: &str, view: &View) -> String {
    let place = |one: &ComparedFolder| view.paths.show(one.place());
    match cause {
        Cause::OtherUnit {
            nearest,
            differences,
            ..
        } => {
            let words: Vec<&str> = differences.iter().map(difference_word).collect();
            format!(
                "nearest unit, in {}, differs in {}",
                place(nearest),
                joined(&words)
            )
        }
        Cause::NotBuiltElsewhere { others_in, .. } => match others_in {
            None => "built in no other worktree".into(),
            Some(other) => format!(
                "target built in no other worktree; {} has others of the package",
                place(other)
            ),
        },
        Cause::Left { nearest, left } => format!(
            "same unit in {}, and `warm` leaves units that {}",
            place(nearest),
            left::words(left)
        ),
        Cause::NotWarmed {
            nearest, warmed, ..
        } => match warmed {
            None => format!(
                "same unit in {}, and nothing warmed this folder before the build",
                place(nearest)
            ),
            Some(_) => sentence(cause, of, view),
        },
        Cause::PutHere { .. } => "not compiled here: something has put it here".into(),
        cause => sentence(cause, of, view),
    }
}

/// A cause in all detail.
fn sentence(cause: &Cause, of: &str, view: &View) -> String {
    let place = |one: &ComparedFolder| view.paths.show(one.place());
    let show = |path: &Path| view.paths.show(path);
    match cause {
        Cause::ChangedHere { file, modified } => format!(
            "source changed here since an earlier build: {}, {}",
            show(file),
            ago(Some(*modified), view)
        ),
        Cause::Dependency { package, because } => {
            let because = sentence(because, of, view);
            match package == of {
                // Such as the build script, or the library beside a program.
                true => format!("another target of it was compiled: {because}"),
                false => format!("dependency `{package}` was compiled: {because}"),
            }
        }
        Cause::Alone => "no other worktree or target folder to share with".into(),
        Cause::OnlyHere => "package is in no other worktree's Cargo.lock".into(),
        Cause::NotBuiltElsewhere {
            named_by,
            others_in,
        } => {
            let heading = heading(cause, of, view);
            match (named_by.first(), others_in) {
                (Some(first), None) => format!(
                    "{heading}; the Cargo.lock of {}{} has it",
                    show(first),
                    more(named_by.len() - 1)
                ),
                _ => heading,
            }
        }
        Cause::OtherUnit {
            nearest,
            differences,
            ..
        } => {
            let all: Vec<String> = differences.iter().map(difference).collect();
            format!(
                "nearest unit, in {}, differs: {}",
                place(nearest),
                all.join("; ")
            )
        }
        Cause::OtherFingerprint {
            nearest,
            differences,
        } => {
            let all: Vec<String> = differences.iter().map(field).collect();
            let first = all.iter().take(LISTED).cloned().collect::<Vec<_>>();
            let rest = more(all.len() - first.len());
            format!(
                "{}{rest} {} from {}",
                first.join(", "),
                if all.len() == 1 { "differs" } else { "differ" },
                place(nearest)
            )
        }
        Cause::SourceDiffers { nearest, file } => {
            format!("source differs from {}: {}", place(nearest), show(file))
        }
        Cause::Left { left, .. } => {
            format!("{}{}", heading(cause, of, view), left::detail(left, view))
        }
        Cause::NotWarmed {
            nearest,
            there_since,
            warmed,
        } => match (warmed, there_since) {
            (Some(warmed), Some(since)) if since > warmed => format!(
                "same unit in {}, compiled there after this folder was warmed",
                place(nearest)
            ),
            (Some(_), _) => format!(
                "same unit in {}, not taken when this folder was warmed before the build",
                place(nearest)
            ),
            (None, _) => heading(cause, of, view),
        },
        Cause::BuiltLater { nearest, at } => format!(
            "same unit in {}, there only since after this build began ({})",
            place(nearest),
            ago(Some(*at), view)
        ),
        Cause::PutHere { at } => format!(
            "not compiled here: `warm` or another program has put it here {}",
            ago(Some(*at), view)
        ),
        Cause::Unknown { why } => format!("cannot be told: {why}"),
    }
}

fn more(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" and {count} more"),
    }
}

fn joined(words: &[&str]) -> String {
    match words {
        [] => "nothing that Cargo writes down".into(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// In which of Cargo's terms units differ.
fn difference_word(difference: &UnitDifference) -> &'static str {
    match difference {
        UnitDifference::Package(PackageDifference::Version { .. }) => "version",
        UnitDifference::Package(PackageDifference::Source { .. }) => "source",
        UnitDifference::Unit(difference) => match difference {
            Difference::Checked => "kind (check or build)",
            Difference::Profile { .. } => "profile",
            Difference::Settings => "settings of the profile",
            Difference::Triple { .. } => "target triple",
            Difference::Compiler { .. } => "compiler",
            Difference::Rustflags { .. } => "RUSTFLAGS",
            Difference::Features { .. } => "features",
            Difference::Dependencies { .. } => "dependencies",
            Difference::Unknown => "something that Cargo does not write down",
        },
    }
}

fn difference(difference: &UnitDifference) -> String {
    let word = difference_word(difference);
    let from_to = |from: &str, to: &str| format!("{word} {to} here, {from} there");
    let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.into());
    match difference {
        UnitDifference::Package(PackageDifference::Version { from, to }) => from_to(from, to),
        UnitDifference::Package(PackageDifference::Source { from, to }) => {
            from_to(&source(from), &source(to))
        }
        UnitDifference::Unit(difference) => match difference {
            Difference::Profile { from, to } => from_to(from, to),
            Difference::Triple { from, to } => from_to(&or(from, "host"), &or(to, "host")),
            Difference::Compiler { from, to } => {
                from_to(&or(from, "another one"), &or(to, "another one"))
            }
            Difference::Rustflags { from, to } => {
                let flags = |flags: &[String]| format!("`{}`", flags.join(" "));
                from_to(&flags(from), &flags(to))
            }
            Difference::Features { more, less } => {
                let mut all = Vec::new();
                if !more.is_empty() {
                    all.push(format!("only here: {}", listed(more)));
                }
                if !less.is_empty() {
                    all.push(format!("only there: {}", listed(less)));
                }
                format!("{word} {}", all.join(", "))
            }
            Difference::Dependencies { packages } => format!("{word} {}", listed(packages)),
            Difference::Checked | Difference::Settings | Difference::Unknown => word.to_owned(),
        },
    }
}

fn listed(names: &[String]) -> String {
    let first = names.iter().take(LISTED).cloned().collect::<Vec<_>>();
    format!("{}{}", first.join(" "), more(names.len() - first.len()))
}

fn source(source: &Source) -> String {
    match source {
        Source::Registry { registry } => format!("registry {registry}"),
        Source::Git { checkout, revision } => format!("git {checkout} at {revision}"),
        Source::Directory => "a vendored folder".into(),
        Source::Local => "a local path".into(),
        Source::Unknown => "unknown".into(),
    }
}

/// A field of a fingerprint that differs.
fn field(field: &FieldDifference) -> String {
    match field {
        FieldDifference::Variable { name } => format!("variable `{name}`"),
        FieldDifference::Dependency { name, .. } => format!("dependency `{name}`"),
        FieldDifference::Watched { paths } => {
            format!("files that the build script watches ({})", listed(paths))
        }
        FieldDifference::WatchedKind => "instructions of the build script to Cargo".into(),
        FieldDifference::SourceState => "state of the sources".into(),
        FieldDifference::Path => "path of the crate".into(),
        FieldDifference::Compiler => "compiler".into(),
        FieldDifference::Rustflags => "RUSTFLAGS".into(),
        FieldDifference::Features => "features".into(),
        FieldDifference::Profile => "settings of the profile".into(),
        FieldDifference::Target => "target in the manifest".into(),
        FieldDifference::Triple => "target triple".into(),
        FieldDifference::Method => "way in which Cargo finds changed sources".into(),
        FieldDifference::Other { field } => format!("field `{field}` of the fingerprint"),
    }
}

/// A length of time, as Cargo writes it.
fn length(time: SignedDuration) -> String {
    let seconds = time.as_secs_f64().max(0.0);
    match seconds {
        seconds if seconds < 0.1 => "less than 0.1 s".into(),
        seconds if seconds < 60.0 => format!("{seconds:.1} s"),
        seconds => {
            let whole = seconds as u64;
            format!("{} m {:02} s", whole / 60, whole % 60)
        }
    }
}
