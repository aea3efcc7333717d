//! Programs of single-file scripts that were kept.

use crate::fs::model::FileState;
use crate::plan::action::{DropReason, Kind};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fs::model::{Identity, Seen};
use crate::size::Bytes;

/// A script's program that was kept, and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedProgram {
    /// The script, without links.
    pub script: PathBuf,
    /// The name of the program's file.
    pub program: String,
    /// The program's file.
    pub state: FileState,
    /// When it was made.
    pub made: Timestamp,
    /// The files that it was compiled from besides the script.
    pub watched: Vec<Watched>,
    /// The variables that the compiler or a build script looked up, with what they were; `None` for not set.
    pub variables: Vec<(String, Option<String>)>,
}

/// A file that a program was compiled from, or a folder whose names count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Its path.
    pub path: PathBuf,
    /// What it looked like; nothing if there was none.
    pub state: Option<FileState>,
    /// The hash of what it held.
    pub hash: String,
    /// It did not change while it was compiled.
    pub settled: bool,
}

/// The cache of scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScriptCache {
    /// Its folder.
    pub root: PathBuf,
    /// The programs that were kept, the one that ran last first.
    pub programs: Vec<KeptProgram>,
    /// The packages that scripts are built as, by name.
    pub packages: Vec<KeptPackage>,
    /// What the target folder of all scripts takes; nothing if there is none.
    pub target: Option<Bytes>,
    /// What is remembered of compilers, so that they need not be asked before each run.
    pub compilers: Option<CacheFolder>,
    /// What all of it takes, each file once.
    pub on_disk: Bytes,
}

/// A program that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptProgram {
    /// Its folder.
    pub path: PathBuf,
    /// Its script; nothing if what is known about it cannot be read.
    pub script: Option<PathBuf>,
    /// The script is still there. What came by standard input never is.
    pub script_exists: bool,
    /// When it was made.
    pub made: Option<Timestamp>,
    /// When it last ran.
    pub last_run: Option<Timestamp>,
    /// What it takes.
    pub on_disk: Bytes,
    /// Which folder was looked at.
    #[serde(skip)]
    pub identity: Identity,
    /// Record of what was in it.
    #[serde(skip)]
    pub seen: Seen,
}

/// A package that a script is built as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptPackage {
    /// Its folder.
    pub path: PathBuf,
    /// Its script, as far as that is known.
    pub script: Option<PathBuf>,
    /// When it was last built.
    pub last_build: Option<Timestamp>,
    /// What it takes, with its own target folder if it has one.
    pub on_disk: Bytes,
    /// Its own target folder, which is in that.
    pub own_target: Option<CacheFolder>,
    /// Which folder was looked at.
    #[serde(skip)]
    pub identity: Identity,
    /// Record of what was in it.
    #[serde(skip)]
    pub seen: Seen,
}

/// A folder in the cache of scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CacheFolder {
    /// Where.
    pub path: PathBuf,
    /// What it takes.
    pub on_disk: Bytes,
    /// Which folder was looked at.
    #[serde(skip)]
    pub identity: Identity,
    /// Record of what was in it.
    #[serde(skip)]
    pub seen: Seen,
}

/// A part of the cache of scripts that would go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DropScript {
    /// The folder.
    pub path: PathBuf,
    /// What it is.
    pub what: ScriptPart,
    /// Its script, as far as that is known.
    pub script: Option<PathBuf>,
    /// Why it goes.
    pub why: DropReason,
    /// When it was last used.
    pub last_use: Option<Timestamp>,
    /// What that frees.
    pub on_disk: Bytes,
    /// Which folder was looked at.
    #[serde(skip)]
    pub identity: Identity,
    /// Record of what was in it.
    #[serde(skip)]
    pub seen: Seen,
}

impl DropScript {
    /// Its kind.
    pub const KIND: Kind = Kind::new("drop_script", "script-part-dropped");
}

/// What a folder in the cache of scripts is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptPart {
    /// A kept program.
    Program,
    /// A package.
    Package,
    /// A target folder of one script's own.
    OwnTarget,
    /// What is remembered of compilers.
    Compilers,
}
