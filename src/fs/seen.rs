//! How an entry is known again: by its name, by which file or folder it is, and by what it was when it was seen.

use std::ffi::OsStr;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rayon::prelude::*;

use crate::fs::EntryKind;
use crate::fs::model::{Identity, Seen};
#[cfg(not(unix))]
use crate::fs::modified;
use crate::fs::open_folder::{Entry, OpenFolder, above};
use crate::fs::within::{Listed, Moment};
use crate::markers;
use crate::progress::Progress;

/// Known to this run only, so that no file can be made to pass for another.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The number of an entry.
///
/// A folder is the same as long as it has its name and its inode, since what is in it has numbers of its own. Another
/// entry must have its length and its time of modification as well. The number of its links and the time of its last
/// change do not count: `warm` links what goes later.
pub(crate) fn number(name: &OsStr, identity: Identity, content: Option<(i64, u64)>) -> u64 {
    KEYS.hash_one((
        name.as_encoded_bytes(),
        identity.device,
        identity.inode,
        content,
    ))
}

/// The number of an entry that a folder lists.
pub(super) fn of_listed(name: &OsStr, listed: &Listed) -> u64 {
    let is_folder = listed.kind == EntryKind::Folder;
    let modified = || listed.modified.map_or(0, Moment::nanoseconds);
    let content = (!is_folder).then(|| (modified(), listed.length));
    number(name, listed.identity, content)
}

/// The number of an entry of an open folder.
pub(super) fn of_entry(entry: &Entry) -> u64 {
    let content = (!entry.is_dir).then_some((entry.modified, entry.len));
    number(&entry.name, entry.identity, content)
}

/// When something was last modified, in nanoseconds. Only the same ones are compared.
#[cfg(not(unix))]
pub(super) fn nanoseconds(metadata: &std::fs::Metadata) -> i64 {
    modified(metadata).map_or(0, |time| time.as_nanosecond() as i64)
}

/// Seconds and what is beyond them.
pub(super) fn together(seconds: i64, beyond: i64) -> i64 {
    seconds.wrapping_mul(1_000_000_000).wrapping_add(beyond)
}

/// Record of what is at some paths, and of what is in those that are folders. Follows no link.
#[must_use]
pub(crate) fn seen_at(paths: &[&Path], progress: &Progress) -> Seen {
    let numbers = paths.par_iter().filter_map(|path| {
        let metadata = std::fs::symlink_metadata(path).ok()?;
        let own = of_listed(path.file_name()?, &Listed::of(&metadata));
        let mut all = vec![own];
        if metadata.is_dir() {
            all.extend_from_slice(crate::fs::usage(path, progress).seen.numbers());
        }
        Some(all)
    });
    Seen::new(numbers.flatten_iter().collect())
}

/// Whether an entry is what it was, or a file that Cargo writes though it builds nothing.
pub(super) fn is_same(entry: &Entry, seen: &Seen) -> bool {
    let of_cargo = |name: &str| name == markers::RUSTC_INFO || markers::LOCK_NAMES.contains(&name);
    seen.has(of_entry(entry)) || (!entry.is_dir && entry.name.to_str().is_some_and(of_cargo))
}

/// The first entry of a folder, at whatever depth, that is not what a walk saw. Follows no link and enters no mount.
///
/// # Errors
///
/// A folder in it cannot be read; the error names it.
pub(crate) fn difference(folder: &Path, seen: &Seen) -> anyhow::Result<Option<PathBuf>> {
    let look = || {
        let (holder, name) = above(folder)?;
        different(&holder.inner(name)?, folder, seen)
    };
    match look() {
        Ok(()) => Ok(None),
        Err(Differs::Entry(path)) => Ok(Some(path)),
        Err(Differs::Unreadable(error)) => Err(error),
    }
}

enum Differs {
    Entry(PathBuf),
    Unreadable(anyhow::Error),
}

impl From<io::Error> for Differs {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.into())
    }
}

fn different(folder: &OpenFolder, path: &Path, seen: &Seen) -> Result<(), Differs> {
    let unreadable = |path: &Path, error: io::Error| {
        let message = format!("failed to read `{}`", path.display());
        Differs::Unreadable(anyhow::Error::from(error).context(message))
    };
    let entries = folder.entries().map_err(|error| unreadable(path, error))?;
    if let Some(other) = entries.iter().find(|entry| !is_same(entry, seen)) {
        return Err(Differs::Entry(path.join(&other.name)));
    }
    let folders = entries.par_iter().filter(|entry| entry.is_dir);
    folders.try_for_each(|entry| {
        let inner = path.join(&entry.name);
        let open = folder.inner(&entry.name);
        let open = open.map_err(|error| unreadable(&inner, error))?;
        different(&open, &inner, seen)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::progress::Progress;

    #[test]
    fn whatever_came_or_was_written_since_is_another_at_any_depth() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path().join("target");
        let deep = top.join("debug/deps/a/b/c");
        fs::create_dir_all(&deep).expect("folders");
        fs::write(deep.join("file"), "one").expect("a file");
        let walked = || crate::fs::usage(&top, &Progress::default()).seen;
        let before = walked();
        let other = || difference(&top, &before).expect("readable");
        assert_eq!(other(), None);
        // Neither is content.
        #[cfg(unix)]
        {
            fs::hard_link(deep.join("file"), dir.path().join("linked")).expect("a link");
            assert_eq!(other(), None);
        }
        fs::write(top.join("debug/.cargo-lock"), "").expect("a file");
        assert_eq!(other(), None, "Cargo's own");
        for depth in [
            "",
            "debug",
            "debug/deps",
            "debug/deps/a",
            "debug/deps/a/b/c",
        ] {
            let new = top.join(depth).join("new");
            fs::create_dir(&new).expect("a folder");
            assert_eq!(other(), Some(new.clone()), "{depth}");
            fs::remove_dir(&new).expect("removed");
        }
        assert_eq!(other(), None);
        fs::write(deep.join("file"), "three").expect("a file");
        assert_eq!(other(), Some(deep.join("file")));
        assert_eq!(difference(&top, &walked()).expect("readable"), None);
        fs::rename(top.join("debug/deps/a"), top.join("debug/deps/mine")).expect("renamed");
        assert_eq!(other(), Some(top.join("debug/deps/mine")));
    }
}
