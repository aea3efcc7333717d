//! Deletion in the cache of scripts, as an action of a plan.

use std::path::Path;

use crate::plan::action::{Action, Kind, Phase, Section};
use crate::plan::outcome::{Came, Stopped};
use crate::plan::run::Run;
use crate::script::model::DropScript;
use crate::script::{cache_delete, report};

impl Action for DropScript {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn phase(&self) -> Phase {
        Phase::Delete
    }

    fn deletes(&self) -> bool {
        true
    }

    fn section(&self) -> &'static Section {
        &report::SECTION
    }

    fn frees(&self) -> bool {
        true
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        Ok(cache_delete::part(self, run.context, &run.ledger)?.into())
    }
}
