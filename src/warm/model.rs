//! Warming: which units a target folder gets from another one, and which not.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::fs::model::SourceFile;
use crate::markers::CARRIED;
use crate::plan::action::Kind;
use crate::plan::left::LeftUnit;
use crate::size::Bytes;
use crate::target::unit::{UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};
use crate::warm::moving::MoveFolder;
use crate::warm::verdict::Dated;

/// A target folder is given units of another one.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WarmFolder {
    /// The workspace whose build finds them.
    pub(crate) workspace: PathBuf,
    /// The donor: the target folder that they are taken from.
    pub(crate) from: PathBuf,
    /// Where the donor lies until it is moved.
    #[serde(skip)]
    pub(crate) moved_from: Option<PathBuf>,
    /// Files of the donor that name the new place once it is moved, so that they are other files then.
    #[serde(skip)]
    pub(crate) rewritten: BTreeSet<PathBuf>,
    /// The donor was put together for this, of units of the store.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) from_store: bool,
    /// The folder that they are put into, whether or not it exists.
    pub(crate) into: PathBuf,
    /// The donor's path as build scripts have written it there: every path that it has had.
    #[serde(skip)]
    pub(crate) names: Vec<String>,
    /// The units that are taken, dependencies first.
    pub(crate) units: Vec<TakenUnit>,
    /// The donor's units that are not taken, by name.
    pub(crate) left: Vec<LeftUnit>,
    /// How many of the donor's units are there already.
    pub(crate) present: usize,
    /// Bytes in files that need no space of their own where they are linked or cloned.
    pub(crate) linkable: Bytes,
    /// Space of files that are copied, unless the filesystem clones, of new folders and of marks.
    pub(crate) copied: Bytes,
    /// Wait for a build that holds the donor.
    pub(crate) wait: bool,
    /// When the sources of local units were looked at, if there are any in another worktree.
    #[serde(skip)]
    pub(crate) looked_at: Option<Timestamp>,
    /// When the destination's configurations last changed that count for what is compiled, if they ever did, and when
    /// they were compared with the donor's.
    #[serde(skip)]
    pub(crate) configured: Option<(Timestamp, Timestamp)>,
    /// The destination's sources that were looked at.
    #[serde(skip)]
    pub(crate) sources: Vec<SourceFile>,
    /// The tops of the donor's worktree and of the destination's, if local units come from another one.
    #[serde(skip)]
    pub(crate) worktrees: Option<(PathBuf, PathBuf)>,
    /// Both workspaces have one toolchain, so that its compiler has the same version for the other one.
    #[serde(skip)]
    pub(crate) same_toolchain: bool,
}

impl WarmFolder {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("warm", "warmed");

    /// Has it take the units where its donor lies once it is moved.
    pub(crate) fn follow(&mut self, moves: &[MoveFolder]) {
        if let Some(one) = moves.iter().find(|one| one.from == self.from) {
            self.rewritten.extend(one.notes.iter().cloned());
            self.names.push(one.to.display().to_string());
            self.moved_from = Some(std::mem::replace(&mut self.from, one.to.clone()));
        }
    }

    /// Space of the marks that are left with the units.
    pub(crate) fn marks(&self) -> Bytes {
        let units = self.units.iter();
        let marked = units.filter(|unit| unit.marked(self.looked_at, self.configured).is_some());
        marked.map(TakenUnit::mark).sum()
    }

    /// The donor's files that the folder gets links to.
    pub(crate) fn linked(&self) -> impl Iterator<Item = &UnitFile> {
        let files = self.units.iter().flat_map(|unit| &unit.files);
        files.filter(|file| file.sharing == Sharing::Link)
    }

    /// The same from where the donor lies, if it was not moved after all.
    pub(crate) fn without_move(&self) -> Self {
        let from = self.moved_from.as_ref().unwrap_or(&self.from);
        Self {
            from: from.clone(),
            rewritten: BTreeSet::new(),
            ..self.clone()
        }
    }
}

/// A unit that is taken.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TakenUnit {
    pub(crate) id: UnitId,
    pub(crate) package: String,
    /// The package's version, where it is known.
    pub(crate) version: Option<String>,
    #[serde(flatten)]
    pub(crate) kind: UnitKind,
    /// The paths that are moved into place as a whole once the unit is complete, relative to the target folder. The
    /// last one is its fingerprint, without which Cargo looks at nothing else of it.
    #[serde(skip)]
    pub(crate) entries: Vec<PathBuf>,
    /// The units that it was compiled with.
    #[serde(skip)]
    pub(crate) dependencies: Vec<UnitId>,
    /// Its files and folders, a folder before what is in it.
    #[serde(skip)]
    pub(crate) files: Vec<UnitFile>,
    /// Files in its place that an unfinished build has left, which are deleted; mostly none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) clear: Vec<PathBuf>,
    pub(crate) local: bool,
    /// The times of its files.
    #[serde(skip)]
    pub(crate) dated: Dated,
    /// Its fingerprint is another one in the destination, or that of something that it was compiled with.
    #[serde(skip)]
    pub(crate) rehashed: bool,
    /// The text that Cargo would write about its package in the destination, if that is part of its fingerprint.
    #[serde(skip)]
    pub(crate) precalculated: Option<String>,
}

impl TakenUnit {
    /// When a unit was compared with the donor's, if a mark is left with it that says so: with a local unit that gets new times
    /// (`looked_at`), and with a third-party unit that is older than a configuration here (`configured`), whose build
    /// environment was the same, though the configuration was not there yet.
    pub(crate) fn marked(
        &self,
        looked_at: Option<Timestamp>,
        configured: Option<(Timestamp, Timestamp)>,
    ) -> Option<Timestamp> {
        if self.local {
            return looked_at.filter(|_| self.dated != Dated::AsTheyWere);
        }
        let (changed, compared) = configured?;
        let files = self.files.iter();
        let mut dated = files.filter(|file| file.is_dep_info() || file.is_said());
        let at = dated.next().and_then(UnitFile::modified)?;
        (at <= changed).then_some(compared)
    }

    /// Space of a mark: that of another small file of its fingerprint.
    pub(crate) fn mark(&self) -> Bytes {
        let fingerprint = || self.files.iter().filter(|file| file.is_fingerprint());
        let replaced = fingerprint().any(|file| file.name() == CARRIED);
        let space = fingerprint().map(|file| file.on_disk).min();
        space.filter(|_| !replaced).unwrap_or_default()
    }
}

/// The result of warming.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Warmed {
    /// How many units were put in place.
    pub(crate) units: usize,
    /// How the files came about that are not small.
    pub(crate) method: Method,
    /// Bytes of files that share their storage with the donor's.
    pub(crate) shared: Bytes,
    /// Space of files that are the destination's own, and of new folders unless the filesystem clones.
    pub(crate) copied: Bytes,
    /// Units that could not be taken after all, and why; the rest is complete without them.
    pub(crate) left: Vec<Skipped>,
}

/// A unit that was to be taken, and was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Skipped {
    pub(crate) id: UnitId,
    pub(crate) package: String,
    pub(crate) message: String,
}

/// How storage is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// Hard links where no process writes to a file in place, copies elsewhere.
    #[default]
    Links,
    /// The filesystem clones files: all share their storage until one is written to.
    Clones,
    /// The donor is on another filesystem, so everything is copied.
    Copies,
}
