//! Reads the owner files under the shared root, and finds out what became of the owners.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::fs::model::{Problem, Tag};
use crate::markers::{BUILD_FOLDER, OWNER_SUFFIX, SHARED_ROOT_MARK, TRASH_PREFIX};
use crate::survey::folder::{FolderOrigin, Owner, OwnerState};
use crate::survey::litter::unplaced_in;
use crate::survey::model::{Repository, Survey};
use crate::survey::remains;
use crate::text::failure;
use crate::{fs, git};

/// The folders and files under the shared root.
#[derive(Debug, Default)]
pub(super) struct Owned {
    /// Every target folder there, with or without an owner file.
    pub(super) folders: Vec<(PathBuf, FolderOrigin)>,
    /// Every owner file, by the folder that it is about.
    pub(super) notes: BTreeMap<PathBuf, Owner>,
    /// The folders that interrupted runs left there.
    pub(super) trash: BTreeSet<PathBuf>,
    /// Files that have the name of a file that is not in its place.
    pub(super) unplaced: BTreeSet<PathBuf>,
}

/// How deep target folders lie under the shared root: `<repository>/<worktree>`, or
/// `build/<repository>/<worktree>/ce/0b69…`, since Cargo splits the hash.
const DEEPEST: usize = 5;

pub(super) fn read(survey: &Survey, problems: &mut Vec<Problem>) -> Owned {
    let mut owned = Owned::default();
    if survey.shared_root.exists {
        let root = &survey.shared_root.path;
        search(root, 0, &mut owned, problems);
        owned
            .unplaced
            .extend(unplaced_in(&root.join(SHARED_ROOT_MARK)));
        for (path, known) in &mut owned.folders {
            if let Some(owner) = owned.notes.get(path) {
                *known = FolderOrigin::Owner {
                    state: state(owner, &survey.repositories, root),
                    owner: owner.clone(),
                };
            }
        }
    }
    owned
}

/// A folder with a note beside it, or with Cargo's tag in it, is a target folder; so is each on the second level
/// outside `build`. Trash is noted, and nothing in any of these is looked at.
fn search(holder: &Path, depth: usize, owned: &mut Owned, problems: &mut Vec<Problem>) {
    let in_build = depth > 0
        && holder
            .iter()
            .rev()
            .nth(depth - 1)
            .is_some_and(|top| top == BUILD_FOLDER);
    read_notes(holder, &mut owned.notes, problems);
    owned.unplaced.extend(unplaced_in(holder));
    for name in fs::names(holder).unwrap_or_default() {
        let folder = holder.join(&name);
        let ours = (depth == 0 && name == SHARED_ROOT_MARK) || fs::is_leftover(&name);
        if ours || !fs::is_folder(&folder) {
            continue;
        }
        if name.starts_with(TRASH_PREFIX) {
            owned.trash.insert(folder);
        } else if owned.notes.contains_key(&folder)
            || fs::tag(&folder) == Tag::Valid
            || (depth == 1 && !in_build)
        {
            owned.folders.push((folder, FolderOrigin::SharedRoot));
        } else if depth + 1 < DEEPEST {
            search(&folder, depth + 1, owned, problems);
        }
    }
}

fn read_notes(holder: &Path, notes: &mut BTreeMap<PathBuf, Owner>, problems: &mut Vec<Problem>) {
    for name in fs::names(holder).unwrap_or_default() {
        let Some(folder) = name.strip_suffix(OWNER_SUFFIX) else {
            continue;
        };
        let path = holder.join(&name);
        match fs::read(&path).map(Option::unwrap_or_default) {
            Ok(bytes) => match serde_json::from_slice::<Owner>(&bytes) {
                Ok(owner) => {
                    notes.insert(holder.join(folder), owner);
                }
                Err(error) => problems.push(Problem {
                    path,
                    message: format!("expected an owner file: {}", failure::words(&error)),
                }),
            },
            Err(error) => problems.push(Problem {
                path,
                message: failure::words(error.root_cause()),
            }),
        }
    }
}

/// The owner file beside a folder, if there is one that can be read.
pub(super) fn of(folder: &Path) -> Option<Owner> {
    let bytes = fs::read(&crate::survey::folder::owner_file(folder)).ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// Whether the workspace of an owner is gone for good. Doubt means that it may come back.
fn state(owner: &Owner, repositories: &[Repository], shared_root: &Path) -> OwnerState {
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
            Err(error) => return missing(failure::words(error.as_ref())),
        },
    };
    let worktree = owner.worktree.as_deref().unwrap_or(&owner.workspace);
    let bare = |worktree| remains::is_bare(worktree, shared_root);
    match listed.iter().find(|(path, _)| path == worktree) {
        Some((_, true)) => missing("its worktree is locked in git".into()),
        Some(_) if fs::exists(worktree) && !bare(worktree) => {
            missing("its worktree exists, and another branch may contain it".into())
        }
        None if fs::exists(worktree) && !bare(worktree) => {
            missing("its folder exists, but git does not list it as a worktree".into())
        }
        None if !fs::exists(worktree) => OwnerState::Gone,
        _ => gone_unless_unmounted(owner),
    }
}

/// A workspace on a disk that is not mounted looks deleted. The mount point then belongs to another filesystem than
/// the workspace did.
fn gone_unless_unmounted(owner: &Owner) -> OwnerState {
    let above = owner
        .workspace
        .ancestors()
        .find_map(|path| fs::info(path).ok().flatten());
    match (owner.device, above) {
        (Some(device), Some(above)) if above.identity.device == device => OwnerState::Gone,
        _ => OwnerState::Missing {
            why: "it may be on a disk that is not mounted".into(),
        },
    }
}
