//! What would be done, and what is kept and why.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    BusyReason, HookChange, HookState, Identity, Layout, LeftUnit, Owner, RelinkFolder,
    TomlProblem, Usage, WarmFolder,
};
use crate::size::Bytes;

/// What a run would do. One plan feeds the preview, the question, the JSON and the execution.
///
/// Everything that was looked at stands in it exactly once, as an [`Action`] or as [`Kept`].
#[derive(Debug, Default, Serialize)]
pub struct Plan {
    /// In the order in which they are carried out.
    pub actions: Vec<Action>,
    /// What stays as it is.
    pub kept: Vec<Kept>,
    /// What the user should know before saying yes.
    pub warnings: Vec<Warning>,
    /// What the deletions free together: each inode once, and only those whose every link goes.
    pub freeable: Bytes,
}

impl Plan {
    /// The folders that would be deleted.
    pub fn deletions(&self) -> impl Iterator<Item = &DeleteFolder> {
        self.actions.iter().filter_map(|action| match action {
            Action::DeleteFolder(delete) => Some(delete),
            _ => None,
        })
    }
}

/// One thing that would be done.
#[derive(Debug, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Make the shared root, with its mark.
    CreateSharedRoot {
        /// Where.
        path: PathBuf,
    },
    /// Note beside a target folder whose it is.
    RecordOwner {
        /// The note.
        file: PathBuf,
        /// Its content.
        owner: Owner,
    },
    /// Have git ignore what we add.
    Exclude(EditFile),
    /// Write a Cargo configuration.
    WriteConfig {
        /// The workspace that it is for; `None` if it stands above several.
        workspace: Option<PathBuf>,
        /// The layout.
        layout: Layout,
        /// The `target-dir` that it sets.
        target_dir: Option<PathBuf>,
        /// The `build-dir` that it sets, with its template variables.
        build_dir: Option<String>,
        /// The exclude file that must have been changed before, so that git does not show the new file.
        needs: Option<PathBuf>,
        /// The edit.
        #[serde(flatten)]
        edit: EditFile,
    },
    /// Put a file back as it was.
    Restore {
        /// The edit.
        #[serde(flatten)]
        edit: EditFile,
        /// The folder of the file was made for it, and goes too if it is empty then.
        remove_folder: bool,
    },
    /// Give a target folder the units of another one.
    Warm(WarmFolder),
    /// Have units of a target folder share their storage with a donor's.
    Relink(RelinkFolder),
    /// Delete a target folder.
    DeleteFolder(DeleteFolder),
    /// Finish deleting what an interrupted run left.
    FinishTrash {
        /// The half-deleted folder.
        path: PathBuf,
        /// What it takes.
        usage: Option<Usage>,
    },
    /// Put our git hook in its place.
    InstallHook(HookChange),
    /// Take our git hook out.
    RemoveHook(HookChange),
}

/// A change of one file, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditFile {
    /// The file.
    pub file: PathBuf,
    /// Its bytes when it was planned; `None` if it did not exist. The edit is skipped if they differ by then.
    #[serde(skip)]
    pub before: Option<Vec<u8>>,
    /// Its bytes afterwards; `None` to remove it.
    #[serde(skip)]
    pub after: Option<Vec<u8>>,
    /// What happens to the file, for the reader.
    pub change: Change,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Create,
    /// Its content changes.
    Edit,
    /// It goes.
    Remove,
}

/// The deletion of one target folder.
#[derive(Debug, Serialize)]
pub struct DeleteFolder {
    /// The folder.
    pub path: PathBuf,
    /// Why no build will miss it.
    pub why: DeleteReason,
    /// The workspace whose it is or was, where that is known.
    pub workspace: Option<PathBuf>,
    /// What it takes; `None` if sizes were not asked for.
    pub usage: Option<Usage>,
    /// When something was last built into it.
    pub last_build: Option<Timestamp>,
    /// Workspaces that must not build into it any more by the time it is deleted; Cargo is asked again.
    pub released_by: Vec<PathBuf>,
    /// Folders that must have been warmed before, since this one has what they need.
    pub gave_to: Vec<PathBuf>,
    /// Top-level entries that Cargo does not make, and that may go all the same.
    pub allowed_entries: Vec<String>,
    /// Which folder was looked at.
    #[serde(skip)]
    pub identity: Identity,
}

/// Why a target folder may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum DeleteReason {
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
    /// Everything was asked for.
    All,
}

/// Where the time of a last use comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LastUseSource {
    /// The newest modification: the last build that compiled something.
    Modified,
    /// The newest access to a file that Cargo reads on every build (see `noatime` in the README).
    Read,
}

/// Something that stays as it is.
#[derive(Debug, Serialize)]
pub struct Kept {
    /// What.
    pub subject: Subject,
    /// Its path.
    pub path: PathBuf,
    /// Why.
    pub reason: KeptReason,
    /// What it takes, where that is known.
    pub on_disk: Option<Bytes>,
    /// When something was last built into it, for a folder.
    pub last_build: Option<Timestamp>,
}

/// What kind of thing is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The configuration of a workspace, by the workspace's folder.
    Workspace,
    /// A configuration or exclude file.
    File,
    /// A target folder.
    Folder,
    /// A half-deleted folder.
    Trash,
    /// A git hook.
    Hook,
}

/// Why something stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum KeptReason {
    /// It is as it should be.
    UpToDate {
        /// The layout that it has.
        layout: Layout,
    },
    /// The layout writes nothing.
    InPlaceAsked,
    /// One configuration above it serves it.
    ServedAbove {
        /// That file.
        file: PathBuf,
    },
    /// The one configuration above does not reach it: it lies elsewhere, or a nearer file decides.
    NotServed {
        /// That file.
        file: PathBuf,
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
        /// What is wrong with it.
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
    /// A nested workspace that was never built: it takes its configuration from above, safely.
    NeverBuilt {
        /// The workspace around it.
        around: PathBuf,
    },
    /// Its Cargo does not know `build.build-dir`, without which an unconfigured worktree inside this one would
    /// share its folder.
    OldCargo,
    /// Cargo does not accept the workspace.
    CargoRefused {
        /// The first line of its error.
        message: String,
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
    /// Somebody else may use it: a configuration that more than these workspaces read names it.
    MayServeOthers {
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
    /// Its workspace exists, but was not looked at in this run.
    OwnerElsewhere {
        /// The workspace.
        workspace: PathBuf,
    },
    /// It does not look like a target folder: no valid `CACHEDIR.TAG` and none of Cargo's marks.
    NotATarget {
        /// What is wrong.
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
    /// A build is running in it, or it cannot be told.
    Busy {
        /// The lock.
        lock: PathBuf,
        /// Why it could not be had.
        why: BusyReason,
    },
    /// It lies in a folder that goes.
    GoesWith {
        /// That folder.
        path: PathBuf,
    },
    /// It may go, but this run was not asked to delete such folders.
    NotAsked {
        /// Why it may go.
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
    /// It has the name of our trash, but not our mark.
    NotOurTrash,
    /// Changed by hand since we wrote it.
    ChangedByHand,
    /// It hides a file from git that stays.
    StillNeeded,
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
        /// What it does not have, and why.
        left: Vec<LeftUnit>,
    },
    /// Nothing was built anywhere that could fit.
    NoDonor,
    /// Nothing that the donor has can be taken.
    NothingFits {
        /// The donor.
        from: PathBuf,
        /// What it has, and why not.
        left: Vec<LeftUnit>,
    },
    /// Builds hold every folder that could give it units.
    DonorBusy {
        /// The best of them.
        folder: PathBuf,
    },
    /// Its `Cargo.lock` is not valid, so nobody can tell what it can use.
    LockInvalid {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        #[serde(flatten)]
        problem: TomlProblem,
    },
    /// A git hook, for how it stands with it.
    Hook {
        /// That.
        hook: HookState,
    },
}

/// What the user should know before saying yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "warning")]
pub enum Warning {
    /// The environment beats the configuration files in this shell.
    EnvOverride {
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
    },
    /// Several worktrees of a repository build into one folder: one can run another's code.
    SharedByWorktrees {
        /// The folder.
        folder: PathBuf,
        /// The workspaces.
        workspaces: Vec<PathBuf>,
    },
    /// Deleted folders do not come back.
    NoWayBack,
    /// The next build of these workspaces starts cold.
    ColdStart {
        /// How many.
        workspaces: usize,
    },
    /// This Cargo does not know `build.build-dir`, so an unconfigured nested worktree shares its parent's folder.
    NoBuildDir {
        /// How many workspaces.
        workspaces: usize,
    },
    /// A git hook that is called under another name from now on seems to look at its name.
    HookGoesByItsName {
        /// The hook.
        file: PathBuf,
    },
    /// Something could not be read; it is left out.
    Problem {
        /// What.
        path: PathBuf,
        /// Why.
        message: String,
    },
}
