//! Git hooks in words.

use std::io;

use crate::hook::model::{HookChange, HookState, HookStatus, HookStep};
use crate::plan::action::{Action, Plan};
use crate::plan::outcome::{Deed, Outcome};
use crate::term::Paths;
use crate::term::table::{Align, Table};
use crate::term::view::{HEADING, Out, View, counted};
use crate::text::shown;

/// Writes how it stands with each hook, one line each.
///
/// # Errors
///
/// The writer fails.
pub(crate) fn hook_status(out: Out<'_>, all: &[HookStatus], view: &View) -> io::Result<()> {
    for one in all {
        let also = match &one.calls_first {
            Some(before) => format!("; it calls {} first", view.paths.show(before)),
            None => String::new(),
        };
        let repository = view.paths.show(&one.repository);
        let state = state(&one.state, &view.paths);
        writeln!(out, "{repository}: {state}{also}")?;
    }
    Ok(())
}

/// How it stands with a hook.
pub(crate) fn state(state: &HookState, paths: &Paths) -> String {
    match state {
        HookState::NotInstalled => "not installed".into(),
        HookState::Installed => "installed".into(),
        HookState::NotExecutable => "installed but not executable, so git does not run it".into(),
        HookState::OutOfDate => {
            "out of date: it is that of another version or names another program".into()
        }
        HookState::Newer { version } => {
            format!("installed, by a newer cargo-sharedtarget (version {version} of the hook)")
        }
        HookState::Unfinished => "unfinished: a run was killed half-way".into(),
        HookState::ChangedByHand => "changed by hand since it was installed".into(),
        HookState::Overwritten { before } => format!(
            "overwritten: another hook stands where ours was, and the one from before is still {}",
            paths.show(before)
        ),
        HookState::TakenOut { before } => format!(
            "taken out by hand: there is no hook now, and the one from before is still {}",
            paths.show(before)
        ),
        HookState::Shadowed { folder, .. } => format!(
            "shadowed by core.hooksPath: git takes its hooks from {}",
            paths.show(folder)
        ),
        HookState::RunElsewhere { folder } => format!(
            "installed by hand in {}, where core.hooksPath leads",
            paths.show(folder)
        ),
        HookState::Link { path, to } => format!(
            "left alone: {} is a symbolic link (to {})",
            paths.show(path),
            paths.show(to)
        ),
        HookState::NotAFile { path } => {
            format!("left alone: something else stands at {}", paths.show(path))
        }
        HookState::Unreadable { path, message } => {
            format!("left alone: {} cannot be read: {message}", paths.show(path))
        }
    }
}

/// What the user can do about it.
pub(crate) fn advice(state: &HookState) -> Option<&'static str> {
    Some(match state {
        HookState::Shadowed { .. } => {
            "add this line to the post-checkout in that folder, if it is a shell script:"
        }
        HookState::RunElsewhere { .. } => {
            "take the line out there by hand when you do not want it any more"
        }
        HookState::ChangedByHand => {
            "move what you added to a hook of your own and delete this one; then rename \
             post-checkout.before-sharedtarget, if there is one, to post-checkout"
        }
        HookState::Overwritten { .. } => {
            "call that one from the new hook or delete it; then install again"
        }
        HookState::Link { .. } => {
            "put a file or folder in the place of the link, or add a call to where it leads"
        }
        _ => return None,
    })
}

/// What has to be copied as it is, so that it is never wrapped.
pub(crate) fn line(state: &HookState) -> Option<&str> {
    match state {
        HookState::Shadowed { line, .. } => Some(line),
        _ => None,
    }
}

/// Writes what a plan does to hooks.
pub(crate) fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let install = plan.actions.iter().filter_map(|action| match action {
        Action::InstallHook(change) => Some(change),
        _ => None,
    });
    let remove = plan.actions.iter().filter_map(|action| match action {
        Action::RemoveHook(change) => Some(change),
        _ => None,
    });
    table(out, "Install", &install.collect::<Vec<_>>(), view)?;
    table(out, "Take out", &remove.collect::<Vec<_>>(), view)
}

fn table(out: Out<'_>, verb: &str, changes: &[&HookChange], view: &View) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "{HEADING}{verb} {}{HEADING:#}",
        counted(changes.len(), "git hook")
    )?;
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
pub(crate) fn outcome(out: Out<'_>, outcome: &Outcome) -> io::Result<()> {
    for (deed, verb) in [
        (Deed::InstallHook, "installed"),
        (Deed::RemoveHook, "took out"),
    ] {
        let count = outcome.done.iter().filter(|done| done.what == deed).count();
        if count > 0 {
            writeln!(out, "{verb} {}", counted(count, "git hook"))?;
        }
    }
    Ok(())
}
