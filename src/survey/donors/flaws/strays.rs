//! Files in a donor that no unit accounts for: a build script may have put them there.
//!
//! Some copy a shared library beside the program that will load it. The library that goes with such a script is
//! fresh wherever its unit goes, and the file would be missing there.

use std::collections::BTreeSet;

use crate::model::{Group, Inventory, Sharing, Unit, UnitFile};

/// The files that nothing explains: they are no product of a target of the donor's units, by name.
pub(super) fn of(donor: &Inventory) -> Vec<&UnitFile> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for unit in &donor.units {
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

/// A stray that came about while a build script ran: between the stamp that Cargo puts down before and the note of
/// what the script said.
pub(super) fn made_by<'a>(run: &Unit, strays: &[&'a UnitFile]) -> Option<&'a UnitFile> {
    let time = |names: &[&str]| {
        let mut files = run.files.iter().filter(|file| {
            let name = file.path.file_name().and_then(|name| name.to_str());
            !super::in_out_dir(file) && name.is_some_and(|name| names.contains(&name))
        });
        files.next().and_then(|file| file.modified)
    };
    let begin = time(&["invoked.timestamp"])?;
    let end = time(&["output", "stdout"])?;
    strays.iter().copied().find(|stray| {
        let mut times = [stray.modified, stray.changed].into_iter().flatten();
        times.any(|time| begin <= time && time <= end)
    })
}
