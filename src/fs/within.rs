//! A folder in which much is looked at.
//!
//! On Linux it is held open, since to look the way to it up again for each path takes a fifth of the time; and folders in it
//! are listed with two calls for each and one for each entry, where the standard library takes four, and room for each name.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;

use crate::fs::model::Identity;
use crate::fs::read::{known, open_quietly};
use crate::fs::seen::together;
use crate::fs::{EntryKind, allocation, identity};

/// A folder in which many files are read, or folders listed.
pub(crate) struct Within<'a> {
    path: &'a Path,
    #[cfg(target_os = "linux")]
    open: Option<std::os::fd::OwnedFd>,
}

impl<'a> Within<'a> {
    /// A folder. If it cannot be opened, each path in it says so.
    pub(crate) fn of(path: &'a Path) -> Self {
        Self {
            path,
            #[cfg(target_os = "linux")]
            open: {
                use rustix::fs::{CWD, Mode, OFlags, openat};
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                openat(CWD, path, flags, Mode::empty()).ok()
            },
        }
    }

    /// The path of something in it.
    pub(super) fn join(&self, inner: &Path) -> PathBuf {
        match inner.as_os_str().is_empty() {
            true => self.path.to_owned(),
            false => self.path.join(inner),
        }
    }

    /// Opens a file for reading, given by its path in the folder.
    ///
    /// # Errors
    ///
    /// There is none, or it may not be read.
    pub(crate) fn open(&self, file: &Path) -> io::Result<File> {
        #[cfg(target_os = "linux")]
        if let Some(open) = &self.open {
            use rustix::io::Errno;
            let flags = crate::fs::read::QUIETLY;
            match rustix::fs::openat(open, file, flags, rustix::fs::Mode::empty()) {
                Ok(opened) => return Ok(opened.into()),
                // Only the owner of a file may ask for that.
                Err(Errno::PERM | Errno::ACCESS) => {}
                Err(error) => return Err(error.into()),
            }
        }
        open_quietly(&self.path.join(file))
    }

    /// As [`read_known`](crate::fs::read_known).
    ///
    /// # Errors
    ///
    /// Anything but the file's absence.
    pub(crate) fn read_known(&self, file: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
        known(self.open(file), limit, || self.path.join(file))
    }

    /// Lists a folder in it, or itself: each name, with what it is without following a link, or why that cannot be told.
    ///
    /// # Errors
    ///
    /// The folder cannot be listed, or not to its end.
    pub(super) fn list(
        &self,
        folder: &Path,
        mut take: impl FnMut(&OsStr, io::Result<Listed>),
    ) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(open) = &self.open {
            return linux::list(open, folder, take);
        }
        for entry in std::fs::read_dir(self.join(folder))? {
            let entry = entry?;
            let listed = entry.metadata().map(|metadata| Listed::of(&metadata));
            take(&entry.file_name(), listed);
        }
        Ok(())
    }
}

/// The facts that the system tells of an entry of a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    pub(super) kind: EntryKind,
    pub(super) length: u64,
    /// Allocated bytes.
    pub(super) on_disk: u64,
    pub(super) links: u64,
    pub(super) identity: Identity,
    pub(super) modified: Option<Moment>,
    /// `None` where the system does not know.
    pub(super) changed: Option<Moment>,
    pub(super) accessed: Option<Moment>,
}

impl Listed {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let (on_disk, links) = allocation(metadata);
        let [modified, changed, accessed] = times(metadata);
        Self {
            kind: match metadata.file_type() {
                kind if kind.is_dir() => EntryKind::Folder,
                kind if kind.is_file() => EntryKind::File,
                _ => EntryKind::Special,
            },
            length: metadata.len(),
            on_disk,
            links,
            identity: identity(metadata),
            modified,
            changed,
            accessed,
        }
    }
}

/// When something was last modified, changed and read.
#[cfg(unix)]
fn times(metadata: &Metadata) -> [Option<Moment>; 3] {
    use std::os::unix::fs::MetadataExt as _;
    let modified = (metadata.mtime(), metadata.mtime_nsec());
    let changed = (metadata.ctime(), metadata.ctime_nsec());
    let accessed = (metadata.atime(), metadata.atime_nsec());
    [modified, changed, accessed].map(|(seconds, beyond)| Some(Moment { seconds, beyond }))
}

#[cfg(not(unix))]
fn times(metadata: &Metadata) -> [Option<Moment>; 3] {
    let moment = |time: std::time::SystemTime| {
        let all = Timestamp::try_from(time).ok()?.as_nanosecond();
        Some(Moment {
            seconds: all.div_euclid(1_000_000_000) as i64,
            beyond: all.rem_euclid(1_000_000_000) as i64,
        })
    };
    let (modified, accessed) = (metadata.modified().ok(), metadata.accessed().ok());
    [modified.and_then(moment), None, accessed.and_then(moment)]
}

/// A time as the system gives it, in seconds since 1970 and nanoseconds beyond: one conversion in the end, and not one for
/// each file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    seconds: i64,
    beyond: i64,
}

impl Moment {
    /// The time; `None` if it is beyond ten thousand years.
    pub(super) fn timestamp(self) -> Option<Timestamp> {
        Timestamp::new(self.seconds, i32::try_from(self.beyond).ok()?).ok()
    }

    /// All of it in nanoseconds. Only the same ones are compared.
    pub(super) fn nanoseconds(self) -> i64 {
        together(self.seconds, self.beyond)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsStr;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;

    use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, Stat, openat, statat};

    use super::{Listed, Moment};
    use crate::fs::EntryKind;
    use crate::fs::model::Identity;

    /// Room for the names of a few hundred entries.
    const ROOM: usize = 32 << 10;

    // The room is needed while a folder is listed, and not while those in it are.
    #[inline(never)]
    pub(super) fn list(
        within: &OwnedFd,
        folder: &Path,
        mut take: impl FnMut(&OsStr, io::Result<Listed>),
    ) -> io::Result<()> {
        let folder = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = openat(within, folder, flags, Mode::empty())?;
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut entries = RawDir::new(&open, &mut room);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let stat = statat(&open, name, AtFlags::SYMLINK_NOFOLLOW);
            take(
                OsStr::from_bytes(name.to_bytes()),
                stat.map(listed).map_err(io::Error::from),
            );
        }
        Ok(())
    }

    #[expect(
        clippy::allow_attributes,
        reason = "the types of these fields differ between architectures"
    )]
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "as above")]
    fn listed(stat: Stat) -> Listed {
        let moment = |seconds: i64, beyond: i64| Some(Moment { seconds, beyond });
        Listed {
            kind: match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => EntryKind::Folder,
                FileType::RegularFile => EntryKind::File,
                _ => EntryKind::Special,
            },
            length: stat.st_size as u64,
            on_disk: stat.st_blocks as u64 * 512,
            links: stat.st_nlink as u64,
            identity: Identity {
                device: stat.st_dev as u64,
                inode: stat.st_ino as u64,
            },
            modified: moment(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: moment(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
            accessed: moment(stat.st_atime as i64, stat.st_atime_nsec as i64),
        }
    }
}
