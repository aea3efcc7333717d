//! `store`: third-party units beyond a target folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};

use super::warm::WarmOptions;
use super::{Format, Ui, conduct, look, warming};
use crate::age::Age;
use crate::exit::Exit;
use crate::model::{
    Action, After, CargoAnswer, HarvestUnits, Kept, KeptReason, Plan, STORE_VERSION, StoreContents,
    StoredUnit, Subject, Survey, TellProvider,
};
use crate::plan;
use crate::progress::Progress;
use crate::report::{self, Spinner, json};
use crate::size::Bytes;
use crate::store::{self, Bounds, Places};
use crate::survey::{Request, store as looks};

/// How `harvest` was asked to do it.
#[derive(Clone, Copy, Debug, Default)]
pub struct HarvestOptions {
    /// Tell the provider of what it was told of before as well.
    pub all: bool,
}

/// Keeps in the store what the worktree that the request is about has built, and tells the provider of it.
///
/// # Errors
///
/// There is no workspace in it, or no place for a store; or the answer cannot be written.
pub fn harvest(request: &Request, options: HarvestOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let places = places(&survey, request)?;
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
                    plan.actions.push(Action::Tell(TellProvider {
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
                    }));
                }
                match units.units.is_empty() {
                    true => plan.kept.push(nothing_new(units)),
                    false => plan.actions.insert(0, Action::Harvest(units)),
                }
            }
        }
    }
    // What comes must have room, and what was used longest ago makes it.
    let coming = plan.actions.iter().map(|action| match action {
        Action::Harvest(units) => units.length,
        _ => Bytes(0),
    });
    let coming = coming.sum();
    if coming > Bytes(0) {
        let contents = looks::contents(&places, &Progress::default());
        let bounds = Bounds::of(&survey.settings.store);
        let dropped = store::dropped(&contents, &bounds, coming, ui.view.now);
        // What somebody is putting there at this moment no unit has yet.
        let dropped = dropped.filter(|dropped| !dropped.units.is_empty());
        plan.actions.extend(dropped.map(Action::DropUnits));
    }
    conduct("store harvest", &survey, &plan, request, ui)
}

/// What of the store goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct CleanOptions {
    /// What was not used for as long.
    pub older_than: Option<Age>,
    /// Until all of it takes no more.
    pub max_size: Option<Bytes>,
}

/// Deletes units of the local store: by the rules that are given, else everything.
///
/// # Errors
///
/// There is no place for a store, or the answer cannot be written.
pub fn clean(request: &Request, options: CleanOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let places = places(&survey, request)?;
    let contents = contents(&places, ui);
    let bounds = Bounds {
        max_size: options.max_size,
        max_age: options.older_than,
        all: options.max_size.is_none() && options.older_than.is_none(),
    };
    let mut plan = Plan::default();
    if let Some(dropped) = store::dropped(&contents, &bounds, Bytes(0), ui.view.now) {
        plan.freeable = dropped.freeable;
        plan.actions.push(Action::DropUnits(dropped));
    }
    conduct("store clean", &survey, &plan, request, ui)
}

/// Shows what the local store holds, and what is set up besides.
///
/// # Errors
///
/// There is no place for a store, or the answer cannot be written.
pub fn status(request: &Request, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let places = places(&survey, request)?;
    let contents = contents(&places, ui);
    let settings = &survey.settings.store;
    let mut out = ui.answer();
    match ui.format {
        Format::Json => json::store(&mut out, &contents, settings)?,
        Format::Human => report::store(&mut out, &contents, settings, &ui.view)?,
    }
    Ok(Exit::Done)
}

fn contents(places: &Places, ui: &Ui) -> StoreContents {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking at the store");
    looks::contents(places, &progress)
}

type Keepable = Result<(HarvestUnits, looks::Wish), Box<Kept>>;

/// Decides for each workspace of the worktree that is built.
fn each(survey: &Survey, places: &Places, request: &Request, ui: &Ui) -> Result<Vec<Keepable>> {
    let focus = request.focus.as_deref().unwrap_or(Path::new(""));
    let options = WarmOptions {
        no_local: true,
        ..WarmOptions::default()
    };
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking for what can be kept");
    let mut decided = Vec::new();
    let mut any = false;
    for workspace in survey
        .workspaces
        .iter()
        .filter(|workspace| workspace.is_in(focus))
    {
        any = true;
        let built = matches!(workspace.cargo, CargoAnswer::Said { .. });
        if !built || workspace.nested_in.is_some() {
            continue;
        }
        let how = options.how(request, ui);
        let keepable =
            warming::keepable(survey, workspace, &workspace.dirs, places, how, &progress);
        decided.push(keepable);
    }
    ensure!(any, "expected a Cargo workspace in `{}`", focus.display());
    Ok(decided)
}

/// Where the local store is.
fn places(survey: &Survey, request: &Request) -> Result<Places> {
    let settings = &survey.settings.store;
    let places = looks::places(settings, &request.environment, &survey.shared_root.path);
    places.context(
        "there is no folder for caches: name one for the store, by `folder` under `[store]` in the settings, \
         or by CARGO_SHAREDTARGET_STORE_DIR",
    )
}

/// All units of a workspace that the store has, or is to have.
fn stored(places: &Places, units: &HarvestUnits, wish: &looks::Wish) -> Vec<StoredUnit> {
    let there = looks::stored(places, wish)
        .into_iter()
        .map(|offered| offered.unit);
    let mut all: Vec<_> = there
        .filter(|unit| units.keys.contains(&unit.key))
        .collect();
    all.extend(units.units.iter().cloned());
    // Each after what it was made with, as the workspace has them.
    all.sort_by_key(|unit| units.keys.iter().position(|key| *key == unit.key));
    all
}

/// Has all files of units lie where the store has them once they are harvested.
fn at_home(mut units: Vec<StoredUnit>, places: &Places) -> Vec<StoredUnit> {
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
