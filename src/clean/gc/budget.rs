//! Keeps to a budget: the least recently used units are deleted first, and of one day those that are cheapest to make
//! again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::age::since;
use crate::clean::gc::programs::{Products, is_needed_to_run};
use crate::clean::gc::rules::RuleInput;
use crate::clean::gc::rules::idle::last_use;
use crate::clean::gc::{CollectReasons, GcOptions, is_clear};
use crate::clean::model::{CollectReason, KeptUnitReason};
use crate::fs::model::Identity;
use crate::size::Bytes;
use crate::target::unit::Unit;
use crate::target::unit_file::UnitFile;

/// The longest that one compilation is taken to last; what looks longer was not made in one go.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// Units and caches that are collected together or not at all: units in several folders that share files free nothing
/// unless all are deleted. Each is named by the places of its folder and of it there.
#[derive(Debug, Default)]
struct Lot {
    units: Vec<(usize, usize)>,
    caches: Vec<(usize, usize)>,
    /// Lots that hold units compiled with this one.
    dependents: Vec<usize>,
    /// Lots that this one was compiled with.
    dependencies: Vec<usize>,
    /// The last use of it and of its dependents.
    used: Option<Timestamp>,
    /// How long the compiler took.
    seconds: f64,
    /// Its allocated space.
    on_disk: Bytes,
    /// No rule and no option keeps it.
    may_go: bool,
}

/// Names more units, until the folders keep to the budgets.
pub(super) fn keep_to(
    inputs: &[RuleInput<'_>],
    products: &[Products],
    reasons: &mut [CollectReasons],
    options: &GcOptions,
    now: Timestamp,
) {
    let mut space = Space::of(inputs);
    for (input, reasons) in inputs.iter().zip(reasons.iter()) {
        let units = input.folder.inventory.units.iter().zip(&reasons.units);
        units
            .filter(|(_, why)| why.is_some())
            .for_each(|(unit, _)| unit.files.iter().for_each(|file| space.remove(file)));
        let others = input.others.iter().zip(&reasons.others);
        others
            .filter(|(_, why)| why.is_some())
            .for_each(|(other, _)| other.files.iter().for_each(|file| space.remove(file)));
    }
    let lots = lots(inputs, reasons, options);
    let mut left: Vec<usize> = lots.iter().map(|lot| lot.dependents.len()).collect();
    let rank = |at: usize| {
        let lot = &lots[at];
        let age = lot
            .used
            .map_or(0, |used| since(used, now).0.as_hours() / 24);
        let per_byte = lot.seconds / (lot.on_disk.0.max(1) as f64);
        // A difference below a nanosecond for each byte does not matter.
        (age, Reverse((per_byte * 1e9) as u64), Reverse(at))
    };
    let mut ready: BinaryHeap<_> = (0..lots.len())
        .filter(|at| left[*at] == 0 && lots[*at].may_go)
        .map(rank)
        .collect();
    while !space.keeps(options) {
        let Some((_, _, Reverse(at))) = ready.pop() else {
            break;
        };
        let lot = &lots[at];
        let mut devices = lot
            .units
            .iter()
            .chain(&lot.caches)
            .map(|(folder, _)| inputs[*folder].folder.identity.device);
        let helps = devices.any(|device| space.is_short(device, options));
        if !helps && space.is_small(options) {
            continue;
        }
        let since = lot.used.unwrap_or(now);
        let why = CollectReason::Budget { since };
        for (folder, at) in &lot.units {
            let (input, reasons) = (&inputs[*folder], &mut reasons[*folder]);
            let unit = &input.folder.inventory.units[*at];
            unit.files.iter().for_each(|file| space.remove(file));
            for product in products[*folder].collect_with(&unit.id, reasons, &why, options) {
                let files = input.others[*product].files.iter();
                files.for_each(|file| space.remove(file));
            }
            reasons.units[*at] = Some(why.clone());
            reasons.kept[*at] = KeptUnitReason::NoRule;
        }
        for (folder, at) in &lot.caches {
            let files = inputs[*folder].others[*at].files.iter();
            files.for_each(|file| space.remove(file));
            reasons[*folder].others[*at] = Some(why.clone());
        }
        for dependency in &lot.dependencies {
            left[*dependency] -= 1;
            if left[*dependency] == 0 && lots[*dependency].may_go {
                ready.push(rank(*dependency));
            }
        }
    }
}

/// How much the folders take, and how much was freed.
struct Space {
    /// Each inode once; what a filesystem would say of the folders.
    taken: u64,
    /// By the device.
    freed: HashMap<u64, u64>,
    /// Of files with several links: how many are in the folders, and how many are not deleted.
    links: HashMap<Identity, (u64, u64)>,
}

impl Space {
    fn of(inputs: &[RuleInput<'_>]) -> Self {
        let mut space = Self {
            taken: 0,
            freed: HashMap::new(),
            links: HashMap::new(),
        };
        for input in inputs {
            for file in input.folder.files() {
                if file.links <= 1 {
                    space.taken += file.on_disk.0;
                    continue;
                }
                let (here, anywhere) = space.links.entry(file.identity).or_insert((0, file.links));
                if *here == 0 {
                    space.taken += file.on_disk.0;
                }
                *here += 1;
                *anywhere = (*anywhere).max(file.links);
            }
        }
        space
    }

    fn remove(&mut self, file: &UnitFile) {
        let links = self
            .links
            .get_mut(&file.identity)
            .filter(|_| file.links > 1);
        let Some((here, anywhere)) = links else {
            self.taken = self.taken.saturating_sub(file.on_disk.0);
            *self.freed.entry(file.identity.device).or_default() += file.on_disk.0;
            return;
        };
        (*here, *anywhere) = (here.saturating_sub(1), anywhere.saturating_sub(1));
        if *here == 0 {
            self.taken = self.taken.saturating_sub(file.on_disk.0);
        }
        if *anywhere == 0 {
            *self.freed.entry(file.identity.device).or_default() += file.on_disk.0;
        }
    }

    fn is_small(&self, options: &GcOptions) -> bool {
        options.max_size.is_none_or(|most| self.taken <= most.0)
    }

    fn keeps(&self, options: &GcOptions) -> bool {
        self.is_small(options)
            && options
                .to_free
                .keys()
                .all(|device| !self.is_short(*device, options))
    }

    /// Whether less than has to be was freed on a filesystem.
    fn is_short(&self, device: u64, options: &GcOptions) -> bool {
        let freed = self.freed.get(&device).copied().unwrap_or(0);
        options
            .to_free
            .get(&device)
            .is_some_and(|least| freed < least.0)
    }
}

/// Makes lots of the remaining units. Units and files that share a file are deleted together.
fn lots(inputs: &[RuleInput<'_>], reasons: &[CollectReasons], options: &GcOptions) -> Vec<Lot> {
    let mut lots: Vec<Lot> = Vec::new();
    let mut by_inode: HashMap<Identity, usize> = HashMap::new();
    let mut of_unit: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (at, (input, reasons)) in inputs.iter().zip(reasons).enumerate() {
        for (unit_at, unit) in input.folder.inventory.units.iter().enumerate() {
            if reasons.units[unit_at].is_some() {
                continue;
            }
            let linked = || unit.files.iter().filter(|file| file.links > 1);
            let known = linked().find_map(|file| by_inode.get(&file.identity).copied());
            let lot = known.unwrap_or_else(|| {
                lots.push(Lot {
                    may_go: true,
                    ..Lot::default()
                });
                lots.len() - 1
            });
            by_inode.extend(linked().map(|file| (file.identity, lot)));
            of_unit.insert((at, unit_at), lot);
            let lot = &mut lots[lot];
            lot.units.push((at, unit_at));
            lot.may_go &= is_clear(unit).is_ok()
                && input.covers(&unit.id.profile)
                && !(options.keep_programs && is_needed_to_run(unit));
            lot.used = lot
                .used
                .max(last_use(unit, input.folder.notes_reads).map(|(at, _)| at));
            lot.seconds = lot.seconds.max(seconds(unit));
            lot.on_disk = lot
                .on_disk
                .max(unit.files.iter().map(|file| file.on_disk).sum());
        }
        caches(at, input, reasons, &mut lots);
    }
    for ((folder, unit), lot) in &of_unit {
        for dependent in &inputs[*folder].graph.dependents[*unit] {
            let Some(above) = of_unit.get(&(*folder, *dependent)) else {
                continue;
            };
            if above != lot && !lots[*lot].dependents.contains(above) {
                lots[*lot].dependents.push(*above);
                lots[*above].dependencies.push(*lot);
            }
        }
    }
    hand_down(&mut lots);
    if let Some(since) = options.spared_since {
        for lot in &mut lots {
            lot.may_go &= lot.used.is_some_and(|used| used <= since);
        }
    }
    lots
}

/// The compiler's caches, which cost nothing but time.
fn caches(folder: usize, input: &RuleInput<'_>, reasons: &CollectReasons, lots: &mut Vec<Lot>) {
    let others = input.others.iter().zip(&reasons.others).enumerate();
    let caches = others.filter(|(_, (other, why))| why.is_none() && other.is_cache());
    lots.extend(caches.map(|(at, (cache, _))| Lot {
        caches: vec![(folder, at)],
        used: cache.newest(),
        on_disk: cache.files.iter().map(|file| file.on_disk).sum(),
        may_go: input.may_collect(cache),
        ..Lot::default()
    }));
}

/// The use of a unit is a use of its dependencies too.
fn hand_down(lots: &mut [Lot]) {
    let mut next: Vec<usize> = (0..lots.len()).collect();
    while let Some(at) = next.pop() {
        let used = lots[at].used;
        for dependency in lots[at].dependencies.clone() {
            if lots[dependency].used < used {
                lots[dependency].used = used;
                next.push(dependency);
            }
        }
    }
}

/// How long it took to make a unit: from when Cargo began to its newest file.
fn seconds(unit: &Unit) -> f64 {
    let begin = unit.files.iter().find(|file| {
        let name = file.path.file_name();
        name.is_some_and(|name| name == "invoked.timestamp")
    });
    let times = begin.and_then(|begin| begin.modified()).zip(unit.newest);
    times.map_or(0.0, |(begin, end)| {
        let took = end.duration_since(begin);
        took.clamp(SignedDuration::ZERO, LONGEST).as_secs_f64()
    })
}
