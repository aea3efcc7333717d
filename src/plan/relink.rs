//! Decides which files of a target folder can be replaced by a donor's that are the same.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use crate::model::{Inventory, RelinkFile, RelinkFolder, RelinkUnit, Sharing, Unit, UnitId};
use crate::plan::warm::{Times, name, of_itself};
use crate::size::Bytes;

/// The pairs of files that could share storage if they are the same: of third-party units that both have, with the
/// same fingerprint.
///
/// Only what nobody writes to in place. The older file is the one that stays, since Cargo takes a unit for stale when
/// what it was compiled with is newer; so where the donor's is the newer one, both stay.
#[must_use]
pub fn pairs<'a>(donor: &'a Inventory, folder: &'a Inventory) -> Vec<(&'a Unit, Vec<RelinkFile>)> {
    let theirs: HashMap<&UnitId, &Unit> =
        folder.units.iter().map(|unit| (&unit.id, unit)).collect();
    let both = donor.units.iter().filter_map(|unit| {
        let other = theirs.get(&unit.id)?;
        let alike = unit.fingerprints == other.fingerprints;
        let third_party = |unit: &Unit| unit.source.is_third_party() && of_itself(unit).is_ok();
        (alike && third_party(unit) && third_party(other)).then_some((unit, *other))
    });
    both.filter_map(|(unit, other)| {
        let linkable = |unit: &'a Unit| {
            unit.files
                .iter()
                .filter(|file| file.sharing == Sharing::Link)
        };
        let by_path: BTreeMap<_, _> = linkable(unit).map(|file| (&file.path, file)).collect();
        let files: Option<Vec<RelinkFile>> = linkable(other)
            .map(|into| {
                let from = by_path.get(&into.path)?;
                let fits = from.length == into.length
                    && from.modified <= into.modified
                    && from.identity.device == into.identity.device;
                fits.then(|| RelinkFile {
                    from: (*from).clone(),
                    into: into.clone(),
                })
            })
            .collect();
        let files: Vec<RelinkFile> = files?;
        let shared = files
            .iter()
            .all(|file| file.from.identity == file.into.identity);
        (!shared).then_some((other, files))
    })
    .collect()
}

/// Decides, of pairs that have turned out to be the same, which are replaced so that Cargo finds everything as fresh
/// as before: no unit may become older than what it was compiled with.
#[must_use]
pub fn relink(
    donor: &Inventory,
    folder: &Inventory,
    same: Vec<(&Unit, Vec<RelinkFile>)>,
    workspace: PathBuf,
) -> RelinkFolder {
    let all: HashMap<&UnitId, &Unit> = folder.units.iter().map(|unit| (&unit.id, unit)).collect();
    let mut same: HashMap<&UnitId, Vec<RelinkFile>> = same
        .into_iter()
        .map(|(unit, files)| (&unit.id, files))
        .collect();
    let mut decided = RelinkFolder {
        workspace,
        from: donor.folder.clone(),
        into: folder.folder.clone(),
        units: Vec::new(),
        left: pairs(donor, folder).len(),
        frees: Bytes(0),
    };
    let mut times: HashMap<&UnitId, Times> = HashMap::new();
    for unit in dependencies_first(folder, &all) {
        let own = Times::of(unit);
        let now = match same.remove(&unit.id) {
            None => own,
            Some(files) => {
                let changed = Times::of(&with(unit, &files));
                let older = |id: &UnitId| {
                    let (Some(dependency), Some(times)) = (all.get(id), times.get(id)) else {
                        return false;
                    };
                    changed.newest >= times.needed(unit, dependency)
                };
                if unit.dependencies.iter().all(older) {
                    let alone = files.iter().filter(|file| file.into.links == 1);
                    decided.frees += alone.map(|file| file.into.on_disk).sum();
                    decided.left -= 1;
                    decided.units.push(RelinkUnit {
                        id: unit.id.clone(),
                        package: name(unit),
                        dependencies: unit.dependencies.clone(),
                        files,
                    });
                    changed
                } else {
                    own
                }
            }
        };
        times.insert(&unit.id, now);
    }
    decided
}

/// The unit as it is with the donor's files.
fn with(unit: &Unit, files: &[RelinkFile]) -> Unit {
    let mut changed = unit.clone();
    for file in &mut changed.files {
        if let Some(found) = files.iter().find(|found| found.into.path == file.path) {
            file.modified = found.from.modified;
        }
    }
    changed
}

fn dependencies_first<'a>(
    folder: &'a Inventory,
    all: &HashMap<&'a UnitId, &'a Unit>,
) -> Vec<&'a Unit> {
    fn visit<'a>(
        unit: &'a Unit,
        all: &HashMap<&'a UnitId, &'a Unit>,
        seen: &mut HashMap<&'a UnitId, ()>,
        order: &mut Vec<&'a Unit>,
    ) {
        if seen.insert(&unit.id, ()).is_some() {
            return;
        }
        for dependency in unit.dependencies.iter().filter_map(|id| all.get(id)) {
            visit(dependency, all, seen, order);
        }
        order.push(unit);
    }
    let (mut seen, mut order) = (HashMap::new(), Vec::new());
    for unit in &folder.units {
        visit(unit, all, &mut seen, &mut order);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Identity, Source, UnitFile, UnitKind};
    use jiff::Timestamp;

    fn unit(hash: &str, seconds: i64, inode: u64, dependencies: &[&str]) -> Unit {
        let id = |hash: &str| UnitId {
            profile: "debug".into(),
            hash: hash.repeat(16),
        };
        let file = |end: &str, inode| UnitFile {
            path: format!("debug/deps/lib{hash}-{}.{end}", hash.repeat(16)).into(),
            sharing: Sharing::Link,
            length: Bytes(10),
            on_disk: Bytes(4096),
            links: 1,
            identity: Identity { device: 1, inode },
            modified: Timestamp::from_second(seconds).ok(),
            changed: None,
        };
        Unit {
            id: id(hash),
            package: Some(hash.into()),
            source: Source::Directory,
            targets: vec![format!("lib-{hash}")],
            fingerprints: vec![1],
            dependencies: dependencies.iter().map(|hash| id(hash)).collect(),
            files: vec![file("rlib", inode), file("rmeta", inode + 1)],
            ..Unit::sample("debug", hash, UnitKind::Library)
        }
    }

    fn inventory(folder: &str, units: Vec<Unit>) -> Inventory {
        Inventory {
            folder: folder.into(),
            units,
            ..Inventory::default()
        }
    }

    fn relinked(donor: &Inventory, folder: &Inventory, same: &[&str]) -> Vec<String> {
        let pairs = pairs(donor, folder);
        let equal = pairs
            .into_iter()
            .filter(|(unit, _)| same.contains(&unit.package.as_deref().unwrap_or_default()));
        let decided = relink(donor, folder, equal.collect(), "/w".into());
        decided.units.into_iter().map(|unit| unit.package).collect()
    }

    /// A donor, and a folder that was built after it: `b` is compiled with `a`.
    fn two() -> (Inventory, Inventory) {
        let donor = vec![unit("b", 20, 10, &["a"]), unit("a", 10, 20, &[])];
        let mine = vec![unit("b", 40, 30, &["a"]), unit("a", 30, 40, &[])];
        (inventory("/d", donor), inventory("/m", mine))
    }

    #[test]
    fn the_same_files_of_an_older_donor_replace_what_is_there() {
        let (donor, mine) = two();
        assert_eq!(relinked(&donor, &mine, &["a", "b"]), ["a", "b"]);
        assert_eq!(
            relinked(&mine, &donor, &["a", "b"]),
            [""; 0],
            "the older one stays"
        );
    }

    #[test]
    fn nothing_becomes_older_than_what_it_was_compiled_with() {
        let (donor, mine) = two();
        // What `a` differs in does not matter: it stays, and is newer than the `b` of the donor.
        assert_eq!(relinked(&donor, &mine, &["b"]), [""; 0]);
        assert_eq!(relinked(&donor, &mine, &["a"]), ["a"]);
    }

    #[test]
    fn what_is_shared_already_or_local_stays() {
        let donor = inventory("/d", vec![unit("a", 10, 20, &[])]);
        assert_eq!(
            relinked(
                &donor,
                &inventory("/m", vec![unit("a", 10, 20, &[])]),
                &["a"]
            ),
            [""; 0]
        );
        let mut local = unit("a", 30, 40, &[]);
        local.source = Source::Local;
        assert_eq!(
            relinked(&donor, &inventory("/m", vec![local]), &["a"]),
            [""; 0]
        );
        let mut other = unit("a", 30, 40, &[]);
        other.fingerprints = vec![2];
        assert_eq!(
            relinked(&donor, &inventory("/m", vec![other]), &["a"]),
            [""; 0]
        );
    }
}
