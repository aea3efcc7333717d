//! Cargo's view of the times of links.

use std::collections::{HashMap, HashSet};

use crate::dedupe::model::{RelinkDate, RelinkFile, RelinkUnit};
use crate::target::unit::{Inventory, Unit, UnitId, UnitKind};
use crate::warm::decide::Times;

/// The units that must not look older than they do, or a build would not notice what it notices now.
///
/// A dependent that is older than a unit was compiled with another state of it: mostly of a local crate, compiled
/// alone after an edit, and perhaps built in the donor long before. Its hash covers no sources, so that the time is
/// all that tells. If the dependencies of a unit are unknown, that holds for all local units.
pub(crate) fn hiding<'a>(
    folder: &'a Inventory,
    all: &HashMap<&UnitId, &'a Unit>,
) -> HashSet<&'a UnitId> {
    let units = &folder.units;
    let unclear = |unit: &Unit| matches!(unit.kind, UnitKind::Unknown { .. }) && !unit.unfinished;
    let mut hides: HashSet<&UnitId> = HashSet::new();
    if units.iter().any(unclear) {
        let local = units.iter().filter(|unit| !unit.source.is_third_party());
        hides.extend(local.map(|unit| &unit.id));
    }
    for unit in units {
        let own = Times::of(unit).newest;
        let dependencies = unit.dependencies.iter().filter_map(|id| all.get(id));
        let newer =
            dependencies.filter(|dependency| Times::of(dependency).needed(unit, dependency) > own);
        hides.extend(newer.map(|unit| &unit.id));
    }
    hides
}

/// Whether a unit with these times is not older than anything that it was compiled with.
pub(crate) fn is_fresh(
    unit: &Unit,
    changed: Times,
    all: &HashMap<&UnitId, &Unit>,
    times: &HashMap<&UnitId, Times>,
) -> bool {
    unit.dependencies.iter().all(|id| {
        let (Some(dependency), Some(times)) = (all.get(id), times.get(id)) else {
            return false;
        };
        changed.newest >= times.needed(unit, dependency)
    })
}

/// The unit as it is with the donors' files and times.
pub(crate) fn with(unit: &Unit, files: &[RelinkFile], dates: &[RelinkDate]) -> Unit {
    let mut changed = unit.clone();
    for file in &mut changed.files {
        if let Some(found) = files.iter().find(|found| found.into.path == file.path) {
            file.modified = found.from.modified;
        }
        if let Some(found) = dates.iter().find(|found| found.file.path == file.path) {
            file.modified = Some(found.modified).into();
        }
    }
    changed
}

pub(crate) fn dependencies_first<'a>(
    folder: &'a Inventory,
    all: &HashMap<&'a UnitId, &'a Unit>,
) -> Vec<&'a Unit> {
    fn visit<'a>(
        unit: &'a Unit,
        all: &HashMap<&'a UnitId, &'a Unit>,
        seen: &mut HashSet<&'a UnitId>,
        order: &mut Vec<&'a Unit>,
    ) {
        if !seen.insert(&unit.id) {
            return;
        }
        for dependency in unit.dependencies.iter().filter_map(|id| all.get(id)) {
            visit(dependency, all, seen, order);
        }
        order.push(unit);
    }
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    for unit in &folder.units {
        visit(unit, all, &mut seen, &mut order);
    }
    order
}

/// Leaves out units that no other unit needs to be dated: `units` come dependencies first.
pub(crate) fn prune(units: Vec<RelinkUnit>) -> Vec<RelinkUnit> {
    let mut needed: HashSet<UnitId> = HashSet::new();
    let mut kept: Vec<RelinkUnit> = Vec::new();
    for unit in units.into_iter().rev() {
        if !unit.only_dated || needed.contains(&unit.id) {
            needed.extend(unit.dependencies.iter().cloned());
            kept.push(unit);
        }
    }
    kept.reverse();
    kept
}
