//! `why`: why the last build of a worktree compiled what it compiled, and what would have shared it.
//!
//! [`gather`] reads the target folder and those that [`warm`](crate::warm) would take units from, [`decide`] finds the cause
//! for each unit. It looks for the nearest thing elsewhere: the very unit, one with another fingerprint, another unit of the
//! package. `session` tells which units the last build compiled, `spec` which package the user means, `question` which units
//! are to be explained. `words` and `advice` say it. Nothing is changed.

pub(crate) mod advice;
pub(crate) mod args;
pub(crate) mod command;
pub(crate) mod decide;
pub(crate) mod gather;
pub(crate) mod json;
pub(crate) mod model;
pub(crate) mod question;
pub(crate) mod report;
pub(crate) mod session;
pub(crate) mod spec;
#[cfg(test)]
mod tests;
pub(crate) mod words;
