//! Which variants there are of each package, and what tells one from the next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use cargo_metadata::Metadata;

use crate::audit::decide::Facts;
use crate::audit::features::Uses;
use crate::audit::model::{AskedBy, AuditedPackage, Difference, Variant};
use crate::audit::shares::{PackageKey, Part, Shares, key, kind};
use crate::clean::folder_use::FolderUse;
use crate::clean::gc::rules::idle::last_use;
use crate::clean::gc::rules::superseded::is_checked;
use crate::size::Bytes;
use crate::target::unit::{Source, Unit, UnitId, UnitKind};

/// So many variants of one package are compared with each other. More than that differ in something that each of them
/// has for itself, such as a path.
const COMPARED: usize = 64;

/// A variant, with what is compared besides.
struct Found<'a> {
    unit: &'a Unit,
    variant: Variant,
    /// What it was made with: the units of each package.
    dependencies: Dependencies<'a>,
}

impl Found<'_> {
    fn compared(&self) -> Compared<'_> {
        Compared {
            unit: self.unit,
            checked: self.variant.checked,
            compiler: self.variant.compiler.as_deref(),
            dependencies: &self.dependencies,
        }
    }
}

/// All packages, the largest first.
pub(crate) fn packages(
    folders: &[FolderUse],
    facts: &Facts,
    shares: &Shares,
) -> Vec<AuditedPackage> {
    let mut units: Vec<(PackageKey, &Unit, &FolderUse)> = folders
        .iter()
        .flat_map(|folder| {
            let units = folder.inventory.units.iter().filter(|unit| counts(unit));
            units.filter_map(move |unit| Some((key(unit)?, unit, folder)))
        })
        .collect();
    units.sort_unstable_by(|(one, one_unit, _), (other, other_unit, _)| {
        (one, &one_unit.id).cmp(&(other, &other_unit.id))
    });
    let names: HashMap<&UnitId, &str> = folders
        .iter()
        .flat_map(|folder| &folder.inventory.units)
        .filter_map(|unit| Some((&unit.id, unit.package.as_deref()?)))
        .collect();
    let uses: Vec<(&Metadata, Uses<'_>)> = facts
        .resolved
        .values()
        .map(|metadata| (metadata, Uses::of(metadata)))
        .collect();
    let mut units = units.as_slice();
    let mut packages = Vec::with_capacity(shares.packages.len());
    // Both are sorted by package, and each unit has a share in its package.
    for (key, part) in &shares.packages {
        let many = units.iter().take_while(|(of, ..)| of == key).count();
        let (own, rest) = units.split_at(many);
        units = rest;
        let found = own.chunk_by(|(_, one, _), (_, other, _)| one.id == other.id);
        let found = found.map(|alike| found_of(alike, facts, shares, &names));
        packages.push(package(key, part, found.collect(), &uses));
    }
    debug_assert!(units.is_empty(), "a unit without a share");
    packages.sort_by_key(|package| Reverse(package.share.on_disk));
    packages
}

/// A variant, by the units that are it: the same one in each of some folders.
fn found_of<'a>(
    alike: &[(PackageKey, &'a Unit, &FolderUse)],
    facts: &Facts,
    shares: &Shares,
    names: &HashMap<&UnitId, &str>,
) -> Found<'a> {
    let (_, unit, _) = alike[0];
    let used = alike.iter().filter_map(|(_, unit, folder)| {
        let (at, _) = last_use(unit, folder.notes_reads)?;
        Some(at)
    });
    Found {
        unit,
        variant: Variant {
            folders: alike.len(),
            last_use: used.max(),
            ..variant(unit, facts, shares.units.get(&unit.id))
        },
        dependencies: dependencies(unit, names),
    }
}

/// Whether a unit is one of the things of which there are variants: what is linked into others, and what is the
/// workspace's own.
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
        let of_targets = largest.entry(&one.unit.targets).or_default();
        *of_targets = (*of_targets).max(one.variant.on_disk);
    }
    found.sort_by_cached_key(|one| {
        let targets = one.unit.targets.as_slice();
        (
            Reverse(largest[targets]),
            targets,
            Reverse(one.variant.on_disk),
            &one.unit.id,
        )
    });
    for at in 1..found.len() {
        let (one, other) = (&found[at - 1], &found[at]);
        if are_alike(one, other) {
            found[at].variant.differs = differences(one, other);
        }
    }
    let one_less = one_less(&found);
    let mut share = part.share();
    share.name.clone_from(name);
    let asked_by = asked_by(name, version.as_deref(), &found, uses);
    let mut variants: Vec<Variant> = found.into_iter().map(|found| found.variant).collect();
    // They stand where the larger ones stood, and there may be tens of thousands of packages.
    variants.shrink_to_fit();
    AuditedPackage {
        name: name.clone(),
        version: version.clone(),
        source: source.clone(),
        share,
        variants,
        one_less,
        asked_by,
    }
}

fn variant(unit: &Unit, facts: &Facts, part: Option<&Part>) -> Variant {
    let share = part.map(Part::share).unwrap_or_default();
    let compiler = unit.rustc.map(|rustc| {
        let installed = facts.compilers.installed.get(&rustc);
        let name = facts.compilers.made_by.get(&rustc).or(installed);
        name.cloned().unwrap_or_else(|| format!("{rustc:016x}"))
    });
    Variant {
        id: unit.id.clone(),
        unit: unit.kind.clone(),
        counted_in: kind(unit),
        targets: unit.targets.clone(),
        checked: is_checked(unit),
        features: unit.features.clone(),
        all_features: unit.features == unit.declared_features,
        triple: unit.triple.clone(),
        compiler,
        rustflags: unit.rustflags.clone(),
        folders: 0,
        on_disk: share.on_disk,
        freeable: share.freeable,
        last_use: None,
        differs: Vec::new(),
    }
}

/// The units of each package that a unit was compiled with, by the names of the packages of all units.
pub(crate) fn dependencies<'a>(unit: &'a Unit, names: &HashMap<&UnitId, &str>) -> Dependencies<'a> {
    let mut all = Dependencies::new();
    for id in &unit.dependencies {
        let name = names.get(id).copied().unwrap_or_default();
        all.entry(name.to_owned()).or_default().insert(id);
    }
    all
}

/// Whether two are of the same targets: others are no variants of each other.
fn are_alike(one: &Found<'_>, other: &Found<'_>) -> bool {
    one.unit.targets == other.unit.targets && one.unit.kind == other.unit.kind
}

fn differences(one: &Found<'_>, other: &Found<'_>) -> Vec<Difference> {
    compare(&one.compared(), &other.compared())
}

/// A unit as one variant of its package.
pub(crate) struct Compared<'a> {
    pub(crate) unit: &'a Unit,
    /// Only metadata were made.
    pub(crate) checked: bool,
    /// The compiler by name, where that is known.
    pub(crate) compiler: Option<&'a str>,
    /// The units of each package that it was compiled with.
    pub(crate) dependencies: &'a Dependencies<'a>,
}

/// The units of each package that a unit was compiled with.
pub(crate) type Dependencies<'a> = BTreeMap<String, BTreeSet<&'a UnitId>>;

/// What tells one variant from another. If only what they were made with does, that is said; else it mostly follows
/// from the rest.
pub(crate) fn compare(one: &Compared<'_>, other: &Compared<'_>) -> Vec<Difference> {
    let (from, to) = (one.unit, other.unit);
    let mut all = Vec::new();
    if one.checked != other.checked {
        all.push(Difference::Checked);
    }
    let profile = |unit: &Unit| {
        let name = unit.id.profile.rsplit('/').next();
        name.unwrap_or_default().to_owned()
    };
    if profile(from) != profile(to) {
        let (from, to) = (profile(from), profile(to));
        all.push(Difference::Profile { from, to });
    } else if from.settings != to.settings && all.is_empty() {
        all.push(Difference::Settings);
    }
    if from.triple != to.triple {
        let (from, to) = (from.triple.clone(), to.triple.clone());
        all.push(Difference::Triple { from, to });
    }
    if from.rustc != to.rustc {
        let name = |one: &Compared<'_>| one.compiler.map(str::to_owned);
        let (from, to) = (name(one), name(other));
        all.push(Difference::Compiler { from, to });
    }
    if from.rustflags != to.rustflags {
        let (from, to) = (from.rustflags.clone(), to.rustflags.clone());
        all.push(Difference::Rustflags { from, to });
    }
    let without = |these: &[String], those: &[String]| -> Vec<String> {
        let only = these.iter().filter(|name| !those.contains(name));
        only.cloned().collect()
    };
    let more = without(&to.features, &from.features);
    let less = without(&from.features, &to.features);
    if !more.is_empty() || !less.is_empty() {
        all.push(Difference::Features { more, less });
    }
    if all.is_empty() && one.dependencies != other.dependencies {
        let names: BTreeSet<&String> = one
            .dependencies
            .keys()
            .chain(other.dependencies.keys())
            .collect();
        let differ =
            |name: &&&String| one.dependencies.get(**name) != other.dependencies.get(**name);
        let packages = names.iter().filter(differ).map(|name| (*name).clone());
        all.push(Difference::Dependencies {
            packages: packages.collect(),
        });
    }
    if all.is_empty() {
        all.push(Difference::Unknown);
    }
    all
}

/// What one variant less would free: of the pairs that differ in the fewest things, the one whose smaller variant is
/// largest.
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
                Reverse(one.variant.on_disk.min(other.variant.on_disk)),
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
    let all: BTreeSet<&String> = found.iter().flat_map(|one| &one.variant.features).collect();
    let differing: BTreeSet<String> = all
        .into_iter()
        .filter(|feature| {
            found
                .iter()
                .any(|one| !one.variant.features.contains(feature))
        })
        .cloned()
        .collect();
    if differing.is_empty() {
        return Vec::new();
    }
    let mut asked = BTreeSet::new();
    for (metadata, uses) in uses {
        // Of a local package the version is not in its units; there may be several of one name, and all count.
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
