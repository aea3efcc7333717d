//! Which variants there are of each package, and what tells one from the next.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use cargo_metadata::Metadata;
use jiff::Timestamp;

use crate::audit::decide::Facts;
use crate::audit::features::Uses;
use crate::audit::model::{AskedBy, AuditedPackage, Difference, Share, Variant};
use crate::audit::shares::{PackageKey, Part, Shares, key, kind};
use crate::clean::folder_use::FolderUse;
use crate::clean::gc::rules::idle::last_use;
use crate::clean::gc::rules::superseded::is_checked;
use crate::size::Bytes;
use crate::target::unit::{Source, Unit, UnitId, UnitKind};

/// So many variants of one package are compared with each other. More than that differ in something that each of them
/// has for itself, such as a path.
const COMPARED: usize = 64;

/// The variants of each package in some folders: as much of their units as is shown or compared.
#[derive(Default)]
pub(crate) struct Variants(BTreeMap<PackageKey, BTreeMap<UnitId, Alike>>);

/// Units that are one variant: the same one in each of some folders.
struct Alike {
    kind: UnitKind,
    /// Its kind, in the words of the report.
    counted_in: &'static str,
    targets: Vec<String>,
    checked: bool,
    features: Vec<String>,
    all_features: bool,
    triple: Option<String>,
    rustc: Option<u64>,
    settings: Option<u64>,
    rustflags: Vec<String>,
    dependencies: Vec<UnitId>,
    folders: usize,
    last_use: Option<Timestamp>,
}

impl Alike {
    fn of(unit: &Unit) -> Self {
        Self {
            kind: unit.kind.clone(),
            counted_in: kind(unit),
            targets: unit.targets.clone(),
            checked: is_checked(unit),
            features: unit.features.clone(),
            all_features: unit.features == unit.declared_features,
            triple: unit.triple.clone(),
            rustc: unit.rustc,
            settings: unit.settings,
            rustflags: unit.rustflags.clone(),
            dependencies: unit.dependencies.clone(),
            folders: 0,
            last_use: None,
        }
    }
}

/// A variant, with what is compared besides.
struct Found<'a> {
    id: &'a UnitId,
    alike: &'a Alike,
    compiler: Option<String>,
    share: Share,
    /// The units of each package that it was compiled with.
    dependencies: Dependencies<'a>,
    differs: Vec<Difference>,
}

impl Found<'_> {
    fn compared(&self) -> Compared<'_> {
        Compared {
            profile: &self.id.profile,
            settings: self.alike.settings,
            triple: self.alike.triple.as_deref(),
            rustc: self.alike.rustc,
            rustflags: &self.alike.rustflags,
            features: &self.alike.features,
            checked: self.alike.checked,
            compiler: self.compiler.as_deref(),
            dependencies: &self.dependencies,
        }
    }
}

impl Variants {
    /// Adds the units of a folder.
    pub(crate) fn add(&mut self, folder: &FolderUse) {
        for unit in folder.inventory.units.iter().filter(|unit| counts(unit)) {
            let Some(key) = key(unit) else { continue };
            let of_package = self.0.entry(key).or_default();
            let alike = match of_package.entry(unit.id.clone()) {
                Entry::Vacant(free) => free.insert(Alike::of(unit)),
                Entry::Occupied(known) => known.into_mut(),
            };
            let used = last_use(unit, folder.notes_reads).map(|(at, _)| at);
            alike.last_use = alike.last_use.max(used);
            alike.folders += 1;
        }
    }

    /// All packages, the largest first.
    pub(crate) fn packages(mut self, facts: &Facts, shares: &Shares) -> Vec<AuditedPackage> {
        let uses: Vec<(&Metadata, Uses<'_>)> = facts
            .resolved
            .values()
            .map(|metadata| (metadata, Uses::of(metadata)))
            .collect();
        let packages = shares.packages.iter().map(|(key, part)| {
            let variants = self.0.remove(key).unwrap_or_default();
            let found = variants
                .iter()
                .map(|(id, alike)| found_of(id, alike, facts, shares));
            package(key, part, found.collect(), &uses)
        });
        let mut packages: Vec<AuditedPackage> = packages.collect();
        debug_assert!(self.0.is_empty(), "a unit without a share");
        packages.sort_by_key(|package| Reverse(package.share.on_disk));
        packages
    }
}

fn found_of<'a>(id: &'a UnitId, alike: &'a Alike, facts: &Facts, shares: &'a Shares) -> Found<'a> {
    let share = shares.units.get(id).map(|of_unit| of_unit.part.share());
    let compiler = alike.rustc.map(|rustc| {
        let installed = facts.compilers.installed.get(&rustc);
        let name = facts.compilers.made_by.get(&rustc).or(installed);
        name.cloned().unwrap_or_else(|| format!("{rustc:016x}"))
    });
    let name = |id: &UnitId| shares.units.get(id)?.package.as_deref();
    Found {
        id,
        alike,
        compiler,
        share: share.unwrap_or_default(),
        dependencies: dependencies(&alike.dependencies, name),
        differs: Vec::new(),
    }
}

/// Returns whether a unit counts as a variant: it is linked into others, or is the workspace's own.
fn counts(unit: &Unit) -> bool {
    match unit.kind {
        UnitKind::Library | UnitKind::ProcMacro => true,
        UnitKind::Program | UnitKind::Test | UnitKind::Bench | UnitKind::Example => {
            unit.source == Source::Local
        }
        _ => false,
    }
}

fn package(
    (name, version, source): &PackageKey,
    part: &Part,
    mut found: Vec<Found<'_>>,
    uses: &[(&Metadata, Uses<'_>)],
) -> AuditedPackage {
    let mut largest: HashMap<&[String], Bytes> = HashMap::new();
    for one in &found {
        let of_targets = largest.entry(&one.alike.targets).or_default();
        *of_targets = (*of_targets).max(one.share.on_disk);
    }
    found.sort_by_cached_key(|one| {
        let targets = one.alike.targets.as_slice();
        (
            Reverse(largest[targets]),
            targets,
            Reverse(one.share.on_disk),
            one.id,
        )
    });
    for at in 1..found.len() {
        let (one, other) = (&found[at - 1], &found[at]);
        if are_alike(one, other) {
            found[at].differs = differences(one, other);
        }
    }
    let one_less = one_less(&found);
    let mut share = part.share();
    share.name.clone_from(name);
    AuditedPackage {
        name: name.clone(),
        version: version.clone(),
        source: source.clone(),
        share,
        asked_by: asked_by(name, version.as_deref(), &found, uses),
        variants: found.into_iter().map(variant).collect(),
        one_less,
    }
}

fn variant(found: Found<'_>) -> Variant {
    let alike = found.alike;
    Variant {
        id: found.id.clone(),
        unit: alike.kind.clone(),
        counted_in: alike.counted_in,
        targets: alike.targets.clone(),
        checked: alike.checked,
        features: alike.features.clone(),
        all_features: alike.all_features,
        triple: alike.triple.clone(),
        compiler: found.compiler,
        rustflags: alike.rustflags.clone(),
        folders: alike.folders,
        on_disk: found.share.on_disk,
        freeable: found.share.freeable,
        last_use: alike.last_use,
        differs: found.differs,
    }
}

/// The units of each package that a unit was compiled with, by the names of the packages of all units.
pub(crate) fn dependencies<'a>(
    all: &'a [UnitId],
    name: impl Fn(&UnitId) -> Option<&'a str>,
) -> Dependencies<'a> {
    let mut by_package = Dependencies::new();
    for id in all {
        let of_package = by_package.entry(name(id).unwrap_or_default()).or_default();
        of_package.insert(id);
    }
    by_package
}

/// Whether two are of the same targets: others are no variants of each other.
fn are_alike(one: &Found<'_>, other: &Found<'_>) -> bool {
    one.alike.targets == other.alike.targets && one.alike.kind == other.alike.kind
}

fn differences(one: &Found<'_>, other: &Found<'_>) -> Vec<Difference> {
    compare(&one.compared(), &other.compared())
}

/// A unit as one variant of its package.
pub(crate) struct Compared<'a> {
    /// Path of its profile folder.
    pub(crate) profile: &'a str,
    /// Hash of the profile's settings.
    pub(crate) settings: Option<u64>,
    pub(crate) triple: Option<&'a str>,
    pub(crate) rustc: Option<u64>,
    pub(crate) rustflags: &'a [String],
    pub(crate) features: &'a [String],
    /// Only metadata were made.
    pub(crate) checked: bool,
    /// The compiler by name, where that is known.
    pub(crate) compiler: Option<&'a str>,
    /// The units of each package that it was compiled with.
    pub(crate) dependencies: &'a Dependencies<'a>,
}

impl<'a> Compared<'a> {
    /// A unit of one folder.
    pub(crate) fn of(
        unit: &'a Unit,
        compiler: Option<&'a str>,
        dependencies: &'a Dependencies<'a>,
    ) -> Self {
        Self {
            profile: &unit.id.profile,
            settings: unit.settings,
            triple: unit.triple.as_deref(),
            rustc: unit.rustc,
            rustflags: &unit.rustflags,
            features: &unit.features,
            checked: is_checked(unit),
            compiler,
            dependencies,
        }
    }
}

/// The units of each package that a unit was compiled with.
pub(crate) type Dependencies<'a> = BTreeMap<&'a str, BTreeSet<&'a UnitId>>;

/// The differences between two variants. The dependencies count only if nothing else differs; else they mostly differ
/// because of the rest.
pub(crate) fn compare(from: &Compared<'_>, to: &Compared<'_>) -> Vec<Difference> {
    let mut all = Vec::new();
    if from.checked != to.checked {
        all.push(Difference::Checked);
    }
    let profile = |one: &Compared<'_>| {
        let name = one.profile.rsplit('/').next();
        name.unwrap_or_default().to_owned()
    };
    if profile(from) != profile(to) {
        let (from, to) = (profile(from), profile(to));
        all.push(Difference::Profile { from, to });
    } else if from.settings != to.settings && from.rustc == to.rustc && all.is_empty() {
        // Each version of Cargo hashes them in its own way.
        all.push(Difference::Settings);
    }
    if from.triple != to.triple {
        let triple = |one: &Compared<'_>| one.triple.map(str::to_owned);
        let (from, to) = (triple(from), triple(to));
        all.push(Difference::Triple { from, to });
    }
    if from.rustc != to.rustc {
        let name = |one: &Compared<'_>| one.compiler.map(str::to_owned);
        let (from, to) = (name(from), name(to));
        all.push(Difference::Compiler { from, to });
    }
    if from.rustflags != to.rustflags {
        let (from, to) = (from.rustflags.to_vec(), to.rustflags.to_vec());
        all.push(Difference::Rustflags { from, to });
    }
    let without = |these: &[String], those: &[String]| -> Vec<String> {
        let only = these.iter().filter(|name| !those.contains(name));
        only.cloned().collect()
    };
    let more = without(to.features, from.features);
    let less = without(from.features, to.features);
    if !more.is_empty() || !less.is_empty() {
        all.push(Difference::Features { more, less });
    }
    if all.is_empty() && from.dependencies != to.dependencies {
        let names = from.dependencies.keys().chain(to.dependencies.keys());
        let names: BTreeSet<&str> = names.copied().collect();
        let differ = |name: &&str| from.dependencies.get(name) != to.dependencies.get(name);
        let packages = names.into_iter().filter(differ).map(str::to_owned);
        all.push(Difference::Dependencies {
            packages: packages.collect(),
        });
    }
    if all.is_empty() {
        all.push(Difference::Unknown);
    }
    all
}

/// The space that one variant less would free: of the pairs that differ in the fewest things, the one whose smaller
/// variant is largest.
fn one_less(found: &[Found<'_>]) -> Bytes {
    let compared = &found[..found.len().min(COMPARED)];
    let mut best: Option<(usize, Reverse<Bytes>)> = None;
    for (at, one) in compared.iter().enumerate() {
        for other in compared[at + 1..]
            .iter()
            .filter(|other| are_alike(one, other))
        {
            let rank = (
                differences(one, other).len(),
                Reverse(one.share.on_disk.min(other.share.on_disk)),
            );
            best = Some(best.map_or(rank, |best| best.min(rank)));
        }
    }
    best.map_or(Bytes(0), |(_, Reverse(bytes))| bytes)
}

/// Who asks for the features that some variants have and others have not.
fn asked_by(
    name: &str,
    version: Option<&str>,
    found: &[Found<'_>],
    uses: &[(&Metadata, Uses<'_>)],
) -> Vec<AskedBy> {
    let all: BTreeSet<&String> = found.iter().flat_map(|one| &one.alike.features).collect();
    let differing: BTreeSet<String> = all
        .into_iter()
        .filter(|feature| {
            found
                .iter()
                .any(|one| !one.alike.features.contains(feature))
        })
        .cloned()
        .collect();
    if differing.is_empty() {
        return Vec::new();
    }
    let mut asked = BTreeSet::new();
    for (metadata, uses) in uses {
        // The units of a local package do not have its version; there may be several of one name, and all count.
        let named = metadata
            .packages
            .iter()
            .filter(|package| package.name == name);
        let versions: BTreeSet<String> = named.map(|package| package.version.to_string()).collect();
        for of in versions
            .iter()
            .filter(|of| version.is_none_or(|version| version == *of))
        {
            asked.extend(uses.asked_by(name, of, &differing));
        }
    }
    asked.into_iter().collect()
}
