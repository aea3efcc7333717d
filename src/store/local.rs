//! The facts that a store needs: the build environment of a workspace, the units of a target folder that can be kept
//! beyond it, and the content of a local store.

use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::cargo::lockfile::Lock;
pub(crate) use crate::store::contents::contents;
pub(crate) use crate::store::describe::{Harvest, as_they_came, describe};
pub(crate) use crate::store::holds::{has, remote};
use crate::store::model::{
    Before, BuiltWith, Offered, STORE_VERSION, Stays, StoredSet, StoredUnit, Take, WantedPackage,
};
use crate::store::{StorePaths, platform};
use crate::survey::Environment;
use crate::survey::model::StoreSettings;
use crate::warm::inspect;
use crate::{fs, store};

/// The units that a workspace wants of a store.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// The question to a provider.
    pub(crate) before: Before,
    pub(crate) lock: Lock,
}

/// Finds out what a workspace wants of a store.
///
/// # Errors
///
/// There is no compiler, or another program runs in its place.
pub(crate) fn wish(workspace: &Path, lock: Lock, around: &Environment) -> Result<Wish> {
    if let Some(program) = inspect::program_of(workspace, &around.surroundings) {
        anyhow::bail!(
            "`{}` runs as the compiler or in its place, and may compile the same sources differently",
            program.display()
        );
    }
    let rustc = around.cargo.rustc_version(workspace)?;
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.unwrap_or_default().to_owned();
    let built_with = BuiltWith {
        platform: platform::platform(),
        cargo_home: around.surroundings.cargo_home.display().to_string(),
        env: inspect::variables(workspace, &around.surroundings),
        rustc,
    };
    let circumstances = store::circumstances_key(&built_with);
    let packages = lock.third_party();
    let before = Before {
        version: STORE_VERSION,
        ask: "before".into(),
        summary: store::summary(&circumstances, &packages),
        circumstances,
        built_with,
        host,
        workspace: workspace.to_owned(),
        packages: packages
            .into_iter()
            .map(|package| WantedPackage {
                package,
                features: None,
            })
            .collect(),
    };
    Ok(Wish { before, lock })
}

/// Where the local store is; `None` where there is no folder for it.
#[must_use]
pub(crate) fn places(
    settings: &StoreSettings,
    around: &Environment,
    shared_root: &Path,
) -> Option<StorePaths> {
    let given = settings
        .folder
        .as_ref()
        .map(|folder| shared_root.join(folder));
    given
        .or_else(|| around.store_folder.clone())
        .map(StorePaths::new)
}

/// Whether there is a local store.
#[must_use]
pub(crate) fn is_there(places: &StorePaths) -> bool {
    fs::exists(&places.mark())
}

/// The units that the local store has for a workspace: first those that were built together, then the most recently
/// used ones.
#[must_use]
pub(crate) fn stored(places: &StorePaths, wish: &Wish) -> Vec<Offered> {
    let set = set(places, &wish.before.summary);
    let mut all: Vec<(bool, Option<Timestamp>, StoredUnit)> = Vec::new();
    for wanted in &wish.before.packages {
        let folder = places.package(&wish.before.circumstances, &wanted.package);
        for name in fs::names(&folder).unwrap_or_default() {
            let path = folder.join(&name);
            let Some(unit) = unit(&path) else { continue };
            if store::sound(&unit, &wish.before.circumstances).is_err() {
                continue;
            }
            let used = fs::info(&path)
                .ok()
                .flatten()
                .and_then(|info| info.modified);
            let apart = set.keys.binary_search(&unit.key).is_err();
            all.push((apart, used, unit));
        }
    }
    all.sort_by(|one, two| (one.0, two.1, &one.2.key).cmp(&(two.0, one.1, &two.2.key)));
    let offered = all.into_iter().map(|(_, _, mut unit)| {
        for file in &mut unit.files {
            file.at = Some(places.object(&file.hash));
        }
        Offered {
            stays: Stays::Kept,
            take: Take::Link,
            unit,
        }
    });
    offered.collect()
}

/// Whether the store has all files of a unit, as far as their lengths tell.
#[must_use]
pub(crate) fn is_whole(places: &StorePaths, unit: &StoredUnit) -> bool {
    unit.files.iter().all(|file| {
        let info = fs::info(&places.object(&file.hash)).ok().flatten();
        info.is_some_and(|info| info.is_file && info.length.0 == file.length)
    })
}

/// The description of a unit; `None` if it is not understood.
#[must_use]
pub(crate) fn unit(path: &Path) -> Option<StoredUnit> {
    if path.extension().is_none_or(|end| end != "json") {
        return None;
    }
    serde_json::from_slice(&fs::read_start(path, MOST).ok()??).ok()
}

/// The most that is read of a description.
const MOST: u64 = 64 << 20;

/// The set of units that were built together, by its summary; empty if there is none.
#[must_use]
pub(crate) fn set(places: &StorePaths, summary: &str) -> StoredSet {
    let bytes = fs::read_start(&places.set(summary), MOST).ok().flatten();
    let set = bytes.and_then(|bytes| serde_json::from_slice::<StoredSet>(&bytes).ok());
    let mut set = set.unwrap_or_default();
    set.keys.sort();
    set
}

/// Whether what a unit's script watched is here what it was there; when the newest of it was last modified, in
/// nanoseconds since 1970.
///
/// # Errors
///
/// The difference, for a person.
pub(crate) fn watched(unit: &StoredUnit, hashes: &fs::Hashes) -> Result<Option<i64>> {
    let mut newest = None;
    for file in &unit.watched {
        let content = content(&file.path, hashes)?;
        anyhow::ensure!(
            content.hash == file.hash,
            "its build script has read `{}`, which differs here",
            file.path.display()
        );
        newest = newest.max(content.modified);
    }
    let nanoseconds = |time: Timestamp| i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX);
    Ok(newest.map(nanoseconds))
}

/// The content at a path.
#[derive(Default)]
pub(crate) struct Content {
    /// `None` if there is nothing.
    pub(super) hash: Option<String>,
    /// When the newest of it was last modified.
    pub(super) modified: Option<Timestamp>,
    /// When anything of it last came to be as it is: a file that was put in its place may be older.
    pub(super) changed: Option<Timestamp>,
}

impl Content {
    fn note(&mut self, path: &Path) {
        if let Some(state) = fs::state(path) {
            self.modified = self.modified.max(state.modified);
            self.changed = self.changed.max(state.modified).max(state.changed);
        }
    }
}

/// The content at a path, by hash.
pub(crate) fn content(path: &Path, hashes: &fs::Hashes) -> Result<Content> {
    let mut content = Content::default();
    let Some(info) = fs::info(path)? else {
        return Ok(content);
    };
    let real = match info.is_symlink {
        true => fs::canonical(path)?,
        false => path.to_owned(),
    };
    content.note(&real);
    if !fs::is_folder(&real) {
        content.hash = Some(hashes.of(&real)?);
        return Ok(content);
    }
    let mut inside = fs::everything_in(&real, FOLDER).with_context(|| {
        format!(
            "its build script has read `{}`, which contains too many files",
            path.display()
        )
    })?;
    inside.sort();
    let mut all = blake3::Hasher::new();
    for file in inside {
        content.note(&file);
        let name = file.strip_prefix(&real).unwrap_or(&file);
        all.update(name.as_os_str().as_encoded_bytes())
            .update(b"\0");
        let Some(info) = fs::info(&file)? else {
            continue;
        };
        if info.is_symlink {
            let to = fs::link_target(&file);
            all.update(to.as_os_str().as_encoded_bytes());
        }
        let behind = fs::state(&file).is_some() && !fs::is_folder(&file);
        if info.is_file || (info.is_symlink && behind) {
            let real = fs::canonical(&file)?;
            anyhow::ensure!(
                !fs::is_folder(&real),
                "its build script has read `{}`, which contains links to folders",
                path.display()
            );
            all.update(hashes.of(&real)?.as_bytes());
        }
    }
    content.hash = Some(all.finalize().to_hex().to_string());
    Ok(content)
}

/// How many files a folder may have that a script has looked at.
const FOLDER: usize = 5000;
