//! `setup`: configure, share, reclaim.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, anyhow};
use rayon::prelude::*;

use crate::dedupe::relinking;
use crate::hook::decide::install_with_setup;
use crate::hook::inspect::hooks_of;
use crate::plan::action::{CreateSharedRoot, Plan, Warning, boxed};
use crate::plan::conduct::{Ui, conduct, look, require_tools};
use crate::progress::Progress;
use crate::setup::collect;
use crate::setup::decide::SetupOptions;
use crate::setup::decide::configure::is_alone;
use crate::setup::timer;
use crate::setup::timer::model::Schedule;
use crate::survey::Request;
use crate::survey::folder::Layout;
use crate::survey::model::{Repository, Survey};
use crate::term::Spinner;
use crate::term::exit::Exit;
use crate::text::failure;
use crate::text::failure::Hint as _;
use crate::warm::inspect::Trust;
use crate::warm::inspect::flaws::FreeFiles;
use crate::warm::moving::MoveFolder;
use crate::warm::{choose_donor, inspect, moving};
use crate::{cargo, fs, process};

/// Sets every workspace up.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub(crate) fn run(
    request: &Request,
    mut options: SetupOptions,
    schedule: Option<Schedule>,
    ui: &Ui,
) -> Result<Exit> {
    let survey = look(request, ui)?;
    note_devices(&survey, &mut options);
    try_wrapper(&survey, &mut options, ui)?;
    let mut setup = crate::setup::decide::setup(&survey, &options);
    inspect_moves(&mut setup.moves, ui);
    let trust = Trust::default();
    let mut warms = choose_donor::all(
        &survey,
        &setup.dirs,
        &setup.moves,
        &request.environment,
        !options.no_local,
        &trust,
        ui,
    );
    for warm in &mut warms {
        warm.follow(&setup.moves);
    }
    let relinks = match options.relink || !setup.moves.is_empty() || setup.has_fixtures() {
        true => relinking::all(&survey, &setup.dirs, &setup.moves, &warms, &trust, ui),
        false => Vec::new(),
    };
    let (collects, freeable) = collect::moved(&survey, &setup.moves, request, ui);
    let relinks = collect::without_collected(relinks, &collects);
    let mut plan = setup.with(&survey, warms, relinks);
    plan.actions.extend(boxed(collects));
    plan.freeable += freeable;
    plan.by_units += freeable;
    // A hook that finds nothing to run is no setup.
    if plan.actions.is_empty() {
        require_tools(&survey, request, ui)?;
    }
    if !options.no_hook {
        let hooks = hooks(&survey, &options, request.environment.program.as_deref());
        plan.actions.extend(hooks.actions);
        plan.kept.extend(hooks.kept);
        plan.warnings.extend(hooks.warnings);
    }
    let mut left = false;
    if let Some(schedule) = schedule {
        let in_place = options.layout == Some(Layout::InPlace);
        let timer = timer(&survey, &plan, schedule, in_place, request)?;
        left = timer::decide::is_left(&timer);
        plan.actions.extend(timer.actions);
        plan.kept.extend(timer.kept);
    }
    plan.warnings.extend(broken_locks(&survey));
    let refused = trust.refused(&plan);
    plan.kept.extend(refused);
    let exit = conduct("setup", &survey, &plan, request, ui)?;
    Ok(match exit {
        Exit::Done if left => Exit::Incomplete,
        other => other,
    })
}

/// Decides what becomes of the timer of the shared root.
fn timer(
    survey: &Survey,
    plan: &Plan,
    schedule: Schedule,
    in_place: bool,
    request: &Request,
) -> Result<Plan> {
    let site = timer::gather::site(survey, &request.environment)?;
    // In place, a new shared root holds settings and no target folder.
    let is_new = plan.has::<CreateSharedRoot>() && !in_place;
    let is_there = survey.shared_root.exists || is_new;
    if schedule != Schedule::Off && !is_there {
        return Err(anyhow!("expected a shared root for the timer")).hint(
            "in the layout in-place, run `cargo sharedtarget gc --yes` from a timer of your own",
        );
    }
    let job = timer::gather::job(survey, &request.environment)?;
    Ok(timer::decide::schedule(&site, &job, schedule))
}

/// Finds out what cannot follow where folders are moved.
pub(crate) fn inspect_moves(moves: &mut [MoveFolder], ui: &Ui) {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking for units that cannot be moved");
    let free = FreeFiles::of(moves.iter().map(|one| one.from.as_path()));
    moves.par_iter_mut().for_each(|one| {
        moving::inspect::complete(one, free.as_ref(), ui.view.now, &progress);
    });
}

/// Has git set up and warm the worktrees to come, in each repository with a workspace.
fn hooks(survey: &Survey, options: &SetupOptions, program: Option<&Path>) -> Plan {
    let has_workspace = |repository: &&Repository| {
        let mut meant = survey.workspaces.iter().filter(|workspace| {
            let place = workspace.place.as_ref();
            place.is_some_and(|place| place.common_dir == repository.common_dir)
                && !(options.worktrees_only && is_alone(workspace, survey))
        });
        repository.doubt.is_none() && meant.next().is_some()
    };
    let repositories = survey.repositories.iter().filter(has_workspace);
    install_with_setup(&hooks_of(repositories), program)
}

/// Warns of the workspaces that cannot be warmed, since nothing can read which packages they need.
fn broken_locks(survey: &Survey) -> Vec<Warning> {
    let workspaces = survey.workspaces.par_iter();
    let built = workspaces.filter(|workspace| workspace.nested_in.is_none());
    let broken = built.filter_map(|workspace| {
        let problem = inspect::lock(&workspace.root).err()?;
        Some(Warning::Problem {
            path: workspace.root.join("Cargo.lock"),
            message: format!(
                "{}; the workspace is not warmed until this is fixed",
                problem.in_words()
            ),
        })
    });
    broken.collect()
}

/// Tries the program that configurations are to name in place of the compiler: one that does not run breaks every build.
///
/// # Errors
///
/// The one that was asked for does not run.
pub(crate) fn try_wrapper(survey: &Survey, options: &mut SetupOptions, ui: &Ui) -> Result<()> {
    let asked = options.settings.rustc_wrapper.as_deref();
    let Some(wrapper) = asked.or(survey.settings.rustc_wrapper.as_deref()) else {
        return Ok(());
    };
    let folder = survey
        .roots
        .first()
        .map_or(Path::new("."), PathBuf::as_path);
    let near: Vec<&Path> = survey.roots.iter().map(PathBuf::as_path).collect();
    let found = process::program(wrapper, &near).map_err(Into::into);
    match (
        found.and_then(|program| cargo::try_wrapper(&program, folder)),
        asked,
    ) {
        (Ok(()), _) => Ok(()),
        (Err(error), Some(_)) => Err(error.context(format!("`{wrapper}` cannot run the compiler"))),
        (Err(error), None) => {
            options.no_wrapper = true;
            let file = crate::survey::settings::own_file(survey);
            let file = file.unwrap_or_else(|| crate::survey::settings::file(survey));
            let file = ui.view.paths.show(&file);
            ui.narrate(&format!(
                "warning: no configuration gets `{wrapper}`, the rustc wrapper of {file}, because it does not \
                     run: {}",
failure::words(error.as_ref())
            ))
        }
    }
}

/// Notes the filesystem of each workspace, and that of the shared root.
pub(crate) fn note_devices(survey: &Survey, options: &mut SetupOptions) {
    let shared_root = &survey.shared_root.path;
    let infos = shared_root.ancestors().map(fs::info);
    if let Some(info) = infos.filter_map(|info| info.ok().flatten()).next() {
        let device = info.identity.device;
        options.devices.insert(shared_root.clone(), device);
    }
    for workspace in &survey.workspaces {
        if let Ok(Some(info)) = fs::info(&workspace.root) {
            let device = info.identity.device;
            options.devices.insert(workspace.root.clone(), device);
        }
    }
}
