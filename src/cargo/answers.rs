//! Answers of `cargo metadata` that are known: from this run, or from earlier ones by files in the user's state folder.
//!
//! Cargo takes 10 ms and more for an answer, and 20 worktrees of a repository get the same one. An answer is taken only
//! where everything is the same that Cargo made it from:
//!
//! - the question, the variables that Cargo reads, and the toolchain ([`toolchain::identity`]);
//! - the configuration files in the workspace's folder and in all above it, and the `Cargo.toml` there as far as Cargo looks
//!   for the root of the workspace;
//! - for the question on dependencies, the `Cargo.lock`;
//! - the manifests of all members, and the names by which Cargo finds targets in their folders and members by patterns.
//!
//! The first three make the name of the file. The last are known only with the answer, so they are written down with it
//! ([`Record`]) and compared before it is taken. An answer that says anything of a manifest outside of the workspace's
//! folder, or was made with `include` in a configuration, is not kept; nor is one while files are edited, nor an error. Packages of registries and of git
//! never change at one version, and a `Cargo.lock` names them by it.
//!
//! Source: `src/cargo/core/workspace.rs` (members), `src/cargo/util/toml/targets.rs` (targets that are found by names).

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::{config_edit, toml_read, toolchain};
use crate::fs;
use crate::markers::CARGO_FOLDER;

/// Stands for the workspace's folder in a text that is kept. No path in JSON has it.
const ROOT: char = '\u{1}';

/// So many answers to one question are kept: of branches whose members differ.
const FOR_EACH: usize = 8;

/// So many questions have their answers kept: those whose answers were written last.
const FILES: usize = 2000;

/// The folders in which Cargo finds targets by the names of files.
const TARGETS: [&str; 4] = ["src/bin", "tests", "benches", "examples"];

/// Variables that Cargo gives to us and not to itself, or that only change how it looks.
const OF_NO_MATTER: [&str; 4] = [
    "CARGO_TERM_",
    "CARGO_SHAREDTARGET_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
];

/// The answers that are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// Where they are kept; without it, each is asked for.
    folder: Option<PathBuf>,
    /// Who asks a question has its lock, so that it is asked once.
    asked: Arc<Mutex<HashMap<String, Arc<Mutex<()>>>>>,
}

/// An answer, and the state of all that it was made from besides the question.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// By paths relative to the workspace.
    inputs: BTreeMap<PathBuf, String>,
    text: String,
}

impl Answers {
    /// Keeps answers in the user's state folder.
    pub(crate) fn in_state(state: Option<&Path>) -> Self {
        Self {
            folder: state.map(|state| state.join("answers")),
            asked: Arc::default(),
        }
    }

    /// The answer to a question about the workspace in a folder: a known one, or the one that `ask` gets, as text.
    ///
    /// # Errors
    ///
    /// That of `ask`; or the text is no answer of Cargo's.
    pub(super) fn get(
        &self,
        root: &Path,
        options: &[&str],
        ask: impl Fn() -> Result<String>,
    ) -> Result<Metadata> {
        let Some((folder, key)) = self.folder.as_ref().zip(key(root, options)) else {
            return parse(&ask()?);
        };
        let lock = self.lock(&key);
        let _alone = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let file = folder.join(&key);
        let mut records = read(&file);
        let same = |record: &&Record| {
            let mut inputs = record.inputs.iter();
            inputs.all(|(path, state)| state_of(&root.join(path)) == *state)
        };
        if let Some(known) = records.iter().find(same)
            && let Ok(answer) = parse(&known.text.replace(ROOT, &root.to_string_lossy()))
        {
            return Ok(answer);
        }
        let begun = fs::clock();
        let text = ask()?;
        let answer = parse(&text)?;
        if let (Some(inputs), Some(text)) = (inputs(root, &answer), relative(&text, root))
            && self::key(root, options).is_some_and(|now| now == key)
            && inputs
                .keys()
                .all(|path| unchanged_since(begun, &root.join(path)))
        {
            records.insert(0, Record { inputs, text });
            records.truncate(FOR_EACH);
            // Where it cannot be written, the next run asks again.
            let _ = keep(folder, &file, &records);
        }
        Ok(answer)
    }

    /// The answer to a question that goes by nothing but the toolchains that are installed: a known one, or that of `ask`.
    ///
    /// # Errors
    ///
    /// That of `ask`.
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
        let inputs = BTreeMap::new();
        let record = Record {
            inputs,
            text: text.clone(),
        };
        let _ = keep(folder, &file, &[record]);
        Ok(text)
    }

    fn lock(&self, key: &str) -> Arc<Mutex<()>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(key.to_owned()).or_default())
    }
}

/// Whether a path is the same as before a time, and nothing came beside it or went. While Cargo answered, somebody may have
/// edited it: its state is looked at only then.
///
/// Filesystems note times in steps, so that a change may seem to be that much older.
fn unchanged_since(begun: Timestamp, path: &Path) -> bool {
    const STEP: SignedDuration = SignedDuration::from_millis(10);
    let older = |path: &Path| match fs::state(path) {
        Some(state) => state
            .changed
            .or(state.modified)
            .is_some_and(|at| at < begun - STEP),
        None => true,
    };
    older(path) && path.parent().is_none_or(older)
}

fn parse(text: &str) -> Result<Metadata> {
    MetadataCommand::parse(text).context("cargo metadata printed something unexpected")
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

/// The name under which the answers to a question are kept; `None` where not all is known that decides them.
fn key(root: &Path, options: &[&str]) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |name: &str, value: &[u8]| {
        for part in [name.as_bytes(), value] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    };
    for option in options {
        add("option", option.as_bytes());
    }
    for (name, value) in variables() {
        add(&name, &value);
    }
    add("toolchain", &toolchain::identity(root)?);
    let mut for_this_alone = !is_plain(root);
    let resolves = !options.contains(&"--no-deps");
    let mut own_workspace = false;
    for (depth, above) in root.ancestors().enumerate() {
        // Cargo looks further up for the workspace of a package only where it is none itself. A manifest up there goes by
        // the names of folders.
        if !own_workspace && let Some(bytes) = fs::read(&above.join("Cargo.toml")).ok()? {
            add(&format!("manifest {depth}"), &bytes);
            own_workspace = depth == 0 && table(&bytes)?.contains_key("workspace");
            for_this_alone |= depth > 0;
        }
        if let Some(text) = configuration(&above.join(CARGO_FOLDER), resolves)? {
            add("configuration", text.as_bytes());
            // `{workspace-path-hash}` is another one for each workspace.
            for_this_alone |= text.contains('{');
            // A relative path in it starts from its folder.
            if depth > 0 {
                add("for", above.as_os_str().as_encoded_bytes());
            }
        }
    }
    let home = toolchain::home("CARGO_HOME", ".cargo")?;
    add("home", home.as_os_str().as_encoded_bytes());
    if let Some(text) = configuration(&home, false)? {
        add("configuration of the home", text.as_bytes());
        for_this_alone |= text.contains('{');
    }
    if resolves {
        add("lock", &fs::read(&root.join("Cargo.lock")).ok()??);
    }
    if for_this_alone {
        add("root", root.as_os_str().as_encoded_bytes());
    }
    Some(hasher.finalize().to_hex()[..32].to_owned())
}

/// The variables that Cargo reads, in order.
fn variables() -> Vec<(String, Vec<u8>)> {
    let is_read = |name: &str| {
        name.starts_with("CARGO_") && !OF_NO_MATTER.iter().any(|start| name.starts_with(start))
            || name.starts_with("RUST")
            || name.starts_with("__CARGO")
    };
    let all = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.to_str()?;
        let removed = super::REMOVED.contains(&name);
        (is_read(name) && !removed).then(|| {
            (
                name.to_owned(),
                value.as_os_str().as_encoded_bytes().to_vec(),
            )
        })
    });
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

/// The text of the configuration in a `.cargo` folder, if there is one. `None` if it includes others, names a
/// folder with packages, or cannot be read.
///
/// Dependencies do not go by the folders that a build writes into, which `setup` names in each worktree anew.
fn configuration(folder: &Path, resolves: bool) -> Option<Option<String>> {
    let mut all = Vec::new();
    for name in CONFIG_NAMES {
        let Some(bytes) = fs::read(&folder.join(name)).ok()? else {
            continue;
        };
        let text = toml_read::utf8(&bytes).ok()?;
        if config_edit::keys(text).ok()?.includes {
            return None;
        }
        let mut table: toml::Table = toml::from_str(text).ok()?;
        // Packages in a folder may be changed, whatever the `Cargo.lock` says.
        let sources = table.get("source").and_then(toml::Value::as_table);
        let in_folder = |one: &toml::Value| {
            let keys = ["directory", "local-registry"];
            keys.iter().any(|key| one.get(key).is_some())
        };
        if sources.is_some_and(|all| all.values().any(in_folder)) {
            return None;
        }
        if resolves && let Some(toml::Value::Table(build)) = table.get_mut("build") {
            build.remove("target-dir");
            build.remove("build-dir");
        }
        table.retain(|_, value| !matches!(value, toml::Value::Table(table) if table.is_empty()));
        if !table.is_empty() {
            all.push(format!("{name}\n{}", toml::to_string(&table).ok()?));
        }
    }
    Some((!all.is_empty()).then(|| all.join("\n")))
}

/// All that Cargo made an answer from below the workspace's folder, with its state; `None` if anything of it is elsewhere.
fn inputs(root: &Path, answer: &Metadata) -> Option<BTreeMap<PathBuf, String>> {
    if answer.workspace_root.as_std_path() != root {
        return None;
    }
    let mut inputs = BTreeMap::new();
    let mut add = |path: &Path| {
        let relative = path.strip_prefix(root).ok()?;
        let within = !relative
            .components()
            .any(|part| part == Component::ParentDir);
        within.then(|| inputs.insert(relative.to_owned(), state_of(path)))
    };
    for package in &answer.packages {
        let manifest = package.manifest_path.as_std_path();
        if package.source.is_some() {
            if manifest.starts_with(root) {
                return None;
            }
            continue;
        }
        add(manifest)?;
        let folder = manifest.parent()?;
        for name in ["build.rs", "src/lib.rs", "src/main.rs"]
            .iter()
            .chain(&TARGETS)
        {
            add(&folder.join(name))?;
        }
        for target in &package.targets {
            add(target.src_path.as_std_path())?;
        }
    }
    for folder in folders_of_members(&root.join("Cargo.toml"))? {
        add(&root.join(folder))?;
    }
    Some(inputs)
}

fn table(bytes: &[u8]) -> Option<toml::Table> {
    toml::from_str(toml_read::utf8(bytes).ok()?).ok()
}

/// The folders in which each folder with a manifest may be a member, by patterns like `crates/*`; `None` for other patterns.
fn folders_of_members(manifest: &Path) -> Option<Vec<PathBuf>> {
    let table = table(&fs::read(manifest).ok()??)?;
    let members = table
        .get("workspace")
        .and_then(|workspace| workspace.get("members"));
    let members = members
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten();
    let is_pattern = |text: &str| text.contains(['*', '?', '[']);
    let mut folders = Vec::new();
    for member in members.filter_map(toml::Value::as_str) {
        if !is_pattern(member) {
            continue;
        }
        let path = Path::new(member);
        let above = path.parent()?;
        if is_pattern(above.to_str()?) {
            return None;
        }
        folders.push(above.to_owned());
    }
    Some(folders)
}

/// The state of a file or folder in a line. Of a folder the names count, and which of them Cargo takes for a target or a
/// member.
fn state_of(path: &Path) -> String {
    if fs::is_folder_or_leads_to_one(path) {
        let Ok(names) = fs::names(path) else {
            return "unreadable".to_owned();
        };
        let holds = |name: &str| {
            let has = |file: &str| fs::exists(&path.join(name).join(file));
            (has("main.rs"), has("Cargo.toml"))
        };
        let names: Vec<_> = names.iter().map(|name| (name, holds(name))).collect();
        return format!("folder {}", digest(format!("{names:?}").as_bytes()));
    }
    match fs::exists(path) {
        false => "none".to_owned(),
        true if path.extension().is_some_and(|end| end == "toml") => {
            fs::digest(path).map_or_else(|| "unreadable".to_owned(), |hash| format!("file {hash}"))
        }
        // Cargo reads no source for an answer.
        true => "there".to_owned(),
    }
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..32].to_owned()
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
