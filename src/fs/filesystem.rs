//! The filesystem that a folder lies on.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::size::Bytes;

/// The space that the filesystem of a folder has for us.
///
/// # Errors
///
/// The system does not say.
pub(crate) fn available(path: &Path) -> Result<Bytes> {
    let bytes = fs4::available_space(path).with_context(|| {
        format!(
            "failed to ask how much space is free at `{}`",
            path.display()
        )
    })?;
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
            "failed to ask how large the filesystem at `{}` is",
            path.display()
        )
    })?;
    Ok(Bytes(bytes))
}

/// What the filesystem of a folder is called, if it is one of the network's, which mostly have no locks that Cargo can
/// use. Where the system does not say, it is none.
///
/// Source: `statfs(2)` of Linux, on `f_type`.
#[must_use]
pub(crate) fn network(path: &Path) -> Option<&'static str> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        const NETWORK: [(i64, &str); 5] = [
            (0x6969, "NFS"),
            (0x517b, "SMB"),
            (0xff53_4d42, "CIFS"),
            (0xfe53_4d42, "SMB2"),
            (0x0102_1997, "9p"),
        ];
        let kind = i64::from(rustix::fs::statfs(path).ok()?.f_type as u32);
        let known = NETWORK.iter().find(|(number, _)| *number == kind);
        known.map(|(_, name)| *name)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = path;
        None
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
