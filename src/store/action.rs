//! The actions of a plan that change stores.

use std::path::Path;

use crate::plan::action::{Action, Kind, Phase, Section};
use crate::plan::outcome::{Came, Detail, Stopped};
use crate::plan::run::Run;
use crate::store::model::{
    DropRemote, DropUnits, HarvestUnits, Moved, PullUnits, PushUnits, TellProvider,
};
use crate::store::report::SECTION;
use crate::store::{drop, exchange, harvest};

impl Detail for Moved {
    fn name(&self) -> &'static str {
        "moved"
    }

    fn left(&self) -> usize {
        self.left.len()
    }
}

impl Action for HarvestUnits {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.into
    }

    fn phase(&self) -> Phase {
        Phase::Store
    }

    fn locks_shared_root(&self) -> bool {
        false
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        run.context.progress.stage("harvesting");
        Ok(Came::with(run.with(|trusted| {
            harvest::harvest(self, trusted, run.context)
        })?))
    }
}

impl Action for TellProvider {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        Path::new(self.program.first().map_or("", String::as_str))
    }

    fn phase(&self) -> Phase {
        Phase::Store
    }

    fn locks_shared_root(&self) -> bool {
        false
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        run.context.progress.stage("notifying the provider");
        Ok(Came::with(harvest::tell(self)?))
    }
}

impl Action for PullUnits {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.into
    }

    fn phase(&self) -> Phase {
        Phase::Store
    }

    fn locks_shared_root(&self) -> bool {
        false
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        run.context.progress.stage("fetching");
        Ok(Came::with(exchange::pull(self, run.context)?))
    }
}

impl Action for PushUnits {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.from
    }

    fn phase(&self) -> Phase {
        Phase::Store
    }

    fn locks_shared_root(&self) -> bool {
        false
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        run.context.progress.stage("pushing");
        Ok(Came::with(exchange::push(self, run.context)?))
    }
}

impl Action for DropRemote {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        Path::new(&self.from)
    }

    fn phase(&self) -> Phase {
        Phase::Store
    }

    fn locks_shared_root(&self) -> bool {
        false
    }

    fn deletes(&self) -> bool {
        true
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        run.context.progress.stage("deleting");
        Ok(Came::with(exchange::drop_remote(self, run.context)?))
    }
}

impl Action for DropUnits {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.folder
    }

    fn phase(&self) -> Phase {
        Phase::Delete
    }

    fn locks_shared_root(&self) -> bool {
        false
    }

    fn frees(&self) -> bool {
        true
    }

    fn deletes(&self) -> bool {
        true
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        Ok(drop::units(self, run.context, &run.ledger)?.into())
    }
}
