//! The inputs of an answer that are known only with the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use cargo_metadata::{Metadata, Package};
use jiff::{SignedDuration, Timestamp};
use toml::Value;

use crate::cargo::answers::{bytes, names_a_place, table};
use crate::fs;
use crate::fs::{Kind, Target};

/// The folders in which Cargo finds targets by the names of files.
const TARGETS: [&str; 4] = ["src/bin", "tests", "benches", "examples"];

/// The files by whose names Cargo finds targets.
const FILES: [&str; 3] = ["build.rs", "src/lib.rs", "src/main.rs"];

/// Filesystems note times in steps, so that a change may seem to be that much older.
const STEP: SignedDuration = SignedDuration::from_millis(10);

/// All that Cargo made an answer from below the workspace's folder, by paths relative to that, each with its state. `None`
/// if anything of it is elsewhere, is of a kind that is not known here, or may have changed after Cargo was asked.
pub(super) fn of(
    root: &Path,
    answer: &Metadata,
    begun: Timestamp,
) -> Option<BTreeMap<PathBuf, String>> {
    if answer.workspace_root.as_std_path() != root {
        return None;
    }
    let mut paths = BTreeSet::new();
    let local = || {
        let packages = answer.packages.iter();
        packages.filter(|package| package.source.is_none())
    };
    let folders: BTreeSet<&Path> = local().filter_map(folder).collect();
    for package in local() {
        let folder = folder(package)?;
        // It may be none of the graph, for another system or an optional one, and its manifest was read all the same.
        let mut needed = package.dependencies.iter();
        let known = |path: &Path| folders.contains(path);
        if !needed.all(|needed| {
            needed
                .path
                .as_ref()
                .is_none_or(|path| known(path.as_std_path()))
        }) {
            return None;
        }
        // It may belong to another workspace, whose manifest is one of those above.
        let above = folder.ancestors().take_while(|above| *above != root);
        paths.extend(above.map(|above| above.join("Cargo.toml")));
        paths.insert(package.manifest_path.clone().into_std_path_buf());
        paths.extend(FILES.iter().chain(&TARGETS).map(|name| folder.join(name)));
        let sources = package.targets.iter().map(|target| &target.src_path);
        paths.extend(sources.map(|path| path.clone().into_std_path_buf()));
    }
    let members = folders_of_members(&root.join("Cargo.toml"))?;
    paths.extend(members.into_iter().map(|folder| root.join(folder)));
    let mut inputs = BTreeMap::new();
    for path in paths {
        let relative = path.strip_prefix(root).ok()?;
        if relative
            .components()
            .any(|part| part == Component::ParentDir)
        {
            return None;
        }
        let state = state(&path)?;
        // The workspace's own manifest is part of the question.
        if is_manifest(&path)
            && relative != Path::new("Cargo.toml")
            && names_a_place(&Value::Table(table(&bytes(&path)??)?))
        {
            return None;
        }
        // Something may also have come beside it, or gone.
        let around = path.parent().and_then(newest);
        if state
            .newest
            .max(around)
            .is_some_and(|at| at >= begun - STEP)
        {
            return None;
        }
        inputs.insert(relative.to_owned(), state.text);
    }
    Some(inputs)
}

/// The manifests of an answer's packages from registries and from git.
pub(super) fn fetched(answer: &Metadata) -> Vec<PathBuf> {
    let packages = answer.packages.iter();
    let fetched = packages.filter(|package| package.source.is_some());
    fetched
        .map(|package| package.manifest_path.clone().into_std_path_buf())
        .collect()
}

fn folder(package: &Package) -> Option<&Path> {
    package.manifest_path.as_std_path().parent()
}

/// The folders in which each folder with a manifest may be a member, by patterns like `crates/*`; `None` for other patterns.
fn folders_of_members(manifest: &Path) -> Option<Vec<PathBuf>> {
    let table = table(&bytes(manifest)??)?;
    let workspace = table.get("workspace");
    let patterns = ["members", "default-members"].iter().filter_map(|key| {
        let value = workspace?.get(key)?;
        value.as_array()
    });
    let patterns = patterns.flatten().filter_map(Value::as_str);
    let is_pattern = |text: &str| text.contains(['*', '?', '[']);
    let mut folders = Vec::new();
    for member in patterns.filter(|member| is_pattern(member)) {
        let above = Path::new(member).parent()?;
        if member.contains("**") || is_pattern(above.to_str()?) {
            return None;
        }
        folders.push(above.to_owned());
    }
    Some(folders)
}

/// The part of a file or folder that Cargo's answer goes by.
pub(super) struct State {
    pub(super) text: String,
    /// When anything of it last changed.
    newest: Option<Timestamp>,
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "Cargo.toml") && fs::exists(path)
}

/// The state of a file or folder in a line: of a manifest its content, of a folder the names in it and what Cargo takes for
/// a target or a member. `None` for a manifest that is a link or too large, a link that leads nowhere, and a folder that
/// cannot be read.
///
/// Cargo follows links, but passes over a link to a folder when it looks for targets.
pub(super) fn state(path: &Path) -> Option<State> {
    let mut newest = newest(path);
    let kind = known_kind(path)?;
    let text = match kind.target {
        _ if is_manifest(path) => format!("manifest {}", digest(&bytes(path)??)),
        Target::Folder => {
            let mut entries = Vec::new();
            for name in fs::names_exactly(path).ok()? {
                let entry = path.join(&name);
                let kind = known_kind(&entry)?;
                let mut inner = Vec::new();
                if kind.target == Target::Folder {
                    for path in ["main.rs", "Cargo.toml"].map(|name| entry.join(name)) {
                        inner.push(known_kind(&path)?);
                        newest = newest.max(self::newest(&path));
                    }
                    newest = newest.max(self::newest(&entry));
                }
                entries.push((name, kind, inner));
            }
            entries.sort();
            format!("{kind:?} {}", digest(format!("{entries:?}").as_bytes()))
        }
        _ => format!("{kind:?}"),
    };
    Some(State { text, newest })
}

/// The kind of file at a path; `None` for a link that leads nowhere, since nothing beside it changes when it does.
pub(super) fn known_kind(path: &Path) -> Option<Kind> {
    let kind = fs::kind(path);
    (!kind.is_link || kind.target != Target::None).then_some(kind)
}

/// When a file or folder, or the one that a link leads to, last changed.
fn newest(path: &Path) -> Option<Timestamp> {
    let state = fs::state(path)?;
    state.changed.or(state.modified)
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..32].to_owned()
}
