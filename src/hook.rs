//! Onboarding without a command: git's `post-checkout` hook, and the wrapper that Cargo starts in place of rustc.
//!
//! [`tools`] has the command that does the same in the files of tools that make worktrees.
//!
//! [`hook_script`] and [`crate::cargo::wrapper_script`] are the texts, and know their own again. `inspect` reads the hooks of a
//! repository, `decide` plans the change, and `install` puts a script in its place beside a hook of the user's.

pub(crate) mod action;
pub(crate) mod args;
pub(crate) mod command;
pub(crate) mod decide;
pub mod hook_script;
pub(crate) mod inspect;
pub(crate) mod install;
pub(crate) mod json;
pub(crate) mod model;
pub(crate) mod report;
pub(crate) mod tools;
