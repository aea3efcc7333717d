//! Folders into which several worktrees of one repository build: Cargo can then run one worktree's code for another's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::survey::model::{Survey, Workspace};

/// A folder into which several worktrees of one repository build.
#[derive(Debug)]
pub(crate) struct SharedPlace<'a> {
    pub(crate) folder: &'a Path,
    /// The workspaces that build into it.
    pub(crate) workspaces: Vec<&'a Workspace>,
    /// The worktrees that these lie in, two at least.
    pub(crate) worktrees: BTreeSet<&'a Path>,
}

/// Returns all such folders. Several workspaces of one worktree in a folder are no danger: each of their packages has a path of
/// its own.
#[must_use]
pub(crate) fn shared_places(survey: &Survey) -> Vec<SharedPlace<'_>> {
    let mut users: BTreeMap<(&Path, &Path), Vec<&Workspace>> = BTreeMap::new();
    for workspace in &survey.workspaces {
        let Some(place) = &workspace.place else {
            continue;
        };
        let dirs = BTreeSet::from([&workspace.dirs.target_dir, &workspace.dirs.build_dir]);
        for dir in dirs {
            users
                .entry((dir.as_path(), place.common_dir.as_path()))
                .or_default()
                .push(workspace);
        }
    }
    let several = users.into_iter().filter_map(|((folder, _), workspaces)| {
        let worktrees: BTreeSet<&Path> = workspaces
            .iter()
            .filter_map(|one| Some(one.place.as_ref()?.worktree.as_path()))
            .collect();
        (worktrees.len() > 1).then_some(SharedPlace {
            folder,
            workspaces,
            worktrees,
        })
    });
    several.collect()
}
