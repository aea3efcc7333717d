//! Looks at sources: whether two are the same, and since when.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use crate::fs::model::{Identity, SourceFile};
use crate::fs::{changed, identity, modified, same_content};
use crate::size::Bytes;

/// The entry at the path of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) what: SourceKind,
    /// When it, or what a link there leads to, was last changed in any way that the system tells: a file that was
    /// moved there may be older itself.
    pub(crate) newest: Option<Timestamp>,
    modified: Option<Timestamp>,
    identity: Identity,
    length: Bytes,
    /// Its owner may run it, as git knows it.
    executable: bool,
}

/// The kind of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// There is nothing.
    Missing,
    /// A regular file.
    File,
    /// A symbolic link to this, and whether a regular file is behind it.
    Link(PathBuf, bool),
    /// A folder.
    Folder,
    /// Anything else, or what cannot be looked at.
    Other,
}

impl Source {
    /// Looks at a path.
    #[must_use]
    pub(crate) fn at(path: &Path) -> Self {
        let mut source = Self {
            what: SourceKind::Missing,
            newest: None,
            modified: None,
            identity: Identity::default(),
            length: Bytes(0),
            executable: false,
        };
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => {
                use std::io::ErrorKind::{NotADirectory, NotFound};
                if !matches!(error.kind(), NotFound | NotADirectory) {
                    source.what = SourceKind::Other;
                }
                return source;
            }
        };
        source.newest = modified(&metadata).max(changed(&metadata));
        source.modified = modified(&metadata);
        source.identity = identity(&metadata);
        source.length = Bytes(metadata.len());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            source.executable = metadata.permissions().mode() & 0o100 != 0;
        }
        source.what = if metadata.is_symlink() {
            let behind = fs::metadata(path).ok();
            let newest = behind
                .as_ref()
                .and_then(|behind| modified(behind).max(changed(behind)));
            source.newest = source.newest.max(newest).max(newest_link(path));
            let is_file = behind.is_some_and(|behind| behind.is_file());
            SourceKind::Link(fs::read_link(path).unwrap_or_default(), is_file)
        } else if metadata.is_dir() {
            SourceKind::Folder
        } else if metadata.is_file() {
            SourceKind::File
        } else {
            SourceKind::Other
        };
        source
    }

    /// Whether two are the same, byte for byte: what is missing in both places is. Folders are, whatever is in them.
    #[must_use]
    pub(crate) fn is_same(&self, path: &Path, other: &Self, other_path: &Path) -> bool {
        let same_bytes = || same_content(path, other_path);
        match (&self.what, &other.what) {
            (SourceKind::File, SourceKind::File) => {
                let alike = self.length == other.length && self.executable == other.executable;
                alike && same_bytes()
            }
            (SourceKind::Link(one, true), SourceKind::Link(two, true)) => {
                one == two && same_bytes()
            }
            (SourceKind::Other, _) | (_, SourceKind::Other) => false,
            (one, two) => one == two,
        }
    }

    /// The facts that are noted of it, to tell later whether it has changed.
    #[must_use]
    pub(crate) fn noted(&self, path: PathBuf) -> SourceFile {
        SourceFile {
            path,
            identity: self.identity,
            length: self.length,
            modified: self.modified,
        }
    }
}

/// The time by the clock that dates files: this system's clock, for files on its own disks.
#[expect(
    clippy::disallowed_methods,
    reason = "it is asked again after each wait for it"
)]
#[must_use]
pub(crate) fn clock() -> Timestamp {
    Timestamp::now() + ahead()
}

/// How far a test has our clock be ahead of that of the filesystems, in seconds.
fn ahead() -> SignedDuration {
    #[cfg(debug_assertions)]
    if let Ok(seconds) = std::env::var("CARGO_SHAREDTARGET_TEST_CLOCK_AHEAD") {
        return SignedDuration::from_secs(seconds.parse().unwrap_or_default());
    }
    SignedDuration::ZERO
}

/// How far the clock of a folder's filesystem is behind ours: a file server has one of its own. Less than times are exact to
/// is nothing.
///
/// # Errors
///
/// Nothing can be written there.
pub(crate) fn clock_behind(folder: &Path) -> anyhow::Result<SignedDuration> {
    let begin = clock();
    let file = tempfile::Builder::new()
        .prefix(crate::fs::replace::TEMPORARY)
        .tempfile_in(folder);
    let written = file.and_then(|mut file| {
        std::io::Write::write_all(&mut file, b"clock")?;
        file.as_file().metadata()
    });
    let written = written.with_context(|| format!("failed to write in `{}`", folder.display()))?;
    let there = modified(&written).context("the filesystem has no times")?;
    // Some filesystems know whole seconds only, or every other one.
    let exact = match there.subsec_nanosecond() {
        0 => SignedDuration::from_secs(2),
        _ => SignedDuration::from_millis(20),
    };
    let behind = begin.duration_since(there);
    Ok(match behind > exact {
        true => behind,
        false => SignedDuration::ZERO,
    })
}

/// When something has come to a folder or gone from it, or it was moved.
#[must_use]
pub(crate) fn touched(folder: &Path) -> Option<Timestamp> {
    let metadata = fs::symlink_metadata(folder).ok()?;
    modified(&metadata).max(changed(&metadata))
}

/// When a folder was made; `None` where the filesystem does not say.
#[must_use]
pub(crate) fn born(folder: &Path) -> Option<Timestamp> {
    let born = fs::symlink_metadata(folder).ok()?.created().ok()?;
    Timestamp::try_from(born).ok()
}

/// When something has come to a folder or gone from it.
#[must_use]
pub(crate) fn filled(folder: &Path) -> Option<Timestamp> {
    modified(&fs::symlink_metadata(folder).ok()?)
}

/// Does something of ours in folders of a worktree, and has them look as they did: what comes and goes by us is no change of
/// what others made, and a build script or a macro may have listed them. Where a time cannot be set, the folder looks newer.
pub(crate) fn keeping_times<T>(folders: &[&Path], act: impl FnOnce() -> T) -> T {
    let before: Vec<_> = folders.iter().map(|folder| filled(folder)).collect();
    let done = act();
    for (folder, before) in folders.iter().zip(before) {
        if let Some(before) = before.filter(|before| filled(folder) != Some(*before)) {
            crate::fs::date_folder(folder, before);
        }
    }
    done
}

/// Whether a path leads to a folder, by a link as well.
#[must_use]
pub(crate) fn is_folder_behind(path: &Path) -> bool {
    path.is_dir()
}

/// When one of the links was last turned elsewhere that lead from a link to what is behind it.
fn newest_link(link: &Path) -> Option<Timestamp> {
    /// With more of them, the system follows none.
    const MOST: usize = 40;
    let mut newest = None;
    let mut at = link.parent()?.to_owned();
    let mut links = 0;
    let mut rest = vec![PathBuf::from(link.file_name()?)];
    while let Some(path) = rest.pop() {
        let mut parts = path.components();
        let Some(part) = parts.next() else { continue };
        rest.push(parts.as_path().to_owned());
        at = at.join(part);
        let Ok(metadata) = fs::symlink_metadata(&at) else {
            break;
        };
        if metadata.is_symlink() && links < MOST {
            links += 1;
            newest = newest.max(modified(&metadata)).max(changed(&metadata));
            rest.push(fs::read_link(&at).unwrap_or_default());
            at = at.parent()?.to_owned();
        }
    }
    newest
}

/// When a folder was last changed itself while nothing in it has come or gone: it was moved to where it is. For a
/// link to a folder, when the link was set.
#[must_use]
pub(crate) fn moved_there(folder: &Path) -> Option<Timestamp> {
    let metadata = fs::symlink_metadata(folder).ok()?;
    if metadata.is_symlink() {
        return newest_link(folder);
    }
    let (changed, modified) = (changed(&metadata)?, modified(&metadata)?);
    (changed > modified).then_some(changed)
}

/// Everything in a folder, however deep, and the folder itself; links are not followed. `None` if something in it
/// cannot be listed, or there is more than `most`.
#[must_use]
pub(crate) fn everything_in(folder: &Path, most: usize) -> Option<Vec<PathBuf>> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name();
    let mut all = Vec::new();
    for entry in walk {
        if all.len() == most {
            return None;
        }
        all.push(entry.ok()?.into_path());
    }
    Some(all)
}

/// When a file was last modified, or what a link there leads to.
#[must_use]
pub(crate) fn modified_behind(path: &Path) -> Option<Timestamp> {
    modified(&fs::metadata(path).ok()?)
}

/// The path, of these in a folder, that is met first when the folder is listed in the system's order and each folder
/// is entered where it stands.
#[must_use]
pub(crate) fn first_listed(folder: &Path, wanted: &BTreeSet<PathBuf>) -> Option<PathBuf> {
    let walk = walkdir::WalkDir::new(folder).into_iter();
    let leads = |path: &Path| wanted.iter().any(|wanted| wanted.starts_with(path));
    let inside = |entry: &walkdir::DirEntry| entry.path().strip_prefix(folder).map(Path::to_owned);
    walk.filter_entry(|entry| inside(entry).is_ok_and(|path| leads(&path)))
        .filter_map(Result::ok)
        .filter_map(|entry| inside(&entry).ok())
        .find(|path| wanted.contains(path))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn sources_are_compared_by_what_they_are() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = |name: &str| dir.path().join(name);
        let same = |one: &str, two: &str| {
            let (one, two) = (path(one), path(two));
            Source::at(&one).is_same(&one, &Source::at(&two), &two)
        };
        for (name, text) in [("a", "text"), ("b", "text"), ("c", "tex"), ("d", "test")] {
            fs::write(path(name), text).expect("a file");
        }
        std::os::unix::fs::symlink("a", path("link")).expect("a link");
        std::os::unix::fs::symlink("a", path("alike")).expect("a link");
        std::os::unix::fs::symlink("b", path("other")).expect("a link");
        assert!(same("a", "b") && same("no", "none") && same("link", "alike"));
        for (one, two) in [
            ("a", "c"),
            ("a", "d"),
            ("a", "no"),
            ("a", "link"),
            ("link", "other"),
        ] {
            assert!(!same(one, two), "{one} {two}");
        }
    }

    #[test]
    fn what_was_moved_there_is_new() {
        let dir = tempfile::tempdir().expect("a folder");
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        fs::write(&old, "text").expect("a file");
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        let file = fs::File::options().write(true).open(&old).expect("a file");
        file.set_modified(long_ago).expect("a time");
        fs::rename(&old, &new).expect("moved");
        let source = Source::at(&new);
        assert!(source.newest > source.modified);
    }
}
