//! The subcommands: survey, plan, show, confirm, apply, report. Only here is known what a dry run is.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use crate::plan::action::{CreateSharedRoot, Plan, Warning};
use crate::plan::outcome::Outcome;
use crate::plan::run::Context;
use crate::plan::{apply, json, log, markdown, report};
use crate::progress::Progress;
use crate::remote::Remote;
use crate::survey::journal::Relocated;
use crate::survey::model::Survey;
use crate::survey::{Request, read_build_env};
use crate::term::Spinner;
use crate::term::exit::Exit;
pub(crate) use crate::term::ui::{Format, Ui, beside};
use crate::text::failure::Hint as _;
use crate::{fs, process, survey};

/// Surveys, with progress shown.
pub(crate) fn look(request: &Request, ui: &Ui) -> Result<Survey> {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    let begun = Instant::now();
    log::request(request);
    let survey = survey::survey(request, &progress)?;
    log::survey(&survey, begun);
    Ok(survey)
}

/// The commands that change much at once, so that they ask on a terminal also where nothing is deleted.
const ASKING: [&str; 2] = ["setup", "doctor --fix"];

/// Shows a plan, asks if something would be deleted, carries it out and reports. The same plan feeds all four.
pub(crate) fn conduct(
    name: &str,
    survey: &Survey,
    plan: &Plan,
    request: &Request,
    ui: &Ui,
) -> Result<Exit> {
    conduct_with(name, survey, plan, request, ui, None)
}

/// Runs for the roots of each shared root in turn; the worst end counts.
///
/// # Errors
///
/// The first error of a run. The other runs have gone on.
pub(crate) fn for_each_shared_root(
    request: &Request,
    run: impl FnMut(&Request) -> Result<Exit>,
) -> Result<Exit> {
    let ends: Vec<Result<Exit>> = request.by_shared_root().iter().map(run).collect();
    let ends = ends.into_iter().collect::<Result<Vec<Exit>>>()?;
    Ok(ends.into_iter().max().unwrap_or(Exit::Done))
}

/// Conducts a plan that may be about a remote store.
pub(crate) fn conduct_with(
    name: &str,
    survey: &Survey,
    plan: &Plan,
    request: &Request,
    ui: &Ui,
    remote: Option<&Remote>,
) -> Result<Exit> {
    let unlocked = || Ok(None);
    conducted(name, survey, plan, request, ui, remote, &unlocked)
}

/// Conducts a plan that is carried out under a lock. The lock is not held while the user thinks about the answer.
pub(crate) fn conduct_under(
    name: &str,
    survey: &Survey,
    plan: &Plan,
    request: &Request,
    ui: &Ui,
    lock: &dyn Fn() -> Result<Option<fs::LockGuard>>,
) -> Result<Exit> {
    conducted(name, survey, plan, request, ui, None, lock)
}

fn conducted(
    name: &str,
    survey: &Survey,
    plan: &Plan,
    request: &Request,
    ui: &Ui,
    remote: Option<&Remote>,
    lock: &dyn Fn() -> Result<Option<fs::LockGuard>>,
) -> Result<Exit> {
    log::plan(name, plan, ui.dry_run);
    if plan.actions.is_empty() && plan.kept.iter().any(|kept| kept.reason.wants_answer()) {
        require_tools(survey, request, ui)?;
    }
    if plan.actions.is_empty() || ui.dry_run {
        if !ui.dry_run {
            note_circumstances(survey, request);
        }
        show(name, survey, plan, None, ui)?;
        return Ok(Exit::Done);
    }
    expect_shared_root(survey, plan)?;
    let asks = !ui.yes && (plan.deletes() || (ASKING.contains(&name) && ui.can_ask()));
    if asks {
        if !ui.can_ask() {
            show(name, survey, plan, None, ui)?;
            ui.narrate("nothing was changed; pass --yes to delete without a terminal")?;
            return Ok(Exit::NotConfirmed);
        }
        preview(plan, ui)?;
        if !ui.ask("Proceed?")? {
            ui.narrate("nothing was changed")?;
            return Ok(Exit::NotConfirmed);
        }
    } else if ui.format == Format::Human && !ui.quiet {
        preview(plan, ui)?;
    }
    let outcome = {
        let _lock = lock()?;
        carry_out(survey, plan, request, ui, remote)?
    };
    note_circumstances(survey, request);
    show(name, survey, plan, Some(&outcome), ui)?;
    Ok(if outcome.is_complete() {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

/// Makes sure that the shared root can be written, if something is done in it.
fn expect_shared_root(survey: &Survey, plan: &Plan) -> Result<()> {
    let root = &survey.shared_root;
    let mut inside = plan
        .actions
        .iter()
        .filter(|action| action.path().starts_with(&root.path) || action.leads_into_shared_root());
    match &root.unreachable {
        Some(why) if inside.next().is_some() => Err(anyhow::anyhow!(
            "the shared root is not writable from here: {why}"
        ))
        .hint("run this where it is writable; `cargo sharedtarget onboard --layout in-place` needs only the \
            worktree"),
        _ => Ok(()),
    }
}

/// Notes what the configurations of all workspaces say now. Where that cannot be written, less is known later.
pub(crate) fn note_circumstances(survey: &Survey, request: &Request) {
    let workspaces = survey.workspaces.iter();
    let roots = workspaces.map(|workspace| workspace.root.as_path());
    let around = &request.environment.surroundings;
    let _ = read_build_env::note(roots, around, &survey.shared_root);
    if let Some(state) = &request.environment.state {
        request.environment.known.keep(state);
        request.environment.settled.keep(state);
    }
}

/// Makes sure that git and Cargo are there, where nothing can be done for want of their answers.
///
/// # Errors
///
/// Git or Cargo is missing, its answer was needed, and the run was to change something.
pub(crate) fn require_tools(survey: &Survey, request: &Request, ui: &Ui) -> Result<()> {
    if ui.dry_run || survey.workspaces.is_empty() {
        return Ok(());
    }
    let cargo = &request.environment.cargo;
    let no_git = !survey.repositories.is_empty() && process::tool("git").is_err();
    let no_cargo = !cargo.on_path && cargo.fallback.is_none();
    let missing = match (no_git, no_cargo) {
        (true, true) => "there is no `git` and no `cargo`",
        (true, false) => "there is no `git`",
        (false, true) => "there is no `cargo`",
        (false, false) => return Ok(()),
    };
    Err(anyhow::anyhow!(
        "{missing} on the PATH, so nothing was done"
    ))
    .hint("install the missing program, or put it on the PATH, and run this again")
}

/// Prints one line for each unit or provider that was of no use, where no plan was shown: a user who waits for a
/// build that is not warm learns why.
pub(crate) fn warn_of_stores(plan: &Plan, ui: &Ui) -> Result<()> {
    if !ui.quiet {
        return Ok(());
    }
    let about = |warning: &&Warning| {
        matches!(
            warning,
            Warning::Provider { .. } | Warning::NoStore { .. } | Warning::StoreLeft { .. }
        )
    };
    for warning in plan.warnings.iter().filter(about) {
        ui.warn(|out| report::warning(out, warning, &ui.preview_view()))?;
    }
    Ok(())
}

fn preview(plan: &Plan, ui: &Ui) -> Result<()> {
    let view = ui.preview_view();
    // The reader may be gone; that is no reason not to do what was asked for.
    let _ = report::plan(&mut ui.preview(), plan, "", &view);
    Ok(())
}

pub(crate) fn carry_out(
    survey: &Survey,
    plan: &Plan,
    request: &Request,
    ui: &Ui,
    remote: Option<&Remote>,
) -> Result<Outcome> {
    fs::checkpoint("planned");
    let shares = plan.actions.iter().any(|action| action.locks_shared_root());
    // Only where it is planned: without one there is nothing in common to lock. Where it cannot be made, the
    // action says so for itself.
    let lockable = (survey.shared_root.exists && shares)
        || (plan.has::<CreateSharedRoot>()
            && apply::create_shared_root(
                &survey.shared_root.path,
                survey.shared_root.records.as_deref(),
            )
            .is_ok());
    let _guard = if lockable {
        fs::lock_run(&survey.shared_root.path, survey.shared_root.runs)
            .hint("run this again when it has ended")?
    } else {
        fs::LockGuard::default()
    };
    if let (true, true, Some(records)) = (
        lockable,
        survey.shared_root.exists && survey.shared_root.moved,
        &survey.shared_root.records,
    ) {
        // The token makes it known all the same.
        let _ = crate::survey::known_roots::register_root(records, &survey.shared_root.path);
    }
    fs::checkpoint("locked");
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    Ok(apply::apply(
        plan,
        &Context {
            shared_root: &survey.shared_root.path,
            records: survey.shared_root.records.as_deref(),
            moved: moved(survey).as_ref(),
            cargo: &request.environment.cargo,
            now: ui.view.now,
            progress: &progress,
            remote,
        },
    ))
}

/// Where the project of a shared root was, and where it is.
pub(crate) fn moved(survey: &Survey) -> Option<Relocated> {
    let (from, to) = survey.shared_root.project_moved.clone()?;
    Some(Relocated { from, to })
}

/// Puts the answer on standard output: the plan if nothing was done, else what was done.
pub(crate) fn show(
    name: &str,
    survey: &Survey,
    plan: &Plan,
    outcome: Option<&Outcome>,
    ui: &Ui,
) -> Result<()> {
    let mut out = ui.answer();
    match (ui.format, outcome) {
        (Format::Json, _) => json::run(&mut out, name, ui.dry_run, survey, plan, outcome)?,
        (Format::Human, outcome) if ui.markdown => {
            let absence = report::absence(name, survey, &ui.view);
            markdown::summary(&mut out, name, plan, outcome, &absence, &ui.view)?;
        }
        (Format::Human, Some(outcome)) => report::outcome(&mut out, plan, outcome, &ui.view)?,
        (Format::Human, None) if ui.quiet && !ui.dry_run && plan.actions.is_empty() => {}
        (Format::Human, None) => {
            let absence = report::absence(name, survey, &ui.view);
            report::plan(&mut out, plan, &absence, &ui.view)?;
        }
    }
    Ok(())
}
