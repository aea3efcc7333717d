//! Finds what interrupted runs left.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::fs;
use crate::git;
use crate::marks::{STAGE, TRASH_PREFIX};
use crate::model::{Litter, Survey, Trash};
use crate::progress::Progress;

/// Looks at what interrupted runs left: the half-deleted folders that the search `found`, those beside target folders in
/// the `holders`, and the stages in target folders.
///
/// Each is measured, whatever the run is about: that tells what is in it, and only what was seen is deleted.
pub(super) fn look(
    survey: &Survey,
    found: BTreeSet<PathBuf>,
    holders: &BTreeSet<PathBuf>,
    progress: &Progress,
) -> Vec<Trash> {
    let mut half_deleted = found;
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
    let half_deleted = half_deleted.into_iter();
    let all: Vec<(Litter, PathBuf)> = half_deleted
        .map(|path| (Litter::HalfDeleted, path))
        .chain(stages)
        .collect();
    all.into_par_iter()
        .map(|(kind, path)| trash(kind, path, progress))
        .collect()
}

fn trash(kind: Litter, path: PathBuf, progress: &Progress) -> Trash {
    let (marked, around) = match kind {
        Litter::HalfDeleted => (fs::is_our_trash(&path), None),
        Litter::Stage => (fs::is_our_stage(&path) && fs::is_mine(&path), path.parent()),
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
        let first = git::first_tracked(top, path).map_err(|error| format!("{error:#}"))?;
        if first.is_some() {
            return Ok(first);
        }
    }
    Ok(None)
}
