//! `onboard`: set one worktree up, and warm it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::setup::note_devices;
use super::warm::{self, WarmOptions};
use super::warming::{self, Cold};
use super::{Ui, conduct, look};
use crate::exit::Exit;
use crate::fs;
use crate::model::{CargoAnswer, KeptReason, Plan, Survey};
use crate::plan::{self, SetupOptions};
use crate::progress::Progress;
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
        let plan = decide(&survey, request, options.clone(), warm)?;
        match conduct("onboard", &survey, &plan, request, ui) {
            Err(error) if error.is::<fs::AtWork>() && tries < TRIES => {
                tries += 1;
                std::thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
}

fn decide(
    survey: &Survey,
    request: &Request,
    mut options: SetupOptions,
    warm: &WarmOptions,
) -> Result<Plan> {
    let focus = request.focus.as_deref().unwrap_or(Path::new(""));
    ensure!(
        survey.workspaces.iter().any(|w| w.is_in(focus)),
        "expected a Cargo workspace in `{}`",
        focus.display()
    );
    options.only = Some(focus.to_owned());
    options.layout = options
        .layout
        .or_else(|| plan::served_from_above(survey, focus));
    note_devices(survey, &mut options);
    let setup = plan::setup(survey, &options);
    let progress = Progress::default();
    let named = warm::donor(warm, request)?;
    let (mut warms, mut kept) = (Vec::new(), Vec::new());
    for (workspace, dirs) in survey.workspaces.iter().zip(&setup.dirs) {
        if !workspace.is_in(focus) || !matches!(workspace.cargo, CargoAnswer::Said { .. }) {
            continue;
        }
        let cold = Cold {
            workspace,
            into: &dirs.build_dir,
        };
        let candidates = cold.candidates_or(named.as_ref(), survey);
        match warming::one(cold, candidates, warm.how(), &progress) {
            Ok(found) => warms.push(found),
            // Of what is never built, nobody expects that it is warm.
            Err(left) if workspace.nested_in.is_some() && left.reason == KeptReason::NoDonor => {}
            Err(left) => kept.push(left),
        }
    }
    let mut plan = setup.with(survey, warms);
    plan.kept.extend(kept);
    Ok(plan)
}
