//! How old units look where they go.
//!
//! Cargo takes a unit for stale if one of its dependencies is newer. Units that were harvested in several target
//! folders, or on a machine whose clock is ahead, need not be in order; nor is a script newer than the files it
//! watched if these came to this machine later. Then a unit gets files of its own that are as new as they must be:
//! the stored ones may have further links, which would change with them.

use std::collections::HashMap;
use std::path::Path;

use crate::store::model::StoredUnit;
use crate::target::layout;
use crate::target::unit::UnitId;

/// A unit, with facts that its description does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aged<'a> {
    pub(crate) unit: &'a StoredUnit,
    /// When the newest of what its script watched was last modified here, in nanoseconds since 1970.
    pub(crate) watched: Option<i64>,
}

/// When Cargo thinks that a unit was made.
#[derive(Clone, Copy)]
struct Made {
    newest: i64,
    metadata: Option<i64>,
    library: bool,
}

impl Made {
    fn of(unit: &StoredUnit) -> Self {
        let run = unit.target.starts_with("run-build-script");
        let (mut newest, mut metadata) = (i64::MIN, None);
        for file in &unit.files {
            let is_output = |path: &[&str]| layout::is_output(path, run);
            if layout::in_profile(Path::new(&file.path), &unit.profile, is_output) {
                newest = newest.max(file.modified);
                if file.path.ends_with(".rmeta") {
                    metadata = Some(file.modified);
                }
            }
        }
        Self {
            newest,
            metadata,
            library: metadata.is_some() && unit.target.starts_with("lib-"),
        }
    }

    /// The time that no unit compiled with it may precede.
    fn needed(&self, by: &Self) -> i64 {
        let metadata = self.metadata.filter(|_| self.library && by.library);
        metadata.unwrap_or(self.newest)
    }
}

/// The time of all files of each unit that cannot keep its own, for units that each come after their dependencies.
/// `now` is in nanoseconds since 1970.
#[must_use]
pub(crate) fn dates(units: &[Aged<'_>], now: i64) -> HashMap<UnitId, i64> {
    let mut known: HashMap<&str, Made> = HashMap::new();
    let mut dates = HashMap::new();
    for Aged { unit, watched } in units {
        let mut made = Made::of(unit);
        let dependencies = unit.dependencies.iter();
        let needed = dependencies.filter_map(|key| known.get(key.as_str()));
        let needed = needed.map(|dependency| dependency.needed(&made)).max();
        let needed = needed.max(*watched).unwrap_or(i64::MIN);
        let ahead = unit.files.iter().any(|file| file.modified > now);
        if made.newest < needed || ahead {
            let date = if ahead { now.max(needed) } else { needed };
            dates.insert(unit.id(), date);
            made.newest = date;
            made.metadata = made.metadata.map(|_| date);
        }
        known.insert(&unit.key, made);
    }
    dates
}
