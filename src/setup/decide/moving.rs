//! Which target folders are moved to where their workspaces build from now on, in place of being deleted.

use std::path::Path;

use crate::cargo::model::Dirs;
use crate::clean::deletable::obstacle;
use crate::clean::stale::AllDirs;
use crate::setup::decide::SetupOptions;
use crate::survey::folder::{FolderOrigin, OwnerState, TargetFolder};
use crate::survey::model::{Survey, Workspace};
use crate::warm::moving::{MoveFolder, MoveReason};

/// The move of a folder that no build would use at its place; `None` if it is older than is worth it, or cannot be
/// renamed. What speaks against deleting it speaks against moving it as well.
pub(crate) fn instead(
    folder: &TargetFolder,
    survey: &Survey,
    after: &AllDirs,
    options: &SetupOptions,
) -> Option<MoveFolder> {
    let since = options.move_built_since?;
    let one = to_new_place(folder, survey, after, options)?;
    let workspace = survey.workspaces.iter().find(|w| w.root == one.workspace)?;
    let why = match (&workspace.place, folder.last_build) {
        (None, _) => MoveReason::NoRepository,
        (Some(place), _) if is_main(&place.worktree, survey) => MoveReason::MainWorktree,
        (Some(_), Some(last_build)) if last_build >= since => {
            MoveReason::BuiltLately { last_build }
        }
        _ => return None,
    };
    Some(MoveFolder { why, ..one })
}

fn is_main(worktree: &Path, survey: &Survey) -> bool {
    let mut worktrees = survey.repositories.iter().flat_map(|one| &one.worktrees);
    worktrees.any(|one| one.path == worktree && one.main)
}

/// The move of a folder of one workspace alone to the folder that this one alone builds into afterwards, where nothing is
/// yet, on the same filesystem.
pub(crate) fn to_new_place(
    folder: &TargetFolder,
    survey: &Survey,
    after: &AllDirs,
    options: &SetupOptions,
) -> Option<MoveFolder> {
    let owner = match &folder.known {
        FolderOrigin::Default { workspace } => workspace,
        FolderOrigin::Owner { owner, state } if *state == OwnerState::Present => &owner.workspace,
        // One that the user has set, and that is replaced.
        FolderOrigin::Config { file } | FolderOrigin::Journal { file } => {
            let mut all = survey.workspaces.iter();
            &all.find(|one| one.config.parent() == file.parent())?.root
        }
        _ => return None,
    };
    let all = || survey.workspaces.iter().zip(after);
    let within = |dirs: &Dirs, path: &Path| {
        dirs.target_dir.starts_with(path) || dirs.build_dir.starts_with(path)
    };
    let (workspace, dirs) = all().find(|(one, _)| one.root == *owner)?;
    let (before, to) = (&workspace.dirs, &dirs.target_dir);
    // Workspaces inside that were never built take over where it builds.
    let counts = |one: &Workspace| one.built || one.nested_in.is_none();
    let others = || all().filter(|(one, _)| one.root != *owner && counts(one));
    let is_alone = !others().any(|(one, _)| within(&one.dirs, &folder.path));
    let is_taken = survey.folders.iter().any(|other| other.path == *to)
        || others().any(|(_, dirs)| within(dirs, to));
    let is_one = |dirs: &Dirs| dirs.target_dir == dirs.build_dir;
    // A run that was stopped may have led the builds away from it already.
    let is_whole = is_one(before) && [&folder.path, to].contains(&&before.target_dir);
    let inside = to.starts_with(&folder.path) || folder.path.starts_with(to);
    let fits = is_alone
        && !is_taken
        && is_whole
        && is_one(dirs)
        && !inside
        && options.device_of(to) == Some(folder.marks.identity.device);
    let stays = after
        .iter()
        .flat_map(|dirs| [dirs.target_dir.as_path(), dirs.build_dir.as_path()]);
    if !fits || obstacle(folder, survey, stays, &options.allowed_entries).is_some() {
        return None;
    }
    Some(MoveFolder {
        workspace: workspace.root.clone(),
        from: folder.path.clone(),
        to: to.clone(),
        why: MoveReason::Undone,
        usage: folder.usage.clone(),
        left: Vec::new(),
        left_hashes: Vec::new(),
        notes: Vec::new(),
        noted_hashes: Vec::new(),
        links: Vec::new(),
        names: Vec::new(),
        identity: folder.marks.identity,
    })
}
