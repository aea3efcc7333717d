//! Finds every target folder: those in use, and those left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cargo::model::SetBy;
use crate::cargo::{config_chain, config_edit};
use crate::fs::model::{Identity, Tag};
use crate::markers::{CARGO_FOLDER, SHARED_ROOT_MARK};
use crate::progress::Progress;
use crate::survey::assign_users;
use crate::survey::folder::{FolderOrigin, Marks, TargetFolder};
use crate::survey::journal::{Journal, RecordedContent};
use crate::survey::model::{Survey, Workspace};
use crate::survey::workspaces;
use crate::{fs, markers};

/// Collects the folders, each once, with the first reason for which it is known; and the folders that they lie
/// in, also of those that are gone: their trash may be there.
pub(super) fn find(
    survey: &Survey,
    members: &[(PathBuf, PathBuf)],
    caches: &BTreeSet<PathBuf>,
    owned: Vec<(PathBuf, FolderOrigin)>,
    journal: &Journal,
) -> (Vec<TargetFolder>, BTreeSet<PathBuf>) {
    let mut known: BTreeMap<PathBuf, FolderOrigin> = owned.into_iter().collect();
    // Where the default place is a link, the link itself is what counts, so it is not resolved.
    for workspace in &survey.workspaces {
        let default = FolderOrigin::Default {
            workspace: workspace.root.clone(),
        };
        known
            .entry(workspace.root.join("target"))
            .or_insert(default);
    }
    let configured = |member: &Path| {
        let cargo_folder = member.join(CARGO_FOLDER);
        config_chain::CONFIG_NAMES
            .iter()
            .any(|name| fs::exists(&cargo_folder.join(name)))
    };
    // Cargo reads the configuration of the folder that it runs in, so a member may build where it likes.
    for (member, workspace) in members.iter().filter(|(member, _)| !configured(member)) {
        let leftover = FolderOrigin::Member {
            workspace: workspace.clone(),
        };
        known.entry(member.join("target")).or_insert(leftover);
    }
    let mut add = |path: PathBuf, reason: FolderOrigin| {
        known
            .entry(fs::canonical_as_far_as_it_exists(&path))
            .or_insert(reason);
    };
    for workspace in &survey.workspaces {
        let config = || FolderOrigin::Config {
            file: workspace.config.clone(),
        };
        add(workspace.dirs.target_dir.clone(), config());
        add(workspace.dirs.build_dir.clone(), config());
        for (path, file) in named_by_configs(survey, &workspace.root) {
            add(path, FolderOrigin::Config { file });
        }
    }
    for (path, file) in named_by_journal(survey, journal) {
        add(path, FolderOrigin::Journal { file });
    }
    for path in caches {
        add(path.clone(), FolderOrigin::Found);
    }
    let shared_root = &survey.shared_root.path;
    let parents = known.keys().filter_map(|path| path.parent());
    let holders = parents.map(Path::to_owned).collect();
    let folders = known
        .into_iter()
        .filter(|(path, known)| {
            let there = matches!(fs::info(path), Ok(Some(info)) if info.is_dir || info.is_symlink);
            let is_shared_root = path == shared_root && fs::exists(&path.join(SHARED_ROOT_MARK));
            there
                && !is_shared_root
                && (*known != FolderOrigin::Found || markers::read(&fs::shape(path)).cargo)
        })
        .map(|(path, known)| TargetFolder {
            path,
            users: Vec::new(),
            known,
            marks: Marks::default(),
            usage: None,
            last_build: None,
        })
        .collect();
    (folders, holders)
}

/// Every target folder that a configuration for this workspace names, also where a nearer one hides it.
fn named_by_configs(survey: &Survey, workspace: &Path) -> Vec<(PathBuf, PathBuf)> {
    let folders = workspace
        .ancestors()
        .map(|above| (above.join(CARGO_FOLDER), above.to_owned()));
    let mut named = Vec::new();
    for (folder, base) in folders {
        for name in config_chain::CONFIG_NAMES {
            let Some(file) = survey.configs.get(&folder.join(name)) else {
                continue;
            };
            let values = [&file.keys.target_dir, &file.keys.build_dir];
            named.extend(values.into_iter().flatten().map(|value| {
                let expanded = config_chain::expand(value, workspace, &survey.surroundings);
                (base.join(expanded), file.path.clone())
            }));
        }
    }
    named
}

/// Every target folder that a configuration named before or after one of our changes.
fn named_by_journal(survey: &Survey, journal: &Journal) -> Vec<(PathBuf, PathBuf)> {
    let mut named = Vec::new();
    for entry in &journal.entries {
        let contents = [&entry.before, &entry.after].into_iter().flatten();
        let texts = contents.filter_map(|content| match content {
            RecordedContent::Text(text) => Some(text),
            RecordedContent::Bytes(_) => None,
        });
        let Some(base) = entry.file.parent().and_then(Path::parent) else {
            continue;
        };
        let mut workspaces = survey.workspaces.iter();
        let Some(workspace) = workspaces.find(|workspace| workspace.config == entry.file) else {
            continue;
        };
        for keys in texts.filter_map(|text| config_edit::keys(text).ok()) {
            let values = [keys.target_dir, keys.build_dir];
            named.extend(values.into_iter().flatten().map(|value| {
                let root = &workspace.root;
                let expanded = config_chain::expand(&value, root, &survey.surroundings);
                (base.join(expanded), entry.file.clone())
            }));
        }
    }
    named
}

/// Looks at the top of each folder, and whether a build is running in it.
pub(super) fn look(survey: &mut Survey, to_act: bool) {
    assign_users(&mut survey.folders, &survey.workspaces);
    let uses = if to_act {
        fs::Uses::now()
    } else {
        fs::Uses::default()
    };
    survey.folders.par_iter_mut().for_each(|folder| {
        let info = fs::info(&folder.path).ok().flatten();
        folder.marks.symlink = info.is_some_and(|info| info.is_symlink);
        folder.marks.identity = info.map_or(Identity::default(), |info| info.identity);
        if folder.marks.symlink {
            return;
        }
        let reading = markers::read(&fs::shape(&folder.path));
        folder.marks.tag = fs::tag(&folder.path);
        folder.marks.cargo = reading.cargo;
        folder.marks.foreign = reading.foreign;
        folder.marks.profiles = reading.profiles;
        folder.last_build = fs::newest_of_profiles(&folder.path, &folder.marks.profiles);
        if to_act {
            let locked = fs::lock_all(&folder.path, &folder.marks.profiles).err();
            folder.marks.busy = locked.or_else(|| uses.of(&folder.path));
        }
    });
}

/// A workspace with a target folder of its own was built, and its family is used.
pub(super) fn note_built(survey: &mut Survey) {
    for workspace in &mut survey.workspaces {
        // A folder that is there for another purpose is no build: of fixtures, git may track one.
        let used = |folder: &&TargetFolder| folder.marks.tag == Tag::Valid || folder.marks.cargo;
        let own = |folder: &&TargetFolder| match &folder.known {
            FolderOrigin::Default { workspace: of } => *of == workspace.root,
            FolderOrigin::Owner { owner, .. } => owner.workspace == workspace.root,
            _ => folder.users.contains(&workspace.root) && folder.users.len() == 1,
        };
        let mut folders = survey.folders.iter().filter(used);
        workspace.built |= folders.any(|folder| own(&folder));
    }
    let says_so = |workspace: &Workspace| match &workspace.dirs.target_set_by {
        SetBy::Config(file) => *file == workspace.config,
        _ => false,
    };
    let used = survey.workspaces.iter();
    let used = used.filter(|workspace| workspace.built || says_so(workspace));
    let used: BTreeSet<_> = used.map(workspaces::family).collect();
    for workspace in &mut survey.workspaces {
        workspace.used = used.contains(&workspaces::family(workspace));
    }
}

/// Measures the folders.
pub(super) fn measure(survey: &mut Survey, sizes: bool, progress: &Progress) {
    if !sizes {
        return;
    }
    survey
        .folders
        .par_iter_mut()
        .filter(|folder| !folder.marks.symlink)
        .for_each(|folder| {
            let usage = fs::usage(&folder.path, progress);
            folder.last_build = folder.last_build.max(usage.newest);
            folder.usage = Some(usage);
        });
}
