//! Finds the units that a remote store has for a workspace.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, Result};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::cargo::model::LockedPackage;
use crate::remote::Remote;
use crate::store::local::Wish;
use crate::store::model::StoredUnit;
use crate::store::pack;
use crate::store::pack::Descriptions;
use crate::{remote, store};

/// The most that descriptions may have when they are unpacked.
const MOST: u64 = 512 << 20;

/// How many questions are on their way at a time.
const AT_ONCE: usize = 16;

/// Of how many sets of one workspace and variants of one package, the newest, is asked.
const SETS: usize = 8;
const VARIANTS: usize = 24;

/// The units that a remote store has for a workspace: those that were built together with the same packages; if there
/// are none, or for `each`, the units of each package that were built with others. `known` are packages that have
/// units here.
///
/// # Errors
///
/// The remote store cannot be asked. Units in it that are not understood are passed over.
pub(crate) fn remote(
    remote: &Remote,
    wish: &Wish,
    known: &HashSet<LockedPackage>,
    each: bool,
) -> Result<Vec<StoredUnit>> {
    let before = &wish.before;
    let mut all: HashMap<String, StoredUnit> = HashMap::new();
    let mut take = |units: Vec<StoredUnit>| {
        for unit in units {
            if store::sound(&unit, &before.circumstances).is_ok() && wish.lock.has(&unit.package) {
                all.entry(unit.key.clone()).or_insert(unit);
            }
        }
    };
    for name in set_names(remote, &before.summary)? {
        take(read(remote, &name)?);
    }
    let packages: HashSet<&LockedPackage> = all.values().map(|unit| &unit.package).collect();
    let missing: Vec<&LockedPackage> = before
        .packages
        .iter()
        .map(|wanted| &wanted.package)
        .filter(|package| !packages.contains(package) && !known.contains(*package))
        .collect();
    // Packages without a unit in the sets of others with the same packages are mostly for other platforms.
    if (all.is_empty() || each) && !missing.is_empty() {
        let pool = ThreadPoolBuilder::new().num_threads(AT_ONCE).build();
        let pool = pool.context("failed to start threads")?;
        let found: Vec<Result<Vec<StoredUnit>>> = pool.install(|| {
            let of = |package: &&LockedPackage| of_package(remote, &before.circumstances, package);
            missing.par_iter().map(of).collect()
        });
        for units in found {
            let mut units = units?;
            units.retain(|unit| {
                store::sound(unit, &before.circumstances).is_ok() && wish.lock.has(&unit.package)
            });
            all.extend(units.into_iter().map(|unit| (unit.key.clone(), unit)));
        }
    }
    let mut all: Vec<StoredUnit> = all.into_values().collect();
    all.sort_by(|one, two| one.key.cmp(&two.key));
    all.truncate(store::MOST_UNITS);
    Ok(all)
}

fn of_package(
    remote: &Remote,
    circumstances: &str,
    package: &LockedPackage,
) -> Result<Vec<StoredUnit>> {
    if !remote.lists() {
        return read(remote, &pack::package_list(circumstances, package));
    }
    let mut units = Vec::new();
    for name in newest(
        remote,
        &pack::package_folder(circumstances, package),
        VARIANTS,
    )? {
        units.extend(read(remote, &name)?);
    }
    Ok(units)
}

/// The names of the newest objects in a folder.
fn newest(remote: &Remote, folder: &str, most: usize) -> Result<Vec<String>> {
    let mut listed = remote.list(folder)?;
    listed.sort_by_key(|object| std::cmp::Reverse(object.modified));
    listed.truncate(most);
    Ok(listed.into_iter().map(|object| object.key).collect())
}

fn read(remote: &Remote, name: &str) -> Result<Vec<StoredUnit>> {
    let Some(packed) = remote.get(name)? else {
        return Ok(Vec::new());
    };
    // Anything may have been written there.
    let read = remote::decompress(&packed, MOST).ok();
    let read = read.and_then(|json| Descriptions::read(&json).ok());
    Ok(read.map_or_else(Vec::new, |read| read.units))
}

/// The units, among some that were built together, that a remote store has.
#[derive(Clone, Debug, Default)]
pub(crate) struct There {
    /// The keys of those that it has.
    pub(crate) units: HashSet<String>,
    /// It says of all of them that they were built together.
    pub(crate) together: bool,
}

/// Returns which of these units, which were built together, a remote store has. Its sets and lists are believed,
/// unless `look` asks to look for each unit: the store may have lost units that they name.
///
/// # Errors
///
/// It cannot be asked.
pub(crate) fn has(
    remote: &Remote,
    summary: &str,
    units: &[StoredUnit],
    look: bool,
) -> Result<There> {
    let mut there = There::default();
    let mut named: HashSet<String> = HashSet::new();
    for name in set_names(remote, summary)? {
        named.extend(read(remote, &name)?.into_iter().map(|unit| unit.key));
    }
    there.together = units.iter().all(|unit| named.contains(&unit.key));
    if !look {
        there.units = named;
    }
    let pool = ThreadPoolBuilder::new().num_threads(AT_ONCE).build();
    let pool = pool.context("failed to start threads")?;
    let others: Vec<&StoredUnit> = units
        .iter()
        .filter(|unit| !there.units.contains(&unit.key))
        .collect();
    if remote.lists() {
        let found: Result<Vec<Option<String>>> = pool.install(|| {
            let has = |unit: &&StoredUnit| {
                let whole =
                    remote.has(&pack::unit_name(unit))? && remote.has(&pack::pack_name(unit))?;
                Ok(whole.then(|| unit.key.clone()))
            };
            others.par_iter().map(has).collect()
        });
        there.units.extend(found?.into_iter().flatten());
    } else if !look {
        // To look for an object there means to read all of it; but what others have pushed is in lists.
        let mut packages: Vec<_> = others
            .iter()
            .map(|unit| (&unit.circumstances, &unit.package))
            .collect();
        packages.sort();
        packages.dedup();
        let found: Result<Vec<Vec<StoredUnit>>> = pool.install(|| {
            let listed = |(circumstances, package): &(&String, &LockedPackage)| {
                // One list that cannot be read is no reason not to write the others.
                match read(remote, &pack::package_list(circumstances, package)) {
                    Err(error) if remote.off().is_some() => Err(error),
                    listed => Ok(listed.unwrap_or_default()),
                }
            };
            packages.par_iter().map(listed).collect()
        });
        let found = found?.into_iter().flatten();
        there.units.extend(found.map(|unit| unit.key));
    }
    Ok(there)
}

/// The names of what was built together with the same packages.
fn set_names(remote: &Remote, summary: &str) -> Result<Vec<String>> {
    match remote.lists() {
        true => newest(remote, &pack::set_folder(summary), SETS),
        false => Ok(vec![pack::set_list(summary)]),
    }
}
