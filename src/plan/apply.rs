//! Carries out a plan, one action at a time, and counts what really happened.
//!
//! Time passes between a plan and its execution, so each thing is looked at again just before it is touched;
//! what has changed is skipped. One failure never stops the rest.

pub(crate) mod litter;
pub(crate) mod root;

use crate::clean::{delete_folders, delete_units};
use crate::dedupe::relink;
use crate::hook::install;
use crate::script::cache_delete;
use crate::setup::write;
use crate::store::harvest;
use crate::warm::place;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::clean::delete_folders::Deleted;
pub use crate::plan::apply::root::create_shared_root;
use crate::warm::trusted::Trusted;

use crate::cargo::Cargo;
use crate::dedupe::decide::Tally;
use crate::dedupe::model::Relinked;
use crate::fs;
use crate::fs::Ledger;
use crate::fs::model::Freed;
use crate::plan::action::{Action, Plan};
use crate::plan::outcome::{Collected, Deed, Done, Filesystem, NotDone, Outcome};
use crate::progress::Progress;
use crate::store::model::Moved;
use crate::store::remote::Remote;
use crate::survey::journal::Relocated;
use crate::warm::model::Warmed;

/// What carrying out a plan needs besides the plan.
#[derive(Debug)]
pub struct Context<'a> {
    /// The shared root.
    pub shared_root: &'a Path,
    /// The folder of its records, with the record of changes.
    pub records: Option<&'a Path>,
    /// Where the project of the shared root was when its files were recorded, and where it is, if it was moved since.
    pub moved: Option<&'a Relocated>,
    /// How to run Cargo.
    pub cargo: &'a Cargo,
    /// The time to write into the record.
    pub now: Timestamp,
    /// For whoever shows progress.
    pub progress: &'a Progress,
    /// The remote store, for actions that are about one.
    pub remote: Option<&'a Remote>,
}

/// How an action ended if it did not succeed.
pub(crate) enum Stopped {
    /// Something had changed; nothing was done.
    Skipped(String),
    /// It went wrong.
    Failed(String),
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}

/// Carries out a plan.
#[must_use]
pub fn apply(plan: &Plan, context: &Context<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    context.progress.stage("writing");
    // Without a whole shared root the configurations would lead nowhere, and what lies there would not be ours.
    if let Err(why) = make_shared_root(plan, context) {
        return without_shared_root(plan, &why);
    }
    if let (Some(moved), Some(records)) = (context.moved, context.records) {
        // What stays under the old names is found there again by the next run.
        let _ = crate::survey::known_roots::settle_moved(records, context.shared_root, moved);
    }
    let recorded = write::record(plan, context);
    for action in &plan.actions {
        let result = match action {
            Action::CreateSharedRoot { path } => {
                create_shared_root(path, context.records).map_err(Stopped::from)
            }
            Action::RecordOwner { file, owner } => write::owner(file, owner, context),
            Action::WriteConfig {
                needs: Some(exclude),
                ..
            } if !outcome.did(Deed::Exclude, exclude) => Err(Stopped::Skipped(format!(
                "git would show it, since `{}` was not changed",
                exclude.display()
            ))),
            Action::WriteConfig {
                rustc_wrapper: Some(script),
                ..
            } if was_planned(plan, script)
                && !outcome.did(Deed::InstallWrapper, Path::new(script)) =>
            {
                Err(Stopped::Skipped(format!(
                    "every build would fail, since `{script}` was not written"
                )))
            }
            Action::Exclude(edit)
            | Action::InstallWrapper(edit)
            | Action::WriteConfig { edit, .. }
            | Action::WriteSettings { edit, .. } => match &recorded {
                Ok(()) if matches!(action, Action::InstallWrapper(_)) => {
                    write::install_script(edit)
                }
                Ok(()) => write::write(edit),
                Err(why) => Err(Stopped::Failed(format!(
                    "not changed, since it could not be undone: {why}"
                ))),
            },
            Action::Restore {
                edit,
                remove_folder,
            } => write::restore(edit, *remove_folder),
            Action::InstallHook(change) => install::install(change),
            Action::RemoveHook(change) => install::remove(change),
            Action::Warm(_)
            | Action::Relink(_)
            | Action::Collect(_)
            | Action::DeleteFolder(_)
            | Action::Harvest(_)
            | Action::Tell(_)
            | Action::Pull(_)
            | Action::Push(_)
            | Action::DropRemote(_)
            | Action::DropUnits(_)
            | Action::DropScript(_)
            | Action::FinishTrash { .. } => continue,
        };
        settle(&mut outcome, action, result.map(|()| Came::Nothing));
        fs::checkpoint(name(action));
    }
    write::forget(plan, &outcome, context);
    fs::checkpoint("written");
    let acting: Vec<&Action> = plan.actions.iter().filter(|action| frees(action)).collect();
    let disks = disks(&acting);
    let before: Vec<_> = disks.iter().map(|at| fs::available(at).ok()).collect();
    warm_all(plan, context, &mut outcome);
    store_all(plan, context, &mut outcome);
    relink_all(plan, context, &mut outcome);
    delete_all(plan, context, &mut outcome);
    for (at, before) in disks.into_iter().zip(before) {
        if let (Some(available_before), Ok(available_after)) = (before, fs::available(&at)) {
            outcome.filesystems.push(Filesystem {
                at,
                available_before,
                available_after,
            });
        }
    }
    outcome
}

/// Whether the plan puts this script in its place.
fn was_planned(plan: &Plan, script: &str) -> bool {
    plan.actions.iter().any(
        |action| matches!(action, Action::InstallWrapper(edit) if edit.file == Path::new(script)),
    )
}

/// Warms folders one after the other: each is done by all processors.
fn warm_all(plan: &Plan, context: &Context<'_>, outcome: &mut Outcome) {
    context.progress.stage("warming");
    let mut trusted = Trusted::default();
    for action in &plan.actions {
        if let Action::Warm(folder) = action {
            let result = place::folder(folder, &mut trusted, context);
            settle(outcome, action, result.map(Came::Warmed));
            fs::checkpoint(name(action));
        }
    }
}

/// Moves units into and between stores.
fn store_all(plan: &Plan, context: &Context<'_>, outcome: &mut Outcome) {
    let mut trusted = Trusted::default();
    for action in &plan.actions {
        let result = match action {
            Action::Harvest(units) => {
                context.progress.stage("harvesting");
                harvest::harvest(units, &mut trusted, context)
            }
            Action::Tell(tell) => {
                context.progress.stage("telling the provider");
                harvest::tell(tell)
            }
            Action::Pull(units) => {
                context.progress.stage("fetching");
                harvest::pull(units, context)
            }
            Action::Push(units) => {
                context.progress.stage("pushing");
                harvest::push(units, context)
            }
            Action::DropRemote(drop) => {
                context.progress.stage("deleting");
                harvest::drop_remote(drop, context)
            }
            _ => continue,
        };
        settle(outcome, action, result.map(Came::Moved));
        fs::checkpoint(name(action));
    }
}

/// Relinks folders one after the other: a donor must not be locked by two of us.
fn relink_all(plan: &Plan, context: &Context<'_>, outcome: &mut Outcome) {
    context.progress.stage("sharing");
    let mut tally = Tally::default();
    let mut trusted = Trusted::default();
    for action in &plan.actions {
        if let Action::Relink(folder) = action {
            let result = relink::folder(folder, &mut tally, &mut trusted, context);
            if let Ok((freed, _)) = &result {
                outcome.freed = outcome.freed + *freed;
            }
            let came = result.map(|(freed, relinked)| Came::Relinked(freed, relinked));
            settle(outcome, action, came);
            fs::checkpoint(name(action));
        }
    }
}

/// Whether an action is to free space.
fn frees(action: &Action) -> bool {
    matches!(
        action,
        Action::Relink(_)
            | Action::Collect(_)
            | Action::DeleteFolder(_)
            | Action::DropUnits(_)
            | Action::DropScript(_)
            | Action::FinishTrash { .. }
    )
}

/// What an action came to, besides being done.
enum Came {
    Nothing,
    Freed(Freed, Option<Collected>),
    Warmed(Warmed),
    Relinked(Freed, Relinked),
    Moved(Moved),
}

/// What a deletion came to, and for single units what became of them.
type Deletion = (Deleted, Option<Collected>);

/// Deletes folders side by side, since most are small and each one waits for Cargo and the disk.
fn delete_all(plan: &Plan, context: &Context<'_>, outcome: &mut Outcome) {
    context.progress.stage("deleting");
    let deletions: Vec<&Action> = plan
        .actions
        .iter()
        .filter(|action| {
            matches!(
                action,
                Action::Collect(_)
                    | Action::DeleteFolder(_)
                    | Action::DropUnits(_)
                    | Action::DropScript(_)
                    | Action::FinishTrash { .. }
            )
        })
        .collect();
    let ledger = Ledger::default();
    let cold = not_warmed(outcome);
    let results: Vec<(&Action, Result<Deletion, Stopped>)> = deletions
        .into_par_iter()
        .map(|action| {
            let result = match action {
                Action::FinishTrash { kind, path, usage } => {
                    litter::remove(*kind, path, usage.as_ref(), context, &ledger).map(|deleted| (deleted, None))
                }
                Action::DropScript(part) => {
                    cache_delete::part(part, context, &ledger).map(|deleted| (deleted, None))
                }
                Action::DropUnits(units) => harvest::drop_units(units, context, &ledger)
                    .map(|(deleted, collected)| (deleted, Some(collected))),
                Action::Collect(folder) => delete_units::folder(folder, context, &ledger)
                    .map(|(deleted, collected)| (deleted, Some(collected))),
                Action::DeleteFolder(folder) => match folder.gave_to.iter().find(|into| cold.contains(*into)) {
                    Some(into) => Err(Stopped::Skipped(format!(
                        "`{}` was to get its units first, and did not; `cargo sharedtarget clean` deletes it all the same",
                        into.display()
                    ))),
                    None => delete_folders::folder(folder, context, &ledger).map(|deleted| (deleted, None)),
                },
                _ => Err(Stopped::Skipped("it is no deletion".into())),
            };
            (action, result)
        })
        .collect();
    let of_several_links = ledger.settle();
    for (action, result) in results {
        let mut collected = None;
        let (freed, result) = match result {
            Ok((deleted, units)) => {
                collected = units;
                let linked = of_several_links
                    .get(&deleted.number)
                    .copied()
                    .unwrap_or_default();
                (deleted.freed + linked, deleted.result())
            }
            Err(stopped) => (Freed::default(), Err(stopped)),
        };
        // What a deletion freed counts even if it stopped half-way.
        outcome.freed = outcome.freed + freed;
        let came = Came::Freed(freed, collected);
        settle(outcome, action, result.map(|()| came));
    }
}

/// The folders that did not get all that they were to get: what has it must not be deleted.
fn not_warmed(outcome: &Outcome) -> BTreeSet<PathBuf> {
    let is_warm = |not_done: &&NotDone| not_done.what == Deed::Warm;
    let not_done = outcome.skipped.iter().chain(&outcome.failed);
    let not_done = not_done.filter(is_warm).map(|not_done| &not_done.path);
    let half = outcome.done.iter().filter(|done| {
        let warmed = done.warmed.as_ref();
        warmed.is_some_and(|warmed| !warmed.left.is_empty())
    });
    not_done
        .chain(half.map(|done| &done.path))
        .cloned()
        .collect()
}

/// A folder on each filesystem on which something comes free.
fn disks(actions: &[&Action]) -> Vec<PathBuf> {
    let parents = actions.iter().filter_map(|action| path(action).parent());
    let by_device: BTreeMap<u64, &Path> = parents
        .filter_map(|parent| Some((fs::info(parent).ok()??.identity.device, parent)))
        .collect();
    by_device.into_values().map(Path::to_owned).collect()
}

fn settle(outcome: &mut Outcome, action: &Action, result: Result<Came, Stopped>) {
    let (what, path) = (deed(action), path(action).to_owned());
    match result {
        Ok(came) => {
            let mut done = Done {
                what,
                path,
                freed: None,
                warmed: None,
                relinked: None,
                collected: None,
                moved: None,
            };
            match came {
                Came::Nothing => {}
                Came::Freed(freed, collected) => {
                    (done.freed, done.collected) = (Some(freed), collected);
                }
                Came::Warmed(warmed) => done.warmed = Some(warmed),
                Came::Relinked(freed, relinked) => {
                    (done.freed, done.relinked) = (Some(freed), Some(relinked));
                }
                Came::Moved(moved) => done.moved = Some(moved),
            }
            outcome.done.push(done);
        }
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

/// Makes the shared root that a plan begins with.
fn make_shared_root(plan: &Plan, context: &Context<'_>) -> Result<(), String> {
    let planned = plan.actions.iter().find_map(|action| match action {
        Action::CreateSharedRoot { path } => Some(path),
        _ => None,
    });
    match planned {
        Some(path) => {
            create_shared_root(path, context.records).map_err(|error| format!("{error:#}"))
        }
        None => Ok(()),
    }
}

/// Does nothing, and says so for every action.
fn without_shared_root(plan: &Plan, why: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for action in &plan.actions {
        let result = match action {
            Action::CreateSharedRoot { .. } => Err(Stopped::Failed(why.to_owned())),
            _ => Err(Stopped::Skipped("the shared root was not made".into())),
        };
        settle(&mut outcome, action, result);
    }
    outcome
}

fn deed(action: &Action) -> Deed {
    match action {
        Action::CreateSharedRoot { .. } => Deed::CreateSharedRoot,
        Action::RecordOwner { .. } => Deed::RecordOwner,
        Action::Exclude(_) => Deed::Exclude,
        Action::InstallWrapper(_) => Deed::InstallWrapper,
        Action::WriteConfig { .. } => Deed::WriteConfig,
        Action::WriteSettings { .. } => Deed::WriteSettings,
        Action::Restore { .. } => Deed::Restore,
        Action::Warm(_) => Deed::Warm,
        Action::Relink(_) => Deed::Relink,
        Action::Collect(_) => Deed::Collect,
        Action::DeleteFolder(_) => Deed::DeleteFolder,
        Action::Harvest(_) => Deed::Harvest,
        Action::Tell(_) => Deed::Tell,
        Action::Pull(_) => Deed::Pull,
        Action::Push(_) => Deed::Push,
        Action::DropRemote(_) => Deed::DropRemote,
        Action::DropUnits(_) => Deed::DropUnits,
        Action::DropScript(_) => Deed::DropScript,
        Action::FinishTrash { .. } => Deed::FinishTrash,
        Action::InstallHook(_) => Deed::InstallHook,
        Action::RemoveHook(_) => Deed::RemoveHook,
    }
}

fn path(action: &Action) -> &Path {
    match action {
        Action::CreateSharedRoot { path } | Action::FinishTrash { path, .. } => path,
        Action::RecordOwner { file, .. } => file,
        Action::Exclude(edit)
        | Action::InstallWrapper(edit)
        | Action::WriteConfig { edit, .. }
        | Action::WriteSettings { edit, .. }
        | Action::Restore { edit, .. } => &edit.file,
        Action::Warm(warm) => &warm.into,
        Action::Relink(relink) => &relink.into,
        Action::Collect(folder) => &folder.path,
        Action::DeleteFolder(folder) => &folder.path,
        Action::Harvest(units) => &units.into,
        Action::Tell(tell) => Path::new(tell.program.first().map_or("", String::as_str)),
        Action::Pull(units) => &units.into,
        Action::Push(units) => &units.from,
        Action::DropRemote(drop) => Path::new(&drop.from),
        Action::DropUnits(units) => &units.folder,
        Action::DropScript(part) => &part.path,
        Action::InstallHook(change) | Action::RemoveHook(change) => &change.file,
    }
}

/// The name of the point right after an action, for tests that kill the program there.
fn name(action: &Action) -> &'static str {
    match action {
        Action::CreateSharedRoot { .. } => "shared-root-made",
        Action::RecordOwner { .. } => "owner-recorded",
        Action::Exclude(_) => "excluded",
        Action::InstallWrapper(_) => "wrapper-installed",
        Action::WriteConfig { .. } => "config-written",
        Action::WriteSettings { .. } => "settings-written",
        Action::Restore { .. } => "restored",
        Action::Warm(_) => "warmed",
        Action::Relink(_) => "relinked-folder",
        Action::Collect(_) => "collected",
        Action::DeleteFolder(_) => "deleted",
        Action::Harvest(_) => "harvested-all",
        Action::Tell(_) => "told",
        Action::Pull(_) => "pulled-all",
        Action::Push(_) => "pushed-all",
        Action::DropRemote(_) => "objects-dropped",
        Action::DropUnits(_) => "units-dropped",
        Action::DropScript(_) => "script-part-dropped",
        Action::FinishTrash { .. } => "trash-finished",
        Action::InstallHook(_) => "hook-installed",
        Action::RemoveHook(_) => "hook-removed",
    }
}
