//! Facts of git's.

use serde::Serialize;

/// The checkout of a worktree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// A branch, without `refs/heads/`.
    Branch(String),
    /// A commit, in full.
    Detached(String),
    /// Git did not say.
    Unknown,
}
