//! The store: units kept apart from all target folders, so that a worktree can be warmed from what no donor has any more.
//!
//! # How it works
//!
//! - **Keys.** [`key`] makes the key of a unit of what went into it and of what came out: not every compiler makes the same of the
//!   same, and dependents are bound to the very library that they were compiled with. Times never count.
//! - **Harvest.** `describe` says in which build environment each unit of a donor may be used elsewhere; a unit for
//!   which it cannot say that is not kept. [`harvest`] puts contents into the store by their hash, by a link where
//!   that is safe.
//! - **Supply.** [`supply`] assembles what fits a workspace as a target folder, from which the engine warms as from any
//!   donor: all of its rules hold by construction, for units of every origin. [`mod@dates`] gives assembled units an order.
//! - **Providers.** [`provider`] reads what a program of the user's offers, and trusts none of it: names, paths and hashes are
//!   checked before anything is taken.
//! - **Remote.** [`exchange`] moves packs ([`pack`]) to and from a server; [`crate::remote`] is the door.
//! - **Bounds.** [`evict`] decides which units are deleted to keep size and age within their limits.

pub(crate) mod action;
pub(crate) mod args;
pub(crate) mod assemble;
pub(crate) mod command;
pub(crate) mod contents;
pub(crate) mod dates;
pub(crate) mod describe;
pub(crate) mod drop;
pub(crate) mod evict;
pub(crate) mod exchange;
pub(crate) mod harvest;
pub(crate) mod holds;
pub(crate) mod json;
pub(crate) mod key;
pub(crate) mod local;
pub mod model;
pub mod pack;
pub(crate) mod paths;
pub(crate) mod platform;
pub(crate) mod provider;
pub(crate) mod report;
pub(crate) mod supply;
pub(crate) mod system_libraries;
pub(crate) mod usable;

pub(crate) use crate::store::dates::{Aged, dates};
pub(crate) use crate::store::evict::{Bounds, dropped};
pub use crate::store::key::unit_key;
pub(crate) use crate::store::key::{circumstances_key, is_key, summary};
pub(crate) use crate::store::paths::StorePaths;
pub(crate) use crate::store::provider::{MOST_UNITS, offers, sound, taken};
pub(crate) use crate::store::usable::usable;
