//! `doctor`: what about this machine, its tools and these folders will give slow or wrong builds.
//!
//! [`gather`] collects the facts, [`checks`] turns them into problems with a severity and a fix, both without changing
//! anything; `doctor --fix` conducts the fixes as a plan.

pub mod checks;
pub mod command;
pub mod editor_settings;
pub mod gather;
pub mod json;
pub(crate) mod model;
pub(crate) mod report;
