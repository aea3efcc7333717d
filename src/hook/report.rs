//! Git hooks in words.

use std::io;

use crate::fs::model::Problem;
use crate::hook::model::{HookChange, HookStatus, HookStep, InstallHook, RemoveHook};
use crate::hook::tools;
use crate::hook::tools::model::{EditTool, ToolStatus};
use crate::plan::action::{Plan, Section};
use crate::plan::hook_state::state;
use crate::plan::outcome::Outcome;
use crate::term::table::{Align, Table};
use crate::term::view::{HEADING, Out, View, WARNING, counted, wrapped};
use crate::text::shown;

/// Writes how it stands with each hook, one line each.
pub(crate) fn hook_status(
    out: Out<'_>,
    all: &[HookStatus],
    tools: &[ToolStatus],
    problems: &[Problem],
    view: &View,
) -> io::Result<()> {
    for one in all {
        let also = match &one.calls_first {
            Some(before) => format!("; it calls {} first", view.paths.show(before)),
            None => String::new(),
        };
        let repository = view.paths.show(&one.repository);
        let state = state(&one.state, &view.paths);
        writeln!(out, "{repository}: {state}{also}")?;
    }
    tools::report::status(out, tools, view)?;
    for problem in problems {
        let place = view.paths.show(&problem.path);
        write!(out, "{WARNING}warning{WARNING:#}: ")?;
        wrapped(
            out,
            &format!("{place}: {}", problem.message),
            "",
            view.width,
        )?;
    }
    Ok(())
}

/// Where it is shown.
pub(crate) static SECTION: Section = Section {
    plan_order: 6,
    plan,
    outcome_order: 6,
    outcome,
};

/// Writes what a plan does to hooks.
fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let install = plan.all::<InstallHook>().map(|hook| &hook.change);
    let remove = plan.all::<RemoveHook>().map(|hook| &hook.0);
    let (install, remove): (Vec<_>, Vec<_>) = (install.collect(), remove.collect());
    let installed = counted(install.len(), "git hook");
    let does = match install.len() {
        1 => "it sets up and warms new worktrees",
        _ => "they set up and warm new worktrees",
    };
    table(out, &format!("Install {installed}: {does}"), &install, view)?;
    let removed = counted(remove.len(), "git hook");
    table(out, &format!("Take out {removed}"), &remove, view)?;
    tools::report::plan(out, plan, view)
}

fn table(out: Out<'_>, heading: &str, changes: &[&HookChange], view: &View) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
    let mut table = Table::new(&[("HOW", Align::Left), ("HOOK", Align::Left)]);
    for change in changes {
        let how = match change.how {
            HookStep::Create | HookStep::CreateFolder if change.before.is_none() => "new",
            HookStep::Create | HookStep::CreateFolder | HookStep::Chain => "added",
            HookStep::Renew => "renew",
            HookStep::Remove | HookStep::RemoveFolder => "remove",
            HookStep::PutBack => "as it was",
            HookStep::Tidy => "tidy up",
        };
        let before = change.before.as_deref().and_then(|path| path.file_name());
        let before = before.map(|name| shown(&name.to_string_lossy()).into_owned());
        let called = match change.how {
            HookStep::Chain => change.found.hook.is_executable(),
            _ => change.found.before.is_executable(),
        };
        let also = match (&before, change.how) {
            (None, _) => String::new(),
            (Some(name), HookStep::PutBack) => format!(", from {name}"),
            (Some(name), _) if called => format!(", which calls {name} first"),
            (Some(name), _) => {
                format!("; {name} is kept, and not called, since it is not executable")
            }
        };
        table.row(vec![
            how.into(),
            format!("{}{also}", view.paths.show(&change.file)),
        ]);
    }
    table.write(out, view.width)?;
    writeln!(out)
}

/// Writes what was done to hooks.
fn outcome(out: Out<'_>, outcome: &Outcome, _view: &View) -> io::Result<()> {
    for (kind, verb) in [
        (InstallHook::KIND, "installed"),
        (RemoveHook::KIND, "took out"),
    ] {
        let count = outcome.count(kind);
        if count > 0 {
            writeln!(out, "{verb} {}", counted(count, "git hook"))?;
        }
    }
    for (kind, verb) in [
        (EditTool::ADD, "added the command for"),
        (EditTool::REMOVE, "took the command out for"),
    ] {
        let count = outcome.count(kind);
        if count > 0 {
            writeln!(out, "{verb} {}", counted(count, "tool"))?;
        }
    }
    Ok(())
}
