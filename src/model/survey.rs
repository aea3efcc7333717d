//! What was found on disk.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::size::Bytes;

/// Everything that was found under the roots, and in the worktrees that belong to it.
#[derive(Debug, Default, Serialize)]
pub struct Survey {
    /// The folders that the run started from, canonical.
    pub roots: Vec<PathBuf>,
    /// Where the target folders of the run live.
    pub shared_root: SharedRoot,
    /// Every repository met, by its common git directory.
    pub repositories: Vec<Repository>,
    /// Every Cargo workspace, each once.
    pub workspaces: Vec<Workspace>,
    /// Every target folder, in use or left behind, each once.
    pub folders: Vec<TargetFolder>,
    /// What the owner files under the shared root say, by folder, whether or not Cargo has made that yet.
    #[serde(skip)]
    pub notes: BTreeMap<PathBuf, Owner>,
    /// Half-deleted folders that an interrupted run left.
    pub trash: Vec<Trash>,
    /// Variables in the environment that beat the configuration files.
    pub overrides: Vec<EnvOverride>,
    /// What could not be read; the rest of the survey is complete without it.
    pub problems: Vec<Problem>,
    /// Every Cargo configuration file that counts for one of the workspaces, by path.
    #[serde(skip)]
    pub configs: BTreeMap<PathBuf, ConfigFile>,
    /// What the configuration of a workspace is resolved against, besides its files.
    #[serde(skip)]
    pub surroundings: Surroundings,
}

/// The one folder under which all target folders of a run live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SharedRoot {
    /// Absolute path, whether or not it exists.
    pub path: PathBuf,
    /// It is there and carries our mark.
    pub exists: bool,
    /// How many runs have changed something under it; the next one makes no use of a plan from before.
    #[serde(skip)]
    pub runs: u64,
    /// What made it the shared root of this run.
    pub chosen: SharedRootChoice,
    /// Git ignores it by a rule outside of it.
    #[serde(skip)]
    pub ignored: bool,
}

/// Why a folder is the shared root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedRootChoice {
    /// `.shared-target` in the root, or in the main worktree that the root belongs to.
    #[default]
    Default,
    /// A workspace's configuration points into it already.
    Configured,
    /// Named on the command line.
    Named,
}

/// A git repository, by its common git directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repository {
    /// `$GIT_COMMON_DIR`, canonical.
    pub common_dir: PathBuf,
    /// The name that people know it by: the folder of its main worktree, or of the bare repository.
    pub name: String,
    /// It has no main worktree.
    pub bare: bool,
    /// Its worktrees, the main one first.
    pub worktrees: Vec<Worktree>,
    /// The bytes of its `info/exclude`; `None` if there is no such file.
    #[serde(skip)]
    pub exclude: Option<Vec<u8>>,
}

/// A git working tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Worktree {
    /// Its top folder; canonical if it exists.
    pub path: PathBuf,
    /// The main one, as opposed to a linked one.
    pub main: bool,
    /// What is checked out.
    pub head: Head,
    /// `git worktree lock` was used on it; the reason given, which may be empty.
    pub locked: Option<String>,
    /// Git would prune it; the reason git gives.
    pub prunable: Option<String>,
    /// Its folder exists.
    pub present: bool,
    /// It lies under one of the roots.
    pub inside_root: bool,
    /// What stays the same when it is moved, and differs for another worktree at its path.
    #[serde(skip)]
    pub stamp: Option<String>,
}

/// What a worktree has checked out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// A branch, without `refs/heads/`.
    Branch(String),
    /// A commit, in full.
    Detached(String),
    /// Git did not say.
    Unknown,
}

/// A Cargo workspace root, or a package that is in no workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Workspace {
    /// The folder of its root manifest, canonical.
    pub root: PathBuf,
    /// Where it stands in a repository; `None` outside git.
    pub place: Option<Place>,
    /// Another workspace of the same worktree in whose folder this one lies.
    pub nested_in: Option<PathBuf>,
    /// It was built: a target folder of its own is there.
    pub built: bool,
    /// Where Cargo builds now, by its configuration alone (without the environment).
    pub dirs: Dirs,
    /// The configuration file that would be edited.
    pub config: PathBuf,
    /// What `cargo metadata`, run in its folder, said.
    pub cargo: CargoAnswer,
    /// The stamp of its worktree, or of its own folder outside git.
    #[serde(skip)]
    pub stamp: Option<String>,
}

/// The place of a workspace in a repository. The common directory and the path together are the family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The repository's `$GIT_COMMON_DIR`.
    pub common_dir: PathBuf,
    /// The top folder of the worktree.
    pub worktree: PathBuf,
    /// The workspace's path inside the worktree; empty at its top.
    pub path: PathBuf,
}

/// The folders that a build writes into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dirs {
    /// Final programs go here.
    pub target_dir: PathBuf,
    /// What decided that.
    pub target_set_by: SetBy,
    /// Intermediate artifacts go here; equal to `target_dir` unless configured.
    pub build_dir: PathBuf,
    /// What decided that.
    pub build_set_by: SetBy,
}

/// What decided a setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    /// Nobody: Cargo's default.
    #[default]
    Default,
    /// This configuration file.
    Config(PathBuf),
    /// Cargo's own answer, which our reading of the files does not explain.
    Cargo,
}

/// What `cargo metadata` said about a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum CargoAnswer {
    /// It was not asked.
    NotAsked,
    /// It answered.
    Said {
        /// This Cargo knows `build.build-dir` (1.91 and later).
        knows_build_dir: bool,
        /// The member packages.
        packages: Vec<Package>,
    },
    /// It failed, with the first line of its error.
    Refused {
        /// The error.
        message: String,
    },
    /// It belongs to another workspace, so nothing is done with this one.
    Elsewhere {
        /// The workspace root that Cargo named.
        root: PathBuf,
    },
}

/// A member of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The folder of its manifest.
    pub folder: PathBuf,
}

/// One Cargo configuration file and what stands in the way of editing it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFile {
    /// Its path: `<folder>/.cargo/config.toml`, or `.cargo/config` where that legacy file exists and wins.
    pub path: PathBuf,
    /// Its bytes; `None` if there is no such file.
    pub bytes: Option<Vec<u8>>,
    /// Values of `build.target-dir` and `build.build-dir`, and whether other files are included.
    pub keys: ConfigKeys,
    /// It is not valid.
    pub invalid: Option<TomlProblem>,
    /// The file or its `.cargo` folder is a symbolic link, with where that leads.
    pub symlink: Option<PathBuf>,
    /// The file may not be written.
    pub read_only: bool,
    /// Whether git tracks it.
    pub tracked: Tracked,
    /// Git ignores it, or there is no git that could show it.
    pub ignored: bool,
    /// It was not there before one of our setups made it.
    pub created_by_us: bool,
}

/// Whether git tracks a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tracked {
    /// Outside any worktree, or git was not asked.
    #[default]
    NotAsked,
    /// No.
    No,
    /// Yes.
    Yes,
    /// Git could not say, with its error.
    Unclear(String),
}

/// The keys of a configuration file that matter here, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigKeys {
    /// `build.target-dir`.
    pub target_dir: Option<String>,
    /// `build.build-dir`.
    pub build_dir: Option<String>,
    /// The file has an `include` key, which only Cargo itself resolves.
    pub includes: bool,
}

/// Where a TOML file is wrong. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TomlProblem {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// What was expected.
    pub message: String,
}

/// What Cargo's configuration is resolved against, besides the files in the workspace's ancestors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `$CARGO_HOME`.
    pub cargo_home: PathBuf,
}

/// A variable in the environment that beats the configuration files in this shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvOverride {
    /// Its name.
    pub variable: String,
    /// Its value.
    pub value: String,
    /// The folder it names, as seen from the current directory.
    pub folder: PathBuf,
}

/// A folder that Cargo builds into, or built into once.
#[derive(Clone, Debug, Serialize)]
pub struct TargetFolder {
    /// Absolute path.
    pub path: PathBuf,
    /// The workspaces whose builds write into it now.
    pub users: Vec<PathBuf>,
    /// How it came to be known.
    pub known: Known,
    /// What its top level looks like.
    pub marks: Marks,
    /// Its size; `None` if it was not asked for.
    pub usage: Option<Usage>,
    /// When something was last built into it, as far as its newest folders tell.
    pub last_build: Option<Timestamp>,
}

/// How a target folder came to be known. The first that fits, from the top, is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Known {
    /// Our owner file stands beside it.
    Owner {
        /// What it says.
        owner: Owner,
        /// Whether that workspace is still there.
        state: OwnerState,
    },
    /// Cargo's default place for this workspace.
    Default {
        /// The workspace.
        workspace: PathBuf,
    },
    /// Cargo's default place for a package that is a member of this workspace now.
    Member {
        /// The workspace.
        workspace: PathBuf,
    },
    /// A configuration file names it.
    Config {
        /// The file.
        file: PathBuf,
    },
    /// An earlier version of a configuration file named it, by our own record.
    Journal {
        /// The file.
        file: PathBuf,
    },
    /// It lies under the shared root, but no owner file says whose it is.
    SharedRoot,
    /// It carries Cargo's marks, but nothing names it.
    Found,
}

/// The note beside every folder that we have Cargo make: `<folder>.sharedtarget.json`.
///
/// It stands beside and not inside, because `cargo clean` deletes the folder with everything in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The workspace root that builds into the folder.
    pub workspace: PathBuf,
    /// The top folder of its worktree, if it is in one.
    pub worktree: Option<PathBuf>,
    /// The repository's common git directory, if it is in one.
    pub common_dir: Option<PathBuf>,
    /// How the folder came about.
    pub layout: Layout,
    /// The filesystem that the workspace lay on, so that one that is not mounted is not taken for gone.
    pub device: Option<u64>,
    /// The stamp of the worktree. Paths are taken over by others: what was built from one tree must never be
    /// fresh for another that was moved to its place.
    #[serde(default)]
    pub stamp: Option<String>,
}

/// What became of the workspace that an [`Owner`] names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum OwnerState {
    /// Its folder is there.
    Present,
    /// It is gone for good.
    Gone,
    /// It is not there, but may come back.
    Missing {
        /// Why that is possible.
        why: String,
    },
}

/// How target folders are laid out.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// A folder for each workspace of each worktree under the shared root
    Isolated,
    /// Each worktree keeps Cargo's own `target/`; nothing is written
    InPlace,
    /// Only intermediate artifacts move, by one config above the worktrees
    BuildDir,
    /// One folder for all, which gives worktrees each other's code
    Flat,
}

/// What the top level of a folder looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Its `CACHEDIR.TAG`.
    pub tag: Tag,
    /// Entries that only Cargo makes are there: `.rustc_info.json`, or a profile folder with Cargo's own content.
    pub cargo: bool,
    /// Top-level entries that Cargo does not make.
    pub foreign: Vec<String>,
    /// The profile folders, where the lock files are.
    pub profiles: Vec<PathBuf>,
    /// A path that git tracks inside it.
    pub tracked: Option<PathBuf>,
    /// Git could not say whether it tracks anything inside, with its error.
    pub tracked_unclear: Option<String>,
    /// A lock in it is held: a build is running.
    pub busy: Option<Busy>,
    /// The folder itself is a symbolic link.
    pub symlink: bool,
    /// Which folder it was when it was looked at.
    #[serde(skip)]
    pub identity: Identity,
}

/// A lock that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Busy {
    /// The lock file, or what else is in use.
    pub lock: PathBuf,
    /// Why not: held by a build, or locks do not work there.
    pub why: BusyReason,
}

/// Why a lock could not be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BusyReason {
    /// Somebody holds it.
    Held,
    /// It cannot be told, with the system's error.
    Unclear(String),
    /// A program in the folder runs: the path is that of the program.
    Runs,
    /// Another filesystem, or a part of one, is mounted there.
    Mounted,
}

/// The state of a `CACHEDIR.TAG`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// There is none.
    #[default]
    Missing,
    /// A regular file with the right signature.
    Valid,
    /// Something else of that name.
    Wrong,
}

/// Which file or folder a path named: device and inode, where the system has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

/// How much space a folder takes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Usage {
    /// Sum of the lengths of all files.
    pub logical: Bytes,
    /// Allocated blocks, each inode once; what `du -s` says.
    pub on_disk: Bytes,
    /// Blocks whose every link lies in this folder: what deleting it alone would free.
    pub freeable: Bytes,
    /// How many entries are in it.
    pub entries: u64,
    /// The newest modification of a file in it.
    pub newest: Option<Timestamp>,
    /// The newest access to a file in it that Cargo reads on every build.
    pub last_read: Option<Timestamp>,
    /// A git repository inside, which nothing may delete.
    pub git_inside: Option<PathBuf>,
    /// A Cargo manifest at a place where Cargo puts none, which means sources.
    pub sources_inside: Option<PathBuf>,
    /// Folders inside that could not be read.
    pub unreadable: Vec<Problem>,
    /// Files with more than one link, for counting over several folders.
    #[serde(skip)]
    pub links: Vec<LinkedFile>,
}

/// A file with more than one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkedFile {
    /// Which one.
    pub identity: Identity,
    /// Its allocated space.
    pub on_disk: Bytes,
    /// How many links it has in all.
    pub links: u64,
    /// How many of them were seen here.
    pub seen: u64,
}

/// A half-deleted folder.
#[derive(Clone, Debug, Serialize)]
pub struct Trash {
    /// Where it is.
    pub path: PathBuf,
    /// It carries the mark that we put into every folder before we rename it.
    pub ours: bool,
    /// Its size; `None` if it was not asked for.
    pub usage: Option<Usage>,
}

/// Something that could not be read or understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What it is about.
    pub path: PathBuf,
    /// What went wrong, with the next step where there is one.
    pub message: String,
}
