//! Searches folders for what matters: manifests, repositories, target folders and what an interrupted run left.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{exists, info, tag};
use crate::marks;
use crate::model::{Problem, Tag};

/// The file that `cargo vendor` puts into each package: one that is never built where it lies.
const VENDORED: &str = ".cargo-checksum.json";

/// Where a toolchain keeps the sources of the standard library, which are nobody's to set up.
const TOOLCHAIN: &str = "lib/rustlib";

/// Where a search does not go.
#[derive(Clone, Debug, Default)]
pub struct Looking {
    /// Folders whose path, or whose path under the root, matches one of these are passed over.
    pub exclude: globset::GlobSet,
    /// How deep to look into folders; the root is at depth 0.
    pub max_depth: Option<usize>,
}

/// What a search came upon.
#[derive(Debug, Default)]
pub struct Finds {
    /// Folders with a `Cargo.toml`.
    pub manifests: Vec<PathBuf>,
    /// `.git` folders and files.
    pub git_marks: Vec<PathBuf>,
    /// Bare repositories.
    pub bare_repositories: Vec<PathBuf>,
    /// Tagged cache folders, and untagged ones with Cargo's mark; the search does not enter them.
    pub caches: Vec<PathBuf>,
    /// Folders with the name of our trash.
    pub trash: Vec<PathBuf>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Searches a folder, hidden ones in it included. Follows no link and never enters `.git`.
#[must_use]
pub fn find(root: &Path, looking: &Looking) -> Finds {
    let mut finds = Finds::default();
    if is_bare_repository(root) {
        finds.bare_repositories.push(root.to_owned());
    }
    // The files of the deepest folder lie one deeper than the folder.
    let deepest = looking
        .max_depth
        .map_or(usize::MAX, |n| n.saturating_add(1));
    let mut walk = WalkDir::new(root).max_depth(deepest).into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let message = error
                    .io_error()
                    .map_or_else(|| error.to_string(), ToString::to_string);
                finds.problems.push(Problem { path, message });
                continue;
            }
        };
        let Some(name) = entry.file_name().to_str() else {
            // Neither a configuration nor JSON can name what is in it.
            if entry.file_type().is_dir() && entry.depth() > 0 {
                finds.problems.push(not_unicode(entry.path()));
                walk.skip_current_dir();
            }
            continue;
        };
        if !entry.file_type().is_dir() {
            match name {
                "Cargo.toml" => {
                    let folder = entry.path().parent().map(Path::to_owned);
                    finds
                        .manifests
                        .extend(folder.filter(|folder| !exists(&folder.join(VENDORED))));
                }
                ".git" if entry.file_type().is_file() => finds.git_marks.push(entry.into_path()),
                _ => {}
            }
        } else if entry.depth() > 0 && skip(entry.path(), name, root, looking, &mut finds) {
            walk.skip_current_dir();
        }
    }
    finds
}

/// A problem whose path can be shown in any format.
fn not_unicode(path: &Path) -> Problem {
    Problem {
        path: path.to_string_lossy().into_owned().into(),
        message: "its name is not Unicode, so it is passed over".into(),
    }
}

/// Notes what a folder is, and says whether the search leaves it alone.
fn skip(path: &Path, name: &str, root: &Path, looking: &Looking, finds: &mut Finds) -> bool {
    if name == ".git" {
        finds.git_marks.push(path.to_owned());
    } else if name.starts_with(marks::TRASH_PREFIX) {
        finds.trash.push(path.to_owned());
    } else if excluded(path, root, looking) || path.ends_with(TOOLCHAIN) {
    } else if tag(path) == Tag::Valid || exists(&path.join(marks::RUSTC_INFO)) {
        finds.caches.push(path.to_owned());
    } else if is_bare_repository(path) {
        finds.bare_repositories.push(path.to_owned());
    } else {
        return false;
    }
    true
}

fn excluded(path: &Path, root: &Path, looking: &Looking) -> bool {
    let relative = path.strip_prefix(root).unwrap_or(path);
    !looking.exclude.is_empty()
        && (looking.exclude.is_match(relative) || looking.exclude.is_match(path))
}

/// Source: gitrepository-layout(5): `HEAD`, `objects` and `refs` make a repository.
fn is_bare_repository(path: &Path) -> bool {
    let has = |name: &str, folder: bool| matches!(info(&path.join(name)), Ok(Some(info)) if info.is_dir == folder);
    has("HEAD", false) && has("objects", true) && has("refs", true)
}
