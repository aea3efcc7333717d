//! Decides which single units of target folders may be deleted, by rule.

pub(crate) mod budget;
pub(crate) mod others;
mod programs;
pub(crate) mod rules;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::age::Age;
use crate::clean::folder_use::{Compilers, FolderUse, Graph, usage_of};
use crate::clean::gc::programs::Products;
use crate::clean::gc::rules::RuleInput;
use crate::clean::model::{
    CollectFolder, CollectReason, CollectedOther, CollectedUnit, KeptUnit, KeptUnitReason,
};
use crate::fs::model::{Usage, freeable};
use crate::plan::action::{Plan, Warning};
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::size::Bytes;
use crate::target::layout;
use crate::target::unit::{Unit, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};

/// Which units `gc` is asked to delete. Several rules add up.
#[derive(Clone, Debug, Default)]
pub(crate) struct GcOptions {
    /// Units that were not used for as long, and whose dependents were not either.
    pub(crate) older_than: Option<Age>,
    /// Units that no build since then has used.
    pub(crate) unused_since: Option<Timestamp>,
    /// Units of compilers that are not installed.
    pub(crate) toolchain_gone: bool,
    /// Units of packages that no `Cargo.lock` names, and their dependents.
    pub(crate) unreferenced: bool,
    /// Units that have a newer build of the same target.
    pub(crate) superseded: bool,
    /// Units whose build did not come to its end.
    pub(crate) unfinished: bool,
    /// The compiler's own cache for crates that no workspace has any more.
    pub(crate) crate_gone: bool,
    /// The compiler's own cache, where it was not used for as long.
    pub(crate) incremental: Option<Age>,
    /// Only what is in profile folders of this name; without another rule everything there.
    pub(crate) profile: Option<String>,
    /// How much all folders together may take.
    pub(crate) max_size: Option<Bytes>,
    /// How much must be deleted on each filesystem, by its device, for as much to be free there as was asked for.
    pub(crate) to_free: BTreeMap<u64, Bytes>,
    /// Programs at the top of a profile folder are kept, with the files that they may need when they run.
    pub(crate) keep_programs: bool,
    /// Target folders whose size counts, but whose units are all kept.
    pub(crate) spared: BTreeSet<PathBuf>,
    /// Units used since then are kept, whatever the budget.
    pub(crate) spared_since: Option<Timestamp>,
}

impl GcOptions {
    /// The rules whose units no build of any worktree misses: without them, it compiles nothing more than it would
    /// anyway.
    #[must_use]
    pub(crate) fn sure() -> Self {
        Self {
            toolchain_gone: true,
            unreferenced: true,
            unfinished: true,
            crate_gone: true,
            ..Self::default()
        }
    }

    /// Whether there is no rule, but perhaps a profile.
    fn has_no_rule(&self) -> bool {
        // Each field by its name, so that a new rule cannot be forgotten: without one, the default rules would run.
        let Self {
            older_than,
            unused_since,
            toolchain_gone,
            unreferenced,
            superseded,
            unfinished,
            crate_gone,
            incremental,
            max_size,
            to_free,
            profile: _,
            keep_programs: _,
            spared: _,
            spared_since: _,
        } = self;
        let by_state =
            *toolchain_gone || *unreferenced || *superseded || *unfinished || *crate_gone;
        let by_age = older_than.is_some() || unused_since.is_some() || incremental.is_some();
        let by_size = max_size.is_some() || !to_free.is_empty();
        !(by_state || by_age || by_size)
    }

    /// Whether nothing was asked for.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.profile.is_none() && self.has_no_rule()
    }

    /// Whether a profile alone was asked for.
    fn is_profile_alone(&self) -> bool {
        self.profile.is_some() && self.has_no_rule()
    }

    /// Returns whether anything in this profile folder may be deleted.
    fn covers(&self, folder: &Path, profile: &str) -> bool {
        let asked = self.profile.as_deref();
        !self.spared.contains(folder)
            && asked
                .is_none_or(|asked| profile.rsplit('/').next() == Some(asked) || profile == asked)
    }

    /// Whether a reason is also one to collect the names of a program at the top of the profile folder. Not where you
    /// asked for nothing: you may run it, though no build makes it.
    fn covers_products(&self, why: &CollectReason) -> bool {
        use CollectReason::{Budget, Idle, Profile, Unused};
        let covered = matches!(why, Idle { .. } | Unused { .. } | Profile | Budget { .. });
        covered && !self.keep_programs
    }
}

/// Why each unit of a folder, and each of what belongs to none, is collected or kept, by their places.
pub(crate) struct CollectReasons {
    /// `None` for a unit that is kept.
    pub(crate) units: Vec<Option<CollectReason>>,
    /// Why each unit is kept, if it is.
    kept: Vec<KeptUnitReason>,
    /// By the places in [`RuleInput::others`].
    pub(crate) others: Vec<Option<CollectReason>>,
}

/// Decides which units may be collected, and why each other one is kept.
///
/// A unit is collected whole or not at all. A dependency of a kept unit is not collected: the next build of that unit
/// would have to compile both. Reads nothing from disk: files are checked again before they are deleted.
#[must_use]
pub(crate) fn gc(
    folders: Vec<FolderUse>,
    compilers: &Compilers,
    options: &GcOptions,
    now: Timestamp,
    warnings: Vec<Warning>,
) -> Plan {
    let mut plan = Plan {
        warnings,
        ..Plan::default()
    };
    let (stuck, folders): (Vec<FolderUse>, Vec<FolderUse>) = folders
        .into_iter()
        .partition(|folder| folder.obstacle.is_some());
    let inputs: Vec<RuleInput<'_>> = folders
        .iter()
        .map(|folder| RuleInput::of(folder, compilers, options, now))
        .collect();
    let products: Vec<Products> = inputs.iter().map(Products::of).collect();
    let mut reasons: Vec<CollectReasons> = Vec::new();
    for (input, products) in inputs.iter().zip(&products) {
        let mut of_rules = rules::reasons(input);
        for (at, unit) in input.folder.inventory.units.iter().enumerate() {
            if let Some(why) = of_rules.units[at].clone() {
                products.collect_with(&unit.id, &mut of_rules, &why, options);
            }
        }
        if !options.keep_programs {
            programs::collect_without_a_hash(input, &mut of_rules);
        }
        reasons.push(of_rules);
    }
    if options.max_size.is_some() || !options.to_free.is_empty() {
        budget::keep_to(&inputs, &products, &mut reasons, options, now);
    }
    for folder in stuck {
        let on_disk = folder.inventory.totals.on_disk;
        if let Some(reason) = folder.obstacle {
            plan.kept
                .push(kept(folder.inventory.folder, reason, on_disk));
        }
    }
    let begun = inputs.iter().zip(&reasons);
    let begun: Vec<(CollectFolder, Vec<usize>)> = begun
        .map(|(input, reasons)| {
            (
                without_units(input, reasons),
                dependents_first(&input.graph),
            )
        })
        .collect();
    let mut all: Vec<Usage> = Vec::new();
    let mut collected: Vec<CollectFolder> = Vec::new();
    for ((folder, reasons), (mut of_folder, order)) in folders.into_iter().zip(reasons).zip(begun) {
        let on_disk = folder.inventory.totals.on_disk;
        let has_leaked =
            |unit: &Unit| options.unfinished && options.covers(&of_folder.path, &unit.id.profile);
        let units = folder.inventory.units;
        let stays = |at: &usize| reasons.units[*at].is_none() && has_leaked(&units[*at]);
        let leaked = (0..units.len()).filter(stays);
        let leaked: Vec<_> = leaked
            .flat_map(|at| rules::leaked::beside(&units[at]))
            .collect();
        of_folder.others.extend(leaked);
        add_units(&mut of_folder, units, &order, reasons);
        if of_folder.units.is_empty() && of_folder.others.is_empty() {
            let reason = KeptReason::NothingToCollect {
                units: of_folder.kept.len(),
                doubts: of_folder.doubts,
            };
            plan.kept.push(kept(of_folder.path, reason, on_disk));
        } else {
            let files = of_folder.units.iter().flat_map(|unit| &unit.files);
            let others = of_folder.others.iter().flat_map(|other| &other.files);
            let usage = usage_of(files.chain(others));
            of_folder.freeable = usage.freeable;
            all.push(usage);
            collected.push(of_folder);
        }
    }
    collected.sort_by_key(|folder| std::cmp::Reverse(folder.freeable));
    for folder in collected {
        plan.add(folder);
    }
    plan.freeable = freeable(all.iter());
    plan.by_units = plan.freeable;
    plan
}

fn kept(path: PathBuf, reason: KeptReason, on_disk: Bytes) -> Kept {
    Kept {
        subject: Subject::Folder,
        path,
        reason,
        on_disk: Some(on_disk),
        last_build: None,
    }
}

/// Everything that is collected of a folder but units: the compiler's caches, and the names of programs.
fn without_units(input: &RuleInput<'_>, reasons: &CollectReasons) -> CollectFolder {
    let others = input.others.iter().zip(&reasons.others);
    let others = others.filter_map(|(other, why)| {
        Some(CollectedOther {
            path: other.path.clone(),
            profile: other.profile.clone(),
            why: why.clone()?,
            on_disk: usage_of(other.files.iter().copied()).on_disk,
            files: other.files.iter().copied().cloned().collect(),
        })
    });
    CollectFolder {
        path: input.folder.inventory.folder.clone(),
        units: Vec::new(),
        others: others.collect(),
        kept: Vec::new(),
        doubts: rules::doubts(input),
        freeable: Bytes(0),
        identity: input.folder.identity,
    }
}

/// Adds the units, dependents first. They are only mostly deleted in that order, by several threads: what a run that is
/// killed leaves of either, Cargo makes anew.
fn add_units(
    folder: &mut CollectFolder,
    units: Vec<Unit>,
    order: &[usize],
    mut reasons: CollectReasons,
) {
    let mut units: Vec<Option<Unit>> = units.into_iter().map(Some).collect();
    for at in order {
        let Some(unit) = units[*at].take() else {
            continue;
        };
        match reasons.units[*at].take() {
            Some(why) => folder.units.push(CollectedUnit {
                on_disk: usage_of(unit.with_leaked()).on_disk,
                files: unit.with_leaked().cloned().collect(),
                id: unit.id,
                package: unit.package,
                version: unit.version,
                source: unit.source,
                unit: unit.kind,
                why,
            }),
            None => folder.kept.push(KeptUnit {
                on_disk: usage_of(&unit.files).on_disk,
                id: unit.id,
                package: unit.package,
                reason: reasons.kept[*at].clone(),
            }),
        }
    }
    folder.kept.sort_by(|one, other| one.id.cmp(&other.id));
}

fn dependents_first(graph: &Graph) -> Vec<usize> {
    let mut left: Vec<usize> = graph.dependents.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..left.len()).rev().filter(|at| left[*at] == 0).collect();
    let mut order = Vec::with_capacity(left.len());
    while let Some(at) = ready.pop() {
        order.push(at);
        for dependency in &graph.dependencies[at] {
            left[*dependency] -= 1;
            if left[*dependency] == 0 {
                ready.push(*dependency);
            }
        }
    }
    // Hostile fingerprints may go round in circles.
    let done: BTreeSet<usize> = order.iter().copied().collect();
    order.extend((0..left.len()).filter(|at| !done.contains(at)));
    order
}

/// Returns whether the kind of a unit is known and all of its files have the shapes of Cargo's, so that it may be
/// deleted at all.
fn is_clear(unit: &Unit) -> Result<(), String> {
    match &unit.kind {
        UnitKind::Unknown { why } if !unit.unfinished => Err(why.clone()),
        _ => match foreign(unit) {
            Some(foreign) => Err(format!("Cargo creates no `{}`", foreign.path.display())),
            None => Ok(()),
        },
    }
}

/// A file of a unit that has no shape of Cargo's.
fn foreign(unit: &Unit) -> Option<&UnitFile> {
    let of = |file: &UnitFile, ask: &dyn Fn(&[&str]) -> bool| {
        layout::in_profile(&file.path, &unit.id.profile, |path| ask(path))
    };
    // A run that did not end has no fingerprint, and so no kind.
    let mut files = unit.files.iter();
    let was_run = unit.unfinished && files.any(|file| of(file, &layout::is_of_a_run));
    unit.with_leaked().find(|file| {
        let folder = file.sharing == Sharing::Folder;
        let in_out_dir = was_run || file.in_out_dir();
        !of(file, &|path| layout::is_of_a_unit(path, folder, in_out_dir))
    })
}
