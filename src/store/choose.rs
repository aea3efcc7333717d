//! Which of the units that are offered are of use.

use std::collections::{HashMap, HashSet};

use crate::lockfile::Lock;
use crate::model::{StoredUnit, UnitId};

/// Chooses among units, the ones that are preferred first: those of the packages that are wanted, one of each name, with
/// everything that they were made with. As indices, each after what it was made with.
///
/// `there` are units that the destination has. What is only needed for these is not chosen.
#[must_use]
pub fn usable(
    units: &[&StoredUnit],
    lock: Option<&Lock>,
    there: impl Fn(&UnitId) -> bool,
) -> Vec<usize> {
    let mut by_key: HashMap<&str, usize> = HashMap::new();
    let mut names: HashSet<UnitId> = HashSet::new();
    for (at, unit) in units.iter().enumerate() {
        let wanted = lock.is_none_or(|lock| lock.has(&unit.package));
        if wanted && !by_key.contains_key(unit.key.as_str()) && names.insert(unit.id()) {
            by_key.insert(&unit.key, at);
        }
    }
    let mut search = Search {
        units,
        by_key: &by_key,
        known: HashMap::new(),
    };
    let whole: Vec<usize> = (0..units.len())
        .filter(|at| by_key.get(units[*at].key.as_str()) == Some(at) && search.is_whole(*at))
        .collect();
    let mut chosen = Vec::new();
    let mut seen = HashSet::new();
    for at in whole {
        if !there(&units[at].id()) {
            search.add(at, &mut seen, &mut chosen);
        }
    }
    chosen
}

struct Search<'a> {
    units: &'a [&'a StoredUnit],
    by_key: &'a HashMap<&'a str, usize>,
    known: HashMap<usize, bool>,
}

impl Search<'_> {
    /// Whether all is there that a unit was made with. Keys are hashes of dependencies' keys, so that there are no circles,
    /// but for those of somebody who lies.
    fn is_whole(&mut self, at: usize) -> bool {
        if let Some(known) = self.known.get(&at) {
            return *known;
        }
        self.known.insert(at, false);
        let dependencies = &self.units[at].dependencies;
        let whole = dependencies.iter().all(|key| {
            let dependency = self.by_key.get(key.as_str()).copied();
            dependency.is_some_and(|dependency| self.is_whole(dependency))
        });
        self.known.insert(at, whole);
        whole
    }

    fn add(&self, at: usize, seen: &mut HashSet<usize>, chosen: &mut Vec<usize>) {
        if !seen.insert(at) {
            return;
        }
        for key in &self.units[at].dependencies {
            if let Some(dependency) = self.by_key.get(key.as_str()) {
                self.add(*dependency, seen, chosen);
            }
        }
        chosen.push(at);
    }
}
