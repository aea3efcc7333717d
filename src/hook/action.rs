//! Changes of git hooks, as actions of a plan.

use std::path::Path;

use crate::hook::model::{InstallHook, RemoveHook};
use crate::hook::{install, report};
use crate::plan::action::{Action, Kind, Section};
use crate::plan::outcome::{Came, Stopped};
use crate::plan::run::Run;

impl Action for InstallHook {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.0.file
    }

    fn section(&self) -> &'static Section {
        &report::SECTION
    }

    fn apply(&self, _run: &Run<'_>) -> Result<Came, Stopped> {
        install::install(&self.0)?;
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

    fn section(&self) -> &'static Section {
        &report::SECTION
    }

    fn apply(&self, _run: &Run<'_>) -> Result<Came, Stopped> {
        install::remove(&self.0)?;
        Ok(Came::default())
    }
}
