//! Things that are kept as they are, and the reasons.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::cargo::model::TomlProblem;
use crate::fs::model::BusyReason;
use crate::plan::hook_state::HookState;
use crate::plan::left::LeftUnit;
use crate::plan::tool_state::{Tool, ToolState};
use crate::size::Bytes;
use crate::survey::folder::Layout;

/// Something that is kept as it is.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Kept {
    pub(crate) subject: Subject,
    pub(crate) path: PathBuf,
    pub(crate) reason: KeptReason,
    /// Its space, where that is known.
    pub(crate) on_disk: Option<Bytes>,
    /// When something was last built into it, for a folder.
    pub(crate) last_build: Option<Timestamp>,
}

/// The kind of a kept thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Subject {
    /// The configuration of a workspace, by the workspace's folder.
    Workspace,
    /// A configuration or exclude file.
    File,
    /// A target folder.
    Folder,
    /// Something that an interrupted run may have left.
    Trash,
    /// A git hook.
    Hook,
    /// The file of a tool that makes worktrees.
    Tool,
}

/// The reason why something is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "reason")]
pub(crate) enum KeptReason {
    /// It is as it should be.
    UpToDate {
        /// The layout that it has.
        layout: Layout,
    },
    /// The layout writes nothing.
    InPlaceAsked,
    /// It builds into its own `target`, as was decided for its repository.
    InPlaceDecided {
        /// The file that says so.
        file: PathBuf,
    },
    /// It builds into its own `target`, since the shared root cannot be used from here.
    Unreachable {
        /// Why not.
        why: String,
    },
    /// The one configuration above serves it.
    ServedAbove {
        /// That file.
        file: PathBuf,
    },
    /// The one configuration above does not reach it: it lies elsewhere, or a nearer file decides.
    NotServed {
        /// That file.
        file: PathBuf,
    },
    /// It cannot be moved to the place where its workspace builds from now on.
    NotMoved {
        /// That place.
        to: PathBuf,
    },
    /// Its tests or build scripts run Cargo in its target folder, so it is in place: in a shared root that lies in a worktree,
    /// the configuration of that one is above.
    CargoInside {
        /// The file that says so.
        by: PathBuf,
        /// Git tracks its configuration, so the layout `isolated` needs `--edit-tracked` as well.
        tracked: bool,
    },
    /// Workspaces lie inside that tests run Cargo on, so it is in place.
    FixtureInside {
        /// One of those workspaces.
        inside: PathBuf,
        /// Git tracks its configuration, so the layout `isolated` needs `--edit-tracked` as well.
        tracked: bool,
    },
    /// Tests run Cargo on it.
    Fixture {
        /// The workspace whose tests these are.
        around: PathBuf,
    },
    /// Git tracks the configuration, so a change would show in `git status`.
    ConfigTracked {
        /// The file.
        file: PathBuf,
        /// The line that its maintainers could commit instead (Cargo 1.93 and later).
        include: String,
    },
    /// Git could not say whether the configuration is tracked.
    TrackedUnclear {
        /// Git's error.
        message: String,
    },
    /// The configuration is a symbolic link.
    ConfigSymlink {
        /// The file.
        file: PathBuf,
        /// Where it leads.
        to: PathBuf,
    },
    /// The configuration may not be written.
    ConfigReadOnly {
        /// The file.
        file: PathBuf,
    },
    /// The configuration is not valid.
    ConfigInvalid {
        /// The file.
        file: PathBuf,
        /// The error in it.
        #[serde(flatten)]
        problem: TomlProblem,
    },
    /// The key cannot be set without touching something else in the file.
    ConfigUnsure {
        /// The file.
        file: PathBuf,
    },
    /// The user set the folder.
    ConfigSet {
        /// The file that sets it.
        file: PathBuf,
        /// The key.
        key: String,
        /// Its value there.
        value: String,
    },
    /// Its `target` leads elsewhere, where its owner wants what is built.
    TargetElsewhere {
        /// Where.
        to: PathBuf,
    },
    /// It has no other worktree to share anything with.
    Alone,
    /// A nested workspace that was never built: it takes its configuration from above, safely.
    NeverBuilt {
        /// The workspace around it.
        around: PathBuf,
    },
    /// It lies in a folder that git ignores, where other package managers put what is none of the user's.
    IgnoredByGit,
    /// Its Cargo does not know `build.build-dir`, without which an unconfigured worktree inside this one would
    /// share its folder.
    OldCargo {
        /// Git tracks its configuration, so the layout `isolated` needs `--edit-tracked` as well.
        tracked: bool,
    },
    /// Cargo does not accept the workspace.
    CargoRefused {
        /// The first line of its error.
        message: String,
        /// Its worktree has submodules, which git fetches after it makes the worktree.
        #[serde(skip)]
        submodules: bool,
    },
    /// Cargo says that it belongs to another workspace.
    PartOf {
        /// That workspace.
        workspace: PathBuf,
    },
    /// A path cannot be written into a configuration file: not UTF-8, or with a brace in a build folder.
    Unwritable {
        /// The path.
        path: PathBuf,
    },
    /// The flat layout would run another worktree's code.
    FlatUnsafe {
        /// How many worktrees would share the folder.
        worktrees: usize,
    },
    /// The flat layout would mix two packages of one name.
    FlatSameName {
        /// The name.
        package: String,
        /// The other workspace with such a package.
        other: PathBuf,
    },
    /// A build writes into it.
    InUse {
        /// The first workspace that does.
        by: PathBuf,
    },
    /// The environment names it.
    NamedByEnv {
        /// The variable.
        variable: String,
    },
    /// Other workspaces may use it: a configuration that more than these workspaces read names it.
    MayServeOthers {
        /// That file.
        file: PathBuf,
    },
    /// A configuration names it that stands where no workspace is known, such as beside a broken manifest.
    NamedByStranger {
        /// That file.
        file: PathBuf,
    },
    /// It carries Cargo's marks, but no configuration names it: it may be used by `--target-dir` or a tool.
    Unclaimed,
    /// No owner file says whose it is.
    NoOwner,
    /// Its workspace is not there, but may come back.
    OwnerMissing {
        /// The workspace.
        workspace: PathBuf,
        /// Why that is possible.
        why: String,
    },
    /// Nothing else is left of its workspace, whose sources may come back.
    MayComeBack {
        /// The workspace.
        workspace: PathBuf,
        /// Why that is possible.
        why: String,
    },
    /// Its workspace exists, but was not looked at in this run.
    OwnerElsewhere {
        /// The workspace.
        workspace: PathBuf,
    },
    /// It does not look like a target folder: no valid `CACHEDIR.TAG` and none of Cargo's marks.
    NotATarget {
        /// The sign that is missing or wrong.
        why: String,
    },
    /// It has entries that Cargo does not make.
    ForeignEntries {
        /// Their names.
        names: Vec<String>,
    },
    /// Git tracks something in it.
    TrackedInside {
        /// The first such path.
        path: PathBuf,
    },
    /// No unit is taken from it, since another author may have made its content.
    NotADonor {
        /// Why.
        because: Box<KeptReason>,
    },
    /// Another user owns it.
    OthersOwn {
        /// The path that the other user owns.
        path: PathBuf,
    },
    /// Other users can write to it.
    OthersWrite {
        /// Where.
        path: PathBuf,
    },
    /// A git repository lies in it.
    GitInside {
        /// Its path.
        path: PathBuf,
    },
    /// Sources lie in it.
    SourcesInside {
        /// The manifest.
        path: PathBuf,
    },
    /// A part of it could not be read, so what is in it is not known.
    Unreadable {
        /// The first such part.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A folder in use lies in it.
    HoldsUsed {
        /// That folder.
        path: PathBuf,
    },
    /// It is the shared root.
    SharedRoot,
    /// A build is running in it, or that is unknown.
    Busy {
        /// The lock.
        lock: PathBuf,
        /// Why it could not be had.
        why: BusyReason,
    },
    /// It lies in a folder that is deleted.
    GoesWith {
        /// That folder.
        path: PathBuf,
    },
    /// It may be deleted, but this run was not asked to delete such folders.
    NotAsked {
        /// The reason why it may be deleted.
        #[serde(rename = "because")]
        why: DeleteReason,
    },
    /// Used more recently than asked for.
    Recent {
        /// Its last use.
        since: Timestamp,
        /// Where that is known from.
        source: LastUseSource,
    },
    /// It has the name of something that an interrupted run leaves, but not our mark.
    NotOurTrash,
    /// Another run is at work in it.
    OtherRun {
        /// The lock that it holds.
        lock: PathBuf,
    },
    /// It lies outside of the project, which was moved.
    OutsideMoved {
        /// Where the project was.
        from: PathBuf,
    },
    /// Changed by hand since we wrote it.
    ChangedByHand,
    /// It hides a file from git, and that file is kept.
    StillNeeded,
    /// A script that a configuration beside it still names: without it every build would fail.
    StillNamed,
    /// A file of a timer that is as it was asked for.
    TimerAsAsked,
    /// It holds what it held before.
    AsItWas,
    /// Its worktree is gone.
    WorktreeGone,
    /// It has everything that the donor has for it.
    Warm {
        /// The donor.
        from: PathBuf,
        /// How many units that are.
        units: usize,
        /// The units that it does not have, and why.
        left: Vec<LeftUnit>,
    },
    /// No rule is about anything in it.
    NothingToCollect {
        /// How many units it has.
        units: usize,
        /// Why rules that were asked for do not count there: fragments.
        doubts: Vec<String>,
    },
    /// Nothing in it is replaced: nothing is the same as something elsewhere that it does not share already, or others
    /// have it from here.
    NothingToShare {
        /// How many units it has.
        units: usize,
        /// How many of them are left as they are, though others have the same: as links, they would look stale to
        /// Cargo.
        left: usize,
        /// How many of them are left as they are, because the same file elsewhere has another owner or mode.
        left_by_rights: usize,
        /// Others come to share what it has.
        donor: bool,
        /// How many other folders were left out of the comparison, such as those in which a build runs.
        #[serde(skip)]
        not_compared: usize,
    },
    /// The store has everything of it that can be kept.
    Harvested {
        /// How many units.
        units: usize,
        /// The units that cannot be kept.
        left: Vec<LeftUnit>,
    },
    /// A remote store has nothing for it.
    NothingRemote {
        /// The remote store, as people call it.
        from: String,
    },
    /// The remote store has everything of it that the local one has.
    Pushed {
        /// How many units.
        units: usize,
        /// The remote store, as people call it.
        to: String,
    },
    /// The local store has nothing of it.
    NothingHarvested,
    /// There is no `Cargo.lock`.
    NoLock,
    /// There is no compiler.
    NoCompiler {
        /// Why not.
        why: String,
    },
    /// Nothing was built anywhere that could fit.
    NoDonor,
    /// Nothing that the donor has can be taken.
    NothingFits {
        /// The donor.
        from: PathBuf,
        /// The donor's units, and why each cannot be taken.
        left: Vec<LeftUnit>,
    },
    /// Builds hold every folder that could give it units, or may hold it.
    DonorBusy {
        /// The best of them.
        folder: PathBuf,
        /// Why its lock could not be had.
        why: BusyReason,
    },
    /// Its `Cargo.lock` is not valid, so it is unknown which units it can use.
    LockInvalid {
        /// The file.
        file: PathBuf,
        /// The error in it.
        #[serde(flatten)]
        problem: TomlProblem,
    },
    /// A git hook, for how it stands with it.
    Hook {
        /// That.
        hook: HookState,
    },
    /// The file of a tool that makes worktrees, for how it stands with our command in it.
    Tool {
        /// The tool.
        tool: Tool,
        /// That.
        setting: ToolState,
    },
}

impl KeptReason {
    /// Whether there is something to do that could not even be planned.
    #[must_use]
    pub(crate) fn is_stuck(&self) -> bool {
        matches!(self, Self::LockInvalid { .. } | Self::DonorBusy { .. })
    }

    /// Whether something is left to do when that has changed, so that it is named where nothing else is.
    #[must_use]
    pub(crate) fn waits(&self) -> bool {
        self.is_stuck() || matches!(self, Self::CargoRefused { .. })
    }

    /// Returns whether an answer of git or Cargo was missing that may have changed the decision.
    #[must_use]
    pub(crate) fn wants_answer(&self) -> bool {
        match self {
            Self::CargoRefused { .. } | Self::TrackedUnclear { .. } => true,
            Self::NothingToCollect { doubts, .. } => !doubts.is_empty(),
            _ => false,
        }
    }
}

/// The reason why a target folder may be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "reason")]
pub(crate) enum DeleteReason {
    /// Stale: the workspace builds into another folder.
    Replaced {
        /// That folder.
        by: PathBuf,
    },
    /// Stale: its intermediate artifacts are kept elsewhere from now on.
    BuildDirMoved {
        /// Where.
        to: PathBuf,
    },
    /// Stale: the package became a member of a workspace, which builds elsewhere.
    MemberOf {
        /// The workspace.
        workspace: PathBuf,
    },
    /// Orphaned: the workspace is gone.
    OwnerGone {
        /// The workspace.
        workspace: PathBuf,
    },
    /// Idle: not used for as long as was asked for.
    Idle {
        /// Its last use, from the source named beside it.
        since: Timestamp,
        /// Where that is known from.
        source: LastUseSource,
    },
    /// Merged: the branches of all worktrees that build into it are merged.
    Merged {
        /// The branch of one of them.
        branch: String,
        /// The branch that it is merged into.
        into: String,
    },
    /// Everything was asked for.
    All,
}

/// Where the time of a last use comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum LastUseSource {
    /// The newest modification: the last build that compiled something.
    Modified,
    /// The newest access to a file that Cargo reads on every build (see `noatime` in docs/deleting.md).
    Read,
}
