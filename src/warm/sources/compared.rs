//! The same files in two worktrees.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::cargo::inherited;
use crate::fs;
use crate::fs::model::SourceFile;
use crate::fs::{Source, SourceKind};
use crate::git::sources;
use crate::markers::CARGO_FOLDER;
use crate::plan::left::LeftReason;

/// Files that were compared.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// The files that are not the same.
    different: BTreeSet<PathBuf>,
    /// When each of the donor's was last changed, by its path in the worktree; of those that there are.
    there: BTreeMap<PathBuf, Option<Timestamp>>,
    /// The donor's folders that they lie in, up to the top, and when something has come to them or gone, or they were
    /// moved.
    folders: BTreeMap<PathBuf, Timestamp>,
    /// The donor's folders above them that were moved there, or something like it, and when.
    moved: BTreeMap<PathBuf, Timestamp>,
    /// The destination's, to be looked at again.
    pub(crate) here: Vec<SourceFile>,
    /// When one of them was last changed.
    pub(crate) newest_here: Option<Timestamp>,
}

impl Compared {
    /// Compares files, by their paths in both worktrees. A folder among them, such as git has for a repository in the
    /// repository, counts with everything in it.
    pub(crate) fn of(from: &Path, into: &Path, mut files: BTreeSet<PathBuf>) -> Self {
        let folders = files.iter().filter(|file| {
            [from, into]
                .iter()
                .any(|top| fs::is_folder(&top.join(file)))
        });
        let folders: Vec<PathBuf> = folders.cloned().collect();
        let mut unlisted = BTreeSet::new();
        for folder in folders {
            match inside(&[from, into], &folder) {
                // It may hold nothing but a configuration, and the build environment covers that.
                Some(mut inner) if folder.ends_with(CARGO_FOLDER) => {
                    inner.remove(&folder);
                    files.remove(&folder);
                    files.extend(inner);
                }
                Some(inner) => files.extend(inner),
                None => drop(unlisted.insert(folder)),
            }
        }
        let looked: Vec<(PathBuf, Source, Source, bool)> = files
            .into_par_iter()
            .map(|file| {
                let (one, two) = (from.join(&file), into.join(&file));
                let (there, here) = (Source::at(&one), Source::at(&two));
                let same = match (&there.what, &here.what) {
                    _ if sources::is_configuration(&file) => same_configuration(&one, &two),
                    // The files behind a link count only where git lists them.
                    (SourceKind::Link(..), SourceKind::Link(..)) => {
                        there.is_same(&one, &here, &two)
                            && leads_inside(&one, from)
                            && leads_inside(&two, into)
                    }
                    _ => there.is_same(&one, &here, &two),
                };
                (file, there, here, same)
            })
            .collect();
        let mut compared = Self {
            different: unlisted,
            ..Self::default()
        };
        for (file, there, here, same) in looked {
            if !same {
                compared.different.insert(file.clone());
            }
            // The build environment has what a configuration said and when; and we may be about to write the file
            // ourselves.
            if sources::is_configuration(&file) || (here.what == SourceKind::Folder && same) {
                continue;
            }
            compared.newest_here = compared.newest_here.max(here.newest);
            if here.what != SourceKind::Missing {
                compared.here.push(here.noted(into.join(&file)));
            }
            // The files in a folder count, and not the time when one was put there.
            if !matches!(there.what, SourceKind::Missing | SourceKind::Folder) {
                compared.there.insert(file, there.newest);
            }
        }
        let files = compared.there.keys();
        let folders: BTreeSet<&Path> = files.flat_map(|file| file.ancestors().skip(1)).collect();
        compared.folders = folders
            .iter()
            .filter_map(|folder| {
                // The worktree itself may have been moved, with all that is in it.
                let touched = match folder.as_os_str().is_empty() {
                    true => fs::filled(from),
                    false => fs::touched(&from.join(folder)),
                };
                Some(((*folder).to_owned(), touched?))
            })
            .collect();
        let folders = folders
            .into_iter()
            .filter(|path| !path.as_os_str().is_empty());
        compared.moved = folders
            .filter_map(|folder| Some((folder.to_owned(), fs::moved_there(&from.join(folder))?)))
            .collect();
        compared
    }

    /// Whether the donor has a file.
    pub(crate) fn has(&self, file: &Path) -> bool {
        self.there.contains_key(file)
    }

    /// Whether a file is the same in both worktrees.
    pub(crate) fn same(&self, file: &Path) -> Result<(), LeftReason> {
        match self.different.contains(file) {
            true => Err(LeftReason::SourceDiffers {
                file: file.to_owned(),
            }),
            false => Ok(()),
        }
    }

    /// Whether all are.
    pub(crate) fn all_same(&self) -> Result<(), LeftReason> {
        self.different
            .first()
            .map_or(Ok(()), |file| self.same(file))
    }

    /// The first of the donor's folders in which something has come or gone since a moment.
    pub(crate) fn newer_folder(&self, at: Timestamp) -> Option<&Path> {
        let mut folders = self.folders.iter();
        let newer = folders.find(|(_, touched)| **touched >= at);
        newer.map(|(folder, _)| folder.as_path())
    }

    /// The first of the donor's files that may be newer than a compilation that began at `at`.
    pub(crate) fn newer(
        &self,
        at: Timestamp,
        mut counts: impl FnMut(&Path) -> bool,
    ) -> Option<&Path> {
        let mut files = self.there.iter();
        // A file that came along with a folder tells nothing itself. Where something has come to a folder and to the one that
        // it lies in, it may have been put in the place of another one, and filled then.
        let since = |folder: &Path| {
            self.folders
                .get(folder)
                .is_some_and(|at_last| *at_last >= at)
        };
        let replaced = |folder: &Path| since(folder) && folder.parent().is_some_and(since);
        let moved = self.moved.iter().filter(|(_, moved)| **moved >= at);
        let mut moved: Vec<&Path> = moved.map(|(folder, _)| folder.as_path()).collect();
        moved.extend(
            self.folders
                .keys()
                .map(PathBuf::as_path)
                .filter(|folder| replaced(folder)),
        );
        let newer = files.find(|(file, newest)| {
            let moved = || moved.iter().any(|folder| file.starts_with(folder));
            (newest.is_none_or(|newest| newest >= at) || moved()) && counts(file)
        });
        newer.map(|(file, _)| file.as_path())
    }
}

/// Returns whether two configurations of Cargo set the same for compiled artifacts. Either may be missing.
fn same_configuration(one: &Path, two: &Path) -> bool {
    let said = |path: &Path| {
        let bytes = fs::read(path).ok()?.unwrap_or_default();
        inherited::from_config(std::str::from_utf8(&bytes).ok()?)
    };
    said(one).is_some_and(|text| Some(text) == said(two))
}

/// Whether a link leads to a file, to nothing, or to a folder in the worktree.
fn leads_inside(link: &Path, top: &Path) -> bool {
    !fs::is_folder_behind(link) || fs::canonical(link).is_ok_and(|path| path.starts_with(top))
}

/// All files in a folder of several worktrees, relative to their tops, but those of git itself. `None` if there are too
/// many, or they cannot be listed.
fn inside(tops: &[&Path], folder: &Path) -> Option<BTreeSet<PathBuf>> {
    /// With more in it, it is none of sources.
    const MOST: usize = 20_000;
    let mut files = BTreeSet::new();
    for top in tops {
        let path = top.join(folder);
        if !fs::is_folder(&path) {
            continue;
        }
        for file in fs::everything_in(&path, MOST)? {
            let file = file.strip_prefix(top).ok()?;
            if !file.iter().any(|part| part == ".git") {
                files.insert(file.to_owned());
            }
        }
    }
    Some(files)
}
