//! Whose a file is, and who else may write it. On Windows every file counts as the user's own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

/// Why something at a path is not the user's alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(unix),
    expect(dead_code, reason = "only Unix has a mode to look at")
)]
pub(crate) enum Theirs {
    /// Another user owns it, or its owner is unknown.
    Owner,
    /// Every user may write it.
    Everybody,
    /// The users of its group may write it, and the group is not the user's private one.
    Group,
}

/// Why a path is not the user's alone; `None` if it is, or if there is nothing. A link is looked at itself.
#[must_use]
pub(crate) fn theirs(path: &Path) -> Option<Theirs> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => of(&metadata),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(_) => Some(Theirs::Owner),
    }
}

#[cfg(unix)]
fn of(metadata: &fs::Metadata) -> Option<Theirs> {
    use std::os::unix::fs::MetadataExt as _;
    let user = rustix::process::geteuid().as_raw();
    // The mode of a link means nothing.
    let mode = if metadata.is_symlink() {
        0
    } else {
        metadata.mode()
    };
    match () {
        () if metadata.uid() != user => Some(Theirs::Owner),
        () if mode & 0o002 != 0 => Some(Theirs::Everybody),
        // Where each user has a group of the same number, as most Linux systems give them, no one else is in it.
        () if mode & 0o020 != 0 && metadata.gid() != user => Some(Theirs::Group),
        () => None,
    }
}

#[cfg(not(unix))]
fn of(_: &fs::Metadata) -> Option<Theirs> {
    None
}

/// Returns why a store with these parts must not be used: another user owns one, or everybody may write to it. `None`
/// if it may be used. The users of a group may write where the user let them: we make nothing that they may write to.
#[must_use]
pub(crate) fn refuses_store(root: &Path, parts: &[PathBuf]) -> Option<(PathBuf, String)> {
    let (at, theirs) = open_part(root, parts)?;
    let all = "files in the store become part of your programs";
    let message = match theirs {
        Theirs::Owner => format!(
            "another user owns `{}`, and {all}: set `folder` in `[store]` to one of your own",
            at.display()
        ),
        _ => format!(
            "every user may write to `{}`, and {all}: {}",
            at.display(),
            closing(root)
        ),
    };
    Some((at.to_owned(), message))
}

/// Makes sure that a cache of programs with these parts is the user's own: those programs are run. The rules are
/// those of a store.
///
/// # Errors
///
/// Another user owns a part, or everybody may write to it.
pub(crate) fn expect_own_programs(root: &Path, parts: &[PathBuf]) -> Result<()> {
    let Some((at, theirs)) = open_part(root, parts) else {
        return Ok(());
    };
    let at = at.display();
    match theirs {
        Theirs::Owner => bail!("another user owns `{at}`, and programs in it would run as yours"),
        _ => bail!(
            "every user may write to `{at}`, and programs in it would run as yours: {}",
            closing(root)
        ),
    }
}

/// The first part of a folder that another user owns, or that everybody may write to and can get at.
fn open_part<'a>(root: &'a Path, parts: &'a [PathBuf]) -> Option<(&'a Path, Theirs)> {
    let closed = is_closed(root);
    let mut all = std::iter::once(root).chain(parts.iter().map(PathBuf::as_path));
    all.find_map(|path| {
        let theirs = theirs(path)?;
        let counts = theirs == Theirs::Owner || (theirs == Theirs::Everybody && !closed);
        counts.then_some((path, theirs))
    })
}

/// How the user closes a folder to others.
fn closing(root: &Path) -> String {
    let root = crate::text::shell::word(root);
    format!("revoke that with `chmod -R go-w {root}`")
}

/// Returns whether a user who is neither this one nor the superuser owns what is at a path, or may write to it as
/// everybody may. `false` where nothing is there.
#[must_use]
pub(crate) fn is_strangers(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let user = rustix::process::geteuid().as_raw();
        fs::metadata(path).is_ok_and(|metadata| {
            ![0, user].contains(&metadata.uid()) || metadata.mode() & 0o002 != 0
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Returns why this user cannot make anything in a folder, by its rights and its filesystem; `None` if that is
/// possible. If the folder is not there, the nearest one above counts.
#[must_use]
pub(crate) fn unwritable(folder: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        // A link that leads to nothing is another matter.
        let there = folder.ancestors().find(|above| above.exists())?;
        let rights = Access::WRITE_OK | Access::EXEC_OK;
        let error = access(there, rights).err()?;
        Some(crate::text::failure::words(&std::io::Error::from(error)))
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

/// Returns whether a folder lets no other user in.
#[must_use]
pub(crate) fn is_closed(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::symlink_metadata(folder)
            .is_ok_and(|metadata| metadata.is_dir() && metadata.mode() & 0o033 == 0)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        false
    }
}

/// Closes a new folder to other users where they could write to it, as with the umask 002: Cargo makes folders inside that
/// they could write to as well.
///
/// # Errors
///
/// Its permissions cannot be changed.
pub(crate) fn close_if_open(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let failed = || format!("failed to close `{}` to other users", folder.display());
        let metadata = fs::symlink_metadata(folder).with_context(failed)?;
        if metadata.mode() & 0o022 != 0 || umask_lets_others_write(folder) {
            let closed = fs::Permissions::from_mode(metadata.mode() & 0o7700);
            fs::set_permissions(folder, closed).with_context(failed)?;
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Returns whether new folders in this one let other users write, which only making one tells.
#[cfg(unix)]
fn umask_lets_others_write(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let made = tempfile::Builder::new()
        .prefix(crate::fs::replace::TEMPORARY)
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .tempdir_in(folder);
    made.and_then(|made| fs::symlink_metadata(made.path()))
        .is_ok_and(|metadata| metadata.mode() & 0o022 != 0)
}

/// Whether what is at a path is this user's own: what is not may change at any time.
#[must_use]
pub(crate) fn is_mine(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| of(&metadata) != Some(Theirs::Owner))
}

/// Refuses what another user owns: such a file may become another one at any time, and all its names with it.
pub(super) fn expect_mine(path: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(path)
        .with_context(|| format!("failed to look at `{}`", path.display()))?;
    ensure!(
        of(&metadata) != Some(Theirs::Owner),
        "another user owns `{}`",
        path.display()
    );
    Ok(())
}

/// Makes a folder and those above it. New folders let other users write no more than the folder that they are in does
/// for its group, whatever the umask says.
pub(super) fn create_all(path: &Path) -> std::io::Result<()> {
    match create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let above = path.parent().filter(|above| !above.as_os_str().is_empty());
            create_all(above.ok_or(error)?)?;
            or_there(path, create(path))
        }
        result => or_there(path, result),
    }
}

fn or_there(path: &Path, result: std::io::Result<()>) -> std::io::Result<()> {
    match result {
        Err(_) if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) => Ok(()),
        result => result,
    }
}

/// Makes one folder, in the same way.
#[cfg(unix)]
pub(super) fn create(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    let above = fs::metadata(above.unwrap_or(Path::new(".")));
    let group = above.map_or(0, |above| match above.mode() & 0o002 {
        0 => above.mode() & 0o020,
        _ => 0,
    });
    fs::DirBuilder::new().mode(0o755 | group).create(path)
}

/// Makes one folder.
#[cfg(not(unix))]
pub(super) fn create(path: &Path) -> std::io::Result<()> {
    fs::create_dir(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    }

    #[test]
    fn what_others_may_write_is_theirs() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("file");
        assert_eq!(theirs(&file), None, "nothing is there");
        fs::write(&file, "").expect("a file");
        set(&file, 0o644);
        assert_eq!(theirs(&file), None);
        set(&file, 0o646);
        assert_eq!(theirs(&file), Some(Theirs::Everybody));
        let metadata = fs::metadata(&file).expect("there");
        let private = metadata.uid() == metadata.gid();
        set(&file, 0o664);
        assert_eq!(theirs(&file), (!private).then_some(Theirs::Group));
        assert!(is_mine(&file));
        assert!(!is_mine(&dir.path().join("none")));
        if crate::fs::is_superuser() {
            std::os::unix::fs::chown(&file, Some(4321), None).expect("another owner");
            assert_eq!(theirs(&file), Some(Theirs::Owner));
            assert!(!is_mine(&file));
            let error = crate::fs::link_file(&file, &dir.path().join("name"));
            let error = format!("{:#}", error.expect_err("refused"));
            assert!(error.contains("another user owns"), "{error}");
            assert!(!dir.path().join("name").exists());
        }
    }

    #[test]
    fn a_new_folder_is_no_more_open_than_the_one_above() {
        let dir = tempfile::tempdir().expect("a folder");
        for (above, expected) in [(0o755, 0o755), (0o775, 0o775), (0o777, 0o755)] {
            let top = dir.path().join(format!("{above:o}"));
            fs::create_dir(&top).expect("a folder");
            set(&top, above);
            create_all(&top.join("a/b")).expect("made");
            create_all(&top.join("a/b")).expect("there");
            for folder in ["a", "a/b"] {
                let mode = fs::metadata(top.join(folder)).expect("there").mode();
                assert_eq!(
                    mode & 0o777 & !expected,
                    0,
                    "{folder} in {above:o}: {mode:o}"
                );
            }
        }
        fs::write(dir.path().join("file"), "").expect("a file");
        assert!(create_all(&dir.path().join("file")).is_err());
    }
}
