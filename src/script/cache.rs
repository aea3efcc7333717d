//! Reads the content of the script cache.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use toml_edit::DocumentMut;

use crate::fs;
use crate::fs::model::Identity;
use crate::progress::Progress;
use crate::script::model::{CacheFolder, KeptPackage, KeptProgram, ScriptCache, ScriptShare};
use crate::script::paths::{LAST_RUN, ScriptCachePaths};
use crate::script::request::entry;
use crate::script::shares::Compiled;
use crate::script::{package, shares};

/// Looks at the cache of scripts. A folder that is not ours has nothing of it.
#[must_use]
pub(crate) fn look(places: &ScriptCachePaths, now: Timestamp, progress: &Progress) -> ScriptCache {
    if !fs::exists(&places.mark()) {
        return ScriptCache {
            root: places.root().to_owned(),
            ..ScriptCache::default()
        };
    }
    let mut programs: Vec<KeptProgram> = folders(&places.bins(), ScriptCachePaths::is_key, now)
        .into_iter()
        .map(|(path, identity)| program(path, identity, progress))
        .collect();
    programs.sort_by(|one, other| (other.last_run, &one.path).cmp(&(one.last_run, &other.path)));
    let packages: Vec<KeptPackage> = folders(&places.packages(), ScriptCachePaths::is_package, now)
        .into_iter()
        .filter_map(|(path, identity)| package(path, identity, progress))
        .collect();
    let part = |path: PathBuf| {
        let info = fs::info(&path).ok().flatten().filter(|info| info.is_dir)?;
        let usage = fs::usage(&path, progress);
        Some(CacheFolder {
            on_disk: usage.on_disk,
            identity: info.identity,
            seen: usage.seen,
            path,
        })
    };
    let target = part(places.target()).map(|target| target.on_disk);
    let compilers = part(places.compilers());
    let of_programs = programs.iter().map(|program| program.on_disk);
    let of_packages = packages.iter().map(|package| package.on_disk);
    ScriptCache {
        root: places.root().to_owned(),
        on_disk: of_programs
            .chain(of_packages)
            .chain(target)
            .chain(compilers.as_ref().map(|compilers| compilers.on_disk))
            .sum(),
        programs,
        packages,
        target,
        compilers,
    }
}

/// Our folders in one folder of the cache, unless that is a link. A killed run's leftovers count a day later: until
/// then a run may still be at work on them.
fn folders(folder: &Path, is_ours: fn(&str) -> bool, now: Timestamp) -> Vec<(PathBuf, Identity)> {
    let names = match fs::is_folder(folder) {
        true => fs::names(folder).unwrap_or_default(),
        false => Vec::new(),
    };
    let found = names.into_iter().filter_map(|name| {
        let path = folder.join(&name);
        let info = fs::info(&path).ok().flatten()?;
        let is_old = || info.modified.is_some_and(|at| now.duration_since(at) > DAY);
        let ours = is_ours(&name) || (ScriptCachePaths::is_left(&name) && is_old());
        (info.is_dir && ours).then_some((path, info.identity))
    });
    found.collect()
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn program(path: PathBuf, identity: Identity, progress: &Progress) -> KeptProgram {
    let entry = entry(&path);
    let script = entry.as_ref().map(|entry| entry.script.clone());
    let usage = fs::usage(&path, progress);
    KeptProgram {
        script_exists: script.as_deref().is_some_and(fs::exists),
        made: entry.map(|entry| entry.made),
        // The leftover of a killed build has no last run, and is as old as its folder.
        last_run: modified(&path.join(LAST_RUN)).or_else(|| modified(&path)),
        on_disk: usage.on_disk,
        seen: usage.seen,
        script,
        identity,
        path,
    }
}

/// A package that was made for a script; nothing if it was made for something else.
fn package(path: PathBuf, identity: Identity, progress: &Progress) -> Option<KeptPackage> {
    let manifest = fs::read(&path.join("Cargo.toml")).ok()?;
    let text = manifest.as_deref().map(String::from_utf8_lossy);
    let read: Option<DocumentMut> = text.and_then(|text| text.parse().ok());
    let script = read.as_ref().and_then(package::script);
    // Without one it never came so far.
    if script.is_none() && manifest.is_some() {
        return None;
    }
    let own_target = path.join("target");
    let own = fs::info(&own_target).ok().flatten();
    let own = own.filter(|info| info.is_dir).map(|info| {
        let usage = fs::usage(&own_target, progress);
        CacheFolder {
            on_disk: usage.on_disk,
            path: own_target,
            identity: info.identity,
            seen: usage.seen,
        }
    });
    let usage = fs::usage(&path, progress);
    Some(KeptPackage {
        script,
        last_build: modified(&path.join(package::LOCK)).or_else(|| modified(&path)),
        on_disk: usage.on_disk,
        seen: usage.seen,
        own_target: own,
        identity,
        path,
    })
}

/// Each script's part of the cache.
#[must_use]
pub(crate) fn shares(
    cache: &ScriptCache,
    places: &ScriptCachePaths,
    progress: &Progress,
) -> Vec<ScriptShare> {
    let mut compiled = Compiled::default();
    if fs::is_folder(&places.target()) {
        compiled_in(&places.target(), TRIPLE, &mut compiled, progress);
    }
    let locked = |package: &Path| {
        let lock = fs::read(&package.join("Cargo.lock")).ok().flatten();
        shares::locked(&String::from_utf8_lossy(&lock.unwrap_or_default()))
    };
    shares::shares(cache, &compiled, &locked)
}

/// Profiles lie in the target folder, or a folder deeper, in that of a platform.
const TRIPLE: usize = 1;

/// Counts what is in the folders of a profile, or in those of all profiles below.
fn compiled_in(folder: &Path, deep: usize, compiled: &mut Compiled, progress: &Progress) {
    for name in fs::names(folder).unwrap_or_default() {
        let path = folder.join(&name);
        let is_own = fs::info(&path)
            .ok()
            .flatten()
            .is_some_and(|info| info.is_dir);
        if !is_own {
            continue;
        }
        let parts = ["deps", ".fingerprint", "build"].map(|part| path.join(part));
        let parts: Vec<_> = parts.iter().filter(|part| fs::is_folder(part)).collect();
        if parts.is_empty() && deep > 0 {
            compiled_in(&path, deep - 1, compiled, progress);
        }
        for part in parts {
            for entry in fs::names(part).unwrap_or_default() {
                compiled.add(&entry, fs::usage(&part.join(&entry), progress).on_disk);
            }
        }
    }
}

fn modified(path: &Path) -> Option<Timestamp> {
    fs::info(path).ok()??.modified
}
