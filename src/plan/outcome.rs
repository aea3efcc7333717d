//! What was done.

use crate::fs::model::Freed;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::dedupe::model::Relinked;
use crate::size::Bytes;
use crate::store::model::Moved;
use crate::warm::model::Warmed;

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    /// The actions that succeeded.
    pub done: Vec<Done>,
    /// The actions that were not carried out because something had changed since the plan.
    pub skipped: Vec<NotDone>,
    /// The actions that failed.
    pub failed: Vec<NotDone>,
    /// What the deletions freed, and what came to share storage.
    pub freed: Freed,
    /// What the filesystems say.
    pub filesystems: Vec<Filesystem>,
}

impl Outcome {
    /// Whether this was done to this path.
    #[must_use]
    pub fn did(&self, what: Deed, path: &Path) -> bool {
        self.done
            .iter()
            .any(|done| done.what == what && done.path == path)
    }
}

/// An action that succeeded.
#[derive(Debug, Serialize)]
pub struct Done {
    /// What was done.
    pub what: Deed,
    /// The file or folder.
    pub path: PathBuf,
    /// What it freed, for a deletion and for relinking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freed: Option<Freed>,
    /// What it put in place, for warming.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmed: Option<Warmed>,
    /// What became of the units, for relinking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relinked: Option<Relinked>,
    /// What became of the units, for collecting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collected: Option<Collected>,
    /// What became of the units, for the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

/// What became of the units that were to go.
#[derive(Debug, Serialize)]
pub struct Collected {
    /// How many units are gone.
    pub units: usize,
    /// Why something stays after all.
    pub left: Vec<String>,
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Made the shared root.
    CreateSharedRoot,
    /// Noted an owner.
    RecordOwner,
    /// Had git ignore something.
    Exclude,
    /// Wrote a configuration.
    WriteConfig,
    /// The script was put in its place that Cargo runs in place of the compiler.
    InstallWrapper,
    /// The settings file was written.
    WriteSettings,
    /// Put a file back.
    Restore,
    /// Gave a target folder units.
    Warm,
    /// Had units share their storage.
    Relink,
    /// Deleted units of a target folder.
    Collect,
    /// Deleted a target folder.
    DeleteFolder,
    /// Deleted what an interrupted run left.
    FinishTrash,
    /// Put units into the local store.
    Harvest,
    /// Told a provider of units.
    Tell,
    /// Fetched units from the remote store.
    Pull,
    /// Put units into the remote store.
    Push,
    /// Deleted objects of the remote store.
    DropRemote,
    /// Deleted units of the local store.
    DropUnits,
    /// Deleted a part of the cache of scripts.
    DropScript,
    /// Put our git hook in its place.
    InstallHook,
    /// Took our git hook out.
    RemoveHook,
}

/// An action that was not carried out.
#[derive(Debug, Serialize)]
pub struct NotDone {
    /// What was to be done.
    pub what: Deed,
    /// The file or folder.
    pub path: PathBuf,
    /// Why not.
    pub message: String,
}

/// The free space of a filesystem before and after.
#[derive(Debug, Serialize)]
pub struct Filesystem {
    /// A folder on it.
    pub at: PathBuf,
    /// Available bytes before.
    pub available_before: Bytes,
    /// Available bytes after. Other programs write too, so the difference is only roughly ours.
    pub available_after: Bytes,
}
