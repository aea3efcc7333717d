//! Which units of a folder cannot follow when it is moved, and which files must be written anew.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use rayon::prelude::*;

use crate::fs;
use crate::plan::left::{LeftReason, LeftUnit};
use crate::progress::Progress;
use crate::size::Bytes;
use crate::target::unit::{Unit, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};
use crate::warm::inspect::flaws::is_hash_file;
use crate::warm::inspect::{Origin, inventory, look_into, names};
use crate::warm::moving::MoveFolder;
use crate::warm::relocate;

/// Completes a move that was decided on.
///
/// A unit stays as fresh as it was, unless something of it keeps the old place or cannot be looked into.
pub(crate) fn complete(one: &mut MoveFolder, now: Timestamp, progress: &Progress) {
    let inventory = inventory(&one.from, progress);
    let wanted: BTreeSet<_> = inventory.units.iter().map(|unit| &unit.id).collect();
    let origin = Origin {
        workspace: &one.workspace,
        programs: None,
        same: true,
        moves: true,
        own_names: &[],
        now,
    };
    let found = look_into(&inventory, &wanted, None, Some(origin));
    one.names = names(&inventory);
    let to = one.to.display().to_string();
    for unit in &inventory.units {
        let files = unit.files.iter().filter(|file| file.is_fingerprint());
        let hashes = files.clone().filter(|file| is_hash_file(file));
        let paths = |file: &UnitFile| file.path.clone();
        if let UnitKind::Unknown { why } = &unit.kind {
            // Cargo makes it anew if its build did not end; else nothing tells which of these it goes by.
            if !unit.unfinished {
                let why = why.clone();
                one.left_hashes.extend(files.map(paths));
                one.left.push(left(unit, LeftReason::Unknown { why }));
            }
        } else if let Some(reason) = found.flaws.get(&unit.id) {
            one.left_hashes.extend(hashes.map(paths));
            one.left.push(left(unit, reason.clone()));
        } else {
            let notes = notes(unit, one, &to);
            if !notes.is_empty() {
                one.noted_hashes.extend(hashes.map(paths));
                one.notes.extend(notes);
            }
        }
    }
}

fn left(unit: &Unit, reason: LeftReason) -> LeftUnit {
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
