//! Facts of git's.

use serde::Serialize;

/// What a worktree has checked out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// A branch, without `refs/heads/`.
    Branch(String),
    /// A commit, in full.
    Detached(String),
    /// Git did not say.
    Unknown,
}
