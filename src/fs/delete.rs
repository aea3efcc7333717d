//! Deletes a folder and counts what that freed.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{allocation, checkpoint, identity};
use crate::model::{Freed, Identity, Problem};
use crate::progress::Progress;
use crate::size::Bytes;

/// What was freed and what could not be removed.
#[derive(Debug, Default)]
pub struct Deletion {
    /// Counted as each removal succeeded.
    pub freed: Freed,
    /// What is still there; everything else is gone.
    pub failed: Vec<Problem>,
}

/// Remembers the files with several links that were removed, so that one counts when its last link goes.
///
/// One for all deletions of a run, since the links of a file may lie in several of them.
#[derive(Debug, Default)]
pub struct Ledger {
    /// For each file how many links it had when it was first met, and how many of them are removed.
    links: Mutex<HashMap<Identity, (u64, u64)>>,
}

impl Ledger {
    /// Takes down one removed link, and says whether it was the last.
    ///
    /// `seen` is the number of links just before. Two threads may both see two links and both remove one, so
    /// the last link is known by the count of removals and not by what was seen alone.
    fn was_last(&self, identity: Identity, seen: u64) -> bool {
        if seen <= 1 {
            return true;
        }
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let (most, removed) = links.entry(identity).or_insert((seen, 0));
        *most = (*most).max(seen);
        *removed += 1;
        removed == most
    }
}

#[derive(Default)]
struct Count {
    on_disk: AtomicU64,
    logical: AtomicU64,
    entries: AtomicU64,
    failed: Mutex<Vec<Problem>>,
}

/// Removes a folder with everything in it, except that `last`, our mark in it, goes only when all else is gone
/// and is not counted.
///
/// Never follows a link: each entry is looked at without following, and only what is a folder is entered. A
/// failure leaves that entry (and the folders around it) and does not stop the rest.
#[must_use]
pub fn delete_tree(folder: &Path, last: &str, ledger: &Ledger, progress: &Progress) -> Deletion {
    let count = Count::default();
    let own = fs::symlink_metadata(folder).map_or(0, |metadata| allocation(&metadata).0);
    empty(folder, Some(last), &count, ledger, progress);
    if count
        .failed
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .is_empty()
    {
        let mark = folder.join(last);
        if let Ok(metadata) = fs::symlink_metadata(&mark) {
            // Put there by ourselves, so what it takes was not there to be freed.
            if let Err(error) = remove_one(&mark, &metadata) {
                failed(&mark, &error, &count);
            }
        }
        remove_folder(folder, own, &count, progress);
    }
    Deletion {
        freed: Freed {
            on_disk: Bytes(count.on_disk.into_inner()),
            logical: Bytes(count.logical.into_inner()),
            entries: count.entries.into_inner(),
        },
        failed: count
            .failed
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner),
    }
}

fn empty(folder: &Path, except: Option<&str>, count: &Count, ledger: &Ledger, progress: &Progress) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return failed(folder, &error, count),
    };
    // With what each takes now: some filesystems give blocks back as a folder empties.
    let mut folders: Vec<(PathBuf, u64)> = Vec::new();
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                failed(folder, &error, count);
                continue;
            }
        };
        if except.is_some_and(|name| entry.file_name() == name) {
            continue;
        }
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => {
                folders.push((entry.path(), allocation(&metadata).0));
            }
            Ok(metadata) => remove(&entry.path(), &metadata, count, ledger, progress),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => failed(&entry.path(), &error, count),
        }
    }
    folders.into_par_iter().for_each(|(inner, on_disk)| {
        empty(&inner, None, count, ledger, progress);
        remove_folder(&inner, on_disk, count, progress);
    });
}

fn remove(path: &Path, metadata: &Metadata, count: &Count, ledger: &Ledger, progress: &Progress) {
    match remove_one(path, metadata) {
        Ok(()) => {
            checkpoint("removed");
            let (on_disk, links) = allocation(metadata);
            count.entries.fetch_add(1, Ordering::Relaxed);
            let last = ledger.was_last(identity(metadata), links);
            progress.add(1, Bytes(if last { on_disk } else { 0 }));
            if last {
                count.on_disk.fetch_add(on_disk, Ordering::Relaxed);
                count.logical.fetch_add(metadata.len(), Ordering::Relaxed);
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => failed(path, &error, count),
    }
}

#[cfg(not(windows))]
fn remove_one(path: &Path, _: &Metadata) -> std::io::Result<()> {
    fs::remove_file(path)
}

/// Windows refuses to remove what is read-only, and wants to be told a link to a folder from one to a file.
#[cfg(windows)]
fn remove_one(path: &Path, metadata: &Metadata) -> std::io::Result<()> {
    use std::os::windows::fs::FileTypeExt as _;
    if metadata.permissions().readonly() && !metadata.is_symlink() {
        let mut permissions = metadata.permissions();
        #[expect(
            clippy::permissions_set_readonly_false,
            reason = "only on Unix would that let everybody write"
        )]
        permissions.set_readonly(false);
        fs::set_permissions(path, permissions)?;
    }
    if metadata.file_type().is_symlink_dir() {
        fs::remove_dir(path)
    } else {
        fs::remove_file(path)
    }
}

fn remove_folder(path: &Path, on_disk: u64, count: &Count, progress: &Progress) {
    match fs::remove_dir(path) {
        Ok(()) => {
            count.entries.fetch_add(1, Ordering::Relaxed);
            count.on_disk.fetch_add(on_disk, Ordering::Relaxed);
            progress.add(1, Bytes(on_disk));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // The reason stands with what is left inside.
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && has_failed(count) => {}
        Err(error) => failed(path, &error, count),
    }
}

fn has_failed(count: &Count) -> bool {
    !count
        .failed
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .is_empty()
}

fn failed(path: &Path, error: &std::io::Error, count: &Count) {
    let problem = Problem {
        path: path.to_owned(),
        message: error.to_string(),
    };
    count
        .failed
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(problem);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(inode: u64) -> Identity {
        Identity { device: 1, inode }
    }

    #[test]
    fn a_file_counts_when_its_last_link_goes() {
        let ledger = Ledger::default();
        assert!(ledger.was_last(id(1), 1));
        assert!(!ledger.was_last(id(2), 3));
        assert!(!ledger.was_last(id(2), 2));
        assert!(ledger.was_last(id(2), 1));
    }

    #[test]
    fn two_threads_that_both_see_two_links_free_the_file_once() {
        let ledger = Ledger::default();
        assert!(!ledger.was_last(id(1), 2));
        assert!(ledger.was_last(id(1), 2));
    }

    #[cfg(unix)]
    #[test]
    fn never_leaves_through_a_link_and_keeps_the_mark_for_last() {
        let dir = tempfile::tempdir().expect("a folder");
        let outside = dir.path().join("outside");
        let inside = dir.path().join("inside");
        fs::create_dir(&outside).expect("a folder");
        fs::write(outside.join("precious"), "x").expect("a file");
        fs::create_dir_all(inside.join("a/b")).expect("folders");
        std::os::unix::fs::symlink(&outside, inside.join("a/b/way-out")).expect("a link");
        fs::write(inside.join("mark"), "x").expect("a file");

        let deletion = delete_tree(&inside, "mark", &Ledger::default(), &Progress::default());
        assert!(deletion.failed.is_empty(), "{deletion:?}");
        assert_eq!(deletion.freed.entries, 4, "the mark is ours");
        assert!(!inside.exists());
        assert!(outside.join("precious").exists());
    }
}
