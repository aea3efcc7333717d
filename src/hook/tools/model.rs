//! The files of tools that make worktrees, and what changes in them.

use std::path::PathBuf;

use serde::Serialize;

use crate::fs::model::FoundProgram;
use crate::plan::action::{EditFile, Kind};
use crate::plan::tool_state::{Tool, ToolState};

/// The file of one tool in one worktree.
#[derive(Clone, Debug)]
pub(crate) struct ToolSite {
    pub(crate) tool: Tool,
    /// The top of the worktree.
    pub(crate) worktree: PathBuf,
    /// The file that the tool reads. Of a tool without one, the worktree.
    pub(crate) file: PathBuf,
    pub(crate) found: FoundProgram,
}

/// How it stands with one tool in one worktree.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ToolStatus {
    pub(crate) tool: Tool,
    pub(crate) worktree: PathBuf,
    pub(crate) file: PathBuf,
    #[serde(flatten)]
    pub(crate) state: ToolState,
}

/// Write our command into the file of a tool, or take it out.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EditTool {
    pub(crate) tool: Tool,
    #[serde(flatten)]
    pub(crate) edit: EditFile,
    /// The command goes out.
    #[serde(skip)]
    pub(crate) removes: bool,
    /// How many folders lie between the file and the top of the worktree: these go with it where they are empty.
    #[serde(skip)]
    pub(crate) folders: u32,
    /// The key that holds the command.
    pub(crate) key: String,
}

impl EditTool {
    /// Its kind where the command gets in.
    pub(crate) const ADD: Kind = Kind::new("add_command", "command-added");
    /// Its kind where the command goes out.
    pub(crate) const REMOVE: Kind = Kind::new("remove_command", "command-removed");
}
