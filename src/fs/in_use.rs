//! Uses of a folder besides builds: running programs, and filesystems mounted in it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fs::model::{Busy, BusyReason, Identity};

/// Who uses what, besides builds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    programs: Vec<(PathBuf, Option<Identity>)>,
    mounts: Vec<PathBuf>,
}

impl Uses {
    /// Looks at the system as it is now. Cargo holds no lock while the programs that it built run, tests for
    /// one.
    #[must_use]
    pub(crate) fn now() -> Self {
        Self {
            programs: running_programs(),
            mounts: mounts_known(),
        }
    }

    /// The use of a folder that was found, if any.
    #[must_use]
    pub(crate) fn of(&self, folder: &Path) -> Option<Busy> {
        let busy = |path: &PathBuf, why| Busy {
            lock: path.clone(),
            why,
        };
        let mounted = self.mounts.iter().find(|path| path.starts_with(folder));
        let mounted = mounted.map(|path| busy(path, BusyReason::Mounted));
        let mut programs = self.programs.iter();
        mounted.or_else(|| {
            let (path, _) = programs.find(|(path, _)| path.starts_with(folder))?;
            Some(busy(path, BusyReason::Runs))
        })
    }

    /// Which program runs that is this file, by whichever of its names it was started.
    #[must_use]
    pub(crate) fn runs(&self, file: Identity) -> Option<Busy> {
        let mut programs = self.programs.iter();
        let (path, _) = programs.find(|(_, identity)| *identity == Some(file))?;
        Some(Busy {
            lock: path.clone(),
            why: BusyReason::Runs,
        })
    }
}

/// The programs that run now, by their files. Only Linux tells; elsewhere none are known.
fn running_programs() -> Vec<(PathBuf, Option<Identity>)> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let number =
        |name: &std::ffi::OsStr| name.to_string_lossy().bytes().all(|b| b.is_ascii_digit());
    processes
        .flatten()
        .filter(|process| number(&process.file_name()))
        .filter_map(|process| {
            let link = process.path().join("exe");
            // It leads to the file itself, whatever became of its names.
            let file = fs::metadata(&link)
                .ok()
                .map(|file| crate::fs::identity(&file));
            Some((fs::read_link(link).ok()?, file))
        })
        .collect()
}

/// Where filesystems are mounted, as far as that is known.
///
/// A bind mount shows files of another place under another name, so deleting through one would delete them there.
fn mounts_known() -> Vec<PathBuf> {
    let text = mount_info().unwrap_or_default();
    text.lines().filter_map(mount_point).collect()
}

/// Where filesystems are mounted; `None` where not all of it is known.
pub(super) fn all_mounts() -> Option<Vec<PathBuf>> {
    mount_info()?.lines().map(mount_point).collect()
}

/// All mounts of this process, a line each (proc(5)).
fn mount_info() -> Option<String> {
    fs::read_to_string("/proc/self/mountinfo").ok()
}

/// The fifth field, in which some characters stand as octal escapes (proc(5)).
fn mount_point(line: &str) -> Option<PathBuf> {
    let field = line.split(' ').nth(4)?;
    let mut bytes = Vec::new();
    let mut rest = field.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'\\' {
            let digits: Vec<u8> = rest.by_ref().take(3).collect();
            let octal = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(octal, 8).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    Some(PathBuf::from(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_with_spaces() {
        let line = "36 35 98:0 /x /mnt/a\\040b rw,noatime master:1 - ext4 /dev/root rw";
        assert_eq!(mount_point(line), Some(PathBuf::from("/mnt/a b")));
        assert_eq!(mount_point("garbage"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_test_runs_and_something_is_mounted() {
        let own = std::env::current_exe().expect("a path");
        let uses = Uses::now();
        let busy = uses
            .of(own.parent().expect("a folder"))
            .expect("this test runs");
        assert_eq!(busy.why, BusyReason::Runs);
        let file = crate::fs::info(&own).expect("readable").expect("a file");
        assert!(uses.runs(file.identity).is_some());
        assert!(uses.runs(Identity::default()).is_none());
        assert!(
            uses.of(Path::new("/proc"))
                .is_some_and(|busy| busy.why == BusyReason::Mounted)
        );
    }
}
