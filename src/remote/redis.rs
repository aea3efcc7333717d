//! Whether a Redis server is there, and lets us in.
//!
//! Its client tries for many seconds where it cannot connect, and then does not say why.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Where a server is, and what it wants to hear first.
#[derive(Clone)]
pub(crate) struct Door {
    /// Host and port.
    address: String,
    /// The first bytes in its protocol. `None` where the line is encrypted: then only the connection is tested.
    greeting: Option<Vec<u8>>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.address)
    }
}

impl Door {
    /// The door of the server in the options; `None` for a socket in the file system.
    pub(crate) fn of(told: &BTreeMap<String, String>) -> Option<Self> {
        let said = |key: &str| told.get(key).map(String::as_str);
        let endpoint = said("endpoint")?;
        let mut greeting = Vec::new();
        if let Some(password) = said("password") {
            let words = ["AUTH"].into_iter().chain(said("username"));
            greeting.extend(command(&words.chain([password]).collect::<Vec<_>>()));
        }
        greeting.extend(command(&["PING"]));
        Some(Self {
            address: address(endpoint)?,
            greeting: (!endpoint.starts_with("rediss:")).then_some(greeting),
        })
    }

    /// Goes in, and out again.
    ///
    /// # Errors
    ///
    /// No server is there, or it does not let us in.
    pub(crate) async fn knock(&self) -> Result<()> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let Some(greeting) = &self.greeting else {
            return Ok(());
        };
        stream.write_all(greeting).await?;
        let mut answers = BufReader::new(stream);
        loop {
            let mut line = String::new();
            let length = answers.read_line(&mut line).await?;
            match line.trim_end() {
                "+PONG" => return Ok(()),
                "+OK" => {}
                line if line.starts_with('-') => return Err(Error::other(line[1..].to_owned())),
                _ if length == 0 => return Err(ErrorKind::UnexpectedEof.into()),
                _ => return Err(Error::other("the server there is not Redis")),
            }
        }
    }
}

/// A command as the protocol has it.
fn command(words: &[&str]) -> Vec<u8> {
    let mut all = format!("*{}\r\n", words.len());
    for word in words {
        all.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    all.into_bytes()
}

/// The host and the port, as in `redis://host:6379/0`.
fn address(endpoint: &str) -> Option<String> {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("tcp", endpoint));
    if !["tcp", "redis", "rediss"].contains(&scheme) {
        return None;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    match port.is_some_and(|port| port.parse::<u16>().is_ok()) {
        true => Some(authority.to_owned()),
        false => Some(format!("{authority}:6379")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (endpoint, expected) in [
            ("redis://h:1/0", Some("h:1")),
            ("rediss://u@h/0", Some("h:6379")),
            ("h:2", Some("h:2")),
            ("h", Some("h:6379")),
            ("tcp://[::1]:3", Some("[::1]:3")),
            ("tcp://[::1]", Some("[::1]:6379")),
            ("unix:///run/redis", None),
        ] {
            assert_eq!(address(endpoint).as_deref(), expected, "{endpoint}");
        }
    }

    #[test]
    fn greetings() {
        let greeting = |words: &[(&str, &str)]| {
            let words = words.iter();
            let told = words.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            let door = Door::of(&told.collect()).expect("a door");
            assert!(!format!("{door:?}").contains("tulip"));
            door.greeting
                .map(|bytes| String::from_utf8(bytes).expect("a text"))
        };
        let ping = "*1\r\n$4\r\nPING\r\n";
        assert_eq!(greeting(&[("endpoint", "h")]).as_deref(), Some(ping));
        assert_eq!(greeting(&[("endpoint", "rediss://h")]), None);
        let known = [("endpoint", "h"), ("password", "tulip"), ("username", "me")];
        let auth = "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$5\r\ntulip\r\n";
        assert_eq!(greeting(&known), Some([auth, ping].concat()));
        let auth = "*2\r\n$4\r\nAUTH\r\n$5\r\ntulip\r\n";
        assert_eq!(greeting(&known[..2]), Some([auth, ping].concat()));
    }
}
