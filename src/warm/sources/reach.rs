//! The programs that ran while a unit was made, and their abilities.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::fs::model::Identity;
use crate::target::abilities_record::KnownAbilities;
use crate::target::artifact::abilities::{Abilities, Reach};
use crate::target::unit::{Unit, UnitId, UnitKind};
use crate::target::unit_file::UnitFile;
use crate::warm::sources::World;
use crate::warm::sources::callable_macros::Handed;

/// The known abilities of a donor's build scripts and macros: each is inspected once for all questions.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    by_unit: Mutex<HashMap<UnitId, Abilities>>,
    known: KnownAbilities,
    state: Option<PathBuf>,
}

impl Programs {
    /// The programs of a donor. Earlier runs have written their findings into the user's `state` folder.
    #[must_use]
    pub(crate) fn of(known: &KnownAbilities, state: Option<&Path>) -> Self {
        Self {
            by_unit: Mutex::default(),
            known: known.clone(),
            state: state.map(Path::to_owned),
        }
    }

    fn known(&self, id: &UnitId) -> Option<Abilities> {
        let known = self.by_unit.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).copied()
    }

    fn add(&self, id: &UnitId, able: Abilities) {
        let mut known = self.by_unit.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(id.clone(), able);
    }
}

/// Nothing ran.
const NONE: Abilities = Abilities {
    reach: Reach::Nothing,
    knows_place: false,
};

impl<'a> World<'a> {
    /// The abilities of the programs that ran while each of these units was made.
    pub(crate) fn abilities(&self, units: &[&'a Unit]) -> BTreeMap<&'a UnitId, Abilities> {
        let mut macros: HashMap<&UnitId, BTreeSet<&UnitId>> = HashMap::new();
        let ran: BTreeMap<&'a UnitId, BTreeSet<&UnitId>> = units
            .iter()
            .map(|unit| (&unit.id, self.ran(unit, &mut macros)))
            .collect();
        let all: BTreeSet<&UnitId> = ran.values().flat_map(|ran| ran.iter().copied()).collect();
        let known: HashMap<&UnitId, Abilities> = all
            .into_par_iter()
            .map(|id| (id, self.program(id)))
            .collect();
        let looks = |able: &Abilities| able.reach >= Reach::Files || able.knows_place;
        let looking: BTreeSet<&UnitId> = known
            .iter()
            .filter_map(|(id, able)| looks(able).then_some(*id))
            .collect();
        let asking = units.iter().filter(|unit| {
            let ran = ran.get(&unit.id);
            unit.kind != UnitKind::BuildScriptRun
                && ran.is_some_and(|ran| !ran.is_disjoint(&looking))
        });
        let asking: Vec<&Unit> = asking.copied().collect();
        let handed = Handed::of(
            &self.ask.donor.folder,
            self.ask.from,
            &self.by_id,
            &looking,
            asking.iter().copied(),
        );
        let called: HashMap<&UnitId, BTreeSet<&UnitId>> = asking
            .par_iter()
            .map(|unit| (&unit.id, self.called(unit, &handed, &known)))
            .collect();
        ran.into_iter()
            .map(|(id, ran)| {
                let called = called.get(id);
                let is_called = |one: &&&UnitId| {
                    !looking.contains(*one) || called.is_none_or(|called| called.contains(*one))
                };
                let each = ran.iter().filter(is_called);
                let each = each.filter_map(|id| known.get(id));
                (id, each.fold(NONE, |all, one| all.or(*one)))
            })
            .collect()
    }

    /// The macros that look at something and that a unit can call.
    fn called<'b>(
        &self,
        unit: &'b Unit,
        handed: &Handed<'b>,
        known: &HashMap<&UnitId, Abilities>,
    ) -> BTreeSet<&'b UnitId> {
        let called = handed.to(&unit.id);
        let reads = |id: &&UnitId| {
            let able = known.get(*id);
            able.is_none_or(|able| able.reach >= Reach::Files)
        };
        match called.iter().any(reads) {
            true => handed.all_below(&unit.id),
            false => called,
        }
    }

    /// The known abilities of the programs that ran while a unit was made.
    pub(crate) fn able_of(&self, unit: &Unit) -> Abilities {
        self.able.get(&unit.id).copied().unwrap_or(Abilities::ANY)
    }

    /// The texts by which what ran while a unit was made may name a file: its programs and its sources.
    pub(crate) fn texts(&self, unit: &Unit, sources: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
        let ran = self.ran(unit, &mut HashMap::new());
        let programs = ran.into_iter().filter_map(|id| self.by_id.get(id));
        let programs = programs.flat_map(|unit| &unit.files);
        let programs = programs.filter(|file| file.is_artifact());
        let programs = programs.map(|file| self.ask.donor.folder.join(&file.path));
        let sources = sources.iter().map(|file| self.top.join(file));
        programs.chain(sources).collect()
    }

    /// The sources of what ran while a unit was made, as far as they are local, and its own.
    pub(crate) fn code(&self, unit: &Unit, sources: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
        let mut code = sources.clone();
        let mut seen: BTreeSet<&UnitId> = BTreeSet::new();
        let mut next: Vec<&UnitId> = self.ran(unit, &mut HashMap::new()).into_iter().collect();
        while let Some(id) = next.pop() {
            let Some(unit) = self.by_id.get(id).filter(|_| seen.insert(id)) else {
                continue;
            };
            next.extend(&unit.dependencies);
            if let Some(Ok(named)) = self.named.get(id) {
                code.extend(named.files.iter().cloned());
            }
        }
        code.retain(|file| file.extension().is_some_and(|end| end == "rs"));
        code.into_iter().map(|file| self.top.join(file)).collect()
    }

    /// The programs that ran while a unit was made: a build script, or the macros that it can use.
    fn ran<'b>(
        &'b self,
        unit: &'b Unit,
        macros: &mut HashMap<&'b UnitId, BTreeSet<&'b UnitId>>,
    ) -> BTreeSet<&'b UnitId> {
        if unit.kind == UnitKind::BuildScriptRun {
            let scripts = unit.dependencies.iter().filter(|id| {
                let script = self.by_id.get(id);
                script.is_none_or(|unit| unit.kind == UnitKind::BuildScript)
            });
            return scripts.collect();
        }
        self.macros(unit, macros)
    }

    /// The macros that a unit can use, also by way of what it depends on: a library may hand them on.
    fn macros<'b>(
        &'b self,
        unit: &'b Unit,
        known: &mut HashMap<&'b UnitId, BTreeSet<&'b UnitId>>,
    ) -> BTreeSet<&'b UnitId> {
        if let Some(known) = known.get(&unit.id) {
            return known.clone();
        }
        // Units do not depend on each other in a circle; if they did, this would end it.
        known.insert(&unit.id, BTreeSet::new());
        let mut macros = BTreeSet::new();
        for id in &unit.dependencies {
            match self.by_id.get(id) {
                // Nothing is known of what is not there any more.
                None => drop(macros.insert(id)),
                Some(other) => match other.kind {
                    UnitKind::ProcMacro => drop(macros.insert(id)),
                    UnitKind::BuildScript | UnitKind::BuildScriptRun => {}
                    _ => macros.extend(self.macros(other, known)),
                },
            }
        }
        known.insert(&unit.id, macros.clone());
        macros
    }

    /// The abilities of a build script or a macro.
    fn program(&self, id: &UnitId) -> Abilities {
        if let Some(known) = self.ask.programs.known(id) {
            return known;
        }
        let files = self.by_id.get(id).map(|unit| unit.files.as_slice());
        let is_program = |file: &&UnitFile| {
            const ENDS: [&str; 4] = ["dll", "dylib", "exe", "so"];
            let end = file.path.extension();
            file.is_artifact() && end.is_none_or(|end| ENDS.iter().any(|known| end == *known))
        };
        // Cargo gives a build script two names.
        let programs: BTreeMap<Identity, &UnitFile> = files
            .unwrap_or_default()
            .iter()
            .filter(is_program)
            .map(|file| (file.identity, file))
            .collect();
        let mut programs = programs.into_values();
        let able = match (programs.next(), programs.next()) {
            (Some(program), None) => {
                let path = self.ask.donor.folder.join(&program.path);
                let programs = self.ask.programs;
                let state = programs.state.as_deref();
                programs.known.of(state, program, &path)
            }
            _ => Abilities::ANY,
        };
        self.ask.programs.add(id, able);
        able
    }
}
