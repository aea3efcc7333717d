//! The filesystem that a folder lies on.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::fs::model::ReadsNoted;
use crate::size::Bytes;

/// The space that the filesystem of a folder has for us.
///
/// # Errors
///
/// The system does not say.
pub(crate) fn available(path: &Path) -> Result<Bytes> {
    let bytes = fs4::available_space(path)
        .with_context(|| format!("failed to query the free space at `{}`", path.display()))?;
    Ok(Bytes(bytes))
}

/// How much fits on the filesystem of a folder.
///
/// # Errors
///
/// The system does not say.
pub(crate) fn total(path: &Path) -> Result<Bytes> {
    let bytes = fs4::total_space(path).with_context(|| {
        format!(
            "failed to query the size of the filesystem at `{}`",
            path.display()
        )
    })?;
    Ok(Bytes(bytes))
}

/// The name of a folder's filesystem, if it is a network filesystem, which mostly has no locks that Cargo can use.
/// `None` where the system does not tell.
///
/// Source: `statfs(2)` of Linux, on `f_type`.
#[must_use]
pub(crate) fn network(path: &Path) -> Option<&'static str> {
    const NETWORK: [(i64, &str); 5] = [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB2"),
        (0x0102_1997, "9p"),
    ];
    let kind = number(path)?;
    let known = NETWORK.iter().find(|(number, _)| *number == kind);
    known.map(|(_, name)| *name)
}

/// The number that Linux gives the kind of a folder's filesystem; `None` on another system, or where it does not say.
fn number(path: &Path) -> Option<i64> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        Some(i64::from(rustix::fs::statfs(path).ok()?.f_type as u32))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = path;
        None
    }
}

/// How far the filesystem of a folder writes down that a file is read.
///
/// Source: `relatime_need_update` in Linux's `fs/inode.c`, which the filesystems named here use; `ovl_file_accessed` in
/// `fs/overlayfs/file.c`; `statfs(2)` on `f_type`.
#[must_use]
pub(crate) fn reads_noted(path: &Path) -> ReadsNoted {
    // ext2 to ext4, XFS, Btrfs, F2FS, tmpfs.
    const LOCAL: [i64; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x0102_1994];
    const OVERLAY: i64 = 0x794c_7630;
    match number(path) {
        None => ReadsNoted::No("this system may not record reads of files"),
        Some(_) if !notes_reads(path) => ReadsNoted::No("the filesystem is mounted with `noatime`"),
        Some(OVERLAY) => ReadsNoted::InUpperLayer,
        Some(kind) if LOCAL.contains(&kind) => ReadsNoted::Yes,
        Some(_) => ReadsNoted::No("this kind of filesystem may not record reads of files"),
    }
}

/// Whether the filesystem of a folder writes down when a file is read. Where the system does not say, it does not.
#[must_use]
pub(crate) fn notes_reads(path: &Path) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let flags = rustix::fs::statvfs(path).map(|stat| stat.f_flag);
        flags.is_ok_and(|flags| !flags.contains(rustix::fs::StatVfsMountFlags::NOATIME))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = path;
        false
    }
}
