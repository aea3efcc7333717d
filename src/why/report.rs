//! Why the last build compiled what it compiled, for people.

use std::io;

use jiff::SignedDuration;

use crate::plan::kept::KeptReason;
use crate::plan::reasons;
use crate::target::fingerprint;
use crate::target::unit::{Source, UnitKind};
use crate::term::view::{
    COLUMN, HEADING, HINT, Out, View, WARNING, ago, counted, wrapped, wrapped_after,
};
use crate::text::shown;
use crate::why::model::{Cause, ComparedFolder, ExplainedUnit, WorkspaceBuild};
use crate::why::spec::Spec;
use crate::why::words::{heading, listed, sentence};

/// So many packages are named for each cause.
const NAMED: usize = 6;

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
        "The last build that compiled anything in {folder} started {}: {} in {}",
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
        let words = details_of_all(&group, view).unwrap_or(words);
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

/// The cause in all detail, if that is the same for all of these units.
fn details_of_all(group: &[&ExplainedUnit], view: &View) -> Option<String> {
    let mut all = group
        .iter()
        .map(|unit| sentence(&unit.cause, &unit.package, view));
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
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
            // Most packages have only a library, and only libraries have dependents.
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
