//! The store: third-party units that outlive their target folders, and the documents by which providers are asked.
//!
//! One description of a unit serves everywhere: in the local store, in a remote one, and in what providers are told
//! and answer.

use crate::cargo::model::StoredPackage;
use crate::fs::model::StoredFile;
use crate::plan::action::Kind;
use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fs::model::{Problem, Seen};
use crate::plan::action::DropReason;
use crate::plan::kept::LeftUnit;
use crate::size::Bytes;
use crate::target::unit::UnitId;

/// The version of the documents. A document of another version is not understood.
pub const STORE_VERSION: u32 = 1;

/// What units must have been built with to be of use: whatever goes into them, and is not theirs alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltWith {
    /// What `rustc -vV` says.
    pub rustc: String,
    /// The system and its C library, as far as they tell themselves: what is linked here may not load elsewhere.
    pub platform: String,
    /// `$CARGO_HOME`: Cargo compares where sources lie, and compilers write it down.
    pub cargo_home: String,
    /// What configurations set for compilers and build scripts under `[env]`.
    pub env: BTreeMap<String, String>,
}

/// A unit, and what its files are known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredUnit {
    /// The hash of everything here that says what the unit is, in 64 hexadecimal digits.
    pub key: String,
    /// The hash of the [`BuiltWith`].
    pub circumstances: String,
    /// The package.
    pub package: StoredPackage,
    /// Where Cargo has unpacked it. Cargo compares that, and compilers write it down.
    pub sources: PathBuf,
    /// The profile folder, relative to the target folder, with `/` between.
    pub profile: String,
    /// The name that Cargo gives it: 16 hexadecimal digits.
    pub hash: String,
    /// The target, by the name of its fingerprint (`lib-serde`).
    pub target: String,
    /// The enabled features, sorted.
    pub features: Vec<String>,
    /// The hash of Cargo's own fingerprint, with all that Cargo compares.
    pub fingerprint: String,
    /// Of the run of a build script the hash of what it said, without the folder that it was said in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The keys of the units that it was made with, sorted.
    pub dependencies: Vec<String>,
    /// What else the compiler or a build script has looked at, by content.
    pub watched: Vec<WatchedFile>,
    /// Its files, by path.
    pub files: Vec<StoredFile>,
    /// Its folders, one before what is in it.
    pub folders: Vec<String>,
    /// Its symbolic links, each beside what it leads to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<StoredLink>,
}

impl StoredUnit {
    /// Which unit of a target folder it becomes.
    #[must_use]
    pub fn id(&self) -> UnitId {
        UnitId {
            profile: self.profile.clone(),
            hash: self.hash.clone(),
        }
    }

    /// The sum of the lengths of its files.
    #[must_use]
    pub fn length(&self) -> Bytes {
        self.files.iter().map(|file| Bytes(file.length)).sum()
    }
}

/// A symbolic link of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLink {
    /// Relative to the target folder, with `/` between.
    pub path: String,
    /// The name that it leads to, in the same folder.
    pub to: String,
}

/// Something outside of its package that the compiler or a build script has looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WatchedFile {
    /// Absolute.
    pub path: PathBuf,
    /// The BLAKE3 hash of what is in it, of a folder that of all that is below; `None` if there was nothing.
    pub hash: Option<String>,
}

/// The units that were built together: what a workspace with the same packages needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSet {
    /// Their keys, sorted.
    pub keys: Vec<String>,
}

/// "I want to build this": what a provider is asked before a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// [`STORE_VERSION`].
    pub version: u32,
    /// `before`.
    pub ask: String,
    /// The hash of circumstances and packages: who has the same one, builds the same.
    pub summary: String,
    /// The hash of the circumstances.
    pub circumstances: String,
    /// What this hash is made of.
    pub built_with: BuiltWith,
    /// The triple that units for the host are compiled for.
    pub host: String,
    /// The workspace.
    pub workspace: PathBuf,
    /// The third-party packages of its `Cargo.lock`.
    pub packages: Vec<WantedPackage>,
}

/// A package that somebody wants to build with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedPackage {
    /// Which one.
    #[serde(flatten)]
    pub package: StoredPackage,
    /// The features that may be enabled; `None` if that is not known.
    pub features: Option<Vec<String>>,
}

/// What a provider has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offers {
    /// [`STORE_VERSION`].
    pub version: u32,
    /// The units, each with the places of its files.
    #[serde(default)]
    pub units: Vec<Offered>,
}

/// A unit that a provider has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// How long its files stay.
    #[serde(default)]
    pub stays: Stays,
    /// How they are to be had.
    #[serde(default)]
    pub take: Take,
    /// What it is, as it was when the provider was told of it.
    pub unit: StoredUnit,
}

/// How long files stay where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stays {
    /// Until the provider ends: it waits until nothing more comes from its standard input.
    #[default]
    UntilExit,
    /// For as long as anybody has another name for them.
    Kept,
}

/// How a file is to be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Take {
    /// By a copy.
    #[default]
    Copy,
    /// Where it lies: nobody ever writes to it, and it may get another name.
    Link,
}

/// "I built a thing": what a provider is told after a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// [`STORE_VERSION`].
    pub version: u32,
    /// `after`.
    pub ask: String,
    /// As in [`Before`]; all units were built in its circumstances.
    pub summary: String,
    /// What the hash of the circumstances is made of.
    pub built_with: BuiltWith,
    /// The units, dependencies first, each with the places of its files. These exist until the provider ends.
    pub units: Vec<StoredUnit>,
}

/// What a provider has done with what it was told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// [`STORE_VERSION`].
    pub version: u32,
    /// Files that it has as well, and keeps: ours may become another name of them.
    #[serde(default)]
    pub relocated: Vec<Relocated>,
}

/// A file that a provider has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relocated {
    /// Where it was told that the file lies.
    pub from: PathBuf,
    /// Where it has it.
    pub to: PathBuf,
}

/// Units are put into a local store.
#[derive(Clone, Debug, Serialize)]
pub struct HarvestUnits {
    /// The workspace that they were built for.
    pub workspace: PathBuf,
    /// The target folder that they lie in; `None` if they lie in several places.
    pub from: Option<PathBuf>,
    /// The folder of the store.
    pub into: PathBuf,
    /// What the workspace builds with, in one hash.
    pub summary: Option<String>,
    /// The hash of what the units were built with.
    pub circumstances: String,
    /// What that is made of.
    #[serde(skip)]
    pub built_with: Option<BuiltWith>,
    /// The units that are new, dependencies first.
    pub units: Vec<StoredUnit>,
    /// The keys of all that the workspace has of these packages, new or not.
    #[serde(skip)]
    pub keys: Vec<String>,
    /// How many are there already.
    pub present: usize,
    /// What is not kept.
    pub left: Vec<LeftUnit>,
    /// Bytes of what is new.
    pub length: Bytes,
}

impl HarvestUnits {
    /// Its kind.
    pub const KIND: Kind = Kind::new("harvest", "harvested-all");
}

/// What became of units that were moved into a store, or to another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// How many.
    pub units: usize,
    /// Bytes of files that share their storage with those that were there, where the filesystem has links.
    pub linked: Bytes,
    /// Bytes of files that were copied.
    pub copied: Bytes,
    /// Bytes that went to a remote store, or came from it.
    pub transferred: Bytes,
    /// What could not be kept after all, and why.
    pub left: Vec<String>,
}

/// A provider is told of units.
#[derive(Clone, Debug, Serialize)]
pub struct TellProvider {
    /// The program, with its arguments.
    pub program: Vec<String>,
    /// Where it runs.
    pub dir: PathBuf,
    /// Of how many units.
    pub units: usize,
    /// What it is told.
    #[serde(skip)]
    pub after: After,
}

impl TellProvider {
    /// Its kind.
    pub const KIND: Kind = Kind::new("tell", "told");
}

/// What a local store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreContents {
    /// Its folder.
    pub folder: PathBuf,
    /// Its units.
    #[serde(skip)]
    pub units: Vec<HeldUnit>,
    /// The contents of files that no unit has.
    #[serde(skip)]
    pub unused: Vec<PathBuf>,
    /// What was left by runs that were killed.
    #[serde(skip)]
    pub rest: Vec<PathBuf>,
    /// Record of all that may go: descriptions, contents, and what was left.
    #[serde(skip)]
    pub seen: Seen,
    /// What that takes, as far as it counts.
    #[serde(skip)]
    pub rest_on_disk: Bytes,
    /// By what the units were built with.
    pub built_with: Vec<HeldWith>,
    /// What all files take, each once.
    pub on_disk: Bytes,
    /// What no target folder has as well.
    pub own: Bytes,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A unit of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldUnit {
    /// Its description.
    pub file: PathBuf,
    /// Its key.
    pub key: String,
    /// Its package.
    pub package: StoredPackage,
    /// The keys of what it was made with.
    pub dependencies: Vec<String>,
    /// The contents of its files, each once.
    pub objects: Vec<HeldObject>,
    /// When it was last used, or put there.
    pub last_use: Option<Timestamp>,
}

/// The content of a file in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldObject {
    /// Where it lies.
    pub path: PathBuf,
    /// What it takes.
    pub on_disk: Bytes,
    /// It has no other name, in a target folder for one.
    pub alone: bool,
}

/// What units of a store were built with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldWith {
    /// The hash of it.
    pub circumstances: String,
    /// What it is, as far as that is known.
    #[serde(flatten)]
    pub built_with: Option<BuiltWith>,
    /// How many packages.
    pub packages: usize,
    /// How many units.
    pub units: usize,
    /// The sum of the lengths of their files.
    pub length: Bytes,
    /// When one of them was last used.
    pub last_use: Option<Timestamp>,
}

/// Units go from a local store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DropUnits {
    /// The folder of the store.
    pub folder: PathBuf,
    /// Which.
    pub units: Vec<DroppedUnit>,
    /// The contents of files that no unit has then.
    #[serde(skip)]
    pub objects: Vec<PathBuf>,
    /// What was left by runs that were killed.
    #[serde(skip)]
    pub rest: Vec<PathBuf>,
    /// Record of all of these, and of what is in them.
    #[serde(skip)]
    pub seen: Seen,
    /// What comes free, of what no target folder has as well.
    pub freeable: Bytes,
}

impl DropUnits {
    /// Its kind.
    pub const KIND: Kind = Kind::new("drop_units", "units-dropped");
}

/// A unit that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DroppedUnit {
    /// Its description.
    #[serde(skip)]
    pub file: PathBuf,
    /// Its package.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// Its key.
    pub key: String,
    /// When it was last used, or put there.
    pub last_use: Option<Timestamp>,
    /// Why it goes.
    pub why: DropReason,
}

/// Units are fetched from a remote store into the local one.
#[derive(Clone, Debug, Serialize)]
pub struct PullUnits {
    /// The workspace that they are for.
    pub workspace: PathBuf,
    /// The remote store, as people call it.
    pub from: String,
    /// The folder of the local store.
    pub into: PathBuf,
    /// What the workspace builds with, in one hash.
    pub summary: String,
    /// The hash of what the units were built with.
    pub circumstances: String,
    /// What that is made of.
    #[serde(skip)]
    pub built_with: BuiltWith,
    /// The units that are not there yet, dependencies first.
    pub units: Vec<StoredUnit>,
    /// The keys of all that the remote store has for the workspace.
    #[serde(skip)]
    pub keys: Vec<String>,
    /// How many are there already.
    pub present: usize,
    /// Bytes of the files of what is fetched, before they are packed.
    pub length: Bytes,
}

impl PullUnits {
    /// Its kind.
    pub const KIND: Kind = Kind::new("pull", "pulled-all");
}

/// Units are put into a remote store.
#[derive(Clone, Debug, Serialize)]
pub struct PushUnits {
    /// The workspace that they were built for.
    pub workspace: PathBuf,
    /// The folder of the local store.
    pub from: PathBuf,
    /// The remote store, as people call it.
    pub into: String,
    /// What the workspace builds with, in one hash.
    pub summary: String,
    /// The units that are not there yet.
    pub units: Vec<StoredUnit>,
    /// All units that the workspace was built with.
    #[serde(skip)]
    pub all: Vec<StoredUnit>,
    /// How many are there already.
    pub present: usize,
    /// Bytes of the files of what is put there, before they are packed.
    pub length: Bytes,
}

impl PushUnits {
    /// Its kind.
    pub const KIND: Kind = Kind::new("push", "pushed-all");
}

/// Objects go from a remote store.
#[derive(Clone, Debug, Serialize)]
pub struct DropRemote {
    /// The remote store, as people call it.
    pub from: String,
    /// Their names; what tells of units comes before the packs of these.
    pub objects: Vec<String>,
    /// Their bytes.
    pub length: Bytes,
    /// How many stay.
    pub staying: usize,
}

impl DropRemote {
    /// Its kind.
    pub const KIND: Kind = Kind::new("drop_remote", "objects-dropped");
}

/// What a remote store holds of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemotePart {
    /// What it is: `packs`, `units`, `sets` or `lists`.
    pub kind: String,
    /// How many objects.
    pub objects: usize,
    /// Their bytes.
    pub length: Bytes,
    /// When the oldest was put there.
    pub oldest: Option<Timestamp>,
    /// When the newest was put there.
    pub newest: Option<Timestamp>,
}
