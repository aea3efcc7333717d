//! Where every workspace builds afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cargo::config_chain;
use crate::cargo::model::{ConfigFile, Dirs, SetBy};
use crate::clean::stale::AllDirs;
use crate::plan::action::Warning;
use crate::plan::kept::KeptReason;
use crate::setup::model::WriteConfig;
use crate::survey::model::{CargoAnswer, Survey, Workspace};

/// Where every workspace builds once everything is written.
pub(crate) fn dirs(
    survey: &Survey,
    configs: &BTreeMap<PathBuf, ConfigFile>,
    writes: &[WriteConfig],
) -> AllDirs {
    let written = writes.iter().map(|write| write.edit.file.as_path());
    let written: BTreeSet<&Path> = written.collect();
    let resolve = |workspace: &Workspace| {
        let dirs = config_chain::resolve(&workspace.root, configs, &survey.surroundings);
        let decided_by_us = |set_by: &SetBy| matches!(set_by, SetBy::Config(file) if written.contains(file.as_path()));
        let mut after = workspace.dirs.clone();
        // By what is written, or by what it takes out.
        let decided = |now: &SetBy, then: &SetBy| decided_by_us(now) || decided_by_us(then);
        if decided(&dirs.target_set_by, &after.target_set_by) {
            (after.target_dir, after.target_set_by) = (dirs.target_dir, dirs.target_set_by);
        }
        match workspace.cargo {
            CargoAnswer::Said {
                knows_build_dir: true,
                ..
            } => {
                if decided(&dirs.build_set_by, &after.build_set_by) {
                    (after.build_dir, after.build_set_by) = (dirs.build_dir, dirs.build_set_by);
                }
            }
            // Cargo was not asked, but the configuration says it already.
            CargoAnswer::NotAsked if workspace.dirs.build_dir != workspace.dirs.target_dir => {}
            _ => {
                (after.build_dir, after.build_set_by) =
                    (after.target_dir.clone(), after.target_set_by.clone());
            }
        }
        after
    };
    survey.workspaces.iter().map(resolve).collect()
}

/// The hazard that this program exists for: several worktrees of one family in one folder.
pub(crate) fn shared_by_worktrees(survey: &Survey, after: &AllDirs) -> Vec<Warning> {
    let mut users: BTreeMap<(&Path, &Path, &Path), Vec<PathBuf>> = BTreeMap::new();
    for (workspace, dirs) in survey.workspaces.iter().zip(after) {
        if let Some(place) = &workspace.place {
            let key = (
                dirs.build_dir.as_path(),
                place.common_dir.as_path(),
                place.path.as_path(),
            );
            users.entry(key).or_default().push(workspace.root.clone());
        }
    }
    users
        .into_iter()
        .filter(|(_, workspaces)| workspaces.len() > 1)
        .map(|((folder, ..), workspaces)| Warning::SharedByWorktrees {
            folder: folder.to_owned(),
            workspaces,
        })
        .collect()
}

/// How many workspaces that were built have to build everything again.
pub(crate) fn cold_starts(
    survey: &Survey,
    after: &AllDirs,
    warm: impl Fn(&Workspace) -> bool,
) -> usize {
    let moves = |(workspace, dirs): &(&Workspace, &Dirs)| {
        workspace.built && workspace.dirs.build_dir != dirs.build_dir && !warm(workspace)
    };
    survey.workspaces.iter().zip(after).filter(moves).count()
}

/// Why a workspace stays as it is, if one configuration above serves them all: whether it reaches this one.
pub(crate) fn served(
    workspace: &Workspace,
    reason: KeptReason,
    above: Option<&PathBuf>,
    survey: &Survey,
    after: &AllDirs,
) -> KeptReason {
    let (KeptReason::InPlaceAsked, Some(file)) = (&reason, above) else {
        return reason;
    };
    let file = file.clone();
    let at = survey
        .workspaces
        .iter()
        .position(|other| other.root == workspace.root);
    let dirs = at.and_then(|at| after.get(at));
    if dirs.is_some_and(|dirs| dirs.build_set_by == SetBy::Config(file.clone())) {
        KeptReason::ServedAbove { file }
    } else {
        KeptReason::NotServed { file }
    }
}
