//! Changes that may come to the destination without looking any newer.
//!
//! Tools that make worktrees copy what is not committed from another one, and keep the times of its files: to Cargo it
//! then looks older than what was put there when git made the worktree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::git;
use crate::plan::left::LeftReason;
use crate::target::artifact::abilities::Reach;
use crate::target::unit::{Unit, UnitId};
use crate::text::failure;
use crate::warm::sources::{World, unknown};
use crate::warm::verdict::LocalUnit;

/// The changes in one worktree, or why they are not known.
type Changes<'a> = (&'a Path, Result<Vec<PathBuf>, LeftReason>);

impl World<'_> {
    /// Leaves the units of packages that have changes in another worktree.
    pub(crate) fn leave_unsettled(
        &self,
        units: &[&Unit],
        verdicts: &mut BTreeMap<UnitId, Result<LocalUnit, LeftReason>>,
    ) {
        if self.ask.others.is_empty() || !verdicts.values().any(Result::is_ok) {
            return;
        }
        let others = self.ask.others.par_iter();
        let changes: Vec<Changes<'_>> = others
            .map(|top| {
                let changes =
                    git::changes(top).map_err(|error| unknown(&failure::words(error.as_ref())));
                (top.as_path(), changes)
            })
            .collect();
        for unit in units {
            if let Some(verdict) = verdicts.get_mut(&unit.id)
                && verdict.is_ok()
                && let Err(reason) = self.settled(unit, &changes)
            {
                *verdict = Err(reason);
            }
        }
    }

    fn settled(&self, unit: &Unit, changes: &[Changes<'_>]) -> Result<(), LeftReason> {
        for (worktree, files) in changes {
            let files = files.as_ref().map_err(Clone::clone)?;
            if let Some(file) = files.iter().find(|file| self.may_matter(unit, file)) {
                return Err(LeftReason::ChangedElsewhere {
                    file: file.clone(),
                    worktree: worktree.to_path_buf(),
                });
            }
        }
        Ok(())
    }

    fn may_matter(&self, unit: &Unit, file: &Path) -> bool {
        // What runs while it is made may look at anything.
        if self.able_of(unit).reach >= Reach::Files {
            return true;
        }
        let named = self.named.get(&unit.id);
        let named = named.and_then(|named| named.as_ref().ok());
        let is_named = named.is_some_and(|named| named.files.contains(file));
        // A file that comes to a package may be one of its modules.
        let folder = self.folder(unit);
        let own = folder.is_none_or(|folder| file.starts_with(folder));
        is_named || own || file.ends_with("Cargo.toml")
    }
}
