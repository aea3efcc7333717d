//! `doctor`: what about this machine, its tools and these folders will give slow or wrong builds.
//!
//! [`gather`] collects the facts, [`checks`] turns them into problems with a severity and a fix, both without changing
//! anything; `doctor --fix` conducts the fixes as a plan.

pub(crate) mod args;
pub(crate) mod checks;
pub(crate) mod command;
pub mod editor_settings;
pub(crate) mod gather;
pub(crate) mod json;
pub(crate) mod model;
pub(crate) mod report;
pub(crate) mod worktree_settings;
