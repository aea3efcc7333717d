//! Deletions, as actions of a plan.

use std::path::Path;

use crate::clean::model::{CollectFolder, DeleteFolder, FinishTrash, Orphaned};
use crate::clean::{delete_folders, delete_litter, delete_units, markdown, report};
use crate::plan::action::{Action, Kind, Phase, Section};
use crate::plan::kept::DeleteReason;
use crate::plan::outcome::{Came, Outcome, Stopped};
use crate::plan::run::Run;
use crate::survey::folder::{Litter, Trash};
use crate::term::table::Table;
use crate::term::view::View;
use crate::warm::model::WarmFolder;
use crate::warm::moving::expect_moved;

impl Action for DeleteFolder {
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
        &report::FOLDERS
    }

    fn frees(&self) -> bool {
        true
    }

    fn takes(&self, litter: &Trash) -> bool {
        litter.path.starts_with(&self.path)
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        let cold = self.gave_to.iter().find(|into| !is_warm(into, run));
        if let Some(into) = cold {
            return Err(Stopped::Skipped(format!(
                "`{}` was to receive its units first, which failed; `cargo sharedtarget clean` deletes it all the \
                     same",
                into.display()
            )));
        }
        let deleted = delete_folders::folder(self, run.context, &run.ledger)?;
        let mut came = Came::from(deleted);
        if let DeleteReason::OwnerGone { workspace } = &self.why {
            let workspace = workspace.clone();
            came.detail = Some(Box::new(Orphaned { workspace }));
        }
        Ok(came)
    }
}

/// Returns whether a folder got all that it was to get, so that its donor may be deleted.
fn is_warm(into: &Path, run: &Run<'_>) -> bool {
    run.outcome(|outcome| {
        let not_done = outcome.skipped.iter().chain(&outcome.failed);
        let mut not_done = not_done.filter(|one| one.what == WarmFolder::KIND);
        let mut half = outcome
            .all(WarmFolder::KIND)
            .filter(|done| !done.is_whole());
        not_done.all(|one| one.path != into) && half.all(|done| done.path != into)
    })
}

impl Action for CollectFolder {
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
        &report::UNITS
    }

    fn frees(&self) -> bool {
        true
    }

    fn summarize(&self, outcome: Option<&Outcome>, table: &mut Table, view: &View) {
        markdown::units(self, outcome, table, view);
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        expect_moved(std::iter::once(self.path.as_path()), run)?;
        Ok(delete_units::folder(self, run.context, &run.ledger)?.into())
    }
}

impl Action for FinishTrash {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn phase(&self) -> Phase {
        Phase::Delete
    }

    fn section(&self) -> &'static Section {
        &report::FOLDERS
    }

    fn frees(&self) -> bool {
        true
    }

    fn locks_shared_root(&self) -> bool {
        self.kind != Litter::Stage
    }

    fn summarize(&self, outcome: Option<&Outcome>, table: &mut Table, view: &View) {
        markdown::litter(self, outcome, table, view);
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        let deleted = delete_litter::remove(
            self.kind,
            &self.path,
            self.usage.as_ref(),
            run.context,
            &run.ledger,
        )?;
        Ok(deleted.into())
    }
}
