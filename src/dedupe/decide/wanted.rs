//! Which files are worth a look.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::dedupe::decide::Sharer;
use crate::fs::model::Identity;
use crate::size::Bytes;
use crate::target::unit_file::{Sharing, UnitFile};

/// Smaller files are not cloned. One of them takes a block at most, and some filesystems keep it beside its name,
/// where there is nothing to share. Of fd's target folder (170 MB) 342 of 484 files are as small, and take 0.8 %.
const LEAST_CLONED: Bytes = Bytes(4096);

/// A file whose content is worth a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) length: Bytes,
    /// It would be cloned, so that it matters where it lies on the disk.
    pub(crate) clones: bool,
}

/// The files that may be the same as another one, by their lengths: each once, long ones first.
#[must_use]
pub(crate) fn wanted(sharers: &[Sharer]) -> Vec<Wanted> {
    let mut by_length: HashMap<(u64, bool, u64), HashMap<Identity, PathBuf>> = HashMap::new();
    for sharer in sharers {
        for file in sharer.inventory.units.iter().flat_map(|unit| &unit.files) {
            if may_share(file, sharer.clones) {
                let place = (file.identity.device, sharer.clones, file.length.0);
                let alike = by_length.entry(place).or_default();
                alike
                    .entry(file.identity)
                    .or_insert_with(|| sharer.inventory.folder.join(&file.path));
            }
        }
    }
    let mut all: Vec<Wanted> = by_length
        .into_iter()
        .filter(|(_, alike)| alike.len() > 1)
        .flat_map(|((_, clones, length), alike)| {
            alike.into_iter().map(move |(identity, path)| Wanted {
                path,
                identity,
                length: Bytes(length),
                clones,
            })
        })
        .collect();
    all.sort_by(|one, other| (other.length, &one.path).cmp(&(one.length, &other.path)));
    all
}

/// Whether a file of a unit may share its storage with another one.
pub(crate) fn may_share(file: &UnitFile, clones: bool) -> bool {
    match file.sharing {
        Sharing::Link if !clones => file.length > Bytes(0),
        Sharing::Link | Sharing::Copy => clones && file.length >= LEAST_CLONED,
        Sharing::Folder | Sharing::Special => false,
    }
}
