//! A folder that is held open, so that what is done in it is done there and nowhere else.
//!
//! A path is looked up anew each time it is used, and another process may put a link into it in between. Where the
//! system can, all operations use the open folder instead.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use crate::fs::model::Identity;

/// The reason for not entering a folder.
pub(super) const MOUNTED: &str = "another filesystem is mounted there";

/// An entry of a folder.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) is_dir: bool,
    /// Allocated bytes.
    pub(super) on_disk: u64,
    pub(super) len: u64,
    /// When it was last modified, in nanoseconds.
    pub(super) modified: i64,
    /// How many links it has.
    pub(super) links: u64,
    pub(super) identity: Identity,
}

#[cfg(unix)]
mod system {
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt as _;

    use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat, unlinkat};

    use super::{Entry, Identity, MOUNTED, OsStr, Path, io};
    use crate::fs::seen::together;

    /// A folder that is held open.
    pub(crate) struct OpenFolder(OwnedFd);

    const FLAGS: OFlags = OFlags::RDONLY
        .union(OFlags::DIRECTORY)
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);

    fn open(at: impl std::os::fd::AsFd, path: impl rustix::path::Arg) -> io::Result<OpenFolder> {
        Ok(OpenFolder(openat(at, path, FLAGS, Mode::empty())?))
    }

    /// Which mount a folder lies on: two mounts of one filesystem are two. Where the system does not say, the device
    /// stands for it; `None` if not even that is known.
    pub(crate) fn mount_of(path: &Path) -> Option<u64> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{StatxFlags, statx};
            let asked = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::MNT_ID);
            if let Ok(said) = asked
                && said.stx_mask & StatxFlags::MNT_ID.bits() != 0
            {
                return Some(said.stx_mnt_id);
            }
        }
        let metadata = std::fs::symlink_metadata(path).ok()?;
        Some(std::os::unix::fs::MetadataExt::dev(&metadata))
    }

    impl OpenFolder {
        /// Opens a folder, and fails if it is a link to one.
        pub(crate) fn top(path: &Path) -> io::Result<Self> {
            open(CWD, path)
        }

        /// Opens a folder in this one, and fails if another filesystem, or a part of one, is mounted there.
        pub(crate) fn inner(&self, name: &OsStr) -> io::Result<Self> {
            #[cfg(target_os = "linux")]
            {
                use rustix::fs::{ResolveFlags, openat2};
                use rustix::io::Errno;
                let opened = openat2(&self.0, name, FLAGS, Mode::empty(), ResolveFlags::NO_XDEV);
                match opened {
                    Ok(open) => return Ok(Self(open)),
                    Err(Errno::XDEV) => return Err(io::Error::other(MOUNTED)),
                    // Linux before 5.6, or a container that does not know the call.
                    Err(Errno::NOSYS | Errno::PERM) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let inner = open(&self.0, name)?;
            let (own, around) = (rustix::fs::fstat(&inner.0)?, rustix::fs::fstat(&self.0)?);
            if own.st_dev != around.st_dev {
                return Err(io::Error::other(MOUNTED));
            }
            Ok(inner)
        }

        /// The entries, examined without following links. An entry that vanishes meanwhile is left out.
        pub(crate) fn entries(&self) -> io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            for found in Dir::read_from(&self.0)? {
                let found = found?;
                let name = OsStr::from_bytes(found.file_name().to_bytes());
                if name == "." || name == ".." {
                    continue;
                }
                entries.extend(self.entry(name)?);
            }
            Ok(entries)
        }

        /// The entry of this name, examined without following links.
        pub(crate) fn entry(&self, name: &OsStr) -> io::Result<Option<Entry>> {
            let stat = match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(rustix::io::Errno::NOENT) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            #[expect(
                clippy::allow_attributes,
                reason = "the types of these fields differ between systems"
            )]
            #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "as above")]
            Ok(Some(Entry {
                name: name.to_owned(),
                is_dir: FileType::from_raw_mode(stat.st_mode) == FileType::Directory,
                on_disk: stat.st_blocks as u64 * 512,
                len: stat.st_size as u64,
                modified: together(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
                links: stat.st_nlink as u64,
                identity: Identity {
                    device: stat.st_dev as u64,
                    inode: stat.st_ino as u64,
                },
            }))
        }

        /// Whether the filesystem is one on which files may share blocks.
        pub(crate) fn has_clones(&self) -> bool {
            #[cfg(target_os = "linux")]
            {
                // XFS, btrfs, bcachefs, OCFS2.
                const CLONE: [u32; 4] = [0x5846_5342, 0x9123_683e, 0xca45_1a4e, 0x7461_636f];
                let asked = rustix::fs::fstatfs(&self.0);
                asked.is_ok_and(|said| CLONE.contains(&(said.f_type as u32)))
            }
            #[cfg(not(target_os = "linux"))]
            false
        }

        /// The bytes of a file that lie in blocks which another file has as well; all of them where the filesystem
        /// does not tell.
        pub(crate) fn shared(&self, name: &OsStr) -> u64 {
            #[cfg(target_os = "linux")]
            {
                use fiemap::{Fiemap, FiemapExtentFlags, FiemapFlags};
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let Ok(file) = openat(&self.0, name, flags, Mode::empty()) else {
                    return 0;
                };
                let file = std::fs::File::from(file);
                if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
                    return 0;
                }
                let mut shared = 0;
                for extent in Fiemap::with_flags(file, FiemapFlags::empty()) {
                    match extent {
                        Ok(extent) if extent.fe_flags.contains(FiemapExtentFlags::SHARED) => {
                            shared += extent.fe_length;
                        }
                        Ok(_) => {}
                        Err(_) => return u64::MAX,
                    }
                }
                shared
            }
            #[cfg(not(target_os = "linux"))]
            {
                let _ = name;
                0
            }
        }

        pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
            Ok(unlinkat(&self.0, name, AtFlags::empty())?)
        }

        pub(crate) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
            Ok(unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs;
    use std::io::ErrorKind;
    use std::path::PathBuf;

    use super::{Entry, OsStr, Path, io};
    use crate::fs::{allocation, identity};

    /// The mount that a folder lies on, which is unknown on this system.
    pub(crate) fn mount_of(_: &Path) -> Option<u64> {
        None
    }

    /// A folder by its path, since this system does not let everything go by an open one.
    pub(crate) struct OpenFolder(PathBuf);

    impl OpenFolder {
        /// A folder, and not a link to one.
        pub(crate) fn top(path: &Path) -> io::Result<Self> {
            if fs::symlink_metadata(path)?.is_dir() {
                Ok(Self(path.to_owned()))
            } else {
                Err(ErrorKind::NotADirectory.into())
            }
        }

        /// A folder in this one.
        pub(crate) fn inner(&self, name: &OsStr) -> io::Result<Self> {
            Self::top(&self.0.join(name))
        }

        /// The entries, examined without following links. An entry that vanishes meanwhile is left out.
        pub(crate) fn entries(&self) -> io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            for found in fs::read_dir(&self.0)? {
                let found = found?;
                entries.extend(self.entry(&found.file_name())?);
            }
            Ok(entries)
        }

        /// The entry of this name, examined without following links.
        pub(crate) fn entry(&self, name: &OsStr) -> io::Result<Option<Entry>> {
            let metadata = match fs::symlink_metadata(self.0.join(name)) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let (on_disk, links) = allocation(&metadata);
            Ok(Some(Entry {
                name: name.to_owned(),
                is_dir: metadata.is_dir(),
                on_disk,
                len: metadata.len(),
                modified: crate::fs::seen::nanoseconds(&metadata),
                links,
                identity: identity(&metadata),
            }))
        }

        /// Removes a file, also one that may not be written, and a link of either kind.
        pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
            let path = self.0.join(name);
            #[cfg(windows)]
            {
                use std::os::windows::fs::FileTypeExt as _;
                let metadata = fs::symlink_metadata(&path)?;
                if metadata.file_type().is_symlink_dir() {
                    return fs::remove_dir(&path);
                }
                let mut permissions = metadata.permissions();
                if permissions.readonly() && !metadata.is_symlink() {
                    #[expect(
                        clippy::permissions_set_readonly_false,
                        reason = "only on Unix would that let everybody write"
                    )]
                    permissions.set_readonly(false);
                    fs::set_permissions(&path, permissions)?;
                }
            }
            fs::remove_file(path)
        }

        /// Returns whether files on the filesystem may share blocks, which is unknown on this system.
        pub(crate) fn has_clones(&self) -> bool {
            false
        }

        /// How much of a file lies in blocks that another file has as well.
        pub(crate) fn shared(&self, _: &OsStr) -> u64 {
            0
        }

        pub(crate) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
            fs::remove_dir(self.0.join(name))
        }
    }
}

pub(super) use system::{OpenFolder, mount_of};

/// The folder above a path, and its name there.
pub(super) fn above(path: &Path) -> io::Result<(OpenFolder, &OsStr)> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok((OpenFolder::top(parent)?, name)),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}
