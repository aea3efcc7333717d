//! Answers of `cargo metadata` that are known: from this run, or from earlier ones by files in the user's state folder.
//!
//! Cargo takes 10 ms and more for an answer, and 20 worktrees of a repository get the same one. An answer is kept only
//! where all that Cargo made it from is of a kind that is known here, and taken only where all of it is the same:
//!
//! - [`question`] has what is known before there is an answer: the options, the variables that Cargo reads, the toolchain
//!   ([`toolchain::identity`]), the configurations, the manifest and the `Cargo.lock`. It makes the name of the file.
//! - [`inputs`] has what is known only with the answer: the manifests that Cargo read besides, and the names by which it
//!   finds targets in the folders of packages and members by patterns. They are written down with the answer ([`Record`])
//!   and compared before it is taken.
//!
//! An answer for one worktree is given to another one with its own folder in place of the first one's. So nothing that
//! Cargo read may name that folder; else the answer is for this workspace alone.
//!
//! An error is given within a run for the same workspace in other worktrees ([`refusal`]): 30 fixtures that Cargo refuses
//! would otherwise be asked about in each of them. It is not kept for other runs.
//!
//! Not kept are: an answer while files are edited; and each with a package outside of the workspace, an
//! `include`, a vendored source, a link among the manifests, or anything else of a kind that [`question`] and [`inputs`]
//! list. Packages of registries and of git never change at one version, and a `Cargo.lock` names them by it.
//!
//! Source: `src/cargo/core/workspace.rs` (members), `src/cargo/util/toml/targets.rs` (targets that are found by names).

mod inputs;
mod question;
mod refusal;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::cargo::{Refused, toml_read, toolchain};
use crate::fs;

/// Stands for the workspace's folder in a text that is kept. No path in JSON has it.
const ROOT: char = '\u{1}';

/// So many answers to one question are kept: of branches whose members differ.
const FOR_EACH: usize = 8;

/// So many questions have their answers kept: those whose answers were written last.
const FILES: usize = 2000;

/// The answers that are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// Where they are kept; without it, each is asked for.
    folder: Option<PathBuf>,
    /// Who asks a question has its lock, so that it is asked once.
    asked: Arc<Mutex<HashMap<String, Arc<Mutex<()>>>>>,
    /// The errors of this run, with [`ROOT`] for the workspace's folder, by questions and by what is in that folder.
    refused: Arc<Mutex<HashMap<String, String>>>,
}

/// An answer, and the state of all that it was made from besides the question.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// By paths relative to the workspace.
    inputs: BTreeMap<PathBuf, String>,
    /// The manifests of packages from registries and from git, which Cargo would have to fetch if they were gone.
    fetched: Vec<PathBuf>,
    text: String,
}

impl Answers {
    /// Keeps answers in the user's state folder.
    pub(crate) fn in_state(state: Option<&Path>) -> Self {
        Self {
            folder: state.map(|state| state.join("answers")),
            asked: Arc::default(),
            refused: Arc::default(),
        }
    }

    /// The answer to a question about the workspace in a folder: a known one, or the one that `ask` gets, as text.
    ///
    /// # Errors
    ///
    /// The error of `ask`; or the text is no answer of Cargo's.
    pub(super) fn get(
        &self,
        root: &Path,
        options: &[&str],
        ask: impl Fn() -> Result<String>,
    ) -> Result<Metadata> {
        let asked = || question::name(root, options);
        let Some((folder, key)) = self.folder.as_ref().zip(asked()) else {
            return parse(&ask()?);
        };
        let lock = self.lock(&key);
        let _alone = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let file = folder.join(&key);
        let mut records = read(&file);
        if let Some(known) = records.iter().find(|record| record.holds(root))
            && let Ok(answer) = parse(&known.text.replace(ROOT, &root.to_string_lossy()))
        {
            return Ok(answer);
        }
        let state = || refusal::state(root, options);
        let before = state();
        if let Some(state) = &before
            && let Some(known) = self.refusals().get(&format!("{key} {state}"))
        {
            return Err(Refused(known.replace(ROOT, &root.to_string_lossy())).into());
        }
        let begun = fs::clock();
        let text = match ask() {
            Ok(text) => text,
            Err(error) => {
                if let Some(Refused(said)) = error.downcast_ref()
                    && let Some(said) = refusal::relative(said, root)
                    && let Some(before) = before
                    && state().as_ref() == Some(&before)
                    && asked().is_some_and(|now| now == key)
                {
                    self.refusals().insert(format!("{key} {before}"), said);
                }
                return Err(error);
            }
        };
        let answer = parse(&text)?;
        if let Some(found) = inputs::of(root, &answer, begun)
            && let Some(text) = relative(&text, root)
            && asked().is_some_and(|now| now == key)
        {
            let record = Record {
                inputs: found,
                fetched: inputs::fetched(&answer),
                text,
            };
            records.insert(0, record);
            records.truncate(FOR_EACH);
            // Where it cannot be written, the next run asks again.
            let _ = keep(folder, &file, &records);
        }
        Ok(answer)
    }

    /// The answer to a question that goes by the toolchains that are installed and by nothing that the question does not
    /// name: a known one, or that of `ask`.
    ///
    /// # Errors
    ///
    /// The error of `ask`.
    pub(super) fn of_toolchains(
        &self,
        question: &[u8],
        ask: impl Fn() -> Result<String>,
    ) -> Result<String> {
        let Some((folder, installed)) = self.folder.as_ref().zip(toolchain::installed()) else {
            return ask();
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(question).update(b"\0").update(installed);
        let key = hasher.finalize().to_hex()[..32].to_owned();
        let lock = self.lock(&key);
        let _alone = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let file = folder.join(&key);
        if let Some(known) = read(&file).pop() {
            return Ok(known.text);
        }
        let text = ask()?;
        let record = Record {
            inputs: BTreeMap::new(),
            fetched: Vec::new(),
            text: text.clone(),
        };
        let _ = keep(folder, &file, &[record]);
        Ok(text)
    }

    fn refusals(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self, key: &str) -> Arc<Mutex<()>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(key.to_owned()).or_default())
    }
}

impl Record {
    /// Whether all that the answer was made from is the same in a workspace.
    fn holds(&self, root: &Path) -> bool {
        let mut inputs = self.inputs.iter();
        inputs.all(|(path, state)| {
            inputs::state(&root.join(path)).is_some_and(|now| now.text == *state)
        }) && self.fetched.iter().all(|path| fs::exists(path))
    }
}

fn parse(text: &str) -> Result<Metadata> {
    MetadataCommand::parse(text).context("cargo metadata printed unexpected JSON")
}

fn read(file: &Path) -> Vec<Record> {
    let bytes = fs::read(file).ok().flatten();
    let records = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    records.unwrap_or_default()
}

fn keep(folder: &Path, file: &Path, records: &[Record]) -> Result<()> {
    fs::create_private_folder(folder)?;
    fs::replace_spare(file, &serde_json::to_vec(records)?)?;
    fs::keep_newest(folder, FILES)
}

/// The most that is read of a file: a `Cargo.lock` of 3,000 packages has a quarter of it.
const MOST: u64 = 4 << 20;

/// The content of a manifest, configuration or lock file; `Some(None)` if there is no such file. `None` where the
/// path is anything else: a link, because no sign would tell when it leads elsewhere, or a file larger than Cargo's
/// own files are.
fn bytes(path: &Path) -> Option<Option<Vec<u8>>> {
    match fs::info(path).ok()? {
        None => Some(None),
        Some(info) if info.is_file && info.length.0 < MOST => {
            fs::read_start(path, MOST).ok()?.map(Some)
        }
        Some(_) => None,
    }
}

fn table(bytes: &[u8]) -> Option<Table> {
    toml::from_str(toml_read::utf8(bytes).ok()?).ok()
}

/// Whether a manifest, configuration or lock file has an absolute path or the URL of one: it may lead to the workspace,
/// however it is written.
fn names_a_place(value: &Value) -> bool {
    // Patterns of files in a package, from its own folder.
    const OF_PACKAGE: [&str; 2] = ["include", "exclude"];
    match value {
        Value::String(text) => Path::new(text).is_absolute() || text.contains("file:"),
        Value::Array(all) => all.iter().any(names_a_place),
        Value::Table(table) => {
            let mut values = table.iter();
            values.any(|(key, value)| !OF_PACKAGE.contains(&key.as_str()) && names_a_place(value))
        }
        _ => false,
    }
}

/// Whether a path stands in JSON and in a URL as it is.
fn is_plain(path: &Path) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    path.to_str()
        .is_some_and(|path| path.len() > 1 && path.chars().all(plain))
}

/// A text with [`ROOT`] for the workspace's folder; `None` if that stands where it may mean another one.
fn relative(text: &str, root: &Path) -> Option<String> {
    if text.contains(ROOT) {
        return None;
    }
    if !is_plain(root) {
        return Some(text.to_owned());
    }
    let root = root.to_str()?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(root) {
        let (before, from) = rest.split_at(at);
        let after = &from[root.len()..];
        if !before.ends_with('"') && !before.ends_with("file://") {
            return None;
        }
        out.push_str(before);
        // Else it is a folder beside it, whose name begins so.
        if !after.starts_with(['/', '"', '#', ')', '?']) {
            return None;
        }
        out.push(ROOT);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
