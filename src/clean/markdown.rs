//! The deletion of single units, for the summary of a CI job.

use std::collections::BTreeMap;

use crate::clean::model::{CollectFolder, FinishTrash, KeptUnitReason};
use crate::clean::report::groups;
use crate::plan::kept::LastUseSource;
use crate::plan::markdown::NONE;
use crate::plan::outcome::{Collected, Outcome};
use crate::size::Bytes;
use crate::term::table::Table;
use crate::term::view::View;

/// Adds a row for each reason for which units of a folder are deleted or kept.
pub(super) fn units(
    folder: &CollectFolder,
    outcome: Option<&Outcome>,
    table: &mut Table,
    view: &View,
) {
    let path = view.paths.show(&folder.path);
    let mut row = |what: &str, units: usize, on_disk: Option<Bytes>, why: &str| {
        let units = match units {
            0 => NONE.into(),
            units => units.to_string(),
        };
        let on_disk = on_disk.map_or_else(|| NONE.into(), |bytes| bytes.to_string());
        table.row(vec![path.clone(), what.into(), units, on_disk, why.into()]);
    };
    let done = outcome.map(|outcome| {
        let mut all = outcome.all(CollectFolder::KIND);
        all.find(|done| done.path == folder.path)
    });
    let what = match &done {
        None => "to delete",
        Some(None) => "not deleted",
        Some(Some(done)) if done.is_whole() => "deleted",
        Some(Some(_)) => "chosen",
    };
    for (why, group) in groups(folder) {
        row(what, group.units, Some(group.on_disk), &why);
    }
    // The reasons are those of the plan. The outcome differs if something changed after that.
    if let Some(Some(done)) = done.filter(|_| what == "chosen") {
        let one = done.detail::<Collected>();
        let freed = done.freed.as_ref().map(|freed| freed.on_disk);
        let left = one.map(|one| one.left.as_slice()).unwrap_or_default();
        let first = left.first().map(String::as_str).unwrap_or_default();
        let why = format!("{} of them not deleted: {first}", left.len());
        row("deleted", one.map_or(0, |one| one.units), freed, &why);
    }
    for (why, (units, on_disk)) in kept(folder) {
        row("kept", units, Some(on_disk), why);
    }
    for doubt in &folder.doubts {
        row("not applied", 0, None, doubt);
    }
}

/// How many units are kept for each reason, and what they take.
fn kept(folder: &CollectFolder) -> BTreeMap<&'static str, (usize, Bytes)> {
    let mut all: BTreeMap<&'static str, (usize, Bytes)> = BTreeMap::new();
    for unit in &folder.kept {
        let (units, on_disk) = all.entry(because(&unit.reason)).or_default();
        *units += 1;
        *on_disk += unit.on_disk;
    }
    all
}

fn because(reason: &KeptUnitReason) -> &'static str {
    match reason {
        KeptUnitReason::NoRule => "no rule selects them",
        KeptUnitReason::Used { source, .. } => match source {
            LastUseSource::Modified => "compiled since START",
            LastUseSource::Read => "found fresh since START",
        },
        KeptUnitReason::UseUnknown { .. } => "their use is unknown",
        KeptUnitReason::Needed { .. } => "kept units depend on them",
        KeptUnitReason::MayBeRun => "a program may load them",
        KeptUnitReason::Unclear { .. } => "their kind is unknown",
    }
}

/// Adds a row for something that an interrupted run left.
pub(super) fn litter(
    trash: &FinishTrash,
    outcome: Option<&Outcome>,
    table: &mut Table,
    view: &View,
) {
    let what = match outcome {
        None => "to delete",
        Some(outcome) if outcome.did(FinishTrash::KIND, &trash.path) => "deleted",
        Some(_) => "not deleted",
    };
    let on_disk = trash.usage.as_ref().map(|usage| usage.on_disk.to_string());
    table.row(vec![
        view.paths.show(&trash.path),
        what.into(),
        NONE.into(),
        on_disk.unwrap_or_else(|| NONE.into()),
        "remnants of an interrupted run".into(),
    ]);
}
