//! Programs of single-file scripts that were kept.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fs::model::{FileState, Identity, Seen};
use crate::plan::action::{DropReason, Kind};
use crate::size::Bytes;

/// A script's program that was kept, and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CachedProgram {
    pub(crate) script: PathBuf,
    /// The name of the program's file.
    pub(crate) program: String,
    pub(crate) state: FileState,
    pub(crate) made: Timestamp,
    /// The files that it was compiled from besides the script.
    pub(crate) watched: Vec<Watched>,
    /// The variables that the compiler or a build script looked up, with what they were; `None` for not set.
    pub(crate) variables: Vec<(String, Option<String>)>,
    /// The libraries that it loads when it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) libraries: Vec<KeptLibrary>,
}

/// A copy of a library that a kept program loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptLibrary {
    /// The name of its file.
    pub(crate) name: String,
    pub(crate) state: FileState,
}

/// A file that a program was compiled from, or a folder whose names count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watched {
    pub(crate) path: PathBuf,
    /// The state of the file; `None` if there was none.
    pub(crate) state: Option<FileState>,
    /// The hash of what it held.
    pub(crate) hash: String,
    /// It did not change while it was compiled.
    pub(crate) settled: bool,
}

/// The cache of scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ScriptCache {
    pub(crate) root: PathBuf,
    /// The programs that were kept, the one that ran last first.
    pub(crate) programs: Vec<KeptProgram>,
    /// The packages that scripts are built as, by name.
    pub(crate) packages: Vec<KeptPackage>,
    /// The space of the target folder of all scripts; `None` if there is none.
    pub(crate) target: Option<Bytes>,
    /// The folder of records about compilers, so that these need not be asked before each run.
    pub(crate) compilers: Option<CacheFolder>,
    /// The space of the whole cache, each file once.
    pub(crate) on_disk: Bytes,
}

/// A program that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct KeptProgram {
    pub(crate) path: PathBuf,
    /// Its script; nothing if what is known about it cannot be read.
    pub(crate) script: Option<PathBuf>,
    /// The script is still there. A script from standard input never is.
    pub(crate) script_exists: bool,
    pub(crate) made: Option<Timestamp>,
    pub(crate) last_run: Option<Timestamp>,
    pub(crate) on_disk: Bytes,
    /// Which folder was looked at.
    #[serde(skip)]
    pub(crate) identity: Identity,
    /// Record of what was in it.
    #[serde(skip)]
    pub(crate) seen: Seen,
}

/// A script's part of the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ScriptShare {
    /// The script; if it is no longer known, its program or its package.
    pub(crate) script: PathBuf,
    /// The script is still there. What came by standard input never is.
    pub(crate) script_exists: bool,
    /// When one of its programs last ran.
    pub(crate) last_run: Option<Timestamp>,
    /// How many programs were kept of it.
    pub(crate) programs: usize,
    /// The space of its programs and its package.
    pub(crate) own: Bytes,
    /// Its part of what all scripts were compiled with.
    pub(crate) shared: Bytes,
}

/// A package that a script is built as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct KeptPackage {
    pub(crate) path: PathBuf,
    /// Its script, as far as that is known.
    pub(crate) script: Option<PathBuf>,
    /// When it was last built.
    pub(crate) last_build: Option<Timestamp>,
    /// Its space, with its own target folder if it has one.
    pub(crate) on_disk: Bytes,
    /// Its own target folder, which is in that.
    pub(crate) own_target: Option<CacheFolder>,
    /// Which folder was looked at.
    #[serde(skip)]
    pub(crate) identity: Identity,
    /// Record of what was in it.
    #[serde(skip)]
    pub(crate) seen: Seen,
}

/// A folder in the cache of scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CacheFolder {
    pub(crate) path: PathBuf,
    pub(crate) on_disk: Bytes,
    /// Which folder was looked at.
    #[serde(skip)]
    pub(crate) identity: Identity,
    /// Record of what was in it.
    #[serde(skip)]
    pub(crate) seen: Seen,
}

/// A part of the cache of scripts that would go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DropScript {
    pub(crate) path: PathBuf,
    pub(crate) what: ScriptPart,
    /// Its script, as far as that is known.
    pub(crate) script: Option<PathBuf>,
    pub(crate) why: DropReason,
    /// When it was last used.
    pub(crate) last_use: Option<Timestamp>,
    pub(crate) on_disk: Bytes,
    /// Which folder was looked at.
    #[serde(skip)]
    pub(crate) identity: Identity,
    /// Record of what was in it.
    #[serde(skip)]
    pub(crate) seen: Seen,
}

impl DropScript {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("drop_script", "script-part-dropped");
}

/// The kind of a folder in the cache of scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScriptPart {
    /// A kept program.
    Program,
    /// A package.
    Package,
    /// A target folder of one script's own.
    OwnTarget,
    /// Records about compilers.
    Compilers,
}
