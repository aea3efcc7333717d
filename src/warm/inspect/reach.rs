//! Which units another environment would have made different.
//!
//! A variable reaches a unit only by way of a program that runs while it is made: its build script, or a macro in it.
//! A program in the compiler's place reaches everything.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;
use memchr::memmem;
use rayon::prelude::*;

use crate::cargo::rustflags::{self, Flags};
use crate::plan::left::LeftReason;
use crate::survey::build_env;
use crate::survey::build_env::{Differences, Moment, Said};
use crate::target::artifact::abilities;
use crate::target::artifact::abilities::Reach;
use crate::target::unit::{Inventory, Source, Unit, UnitId, UnitKind};
use crate::warm::begun::set_since;
use crate::warm::inspect::BuildEnv;
use crate::{fs, markers};

/// The units of a donor that were made, or may have been made, in a build environment in which they would differ from
/// units made here. Where a donor's workspace is not known, or is gone, no run may have seen its environment.
#[must_use]
pub(crate) fn otherwise_made(
    donor: &Inventory,
    known: Option<&BuildEnv>,
    here: &Said,
) -> BTreeMap<UnitId, LeftReason> {
    let look = Look::of(donor, known, here);
    let units = donor.units.par_iter();
    let reasons = units.filter_map(|unit| Some((unit.id.clone(), look.reason(unit)?)));
    reasons.collect::<Vec<_>>().into_iter().collect()
}

/// Which units of a donor no build would use where these flags are asked for, since it was compiled with those of its own
/// workspace.
#[must_use]
pub(crate) fn otherwise_flagged(
    donor: &Inventory,
    there: &Flags,
    here: &Flags,
) -> BTreeMap<UnitId, LeftReason> {
    if there == here {
        return BTreeMap::new();
    }
    let by_target = donor.units.iter().any(|unit| unit.id.profile.contains('/'));
    let units = donor.units.iter();
    let differ = units.filter(|unit| rustflags::differ(&unit.rustflags, there, here, by_target));
    differ
        .map(|unit| (unit.id.clone(), LeftReason::OtherFlags))
        .collect()
}

/// A build script or macro, as far as variables are concerned.
#[derive(Debug, Default)]
struct Ability {
    /// It may start other programs.
    starts: bool,
    /// The names of variables in it.
    names: BTreeSet<String>,
}

struct Look<'a> {
    donor: &'a Inventory,
    known: Option<&'a BuildEnv>,
    /// How each span of the donor's differs from here.
    differences: Vec<Differences>,
    /// One span has always held.
    always: bool,
    now: Timestamp,
    by_id: HashMap<&'a UnitId, &'a Unit>,
    /// Of each build script and macro.
    abilities: HashMap<&'a UnitId, Ability>,
}

impl<'a> Look<'a> {
    fn of(donor: &'a Inventory, known: Option<&'a BuildEnv>, here: &Said) -> Self {
        let spans = known.map_or(&[][..], |known| &known.spans);
        let differences: Vec<_> = spans
            .iter()
            .map(|span| span.said.differences(here))
            .collect();
        let variables: BTreeSet<&String> = differences
            .iter()
            .flat_map(|one| one.variables.iter().chain(&one.placed))
            .collect();
        let programs = donor.units.par_iter().filter(|unit| {
            !variables.is_empty()
                && matches!(unit.kind, UnitKind::BuildScript | UnitKind::ProcMacro)
        });
        let abilities = programs.map(|unit| (&unit.id, ability(donor, unit, &variables)));
        let abilities = abilities.collect::<Vec<_>>().into_iter().collect();
        Self {
            donor,
            known,
            differences,
            always: matches!(spans, [span] if span.since.is_none() && span.until == Timestamp::MAX),
            now: fs::clock(),
            by_id: donor.units.iter().map(|unit| (&unit.id, unit)).collect(),
            abilities,
        }
    }

    fn reason(&self, unit: &Unit) -> Option<LeftReason> {
        let unknown = |file: Option<PathBuf>| LeftReason::EnvironmentUnknown { file };
        let Some(known) = self.known else {
            return Some(unknown(None));
        };
        match self.moment(unit, known) {
            Some(at) => self.differs(unit, &self.differences[at]),
            None => match set_since(unit, self.now) {
                Some((file, why)) => Some(LeftReason::Damaged {
                    file: file.path.clone(),
                    why: why.into(),
                }),
                // There may have been a program in the compiler's place.
                None => Some(unknown(known.newest.as_ref().map(|(_, file)| file.clone()))),
            },
        }
    }

    /// The span that a unit was made in.
    fn moment(&self, unit: &Unit, known: &BuildEnv) -> Option<usize> {
        let made = made(unit)?;
        let span = |at: Timestamp| match build_env::at(&known.spans, at) {
            Moment::Known(at, _) => Some(at),
            Moment::Unknown => None,
        };
        // If another program has set the time, the environment is known only where it has never changed.
        let by_time = || span(made).filter(|_| self.always || set_since(unit, self.now).is_none());
        // When we put it there, its build environment was found to be the same.
        by_time().or_else(|| span(self.put_there(unit, known, made)?))
    }

    /// When we have put a unit into the donor.
    fn put_there(&self, unit: &Unit, known: &BuildEnv, made: Timestamp) -> Option<Timestamp> {
        let mut files = unit.files.iter();
        let mark = files.find(|file| file.is_fingerprint() && file.name() == markers::CARRIED)?;
        let mark = fs::read(&self.donor.folder.join(&mark.path)).ok()??;
        markers::carried_at(&mark, &known.workspace, made)
    }

    fn differs(&self, unit: &Unit, differences: &Differences) -> Option<LeftReason> {
        if differences.is_none() {
            return None;
        }
        let local = unit.source == Source::Local;
        let of_workspace = differences.workspace_program.as_ref().filter(|_| local);
        if let Some(program) = differences.program.as_ref().or(of_workspace) {
            let program = program.clone();
            return Some(LeftReason::OtherWrapper { program });
        }
        if let Some(file) = differences.settings.as_ref().filter(|_| local) {
            return Some(LeftReason::OtherSettings { file: file.clone() });
        }
        let run = || self.said(unit);
        let watched = |said: &Option<String>, name: &str| {
            said.as_ref().is_some_and(|said| watches(said, name))
        };
        let said = (unit.kind == UnitKind::BuildScriptRun).then(run).flatten();
        let mut all = differences.variables.iter();
        let other = all.find(|name| {
            // Cargo runs it again by itself.
            !watched(&said, name)
                && (build_env::is_of_compilers(name) || self.reached(unit, name, true))
        });
        let mut all = differences.placed.iter();
        let placed = || all.find(|name| !watched(&said, name) && self.reached(unit, name, false));
        other
            .or_else(placed)
            .map(|name| LeftReason::OtherEnvironment {
                variable: name.clone(),
            })
    }

    /// Whether a variable may have reached what was made; `started` counts the programs that a script or macro starts.
    fn reached(&self, unit: &Unit, name: &String, started: bool) -> bool {
        let by = |id: &UnitId| {
            let ability = self.abilities.get(id);
            ability
                .is_none_or(|ability| (started && ability.starts) || ability.names.contains(name))
        };
        if unit.kind == UnitKind::BuildScriptRun {
            let programs = unit.dependencies.iter().filter_map(|id| self.by_id.get(id));
            let mut programs = programs
                .filter(|unit| unit.kind == UnitKind::BuildScript)
                .peekable();
            return programs.peek().is_none() || programs.any(|unit| by(&unit.id));
        }
        // A macro may come by way of another library.
        let (mut seen, mut next) = (BTreeSet::new(), vec![unit]);
        while let Some(unit) = next.pop() {
            let dependencies = unit.dependencies.iter().filter_map(|id| self.by_id.get(id));
            for dependency in dependencies {
                match dependency.kind {
                    UnitKind::ProcMacro if by(&dependency.id) => return true,
                    UnitKind::Library if seen.insert(&dependency.id) => next.push(dependency),
                    _ => {}
                }
            }
        }
        false
    }

    /// The words of a build script.
    fn said(&self, run: &Unit) -> Option<String> {
        let file = run.files.iter().find(|file| file.is_said())?;
        let bytes = fs::read_start(
            &self.donor.folder.join(&file.path),
            crate::warm::inspect::MOST,
        );
        Some(String::from_utf8_lossy(&bytes.ok()??).into_owned())
    }
}

/// Whether a script has Cargo watch a variable.
fn watches(said: &str, name: &str) -> bool {
    said.lines().any(|line| {
        let variable = line.split_once("rerun-if-env-changed=");
        variable.is_some_and(|(_, variable)| variable.trim() == name)
    })
}

/// When a unit began to be made: Cargo dates its list of sources by that, and what a script said.
fn made(unit: &Unit) -> Option<Timestamp> {
    let mut files = unit.files.iter();
    let dated = files.find(|file| file.is_said() || file.is_dep_info());
    dated.and_then(|file| file.modified()).or(unit.oldest)
}

fn ability(donor: &Inventory, unit: &Unit, variables: &BTreeSet<&String>) -> Ability {
    let any = || Ability {
        starts: true,
        names: variables.iter().map(|name| (*name).clone()).collect(),
    };
    let mut all = Ability::default();
    let mut files = unit
        .files
        .iter()
        .filter(|file| file.is_artifact())
        .peekable();
    if files.peek().is_none() {
        return any();
    }
    for file in files {
        let path = donor.folder.join(&file.path);
        let found = fs::with_content(&path, |bytes| Ability {
            starts: abilities::of(bytes).reach == Reach::Programs,
            names: variables
                .iter()
                .filter(|name| memmem::find(bytes, name.as_bytes()).is_some())
                .map(|name| (*name).clone())
                .collect(),
        });
        let found = found.unwrap_or_else(any);
        all.starts |= found.starts;
        all.names.extend(found.names);
    }
    all
}
