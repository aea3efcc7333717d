//! Giving a file to another folder: by a clone, by a link, or by a copy. Times and modes stay as they are.

use std::fs;
use std::fs::{File, FileTimes};
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::fs::owner::expect_mine;
use crate::fs::read::open_quietly;

/// Whether the filesystem clones files from one folder to another: tried with a real file.
///
/// The name of a filesystem does not tell: XFS can be made without it, and APFS clones only on one volume. `to` must
/// be new; it is gone afterwards.
#[must_use]
pub(crate) fn clones(from: &Path, to: &Path) -> bool {
    let cloned = reflink_copy::reflink(from, to).is_ok();
    let _ = fs::remove_file(to);
    cloned
}

/// Clones a file.
///
/// # Errors
///
/// The filesystem cannot, or another user owns the file.
pub(crate) fn clone_file(from: &Path, to: &Path) -> Result<()> {
    let failed = || describe("clone", from, to);
    expect_mine(from)?;
    let metadata = fs::metadata(from).with_context(failed)?;
    reflink_copy::reflink(from, to).with_context(failed)?;
    keep(&metadata, to).with_context(failed)
}

/// Makes a folder look as old as another one, by which we tell later whether something has come or gone in it. Where
/// that cannot be done, it is not taken from there again.
pub(crate) fn date_folder(folder: &Path, modified: Timestamp) {
    let times = FileTimes::new().set_modified(modified.into());
    let mut options = File::options();
    options.read(true);
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt as _;
        // FILE_WRITE_ATTRIBUTES, and FILE_FLAG_BACKUP_SEMANTICS, without which no folder is opened.
        options.access_mode(0x0100).custom_flags(0x0200_0000);
    }
    let _ = options.open(folder).and_then(|open| open.set_times(times));
}

/// Makes a file look as if it was last modified at a moment.
///
/// # Errors
///
/// The system does not let us.
pub(crate) fn date_file(path: &Path, modified: Timestamp) -> Result<()> {
    let times = FileTimes::new().set_modified(modified.into());
    // Windows wants the file open for writing, which a read-only one is not.
    let file = File::options().write(true).open(path);
    let file = file.or_else(|_| File::open(path));
    file.and_then(|file| file.set_times(times))
        .with_context(|| format!("failed to date `{}`", path.display()))
}

/// Gives a file a hard link.
///
/// # Errors
///
/// The filesystem cannot, the file has as many names as it may, or another user owns it.
pub(crate) fn link_file(from: &Path, to: &Path) -> Result<()> {
    expect_mine(from)?;
    fs::hard_link(from, to).with_context(|| describe("link", from, to))
}

/// Copies a file.
///
/// # Errors
///
/// It cannot be read or written.
pub(crate) fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let failed = || describe("copy", from, to);
    expect_mine(from)?;
    copy(from, to).with_context(failed)
}

/// Copies a file by its two handles: `warm` copies hundreds of small files, and each name costs a walk along its path.
#[cfg(target_os = "linux")]
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut from = File::open(from)?;
    let metadata = from.metadata()?;
    let mut to = File::create(to)?;
    std::io::copy(&mut from, &mut to)?;
    to.set_times(times(&metadata)?)?;
    to.set_permissions(metadata.permissions())
}

/// Copies a file as the system does it: a clone on APFS, with all streams on NTFS.
#[cfg(not(target_os = "linux"))]
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let metadata = fs::metadata(from)?;
    fs::copy(from, to)?;
    keep(&metadata, to)
}

/// Writes a file in place of a copy: with its own content, and the times and mode of the original.
///
/// # Errors
///
/// It cannot be written.
pub(crate) fn write_like(from: &Path, to: &Path, content: &[u8]) -> Result<()> {
    let failed = || describe("copy", from, to);
    let metadata = fs::metadata(from).with_context(failed)?;
    fs::write(to, content).with_context(failed)?;
    keep(&metadata, to).with_context(failed)
}

/// Writes a file that is ours alone, whether or not it is there.
///
/// # Errors
///
/// It cannot be written.
pub(crate) fn write_own(to: &Path, content: &[u8]) -> Result<()> {
    fs::write(to, content).with_context(|| format!("failed to write `{}`", to.display()))
}

/// Copies a file to another filesystem.
///
/// # Errors
///
/// It cannot be read or written.
pub(crate) fn copy_far(from: &Path, to: &Path) -> Result<()> {
    let failed = || describe("copy", from, to);
    expect_mine(from)?;
    let metadata = fs::metadata(from).with_context(failed)?;
    let options = fs_extra::file::CopyOptions::new();
    let copied = fs_extra::file::copy(from, to, &options).map_err(|error| match error.kind {
        // It says no more of it than that there was one.
        fs_extra::error::ErrorKind::Io(error) => error.into(),
        _ => anyhow::Error::from(error),
    });
    copied.with_context(failed)?;
    keep(&metadata, to).with_context(failed)
}

/// Makes a symbolic link that leads where another one does.
///
/// # Errors
///
/// The system makes none.
pub(crate) fn copy_link(from: &Path, to: &Path) -> Result<()> {
    let target = fs::read_link(from).with_context(|| describe("copy the link", from, to))?;
    make_link(&target, to)
}

/// Makes a symbolic link.
///
/// # Errors
///
/// The system makes none.
pub(crate) fn make_link(target: &Path, at: &Path) -> Result<()> {
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(target, at);
    #[cfg(windows)]
    let made = match target.is_dir() {
        true => std::os::windows::fs::symlink_dir(target, at),
        false => std::os::windows::fs::symlink_file(target, at),
    };
    made.with_context(|| describe("link", target, at))
}

/// Returns whether two files have the same content. A file that cannot be read differs from any other.
#[must_use]
pub(crate) fn same_content(one: &Path, two: &Path) -> bool {
    use std::io::Read as _;
    let (Ok(mut one), Ok(mut two)) = (open_quietly(one), open_quietly(two)) else {
        return false;
    };
    let mut buffers = [vec![0; 1 << 16], vec![0; 1 << 16]];
    loop {
        let [first, second] = &mut buffers;
        let Ok(length) = one.read(first) else {
            return false;
        };
        if length == 0 {
            return matches!(two.read(&mut second[..1]), Ok(0));
        }
        if two.read_exact(&mut second[..length]).is_err() || first[..length] != second[..length] {
            return false;
        }
    }
}

/// Cargo compares times to find out what is stale, so a copy must look as old as what it is a copy of.
pub(super) fn keep(metadata: &fs::Metadata, to: &Path) -> std::io::Result<()> {
    // Windows wants the file open for writing, which a read-only one is not.
    let file = match File::options().write(true).open(to) {
        Ok(file) => file,
        Err(_) => File::open(to)?,
    };
    file.set_times(times(metadata)?)?;
    fs::set_permissions(to, metadata.permissions())
}

fn times(metadata: &fs::Metadata) -> std::io::Result<FileTimes> {
    let times = FileTimes::new().set_modified(metadata.modified()?);
    Ok(match metadata.accessed() {
        Ok(accessed) => times.set_accessed(accessed),
        Err(_) => times,
    })
}

fn describe(what: &str, from: &Path, to: &Path) -> String {
    format!(
        "failed to {what} `{}` to `{}`",
        from.display(),
        to.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_as_old_as_the_original() {
        let dir = tempfile::tempdir().expect("a folder");
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, "text").expect("a file");
        let old =
            std::time::SystemTime::UNIX_EPOCH + std::time::Duration::new(1_000_000, 5_000_100);
        let file = File::options().write(true).open(&from).expect("a file");
        file.set_modified(old).expect("a time");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&from, fs::Permissions::from_mode(0o555)).expect("permissions");
        }
        copy_file(&from, &to).expect("a copy");
        assert!(same_content(&from, &to));
        let metadata = fs::metadata(&to).expect("there");
        assert_eq!(metadata.modified().expect("a time"), old);
        let mode = fs::metadata(&from).expect("there").permissions();
        assert_eq!(metadata.permissions(), mode);
        if clones(&from, &dir.path().join("probe")) {
            let cloned = dir.path().join("cloned");
            clone_file(&from, &cloned).expect("a clone");
            let metadata = fs::metadata(&cloned).expect("there");
            assert_eq!(metadata.modified().expect("a time"), old);
        }
        assert!(!dir.path().join("probe").exists());
    }

    #[test]
    fn content_is_compared_to_the_end() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, content: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, content).expect("a file");
            path
        };
        let long = vec![7; (1 << 16) + 1];
        let one = write("one", &long);
        assert!(same_content(&one, &write("two", &long)));
        assert!(!same_content(&one, &write("three", &long[1..])));
        assert!(!same_content(&write("three", &long[1..]), &one));
        assert!(!same_content(&one, &dir.path().join("none")));
    }
}
