//! Units that no donor has, from somewhere else.

use std::cell::LazyCell;
use std::collections::HashSet;

use crate::plan::action::Warning;
use crate::progress::Progress;
use crate::survey::model::Survey;
use crate::target::unit::Inventory;
use crate::warm::choose_donor::{Destination, EngineOptions, Requirements};
use crate::warm::decide::DestinationUnits;
use crate::warm::donor::Donor;
use crate::warm::model::WarmFolder;

/// Somewhere else than a donor that has units.
pub(crate) trait Supply {
    /// Chooses what a workspace can use of it, beyond what is there and what comes from a donor.
    fn more(
        &self,
        cold: Destination<'_>,
        wants: &Requirements<'_>,
        before: &SupplyContext<'_>,
        survey: &Survey,
        how: EngineOptions<'_>,
        progress: &Progress,
    ) -> Supplied;
}

/// Locks and temporary folders that must last until a plan is carried out.
pub(crate) trait Held: std::fmt::Debug {
    /// Notes that it was used. To be called once a plan was carried out: nothing is noted for one that was only shown.
    fn note_use(&self);
}

/// Units that a workspace gets from a supply.
#[derive(Debug, Default)]
pub(crate) struct Supplied {
    pub(crate) warm: Option<WarmFolder>,
    pub(crate) held: Option<Box<dyn Held>>,
    pub(crate) warnings: Vec<Warning>,
}

/// The units that the destination has, or gets from a donor.
pub(crate) struct SupplyContext<'a> {
    /// Read once it is asked for: most runs have no supply.
    pub(crate) there: LazyCell<Inventory, Box<dyn FnOnce() -> Inventory + 'a>>,
    /// A donor, and what is taken from it.
    pub(crate) donor: Option<(&'a Donor, &'a WarmFolder)>,
}

impl SupplyContext<'_> {
    pub(crate) fn here(&self) -> DestinationUnits {
        let mut here = DestinationUnits::of(&self.there);
        if let Some((donor, warm)) = self.donor {
            here.add(donor.inventory(), warm);
        }
        here
    }

    /// Whether the destination has no unit of some package in the workspace's lock file.
    pub(crate) fn lacks(&self, wants: &Requirements<'_>) -> bool {
        let there = self
            .there
            .units
            .iter()
            .filter_map(|unit| unit.package.as_deref());
        let taken = self.donor.iter().flat_map(|(_, warm)| &warm.units);
        let names: HashSet<&str> = there
            .chain(taken.map(|unit| unit.package.as_str()))
            .collect();
        let lock = wants.lock.as_ref();
        lock.is_some_and(|lock| {
            let all = lock.third_party();
            all.iter()
                .any(|package| !names.contains(package.name.as_str()))
        })
    }
}
