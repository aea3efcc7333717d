//! The options that each kind of store accepts in the settings.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};

use crate::remote::error::one_line;
use crate::remote::secrets::Secrets;

/// A kind of store.
struct Kind {
    name: &'static str,
    /// The options that it requires.
    needs: &'static [&'static str],
    /// The further options that it accepts. The engines ignore an option that they do not know, so a typing error
    /// would go unseen.
    knows: &'static [&'static str],
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "s3",
        needs: &["bucket"],
        knows: &[
            "assume_role_duration_seconds",
            "checksum_algorithm",
            "default_acl",
            "default_storage_class",
            "disable_config_load",
            "disable_ec2_metadata",
            "disable_list_objects_v2",
            "enable_request_payer",
            "enable_virtual_host_style",
            "endpoint",
            "external_id",
            "region",
            "role_arn",
            "role_session_name",
            "root",
            "server_side_encryption",
            "server_side_encryption_aws_kms_key_id",
            "skip_signature",
        ],
    },
    Kind {
        name: "gcs",
        needs: &["bucket"],
        knows: &[
            "credential_path",
            "default_storage_class",
            "disable_config_load",
            "disable_vm_metadata",
            "endpoint",
            "predefined_acl",
            "root",
            "scope",
            "service_account",
            "skip_signature",
        ],
    },
    Kind {
        name: "azblob",
        needs: &["container", "endpoint"],
        knows: &["account_name", "root", "skip_signature"],
    },
    Kind {
        name: "webdav",
        needs: &["endpoint"],
        knows: &["disable_create_dir", "root", "username"],
    },
    Kind {
        name: "redis",
        needs: &["endpoint"],
        knows: &["db", "root", "username"],
    },
    Kind {
        name: "fs",
        needs: &["root"],
        knows: &[],
    },
];

/// The options that a store is opened with.
pub(crate) struct Options {
    /// The kind of store, as the engines call it.
    pub(crate) kind: &'static str,
    /// The options for its engine.
    pub(crate) told: BTreeMap<String, String>,
    pub(crate) name: String,
    /// The values that must not be shown.
    pub(crate) secrets: Vec<String>,
}

/// Checks the settings, and completes them.
///
/// # Errors
///
/// The kind is not known, or one of the settings is not or is missing; in words.
pub(crate) fn check(settings: &BTreeMap<String, String>, secrets: &Secrets) -> Result<Options> {
    let list = |words: Vec<&str>| {
        let words = words.iter();
        let words: Vec<String> = words
            .map(|word| format!("`{}`", word.replace('_', "-")))
            .collect();
        words.join(", ")
    };
    let kind = settings
        .get("type")
        .context("expected a `type` in `[store.remote]`")?;
    let Some(kind) = KINDS.iter().find(|known| known.name == kind) else {
        let known = list(KINDS.iter().map(|kind| kind.name).collect());
        bail!("expected one of {known} as the `type` of a remote store, found `{kind}`");
    };
    let mut told = settings.clone();
    told.remove("type");
    for key in told.keys() {
        let known = [kind.needs, kind.knows].concat();
        ensure!(
            known.contains(&key.as_str()),
            "expected one of {} for a remote store of type `{}`, found `{}`",
            list(known),
            kind.name,
            key.replace('_', "-")
        );
    }
    for key in kind.needs {
        ensure!(
            told.get(*key).is_some_and(|value| !value.is_empty()),
            "expected `{key}` for a remote store of type `{}`",
            kind.name
        );
    }
    let name = name(kind.name, &told);
    let mut default = |key: &str, value: &str| {
        told.entry(key.to_owned())
            .or_insert_with(|| value.to_owned());
    };
    let mut hidden = Vec::new();
    let mut secret = |key: &str, value: &Option<String>| {
        if let Some(value) = value {
            hidden.push(value.clone());
            default(key, value);
        }
    };
    match kind.name {
        // Where no such service answers, each look takes seconds; and only machines in that cloud have it.
        "s3" => default("disable_ec2_metadata", "true"),
        "gcs" => default("disable_vm_metadata", "true"),
        "redis" => {
            secret("password", &secrets.redis_password);
            // Else all but ten would wait for another's answer, and some of them for too long.
            default("connection_pool_max_size", "256");
        }
        "webdav" => {
            secret("password", &secrets.webdav_password);
            secret("token", &secrets.webdav_token);
        }
        "fs" => {
            let root = std::path::Path::new(&told["root"]);
            ensure!(
                root.is_absolute(),
                "expected an absolute path as the `root` of a remote store, found `{}`",
                root.display()
            );
            let aside = root
                .join(crate::remote::engine::ASIDE)
                .display()
                .to_string();
            told.insert("atomic_write_dir".into(), aside);
        }
        _ => {}
    }
    Ok(Options {
        kind: kind.name,
        told,
        name,
        secrets: hidden,
    })
}

/// The name of a store, as people read it.
fn name(kind: &str, told: &BTreeMap<String, String>) -> String {
    let said = |key: &str| told.get(key).map_or("", String::as_str);
    let what = match kind {
        "s3" => format!("S3 bucket `{}`", said("bucket")),
        "gcs" => format!("GCS bucket `{}`", said("bucket")),
        "azblob" => format!("Azure container `{}`", said("container")),
        "webdav" => "WebDAV server".into(),
        "redis" => "Redis".into(),
        _ => return format!("folder `{}`", said("root")),
    };
    let mut name = what;
    if !said("endpoint").is_empty() {
        name.extend([" at ", said("endpoint")]);
    }
    if !["", "/"].contains(&said("root")) {
        name.extend([", ", said("root")]);
    }
    one_line(&name, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(words: &[(&str, &str)]) -> Result<Options> {
        let pairs = words
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()));
        let secrets = Secrets {
            redis_password: Some("tulip".into()),
            webdav_password: Some("rose".into()),
            webdav_token: None,
        };
        check(&pairs.collect(), &secrets)
    }

    #[test]
    fn mistakes_are_named() {
        for (settings, expected) in [
            (&[][..], "a `type`"),
            (&[("type", "ftp")], "`azblob`, `webdav`, `redis`, `fs`"),
            (&[("type", "s3")], "expected `bucket`"),
            (&[("type", "s3"), ("bucket", "")], "expected `bucket`"),
            (
                &[("type", "s3"), ("bucket", "b"), ("end_point", "x")],
                "`endpoint`, `external-id`",
            ),
            (
                &[("type", "s3"), ("bucket", "b"), ("end_point", "x")],
                "found `end-point`",
            ),
            (
                &[("type", "azblob"), ("container", "b")],
                "expected `endpoint`",
            ),
            (&[("type", "fs"), ("root", "a")], "an absolute path"),
            (
                &[("type", "redis"), ("endpoint", "x"), ("password", "x")],
                "found `password`",
            ),
        ] {
            let error = checked(settings).err().expect(expected);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn settings_are_completed() {
        let s3 = [
            ("type", "s3"),
            ("bucket", "b"),
            ("endpoint", "http://u:p@h/?q"),
        ];
        let s3 = checked(&s3).expect("options");
        assert_eq!(s3.name, "S3 bucket `b` at http://h/");
        assert_eq!(s3.told["disable_ec2_metadata"], "true");
        let own = [
            ("type", "s3"),
            ("bucket", "b"),
            ("disable_ec2_metadata", "false"),
        ];
        let own = checked(&own).expect("options");
        assert_eq!(own.told["disable_ec2_metadata"], "false");
        let redis = [
            ("type", "redis"),
            ("endpoint", "redis://h:1"),
            ("root", "/r"),
        ];
        let redis = checked(&redis).expect("options");
        assert_eq!(redis.name, "Redis at redis://h:1, /r");
        assert_eq!(redis.told["password"], "tulip");
        assert_eq!(redis.secrets, ["tulip"]);
        let webdav = [("type", "webdav"), ("endpoint", "https://h")];
        let webdav = checked(&webdav).expect("options");
        assert_eq!(webdav.told["password"], "rose");
        assert!(!webdav.told.contains_key("token"));
    }
}
