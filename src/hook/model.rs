//! The git hook that prepares new worktrees.

use crate::fs::model::FoundProgram;
use std::path::PathBuf;

use serde::Serialize;

/// What was found where a repository has its hooks.
#[derive(Clone, Debug)]
pub struct HookSite {
    /// The repository's common git directory.
    pub repository: PathBuf,
    /// What its `hooks` is.
    pub folder: HooksFolder,
    /// `core.hooksPath` leads to another folder, from which git takes its hooks.
    pub elsewhere: Option<HooksElsewhere>,
    /// The `post-checkout` and the one from before it.
    pub files: HookFiles,
    /// A run that was killed left something beside them.
    pub unfinished: bool,
}

/// What the common hooks folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HooksFolder {
    /// Not there.
    Missing,
    /// A folder.
    There,
    /// A symbolic link, with where that leads.
    Link(PathBuf),
    /// Something else.
    Other,
}

/// The folder that git takes its hooks from in place of the common one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HooksElsewhere {
    /// That folder.
    pub folder: PathBuf,
    /// Its `post-checkout` runs us.
    pub runs_us: bool,
}

/// The two files that an installed hook consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookFiles {
    /// The one that git runs.
    pub hook: FoundProgram,
    /// The one that was there before, which ours calls first.
    pub before: FoundProgram,
}

/// How it stands with the hook of one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum HookState {
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
    /// It is ours, with changes by somebody else.
    ChangedByHand,
    /// Somebody else's stands where ours was, and the name for the one from before is taken.
    Overwritten {
        /// The one from before.
        before: PathBuf,
    },
    /// It is gone, but the one from before is still kept for it.
    TakenOut {
        /// The one from before.
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
        /// What.
        path: PathBuf,
    },
    /// Something cannot be read.
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        message: String,
    },
}

/// What is done to a hook, from what was found there.
#[derive(Clone, Debug, Serialize)]
pub struct HookChange {
    /// The hook.
    pub file: PathBuf,
    /// How it changes.
    pub how: HookStep,
    /// Where the one from before is kept to be called first, or is put back from.
    pub before: Option<PathBuf>,
    /// What was found; nothing is done if that has changed.
    #[serde(skip)]
    pub found: HookFiles,
    /// The new content; empty if there is none.
    #[serde(skip)]
    pub content: Vec<u8>,
}

/// How a hook changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HookStep {
    /// It is new.
    Create,
    /// It is new, and so is its folder.
    CreateFolder,
    /// The one that is there is kept under another name and called first.
    Chain,
    /// It replaces ours.
    Renew,
    /// It goes.
    Remove,
    /// It goes, and so does the folder that was made for it.
    RemoveFolder,
    /// The one from before comes back.
    PutBack,
    /// The hook is the one from before, since an installation was killed: what that left goes.
    Tidy,
}

/// The hook of one repository, for whoever asks how it stands.
#[derive(Clone, Debug, Serialize)]
pub struct HookStatus {
    /// The repository's common git directory.
    pub repository: PathBuf,
    /// The hook.
    pub file: PathBuf,
    /// How it stands.
    #[serde(flatten)]
    pub state: HookState,
    /// The hook that ours calls first. One that is not executable is only kept.
    pub calls_first: Option<PathBuf>,
}
