//! Says of every target folder what it is.

use std::collections::BTreeSet;

use super::folders::{self, AllDirs};
use super::{freeable, on_disk};
use crate::model::{
    FolderState, KeptReason, ListedFolder, Listing, Survey, TargetFolder, Total, Usage,
};
use crate::size::Bytes;

/// Takes the folders out of a survey and says what each one is.
#[must_use]
pub fn listing(survey: &mut Survey) -> Listing {
    let taken = std::mem::take(&mut survey.folders);
    let dirs: AllDirs = survey
        .workspaces
        .iter()
        .map(|workspace| workspace.dirs.clone())
        .collect();
    let mut listed: Vec<ListedFolder> = taken
        .into_iter()
        .map(|folder| ListedFolder {
            state: state(&folder, survey, &dirs),
            folder,
        })
        .collect();
    listed.sort_by_key(|row| {
        std::cmp::Reverse(
            row.folder
                .usage
                .as_ref()
                .map_or(Bytes(0), |usage| usage.on_disk),
        )
    });
    let usages = || {
        listed
            .iter()
            .filter_map(|row| Some((row, row.folder.usage.as_ref()?)))
    };
    let all: Vec<&Usage> = usages().map(|(_, usage)| usage).collect();
    let stale = usages()
        .filter(|(row, _)| matches!(row.state, FolderState::Stale { .. }))
        .map(|(_, usage)| usage);
    let total = Total {
        logical: all.iter().map(|usage| usage.logical).sum(),
        on_disk: on_disk(all.iter().copied()),
        stale: freeable(stale),
    };
    Listing {
        folders: listed,
        total,
    }
}

fn state(folder: &TargetFolder, survey: &Survey, dirs: &AllDirs) -> FolderState {
    match folders::stale(folder, survey, dirs) {
        Ok(because) => FolderState::Stale { because },
        Err(KeptReason::InUse { .. }) => {
            let users: Vec<_> = folders::users(&folder.path, survey, dirs).collect();
            let families: BTreeSet<_> = users
                .iter()
                .filter_map(|user| user.place.as_ref())
                .map(|p| (&p.common_dir, &p.path))
                .collect();
            let placed = users.iter().filter(|user| user.place.is_some()).count();
            match users.len() {
                0 | 1 => FolderState::InUse,
                workspaces => FolderState::Shared {
                    workspaces,
                    unsafe_for_worktrees: families.len() < placed,
                },
            }
        }
        Err(because) => FolderState::Unclear { because },
    }
}
