//! How it stands with the hook of a repository, and the words for it.

use std::path::{Path, PathBuf};

use serde::Serialize;

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

/// A step that the user can take about it.
pub(crate) fn advice(state: &HookState) -> Option<&'static str> {
    Some(match state {
        HookState::Shadowed { folder, .. } if is_husky(folder) => {
            "add this line to .husky/post-checkout, which husky runs; husky makes .husky/_ anew:"
        }
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

/// Whether husky keeps a hooks folder. It makes this one anew at each installation, and its scripts run those of the user in
/// the folder above.
///
/// Source: `index.js` of husky 9.
#[must_use]
pub(crate) fn is_husky(folder: &Path) -> bool {
    folder.ends_with(".husky/_")
}

/// The script that a user edits for hooks from this folder.
#[must_use]
pub(crate) fn script(folder: &Path) -> PathBuf {
    const NAME: &str = "post-checkout";
    match folder.parent() {
        Some(above) if is_husky(folder) => above.join(NAME),
        _ => folder.join(NAME),
    }
}

/// A line that the user copies as it is, so that it is never wrapped.
pub(crate) fn line(state: &HookState) -> Option<&str> {
    match state {
        HookState::Shadowed { line, .. } => Some(line),
        _ => None,
    }
}

/// How it stands with the hook of one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum HookState {
    /// There is none of ours.
    NotInstalled,
    /// It is there, as this program would write it.
    Installed,
    /// It is there, but git does not run what is not executable.
    NotExecutable,
    /// It is that of another version, or names another program.
    OutOfDate,
    /// It is that of a newer version.
    Newer {
        /// That version.
        version: u32,
    },
    /// A run was killed half-way.
    Unfinished,
    /// It is ours, with changes by another hand.
    ChangedByHand,
    /// Another hook stands where ours was, and the name for the one from before is taken.
    Overwritten {
        /// The hook from before.
        before: PathBuf,
    },
    /// It is gone, but the one from before is still kept for it.
    TakenOut {
        /// The hook from before.
        before: PathBuf,
    },
    /// Git takes its hooks from another folder.
    Shadowed {
        /// That folder.
        folder: PathBuf,
        /// The line that does the same in a `post-checkout` there.
        line: String,
    },
    /// Git takes its hooks from another folder, and the one there runs us.
    RunElsewhere {
        /// That folder.
        folder: PathBuf,
    },
    /// Something that we write to is a symbolic link.
    Link {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        to: PathBuf,
    },
    /// Something that we write to is neither a file nor missing.
    NotAFile {
        /// Its path.
        path: PathBuf,
    },
    /// Something cannot be read.
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        message: String,
    },
}
