//! `hook`: a git hook that onboards new worktrees.

use std::path::Path;

use anyhow::Result;

use crate::fs;
use crate::fs::model::Problem;
use crate::hook::tools;
use crate::hook::{inspect, json};
use crate::plan;
use crate::plan::action::Plan;
use crate::plan::conduct::{Format, Ui, conduct};
use crate::plan::tool_state::{Tool, ToolState};
use crate::survey::Request;
use crate::survey::model::Survey;
use crate::term::exit::Exit;

/// Puts the hook into the repositories of the roots. `program` is where we are.
///
/// # Errors
///
/// A root is in no repository and has none below, or the answer cannot be written.
pub(crate) fn install(request: &Request, program: Option<&Path>, ui: &Ui) -> Result<Exit> {
    let found = inspect::hooks(&request.roots, &request.looking)?;
    let plan = crate::hook::decide::install_hook(&found.sites, program);
    change("hook install", plan, found.problems, request, ui, true)
}

/// Takes the hook out of the repositories of the roots.
///
/// # Errors
///
/// A root is in no repository and has none below, or the answer cannot be written.
pub(crate) fn uninstall(request: &Request, program: Option<&Path>, ui: &Ui) -> Result<Exit> {
    let found = inspect::hooks(&request.roots, &request.looking)?;
    let plan = crate::hook::decide::uninstall_hook(&found.sites, program);
    change("hook uninstall", plan, found.problems, request, ui, false)
}

fn change(
    name: &str,
    mut plan: Plan,
    problems: Vec<Problem>,
    request: &Request,
    ui: &Ui,
    installed: bool,
) -> Result<Exit> {
    let roots = request.roots.iter();
    let roots = roots.filter_map(|root| fs::canonical(root).ok());
    // Nothing else counts for a hook, so nothing else is looked at.
    let survey = Survey {
        roots: roots.collect(),
        problems,
        ..Survey::default()
    };
    // A repository that could not be looked at may have a hook, or none.
    let is_whole = survey.problems.is_empty();
    let as_asked = is_whole && crate::hook::decide::hooks_are_as_asked(&plan, installed);
    plan.warnings.extend(plan::warnings(&survey));
    // Who asked for quiet still hears why nothing was done.
    let ui = &Ui {
        quiet: ui.quiet && as_asked,
        ..ui.clone()
    };
    Ok(match conduct(name, &survey, &plan, request, ui)? {
        // Not all is as it was asked for, though nothing failed.
        Exit::Done if !as_asked => Exit::Incomplete,
        other => other,
    })
}

/// Says how it stands with the hook in the repositories of the roots, and with the commands of tools that run us. With tools
/// that are asked for, says how it stands with these alone. Changes nothing.
///
/// # Errors
///
/// A root is in no repository and has none below, or the answer cannot be written.
pub(crate) fn status(
    asked: &[Tool],
    request: &Request,
    program: Option<&Path>,
    ui: &Ui,
) -> Result<Exit> {
    let found = match asked {
        [] => inspect::hooks(&request.roots, &request.looking)?,
        _ => inspect::HookSites::default(),
    };
    let all = crate::hook::decide::hook_status(&found.sites, program);
    // Of a bare repository there is a hook, and no worktree.
    let tools = match (
        tools::inspect::tools(&request.roots, asked, &request.looking),
        asked,
    ) {
        (Err(_), []) => tools::inspect::ToolSites::default(),
        (found, _) => found?,
    };
    let mut all_tools = tools::decide::status(&tools.sites);
    if asked.is_empty() {
        let runs_us =
            |state: &ToolState| matches!(state, ToolState::Installed | ToolState::InstalledByHand);
        all_tools.retain(|one| runs_us(&one.state));
    }
    let problems = match asked {
        [] => &found.problems,
        _ => &tools.problems,
    };
    let mut out = ui.answer();
    match ui.format {
        Format::Json => json::hook_status(&mut out, &all, &all_tools, problems)?,
        Format::Human => {
            crate::hook::report::hook_status(&mut out, &all, &all_tools, problems, &ui.view)?;
        }
    }
    Ok(Exit::Done)
}
