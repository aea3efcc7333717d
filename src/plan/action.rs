//! What would be done, and what is kept and why.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::clean::model::CollectFolder;
use crate::dedupe::model::RelinkFolder;
use crate::fs::model::{Identity, Usage};
use crate::hook::model::HookChange;
use crate::plan::kept::Kept;
use crate::script::model::DropScript;
use crate::size::Bytes;
use crate::store::model::{
    DropRemote, DropUnits, HarvestUnits, PullUnits, PushUnits, TellProvider,
};
use crate::survey::folder::{Layout, Litter, Owner};
use crate::warm::model::WarmFolder;

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
    /// What the deletions free together: each inode once, and only those whose every link goes. If nothing is deleted,
    /// what is freed by sharing.
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
        /// The `rustc-wrapper` that it sets.
        rustc_wrapper: Option<String>,
        /// The exclude file that must have been changed before, so that git does not show the new file.
        needs: Option<PathBuf>,
        /// The edit.
        #[serde(flatten)]
        edit: EditFile,
    },
    /// Put the script in its place that Cargo runs in place of the compiler.
    InstallWrapper(EditFile),
    /// Write into the settings file what was decided for all runs.
    WriteSettings {
        /// What it says then, a key and a value each.
        says: Vec<String>,
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
    /// Have units of a target folder share their storage with donors'.
    Relink(RelinkFolder),
    /// Delete units of a target folder.
    Collect(CollectFolder),
    /// Delete a target folder.
    DeleteFolder(DeleteFolder),
    /// Delete what an interrupted run left.
    FinishTrash {
        /// What kind of thing it is.
        kind: Litter,
        /// Where it is.
        path: PathBuf,
        /// What it takes.
        usage: Option<Usage>,
    },
    /// Put units into the local store.
    Harvest(HarvestUnits),
    /// Tell a provider of units.
    Tell(TellProvider),
    /// Fetch units from the remote store.
    Pull(PullUnits),
    /// Put units into the remote store.
    Push(PushUnits),
    /// Delete objects of the remote store.
    DropRemote(DropRemote),
    /// Delete units of the local store.
    DropUnits(DropUnits),
    /// Delete a part of the cache of scripts.
    DropScript(DropScript),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LastUseSource {
    /// The newest modification: the last build that compiled something.
    Modified,
    /// The newest access to a file that Cargo reads on every build (see `noatime` in docs/deleting.md).
    Read,
}

/// What the user should know before saying yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "warning")]
pub enum Warning {
    /// A provider of units was of no use.
    Provider {
        /// The program.
        program: String,
        /// What went wrong.
        why: String,
    },
    /// The store could not be used.
    NoStore {
        /// Why not.
        why: String,
    },
    /// Units of the store are of no use.
    StoreLeft {
        /// The provider that they came from; `None` if they were in the local store.
        #[serde(skip_serializing_if = "Option::is_none")]
        program: Option<String>,
        /// Of how many packages.
        packages: usize,
        /// The first of these.
        first: String,
        /// What is wrong with it.
        why: String,
    },
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
    /// Configurations lead into a shared root, and no record says what they held before.
    NoRecord {
        /// The shared root, by the mark in it.
        root: PathBuf,
        /// The configurations.
        files: Vec<PathBuf>,
    },
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
    /// The settings' budget cannot be kept to without what is in use.
    OverBudget {
        /// How much is over it.
        bytes: Bytes,
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

/// Why a part of the cache of scripts goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// All of its kind was asked for.
    All,
    /// It was not used for as long as was asked for.
    Idle,
    /// For space: what was used longest ago.
    Budget,
}
