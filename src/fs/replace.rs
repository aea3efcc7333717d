//! Writes files so that no process ever sees half of one.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context as _, Result};

use crate::fs::{checkpoint, info, is_folder, names, read};
use crate::markers::GITIGNORE;
use crate::size::Bytes;
use crate::text::failure::Hint as _;

/// Gives a file new content by putting a new file in its place, so that no process ever sees half of it and a crash
/// leaves the old one. The file keeps its permissions; a symbolic link is refused.
///
/// # Errors
///
/// The folder cannot be written, or the path is a link or a folder.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    put_in_place(path, bytes, false)
}

/// The same for a file that decides something: only the user reads and writes it, whatever the umask says, and whatever
/// the old one allowed.
///
/// # Errors
///
/// The folder cannot be written, or the path is a link or a folder.
pub(crate) fn replace_own(path: &Path, bytes: &[u8]) -> Result<()> {
    put_in_place(path, bytes, true)
}

/// Writes a file that can be done without: one that is cut off after a loss of power is as good as none.
///
/// # Errors
///
/// The folder cannot be written.
pub(crate) fn replace_spare(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = || format!("failed to write `{}`", path.display());
    let folder = path.parent().with_context(failed)?;
    let mut builder = tempfile::Builder::new();
    let mut new = builder
        .prefix(TEMPORARY)
        .tempfile_in(folder)
        .with_context(failed)?;
    new.write_all(bytes).with_context(failed)?;
    new.persist(path)
        .map_err(|error| error.error)
        .with_context(failed)?;
    Ok(())
}

/// Removes the oldest files of a folder that holds only such as can be done without, if it has many more than `most`.
///
/// # Errors
///
/// The folder cannot be read.
pub(crate) fn keep_newest(folder: &Path, most: usize) -> Result<()> {
    let mut files = names(folder)?;
    if files.len() <= most + most / 8 {
        return Ok(());
    }
    let modified = |name: &String| info(&folder.join(name)).ok()??.modified;
    files.sort_by_cached_key(|name| std::cmp::Reverse(modified(name)));
    for name in &files[most..] {
        // Another run may have removed it.
        let _ = fs::remove_file(folder.join(name));
    }
    Ok(())
}

fn put_in_place(path: &Path, bytes: &[u8], own: bool) -> Result<()> {
    let failed = || format!("failed to write `{}`", path.display());
    let old = info(path)?;
    if old.is_some_and(|old| old.is_symlink || old.is_dir) {
        anyhow::bail!(
            "failed to write `{}`: expected a file there, not a link",
            path.display()
        );
    }
    let folder = path.parent().with_context(failed)?;
    remove_leftovers(folder);
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    // As readable as the user's other files: the system takes away what the umask says.
    #[cfg(unix)]
    if !own {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    let mut new = builder.tempfile_in(folder).with_context(failed)?;
    new.write_all(bytes).with_context(failed)?;
    if old.is_some() && !own {
        let permissions = fs::metadata(path).with_context(failed)?.permissions();
        new.as_file()
            .set_permissions(permissions)
            .with_context(failed)?;
    }
    new.as_file().sync_all().with_context(failed)?;
    checkpoint("written-beside");
    new.persist(path)
        .map_err(|error| error.error)
        .with_context(failed)?;
    sync_folder(folder);
    Ok(())
}

/// Gives a file new content as [`replace`] does, where git may show what lies beside it: until it is in its place, the new
/// file lies in a folder that git ignores.
///
/// # Errors
///
/// The folder cannot be written, or the path is a link or a folder.
pub(crate) fn replace_unseen(path: &Path, bytes: &[u8]) -> Result<()> {
    let old = info(path)?;
    if old.is_some_and(|old| old.is_symlink || old.is_dir) {
        anyhow::bail!(
            "failed to write `{}`: expected a file there, not a link",
            path.display()
        );
    }
    let permissions = old.map(|_| fs::metadata(path).map(|old| old.permissions()));
    permissions
        .transpose()
        .and_then(|permissions| put_unseen(path, bytes, 0o666, permissions))
        .with_context(|| format!("failed to write `{}`", path.display()))
}

/// Puts a new file in its place, by way of a folder that git ignores.
pub(super) fn put_unseen(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    permissions: Option<fs::Permissions>,
) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    remove_leftovers(folder);
    // Goes when it is dropped.
    let aside = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempdir_in(folder)?;
    checkpoint("folder-beside");
    fs::write(aside.path().join(GITIGNORE), b"*\n")?;
    let new = aside.path().join(NEW);
    let mut options = File::options();
    options.write(true).create_new(true);
    // As readable as the user's other files: the system takes away what the umask says.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()?;
    drop(file);
    checkpoint("written-beside");
    fs::rename(&new, path)?;
    checkpoint("put-in-place");
    drop(aside);
    sync_folder(folder);
    Ok(())
}

/// How the names begin of files that are not in their place yet, and of folders with one.
pub(super) const TEMPORARY: &str = ".tmp-sharedtarget-";

/// The name of the new file in such a folder.
const NEW: &str = "new";

/// Returns whether a name is that of a file that a killed run left before it put the file in its place.
#[must_use]
pub(crate) fn is_leftover(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

/// Removes the files of a run that was killed between writing a file and putting it in its place; only one run at a
/// time writes here, so no run needs them. A folder with anything else in it is kept.
pub(crate) fn remove_leftovers(folder: &Path) {
    for name in names(folder).unwrap_or_default() {
        if name.starts_with(TEMPORARY) {
            remove_leftover(&folder.join(name));
        }
    }
}

/// Removes a file that is not in its place, or a folder of ours with one; returns whether it is gone.
pub(crate) fn remove_leftover(path: &Path) -> bool {
    if is_folder(path) {
        // The file that has git ignore the rest is removed last.
        for name in [NEW, GITIGNORE] {
            let only = |names: Vec<String>| {
                names
                    .iter()
                    .all(|one| [NEW, GITIGNORE].contains(&one.as_str()))
            };
            if names(path).is_ok_and(only) {
                let _ = fs::remove_file(path.join(name));
            }
        }
        let _ = fs::remove_dir(path);
    } else {
        let _ = fs::remove_file(path);
    }
    matches!(info(path), Ok(None))
}

/// The files in a folder and in those in it that are not in their place yet, with their sizes. Whether a process
/// still writes them cannot be told from that.
#[must_use]
pub(crate) fn leftovers(folder: &Path) -> Vec<(PathBuf, Bytes)> {
    let mut all = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return all;
    };
    for entry in entries.flatten() {
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => all.extend(leftovers(&entry.path())),
            Ok(metadata) if entry.file_name().to_string_lossy().starts_with(TEMPORARY) => {
                all.push((entry.path(), on_disk(&metadata)));
            }
            _ => {}
        }
    }
    all
}

#[cfg(unix)]
fn on_disk(metadata: &fs::Metadata) -> Bytes {
    Bytes(std::os::unix::fs::MetadataExt::blocks(metadata) * 512)
}

#[cfg(not(unix))]
fn on_disk(metadata: &fs::Metadata) -> Bytes {
    Bytes(metadata.len())
}

/// Makes a rename last through a power cut. Some filesystems cannot, and then there is nothing to be done.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(open) = File::open(folder) {
        let _ = open.sync_all();
    }
}

/// Refuses a place of ours to which a link leads: `path` lies below `root`, and none of the folders in between is one,
/// nor is `path`. A link that came with a clone would have us write somewhere else.
///
/// # Errors
///
/// There is a link on the way.
pub(crate) fn no_link(root: &Path, path: &Path) -> Result<()> {
    let below = path
        .ancestors()
        .take_while(|at| *at != root && at.starts_with(root));
    for at in below {
        if info(at)?.is_some_and(|info| info.is_symlink) {
            return Err(anyhow::anyhow!(
                "expected no link at `{}`: we write through no link",
                at.display()
            ))
            .hint("remove it, and run this again");
        }
    }
    Ok(())
}

/// Writes a short file of ours where none is, or where an interrupted run left an empty one. A link is refused: it
/// would have us write somewhere else.
///
/// Without a temporary file beside it, so that a file by which git ignores a folder is the first thing in it.
///
/// # Errors
///
/// It cannot be written, or is a link.
pub(crate) fn write_if_absent(path: &Path, bytes: &[u8]) -> Result<()> {
    no_link(path.parent().unwrap_or(path), path)?;
    if read(path)?.is_some_and(|there| !there.is_empty()) {
        return Ok(());
    }
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    // A link may have come since.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NOFOLLOW.bits().cast_signed(),
    );
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(bytes));
    written.with_context(|| {
        // Half of it would pass for the whole.
        if info(path).is_ok_and(|info| info.is_some_and(|info| !info.is_symlink)) {
            let _ = fs::remove_file(path);
        }
        format!("failed to write `{}`", path.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_decides_something_is_the_users_alone() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let dir = tempfile::tempdir().expect("a folder");
        let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
        let [own, put] = ["own", "put"].map(|name| dir.path().join(name));
        for path in [&own, &put] {
            fs::write(path, "old").expect("a file");
            fs::set_permissions(path, fs::Permissions::from_mode(0o666)).expect("permissions");
        }
        replace_own(&own, b"new").expect("written");
        crate::fs::put(&put, b"new").expect("written");
        assert_eq!((mode(&own), mode(&put)), (0o600, 0o600));
    }

    #[test]
    fn replace_keeps_permissions_and_leaves_no_litter() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.toml");
        replace(&file, b"one").expect("new");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("permissions");
        }
        replace(&file, b"two").expect("old");
        assert_eq!(read(&file).expect("readable").as_deref(), Some(&b"two"[..]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                fs::metadata(&file).expect("there").permissions().mode() & 0o777,
                0o600
            );
        }
        assert_eq!(names(dir.path()).expect("readable"), ["a.toml"]);
    }

    #[test]
    fn an_unseen_replacement_keeps_permissions_and_leaves_no_litter() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.toml");
        replace_unseen(&file, b"one").expect("new");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("permissions");
        }
        let left = dir.path().join(".tmp-sharedtarget-x");
        fs::create_dir(&left).expect("a folder");
        for name in [NEW, GITIGNORE] {
            fs::write(left.join(name), "x").expect("a file");
        }
        replace_unseen(&file, b"two").expect("old");
        assert_eq!(read(&file).expect("readable").as_deref(), Some(&b"two"[..]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&file).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(names(dir.path()).expect("readable"), ["a.toml"]);
        fs::create_dir(&left).expect("a folder");
        for name in [NEW, "thesis.txt"] {
            fs::write(left.join(name), "x").expect("a file");
        }
        assert!(!remove_leftover(&left), "something of somebody else's");
        assert_eq!(names(&left).expect("readable").len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn our_own_files_are_written_through_no_link() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().expect("a folder");
        let (root, elsewhere) = (dir.path().join("root"), dir.path().join("elsewhere"));
        fs::create_dir_all(root.join("a/b")).expect("folders");
        fs::create_dir(&elsewhere).expect("a folder");
        symlink(elsewhere.join("file"), root.join("a/link")).expect("a link");
        symlink(&elsewhere, root.join("way")).expect("a link");
        let error = write_if_absent(&root.join("a/link"), b"x").expect_err("a link");
        assert!(error.to_string().contains("expected no link"), "{error}");
        assert!(names(&elsewhere).expect("readable").is_empty());
        no_link(&root, &root.join("a/b/c")).expect("no link");
        for path in ["way", "way/c", "way/c/d", "a/link"] {
            assert!(no_link(&root, &root.join(path)).is_err(), "{path}");
        }
        // Where the root itself lies is the user's business.
        let linked = dir.path().join("linked");
        symlink(&root, &linked).expect("a link");
        no_link(&linked, &linked.join("a/b")).expect("no link below it");
    }

    #[cfg(unix)]
    #[test]
    fn replace_refuses_a_link() {
        let dir = tempfile::tempdir().expect("a folder");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("elsewhere", &link).expect("a link");
        let error = replace(&link, b"x").expect_err("a link").to_string();
        assert!(error.contains("not a link"), "{error}");
        assert!(!crate::fs::exists(&dir.path().join("elsewhere")));
    }
}
