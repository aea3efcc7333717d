//! The units at the destination, and their ages.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::target::layout;
use crate::target::unit::{Inventory, Unit, UnitId, UnitKind};
use crate::target::unit_file::Sharing;
use crate::warm::decide::{entries, name};
use crate::warm::model::{TakenUnit, WarmFolder};
use crate::warm::verdict::Dated;

/// The units that the destination has already.
#[derive(Clone, Debug, Default)]
pub(crate) struct DestinationUnits {
    pub(crate) units: HashMap<UnitId, There>,
    /// Its units that are not, byte for byte, what the donor has under the same name.
    pub(crate) different: BTreeSet<UnitId>,
    /// The fingerprints of what was there when others were compiled with it, and is gone; with the package of one of
    /// those.
    pub(crate) awaited: HashMap<u64, String>,
}

#[derive(Clone, Debug)]
pub(crate) enum There {
    /// Complete.
    Unit {
        fingerprints: Vec<u64>,
        times: Times,
    },
    /// The rest of a build that did not come to its end: Cargo takes nothing of it.
    Rest(Vec<PathBuf>),
    /// Anything else.
    Occupied,
}

impl DestinationUnits {
    /// The units of an inventory.
    #[must_use]
    pub(crate) fn of(inventory: &Inventory) -> Self {
        let there = |unit: &Unit| match &unit.kind {
            UnitKind::Unknown { .. } if unit.unfinished => There::Rest(entries(unit)),
            UnitKind::Unknown { .. } => There::Occupied,
            _ => There::Unit {
                fingerprints: unit.fingerprints.clone(),
                times: Times::of(unit),
            },
        };
        let units = inventory.units.iter();
        let awaited = units.clone().flat_map(|unit| {
            let missing = unit.missing_fingerprints.iter();
            missing.map(|hash| (*hash, name(unit)))
        });
        Self {
            awaited: awaited.collect(),
            units: units.map(|unit| (unit.id.clone(), there(unit))).collect(),
            different: BTreeSet::new(),
        }
    }

    /// Whether it has a complete unit of this name.
    #[must_use]
    pub(crate) fn has(&self, id: &UnitId) -> bool {
        matches!(self.units.get(id), Some(There::Unit { .. }))
    }

    /// Counts what a plan puts there.
    pub(crate) fn add(&mut self, donor: &Inventory, warm: &WarmFolder) {
        let taken: HashMap<&UnitId, &TakenUnit> =
            warm.units.iter().map(|unit| (&unit.id, unit)).collect();
        for unit in &donor.units {
            let Some(taken) = taken.get(&unit.id) else {
                continue;
            };
            let there = There::Unit {
                // A dependent of another donor's unit would need a hash that is not known yet.
                fingerprints: match taken.rehashed {
                    true => Vec::new(),
                    false => unit.fingerprints.clone(),
                },
                times: match taken.dated {
                    Dated::Whole => Times::at(warm.looked_at),
                    Dated::AsTheyWere | Dated::Sources => Times::of(unit),
                },
            };
            self.units.insert(unit.id.clone(), there);
        }
    }
}

/// When a unit was made, as Cargo asks for it: what depends on it must not be older.
///
/// Source: `only_requires_rmeta` in `src/cargo/core/compiler/build_runner/mod.rs` of Cargo, and `check_filesystem`
/// in `fingerprint/mod.rs`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) newest: Option<Timestamp>,
    metadata: Option<Timestamp>,
}

impl Times {
    /// The time of these that what was compiled with the dependency must not be older than: a library is compiled
    /// as soon as there is the metadata of another one, and need be as new as that only.
    pub(crate) fn needed(&self, unit: &Unit, dependency: &Unit) -> Option<Timestamp> {
        let libraries = [unit, dependency]
            .iter()
            .all(|unit| unit.kind == UnitKind::Library);
        self.metadata.filter(|_| libraries).or(self.newest)
    }

    /// Times of a unit whose files were all made at one moment.
    fn at(moment: Option<Timestamp>) -> Self {
        Self {
            newest: moment,
            metadata: moment,
        }
    }

    pub(crate) fn of(unit: &Unit) -> Self {
        let run = unit.kind == UnitKind::BuildScriptRun;
        let mut times = Self::default();
        for file in &unit.files {
            let is_output = |path: &[&str]| layout::is_output(path, run);
            if file.sharing == Sharing::Folder
                || !layout::in_profile(&file.path, &unit.id.profile, is_output)
            {
                continue;
            }
            times.newest = times.newest.max(file.modified());
            if file.path.extension().is_some_and(|end| end == "rmeta") {
                times.metadata = file.modified();
            }
        }
        times
    }
}
