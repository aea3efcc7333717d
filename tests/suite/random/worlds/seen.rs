//! Builds, and all that shows in what was built.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use memchr::memmem;
use serde_json::Value;

use super::plan::Ask;
use crate::sandbox::{Run, Sandbox};

/// By target of a package, and by name: each value that stands in what was compiled, or that a program prints.
pub(crate) type Values = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// A build.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) ok: bool,
    pub(crate) values: Values,
    /// Local targets that Cargo took for fresh, and that it compiled.
    pub(crate) fresh: usize,
    pub(crate) compiled: usize,
    pub(crate) log: String,
}

impl Seen {
    fn has(&self, target: &str, name: &str) -> bool {
        let values = self.values.get(target);
        values.is_some_and(|values| values.contains_key(name))
    }
}

impl Ask {
    fn args(self) -> &'static [&'static str] {
        match self {
            Self::Build => &["build"],
            Self::Low => &["build", "-p", "low"],
            Self::Check => &["check"],
            Self::Clippy => &["clippy"],
            Self::Test => &["test", "--no-run"],
            Self::Release => &["build", "--release"],
            Self::Out => &["build", "--profile", "out"],
        }
    }
}

/// Builds in a folder, into other folders than it is configured to if there are any: that for what is asked for first.
pub(crate) fn build(
    sandbox: &Sandbox,
    folder: &str,
    ask: Ask,
    elsewhere: Option<&[PathBuf]>,
) -> Seen {
    let places = elsewhere.into_iter().flat_map(|all| {
        let pair = ["target-dir", "build-dir"].into_iter();
        let folders = [all.first(), all.last()];
        pair.zip(folders.into_iter().flatten())
    });
    let configs: Vec<String> = places
        .map(|(key, folder)| format!("build.{key}={:?}", folder.display().to_string()))
        .collect();
    let mut args = ask.args().to_vec();
    args.extend(configs.iter().flat_map(|config| ["--config", config]));
    args.extend(["--offline", "--message-format", "json"]);
    let output = sandbox.prepared("cargo", folder, &args).output();
    let run = Run::from(output.expect("cargo"));
    let mut seen = Seen {
        ok: run.code == Some(0),
        values: Values::new(),
        fresh: 0,
        compiled: 0,
        log: run.stderr,
    };
    for line in run.stdout.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let target = &message["target"];
        let name = format!(
            "{} {}{}",
            target["name"].as_str().unwrap_or_default(),
            target["kind"][0].as_str().unwrap_or_default(),
            if message["profile"]["test"] == true {
                " test"
            } else {
                ""
            }
        );
        if let Some(said) = message["message"]["rendered"].as_str() {
            seen.log += said;
        }
        if let Some(code) = message["message"]["code"]["code"].as_str() {
            let value = message["message"]["message"].as_str().unwrap_or_default();
            note(&mut seen.values, &name, code, value);
        }
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        if message["fresh"] == true {
            seen.fresh += 1;
        } else {
            seen.compiled += 1;
        }
        let executable = message["executable"].as_str();
        if let Some(program) = executable {
            seen.values.entry(name.clone()).or_default();
            // It may say more than stands in it.
            let text = said(sandbox, folder, program);
            scan(&mut seen.values, &name, text.as_bytes());
        }
        let files = message["filenames"].as_array().into_iter().flatten();
        for file in files.filter_map(Value::as_str) {
            if file.ends_with(".rlib") || file.ends_with(".rmeta") {
                let bytes = fs::read(file).unwrap_or_default();
                seen.values.entry(name.clone()).or_default();
                scan(&mut seen.values, &name, &bytes);
            }
        }
    }
    seen
}

fn said(sandbox: &Sandbox, folder: &str, program: &str) -> String {
    if !Path::new(program).exists() {
        return "<<program=is not there>>".into();
    }
    let args: &[&str] = if program.contains("/deps/") || program.contains("/out/it-") {
        &["--nocapture"]
    } else {
        &[]
    };
    let output = sandbox.prepared(program, folder, args).output();
    Run::from(output.expect("a program")).stdout
}

fn note(values: &mut Values, target: &str, name: &str, value: &str) {
    let values = values.entry(target.to_owned()).or_default();
    let values = values.entry(name.to_owned()).or_default();
    values.insert(value.to_owned());
}

/// Notes each `<<name=value>>`.
fn scan(values: &mut Values, target: &str, bytes: &[u8]) {
    for start in memmem::find_iter(bytes, b"<<") {
        let rest = &bytes[start + 2..];
        let Some(end) = memmem::find(rest, b">>") else {
            return;
        };
        let Ok(text) = std::str::from_utf8(&rest[..end]) else {
            continue;
        };
        // In metadata, the parts of a text that is put together stand by themselves.
        if let Some((name, value)) = text.split_once('=')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        {
            note(values, target, name, value);
        }
    }
}

/// The differences from both of the right results.
pub(crate) fn difference(ours: &Seen, right: &[&Seen]) -> Option<String> {
    if right.iter().all(|seen| seen.ok != ours.ok) {
        return Some(format!(
            "the build {}, which Cargo alone does not\n{}",
            if ours.ok { "succeeds" } else { "fails" },
            ours.log
        ));
    }
    if !ours.ok {
        return None;
    }
    let right: Vec<&&Seen> = right.iter().filter(|seen| seen.ok).collect();
    let mut text = String::new();
    for target in right[0].values.keys() {
        for (name, expected) in &right[0].values[target] {
            let all: BTreeSet<&String> = right
                .iter()
                .filter_map(|seen| seen.values.get(target)?.get(name))
                .flatten()
                .collect();
            let here = ours.values.get(target).and_then(|values| values.get(name));
            let wrong = match here {
                // A finding of clippy that Cargo alone would not have made anew.
                None => right.iter().all(|seen| seen.has(target, name)),
                Some(here) => here.iter().any(|value| !all.contains(value)),
            };
            if wrong {
                text += &format!("{target}: {name} is {here:?}, must be {expected:?}\n");
            }
        }
    }
    for (target, values) in &ours.values {
        for (name, value) in values {
            if !right.iter().any(|seen| seen.has(target, name)) {
                text += &format!("{target}: {name} is {value:?}, must not be there\n");
            }
        }
    }
    (!text.is_empty()).then_some(text)
}
