//! `hook … --for`: the command in the files of tools that make worktrees.

use anyhow::Result;

use crate::fs;
use crate::hook::tools::decide::as_asked;
use crate::hook::tools::model::ToolSite;
use crate::hook::tools::{decide, inspect};
use crate::plan::action::Plan;
use crate::plan::conduct::{Ui, conduct};
use crate::plan::tool_state::{Tool, ToolState};
use crate::survey::Request;
use crate::survey::model::Survey;
use crate::term::exit::Exit;

/// Writes our command into the files of these tools.
///
/// # Errors
///
/// A root is in no worktree and has none below, or the answer cannot be written.
pub(crate) fn install(tools: &[Tool], request: &Request, ui: &Ui) -> Result<Exit> {
    change("hook install", decide::install, tools, request, ui, true)
}

/// Takes our command out of the files of these tools.
///
/// # Errors
///
/// A root is in no worktree and has none below, or the answer cannot be written.
pub(crate) fn uninstall(tools: &[Tool], request: &Request, ui: &Ui) -> Result<Exit> {
    change(
        "hook uninstall",
        decide::uninstall,
        tools,
        request,
        ui,
        false,
    )
}

fn change(
    name: &str,
    plan: fn(&[ToolSite]) -> Plan,
    tools: &[Tool],
    request: &Request,
    ui: &Ui,
    installed: bool,
) -> Result<Exit> {
    let found = inspect::tools(&request.roots, tools, &request.looking)?;
    let mut sites = found.sites;
    if !installed {
        // Our command may be left there from before the newer file came.
        let ours = |site: &ToolSite| decide::state(site) == ToolState::Installed;
        let passed_over = inspect::passed_over(&sites);
        sites.extend(passed_over.into_iter().filter(ours));
    }
    let mut plan = plan(&sites);
    let roots = request.roots.iter();
    let roots = roots.filter_map(|root| fs::canonical(root).ok());
    let survey = Survey {
        roots: roots.collect(),
        problems: found.problems,
        ..Survey::default()
    };
    let as_asked = survey.problems.is_empty() && as_asked(&plan, installed);
    plan.warnings.extend(crate::plan::warnings(&survey));
    // With --quiet the reason is still shown why nothing was done.
    let ui = &Ui {
        quiet: ui.quiet && as_asked,
        ..ui.clone()
    };
    Ok(match conduct(name, &survey, &plan, request, ui)? {
        // The user has to add a line by hand.
        Exit::Done if !as_asked => Exit::Incomplete,
        other => other,
    })
}
