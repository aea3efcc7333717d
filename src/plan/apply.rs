//! Carries out a plan, one action at a time, and counts what really happened.
//!
//! Time passes between a plan and its execution, so each thing is looked at again just before it is touched;
//! what has changed is skipped. One failure never stops the rest.

mod record;
pub(crate) mod root;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::fs;
use crate::fs::Deletion;
use crate::fs::model::Freed;
use crate::plan::action::{Action, CreateSharedRoot, Phase, Plan};
pub(crate) use crate::plan::apply::root::create_shared_root;
use crate::plan::log;
use crate::plan::outcome::{Came, Collected, Done, Filesystem, NotDone, Outcome, Stopped};
use crate::plan::run::{Context, Run};
use crate::size::Bytes;
use crate::text::failure;

/// Carries out a plan.
#[must_use]
pub(crate) fn apply(plan: &Plan, context: &Context<'_>) -> Outcome {
    context.progress.stage("writing");
    // Without a whole shared root the configurations would lead nowhere, and what lies there would not be ours.
    if let Err(why) = make_shared_root(plan, context) {
        return without_shared_root(plan, &why);
    }
    if let (Some(moved), Some(records)) = (context.moved, context.records) {
        // The next run finds under its old name whatever could not be settled.
        let _ = crate::survey::known_roots::settle_moved(records, context.shared_root, moved);
    }
    let not_recorded = record::record(plan, context).err();
    let run = Run::new(plan, context, not_recorded);
    one_by_one(Phase::Write, &run);
    run.outcome(|outcome| record::forget(plan, outcome, context));
    fs::checkpoint("written");
    let disks = available(plan);
    for phase in [Phase::Warm, Phase::Store, Phase::Share] {
        one_by_one(phase, &run);
    }
    let deletions = beside(Phase::Delete, &run);
    let (mut outcome, ledger) = run.end();
    let of_several_links = ledger.settle();
    for (action, mut result) in deletions {
        if let Ok(came) = &mut result
            && let Some(linked) = came.number.and_then(|number| of_several_links.get(&number))
        {
            came.freed = Some(came.freed.unwrap_or_default() + *linked);
        }
        settle(&mut outcome, action, result);
    }
    for (at, available_before) in disks {
        if let Ok(available_after) = fs::available(&at) {
            outcome.filesystems.push(Filesystem {
                at,
                available_before,
                available_after,
            });
        }
    }
    outcome
}

fn of_phase<'a>(phase: Phase, run: &Run<'a>) -> Vec<&'a dyn Action> {
    if let Some(stage) = phase.stage() {
        run.context.progress.stage(stage);
    }
    let actions = run.plan.actions.iter().map(|action| &**action);
    actions.filter(|action| action.phase() == phase).collect()
}

/// Carries out the actions of a phase one after the other.
fn one_by_one(phase: Phase, run: &Run<'_>) {
    for action in of_phase(phase, run) {
        let result = log::carried_out(action, || action.apply(run));
        run.outcome(|outcome| settle(outcome, action, result));
        fs::checkpoint(action.kind().checkpoint());
    }
    run.end_phase();
}

/// How an action of a plan ended.
type Ended<'a> = (&'a dyn Action, Result<Came, Stopped>);

/// Carries out the actions of a phase side by side.
fn beside<'a>(phase: Phase, run: &Run<'a>) -> Vec<Ended<'a>> {
    let actions = of_phase(phase, run).into_par_iter();
    let apply = |action: &'a dyn Action| log::carried_out(action, || action.apply(run));
    actions.map(|action| (action, apply(action))).collect()
}

fn settle(outcome: &mut Outcome, action: &dyn Action, result: Result<Came, Stopped>) {
    let (what, path) = (action.kind(), action.path().to_owned());
    let result = result.and_then(|came| {
        // Bytes that a deletion freed count even if it stopped half-way.
        let freed = came.freed.unwrap_or_default();
        outcome.freed = outcome.freed + freed;
        if action.phase() == Phase::Delete {
            outcome.deleted = outcome.deleted + freed;
        }
        match came.failed {
            Some(message) => Err(Stopped::Failed(message)),
            None => Ok((came.freed, came.detail)),
        }
    });
    match result {
        Ok((freed, detail)) => outcome.done.push(Done {
            what,
            path,
            freed,
            detail,
        }),
        Err(Stopped::Skipped(message)) => outcome.skipped.push(NotDone {
            what,
            path,
            message,
        }),
        Err(Stopped::Failed(message)) => outcome.failed.push(NotDone {
            what,
            path,
            message,
        }),
    }
}

/// A folder on each filesystem on which something comes free, with what is available there.
fn available(plan: &Plan) -> Vec<(PathBuf, Bytes)> {
    let freeing = plan.actions.iter().filter(|action| action.frees());
    let parents = freeing.filter_map(|action| action.path().parent());
    let by_device: BTreeMap<u64, &Path> = parents
        .filter_map(|parent| Some((fs::info(parent).ok()??.identity.device, parent)))
        .collect();
    let disks = by_device.into_values();
    disks
        .filter_map(|at| Some((at.to_owned(), fs::available(at).ok()?)))
        .collect()
}

/// Makes the shared root that a plan begins with.
fn make_shared_root(plan: &Plan, context: &Context<'_>) -> Result<(), String> {
    match plan.all::<CreateSharedRoot>().next() {
        Some(planned) => create_shared_root(&planned.path, context.records)
            .map_err(|error| failure::words(error.as_ref())),
        None => Ok(()),
    }
}

/// Does nothing, and says so for every action.
fn without_shared_root(plan: &Plan, why: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for action in &plan.actions {
        let stopped = match action.as_type::<CreateSharedRoot>() {
            Some(_) => Stopped::Failed(why.to_owned()),
            None => Stopped::Skipped("the shared root was not made".into()),
        };
        settle(&mut outcome, &**action, Err(stopped));
    }
    outcome
}

/// The result of a deletion.
pub(crate) struct Deleted {
    /// Which one of the ledger.
    pub(crate) number: usize,
    pub(crate) freed: Freed,
    pub(crate) left: Option<String>,
    /// Something that is left was not to go.
    pub(crate) kept: bool,
}

impl Deleted {
    /// One thing that is gone.
    pub(crate) fn at_once(on_disk: Bytes) -> Self {
        Self {
            // No file of several links went with it.
            number: usize::MAX,
            freed: Freed {
                on_disk,
                entries: 1,
                ..Freed::default()
            },
            left: None,
            kept: false,
        }
    }
}

impl From<Deletion> for Deleted {
    fn from(deletion: Deletion) -> Self {
        let left = deletion.failed.first().map(|first| {
            let others = match deletion.failed.len() {
                1 => String::new(),
                more => format!(", and {} more", more - 1),
            };
            let (path, why) = (first.path.display(), &first.message);
            match deletion.kept {
                true => format!("kept `{path}`, and the folders around it: {why}{others}"),
                false => {
                    format!("failed to delete `{path}`: {why}{others}; the next run continues")
                }
            }
        });
        Self {
            number: deletion.number,
            freed: deletion.freed,
            left,
            kept: deletion.kept,
        }
    }
}

impl From<Deleted> for Came {
    fn from(deleted: Deleted) -> Self {
        Self {
            freed: Some(deleted.freed),
            number: Some(deleted.number),
            detail: None,
            failed: deleted.left,
        }
    }
}

impl From<(Deleted, Collected)> for Came {
    fn from((deleted, collected): (Deleted, Collected)) -> Self {
        Self {
            detail: Some(Box::new(collected)),
            ..deleted.into()
        }
    }
}
