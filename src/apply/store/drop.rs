//! Deletes units of a local store.

use rayon::prelude::*;

use crate::apply::delete::Deleted;
use crate::apply::{Context, Stopped};
use crate::fs::{self, Ledger, Removal};
use crate::model::{Collected, DropUnits};
use crate::store::Places;

/// Deletes units: first their descriptions, by which they are found, then the contents that no unit has any more.
pub(in crate::apply) fn units(
    drop: &DropUnits,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<(Deleted, Collected), Stopped> {
    let places = Places::new(drop.folder.clone());
    // Whoever keeps units now may need what nobody needed before.
    let Some(_alone) = fs::try_lock_alone(&places.mark())? else {
        return Err(Stopped::Skipped("it is in use; run again later".into()));
    };
    let removal = Removal::new(ledger, context.progress);
    for unit in &drop.units {
        removal.remove(&unit.file);
    }
    fs::checkpoint("units-forgotten");
    let rest = drop.objects.par_iter().chain(&drop.rest);
    rest.for_each(|path| removal.remove(path));
    let collected = Collected {
        units: drop.units.len(),
        left: Vec::new(),
    };
    Ok((Deleted::from(removal.finish()), collected))
}
