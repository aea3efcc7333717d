//! Relinking: files of two target folders that are the same share their storage.

use std::path::PathBuf;

use serde::Serialize;

use super::{UnitFile, UnitId};
use crate::size::Bytes;

/// Units of a target folder get the files of a donor that are the same, byte for byte.
#[derive(Clone, Debug, Serialize)]
pub struct RelinkFolder {
    /// The workspace that builds into the folder.
    pub workspace: PathBuf,
    /// The donor.
    pub from: PathBuf,
    /// The folder whose files are replaced.
    pub into: PathBuf,
    /// The units, dependencies first.
    pub units: Vec<RelinkUnit>,
    /// How many units stay as they are since the donor's are newer, or differ.
    pub left: usize,
    /// Space of the files that are replaced, as far as nobody else has them.
    pub frees: Bytes,
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
    /// The files.
    #[serde(skip)]
    pub files: Vec<RelinkFile>,
}

/// A file, in the donor and where it is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelinkFile {
    /// The donor's.
    pub from: UnitFile,
    /// The one that goes.
    pub into: UnitFile,
}
