//! Reads TOML into types, and names the place of a mistake.

use std::ops::Range;

use serde::de::DeserializeOwned;

use crate::cargo::model::TomlProblem;

/// Reads a text.
///
/// # Errors
///
/// The text is not valid TOML, or `T` has no such key or value; with the place of that key or value.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, TomlProblem> {
    toml::from_str(text)
        .map_err(|error| problem(text, error.span(), expected_first(error.message())))
}

/// Returns the bytes as text.
///
/// # Errors
///
/// They are not UTF-8, with the place of the first byte that is not.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, TomlProblem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let end = valid.len()..valid.len();
        problem(&valid, Some(end), "expected UTF-8".to_owned())
    })
}

/// Puts into our order a message of serde's, which says first what it found.
fn expected_first(message: &str) -> String {
    if let Some(key) = message.strip_prefix("missing field ") {
        return format!("expected a key {key}");
    }
    let kinds = ["invalid type: ", "invalid value: ", "unknown field "];
    let found = kinds.iter().find_map(|kind| message.strip_prefix(kind));
    match found.and_then(|found| found.rsplit_once(", expected ")) {
        Some((found, expected)) => format!("expected {expected}, found {found}"),
        None => message.to_owned(),
    }
}

/// A place in a text as line and column, both from 1, with a message that names neither.
pub(crate) fn problem(text: &str, span: Option<Range<usize>>, message: String) -> TomlProblem {
    let mut at = span.map_or(0, |span| span.start).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    TomlProblem {
        line: text[..at].matches('\n').count() + 1,
        column: text[line_start..at]
            .trim_start_matches('\u{feff}')
            .chars()
            .count()
            + 1,
        message: message.lines().collect::<Vec<_>>().join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_has_a_place() {
        assert_eq!(utf8("ä".as_bytes()), Ok("ä"));
        let problem = utf8(b"\xef\xbb\xbfa\nb = \xff").expect_err("no UTF-8");
        assert_eq!((problem.line, problem.column), (2, 5));
        let problem = utf8(b"\xff").expect_err("no UTF-8");
        assert_eq!((problem.line, problem.column), (1, 1));
    }

    #[test]
    fn what_was_expected_comes_first() {
        for (message, ours) in [
            (
                "invalid type: string \"a, expected b\", expected a boolean",
                "expected a boolean, found string \"a, expected b\"",
            ),
            (
                "unknown field `a`, expected `b` or `c`",
                "expected `b` or `c`, found `a`",
            ),
            ("missing field `a`", "expected a key `a`"),
            (
                "unclosed table, expected `]`",
                "unclosed table, expected `]`",
            ),
        ] {
            assert_eq!(expected_first(message), ours);
        }
    }

    /// Keys and values that lie as deep as a file can have them neither fill the stack nor take long.
    #[test]
    fn depth_is_no_harm() {
        for text in [
            format!("{}b = 1", "a.".repeat(20_000)),
            format!("[{}b]\nc = 1", "a.".repeat(20_000)),
            format!("a = {}", "[".repeat(20_000)),
        ] {
            drop(read::<toml::Table>(&text));
        }
    }
}
