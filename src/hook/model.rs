//! The git hook that prepares new worktrees.

use std::path::PathBuf;

use serde::Serialize;

use crate::fs::model::FoundProgram;
use crate::plan::action::{EditFile, Kind};
use crate::plan::hook_state::HookState;

/// The findings at the place where a repository has its hooks.
#[derive(Clone, Debug)]
pub(crate) struct HookSite {
    /// The repository's common git directory.
    pub(crate) repository: PathBuf,
    pub(crate) folder: HooksFolder,
    /// `core.hooksPath` leads to another folder, from which git takes its hooks.
    pub(crate) elsewhere: Option<HooksElsewhere>,
    /// The `post-checkout` and the one from before it.
    pub(crate) files: HookFiles,
    /// A run that was killed left something beside them.
    pub(crate) unfinished: bool,
}

/// The kind of the common hooks folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HooksFolder {
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
pub(crate) struct HooksElsewhere {
    pub(crate) folder: PathBuf,
    pub(crate) runs_us: bool,
}

/// The two files that an installed hook consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HookFiles {
    /// The one that git runs.
    pub(crate) hook: FoundProgram,
    /// The one that was there before, which ours calls first.
    pub(crate) before: FoundProgram,
}

/// The change of a hook, from its present state.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct HookChange {
    pub(crate) file: PathBuf,
    pub(crate) how: HookStep,
    /// Where the one from before is kept to be called first, or is put back from.
    pub(crate) before: Option<PathBuf>,
    /// The present state; if it has changed since, nothing is done.
    #[serde(skip)]
    pub(crate) found: HookFiles,
    /// The new content; empty if there is none.
    #[serde(skip)]
    pub(crate) content: Vec<u8>,
}

/// How a hook changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum HookStep {
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

/// The state of one repository's hook, for display.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct HookStatus {
    /// The repository's common git directory.
    pub(crate) repository: PathBuf,
    pub(crate) file: PathBuf,
    #[serde(flatten)]
    pub(crate) state: HookState,
    /// The hook that ours calls first. One that is not executable is only kept.
    pub(crate) calls_first: Option<PathBuf>,
}

/// Put our git hook in its place.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct InstallHook {
    #[serde(flatten)]
    pub(crate) change: HookChange,
    /// For `undo`, where `setup` installs it.
    #[serde(skip)]
    pub(crate) recorded: Option<EditFile>,
}

impl InstallHook {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("install_hook", "hook-installed");
}

/// Take our git hook out.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct RemoveHook(pub HookChange);

impl RemoveHook {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("remove_hook", "hook-removed");
}
