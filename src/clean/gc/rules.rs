//! What each rule is about, one folder at a time.

pub(crate) mod idle;
pub(crate) mod others;
pub(crate) mod superseded;
pub(crate) mod toolchain_gone;
pub(crate) mod unfinished;
pub(crate) mod unreferenced;

use jiff::Timestamp;

use crate::clean::folder_use::{Compilers, FolderUse, Graph};
use crate::clean::gc::rules::idle::{is_older, last_use};
use crate::clean::gc::rules::others::{Sessions, foreign_to_the_compiler};
use crate::clean::gc::rules::superseded::superseded;
use crate::clean::gc::rules::toolchain_gone::{is_gone, toolchain_doubt};
use crate::clean::gc::rules::unfinished::has_run;
use crate::clean::gc::rules::unreferenced::{unreferenced, unreferenced_doubt};
use crate::clean::gc::{GcOptions, Going, is_clear};
use crate::clean::model::{CollectReason, KeptUnitReason};
use crate::target::unit::{Source, Unit, UnitKind};

/// What the rules are about in a folder, without budgets.
pub(crate) fn going(
    stock: &FolderUse,
    graph: &Graph,
    compilers: &Compilers,
    options: &GcOptions,
    now: Timestamp,
) -> Going {
    let units = &stock.inventory.units;
    let mut why: Vec<Option<CollectReason>> = vec![None; units.len()];
    let mut name = |at: usize, reason: CollectReason| {
        let unit = &units[at];
        if why[at].is_none()
            && is_clear(unit).is_ok()
            && options.covers(&stock.inventory.folder, &unit.id.profile)
        {
            why[at] = Some(reason);
        }
    };
    if options.unfinished {
        let unfinished = units.iter().enumerate();
        for (at, unit) in unfinished.filter(|(_, unit)| unit.unfinished && !has_run(unit)) {
            debug_assert!(matches!(unit.kind, UnitKind::Unknown { .. }));
            name(at, CollectReason::Unfinished);
        }
    }
    if options.unreferenced && unreferenced_doubt(stock).is_none() {
        for (at, reason) in unreferenced(stock, graph) {
            name(at, reason);
        }
    }
    if options.toolchain_gone && toolchain_doubt(stock, compilers).is_none() {
        for (at, unit) in units.iter().enumerate() {
            if let Some(rustc) = unit.rustc.filter(|rustc| is_gone(*rustc, stock, compilers)) {
                let toolchain = compilers.made_by.get(&rustc).cloned();
                name(at, CollectReason::ToolchainGone { toolchain });
            }
        }
    }
    if options.superseded {
        // Two workspaces may each have a package of that name.
        let told = |at: &usize| stock.users.len() <= 1 || units[*at].source != Source::Local;
        for (at, by) in superseded(units).into_iter().filter(|(at, _)| told(at)) {
            name(at, CollectReason::Superseded { by });
        }
    }
    if let Some(age) = options.older_than {
        for (at, unit) in units.iter().enumerate() {
            let Some((since, source)) = last_use(unit, stock.notes_reads) else {
                continue;
            };
            if is_older((since, source), age, now) {
                name(at, CollectReason::Idle { since, source });
            }
        }
    }
    if options.is_profile_alone() {
        (0..units.len()).for_each(|at| name(at, CollectReason::Profile));
    }
    let kept = keep_what_is_needed(units, graph, &mut why);
    let others = stock.inventory.others.iter();
    let incremental = Sessions::of(stock);
    let mut going = Going {
        units: why,
        kept,
        others: others
            .map(|other| others::other(other, stock, &incremental, options, now))
            .collect(),
    };
    crate::clean::gc::keep_what_runs(stock, graph, options, &mut going);
    going
}

/// Takes back what units that stay were made with, and says of each unit that stays why.
fn keep_what_is_needed(
    units: &[Unit],
    graph: &Graph,
    why: &mut [Option<CollectReason>],
) -> Vec<KeptUnitReason> {
    let mut kept: Vec<KeptUnitReason> = units
        .iter()
        .map(|unit| match is_clear(unit) {
            Ok(()) => KeptUnitReason::NoRule,
            Err(why) => KeptUnitReason::Unclear { why },
        })
        .collect();
    let stay: Vec<usize> = (0..units.len()).filter(|at| why[*at].is_none()).collect();
    Graph::spread(&graph.dependencies, stay, |at, by| {
        if let (Some(by), Some(_)) = (by, why[at].take()) {
            let by = units[by].id.clone();
            kept[at] = KeptUnitReason::Needed { by };
        }
        true
    });
    kept
}

/// Why rules that were asked for do not count in a folder.
pub(crate) fn doubts(stock: &FolderUse, compilers: &Compilers, options: &GcOptions) -> Vec<String> {
    let mut doubts = Vec::new();
    if options.unreferenced {
        doubts.extend(unreferenced_doubt(stock));
    }
    if options.toolchain_gone {
        doubts.extend(toolchain_doubt(stock, compilers));
    }
    if options.crate_gone || options.incremental.is_some() || options.is_profile_alone() {
        doubts.extend(foreign_to_the_compiler(stock));
    }
    if options.crate_gone {
        doubts.extend(stock.wanted.crates.as_ref().err().cloned());
    }
    doubts.dedup();
    doubts
}
