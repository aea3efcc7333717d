//! The store: third-party units that outlive their target folders, and the documents by which providers are asked.
//!
//! One description of a unit serves everywhere: in the local store, in a remote one, and in the messages from and to
//! providers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cargo::model::LockedPackage;
use crate::fs::model::{Problem, Seen, StoredFile};
use crate::plan::action::{DropReason, Kind};
use crate::plan::left::LeftUnit;
use crate::size::Bytes;
use crate::target::unit::UnitId;

/// The version of the documents. A document of another version is not understood.
pub const STORE_VERSION: u32 = 1;

/// The build environment that units need to be of use: their inputs, without those that are theirs alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BuiltWith {
    pub(crate) rustc: String,
    /// The system and its C library, as far as they tell themselves: what is linked here may not load elsewhere.
    pub(crate) platform: String,
    /// `$CARGO_HOME`: Cargo compares where sources lie, and compilers write it down.
    pub(crate) cargo_home: String,
    /// The variables that configurations set for compilers and build scripts under `[env]`.
    pub(crate) env: BTreeMap<String, String>,
}

/// A unit, and what its files are known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoredUnit {
    /// The hash of everything here that says what the unit is, in 64 hexadecimal digits.
    pub key: String,
    /// The hash of the [`BuiltWith`].
    pub circumstances: String,
    /// The package.
    pub package: LockedPackage,
    /// Where Cargo has unpacked it. Cargo compares that, and compilers write it down.
    pub sources: PathBuf,
    /// The profile folder, relative to the target folder, with `/` between.
    pub(crate) profile: String,
    /// The name that Cargo gives it: 16 hexadecimal digits.
    pub hash: String,
    /// The target, by the name of its fingerprint (`lib-serde`).
    pub target: String,
    /// The enabled features, sorted.
    pub features: Vec<String>,
    /// The hash of Cargo's own fingerprint, with all that Cargo compares.
    pub(crate) fingerprint: String,
    /// Hash of a build script's output, without the folder that it was printed in; only for the run of a build
    /// script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) said: Option<String>,
    /// The keys of the units that it was compiled with, sorted.
    pub dependencies: Vec<String>,
    /// The other files that the compiler or a build script has looked at, by content.
    pub(crate) watched: Vec<WatchedFile>,
    /// Its files, by path.
    pub files: Vec<StoredFile>,
    /// Its folders, one before what is in it.
    pub folders: Vec<String>,
    /// Its symbolic links, each beside what it leads to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) links: Vec<StoredLink>,
}

impl StoredUnit {
    /// Which unit of a target folder it becomes.
    #[must_use]
    pub(crate) fn id(&self) -> UnitId {
        UnitId {
            profile: self.profile.clone(),
            hash: self.hash.clone(),
        }
    }

    /// The sum of the lengths of its files.
    #[must_use]
    pub(crate) fn length(&self) -> Bytes {
        self.files.iter().map(|file| Bytes(file.length)).sum()
    }
}

/// A symbolic link of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct StoredLink {
    /// Relative to the target folder, with `/` between.
    pub(crate) path: String,
    /// The name that it leads to, in the same folder.
    pub(crate) to: String,
}

/// Something outside of its package that the compiler or a build script has looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WatchedFile {
    pub(crate) path: PathBuf,
    /// The BLAKE3 hash of what is in it, of a folder that of all that is below; `None` if there was nothing.
    pub(crate) hash: Option<String>,
}

/// The units that were built together: what a workspace with the same packages needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSet {
    pub(crate) keys: Vec<String>,
}

/// "I want to build this": what a provider is asked before a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Before {
    pub(crate) version: u32,
    pub(crate) ask: String,
    /// Hash of build environment and packages: workspaces with the same hash build the same.
    pub(crate) summary: String,
    /// Hash of the build environment.
    pub(crate) circumstances: String,
    /// The build environment itself.
    pub(crate) built_with: BuiltWith,
    /// The triple that units for the host are compiled for.
    pub(crate) host: String,
    pub(crate) workspace: PathBuf,
    /// The third-party packages of its `Cargo.lock`.
    pub(crate) packages: Vec<WantedPackage>,
}

/// A package that a workspace builds with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WantedPackage {
    #[serde(flatten)]
    pub(crate) package: LockedPackage,
    /// The features that may be enabled; `None` if that is not known.
    pub(crate) features: Option<Vec<String>>,
}

/// The units that a provider has.
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
    /// Its description, as the provider got it.
    pub unit: StoredUnit,
}

/// How long files stay where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stays {
    /// Until the provider ends: it waits until nothing more comes from its standard input.
    #[default]
    UntilExit,
    /// For as long as any hard link to them exists.
    Kept,
}

/// How a file is to be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Take {
    /// By a copy.
    #[default]
    Copy,
    /// By a link: no process ever writes to it, and it may get further names.
    Link,
}

/// "I built a thing": the message to a provider after a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct After {
    pub(crate) version: u32,
    pub(crate) ask: String,
    /// As in [`Before`]; all units were built in its build environment.
    pub(crate) summary: String,
    /// The build environment itself.
    pub(crate) built_with: BuiltWith,
    /// The units, dependencies first, each with the places of its files. These exist until the provider ends.
    pub(crate) units: Vec<StoredUnit>,
}

/// The files of a message's units that a provider has taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) version: u32,
    /// Files that it has as well, and keeps: ours may become hard links to them.
    #[serde(default)]
    pub(crate) relocated: Vec<Relocated>,
}

/// A file that a provider has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Relocated {
    /// The path of the file in the message to the provider.
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
}

/// Units are put into a local store.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct HarvestUnits {
    /// The workspace that they were built for.
    pub(crate) workspace: PathBuf,
    /// The target folder that they lie in; `None` if they lie in several places.
    pub(crate) from: Option<PathBuf>,
    /// The folder of the store.
    pub(crate) into: PathBuf,
    /// Hash of the workspace's build environment and packages.
    pub(crate) summary: Option<String>,
    /// The hash of what the units were built with.
    pub(crate) circumstances: String,
    /// The build environment itself.
    #[serde(skip)]
    pub(crate) built_with: Option<BuiltWith>,
    /// The units that are new, dependencies first.
    pub(crate) units: Vec<StoredUnit>,
    /// The keys of all that the workspace has of these packages, new or not.
    #[serde(skip)]
    pub(crate) keys: Vec<String>,
    /// How many are there already.
    pub(crate) present: usize,
    pub(crate) left: Vec<LeftUnit>,
    /// Bytes of what is new.
    pub(crate) length: Bytes,
}

impl HarvestUnits {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("harvest", "harvested-all");
}

/// The result of moving units into a store, or to another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Moved {
    pub(crate) units: usize,
    /// Bytes of files that share their storage with those that were there, where the filesystem has links.
    pub(crate) linked: Bytes,
    /// Bytes of files that were copied.
    pub(crate) copied: Bytes,
    /// Bytes that went to a remote store, or came from it.
    pub(crate) transferred: Bytes,
    /// The units that could not be kept after all, and why.
    pub(crate) left: Vec<String>,
}

/// Units are described to a provider.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TellProvider {
    /// The program, with its arguments.
    pub(crate) program: Vec<String>,
    pub(crate) dir: PathBuf,
    pub(crate) units: usize,
    #[serde(skip)]
    pub(crate) after: After,
}

impl TellProvider {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("tell", "told");
}

/// The content of a local store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct StoreContents {
    pub(crate) folder: PathBuf,
    #[serde(skip)]
    pub(crate) units: Vec<HeldUnit>,
    /// The contents of files that no unit has.
    #[serde(skip)]
    pub(crate) unused: Vec<PathBuf>,
    /// The files that killed runs left behind.
    #[serde(skip)]
    pub(crate) rest: Vec<PathBuf>,
    /// Record of all that may be deleted: descriptions, contents, and leftovers.
    #[serde(skip)]
    pub(crate) seen: Seen,
    /// The space of those files, as far as it counts.
    #[serde(skip)]
    pub(crate) rest_on_disk: Bytes,
    /// The build environments of its units.
    pub(crate) built_with: Vec<HeldWith>,
    /// The space of all files, each once.
    pub(crate) on_disk: Bytes,
    /// The space of files that no target folder has as well.
    pub(crate) own: Bytes,
    /// The files that could not be read.
    pub(crate) problems: Vec<Problem>,
}

/// A unit of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldUnit {
    pub(crate) file: PathBuf,
    pub(crate) key: String,
    pub(crate) package: LockedPackage,
    /// The keys of its dependencies.
    pub(crate) dependencies: Vec<String>,
    /// The contents of its files, each once.
    pub(crate) objects: Vec<HeldObject>,
    /// When it was last used, or put there.
    pub(crate) last_use: Option<Timestamp>,
}

/// The content of a file in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldObject {
    pub(crate) path: PathBuf,
    pub(crate) on_disk: Bytes,
    /// It has no further hard link, such as one in a target folder.
    pub(crate) alone: bool,
}

/// A build environment of units in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct HeldWith {
    pub(crate) circumstances: String,
    /// The build environment itself, as far as it is known.
    #[serde(flatten)]
    pub(crate) built_with: Option<BuiltWith>,
    pub(crate) packages: usize,
    pub(crate) units: usize,
    /// The sum of the lengths of their files.
    pub(crate) length: Bytes,
    /// When one of them was last used.
    pub(crate) last_use: Option<Timestamp>,
}

/// Units are deleted from a local store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DropUnits {
    /// The folder of the store.
    pub(crate) folder: PathBuf,
    pub(crate) units: Vec<DroppedUnit>,
    /// The contents of files that no unit has then.
    #[serde(skip)]
    pub(crate) objects: Vec<PathBuf>,
    /// The files that killed runs left behind.
    #[serde(skip)]
    pub(crate) rest: Vec<PathBuf>,
    /// Record of all of these, and of what is in them.
    #[serde(skip)]
    pub(crate) seen: Seen,
    /// The space that the deletion frees: of files that no target folder has as well.
    pub(crate) freeable: Bytes,
}

impl DropUnits {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("drop_units", "units-dropped");
}

/// A unit that is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DroppedUnit {
    #[serde(skip)]
    pub(crate) file: PathBuf,
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) key: String,
    /// When it was last used, or put there.
    pub(crate) last_use: Option<Timestamp>,
    pub(crate) why: DropReason,
}

/// Units are fetched from a remote store into the local one.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PullUnits {
    /// The workspace that they are for.
    pub(crate) workspace: PathBuf,
    /// The remote store, as people call it.
    pub(crate) from: String,
    /// The folder of the local store.
    pub(crate) into: PathBuf,
    /// Hash of the workspace's build environment and packages.
    pub(crate) summary: String,
    /// The hash of what the units were built with.
    pub(crate) circumstances: String,
    /// The build environment itself.
    #[serde(skip)]
    pub(crate) built_with: BuiltWith,
    /// The units that are not there yet, dependencies first.
    pub(crate) units: Vec<StoredUnit>,
    /// The keys of all that the remote store has for the workspace.
    #[serde(skip)]
    pub(crate) keys: Vec<String>,
    /// How many are there already.
    pub(crate) present: usize,
    /// Bytes of the files of what is fetched, before they are packed.
    pub(crate) length: Bytes,
}

impl PullUnits {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("pull", "pulled-all");
}

/// Units are put into a remote store.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PushUnits {
    /// The workspace that they were built for.
    pub(crate) workspace: PathBuf,
    /// The folder of the local store.
    pub(crate) from: PathBuf,
    /// The remote store, as people call it.
    pub(crate) into: String,
    /// Hash of the workspace's build environment and packages.
    pub(crate) summary: String,
    /// The units that are not there yet.
    pub(crate) units: Vec<StoredUnit>,
    /// All units that the workspace was built with.
    #[serde(skip)]
    pub(crate) all: Vec<StoredUnit>,
    /// How many are there already.
    pub(crate) present: usize,
    /// Bytes of the files of what is put there, before they are packed.
    pub(crate) length: Bytes,
}

impl PushUnits {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("push", "pushed-all");
}

/// Objects are deleted from a remote store.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DropRemote {
    /// The remote store, as people call it.
    pub(crate) from: String,
    /// Their names; what tells of units comes before the packs of these.
    pub(crate) objects: Vec<String>,
    pub(crate) length: Bytes,
    pub(crate) staying: usize,
}

impl DropRemote {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("drop_remote", "objects-dropped");
}

/// The objects of one kind in a remote store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RemotePart {
    /// The kind: `packs`, `units`, `sets` or `lists`.
    pub(crate) kind: String,
    pub(crate) objects: usize,
    pub(crate) length: Bytes,
    /// When the oldest was put there.
    pub(crate) oldest: Option<Timestamp>,
    /// When the newest was put there.
    pub(crate) newest: Option<Timestamp>,
}
