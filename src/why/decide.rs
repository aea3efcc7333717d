//! Finds the cause for each unit: what is nearest to it elsewhere, and what stands between.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::audit::model::Difference;
use crate::audit::variants::{Compared, compare, dependencies};
use crate::cargo::lockfile::Lock;
use crate::clean::gc::rules::superseded::is_checked;
use crate::plan::left::LeftReason;
use crate::target::fingerprint;
use crate::target::fingerprint::differences::FieldDifference;
use crate::target::unit::{Inventory, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::UnitFile;
use crate::warm::decide::{Relation, name};
use crate::why::model::{
    Cause, ComparedFolder, ExplainedUnit, LastBuild, PackageDifference, UnitDifference,
};
use crate::why::session::{self, Origin, Span};
use crate::why::spec::Spec;

/// The units that are to be explained.
#[derive(Debug)]
pub(crate) struct Question {
    /// How each unit of the folder came to be there.
    pub(crate) origins: Vec<Origin>,
    pub(crate) build: Option<LastBuild>,
    /// The units that the last build compiled, by index.
    pub(crate) compiled: BTreeSet<usize>,
    /// The units to explain, by index.
    pub(crate) asked: BTreeSet<usize>,
}

impl Question {
    /// When the build began that has compiled a unit: of an earlier one, only the moment of that unit is known.
    pub(crate) fn began(&self, at: usize) -> Option<Timestamp> {
        let Origin::Compiled(span) = *self.origins.get(at)? else {
            return None;
        };
        let build = self.build.filter(|_| self.compiled.contains(&at));
        Some(build.map_or(span.began, |build| build.began))
    }
}

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

/// Which units are to be explained: those of a package, or those that the last build compiled.
pub(crate) fn question(
    there: &Inventory,
    marked: &BTreeSet<UnitId>,
    package: Option<&Spec>,
    lock: Option<&Lock>,
) -> Question {
    let units = &there.units;
    let origins: Vec<Origin> = units
        .iter()
        .map(|unit| session::origin(unit, marked.contains(&unit.id)))
        .collect();
    let spans: Vec<Option<Span>> = origins
        .iter()
        .map(|origin| match origin {
            Origin::Compiled(span) => Some(*span),
            _ => None,
        })
        .collect();
    let last = session::last(&spans);
    let build = last.as_ref().map(|(span, units)| LastBuild {
        began: span.began,
        ended: span.ended,
        units: units.len(),
    });
    let compiled: BTreeSet<usize> = last.into_iter().flat_map(|(_, units)| units).collect();
    let asked = match package {
        None => compiled.clone(),
        Some(spec) => {
            let is_meant = |unit: &Unit| {
                let version = version(unit, lock);
                spec.means(&name(unit), version.as_deref()) && has_fingerprint(unit)
            };
            let all = units.iter().enumerate();
            all.filter(|(_, unit)| is_meant(unit))
                .map(|(at, _)| at)
                .collect()
        }
    };
    Question {
        origins,
        build,
        compiled,
        asked,
    }
}

/// Whether there is a fingerprint, though it may be empty: of other things that Cargo has made nothing can be told.
fn has_fingerprint(unit: &Unit) -> bool {
    let is_hash =
        |file: &UnitFile| file.is_fingerprint() && fingerprint::target(&file.name()).is_some();
    unit.files.iter().any(is_hash)
}

/// The packages of units that have an empty fingerprint: their build failed, or it still runs.
pub(crate) fn unfinished(there: &Inventory) -> Vec<String> {
    let is_empty = |file: &UnitFile| {
        let name = file.name();
        let is_hash = !name.ends_with(".json") && fingerprint::target(&name).is_some();
        file.is_fingerprint() && is_hash && file.length.0 == 0
    };
    let units = there.units.iter();
    let units = units.filter(|unit| unit.files.iter().any(is_empty));
    let names: BTreeSet<String> = units.map(name).collect();
    names.into_iter().collect()
}

/// The version of a unit's package, of a local one by `Cargo.lock`.
pub(crate) fn version(unit: &Unit, lock: Option<&Lock>) -> Option<String> {
    let local = || {
        let package = unit.package.as_deref()?;
        let version = lock?.local_version(package)?;
        (unit.source == Source::Local).then(|| version.to_owned())
    };
    unit.version.clone().or_else(local)
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
        let circle = unknown("its dependencies lead back to it");
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
            Origin::Unknown => return unknown("nothing tells when it was compiled"),
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
        self.same_elsewhere(at)
            .map(|cause| self.more_certain(at, cause))
            .or_else(|| self.other_elsewhere(at))
            .unwrap_or_else(|| self.nowhere(at))
    }

    /// Whether the unit was here before the build that has compiled it.
    fn was_before(&self, at: usize) -> bool {
        let build = self.question.began(at);
        build.is_some_and(|build| session::before(self.unit(at), build).is_some())
    }

    /// Of a unit that was here before: the dependency that the same build has compiled anew.
    fn compiled_with(&mut self, at: usize) -> Option<Cause> {
        let unit = self.unit(at);
        let compiled = &self.question.compiled;
        let dependencies = unit.dependencies.iter();
        let found = dependencies.filter_map(|id| self.by_id.get(id).copied());
        let found = found.filter(|one| compiled.contains(&at) && compiled.contains(one));
        let found: Vec<usize> = found.filter(|one| *one != at).collect();
        let mut causes = found.into_iter().map(|one| self.because_of(one));
        // One whose sources have changed says most.
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

    /// The difference between this unit and the same one in another folder.
    fn same_elsewhere(&mut self, at: usize) -> Option<Cause> {
        let id = &self.unit(at).id;
        let mut best: Option<(u8, Cause)> = None;
        for donor in 0..self.facts.donors.len() {
            let Some(other) = self.in_donors[donor].get(id).copied() else {
                continue;
            };
            if matches!(other.kind, UnitKind::Unknown { .. }) {
                continue;
            }
            let cause = self.against(at, donor, other);
            let rank = rank(&cause);
            if best.as_ref().is_none_or(|(best, _)| rank < *best) {
                best = Some((rank, cause));
            }
        }
        best.map(|(_, cause)| cause)
    }

    /// Of a unit that `warm` leaves for a dependency: a dependency that differs, rather than one that may.
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
        let certain = causes.find(|cause| {
            !matches!(
                cause.root(),
                Cause::Left { .. }
                    | Cause::NotWarmed { .. }
                    | Cause::BuiltLater { .. }
                    | Cause::PutHere { .. }
                    | Cause::Unknown { .. }
            )
        });
        certain.unwrap_or(cause)
    }

    fn against(&mut self, at: usize, donor: usize, other: &Unit) -> Cause {
        if let Some(cause) = self.fields(at, donor) {
            return cause;
        }
        let facts = self.facts;
        let nearest = facts.donors[donor].folder.clone();
        match facts.donors[donor].rules.get(&other.id) {
            Some(Err(reason)) => by_rule(reason, &nearest),
            Some(Ok(())) => {
                let there_since = session::there_since(other);
                match (there_since, self.began(at)) {
                    (Some(since), Some(began)) if since > began => {
                        Cause::BuiltLater { nearest, at: since }
                    }
                    _ => Cause::NotWarmed {
                        nearest,
                        there_since,
                        warmed: self.warmed,
                    },
                }
            }
            None => match &facts.no_rules {
                Some(why) => unknown(why),
                None => unknown("it was here already when the last build began"),
            },
        }
    }

    /// The cause that the fingerprints of a unit here and in a donor show, if they differ in more than in what each
    /// worktree has for itself.
    fn fields(&mut self, at: usize, donor: usize) -> Option<Cause> {
        let facts = self.facts;
        let id = &self.unit(at).id;
        let nearest = || facts.donors[donor].folder.clone();
        let found = match facts.donors[donor].fields.get(id)? {
            Ok(found) => found,
            Err(why) => return Some(unknown(why)),
        };
        let is_dependency =
            |one: &&FieldDifference| matches!(one, FieldDifference::Dependency { .. });
        let is_soft = |one: &&FieldDifference| **one == FieldDifference::SourceState;
        let own = found
            .iter()
            .filter(|one| !is_dependency(one) && !is_soft(one));
        let own: Vec<FieldDifference> = own.cloned().collect();
        if !own.is_empty() {
            return Some(Cause::OtherFingerprint {
                nearest: nearest(),
                differences: own,
            });
        }
        // Dependencies cannot lead back, but what is on disk may say so.
        if !self.open.insert((at, donor)) {
            return None;
        }
        let mut untold = Vec::new();
        let mut cause = None;
        for one in found.iter().filter(is_dependency) {
            let FieldDifference::Dependency { here, .. } = one else {
                continue;
            };
            let dependency = here.and_then(|hash| self.by_fingerprint.get(&hash).copied());
            let compared = dependency.filter(|dependency| {
                let id = &self.unit(*dependency).id;
                facts.donors[donor].fields.contains_key(id)
            });
            let Some(dependency) = compared else {
                untold.push(one.clone());
                continue;
            };
            match self.fields(dependency, donor) {
                None => {}
                Some(found @ Cause::Dependency { .. }) => cause = Some(found),
                Some(found) => {
                    cause = Some(Cause::Dependency {
                        package: name(self.unit(dependency)),
                        because: Box::new(found),
                    });
                }
            }
            if cause.is_some() {
                break;
            }
        }
        self.open.remove(&(at, donor));
        let untold = (!untold.is_empty()).then(|| Cause::OtherFingerprint {
            nearest: nearest(),
            differences: untold,
        });
        cause.or(untold)
    }

    /// The differences between this unit and the nearest other one of its package.
    fn other_elsewhere(&mut self, at: usize) -> Option<Cause> {
        let unit = self.unit(at);
        let own = self.by_package(unit);
        let mut best: Option<(usize, usize, &Unit, Vec<UnitDifference>)> = None;
        for (donor, facts) in self.facts.donors.iter().enumerate() {
            let units = facts.inventory.units.iter();
            for other in units.filter(|other| is_alike(unit, other, facts.folder.relation)) {
                let theirs = self.by_package(other);
                let differences = self.differences((other, &theirs), (unit, &own));
                let rank = (differences.iter().map(weight).sum(), donor);
                if best
                    .as_ref()
                    .is_none_or(|(many, at, ..)| rank < (*many, *at))
                {
                    best = Some((rank.0, donor, other, differences));
                }
            }
        }
        let (_, donor, other, differences) = best?;
        if let [UnitDifference::Unit(Difference::Dependencies { packages })] = &differences[..] {
            let theirs: BTreeSet<&UnitId> = other.dependencies.iter().collect();
            let is_other = |id: &&UnitId| {
                let name = self.names.get(*id).copied().unwrap_or_default();
                !theirs.contains(*id) && packages.iter().any(|package| package == name)
            };
            let found = unit.dependencies.iter().find(is_other);
            let found = found.and_then(|id| self.by_id.get(id).copied());
            if let Some(found) = found.filter(|found| *found != at) {
                return Some(self.because_of(found));
            }
        }
        Some(Cause::OtherUnit {
            nearest: self.facts.donors[donor].folder.clone(),
            id: other.id.clone(),
            differences,
        })
    }

    fn by_package(&self, unit: &'a Unit) -> BTreeMap<String, BTreeSet<&'a UnitId>> {
        dependencies(unit, &self.names)
    }

    fn differences(
        &self,
        (other, theirs): (&Unit, &BTreeMap<String, BTreeSet<&UnitId>>),
        (unit, own): (&Unit, &BTreeMap<String, BTreeSet<&UnitId>>),
    ) -> Vec<UnitDifference> {
        let mut all = Vec::new();
        match (&other.version, &unit.version) {
            (Some(from), Some(to)) if from != to => {
                let (from, to) = (from.clone(), to.clone());
                all.push(PackageDifference::Version { from, to });
            }
            _ if other.source != unit.source => {
                let (from, to) = (other.source.clone(), unit.source.clone());
                all.push(PackageDifference::Source { from, to });
            }
            _ => {}
        }
        let mut all: Vec<UnitDifference> = all.into_iter().map(UnitDifference::Package).collect();
        let compared = |unit, dependencies| Compared {
            unit,
            checked: is_checked(unit),
            compiler: self.compiler(unit),
            dependencies,
        };
        let found = compare(&compared(other, theirs), &compared(unit, own));
        // These follow from the version.
        let follows = |one: &Difference| {
            matches!(
                one,
                Difference::Unknown | Difference::Dependencies { .. } | Difference::Features { .. }
            )
        };
        let is_other = !all.is_empty();
        let found = found.into_iter().filter(|one| !is_other || !follows(one));
        all.extend(found.map(UnitDifference::Unit));
        all
    }

    fn compiler(&self, unit: &Unit) -> Option<&'a str> {
        let name = self.facts.compilers.get(&unit.rustc?)?;
        Some(name)
    }

    /// Why no other folder has a unit of the package's target.
    fn nowhere(&self, at: usize) -> Cause {
        let (unit, facts) = (self.unit(at), self.facts);
        let package = unit.package.as_deref().unwrap_or_default();
        let has = |donor: &&DonorFacts<'_>| {
            let relation = donor.folder.relation;
            let mut units = donor.inventory.units.iter();
            units.any(|other| is_of_package(unit, other, relation))
        };
        let others_in = facts.donors.iter().find(has);
        let others_in = others_in.map(|donor| donor.folder.clone());
        let locks = || {
            facts
                .others
                .iter()
                .filter_map(|(root, lock)| Some((root, lock.as_ref()?)))
        };
        let names = |lock: &Lock| lock.names(package) || lock.names_local(package);
        let named_by = locks().filter(|(_, lock)| names(lock));
        let named_by: Vec<PathBuf> = named_by.map(|(root, _)| root.clone()).collect();
        match () {
            () if facts.donors.is_empty() && facts.others.is_empty() => Cause::Alone,
            () if named_by.is_empty() && others_in.is_none() && locks().next().is_some() => {
                Cause::OnlyHere
            }
            () => Cause::NotBuiltElsewhere {
                named_by,
                others_in,
            },
        }
    }
}

fn unknown(why: &str) -> Cause {
    Cause::Unknown { why: why.into() }
}

/// Whether two units are of one package. A local package of a workspace that is no kin is another one.
fn is_of_package(unit: &Unit, other: &Unit, relation: Relation) -> bool {
    let is_kin = relation != Relation::Stranger;
    let known = !matches!(other.kind, UnitKind::Unknown { .. });
    let local = [unit, other].iter().any(|one| one.source == Source::Local);
    known && unit.package.is_some() && unit.package == other.package && (is_kin || !local)
}

/// Whether they are also of the same target.
fn is_alike(unit: &Unit, other: &Unit, relation: Relation) -> bool {
    is_of_package(unit, other, relation) && unit.kind == other.kind && unit.targets == other.targets
}

/// How far a difference keeps two units apart: another version is another package.
fn weight(difference: &UnitDifference) -> usize {
    match difference {
        UnitDifference::Package(_) => 4,
        UnitDifference::Unit(_) => 1,
    }
}

/// How near a cause is to sharing the unit, the nearest first.
fn rank(cause: &Cause) -> u8 {
    match cause.root() {
        Cause::NotWarmed { .. } => 0,
        Cause::Left { .. } => 1,
        Cause::SourceDiffers { .. } => 2,
        Cause::OtherFingerprint { .. } => 3,
        Cause::BuiltLater { .. } => 4,
        _ => 5,
    }
}

/// A reason of `warm` as a cause.
fn by_rule(reason: &LeftReason, nearest: &ComparedFolder) -> Cause {
    let nearest = nearest.clone();
    match reason {
        LeftReason::DependsOn { root, because } => Cause::Dependency {
            package: root.clone(),
            because: Box::new(by_rule(because, &nearest)),
        },
        LeftReason::SourceDiffers { file } => {
            let file = file.clone();
            Cause::SourceDiffers { nearest, file }
        }
        left => {
            let left = left.clone();
            Cause::Left { nearest, left }
        }
    }
}

/// The advice that would share units that were compiled for this cause.
pub(crate) fn advice(cause: &Cause) -> Option<&'static str> {
    const TOOLCHAIN: &str = "let a `rust-toolchain.toml` name one toolchain for both worktrees";
    const FLAGS: &str = "set `rustflags` in one configuration above both worktrees";
    Some(match cause.root() {
        Cause::NotWarmed { warmed: None, .. } => {
            "`cargo sharedtarget hook install` has git warm each new worktree before its first build; \
             `cargo sharedtarget onboard` does that by hand"
        }
        Cause::NotWarmed { .. } => {
            "before a build, `cargo sharedtarget warm --from DIR` warms from the donor that you name"
        }
        Cause::OtherUnit { differences, .. } => match differences.first()? {
            UnitDifference::Package(PackageDifference::Version { .. }) => {
                "the same version in both `Cargo.lock` files is compiled once"
            }
            UnitDifference::Package(PackageDifference::Source { .. }) => return None,
            UnitDifference::Unit(difference) => match difference {
                Difference::Checked => {
                    "run the same command in both worktrees: `cargo check` and `cargo build` share no library"
                }
                Difference::Profile { .. } => "build with the same profile in both worktrees",
                Difference::Triple { .. } => "build with the same `--target` in both worktrees",
                Difference::Compiler { .. } => TOOLCHAIN,
                Difference::Rustflags { .. } => FLAGS,
                Difference::Features { .. } => {
                    "build the same packages in both worktrees: Cargo unites the features of all that one command builds"
                }
                Difference::Settings | Difference::Dependencies { .. } | Difference::Unknown => {
                    return None;
                }
            },
        },
        Cause::OtherFingerprint { differences, .. } => match differences.first()? {
            FieldDifference::Variable { .. } => {
                "set the variable to the same value for both builds"
            }
            FieldDifference::Compiler => TOOLCHAIN,
            FieldDifference::Rustflags => FLAGS,
            _ => return None,
        },
        Cause::Left { left, .. } => match left.root() {
            LeftReason::Local => {
                "`warm` takes local crates too without `--no-local` and `local = false`"
            }
            LeftReason::OtherEnvironment { .. } => {
                "set the variable to the same value in both configurations"
            }
            LeftReason::OtherCompiler => TOOLCHAIN,
            LeftReason::OtherFlags => FLAGS,
            _ => return None,
        },
        _ => return None,
    })
}
