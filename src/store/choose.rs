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
    for (at, unit) in units.iter().enumerate() {
        if lock.is_none_or(|lock| lock.has(&unit.package)) {
            by_key.entry(&unit.key).or_insert(at);
        }
    }
    let mut search = Search {
        units,
        by_key: &by_key,
        known: HashMap::new(),
    };
    let mut names: HashMap<UnitId, usize> = HashMap::new();
    let mut seen = HashSet::new();
    let mut chosen = Vec::new();
    for at in 0..units.len() {
        let first = by_key.get(units[at].key.as_str()) == Some(&at);
        if !first || there(&units[at].id()) || !search.is_whole(at) {
            continue;
        }
        let mut all = Vec::new();
        search.add(at, &mut seen.clone(), &mut all);
        // One that was made with another one of a name does not go with what is chosen.
        let free = |at: &usize| names.get(&units[*at].id()).is_none_or(|other| other == at);
        if all.iter().all(free) {
            names.extend(all.iter().map(|at| (units[*at].id(), *at)));
            seen.extend(all.iter().copied());
            chosen.extend(all);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StoredPackage;

    fn unit(key: &str, hash: &str, needs: &[&str]) -> StoredUnit {
        StoredUnit {
            key: key.into(),
            circumstances: String::new(),
            package: StoredPackage {
                name: "a".into(),
                version: "1.0.0".into(),
                source: "registry+x".into(),
                checksum: Some("00".into()),
            },
            profile: "debug".into(),
            hash: hash.into(),
            target: "lib-a".into(),
            features: Vec::new(),
            fingerprint: String::new(),
            said: None,
            dependencies: needs.iter().map(|key| (*key).to_owned()).collect(),
            watched: Vec::new(),
            files: Vec::new(),
            folders: Vec::new(),
            links: Vec::new(),
        }
    }

    fn keys(units: &[StoredUnit], there: &[&str]) -> Vec<String> {
        let all: Vec<&StoredUnit> = units.iter().collect();
        let chosen = usable(&all, None, |id| there.contains(&id.hash.as_str()));
        chosen.into_iter().map(|at| units[at].key.clone()).collect()
    }

    #[test]
    fn only_what_is_whole() {
        let units = [
            unit("b", "2", &["a"]),
            unit("a", "1", &[]),
            unit("d", "4", &["c"]),
        ];
        assert_eq!(keys(&units, &[]), ["a", "b"]);
        assert_eq!(keys(&units, &["2"]), ["a"]);
        assert_eq!(keys(&units, &["1", "2"]), [""; 0]);
        // What is there may be another one: it is compared with what this one was made with.
        assert_eq!(keys(&units, &["1"]), ["a", "b"]);
        let circle = [unit("a", "1", &["b"]), unit("b", "2", &["a"])];
        assert_eq!(keys(&circle, &[]), [""; 0]);
    }

    #[test]
    fn one_of_each_name() {
        // The preferred one has lost what it was made with.
        let lost = [
            unit("a1", "1", &["gone"]),
            unit("a2", "1", &[]),
            unit("b", "2", &["a2"]),
        ];
        assert_eq!(keys(&lost, &[]), ["a2", "b"]);
        // What was made with the other one of a name does not go with the one that is preferred.
        let two = [
            unit("a1", "1", &[]),
            unit("a2", "1", &[]),
            unit("b", "2", &["a2"]),
        ];
        assert_eq!(keys(&two, &[]), ["a1"]);
        assert_eq!(
            keys(&[unit("a", "1", &[]), unit("a", "1", &[])], &[]),
            ["a"]
        );
    }

    #[test]
    fn only_what_is_locked() {
        let lock = Lock::parse(
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"00\"\n",
        );
        let lock = lock.expect("a lock");
        let mut other = unit("b", "2", &[]);
        other.package.checksum = Some("11".into());
        let units = [unit("a", "1", &[]), other];
        let all: Vec<&StoredUnit> = units.iter().collect();
        assert_eq!(usable(&all, Some(&lock), |_| false), [0]);
    }
}
