//! `store`: third-party units beyond a target folder.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::age::Age;
use crate::plan::action::{Plan, Warning, boxed};
use crate::plan::conduct::{Format, Ui, carry_out, conduct, conduct_with, look};
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::plan::report;
use crate::progress::Progress;
use crate::remote::{Listed, Remote};
use crate::size::Bytes;
use crate::store::local::{
    Wish, {self as looks},
};
use crate::store::model::{
    After, DropRemote, HarvestUnits, Moved, PullUnits, PushUnits, RemotePart, STORE_VERSION,
    StoreContents, StoredUnit, TellProvider,
};
use crate::store::report::SECTION;
use crate::store::{Bounds, StorePaths, harvest as acts, json, pack, supply};
use crate::survey::model::{CargoAnswer, Survey, Workspace};
use crate::survey::{Request, no_workspace, settings};
use crate::term::Spinner;
use crate::term::exit::Exit;
use crate::text::failure;
use crate::text::failure::Hint as _;
use crate::warm::choose_donor::WarmOptions;
use crate::warm::inspect;
use crate::warm::inspect::Trust;
use crate::warm::model::WarmFolder;
use crate::{plan, process, remote, store};

/// How `harvest` was asked to do it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HarvestOptions {
    /// Tell the provider of what it was told of before as well.
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
                // What was built together may be new, though each of it is not.
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

/// Keeps the store within its bounds, after what came is there: how much others say that it is, is nothing to go by. Says
/// nothing; what cannot be deleted now can be the next time.
fn keep_within(survey: &Survey, places: &StorePaths, request: &Request, ui: &Ui) {
    let contents = looks::contents(places, &Progress::default());
    let bounds = Bounds::of(&survey.settings.store);
    let dropped = store::dropped(&contents, &bounds, Bytes(0), ui.view.now);
    if let Some(dropped) = dropped.filter(|dropped| !dropped.units.is_empty()) {
        let plan = Plan {
            actions: vec![Box::new(dropped)],
            ..Plan::default()
        };
        let _ = carry_out(survey, &plan, request, ui, None);
    }
}

/// What comes must have room, and what was used longest ago makes it.
fn make_room(plan: &mut Plan, survey: &Survey, places: &StorePaths, ui: &Ui) {
    let coming = plan.all().map(|units: &HarvestUnits| units.length).sum();
    if coming > Bytes(0) {
        let contents = looks::contents(places, &Progress::default());
        let bounds = Bounds::of(&survey.settings.store);
        let dropped = store::dropped(&contents, &bounds, coming, ui.view.now);
        // What somebody is putting there at this moment no unit has yet.
        let dropped = dropped.filter(|dropped| !dropped.units.is_empty());
        plan.actions.extend(boxed(dropped));
    }
}

/// How `pull` was asked to do it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PullOptions {
    /// Ask for each package of which there is nothing, also where others have built the same packages together.
    pub(crate) all: bool,
}

/// Fetches from the remote store what the worktree that the request is about can use.
///
/// # Errors
///
/// There is no remote store, it is of no use as it is set up, or there is no workspace; or the answer cannot be written.
pub(crate) fn pull(request: &Request, options: PullOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let places = places(&survey, request)?;
    let remote = remote(&survey, request)?;
    if !ui.dry_run {
        acts::clear(&places);
    }
    let mut plan = Plan {
        warnings: plan::warnings(&survey),
        ..Plan::default()
    };
    {
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
        progress.stage("asking the remote store");
        for (workspace, wish) in wanted(&survey, request, &mut plan)? {
            match fetched(&remote, &wish, workspace, &places, options) {
                Ok(Ok(pull)) => plan.add(pull),
                Ok(Err(kept)) => plan.kept.push(*kept),
                // Then everything is built here, as it would be without one.
                Err(error) => plan.warnings.push(Warning::NoStore {
                    why: failure::words(error.as_ref()),
                }),
            }
        }
    }
    let exit = conduct_with("store pull", &survey, &plan, request, ui, Some(&remote))?;
    if exit == Exit::Done && !ui.dry_run && !plan.actions.is_empty() {
        keep_within(&survey, &places, request, ui);
    }
    Ok(exit.unless(plan.is_stuck()))
}

/// Fetches what a worktree can use before it is warmed, if settings say so and somebody has said yes. What goes wrong is a
/// warning: then everything is built here, as it would be without a store.
pub(crate) fn pull_first(survey: &Survey, request: &Request, ui: &Ui) -> Vec<Warning> {
    let wanted = survey.settings.store.pull == Some(true) && ui.yes && !ui.dry_run;
    if !wanted {
        return Vec::new();
    }
    let fetch = || -> Result<Vec<String>> {
        let places = places(survey, request)?;
        let remote = remote(survey, request)?;
        let mut plan = Plan::default();
        for (workspace, wish) in wishes(survey, request)?.into_iter().flatten() {
            let options = PullOptions::default();
            let fetched = fetched(&remote, &wish, workspace, &places, options)?;
            plan.actions.extend(boxed(fetched.ok()));
        }
        if plan.actions.is_empty() {
            return Ok(Vec::new());
        }
        let outcome = carry_out(survey, &plan, request, ui, Some(&remote))?;
        keep_within(survey, &places, request, ui);
        if !ui.quiet {
            ui.warn(|out| (SECTION.outcome)(out, &outcome, &ui.view))?;
        }
        let failed = outcome.failed.into_iter().chain(outcome.skipped);
        let moved = outcome.done.iter().filter_map(|done| done.detail());
        let left = moved.flat_map(|moved: &Moved| moved.left.clone());
        Ok(failed.map(|failed| failed.message).chain(left).collect())
    };
    let wrong = fetch().unwrap_or_else(|error| vec![failure::words(error.as_ref())]);
    let warnings = wrong.into_iter().take(1);
    warnings.map(|why| Warning::NoStore { why }).collect()
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

/// What is fetched for a workspace, or why nothing is.
fn fetched(
    remote: &Remote,
    wish: &Wish,
    workspace: &Workspace,
    places: &StorePaths,
    options: PullOptions,
) -> Result<Result<PullUnits, Box<Kept>>> {
    let local = looks::stored(places, wish);
    let local = local.into_iter().map(|offered| offered.unit);
    // What has lost a file comes again.
    let local: Vec<StoredUnit> = local.filter(|unit| looks::is_whole(places, unit)).collect();
    let packages = local.iter().map(|unit| unit.package.clone()).collect();
    let there: HashSet<&str> = local.iter().map(|unit| unit.key.as_str()).collect();
    let all = looks::remote(remote, wish, &packages, options.all)?;
    let units: Vec<&StoredUnit> = all.iter().chain(&local).collect();
    let usable = store::usable(&units, Some(&wish.lock), |_| false);
    let usable: Vec<&StoredUnit> = usable.into_iter().map(|at| units[at]).collect();
    let new = usable
        .iter()
        .filter(|unit| !there.contains(unit.key.as_str()));
    let new: Vec<StoredUnit> = new.map(|unit| (*unit).clone()).collect();
    if new.is_empty() {
        let reason = match local.is_empty() {
            true => KeptReason::NothingRemote {
                from: remote.name(),
            },
            false => KeptReason::Harvested {
                units: local.len(),
                left: Vec::new(),
            },
        };
        return Ok(Err(kept(&workspace.root, reason)));
    }
    Ok(Ok(PullUnits {
        workspace: workspace.root.clone(),
        from: remote.name(),
        into: places.root().to_owned(),
        summary: wish.before.summary.clone(),
        circumstances: wish.before.circumstances.clone(),
        built_with: wish.before.built_with.clone(),
        keys: usable.iter().map(|unit| unit.key.clone()).collect(),
        present: usable.len() - new.len(),
        length: new.iter().map(StoredUnit::length).sum(),
        units: new,
    }))
}

/// How `push` was asked to do it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PushOptions {
    /// Look for each unit, also for those that the remote store says it has.
    pub(crate) all: bool,
}

/// Puts into the remote store what the local one has of the worktree that the request is about.
///
/// # Errors
///
/// There is no remote store, it cannot be asked, or there is no workspace; or the answer cannot be written.
pub(crate) fn push(request: &Request, options: PushOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let places = places(&survey, request)?;
    let remote = remote(&survey, request)?;
    let mut plan = Plan {
        warnings: plan::warnings(&survey),
        ..Plan::default()
    };
    {
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
        progress.stage("asking the remote store");
        for (workspace, wish) in wanted(&survey, request, &mut plan)? {
            let set = looks::set(&places, &wish.before.summary);
            let all = looks::stored(&places, &wish).into_iter();
            let all: Vec<StoredUnit> = all
                .map(|offered| offered.unit)
                .filter(|unit| set.keys.binary_search(&unit.key).is_ok())
                .collect();
            if all.is_empty() {
                plan.kept
                    .push(*kept(&workspace.root, KeptReason::NothingHarvested));
                continue;
            }
            let there = looks::has(&remote, &wish.before.summary, &all, options.all)?;
            let new = all.iter().filter(|unit| !there.units.contains(&unit.key));
            let new: Vec<StoredUnit> = new.cloned().collect();
            // Whoever was killed in between has put everything there but what tells of it.
            if new.is_empty() && there.together {
                let reason = KeptReason::Pushed {
                    units: all.len(),
                    to: remote.name(),
                };
                plan.kept.push(*kept(&workspace.root, reason));
                continue;
            }
            plan.add(PushUnits {
                workspace: workspace.root.clone(),
                from: places.root().to_owned(),
                into: remote.name(),
                summary: wish.before.summary.clone(),
                present: all.len() - new.len(),
                length: new.iter().map(StoredUnit::length).sum(),
                units: new,
                all,
            });
        }
    }
    let exit = conduct_with("store push", &survey, &plan, request, ui, Some(&remote))?;
    Ok(exit.unless(plan.is_stuck()))
}

fn remote(survey: &Survey, request: &Request) -> Result<Remote> {
    let wrong = survey.problems.iter().find(|problem| {
        let name = problem.path.file_name().unwrap_or_default();
        name == settings::FILE_NAME
    });
    let settings = survey.settings.store.remote.as_ref();
    let settings = match (settings, wrong) {
        (Some(settings), _) => settings,
        // It may be what names one.
        (None, Some(problem)) => bail!("`{}`: {}", problem.path.display(), problem.message),
        (None, None) => {
            let own = request.environment.own_settings.as_deref();
            let file = own.unwrap_or(Path::new(settings::FILE_NAME));
            return Err(anyhow!("no settings name a remote store"))
                .with_hint(|| format!("name one under `[store.remote]` in `{}`", file.display()));
        }
    };
    remote::open(settings, &request.environment.secrets)
}

type Wished<'a> = Result<(&'a Workspace, Wish), Box<Kept>>;

/// What each workspace of the worktree wants.
fn wishes<'a>(survey: &'a Survey, request: &Request) -> Result<Vec<Wished<'a>>> {
    built(survey, request)?
        .into_iter()
        .map(|workspace| {
            let lock = match inspect::lock(&workspace.root) {
                Ok(Some(lock)) => lock,
                Ok(None) => return Ok(Err(kept(&workspace.root, KeptReason::NoLock))),
                Err(problem) => {
                    let file = workspace.root.join("Cargo.lock");
                    let reason = KeptReason::LockInvalid { file, problem };
                    return Ok(Err(kept(&workspace.root, reason)));
                }
            };
            let wish = looks::wish(&workspace.root, lock, &request.environment)?;
            Ok(Ok((workspace, wish)))
        })
        .collect()
}

/// What each workspace of the worktree wants; those that want nothing stand in the plan with the reason.
fn wanted<'a>(
    survey: &'a Survey,
    request: &Request,
    plan: &mut Plan,
) -> Result<Vec<(&'a Workspace, Wish)>> {
    let mut wanted = Vec::new();
    for wished in wishes(survey, request)? {
        match wished {
            Ok(wished) => wanted.push(wished),
            Err(kept) => plan.kept.push(*kept),
        }
    }
    Ok(wanted)
}

/// The workspaces of the worktree that are built.
fn built<'a>(survey: &'a Survey, request: &Request) -> Result<Vec<&'a Workspace>> {
    let focus = request.focus.as_deref().unwrap_or(Path::new(""));
    let inside = |workspace: &&Workspace| workspace.is_in(focus);
    let all: Vec<&Workspace> = survey.workspaces.iter().filter(inside).collect();
    if all.is_empty() {
        return Err(no_workspace(survey, focus));
    }
    let built = |workspace: &&Workspace| {
        let said = matches!(workspace.cargo, CargoAnswer::Said { .. });
        said && workspace.nested_in.is_none()
    };
    Ok(all.into_iter().filter(built).collect())
}

fn kept(workspace: &Path, reason: KeptReason) -> Box<Kept> {
    Box::new(Kept {
        subject: Subject::Workspace,
        path: workspace.to_owned(),
        reason,
        on_disk: None,
        last_build: None,
    })
}

/// What of the store goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CleanOptions {
    /// What was not used for as long.
    pub(crate) older_than: Option<Age>,
    /// Until all of it takes no more.
    pub(crate) max_size: Option<Bytes>,
}

/// Deletes units of the local store: by the rules that are given, else everything.
///
/// # Errors
///
/// There is no place for a store, or the answer cannot be written.
pub(crate) fn clean(request: &Request, options: CleanOptions, ui: &Ui) -> Result<Exit> {
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
        plan.add(dropped);
    }
    conduct("store clean", &survey, &plan, request, ui)
}

/// Deletes objects of the remote store that were put there longer ago than an age.
///
/// # Errors
///
/// There is no remote store, it cannot list what it has, or the answer cannot be written.
pub(crate) fn clean_remote(request: &Request, older_than: Age, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let remote = remote(&survey, request)?;
    let listed = remote.list(&pack::everything())?;
    let old = |object: &Listed| {
        let age = object.modified.map(|then| ui.view.now.duration_since(then));
        // When it came is not known: it stays.
        age.is_some_and(|age| age >= older_than.0) && !pack::kind(&object.key).is_empty()
    };
    let (mut going, staying): (Vec<Listed>, Vec<Listed>) = listed.into_iter().partition(old);
    going.sort_by_key(|object| (pack::kind(&object.key) == "packs", object.key.clone()));
    let mut plan = Plan::default();
    if !going.is_empty() {
        plan.add(DropRemote {
            from: remote.name(),
            length: going.iter().map(|object| Bytes(object.length)).sum(),
            staying: staying.len(),
            objects: going.into_iter().map(|object| object.key).collect(),
        });
    }
    conduct_with("store clean", &survey, &plan, request, ui, Some(&remote))
}

/// What the remote store holds, by kind.
fn remote_parts(remote: &Remote) -> Result<Vec<RemotePart>> {
    let mut parts: Vec<RemotePart> = Vec::new();
    for object in remote.list(&pack::everything())? {
        let kind = pack::kind(&object.key);
        if kind.is_empty() {
            continue;
        }
        let at = match parts.iter().position(|part| part.kind == kind) {
            Some(at) => at,
            None => {
                parts.push(RemotePart {
                    kind: kind.to_owned(),
                    objects: 0,
                    length: Bytes(0),
                    oldest: object.modified,
                    newest: object.modified,
                });
                parts.len() - 1
            }
        };
        let part = &mut parts[at];
        part.objects += 1;
        part.length += Bytes(object.length);
        part.oldest = part.oldest.min(object.modified);
        part.newest = part.newest.max(object.modified);
    }
    Ok(parts)
}

/// Shows what the local store holds, and what is set up besides; if asked, also what the remote one holds.
///
/// # Errors
///
/// There is no place for a store, or the answer cannot be written.
pub(crate) fn status(request: &Request, of_remote: bool, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let places = places(&survey, request)?;
    let contents = contents(&places, ui);
    let parts = match of_remote {
        true => Some(remote_parts(&remote(&survey, request)?)?),
        false => None,
    };
    let settings = &survey.settings.store;
    for warning in plan::warnings(&survey) {
        ui.warn(|out| report::warning(out, &warning, &ui.preview_view()))?;
    }
    let mut out = ui.answer();
    match ui.format {
        Format::Json => json::store(&mut out, &contents, settings, parts.as_deref())?,
        Format::Human => {
            crate::store::report::status(
                &mut out,
                &contents,
                settings,
                parts.as_deref(),
                &ui.view,
            )?;
        }
    }
    Ok(Exit::Done)
}

fn contents(places: &StorePaths, ui: &Ui) -> StoreContents {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking at the store");
    looks::contents(places, &progress)
}

type Keepable = Result<(HarvestUnits, Wish), Box<Kept>>;

/// Decides for each workspace of the worktree that is built.
fn each(survey: &Survey, places: &StorePaths, request: &Request, ui: &Ui) -> Result<Vec<Keepable>> {
    let options = WarmOptions {
        no_local: true,
        ..WarmOptions::default()
    };
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking for what can be kept");
    let trust = Trust::default();
    let how = options.how(request, &trust, ui);
    let keepable = |workspace: &Workspace| {
        supply::keepable(survey, workspace, &workspace.dirs, places, how, &progress)
    };
    Ok(built(survey, request)?.into_iter().map(keepable).collect())
}

/// Where the local store is.
fn places(survey: &Survey, request: &Request) -> Result<StorePaths> {
    let settings = &survey.settings.store;
    let places = looks::places(settings, &request.environment, &survey.shared_root.path);
    places.context("there is no folder for caches").hint(
        "name one for the store, by `folder` under `[store]` in the settings, or by CARGO_SHAREDTARGET_STORE_DIR",
    )
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
    // Each after what it was made with, as the workspace has them.
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
