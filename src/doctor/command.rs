//! `doctor`: what is wrong, and what fixes it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::doctor::checks::checkup;
use crate::doctor::model::{DoctorReport, Fix};
use crate::doctor::{gather, json};
use crate::hook::hook_script;
use crate::hook::inspect::hooks_of;
use crate::plan::action::Plan;
use crate::plan::conduct::{Format, Ui, conduct, look};
use crate::setup::command::{note_devices, try_wrapper};
use crate::setup::decide::SetupOptions;
use crate::survey::Request;
use crate::survey::model::Survey;
use crate::term::exit::Exit;
use crate::warm::choose_donor;
use crate::warm::inspect::Trust;

/// Says what is wrong with the setup under the roots. Changes nothing. `program` is where we are.
///
/// # Errors
///
/// A root cannot be read, or the answer cannot be written.
pub(crate) fn run(request: &Request, program: Option<&Path>, ui: &Ui) -> Result<Exit> {
    let (survey, checkup) = examine(request, program, ui)?;
    let mut out = ui.answer();
    match ui.format {
        Format::Json => json::doctor(&mut out, &survey, &checkup)?,
        Format::Human => crate::doctor::report::doctor(&mut out, &checkup, &ui.view)?,
    }
    Ok(exit(&checkup))
}

/// Mends what can be undone again, and says what is left. Deletes nothing.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub(crate) fn fix(request: &Request, program: Option<&Path>, ui: &Ui) -> Result<Exit> {
    let (survey, found) = examine(request, program, ui)?;
    let plan = mends(&survey, &found, request, program, ui)?;
    let done = conduct("doctor --fix", &survey, &plan, request, ui)?;
    if done != Exit::Done || ui.dry_run {
        return Ok(done);
    }
    let (_, left) = examine(request, program, ui)?;
    if ui.format == Format::Human && !left.diagnoses.is_empty() {
        let mut out = ui.answer();
        crate::doctor::report::diagnoses(&mut out, &left, &ui.view)?;
    }
    Ok(exit(&left))
}

fn examine(request: &Request, program: Option<&Path>, ui: &Ui) -> Result<(Survey, DoctorReport)> {
    let survey = look(request, ui)?;
    let facts = gather::facts(&survey, &request.environment, program);
    let checkup = checkup(&survey, facts, ui.view.now);
    Ok((survey, checkup))
}

fn exit(checkup: &DoctorReport) -> Exit {
    match checkup.complains() {
        true => Exit::Incomplete,
        false => Exit::Done,
    }
}

/// The plan by which everything is mended that can be.
fn mends(
    survey: &Survey,
    found: &DoctorReport,
    request: &Request,
    program: Option<&Path>,
    ui: &Ui,
) -> Result<Plan> {
    let worktrees = found.to_fix(Fix::Configure);
    let mut plan = match worktrees.is_empty() {
        true => Plan::default(),
        false => {
            let mut options = SetupOptions {
                replace: true,
                only: Some(worktrees.into_iter().map(Path::to_owned).collect()),
                ..SetupOptions::default()
            };
            note_devices(survey, &mut options);
            try_wrapper(survey, &mut options, ui)?;
            let setup = crate::setup::decide::setup(survey, &options);
            let trust = Trust::default();
            let around = &request.environment;
            let mut warms =
                choose_donor::all(survey, &setup.dirs, &setup.moves, around, true, &trust, ui);
            let meant: Vec<PathBuf> = survey
                .workspaces
                .iter()
                .filter(|workspace| options.means(workspace))
                .map(|workspace| workspace.root.clone())
                .collect();
            warms.retain(|warm| meant.contains(&warm.workspace));
            let mut plan = setup.with(survey, warms, Vec::new());
            let refused = trust.refused(&plan);
            plan.kept.extend(refused);
            plan
        }
    };
    let hooks = found.to_fix(Fix::InstallHook);
    let sites: Vec<_> = hooks_of(survey.repositories.iter())
        .into_iter()
        .filter(|site| {
            let hook = hook_script::folder(&site.repository).join(hook_script::NAME);
            hooks.contains(hook.as_path())
        })
        .collect();
    let hooks = crate::hook::decide::install_hook(&sites, program);
    plan.actions.extend(hooks.actions);
    plan.kept.extend(hooks.kept);
    plan.warnings.extend(hooks.warnings);
    Ok(plan)
}
