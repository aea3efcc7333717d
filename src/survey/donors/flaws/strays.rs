//! Files in a donor that no unit accounts for: a build script may have put them there.
//!
//! Some copy a shared library beside the program that will load it. The library that goes with such a script is
//! fresh wherever its unit goes, and the file would be missing there.

use std::collections::BTreeSet;

use crate::layout;
use crate::model::{Group, Inventory, Role, Sharing, Unit, UnitFile};

/// The files that nothing explains: they are no product of a local target, by name.
pub(super) fn of(donor: &Inventory) -> Vec<&UnitFile> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    // Of third-party crates Cargo brings nothing to the top.
    for unit in donor
        .units
        .iter()
        .filter(|unit| !unit.source.is_third_party())
    {
        for target in &unit.targets {
            if let Some((_, name)) = crate::fingerprint::target(target) {
                known.insert(name.replace('-', "_"));
            }
        }
    }
    let others = donor.others.iter();
    others
        .filter(|other| matches!(other.group, Group::Unhashed | Group::Final | Group::Foreign))
        .map(|other| &other.file)
        .filter(|file| file.sharing != Sharing::Folder && !is_product(file, &known))
        .collect()
}

/// Whether a file is named like what Cargo makes of a target: `app`, `app.d`, `libapp.rlib`, `app.dll.lib`.
fn is_product(file: &UnitFile, known: &BTreeSet<String>) -> bool {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default().replace('-', "_");
    known.contains(&stem)
        || stem
            .strip_prefix("lib")
            .is_some_and(|stem| known.contains(stem))
}

/// A stray that came about while a build script ran: between the stamp that Cargo puts down before, and the
/// fingerprint that it writes afterwards. (What the script said gets the time of the stamp.)
pub(super) fn made_by<'a>(run: &Unit, strays: &[&'a UnitFile]) -> Option<&'a UnitFile> {
    let stamp = |file: &&UnitFile| file.role == Role::Noted && file.name() == layout::STAMP;
    let begin = run.files.iter().find(stamp)?.modified()?;
    let hashes = run.files.iter().filter(|file| super::is_hash_file(file));
    let end = hashes.filter_map(|file| file.modified()).max()?;
    strays.iter().copied().find(|stray| {
        let mut times = [stray.modified(), stray.changed()].into_iter().flatten();
        times.any(|time| begin <= time && time <= end)
    })
}
