//! Replaces files of a target folder by a donor's that are the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::warm::{Stage, held, unchanged};
use super::{Context, Stopped};
use crate::fs::{self, Sought};
use crate::model::{Freed, RelinkFile, RelinkFolder, RelinkUnit, UnitId};
use crate::size::Bytes;

/// What relinking came to.
pub(super) struct Relinked {
    pub(super) freed: Freed,
    pub(super) units: usize,
}

/// Relinks one folder.
///
/// A file that is not what it was in the plan stays, and with it those of all units that depend on it: they would be
/// older than it.
pub(super) fn folder(relink: &RelinkFolder, context: &Context<'_>) -> Result<Relinked, Stopped> {
    let profiles: BTreeSet<PathBuf> = relink
        .units
        .iter()
        .map(|unit| PathBuf::from(&unit.id.profile))
        .collect();
    let profiles: Vec<PathBuf> = profiles.into_iter().collect();
    let _donor = fs::lock_to_read(&relink.from, &profiles, Sought::Once)
        .map_err(|busy| held(&busy, "the donor"))?;
    let _own = fs::lock_to_write(&relink.into, &profiles).map_err(|busy| held(&busy, "it"))?;
    let stage = Stage::make(&relink.into)?;
    fs::checkpoint("relink-locked");
    let mut left: BTreeSet<&UnitId> = BTreeSet::new();
    let mut done = Relinked {
        freed: Freed::default(),
        units: 0,
    };
    for unit in &relink.units {
        let without = unit.dependencies.iter().any(|id| left.contains(id));
        match without {
            false if self::unit(unit, relink, &stage.path, &mut done.freed).is_ok() => {
                done.units += 1;
                context.progress.add(1, Bytes(0));
                fs::checkpoint("relinked");
            }
            _ => {
                left.insert(&unit.id);
            }
        }
    }
    Ok(done)
}

fn unit(
    unit: &RelinkUnit,
    relink: &RelinkFolder,
    stage: &Path,
    freed: &mut Freed,
) -> anyhow::Result<()> {
    let paths = |file: &RelinkFile| {
        (
            relink.from.join(&file.from.path),
            relink.into.join(&file.into.path),
        )
    };
    let mut staged = Vec::new();
    for (at, file) in unit.files.iter().enumerate() {
        let (from, into) = paths(file);
        unchanged(&into, &file.into)?;
        anyhow::ensure!(fs::same_content(&from, &into), "it is another one");
        let new = stage.join(format!("{}-{at}", unit.id.hash));
        // Linked first, so that what is looked at next is what is put in place.
        fs::link_file(&from, &new)?;
        unchanged(&new, &file.from)?;
        staged.push((new, into, file));
    }
    for (new, into, file) in staged {
        fs::rename(&new, &into)?;
        if file.into.links == 1 {
            freed.on_disk += file.into.on_disk;
            freed.logical += file.into.length;
            freed.entries += 1;
        }
    }
    Ok(())
}
