//! Sharing of storage, as an action of a plan.

use std::path::{Path, PathBuf};

use crate::dedupe::decide::Tally;
use crate::dedupe::model::{RelinkFolder, Relinked};
use crate::dedupe::{relink, report};
use crate::plan::action::{Action, Kind, Phase, Section};
use crate::plan::outcome::{Came, Detail, Stopped};
use crate::plan::run::Run;
use crate::survey::folder::{Litter, Trash};
use crate::warm::moving::expect_moved;
use crate::warm::trusted::Trusted;

/// State that all folders of a run share.
#[derive(Default)]
struct Common {
    tally: Tally,
    trusted: Trusted,
}

impl Action for RelinkFolder {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.into
    }

    fn phase(&self) -> Phase {
        Phase::Share
    }

    fn section(&self) -> &'static Section {
        &report::SECTION
    }

    fn frees(&self) -> bool {
        true
    }

    fn takes(&self, litter: &Trash) -> bool {
        litter.kind == Litter::Stage && litter.path.parent() == Some(&self.into)
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        let folders = std::iter::once(&self.into).chain(&self.from);
        expect_moved(folders.map(PathBuf::as_path), run)?;
        let (freed, relinked) = run.with(|common: &mut Common| {
            relink::folder(self, &mut common.tally, &mut common.trusted, run.context)
        })?;
        Ok(Came {
            freed: Some(freed),
            ..Came::with(relinked)
        })
    }
}

impl Detail for Relinked {
    fn name(&self) -> &'static str {
        "relinked"
    }

    fn left(&self) -> usize {
        self.left.len()
    }
}
