//! Reads the build environment of a workspace, now and earlier, besides its sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::model::ConfigContext;
use crate::cargo::rustflags::{self, Flags};
use crate::cargo::wrapper_script::Whose;
use crate::cargo::{config_chain, config_edit, configs, inherited, wrapper_script};
use crate::fs::Source;
use crate::git::porcelain;
use crate::markers::CARGO_FOLDER;
use crate::survey::build_env::{History, Program, Said, Span};
use crate::survey::journal::Journal;
use crate::survey::model::SharedRoot;
use crate::{fs, git, process};

/// The records in the user's state of earlier times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    /// All that our own runs have written.
    pub(crate) journal: Journal,
    /// The build environments that runs have seen.
    pub(crate) history: History,
}

impl Records {
    /// When a run has looked at a workspace's configurations last.
    fn seen(&self, workspace: &Path) -> Option<Timestamp> {
        let spans = self.history.workspaces.get(workspace)?;
        spans.last().map(|span| span.until)
    }

    /// Reads the records of a shared root. A record that cannot be read holds nothing.
    #[must_use]
    pub(crate) fn of(shared_root: &SharedRoot) -> Self {
        let Some(records) = shared_root.records.as_deref() else {
            return Self::default();
        };
        Self {
            journal: crate::survey::records::read_journal(records).unwrap_or_default(),
            history: crate::survey::records::read_history(records),
        }
    }
}

/// The build environment of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BuildEnv {
    pub(crate) workspace: PathBuf,
    /// Its `rust-toolchain.toml` or `rust-toolchain`: the nearest one above, as rustup takes it.
    pub(crate) toolchain: Option<Vec<u8>>,
    pub(crate) is_there: bool,
    /// The words of its configurations now.
    pub(crate) said: Said,
    /// The flags of the compiler that they ask for now.
    pub(crate) flags: Flags,
    /// The spans of time in which they said the same, as far as they are known.
    pub(crate) spans: Vec<Span>,
    /// When they last changed, and which of them did; nothing if all that is known of them holds since ever.
    pub(crate) newest: Option<(Timestamp, PathBuf)>,
}

impl BuildEnv {
    /// The build environment in which no configuration sets anything.
    #[must_use]
    pub(crate) fn plain() -> Self {
        Self {
            is_there: true,
            spans: vec![Span {
                since: None,
                until: Timestamp::MAX,
                said: Said::default(),
                files: Vec::new(),
            }],
            ..Self::default()
        }
    }

    /// Reads those of a workspace.
    #[must_use]
    pub(crate) fn of(workspace: &Path, around: &ConfigContext, records: &Records) -> Self {
        let mut toolchains = workspace.ancestors().flat_map(|above| {
            ["rust-toolchain", "rust-toolchain.toml"].map(|name| above.join(name))
        });
        let is_there = fs::exists(&workspace.join("Cargo.toml"));
        let mut circumstances = Self {
            workspace: workspace.to_owned(),
            toolchain: toolchains.find_map(|path| fs::read(&path).ok().flatten()),
            is_there,
            ..Self::default()
        };
        if !is_there {
            // The folders above say nothing of one that lay in it.
            let known = records.history.workspaces.get(workspace);
            circumstances.spans = known.cloned().unwrap_or_default();
            return circumstances;
        }
        let (files, _) = files(workspace, around);
        circumstances.flags =
            rustflags::joined(files.iter().filter_map(|file| file.text.as_deref()));
        let (mut seen, newest) = look(workspace, around, records);
        circumstances.said = seen.said.clone();
        circumstances.newest = newest;
        // It holds until something is seen to differ.
        seen.until = Timestamp::MAX;
        circumstances.spans = records.history.with(workspace, seen);
        circumstances
    }
}

/// The variables that configurations set for compilers and build scripts, by name, as they are written.
#[must_use]
pub(crate) fn variables(workspace: &Path, around: &ConfigContext) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for file in files(workspace, around).0 {
        for (name, value) in config_edit::env(&file.text.unwrap_or_default()) {
            all.entry(name).or_insert(value);
        }
    }
    all
}

/// The program that runs as the compiler or in its place, unless it is known to change nothing.
#[must_use]
pub(crate) fn program_of(workspace: &Path, around: &ConfigContext) -> Option<PathBuf> {
    let known = Records {
        history: History {
            workspaces: [(workspace.to_owned(), Vec::new())].into(),
            ..History::default()
        },
        ..Records::default()
    };
    let (seen, _) = look(workspace, around, &known);
    let program = seen.said.programs.into_values().next();
    program.map(|program| program.path)
}

/// Notes what the configurations of workspaces say now, for a time in which they say something else or are gone.
///
/// # Errors
///
/// It cannot be written.
pub(crate) fn note<'a>(
    workspaces: impl Iterator<Item = &'a Path>,
    around: &ConfigContext,
    shared_root: &SharedRoot,
) -> anyhow::Result<()> {
    // Without records nothing is written, and a look at each worktree may ask git.
    let Some(folder) = shared_root
        .records
        .as_deref()
        .filter(|it| fs::is_folder(it))
    else {
        return Ok(());
    };
    let mut records = Records::of(shared_root);
    let before = records.history.clone();
    for workspace in workspaces {
        let (seen, _) = look(workspace, around, &records);
        records.history.note(workspace, seen);
    }
    match records.history == before {
        true => Ok(()),
        false => crate::survey::records::write_history(folder, &records.history),
    }
}

/// A configuration, or a file that one includes.
struct File {
    path: PathBuf,
    /// `None` if it cannot be read or is not valid.
    text: Option<String>,
}

/// How deep files may include others.
const DEEP: usize = 8;

/// The configurations that count for a workspace, those that decide first; and folders for configurations that have
/// none.
fn files(workspace: &Path, around: &ConfigContext) -> (Vec<File>, Vec<PathBuf>) {
    let mut configs = BTreeMap::new();
    configs::read_above(std::iter::once(workspace), &mut configs);
    configs::read_folder(&around.cargo_home, &mut configs);
    let mut all: Vec<File> = Vec::new();
    for (file, _) in config_chain::chain(workspace, &configs, around) {
        // The home's folder may be one of those above.
        if all.iter().any(|known| known.path == file.path) {
            continue;
        }
        let text = String::from_utf8(file.bytes.clone().unwrap_or_default()).ok();
        all.push(File {
            path: file.path.clone(),
            text: text.filter(|_| file.invalid.is_none()),
        });
        let included = all.last().map(|file| included(file, DEEP));
        all.extend(included.unwrap_or_default());
    }
    let folders = workspace.ancestors().map(|above| above.join(CARGO_FOLDER));
    let empty = folders.filter(|folder| {
        let mut names = CONFIG_NAMES.iter().map(|name| folder.join(name));
        *folder != around.cargo_home
            && fs::is_folder(folder)
            && names.all(|name| !fs::exists(&name))
    });
    (all, empty.collect())
}

/// The files that one includes, the last one first, which decides before the others; each with what it includes itself.
fn included(file: &File, deep: usize) -> Vec<File> {
    let named = config_edit::includes(file.text.as_deref().unwrap_or_default());
    let folder = file.path.parent().unwrap_or(Path::new(""));
    let mut all = Vec::new();
    for name in named.iter().rev() {
        let path = folder.join(name);
        // A missing file that may be missing sets nothing.
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8(bytes.unwrap_or_default()).ok(),
            Err(_) => None,
        };
        let file = File {
            path,
            text: text.filter(|_| deep > 0),
        };
        let inner = match deep {
            0 => Vec::new(),
            deep => included(&file, deep - 1),
        };
        all.push(file);
        all.extend(inner);
    }
    all
}

/// The words of a workspace's configurations now, and since when; with the one that changed last.
fn look(
    workspace: &Path,
    around: &ConfigContext,
    records: &Records,
) -> (Span, Option<(Timestamp, PathBuf)>) {
    // A look tells nothing of what comes after it.
    let until = fs::clock();
    let (files, empty) = files(workspace, around);
    let mut said = Said::default();
    let mut newest: Option<(Timestamp, PathBuf)> = None;
    let mut decided = Vec::new();
    let mut note = |changed: Option<Timestamp>, path: &Path| {
        let newer = changed.filter(|changed| newest.as_ref().is_none_or(|(at, _)| changed > at));
        newest = newer.map(|at| (at, path.to_owned())).or(newest.take());
    };
    for folder in &empty {
        let touched = fs::touched(folder);
        note(touched.filter(|at| !came_with(*at, folder)), folder);
    }
    // If the workspace was seen before, its earlier files are known.
    if !records.history.workspaces.contains_key(workspace)
        && let Some((at, path)) = gone(workspace)
    {
        note(Some(at), &path);
    }
    for file in &files {
        let changed = Source::at(&file.path).newest;
        let Some(text) = &file.text else {
            note(changed, &file.path);
            let invalid = format!("it is not valid: {}", file.path.display());
            said.rest.push((file.path.clone(), hash(&invalid)));
            continue;
        };
        let same = |one: &[u8], two: &[u8]| says(one, &file.path) == says(two, &file.path);
        let changed = records.journal.changed(
            &file.path,
            text.as_bytes(),
            changed,
            records.seen(workspace),
            same,
        );
        let (own, keys) = says(text.as_bytes(), &file.path);
        // A configuration that sets nothing, and came with its folder, never set anything.
        let nothing = own == Said::default() && keys.is_empty();
        let folder = file.path.parent().filter(|_| nothing);
        let new = |at: &Timestamp| folder.is_some_and(|folder| came_with(*at, folder));
        note(changed.filter(|at| !new(at)), &file.path);
        for (name, value) in own.env {
            if !said.env.contains_key(&name) {
                if own.placed.contains(&name) {
                    said.placed.insert(name.clone());
                }
                said.env.insert(name, value);
            }
        }
        for key in keys {
            if !decided.contains(&key) {
                if let Some(program) = own.programs.get(key) {
                    note(program.changed, &program.path);
                    said.programs.insert(key.to_owned(), program.clone());
                }
                decided.push(key);
            }
        }
        // Where a worktree lies in another one, both may have it.
        for rest in own.rest {
            if said.rest.last().is_none_or(|(_, before)| *before != rest.1) {
                said.rest.push(rest);
            }
        }
    }
    let span = Span {
        since: newest.as_ref().map(|(at, _)| *at),
        until,
        said,
        files: files.into_iter().map(|file| file.path).collect(),
    };
    (span, newest)
}

/// Returns whether a change was made together with the folder that it is in, so that nothing was there before. No
/// build is as quick.
fn came_with(changed: Timestamp, folder: &Path) -> bool {
    const QUICK: SignedDuration = SignedDuration::from_millis(100);
    fs::born(folder).is_some_and(|born| changed.duration_since(born) < QUICK)
}

/// A configuration that git had in the worktree at an earlier commit and that is not there now, and when that one was
/// left: with the last file in it, its folder goes, and nothing else tells.
fn gone(workspace: &Path) -> Option<(Timestamp, PathBuf)> {
    /// So many commits are looked into.
    const MOST: usize = 200;
    let top = workspace
        .ancestors()
        .find(|above| fs::exists(&above.join(".git")))?;
    let folders = workspace
        .ancestors()
        .take_while(|above| above.starts_with(top));
    let folders = folders.map(|folder| folder.join(CARGO_FOLDER));
    let configs: Vec<PathBuf> = folders
        .map(|folder| CONFIG_NAMES.map(|name| folder.join(name)))
        .filter(|names| !names.iter().any(|name| fs::exists(name)))
        .flatten()
        .collect();
    let inside = |config: &PathBuf| {
        let inside = config.strip_prefix(top).ok()?.to_str()?;
        Some(inside.replace(std::path::MAIN_SEPARATOR, "/"))
    };
    let inside: Vec<String> = configs.iter().filter_map(inside).collect();
    let git = top.join(".git");
    let git = match fs::is_folder(&git) {
        true => git,
        false => {
            let text = String::from_utf8(fs::read(&git).ok()??).ok()?;
            top.join(text.strip_prefix("gitdir: ")?.trim_end())
        }
    };
    let log = fs::read(&git.join("logs/HEAD")).ok()??;
    let mut log = porcelain::log(&String::from_utf8_lossy(&log));
    let surplus = log.len().saturating_sub(MOST);
    log.drain(..surplus);
    if inside.is_empty() || log.len() < 2 {
        return None;
    }
    let commits: Vec<String> = log.iter().map(|(commit, _)| commit.clone()).collect();
    let had = git::having(top, &commits, &inside).ok()?;
    let last = had.iter().rposition(|had| *had)?;
    // The log knows whole seconds. If the present commit has it, it was taken away by hand, and nothing tells when.
    let left = match log.get(last + 1) {
        Some((_, second)) => Timestamp::from_second(second + 1).ok()?,
        None => fs::clock(),
    };
    Some((left, configs.into_iter().next()?))
}

/// The words of one file on compiling, and the keys of programs that it decides.
fn says(bytes: &[u8], path: &Path) -> (Said, Vec<&'static str>) {
    let text = String::from_utf8_lossy(bytes);
    let mut said = Said::default();
    for (name, value) in config_edit::env(&text) {
        said.env.insert(name, hash(&value));
    }
    said.placed.extend(config_edit::placed(&text));
    let named = config_edit::compilers(&text);
    for (key, name) in &named {
        if let Some(program) = program(name, path) {
            said.programs.insert((*key).to_owned(), program);
        }
    }
    let rest = inherited::from_config(&text);
    if rest != inherited::from_config("") {
        let rest = hash(&rest.unwrap_or_default().to_string());
        said.rest.push((path.to_owned(), rest));
    }
    (said, named.into_keys().collect())
}

/// The program that a configuration names; `None` if it is none, or one that is known to change nothing. A name alone
/// is no proof in a worktree, where any commit may have brought it.
fn program(named: &str, config: &Path) -> Option<Program> {
    if named.is_empty() {
        return None;
    }
    let found = config_chain::program(named, config);
    let path = match Path::new(&found).is_absolute() {
        true => PathBuf::from(found),
        false => process::tool(&found).unwrap_or_else(|_| found.into()),
    };
    let known = |path: &Path| {
        let known = config_edit::known_wrapper(&path.to_string_lossy());
        known.is_some_and(|known| known != wrapper_script::NAME) && fs::project_of(path).is_none()
    };
    let ours = || {
        let bytes = fs::read_start(&path, 1 << 16).ok().flatten();
        match wrapper_script::whose(&bytes.unwrap_or_default()) {
            Whose::Ours { next } => next.is_none_or(|next| known(Path::new(&next))),
            Whose::Foreign => false,
        }
    };
    (!known(&path) && !ours()).then(|| Program {
        changed: Source::at(&path).newest,
        path,
    })
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}
