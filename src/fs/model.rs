//! Facts of the file system: which file is which, what a folder takes, and who holds a lock.

use std::collections::HashMap;
use std::ops::Add;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::size::Bytes;

/// A lock that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Busy {
    /// The lock file, or what else is in use.
    pub(crate) lock: PathBuf,
    /// Why not: held by a build, or locks do not work there.
    pub(crate) why: BusyReason,
}

/// Why a lock could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum BusyReason {
    /// A process holds it.
    Held,
    /// It is unknown, with the system's error.
    Unclear(String),
    /// A program in the folder runs: the path is that of the program.
    Runs,
    /// Another filesystem, or a part of one, is mounted there.
    Mounted,
}

/// The state of a `CACHEDIR.TAG`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tag {
    /// There is none.
    #[default]
    Missing,
    /// A regular file with the right signature.
    Valid,
    /// Something else of that name.
    Wrong,
}

/// Which file or folder a path named: device and inode, where the system has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// How much space a folder takes.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Usage {
    /// Sum of the lengths of all files.
    pub logical: Bytes,
    /// Allocated blocks, each inode once; what `du -s` says.
    pub on_disk: Bytes,
    /// Blocks whose every link lies in this folder: what deleting it alone would free.
    pub(crate) freeable: Bytes,
    /// How many entries are in it.
    pub entries: u64,
    /// The newest modification of a file in it.
    pub(crate) newest: Option<Timestamp>,
    /// The newest access to a file in it that Cargo reads on every build.
    pub(crate) last_read: Option<Timestamp>,
    /// A git repository inside, which nothing may delete.
    pub(crate) git_inside: Option<PathBuf>,
    /// A git repository at a place where tests and build scripts make such things again.
    #[serde(skip)]
    pub(crate) git_made_again: Option<PathBuf>,
    /// A Cargo manifest at a place where Cargo puts none, which means sources.
    pub(crate) sources_inside: Option<PathBuf>,
    /// Folders inside that could not be read.
    pub(crate) unreadable: Vec<Problem>,
    /// Files with more than one link, for counting over several folders.
    #[serde(skip)]
    pub(crate) links: Vec<LinkedFile>,
    /// Another filesystem, or a part of one, is mounted there.
    #[serde(skip)]
    pub(crate) mounted: Option<PathBuf>,
    /// Each entry, by which a deletion knows it again.
    #[serde(skip)]
    pub(crate) seen: Seen,
}

/// Record of the entries in a folder: a number for each entry, since there may be a million of them.
///
/// The door to the file system makes the numbers; see there what goes into one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(Arc<[u64]>);

impl Seen {
    /// From the numbers in any order.
    #[must_use]
    pub(crate) fn new(mut numbers: Vec<u64>) -> Self {
        numbers.sort_unstable();
        Self(numbers.into())
    }

    /// The numbers.
    #[must_use]
    pub(crate) fn numbers(&self) -> &[u64] {
        &self.0
    }

    /// Whether an entry with this number was seen.
    #[must_use]
    pub(crate) fn has(&self, number: u64) -> bool {
        self.0.binary_search(&number).is_ok()
    }
}

impl Usage {
    /// Adds files with several links to what has one: each counts once, and as freeable where all of its links were
    /// seen.
    pub(crate) fn add_linked(&mut self, links: impl IntoIterator<Item = LinkedFile>) {
        self.freeable = self.on_disk;
        self.links = links.into_iter().collect();
        for file in &self.links {
            self.on_disk += file.on_disk;
            if file.seen >= file.links {
                self.freeable += file.on_disk;
            }
        }
    }
}

/// A file with more than one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkedFile {
    pub(crate) identity: Identity,
    pub(crate) on_disk: Bytes,
    /// How many links it has in all.
    pub(crate) links: u64,
    /// How many of them were seen here.
    pub(crate) seen: u64,
}

/// Something that could not be read or understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Problem {
    /// The path with the problem.
    pub path: PathBuf,
    /// The error, with the next step where there is one.
    pub message: String,
}

/// Space that came back.
///
/// Counted as each removal or replacement succeeded; a file with several links counts only once its last link was
/// deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Freed {
    pub(crate) on_disk: Bytes,
    /// Sum of the lengths of the removed files.
    pub(crate) logical: Bytes,
    /// How many files and folders were removed or replaced.
    pub(crate) entries: u64,
    /// The part of `on_disk` that lay in blocks which another file (a clone) had as well at the deletion: it becomes
    /// free only with that file. Nothing where the filesystem makes no clones.
    #[serde(skip_serializing_if = "is_nothing")]
    pub(crate) shared: Bytes,
}

impl Add for Freed {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            on_disk: self.on_disk + other.on_disk,
            logical: self.logical + other.logical,
            entries: self.entries + other.entries,
            shared: self.shared + other.shared,
        }
    }
}

/// The space that deleting several folders frees together: each inode once, and only if all its links are deleted.
#[must_use]
pub(crate) fn freeable<'a>(usages: impl Iterator<Item = &'a Usage>) -> Bytes {
    let mut total = Bytes(0);
    let mut links: HashMap<Identity, (Bytes, u64, u64)> = HashMap::new();
    for usage in usages {
        let linked: Bytes = usage.links.iter().map(|file| file.on_disk).sum();
        total += Bytes(usage.on_disk.0 - linked.0);
        for file in &usage.links {
            links
                .entry(file.identity)
                .or_insert((file.on_disk, file.links, 0))
                .2 += file.seen;
        }
    }
    let all_gone = links
        .values()
        .filter(|(_, links, seen)| seen >= links)
        .map(|(on_disk, ..)| *on_disk);
    total + all_gone.sum()
}

/// The space of several folders together: each inode once.
#[must_use]
pub(crate) fn on_disk<'a>(usages: impl Iterator<Item = &'a Usage>) -> Bytes {
    let mut links: HashMap<Identity, Bytes> = HashMap::new();
    let mut total = Bytes(0);
    for usage in usages {
        let linked: Bytes = usage.links.iter().map(|file| file.on_disk).sum();
        total += Bytes(usage.on_disk.0 - linked.0);
        links.extend(usage.links.iter().map(|file| (file.identity, file.on_disk)));
    }
    total + links.into_values().sum()
}

/// The facts by which a file is recognised as unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileState {
    pub(crate) length: Bytes,
    /// Its number on its filesystem, where that has some.
    pub(crate) inode: u64,
    /// When its content last changed.
    pub(crate) modified: Option<Timestamp>,
    /// When anything about it last changed, where the system knows.
    pub(crate) changed: Option<Timestamp>,
}

/// A source file, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) length: Bytes,
    /// When it was last modified.
    pub(crate) modified: Option<Timestamp>,
}

/// The entry that was found where a program is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FoundProgram {
    /// Nothing.
    Nothing,
    /// A file.
    File {
        /// Its content.
        bytes: Vec<u8>,
        /// Its permissions; 0 where the system has none.
        mode: u32,
        /// At least one user may run it.
        executable: bool,
    },
    /// A symbolic link, with where that leads.
    Link(PathBuf),
    /// A folder, a pipe or the like.
    Other,
    /// It cannot be read, with the error.
    Unreadable(String),
}

impl FoundProgram {
    /// Returns whether it is a file that at least one user may run.
    #[must_use]
    pub(crate) fn is_executable(&self) -> bool {
        matches!(
            self,
            Self::File {
                executable: true,
                ..
            }
        )
    }
}

/// A file of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoredFile {
    /// Relative to the target folder, with `/` between.
    pub path: String,
    /// The BLAKE3 hash of its content, in 64 hexadecimal digits.
    pub hash: String,
    /// Its length in bytes.
    pub length: u64,
    /// When it was last modified, in nanoseconds since 1970.
    pub modified: i64,
    /// It is a program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// Its path on this machine; stored descriptions leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<PathBuf>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
pub(crate) fn is_nothing(bytes: &Bytes) -> bool {
    bytes.0 == 0
}

/// Whose a file is, and what may be done with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Rights {
    /// Its user and its group; 0 where the system has none.
    pub(super) owner: (u32, u32),
    /// Its mode; where the system has none, whether it is read-only.
    pub(super) mode: u32,
}

impl Rights {
    /// Whose it is alone: a clone gets the mode of the file that it replaces.
    #[must_use]
    pub(crate) fn without_mode(self) -> Self {
        Self { mode: 0, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::model::LinkedFile;

    #[test]
    fn a_file_linked_between_two_folders_is_freed_only_when_both_go() {
        let shared = LinkedFile {
            identity: Identity {
                device: 1,
                inode: 7,
            },
            on_disk: Bytes(100),
            links: 2,
            seen: 1,
        };
        let usage = || Usage {
            on_disk: Bytes(150),
            links: vec![shared],
            ..Usage::default()
        };
        let (one, two) = (usage(), usage());
        assert_eq!(freeable([&one].into_iter()), Bytes(50));
        assert_eq!(freeable([&one, &two].into_iter()), Bytes(200));
        assert_eq!(freeable(std::iter::empty()), Bytes(0));
    }
}

/// How far the reads of files on a filesystem are written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadsNoted {
    /// At least as `relatime` has it: the first read after a file was written, changed or not read for a day.
    Yes,
    /// The same, but not where a file lies in a lower layer of an overlay.
    InUpperLayer,
    /// Not so that one can rely on it, and why: a fragment.
    No(&'static str),
}
