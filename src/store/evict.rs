//! How a local store stays within its bounds.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::age::Age;
use crate::plan::action::DropReason;
use crate::size::Bytes;
use crate::store::model::{DropUnits, DroppedUnit, HeldUnit, StoreContents};
use crate::survey::model::StoreSettings;

/// The limits of a local store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The size limit of the whole store.
    pub(crate) max_size: Option<Bytes>,
    /// Units that were not used for as long are deleted.
    pub(crate) max_age: Option<Age>,
    pub(crate) all: bool,
}

impl Bounds {
    /// The default limits, unless settings say otherwise.
    #[must_use]
    pub(crate) fn of(settings: &StoreSettings) -> Self {
        Self {
            max_size: settings.max_size.or(Some(Bytes(20_000_000_000))),
            max_age: settings
                .max_age
                .or(Some(Age(SignedDuration::from_hours(60 * 24)))),
            all: false,
        }
    }
}

/// Decides which units of a store are deleted, and with them all units that were compiled with them, which are of no
/// use then. For the size limit, the least recently used ones come first. `None` if nothing is deleted.
///
/// `coming` is what is about to be put there.
#[must_use]
pub(crate) fn dropped(
    contents: &StoreContents,
    bounds: &Bounds,
    coming: Bytes,
    now: Timestamp,
) -> Option<DropUnits> {
    let units = &contents.units;
    let mut going = Going::of(contents, coming);
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by_key(|at| (units[*at].last_use, &units[*at].key));
    for at in order {
        let old = |age: Age| {
            let last = units[at].last_use.unwrap_or(now);
            now.duration_since(last) >= age.0
        };
        let too_much = |most: Bytes| going.staying > most;
        let why = match () {
            () if bounds.all => DropReason::All,
            () if bounds.max_age.is_some_and(old) => DropReason::Idle,
            () if bounds.max_size.is_some_and(too_much) => DropReason::Budget,
            () => continue,
        };
        going.drop(at, why);
    }
    let Going {
        dropped,
        objects,
        freeable,
        ..
    } = going;
    let mut objects: Vec<PathBuf> = objects.into_iter().cloned().collect();
    objects.extend(contents.unused.iter().cloned());
    let rest = contents.rest.clone();
    if dropped.is_empty() && objects.is_empty() && rest.is_empty() {
        return None;
    }
    let described = |(at, why): (usize, DropReason)| {
        let unit = &units[at];
        DroppedUnit {
            file: unit.file.clone(),
            package: unit.package.name.clone(),
            version: unit.package.version.clone(),
            key: unit.key.clone(),
            last_use: unit.last_use,
            why,
        }
    };
    Some(DropUnits {
        folder: contents.folder.clone(),
        units: dropped.into_iter().map(described).collect(),
        objects,
        rest,
        seen: contents.seen.clone(),
        freeable: freeable + contents.rest_on_disk,
    })
}

/// The units and contents that are deleted.
struct Going<'a> {
    units: &'a [HeldUnit],
    dependents: HashMap<&'a str, Vec<usize>>,
    /// How many kept units have the content at a path.
    users: HashMap<&'a PathBuf, usize>,
    seen: HashSet<usize>,
    staying: Bytes,
    dropped: Vec<(usize, DropReason)>,
    objects: Vec<&'a PathBuf>,
    freeable: Bytes,
}

impl<'a> Going<'a> {
    fn of(contents: &'a StoreContents, coming: Bytes) -> Self {
        let mut dependents: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut users: HashMap<&PathBuf, usize> = HashMap::new();
        for (at, unit) in contents.units.iter().enumerate() {
            for key in &unit.dependencies {
                dependents.entry(key).or_default().push(at);
            }
            for object in &unit.objects {
                *users.entry(&object.path).or_default() += 1;
            }
        }
        Self {
            units: &contents.units,
            dependents,
            users,
            seen: HashSet::new(),
            staying: contents.on_disk + coming,
            dropped: Vec::new(),
            objects: Vec::new(),
            freeable: Bytes(0),
        }
    }

    fn drop(&mut self, at: usize, why: DropReason) {
        let mut next = vec![at];
        while let Some(at) = next.pop() {
            if !self.seen.insert(at) {
                continue;
            }
            self.dropped.push((at, why));
            let unit = &self.units[at];
            for object in &unit.objects {
                let Some(users) = self.users.get_mut(&object.path) else {
                    continue;
                };
                *users -= 1;
                if *users == 0 {
                    self.objects.push(&object.path);
                    self.staying = Bytes(self.staying.0.saturating_sub(object.on_disk.0));
                    if object.alone {
                        self.freeable += object.on_disk;
                    }
                }
            }
            next.extend(self.dependents.get(unit.key.as_str()).into_iter().flatten());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cargo::model::LockedPackage;
    use crate::store::model::HeldObject;

    fn now() -> Timestamp {
        Timestamp::from_second(10_000_000).expect("a time")
    }

    fn unit(key: &str, hours: i64, needs: &[&str], objects: &[(&str, u64)]) -> HeldUnit {
        HeldUnit {
            file: key.into(),
            key: key.into(),
            package: LockedPackage {
                name: key.into(),
                version: "1.0.0".into(),
                source: "s".into(),
                checksum: None,
            },
            dependencies: needs.iter().map(|key| (*key).to_owned()).collect(),
            objects: objects
                .iter()
                .map(|(path, size)| HeldObject {
                    path: path.into(),
                    on_disk: Bytes(*size),
                    alone: *size < 100,
                })
                .collect(),
            last_use: Some(now() - SignedDuration::from_hours(hours)),
        }
    }

    fn gone(bounds: Bounds, coming: u64) -> (Vec<String>, Vec<PathBuf>, u64) {
        let contents = StoreContents {
            units: vec![
                unit("a", 50, &[], &[("1", 10), ("2", 20)]),
                unit("b", 2, &["a"], &[("2", 20), ("3", 200)]),
                unit("c", 30, &[], &[("4", 40)]),
            ],
            on_disk: Bytes(270),
            ..StoreContents::default()
        };
        let dropped = dropped(&contents, &bounds, Bytes(coming), now());
        dropped.map_or_else(Default::default, |dropped| {
            let mut units: Vec<String> = dropped.units.into_iter().map(|unit| unit.key).collect();
            units.sort();
            let mut objects = dropped.objects;
            objects.sort();
            (units, objects, dropped.freeable.0)
        })
    }

    const NONE: Bounds = Bounds {
        max_size: None,
        max_age: None,
        all: false,
    };

    #[test]
    fn what_goes() {
        assert_eq!(gone(NONE, 1000), Default::default());
        let all = gone(Bounds { all: true, ..NONE }, 0);
        assert_eq!(all.0, ["a", "b", "c"]);
        assert_eq!((all.1.len(), all.2), (4, 70));
        let age = |hours| Bounds {
            max_age: Some(Age(SignedDuration::from_hours(hours))),
            ..NONE
        };
        // A unit that was compiled with an old one is of no use without it.
        assert_eq!(gone(age(40), 0).0, ["a", "b"]);
        assert_eq!(gone(age(60), 0), Default::default());
        let size = |size| Bounds {
            max_size: Some(Bytes(size)),
            ..NONE
        };
        assert_eq!(gone(size(270), 0), Default::default());
        let (units, objects, freeable) = gone(size(270), 1);
        assert_eq!((units, freeable), (vec!["a".to_owned(), "b".into()], 30));
        assert_eq!(objects, [Path::new("1"), Path::new("2"), Path::new("3")]);
    }
}
