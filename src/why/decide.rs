//! Finds the cause for each unit: what is nearest to it elsewhere, and what stands between.

mod other;
mod same;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::cargo::lockfile::Lock;
use crate::clean::gc::rules::superseded::is_checked;
use crate::plan::left::LeftReason;
use crate::target::fingerprint::differences::FieldDifference;
use crate::target::unit::{Inventory, Unit, UnitId, UnitKind};
use crate::warm::decide::name;
use crate::why::advice::advice;
use crate::why::model::{Cause, ComparedFolder, ExplainedUnit};
use crate::why::question::{Question, version};
use crate::why::session::{self, Origin};

/// The facts about a folder and its neighbours.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) there: &'a Inventory,
    pub(crate) lock: Option<&'a Lock>,
    /// The newest source that has changed since the unit was first here.
    pub(crate) changed: BTreeMap<UnitId, (PathBuf, Timestamp)>,
    /// The other folders, the best donor first.
    pub(crate) donors: Vec<DonorFacts<'a>>,
    /// The other workspaces that could have a target folder for this one, each with its `Cargo.lock`.
    pub(crate) others: Vec<(PathBuf, Option<Lock>)>,
    /// The names of compilers by their hashes.
    pub(crate) compilers: BTreeMap<u64, String>,
    /// Why the rules of `warm` were not asked.
    pub(crate) no_rules: Option<String>,
}

/// Another target folder.
#[derive(Debug)]
pub(crate) struct DonorFacts<'a> {
    pub(crate) folder: ComparedFolder,
    pub(crate) inventory: &'a Inventory,
    /// For each unit whether `warm` would take it; of a unit that is here nothing.
    pub(crate) rules: BTreeMap<UnitId, Result<(), LeftReason>>,
    /// The differences of the fingerprints that are not the same, or why they cannot be compared.
    pub(crate) fields: BTreeMap<UnitId, Result<Vec<FieldDifference>, String>>,
}

/// Explains each unit that is asked about, by package.
pub(crate) fn explain(facts: &Facts<'_>, question: &Question) -> Vec<ExplainedUnit> {
    let mut search = Search::new(facts, question);
    let mut all: Vec<ExplainedUnit> = question
        .asked
        .iter()
        .map(|at| {
            let unit = &facts.there.units[*at];
            let span = match question.origins[*at] {
                Origin::Compiled(span) => Some(span),
                _ => None,
            };
            let cause = search.cause(*at);
            ExplainedUnit {
                id: unit.id.clone(),
                package: name(unit),
                version: version(unit, facts.lock),
                source: unit.source.clone(),
                kind: unit.kind.clone(),
                targets: unit.targets.clone(),
                checked: is_checked(unit),
                began: span.map(|span| span.began),
                ended: span.map(|span| span.ended),
                in_last_build: question.compiled.contains(at),
                advice: advice(&cause),
                cause,
            }
        })
        .collect();
    all.sort_by(|one, other| {
        let key = |unit: &ExplainedUnit| {
            let (package, version) = (unit.package.clone(), unit.version.clone());
            (package, version, unit.targets.clone(), unit.id.clone())
        };
        key(one).cmp(&key(other))
    });
    all
}

struct Search<'a> {
    facts: &'a Facts<'a>,
    question: &'a Question,
    by_id: HashMap<&'a UnitId, usize>,
    by_fingerprint: HashMap<u64, usize>,
    /// For each donor its units by name.
    in_donors: Vec<HashMap<&'a UnitId, &'a Unit>>,
    /// The packages of all units.
    names: HashMap<&'a UnitId, &'a str>,
    causes: HashMap<usize, Cause>,
    /// The units whose fingerprints are being compared.
    open: BTreeSet<(usize, usize)>,
    /// When this folder was warmed, as far as that is known.
    warmed: Option<Timestamp>,
}

impl<'a> Search<'a> {
    fn new(facts: &'a Facts<'a>, question: &'a Question) -> Self {
        let units = &facts.there.units;
        let inventories = facts.donors.iter().map(|donor| donor.inventory);
        let all = std::iter::once(facts.there).chain(inventories.clone());
        let names = all.flat_map(|inventory| &inventory.units);
        let began = question.build.map(|build| build.began);
        let put = question.origins.iter().filter_map(|origin| match origin {
            Origin::Put(at) if began.is_none_or(|began| *at <= began) => Some(*at),
            _ => None,
        });
        Self {
            facts,
            question,
            by_id: units
                .iter()
                .enumerate()
                .map(|(at, unit)| (&unit.id, at))
                .collect(),
            by_fingerprint: units
                .iter()
                .enumerate()
                .flat_map(|(at, unit)| unit.fingerprints.iter().map(move |hash| (*hash, at)))
                .collect(),
            in_donors: inventories
                .map(|one| one.units.iter().map(|unit| (&unit.id, unit)).collect())
                .collect(),
            names: names
                .filter_map(|unit| Some((&unit.id, unit.package.as_deref()?)))
                .collect(),
            causes: HashMap::new(),
            open: BTreeSet::new(),
            warmed: put.max(),
        }
    }

    fn unit(&self, at: usize) -> &'a Unit {
        &self.facts.there.units[at]
    }

    fn began(&self, at: usize) -> Option<Timestamp> {
        match self.question.origins.get(at)? {
            Origin::Compiled(span) => Some(span.began),
            _ => None,
        }
    }

    fn cause(&mut self, at: usize) -> Cause {
        if let Some(known) = self.causes.get(&at) {
            return known.clone();
        }
        let circle = unknown("its dependencies form a cycle");
        self.causes.insert(at, circle);
        let cause = self.find(at);
        self.causes.insert(at, cause.clone());
        cause
    }

    fn find(&mut self, at: usize) -> Cause {
        let unit = self.unit(at);
        if let UnitKind::Unknown { why } = &unit.kind {
            return unknown(why);
        }
        match self.question.origins[at] {
            Origin::Put(at) => return Cause::PutHere { at },
            Origin::Unknown => return unknown("the time of its compilation is unknown"),
            Origin::Compiled(_) => {}
        }
        if self.was_before(at) {
            if let Some((file, modified)) = self.facts.changed.get(&unit.id) {
                let (file, modified) = (file.clone(), *modified);
                return Cause::ChangedHere { file, modified };
            }
            if let Some(cause) = self.compiled_with(at) {
                return cause;
            }
        }
        // For a unit that was here, it does not matter whether `warm` could have taken another one.
        let by_warm = |cause: &Cause| {
            matches!(
                cause.root(),
                Cause::NotWarmed { .. } | Cause::Left { .. } | Cause::BuiltLater { .. }
            )
        };
        self.same_elsewhere(at)
            .map(|cause| match by_warm(&cause) && self.was_before(at) {
                true => unknown("it was here before, and nothing shows what has changed"),
                false => self.more_certain(at, cause),
            })
            .or_else(|| self.other_elsewhere(at))
            .unwrap_or_else(|| self.nowhere(at))
    }

    /// Whether the unit was here before the build that has compiled it.
    fn was_before(&self, at: usize) -> bool {
        let build = self.question.began(at);
        build.is_some_and(|build| session::before(self.unit(at), build).is_some())
    }

    /// For a unit that was here before: the dependency that the same build has compiled anew.
    fn compiled_with(&mut self, at: usize) -> Option<Cause> {
        let unit = self.unit(at);
        let compiled = &self.question.compiled;
        let dependencies = unit.dependencies.iter();
        let found = dependencies.filter_map(|id| self.by_id.get(id).copied());
        let found = found.filter(|one| compiled.contains(&at) && compiled.contains(one));
        let found: Vec<usize> = found.filter(|one| *one != at).collect();
        let mut causes = found.into_iter().map(|one| self.because_of(one));
        // A dependency whose sources have changed says most.
        let changed = |cause: &Cause| matches!(cause.root(), Cause::ChangedHere { .. });
        let first = causes.next()?;
        match changed(&first) {
            true => Some(first),
            false => causes.find(changed).or(Some(first)),
        }
    }

    /// The cause for a unit that depends on another one.
    fn because_of(&mut self, dependency: usize) -> Cause {
        match self.cause(dependency) {
            cause @ Cause::Dependency { .. } => cause,
            cause => Cause::Dependency {
                package: name(self.unit(dependency)),
                because: Box::new(cause),
            },
        }
    }

    /// For a unit that `warm` leaves because of a dependency: a dependency that differs, rather than one that may.
    fn more_certain(&mut self, at: usize, cause: Cause) -> Cause {
        let may_differ = matches!(cause.root(), Cause::Left { .. });
        if !may_differ || !matches!(cause, Cause::Dependency { .. }) {
            return cause;
        }
        let compiled = &self.question.compiled;
        let dependencies = self.unit(at).dependencies.iter();
        let found = dependencies.filter_map(|id| self.by_id.get(id).copied());
        let found: Vec<usize> = found.filter(|one| compiled.contains(one)).collect();
        let mut causes = found.into_iter().map(|one| self.because_of(one));
        causes.find(is_certain).unwrap_or(cause)
    }
}

/// Whether a cause shows a difference.
fn is_certain(cause: &Cause) -> bool {
    !matches!(
        cause.root(),
        Cause::Left { .. }
            | Cause::NotWarmed { .. }
            | Cause::BuiltLater { .. }
            | Cause::PutHere { .. }
            | Cause::Unknown { .. }
    )
}

fn unknown(why: &str) -> Cause {
    Cause::Unknown { why: why.into() }
}
