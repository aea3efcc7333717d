//! Finds what interrupted runs left.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::markers::{SHARED_ROOT_MARK, STAGE, TRASH_PREFIX};
use crate::progress::Progress;
use crate::survey::folder::{Litter, Trash};
use crate::survey::journal::Journal;
use crate::survey::meant::is_meant;
use crate::survey::model::Survey;
use crate::text::failure;
use crate::{fs, git};

/// Looks at what interrupted runs left: what the search and the owner files' folders `found`, the half-deleted folders
/// beside target folders in the `holders`, the stages in target folders, and what lies where the `journal` has files.
///
/// Each is measured, whatever the run is about: that tells what is in it, and only what was seen is deleted.
pub(super) fn look(
    survey: &Survey,
    found: Found,
    holders: &BTreeSet<PathBuf>,
    journal: &Journal,
    progress: &Progress,
) -> Vec<Trash> {
    let Found {
        mut half_deleted,
        mut unplaced,
        root_begun,
    } = found;
    if root_begun {
        let root = &survey.shared_root.path;
        let both = [root.clone(), root.join(SHARED_ROOT_MARK)];
        unplaced.extend(both.iter().flat_map(|folder| unplaced_in(folder)));
    }
    for holder in holders {
        let names = fs::names(holder).unwrap_or_default();
        let trash = names.iter().filter(|name| name.starts_with(TRASH_PREFIX));
        let trash = trash.map(|name| holder.join(name));
        half_deleted.extend(trash.filter(|path| fs::is_folder(path)));
    }
    let targets = survey.folders.iter();
    let stages = targets
        .filter(|folder| !folder.marks.symlink)
        .map(|folder| folder.path.join(STAGE))
        .filter(|path| fs::exists(path))
        .map(|path| (Litter::Stage, path));
    let mut made = BTreeSet::new();
    for folder in folders_of(survey, journal) {
        let left: Vec<PathBuf> = unplaced_in(&folder);
        match is_only_made_for_us(&folder, journal) {
            true => {
                made.insert(folder);
            }
            false => unplaced.extend(left),
        }
    }
    let of =
        |kind: Litter, paths: BTreeSet<PathBuf>| paths.into_iter().map(move |path| (kind, path));
    let all: Vec<(Litter, PathBuf)> = of(Litter::HalfDeleted, half_deleted)
        .chain(stages)
        .chain(of(Litter::Unplaced, unplaced))
        .chain(of(Litter::Holder, made))
        .collect();
    all.into_par_iter()
        .map(|(kind, path)| trash(kind, path, progress))
        .collect()
}

/// Files and folders that interrupted runs may have left.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Folders with the name of our trash.
    pub(super) half_deleted: BTreeSet<PathBuf>,
    /// Files that have the name of a file that is not in its place.
    pub(super) unplaced: BTreeSet<PathBuf>,
    /// A run of the user began to make the shared root, whether or not it came to an end.
    pub(super) root_begun: bool,
}

/// The files in a folder that have the name of a file that is not in its place.
pub(super) fn unplaced_in(folder: &Path) -> Vec<PathBuf> {
    let names = fs::names(folder).unwrap_or_default();
    let left = names.iter().filter(|name| fs::is_leftover(name));
    left.map(|name| folder.join(name)).collect()
}

/// The folders in which a setup wrote files, as far as they are there and a run may touch them; and those of our records.
fn folders_of(survey: &Survey, journal: &Journal) -> BTreeSet<PathBuf> {
    let files = journal.files();
    let meant = files.into_iter().filter(|file| is_meant(file, survey));
    let records = survey.shared_root.records.iter().cloned();
    let folders = meant.filter_map(Path::parent).map(Path::to_owned);
    folders
        .chain(records)
        .filter(|folder| fs::is_folder(folder))
        .collect()
}

/// Returns whether a folder was made for files that are not there, and has nothing in it but such as are not in their place.
fn is_only_made_for_us(folder: &Path, journal: &Journal) -> bool {
    let mut entries = journal.entries.iter();
    let made = entries.any(|entry| entry.made_folder && entry.file.parent() == Some(folder));
    let ours = |names: Vec<String>| names.iter().all(|name| fs::is_leftover(name));
    made && fs::names(folder).is_ok_and(ours)
}

fn trash(kind: Litter, path: PathBuf, progress: &Progress) -> Trash {
    let (marked, around) = match kind {
        Litter::HalfDeleted => (fs::is_our_trash(&path), None),
        Litter::Stage => (fs::is_our_stage(&path) && fs::is_mine(&path), path.parent()),
        // Their names, and for a folder the record, are all that says whose they are.
        Litter::Unplaced | Litter::Holder => {
            let real = matches!(fs::info(&path), Ok(Some(info)) if !info.is_symlink);
            (real && fs::is_mine(&path), None)
        }
    };
    let tracked = tracked_in(around.unwrap_or(&path));
    let (tracked, tracked_unclear) = match tracked {
        Ok(tracked) => (tracked, None),
        Err(message) => (None, Some(message)),
    };
    Trash {
        kind,
        ours: marked && tracked.is_none() && tracked_unclear.is_none(),
        tracked,
        tracked_unclear,
        busy: match kind {
            Litter::Stage if marked => fs::stage_in_use(&path),
            _ => None,
        },
        usage: fs::is_folder(&path).then(|| fs::usage(&path, progress)),
        path,
    }
}

/// Returns what git tracks in a folder, by whichever worktree around it: that came with a branch, whatever a mark says.
fn tracked_in(path: &Path) -> Result<Option<PathBuf>, String> {
    let tops = path.ancestors().skip(1);
    for top in tops.filter(|top| fs::exists(&top.join(".git"))) {
        let first =
            git::first_tracked(top, path).map_err(|error| failure::words(error.as_ref()))?;
        if first.is_some() {
            return Ok(first);
        }
    }
    Ok(None)
}
