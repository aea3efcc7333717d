//! `onboard`: set one worktree up, and warm it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::clean::gc_command;
use crate::clean::orphan_record::OrphanNotes;
use crate::fs;
use crate::plan::action::Plan;
use crate::plan::conduct::{Ui, conduct, look, require_tools, warn_of_stores};
use crate::plan::kept::KeptReason;
use crate::plan::report;
use crate::setup::command::{note_devices, try_wrapper};
use crate::setup::decide::SetupOptions;
use crate::setup::warm;
use crate::store::command;
use crate::store::supply::FromStore;
use crate::survey::Request;
use crate::survey::folder::Layout;
use crate::survey::model::Survey;
use crate::term::exit::Exit;
use crate::warm::choose_donor;
use crate::warm::choose_donor::EngineOptions;
use crate::warm::inspect::Trust;
use crate::warm::options::WarmOptions;
use crate::warm::supply::Held;

/// How often and how long to wait while others are at work under the same shared root. Several worktrees may be
/// added at once, and each of them waits for no more than a few moments.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(100);

/// Writes the configuration of the worktree that the request is about, and warms its workspaces. Deletes nothing but units
/// that settings have go, of other worktrees.
///
/// # Errors
///
/// There is no workspace in it, the named donor is none, another run does not come to an end, or the answer cannot be
/// written.
pub(crate) fn run(
    request: &Request,
    options: &SetupOptions,
    warm: &WarmOptions,
    ui: &Ui,
) -> Result<Exit> {
    let mut tries = 0;
    // The user does not see why a build waits for us.
    let most = match request.environment.in_a_build {
        true => 0,
        false => TRIES,
    };
    loop {
        let survey = look(request, ui)?;
        let pulled = match tries {
            0 => command::pull_first(&survey, request, ui),
            _ => Vec::new(),
        };
        let decided = decide(&survey, request, options.clone(), warm, ui);
        if !matches!(&decided, Ok(decided) if !decided.plan.actions.is_empty()) {
            require_tools(&survey, request, ui)?;
        }
        let Onboarding {
            mut plan,
            swept,
            orphans,
            held,
        } = decided?;
        plan.warnings.extend(pulled);
        let stuck = plan.is_stuck();
        let conducted = conduct("onboard", &survey, &plan, request, ui);
        orphans.keep(&conducted, false, ui)?;
        if let (Some(swept), Ok(Exit::Done), false) = (swept, &conducted, ui.dry_run) {
            fs::note_use(&swept, ui.view.now);
        }
        if let Ok(Exit::Done | Exit::Incomplete) = conducted
            && !ui.dry_run
        {
            held.iter().for_each(|held| held.note_use());
        }
        if conducted.is_ok() {
            warn_of_stores(&plan, ui)?;
            let done = matches!(conducted, Ok(Exit::Done)) && !ui.dry_run;
            if done && !request.environment.in_a_build {
                command::harvest_aside(&survey, &plan, request);
            }
        }
        match conducted {
            Ok(exit @ (Exit::Done | Exit::Incomplete)) => {
                let waits = plan.kept.iter().any(|kept| kept.reason.waits());
                if waits && (ui.quiet || (stuck && !plan.actions.is_empty())) {
                    ui.warn(|out| report::stuck(out, &plan, &ui.preview_view()))?;
                }
                return Ok(exit.unless(stuck));
            }
            Err(error) if error.chain().any(|cause| cause.is::<fs::AtWork>()) && tries < most => {
                tries += 1;
                std::thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
}

/// The plan, and the records to write once it is carried out.
struct Onboarding {
    plan: Plan,
    /// The file whose time is that of the last look at the age of everything, if this was one.
    swept: Option<PathBuf>,
    orphans: OrphanNotes,
    /// Guards that keep units in the store until the plan is carried out.
    held: Vec<Box<dyn Held>>,
}

fn decide(
    survey: &Survey,
    request: &Request,
    mut options: SetupOptions,
    warm: &WarmOptions,
    ui: &Ui,
) -> Result<Onboarding> {
    let focus = request.focus.as_deref().unwrap_or(Path::new(""));
    options.only = Some(vec![focus.to_owned()]);
    options.layout = options
        .layout
        .or_else(|| crate::setup::decide::served_from_above(survey, focus))
        // The configuration above leads there as well.
        .filter(|layout| *layout != Layout::BuildDir || survey.shared_root.unreachable.is_none());
    if request.environment.in_a_build {
        // Cargo has read its configurations: nothing is written into them, as with the one above.
        options.layout = Some(Layout::BuildDir);
    }
    note_devices(survey, &mut options);
    try_wrapper(survey, &mut options, ui)?;
    let setup = crate::setup::decide::setup(survey, &options);
    let named = warm::donor(warm, request)?;
    let trust = Trust::default();
    let decided = choose_donor::each(
        survey,
        &setup.dirs,
        focus,
        named.as_ref(),
        EngineOptions {
            // A hook runs while the worktree is still being made; a build does not begin before that is done.
            unsettled: ui.is_unattended() && !request.environment.in_a_build,
            ..warm.how(request, &trust, ui)
        },
        &FromStore,
    )?;
    let (mut warms, mut kept) = (Vec::new(), Vec::new());
    for one in decided.all {
        match one {
            Ok(warm) => warms.push(warm),
            Err(left) => kept.push(*left),
        }
    }
    let limited = gc_command::limited(survey, &setup.dirs, &warms, request, ui)?;
    let mut plan = setup.with(survey, warms, Vec::new());
    let (swept, orphans) = limited.add_to(&mut plan);
    // Why nothing is written, and why nothing is warmed, may be the same.
    kept.retain(|one| {
        let repeats = |known: &KeptReason| match (known, &one.reason) {
            (KeptReason::ConfigInvalid { .. }, KeptReason::CargoRefused { .. }) => true,
            (known, reason) => known == reason,
        };
        let mut known = plan.kept.iter();
        !known.any(|known| known.path == one.path && repeats(&known.reason))
    });
    plan.kept.extend(kept);
    let refused = trust.refused(&plan);
    plan.kept.extend(refused);
    plan.warnings.extend(decided.warnings);
    Ok(Onboarding {
        plan,
        swept,
        orphans,
        held: decided.held,
    })
}
