//! Reads a `.git`: which repository it belongs to, and whether that one agrees.
//!
//! A worktree names its repository in a file, and the repository names its worktrees in `worktrees/*/gitdir`
//! (gitrepository-layout(5)). Where one of the two was copied, only one direction holds: the copy of a repository
//! names the worktrees of the original, and the copy of a worktree names the original's records.

use std::path::{Path, PathBuf};

use crate::fs;

/// A `.git` or bare repository that was met.
pub(crate) struct Mark {
    /// The worktree that it stands in; `None` for a bare repository.
    pub(crate) worktree: Option<PathBuf>,
    /// The part of the worktree that counts: a root may lie inside a worktree.
    pub(crate) part: PathBuf,
    pub(crate) common_dir: PathBuf,
    /// The git folder of this worktree has no `commondir`: it is that of the main worktree.
    pub(crate) is_main: bool,
    /// The worktree that the records are of, where that is there and is another one.
    pub(crate) copy_of: Option<PathBuf>,
}

/// Reads a `.git`: a folder is the repository; a file says where that is (gitrepository-layout(5)). It may be a
/// link to either.
///
/// A `.git` that cannot be understood stands for a repository that git will refuse, so that nothing in it passes for
/// untracked. A copied worktree stands alone: the records of the original are not its own.
pub(crate) fn mark(path: &Path) -> Option<Mark> {
    let git_dir = git_dir(path).unwrap_or_else(|| path.to_owned());
    let mut common_dir = common_dir(&git_dir);
    let copy_of = common_dir.as_ref().and_then(|_| recorded(&git_dir, path));
    if copy_of.is_some() {
        common_dir = Some(path.to_owned());
    }
    Some(Mark {
        worktree: Some(path.parent()?.to_owned()),
        part: PathBuf::new(),
        is_main: common_dir.is_none() || copy_of.is_some(),
        common_dir: common_dir.unwrap_or(git_dir),
        copy_of,
    })
}

/// The repository that a worktree belongs to, where that is another one than the given.
///
/// `None` where its `.git` leads nowhere: a repository that was moved still has its worktrees, which name the old
/// place.
pub(crate) fn leads_elsewhere(worktree: &Path, common: &Path) -> Option<PathBuf> {
    let git_dir = git_dir(&worktree.join(".git"))?;
    let own = common_dir(&git_dir).unwrap_or(git_dir);
    (!same(&own, common)).then_some(own)
}

/// The stamp of a worktree is that of its own git folder: git makes one for each and moves none.
pub(crate) fn stamp(worktree: &Path) -> Option<String> {
    fs::stamp(&git_dir(&worktree.join(".git"))?)
}

/// Git's own folder of the linked worktree with a stamp, wherever that worktree is; `None` if git has forgotten it.
pub(crate) fn records_of(common_dir: &Path, stamp: &str) -> Option<PathBuf> {
    let all = common_dir.join("worktrees");
    let names = fs::names(&all).unwrap_or_default().into_iter();
    let mut folders = names.map(|name| all.join(name));
    folders.find(|folder| fs::stamp(folder).as_deref() == Some(stamp))
}

/// The git folder that a worktree's `.git` names, where that cannot be seen from here, as in a container that knows the
/// worktree alone.
pub(crate) fn lost(worktree: &Path) -> Option<PathBuf> {
    let file = worktree.join(".git");
    let named = line(&file)?;
    let named = worktree.join(named.strip_prefix("gitdir:")?.trim());
    (!fs::exists(&named)).then_some(named)
}

/// The git folder of a worktree, by its `.git`.
fn git_dir(path: &Path) -> Option<PathBuf> {
    let real = fs::canonical(path).ok()?;
    if fs::is_folder(&real) {
        return Some(real);
    }
    let named = line(&real)?;
    let named = named.strip_prefix("gitdir:")?.trim();
    fs::canonical(&path.parent()?.join(named)).ok()
}

/// The repository that a git folder is a part of; `None` if it is one itself.
fn common_dir(git_dir: &Path) -> Option<PathBuf> {
    let named = line(&git_dir.join("commondir"))?;
    fs::canonical(&git_dir.join(named)).ok()
}

/// The worktree that the records in a git folder are of, if that is there and is not the one whose `.git` led here.
fn recorded(git_dir: &Path, path: &Path) -> Option<PathBuf> {
    let named = git_dir.join(line(&git_dir.join("gitdir"))?);
    let real = fs::canonical(&named).ok()?;
    // Two copies that name one record: the path in it decides.
    let leads_back = same(&real, path);
    let worktree = named.parent()?.to_owned();
    (!leads_back && self::git_dir(&named)? == *git_dir).then_some(worktree)
}

/// Whether two paths lead to one place, be it by a link or by a second mount.
fn same(a: &Path, b: &Path) -> bool {
    let identity = |path: &Path| {
        let real = fs::canonical(path).ok()?;
        fs::info(&real).ok()?.map(|info| info.identity)
    };
    a == b || identity(a).is_some_and(|one| identity(b) == Some(one))
}

/// The text of a file of one line, if it is Unicode.
pub(super) fn line(path: &Path) -> Option<String> {
    let text = String::from_utf8(fs::read(path).ok()??).ok()?;
    Some(text.trim_end_matches(['\r', '\n']).to_owned())
}
