//! The deletion of single units, for people.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::clean::model::{
    CollectFolder, CollectReason, CollectedUnit, DeleteFolder, FinishTrash, KeptUnit,
    KeptUnitReason, Orphaned,
};
use crate::fs::model::{Freed, Usage};
use crate::plan::action::{Plan, Section};
use crate::plan::kept::LastUseSource;
use crate::plan::outcome::{Collected, Done, Outcome};
use crate::plan::reasons;
use crate::plan::report::at_most;
use crate::size::Bytes;
use crate::target::unit::UnitKind;
use crate::term::table::{Align, Table};
use crate::term::view::{GOOD, HEADING, Out, View, WARNING, ago, counted, entries, wrapped};
use crate::text::shown;

/// How many packages are named for a reason unless everything is asked for.
const NAMED: usize = 3;

/// The units and other files that are deleted for one reason.
#[derive(Default)]
pub(super) struct Group {
    pub(super) units: usize,
    others: usize,
    pub(super) on_disk: Bytes,
    names: Vec<String>,
}

/// Where deleted units are shown.
pub(crate) static UNITS: Section = Section {
    plan_order: 8,
    plan,
    outcome_order: 7,
    outcome,
};

/// Where deleted folders are shown.
pub(crate) static FOLDERS: Section = Section {
    plan_order: 9,
    plan: deletions,
    outcome_order: 9,
    outcome: deleted,
};

/// Writes which units would be deleted.
fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let mut any = false;
    for folder in plan.all::<CollectFolder>() {
        self::folder(out, folder, view)?;
        any = true;
    }
    if any {
        writeln!(out, "together they free {GOOD}{}{GOOD:#}", plan.by_units)?;
        writeln!(out)?;
    }
    Ok(())
}

fn folder(out: Out<'_>, folder: &CollectFolder, view: &View) -> io::Result<()> {
    let units = folder.units.len() + folder.kept.len();
    writeln!(
        out,
        "{HEADING}Delete from {}{HEADING:#} {} of {}{}",
        view.paths.show(&folder.path),
        folder.units.len(),
        counted(units, "unit"),
        and_others(folder.others.len()),
    )?;
    let mut table = Table::new(&[
        ("ON DISK", Align::Right),
        ("UNITS", Align::Right),
        ("WHY", Align::Left),
        ("WHAT", Align::Left),
    ]);
    for (why, group) in groups(folder) {
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
        wrapped(out, &format!("not applied: {doubt}"), "  ", view.width)?;
    }
    if view.verbose {
        kept(out, &folder.kept)?;
    }
    writeln!(out)
}

/// The units and other files that are collected of a folder, by reason; the largest group first.
pub(super) fn groups(folder: &CollectFolder) -> Vec<(String, Group)> {
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
    groups
}

fn kept(out: Out<'_>, kept: &[KeptUnit]) -> io::Result<()> {
    for unit in kept {
        let package = shown(unit.package.as_deref().unwrap_or("?"));
        let why = match &unit.reason {
            KeptUnitReason::NoRule => continue,
            KeptUnitReason::Used { at, .. } => format!("a build used it at {at:.0}"),
            KeptUnitReason::UseUnknown { because } => {
                format!("its use is unknown, because {}", because.words())
            }
            KeptUnitReason::Needed { by } => format!("{by} depends on it"),
            KeptUnitReason::MayBeRun => "an executable of unknown origin may load it".into(),
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

/// The reason why a unit may be deleted, in a few words.
fn why(reason: &CollectReason) -> String {
    match reason {
        CollectReason::Unreferenced => "in no Cargo.lock".into(),
        CollectReason::MadeWithUnreferenced { .. } => {
            "depends on a package in no Cargo.lock".into()
        }
        CollectReason::ToolchainGone {
            toolchain: Some(name),
        } => format!("{name} is not installed"),
        CollectReason::ToolchainGone { toolchain: None } => "its compiler is not installed".into(),
        CollectReason::Superseded { .. } => "superseded by a newer build".into(),
        // Its build was interrupted, or `setup` has moved it to another path.
        CollectReason::Unfinished => "incomplete".into(),
        CollectReason::Leaked => "remnants of rustc from earlier builds".into(),
        CollectReason::Idle { source, .. } => match source {
            LastUseSource::Read => "not used for that long".into(),
            LastUseSource::Modified => "not compiled for that long".into(),
        },
        CollectReason::Unused { .. } => "not used since START".into(),
        CollectReason::Profile => "the profile is selected".into(),
        CollectReason::Budget { .. } => "over the budget, oldest first".into(),
        CollectReason::CrateGone => "incremental data of removed crates".into(),
        CollectReason::Incremental => "incremental data".into(),
        CollectReason::ProductOf { .. } => "link to a deleted program".into(),
    }
}

/// Counts what belongs to no unit, if there is any: the compiler's caches, and the names of programs.
fn and_others(count: usize) -> String {
    match count {
        0 => String::new(),
        _ => format!(" and {}", counted(count, "other")),
    }
}

/// The space that the deletion of units freed.
fn freed_by_units(outcome: &Outcome) -> Freed {
    let done = outcome.all(CollectFolder::KIND);
    let freed = done.filter_map(|done| done.freed);
    freed.fold(Freed::default(), |sum, one| sum + one)
}

/// Writes which units were deleted.
fn outcome(out: Out<'_>, outcome: &Outcome, view: &View) -> io::Result<()> {
    let done: Vec<&Done> = outcome.all(CollectFolder::KIND).collect();
    if done.is_empty() {
        return Ok(());
    }
    let collected = || {
        done.iter()
            .filter_map(|done| Some((&done.path, done.detail::<Collected>()?)))
    };
    let units: usize = collected().map(|(_, one)| one.units).sum();
    let others = collected().map(|(_, one)| one.others).sum();
    let freed = freed_by_units(outcome);
    writeln!(
        out,
        "deleted {}{} of {} ({}): freed {}{GOOD}{}{GOOD:#}",
        counted(units, "unit"),
        and_others(others),
        counted(done.len(), "target folder"),
        entries(freed.entries),
        at_most(outcome),
        freed.on_disk,
    )?;
    for (path, one) in collected().filter(|(_, one)| !one.left.is_empty()) {
        let first = one.left.first().map(String::as_str).unwrap_or_default();
        let text = format!(
            "{} of {} not deleted: {first}",
            counted(one.left.len(), "unit"),
            view.paths.show(path)
        );
        write!(out, "{WARNING}kept{WARNING:#} ")?;
        wrapped(out, &text, "", view.width)?;
    }
    Ok(())
}

/// Writes which folders would be deleted.
fn deletions(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let columns = [
        ("LOGICAL", Align::Right),
        ("ON DISK", Align::Right),
        ("FREEABLE", Align::Right),
        ("LAST CHANGE", Align::Left),
        ("WHY", Align::Left),
        ("FOLDER", Align::Left),
    ];
    let mut table = Table::new(&columns);
    let (mut count, mut litter) = (0, 0);
    for action in &plan.actions {
        let folder = action.as_type::<DeleteFolder>();
        let trash = action.as_type::<FinishTrash>();
        let (path, usage, built, why) = match (folder, trash) {
            (Some(delete), _) => (
                described(&delete.path, delete.workspace.as_deref(), view),
                &delete.usage,
                delete.last_build,
                reasons::delete(&delete.why),
            ),
            (_, Some(trash)) => {
                litter += 1;
                (view.paths.show(&trash.path), &trash.usage, None, "remnant")
            }
            _ => continue,
        };
        let link = view.link(action.path());
        let mut cells = sizes(usage.as_ref());
        cells.extend([ago(built, view), why.into(), path]);
        table.linked_row(cells, link);
        count += 1;
    }
    if count > 0 {
        writeln!(
            out,
            "{HEADING}Delete {}{HEADING:#}",
            folders_and_litter(count - litter, litter)
        )?;
        table.write(out, view.width)?;
        // The plan shows the space that sharing frees beside the sharing, and that of units beside the units.
        let others = plan.by_sharing + plan.by_units;
        let frees = Bytes(plan.freeable.0.saturating_sub(others.0));
        writeln!(out, "  together they free {GOOD}{frees}{GOOD:#}")?;
        writeln!(out)?;
    }
    Ok(())
}

/// A folder, with its workspace where the path does not tell.
fn described(path: &Path, workspace: Option<&Path>, view: &View) -> String {
    let shown = view.paths.show(path);
    match workspace {
        Some(workspace) if !path.starts_with(workspace) || shown.contains("/build/") => {
            format!("{shown} (of {})", view.paths.show(workspace))
        }
        _ => shown,
    }
}

fn sizes(usage: Option<&Usage>) -> Vec<String> {
    let show = |bytes: fn(&Usage) -> Bytes| {
        usage.map_or_else(|| "-".into(), |usage| bytes(usage).to_string())
    };
    vec![
        show(|u| u.logical),
        show(|u| u.on_disk),
        show(|u| u.freeable),
    ]
}

/// Names target folders by their count, and what interrupted runs left.
fn folders_and_litter(folders: usize, litter: usize) -> String {
    let left = "remnants of an interrupted run";
    match (folders, litter) {
        (0, 1..) => left.into(),
        (_, 0) => counted(folders, "target folder"),
        _ => format!("{}, and {left}", counted(folders, "target folder")),
    }
}

/// Writes which folders were deleted.
fn deleted(out: Out<'_>, outcome: &Outcome, view: &View) -> io::Result<()> {
    let folders = outcome.count(DeleteFolder::KIND);
    let litter = outcome.count(FinishTrash::KIND);
    let other = outcome.done.iter().any(|done| done.freed.is_some());
    if folders + litter > 0 || (outcome.freed.entries > 0 && !other) {
        // A deletion that failed half-way counts here too.
        let by_units = freed_by_units(outcome);
        writeln!(
            out,
            "deleted {} ({}): freed {}{GOOD}{}{GOOD:#}",
            folders_and_litter(folders, litter),
            entries(outcome.deleted.entries.saturating_sub(by_units.entries)),
            at_most(outcome),
            Bytes(outcome.deleted.on_disk.0.saturating_sub(by_units.on_disk.0)),
        )?;
    }
    // A run may delete these by itself, so it names them.
    let orphaned = outcome.all(DeleteFolder::KIND);
    let orphaned = orphaned.filter(|done| done.detail::<Orphaned>().is_some());
    let orphaned: Vec<String> = orphaned.map(|done| view.paths.show(&done.path)).collect();
    if !orphaned.is_empty() {
        let text = format!("of removed worktrees: {}", names(&orphaned, view.verbose));
        wrapped(out, &text, "  ", view.width)?;
    }
    Ok(())
}
