//! Reading files, which leaves no trace where the system lets us; and the folders that the user names.

use std::cell::RefCell;
use std::fs;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// Opens a file for reading, without its time of access changing where the system allows that: by it we tell when
/// Cargo last looked at a unit, and looking at target folders is no use of them. A pipe does not keep us waiting.
pub(super) fn open_quietly(path: &Path) -> std::io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let open = File::options()
            .read(true)
            .custom_flags(QUIETLY.bits().cast_signed())
            .open(path);
        // Only the owner of a file may ask for it.
        if !matches!(&open, Err(error) if error.kind() == ErrorKind::PermissionDenied) {
            return open;
        }
    }
    File::open(path)
}

/// So that nothing is noted of the reading, and a pipe is not waited for.
#[cfg(target_os = "linux")]
pub(super) const QUIETLY: rustix::fs::OFlags = rustix::fs::OFlags::NOATIME
    .union(rustix::fs::OFlags::NONBLOCK)
    .union(rustix::fs::OFlags::CLOEXEC);

/// Reads a file whole; `None` if there is none.
///
/// # Errors
///
/// Anything but its absence.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match open_quietly(path).and_then(|mut file| file.read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("failed to read `{}`", path.display())),
    }
}

/// Reads a named pipe to its end, and waits for its writers.
///
/// # Errors
///
/// It cannot be opened or read.
pub(crate) fn read_pipe(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut pipe| pipe.read_to_end(&mut bytes))
        .with_context(|| format!("failed to read `{}`", path.display()))?;
    Ok(bytes)
}

/// Lends the content of a file, which may be large: the room for it is kept for the next one. `None` if it cannot be
/// read.
pub(crate) fn with_content<T>(path: &Path, look: impl FnOnce(&[u8]) -> T) -> Option<T> {
    thread_local!(static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
    let mut own = Vec::new();
    ROOM.with(|room| {
        let mut kept = room.try_borrow_mut();
        let bytes = kept.as_deref_mut().unwrap_or(&mut own);
        bytes.clear();
        open_quietly(path).ok()?.read_to_end(bytes).ok()?;
        Some(look(bytes))
    })
}

/// Reads a file as far as a limit in bytes; `None` if there is none, or something else than a file.
///
/// # Errors
///
/// Anything but its absence.
pub(crate) fn read_start(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    // Opening a pipe would wait for a writer.
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => {
            return Err(error).with_context(|| format!("failed to look at `{}`", path.display()));
        }
    }
    let mut bytes = Vec::new();
    open_quietly(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .with_context(|| format!("failed to read `{}`", path.display()))?;
    Ok(Some(bytes))
}

/// Reads what was a file a moment ago, as far as a limit in bytes: quicker than [`read_start`], and it does not wait
/// if it is a pipe by now. `None` if it is gone.
///
/// # Errors
///
/// Anything but its absence.
pub(crate) fn read_known(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    known(open_quietly(path), limit, || path.to_owned())
}

/// As [`read_known`], of a file that was opened, with its path for an error.
pub(super) fn known(
    file: std::io::Result<File>,
    limit: u64,
    path: impl Fn() -> PathBuf,
) -> Result<Option<Vec<u8>>> {
    let failed = || format!("failed to read `{}`", path().display());
    let file = match file {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(failed),
    };
    // Most are shorter than this, and come with one call.
    let mut bytes = Vec::with_capacity(2048);
    file.take(limit)
        .read_to_end(&mut bytes)
        .with_context(failed)?;
    bytes.shrink_to_fit();
    Ok(Some(bytes))
}

/// Opens a file for reading.
///
/// # Errors
///
/// There is none, or it may not be read.
pub(crate) fn open(path: &Path) -> Result<File> {
    open_quietly(path).with_context(|| format!("failed to open `{}`", path.display()))
}

/// Canonical path of a folder that the user named.
///
/// # Errors
///
/// There is nothing at the path, or something else.
pub(crate) fn folder(path: &Path) -> Result<PathBuf> {
    let expected = || format!("expected a folder: `{}`", path.display());
    let real = dunce::canonicalize(path).with_context(expected)?;
    ensure!(
        crate::fs::is_folder(&real),
        "{}: not a directory",
        expected()
    );
    Ok(real)
}
