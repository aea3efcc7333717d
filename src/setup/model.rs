//! The changes of files that `setup` and `undo` plan.

use std::path::PathBuf;

use serde::Serialize;

use crate::plan::action::{EditFile, Kind};
use crate::survey::folder::{Layout, Owner};

/// Note beside a target folder whose it is.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RecordOwner {
    pub(crate) file: PathBuf,
    pub(crate) owner: Owner,
}

impl RecordOwner {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("record_owner", "owner-recorded");
}

/// Have git ignore what we add.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct Exclude(pub EditFile);

impl Exclude {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("exclude", "excluded");
}

/// Write a Cargo configuration.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WriteConfig {
    /// The workspace that it is for; `None` if it stands above several.
    pub(crate) workspace: Option<PathBuf>,
    pub(crate) layout: Layout,
    /// The `target-dir` that it sets.
    pub(crate) target_dir: Option<PathBuf>,
    /// The `build-dir` that it sets, with its template variables.
    pub(crate) build_dir: Option<String>,
    /// The `rustc-wrapper` that it sets.
    pub(crate) rustc_wrapper: Option<String>,
    /// The exclude file that must have been changed before, so that git does not show the new file.
    pub(crate) needs: Option<PathBuf>,
    /// The workspace has no other worktree.
    #[serde(skip)]
    pub(crate) alone: bool,
    #[serde(flatten)]
    pub(crate) edit: EditFile,
}

impl WriteConfig {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("write_config", "config-written");

    /// Whether it has a workspace build into its own `target`.
    #[must_use]
    pub(crate) fn is_in_place(&self) -> bool {
        self.workspace.is_some() && self.layout == Layout::InPlace
    }
}

/// Put the script in its place that Cargo runs in place of the compiler.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct InstallWrapper(pub EditFile);

impl InstallWrapper {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("install_wrapper", "wrapper-installed");
}

/// Write into the settings file what was decided for all runs.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WriteSettings {
    /// The settings that it then has, a key and a value each.
    pub(crate) says: Vec<String>,
    #[serde(flatten)]
    pub(crate) edit: EditFile,
}

impl WriteSettings {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("write_settings", "settings-written");
}

/// Put a file back as it was.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Restore {
    #[serde(flatten)]
    pub(crate) edit: EditFile,
    /// The folder of the file was made for it, and goes too if it is empty then.
    pub(crate) remove_folder: bool,
    /// How many folders above that one were made with it.
    #[serde(skip)]
    pub(crate) remove_above: u32,
}

impl Restore {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("restore", "restored");
}

/// Remove the shared root, in which nothing else is left.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RemoveSharedRoot {
    pub(crate) path: PathBuf,
    /// The owner files that go with it, of folders that were never built.
    pub(crate) owner_files: Vec<PathBuf>,
}

impl RemoveSharedRoot {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("remove_shared_root", "shared-root-removed");
}
