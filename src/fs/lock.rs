//! Locks: Cargo's, to notice a running build, and our own, to run once at a time.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tracing::debug;

use crate::fs::model::{Busy, BusyReason};
use crate::fs::newest::{packages, units};
use crate::fs::{identity, info};
use crate::markers::{BUILD_LOCK, LOCK_NAMES, SHARED_ROOT_MARK, STAGE_LOCK, UNIT_LOCK, UNIT_LOCKS};
use crate::text::failure;

/// Holds locks until it is dropped.
///
/// Drop unlocks each file and does not only close it: on Unix, closing leaves the lock to every copy of the open file. Where
/// another thread starts a program, the child holds such a copy until it becomes that program, which takes a while on a
/// busy machine.
#[derive(Debug, Default)]
pub(crate) struct LockGuard {
    files: Vec<File>,
}

impl LockGuard {
    /// Holds the lock that a file has.
    pub(super) fn of(lock: &Path, file: File) -> Self {
        debug!(?lock, "lock taken");
        Self::from(file)
    }
}

impl From<File> for LockGuard {
    fn from(file: File) -> Self {
        Self { files: vec![file] }
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        for file in &self.files {
            // The lock of a file that cannot be unlocked ends with its last copy.
            let _ = file.unlock();
        }
    }
}

/// Takes every lock of Cargo's in the profile folders of a target folder, without waiting.
///
/// A build holds one of them, whichever Cargo it is: all of them are tried, also those of units. Lock files that are not
/// there are not made, since a folder without them is not being built in.
///
/// # Errors
///
/// The first lock that could not be had, and why. Where locks do not work at all, as on some network filesystems, it
/// is unknown whether a build is running.
pub(crate) fn lock_all(folder: &Path, profiles: &[PathBuf]) -> Result<LockGuard, Busy> {
    let mut guard = LockGuard::default();
    for profile in profiles {
        for name in LOCK_NAMES {
            let lock = folder.join(profile).join(name);
            let file = match File::options().read(true).open(&lock) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(busy(&lock, TryLockError::Error(error))),
            };
            taken(&lock, try_often(|| file.try_lock()))?;
            guard.files.push(file);
        }
        held_units(&folder.join(profile), LockMode::Once)?;
    }
    Ok(guard)
}

/// How long to try for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockMode {
    /// Once.
    Once,
    /// Until it is free.
    UntilFree,
}

/// Takes the locks of Cargo's that keep a build from changing the units in these profile folders, shared with other
/// readers. Lock files that are not there are not made: no build writes there.
///
/// Source: `src/compiler/layout.rs` of Cargo: up to 1.95 a build holds `.cargo-lock`, from 1.96 `.cargo-build-lock`,
/// alone. With `-Zfine-grain-locking` it holds that in common with others, and the locks of units (`held_units`): one
/// that runs is noticed here, but one that begins afterwards is not kept away. So a reader compares each file with
/// the plan before and after it takes it: such a build, too, empties the fingerprint of every unit that it is about to
/// change before it changes the first one (`prepare_target` in `src/compiler/fingerprint/mod.rs`).
///
/// # Errors
///
/// The first lock that could not be had, and why.
pub(crate) fn lock_to_read(
    folder: &Path,
    profiles: &[PathBuf],
    sought: LockMode,
) -> Result<LockGuard, Busy> {
    let mut guard = LockGuard::default();
    for lock in unit_locks(folder, profiles) {
        match File::open(&lock) {
            Ok(file) => {
                let result = match sought {
                    LockMode::Once => try_often(|| file.try_lock_shared()),
                    LockMode::UntilFree => file.lock_shared().map_err(TryLockError::Error),
                };
                taken(&lock, result)?;
                guard.files.push(file);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(busy(&lock, TryLockError::Error(error))),
        }
    }
    for profile in profiles {
        held_units(&folder.join(profile), sought)?;
    }
    Ok(guard)
}

/// Looks whether a build holds the lock of a unit in a profile folder. None is kept, for there may be more of them than
/// files that can be open.
///
/// Source: `src/compiler/mod.rs` and `locking.rs` of Cargo: with `-Zfine-grain-locking` (and so in the new layout) a build
/// makes `build/<package>/<hash>/.lock` for every unit that it needs, holds it alone while it compiles the unit, and in
/// common before, if the unit is fresh, and afterwards up to its end. A build script runs under a lock in common.
fn held_units(profile: &Path, sought: LockMode) -> Result<(), Busy> {
    // Every Cargo that knows of such locks makes this one first.
    if !profile.join(BUILD_LOCK).exists() {
        return Ok(());
    }
    for unit in packages(profile).flat_map(units) {
        let lock = unit.join(UNIT_LOCK);
        // Opening anything else might wait for another process.
        if !matches!(info(&lock), Ok(Some(info)) if info.is_file) {
            continue;
        }
        let tried = match File::open(&lock) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => Err(TryLockError::Error(error)),
            Ok(file) if sought == LockMode::UntilFree => {
                let locked = file.lock().map_err(TryLockError::Error);
                locked.map(|()| LockGuard::from(file))
            }
            Ok(file) => try_often(|| file.try_lock()).map(|()| LockGuard::from(file)),
        };
        drop(tried.map_err(|error| busy(&lock, error))?);
    }
    Ok(())
}

/// How often, and how long apart, a lock is tried.
const TRIES: (usize, Duration) = (5, Duration::from_millis(5));

/// Tries for a lock until it is clear that a build or another of us works under it, not that one of us tries it as well.
///
/// Others of us hold a lock only for a moment where they look whether it is free.
pub(super) fn try_often(
    mut lock: impl FnMut() -> Result<(), TryLockError>,
) -> Result<(), TryLockError> {
    let (tries, apart) = TRIES;
    for _ in 1..tries {
        match lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(apart),
            result => return result,
        }
    }
    lock()
}

/// Takes the same locks alone, and makes the files where they are not there: a build that begins meanwhile waits, also
/// one with `-Zfine-grain-locking`.
///
/// # Errors
///
/// The first lock that could not be had, and why.
pub(crate) fn lock_to_write(folder: &Path, profiles: &[PathBuf]) -> Result<LockGuard, Busy> {
    let mut guard = LockGuard::default();
    for lock in unit_locks(folder, profiles) {
        let open = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&lock);
        let file = open.map_err(|error| busy(&lock, TryLockError::Error(error)))?;
        taken(&lock, try_often(|| file.try_lock()))?;
        guard.files.push(file);
    }
    for profile in profiles {
        held_units(&folder.join(profile), LockMode::Once)?;
    }
    Ok(guard)
}

/// Takes the lock of a folder of ours in which only one of us works at a time.
///
/// # Errors
///
/// Another one works there or has just removed the folder, or the lock cannot be made.
pub(crate) fn lock_stage(folder: &Path) -> Result<LockGuard, Busy> {
    let lock = folder.join(STAGE_LOCK);
    let open = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock);
    let file = open.map_err(|error| busy(&lock, TryLockError::Error(error)))?;
    taken(&lock, try_often(|| file.try_lock()))?;
    // The holder before us may have removed the file, and then a lock on it keeps no other process away.
    let own = file.metadata().map(|metadata| identity(&metadata));
    let there = info(&lock).ok().flatten().map(|info| info.identity);
    match own {
        Ok(own) if there == Some(own) => Ok(LockGuard::from(file)),
        Ok(_) => Err(busy(&lock, TryLockError::WouldBlock)),
        Err(error) => Err(busy(&lock, TryLockError::Error(error))),
    }
}

/// Returns the lock that another process holds on a folder of ours. Makes no file.
#[must_use]
pub(crate) fn stage_in_use(folder: &Path) -> Option<Busy> {
    let lock = folder.join(STAGE_LOCK);
    match File::open(&lock) {
        Ok(file) => match try_often(|| file.try_lock_shared()) {
            Ok(()) => {
                drop(LockGuard::from(file));
                None
            }
            Err(error) => Some(busy(&lock, error)),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => Some(busy(&lock, TryLockError::Error(error))),
    }
}

/// The locks that a build holds while it changes units.
fn unit_locks(folder: &Path, profiles: &[PathBuf]) -> Vec<PathBuf> {
    let profiles = profiles.iter().map(|profile| folder.join(profile));
    profiles
        .flat_map(|profile| UNIT_LOCKS.map(|name| profile.join(name)))
        .collect()
}

/// Notes a lock that was taken.
fn taken(lock: &Path, result: Result<(), TryLockError>) -> Result<(), Busy> {
    result.map_err(|error| busy(lock, error))?;
    debug!(?lock, "lock taken");
    Ok(())
}

fn busy(lock: &Path, error: TryLockError) -> Busy {
    debug!(?lock, %error, "lock not taken");
    Busy {
        lock: lock.to_owned(),
        why: match error {
            TryLockError::WouldBlock => BusyReason::Held,
            TryLockError::Error(error) => BusyReason::Unclear(failure::words(&error)),
        },
    }
}

/// How many runs have changed something under a shared root: the length of the lock file, to which each adds.
#[must_use]
pub(crate) fn runs(shared_root: &Path) -> u64 {
    std::fs::symlink_metadata(lock_file(shared_root)).map_or(0, |metadata| metadata.len())
}

fn lock_file(shared_root: &Path) -> PathBuf {
    shared_root.join(SHARED_ROOT_MARK).join("lock")
}

/// Another run is or was at work under the same shared root.
#[derive(Debug)]
pub(crate) struct AtWork(String);

impl std::fmt::Display for AtWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AtWork {}

/// Takes the lock that lets one of us change things under a shared root at a time.
///
/// `runs` is what [`runs`] said when the plan was made: if others have been at work since, what the plan takes
/// for free may be theirs now, such as the name of a folder.
///
/// Where the file cannot be made (no space, no permission) there is no lock: then [`expect_writable`] lets nothing be
/// recorded either, so that nothing but deletions can happen, which look out for themselves.
///
/// # Errors
///
/// Another run holds it, or has held it since.
pub(crate) fn lock_run(shared_root: &Path, runs: u64) -> Result<LockGuard> {
    let path = lock_file(shared_root);
    let mut file = match File::options().create(true).append(true).open(&path) {
        Ok(file) => file,
        // A shared root has the folder of this file.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(AtWork(format!(
                "`{}` is no shared root any more: it was removed since planning",
                shared_root.display()
            ))
            .into());
        }
        Err(_) => return Ok(LockGuard::default()),
    };
    let result = try_often(|| file.try_lock());
    debug!(lock = ?path, ?result, "lock of the shared root");
    match result {
        Ok(()) if file.metadata().is_ok_and(|now| now.len() != runs) => Err(AtWork(format!(
            "another cargo-sharedtarget has changed `{}` since planning",
            shared_root.display()
        ))
        .into()),
        Ok(()) => {
            // Without space, the names that a plan gives out are of no use either.
            let _ = file.write_all(b".");
            Ok(LockGuard::from(file))
        }
        Err(TryLockError::WouldBlock) => Err(AtWork(format!(
            "another cargo-sharedtarget is working here (it holds `{}`)",
            path.display()
        ))
        .into()),
        // A filesystem without locks is no reason to refuse.
        Err(TryLockError::Error(_)) => Ok(LockGuard::default()),
    }
}

/// Checks that a shared root can be written.
///
/// # Errors
///
/// The file that is its lock cannot be opened for writing.
pub(crate) fn expect_writable(shared_root: &Path) -> Result<()> {
    let path = lock_file(shared_root);
    File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map(drop)
        .with_context(|| format!("failed to write `{}`", path.display()))
}

/// Returns why nothing can be written in a shared root, as far as that shows without writing; `None` if it can.
#[must_use]
pub(crate) fn unwritable_root(shared_root: &Path) -> Option<String> {
    let why = crate::fs::unwritable(shared_root);
    why.or_else(|| {
        // Some sandboxes (Landlock) refuse what a folder's rights allow. A file that is only opened stays as it is.
        let opened = File::options().append(true).open(lock_file(shared_root));
        let error = opened.err()?;
        (error.kind() != std::io::ErrorKind::NotFound).then(|| failure::words(&error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lock_of_either_generation_counts() {
        for name in LOCK_NAMES {
            let dir = tempfile::tempdir().expect("a folder");
            std::fs::create_dir(dir.path().join("debug")).expect("a folder");
            let path = dir.path().join("debug").join(name);
            let profiles = [PathBuf::from("debug"), PathBuf::from("release")];
            assert!(lock_all(dir.path(), &profiles).is_ok(), "nothing is locked");
            let build = File::create(&path).expect("a lock file");
            build.lock_shared().expect("a lock");
            let busy = lock_all(dir.path(), &profiles).expect_err("a build is running");
            assert_eq!((busy.lock, busy.why), (path, BusyReason::Held));
            // Only closed, it would stay locked while another test's child still has a copy of the file.
            build.unlock().expect("unlocked");
            assert!(lock_all(dir.path(), &profiles).is_ok(), "the build is over");
        }
    }

    #[test]
    fn the_lock_of_a_unit_counts_for_all() {
        let dir = tempfile::tempdir().expect("a folder");
        let profile = dir.path().join("debug");
        let unit = profile.join("build/app/0123456789abcdef");
        std::fs::create_dir_all(&unit).expect("folders");
        let shared = File::create(profile.join(".cargo-build-lock")).expect("a lock file");
        shared.lock_shared().expect("a lock");
        let profiles = [PathBuf::from("debug")];
        let read = || lock_to_read(dir.path(), &profiles, LockMode::Once);
        assert!(read().is_ok(), "other readers");
        let path = unit.join(UNIT_LOCK);
        let build = File::create(&path).expect("a lock file");
        assert!(read().is_ok(), "one that is free");
        let whole = || lock_all(dir.path(), &profiles);
        let write = || lock_to_write(dir.path(), &profiles);
        for lock in [File::lock, File::lock_shared] {
            lock(&build).expect("a lock");
            for look in [&read as &dyn Fn() -> _, &whole, &write] {
                shared.unlock().expect("unlocked");
                let busy = look().expect_err("a build is running");
                assert_eq!((busy.lock, busy.why), (path.clone(), BusyReason::Held));
            }
            build.unlock().expect("unlocked");
            assert!(read().is_ok() && whole().is_ok() && write().is_ok());
        }
        // Programs that another thread starts hold, for a moment, what was given back.
        let over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = std::process::Command::new("/").spawn();
                    std::thread::sleep(TRIES.1 / 5);
                }
            });
            let results: Vec<_> = (0..1000).map(|_| write().map(drop)).collect();
            over.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(results.iter().all(Result::is_ok), "{results:?}");
        });
        let several: Vec<_> = (0..8).map(|_| read().expect("in common")).collect();
        assert_eq!(several.len(), 8);
        assert!(write().is_err());
    }
}
