//! Programs at the top of a profile folder, and what they may need when they run.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::clean::folder_use::Graph;
use crate::clean::gc::rules::RuleInput;
use crate::clean::gc::{CollectReasons, GcOptions};
use crate::clean::model::{CollectReason, KeptUnitReason};
use crate::fs::model::Identity;
use crate::target::unit::{Group, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};

/// The names at the top of a profile folder of each unit's programs and libraries, by their places among the others,
/// with the lists of their sources. While such a name is there, its space is taken.
pub(super) struct Products(HashMap<UnitId, Vec<usize>>);

impl Products {
    pub(super) fn of(input: &RuleInput<'_>) -> Self {
        let mut units: HashMap<Identity, &UnitId> = HashMap::new();
        for unit in &input.folder.inventory.units {
            let linked = unit.files.iter().filter(|file| file.links > 1);
            units.extend(linked.map(|file| (file.identity, &unit.id)));
        }
        let finals = || {
            let all = input.others.iter().enumerate();
            all.filter(|(_, other)| *other.group == Group::Final)
        };
        let by_path: HashMap<&Path, usize> = finals()
            .map(|(at, other)| (other.path.as_path(), at))
            .collect();
        let mut products: HashMap<UnitId, Vec<usize>> = HashMap::new();
        for (at, other) in finals() {
            let mut linked = other.linked();
            if let Some(unit) = linked.find_map(|file| units.get(&file.identity)) {
                let list = other.path.with_extension("d");
                let own = products.entry((*unit).clone()).or_default();
                own.push(at);
                own.extend(by_path.get(list.as_path()));
                own.sort_unstable();
                own.dedup();
            }
        }
        Self(products)
    }

    /// Collects them with the unit, if the unit's reason is about them, and says which.
    pub(super) fn collect_with(
        &self,
        unit: &UnitId,
        reasons: &mut CollectReasons,
        why: &CollectReason,
        options: &GcOptions,
    ) -> &[usize] {
        let places = self.0.get(unit).map_or(&[][..], Vec::as_slice);
        if !options.covers_products(why) {
            return &[];
        }
        for at in places {
            reasons.others[*at] = Some(CollectReason::ProductOf { unit: unit.clone() });
        }
        places
    }
}

/// Collects the names at the top as well of what has no hash in its own name, where a whole profile is collected.
pub(super) fn collect_without_a_hash(input: &RuleInput<'_>, reasons: &mut CollectReasons) {
    let others = &input.others;
    let collected = others.iter().zip(&reasons.others).filter(|(other, why)| {
        **why == Some(CollectReason::Profile) && *other.group == Group::Unhashed
    });
    let collected: BTreeSet<Identity> = collected
        .flat_map(|(other, _)| other.linked())
        .map(|file| file.identity)
        .collect();
    let tops = others.iter().filter(|other| {
        let mut linked = other.linked();
        *other.group == Group::Final && linked.any(|file| collected.contains(&file.identity))
    });
    let tops: BTreeSet<PathBuf> = tops
        .flat_map(|other| [other.path.clone(), other.path.with_extension("d")])
        .collect();
    for (other, why) in others.iter().zip(&mut reasons.others) {
        if *other.group == Group::Final && tops.contains(&other.path) {
            *why = Some(CollectReason::Profile);
        }
    }
}

/// Keeps what a program may need when it runs, where one is at the top of a profile folder that no unit that is kept
/// has made: the folders that build scripts wrote into, and libraries that are loaded. Nothing tells which of them.
pub(super) fn keep_what_runs(input: &RuleInput<'_>, reasons: &mut CollectReasons) {
    let (graph, options) = (&input.graph, input.options);
    let units = &input.folder.inventory.units;
    let kept = units
        .iter()
        .zip(&reasons.units)
        .filter(|(_, why)| why.is_none());
    let mut made: BTreeSet<Identity> = kept
        .flat_map(|(unit, _)| &unit.files)
        .filter(|file| file.links > 1)
        .map(|file| file.identity)
        .collect();
    let kept = || {
        let others = input.others.iter().zip(&reasons.others);
        others
            .filter(|(_, why)| why.is_none())
            .map(|(other, _)| other)
    };
    // A file without a hash in its name is of the last build.
    let unhashed = kept().filter(|other| *other.group == Group::Unhashed);
    made.extend(
        unhashed
            .flat_map(|other| &other.files)
            .map(|file| file.identity),
    );
    let finals = kept().filter(|other| *other.group == Group::Final);
    let finals = finals.flat_map(|other| other.files.iter().copied());
    let apart = input.folder.apart.iter().map(|other| &other.file);
    let stray = finals
        .chain(apart)
        .filter(|file| is_program(file) && (file.links <= 1 || !made.contains(&file.identity)));
    let stray: Vec<&Path> = stray.map(|file| file.path.as_path()).collect();
    let program = |at: &usize| {
        let profile = Path::new(&units[*at].id.profile);
        let host = units[*at].triple.is_none();
        // A program for another target may have been made with units for the host.
        stray.iter().any(|path| path.starts_with(profile) || host)
    };
    let reason = |at: &usize| {
        reasons.units[*at]
            .as_ref()
            .is_some_and(|why| !options.covers_products(why))
    };
    let needed: Vec<usize> = (0..units.len())
        .filter(|at| reason(at) && is_needed_to_run(&units[*at]) && program(at))
        .collect();
    Graph::spread(&graph.dependencies, needed, |at, by| {
        if reasons.units[at].take().is_some() {
            reasons.kept[at] = match by {
                Some(by) => KeptUnitReason::Needed {
                    by: units[by].id.clone(),
                },
                None => KeptUnitReason::MayBeRun,
            };
        }
        true
    });
}

/// Whether a final product may be a program, or a library that one loads.
fn is_program(file: &UnitFile) -> bool {
    let end = file.path.extension().and_then(|end| end.to_str());
    file.sharing == Sharing::Copy && matches!(end, None | Some("exe" | "so" | "dylib" | "dll"))
}

/// Whether a program may look for a unit's files when it runs.
pub(super) fn is_needed_to_run(unit: &Unit) -> bool {
    let mut files = unit
        .files
        .iter()
        .filter(|file| file.sharing != Sharing::Folder);
    match unit.kind {
        UnitKind::BuildScriptRun => files.any(|file| file.in_out_dir()),
        UnitKind::Library => files.any(|file| {
            let end = file.path.extension();
            end.is_some_and(|end| ["so", "dylib", "dll"].iter().any(|known| end == *known))
        }),
        _ => false,
    }
}
