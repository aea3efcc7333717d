//! The workspaces and target folders that a list shows.

use jiff::Timestamp;
use serde::Serialize;

use crate::plan::kept::{DeleteReason, KeptReason};
use crate::size::Bytes;
use crate::survey::folder::TargetFolder;
use crate::survey::model::Workspace;

/// Every workspace and every target folder with its state, and what they take together.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Listing {
    /// The workspaces, those that take most first.
    pub(crate) workspaces: Vec<ListedWorkspace>,
    /// The folders, the largest first.
    pub(crate) folders: Vec<ListedFolder>,
    pub(crate) total: Total,
}

/// A workspace and how it is configured.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListedWorkspace {
    #[serde(flatten)]
    pub(crate) workspace: Workspace,
    pub(crate) configured: Configured,
    /// The space of all folders that it builds into; `None` if nothing was measured or built.
    pub(crate) on_disk: Option<Bytes>,
    /// The space that deleting these folders would free.
    pub(crate) freeable: Option<Bytes>,
    /// When something was last built or warmed into them.
    pub(crate) last_build: Option<Timestamp>,
}

/// How a workspace is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Configured {
    /// Several worktrees of its repository build into its folder: one can run the other's code.
    Unsafe,
    /// A target folder of its own under the shared root.
    Isolated,
    /// The one folder of the flat layout.
    Flat,
    /// Only its intermediate artifacts go under the shared root.
    BuildDir,
    /// Cargo's own target folder, and git tracks the configuration.
    InPlace,
    /// A folder that the user set.
    Custom,
    /// Cargo's own target folder.
    Default,
}

/// A target folder and its state.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListedFolder {
    #[serde(flatten)]
    pub(crate) folder: TargetFolder,
    pub(crate) state: FolderState,
}

/// The state of a target folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "is")]
pub(crate) enum FolderState {
    /// One workspace builds into it.
    InUse,
    /// Several workspaces build into it.
    Shared {
        /// How many.
        workspaces: usize,
        /// Two of them are the same workspace in different worktrees: one can run the other's code.
        unsafe_for_worktrees: bool,
    },
    /// No build will use it again.
    Stale {
        /// Why.
        because: DeleteReason,
    },
    /// No workspace is known to build into it, but an unknown one may.
    Unclear {
        /// Why.
        because: KeptReason,
    },
}

/// The space of all folders together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Total {
    /// Sum of the lengths of all files.
    pub(crate) logical: Bytes,
    /// Allocated blocks, each inode once.
    pub(crate) on_disk: Bytes,
    /// The space that deleting the stale ones would free.
    pub(crate) stale: Bytes,
}
