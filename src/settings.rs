//! What a user has decided once for all runs: `sharedtarget.toml` in the shared root, and in the cache of scripts.

use jiff::SignedDuration;
use toml_edit::{Document, Item};

use crate::age::Age;
use crate::config_edit;
use crate::model::{Settings, TomlProblem};
use crate::size::Bytes;

/// The name of the file.
pub const FILE_NAME: &str = "sharedtarget.toml";

/// Reads the file.
///
/// # Errors
///
/// It is not valid TOML, or it has a key or a value that is not known; with the place.
pub fn parse(text: &str) -> Result<Settings, TomlProblem> {
    let document = Document::parse(text)
        .map_err(|error| config_edit::problem(text, error.span(), error.message().to_owned()))?;
    let mut settings = Settings::default();
    for (key, item) in document.iter() {
        let wrong =
            |message: String| config_edit::problem(text, place(&document, key, item), message);
        match key {
            "local" => {
                let value = item.as_bool();
                settings.local =
                    Some(value.ok_or_else(|| wrong("expected true or false for `local`".into()))?);
            }
            _ => return Err(wrong(format!("expected the key `local`, found `{key}`"))),
        }
    }
    Ok(settings)
}

/// How large the cache of scripts may grow by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// What all of it may take.
    pub max_size: Bytes,
    /// What was not used for as long goes.
    pub max_age: Age,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self {
            max_size: Bytes(10_000_000_000),
            max_age: Age(SignedDuration::from_hours(60 * 24)),
        }
    }
}

/// Reads the settings file in the cache of scripts.
///
/// # Errors
///
/// It is not valid TOML, or it has a key or a value that is not known; with the place.
pub fn parse_limits(text: &str) -> Result<CacheLimits, TomlProblem> {
    let document = Document::parse(text)
        .map_err(|error| config_edit::problem(text, error.span(), error.message().to_owned()))?;
    let mut limits = CacheLimits::default();
    for (key, item) in document.iter() {
        let wrong =
            |message: String| config_edit::problem(text, place(&document, key, item), message);
        let value = || {
            item.as_str()
                .ok_or_else(|| wrong(format!("expected a text for `{key}`")))
        };
        match key {
            "max-size" => limits.max_size = value()?.parse().map_err(wrong)?,
            "max-age" => limits.max_age = value()?.parse().map_err(wrong)?,
            _ => {
                let message = format!("expected the key `max-size` or `max-age`, found `{key}`");
                return Err(wrong(message));
            }
        }
    }
    Ok(limits)
}

/// Where an entry stands: a table has no place of its own.
fn place(document: &Document<&str>, key: &str, item: &Item) -> Option<std::ops::Range<usize>> {
    let named = document.get_key_value(key);
    named.and_then(|(key, _)| key.span()).or(item.span())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_so_far() {
        let local = |text: &str| parse(text).map(|settings| settings.local);
        assert_eq!(local(""), Ok(None));
        assert_eq!(local("# why\nlocal = false\n"), Ok(Some(false)));
        assert_eq!(local("local = true"), Ok(Some(true)));
    }

    #[test]
    fn limits_of_the_cache() {
        assert_eq!(parse_limits(""), Ok(CacheLimits::default()));
        let limits = parse_limits("max-size = '2GB'\nmax-age = \"7d\"").expect("limits");
        assert_eq!(limits.max_size, Bytes(2_000_000_000));
        assert_eq!(limits.max_age.0, SignedDuration::from_hours(7 * 24));
        for (text, column, word) in [
            ("max-size = 2", 1, "a text"),
            ("max-size = 'much'", 1, "20GB"),
            ("max-age = '1y'", 1, "30d"),
            ("size = '1GB'", 1, "`size`"),
        ] {
            let problem = parse_limits(text).expect_err(text);
            assert_eq!(
                (problem.line, problem.column),
                (1, column),
                "{}",
                problem.message
            );
            assert!(problem.message.contains(word), "{}", problem.message);
        }
    }

    #[test]
    fn mistakes_have_a_place() {
        let place = |text: &str| {
            let problem = parse(text).expect_err(text);
            (problem.line, problem.column, problem.message)
        };
        let (line, column, message) = place("\nlocal = 'no'\n");
        assert_eq!((line, column), (2, 1), "{message}");
        assert!(message.contains("true or false"));
        let (line, column, message) = place("local = false\n locale = 1\n");
        assert_eq!((line, column), (2, 2), "{message}");
        assert!(message.contains("`locale`"));
        assert_eq!(place("[").0, 1);
    }
}
