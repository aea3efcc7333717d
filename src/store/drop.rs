//! Deletes units of a local store.

use std::collections::HashSet;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::fs::{Ledger, Removal};
use crate::plan::apply::Deleted;
use crate::plan::outcome::{Collected, Stopped};
use crate::plan::run::Context;
use crate::store::StorePaths;
use crate::store::model::{DropUnits, StoredUnit};
use crate::{fs, store};

/// Deletes units: first their descriptions, by which they are found, then the contents that no unit has any more.
pub(crate) fn units(
    drop: &DropUnits,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<(Deleted, Collected), Stopped> {
    let places = StorePaths::new(drop.folder.clone());
    // A run that is keeping units now may need contents that no unit had before.
    let Some(_alone) = fs::try_lock_alone(&places.mark())? else {
        return Err(Stopped::Skipped("it is in use; run again later".into()));
    };
    // A path that is in use by now, or is another file, a folder or a link, is kept.
    let removal = Removal::new(Some(&drop.seen), ledger, context.progress);
    for unit in &drop.units {
        removal.remove(&unit.file);
    }
    drop.rest.par_iter().for_each(|path| removal.remove(path));
    fs::checkpoint("units-forgotten");
    // Others may have put units there since the plan was made, or this very run.
    if let Some(needed) = needed(&places) {
        let objects = drop.objects.par_iter();
        let unused = objects.filter(|path| !needed.contains(*path));
        unused.for_each(|path| removal.remove(path));
    }
    let collected = Collected {
        units: drop.units.len(),
        others: 0,
        left: Vec::new(),
    };
    Ok((Deleted::from(removal.finish()), collected))
}

/// The contents that units have; `None` where a description is not understood, and they may be any.
fn needed(places: &StorePaths) -> Option<HashSet<PathBuf>> {
    let mut needed = HashSet::new();
    for circumstances in fs::names(&places.units()).unwrap_or_default() {
        let circumstances = places.units().join(circumstances);
        for package in fs::names(&circumstances).unwrap_or_default() {
            let package = circumstances.join(package);
            for name in fs::names(&package).unwrap_or_default() {
                if !name.strip_suffix(".json").is_some_and(store::is_key) {
                    continue;
                }
                let bytes = fs::read(&package.join(name)).ok()??;
                let unit: StoredUnit = serde_json::from_slice(&bytes).ok()?;
                needed.extend(unit.files.iter().map(|file| places.object(&file.hash)));
            }
        }
    }
    Some(needed)
}
