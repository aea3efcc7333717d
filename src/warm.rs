//! The engine: which units of a donor's target folder a workspace can use, and how they get there.
//!
//! A unit is taken only if all that can have gone into it is known and is the same. `candidates` orders the donors,
//! `choose_donor` has each looked at ([`inspect`], [`sources`]) and [`decide`] says of every unit whether it is taken, with
//! the reason if not. `stage` and `place` put the units into the destination under Cargo's locks. docs/sharing.md has the
//! proof of each rule.

pub(crate) mod action;
pub(crate) mod begun;
pub(crate) mod called;
pub(crate) mod candidates;
pub(crate) mod choose_donor;
pub mod decide;
pub(crate) mod destination;
pub(crate) mod donor;
pub(crate) mod families;
pub(crate) mod inspect;
pub(crate) mod model;
pub(crate) mod moving;
pub(crate) mod options;
pub(crate) mod place;
pub(crate) mod relocate;
pub(crate) mod report;
mod rustc_info;
mod settled;
pub(crate) mod sources;
pub(crate) mod stage;
pub(crate) mod supply;
pub(crate) mod trusted;
pub(crate) mod verdict;
