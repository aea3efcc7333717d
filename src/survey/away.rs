//! Whether a worktree that looks gone may only be away: on a disk that is not mounted, moved, or closed to this user.
//!
//! [`OwnerState`](crate::survey::folder::OwnerState) is enough where a user reads a plan and says yes. A run that deletes by
//! itself has no reader, so each of these doubts keeps the folder.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::git::git_file;
use crate::git::jj;
use crate::survey::folder::Owner;
use crate::survey::model::Repository;
use crate::text::failure;
use crate::{fs, git};

/// The files in git's own folder of a worktree that git writes when the user works there.
const WORKED: [&str; 5] = ["HEAD", "index", "ORIG_HEAD", "gitdir", "logs/HEAD"];

/// Says why the worktree of an owner may only be away, as a fragment; `None` if nothing speaks for that.
///
/// `since` is the time at which a run first saw it gone.
pub(crate) fn may_be_away(
    owner: &Owner,
    repositories: &[Repository],
    since: Option<Timestamp>,
) -> Option<String> {
    let (Some(worktree), Some(common_dir)) = (&owner.worktree, &owner.common_dir) else {
        return Some("it was in no repository, so it may have been moved".into());
    };
    let Some(above) = worktree.parent().filter(|above| fs::names(above).is_ok()) else {
        return Some("its parent folder is missing or cannot be read".into());
    };
    let device = fs::info(above).ok().flatten();
    let device = device.map(|info| info.identity.device);
    if device.is_none() || device != owner.device {
        return Some("its parent folder is now on another filesystem".into());
    }
    if !fs::is_folder(common_dir) {
        return Some("its repository is missing".into());
    }
    if is_of_jujutsu(common_dir) {
        return Some("Jujutsu does not list the places of its workspaces".into());
    }
    let known = repositories
        .iter()
        .find(|one| one.common_dir == *common_dir);
    if let Some(doubt) = known.and_then(|one| one.doubt.clone()) {
        return Some(doubt);
    }
    let listed: Vec<PathBuf> = match known {
        Some(one) => one.worktrees.iter().map(|one| one.path.clone()).collect(),
        None => match git::worktrees(common_dir) {
            Ok(all) => all.into_iter().map(|one| one.path).collect(),
            Err(error) => return Some(failure::words(error.as_ref())),
        },
    };
    let Some(stamp) = owner.stamp.as_deref() else {
        return Some("it may be a worktree that was moved".into());
    };
    let mut elsewhere = listed.iter().filter(|path| *path != worktree);
    if let Some(path) = elsewhere.find(|path| git_file::stamp(path).as_deref() == Some(stamp)) {
        return Some(format!("it was moved to `{}`", path.display()));
    }
    // Git learns of a worktree that was moved without it only when the user works there.
    let records = git_file::records_of(common_dir, stamp)?;
    let worked = WORKED.map(|name| fs::info(&records.join(name)).ok()??.modified);
    let newest = worked.into_iter().flatten().max();
    (since.is_some() && newest > since)
        .then(|| "git has worked in it since, so it was moved".into())
}

/// Whether a repository has workspaces of Jujutsu, which git does not list.
fn is_of_jujutsu(common_dir: &Path) -> bool {
    let inside = common_dir.iter().any(|part| part == jj::FOLDER);
    inside || common_dir.parent().is_some_and(jj::is_top)
}
