//! Decides which files go back to what they were.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::cargo::model::{Dirs, SetBy};
use crate::cargo::{config_chain, config_edit, toml_read, wrapper_script};
use crate::clean::deletable::obstacle;
use crate::clean::stale;
use crate::clean::stale::AllDirs;
use crate::plan::action::{Change, EditFile, Plan};
use crate::plan::kept::{DeleteReason, Kept, KeptReason, Subject};
use crate::setup::decide::SetupOptions;
use crate::setup::decide::moving::to_new_place;
use crate::setup::model::Restore;
use crate::survey::folder::{Owner, TargetFolder, owner_file};
use crate::survey::journal::{Journal, Undo};
use crate::survey::model::{Survey, Workspace};
use crate::warm::moving::MoveFolder;

/// A file in the record, as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) file: PathBuf,
    /// Its bytes; `None` if it does not exist.
    pub(crate) bytes: Option<Vec<u8>>,
    /// The folder that its `.cargo` or `info` lies in exists.
    pub(crate) place_exists: bool,
    /// The exclude file that hides it from git, if it is in a worktree.
    pub(crate) exclude: Option<PathBuf>,
    /// Of a script: the configurations beside it, as they are now.
    pub(crate) beside: Vec<(PathBuf, Option<Vec<u8>>)>,
}

/// Where every workspace builds once everything is put back.
pub(crate) fn dirs(survey: &Survey, plan: &Plan) -> AllDirs {
    let mut configs = survey.configs.clone();
    let mut restored: BTreeSet<&Path> = BTreeSet::new();
    for Restore { edit, .. } in plan.all::<Restore>() {
        let Some(config) = configs.get_mut(&edit.file) else {
            continue;
        };
        let text = toml_read::utf8(edit.after.as_deref().unwrap_or_default());
        // One that was broken before is so again, and Cargo builds nowhere.
        if let Ok(keys) = text.and_then(config_edit::keys) {
            (config.keys, config.bytes) = (keys, edit.after.clone());
            restored.insert(&edit.file);
        }
    }
    let by_restored =
        |set_by: &SetBy| matches!(set_by, SetBy::Config(file) if restored.contains(file.as_path()));
    let of = |workspace: &Workspace| {
        let dirs = &workspace.dirs;
        match by_restored(&dirs.target_set_by) || by_restored(&dirs.build_set_by) {
            true => config_chain::resolve(&workspace.root, &configs, &survey.surroundings),
            false => dirs.clone(),
        }
    };
    survey.workspaces.iter().map(of).collect()
}

/// The owner files of folders that were never built and that no workspace builds into afterwards. `None` if the shared root
/// is still of use: a workspace builds into it, or an owner file is about one that is not put back.
pub(crate) fn left_without_use(
    survey: &Survey,
    plan: &Plan,
    exists: fn(&Path) -> bool,
) -> Option<Vec<PathBuf>> {
    let root = &survey.shared_root.path;
    let after = dirs(survey, plan);
    let leads_in = |dirs: &Dirs| {
        [&dirs.target_dir, &dirs.build_dir]
            .iter()
            .any(|dir| dir.starts_with(root))
    };
    if after.iter().any(leads_in) {
        return None;
    }
    let moved: BTreeSet<&Path> = plan
        .all::<MoveFolder>()
        .map(|one| one.from.as_path())
        .collect();
    let is_put_back = |owner: &Owner| {
        let mut workspaces = survey.workspaces.iter();
        workspaces.any(|workspace| workspace.root == owner.workspace)
    };
    let left = survey
        .notes
        .iter()
        .filter(|(folder, _)| !moved.contains(folder.as_path()));
    left.map(|(folder, owner)| (is_put_back(owner) && !exists(folder)).then(|| owner_file(folder)))
        .collect()
}

/// The folders that go back to where their workspaces build then, and why others stay.
pub(crate) fn moves(
    survey: &Survey,
    plan: &Plan,
    options: &SetupOptions,
) -> (Vec<MoveFolder>, Vec<Kept>) {
    let after = dirs(survey, plan);
    // Of others git was not asked whether it tracks something in them.
    let ours = |folder: &&TargetFolder| folder.path.starts_with(&survey.shared_root.path);
    let (mut moves, mut left) = (Vec::new(), Vec::new());
    for folder in survey.folders.iter().filter(ours) {
        if let Some(one) = to_new_place(folder, survey, &after, options) {
            moves.push(one);
            continue;
        }
        let mut all = survey.workspaces.iter().zip(&after);
        let led_away = all.find(|(workspace, dirs)| {
            workspace.dirs.build_dir == folder.path && dirs.build_dir != folder.path
        });
        if let Some((_, dirs)) = led_away {
            let stays = after
                .iter()
                .flat_map(|dirs| [dirs.target_dir.as_path(), dirs.build_dir.as_path()]);
            let reason = obstacle(folder, survey, stays, &[]);
            let to = dirs.build_dir.clone();
            left.push(stale::kept(
                folder,
                reason.unwrap_or(KeptReason::NotMoved { to }),
            ));
        }
    }
    (moves, left)
}

/// The folders in the shared root that no build will use once everything is put back, and that go nowhere: those of
/// removed worktrees.
pub(crate) fn stay_behind(survey: &Survey, plan: &Plan, moves: &[MoveFolder]) -> Vec<PathBuf> {
    let after = dirs(survey, plan);
    let stays = |folder: &&TargetFolder| {
        let is_ours = folder.path.starts_with(&survey.shared_root.path);
        let mut moves = moves.iter();
        is_ours
            && moves.all(|one| one.from != folder.path)
            && matches!(
                stale::stale(folder, survey, &after),
                Ok(DeleteReason::OwnerGone { .. })
            )
    };
    let folders = survey.folders.iter().filter(stays);
    folders.map(|folder| folder.path.clone()).collect()
}

/// Whether a workspace has no target folder, neither now nor once these have moved: what it had was deleted.
pub(crate) fn leaves_without(survey: &Survey, plan: &Plan, moves: &[MoveFolder]) -> bool {
    let after = dirs(survey, plan);
    let mut all = survey.workspaces.iter().zip(&after);
    all.any(|(workspace, dirs)| {
        let is_there = |path: &Path| survey.folders.iter().any(|folder| folder.path == path);
        let arrives = moves.iter().any(|one| one.to == dirs.build_dir);
        workspace.dirs.build_dir != dirs.build_dir && !is_there(&dirs.build_dir) && !arrives
    })
}

/// Decides for each file in the record whether it goes back.
#[must_use]
pub(crate) fn undo(journal: &Journal, files: Vec<Recorded>) -> Plan {
    let mut plan = Plan::default();
    let mut decided: Vec<(Recorded, Undo)> = files
        .into_iter()
        .map(|recorded| {
            let undo = journal.undo(&recorded.file, recorded.bytes.as_deref());
            (recorded, undo)
        })
        .collect();
    let by_hand = |(_, undo): &&(Recorded, Undo)| *undo == Undo::ChangedByHand;
    let needed: Vec<PathBuf> = decided
        .iter()
        .filter(by_hand)
        .filter_map(|(recorded, _)| recorded.exclude.clone())
        .collect();
    // Git goes on ignoring our files until they are gone.
    let excludes: Vec<PathBuf> = decided
        .iter()
        .filter_map(|(recorded, _)| recorded.exclude.clone())
        .collect();
    // And no configuration names a script that is gone.
    decided.sort_by_key(|(recorded, _)| {
        let file = &recorded.file;
        (
            excludes.contains(file),
            file.ends_with(wrapper_script::NAME),
        )
    });
    let mut restored: HashMap<PathBuf, Option<Vec<u8>>> = HashMap::new();
    for (
        Recorded {
            file,
            bytes,
            place_exists,
            beside,
            ..
        },
        undo,
    ) in decided
    {
        let still_named = || {
            let mut texts = beside
                .iter()
                .map(|(config, now)| restored.get(config).unwrap_or(now));
            texts.any(|text| wrapper_script::is_named_in(text.as_deref()))
        };
        let reason = match undo {
            Undo::Restore { to: None, .. } if still_named() => KeptReason::StillNamed,
            _ if !place_exists => KeptReason::WorktreeGone,
            Undo::AsItWas => KeptReason::AsItWas,
            Undo::ChangedByHand => KeptReason::ChangedByHand,
            Undo::Restore { .. } if needed.contains(&file) => KeptReason::StillNeeded,
            Undo::Restore { to, remove_folder } => {
                let change = if to.is_some() {
                    Change::Edit
                } else {
                    Change::Remove
                };
                restored.insert(file.clone(), to.clone());
                let edit = EditFile {
                    file,
                    before: bytes,
                    after: to,
                    change,
                };
                plan.add(Restore {
                    remove_above: journal.made_folders(&edit.file).unwrap_or_default(),
                    edit,
                    remove_folder,
                });
                continue;
            }
        };
        plan.kept.push(Kept {
            subject: Subject::File,
            path: file,
            reason,
            on_disk: None,
            last_build: None,
        });
    }
    plan
}
