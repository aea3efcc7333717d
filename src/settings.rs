//! What a user has decided once for all runs: `sharedtarget.toml` in the shared root.

use toml_edit::{Document, Item};

use crate::config_edit;
use crate::model::{Settings, TomlProblem};

/// The name of the file in the shared root.
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
