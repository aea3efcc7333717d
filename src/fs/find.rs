//! Searches folders for what matters: manifests, repositories, target folders and what an interrupted run left.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use crate::fs::model::{Problem, Tag};
use crate::fs::tag;
use crate::markers;
use crate::markers::CARGO_FOLDER;
use crate::text::failure;

/// The file that `cargo vendor` puts into each package: one that is never built where it lies.
const VENDORED: &str = ".cargo-checksum.json";

/// The folder in which a toolchain keeps the sources of the standard library, which no run sets up.
const TOOLCHAIN: &str = "lib/rustlib";

/// The folders that a search does not enter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looking {
    /// Folders whose path, or whose path under the root, matches one of these are passed over.
    pub(crate) exclude: globset::GlobSet,
    /// How deep to look into folders; the root is at depth 0.
    pub(crate) max_depth: Option<usize>,
}

/// The folders and files that a search met.
#[derive(Debug, Default)]
pub(crate) struct Finds {
    pub(crate) manifests: Vec<PathBuf>,
    pub(crate) git_marks: Vec<PathBuf>,
    /// Tops of workspaces of Jujutsu.
    pub(crate) jj_tops: Vec<PathBuf>,
    pub(crate) bare_repositories: Vec<PathBuf>,
    /// Tagged cache folders, and untagged ones with Cargo's mark; the search does not enter them.
    pub(crate) caches: Vec<PathBuf>,
    pub(crate) cargo_folders: Vec<PathBuf>,
    /// Folders with the name of our trash.
    pub(crate) trash: Vec<PathBuf>,
    /// The paths that could not be read.
    pub(crate) problems: Vec<Problem>,
}

impl Finds {
    fn and(mut self, other: Self) -> Self {
        self.manifests.extend(other.manifests);
        self.git_marks.extend(other.git_marks);
        self.jj_tops.extend(other.jj_tops);
        self.bare_repositories.extend(other.bare_repositories);
        self.caches.extend(other.caches);
        self.cargo_folders.extend(other.cargo_folders);
        self.trash.extend(other.trash);
        self.problems.extend(other.problems);
        self
    }
}

/// Searches a folder, hidden ones in it included. Follows no link and never enters `.git` or `.jj`.
///
/// Folders are searched side by side; what is found comes in the order of the names all the same.
#[must_use]
pub(crate) fn find(root: &Path, looking: &Looking) -> Finds {
    visit(root, root, 0, looking)
}

/// Reads each folder once: its names alone tell whether it is worth a closer look.
fn visit(folder: &Path, root: &Path, depth: usize, looking: &Looking) -> Finds {
    let mut finds = Finds::default();
    let mut entries: Vec<DirEntry> = Vec::new();
    let listed = WalkDir::new(folder)
        .min_depth(1)
        .max_depth(1)
        .follow_root_links(false)
        .sort_by_file_name();
    for entry in listed {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let message = match error.io_error() {
                    Some(io) => failure::words(io),
                    None => failure::words(&error),
                };
                finds.problems.push(Problem { path, message });
            }
        }
    }
    if depth > 0 && is_cache(folder, &entries) {
        finds.caches.push(folder.to_owned());
        return finds;
    }
    if is_bare_repository(&entries) {
        finds.bare_repositories.push(folder.to_owned());
        // Worktrees may lie in it, so one that was asked for is searched all the same.
        if depth > 0 {
            return finds;
        }
    }
    if looking.max_depth.is_some_and(|max| depth > max) {
        return finds;
    }
    let vendored = has(&entries, VENDORED);
    let mut inner: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let Some(name) = entry.file_name().to_str() else {
            // Neither a configuration nor JSON can name what is in it.
            if entry.file_type().is_dir() {
                finds.problems.push(not_unicode(entry.path()));
            }
            continue;
        };
        if entry.file_type().is_dir() {
            if name == CARGO_FOLDER {
                finds.cargo_folders.push(entry.path().to_owned());
            }
            if name == ".git" {
                finds.git_marks.push(entry.into_path());
            } else if name == ".jj" {
                finds.jj_tops.push(folder.to_owned());
            } else if name.starts_with(markers::TRASH_PREFIX) {
                finds.trash.push(entry.into_path());
            } else if !excluded(entry.path(), root, looking) && !entry.path().ends_with(TOOLCHAIN) {
                inner.push(entry.into_path());
            }
        } else if name == "Cargo.toml" {
            finds
                .manifests
                .extend((!vendored).then(|| folder.to_owned()));
        } else if name == ".git" {
            finds.git_marks.push(entry.into_path());
        }
    }
    // Collected, and not reduced as they come, to keep the order.
    let found: Vec<Finds> = inner
        .par_iter()
        .map(|inner| visit(inner, root, depth + 1, looking))
        .collect();
    found.into_iter().fold(finds, Finds::and)
}

/// A problem whose path can be shown in any format.
fn not_unicode(path: &Path) -> Problem {
    Problem {
        path: path.to_string_lossy().into_owned().into(),
        message: "skipped, because its name is not UTF-8".into(),
    }
}

fn excluded(path: &Path, root: &Path, looking: &Looking) -> bool {
    let relative = path.strip_prefix(root).unwrap_or(path);
    !looking.exclude.is_empty()
        && (looking.exclude.is_match(relative) || looking.exclude.is_match(path))
}

fn is_cache(folder: &Path, entries: &[DirEntry]) -> bool {
    has(entries, markers::RUSTC_INFO)
        || (has(entries, markers::TAG_NAME) && tag(folder) == Tag::Valid)
}

fn has(entries: &[DirEntry], name: &str) -> bool {
    entries.iter().any(|entry| entry.file_name() == name)
}

/// Source: gitrepository-layout(5): `HEAD`, `objects` and `refs` make a repository.
fn is_bare_repository(entries: &[DirEntry]) -> bool {
    let has = |name: &str, folder: bool| {
        let is_it =
            |entry: &DirEntry| entry.file_name() == name && entry.file_type().is_dir() == folder;
        entries.iter().any(is_it)
    };
    has("HEAD", false) && has("objects", true) && has("refs", true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(paths: &[PathBuf], root: &Path) -> Vec<String> {
        let relative = |path: &PathBuf| {
            path.strip_prefix(root)
                .unwrap_or(path)
                .display()
                .to_string()
        };
        paths.iter().map(relative).collect()
    }

    fn forest() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for folder in [
            "b/.git/x",
            "a/in",
            "bare.git/objects",
            "bare.git/refs",
            "a/target/t",
            "c/old",
            "c/vendor/v",
            "c/lib/rustlib/src",
        ] {
            fs::create_dir_all(dir.path().join(folder)).expect("folders");
        }
        for file in [
            "b/.git/Cargo.toml",
            "b/Cargo.toml",
            "a/Cargo.toml",
            "a/in/Cargo.toml",
            "a/target/t/Cargo.toml",
            "a/target/.rustc_info.json",
            "bare.git/HEAD",
            "c/old/CACHEDIR.TAG",
            "c/old/Cargo.toml",
            "c/vendor/v/Cargo.toml",
            "c/vendor/v/.cargo-checksum.json",
            "c/lib/rustlib/src/Cargo.toml",
        ] {
            fs::write(dir.path().join(file), "").expect("a file");
        }
        dir
    }

    #[test]
    fn finds_in_the_order_of_names_and_does_not_enter_what_it_noted() {
        let dir = forest();
        let finds = find(dir.path(), &Looking::default());
        assert_eq!(
            names(&finds.manifests, dir.path()),
            ["a", "a/in", "b", "c/old"]
        );
        assert_eq!(names(&finds.git_marks, dir.path()), ["b/.git"]);
        assert_eq!(names(&finds.caches, dir.path()), ["a/target"]);
        assert_eq!(names(&finds.bare_repositories, dir.path()), ["bare.git"]);
        assert!(finds.problems.is_empty(), "{finds:?}");
    }

    #[test]
    fn goes_as_deep_as_asked_and_still_says_what_the_deepest_folders_are() {
        let dir = forest();
        let looking = Looking {
            max_depth: Some(1),
            ..Looking::default()
        };
        let finds = find(dir.path(), &looking);
        assert_eq!(names(&finds.manifests, dir.path()), ["a", "b"]);
        assert_eq!(names(&finds.bare_repositories, dir.path()), ["bare.git"]);
        assert_eq!(names(&finds.caches, dir.path()), ["a/target"]);
    }

    #[cfg(unix)]
    #[test]
    fn follows_no_link() {
        let dir = forest();
        std::os::unix::fs::symlink("../a", dir.path().join("b/link")).expect("a link");
        let finds = find(&dir.path().join("b"), &Looking::default());
        assert_eq!(names(&finds.manifests, dir.path()), ["b"]);
    }
}
