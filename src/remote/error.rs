//! Errors in words, without secrets.

use std::error::Error as _;

use opendal::{Error, ErrorKind};

use crate::text::{failure, without_credentials};

/// The longest error that is shown.
const LONGEST: usize = 300;

/// An error of an engine's in one line, without addresses' passwords and without the secrets.
pub(crate) fn in_words(error: &Error, secrets: &[String]) -> String {
    let kind = match error.kind() {
        ErrorKind::ConfigInvalid => "its settings are not valid",
        ErrorKind::PermissionDenied => "access denied",
        ErrorKind::RateLimited => "too many requests",
        ErrorKind::NotFound => "not found",
        _ => "",
    };
    // There is no other way to get at the message. The text before it is useless or a secret.
    let text = failure::words(error);
    let message = text.split_once(" => ").map_or("", |(_, message)| message);
    let message = message
        .split(", source: ")
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut cause = None;
    let mut next = error.source();
    while let Some(inner) = next {
        cause = Some(failure::words(inner));
        next = inner.source();
    }
    let cause = cause.filter(|cause| *cause != message).unwrap_or_default();
    let parts = [kind, &message, &cause];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    match parts.is_empty() {
        true => "it failed".into(),
        false => one_line(&parts.join(": "), secrets),
    }
}

/// A text in one line, without addresses' passwords and without the secrets.
pub(crate) fn one_line(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.as_str(), "…");
    }
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = without_credentials(&text.join(" "));
    let text = text.chars().filter(|c| !c.is_control());
    text.take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_what_is_secret() {
        for (text, expected) in [
            ("nothing to hide", "nothing to hide"),
            (
                "for url (http://host/b/k?X-Amz-Signature=tulip&y)",
                "for url (http://host/b/k)",
            ),
            (
                "at redis://user:tulip@host:1/0, retry",
                "at redis://host:1/0, retry",
            ),
            (
                "\"https://:tulip@host\" and ftp://tulip@b#tulip",
                "\"https://host\" and ftp://b",
            ),
            ("a\n  b\tc\u{7}d", "a b cd"),
            ("http://", "http://"),
            ("key is hyacinth!", "key is …!"),
        ] {
            assert_eq!(one_line(text, &["hyacinth".into()]), expected);
        }
        assert!(!one_line("x://a:tu/lip@host/p", &[]).contains("lip"));
        assert_eq!(one_line(&"ü".repeat(1000), &[]).chars().count(), LONGEST);
    }

    #[test]
    fn engines_are_understood() {
        let cause = std::io::Error::other("refused\nby http://u:tulip@h/");
        let error = Error::new(ErrorKind::PermissionDenied, "send http request")
            .with_context("uri", "http://h/?sig=tulip")
            .set_source(cause);
        assert_eq!(
            in_words(&error, &[]),
            "access denied: send http request: refused by http://h/"
        );
        let bare = Error::new(ErrorKind::Unexpected, "");
        assert_eq!(in_words(&bare, &[]), "it failed");
    }
}
