//! Adds space up by what it is for: each file once, where it is met first.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use crate::audit::model::Share;
use crate::clean::folder_use::FolderUse;
use crate::fs::model::Identity;
use crate::markers;
use crate::size::Bytes;
use crate::target::unit::{Group, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};

/// A part of the whole, while it is added up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    on_disk: Bytes,
    /// Space of files whose every link is in this part.
    own: Bytes,
    entries: u64,
    /// Of files with several links, until all of them were met in this part.
    links: HashMap<Identity, Links>,
}

/// A file with several links; a part has some of them.
#[derive(Clone, Copy, Debug)]
struct Links {
    all: u64,
    seen: u64,
    on_disk: Bytes,
}

impl Part {
    /// Counts a file. `first` if it was not met anywhere before.
    pub(crate) fn add(&mut self, file: &UnitFile, first: bool) {
        self.entries += 1;
        if first {
            self.on_disk += file.on_disk;
        }
        if file.links <= 1 {
            self.own += file.on_disk;
            return;
        }
        let links = Links {
            all: file.links,
            seen: 1,
            on_disk: file.on_disk,
        };
        self.meet(file.identity, links);
    }

    /// Counts what another part has.
    fn take(&mut self, other: &Self) {
        self.on_disk += other.on_disk;
        self.own += other.own;
        self.entries += other.entries;
        for (identity, links) in &other.links {
            self.meet(*identity, *links);
        }
    }

    /// Counts more links of a file. There may be a million such files, so it is forgotten with the last link.
    fn meet(&mut self, identity: Identity, more: Links) {
        match self.links.entry(identity) {
            Entry::Vacant(free) => {
                free.insert(more);
            }
            Entry::Occupied(mut known) => {
                known.get_mut().seen += more.seen;
                if known.get().seen >= known.get().all {
                    self.own += known.remove().on_disk;
                }
            }
        }
    }

    /// Its sums.
    pub(crate) fn share(&self) -> Share {
        Share {
            name: String::new(),
            on_disk: self.on_disk,
            freeable: self.own,
            entries: self.entries,
        }
    }
}

/// Parts by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts(BTreeMap<String, Part>);

impl Parts {
    fn part(&mut self, name: &str) -> &mut Part {
        self.0.entry(name.to_owned()).or_default()
    }

    /// The sums of all parts, the largest first.
    pub(crate) fn shares(&self) -> Vec<Share> {
        let shares = self.0.iter().map(|(name, part)| Share {
            name: name.clone(),
            ..part.share()
        });
        let mut shares: Vec<Share> = shares.collect();
        shares.sort_by_key(|share| Reverse(share.on_disk));
        shares
    }
}

/// Which package a unit is of.
pub(crate) type PackageKey = (String, Option<String>, Source);

/// The whole, and its parts.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    pub(crate) total: Part,
    pub(crate) profiles: Parts,
    pub(crate) triples: Parts,
    pub(crate) kinds: Parts,
    /// The compiler's caches, by crate.
    pub(crate) incremental: Parts,
    pub(crate) packages: BTreeMap<PackageKey, Part>,
    /// Units by name, those of all folders together.
    pub(crate) units: HashMap<UnitId, OfUnit>,
    /// The files with several links that were met.
    seen: HashSet<Identity>,
}

/// The units of one name in all folders.
#[derive(Debug, Default)]
pub(crate) struct OfUnit {
    /// Their package, where it is known.
    pub(crate) package: Option<String>,
    pub(crate) part: Part,
    /// The libraries of a third-party package, which may be one file in all folders.
    libraries: Vec<Library>,
}

/// A library or its metadata in a folder. In order: those of one length together.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Library {
    length: Bytes,
    identity: Identity,
    on_disk: Bytes,
}

impl Shares {
    /// Adds a folder.
    pub(crate) fn add(&mut self, folder: &FolderUse) {
        let mut owners: HashMap<Identity, &Unit> = HashMap::new();
        let mut seen = std::mem::take(&mut self.seen);
        let mut first = |file: &UnitFile| file.links <= 1 || seen.insert(file.identity);
        let units = &folder.inventory.units;
        let profiles: BTreeSet<&str> = units.iter().map(|unit| &*unit.id.profile).collect();
        for unit in units {
            let mut own = Part::default();
            for file in &unit.files {
                own.add(file, first(file));
                if file.links > 1 {
                    owners.insert(file.identity, unit);
                }
            }
            self.of_unit(unit, &own);
            let mut leaked = Part::default();
            for file in &unit.leaked {
                leaked.add(file, first(file));
            }
            if !unit.leaked.is_empty() {
                self.of_profile(unit, group(&Group::Leaked), &leaked);
            }
            self.note(unit);
        }
        for other in &folder.inventory.others {
            let file = &other.file;
            let first = first(file);
            // A program at the top of a profile folder is that of its unit.
            let owner = owners.get(&file.identity);
            if let (Some(unit), true) = (owner, file.links > 1) {
                let mut own = Part::default();
                own.add(file, first);
                self.of_unit(unit, &own);
                continue;
            }
            let (profile, triple) = place(&file.path, &profiles);
            self.total.add(file, first);
            self.profiles.part(&profile).add(file, first);
            self.triples.part(&triple).add(file, first);
            self.kinds.part(group(&other.group)).add(file, first);
            if let Group::Incremental { name } = &other.group {
                self.incremental.part(name).add(file, first);
            }
        }
        self.seen = seen;
    }

    /// Counts what lies in the profile folder of a unit.
    fn of_profile(&mut self, unit: &Unit, kind: &str, own: &Part) {
        let profile = unit.id.profile.rsplit('/').next().unwrap_or_default();
        self.total.take(own);
        self.profiles.part(profile).take(own);
        let triple = unit.triple.as_deref().unwrap_or("host");
        self.triples.part(triple).take(own);
        self.kinds.part(kind).take(own);
    }

    fn of_unit(&mut self, unit: &Unit, own: &Part) {
        self.of_profile(unit, kind(unit), own);
        if let Some(key) = key(unit) {
            self.packages.entry(key).or_default().take(own);
        }
        let of_unit = self.units.entry(unit.id.clone()).or_default();
        of_unit.part.take(own);
    }

    /// Notes the package and the libraries of a unit that was counted.
    fn note(&mut self, unit: &Unit) {
        let Some(known) = self.units.get_mut(&unit.id) else {
            return;
        };
        if unit.package.is_some() {
            known.package.clone_from(&unit.package);
        }
        if unit.source.is_third_party() {
            let files = unit.files.iter();
            let libraries = files.filter(|file| file.sharing == Sharing::Link);
            known.libraries.extend(libraries.map(|file| Library {
                length: file.length,
                identity: file.identity,
                on_disk: file.on_disk,
            }));
        }
    }

    /// The space of the second and further files among libraries of one name and one length.
    pub(crate) fn duplicates(&mut self) -> Bytes {
        // A library and its metadata may be of one length, in one folder; then there is one more than there are folders.
        let of_unit = |unit: &mut OfUnit| -> Bytes {
            let all = &mut unit.libraries;
            all.sort_unstable();
            all.dedup_by_key(|one| (one.length, one.identity));
            let alike = all.chunk_by(|one, other| one.length == other.length);
            alike
                .flat_map(|alike| &alike[1..])
                .map(|one| one.on_disk)
                .sum()
        };
        self.units.values_mut().map(of_unit).sum()
    }
}

/// The package of a unit, if that is known.
pub(crate) fn key(unit: &Unit) -> Option<PackageKey> {
    let package = unit.package.clone()?;
    Some((package, unit.version.clone(), unit.source.clone()))
}

/// The kind of a unit, in the words of the report.
pub(crate) fn kind(unit: &Unit) -> &'static str {
    match &unit.kind {
        UnitKind::BuildScript | UnitKind::BuildScriptRun => "build scripts",
        UnitKind::Program => "programs",
        UnitKind::Test | UnitKind::Bench => "tests and benches",
        UnitKind::Example => "examples",
        UnitKind::Doc => "documentation",
        UnitKind::Library | UnitKind::ProcMacro if unit.source.is_third_party() => {
            "third-party libraries"
        }
        UnitKind::Library | UnitKind::ProcMacro => "local libraries",
        UnitKind::Unknown { .. } if unit.unfinished => "unfinished",
        UnitKind::Unknown { .. } => "unknown",
    }
}

fn group(group: &Group) -> &'static str {
    match group {
        Group::Incremental { .. } => "incremental",
        Group::Doc => "documentation",
        Group::Leaked => "left by rustc",
        Group::Unhashed | Group::Final => "programs",
        Group::Cargo | Group::Folder => "folders and locks",
        Group::Foreign => "unknown",
    }
}

/// The profile and the triple that a path lies in, by the profile folders that are known.
fn place(path: &Path, profiles: &BTreeSet<&str>) -> (String, String) {
    let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
    let mut depths = 1..=2.min(names.len());
    let inside = depths.find(|depth| profiles.contains(&*names[..*depth].join("/")));
    match inside {
        Some(2) if !markers::is_tool_folder(&names[0]) => {
            (names[1].to_string(), names[0].to_string())
        }
        Some(2) => (names[1].to_string(), "host".to_owned()),
        Some(_) => (names[0].to_string(), "host".to_owned()),
        None if names.iter().any(|name| name == "doc") => ("doc".to_owned(), "host".to_owned()),
        None => ("none".to_owned(), "host".to_owned()),
    }
}
