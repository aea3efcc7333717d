//! What lies in the cache of scripts.

use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

use super::script::entry;
use crate::fs;
use crate::model::{Identity, KeptPackage, KeptProgram, OwnTarget, ScriptCache};
use crate::progress::Progress;
use crate::script::package;
use crate::script::places::{LAST_RUN, Places};

/// Looks at the cache of scripts. Without `measure` the target folder is not walked: only what lies beside it has a size.
#[must_use]
pub fn look(places: &Places, measure: bool, progress: &Progress) -> ScriptCache {
    let mut programs: Vec<KeptProgram> = folders(&places.bins())
        .into_iter()
        .map(|(path, identity)| program(path, identity, progress))
        .collect();
    programs.sort_by(|one, other| (other.last_run, &one.path).cmp(&(one.last_run, &other.path)));
    let packages: Vec<KeptPackage> = folders(&places.packages())
        .into_iter()
        .map(|(path, identity)| package(path, identity, progress))
        .collect();
    let target = (measure && fs::is_folder(&places.target()))
        .then(|| fs::usage(&places.target(), progress).on_disk);
    let of_programs = programs.iter().map(|program| program.on_disk);
    let of_packages = packages.iter().map(|package| package.on_disk);
    ScriptCache {
        root: places.root().to_owned(),
        on_disk: of_programs.chain(of_packages).chain(target).sum(),
        programs,
        packages,
        target,
    }
}

fn folders(folder: &Path) -> Vec<(PathBuf, Identity)> {
    let names = fs::names(folder).unwrap_or_default();
    let found = names.into_iter().filter_map(|name| {
        let path = folder.join(name);
        let info = fs::info(&path).ok().flatten()?;
        info.is_dir.then_some((path, info.identity))
    });
    found.collect()
}

fn program(path: PathBuf, identity: Identity, progress: &Progress) -> KeptProgram {
    let entry = entry(&path);
    let script = entry.as_ref().map(|entry| entry.script.clone());
    KeptProgram {
        script_exists: script.as_deref().is_some_and(fs::exists),
        made: entry.map(|entry| entry.made),
        // What a build that was killed left has none, and is as old as its folder.
        last_run: modified(&path.join(LAST_RUN)).or_else(|| modified(&path)),
        on_disk: fs::usage(&path, progress).on_disk,
        script,
        identity,
        path,
    }
}

fn package(path: PathBuf, identity: Identity, progress: &Progress) -> KeptPackage {
    let manifest = fs::read(&path.join("Cargo.toml"))
        .ok()
        .flatten()
        .unwrap_or_default();
    let manifest: Option<DocumentMut> = String::from_utf8_lossy(&manifest).parse().ok();
    let own_target = path.join("target");
    let own = fs::info(&own_target).ok().flatten();
    KeptPackage {
        script: manifest.as_ref().and_then(package::script),
        last_build: modified(&path.join(package::LOCK)).or_else(|| modified(&path)),
        on_disk: fs::usage(&path, progress).on_disk,
        own_target: own.filter(|info| info.is_dir).map(|info| OwnTarget {
            on_disk: fs::usage(&own_target, progress).on_disk,
            path: own_target,
            identity: info.identity,
        }),
        identity,
        path,
    }
}

fn modified(path: &Path) -> Option<jiff::Timestamp> {
    fs::info(path).ok()??.modified
}
