//! A shared root in which nothing is left but its own marks.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::fs::model::Tag;
use crate::fs::{exists, info, names, remove_empty_folder, remove_file, tag};
use crate::markers::{GITIGNORE, OWNER_SUFFIX, ROOT_TOKEN, SHARED_ROOT_MARK, SWEPT, TAG_NAME};

/// The files in the folder that marks a shared root, in the order in which they go: without its token it is no root any more,
/// and others wait for its lock until the end.
const MARKS: [&str; 3] = [ROOT_TOKEN, SWEPT, "lock"];

/// Whether a shared root will have nothing but its own marks once these folders have left it, with the owner files beside
/// them.
#[must_use]
pub(crate) fn is_bare(root: &Path, leaving: &[&Path]) -> bool {
    tag(root) == Tag::Valid && is_bare_below(root, root, leaving).unwrap_or_default()
}

fn is_bare_below(root: &Path, folder: &Path, leaving: &[&Path]) -> Result<bool> {
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
            is_bare_below(root, &path, leaving)?
        } else {
            let of = name.strip_suffix(OWNER_SUFFIX).map(|of| folder.join(of));
            let goes_along = of.is_some_and(|of| leaving.contains(&of.as_path()));
            info.is_file
                && (goes_along || folder == root && [TAG_NAME, GITIGNORE].contains(&name.as_str()))
        };
        if !is_bare {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes a shared root that has nothing but its own marks. The caller has its lock.
///
/// # Errors
///
/// Something else is in it, or a part of it cannot be removed.
pub(crate) fn remove_bare(root: &Path) -> Result<()> {
    anyhow::ensure!(is_bare(root, &[]), "something else is in it");
    let mark = root.join(SHARED_ROOT_MARK);
    let marks = MARKS.map(|name| mark.join(name));
    let others = [TAG_NAME, GITIGNORE].map(|name| root.join(name));
    let files: Vec<PathBuf> = marks.into_iter().filter(|file| exists(file)).collect();
    for file in files {
        remove_file(&file)?;
    }
    remove_empty_folder(&mark);
    remove_empty_below(root);
    for file in others.iter().filter(|file| exists(file)) {
        remove_file(file)?;
    }
    let gone = remove_empty_folder(root);
    gone.then_some(()).context("something else is in it")
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
