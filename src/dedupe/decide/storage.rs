//! Which names files have, and what is known of their contents.

use std::collections::HashMap;

use crate::dedupe::decide::Sharer;
use crate::dedupe::model::Space;
use crate::fs::model::{Identity, Rights};
use crate::target::unit::{Group, UnitId};
use crate::target::unit_file::{Sharing, UnitFile};

/// The hash, storage and rights of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// The BLAKE3 hash of all of it.
    pub(crate) hash: [u8; 32],
    /// Its place on the disk, as offsets and lengths in bytes; `None` where that is unknown or does not matter.
    pub(crate) extents: Option<Vec<(u64, u64)>>,
    /// Another file has a part of this storage, whether we know of it or not.
    pub(crate) shared: bool,
    /// Only files with the same rights take each other's place, as far as these count for the way they would share.
    pub(crate) rights: Rights,
}

/// Storage that a file has, perhaps with others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Storage {
    File(Identity),
    Extents(u64, Vec<(u64, u64)>),
}

impl Storage {
    fn of(identity: Identity, content: &Content) -> Self {
        match &content.extents {
            Some(extents) => Self::Extents(identity.device, extents.clone()),
            None => Self::File(identity),
        }
    }
}

/// A file whose content is known.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) hash: [u8; 32],
    pub(crate) rights: Rights,
    pub(crate) storage: Storage,
    /// Its storage as the filesystem counts it; `None` if the storage has an unknown link or sharer, so that
    /// replacing the file frees nothing.
    pub(crate) space: Option<Space>,
}

/// One name of a file.
#[derive(Debug)]
pub(crate) struct Name<'a> {
    folder: usize,
    pub(crate) unit: Option<&'a UnitId>,
    pub(crate) file: &'a UnitFile,
}

/// The names of all files in some folders.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    names: HashMap<Identity, Vec<Name<'a>>>,
    known: HashMap<Identity, Known>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(sharers: &'a [Sharer], contents: &HashMap<Identity, Content>) -> Self {
        let mut names: HashMap<Identity, Vec<Name<'a>>> = HashMap::new();
        for (folder, sharer) in sharers.iter().enumerate() {
            let units = sharer.inventory.units.iter();
            let of_units =
                units.flat_map(|unit| unit.files.iter().map(|file| (Some(&unit.id), file)));
            // Any other file with a link to such a file is unknown, and keeps its storage. The compiler has links of
            // its own to artifacts of local crates, and may count on it that no other file has them.
            let products = sharer
                .inventory
                .others
                .iter()
                .filter(|other| match other.group {
                    Group::Final | Group::Unhashed => true,
                    Group::Incremental { .. } => sharer.clones,
                    _ => false,
                });
            let products = products.map(|other| (None, &other.file));
            for (unit, file) in of_units.chain(products) {
                if matches!(file.sharing, Sharing::Link | Sharing::Copy)
                    && contents.contains_key(&file.identity)
                {
                    let all = names.entry(file.identity).or_default();
                    all.push(Name { folder, unit, file });
                }
            }
        }
        let known = known(&names, contents);
        Self { names, known }
    }

    pub(crate) fn known(&self, file: &UnitFile) -> Option<&Known> {
        self.known.get(&file.identity)
    }

    /// The names of a file in one folder.
    pub(crate) fn of_file(&self, file: &UnitFile, folder: usize) -> Vec<&Name<'a>> {
        let all = self.names.get(&file.identity);
        let all = all.map_or(&[][..], Vec::as_slice).iter();
        all.filter(|name| name.folder == folder).collect()
    }
}

/// Puts together what each file's storage is, with how many names there are of it.
fn known(
    names: &HashMap<Identity, Vec<Name<'_>>>,
    contents: &HashMap<Identity, Content>,
) -> HashMap<Identity, Known> {
    struct Piece {
        space: Space,
        files: usize,
        shared: bool,
        unseen: bool,
    }
    let mut pieces: HashMap<Storage, Piece> = HashMap::new();
    let all = || {
        names.iter().filter_map(|(identity, names)| {
            let content = contents.get(identity)?;
            Some((*identity, content, names.first()?.file, names.len() as u64))
        })
    };
    for (identity, content, file, seen) in all() {
        let number = pieces.len();
        let storage = Storage::of(identity, content);
        let piece = pieces.entry(storage).or_insert_with(|| Piece {
            space: Space {
                number,
                names: 0,
                on_disk: file.on_disk,
            },
            files: 0,
            shared: false,
            unseen: false,
        });
        piece.space.names += file.links.max(seen);
        piece.files += 1;
        piece.shared |= content.shared;
        piece.unseen |= seen < file.links;
    }
    all()
        .map(|(identity, content, ..)| {
            let storage = Storage::of(identity, content);
            let freeable = |piece: &&Piece| !piece.unseen && (piece.files > 1 || !piece.shared);
            let space = pieces.get(&storage).filter(freeable);
            let known = Known {
                hash: content.hash,
                rights: content.rights,
                space: space.map(|piece| piece.space),
                storage,
            };
            (identity, known)
        })
        .collect()
}
