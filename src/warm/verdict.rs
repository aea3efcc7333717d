//! Local units: whether what they were compiled from is the same in another worktree.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::fs::model::SourceFile;
use crate::plan::left::LeftReason;
use crate::target::unit::UnitId;

/// The findings about the local units of a donor, for one destination.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locals {
    /// Each of them: whether it may be taken, as far as its sources decide that.
    pub(crate) units: BTreeMap<UnitId, Result<LocalUnit, LeftReason>>,
    /// When the destination's sources were looked at: before that moment none of them had changed for a while, so that
    /// it can stand for the one in which the compiler began. `None` where the donor's sources are the destination's
    /// own, and all times stay as they are.
    pub(crate) looked_at: Option<Timestamp>,
    /// The files of the destination that were looked at.
    pub(crate) sources: Vec<SourceFile>,
    /// The tops of the donor's worktree and of the destination's, if they are not one.
    pub(crate) worktrees: Option<(PathBuf, PathBuf)>,
}

/// A local unit whose sources are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LocalUnit {
    /// It is the run of a build script that named files, which Cargo compares with the time of what the script said.
    pub(crate) watches: bool,
    /// It is the run of a build script that named none: what Cargo would write down of its package in the destination.
    pub(crate) precalculated: Option<String>,
}

/// Which times the files of a unit get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dated {
    /// The times that they have in the donor.
    #[default]
    AsTheyWere,
    /// The list of its sources is as new as the look at these; everything else is as it was.
    Sources,
    /// So is all that others are compared with. Its files must be the destination's own.
    Whole,
}

/// The worktree in which a unit was compiled, as far as its artifacts tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    /// Nothing tells.
    None,
    /// The worktree that its target folder belongs to.
    Own,
    /// It does not matter: we have put it there, where its sources were the same.
    Carried,
    /// In another one.
    Other(PathBuf),
}

/// Whose a donor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// One workspace, by the configuration that we wrote.
    Owned,
    /// One workspace, as far as is known. `CARGO_TARGET_DIR` may have led others there.
    Single,
    /// Several workspaces: each takes the units of the others for its own.
    Several,
}
