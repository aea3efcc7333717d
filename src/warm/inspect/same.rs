//! Whether units of one name are the same in two folders.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use rayon::prelude::*;

use crate::fs;
use crate::size::Bytes;
use crate::target::unit::{Inventory, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};
use crate::warm::decide::DestinationUnits;
use crate::warm::inspect::flaws::names;
use crate::warm::relocate;

/// The text that replaces a target folder before a comparison.
const PLACE: &str = "<target>";

/// The units of two folders that were compared already, and whether they were the same. In a run with many worktrees, the
/// same two donors are compared for each.
#[derive(Debug, Default)]
pub(crate) struct Compared(Mutex<HashMap<UnitId, bool>>);

impl Compared {
    fn or_compare(&self, unit: &UnitId, compare: impl FnOnce() -> bool) -> bool {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known().get(unit).copied();
        before.unwrap_or_else(|| {
            let same = compare();
            known().insert(unit.clone(), same);
            same
        })
    }

    /// As [`different`], with each unit compared once.
    #[must_use]
    pub(crate) fn different(
        &self,
        donor: &Inventory,
        other: &Inventory,
        here: &DestinationUnits,
    ) -> BTreeSet<UnitId> {
        let there: HashMap<&UnitId, &Unit> =
            other.units.iter().map(|unit| (&unit.id, unit)).collect();
        let new = donor.units.iter().filter(|unit| !here.has(&unit.id));
        let matter: BTreeSet<&UnitId> = new.flat_map(|unit| &unit.dependencies).collect();
        let both = donor.units.par_iter().filter_map(|unit| {
            let other = there.get(&unit.id).filter(|_| matter.contains(&unit.id))?;
            Some((unit, *other))
        });
        let called = |inventory| move || names(inventory);
        let (mine, theirs) = (LazyLock::new(called(donor)), LazyLock::new(called(other)));
        let differ = both.filter(|(one, two)| {
            let one = At {
                unit: one,
                folder: &donor.folder,
                names: &|| mine.as_slice(),
            };
            let two = At {
                unit: two,
                folder: &other.folder,
                names: &|| theirs.as_slice(),
            };
            !self.or_compare(&one.unit.id, || is_same(one, two))
        });
        differ.map(|(unit, _)| unit.id.clone()).collect()
    }
}

/// Which units that both have are not the same in both, though they have the same name.
///
/// Only what those units of the donor were compiled with matters, and is compared, that may still be taken: which are
/// not complete where they would go, `here`. That the other one has such a unit says nothing, since it may be damaged,
/// or its build did not end.
#[must_use]
pub(crate) fn different(
    donor: &Inventory,
    other: &Inventory,
    here: &DestinationUnits,
) -> BTreeSet<UnitId> {
    Compared::default().different(donor, other, here)
}

/// A unit, and the target folder that it is in.
#[derive(Clone, Copy)]
struct At<'a> {
    unit: &'a Unit,
    folder: &'a Path,
    /// The folder by every name that it has had.
    names: &'a (dyn Fn() -> &'a [String] + Sync),
}

impl<'a> At<'a> {
    /// The files that the compiler made, or the output of a build script and all files that it made, by path.
    fn made(&self) -> BTreeMap<&'a Path, &'a UnitFile> {
        let counts = |file: &&UnitFile| match self.unit.kind {
            UnitKind::BuildScriptRun => file.is_said() || file.in_out_dir(),
            _ => file.is_artifact(),
        };
        let files = self.unit.files.iter().filter(counts);
        files.map(|file| (file.path.as_path(), file)).collect()
    }

    /// A text without the folder that it lies in, which follows when it is copied.
    fn text(&self, file: &UnitFile) -> Option<Vec<u8>> {
        let text = fs::read(&self.folder.join(&file.path)).ok()??;
        Some(relocate::relocate(&text, (self.names)(), PLACE).unwrap_or(text))
    }
}

/// Whether what was made is the same, file by file.
fn is_same(one: At<'_>, two: At<'_>) -> bool {
    let (mine, theirs) = (one.made(), two.made());
    mine.len() == theirs.len()
        && mine.iter().all(|(path, mine)| {
            let theirs = theirs.get(path);
            theirs.is_some_and(|theirs| is_same_file((one, mine), (two, theirs)))
        })
}

fn is_same_file((one, mine): (At<'_>, &UnitFile), (two, theirs): (At<'_>, &UnitFile)) -> bool {
    let paths = [one.folder.join(&mine.path), two.folder.join(&theirs.path)];
    match (mine.sharing, theirs.sharing) {
        (Sharing::Folder, Sharing::Folder) => return true,
        (Sharing::Special, Sharing::Special) => {
            return fs::link_target(&paths[0]) == fs::link_target(&paths[1]);
        }
        (Sharing::Link | Sharing::Copy, Sharing::Link | Sharing::Copy) => {}
        _ => return false,
    }
    if mine.identity == theirs.identity && mine.links > 1 {
        return true;
    }
    let run = one.unit.kind == UnitKind::BuildScriptRun;
    let short = [mine, theirs]
        .iter()
        .all(|file| file.length <= Bytes(relocate::LONGEST));
    if run && short && (mine.is_said() || relocate::may_be_note(&mine.name())) {
        let text = one.text(mine);
        return text.is_some() && text == two.text(theirs);
    }
    if mine.length != theirs.length {
        return false;
    }
    // As warming copies; a script may have given a file any time.
    let copied = mine.modified == theirs.modified && !run && one.unit.source != Source::Local;
    copied || fs::same_content(&paths[0], &paths[1])
}
