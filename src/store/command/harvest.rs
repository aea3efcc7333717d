//! Keeping in the local store what a worktree has built.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use crate::plan::action::{Plan, boxed};
use crate::plan::conduct::{Ui, conduct, look};
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::progress::Progress;
use crate::size::Bytes;
use crate::store::command::{built, places};
use crate::store::local::{self as looks, Wish};
use crate::store::model::{After, HarvestUnits, STORE_VERSION, StoredUnit, TellProvider};
use crate::store::{Bounds, StorePaths, harvest as acts, supply};
use crate::survey::Request;
use crate::survey::model::{Survey, Workspace};
use crate::term::Spinner;
use crate::term::exit::Exit;
use crate::warm::inspect::Trust;
use crate::warm::model::WarmFolder;
use crate::warm::options::WarmOptions;
use crate::{plan, process, store};

/// How `harvest` was asked to do it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HarvestOptions {
    /// Tell the provider about units that it already knows as well.
    pub(crate) all: bool,
}

/// Keeps in the store what the worktree that the request is about has built, and tells the provider of it.
///
/// # Errors
///
/// There is no workspace in it, or no place for a store; or the answer cannot be written.
pub(crate) fn harvest(request: &Request, options: HarvestOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let places = places(&survey, request)?;
    if !ui.dry_run {
        acts::clear(&places);
    }
    let mut plan = Plan {
        warnings: plan::warnings(&survey),
        ..Plan::default()
    };
    for decided in each(&survey, &places, request, ui)? {
        match decided {
            Err(kept) => plan.kept.push(*kept),
            Ok((units, wish)) => {
                let told = match options.all {
                    true => stored(&places, &units, &wish),
                    false => units.units.clone(),
                };
                let program = survey.settings.store.after.clone();
                if let Some(program) = program.filter(|_| !told.is_empty()) {
                    plan.add(TellProvider {
                        program,
                        dir: units.workspace.clone(),
                        units: told.len(),
                        after: After {
                            version: STORE_VERSION,
                            ask: "after".into(),
                            summary: wish.before.summary,
                            built_with: wish.before.built_with,
                            units: at_home(told, &places),
                        },
                    });
                }
                // The set of units that were built together may be new, though each unit is not.
                let set = looks::set(&places, units.summary.as_deref().unwrap_or_default());
                let together = units
                    .keys
                    .iter()
                    .all(|key| set.keys.binary_search(key).is_ok());
                match units.units.is_empty() && together {
                    true => plan.kept.push(nothing_new(units)),
                    false => plan.actions.insert(0, Box::new(units)),
                }
            }
        }
    }
    make_room(&mut plan, &survey, &places, ui);
    let exit = conduct("store harvest", &survey, &plan, request, ui)?;
    Ok(exit.unless(plan.is_stuck()))
}

/// Makes room for new units by deleting the least recently used ones.
fn make_room(plan: &mut Plan, survey: &Survey, places: &StorePaths, ui: &Ui) {
    let coming = plan.all().map(|units: &HarvestUnits| units.length).sum();
    if coming > Bytes(0) {
        let contents = looks::contents(places, &Progress::default());
        let bounds = Bounds::of(&survey.settings.store);
        let dropped = store::dropped(&contents, &bounds, coming, ui.view.now);
        // Files that another process is putting there at this moment belong to no unit yet.
        let dropped = dropped.filter(|dropped| !dropped.units.is_empty());
        plan.actions.extend(boxed(dropped));
    }
}

/// Has what donors have built kept in the store, in the background, if settings say so.
pub(crate) fn harvest_aside(survey: &Survey, plan: &Plan, request: &Request) {
    let (Some(true), Some(program)) = (survey.settings.store.harvest, &request.environment.program)
    else {
        return;
    };
    let warms = plan.all().filter(|warm: &&WarmFolder| !warm.from_store);
    let donors = warms.map(|warm| &warm.from);
    let owners = donors.filter_map(|from| {
        let mut all = survey.workspaces.iter();
        all.find(|workspace| workspace.dirs.build_dir == *from)
    });
    let roots: BTreeSet<&Path> = owners.map(|workspace| workspace.root.as_path()).collect();
    for root in roots {
        let mut arguments: Vec<OsString> = HARVEST.map(OsString::from).into();
        arguments.push(root.into());
        // The next one does it.
        let _ = process::start_aside(program, &arguments, root);
    }
}

/// How we are run to harvest in the background.
const HARVEST: [&str; 6] = [
    "sharedtarget",
    "store",
    "harvest",
    "--yes",
    "--quiet",
    "--low-priority",
];

type Keepable = Result<(HarvestUnits, Wish), Box<Kept>>;

/// Decides for each workspace of the worktree that is built.
fn each(survey: &Survey, places: &StorePaths, request: &Request, ui: &Ui) -> Result<Vec<Keepable>> {
    let options = WarmOptions {
        no_local: true,
        ..WarmOptions::default()
    };
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking for units to keep");
    let trust = Trust::default();
    let how = options.how(request, &trust, ui);
    let keepable = |workspace: &Workspace| {
        supply::keepable(survey, workspace, &workspace.dirs, places, how, &progress)
    };
    Ok(built(survey, request)?.into_iter().map(keepable).collect())
}

/// All units of a workspace that the store has, or is to have.
fn stored(places: &StorePaths, units: &HarvestUnits, wish: &Wish) -> Vec<StoredUnit> {
    let there = looks::stored(places, wish)
        .into_iter()
        .map(|offered| offered.unit);
    let mut all: Vec<_> = there
        .filter(|unit| units.keys.contains(&unit.key))
        .collect();
    all.extend(units.units.iter().cloned());
    // Each after its dependencies, as the workspace has them.
    all.sort_by_key(|unit| units.keys.iter().position(|key| *key == unit.key));
    all
}

/// Has all files of units lie where the store has them once they are harvested.
fn at_home(mut units: Vec<StoredUnit>, places: &StorePaths) -> Vec<StoredUnit> {
    for file in units.iter_mut().flat_map(|unit| &mut unit.files) {
        file.at = Some(places.object(&file.hash));
    }
    units
}

fn nothing_new(units: HarvestUnits) -> Kept {
    Kept {
        subject: Subject::Folder,
        path: units.from.unwrap_or_default(),
        reason: KeptReason::Harvested {
            units: units.present,
            left: units.left,
        },
        on_disk: None,
        last_build: None,
    }
}
