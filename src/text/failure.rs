//! Errors in words that users read.
//!
//! [`words`] is the one way of an error to a reader. It joins the chain of causes with `: `, says a repeated cause once, and
//! gives the system's errors in lower case and without `(os error 2)`. `tests/suite/rooms.rs` holds that no other file formats an
//! error by itself.
//!
//! An error can carry what to do next: [`Hint::hint`] adds it, at the place that knows. The edge prints it as a line `hint: …`
//! below the error ([`message`], [`hint`] and [`usual_hint`]); a line of a report has it at its end ([`words`]).

use std::error::Error;
use std::{fmt, io};

use anyhow::Result;

/// An error with what to do next. It reads as the error itself, so that it stands nowhere in a chain of causes.
#[derive(Debug)]
struct Hinted {
    error: anyhow::Error,
    hint: String,
}

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Hinted {
    /// The error itself, so that its type is found along the chain; [`message`] says it once.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.error.as_ref())
    }
}

/// Adds what to do next to an error.
pub(crate) trait Hint<T> {
    /// Adds the hint.
    ///
    /// # Errors
    ///
    /// The error, with the hint.
    fn hint(self, hint: impl Into<String>) -> Result<T>;

    /// Adds a hint that takes work to write.
    ///
    /// # Errors
    ///
    /// The error, with the hint.
    fn with_hint(self, hint: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<anyhow::Error>> Hint<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> Result<T> {
        self.with_hint(|| hint.into())
    }

    fn with_hint(self, hint: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| {
            let (error, hint) = (error.into(), hint());
            anyhow::Error::new(Hinted { error, hint })
        })
    }
}

/// An error in one line of a report: its [`message`], and what to do next.
#[must_use]
pub(crate) fn words(error: &(dyn Error + 'static)) -> String {
    let message = message(error);
    match hint(error) {
        Some(hint) => format!("{message}; {hint}"),
        None => message,
    }
}

/// An error with its causes, and without its hint.
#[must_use]
pub(crate) fn message(error: &(dyn Error + 'static)) -> String {
    let mut all = String::new();
    for part in chain(error).map(part) {
        // Many libraries repeat the cause at the end of what they say themselves.
        if all.is_empty() {
            all = part;
        } else if !ends_with(&all, &part) {
            all.push_str(": ");
            all.push_str(&part);
        }
    }
    all
}

/// The hint that an error carries; the innermost one where there are several, since it is nearest to the cause.
#[must_use]
pub(crate) fn hint<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a str> {
    let hints = chain(error).filter_map(|cause| cause.downcast_ref::<Hinted>());
    hints.last().map(|hinted| hinted.hint.as_str())
}

/// The hint for an error of the system that a user can mend, where the error carries none.
#[must_use]
pub(crate) fn usual_hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let kind = chain(error).find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()))?;
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free some space, and run this again")
        }
        io::ErrorKind::PermissionDenied => Some("check who owns it, and who may read and write it"),
        _ => None,
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause: &&'a (dyn Error + 'static)| {
        (*cause).source()
    })
}

/// Returns whether a text ends with these words, however the first letter is written.
fn ends_with(text: &str, words: &str) -> bool {
    let at = text.len().checked_sub(words.len());
    let (before, end) = at
        .and_then(|at| text.split_at_checked(at))
        .unwrap_or_default();
    end.eq_ignore_ascii_case(words) && !before.ends_with(char::is_alphanumeric)
}

/// One cause, in plain words.
fn part(error: &(dyn Error + 'static)) -> String {
    let text = error.to_string();
    let Some(io) = error.downcast_ref::<io::Error>() else {
        return without_codes(&text);
    };
    match text.split_once(CODE) {
        // The text behind it names the path, as the cause around it does.
        Some((words, _)) if !words.contains(": ") => of_system(io.kind(), words),
        _ => without_codes(&text),
    }
}

/// The system's message, in the words of Unix for the errors that every user meets: Windows has others, in the user's
/// language.
fn of_system(kind: io::ErrorKind, text: &str) -> String {
    match kind {
        io::ErrorKind::NotFound => "no such file or directory".into(),
        io::ErrorKind::NotADirectory => "not a directory".into(),
        io::ErrorKind::StorageFull => "no space left on device".into(),
        io::ErrorKind::ReadOnlyFilesystem => "read-only file system".into(),
        io::ErrorKind::PermissionDenied if cfg!(windows) => "permission denied".into(),
        _ => {
            let text = text.trim_end_matches('.');
            let mut rest = text.chars();
            let first = rest.next().map(char::to_lowercase);
            first.into_iter().flatten().chain(rest).collect()
        }
    }
}

/// How the standard library begins to give the system's number of an error.
const CODE: &str = " (os error ";

/// A text without ` (os error 2)`, which libraries repeat in what they say.
fn without_codes(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(CODE) {
        all.push_str(before);
        let end = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        rest = match end.strip_prefix(')') {
            Some(end) => end,
            None => {
                all.push_str(CODE);
                behind
            }
        };
    }
    all + rest
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    fn gone() -> io::Error {
        io::Error::from_raw_os_error(if cfg!(windows) { 3 } else { 2 })
    }

    #[test]
    fn the_system_speaks_in_plain_words() {
        assert_eq!(words(&gone()), "no such file or directory");
        let error = Err::<(), _>(gone()).context("failed to read `a`");
        let error = error.context("no plan").expect_err("it failed");
        assert_eq!(
            words(error.as_ref()),
            "no plan: failed to read `a`: no such file or directory"
        );
        if cfg!(unix) {
            let error = |code| words(&io::Error::from_raw_os_error(code));
            assert_eq!(error(13), "permission denied");
            assert_eq!(error(28), "no space left on device");
            assert_eq!(error(30), "read-only file system");
        }
        for (text, plain) in [
            ("a: X (os error 2)", "a: X"),
            (
                "a: X (os error 2): Y (os error -5), and so on",
                "a: X: Y, and so on",
            ),
            ("a: X (os error a)", "a: X (os error a)"),
        ] {
            assert_eq!(words(&io::Error::other(text)), plain);
        }
    }

    #[test]
    fn a_cause_is_said_once() {
        let cause = anyhow!("not found").context("`a`: not found").context("no");
        assert_eq!(words(cause.as_ref()), "no: `a`: not found");
        let cause = anyhow!("no").context("it cannot").context("It cannot");
        assert_eq!(words(cause.as_ref()), "It cannot: no");
        let path = io::Error::new(gone().kind(), format!("{} at path \"/a\"", gone()));
        let path = anyhow!(path).context("failed to write `/a`");
        let said = "failed to write `/a`: no such file or directory";
        assert_eq!(words(path.as_ref()), said);
    }

    #[test]
    fn a_hint_is_found_below_and_stands_apart() {
        let failed = || Err::<(), _>(gone()).context("failed to find `a`");
        let error = failed().hint("make it").context("no plan");
        let error = error.expect_err("it failed");
        let said = "no plan: failed to find `a`: no such file or directory";
        assert_eq!(message(error.as_ref()), said);
        assert_eq!(hint(error.as_ref()), Some("make it"));
        assert_eq!(words(error.as_ref()), format!("{said}; make it"));
        let outer = Err::<(), _>(error).with_hint(|| "do that".into());
        let outer = outer.expect_err("it failed");
        assert_eq!(hint(outer.as_ref()), Some("make it"));
        assert!(chain(outer.as_ref()).any(|cause| cause.is::<io::Error>()));
        assert_eq!((hint(&gone()), usual_hint(&gone())), (None, None));
        let denied = anyhow!(io::Error::from(io::ErrorKind::PermissionDenied)).context("no");
        assert!(usual_hint(denied.as_ref()).is_some());
    }
}
