//! Which target folders no build will use again.

use std::path::{Path, PathBuf};

use crate::cargo::model::Dirs;
use crate::clean::deletable::{named_by_environment, obstacle};
use crate::clean::model::DeleteFolder;
use crate::plan::kept::{DeleteReason, Kept, KeptReason, Subject};
use crate::survey::folder::{FolderOrigin, OwnerState, TargetFolder};
use crate::survey::model::{CargoAnswer, Survey, Workspace};

/// Where every workspace builds, in the order of the survey.
pub(crate) type AllDirs = Vec<Dirs>;

/// Says why no build will use a folder again, or why it is not sure.
pub(crate) fn stale(
    folder: &TargetFolder,
    survey: &Survey,
    dirs: &AllDirs,
) -> Result<DeleteReason, KeptReason> {
    if let Some(by) = users(&folder.path, survey, dirs).next() {
        return Err(KeptReason::InUse {
            by: by.root.clone(),
        });
    }
    let replaced = |root: &Path| {
        let at = survey
            .workspaces
            .iter()
            .position(|workspace| workspace.root == *root)?;
        Some(DeleteReason::Replaced {
            by: dirs[at].target_dir.clone(),
        })
    };
    match &folder.known {
        FolderOrigin::Owner { owner, state } => match state {
            OwnerState::Gone => Ok(DeleteReason::OwnerGone {
                workspace: owner.workspace.clone(),
            }),
            OwnerState::Missing { why } => Err(KeptReason::OwnerMissing {
                workspace: owner.workspace.clone(),
                why: why.clone(),
            }),
            OwnerState::Present => {
                replaced(&owner.workspace).ok_or_else(|| KeptReason::OwnerElsewhere {
                    workspace: owner.workspace.clone(),
                })
            }
        },
        FolderOrigin::Remains { workspace, state } => match state {
            OwnerState::Gone => Ok(DeleteReason::OwnerGone {
                workspace: workspace.clone(),
            }),
            OwnerState::Missing { why } => Err(KeptReason::MayComeBack {
                workspace: workspace.clone(),
                why: why.clone(),
            }),
            OwnerState::Present => Err(KeptReason::Unclaimed),
        },
        FolderOrigin::Default { workspace } => replaced(workspace).ok_or(KeptReason::Unclaimed),
        FolderOrigin::Member { workspace } => member(folder, workspace, survey),
        FolderOrigin::Config { file } | FolderOrigin::Journal { file } => {
            named(folder, file, survey, dirs)
        }
        FolderOrigin::SharedRoot => Err(KeptReason::NoOwner),
        FolderOrigin::Found => Err(match named_by_environment(&folder.path, survey) {
            Some(variable) => KeptReason::NamedByEnv { variable },
            None => KeptReason::Unclaimed,
        }),
    }
}

/// The default place of a package that builds into its workspace's folder now. Where Cargo was asked, it must
/// list the package: one that lies below a workspace without being a member does not build at all, and may
/// be on its way from or to somewhere else.
fn member(folder: &TargetFolder, root: &Path, survey: &Survey) -> Result<DeleteReason, KeptReason> {
    let workspace = survey
        .workspaces
        .iter()
        .find(|workspace| workspace.root == *root);
    let listed = match workspace.map(|workspace| &workspace.cargo) {
        Some(CargoAnswer::Said { packages, .. }) => packages
            .iter()
            .any(|package| folder.path.parent() == Some(package.folder.as_path())),
        Some(CargoAnswer::NotAsked) => true,
        _ => false,
    };
    let workspace = root.to_owned();
    if listed {
        Ok(DeleteReason::MemberOf { workspace })
    } else {
        Err(KeptReason::Unclaimed)
    }
}

/// A folder that a configuration names or named. If that file is a workspace's own, and the folder lies in its
/// worktree or under the shared root, then only those below the workspace can be meant, and they go by what
/// the file says now.
fn named(
    folder: &TargetFolder,
    file: &Path,
    survey: &Survey,
    dirs: &AllDirs,
) -> Result<DeleteReason, KeptReason> {
    let own = survey.workspaces.iter().zip(dirs).find(|(workspace, _)| {
        let top = workspace
            .place
            .as_ref()
            .map_or(&workspace.root, |place| &place.worktree);
        let cargo_folder = workspace.config.parent();
        file.parent() == cargo_folder
            && (folder.path.starts_with(top) || folder.path.starts_with(&survey.shared_root.path))
    });
    match own {
        Some((_, dirs)) => Ok(DeleteReason::Replaced {
            by: dirs.target_dir.clone(),
        }),
        _ => Err(KeptReason::MayServeOthers {
            file: file.to_owned(),
        }),
    }
}

/// The workspaces that build into a folder.
pub(crate) fn users<'a>(
    folder: &'a Path,
    survey: &'a Survey,
    dirs: &'a AllDirs,
) -> impl Iterator<Item = &'a Workspace> {
    let uses = move |dirs: &Dirs| dirs.target_dir == folder || dirs.build_dir == folder;
    survey
        .workspaces
        .iter()
        .zip(dirs)
        .filter(move |(_, dirs)| uses(dirs))
        .map(|(workspace, _)| workspace)
}

/// Turns a reason to delete into an action, or into what speaks against it.
pub(crate) fn delete(
    folder: &TargetFolder,
    why: DeleteReason,
    survey: &Survey,
    dirs: &AllDirs,
    allowed: &[String],
) -> Result<DeleteFolder, KeptReason> {
    let stays = dirs
        .iter()
        .flat_map(|dirs| [dirs.target_dir.as_path(), dirs.build_dir.as_path()]);
    if let Some(reason) = obstacle(folder, survey, stays, allowed) {
        return Err(reason);
    }
    Ok(DeleteFolder {
        path: folder.path.clone(),
        released_by: released_by(folder, &why, survey),
        workspace: owner(folder).map(Path::to_owned),
        why,
        usage: folder.usage.clone(),
        last_build: folder.last_build,
        gave_to: Vec::new(),
        allowed_entries: allowed.to_vec(),
        identity: folder.marks.identity,
    })
}

/// The workspace whose folder it is or was.
pub(crate) fn owner(folder: &TargetFolder) -> Option<&Path> {
    match &folder.known {
        FolderOrigin::Owner { owner, .. } => Some(&owner.workspace),
        FolderOrigin::Default { workspace }
        | FolderOrigin::Member { workspace }
        | FolderOrigin::Remains { workspace, .. } => Some(workspace),
        _ => folder.users.first().map(PathBuf::as_path),
    }
}

/// The workspaces that must not build into the folder any more when it is deleted.
fn released_by(folder: &TargetFolder, why: &DeleteReason, survey: &Survey) -> Vec<PathBuf> {
    if !matches!(
        why,
        DeleteReason::Replaced { .. }
            | DeleteReason::BuildDirMoved { .. }
            | DeleteReason::MemberOf { .. }
    ) {
        return Vec::new();
    }
    let mut workspaces = folder.users.clone();
    let known = match &folder.known {
        FolderOrigin::Default { workspace } => Some(workspace.as_path()),
        FolderOrigin::Owner { owner, .. } => Some(owner.workspace.as_path()),
        // Cargo is asked in the member, whose configuration may differ from that of its workspace.
        FolderOrigin::Member { .. } => folder.path.parent(),
        // It built there once, or may from now on if its configuration changes before the deletion.
        FolderOrigin::Config { file } | FolderOrigin::Journal { file } => survey
            .workspaces
            .iter()
            .find(|workspace| workspace.config.parent() == file.parent())
            .map(|workspace| workspace.root.as_path()),
        _ => None,
    };
    let known = known.map(Path::to_owned);
    workspaces.extend(known.filter(|known| !folder.users.contains(known)));
    workspaces
}

/// A folder that is kept.
pub(crate) fn kept(folder: &TargetFolder, reason: KeptReason) -> Kept {
    Kept {
        subject: Subject::Folder,
        path: folder.path.clone(),
        reason,
        on_disk: folder.usage.as_ref().map(|usage| usage.on_disk),
        last_build: folder.last_build,
    }
}

/// Leaves the deletion of an inner folder to the deletion of the outer one, or moves it with that.
pub(crate) fn without_inner<'a>(
    deletions: Vec<DeleteFolder>,
    moved: impl Iterator<Item = &'a PathBuf>,
    survey: &Survey,
) -> (Vec<DeleteFolder>, Vec<Kept>) {
    let mut going: Vec<PathBuf> = moved.cloned().collect();
    going.extend(deletions.iter().map(|one| one.path.clone()));
    let mut inner = Vec::new();
    let mut left = Vec::new();
    for deletion in deletions {
        let path = &deletion.path;
        let mut outer = going.iter();
        let outer = outer.find(|outer| path.starts_with(outer) && path != *outer);
        let folder = survey.folders.iter().find(|folder| folder.path == *path);
        match (outer, folder) {
            (Some(outer), Some(folder)) => {
                let path = outer.clone();
                inner.push(kept(folder, KeptReason::GoesWith { path }));
            }
            _ => left.push(deletion),
        }
    }
    (left, inner)
}

/// The largest deletions first, the smallest last.
pub(crate) fn sort_by_size(deletions: &mut [DeleteFolder]) {
    deletions.sort_by_key(|delete| {
        std::cmp::Reverse(delete.usage.as_ref().map_or(0, |usage| usage.on_disk.0))
    });
}
