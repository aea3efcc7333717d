//! Lists everything in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::fs::model::{Identity, Problem};
use crate::fs::within::{Listed, Moment, Within};
use crate::progress::Progress;
use crate::size::Bytes;
use crate::text::failure;

/// A file or folder, without following a link.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Relative to the folder that was walked; empty for that folder.
    pub(crate) path: PathBuf,
    pub(crate) kind: EntryKind,
    pub(crate) length: Bytes,
    pub(crate) on_disk: Bytes,
    /// How many links it has; of a folder 1.
    pub(crate) links: u64,
    pub(crate) identity: Identity,
    /// When it was last modified.
    pub(crate) modified: Option<Timestamp>,
    /// When it last got or lost a name, a mode or content; `None` where the system does not know.
    pub(crate) changed: Option<Timestamp>,
    /// When it was last read, as far as the filesystem writes that down.
    pub(crate) accessed: Option<Timestamp>,
}

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A folder.
    Folder,
    /// A regular file.
    File,
    /// A symbolic link, a pipe, or anything else.
    Special,
}

/// Lists a folder and everything below it, in parallel. Follows no link. Answers what could not be read: folders, or
/// entries in them.
///
/// The entries of one folder are given to `take` together and by name, with the path of that folder relative to the
/// walked one; the walked folder itself is given as an entry without a path. There may be a million entries: none is
/// kept.
#[must_use]
pub(crate) fn walk(
    folder: &Path,
    progress: &Progress,
    take: &(impl Fn(&Path, Vec<Entry>) + Sync),
) -> Vec<Problem> {
    let mut problems = Vec::new();
    match fs::symlink_metadata(folder) {
        Ok(metadata) => {
            let top = entry(PathBuf::new(), Listed::of(&metadata));
            take(Path::new(""), vec![top]);
        }
        Err(error) => problems.push(problem(folder, &error)),
    }
    let within = Within::of(folder);
    problems.extend(visit(&within, Path::new(""), progress, take));
    problems
}

fn visit(
    within: &Within<'_>,
    folder: &Path,
    progress: &Progress,
    take: &(impl Fn(&Path, Vec<Entry>) + Sync),
) -> Vec<Problem> {
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    let listed = within.list(folder, |name, listed| match listed {
        Ok(listed) => {
            // No room for more than the path.
            let length = folder.as_os_str().len() + 1 + name.len();
            let mut inner = PathBuf::with_capacity(length);
            inner.push(folder);
            inner.push(name);
            entries.push(entry(inner, listed));
        }
        Err(error) => problems.push(problem(&within.join(folder), &error)),
    });
    if let Err(error) = listed {
        problems.push(problem(&within.join(folder), &error));
    }
    let on_disk = entries.iter().map(|entry| entry.on_disk).sum();
    progress.add(entries.len() as u64, on_disk);
    entries.sort_unstable_by(|one, other| one.path.as_os_str().cmp(other.path.as_os_str()));
    let folders = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Folder);
    let folders: Vec<PathBuf> = folders.map(|entry| entry.path.clone()).collect();
    if !entries.is_empty() {
        take(folder, entries);
    }
    let inner: Vec<Vec<Problem>> = folders
        .par_iter()
        .map(|folder| visit(within, folder, progress, take))
        .collect();
    problems.extend(inner.into_iter().flatten());
    problems
}

fn entry(path: PathBuf, listed: Listed) -> Entry {
    Entry {
        path,
        kind: listed.kind,
        length: Bytes(listed.length),
        on_disk: Bytes(listed.on_disk),
        links: match listed.kind {
            EntryKind::Folder => 1,
            _ => listed.links,
        },
        identity: listed.identity,
        modified: listed.modified.and_then(Moment::timestamp),
        changed: listed.changed.and_then(Moment::timestamp),
        accessed: listed.accessed.and_then(Moment::timestamp),
    }
}

/// A problem whose path can be shown in any format.
fn problem(path: &Path, error: &std::io::Error) -> Problem {
    Problem {
        path: path.to_string_lossy().into_owned().into(),
        message: failure::words(error),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn walked(folder: &Path) -> (Vec<Problem>, Vec<Entry>) {
        let all = Mutex::new(Vec::new());
        let problems = walk(folder, &Progress::default(), &|_, entries| {
            all.lock().expect("entries").extend(entries);
        });
        (problems, all.into_inner().expect("entries"))
    }

    #[test]
    fn lists_everything_once_and_follows_no_link() {
        let dir = tempfile::tempdir().expect("a folder");
        let inside = dir.path().join("in");
        fs::create_dir_all(inside.join("a/b")).expect("folders");
        fs::write(inside.join("a/b/file"), "text").expect("a file");
        fs::hard_link(inside.join("a/b/file"), dir.path().join("out")).expect("a link");
        std::os::unix::fs::symlink(dir.path(), inside.join("loop")).expect("a link");
        let (problems, entries) = walked(&inside);
        assert!(problems.is_empty(), "{problems:?}");
        let mut found: Vec<_> = entries
            .iter()
            .map(|entry| (entry.path.display().to_string(), entry.kind, entry.links))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let expected = [
            ("", EntryKind::Folder, 1),
            ("a", EntryKind::Folder, 1),
            ("a/b", EntryKind::Folder, 1),
            ("a/b/file", EntryKind::File, 2),
            ("loop", EntryKind::Special, 1),
        ];
        assert_eq!(
            found,
            expected.map(|(path, kind, links)| (path.to_owned(), kind, links))
        );
    }

    #[test]
    fn what_is_not_there_is_a_problem() {
        let dir = tempfile::tempdir().expect("a folder");
        let (problems, entries) = walked(&dir.path().join("no"));
        assert!(entries.is_empty() && !problems.is_empty());
    }
}
