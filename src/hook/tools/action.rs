//! A change of a tool's file, as an action of a plan.

use std::path::Path;

use crate::fs;
use crate::hook::report;
use crate::hook::tools::model::EditTool;
use crate::plan::action::{Action, EditFile, Kind, Section};
use crate::plan::outcome::{Came, Stopped};
use crate::plan::run::Run;

impl Action for EditTool {
    fn kind(&self) -> Kind {
        match self.removes {
            true => Self::REMOVE,
            false => Self::ADD,
        }
    }

    fn path(&self) -> &Path {
        &self.edit.file
    }

    fn puts_back(&self) -> bool {
        self.removes
    }

    fn section(&self) -> &'static Section {
        &report::SECTION
    }

    fn apply(&self, _run: &Run<'_>) -> Result<Came, Stopped> {
        write(&self.edit, self.folders)?;
        Ok(Came::default())
    }
}

/// Gives a file its new content, unless it is not what it was.
fn write(edit: &EditFile, folders: u32) -> Result<(), Stopped> {
    if fs::read(&edit.file)? != edit.before {
        return Err(Stopped::Skipped(
            "it has changed since the plan was made; run again".into(),
        ));
    }
    let folder = edit.file.parent().unwrap_or(&edit.file);
    let Some(after) = &edit.after else {
        fs::remove_file(&edit.file)?;
        // Of a folder that held this file alone, git keeps nothing.
        if let Some(above) = folders.checked_sub(1) {
            fs::remove_empty_folders(folder, above);
        }
        return Ok(());
    };
    fs::create_folder(folder)?;
    fs::replace_unseen(&edit.file, after)?;
    Ok(())
}
