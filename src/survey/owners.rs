//! Reads the owner files under the shared root, and finds out what became of the owners.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::fs;
use crate::git;
use crate::marks::{BUILD_FOLDER, OWNER_SUFFIX, SHARED_ROOT_MARK, TRASH_PREFIX};
use crate::model::{Known, Owner, OwnerState, Problem, Repository, Survey};
use crate::plan::owner_file;

/// Every target folder under the shared root, with or without an owner file, and every owner file, with or
/// without its folder: Cargo makes that only when it builds.
pub(super) fn read(survey: &Survey, problems: &mut Vec<Problem>) -> Vec<(PathBuf, Known)> {
    let root = &survey.shared_root.path;
    if !survey.shared_root.exists {
        return Vec::new();
    }
    let mut found = Vec::new();
    for folder in folders_in(root).filter(|path| !path.ends_with(SHARED_ROOT_MARK)) {
        // `build/ce/0b69…`: Cargo splits the hash.
        let holders: Vec<PathBuf> = if folder == root.join(BUILD_FOLDER) {
            folders_in(&folder).collect()
        } else {
            vec![folder]
        };
        for holder in holders {
            found.extend(in_holder(&holder, &survey.repositories, problems));
        }
    }
    found
}

fn in_holder(
    holder: &Path,
    repositories: &[Repository],
    problems: &mut Vec<Problem>,
) -> Vec<(PathBuf, Known)> {
    let mut found = Vec::new();
    let noted = names_in(holder).filter_map(|name| {
        let name = name.strip_suffix(OWNER_SUFFIX)?;
        Some(holder.join(name))
    });
    for folder in folders_in(holder).chain(noted).collect::<BTreeSet<_>>() {
        let note = owner_file(&folder);
        let known = match fs::read(&note) {
            Ok(None) => Known::SharedRoot,
            Ok(Some(bytes)) => match serde_json::from_slice::<Owner>(&bytes) {
                Ok(owner) => {
                    let state = state(&owner, repositories);
                    Known::Owner { owner, state }
                }
                Err(error) => {
                    problems.push(Problem {
                        path: note,
                        message: format!("expected an owner file: {error}"),
                    });
                    Known::SharedRoot
                }
            },
            Err(error) => {
                problems.push(Problem {
                    path: note,
                    message: error.root_cause().to_string(),
                });
                Known::SharedRoot
            }
        };
        found.push((folder, known));
    }
    found
}

fn folders_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    names_in(folder)
        .map(|name| folder.join(name))
        .filter(|path| fs::is_folder(path))
}

fn names_in(folder: &Path) -> impl Iterator<Item = String> {
    let names = fs::names(folder).unwrap_or_default();
    names
        .into_iter()
        .filter(|name| !name.starts_with(TRASH_PREFIX))
}

/// Whether the workspace of an owner is gone for good. Doubt means that it may come back.
fn state(owner: &Owner, repositories: &[Repository]) -> OwnerState {
    if fs::exists(&owner.workspace.join("Cargo.toml")) {
        return OwnerState::Present;
    }
    let missing = |why: String| OwnerState::Missing { why };
    let Some(common_dir) = owner.common_dir.as_deref().filter(|path| fs::exists(path)) else {
        return gone_unless_unmounted(owner);
    };
    let known = repositories
        .iter()
        .find(|repository| repository.common_dir == common_dir);
    let listed: Vec<(PathBuf, bool)> = match known {
        Some(repository) => repository
            .worktrees
            .iter()
            .map(|w| (w.path.clone(), w.locked.is_some()))
            .collect(),
        None => match git::worktrees(common_dir) {
            Ok(all) => all
                .into_iter()
                .map(|w| (w.path, w.locked.is_some()))
                .collect(),
            Err(error) => return missing(format!("{error:#}")),
        },
    };
    let worktree = owner.worktree.as_deref().unwrap_or(&owner.workspace);
    match listed.iter().find(|(path, _)| path == worktree) {
        Some((_, true)) => missing("its worktree is locked in git".into()),
        Some(_) if fs::exists(worktree) => {
            missing("its worktree is there; another branch may have it".into())
        }
        Some(_) => gone_unless_unmounted(owner),
        None if fs::exists(worktree) => {
            missing("its folder is there, but git does not know it as a worktree".into())
        }
        None => OwnerState::Gone,
    }
}

/// What is on a disk that is not mounted looks deleted. The mount point then belongs to another filesystem
/// than the workspace did.
fn gone_unless_unmounted(owner: &Owner) -> OwnerState {
    let above = owner
        .workspace
        .ancestors()
        .find_map(|path| fs::info(path).ok().flatten());
    match (owner.device, above) {
        (Some(device), Some(above)) if above.identity.device == device => OwnerState::Gone,
        _ => OwnerState::Missing {
            why: "it may lie on a disk that is not mounted".into(),
        },
    }
}
