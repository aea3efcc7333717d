//! `setup`, `onboard`, `warm` and `undo`: the commands that bring worktrees to their own warm target folders.
//!
//! `decide` plans the whole of it: shared root, configurations, exclude files, warming, deletion of stale folders. `write`
//! changes files whole and by rename, and the [`crate::survey::journal`] keeps what each held before, so that `undo` can put it back.

pub(crate) mod action;
pub(crate) mod args;
pub(crate) mod collect;
pub(crate) mod command;
pub(crate) mod decide;
pub(crate) mod model;
pub(crate) mod naming;
pub(crate) mod onboard;
pub(crate) mod report;
pub(crate) mod timer;
pub(crate) mod undo;
pub(crate) mod undo_decide;
pub(crate) mod warm;
pub(crate) mod write;
