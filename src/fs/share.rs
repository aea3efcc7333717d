//! Whether and how files can share storage: what a filesystem can do, where a file lies, what is in it.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::fs::model::Rights;
use crate::fs::owner::expect_mine;
use crate::fs::read::open_quietly;
use crate::fs::transfer::keep;

/// Whether the filesystem clones a file within its folder: tried with the file, which stays as it is.
#[must_use]
#[cfg(target_os = "linux")]
pub(crate) fn clones_here(file: &Path) -> bool {
    use rustix::fs::{CWD, Mode, OFlags};
    let Some(folder) = file.parent() else {
        return false;
    };
    // A file without a name leaves no trace in the folder, not even another time.
    let nameless = rustix::fs::openat(
        CWD,
        folder,
        OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC,
        Mode::RUSR | Mode::WUSR,
    );
    let (Ok(nameless), Ok(from)) = (nameless, open_quietly(file)) else {
        return false;
    };
    rustix::fs::ioctl_ficlone(nameless, from).is_ok()
}

/// Whether the filesystem clones a file within its folder: tried with the file, which stays as it is. The folder gets
/// its time back.
#[must_use]
#[cfg(not(target_os = "linux"))]
pub(crate) fn clones_here(file: &Path) -> bool {
    let Some(folder) = file.parent() else {
        return false;
    };
    let before = crate::fs::info(folder).ok().flatten();
    let made = tempfile::Builder::new().make_in(folder, |path| reflink_copy::reflink(file, path));
    let clones = made.is_ok();
    drop(made);
    if let Some(modified) = before.and_then(|info| info.modified) {
        crate::fs::date_folder(folder, modified);
    }
    clones
}

/// Clones a file, with the times and the mode of another one.
///
/// # Errors
///
/// The filesystem cannot.
pub(crate) fn clone_like(from: &Path, like: &Path, to: &Path) -> Result<()> {
    let failed = || format!("failed to clone `{}` to `{}`", from.display(), to.display());
    expect_mine(from)?;
    let metadata = fs::metadata(like).with_context(failed)?;
    reflink_copy::reflink(from, to).with_context(failed)?;
    keep(&metadata, to).with_context(failed)
}

/// The BLAKE3 hash of a file's content; `None` if it cannot be read.
#[must_use]
pub(crate) fn hash_content(path: &Path) -> Option<[u8; 32]> {
    let mut file = open_quietly(path).ok()?;
    let mut hasher = blake3::Hasher::new();
    let mut room = vec![0; 1 << 17];
    loop {
        match file.read(&mut room) {
            Ok(0) => return Some(*hasher.finalize().as_bytes()),
            Ok(length) => hasher.update(&room[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return None,
        };
    }
}

/// Where a file lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lying {
    /// Its parts in their order, as offsets and lengths in bytes.
    pub(crate) extents: Vec<(u64, u64)>,
    /// Another file has one of the parts too.
    pub(crate) shared: bool,
}

/// Where a file lies on the disk; `None` if the filesystem does not say, or it lies in no blocks of its own.
///
/// Data that were written a moment ago are flushed to the disk for that.
#[must_use]
#[cfg(target_os = "linux")]
pub(crate) fn lies(path: &Path) -> Option<Lying> {
    use fiemap::{Fiemap, FiemapExtentFlags as Flags, FiemapFlags};
    let nowhere = Flags::UNKNOWN | Flags::DELALLOC | Flags::DATA_INLINE | Flags::DATA_TAIL;
    let file = open_quietly(path).ok()?;
    let mut lying = Lying {
        extents: Vec::new(),
        shared: false,
    };
    for extent in Fiemap::with_flags(file, FiemapFlags::SYNC) {
        let extent = extent.ok()?;
        if extent.fe_flags.intersects(nowhere) {
            return None;
        }
        lying.shared |= extent.fe_flags.contains(Flags::SHARED);
        lying.extents.push((extent.fe_physical, extent.fe_length));
    }
    (!lying.extents.is_empty()).then_some(lying)
}

/// The place of a file on the disk, which is unknown on this system.
#[must_use]
#[cfg(not(target_os = "linux"))]
pub(crate) fn lies(_: &Path) -> Option<Lying> {
    None
}

/// The owner and mode of a file; `None` if they are unknown. A link is examined itself.
#[must_use]
pub(crate) fn rights(path: &Path) -> Option<Rights> {
    let file = fs::symlink_metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Some(Rights {
            owner: (file.uid(), file.gid()),
            mode: file.mode(),
        })
    }
    #[cfg(not(unix))]
    {
        Some(Rights {
            owner: (0, 0),
            mode: u32::from(file.permissions().readonly()),
        })
    }
}

/// Whether two files are the same user's and group's and let the same be done with them: else one must not take the
/// place of the other, whatever is in them.
#[must_use]
pub(crate) fn same_rights(one: &Path, two: &Path) -> bool {
    rights(one).is_some_and(|one| rights(two) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_content() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, content: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, content).expect("a file");
            path
        };
        let long = vec![7; (1 << 17) + 1];
        let one = hash_content(&write("one", &long));
        assert_eq!(one, Some(*blake3::hash(&long).as_bytes()));
        assert_eq!(one, hash_content(&write("two", &long)));
        assert_ne!(one, hash_content(&write("three", &long[1..])));
        assert_eq!(hash_content(&dir.path().join("none")), None);
    }

    #[test]
    fn trying_to_clone_leaves_no_trace() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("file");
        fs::write(&path, vec![1; 10_000]).expect("a file");
        let old = crate::fs::info(dir.path()).expect("there");
        let clones = clones_here(&path);
        assert_eq!(crate::fs::info(dir.path()).expect("there"), old);
        assert_eq!(crate::fs::names(dir.path()).expect("names"), ["file"]);
        let to = dir.path().join("to");
        assert_eq!(clones, crate::fs::clones(&path, &to));
    }

    #[test]
    #[cfg(unix)]
    fn rights_are_owner_and_mode() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a folder");
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        for path in [&one, &two] {
            fs::write(path, "").expect("a file");
        }
        assert!(same_rights(&one, &two));
        fs::set_permissions(&two, fs::Permissions::from_mode(0o600)).expect("permissions");
        assert!(!same_rights(&one, &two));
        assert!(!same_rights(&one, &dir.path().join("none")));
    }
}
