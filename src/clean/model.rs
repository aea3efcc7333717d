//! Collecting: the deletion of single units.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::fs::model::{Identity, Usage};
use crate::plan::action::Kind;
use crate::plan::kept::{DeleteReason, LastUseSource};
use crate::plan::outcome::Detail;
use crate::size::Bytes;
use crate::survey::folder::Litter;
use crate::target::unit::{Source, UnitId, UnitKind};
use crate::target::unit_file::UnitFile;

/// The units of a target folder that are collected, and those that are kept.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CollectFolder {
    pub(crate) path: PathBuf,
    /// The units that are collected, dependents before their dependencies.
    pub(crate) units: Vec<CollectedUnit>,
    pub(crate) others: Vec<CollectedOther>,
    /// The units that are kept, by profile folder and hash.
    pub(crate) kept: Vec<KeptUnit>,
    /// Why rules that were asked for do not count here: fragments.
    pub(crate) doubts: Vec<String>,
    /// The space that the deletion of all this alone frees: only blocks whose every link is in it.
    pub(crate) freeable: Bytes,
    /// Which folder was looked at.
    #[serde(skip)]
    pub(crate) identity: Identity,
}

impl CollectFolder {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("collect", "collected");
}

/// A unit that is collected, whole.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CollectedUnit {
    pub(crate) id: UnitId,
    /// Its package, as far as that is known.
    pub(crate) package: Option<String>,
    pub(crate) version: Option<String>,
    /// Where the package comes from.
    pub(crate) source: Source,
    pub(crate) unit: UnitKind,
    pub(crate) why: CollectReason,
    /// Its allocated space, each file once.
    pub(crate) on_disk: Bytes,
    /// All that belongs to it.
    #[serde(skip)]
    pub(crate) files: Vec<UnitFile>,
}

/// A file or folder that is collected with everything in it, and belongs to no unit.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CollectedOther {
    /// Relative to the target folder.
    pub(crate) path: PathBuf,
    /// The profile folder whose lock keeps out the builds that write there.
    #[serde(skip)]
    pub(crate) profile: String,
    pub(crate) why: CollectReason,
    /// Its allocated space, each file once.
    pub(crate) on_disk: Bytes,
    /// The file, or the folder and everything in it.
    #[serde(skip)]
    pub(crate) files: Vec<UnitFile>,
}

/// A unit that is kept.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct KeptUnit {
    pub(crate) id: UnitId,
    /// Its package, as far as that is known.
    pub(crate) package: Option<String>,
    /// Its allocated space, each file once.
    pub(crate) on_disk: Bytes,
    #[serde(flatten)]
    pub(crate) reason: KeptUnitReason,
}

/// Why a unit is collected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "reason")]
pub(crate) enum CollectReason {
    /// No worktree's `Cargo.lock` names its package, so no build asks for it.
    Unreferenced,
    /// A unit that no build asks for is one of its dependencies, so no build asks for it either.
    MadeWithUnreferenced {
        /// The package that no `Cargo.lock` names.
        package: String,
    },
    /// Its compiler is not installed any more, and no worktree asks for it.
    ToolchainGone {
        /// The compiler's version, where an artifact tells.
        toolchain: Option<String>,
    },
    /// A newer unit of the same target was made in the same profile.
    Superseded {
        /// That unit.
        by: UnitId,
    },
    /// Its build did not come to its end, so Cargo makes it anew.
    Unfinished,
    /// rustc has left it behind: it is of an earlier build, or of a compiler that was killed.
    Leaked,
    /// Neither it nor any of its dependents was used for as long as was asked for.
    Idle {
        /// The last use.
        since: Timestamp,
        /// Where that is known from.
        source: LastUseSource,
    },
    /// No build has used it or any of its dependents since a moment.
    Unused {
        /// That moment.
        since: Timestamp,
    },
    /// Everything in its profile was asked for.
    Profile,
    /// To keep to a budget: the least recently used units are deleted first.
    Budget {
        /// The last use of it, of its copies, and of its dependents.
        since: Timestamp,
    },
    /// The compiler's own cache for a crate that no workspace has any more.
    CrateGone,
    /// The compiler's own cache, which was asked for.
    Incremental,
    /// It is a hard link to a program of a unit that is collected.
    ProductOf {
        /// That unit.
        unit: UnitId,
    },
}

/// Why a unit is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "reason")]
pub(crate) enum KeptUnitReason {
    /// No rule that was asked for is about it.
    NoRule,
    /// A build has made it or found it fresh since the moment that was asked for.
    Used {
        /// When.
        at: Timestamp,
        /// Where that is known from.
        source: LastUseSource,
    },
    /// It is unknown whether a build has used it since the moment that was asked for.
    UseUnknown {
        /// Why.
        because: UnknownUse,
    },
    /// A kept unit was compiled with it.
    Needed {
        /// One of those units.
        by: UnitId,
    },
    /// A program that no unit is known to have made is there, and may look for what is in it.
    MayBeRun,
    /// Its kind is unknown.
    Unclear {
        /// Why.
        why: String,
    },
}

/// The reason why it is unknown whether a unit was used since a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "is", content = "why")]
pub(crate) enum UnknownUse {
    /// The moment is in the future.
    AheadOfTheClock,
    /// No build since then has used any unit of the folder that is known.
    NothingUsed,
    /// The filesystem may not write down that a build reads a fingerprint, and why.
    NotNoted(&'static str),
    /// Something read its fingerprint in the day before, so the filesystem writes down no read until that day is over.
    ReadBefore,
    /// Its fingerprint was put there or changed since then, and not by a build.
    ChangedSince,
    /// Its fingerprint is missing.
    NoFingerprint,
}

impl UnknownUse {
    /// It in words, after `since`.
    #[must_use]
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::AheadOfTheClock => "START is in the future",
            Self::NothingUsed => "no build is known to have used this folder since START",
            Self::NotNoted(why) => why,
            Self::ReadBefore => {
                "a program read their fingerprints in the day before START, and the filesystem records one read \
                     per day"
            }
            Self::ChangedSince => {
                "their fingerprints were written or changed after START; note START after the cache is restored"
            }
            Self::NoFingerprint => "they have no fingerprint",
        }
    }
}

/// The deletion of one target folder.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeleteFolder {
    pub(crate) path: PathBuf,
    /// Why no build will miss it.
    pub(crate) why: DeleteReason,
    /// The workspace whose it is or was, where that is known.
    pub(crate) workspace: Option<PathBuf>,
    /// Its space; `None` if sizes were not asked for.
    pub(crate) usage: Option<Usage>,
    /// When something was last built into it.
    pub(crate) last_build: Option<Timestamp>,
    /// Workspaces that must not build into it any more by the time it is deleted; Cargo is asked again.
    pub(crate) released_by: Vec<PathBuf>,
    /// Folders that must have been warmed before, since this one has what they need.
    pub(crate) gave_to: Vec<PathBuf>,
    /// Top-level entries that Cargo does not make, and that may be deleted all the same.
    pub(crate) allowed_entries: Vec<String>,
    /// Which folder was looked at.
    #[serde(skip)]
    pub(crate) identity: Identity,
}

impl DeleteFolder {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("delete_folder", "deleted");
}

/// Details about the deletion of a target folder whose workspace is gone.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Orphaned {
    /// That workspace.
    pub(crate) workspace: PathBuf,
}

impl Detail for Orphaned {
    fn name(&self) -> &'static str {
        "orphaned"
    }

    fn left(&self) -> usize {
        0
    }
}

/// Delete what an interrupted run left.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FinishTrash {
    /// Its kind.
    pub(crate) kind: Litter,
    pub(crate) path: PathBuf,
    pub(crate) usage: Option<Usage>,
}

impl FinishTrash {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("finish_trash", "trash-finished");
}
