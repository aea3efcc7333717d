//! What there is, for the reader.

use serde::Serialize;

use super::{DeleteReason, KeptReason, TargetFolder};
use crate::size::Bytes;

/// Every target folder with its state, and what they take together.
#[derive(Debug, Default, Serialize)]
pub struct Listing {
    /// The folders, the largest first.
    pub folders: Vec<ListedFolder>,
    /// All of them together.
    pub total: Total,
}

/// A target folder and its state.
#[derive(Debug, Serialize)]
pub struct ListedFolder {
    /// The folder.
    #[serde(flatten)]
    pub folder: TargetFolder,
    /// Its state.
    pub state: FolderState,
}

/// The state of a target folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum FolderState {
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
    /// Nobody is known to build into it, but that is not sure.
    Unclear {
        /// Why.
        because: KeptReason,
    },
}

/// What folders take together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Sum of the lengths of all files.
    pub logical: Bytes,
    /// Allocated blocks, each inode once.
    pub on_disk: Bytes,
    /// What deleting the stale ones would free.
    pub stale: Bytes,
}
