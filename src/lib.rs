//! Many git worktrees, one build's worth of disk: warm, correct and parallel, with plain `cargo build`.
//!
//! The crate is a Cargo subcommand; this library is its inside, in floors. A module imports only from the
//! floors below its own:
//!
//! | floor | modules | what |
//! |---|---|---|
//! | edge | [`cli`], [`exit`] | arguments in, exit code out |
//! | conduct | [`command`] | survey, plan, show, confirm, apply, report |
//! | speak | [`report`] | render to a writer; no disk |
//! | world | [`survey`], [`apply`] | the one reads, the other acts; they never import each other |
//! | doors | [`fs`], [`git`], [`cargo`], [`process`], [`remote`] | the only callers of the file system, git, Cargo, the user's programs and remote stores |
//! | decide | [`plan`] and the formats | pure: data in, data out |
//! | words | [`model`], [`size`], [`age`], [`progress`] | facts without behaviour |

pub mod age;
pub mod apply;
pub mod asked;
pub mod cargo;
pub mod circumstances;
pub mod cli;
pub mod command;
pub mod editor_settings;
pub mod exit;
pub mod fs;
pub mod git;
pub mod hook_script;
pub mod journal;
pub mod model;
pub mod plan;
pub mod process;
pub mod progress;
pub mod relocate;
pub mod remote;
pub mod report;
pub mod script;
pub mod settings;
pub mod shell;
pub mod size;
pub mod store;
pub mod survey;
pub mod target;
pub mod text;
pub mod wrapper_script;
