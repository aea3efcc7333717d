//! A shared root in which nothing is left but its own marks.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::fs::{exists, info, names, read, remove_empty_folder, remove_file};
use crate::markers::{
    GITIGNORE, OWNER_SUFFIX, ROOT_TOKEN, SHARED_ROOT_MARK, SWEPT, TAG_NAME, tag_file,
};

/// The files in the folder that marks a shared root.
const MARKS: [&str; 3] = [SWEPT, "lock", ROOT_TOKEN];

/// Whether a shared root will have nothing but its own marks once these folders have left it, with the owner files beside
/// them.
#[must_use]
pub(crate) fn is_bare(root: &Path, leaving: &[&Path]) -> bool {
    !is_mounted(root) && is_bare_below(root, root, leaving, Empty::IsOthers).unwrap_or_default()
}

/// An empty folder in a shared root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    /// A user may have made it.
    IsOthers,
    /// Its content has been moved.
    IsOurs,
}

/// Whether a folder is on another filesystem than the one that it lies in, so that it cannot be removed.
fn is_mounted(root: &Path) -> bool {
    let device = |path: &Path| Some(info(path).ok()??.identity.device);
    root.parent().map(device) != Some(device(root))
}

fn is_bare_below(root: &Path, folder: &Path, leaving: &[&Path], empty: Empty) -> Result<bool> {
    for name in names(folder)? {
        let path = folder.join(&name);
        let Some(info) = info(&path)? else {
            continue;
        };
        let is_bare = if leaving.contains(&path.as_path()) {
            true
        } else if info.is_dir && folder == root && name == SHARED_ROOT_MARK {
            let mut marks = names(&path)?.into_iter();
            marks.all(|mark| MARKS.contains(&mark.as_str()))
        } else if info.is_dir {
            let holds_any = || leaving.iter().any(|one| one.starts_with(&path));
            (empty == Empty::IsOurs || holds_any()) && is_bare_below(root, &path, leaving, empty)?
        } else if folder == root && name == TAG_NAME {
            read(&path)?.is_some_and(|bytes| bytes == tag_file())
        } else if folder == root && name == GITIGNORE {
            read(&path)?.is_some_and(|bytes| bytes == b"*\n")
        } else {
            let of = name.strip_suffix(OWNER_SUFFIX).map(|of| folder.join(of));
            let goes_along = of.is_some_and(|of| leaving.contains(&of.as_path()));
            info.is_file && goes_along
        };
        if !is_bare {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes a shared root that has nothing but its own marks and these files. The caller has its lock.
///
/// # Errors
///
/// Something else is in it, or a part of it cannot be removed.
pub(crate) fn remove_bare(root: &Path, files: &[PathBuf]) -> Result<()> {
    let leaving: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let is_bare = is_bare_below(root, root, &leaving, Empty::IsOurs)?;
    anyhow::ensure!(is_bare, "something else is in it");
    let mark = root.join(SHARED_ROOT_MARK);
    let [swept, lock, token] = MARKS.map(|name| mark.join(name));
    // With its token it is a root until the end, and then git ignores the rest: so the next run goes on with what a killed
    // one leaves.
    let tag = root.join(TAG_NAME);
    for file in files.iter().chain([&swept, &lock, &tag]) {
        remove_if_there(file)?;
    }
    remove_empty_below(root);
    remove_if_there(&token)?;
    remove_empty_folder(&mark);
    remove_if_there(&root.join(GITIGNORE))?;
    remove_empty_folder(root)
        .then_some(())
        .context("something else is in it")
}

fn remove_if_there(file: &Path) -> Result<()> {
    match exists(file) {
        true => remove_file(file),
        false => Ok(()),
    }
}

/// Removes the empty folders in a folder.
fn remove_empty_below(folder: &Path) {
    for name in names(folder).unwrap_or_default() {
        let path = folder.join(name);
        if info(&path).ok().flatten().is_some_and(|info| info.is_dir) {
            remove_empty_below(&path);
            remove_empty_folder(&path);
        }
    }
}
