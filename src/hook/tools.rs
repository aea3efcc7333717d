//! The command that sets a worktree up, in the files of tools that make worktrees.
//!
//! `forms` knows which tool takes which command, and where. `json_edit` and `toml_edits` change the text of a file, and nothing
//! else in it. `inspect` reads the files of a worktree, `decide` plans the change, and `action` puts the new text in its
//! place. The files belong to the user, and git usually tracks them: where our edit would rewrite a line of theirs, the lines
//! are shown in place of written.

pub(crate) mod action;
pub(crate) mod command;
pub(crate) mod decide;
pub(crate) mod forms;
pub(crate) mod inspect;
pub(crate) mod json_edit;
pub(crate) mod model;
pub(crate) mod report;
pub(crate) mod toml_edits;
