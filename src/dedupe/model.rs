//! Relinking: files of several target folders that are the same share their storage.

use crate::plan::action::Kind;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::size::Bytes;
use crate::target::unit::UnitId;
use crate::target::unit_file::UnitFile;
use crate::warm::model::Method;

/// Units of a target folder get the storage of donors' files that are the same, byte for byte.
#[derive(Clone, Debug, Serialize)]
pub struct RelinkFolder {
    /// The workspaces that build into the folder, as far as they are known.
    pub users: Vec<PathBuf>,
    /// The donors, sorted; the folder itself may be one.
    pub from: Vec<PathBuf>,
    /// The folder whose files are replaced.
    pub into: PathBuf,
    /// By clones, which look as old as what they replace, or by links, which look as old as the donor's.
    pub method: Method,
    /// The units, dependencies first; what is only dated before what needs it.
    pub units: Vec<RelinkUnit>,
    /// How many units stay as they are, though a donor has the same: linked, Cargo would take them for stale.
    pub left: usize,
    /// Space of the files that are replaced, as far as nobody else has them after this folder's turn.
    pub frees: Bytes,
}

impl RelinkFolder {
    /// Its kind.
    pub const KIND: Kind = Kind::new("relink", "relinked-folder");
}

/// A unit whose files are replaced.
#[derive(Clone, Debug, Serialize)]
pub struct RelinkUnit {
    /// Which one.
    pub id: UnitId,
    /// Its package.
    pub package: String,
    /// What it was compiled with.
    #[serde(skip)]
    pub dependencies: Vec<UnitId>,
    /// None of its files is replaced: they only come to look as old as a donor's, for the sake of what was compiled
    /// with it.
    pub only_dated: bool,
    /// The files, each name of one that has several.
    #[serde(skip)]
    pub files: Vec<RelinkFile>,
    /// The files that stay, but come to look older.
    #[serde(skip)]
    pub dates: Vec<RelinkDate>,
}

/// A file that comes to look as old as that of the same unit in another folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelinkDate {
    /// As it is.
    pub file: UnitFile,
    /// The new time of its modification.
    pub modified: Timestamp,
}

/// A file, in the donor and where it is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelinkFile {
    /// The donor.
    pub donor: PathBuf,
    /// The donor's profile folder that the file lies in, which a build there would lock.
    pub profile: PathBuf,
    /// The donor's file.
    pub from: UnitFile,
    /// The one that goes.
    pub into: UnitFile,
    /// What comes free by that.
    pub space: Space,
}

/// A piece of storage, which comes free when the last name of the last file goes that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Tells it from the others of a plan.
    pub number: usize,
    /// How many names it has, wherever they are.
    pub names: u64,
    /// Allocated blocks.
    pub on_disk: Bytes,
}

/// What became of the units of one folder.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Relinked {
    /// How many units share their storage now.
    pub units: usize,
    /// Why others do not after all: fragments.
    pub left: Vec<String>,
}
