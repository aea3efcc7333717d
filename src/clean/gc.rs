//! Decides which single units of target folders may go, by rule.

pub(crate) mod budget;
pub(crate) mod rules;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::age::Age;
use crate::clean::folder_use::{Compilers, FolderUse, Graph, usage_of};
use crate::clean::model::{
    CollectFolder, CollectReason, CollectedOther, CollectedUnit, KeptUnit, KeptUnitReason,
};
use crate::fs::model::{Identity, Usage, freeable};
use crate::plan::action::{Plan, Warning};
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::size::Bytes;
use crate::target::layout;
use crate::target::unit::{Group, Other, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};

/// Which units `gc` is asked to delete. Several rules add up.
#[derive(Clone, Debug, Default)]
pub(crate) struct GcOptions {
    /// Those not used for as long, nor anything made with them.
    pub(crate) older_than: Option<Age>,
    /// Those of compilers that are not installed.
    pub(crate) toolchain_gone: bool,
    /// Those of packages that no `Cargo.lock` names, and what was made with them.
    pub(crate) unreferenced: bool,
    /// Those of which a newer one of the same target is there.
    pub(crate) superseded: bool,
    /// Those whose build did not come to its end.
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
    /// Programs at the top of a profile folder stay, and what they may need when they run.
    pub(crate) keep_programs: bool,
    /// Target folders that only count, and of which nothing goes.
    pub(crate) spared: BTreeSet<PathBuf>,
    /// What was used since then stays, whatever the budget.
    pub(crate) unused_since: Option<Timestamp>,
}

impl GcOptions {
    /// What no build of any worktree misses: nothing is compiled for it that would not be compiled anyway.
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
            unused_since: _,
        } = self;
        let by_state =
            *toolchain_gone || *unreferenced || *superseded || *unfinished || *crate_gone;
        let by_age = older_than.is_some() || incremental.is_some();
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

    /// Whether something in this profile folder may go.
    fn covers(&self, folder: &Path, profile: &str) -> bool {
        let asked = self.profile.as_deref();
        !self.spared.contains(folder)
            && asked
                .is_none_or(|asked| profile.rsplit('/').next() == Some(asked) || profile == asked)
    }

    /// Whether the names of a program at the top of the profile folder go with it. Not where nobody asked for anything:
    /// somebody may run it, though no build makes it.
    fn take_products(&self, why: &CollectReason) -> bool {
        use CollectReason::{Budget, Idle, Profile};
        matches!(why, Idle { .. } | Profile | Budget { .. }) && !self.keep_programs
    }
}

/// What goes of one folder: a reason for each of its units and others, by their places.
pub(crate) struct Going {
    pub(crate) units: Vec<Option<CollectReason>>,
    /// Why each unit that stays does.
    kept: Vec<KeptUnitReason>,
    pub(crate) others: Vec<Option<CollectReason>>,
}

/// Decides which units may go, and why each other one stays.
///
/// A unit goes whole or not at all. Nothing goes that a unit was made with which stays: whoever builds that one would
/// have to build both. Reads nothing from disk: what is deleted is looked at again before.
#[must_use]
pub(crate) fn gc(
    stocks: Vec<FolderUse>,
    compilers: &Compilers,
    options: &GcOptions,
    now: Timestamp,
    warnings: Vec<Warning>,
) -> Plan {
    let mut plan = Plan {
        warnings,
        ..Plan::default()
    };
    let (stuck, stocks): (Vec<FolderUse>, Vec<FolderUse>) = stocks
        .into_iter()
        .partition(|stock| stock.obstacle.is_some());
    let graphs: Vec<Graph> = stocks
        .iter()
        .map(|stock| Graph::of(&stock.inventory.units))
        .collect();
    let products: Vec<Products> = stocks.iter().map(Products::of).collect();
    let mut going: Vec<Going> = Vec::new();
    for ((stock, graph), products) in stocks.iter().zip(&graphs).zip(&products) {
        let mut of_rules = rules::going(stock, graph, compilers, options, now);
        for (at, unit) in stock.inventory.units.iter().enumerate() {
            if let Some(why) = of_rules.units[at].clone() {
                products.go_with(&unit.id, &mut of_rules, &why, options);
            }
        }
        if !options.keep_programs {
            go_without_a_hash(stock, &mut of_rules);
        }
        going.push(of_rules);
    }
    if options.max_size.is_some() || !options.to_free.is_empty() {
        budget::keep_to(&stocks, &graphs, &products, &mut going, options, now);
    }
    for stock in stuck {
        let on_disk = stock.inventory.totals.on_disk;
        if let Some(reason) = stock.obstacle {
            plan.kept
                .push(kept(stock.inventory.folder, reason, on_disk));
        }
    }
    let mut all: Vec<Usage> = Vec::new();
    let mut folders: Vec<CollectFolder> = Vec::new();
    for ((stock, graph), going) in stocks.into_iter().zip(&graphs).zip(going) {
        let doubts = rules::doubts(&stock, compilers, options);
        let on_disk = stock.inventory.totals.on_disk;
        let folder = collected(stock, graph, going, doubts, &mut all);
        if folder.units.is_empty() && folder.others.is_empty() {
            let reason = KeptReason::NothingToCollect {
                units: folder.kept.len(),
                doubts: folder.doubts,
            };
            plan.kept.push(kept(folder.path, reason, on_disk));
        } else {
            folders.push(folder);
        }
    }
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.freeable));
    for folder in folders {
        plan.add(folder);
    }
    plan.freeable = freeable(all.iter());
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

/// Puts down what goes of a folder, dependents first. It is only mostly deleted in that order, by several threads: what
/// a run that is killed leaves of either, Cargo makes anew.
fn collected(
    stock: FolderUse,
    graph: &Graph,
    mut going: Going,
    doubts: Vec<String>,
    all: &mut Vec<Usage>,
) -> CollectFolder {
    let others = others(&stock, &going);
    let order = dependents_first(graph);
    let mut units: Vec<Option<Unit>> = stock.inventory.units.into_iter().map(Some).collect();
    let mut folder = CollectFolder {
        path: stock.inventory.folder,
        units: Vec::new(),
        others,
        kept: Vec::new(),
        doubts,
        freeable: Bytes(0),
        identity: stock.identity,
    };
    for at in order {
        let Some(unit) = units[at].take() else {
            continue;
        };
        match going.units[at].take() {
            Some(why) => folder.units.push(CollectedUnit {
                on_disk: usage_of(&unit.files).on_disk,
                id: unit.id,
                package: unit.package,
                version: unit.version,
                source: unit.source,
                unit: unit.kind,
                why,
                files: unit.files,
            }),
            None => folder.kept.push(KeptUnit {
                id: unit.id,
                package: unit.package,
                reason: going.kept[at].clone(),
            }),
        }
    }
    folder.kept.sort_by(|one, other| one.id.cmp(&other.id));
    let files = folder.units.iter().flat_map(|unit| &unit.files);
    let usage = usage_of(files.chain(folder.others.iter().flat_map(|other| &other.files)));
    folder.freeable = usage.freeable;
    all.push(usage);
    folder
}

/// What goes besides units: the compiler's caches, each whole, and the names of programs.
fn others(stock: &FolderUse, going: &Going) -> Vec<CollectedOther> {
    let mut found: BTreeMap<PathBuf, CollectedOther> = BTreeMap::new();
    for (other, why) in stock.inventory.others.iter().zip(&going.others) {
        let Some(why) = why else { continue };
        let path = whole(other);
        let one = found.entry(path.clone()).or_insert(CollectedOther {
            path,
            why: why.clone(),
            on_disk: Bytes(0),
            files: Vec::new(),
        });
        one.files.push(other.file.clone());
    }
    let mut others: Vec<CollectedOther> = found.into_values().collect();
    for other in &mut others {
        other.on_disk = usage_of(&other.files).on_disk;
    }
    others
}

/// The names at the top of a profile folder of each unit's programs and libraries, by their places among the others,
/// with the lists of their sources. While such a name is there, its space is taken.
pub(crate) struct Products(HashMap<UnitId, Vec<usize>>);

impl Products {
    fn of(stock: &FolderUse) -> Self {
        let inventory = &stock.inventory;
        let mut units: HashMap<Identity, &UnitId> = HashMap::new();
        for unit in &inventory.units {
            let linked = unit.files.iter().filter(|file| file.links > 1);
            units.extend(linked.map(|file| (file.identity, &unit.id)));
        }
        let finals = || {
            let all = inventory.others.iter().enumerate();
            all.filter(|(_, other)| other.group == Group::Final)
        };
        let by_path: HashMap<&Path, usize> = finals()
            .map(|(at, other)| (other.file.path.as_path(), at))
            .collect();
        let mut products: HashMap<UnitId, Vec<usize>> = HashMap::new();
        for (at, other) in finals().filter(|(_, other)| other.file.links > 1) {
            if let Some(unit) = units.get(&other.file.identity) {
                let list = other.file.path.with_extension("d");
                let own = products.entry((*unit).clone()).or_default();
                own.push(at);
                own.extend(by_path.get(list.as_path()));
                own.sort_unstable();
                own.dedup();
            }
        }
        Self(products)
    }

    /// Has them go with the unit, if the unit's reason is about them, and says which.
    fn go_with(
        &self,
        unit: &UnitId,
        going: &mut Going,
        why: &CollectReason,
        options: &GcOptions,
    ) -> &[usize] {
        let places = self.0.get(unit).map_or(&[][..], Vec::as_slice);
        if !options.take_products(why) {
            return &[];
        }
        for at in places {
            going.others[*at] = Some(CollectReason::ProductOf { unit: unit.clone() });
        }
        places
    }
}

/// Has the names at the top go as well of what has no hash in its own name, where a whole profile goes.
fn go_without_a_hash(stock: &FolderUse, going: &mut Going) {
    let others = &stock.inventory.others;
    let linked = others.iter().zip(&going.others).filter(|(other, why)| {
        **why == Some(CollectReason::Profile)
            && other.group == Group::Unhashed
            && other.file.links > 1
    });
    let gone: BTreeSet<Identity> = linked.map(|(other, _)| other.file.identity).collect();
    let tops = others.iter().filter(|other| {
        other.group == Group::Final && other.file.links > 1 && gone.contains(&other.file.identity)
    });
    let tops: BTreeSet<PathBuf> = tops
        .flat_map(|other| [other.file.path.clone(), other.file.path.with_extension("d")])
        .collect();
    for (other, why) in others.iter().zip(&mut going.others) {
        if other.group == Group::Final && tops.contains(&other.file.path) {
            *why = Some(CollectReason::Profile);
        }
    }
}

/// Takes back what a program may need when it runs, where one is at the top of a profile folder that no unit that stays
/// has made: the folders that build scripts wrote into, and libraries that are loaded. Nobody knows any more which.
fn keep_what_runs(stock: &FolderUse, graph: &Graph, options: &GcOptions, going: &mut Going) {
    let units = &stock.inventory.units;
    let staying = units
        .iter()
        .zip(&going.units)
        .filter(|(_, why)| why.is_none());
    let mut made: BTreeSet<Identity> = staying
        .flat_map(|(unit, _)| &unit.files)
        .filter(|file| file.links > 1)
        .map(|file| file.identity)
        .collect();
    let others = || stock.inventory.others.iter().zip(&going.others);
    // What has no hash in its name is of the last build.
    let unhashed = others().filter(|(other, why)| other.group == Group::Unhashed && why.is_none());
    made.extend(unhashed.map(|(other, _)| other.file.identity));
    let staying = others().filter(|(_, why)| why.is_none());
    let staying = staying.map(|(other, _)| other).chain(&stock.apart);
    let stray = staying.filter(|other| {
        is_program(other) && (other.file.links <= 1 || !made.contains(&other.file.identity))
    });
    let stray: Vec<PathBuf> = stray.map(|other| other.file.path.clone()).collect();
    let program = |at: &usize| {
        let profile = Path::new(&units[*at].id.profile);
        let host = units[*at].triple.is_none();
        // A program for another target may have been made with what is for the host.
        stray.iter().any(|path| path.starts_with(profile) || host)
    };
    let reason = |at: &usize| {
        going.units[*at]
            .as_ref()
            .is_some_and(|why| !options.take_products(why))
    };
    let needed: Vec<usize> = (0..units.len())
        .filter(|at| reason(at) && is_needed_to_run(&units[*at]) && program(at))
        .collect();
    Graph::spread(&graph.dependencies, needed, |at, by| {
        if going.units[at].take().is_some() {
            going.kept[at] = match by {
                Some(by) => KeptUnitReason::Needed {
                    by: units[by].id.clone(),
                },
                None => KeptUnitReason::MayBeRun,
            };
        }
        true
    });
}

/// Whether something at the top of a profile folder may be a program, or a library that one loads.
fn is_program(other: &Other) -> bool {
    let end = other.file.path.extension().and_then(|end| end.to_str());
    other.group == Group::Final
        && other.file.sharing == Sharing::Copy
        && matches!(end, None | Some("exe" | "so" | "dylib" | "dll"))
}

/// Whether a program may look for a unit's files when it runs.
fn is_needed_to_run(unit: &Unit) -> bool {
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

/// What is deleted for an entry: the folder of a compiler's cache, or the entry itself.
pub(crate) fn whole(other: &Other) -> PathBuf {
    match &other.group {
        Group::Incremental { .. } => {
            let names: Vec<_> = other.file.path.iter().collect();
            let at = names.iter().position(|name| *name == "incremental");
            names
                .iter()
                .take(at.map_or(names.len(), |at| at + 2))
                .collect()
        }
        _ => other.file.path.clone(),
    }
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

/// Whether what a unit is can be told, and all of it has the shape of what Cargo makes, so that it may go at all.
fn is_clear(unit: &Unit) -> Result<(), String> {
    match &unit.kind {
        UnitKind::Unknown { why } if !unit.unfinished => Err(why.clone()),
        _ => match unit.files.iter().find(|file| !is_made(file, unit)) {
            Some(foreign) => Err(format!("Cargo makes no `{}`", foreign.path.display())),
            None => Ok(()),
        },
    }
}

fn is_made(file: &UnitFile, unit: &Unit) -> bool {
    layout::in_profile(&file.path, &unit.id.profile, |path| {
        layout::is_of_a_unit(path, file.sharing == Sharing::Folder)
    })
}
