//! Whose each target folder is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::cargo::model::{Dirs, SetBy};
use crate::clean::stale::AllDirs;
use crate::markers::BUILD_FOLDER;
use crate::setup::decide::SetupOptions;
use crate::setup::model::RecordOwner;
use crate::setup::naming;
use crate::survey::folder::{Layout, Owner, owner_file};
use crate::survey::model::{Survey, Workspace};

/// The owner files of those that are meant, where they are missing or say something else than they should.
pub(crate) fn missing(
    survey: &Survey,
    after: &AllDirs,
    options: &SetupOptions,
    meant: impl Fn(&&Workspace) -> bool,
) -> Vec<RecordOwner> {
    let mut owners: BTreeMap<PathBuf, Owner> = BTreeMap::new();
    let all = survey.workspaces.iter().zip(after);
    for (workspace, dirs) in all.filter(|(workspace, _)| meant(workspace)) {
        note_owners(workspace, dirs, survey, options, &mut owners);
    }
    let record = |(file, owner)| RecordOwner { file, owner };
    owners.into_iter().map(record).collect()
}

/// The owner files for the folders under the shared root that a workspace builds into, where they are missing
/// or say something else.
fn note_owners(
    workspace: &Workspace,
    dirs: &Dirs,
    survey: &Survey,
    options: &SetupOptions,
    owners: &mut BTreeMap<PathBuf, Owner>,
) {
    let shared_root = &survey.shared_root.path;
    let hashed = shared_root.join(BUILD_FOLDER);
    for folder in BTreeSet::from([&dirs.target_dir, &dirs.build_dir]) {
        let inherited = *folder == dirs.target_dir
            && matches!(&dirs.target_set_by, SetBy::Config(file) if *file != workspace.config);
        let flat = *folder == naming::flat(shared_root);
        if !folder.starts_with(shared_root) || folder == shared_root || inherited || flat {
            continue;
        }
        let layout = match &dirs.build_set_by {
            SetBy::Config(file) if folder.starts_with(&hashed) && *file != workspace.config => {
                Layout::BuildDir
            }
            _ => Layout::Isolated,
        };
        let owner = Owner {
            workspace: workspace.root.clone(),
            worktree: workspace.place.as_ref().map(|place| place.worktree.clone()),
            common_dir: workspace
                .place
                .as_ref()
                .map(|place| place.common_dir.clone()),
            layout,
            device: options.devices.get(&workspace.root).copied(),
            stamp: workspace.stamp.clone(),
        };
        // The device may be numbered anew at every start of the machine: no reason to write again.
        let same = |noted: &Owner| {
            Owner {
                device: owner.device,
                ..noted.clone()
            } == owner
        };
        if !survey.notes.get(folder).is_some_and(same) {
            owners.insert(owner_file(folder), owner);
        }
    }
}
