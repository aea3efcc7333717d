//! How much space a folder takes.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::fs::in_use::all_mounts;
use crate::fs::model::{Identity, LinkedFile, Problem, Seen, Usage};
use crate::fs::open_folder::mount_of;
use crate::fs::within::{Listed, Moment, Within};
use crate::fs::{EntryKind, allocation, canonical, seen};
use crate::markers::{TESTS, TRYBUILD, WASM_BUILD};
use crate::progress::Progress;
use crate::size::Bytes;
use crate::text::failure;

/// Sizes a folder: walks it in parallel, counts each inode once, follows no link.
///
/// Enters no other mount, not even one of the same filesystem: the files there belong to another place.
///
/// Notices a git repository and Cargo manifests on the way, which are reasons not to delete it; those that tests and build
/// scripts make again in the places that Cargo gives to them ([`Place::MadeAgain`]) apart from the others.
#[must_use]
pub fn usage(folder: &Path, progress: &Progress) -> Usage {
    let sum = Mutex::new(Sum::default());
    let mounts = Mounts::of(folder);
    let walk = Walk {
        within: Within::of(folder),
        mounts,
        total: &sum,
        progress,
    };
    rayon::scope(|scope| visit(PathBuf::new(), Place::Top, &walk, scope));
    sum.into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .finish(folder)
}

/// The mounts in a folder.
enum Mounts {
    /// The places, as the system lists them. Mostly there is none, and to ask for each folder takes a sixteenth of the walk.
    Listed(Vec<PathBuf>),
    /// The system does not list them, or the folder has another name there: each folder is compared with the mount of the
    /// first.
    Unlisted(Option<u64>),
}

impl Mounts {
    fn of(folder: &Path) -> Self {
        let is_real = canonical(folder).is_ok_and(|real| real == folder);
        match all_mounts().filter(|_| is_real) {
            Some(mut points) => {
                points.retain(|point| point != folder && point.starts_with(folder));
                Self::Listed(points)
            }
            None => Self::Unlisted(mount_of(folder)),
        }
    }

    /// Whether a folder below the first is on another mount.
    fn is_other(&self, within: &Within<'_>, folder: &Path) -> bool {
        match self {
            Self::Listed(points) if points.is_empty() => false,
            Self::Listed(points) => points.contains(&within.join(folder)),
            Self::Unlisted(mount) => mount_of(&within.join(folder)) != *mount,
        }
    }
}

/// Where in a target folder the walk is, as far as that matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the top.
    Top,
    /// In a folder of the top that may be a profile or a triple, or in one of those in a triple.
    Profile { in_triple: bool },
    /// In the folder of build scripts and their runs, so deep. In the new layout all units lie there.
    Units { deep: u8 },
    /// In the folder that trybuild has for itself.
    Tests,
    /// Anywhere else, where Cargo puts no manifests.
    Below,
    /// In a `.fingerprint` folder, or that of one unit: files that Cargo reads on every build.
    Fingerprint,
    /// Where tests and build scripts put what they like, and make it again: `tmp` (`CARGO_TARGET_TMPDIR`), an `OUT_DIR`, the
    /// packages of trybuild and of Substrate's `wbuild`; and where Cargo unpacks what it packages.
    MadeAgain,
}

impl Place {
    /// The place of a folder in this one.
    fn inner(self, name: &str) -> Self {
        match (self, name) {
            (Self::MadeAgain, _) => Self::MadeAgain,
            (Self::Fingerprint, _) | (_, ".fingerprint" | "fingerprint") => Self::Fingerprint,
            (Self::Top, "package" | "tmp") => Self::MadeAgain,
            (Self::Top | Self::Profile { .. }, WASM_BUILD) => Self::MadeAgain,
            (Self::Top, TESTS) => Self::Tests,
            (Self::Tests, TRYBUILD) => Self::MadeAgain,
            (Self::Profile { .. }, "build") => Self::Units { deep: 0 },
            // `build/<package>-<hash>/out`, in the new layout `build/<package>/<hash>/out`.
            (Self::Units { deep: 1 | 2 }, "out") => Self::MadeAgain,
            (Self::Units { deep }, _) if deep < 2 => Self::Units { deep: deep + 1 },
            (Self::Top, _) => Self::Profile { in_triple: false },
            (Self::Profile { in_triple: false }, _) => Self::Profile { in_triple: true },
            _ => Self::Below,
        }
    }
}

#[derive(Default)]
struct Sum {
    usage: Usage,
    newest: Option<Moment>,
    last_read: Option<Moment>,
    links: HashMap<Identity, LinkedFile>,
    seen: Vec<u64>,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.newest = self.newest.max(other.newest);
        self.last_read = self.last_read.max(other.last_read);
        let (mine, theirs) = (&mut self.usage, other.usage);
        mine.logical += theirs.logical;
        mine.on_disk += theirs.on_disk;
        mine.entries += theirs.entries;
        mine.git_inside = mine.git_inside.take().or(theirs.git_inside);
        mine.git_made_again = mine.git_made_again.take().or(theirs.git_made_again);
        mine.sources_inside = mine.sources_inside.take().or(theirs.sources_inside);
        mine.mounted = mine.mounted.take().or(theirs.mounted);
        mine.unreadable.extend(theirs.unreadable);
        self.seen.extend(other.seen);
        for (identity, file) in other.links {
            self.links
                .entry(identity)
                .and_modify(|known| known.seen += file.seen)
                .or_insert(file);
        }
    }

    /// Until here `on_disk` holds only what has a single link.
    fn finish(self, folder: &Path) -> Usage {
        let Sum {
            mut usage,
            newest,
            last_read,
            links,
            seen,
        } = self;
        usage.seen = Seen::new(seen);
        usage.newest = newest.and_then(Moment::timestamp);
        usage.last_read = last_read.and_then(Moment::timestamp);
        if let Ok(top) = fs::symlink_metadata(folder) {
            usage.on_disk += Bytes(allocation(&top).0);
            usage.entries += 1;
        }
        usage.add_linked(links.into_values());
        usage
    }
}

/// The context of the walk through a folder.
struct Walk<'w> {
    within: Within<'w>,
    mounts: Mounts,
    total: &'w Mutex<Sum>,
    progress: &'w Progress,
}

/// Counts a folder in the one that is walked.
fn visit<'s>(folder: PathBuf, place: Place, walk: &'s Walk<'_>, scope: &rayon::Scope<'s>) {
    let mut sum = Sum::default();
    let within = &walk.within;
    if place != Place::Top && walk.mounts.is_other(within, &folder) {
        sum.usage.mounted = Some(within.join(&folder));
        return take(walk.total, sum);
    }
    let mut problems = Vec::new();
    let listed = within.list(&folder, |name, listed| match listed {
        Ok(listed) => count(&folder, name, &listed, place, &mut sum, walk, scope),
        Err(error) => problems.push(error),
    });
    for error in problems.into_iter().chain(listed.err()) {
        let unreadable = unreadable(&within.join(&folder), &error);
        sum.usage.unreadable.push(unreadable);
    }
    walk.progress.add(sum.usage.entries, sum.usage.on_disk);
    take(walk.total, sum);
}

fn take(total: &Mutex<Sum>, sum: Sum) {
    total
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .add(sum);
}

/// A path that every format can show.
fn lossy(path: &Path) -> PathBuf {
    path.to_string_lossy().into_owned().into()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem {
        path: lossy(path),
        message: failure::words(error),
    }
}

fn count<'s>(
    folder: &Path,
    name: &OsStr,
    listed: &Listed,
    place: Place,
    sum: &mut Sum,
    walk: &'s Walk<'_>,
    scope: &rayon::Scope<'s>,
) {
    let usage = &mut sum.usage;
    let lossy = || lossy(&walk.within.join(&folder.join(name)));
    usage.entries += 1;
    sum.seen.push(seen::of_listed(name, listed));
    if name == ".git" {
        let found = match place {
            Place::MadeAgain => &mut usage.git_made_again,
            _ => &mut usage.git_inside,
        };
        found.get_or_insert_with(lossy);
    }
    if listed.kind == EntryKind::Folder {
        usage.on_disk += Bytes(listed.on_disk);
        let inner = place.inner(&name.to_string_lossy());
        let path = folder.join(name);
        scope.spawn(move |scope| visit(path, inner, walk, scope));
        return;
    }
    usage.logical += Bytes(listed.length);
    if place != Place::MadeAgain && name == "Cargo.toml" {
        usage.sources_inside.get_or_insert_with(lossy);
    }
    sum.newest = sum.newest.max(listed.modified);
    if place == Place::Fingerprint {
        sum.last_read = sum.last_read.max(listed.accessed);
    }
    if listed.links > 1 {
        let file = LinkedFile {
            identity: listed.identity,
            on_disk: Bytes(listed.on_disk),
            links: listed.links,
            seen: 0,
        };
        sum.links.entry(file.identity).or_insert(file).seen += 1;
    } else {
        usage.on_disk += Bytes(listed.on_disk);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_once_and_is_freeable_when_all_its_links_are_inside() {
        let dir = tempfile::tempdir().expect("a folder");
        let inside = dir.path().join("in");
        fs::create_dir(&inside).expect("a folder");
        fs::write(inside.join("a"), vec![1; 10_000]).expect("a file");
        fs::hard_link(inside.join("a"), inside.join("b")).expect("a link");
        fs::write(dir.path().join("out"), vec![1; 5_000]).expect("a file");
        fs::hard_link(dir.path().join("out"), inside.join("c")).expect("a link");
        std::os::unix::fs::symlink(dir.path(), inside.join("loop")).expect("a link");

        let usage = usage(&inside, &Progress::default());
        let folder = allocation(&fs::symlink_metadata(&inside).expect("there")).0;
        let file =
            |name: &str| allocation(&fs::symlink_metadata(inside.join(name)).expect("there")).0;
        assert_eq!(
            usage.on_disk.0,
            folder + file("a") + file("c") + file("loop")
        );
        assert_eq!(
            usage.freeable.0,
            folder + file("a") + file("loop"),
            "`c` has a link elsewhere"
        );
        assert_eq!(usage.entries, 5);
    }

    #[test]
    fn notices_what_must_not_be_deleted() {
        let dir = tempfile::tempdir().expect("a folder");
        let made_again = [
            "debug/build/x/out",
            "x86/debug/build/x/0123456789abcdef/out/deep",
            "tmp/t",
            "package/p-1",
            "tests/trybuild/app",
            "debug/wbuild/rt",
        ];
        for path in made_again {
            let path = dir.path().join(path);
            fs::create_dir_all(path.join(".git")).expect("a folder");
            fs::write(path.join("Cargo.toml"), "").expect("a file");
        }
        let before = usage(dir.path(), &Progress::default());
        assert_eq!((before.sources_inside, before.git_inside), (None, None));
        assert!(before.git_made_again.is_some());
        fs::write(dir.path().join("debug/Cargo.toml"), "").expect("a file");
        fs::create_dir_all(dir.path().join("debug/out/.git")).expect("a folder");
        let usage = usage(dir.path(), &Progress::default());
        assert_eq!(
            usage.sources_inside,
            Some(dir.path().join("debug/Cargo.toml"))
        );
        assert_eq!(usage.git_inside, Some(dir.path().join("debug/out/.git")));
    }
}
