//! File system operations of the script cache.

use std::fs;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use tracing::debug;

use crate::fs::lock::LockGuard;
use crate::fs::model::FileState;
use crate::fs::{changed, identity, modified, open};
use crate::size::Bytes;

/// The facts by which a file or folder, or the target of a link, is recognised as unchanged; `None` if there is none.
#[must_use]
pub(crate) fn state(path: &Path) -> Option<FileState> {
    let metadata = fs::metadata(path).ok()?;
    Some(FileState {
        length: Bytes(metadata.len()),
        inode: identity(&metadata).inode,
        modified: modified(&metadata),
        changed: changed(&metadata),
    })
}

/// The BLAKE3 hash of a file's content in hexadecimal digits, for a folder that of the names in it; `None` if it cannot
/// be read.
#[must_use]
pub(crate) fn digest(path: &Path) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    if path.is_dir() {
        for name in crate::fs::names(path).ok()? {
            hasher.update(name.as_bytes()).update(b"\0");
        }
    } else {
        hasher.update_reader(open(path).ok()?).ok()?;
    }
    Some(hasher.finalize().to_hex().to_string())
}

/// Waits for a lock that several of our runs may hold at a time, unless one holds it alone. The file is made, with
/// the folder around it, and is kept.
///
/// # Errors
///
/// It cannot be made, or the filesystem has no locks.
pub(crate) fn lock_in_common(path: &Path) -> Result<LockGuard> {
    let failed = || format!("failed to lock `{}`", path.display());
    let file = lock_file(path).with_context(failed)?;
    file.lock_shared().with_context(failed)?;
    Ok(LockGuard::of(path, file))
}

/// Waits for a lock that only one of our runs holds at a time. The file is made, with the folder around it, and is
/// kept.
///
/// # Errors
///
/// It cannot be made, or the filesystem has no locks.
pub(crate) fn lock_alone(path: &Path) -> Result<LockGuard> {
    let failed = || format!("failed to lock `{}`", path.display());
    loop {
        if let Some(folder) = path.parent() {
            crate::fs::create_folder(folder)?;
        }
        let file = lock_file(path).with_context(failed)?;
        file.lock().with_context(failed)?;
        // While we waited the folder may have been deleted, and the lock with it.
        let held = file.metadata().with_context(failed)?;
        if crate::fs::info(path)?.is_some_and(|there| there.identity == identity(&held)) {
            return Ok(LockGuard::of(path, file));
        }
    }
}

/// Waits for a lock that only one of us has at a time. On a filesystem without locks there is none.
///
/// # Errors
///
/// The file cannot be made.
pub(crate) fn lock_where_possible(path: &Path) -> Result<LockGuard> {
    let failed = || format!("failed to lock `{}`", path.display());
    let file = lock_file(path).with_context(failed)?;
    match file.lock() {
        Err(error) if !has_no_locks(&error) => Err(error).with_context(failed),
        _ => Ok(LockGuard::of(path, file)),
    }
}

/// Returns whether the error is that of a filesystem without locks.
fn has_no_locks(error: &std::io::Error) -> bool {
    // A file server without a lock manager gives no locks out, as if all were taken (flock(2)).
    #[cfg(unix)]
    let is_out = error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error());
    #[cfg(not(unix))]
    let is_out = false;
    is_out || error.kind() == ErrorKind::Unsupported
}

/// Takes such a lock without waiting; `None` if another process holds it.
///
/// # Errors
///
/// It cannot be made, or the filesystem has no locks.
pub(crate) fn try_lock_alone(path: &Path) -> Result<Option<LockGuard>> {
    let failed = || format!("failed to lock `{}`", path.display());
    let file = lock_file(path).with_context(failed)?;
    match crate::fs::lock::try_often(|| file.try_lock()) {
        Ok(()) => Ok(Some(LockGuard::of(path, file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(failed),
    }
}

fn lock_file(path: &Path) -> std::io::Result<File> {
    // Another process may hold it for long.
    debug!(lock = ?path, "lock wanted");
    let mut options = File::options();
    options.create(true).truncate(false).write(true).open(path)
}

/// Moves a file to another folder, also on another filesystem.
///
/// # Errors
///
/// It cannot be read, written or removed.
pub(crate) fn move_file(from: &Path, to: &Path) -> Result<()> {
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    crate::fs::copy_far(from, to)?;
    crate::fs::remove_file(from)
}

/// Writes down that something was used: the file has that time. Where that cannot be done, it looks older than it is.
pub(crate) fn note_use(path: &Path, now: Timestamp) {
    if crate::fs::date_file(path, now).is_err() {
        let _ = crate::fs::write_own(path, b"").and_then(|()| crate::fs::date_file(path, now));
    }
}

/// Whether a file has more names than this one. Where the system does not say, it has none.
#[must_use]
pub(crate) fn has_other_names(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| crate::fs::allocation(&metadata).1 > 1)
}
