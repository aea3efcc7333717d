//! `onboard`: set one worktree up, and warm it.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::gc::keep_to_settings;
use super::setup::{note_devices, try_wrapper};
use super::warm::{self, WarmOptions};
use super::warming;
use super::{Ui, conduct, look};
use crate::exit::Exit;
use crate::fs;
use crate::model::{Plan, Survey};
use crate::plan::{self, SetupOptions};
use crate::report::human;
use crate::survey::Request;

/// How often and how long to wait while others are at work under the same shared root. Several worktrees may be
/// added at once, and each of them waits for no more than a few moments.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(100);

/// Writes the configuration of the worktree that the request is about, and warms its workspaces. Deletes nothing.
///
/// # Errors
///
/// There is no workspace in it, the named donor is none, another run does not come to an end, or the answer cannot be
/// written.
pub fn run(request: &Request, options: &SetupOptions, warm: &WarmOptions, ui: &Ui) -> Result<Exit> {
    let mut tries = 0;
    loop {
        let survey = look(request, ui)?;
        let plan = decide(&survey, request, options.clone(), warm, ui)?;
        let stuck = plan.kept.iter().any(|kept| kept.reason.is_stuck());
        let conducted = conduct("onboard", &survey, &plan, request, ui);
        // What it takes to know which units go, waits for a lock that such a build may hold.
        let may_limit = survey.settings.limit() && !request.environment.in_a_build;
        if may_limit && !ui.dry_run && conducted.as_ref().is_ok_and(has_acted) {
            // It costs nobody a worktree: what does not go now goes the next time.
            let kept = keep_to_settings(request, ui);
            if let Some(error) = kept.err().filter(|error| !error.is::<fs::AtWork>()) {
                ui.narrate(&format!("warning: the settings are not kept to: {error:#}"))?;
            }
        }
        match conducted {
            Ok(Exit::Done) if stuck => {
                if ui.quiet || (ui.yes && !plan.actions.is_empty()) {
                    ui.warn(|out| human::stuck(out, &plan, &ui.preview_view()))?;
                }
                return Ok(Exit::Incomplete);
            }
            Err(error) if error.is::<fs::AtWork>() && tries < TRIES => {
                tries += 1;
                std::thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
}

/// Whether a run has come to its end, whatever it has left.
fn has_acted(exit: &Exit) -> bool {
    matches!(exit, Exit::Done | Exit::Incomplete)
}

fn decide(
    survey: &Survey,
    request: &Request,
    mut options: SetupOptions,
    warm: &WarmOptions,
    ui: &Ui,
) -> Result<Plan> {
    let focus = request.focus.as_deref().unwrap_or(Path::new(""));
    options.only = Some(vec![focus.to_owned()]);
    options.layout = options
        .layout
        .or_else(|| plan::served_from_above(survey, focus));
    note_devices(survey, &mut options);
    try_wrapper(survey, &mut options, ui)?;
    let setup = plan::setup(survey, &options);
    let named = warm::donor(warm, request)?;
    let decided = warming::each(
        survey,
        &setup.dirs,
        focus,
        named.as_ref(),
        warm.how(request, ui),
    )?;
    let (mut warms, mut kept) = (Vec::new(), Vec::new());
    for one in decided {
        match one {
            Ok(warm) => warms.push(warm),
            Err(left) => kept.push(*left),
        }
    }
    let mut plan = setup.with(survey, warms, Vec::new());
    plan.kept.extend(kept);
    Ok(plan)
}
