//! Decides which units of a donor another target folder can have.

pub(crate) mod local;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use crate::cargo::lockfile::Lock;
use crate::fs::model::Identity;
use crate::plan::action::Plan;
use crate::plan::kept::Kept;
use crate::plan::left::{LeftReason, LeftUnit};
use crate::size::Bytes;
use crate::survey::model::Survey;
use crate::target::unit::{Inventory, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::Sharing;
use crate::target::{layout, linked};
pub use crate::warm::begun::set_since;
pub(crate) use crate::warm::called::{own_names, speaks_of};
pub(crate) use crate::warm::candidates::{
    Candidate, Estimate, Gives, Relation, candidates, cover, order,
};
pub(crate) use crate::warm::decide::local::of_other_worktrees;
use crate::warm::destination::There;
pub(crate) use crate::warm::destination::{DestinationUnits, Times};
use crate::warm::model::{TakenUnit, WarmFolder};
use crate::warm::verdict::{Dated, LocalUnit, Locals};

/// A donor and the facts by which its units are chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DonorView<'a> {
    pub(crate) donor: &'a Inventory,
    /// The packages that the worktree's `Cargo.lock` names; `None` takes everything.
    pub(crate) lock: Option<&'a Lock>,
    /// The hash of what the worktree's compiler says of itself; `None` if it is the donor's.
    pub(crate) rustc: Option<u64>,
    /// The flaws that an inspection of units found.
    pub(crate) flaws: &'a BTreeMap<UnitId, LeftReason>,
    /// The findings about the sources of local units; a unit without a finding is not taken.
    pub(crate) locals: &'a Locals,
    /// Take local programs as well, which need space of their own.
    pub(crate) programs: bool,
    /// Programs that the linker replaces may be links, as libraries are.
    pub(crate) links_programs: bool,
}

/// Chooses the units that are taken, and says of every other one why it is not.
///
/// A unit is taken if its package does not differ between the worktrees, Cargo would find it fresh where it goes, and
/// the same holds for everything that it was compiled with (the rules R1 and R2 of what Cargo does): one local unit
/// with other sources or one that is missing in the closure, and neither it nor what depends on it is taken. A unit
/// that is there is never replaced.
#[must_use]
pub(crate) fn choose(offer: DonorView<'_>, here: &DestinationUnits) -> WarmFolder {
    let donor = offer.donor;
    let by_id: HashMap<&UnitId, &Unit> = donor.units.iter().map(|unit| (&unit.id, unit)).collect();
    let mut chooser = Chooser {
        offer,
        here,
        by_id,
        verdicts: HashMap::new(),
        taken: Vec::new(),
        whole: HashSet::new(),
        rehashed: HashSet::new(),
    };
    let mut warm = WarmFolder {
        workspace: PathBuf::new(),
        from: donor.folder.clone(),
        moved_from: None,
        rewritten: BTreeSet::new(),
        from_store: false,
        into: PathBuf::new(),
        names: Vec::new(),
        units: Vec::new(),
        left: Vec::new(),
        present: 0,
        linkable: Bytes(0),
        copied: Bytes(0),
        wait: false,
        looked_at: offer.locals.looked_at,
        configured: None,
        sources: offer.locals.sources.clone(),
        worktrees: offer.locals.worktrees.clone(),
        same_toolchain: false,
    };
    for unit in &donor.units {
        match chooser.verdict(unit) {
            Verdict::Taken => {}
            Verdict::Present => warm.present += 1,
            Verdict::Left(reason) => warm.left.push(LeftUnit {
                package: name(unit),
                version: unit.version.clone(),
                id: unit.id.clone(),
                reason,
            }),
        }
    }
    warm.left.sort();
    warm.units = chooser
        .taken
        .iter()
        .map(|unit| chooser.unit(unit))
        .collect();
    for unit in &warm.units {
        // Cargo gives some files two names.
        let mut seen: BTreeSet<Identity> = BTreeSet::new();
        for file in &unit.files {
            match file.sharing {
                _ if file.links > 1 && !seen.insert(file.identity) => {}
                Sharing::Link => warm.linkable += file.length,
                _ => warm.copied += file.on_disk,
            }
        }
    }
    warm
}

/// Makes a plan of what was decided for each workspace.
#[must_use]
pub(crate) fn plan(survey: &Survey, decided: Vec<Result<WarmFolder, Box<Kept>>>) -> Plan {
    let mut plan = Plan {
        warnings: crate::plan::warnings(survey),
        ..Plan::default()
    };
    for one in decided {
        match one {
            Ok(warm) => plan.add(warm),
            Err(kept) => plan.kept.push(*kept),
        }
    }
    plan
}

#[derive(Clone, Debug)]
enum Verdict {
    Taken,
    Present,
    Left(LeftReason),
}

struct Chooser<'a> {
    offer: DonorView<'a>,
    here: &'a DestinationUnits,
    by_id: HashMap<&'a UnitId, &'a Unit>,
    verdicts: HashMap<&'a UnitId, Verdict>,
    /// Dependencies first.
    taken: Vec<&'a Unit>,
    /// The units that are taken and look new, with their dependents.
    whole: HashSet<&'a UnitId>,
    /// The units whose fingerprint is another one in the destination, with their dependents.
    rehashed: HashSet<&'a UnitId>,
}

impl<'a> Chooser<'a> {
    fn verdict(&mut self, unit: &'a Unit) -> Verdict {
        if let Some(known) = self.verdicts.get(&unit.id) {
            return known.clone();
        }
        // Units that depend on each other cannot be: a second question about a unit that is still being judged is
        // refused.
        let circle = LeftReason::Unknown {
            why: "its dependencies form a cycle".into(),
        };
        self.verdicts.insert(&unit.id, Verdict::Left(circle));
        let verdict = match self.judge(unit) {
            Ok(verdict) => verdict,
            Err(reason) => Verdict::Left(reason),
        };
        if matches!(verdict, Verdict::Taken) {
            self.taken.push(unit);
        }
        self.verdicts.insert(&unit.id, verdict.clone());
        verdict
    }

    fn judge(&mut self, unit: &'a Unit) -> Result<Verdict, LeftReason> {
        let there = self.here.units.get(&unit.id);
        if matches!(there, Some(There::Unit { .. })) {
            return Ok(Verdict::Present);
        }
        of_itself(unit)?;
        if !self.offer.programs && is_program(unit) {
            return Err(LeftReason::Program);
        }
        let local = self.local(unit)?;
        if local.is_none() && !self.offer.lock.is_none_or(|lock| lock.covers(unit)) {
            return Err(LeftReason::NotLocked);
        }
        let made_by = |rustc| unit.rustc.is_none_or(|own| own == rustc);
        if !self.offer.rustc.is_none_or(made_by) {
            return Err(LeftReason::OtherCompiler);
        }
        let flaw = self.offer.flaws.get(&unit.id);
        // A unit that could not be taken anyway was not inspected for where it was compiled.
        let unproven =
            |flaw: &&LeftReason| matches!(flaw, LeftReason::OtherWorktree { worktree: None });
        if let Some(flaw) = flaw.filter(|flaw| !unproven(flaw)) {
            return Err(flaw.clone());
        }
        let mut awaited = unit
            .fingerprints
            .iter()
            .filter_map(|hash| self.here.awaited.get(hash));
        if let Some(by) = awaited.next() {
            return Err(LeftReason::Awaited { by: by.clone() });
        }
        for id in &unit.dependencies {
            let dependency = self.by_id.get(id).copied();
            let dependency = dependency.ok_or_else(|| LeftReason::Incomplete {
                missing: id.to_string(),
            })?;
            let verdict = self.verdict(dependency);
            self.fits(unit, dependency, verdict)?;
        }
        if let Some(flaw) = flaw {
            return Err(flaw.clone());
        }
        if matches!(there, Some(There::Occupied)) {
            return Err(LeftReason::Occupied);
        }
        let of = |ids: &HashSet<&UnitId>| unit.dependencies.iter().any(|id| ids.contains(id));
        if of(&self.whole) || local.is_some_and(|local| local.watches && self.is_elsewhere()) {
            self.whole.insert(&unit.id);
        }
        if of(&self.rehashed) || local.is_some_and(|local| local.precalculated.is_some()) {
            // Its hash in the destination is not known yet, and so not whether a unit there was compiled with a unit
            // of that hash.
            if let Some(by) = self.here.awaited.values().min() {
                return Err(LeftReason::Awaited { by: by.clone() });
            }
            self.rehashed.insert(&unit.id);
        }
        Ok(Verdict::Taken)
    }

    /// The finding about a local unit; `None` for any other.
    fn local(&self, unit: &Unit) -> Result<Option<&'a LocalUnit>, LeftReason> {
        if unit.source != Source::Local {
            return Ok(None);
        }
        match self.offer.locals.units.get(&unit.id) {
            None => Err(LeftReason::Local),
            Some(Err(reason)) => Err(reason.clone()),
            Some(Ok(local)) => Ok(Some(local)),
        }
    }

    /// Whether the donor's sources are not the destination's own, so that these are of other times.
    fn is_elsewhere(&self) -> bool {
        self.offer.locals.looked_at.is_some()
    }

    fn unit(&self, unit: &Unit) -> TakenUnit {
        let local = unit.source == Source::Local;
        let dated = match () {
            () if self.whole.contains(&unit.id) => Dated::Whole,
            () if local && self.is_elsewhere() => Dated::Sources,
            () => Dated::AsTheyWere,
        };
        let mut files = unit.files.clone();
        if !self.offer.links_programs {
            linked::take_back(&mut files);
        }
        // Another name of a file has its times.
        for file in files.iter_mut().filter(|_| dated == Dated::Whole) {
            if file.sharing == Sharing::Link {
                file.sharing = Sharing::Copy;
            }
        }
        let known = self.offer.locals.units.get(&unit.id);
        TakenUnit {
            id: unit.id.clone(),
            package: name(unit),
            version: unit.version.clone(),
            kind: unit.kind.clone(),
            entries: entries(unit),
            dependencies: unit.dependencies.clone(),
            files,
            clear: match self.here.units.get(&unit.id) {
                Some(There::Rest(entries)) => entries.clone(),
                _ => Vec::new(),
            },
            local,
            dated,
            rehashed: self.rehashed.contains(&unit.id),
            precalculated: known.and_then(|known| known.as_ref().ok()?.precalculated.clone()),
        }
    }

    /// Whether what the destination will have of a dependency is what the unit was compiled with.
    fn fits(&self, unit: &Unit, dependency: &Unit, verdict: Verdict) -> Result<(), LeftReason> {
        let times = match verdict {
            Verdict::Left(reason) => {
                let (root, because) = match reason {
                    LeftReason::DependsOn { root, because } => (root, because),
                    reason => (name(dependency), Box::new(reason)),
                };
                return Err(LeftReason::DependsOn { root, because });
            }
            Verdict::Taken => Times::of(dependency),
            Verdict::Present => match self.here.units.get(&dependency.id) {
                Some(There::Unit { fingerprints, .. })
                    if *fingerprints != dependency.fingerprints
                        || self.here.different.contains(&dependency.id) =>
                {
                    let dependency = name(dependency);
                    return Err(LeftReason::OtherDependency { dependency });
                }
                Some(There::Unit { times, .. }) => *times,
                _ => Times::default(),
            },
        };
        let needed = times.needed(unit, dependency);
        match (needed, Times::of(unit).newest) {
            (Some(needed), Some(own)) if needed > own => Err(LeftReason::Stale),
            _ => Ok(()),
        }
    }
}

/// Returns whether a unit itself may be taken, whichever workspace wants it.
pub(crate) fn of_itself(unit: &Unit) -> Result<(), LeftReason> {
    let unknown = |why: &str| LeftReason::Unknown { why: why.into() };
    match &unit.kind {
        UnitKind::Unknown { why } => return Err(unknown(why)),
        UnitKind::Doc => return Err(LeftReason::Documentation),
        _ => {}
    }
    if unit.source == Source::Unknown {
        return Err(unknown("the source of its package is unknown"));
    }
    if is_program(unit) && unit.source != Source::Local {
        return Err(LeftReason::Program);
    }
    if unit.targets.len() != 1 {
        return Err(unknown("it contains several targets"));
    }
    if unit.source == Source::Local && Times::of(unit).newest.is_none() {
        return Err(unknown("its file names have no hash"));
    }
    match unit.missing.first() {
        Some(missing) => Err(LeftReason::Incomplete {
            missing: missing.clone(),
        }),
        None => Ok(()),
    }
}

/// Nothing is compiled with it.
fn is_program(unit: &Unit) -> bool {
    !matches!(
        unit.kind,
        UnitKind::Library | UnitKind::ProcMacro | UnitKind::BuildScript | UnitKind::BuildScriptRun
    )
}

pub(crate) fn name(unit: &Unit) -> String {
    let package = unit.package.clone();
    package.unwrap_or_else(|| unit.id.hash.clone())
}

/// The paths that are moved into place as a whole: the fingerprint last.
pub(crate) fn entries(unit: &Unit) -> Vec<PathBuf> {
    let depth = unit.id.profile.split('/').count();
    let mut entries: Vec<PathBuf> = Vec::new();
    for file in &unit.files {
        if let Some(inside) = layout::in_profile(&file.path, &unit.id.profile, layout::entry) {
            let entry: PathBuf = file.path.iter().take(depth + inside).collect();
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }
    entries.sort_by_key(|entry| {
        let fingerprint = entry
            .iter()
            .nth(depth)
            .is_some_and(|part| part == ".fingerprint");
        (fingerprint, entry.clone())
    });
    entries
}
