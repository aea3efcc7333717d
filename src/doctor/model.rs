//! The problems of a setup.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::fs::model::Problem;
use crate::hook::model::HookStatus;
use crate::size::Bytes;
use crate::target::layout::DiskLayout;

/// Facts about the machine, besides the files on its disks.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DoctorFacts {
    /// The programs that everything depends on.
    pub(crate) tools: Vec<Tool>,
    /// The toolchains of Rust, that of this folder first.
    pub(crate) toolchains: Vec<Toolchain>,
    /// The programs that Cargo runs in place of the compiler, each once.
    pub(crate) wrappers: Vec<WrapperFacts>,
    /// Variables of this shell that Cargo and the compiler heed, but for those that name folders.
    #[serde(skip)]
    pub(crate) variables: Vec<(String, String)>,
    /// Where target folders are or would be.
    pub(crate) place: Option<PlaceFacts>,
    /// The git hooks of the repositories that were met.
    #[serde(skip)]
    pub(crate) hooks: Vec<HookStatus>,
    /// Links in the place of target folders that lead to nothing, each with where it leads.
    #[serde(skip)]
    pub(crate) broken_links: Vec<(PathBuf, PathBuf)>,
    /// Worktrees that git lists, and that are not there as such.
    #[serde(skip)]
    pub(crate) half_removed: Vec<HalfRemoved>,
    /// Workspaces that can be written from here, but cannot be built.
    #[serde(skip)]
    pub(crate) closed: Vec<ClosedFolder>,
    /// Timers that run something that is gone.
    #[serde(skip)]
    pub(crate) timers: Vec<LostTimer>,
    /// The settings of editors for rust-analyzer.
    #[serde(skip)]
    pub(crate) analyzers: Vec<AnalyzerSetting>,
    /// Tracked configurations that name no path of this machine in the commit that is checked out.
    #[serde(skip)]
    pub(crate) uncommitted: Vec<PathBuf>,
    /// Target folders that tools take along into new worktrees.
    #[serde(skip)]
    pub(crate) taken_along: Vec<TakenAlong>,
}

/// A program that everything depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Tool {
    /// Its name: `git`, or `cargo` with the name of its toolchain.
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    /// Why that is not known.
    pub(crate) problem: Option<String>,
}

/// A toolchain of Rust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Toolchain {
    /// Its name; none for the one that is used in this folder.
    pub(crate) name: Option<String>,
    /// The version of its Cargo.
    pub(crate) cargo: Option<String>,
    /// The version of its compiler.
    pub(crate) rustc: Option<String>,
    /// How its Cargo lays out target folders, unless it is told otherwise.
    pub(crate) layout: Option<DiskLayout>,
    /// Why one of these is not known.
    pub(crate) problem: Option<String>,
}

/// A program that Cargo runs in place of the compiler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WrapperFacts {
    pub(crate) program: String,
    /// The variable that names it.
    pub(crate) variable: Option<String>,
    /// The configuration that names it, where no variable does.
    pub(crate) config: Option<PathBuf>,
    /// Its version, if it is a compiler cache that is known.
    pub(crate) version: Option<String>,
    /// Why it does not run the compiler.
    pub(crate) problem: Option<String>,
    /// Why it was not run to see that.
    pub(crate) not_asked: Option<String>,
    /// Local crates are compiled incrementally by it.
    pub(crate) incremental: bool,
}

/// The filesystem that target folders are on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PlaceFacts {
    /// A folder on it that exists.
    pub(crate) path: PathBuf,
    /// The name of the filesystem, if it is a network filesystem.
    pub(crate) network: Option<String>,
    /// The free space on it.
    pub(crate) available: Bytes,
    pub(crate) total: Bytes,
    /// Files can share storage until one is written to; `None` if that was not tried.
    pub(crate) clones: Option<bool>,
}

/// A worktree that git lists, and would prune.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HalfRemoved {
    pub(crate) path: PathBuf,
    /// The common git directory of its repository.
    pub(crate) repository: PathBuf,
    pub(crate) left: Left,
}

/// The remains of a worktree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Left {
    /// More than what builds and setup make.
    Files,
    Nothing,
    /// Its folder, with no more than what builds and setup make.
    Folder,
}

/// A folder that a workspace builds into, and that cannot be written from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClosedFolder {
    pub(crate) workspace: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) why: String,
    /// Further folders that `onboard` writes to and that cannot be written from here either: the git folder of its
    /// repository, and our record.
    pub(crate) also: Vec<PathBuf>,
}

/// A timer that runs something that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LostTimer {
    /// Its files that are there, and systemd's link.
    pub(crate) files: Vec<PathBuf>,
    /// The program, or the folder, that is gone.
    pub(crate) gone: PathBuf,
    /// It is that of the shared root that was looked at, so that a new one takes its place.
    pub(crate) own: bool,
    /// The command by which the system forgets it.
    pub(crate) stop: String,
}

/// A setting of rust-analyzer's that moves its target folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnalyzerSetting {
    /// The file that has it.
    pub(crate) file: PathBuf,
    /// The folder; nothing for one of its own in the target folder.
    pub(crate) folder: Option<String>,
}

/// A target folder that a tool takes along into new worktrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenAlong {
    /// The file that says so.
    pub(crate) file: PathBuf,
    /// The folder, inside the worktree.
    pub(crate) folder: PathBuf,
    /// A link leads to it; else it is copied.
    pub(crate) linked: bool,
}

/// The findings about a setup.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DoctorReport {
    #[serde(flatten)]
    pub(crate) facts: DoctorFacts,
    /// The problems, the worst first.
    pub(crate) diagnoses: Vec<Diagnosis>,
    /// The folders that a sandbox would have to let builds write.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) to_write: BTreeSet<PathBuf>,
    /// The paths that could not be read.
    pub(crate) problems: Vec<Problem>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Diagnosis {
    pub(crate) severity: Severity,
    pub(crate) kind: DiagnosisKind,
    pub(crate) paths: Vec<PathBuf>,
    /// The finding, as a sentence without a full stop.
    pub(crate) what: String,
    pub(crate) why: String,
    /// The one command, or the one thing to do, that fixes it.
    pub(crate) fix: String,
    /// How `--fix` mends it, if it does.
    pub(crate) automatic: Option<Fix>,
}

/// The way in which `--fix` fixes a problem. All of it can be undone, and nothing is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fix {
    /// Give the worktrees configurations of their own.
    Configure,
    /// Put the git hook in its place.
    InstallHook,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// A user may run another worktree's code, or lose work.
    Danger,
    /// It does not do what it is there for.
    Broken,
    /// It costs time or space.
    Waste,
    /// The user may want it like this. Alone it is no reason to complain.
    Hint,
}

/// The kind of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum DiagnosisKind {
    /// Several worktrees of a repository build into one folder.
    SharedByWorktrees,
    /// Cargo is run in a target folder that has the configuration of another worktree above it.
    CargoInside,
    /// A worktree in another one has that one's configuration.
    Inherited,
    /// A tool links the target folder of one worktree into new ones.
    LinkedTarget,
    /// A tool copies a target folder into new worktrees.
    CopiedTarget,
    /// A shared root that others can write to, or that is none of the user's.
    Refused,
    /// A project was copied with its shared root, and builds into that of the original.
    Copied,
    /// A project was moved with its shared root, and its configurations lead to where that was.
    Moved,
    /// Builds lead into a folder that cannot be written from here.
    Unreachable,
    /// A variable beats the configuration.
    EnvOverride,
    /// A configuration that git tracks has a path of this machine.
    TrackedPath,
    /// One folder has two configuration files, and Cargo reads the old one.
    LegacyConfig,
    /// A filesystem without locks.
    NoLocks,
    /// A link in the place of a target folder leads to nothing.
    BrokenLink,
    /// Little space is left.
    NearlyFull,
    /// Other filesystems than that of the target folders.
    OtherFilesystem,
    /// Files cannot share storage until one is written to.
    NoClones,
    /// A worktree inside another one gets its flags as well.
    FlagsTwice,
    /// Folders of worktrees that are gone.
    Orphans,
    /// Worktrees that git lists, without their files or without their `.git`.
    HalfRemoved,
    /// The git hook does not do what it is there for.
    Hook,
    /// A timer runs a program, or is about a folder, that is gone.
    Timer,
    /// A Cargo that does not know `build.build-dir`.
    OldCargo,
    /// A program that Cargo runs in place of the compiler.
    Wrapper,
    /// rust-analyzer builds somewhere else.
    Analyzer,
    /// A program that everything depends on cannot be run.
    Tool,
    /// A folder asks for a toolchain that rustup does not have.
    Toolchain,
}
