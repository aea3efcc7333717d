//! Which target folders are moved to where their workspaces build from now on, in place of being deleted.

use std::path::{Path, PathBuf};

use crate::cargo::config_chain::expand;
use crate::cargo::model::Dirs;
use crate::clean::deletable::obstacle;
use crate::clean::stale::AllDirs;
use crate::setup::decide::{SetupOptions, above};
use crate::survey::folder::{FolderOrigin, OwnerState, TargetFolder};
use crate::survey::model::{Survey, Workspace};
use crate::warm::moving::{MoveFolder, MoveReason, Programs};

/// The move of a folder that no build would use at its place; `None` if it is too old to be worth it, or cannot be
/// renamed. A reason against deleting it is a reason against moving it as well.
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

/// The workspace whose folder it is in the layout `build-dir`: Cargo addresses it by the workspace's path, and no file
/// beside it names the workspace.
fn addressed_by_path<'a>(folder: &Path, survey: &'a Survey) -> Option<&'a PathBuf> {
    let shared_root = &survey.shared_root.path;
    // There may be a thousand of both, and each hash takes a while.
    if !folder.starts_with(above::folders(shared_root)) {
        return None;
    }
    let template = above::template(shared_root)?;
    let mut all = survey.workspaces.iter();
    let is_its =
        |one: &&Workspace| folder == Path::new(&expand(&template, &one.root, &survey.surroundings));
    Some(&all.find(is_its)?.root)
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
        _ => addressed_by_path(&folder.path, survey)?,
    };
    let all = || survey.workspaces.iter().zip(after);
    let within = |dirs: &Dirs, path: &Path| {
        dirs.target_dir.starts_with(path) || dirs.build_dir.starts_with(path)
    };
    let (workspace, dirs) = all().find(|(one, _)| one.root == *owner)?;
    let (before, to) = (&workspace.dirs, &dirs.build_dir);
    // Workspaces inside that were never built take over where it builds.
    let counts = |one: &Workspace| one.built || one.nested_in.is_none();
    let others = || all().filter(|(one, _)| one.root != *owner && counts(one));
    let is_alone = !others().any(|(one, _)| within(&one.dirs, &folder.path));
    let is_one = |dirs: &Dirs| dirs.target_dir == dirs.build_dir;
    let programs = match (is_one(before), is_one(dirs)) {
        (_, false) if dirs.target_dir == folder.path && addressed_by_path(to, survey).is_some() => {
            Programs::Stay
        }
        (_, true)
            if before.target_dir == *to && addressed_by_path(&folder.path, survey).is_some() =>
        {
            Programs::AreThere
        }
        (true, true) => Programs::Along,
        // From the layout `build-dir`; the programs at the old place are deleted with it.
        (false, true) if addressed_by_path(&folder.path, survey).is_some() => Programs::Along,
        _ => return None,
    };
    let is_there = survey.folders.iter().any(|other| other.path == *to);
    let is_taken =
        is_there && programs != Programs::AreThere || others().any(|(_, dirs)| within(dirs, to));
    // A run that was stopped may have led the builds away from it already.
    let is_whole = [&folder.path, to].contains(&&before.build_dir)
        && (is_one(before) || programs != Programs::Along || before.build_dir == folder.path);
    let inside = to.starts_with(&folder.path) || folder.path.starts_with(to);
    let fits = is_alone
        && !is_taken
        && is_whole
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
        programs,
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
