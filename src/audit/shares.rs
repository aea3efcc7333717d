//! Adds space up by what it is for: each file once, where it is met first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use crate::audit::model::Share;
use crate::clean::folder_use::FolderUse;
use crate::fs::model::Identity;
use crate::markers;
use crate::size::Bytes;
use crate::target::unit::{Group, Source, Unit, UnitId, UnitKind};
use crate::target::unit_file::UnitFile;

/// A part of the whole, while it is added up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    on_disk: Bytes,
    /// Space of files with one link.
    single: Bytes,
    entries: u64,
    /// Of files with several links: how many there are, how many are in this part, and their space.
    links: HashMap<Identity, (u64, u64, Bytes)>,
}

impl Part {
    /// Counts a file. `first` if it was not met anywhere before.
    pub(crate) fn add(&mut self, file: &UnitFile, first: bool) {
        self.entries += 1;
        if first {
            self.on_disk += file.on_disk;
        }
        if file.links <= 1 {
            self.single += file.on_disk;
            return;
        }
        let known = self.links.entry(file.identity);
        let (_, seen, _) = known.or_insert((file.links, 0, file.on_disk));
        *seen += 1;
    }

    /// Counts what another part has.
    fn take(&mut self, other: &Self) {
        self.on_disk += other.on_disk;
        self.single += other.single;
        self.entries += other.entries;
        for (identity, (links, seen, on_disk)) in &other.links {
            let known = self.links.entry(*identity).or_insert((*links, 0, *on_disk));
            known.1 += seen;
        }
    }

    /// What it comes to.
    pub(crate) fn share(&self) -> Share {
        let gone = self.links.values().filter(|(links, seen, _)| seen >= links);
        Share {
            name: String::new(),
            on_disk: self.on_disk,
            freeable: self.single + gone.map(|(.., on_disk)| *on_disk).sum(),
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

    /// What they come to, the largest first.
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
    pub(crate) units: HashMap<UnitId, Part>,
}

impl Shares {
    pub(crate) fn of(folders: &[FolderUse]) -> Self {
        let mut shares = Self::default();
        let mut seen: HashSet<Identity> = HashSet::new();
        for folder in folders {
            shares.add(folder, &mut seen);
        }
        shares
    }

    fn add(&mut self, folder: &FolderUse, seen: &mut HashSet<Identity>) {
        let mut owners: HashMap<Identity, &Unit> = HashMap::new();
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
        }
        for other in &folder.inventory.others {
            let mut own = Part::default();
            own.add(&other.file, first(&other.file));
            // A program at the top of a profile folder is that of its unit.
            let owner = owners.get(&other.file.identity);
            if let (Some(unit), true) = (owner, other.file.links > 1) {
                self.of_unit(unit, &own);
                continue;
            }
            let (profile, triple) = place(&other.file.path, &profiles);
            self.total.take(&own);
            self.profiles.part(&profile).take(&own);
            self.triples.part(&triple).take(&own);
            self.kinds.part(group(&other.group)).take(&own);
            if let Group::Incremental { name } = &other.group {
                self.incremental.part(name).take(&own);
            }
        }
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
        self.units.entry(unit.id.clone()).or_default().take(own);
    }
}

/// The package of a unit, if that is known.
pub(crate) fn key(unit: &Unit) -> Option<PackageKey> {
    let package = unit.package.clone()?;
    Some((package, unit.version.clone(), unit.source.clone()))
}

/// What a unit is, in the words of the report.
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
