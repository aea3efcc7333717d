//! Decides which target folders of worktrees that are gone are deleted by themselves, a day after a run first saw
//! that.
//!
//! Which worktrees are gone is judged by [`stale`], as for `clean --orphaned`; here is decided only when.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clean::model::DeleteFolder;
use crate::clean::stale;
use crate::clean::stale::AllDirs;
use crate::plan::kept::DeleteReason;
use crate::size::Bytes;
use crate::survey::folder::{FolderOrigin, Owner, TargetFolder};
use crate::survey::model::Survey;

/// How long a worktree must be gone, and its target folder not built into, before the folder is deleted by itself.
pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The worktrees that runs have seen gone. The record lies in the shared root's records, where no clone can put it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OrphanRecord {
    /// The worktrees that were gone at the last look.
    pub(crate) gone: Vec<Sighting>,
    /// The deletions of a timer's runs that no run has told the user about.
    pub(crate) deleted: Vec<DeletedOrphan>,
}

/// A worktree that a run saw gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sighting {
    /// Its target folder, relative to the shared root.
    pub(crate) folder: PathBuf,
    /// The owner file's text: another worktree at the same place has another one.
    pub(crate) owner: Owner,
    /// The first run that saw it gone.
    pub(crate) since: Timestamp,
}

/// A target folder that was deleted by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeletedOrphan {
    pub(crate) folder: PathBuf,
    /// The workspace that is gone.
    pub(crate) workspace: PathBuf,
    pub(crate) freed: Bytes,
    pub(crate) time: Timestamp,
}

impl OrphanRecord {
    /// When a run first saw that the owner of a folder is gone.
    #[must_use]
    pub(crate) fn since(&self, folder: &Path, owner: &Owner) -> Option<Timestamp> {
        let mut gone = self.gone.iter();
        let found = gone.find(|one| one.folder == folder && one.owner == *owner);
        found.map(|one| one.since)
    }
}

/// The folders under the shared root whose worktree is gone by our owner file, each with its owner and its path there.
pub(crate) fn candidates<'a>(
    survey: &'a Survey,
    dirs: &AllDirs,
) -> Vec<(&'a TargetFolder, &'a Owner, &'a Path)> {
    let orphaned = |folder: &'a TargetFolder| {
        let FolderOrigin::Owner { owner, .. } = &folder.known else {
            return None;
        };
        let inside = folder.path.strip_prefix(&survey.shared_root.path).ok()?;
        let why = stale::stale(folder, survey, dirs).ok()?;
        matches!(why, DeleteReason::OwnerGone { .. }).then_some((folder, owner, inside))
    };
    survey.folders.iter().filter_map(orphaned).collect()
}

/// Whether a folder has been an orphan for a day, and was not built into for one.
#[must_use]
pub(crate) fn is_due(since: Timestamp, last_build: Option<Timestamp>, now: Timestamp) -> bool {
    let is_old = |at: Timestamp| now.duration_since(at) >= DAY;
    is_old(since) && last_build.is_none_or(is_old)
}

/// The deletion of a folder that is due and was measured since; `None` if something speaks against that.
pub(crate) fn delete(
    folder: &TargetFolder,
    since: Timestamp,
    survey: &Survey,
    dirs: &AllDirs,
    now: Timestamp,
) -> Option<DeleteFolder> {
    let usage = folder.usage.as_ref()?;
    // A build that finds everything fresh writes nothing, and reads fingerprints.
    let used = usage.newest.max(usage.last_read);
    if !is_due(since, used.max(folder.last_build), now) {
        return None;
    }
    let why = stale::stale(folder, survey, dirs).ok()?;
    let is_orphan = matches!(why, DeleteReason::OwnerGone { .. });
    let delete = stale::delete(folder, why, survey, dirs, &[]).ok()?;
    is_orphan.then_some(delete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::model::{Busy, BusyReason};
    use crate::survey::folder::{Layout, OwnerState};
    use crate::survey::sample::{folder, now, survey, workspace};

    fn owner() -> Owner {
        Owner {
            workspace: "/gone".into(),
            worktree: Some("/gone".into()),
            common_dir: Some("/r/.git".into()),
            layout: Layout::Isolated,
            device: Some(1),
            stamp: Some("7-7".into()),
        }
    }

    fn orphan(path: &str, state: OwnerState) -> TargetFolder {
        let owner = owner();
        folder(path, FolderOrigin::Owner { owner, state })
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    /// Returns whether the folder of a worktree is deleted that has been gone since then.
    fn goes(folder: TargetFolder, since: Timestamp) -> bool {
        let survey = survey(vec![workspace("/w", "/s/w/main")], vec![folder]);
        let dirs = vec![survey.workspaces[0].dirs.clone()];
        delete(&survey.folders[0], since, &survey, &dirs, now()).is_some()
    }

    #[test]
    fn a_day_is_a_day_to_the_second() {
        let gone = || orphan("/s/r/gone", OwnerState::Gone);
        let day_ago = now() - DAY;
        let second = SignedDuration::from_secs(1);
        assert!(goes(gone(), day_ago));
        assert!(!goes(gone(), day_ago + second));
        assert!(!goes(gone(), now() + hours(1)), "a clock that was set back");
        let built = |at: Timestamp| {
            let mut folder = gone();
            folder.last_build = Some(at);
            folder
        };
        assert!(goes(built(day_ago), day_ago));
        assert!(!goes(built(day_ago + second), day_ago));
        let mut touched = gone();
        touched.usage.as_mut().expect("measured").newest = Some(now() - hours(23));
        assert!(!goes(touched, day_ago - hours(100)));
    }

    #[test]
    fn every_doubt_keeps() {
        let since = now() - hours(48);
        let missing = OwnerState::Missing { why: "x".into() };
        assert!(!goes(orphan("/s/r/gone", missing), since));
        assert!(
            !goes(orphan("/s/w/main", OwnerState::Gone), since),
            "in use"
        );
        let mut unmeasured = orphan("/s/r/gone", OwnerState::Gone);
        unmeasured.usage = None;
        assert!(!goes(unmeasured, since));
        let mut busy = orphan("/s/r/gone", OwnerState::Gone);
        busy.marks.busy = Some(Busy {
            lock: "/l".into(),
            why: BusyReason::Held,
        });
        assert!(!goes(busy, since));
        let mut foreign = orphan("/s/r/gone", OwnerState::Gone);
        foreign.marks.foreign = vec!["notes".into()];
        assert!(!goes(foreign, since));
        assert!(!goes(folder("/s/r/gone", FolderOrigin::SharedRoot), since));
    }

    #[test]
    fn only_folders_under_the_shared_root_are_candidates() {
        let all = vec![
            orphan("/s/r/gone", OwnerState::Gone),
            orphan("/elsewhere/gone", OwnerState::Gone),
            orphan("/s/r/there", OwnerState::Present),
            folder("/s/r/found", FolderOrigin::SharedRoot),
        ];
        let survey = survey(vec![workspace("/w", "/s/w/main")], all);
        let dirs = vec![survey.workspaces[0].dirs.clone()];
        let found = candidates(&survey, &dirs);
        let paths: Vec<&Path> = found.iter().map(|(.., inside)| *inside).collect();
        assert_eq!(paths, [Path::new("r/gone")]);
    }

    #[test]
    fn another_owner_is_another_sighting() {
        let record = OrphanRecord {
            gone: vec![Sighting {
                folder: "r/gone".into(),
                owner: owner(),
                since: now(),
            }],
            ..OrphanRecord::default()
        };
        let other = Owner {
            stamp: Some("8-8".into()),
            ..owner()
        };
        assert_eq!(record.since(Path::new("r/gone"), &owner()), Some(now()));
        assert_eq!(record.since(Path::new("r/gone"), &other), None);
        assert_eq!(record.since(Path::new("r/other"), &owner()), None);
    }
}
