//! Warming, as an action of a plan.

use std::path::{Path, PathBuf};

use crate::plan::action::{Action, Kind, Phase, Section};
use crate::plan::outcome::{Came, Detail, Stopped};
use crate::plan::run::Run;
use crate::size::Bytes;
use crate::survey::folder::{Litter, Trash};
use crate::warm::model::{WarmFolder, Warmed};
use crate::warm::moving::MoveFolder;
use crate::warm::{place, report};

impl Action for WarmFolder {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.into
    }

    fn phase(&self) -> Phase {
        Phase::Warm
    }

    fn section(&self) -> &'static Section {
        &report::SECTION
    }

    fn copies(&self) -> Bytes {
        self.copied
    }

    fn takes(&self, litter: &Trash) -> bool {
        litter.kind == Litter::Stage && litter.path.parent() == Some(&self.into)
    }

    fn locks_shared_root(&self) -> bool {
        false
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        let moved = |from: &PathBuf| run.outcome(|outcome| outcome.did(MoveFolder::KIND, from));
        let unmoved = self.moved_from.as_ref().filter(|from| !moved(from));
        let unmoved = unmoved.map(|_| self.without_move());
        let warm = unmoved.as_ref().unwrap_or(self);
        let warmed = run.with(|trusted| place::folder(warm, trusted, run.context))?;
        Ok(Came::with(warmed))
    }
}

impl Detail for Warmed {
    fn name(&self) -> &'static str {
        "warmed"
    }

    fn left(&self) -> usize {
        self.left.len()
    }

    fn copied(&self) -> Bytes {
        self.copied
    }
}
