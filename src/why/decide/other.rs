//! Another unit of the same package elsewhere, or none at all.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::audit::model::Difference;
use crate::audit::variants::{Compared, Dependencies, compare, dependencies};
use crate::cargo::lockfile::Lock;
use crate::target::unit::{Source, Unit, UnitId, UnitKind};
use crate::warm::decide::Relation;
use crate::why::decide::{DonorFacts, Search, is_certain};
use crate::why::model::{Cause, PackageDifference, UnitDifference};
use crate::why::question::version;

impl<'a> Search<'a> {
    /// The differences between this unit and the nearest other one of its package.
    pub(super) fn other_elsewhere(&mut self, at: usize) -> Option<Cause> {
        let unit = self.unit(at);
        let own = self.by_package(unit);
        let mut best: Option<(usize, usize, &Unit, Vec<UnitDifference>)> = None;
        for (donor, facts) in self.facts.donors.iter().enumerate() {
            let units = facts.inventory.units.iter();
            for other in units.filter(|other| is_alike(unit, other, facts.folder.relation)) {
                let theirs = self.by_package(other);
                let lock = self.lock_of(facts);
                let differences = self.differences((other, &theirs, lock), (unit, &own));
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
            let found = unit.dependencies.iter().filter(is_other);
            let found = found.filter_map(|id| self.by_id.get(id).copied());
            let found: Vec<usize> = found.filter(|found| *found != at).collect();
            let causes = found.into_iter().map(|one| self.because_of(one));
            // Only a dependency that was compiled here can be the cause.
            let causes = causes.filter(|cause| !matches!(cause.root(), Cause::PutHere { .. }));
            let causes: Vec<Cause> = causes.collect();
            let certain = causes.iter().find(|cause| is_certain(cause));
            if let Some(cause) = certain.or(causes.first()) {
                return Some(cause.clone());
            }
        }
        Some(Cause::OtherUnit {
            nearest: self.facts.donors[donor].folder.clone(),
            id: other.id.clone(),
            differences,
        })
    }

    fn by_package(&self, unit: &'a Unit) -> Dependencies<'a> {
        dependencies(&unit.dependencies, |id| self.names.get(id).copied())
    }

    /// The `Cargo.lock` of the workspace that a donor belongs to.
    fn lock_of(&self, donor: &DonorFacts<'_>) -> Option<&'a Lock> {
        let workspace = donor.folder.workspace.as_ref()?;
        let mut others = self.facts.others.iter();
        let (_, lock) = others.find(|(root, _)| root == workspace)?;
        lock.as_ref()
    }

    fn differences(
        &self,
        (other, theirs, their_lock): (&Unit, &Dependencies<'_>, Option<&Lock>),
        (unit, own): (&Unit, &Dependencies<'_>),
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
        let theirs = Compared::of(other, self.compiler(other), theirs);
        let own = Compared::of(unit, self.compiler(unit), own);
        let found = compare(&theirs, &own);
        // The units of a local package do not have its version, but Cargo tells them apart by it.
        let local_version = |unit, lock| version(unit, lock).filter(|_| all.is_empty());
        let versions = (
            local_version(other, their_lock),
            local_version(unit, self.facts.lock),
        );
        if let ([Difference::Unknown], (Some(from), Some(to))) = (&found[..], versions)
            && from != to
        {
            let version = PackageDifference::Version { from, to };
            all.push(UnitDifference::Package(version));
        }
        // These follow from the version. Cargo hashes the lints of the package's manifest with the profile's settings.
        let follows = |one: &Difference| {
            matches!(
                one,
                Difference::Unknown
                    | Difference::Dependencies { .. }
                    | Difference::Features { .. }
                    | Difference::Settings
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
    pub(super) fn nowhere(&self, at: usize) -> Cause {
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
        // The unit of a local package, and some others, do not have their version.
        let has = |lock: &Lock| match unit.version {
            Some(_) => lock.covers(unit),
            None => names(lock),
        };
        let named_by = locks().filter(|(_, lock)| has(lock));
        let named_by: Vec<PathBuf> = named_by.map(|(root, _)| root.clone()).collect();
        let is_named = locks().any(|(_, lock)| names(lock));
        match () {
            () if facts.donors.is_empty() && facts.others.is_empty() => Cause::Alone,
            () if !is_named && others_in.is_none() && locks().next().is_some() => Cause::OnlyHere,
            () => Cause::NotBuiltElsewhere {
                named_by,
                others_in,
            },
        }
    }
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

/// How far a difference keeps two units apart: another version is another package. `cargo check` and `cargo build` share
/// nothing, whatever else differs, so a unit of the same kind is nearer.
fn weight(difference: &UnitDifference) -> usize {
    match difference {
        UnitDifference::Package(_) => 4,
        UnitDifference::Unit(Difference::Checked) => 2,
        UnitDifference::Unit(_) => 1,
    }
}
