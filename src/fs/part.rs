//! Parts a folder in two, and unites two, by renames.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::fs::{create_folder, info, is_folder, names_exactly, rename};
use crate::markers::FINGERPRINTS;

/// Where an entry of a folder goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It stays.
    Stays,
    /// It goes, with all that is in it.
    Goes,
    /// Some of its entries go.
    Within,
}

/// Moves what goes of one folder to the same places in another one, which need not exist. An entry for which something is there
/// already stays. Gives how many were moved.
///
/// # Errors
///
/// A folder cannot be read or made, or an entry cannot be renamed: those before it have gone.
pub(crate) fn part(from: &Path, to: &Path, goes: &dyn Fn(&Path) -> Part) -> Result<usize> {
    part_in(from, to, Path::new(""), goes)
}

fn part_in(from: &Path, to: &Path, at: &Path, goes: &dyn Fn(&Path) -> Part) -> Result<usize> {
    let mut moved = 0;
    for name in in_order(&from.join(at))? {
        let path = at.join(&name);
        let (old, new) = (from.join(&path), to.join(&path));
        match goes(&path) {
            Part::Stays => {}
            Part::Within if is_folder(&old) => moved += part_in(from, to, &path, goes)?,
            Part::Within => {}
            Part::Goes => {
                if info(&new)?.is_none() {
                    create_folder(&to.join(at))?;
                    rename(&old, &new)?;
                    moved += 1;
                }
            }
        }
    }
    Ok(moved)
}

/// The first entry of a folder that goes.
///
/// # Errors
///
/// A folder cannot be read.
pub(crate) fn first_that_goes(
    from: &Path,
    goes: &dyn Fn(&Path) -> Part,
) -> Result<Option<PathBuf>> {
    let mut folders = vec![PathBuf::new()];
    while let Some(at) = folders.pop() {
        for name in names_exactly(&from.join(&at))? {
            let path = at.join(name);
            match goes(&path) {
                Part::Goes => return Ok(Some(path)),
                Part::Within if is_folder(&from.join(&path)) => folders.push(path),
                Part::Within | Part::Stays => {}
            }
        }
    }
    Ok(None)
}

/// Moves everything in a folder to the same places in another one, and removes the first folder. Where both have a file, that of
/// the second folder stays.
///
/// # Errors
///
/// A file is where the other folder has a folder, or something cannot be read, renamed or removed. The second folder has all
/// that it had, and some of the first one's entries.
pub(crate) fn unite(from: &Path, into: &Path) -> Result<()> {
    for name in in_order(from)? {
        let (old, new) = (from.join(&name), into.join(&name));
        let is_one = is_folder(&old);
        match info(&new)? {
            None => rename(&old, &new)?,
            Some(there) if is_one && there.is_dir => unite(&old, &new)?,
            Some(there) if is_one || there.is_dir => {
                bail!("`{}` is in the way of `{}`", new.display(), old.display());
            }
            Some(_) => crate::fs::remove_file(&old)?,
        }
    }
    fs::remove_dir(from).with_context(|| format!("failed to remove `{}`", from.display()))
}

/// The names in a folder. The fingerprints come last: without them Cargo believes in no unit, and it looks for all that
/// belongs to one with a fingerprint.
fn in_order(folder: &Path) -> Result<Vec<OsString>> {
    let mut names = names_exactly(folder)?;
    names.sort_by_key(|name| (name == FINGERPRINTS, name.clone()));
    Ok(names)
}
