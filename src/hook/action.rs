//! Changes of git hooks, as actions of a plan.

use std::path::Path;

use crate::hook::model::{InstallHook, RemoveHook};
use crate::hook::{install, report};
use crate::plan::action::{Action, EditFile, Kind, Section};
use crate::plan::outcome::{Came, Stopped};
use crate::plan::run::Run;

impl Action for InstallHook {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.change.file
    }

    fn recorded_edit(&self) -> Option<&EditFile> {
        self.recorded.as_ref()
    }

    fn section(&self) -> &'static Section {
        &report::SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        if let (Some(_), Some(why)) = (&self.recorded, &run.not_recorded) {
            return Err(Stopped::Failed(format!(
                "not installed, since it could not be undone: {why}"
            )));
        }
        install::install(&self.change)?;
        Ok(Came::default())
    }
}

impl Action for RemoveHook {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.0.file
    }

    fn puts_back(&self) -> bool {
        true
    }

    fn section(&self) -> &'static Section {
        &report::SECTION
    }

    fn apply(&self, _run: &Run<'_>) -> Result<Came, Stopped> {
        install::remove(&self.0)?;
        Ok(Came::default())
    }
}
