//! A donor: what it has, and what was found out about it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tracing::debug;

use crate::cargo;
use crate::fs;
use crate::plan::left::LeftReason;
use crate::progress::Progress;
use crate::survey::build_env::Said;
use crate::survey::linker;
use crate::survey::model::Survey;
use crate::target::unit::{Inventory, UnitId};
use crate::warm::choose_donor::{Destination, Requirements};
use crate::warm::decide::{self as decide, Candidate, DestinationUnits, DonorView, Relation};
use crate::warm::inspect::{BuildEnv, Origin};
use crate::warm::model::WarmFolder;
use crate::warm::sources::{Ask, Programs};
use crate::warm::verdict::{Home, Locals, Trace};
use crate::warm::{inspect, sources};

/// A donor. A whole family may ask it, and a unit is looked into once.
pub(crate) struct Donor {
    candidate: Candidate,
    /// Its worktree is at the commit of the workspace that asked last.
    same_commit: bool,
    inventory: Inventory,
    /// The build environment in which it was built, as far as it is known.
    circumstances: Option<BuildEnv>,
    looked_at: BTreeSet<UnitId>,
    flaws: BTreeMap<UnitId, LeftReason>,
    traces: BTreeMap<UnitId, Trace>,
    /// The abilities of its build scripts and macros.
    programs: Programs,
    /// It was put together from the store, for exactly the build environment of the asking workspace.
    from_store: bool,
    /// The units that were made in another build environment than that of the workspace that asked last, and that
    /// environment.
    otherwise: BTreeMap<UnitId, LeftReason>,
    asked_in: Option<Said>,
    /// Whether it is the own one of who asked last, and the names that that one does not have.
    asked: (bool, Vec<String>),
    /// Programs may be links where the one who asked last builds.
    links_programs: bool,
    /// The findings about local units, for the workspace that asked last.
    locals: (PathBuf, Locals),
}

impl Donor {
    pub(crate) fn of(candidate: Candidate, wants: &Requirements<'_>, progress: &Progress) -> Self {
        let workspace = candidate.workspace.as_deref();
        Self {
            inventory: inspect::inventory(&candidate.folder, progress),
            circumstances: match workspace {
                Some(workspace) => Some(wants.circumstances_of(workspace)),
                // The user knows what it is.
                None if candidate.relation == Relation::Named => Some(BuildEnv::plain()),
                None => None,
            },
            candidate,
            same_commit: false,
            looked_at: BTreeSet::new(),
            flaws: BTreeMap::new(),
            traces: BTreeMap::new(),
            programs: Programs::of(&wants.around.known, wants.around.state.as_deref()),
            from_store: false,
            otherwise: BTreeMap::new(),
            asked_in: None,
            asked: (false, Vec::new()),
            links_programs: false,
            locals: (PathBuf::new(), Locals::default()),
        }
    }

    /// The same one, put together from the store: a store keeps nothing from another build environment.
    pub(crate) fn of_store(self) -> Self {
        Self {
            from_store: true,
            ..self
        }
    }

    /// Finds the units that were made in another build environment than that of a workspace.
    fn look_around(&mut self, wants: &Requirements<'_>) {
        let here = &wants.circumstances.said;
        if !self.from_store && self.asked_in.as_ref() != Some(here) {
            let known = self.circumstances.as_ref();
            self.otherwise = inspect::otherwise_made(&self.inventory, known, here);
            if let Some(known) = known.filter(|known| known.is_there) {
                let (there, here) = (&known.flags, &wants.circumstances.flags);
                let flagged = inspect::otherwise_flagged(&self.inventory, there, here);
                self.otherwise.extend(flagged);
            }
            self.asked_in = Some(here.clone());
        }
    }

    pub(crate) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Compares the sources of its local units with those of a workspace, if they are wanted.
    pub(crate) fn compare(
        &mut self,
        cold: Destination<'_>,
        wants: &Requirements<'_>,
        survey: &Survey,
    ) {
        self.same_commit = cold.is_at_commit_of(&self.candidate, survey);
        self.look_around(wants);
        let root = &cold.workspace.root;
        let own = self.candidate.workspace.as_deref();
        self.links_programs =
            linker::is_usual(survey, root) && own.is_some_and(|own| linker::is_usual(survey, own));
        let candidate = &self.candidate;
        if !wants.local || self.locals.0 == *root || candidate.relation == Relation::Stranger {
            return;
        }
        let from = candidate
            .workspace
            .as_deref()
            .zip(candidate.worktree.as_deref());
        let compared = from.map(|(from, from_worktree)| {
            sources::compare(Ask {
                donor: &self.inventory,
                from,
                from_worktree,
                workspace: cold.workspace,
                same_commit: self.same_commit,
                programs: &self.programs,
                others: &wants.others,
                unsettled: wants.unsettled,
            })
        });
        self.locals = (root.clone(), compared.unwrap_or_default());
    }

    /// Whose it is. Beside a program Cargo writes which sources the last build made it of: those of another worktree
    /// mean that several build here.
    fn home(&self) -> Home {
        let candidate = &self.candidate;
        let folders = [Some(&candidate.folder), candidate.programs.as_ref()];
        let mut folders = folders.into_iter().flatten();
        let foreign = |workspace: &Path| {
            folders.any(|folder| inspect::has_programs_of_others(folder, workspace))
        };
        match candidate.workspace.as_deref().is_some_and(foreign) {
            true => Home::Several,
            false => candidate.home,
        }
    }

    /// The units that would be taken, as far as no flaw has been found in them yet.
    pub(crate) fn draft(&self, wants: &Requirements<'_>, here: &DestinationUnits) -> WarmFolder {
        let mut flaws = self.otherwise.clone();
        flaws.extend(self.flaws.clone());
        self.choice(wants, here, &flaws)
    }

    fn choice(
        &self,
        wants: &Requirements<'_>,
        here: &DestinationUnits,
        flaws: &BTreeMap<UnitId, LeftReason>,
    ) -> WarmFolder {
        let known = self.circumstances.as_ref();
        let same = known.is_some_and(|known| known.toolchain == wants.circumstances.toolchain);
        let offer = DonorView {
            donor: &self.inventory,
            lock: wants.lock.as_ref(),
            rustc: if same { None } else { wants.rustc() },
            flaws,
            locals: &self.locals.1,
            programs: wants.programs,
            links_programs: self.links_programs,
        };
        decide::choose(offer, here)
    }

    /// Chooses, after a closer look at what might be taken.
    pub(crate) fn choose(
        &mut self,
        cold: Destination<'_>,
        wants: &Requirements<'_>,
        here: &DestinationUnits,
        survey: &Survey,
    ) -> WarmFolder {
        self.compare(cold, wants, survey);
        let workspace = self.candidate.workspace.as_deref();
        let same = workspace == Some(&cold.workspace.root);
        let names = workspace.map_or_else(Vec::new, |workspace| {
            decide::own_names(workspace, &cold.workspace.root)
        });
        let asked = (same, names);
        if asked != self.asked {
            self.looked_at.clear();
            self.flaws.clear();
            self.traces.clear();
            self.asked = asked;
        }
        let draft = self.draft(wants, here);
        let ids = draft.units.iter().map(|unit| &unit.id);
        let new: BTreeSet<&UnitId> = ids.filter(|id| !self.looked_at.contains(*id)).collect();
        let findings = inspect::look_into(
            &self.inventory,
            &new,
            self.candidate.worktree.as_deref(),
            workspace.map(|workspace| Origin {
                workspace,
                programs: self.candidate.programs.as_deref(),
                same,
                moves: false,
                own_names: &self.asked.1,
                free: None,
                now: fs::clock(),
            }),
        );
        self.looked_at.extend(new.into_iter().cloned());
        self.flaws.extend(findings.flaws);
        self.traces.extend(findings.traces);
        let all = self.inventory.units.iter();
        let mut flaws = decide::of_other_worktrees(all, &self.traces, self.home());
        flaws.extend(self.flaws.clone());
        flaws.extend(self.otherwise.clone());
        let changed = wants.circumstances.newest.as_ref().map(|(at, _)| *at);
        let root = &cold.workspace.root;
        let mut warm = WarmFolder {
            same_toolchain: workspace.is_some_and(|other| cargo::same_toolchain(other, root)),
            configured: changed.map(|at| (at, wants.read_at)),
            workspace: root.clone(),
            into: cold.into.to_owned(),
            names: inspect::names(&self.inventory),
            ..self.choice(wants, here, &flaws)
        };
        warm.copied += warm.marks();
        let (into, donor, present) = (cold.into, &warm.from, warm.present);
        let (units, left) = (warm.units.len(), warm.left.len());
        debug!(?into, ?donor, units, left, present, "donor inspected");
        warm
    }
}
