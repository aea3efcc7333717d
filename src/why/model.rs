//! Why the last build compiled what it compiled.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::audit::model::Difference;
use crate::fs::model::Problem;
use crate::plan::kept::KeptReason;
use crate::plan::left::LeftReason;
use crate::target::fingerprint::differences::FieldDifference;
use crate::target::unit::{Source, UnitId, UnitKind};
use crate::warm::decide::Relation;

/// The last build of a workspace, or what its target folder has of one package.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WorkspaceBuild {
    pub(crate) workspace: PathBuf,
    /// The folder that it builds into.
    pub(crate) folder: PathBuf,
    /// The last build, if there was any.
    pub(crate) build: Option<LastBuild>,
    /// The packages of units whose fingerprint is empty: their build failed, or it still runs.
    pub(crate) unfinished: Vec<String>,
    /// The folders that were compared with this one, the best donor first.
    pub(crate) compared: Vec<ComparedFolder>,
    /// The folders that nothing may be taken from.
    pub(crate) refused: Vec<RefusedFolder>,
    /// The units, by cause; those of a cause that most units have come first.
    pub(crate) units: Vec<ExplainedUnit>,
    /// The files that could not be read.
    pub(crate) problems: Vec<Problem>,
}

/// The work of a build.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LastBuild {
    pub(crate) began: Timestamp,
    pub(crate) ended: Timestamp,
    /// How many units it compiled.
    pub(crate) units: usize,
}

/// A target folder that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ComparedFolder {
    pub(crate) folder: PathBuf,
    pub(crate) relation: Relation,
    pub(crate) workspace: Option<PathBuf>,
}

/// A target folder that nothing may be taken from.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RefusedFolder {
    pub(crate) folder: PathBuf,
    pub(crate) why: KeptReason,
}

/// A unit, and why it was compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ExplainedUnit {
    pub(crate) id: UnitId,
    pub(crate) package: String,
    /// The package's version, where it is known.
    pub(crate) version: Option<String>,
    pub(crate) source: Source,
    #[serde(flatten)]
    pub(crate) kind: UnitKind,
    /// The targets, by the names of their fingerprints.
    pub(crate) targets: Vec<String>,
    /// Only metadata were made (`cargo check`).
    pub(crate) checked: bool,
    /// When the compiler or the build script started here; `None` if it did not, or nothing tells.
    pub(crate) began: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// The last build compiled it.
    pub(crate) in_last_build: bool,
    pub(crate) cause: Cause,
    /// The advice that would share it, if there is any.
    pub(crate) advice: Option<&'static str>,
}

/// Why a unit was compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "cause")]
pub(crate) enum Cause {
    /// It was here before, and a source has changed since.
    ChangedHere {
        /// The newest of those that have changed.
        file: PathBuf,
        modified: Timestamp,
    },
    /// A dependency was compiled anew, or is another one.
    Dependency {
        /// The package at the root of it.
        package: String,
        /// Why that one was compiled.
        because: Box<Cause>,
    },
    /// There is no other target folder and no other workspace to take anything from.
    Alone,
    /// The package is in no other workspace's `Cargo.lock`.
    OnlyHere,
    /// No other folder has a unit of the package's target.
    NotBuiltElsewhere {
        /// The other workspaces whose `Cargo.lock` has the package.
        named_by: Vec<PathBuf>,
        /// A folder that has another target of the package.
        others_in: Option<ComparedFolder>,
    },
    /// Others have another unit of the package.
    OtherUnit {
        nearest: ComparedFolder,
        id: UnitId,
        differences: Vec<UnitDifference>,
    },
    /// Others have the same unit, and its fingerprint differs.
    OtherFingerprint {
        nearest: ComparedFolder,
        differences: Vec<FieldDifference>,
    },
    /// A source is not the same in the other worktree.
    SourceDiffers {
        nearest: ComparedFolder,
        /// The file, relative to the top of the worktree.
        file: PathBuf,
    },
    /// Others have the very same unit, and the rules of `warm` leave it.
    Left {
        nearest: ComparedFolder,
        left: LeftReason,
    },
    /// Others had the very same unit, and `warm` would have taken it.
    NotWarmed {
        nearest: ComparedFolder,
        /// Since when that folder has it.
        there_since: Option<Timestamp>,
        /// When this folder was warmed before the build.
        warmed: Option<Timestamp>,
    },
    /// Others have the very same unit, and got it only after this build had begun.
    BuiltLater {
        nearest: ComparedFolder,
        at: Timestamp,
    },
    /// It was not compiled here: `warm` or something else has put it here.
    PutHere { at: Timestamp },
    /// It is unknown.
    Unknown { why: String },
}

/// The differences between a unit and another one of its package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(crate) enum UnitDifference {
    Package(PackageDifference),
    Unit(Difference),
}

/// The differences between a package and another one of its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "in")]
pub(crate) enum PackageDifference {
    /// The version.
    Version {
        /// The other one's.
        from: String,
        /// This one's.
        to: String,
    },
    /// Where it comes from: a registry, a git repository or one of its commits, a folder.
    Source {
        /// The other one's.
        from: Source,
        /// This one's.
        to: Source,
    },
}

impl Cause {
    /// The cause at the root.
    pub(crate) fn root(&self) -> &Self {
        match self {
            Self::Dependency { because, .. } => because.root(),
            other => other,
        }
    }
}

impl ComparedFolder {
    /// The workspace that it belongs to, else the folder.
    pub(crate) fn place(&self) -> &Path {
        self.workspace.as_deref().unwrap_or(&self.folder)
    }
}
