//! The files of a worktree, and how their paths are written.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// The files of a worktree as git knows them, relative to its top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Tracked ones, and others that it does not ignore.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Ignored ones, but for those in ignored folders.
    pub(crate) ignored: BTreeSet<PathBuf>,
    /// Folders that are ignored as a whole.
    pub(crate) ignored_folders: BTreeSet<PathBuf>,
    /// Folders with a repository of their own, or other worktrees.
    pub(crate) repositories: BTreeSet<PathBuf>,
}

impl Listing {
    /// Makes one of git's two lists; in that of what is ignored, a folder has a `/` at its end.
    #[must_use]
    pub(crate) fn of(files: Vec<PathBuf>, ignored: Vec<PathBuf>) -> Self {
        let is_folder = |path: &PathBuf| path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let (ignored_folders, ignored): (Vec<_>, Vec<_>) = ignored.into_iter().partition(is_folder);
        let plain = |all: Vec<PathBuf>| {
            let all = all.into_iter();
            all.map(|path| path.components().collect()).collect()
        };
        // Git lists a folder as one if it has a repository of its own, or is another worktree.
        let (repositories, files): (Vec<_>, Vec<_>) = files.into_iter().partition(is_folder);
        Self {
            repositories: plain(repositories),
            files: plain(files),
            ignored: plain(ignored),
            ignored_folders: plain(ignored_folders),
        }
    }
}

/// A path without `.` and `..`; `None` if it leads out of where it starts.
#[must_use]
pub(crate) fn normalized(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => plain.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

/// Returns whether a file is a configuration of Cargo: only its settings for compiling matter.
#[must_use]
pub(crate) fn is_configuration(path: &Path) -> bool {
    path.ends_with(".cargo/config.toml") || path.ends_with(".cargo/config")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_git() {
        let paths = |all: &[&str]| all.iter().map(PathBuf::from).collect();
        let listing = Listing::of(
            paths(&["src/lib.rs", ".worktrees/x/"]),
            paths(&["target/", ".env"]),
        );
        assert_eq!(listing.files, BTreeSet::from(["src/lib.rs".into()]));
        assert_eq!(listing.ignored, BTreeSet::from([".env".into()]));
        assert_eq!(listing.ignored_folders, BTreeSet::from(["target".into()]));
    }

    #[test]
    fn configurations() {
        assert!(is_configuration(Path::new("a/.cargo/config.toml")));
        assert!(!is_configuration(Path::new("a/cargo/config.toml")));
    }

    #[test]
    fn paths_without_dots() {
        let plain = |path: &str| normalized(Path::new(path));
        assert_eq!(plain("a/src/../../b/./x"), Some("b/x".into()));
        assert_eq!(plain("a/../../x"), None);
        assert_eq!(plain("/x"), None);
    }
}
