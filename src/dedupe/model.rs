//! Relinking: files of several target folders that are the same share their storage.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::plan::action::Kind;
use crate::size::Bytes;
use crate::target::unit::UnitId;
use crate::target::unit_file::UnitFile;
use crate::warm::model::Method;
use crate::warm::moving::{MoveFolder, place_after};

/// Units of a target folder get the storage of donors' files that are the same, byte for byte.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RelinkFolder {
    /// The workspaces that build into the folder, as far as they are known.
    pub(crate) users: Vec<PathBuf>,
    /// The donors, sorted; the folder itself may be one.
    pub(crate) from: Vec<PathBuf>,
    /// The folder whose files are replaced.
    pub(crate) into: PathBuf,
    /// By clones, which look as old as what they replace, or by links, which look as old as the donor's.
    pub(crate) method: Method,
    /// The units, dependencies first; what is only dated before what needs it.
    pub(crate) units: Vec<RelinkUnit>,
    /// How many units are left as they are, though a donor has the same: as links, they would look stale to Cargo.
    pub(crate) left: usize,
    /// How many units are left as they are, because the same file elsewhere has another owner or mode.
    pub(crate) left_by_rights: usize,
    /// Space of the files that are replaced, as far as no other folder has them after this folder's turn.
    pub(crate) frees: Bytes,
}

impl RelinkFolder {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("relink", "relinked-folder");

    /// Makes it share the storage of folders at the places to which they are moved. Units that are compiled again
    /// there are left out.
    pub(crate) fn follow(&mut self, moves: &[MoveFolder]) {
        let moved = |folder: &mut PathBuf| *folder = place_after(folder, moves).to_owned();
        let left = |folder: &PathBuf, id: &UnitId| {
            let mut all = moves.iter().filter(|one| one.from == *folder);
            all.any(|one| one.left.iter().any(|unit| unit.id == *id))
        };
        let into = &self.into;
        self.units.retain(|unit| !left(into, &unit.id));
        for file in self.units.iter_mut().flat_map(|unit| &mut unit.files) {
            moved(&mut file.donor);
        }
        self.from.iter_mut().for_each(moved);
        self.from.sort();
        moved(&mut self.into);
    }
}

/// A unit whose files are replaced.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RelinkUnit {
    pub(crate) id: UnitId,
    pub(crate) package: String,
    /// The units that it was compiled with.
    #[serde(skip)]
    pub(crate) dependencies: Vec<UnitId>,
    /// None of its files is replaced: they only come to look as old as a donor's, for the sake of what was compiled
    /// with it.
    pub(crate) only_dated: bool,
    /// The files, each name of one that has several.
    #[serde(skip)]
    pub(crate) files: Vec<RelinkFile>,
    /// The files that are kept, and get an older mtime.
    #[serde(skip)]
    pub(crate) dates: Vec<RelinkDate>,
}

/// A file that comes to look as old as that of the same unit in another folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelinkDate {
    pub(crate) file: UnitFile,
    /// The new time of its modification.
    pub(crate) modified: Timestamp,
}

/// A file, in the donor and where it is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelinkFile {
    pub(crate) donor: PathBuf,
    /// The donor's profile folder that the file lies in, which a build there would lock.
    pub(crate) profile: PathBuf,
    pub(crate) from: UnitFile,
    pub(crate) into: UnitFile,
    /// The space that this frees.
    pub(crate) space: Space,
}

/// A piece of storage, which becomes free when the last link to its last file is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    /// Tells it from the others of a plan.
    pub(crate) number: usize,
    /// How many names it has, wherever they are.
    pub(crate) names: u64,
    pub(crate) on_disk: Bytes,
}

/// The result for the units of one folder.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Relinked {
    /// How many units share their storage now.
    pub(crate) units: usize,
    /// Why others do not after all: fragments.
    pub(crate) left: Vec<String>,
}
