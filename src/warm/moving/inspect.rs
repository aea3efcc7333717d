//! Which units of a folder cannot follow when it is moved, and which files must be written anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::fs;
use crate::fs::EntryKind;
use crate::plan::left::{LeftReason, LeftUnit};
use crate::progress::Progress;
use crate::size::Bytes;
use crate::target::unit::{Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};
use crate::warm::inspect::flaws::{FreeFiles, is_hash_file};
use crate::warm::inspect::{Origin, inventory, look_into, names};
use crate::warm::moving::MoveFolder;
use crate::warm::moving::act::is_aside;
use crate::warm::relocate;

/// Completes a move that was decided on.
///
/// A unit stays as fresh as it was, unless something of it keeps the old place or cannot be looked into. `free` is for all
/// moves of a run.
pub(crate) fn complete(
    one: &mut MoveFolder,
    free: Option<&FreeFiles>,
    now: Timestamp,
    progress: &Progress,
) {
    let inventory = inventory(&one.from, progress);
    let wanted: BTreeSet<_> = inventory.units.iter().map(|unit| &unit.id).collect();
    let origin = Origin {
        workspace: &one.workspace,
        programs: None,
        same: true,
        moves: true,
        own_names: &[],
        free,
        now,
    };
    let found = look_into(&inventory, &wanted, None, Some(origin));
    one.names = names(&inventory);
    let to = one.to.display().to_string();
    let mut left: BTreeMap<&UnitId, LeftReason> = BTreeMap::new();
    for unit in &inventory.units {
        if let UnitKind::Unknown { why } = &unit.kind {
            // Cargo makes it anew if its build did not end; else nothing tells which of its files Cargo goes by.
            if !unit.unfinished {
                let why = why.clone();
                left.insert(&unit.id, LeftReason::Unknown { why });
            }
        } else if let Some(reason) = found.flaws.get(&unit.id) {
            left.insert(&unit.id, reason.clone());
        }
    }
    add_dependents(&inventory.units, &mut left);
    for unit in &inventory.units {
        let files = unit.files.iter().filter(|file| file.is_fingerprint());
        let is_unknown = matches!(unit.kind, UnitKind::Unknown { .. });
        // One that a run left which was killed has lost its name, and Cargo has made another one since.
        let hashes = files.filter(|file| !is_aside(&file.name()));
        let hashes = hashes.filter(|file| is_unknown || is_hash_file(file));
        let hashes = hashes.map(|file| file.path.clone());
        if let Some(reason) = left.remove(&unit.id) {
            one.left_hashes.extend(hashes);
            one.left.push(left_unit(unit, reason));
        } else if !is_unknown {
            let notes = notes(unit, one, &to);
            if !notes.is_empty() {
                one.noted_hashes.extend(hashes);
                one.notes.extend(notes);
            }
        }
    }
    one.links = links(&one.from);
}

/// Adds all dependents of one of these. Cargo does not ask whether a dependency has lost its hash, and a dependency
/// that is compiled again need not come out the same.
fn add_dependents<'a>(units: &'a [Unit], left: &mut BTreeMap<&'a UnitId, LeftReason>) {
    loop {
        let more = units.iter().filter(|unit| !left.contains_key(&unit.id));
        let more: Vec<(&UnitId, LeftReason)> = more
            .filter_map(|unit| {
                let mut left = unit
                    .dependencies
                    .iter()
                    .filter_map(|id| left.get_key_value(id));
                let (id, reason) = left.next()?;
                let (root, because) = match reason {
                    LeftReason::DependsOn { root, because } => (root.clone(), because.clone()),
                    reason => (id.to_string(), Box::new(reason.clone())),
                };
                Some((&unit.id, LeftReason::DependsOn { root, because }))
            })
            .collect();
        if more.is_empty() {
            return;
        }
        left.extend(more);
    }
}

/// The links anywhere in a folder that lead into it by its whole path, relative to it.
fn links(folder: &Path) -> Vec<PathBuf> {
    let links = Mutex::new(Vec::new());
    // A folder with something that cannot be read is not moved.
    let _ = fs::walk(folder, &Progress::default(), &|_, entries| {
        let special = entries
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::Special);
        let inside =
            special.filter(|entry| fs::link_target(&folder.join(&entry.path)).starts_with(folder));
        let mut links = links.lock().unwrap_or_else(PoisonError::into_inner);
        links.extend(inside.map(|entry| entry.path));
    });
    links.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn left_unit(unit: &Unit, reason: LeftReason) -> LeftUnit {
    let package = unit.package.clone();
    LeftUnit {
        id: unit.id.clone(),
        package: package.unwrap_or_else(|| unit.id.to_string()),
        version: unit.version.clone(),
        reason,
    }
}

/// The files of a unit that say where the folder lies, and can say the new place.
fn notes(unit: &Unit, one: &MoveFolder, to: &str) -> Vec<PathBuf> {
    let may_be = |file: &&UnitFile| {
        file.sharing == Sharing::Copy
            && file.in_out_dir()
            && relocate::may_be_note(&file.name())
            && file.length <= Bytes(relocate::LONGEST)
    };
    if unit.kind != UnitKind::BuildScriptRun {
        return Vec::new();
    }
    let files = unit.files.par_iter().filter(may_be);
    let notes = files.filter(|file| {
        let text = fs::read(&one.from.join(&file.path)).ok().flatten();
        text.is_some_and(|text| relocate::relocate(&text, &one.names, to).is_some())
    });
    notes.map(|file| file.path.clone()).collect()
}
