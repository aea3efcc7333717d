//! Deletes a folder and counts what that freed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use crate::fs::model::{Freed, Identity, Problem, Seen};
use crate::fs::open_folder::{Entry, MOUNTED, OpenFolder, above};
use crate::fs::{checkpoint, seen};
use crate::progress::Progress;
use crate::size::Bytes;
use crate::text::failure;

/// The reason for keeping an entry that differs from what the plan saw.
const CHANGED: &str = "it has changed since planning";

/// The space that was freed and the paths that could not be removed.
#[derive(Debug, Default)]
pub struct Deletion {
    /// Which one of its [`Ledger`].
    pub(crate) number: usize,
    /// Counted as each removal succeeded. Files with several links are in the ledger.
    pub(crate) freed: Freed,
    /// The paths that are still there; everything else is gone.
    pub failed: Vec<Problem>,
    /// One of them must not be deleted at all: it is not what was seen, or it lies on another mount.
    pub(crate) kept: bool,
}

/// Remembers the files with several links that were removed, so that a file counts when its last link is deleted.
///
/// One for all deletions of a run, since the links of a file may lie in several of them.
#[derive(Debug, Default)]
pub struct Ledger {
    deletions: AtomicUsize,
    links: Mutex<HashMap<Identity, Linked>>,
}

/// A file with several links that lost some of them.
#[derive(Debug)]
struct Linked {
    /// The most links that it was seen with.
    most: u64,
    removed: u64,
    /// The deletion that removed the last one so far.
    by: usize,
    on_disk: u64,
    len: u64,
    /// The part of `on_disk` that was shared when the last link so far was deleted.
    shared: u64,
}

impl Ledger {
    fn take_down(&self, entry: &Entry, shared: u64, by: usize) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let linked = links.entry(entry.identity).or_insert(Linked {
            most: 0,
            removed: 0,
            by,
            on_disk: entry.on_disk,
            len: entry.len,
            shared,
        });
        linked.shared = shared;
        linked.most = linked.most.max(entry.links);
        linked.removed += 1;
        linked.by = by;
    }

    /// The space that each deletion freed of files with several links, once all deletions are over.
    ///
    /// Each link was examined just before its deletion, by threads side by side: two may both have seen two links. So
    /// only the end tells: all links are gone if as many were removed as were ever seen.
    #[must_use]
    pub fn settle(self) -> HashMap<usize, Freed> {
        let links = self
            .links
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut freed: HashMap<usize, Freed> = HashMap::new();
        for linked in links
            .into_values()
            .filter(|linked| linked.removed >= linked.most)
        {
            let sum = freed.entry(linked.by).or_default();
            sum.on_disk += Bytes(linked.on_disk);
            sum.logical += Bytes(linked.len);
            sum.shared += Bytes(linked.shared);
        }
        freed
    }
}

/// A deletion at work.
#[derive(Debug)]
struct Work<'a> {
    number: usize,
    on_disk: AtomicU64,
    logical: AtomicU64,
    entries: AtomicU64,
    shared: AtomicU64,
    /// Whether files may share blocks here.
    clones: OnceLock<bool>,
    failed: Mutex<Vec<Problem>>,
    kept: AtomicBool,
    seen: Option<&'a Seen>,
    ledger: &'a Ledger,
    progress: &'a Progress,
}

/// Removes entries one by one, and counts them as one deletion.
#[derive(Debug)]
pub(crate) struct Removal<'a>(Work<'a>);

impl<'a> Removal<'a> {
    /// Nothing is removed yet. Only what was `seen` will be; without that, everything.
    #[must_use]
    pub(crate) fn new(seen: Option<&'a Seen>, ledger: &'a Ledger, progress: &'a Progress) -> Self {
        Self(Work::new(seen, ledger, progress))
    }

    /// Removes a file, or a folder with everything in it. Failures are listed in [`Deletion::failed`].
    pub(crate) fn remove(&self, path: &Path) {
        if let Err(error) = self.0.entry(path) {
            self.0.failed(path, &error);
        }
    }

    /// Returns the result of the removals.
    #[must_use]
    pub(crate) fn finish(self) -> Deletion {
        self.0.finish()
    }
}

/// Removes a folder with everything in it, except that `last`, our mark in it, is deleted only when all else is gone
/// and is not counted.
///
/// Never follows a link: each entry is examined without following, and only folders are entered, through the open
/// folder around them, unless another filesystem is mounted there. An entry that differs from `seen` is kept. A
/// failure leaves that entry (and the folders around it) and does not stop the rest.
#[must_use]
pub fn delete_tree(
    folder: &Path,
    last: &str,
    seen: Option<&Seen>,
    ledger: &Ledger,
    progress: &Progress,
) -> Deletion {
    let work = Work::new(seen, ledger, progress);
    if let Err(error) = work.top(folder, last) {
        work.failed(folder, &error);
    }
    work.finish()
}

impl<'a> Work<'a> {
    fn new(seen: Option<&'a Seen>, ledger: &'a Ledger, progress: &'a Progress) -> Self {
        Self {
            number: ledger.deletions.fetch_add(1, Ordering::Relaxed),
            on_disk: AtomicU64::new(0),
            logical: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            shared: AtomicU64::new(0),
            clones: OnceLock::new(),
            failed: Mutex::default(),
            kept: AtomicBool::new(false),
            seen,
            ledger,
            progress,
        }
    }

    fn finish(self) -> Deletion {
        Deletion {
            number: self.number,
            freed: Freed {
                on_disk: Bytes(self.on_disk.into_inner()),
                logical: Bytes(self.logical.into_inner()),
                entries: self.entries.into_inner(),
                shared: Bytes(self.shared.into_inner()),
            },
            failed: self
                .failed
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            kept: self.kept.into_inner(),
        }
    }
}

impl Work<'_> {
    fn entry(&self, path: &Path) -> io::Result<()> {
        let (holder, name) = above(path)?;
        let Some(entry) = holder.entry(name)? else {
            return Ok(());
        };
        if self.is_another(&entry) {
            self.keep(path, CHANGED);
            return Ok(());
        }
        if !entry.is_dir {
            self.remove_file(&holder, path.parent().unwrap_or(path), &entry);
            return Ok(());
        }
        let open = match holder.inner(name) {
            Ok(open) => open,
            Err(error) => {
                self.not_entered(path, &error);
                return Ok(());
            }
        };
        self.empty(&open, path, None);
        drop(open);
        let own = std::fs::symlink_metadata(path)
            .map_or(0, |metadata| crate::fs::allocation(&metadata).0);
        self.remove_folder(&holder, name, path, own);
        Ok(())
    }

    fn top(&self, path: &Path, last: &str) -> io::Result<()> {
        let (holder, name) = above(path)?;
        let open = holder.inner(name)?;
        let own = std::fs::symlink_metadata(path)
            .map_or(0, |metadata| crate::fs::allocation(&metadata).0);
        self.empty(&open, path, Some(OsStr::new(last)));
        if self.has_failed() {
            return Ok(());
        }
        // Put there by ourselves, so what it takes was not there to be freed.
        match open.remove_file(OsStr::new(last)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        drop(open);
        self.remove_folder(&holder, name, path, own);
        Ok(())
    }

    fn empty(&self, folder: &OpenFolder, path: &Path, except: Option<&OsStr>) {
        let entries = match folder.entries() {
            Ok(entries) => entries,
            Err(error) => return self.failed(path, &error),
        };
        let mut folders: Vec<Entry> = Vec::new();
        for entry in entries {
            if except == Some(entry.name.as_os_str()) {
                continue;
            }
            if self.is_another(&entry) {
                self.keep(&path.join(&entry.name), CHANGED);
            } else if entry.is_dir {
                folders.push(entry);
            } else {
                self.remove_file(folder, path, &entry);
            }
        }
        // Each knows what it takes now: some filesystems give blocks back as a folder empties.
        folders.into_par_iter().for_each(|inner| {
            let inner_path = path.join(&inner.name);
            match folder.inner(&inner.name) {
                Ok(open) => self.empty(&open, &inner_path, None),
                Err(error) if error.kind() == ErrorKind::NotFound => return,
                Err(error) => return self.not_entered(&inner_path, &error),
            }
            self.remove_folder(folder, &inner.name, &inner_path, inner.on_disk);
        });
    }

    fn remove_file(&self, folder: &OpenFolder, path: &Path, entry: &Entry) {
        let clones = *self.clones.get_or_init(|| folder.has_clones());
        let shared = match clones && entry.on_disk > 0 {
            // Any of several links may be the last, so each is asked for.
            true => folder.shared(&entry.name).min(entry.on_disk),
            false => 0,
        };
        match folder.remove_file(&entry.name) {
            Ok(()) if entry.links > 1 => {
                self.ledger.take_down(entry, shared, self.number);
                self.removed(0, 0);
            }
            Ok(()) => {
                self.shared.fetch_add(shared, Ordering::Relaxed);
                self.removed(entry.on_disk, entry.len);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => self.failed(&path.join(&entry.name), &error),
        }
    }

    fn remove_folder(&self, holder: &OpenFolder, name: &OsStr, path: &Path, on_disk: u64) {
        match holder.remove_folder(name) {
            Ok(()) => self.removed(on_disk, 0),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // The reason stands with what is left inside.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && self.has_failed() => {}
            Err(error) => self.failed(path, &error),
        }
    }

    fn removed(&self, on_disk: u64, len: u64) {
        checkpoint("removed");
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.on_disk.fetch_add(on_disk, Ordering::Relaxed);
        self.logical.fetch_add(len, Ordering::Relaxed);
        self.progress.add(1, Bytes(on_disk));
    }

    fn is_another(&self, entry: &Entry) -> bool {
        self.seen.is_some_and(|seen| !seen::is_same(entry, seen))
    }

    fn not_entered(&self, path: &Path, error: &io::Error) {
        match failure::words(error) {
            mounted if mounted == MOUNTED => self.keep(path, MOUNTED),
            _ => self.failed(path, error),
        }
    }

    fn keep(&self, path: &Path, why: &str) {
        self.kept.store(true, Ordering::Relaxed);
        self.problem(path, why.to_owned());
    }

    fn failed(&self, path: &Path, error: &io::Error) {
        self.problem(path, failure::words(error));
    }

    fn problem(&self, path: &Path, message: String) {
        let problem = Problem {
            path: path.to_string_lossy().into_owned().into(),
            message,
        };
        self.failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(problem);
    }

    fn has_failed(&self) -> bool {
        !self
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::fs;

    use super::*;

    fn link(inode: u64, links: u64) -> Entry {
        Entry {
            name: "x".into(),
            is_dir: false,
            on_disk: 8,
            len: 5,
            modified: 0,
            links,
            identity: Identity { device: 1, inode },
        }
    }

    #[test]
    fn a_file_counts_once_and_only_when_all_its_links_went() {
        let ledger = Ledger::default();
        // Of three links, in the order in which three threads looked, whatever the order of the removals.
        for links in [2, 3, 3] {
            ledger.take_down(&link(1, links), 0, 0);
        }
        ledger.take_down(&link(2, 2), 0, 0);
        // The last link is seen as the only one, and is not taken down here.
        ledger.take_down(&link(3, 2), 0, 0);
        for by in [0, 1] {
            ledger.take_down(&link(4, 2), 0, by);
        }
        let freed = ledger.settle();
        assert_eq!(freed[&0].on_disk, Bytes(8), "the first file");
        assert_eq!(
            freed[&1].on_disk,
            Bytes(8),
            "the fourth, by whoever came last"
        );
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

        let delete =
            |path: &Path| delete_tree(path, "mark", None, &Ledger::default(), &Progress::default());
        let deletion = delete(&inside);
        assert!(deletion.failed.is_empty(), "{deletion:?}");
        assert_eq!(deletion.freed.entries, 4, "the mark does not count");
        assert!(!inside.exists());
        assert!(outside.join("precious").exists());

        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&outside, &link).expect("a link");
        assert_eq!(delete(&link).failed.len(), 1, "a link is no folder");
        assert!(outside.join("precious").exists());
    }
}
