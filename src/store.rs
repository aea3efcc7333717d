//! The store: what units are known by, what providers are asked and what they may answer, which units are of use and
//! how old they look where they go.

pub(crate) mod action;
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
pub(crate) use crate::store::paths::Places;
pub(crate) use crate::store::provider::{MOST_UNITS, offers, sound, taken};
pub(crate) use crate::store::usable::usable;
