//! The door to a remote store: objects by key, on a server or in a folder that several machines see.
//!
//! The code that speaks to servers is part of the program only with the feature `remote`. Without it everything here
//! is there as well, and opening a store says which feature is missing.

#[cfg(not(feature = "remote"))]
pub(crate) mod absent;
#[cfg(feature = "remote")]
pub(crate) mod breaker;
#[cfg(feature = "remote")]
pub(crate) mod compress;
#[cfg(feature = "remote")]
pub(crate) mod engine;
#[cfg(feature = "remote")]
pub(crate) mod error;
#[cfg(feature = "remote")]
pub(crate) mod options;
#[cfg(feature = "remote")]
pub(crate) mod redis;
pub mod secrets;

use jiff::Timestamp;

#[cfg(not(feature = "remote"))]
pub(crate) use crate::remote::absent::Remote;
#[cfg(not(feature = "remote"))]
pub(crate) use crate::remote::absent::compress;
#[cfg(not(feature = "remote"))]
pub(crate) use crate::remote::absent::decompress;
#[cfg(not(feature = "remote"))]
pub(crate) use crate::remote::absent::open;
#[cfg(feature = "remote")]
pub use crate::remote::compress::compress;
#[cfg(feature = "remote")]
pub use crate::remote::compress::decompress;
#[cfg(feature = "remote")]
pub use crate::remote::engine::Remote;
#[cfg(feature = "remote")]
pub use crate::remote::engine::open;

/// An object that a remote store lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// How many bytes it has.
    pub length: u64,
    /// When it was put there, if the store says so.
    pub modified: Option<Timestamp>,
}
