//! What the settings say of the store: `[store]` and `[store.remote]`.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{Item, TableLike};

use crate::cargo::config_edit;
use crate::cargo::model::TomlProblem;
use crate::survey::model::StoreSettings;

/// The keys that the table may have.
const KEYS: &str =
    "`folder`, `max-size`, `max-age`, `before`, `after`, `harvest`, `pull` or `[store.remote]`";

/// What has to come from the environment: whoever reads the file must not read it, and neither must git.
const SECRETS: [&str; 7] = [
    "key",
    "secret",
    "password",
    "token",
    "credential",
    "signature",
    "sas",
];

/// Names with one of these words in them that are no secret.
const OPEN: [&str; 4] = [
    "credential_path",
    "server_side_encryption_aws_kms_key_id",
    "key_prefix",
    "skip_signature",
];

/// Reads the table.
///
/// # Errors
///
/// It has a key or a value that is not known, with the place.
pub(crate) fn parse(text: &str, item: &Item) -> Result<StoreSettings, TomlProblem> {
    let at =
        |span: Option<Range<usize>>, message: String| config_edit::problem(text, span, message);
    let Some(table) = item.as_table_like() else {
        return Err(at(item.span(), "expected a table `[store]`".into()));
    };
    let mut settings = StoreSettings::default();
    for (key, item) in table.iter() {
        let wrong = |message: String| at(place(table, key, item), message);
        let value = || {
            let value = item.as_str();
            value.ok_or_else(|| wrong(format!("expected a text for `{key}`")))
        };
        match key {
            "folder" => settings.folder = Some(value()?.into()),
            "max-size" => settings.max_size = Some(value()?.parse().map_err(wrong)?),
            "max-age" => settings.max_age = Some(value()?.parse().map_err(wrong)?),
            "before" => settings.before = Some(program(item).ok_or_else(|| wrong(list(key)))?),
            "after" => settings.after = Some(program(item).ok_or_else(|| wrong(list(key)))?),
            "harvest" => {
                settings.harvest = Some(item.as_bool().ok_or_else(|| wrong(no_flag(key)))?);
            }
            "pull" => settings.pull = Some(item.as_bool().ok_or_else(|| wrong(no_flag(key)))?),
            "remote" => {
                let table = item.as_table_like();
                let table =
                    table.ok_or_else(|| wrong("expected a table `[store.remote]`".into()))?;
                settings.remote = Some(remote(table, &at)?);
            }
            _ => {
                return Err(wrong(format!(
                    "expected {KEYS}, found `{key}` in `[store]`"
                )));
            }
        }
    }
    Ok(settings)
}

fn no_flag(key: &str) -> String {
    format!("expected true or false for `{key}`")
}

fn list(key: &str) -> String {
    format!(
        "expected a program and its arguments for `{key}`, such as [\"/usr/bin/provider\", \"--fast\"]"
    )
}

/// A program and its arguments.
fn program(item: &Item) -> Option<Vec<String>> {
    let words = item.as_array()?.iter();
    let words: Option<Vec<String>> = words.map(|word| word.as_str().map(str::to_owned)).collect();
    words.filter(|words| words.first().is_some_and(|program| !program.is_empty()))
}

/// Where a remote store is: everything but what nobody else may know.
fn remote(
    table: &dyn TableLike,
    at: &dyn Fn(Option<Range<usize>>, String) -> TomlProblem,
) -> Result<BTreeMap<String, String>, TomlProblem> {
    let mut all = BTreeMap::new();
    for (key, item) in table.iter() {
        let wrong = |message: String| at(place(table, key, item), message);
        let name = key.replace('-', "_").to_lowercase();
        let secret =
            SECRETS.iter().any(|word| name.contains(word)) && !OPEN.contains(&name.as_str());
        if secret {
            return Err(wrong(format!(
                "`{key}` may be a secret, which has no place in a file: set it in the environment"
            )));
        }
        let value = match item.as_value() {
            Some(toml_edit::Value::String(text)) => text.value().clone(),
            Some(toml_edit::Value::Boolean(flag)) => flag.value().to_string(),
            Some(toml_edit::Value::Integer(number)) => number.value().to_string(),
            _ => return Err(wrong(format!("expected a text for `{key}`"))),
        };
        if value.contains("://") && value.contains(['@', '?']) {
            return Err(wrong(format!(
                "`{key}` may hold a password, which has no place in a file: set it in the environment"
            )));
        }
        all.insert(name, value);
    }
    if !all.contains_key("type") {
        return Err(at(
            table
                .iter()
                .next()
                .and_then(|(key, item)| place(table, key, item)),
            "expected a `type` in `[store.remote]`, such as \"s3\", \"redis\" or \"fs\"".into(),
        ));
    }
    Ok(all)
}

fn place(table: &dyn TableLike, key: &str, item: &Item) -> Option<Range<usize>> {
    let named = table.get_key_value(key);
    named.and_then(|(key, _)| key.span()).or(item.span())
}

#[cfg(test)]
mod tests {
    use crate::age::Age;
    use crate::size::Bytes;
    use crate::survey::model::StoreSettings;
    use crate::survey::settings::parse;

    #[test]
    fn what_is_decided() {
        let text = "[store]\nfolder = '/s'\nmax-size = '1GB'\nmax-age = '30d'\nbefore = ['a', '-b']\n\
                    after = ['c']\nharvest = true\npull = false\n[store.remote]\ntype = 's3'\nbucket = 'b'\nskip-signature = true\n";
        let expected = StoreSettings {
            folder: Some("/s".into()),
            max_size: Some(Bytes(1_000_000_000)),
            max_age: Some(Age(jiff::SignedDuration::from_hours(30 * 24))),
            before: Some(vec!["a".into(), "-b".into()]),
            after: Some(vec!["c".into()]),
            harvest: Some(true),
            pull: Some(false),
            remote: Some(
                [("type", "s3"), ("bucket", "b"), ("skip_signature", "true")]
                    .map(|(key, value)| (key.into(), value.into()))
                    .into(),
            ),
        };
        assert_eq!(parse(text).expect("settings").store, expected);
    }

    #[test]
    fn mistakes_have_a_place() {
        for (text, line, column, word) in [
            ("store = 1", 1, 9, "a table"),
            ("[store]\nsize = '1'", 2, 1, "`size`"),
            ("[store]\nbefore = 'x'", 2, 1, "a program"),
            ("[store]\nafter = []", 2, 1, "a program"),
            ("[store]\nharvest = 'x'", 2, 1, "true or false"),
            ("[store]\nmax-size = 'x'", 2, 1, "20GB"),
            ("[store]\nremote = 'x'", 2, 1, "[store.remote]"),
            ("[store.remote]\nbucket = 'x'", 2, 1, "`type`"),
            (
                "[store.remote]\ntype = 's3'\nsecret-access-key = 'x'",
                3,
                1,
                "environment",
            ),
            (
                "[store.remote]\ntype = 'redis'\nendpoint = 'redis://a:b@c'",
                3,
                1,
                "environment",
            ),
        ] {
            let problem = parse(text).expect_err(text);
            let message = &problem.message;
            assert_eq!((problem.line, problem.column), (line, column), "{message}");
            assert!(message.contains(word), "{message}");
        }
    }
}
