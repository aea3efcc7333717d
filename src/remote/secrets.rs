//! Secrets of remote stores.

use std::fmt;

/// Secrets, and values that the engines do not read from the environment themselves.
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
