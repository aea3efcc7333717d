//! Reads `.jj`: which git repository a workspace of Jujutsu belongs to.
//!
//! The first workspace of a repository has the folder `.jj/repo`. Each further workspace has a file there, with the
//! path of that folder relative to its own `.jj`; and `store/git_target` in the folder leads to the git repository.
//!
//! Source: `lib/src/workspace.rs` (`WorkspaceLoader`) and `lib/src/git_backend.rs` (`GitBackend::load`) of jj.

use std::path::{Path, PathBuf};

use crate::fs;
use crate::git::git_file::{Mark, line, mark};

/// The folder at the top of each workspace.
pub(crate) const FOLDER: &str = ".jj";

/// Whether a folder is the top of a workspace of Jujutsu.
pub(crate) fn is_top(folder: &Path) -> bool {
    fs::exists(&folder.join(FOLDER).join("repo"))
}

/// The stamp of a workspace that git does not know: that of its `.jj`, which jj makes anew for each.
pub(crate) fn stamp(workspace: &Path) -> Option<String> {
    fs::stamp(&workspace.join(FOLDER))
}

/// The marks of a workspace that git does not know, and of the first workspace of its repository. None where git knows it, or
/// where the repository is in no git.
pub(crate) fn marks(workspace: &Path) -> Vec<Mark> {
    if fs::exists(&workspace.join(".git")) {
        return Vec::new();
    }
    found(workspace).unwrap_or_default()
}

fn found(workspace: &Path) -> Option<Vec<Mark>> {
    let own = workspace.join(FOLDER);
    let repo = own.join("repo");
    let repo = match fs::is_folder(&repo) {
        true => fs::canonical(&repo).ok()?,
        false => fs::canonical(&own.join(line(&repo)?)).ok()?,
    };
    let in_its_place = fs::is_folder(&repo) && repo.ends_with(".jj/repo");
    let first = repo.parent()?.parent().filter(|_| in_its_place)?;
    let of = |worktree: &Path, common_dir: &Path| Mark {
        worktree: Some(worktree.to_owned()),
        part: PathBuf::new(),
        is_main: worktree == first,
        common_dir: common_dir.to_owned(),
        copy_of: None,
    };
    let colocated = first.join(".git");
    if fs::exists(&colocated) {
        let first = mark(&colocated)?;
        let own = of(workspace, &first.common_dir);
        return Some(vec![first, own]);
    }
    let store = repo.join("store");
    let common_dir = fs::canonical(&store.join(line(&store.join("git_target"))?)).ok()?;
    let mut marks = vec![of(first, &common_dir)];
    marks.extend((workspace != first).then(|| of(workspace, &common_dir)));
    Some(marks)
}
