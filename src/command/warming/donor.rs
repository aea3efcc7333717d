//! A donor: what it has, and what was found out about it.

use std::collections::{BTreeMap, BTreeSet};

use super::Cold;
use crate::lockfile::Lock;
use crate::model::{Inventory, LeftReason, UnitId, WarmFolder};
use crate::plan::warm::{self as decide, Candidate, Here, Offer};
use crate::progress::Progress;
use crate::survey::donors;

/// A donor. A whole family may ask it, and a unit is looked into once.
pub(super) struct Donor {
    candidate: Candidate,
    inventory: Inventory,
    looked_at: BTreeSet<UnitId>,
    flaws: BTreeMap<UnitId, LeftReason>,
}

impl Donor {
    pub(super) fn of(candidate: Candidate, progress: &Progress) -> Self {
        Self {
            inventory: donors::inventory(&candidate.folder, progress),
            candidate,
            looked_at: BTreeSet::new(),
            flaws: BTreeMap::new(),
        }
    }

    pub(super) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// What would be taken, as far as nothing has been found wrong with it yet.
    pub(super) fn draft(&self, lock: Option<&Lock>, here: &Here) -> WarmFolder {
        let offer = Offer {
            donor: &self.inventory,
            lock,
            flaws: &self.flaws,
        };
        decide::choose(offer, here)
    }

    /// Chooses, after a closer look at what might be taken.
    pub(super) fn choose(
        &mut self,
        cold: Cold<'_>,
        lock: Option<&Lock>,
        here: &Here,
    ) -> WarmFolder {
        let draft = self.draft(lock, here);
        let ids = draft.units.iter().map(|unit| &unit.id);
        let new: BTreeSet<&UnitId> = ids.filter(|id| !self.looked_at.contains(*id)).collect();
        let worktree = self.candidate.worktree.as_deref();
        let flaws = donors::flaws(&self.inventory, &new, worktree);
        self.looked_at.extend(new.into_iter().cloned());
        self.flaws.extend(flaws);
        WarmFolder {
            workspace: cold.workspace.root.clone(),
            into: cold.into.to_owned(),
            names: donors::names(&self.inventory),
            ..self.draft(lock, here)
        }
    }
}
