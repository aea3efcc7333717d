//! Reads the settings of the store: `[store]` and `[store.remote]`.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Value;

/// Words in the names of options that must come from the environment: neither the readers of the file nor git may see
/// the values.
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

/// Reads a program and its arguments.
pub(crate) fn program<'de, D: Deserializer<'de>>(
    value: D,
) -> Result<Option<Vec<String>>, D::Error> {
    let value = Value::deserialize(value)?;
    let words = value.try_into::<Vec<String>>().unwrap_or_default();
    match words.first().is_some_and(|program| !program.is_empty()) {
        true => Ok(Some(words)),
        false => Err(D::Error::custom(
            "expected a program and its arguments, such as [\"/usr/bin/provider\", \"--fast\"]",
        )),
    }
}

/// Reads the options of a remote store: all but the secrets.
pub(crate) fn remote<'de, D: Deserializer<'de>>(
    table: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let options = BTreeMap::<OptionName, OptionValue>::deserialize(table)?;
    let plain = |(name, value): (OptionName, OptionValue)| (name.0, value.0);
    let options: BTreeMap<_, _> = options.into_iter().map(plain).collect();
    match options.contains_key("type") {
        true => Ok(Some(options)),
        false => Err(D::Error::custom(
            "expected a `type` in `[store.remote]`, such as \"s3\", \"redis\" or \"fs\"",
        )),
    }
}

/// The name of an option of a remote store, if it is no secret.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct OptionName(String);

impl TryFrom<String> for OptionName {
    type Error = String;

    fn try_from(key: String) -> Result<Self, Self::Error> {
        let name = key.replace('-', "_").to_lowercase();
        match SECRETS.iter().any(|word| name.contains(word)) && !OPEN.contains(&name.as_str()) {
            true => Err(format!(
                "`{key}` may be a secret; set it in the environment, not in a file"
            )),
            false => Ok(Self(name)),
        }
    }
}

/// The value of such an option, if there is no password in it.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
struct OptionValue(String);

impl TryFrom<Value> for OptionValue {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let text = match value {
            Value::String(text) => text,
            Value::Boolean(flag) => flag.to_string(),
            Value::Integer(number) => number.to_string(),
            other => return Err(format!("expected a string, found {}", other.type_str())),
        };
        match text.contains("://") && text.contains(['@', '?']) {
            true => Err(
                "this may contain a password; set it in the environment, not in a file".to_owned(),
            ),
            false => Ok(Self(text)),
        }
    }
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
            ("[store]\nsize = '1'", 2, 1, "found `size`"),
            ("[store]\nbefore = 'x'", 2, 10, "a program"),
            ("[store]\nbefore = ['x', 1]", 2, 10, "a program"),
            ("[store]\nafter = []", 2, 9, "a program"),
            ("[store]\nharvest = 'x'", 2, 11, "a boolean"),
            ("[store]\nmax-size = 'x'", 2, 12, "20GB"),
            ("[store]\nremote = 'x'", 2, 10, "a map"),
            ("\n[store.remote]\nbucket = 'x'", 2, 1, "`type`"),
            (
                "[store.remote]\ntype = 's3'\nuse = 1.5",
                3,
                7,
                "a string, found float",
            ),
            (
                "[store.remote]\ntype = 's3'\nsecret-access-key = 'x'",
                3,
                1,
                "environment",
            ),
            (
                "[store.remote]\ntype = 'redis'\nendpoint = 'redis://a:b@c'",
                3,
                12,
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
