//! The store: what units are known by, what providers are asked and what they may answer, which units are of use and
//! how old they look where they go.

pub(crate) mod action;
pub(crate) mod assemble;
pub mod command;
pub(crate) mod contents;
pub(crate) mod dates;
pub(crate) mod describe;
pub(crate) mod drop;
pub(crate) mod evict;
pub(crate) mod exchange;
pub mod harvest;
pub(crate) mod holds;
pub mod json;
pub(crate) mod key;
pub mod local;
pub mod model;
pub mod pack;
pub(crate) mod paths;
pub(crate) mod platform;
pub(crate) mod provider;
pub(crate) mod report;
pub(crate) mod supply;
pub(crate) mod system_libraries;
pub(crate) mod usable;

pub use crate::store::dates::{Aged, dates};
pub use crate::store::evict::{Bounds, dropped};
pub use crate::store::key::{circumstances_key, is_key, made, summary, unit_key};
pub use crate::store::paths::Places;
pub use crate::store::provider::{MOST_UNITS, offers, sound, taken};
pub use crate::store::system_libraries::{Linked, linked};
pub use crate::store::usable::usable;
