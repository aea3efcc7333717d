//! The content of a target folder: units, and files that belong to none.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::fs::model::Problem;
use crate::size::Bytes;
use crate::target::unit_file::UnitFile;

/// Everything in a target folder. Each file and folder stands in it exactly once: in a unit or in `others`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Inventory {
    /// The target folder.
    pub folder: PathBuf,
    /// Its units, by profile folder and hash.
    pub units: Vec<Unit>,
    /// The files and folders that belong to no unit, by path.
    pub others: Vec<Other>,
    /// The sums over both.
    pub totals: Totals,
    /// The paths that could not be read. They are in no unit, so none of the units can be called complete.
    pub problems: Vec<Problem>,
}

impl Inventory {
    /// When its units were made, by the one in the middle; `None` if it has none, or no unit has a time.
    pub(crate) fn age(&self) -> Option<Timestamp> {
        let mut times: Vec<Timestamp> = self.units.iter().filter_map(|unit| unit.newest).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    }
}

/// One compiled thing, or more than one where Cargo keeps them under one hash (see [`targets`](Self::targets)).
#[derive(Clone, Debug, Serialize)]
pub struct Unit {
    /// Which one.
    pub id: UnitId,
    /// The package, by the name of the unit's folder; `None` where only artifacts are left.
    pub package: Option<String>,
    /// The package's version, where a path or a fingerprint tells; never of a local unit.
    pub version: Option<String>,
    /// Where the package comes from.
    pub source: Source,
    /// The kind of its product. Of several targets that are not of one kind: of the first that is not documentation.
    pub kind: UnitKind,
    /// The targets, by the names of their fingerprints (`lib-serde`, `test-bin-app`).
    ///
    /// Mostly one. But where an artifact has no hash in its name, Cargo hashes the package alone for the
    /// folder of the fingerprint, so that the documentation of all targets of a package has one folder, in the
    /// classic layout together with its `cdylib` (and with programs, on targets where these have no hash).
    pub targets: Vec<String>,
    /// The enabled features, sorted; of several targets all.
    pub features: Vec<String>,
    /// The features that the package declares, sorted.
    pub(crate) declared_features: Vec<String>,
    /// The target triple; `None` for a profile folder at the top, which is for the host.
    pub triple: Option<String>,
    /// The hash of what `rustc -vV` said; `None` where targets differ in it.
    pub rustc: Option<u64>,
    /// A hash of the profile's settings; `None` where targets differ in it.
    pub(crate) settings: Option<u64>,
    /// `RUSTFLAGS`, as they were; of several targets those of the first.
    pub rustflags: Vec<String>,
    /// It is the run of a build script that watches files which are not its package's and may be newer than that.
    #[serde(skip)]
    pub(crate) watches_abroad: bool,
    /// The units that it was compiled with, sorted.
    pub dependencies: Vec<UnitId>,
    /// The hashes of its fingerprints, which dependents have written down.
    #[serde(skip)]
    pub(crate) fingerprints: Vec<u64>,
    /// Its build has not ended, or what a build left of it has no fingerprint: Cargo makes it anew.
    pub(crate) unfinished: bool,
    /// Names of dependencies that are not there any more, or not as they were; sorted.
    pub missing: Vec<String>,
    /// The hashes of their fingerprints.
    #[serde(skip)]
    pub(crate) missing_fingerprints: Vec<u64>,
    /// Its files and folders, by path.
    pub files: Vec<UnitFile>,
    /// Files that rustc has left behind beside them, of earlier builds: nothing uses these.
    #[serde(skip)]
    pub(crate) leaked: Vec<UnitFile>,
    /// The newest modification of one of its files.
    pub newest: Option<Timestamp>,
    /// The oldest modification of one of its files.
    pub oldest: Option<Timestamp>,
    /// When something that Cargo reads in every build with this unit was last read, as far as the filesystem writes
    /// that down: mostly once a day at most, and not at all if mounted with `noatime`.
    pub(crate) last_read: Option<Timestamp>,
    /// The times of the hashes in its fingerprints, which Cargo reads in every build with this unit.
    #[serde(skip)]
    pub(crate) hash_times: Vec<ReadTimes>,
}

/// The times of a file which tell whether a read of it would have been written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadTimes {
    /// When it was last read, as far as that was written down.
    pub(crate) accessed: Timestamp,
    /// When it was last modified.
    pub(crate) modified: Timestamp,
    /// When it last got or lost a name, a mode or content.
    pub(crate) changed: Timestamp,
}

impl Unit {
    /// Its files and folders, and what rustc has left behind beside them.
    pub(crate) fn with_leaked(&self) -> impl Iterator<Item = &UnitFile> {
        self.files.iter().chain(&self.leaked)
    }
}

#[cfg(test)]
impl Unit {
    /// A unit about which nothing is known, for tests that look at one thing.
    pub(crate) fn sample(profile: &str, hash: &str, kind: UnitKind) -> Self {
        Self {
            id: UnitId {
                profile: profile.into(),
                hash: hash.into(),
            },
            package: None,
            version: None,
            source: Source::Unknown,
            kind,
            targets: Vec::new(),
            features: Vec::new(),
            declared_features: Vec::new(),
            triple: None,
            rustc: None,
            settings: None,
            rustflags: Vec::new(),
            watches_abroad: false,
            dependencies: Vec::new(),
            fingerprints: Vec::new(),
            unfinished: false,
            missing: Vec::new(),
            missing_fingerprints: Vec::new(),
            files: Vec::new(),
            leaked: Vec::new(),
            newest: None,
            oldest: None,
            last_read: None,
            hash_times: Vec::new(),
        }
    }
}

/// Names a unit in a target folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UnitId {
    /// The profile folder, relative to the target folder, with `/` between: `debug`, `<triple>/release`.
    pub profile: String,
    /// 16 hexadecimal digits. The same ones may stand in several profile folders.
    pub hash: String,
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.profile, self.hash)
    }
}

/// The kind of a unit. A unit that was only checked has the kind that a build would give it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum UnitKind {
    /// A library of any crate type.
    Library,
    /// A library that is a compiler plug-in; a plug-in that was only checked looks like a library.
    ProcMacro,
    /// A program.
    Program,
    /// A test program: an integration test, or the tests in a library, a program or an example.
    Test,
    /// A benchmark.
    Bench,
    /// An example.
    Example,
    /// The program that a build script was compiled to.
    BuildScript,
    /// The run of a build script: its output and its `OUT_DIR`.
    BuildScriptRun,
    /// Documentation. The pages lie in `doc`, which belongs to no unit.
    Doc,
    /// It is unknown, so it is never shared and never deleted.
    Unknown {
        /// The part that could not be understood.
        why: String,
    },
}

/// Where a package comes from. All but [`Local`](Self::Local) and [`Unknown`](Self::Unknown) are third-party.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Source {
    /// A registry.
    Registry {
        /// The registry's folder in `$CARGO_HOME/registry/src`: its host and a hash.
        registry: String,
    },
    /// A git repository.
    Git {
        /// The repository's folder in `$CARGO_HOME/git/checkouts`: its name and a hash.
        checkout: String,
        /// The commit, as far as Cargo wrote it down: the first digits, mostly seven.
        revision: String,
    },
    /// A directory source, such as `cargo vendor` makes, in place of a registry or a git repository.
    Directory,
    /// A path: a workspace member, a path dependency or a `[patch]` to a path.
    Local,
    /// It is unknown.
    Unknown,
}

impl Source {
    /// From a registry or git, directly or vendored: its sources do not change.
    #[must_use]
    pub fn is_third_party(&self) -> bool {
        matches!(
            self,
            Self::Registry { .. } | Self::Git { .. } | Self::Directory
        )
    }
}

/// A file or folder that belongs to no unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Other {
    /// Which one.
    #[serde(flatten)]
    pub file: UnitFile,
    /// Its purpose.
    pub group: Group,
    /// How many components of its path name the profile folder that it lies in; 0 outside of all of them.
    #[serde(skip)]
    pub(crate) profile_depth: usize,
}

impl Other {
    /// The profile folder that it lies in, relative to the target folder, with `/` between.
    #[must_use]
    pub(crate) fn profile(&self) -> Option<String> {
        let names: Vec<_> = self.profile_path().map(OsStr::to_string_lossy).collect();
        (!names.is_empty()).then(|| names.join("/"))
    }

    /// The components of the profile folder that it lies in.
    pub(crate) fn profile_path(&self) -> impl Iterator<Item = &OsStr> {
        self.file.path.iter().take(self.profile_depth)
    }

    /// The components of its path in its profile folder.
    pub(crate) fn in_profile(&self) -> impl Iterator<Item = &OsStr> {
        self.file.path.iter().skip(self.profile_depth)
    }
}

/// The purpose of a file or folder that belongs to no unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "group")]
pub enum Group {
    /// The compiler's own cache for a crate, by its name; several units may share it, or none use it.
    Incremental {
        /// The crate, with `_` for `-`.
        name: String,
    },
    /// An artifact without a hash in its name, such as that of a `cdylib`: each build overwrites it.
    Unhashed,
    /// A final product at the top of a profile folder or of its `examples`: mostly another link to a unit's file.
    Final,
    /// A file that a killed compiler has left behind, or its folder.
    Leaked,
    /// Documentation pages.
    Doc,
    /// A file that Cargo keeps for itself: locks, tags, what it knows of the compiler.
    Cargo,
    /// A folder that units or others lie in.
    Folder,
    /// Anything else: in `package` or `tmp`, or not of Cargo's making.
    Foreign,
}

/// Sums over everything in a target folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Sum of the lengths of all that is not a folder.
    pub logical: Bytes,
    /// Allocated blocks, each file once however many links it has here; what `du -s` says.
    pub on_disk: Bytes,
    /// How many files and folders.
    pub entries: u64,
}
