//! The door to a remote store: objects by key, on a server or in a folder that several machines see.
//!
//! What speaks to servers is part of the program only with the feature `remote`. Without it everything here is there
//! as well, and opening a store says what is missing.

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

use std::fmt;

use jiff::Timestamp;

#[cfg(not(feature = "remote"))]
pub use crate::store::remote::absent::Remote;
#[cfg(not(feature = "remote"))]
pub use crate::store::remote::absent::compress;
#[cfg(not(feature = "remote"))]
pub use crate::store::remote::absent::decompress;
#[cfg(not(feature = "remote"))]
pub use crate::store::remote::absent::open;
#[cfg(feature = "remote")]
pub use crate::store::remote::compress::compress;
#[cfg(feature = "remote")]
pub use crate::store::remote::compress::decompress;
#[cfg(feature = "remote")]
pub use crate::store::remote::engine::Remote;
#[cfg(feature = "remote")]
pub use crate::store::remote::engine::open;

/// What is nobody else's business, and what the engines do not read from the environment themselves.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The password of a Redis server.
    pub redis_password: Option<String>,
    /// The password of a WebDAV server.
    pub webdav_password: Option<String>,
    /// The token of a WebDAV server.
    pub webdav_token: Option<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |secret: &Option<String>| secret.as_ref().map(|_| "…");
        formatter
            .debug_struct("Secrets")
            .field("redis_password", &shown(&self.redis_password))
            .field("webdav_password", &shown(&self.webdav_password))
            .field("webdav_token", &shown(&self.webdav_token))
            .finish()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let secrets = Secrets {
            redis_password: Some("tulip".into()),
            webdav_password: Some("tulip".into()),
            webdav_token: Some("tulip".into()),
        };
        let shown = format!("{secrets:?} {secrets:#?}");
        assert!(!shown.contains("tulip"), "{shown}");
    }
}
