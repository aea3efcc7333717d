//! Which of the units that are offered are of use.

use std::collections::{HashMap, HashSet};

use crate::cargo::lockfile::Lock;
use crate::store::model::StoredUnit;
use crate::target::unit::UnitId;

/// Chooses among units, the preferred ones first: those of the wanted packages, one of each name, with all of their
/// dependencies. Returns indices, each after those of its dependencies.
///
/// `there` are units that the destination has. Units that only these need are not chosen.
#[must_use]
pub(crate) fn usable(
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
    let order = whole(units, &by_key);
    let mut names: HashMap<UnitId, usize> = HashMap::new();
    let mut seen: HashSet<usize> = HashSet::new();
    let mut chosen = Vec::new();
    for at in 0..units.len() {
        let first = by_key.get(units[at].key.as_str()) == Some(&at);
        if !first || seen.contains(&at) || there(&units[at].id()) || !order.contains_key(&at) {
            continue;
        }
        let all = with_dependencies(at, units, &by_key, &seen);
        // A unit that was compiled with another unit of a name does not fit the chosen ones.
        let free = |at: &usize| names.get(&units[*at].id()).is_none_or(|other| other == at);
        if all.iter().all(free) {
            names.extend(all.iter().map(|at| (units[*at].id(), *at)));
            seen.extend(all.iter().copied());
            chosen.extend(all);
        }
    }
    chosen.sort_by_key(|at| order.get(at));
    chosen
}

/// The units whose dependencies are all there, each with a number that is higher than theirs. A false description may
/// have units depend on each other, in a circle or in a long row: so nothing here calls itself.
fn whole(units: &[&StoredUnit], by_key: &HashMap<&str, usize>) -> HashMap<usize, usize> {
    let mut dependents: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut missing: HashMap<usize, usize> = HashMap::new();
    let mut ready = Vec::new();
    for at in by_key.values() {
        let dependencies = &units[*at].dependencies;
        missing.insert(*at, dependencies.len());
        for key in dependencies {
            if let Some(dependency) = by_key.get(key.as_str()) {
                dependents.entry(*dependency).or_default().push(*at);
            }
        }
        if dependencies.is_empty() {
            ready.push(*at);
        }
    }
    let mut order = HashMap::new();
    while let Some(at) = ready.pop() {
        order.insert(at, order.len());
        for dependent in dependents.get(&at).into_iter().flatten() {
            if let Some(missing) = missing.get_mut(dependent) {
                *missing -= 1;
                if *missing == 0 {
                    ready.push(*dependent);
                }
            }
        }
    }
    order
}

/// A unit and all of its dependencies, without those that were seen.
fn with_dependencies(
    at: usize,
    units: &[&StoredUnit],
    by_key: &HashMap<&str, usize>,
    seen: &HashSet<usize>,
) -> Vec<usize> {
    let mut all = Vec::new();
    let mut own = HashSet::from([at]);
    let mut next = vec![at];
    while let Some(at) = next.pop() {
        all.push(at);
        for key in &units[at].dependencies {
            let dependency = by_key.get(key.as_str()).copied();
            next.extend(dependency.filter(|at| !seen.contains(at) && own.insert(*at)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::model::LockedPackage;

    fn unit(key: &str, hash: &str, needs: &[&str]) -> StoredUnit {
        StoredUnit {
            key: key.into(),
            circumstances: String::new(),
            package: LockedPackage {
                name: "a".into(),
                version: "1.0.0".into(),
                source: "registry+x".into(),
                checksum: Some("00".into()),
            },
            sources: "/s".into(),
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
        // The unit that is there may be another one: it is compared with the dependency that this one was compiled
        // with.
        assert_eq!(keys(&units, &["1"]), ["a", "b"]);
        let circle = [unit("a", "1", &["b"]), unit("b", "2", &["a"])];
        assert_eq!(keys(&circle, &[]), [""; 0]);
    }

    #[test]
    fn a_long_row() {
        let key = |at: usize| format!("k{at}");
        let units: Vec<StoredUnit> = (0..50_000)
            .map(|at| unit(&key(at), &key(at), &[key(at + 1).as_str()]))
            .chain([unit(&key(50_000), "last", &[])])
            .collect();
        assert_eq!(keys(&units, &[]).len(), 50_001);
        assert_eq!(keys(&units[..50_000], &[]).len(), 0);
    }

    #[test]
    fn one_of_each_name() {
        // The preferred one has lost its dependency.
        let lost = [
            unit("a1", "1", &["gone"]),
            unit("a2", "1", &[]),
            unit("b", "2", &["a2"]),
        ];
        assert_eq!(keys(&lost, &[]), ["a2", "b"]);
        // A unit that was compiled with the other unit of a name does not fit the preferred one.
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
