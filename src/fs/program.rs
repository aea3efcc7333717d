//! Files that are run: git hooks, and programs by name.

use std::fs;
use std::fs::Metadata;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::fs::model::FoundProgram;
use crate::fs::replace::{TEMPORARY, put_unseen, sync_folder};
use crate::fs::{checkpoint, info, link_target, names, read, remove_leftovers};
use crate::text::failure;

/// Looks at a program without following a link.
#[must_use]
pub(crate) fn program(path: &Path) -> FoundProgram {
    let found = match info(path) {
        Ok(found) => found,
        Err(error) => return FoundProgram::Unreadable(failure::words(error.as_ref())),
    };
    match found {
        None => FoundProgram::Nothing,
        Some(found) if found.is_symlink => FoundProgram::Link(link_target(path)),
        Some(found) if !found.is_file => FoundProgram::Other,
        Some(_) => match (read(path), fs::symlink_metadata(path)) {
            (Ok(Some(bytes)), Ok(metadata)) => FoundProgram::File {
                bytes,
                mode: mode(&metadata),
                executable: executable(&metadata),
            },
            (Err(error), _) => FoundProgram::Unreadable(failure::words(error.as_ref())),
            (Ok(_), Err(error)) => FoundProgram::Unreadable(failure::words(&error)),
            // Gone in between.
            (Ok(None), Ok(_)) => FoundProgram::Nothing,
        },
    }
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0
}

#[cfg(unix)]
fn executable(metadata: &Metadata) -> bool {
    mode(metadata) & 0o111 != 0
}

/// Whether a path leads to a file that may be run, through links too.
#[must_use]
pub(crate) fn is_runnable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && executable(&metadata))
}

/// Returns whether a folder is the user's home or lies above it, by its name or where links lead. All else may have come with
/// a clone or an archive.
#[must_use]
pub(crate) fn is_users_own(folder: &Path) -> bool {
    static HOMES: std::sync::OnceLock<Vec<PathBuf>> = std::sync::OnceLock::new();
    let homes = HOMES.get_or_init(|| {
        let home = std::env::home_dir().filter(|home| home.is_absolute());
        let real = home.as_ref().and_then(|home| fs::canonicalize(home).ok());
        home.into_iter().chain(real).collect()
    });
    homes.iter().any(|home| home.starts_with(folder))
}

/// The worktree, or the package outside of any, that a path lies in: whatever is in there may have come with a clone. The
/// user's home and what is above it are their own, also where git tracks something in them.
#[must_use]
pub(crate) fn project_of(path: &Path) -> Option<PathBuf> {
    let above = path.ancestors().skip(1);
    let mut own = above.take_while(|above| !is_users_own(above));
    let is_top = |above: &&Path| {
        [".git", "Cargo.toml"]
            .iter()
            .any(|name| crate::fs::exists(&above.join(name)))
    };
    own.find(is_top).map(Path::to_owned)
}

/// Git's shell goes by the content there.
#[cfg(not(unix))]
fn executable(_: &Metadata) -> bool {
    true
}

/// Gives a file a hard link in its folder, whose name must be free; a copy where the filesystem has no links.
///
/// # Errors
///
/// The name is taken, or cannot be given.
pub(crate) fn keep_as(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("failed to keep `{}` as `{}`", from.display(), to.display());
    match fs::hard_link(from, to) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(error).with_context(failed);
        }
        Err(_) => copy(from, to).with_context(failed)?,
    }
    if let Some(folder) = to.parent() {
        sync_folder(folder);
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("it has no folder")?;
    let mut new = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(folder)?;
    new.write_all(&fs::read(from)?)?;
    new.as_file()
        .set_permissions(fs::metadata(from)?.permissions())?;
    new.as_file().sync_all()?;
    new.persist_noclobber(to).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a program that every user may run whom the umask lets, whole or not at all, in the place of another one or
/// where nothing is.
///
/// # Errors
///
/// It cannot be written, or something is where nothing should be.
pub(crate) fn write_program(path: &Path, bytes: &[u8], replaces: bool) -> Result<()> {
    let failed = || format!("failed to write `{}`", path.display());
    if replaces {
        return put_unseen(path, bytes, 0o777, None).with_context(failed);
    }
    let folder = path.parent().with_context(failed)?;
    remove_leftovers(folder);
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let mut new = builder.tempfile_in(folder).with_context(failed)?;
    new.write_all(bytes).with_context(failed)?;
    new.as_file().sync_all().with_context(failed)?;
    checkpoint("written-beside");
    new.persist_noclobber(path)
        .map_err(|error| error.error)
        .with_context(failed)?;
    sync_folder(folder);
    Ok(())
}

/// Whether a run that was killed left a file in a folder that it had not put in its place.
#[must_use]
pub(crate) fn has_leftovers(folder: &Path) -> bool {
    let left = |name: &String| name.starts_with(TEMPORARY);
    names(folder).unwrap_or_default().iter().any(left)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_copy_is_the_same_in_content_and_mode_and_never_overwrites() {
        let dir = tempfile::tempdir().expect("a folder");
        let [from, to] = ["a", "b"].map(|name| dir.path().join(name));
        fs::write(&from, b"\0\xff").expect("a file");
        fs::set_permissions(&from, fs::Permissions::from_mode(0o751)).expect("permissions");
        copy(&from, &to).expect("copied");
        assert_eq!(program(&to), program(&from));
        for way in [copy, keep_as] {
            way(&from, &to).expect_err("taken");
        }
        fs::remove_file(&to).expect("removed");
        keep_as(&from, &to).expect("linked");
        assert_eq!(program(&to), program(&from));
    }

    #[test]
    fn a_program_is_new_or_replaces() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a");
        write_program(&path, b"one", false).expect("new");
        write_program(&path, b"two", false).expect_err("taken");
        write_program(&path, b"three", true).expect("replaced");
        let FoundProgram::File {
            bytes, executable, ..
        } = program(&path)
        else {
            panic!("no file");
        };
        assert!(executable && bytes == b"three");
        assert!(!has_leftovers(dir.path()));
    }
}
