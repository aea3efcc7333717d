//! Repositories whose tests or build scripts run Cargo in the target folder.
//!
//! Cargo reads the configurations of all folders above. A shared root that lies in a worktree has the configuration of that
//! one above all target folders in it: a project that a test makes in `CARGO_TARGET_TMPDIR`, or a build script in its `OUT_DIR`,
//! would build into that worktree's folder. It would get another worktree's code, or wait for ever for a folder that its own
//! build holds. Found by experiment with Cargo 1.95.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use memchr::memmem;
use rayon::prelude::*;

use crate::survey::folder::TargetFolder;
use crate::survey::model::{Survey, worktree_of};
use crate::survey::workspaces::family;
use crate::{fs, git};

/// So many target folders of a family are looked into, those that were built last.
const LOOKED_INTO: usize = 8;

/// The most that is read of a list of sources.
const MOST: u64 = 1 << 20;

/// How deep projects lie in the folders that Cargo gives to tests and build scripts.
const DEEP: usize = 3;

/// A test asks for the folder that Cargo gives it by this name.
const FOR_TESTS: &str = "CARGO_TARGET_TMPDIR";

/// The texts with which a build script that runs Cargo names it.
const CARGO: [&str; 2] = ["\"CARGO\"", "\"cargo\""];

/// The line that rustc writes into the dep-info of a test that asks for the folder which Cargo gives it.
const TMPDIR: &[u8] = b"env-dep:CARGO_TARGET_TMPDIR";

/// Notes for the workspaces of each family what in their target folders says that Cargo is run in these. With `new_only`, not for
/// families that have folders in the shared root already: another worktree follows them, and is to be set up quickly.
pub(super) fn look(survey: &mut Survey, new_only: bool) {
    let root = &survey.shared_root.path;
    if worktree_of(root, &survey.repositories).is_none() {
        return;
    }
    let mut families: BTreeMap<(PathBuf, PathBuf), Vec<&TargetFolder>> = BTreeMap::new();
    for workspace in &survey.workspaces {
        let users = |folder: &&TargetFolder| folder.users.contains(&workspace.root);
        let folders = survey.folders.iter().filter(users);
        families
            .entry(family(workspace))
            .or_default()
            .extend(folders);
    }
    let is_new = |folders: &[&TargetFolder]| folders.iter().all(|one| !one.path.starts_with(root));
    families.retain(|_, folders| !new_only || is_new(folders));
    let found: BTreeMap<(PathBuf, PathBuf), PathBuf> = families
        .into_par_iter()
        .filter_map(|(family, mut folders)| {
            folders.sort_by_key(|folder| std::cmp::Reverse(folder.last_build));
            let mut newest = folders.into_iter().take(LOOKED_INTO);
            let found = newest.find_map(|folder| sign(&folder.path, &folder.marks.profiles))?;
            Some((family, found))
        })
        .collect();
    let said = if new_only { Vec::new() } else { said(survey) };
    for workspace in &mut survey.workspaces {
        let known = found.get(&family(workspace)).cloned();
        // A file of a workspace inside counts here too, since a build script may run Cargo there.
        let inside = || {
            said.iter()
                .find(|file| file.starts_with(&workspace.root))
                .cloned()
        };
        workspace.cargo_inside = known.or_else(inside);
    }
    spread(survey);
}

/// The sources that say so, of one worktree of each repository that has others, and of all that have none.
fn said(survey: &Survey) -> Vec<PathBuf> {
    let has_workspace = |top: &Path| {
        survey
            .workspaces
            .iter()
            .any(|one| one.root.starts_with(top))
    };
    let tops: Vec<&Path> = survey
        .repositories
        .iter()
        .filter(|repository| repository.doubt.is_none())
        .filter_map(|repository| {
            let present = repository.worktrees.iter().filter(|one| one.present);
            let main = present.clone().find(|one| one.main);
            main.or_else(|| present.clone().next())
        })
        .map(|worktree| worktree.path.as_path())
        .filter(|top| fs::exists(&top.join(".git")) && has_workspace(top))
        .collect();
    let texts = [FOR_TESTS, CARGO[0], CARGO[1]];
    let found = tops
        .into_par_iter()
        .flat_map_iter(|top| git::holding(top, &texts, "*.rs").unwrap_or_default());
    let says_so = |(file, text): &(PathBuf, String)| {
        let is_script = file.file_name().is_some_and(|name| name == "build.rs");
        (text == FOR_TESTS || is_script) && !is_vendored(file)
    };
    found.filter(says_so).map(|(file, _)| file).collect()
}

/// Whether a source came by `cargo vendor`: what its package's tests do, no build here asks for.
fn is_vendored(file: &Path) -> bool {
    let mut above = file.ancestors().skip(1).take(4);
    above.any(|folder| fs::exists(&folder.join(".cargo-checksum.json")))
}

/// The workspaces of a family are alike, whichever worktree tells.
fn spread(survey: &mut Survey) {
    let told: BTreeMap<(PathBuf, PathBuf), PathBuf> = survey
        .workspaces
        .iter()
        .filter_map(|one| Some((family(one), one.cargo_inside.clone()?)))
        .collect();
    for workspace in &mut survey.workspaces {
        workspace.cargo_inside = told.get(&family(workspace)).cloned();
    }
}

/// A file by which Cargo is run in a target folder: a manifest where tests and build scripts make theirs, or the list of sources
/// of a test that asks for its folder.
fn sign(target: &Path, profiles: &[PathBuf]) -> Option<PathBuf> {
    if let Some(found) = manifest(&target.join("tmp"), DEEP) {
        return Some(found);
    }
    profiles.iter().find_map(|profile| {
        let profile = target.join(profile);
        let runs = folders(&profile.join("build"));
        // In the new layout the runs lie one deeper, and so do the lists of sources.
        let runs: Vec<PathBuf> = runs
            .into_iter()
            .flat_map(|run| match fs::is_folder(&run.join("out")) {
                true => vec![run],
                false => folders(&run),
            })
            .map(|run| run.join("out"))
            .collect();
        let lists = || runs.iter().chain(std::iter::once(&profile)).cloned();
        let asks = |folder: PathBuf| {
            let deps = folder.join("deps");
            let folder = if fs::is_folder(&deps) { deps } else { folder };
            asks_for_folder(&folder)
        };
        let made = runs.iter().find_map(|out| manifest(out, DEEP - 1));
        made.or_else(|| lists().find_map(asks))
    })
}

/// A manifest in a folder, at most so deep.
fn manifest(folder: &Path, deep: usize) -> Option<PathBuf> {
    let own = folder.join("Cargo.toml");
    if fs::exists(&own) {
        return Some(own);
    }
    let inner = (deep > 0).then(|| folders(folder));
    let mut inner = inner.into_iter().flatten();
    inner.find_map(|folder| manifest(&folder, deep - 1))
}

/// The list of sources in a folder by which a test asks for the folder that Cargo gives it.
fn asks_for_folder(folder: &Path) -> Option<PathBuf> {
    let names = fs::names(folder).unwrap_or_default();
    let lists = names.into_iter().map(|name| folder.join(name));
    let mut lists = lists.filter(|path| path.extension().is_some_and(|end| end == "d"));
    lists.find(|list| {
        let text = fs::read_start(list, MOST).ok().flatten();
        text.is_some_and(|text| memmem::find(&text, TMPDIR).is_some())
    })
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let names = fs::names(folder).unwrap_or_default();
    let inner = names.into_iter().map(|name| folder.join(name));
    let is_real = |path: &PathBuf| {
        let info = fs::info(path).ok().flatten();
        info.is_some_and(|info| info.is_dir && !info.is_symlink)
    };
    inner.filter(is_real).collect()
}
