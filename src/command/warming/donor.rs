//! A donor: what it has, and what was found out about it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cold, Wants};
use crate::model::{Inventory, LeftReason, UnitId, WarmFolder};
use crate::plan::warm::{self as decide, Candidate, Here, Offer};
use crate::progress::Progress;
use crate::survey::donors::{self, Circumstances};

/// A donor. A whole family may ask it, and a unit is looked into once.
pub(super) struct Donor {
    candidate: Candidate,
    inventory: Inventory,
    /// Those in which it was built, as far as they are known.
    circumstances: Option<Circumstances>,
    looked_at: BTreeSet<UnitId>,
    flaws: BTreeMap<UnitId, LeftReason>,
    /// The variables by which those who asked last differ.
    differing: Vec<String>,
}

impl Donor {
    pub(super) fn of(candidate: Candidate, wants: &Wants<'_>, progress: &Progress) -> Self {
        let workspace = candidate.workspace.as_deref();
        Self {
            inventory: donors::inventory(&candidate.folder, progress),
            circumstances: workspace.map(|workspace| wants.circumstances_of(workspace)),
            candidate,
            looked_at: BTreeSet::new(),
            flaws: BTreeMap::new(),
            differing: Vec::new(),
        }
    }

    pub(super) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// What would be taken, as far as nothing has been found wrong with it yet.
    pub(super) fn draft(&self, wants: &Wants<'_>, here: &Here) -> WarmFolder {
        let known = self.circumstances.as_ref();
        let same = known.is_some_and(|known| known.toolchain == wants.circumstances.toolchain);
        let offer = Offer {
            donor: &self.inventory,
            lock: wants.lock.as_ref(),
            rustc: if same { None } else { wants.rustc() },
            flaws: &self.flaws,
        };
        decide::choose(offer, here)
    }

    /// Chooses, after a closer look at what might be taken.
    pub(super) fn choose(&mut self, cold: Cold<'_>, wants: &Wants<'_>, here: &Here) -> WarmFolder {
        let differing = wants.circumstances.differing(self.circumstances.as_ref());
        if differing != self.differing {
            self.looked_at.clear();
            self.flaws.clear();
            self.differing = differing;
        }
        let draft = self.draft(wants, here);
        let ids = draft.units.iter().map(|unit| &unit.id);
        let new: BTreeSet<&UnitId> = ids.filter(|id| !self.looked_at.contains(*id)).collect();
        let worktree = self.candidate.worktree.as_deref();
        let flaws = donors::flaws(&self.inventory, &new, worktree, &self.differing);
        self.looked_at.extend(new.into_iter().cloned());
        self.flaws.extend(flaws);
        WarmFolder {
            workspace: cold.workspace.root.clone(),
            into: cold.into.to_owned(),
            names: donors::names(&self.inventory),
            ..self.draft(wants, here)
        }
    }
}
