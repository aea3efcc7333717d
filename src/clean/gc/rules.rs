//! The rules, and what they cover together in one folder, without budgets.
//!
//! Each rule is a file. It looks itself whether it was asked for, and has one or more of `units` (the units that it
//! covers), `other` (whether it covers something that belongs to no unit) and `doubts` (why it does not count in a
//! folder).

mod crate_gone;
pub(crate) mod idle;
mod incremental;
pub(crate) mod leaked;
mod profile;
pub(crate) mod superseded;
mod toolchain_gone;
mod unfinished;
mod unreferenced;
mod unused;

use std::path::Path;

use jiff::Timestamp;

use crate::clean::folder_use::{Compilers, FolderUse, Graph};
use crate::clean::gc::others::WholeOther;
use crate::clean::gc::rules::unused::Uses;
use crate::clean::gc::{CollectReasons, GcOptions, is_clear, programs};
use crate::clean::model::{CollectReason, KeptUnitReason};
use crate::target::unit::Unit;

/// A unit that a rule covers, by its place.
type Covered = (usize, CollectReason);

/// The rules about units. The first that covers a unit gives the reason.
const UNITS: [fn(&RuleInput<'_>) -> Vec<Covered>; 7] = [
    unfinished::units,
    unreferenced::units,
    toolchain_gone::units,
    superseded::units,
    idle::units,
    unused::units,
    profile::units,
];

/// The rules about what belongs to no unit. The first that covers something gives the reason.
const OTHERS: [fn(&RuleInput<'_>, &WholeOther<'_>) -> Option<CollectReason>; 5] = [
    leaked::other,
    profile::other,
    crate_gone::other,
    incremental::other,
    unused::other,
];

/// The doubts about rules that were asked for.
const DOUBTS: [fn(&RuleInput<'_>) -> Vec<String>; 5] = [
    unreferenced::doubts,
    toolchain_gone::doubts,
    unused::doubts,
    foreign_to_the_compiler,
    crate_gone::doubts,
];

/// Everything that a rule looks at: one target folder, and the options.
pub(crate) struct RuleInput<'a> {
    pub(crate) folder: &'a FolderUse,
    pub(crate) graph: Graph,
    pub(crate) others: Vec<WholeOther<'a>>,
    /// Why each unit is kept whatever the rule, by its place.
    unclear: Vec<Option<String>>,
    compilers: &'a Compilers,
    pub(crate) options: &'a GcOptions,
    now: Timestamp,
    uses: Option<Uses>,
}

impl<'a> RuleInput<'a> {
    pub(crate) fn of(
        folder: &'a FolderUse,
        compilers: &'a Compilers,
        options: &'a GcOptions,
        now: Timestamp,
    ) -> Self {
        Self {
            folder,
            graph: Graph::of(&folder.inventory.units),
            others: WholeOther::all(&folder.inventory),
            unclear: folder
                .inventory
                .units
                .iter()
                .map(|unit| is_clear(unit).err())
                .collect(),
            compilers,
            options,
            now,
            uses: Uses::of(folder, options, now),
        }
    }

    /// The same folder, with other options.
    pub(crate) fn with_options<'b>(self, options: &'b GcOptions) -> RuleInput<'b>
    where
        'a: 'b,
    {
        RuleInput {
            options,
            uses: Uses::of(self.folder, options, self.now),
            ..self
        }
    }

    /// Whether something in this profile folder may be collected.
    pub(crate) fn covers(&self, profile: &str) -> bool {
        self.options.covers(&self.folder.inventory.folder, profile)
    }

    /// Whether something that belongs to no unit may be collected, if a rule or a budget is about it.
    pub(crate) fn may_collect(&self, other: &WholeOther<'_>) -> bool {
        other.foreign.is_none() && self.covers(&other.profile)
    }

    /// The units for which there is a reason.
    fn units_that(&self, reason: impl Fn(&Unit) -> Option<CollectReason>) -> Vec<Covered> {
        let units = self.folder.inventory.units.iter().enumerate();
        units
            .filter_map(|(at, unit)| Some((at, reason(unit)?)))
            .collect()
    }
}

/// Why each unit of a folder, and each of what belongs to none, is collected or kept.
pub(crate) fn reasons(input: &RuleInput<'_>) -> CollectReasons {
    let units = &input.folder.inventory.units;
    let mut why: Vec<Option<CollectReason>> = vec![None; units.len()];
    for (at, reason) in UNITS.iter().flat_map(|rule| rule(input)) {
        let unit = &units[at];
        if why[at].is_none() && input.unclear[at].is_none() && input.covers(&unit.id.profile) {
            why[at] = Some(reason);
        }
    }
    let kept = keep_what_is_needed(input, &mut why);
    let other = |other: &WholeOther<'_>| {
        let mut rules = OTHERS.iter();
        let reason = rules.find_map(|rule| rule(input, other));
        reason.filter(|_| input.may_collect(other))
    };
    let mut reasons = CollectReasons {
        units: why,
        kept,
        others: input.others.iter().map(other).collect(),
    };
    programs::keep_what_runs(input, &mut reasons);
    reasons
}

/// Keeps those units with which units were made that are kept, and says why each one is.
fn keep_what_is_needed(
    input: &RuleInput<'_>,
    why: &mut [Option<CollectReason>],
) -> Vec<KeptUnitReason> {
    let units = &input.folder.inventory.units;
    let kept = input.unclear.iter().enumerate();
    let kept = kept.map(|(at, unclear)| match unclear.clone() {
        None => unused::kept(input, at).unwrap_or(KeptUnitReason::NoRule),
        Some(why) => KeptUnitReason::Unclear { why },
    });
    let mut kept: Vec<KeptUnitReason> = kept.collect();
    let stay: Vec<usize> = (0..units.len()).filter(|at| why[*at].is_none()).collect();
    Graph::spread(&input.graph.dependencies, stay, |at, by| {
        if let (Some(by), Some(_)) = (by, why[at].take()) {
            let by = units[by].id.clone();
            kept[at] = KeptUnitReason::Needed { by };
        }
        true
    });
    kept
}

/// Why rules that were asked for do not count in a folder.
pub(crate) fn doubts(input: &RuleInput<'_>) -> Vec<String> {
    let mut doubts: Vec<String> = DOUBTS.iter().flat_map(|doubts| doubts(input)).collect();
    doubts.dedup();
    doubts
}

/// The compiler's caches that are kept because of something in them which the compiler does not make.
fn foreign_to_the_compiler(input: &RuleInput<'_>) -> Vec<String> {
    let options = input.options;
    let by_budget = options.max_size.is_some() || !options.to_free.is_empty();
    let by_rule = options.crate_gone || options.incremental.is_some() || options.is_profile_alone();
    if !(by_budget || by_rule) {
        return Vec::new();
    }
    let mut foreign: Vec<_> = input
        .others
        .iter()
        .filter_map(|other| other.foreign)
        .collect();
    foreign.sort_unstable();
    let said = |path: &Path| format!("rustc creates no `{}`, so it is kept", path.display());
    foreign.into_iter().map(said).collect()
}
