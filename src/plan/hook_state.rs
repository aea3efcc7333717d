//! TODO

use crate::plan::kept::HookState;
use crate::term::Paths;

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
