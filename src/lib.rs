//! Many git worktrees, one build's worth of disk: warm, correct and parallel, with plain `cargo build`.
//!
//! The crate is a Cargo subcommand; this library is its inside. Each feature has a room: a module at the root that holds all
//! that it reads, decides, does and says. The rooms stand in one order, and `tests/suite/rooms.rs` says which imports
//! from a later room are left.
//!
//! | rooms | for |
//! |---|---|
//! | [`size`], [`age`], [`text`], [`progress`] | values |
//! | [`process`], [`fs`], [`git`], [`cargo`] | doors: the only callers of programs, the file system, git and Cargo |
//! | [`target`] | what Cargo writes into a target folder |
//! | [`survey`] | roots → repositories, worktrees, workspaces, target folders |
//! | [`term`] | how the program speaks |
//! | [`plan`] | one plan feeds preview, question, JSON and act |
//! | [`warm`], [`store`] | which units can be shared, and where they come from |
//! | [`clean`], [`dedupe`], [`hook`], [`setup`], [`script`], [`audit`], [`why`], [`doctor`] | the subcommands |
//! | [`cli`] | arguments in, exit code out |

pub(crate) mod age;
pub mod audit;
pub mod cargo;
pub(crate) mod clean;
pub mod cli;
pub(crate) mod dedupe;
pub mod doctor;
pub mod fs;
pub mod git;
pub mod hook;
pub mod markers;
pub(crate) mod plan;
pub(crate) mod process;
pub mod progress;
pub mod remote;
pub mod script;
pub(crate) mod setup;
pub mod size;
pub mod store;
pub mod survey;
pub mod target;
pub(crate) mod term;
#[cfg(test)]
mod tests;
pub mod text;
pub mod warm;
pub(crate) mod why;
