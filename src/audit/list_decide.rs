//! Says of every workspace how it is configured, and of every target folder what it is.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::audit::listing::{
    Configured, FolderState, ListedFolder, ListedWorkspace, Listing, Total,
};
use crate::cargo::model::{SetBy, Tracked};
use crate::clean::deletable::unfit;
use crate::clean::stale;
use crate::clean::stale::AllDirs;
use crate::fs::model::{Tag, Usage, freeable, on_disk};
use crate::plan::kept::KeptReason;
use crate::setup::naming;
use crate::size::Bytes;
use crate::survey::folder::TargetFolder;
use crate::survey::model::{Survey, Workspace};

/// Takes the workspaces and folders out of a survey and says what each one is.
#[must_use]
pub(crate) fn listing(survey: &mut Survey) -> Listing {
    let dirs: AllDirs = survey
        .workspaces
        .iter()
        .map(|workspace| workspace.dirs.clone())
        .collect();
    let states: Vec<FolderState> = survey
        .folders
        .iter()
        .map(|folder| state(folder, survey, &dirs))
        .collect();
    let relatives = relatives(survey);
    let configured: Vec<Configured> = survey
        .workspaces
        .iter()
        .map(|workspace| configured(workspace, survey, &relatives))
        .collect();
    let mut folders: Vec<ListedFolder> = std::mem::take(&mut survey.folders)
        .into_iter()
        .zip(states)
        .map(|(mut folder, state)| {
            if !is_of_cargo(&folder) {
                folder.last_build = None;
            }
            ListedFolder { folder, state }
        })
        .collect();
    folders.sort_by_key(|row| Reverse(row.folder.usage.as_ref().map(|usage| usage.on_disk)));
    let mut used: HashMap<&Path, Vec<&TargetFolder>> = HashMap::new();
    for row in &folders {
        for user in &row.folder.users {
            used.entry(user).or_default().push(&row.folder);
        }
    }
    let mut workspaces: Vec<ListedWorkspace> = std::mem::take(&mut survey.workspaces)
        .into_iter()
        .zip(configured)
        .map(|(workspace, configured)| {
            let used = used.get(&*workspace.root).map_or(&[][..], Vec::as_slice);
            listed(workspace, configured, used)
        })
        .collect();
    workspaces.sort_by_key(|row| Reverse(row.on_disk));
    let total = total(&folders);
    Listing {
        workspaces,
        folders,
        total,
    }
}

/// A workspace with the folders that it builds into.
fn listed(workspace: Workspace, configured: Configured, used: &[&TargetFolder]) -> ListedWorkspace {
    // A folder that several workspaces share belongs to none of them, except as the folder of its intermediate
    // artifacts.
    let is_own = |folder: &&&TargetFolder| {
        folder.users.len() == 1 || workspace.dirs.build_dir == folder.path
    };
    let own = || used.iter().filter(is_own);
    let usages: Vec<&Usage> = own().filter_map(|folder| folder.usage.as_ref()).collect();
    let measured = !usages.is_empty();
    ListedWorkspace {
        configured,
        on_disk: measured.then(|| on_disk(usages.iter().copied())),
        freeable: measured.then(|| freeable(usages.iter().copied())),
        last_build: own().filter_map(|folder| folder.last_build).max(),
        workspace,
    }
}

fn total(folders: &[ListedFolder]) -> Total {
    let usages = || {
        folders
            .iter()
            .filter_map(|row| Some((row, row.folder.usage.as_ref()?)))
    };
    let stale = usages().filter(|(row, _)| matches!(row.state, FolderState::Stale { .. }));
    Total {
        logical: usages().map(|(_, usage)| usage.logical).sum::<Bytes>(),
        on_disk: on_disk(usages().map(|(_, usage)| usage)),
        stale: freeable(stale.map(|(_, usage)| usage)),
    }
}

/// A workspace in all worktrees of a repository, and a folder that it builds into: the common git folder, the path in the
/// worktree, and the folder.
type Relatives<'a> = (&'a Path, &'a Path, &'a Path);

fn relatives_of(workspace: &Workspace) -> Option<Relatives<'_>> {
    let place = workspace.place.as_ref()?;
    Some((&place.common_dir, &place.path, &workspace.dirs.build_dir))
}

/// How many worktrees build the same workspace into the same folder.
fn relatives(survey: &Survey) -> HashMap<Relatives<'_>, usize> {
    let mut all = HashMap::new();
    for one in survey.workspaces.iter().filter_map(relatives_of) {
        *all.entry(one).or_default() += 1;
    }
    all
}

fn configured(
    workspace: &Workspace,
    survey: &Survey,
    relatives: &HashMap<Relatives<'_>, usize>,
) -> Configured {
    let dirs = &workspace.dirs;
    let shared_root = &survey.shared_root.path;
    let worktrees = relatives_of(workspace).and_then(|one| relatives.get(&one));
    let under = |path: &Path| {
        let mut roots = survey.shared_root.others.iter().chain([shared_root]);
        roots.any(|root| path.starts_with(root) && path != root)
    };
    let tracked = survey
        .configs
        .get(&workspace.config)
        .is_some_and(|file| file.tracked == Tracked::Yes);
    if worktrees.is_some_and(|worktrees| *worktrees > 1) {
        Configured::Unsafe
    } else if dirs.target_dir == naming::flat(shared_root) {
        Configured::Flat
    } else if under(&dirs.target_dir) {
        Configured::Isolated
    } else if under(&dirs.build_dir) {
        Configured::BuildDir
    } else if dirs.target_set_by != SetBy::Default || dirs.build_set_by != SetBy::Default {
        Configured::Custom
    } else if tracked {
        Configured::InPlace
    } else {
        Configured::Default
    }
}

/// Whether Cargo has built into a folder, as far as its marks tell: others make folders of the name `target` too.
pub(crate) fn is_of_cargo(folder: &TargetFolder) -> bool {
    folder.marks.symlink || folder.marks.tag == Tag::Valid || folder.marks.cargo
}

fn state(folder: &TargetFolder, survey: &Survey, dirs: &AllDirs) -> FolderState {
    match stale::stale(folder, survey, dirs) {
        Ok(_) if !is_of_cargo(folder) => match unfit(&folder.marks, &[]) {
            Some(because) => FolderState::Unclear { because },
            None => FolderState::Unclear {
                because: KeptReason::Unclaimed,
            },
        },
        Ok(because) => FolderState::Stale { because },
        Err(KeptReason::InUse { .. }) => {
            let users: Vec<_> = stale::users(&folder.path, survey, dirs).collect();
            let placed: Vec<_> = users
                .iter()
                .filter_map(|user| user.place.as_ref())
                .collect();
            let families: BTreeSet<_> = placed
                .iter()
                .map(|place| (&place.common_dir, &place.path))
                .collect();
            let builds_here = users
                .iter()
                .filter(|user| user.dirs.build_dir == folder.path)
                .count();
            match users.len() {
                0 | 1 => FolderState::InUse,
                workspaces => FolderState::Shared {
                    workspaces,
                    unsafe_for_worktrees: families.len() < placed.len() && builds_here > 1,
                },
            }
        }
        Err(because) => FolderState::Unclear { because },
    }
}
