//! Warming: which units a target folder gets from another one, and which not.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::fs::model::SourceFile;
use crate::size::Bytes;
use crate::target::unit::{UnitId, UnitKind};
use crate::target::unit_file::UnitFile;
use crate::warm::verdict::Dated;

/// A target folder is given units of another one.
#[derive(Clone, Debug, Serialize)]
pub struct WarmFolder {
    /// The workspace whose build finds them.
    pub workspace: PathBuf,
    /// The donor: the target folder that they are taken from.
    pub from: PathBuf,
    /// The donor was put together for this, of units of the store.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub from_store: bool,
    /// The folder that they are put into, whether or not it exists.
    pub into: PathBuf,
    /// What the donor is called in what build scripts have written there: by every name that it has had.
    #[serde(skip)]
    pub names: Vec<String>,
    /// What is taken, dependencies first.
    pub units: Vec<TakenUnit>,
    /// What the donor has and is not taken, by name.
    pub left: Vec<LeftUnit>,
    /// How many of the donor's units are there already.
    pub present: usize,
    /// Bytes in files that need no space of their own where they are linked or cloned.
    pub linkable: Bytes,
    /// Bytes in files that are copied, unless the filesystem clones.
    pub copied: Bytes,
    /// Wait for a build that holds the donor.
    pub wait: bool,
    /// When the sources of local units were looked at, if there are any in another worktree.
    #[serde(skip)]
    pub looked_at: Option<Timestamp>,
    /// When the destination's configurations last changed that count for what is compiled, if they ever did, and when
    /// they were compared with the donor's.
    #[serde(skip)]
    pub configured: Option<(Timestamp, Timestamp)>,
    /// The destination's sources that were looked at.
    #[serde(skip)]
    pub sources: Vec<SourceFile>,
    /// The tops of the donor's worktree and of the destination's, if local units come from another one.
    #[serde(skip)]
    pub worktrees: Option<(PathBuf, PathBuf)>,
}

/// A unit that is taken.
#[derive(Clone, Debug, Serialize)]
pub struct TakenUnit {
    /// Which one.
    pub id: UnitId,
    /// Its package.
    pub package: String,
    /// The package's version, where it is known.
    pub version: Option<String>,
    /// What it is.
    #[serde(flatten)]
    pub kind: UnitKind,
    /// What is moved into place as a whole once it is complete, relative to the target folder. The last one is
    /// its fingerprint, without which Cargo looks at nothing else of it.
    #[serde(skip)]
    pub entries: Vec<PathBuf>,
    /// What it was compiled with.
    #[serde(skip)]
    pub dependencies: Vec<UnitId>,
    /// Its files and folders, a folder before what is in it.
    #[serde(skip)]
    pub files: Vec<UnitFile>,
    /// What a build that did not end has left of it where it goes, which is cleared away; mostly nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clear: Vec<PathBuf>,
    /// Its package is local.
    pub local: bool,
    /// The times of its files.
    #[serde(skip)]
    pub dated: Dated,
    /// Its fingerprint is another one in the destination, or that of something that it was compiled with.
    #[serde(skip)]
    pub rehashed: bool,
    /// What Cargo would write down of its package in the destination, if that goes into its fingerprint.
    #[serde(skip)]
    pub precalculated: Option<String>,
}

/// A unit that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftUnit {
    /// Its package, or what is known of it.
    pub package: String,
    /// The package's version, where it is known.
    pub version: Option<String>,
    /// Which one.
    pub id: UnitId,
    /// Why not.
    #[serde(flatten)]
    pub reason: LeftReason,
}

/// Why a unit is not taken. Cargo compiles it, as it would have done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum LeftReason {
    /// Its package is local, and nothing but third-party crates is asked for.
    Local,
    /// Whether its sources are the same cannot be told.
    SourcesUnknown {
        /// Why not.
        why: String,
    },
    /// A source of it is not the same in the worktree.
    SourceDiffers {
        /// The file, relative to the top of the worktree.
        file: PathBuf,
    },
    /// A source of it may have changed in the donor's worktree since it was compiled.
    SourceNewer {
        /// The file or folder, relative to the top of the worktree where it lies in it.
        file: PathBuf,
    },
    /// A source of it is changed and not committed in some worktree, so that a tool that makes worktrees may be about to
    /// copy it into this one, with a time from before.
    ChangedElsewhere {
        /// The file, relative to the top of that worktree.
        file: PathBuf,
        /// That worktree.
        worktree: PathBuf,
    },
    /// The manifest of the workspace or a configuration says something else of it than in the donor's worktree.
    OtherSettings {
        /// The file.
        file: PathBuf,
    },
    /// Its build script might do something else here.
    BuildScript {
        /// Why.
        why: String,
    },
    /// It may have been compiled in another worktree than the donor's.
    OtherWorktree {
        /// That one, where something tells.
        worktree: Option<PathBuf>,
    },
    /// A dependency is not taken, so that Cargo may make another one than it was compiled with.
    DependsOn {
        /// The package at the root of it.
        root: String,
        /// Why that one is not taken.
        because: Box<LeftReason>,
    },
    /// The worktree's `Cargo.lock` does not have its package at this version.
    NotLocked,
    /// Another compiler made it than the one that the worktree uses.
    OtherCompiler,
    /// A variable that a configuration sets has another value here, and may have gone into it.
    OtherEnvironment {
        /// The variable.
        variable: String,
    },
    /// In which environment it was made is not known.
    EnvironmentUnknown {
        /// The configuration that has changed since; none where its worktree is gone or not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<PathBuf>,
    },
    /// Another program, or none, runs as the compiler or in its place here than where it was made.
    OtherWrapper {
        /// The program.
        program: PathBuf,
    },
    /// Pages are made anew each time.
    Documentation,
    /// It is a program, which nothing depends on.
    Program,
    /// What it is or where it comes from cannot be told.
    Unknown {
        /// What could not be understood.
        why: String,
    },
    /// A dependency is not there any more, or not as it was.
    Incomplete {
        /// The dependency's name.
        missing: String,
    },
    /// Cargo would compile it again: a dependency is newer.
    Stale,
    /// It keeps a path of the donor, which may go.
    PathInside {
        /// The file that keeps it.
        file: PathBuf,
        /// The path.
        path: String,
    },
    /// Its build script put something outside of its `OUT_DIR`, which would be missing.
    WroteOutside {
        /// What seems to be its.
        file: PathBuf,
    },
    /// It holds a symbolic link that leads out of it.
    LinkInside {
        /// The link.
        file: PathBuf,
    },
    /// A file of it is not whole, or has changed since it was built.
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Its sources lie in the donor's worktree.
    SourcesInside,
    /// The worktree has a dependency that it compiled itself, and that is not the same as the donor's.
    OtherDependency {
        /// The dependency's package.
        package: String,
    },
    /// The worktree has something that was compiled with another one of it, which is gone: Cargo would take that for
    /// fresh by the times of this one.
    Awaited {
        /// That one's package.
        by: String,
    },
    /// The worktree has it in a form that Cargo or we do not understand.
    Occupied,
}

impl LeftReason {
    /// The reason at the root.
    #[must_use]
    pub fn root(&self) -> &Self {
        match self {
            Self::DependsOn { because, .. } => because.root(),
            other => other,
        }
    }
}

/// What warming did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Warmed {
    /// How many units were put in place.
    pub units: usize,
    /// How the files came about that are not small.
    pub method: Method,
    /// Bytes of files that share their storage with the donor's.
    pub shared: Bytes,
    /// Bytes of files that are the destination's own.
    pub copied: Bytes,
    /// Units that could not be taken after all, and why; the rest is complete without them.
    pub left: Vec<Skipped>,
}

/// A unit that was to be taken, and was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Which one.
    pub id: UnitId,
    /// Its package.
    pub package: String,
    /// Why not.
    pub message: String,
}

/// How storage is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Hard links where nobody writes to a file in place, copies elsewhere.
    #[default]
    Links,
    /// The filesystem clones files: all share their storage until somebody writes.
    Clones,
    /// The donor is on another filesystem, so everything is copied.
    Copies,
}
