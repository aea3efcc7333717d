//! Takes the inventory of a target folder.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet, btree_map};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::fs::model::{Identity, Seen};
use crate::fs::{Entry, EntryKind, Within, number};
use crate::progress::Progress;
use crate::size::Bytes;
use crate::target::artifact::linker_name::linker_name;
use crate::target::dep_info::{DepInfo, RustcDepInfo};
use crate::target::identify::{Evidence, Target};
use crate::target::layout::{Owner, Part};
use crate::target::leaked;
use crate::target::unit::{Group, Inventory, Other, ReadTimes, Totals, UnitId};
use crate::target::unit_file::{Role, Sharing, UnitFile};
use crate::target::{fingerprint, identify, layout, linked};
use crate::text::failure;
use crate::{fs, markers};

/// The most that is read of a file. Real ones are a thousand times smaller; what is longer is not Cargo's.
const MOST: u64 = 16 << 20;

/// The most that is read of a `.d` file; only its first source is needed.
const START: u64 = 64 << 10;

/// Reads what a target folder is made of: lists it once, then reads the fingerprints in it.
///
/// Never fails: what cannot be listed is in [`Inventory::problems`], and a unit that cannot be understood is
/// [`Unknown`](crate::target::unit::UnitKind::Unknown), with all its files.
///
/// Takes no lock. Before a build compiles anything, Cargo empties the hashes of all units that it is going to compile
/// anew, and it writes each when that unit is done; so during a build, and after a failed one, those units are
/// unknown. But a unit may be read while it changes: each run that acts on a unit takes the lock first.
#[must_use]
pub fn read(folder: &Path, progress: &Progress) -> Inventory {
    let profiles = Profiles::of(folder);
    let all = Mutex::new(All::default());
    let problems = fs::walk(folder, progress, &|at, entries| {
        let content = Content::of(at, entries, &profiles);
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.take(content);
    });
    let All {
        units,
        mut others,
        totals,
        ..
    } = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    others.shrink_to_fit();
    others.par_sort_unstable_by(|one, other| by_path(&one.file, &other.file));
    let units: Vec<(UnitId, Found)> = units.into_iter().collect();
    let within = Within::of(folder);
    let evidence: Vec<Evidence> = units
        .into_par_iter()
        .map(|(id, found)| look(&within, id, found))
        .collect();
    let mut units = identify::identify(evidence);
    let sets = units.par_iter_mut();
    sets.for_each(|unit| leaked::take_out(folder, unit));
    Inventory {
        folder: folder.to_owned(),
        units,
        others,
        totals,
        problems,
    }
}

/// The content of one folder, one of perhaps a hundred thousand: a map in each of them would take more space than it
/// holds.
#[derive(Default)]
struct Content {
    /// Files of units. A unit that is met again, but not right after, stands in it again.
    units: Vec<(UnitId, Found)>,
    others: Vec<Other>,
    /// The sums, without the files that have several names.
    totals: Totals,
    linked: Vec<(Identity, Bytes)>,
}

impl Content {
    /// Sorts what lies in one folder.
    fn of(at: &Path, entries: Vec<Entry>, profiles: &Profiles) -> Self {
        let mut content = Self::default();
        let above = profiles.above(at);
        for entry in entries {
            content.count(&entry);
            let place = above.owner(&entry);
            content.add(entry, place, above.depth);
        }
        content.close();
        content.units.shrink_to_fit();
        content.others.shrink_to_fit();
        content
    }

    fn count(&mut self, entry: &Entry) {
        self.totals.entries += 1;
        if entry.kind != EntryKind::Folder {
            self.totals.logical += entry.length;
        }
        if entry.links <= 1 {
            self.totals.on_disk += entry.on_disk;
        } else {
            self.linked.push((entry.identity, entry.on_disk));
        }
    }

    /// Gives back the room for more files of the last unit.
    fn close(&mut self) {
        if let Some((_, last)) = self.units.last_mut() {
            last.files.shrink_to_fit();
        }
    }

    fn add(&mut self, entry: Entry, place: Place, depth: Option<usize>) {
        let read = entry.accessed;
        let times = read_times(&entry);
        let file = unit_file(entry);
        let (id, triple, package, part) = match place {
            Place::Unit {
                id,
                triple,
                package,
                part,
            } => (id, triple, package, part),
            Place::None(group) => {
                return self.others.push(Other {
                    file,
                    group,
                    profile_depth: depth.unwrap_or(0),
                });
            }
        };
        // Cargo opens these; what it only asks for the times of does not tell.
        let opened = match part {
            Part::Fingerprint | Part::Said => file.sharing != Sharing::Folder,
            _ => false,
        };
        let sharing = match (file.sharing, file.path.file_name()) {
            (Sharing::Copy, Some(name)) => layout::sharing(&name.to_string_lossy(), part),
            (sharing, _) => sharing,
        };
        if self.units.last().is_none_or(|(last, _)| *last != id) {
            self.close();
            self.units.push((id, Found::default()));
        }
        let at = self.units.len() - 1;
        let unit = &mut self.units[at].1;
        unit.triple = triple;
        unit.package = unit.package.take().or(package);
        if opened {
            unit.last_read = unit.last_read.max(read);
        }
        if opened && part == Part::Fingerprint && layout::is_fingerprint_hash(&file.name()) {
            unit.hash_times.extend(times);
        }
        unit.files.push((UnitFile { sharing, ..file }, part));
    }
}

/// The content of all folders, put together while the folders are listed: all at once would take twice the memory.
#[derive(Default)]
struct All {
    units: BTreeMap<UnitId, Found>,
    others: Vec<Other>,
    /// The sums, each file once.
    totals: Totals,
    /// The files with several names that are in the sums.
    linked: HashSet<Identity>,
}

impl All {
    fn take(&mut self, content: Content) {
        for (id, found) in content.units {
            match self.units.entry(id) {
                btree_map::Entry::Vacant(free) => {
                    free.insert(found);
                }
                btree_map::Entry::Occupied(mut known) => known.get_mut().take(found),
            }
        }
        self.others.extend(content.others);
        self.totals.entries += content.totals.entries;
        self.totals.logical += content.totals.logical;
        self.totals.on_disk += content.totals.on_disk;
        for (identity, on_disk) in content.linked {
            if self.linked.insert(identity) {
                self.totals.on_disk += on_disk;
            }
        }
    }
}

/// An order in which a folder comes before what is in it.
fn by_path(one: &UnitFile, other: &UnitFile) -> Ordering {
    one.path.as_os_str().cmp(other.path.as_os_str())
}

fn read_times(entry: &Entry) -> Option<ReadTimes> {
    Some(ReadTimes {
        accessed: entry.accessed?,
        modified: entry.modified?,
        changed: entry.changed?,
    })
}

fn unit_file(entry: Entry) -> UnitFile {
    UnitFile {
        path: entry.path,
        sharing: match entry.kind {
            EntryKind::Folder => Sharing::Folder,
            EntryKind::File => Sharing::Copy,
            EntryKind::Special => Sharing::Special,
        },
        // The files alone do not tell what the unit is.
        role: Role::None,
        length: match entry.kind {
            EntryKind::Folder => Bytes(0),
            _ => entry.length,
        },
        on_disk: entry.on_disk,
        links: entry.links,
        identity: entry.identity,
        modified: entry.modified.into(),
        changed: entry.changed.into(),
    }
}

/// The profile folders of a target folder, relative to it.
///
/// Profile folders for a triple in the folder of a tool (`rust-analyzer/<triple>/debug`) lie too deep to be found:
/// files in them belong to no unit.
struct Profiles(HashSet<PathBuf>);

/// Where a path stands in a target folder.
enum Place {
    /// In a unit.
    Unit {
        id: UnitId,
        triple: Option<String>,
        package: Option<String>,
        part: Part,
    },
    /// In no unit.
    None(Group),
}

impl Profiles {
    fn of(folder: &Path) -> Self {
        let marks = markers::read(&fs::shape(folder));
        Self(marks.profiles.into_iter().collect())
    }

    /// The place of a folder in the target folder, for the entries in it.
    fn above<'a>(&self, folder: &'a Path) -> Above<'a> {
        let depth = (1..=2).find(|depth| {
            let above: PathBuf = folder.iter().take(*depth).collect();
            self.0.contains(&above)
        });
        Above {
            names: folder.iter().map(name).collect(),
            depth,
        }
    }
}

/// A folder in a target folder.
struct Above<'a> {
    /// The names on the way to it.
    names: Vec<&'a str>,
    /// How deep the profile folder lies that it is, or lies in.
    depth: Option<usize>,
}

impl Above<'_> {
    /// Whose an entry is that lies in it.
    fn owner(&self, entry: &Entry) -> Place {
        let folder = entry.kind == EntryKind::Folder;
        let own = entry.path.file_name().map(name);
        let parts: Vec<&str> = self.names.iter().copied().chain(own).collect();
        let Some(depth) = self.depth else {
            return Place::None(layout::outside(&parts, folder));
        };
        let (profile, inside) = parts.split_at(depth);
        match layout::owner(inside, folder) {
            Owner::None(group) => Place::None(group),
            Owner::Unit {
                hash,
                package,
                part,
            } => Place::Unit {
                id: UnitId {
                    profile: profile.join("/"),
                    hash,
                },
                triple: match profile {
                    [triple, _] if !markers::is_tool_folder(triple) => Some((*triple).to_owned()),
                    _ => None,
                },
                package,
                part,
            },
        }
    }
}

/// A name as a text. A name that is not Unicode is none of Cargo's, and its replacement matches none.
fn name(name: &OsStr) -> &str {
    name.to_str().unwrap_or("\u{fffd}")
}

/// A unit by its paths.
#[derive(Default)]
struct Found {
    triple: Option<String>,
    package: Option<String>,
    last_read: Option<Timestamp>,
    hash_times: Vec<ReadTimes>,
    files: Vec<(UnitFile, Part)>,
}

impl Found {
    /// Takes in what lies of it in another folder.
    fn take(&mut self, other: Self) {
        self.package = self.package.take().or(other.package);
        self.last_read = self.last_read.max(other.last_read);
        self.hash_times.extend(other.hash_times);
        self.files.reserve_exact(other.files.len());
        self.files.extend(other.files);
    }
}

/// Reads what there is to read about a unit.
fn look(folder: &Within<'_>, id: UnitId, mut found: Found) -> Evidence {
    // The folders were not listed in their order.
    found
        .files
        .sort_unstable_by(|(one, _), (other, _)| by_path(one, other));
    let targets = targets(folder, &found.files);
    let local = |targets: &Vec<Target>| {
        let mut infos = targets.iter().filter_map(|target| target.dep_info.as_ref());
        infos.any(DepInfo::is_local)
    };
    let root = match &targets {
        Ok(targets) if !local(targets) => {
            linked::allow(&mut found.files, targets, |file| {
                linker_name(folder.open(&file.path).ok()?)
            });
            root(folder, &found.files)
        }
        _ => None,
    };
    Evidence {
        has_checksum: root.as_deref().is_some_and(has_checksum),
        id,
        triple: found.triple,
        last_read: found.last_read,
        hash_times: found.hash_times,
        package: found.package,
        files: found.files,
        targets,
        root,
    }
}

/// The fingerprints of a unit, by name; the first thing that is wrong with one of them.
fn targets(folder: &Within<'_>, files: &[(UnitFile, Part)]) -> Result<Vec<Target>, String> {
    let names: BTreeMap<&str, &Path> = files
        .iter()
        .filter(|(file, part)| *part == Part::Fingerprint && file.sharing == Sharing::Copy)
        .filter_map(|(file, _)| Some((file.path.file_name()?.to_str()?, file.path.as_path())))
        .collect();
    let read = |name: &str| -> Result<Option<Vec<u8>>, String> {
        let Some(path) = names.get(name) else {
            return Ok(None);
        };
        let bytes = folder.read_known(path, MOST);
        bytes.map_err(|error| failure::words(error.as_ref()))
    };
    let ends: Vec<&str> = names
        .keys()
        .filter_map(|name| name.strip_suffix(".json"))
        .collect();
    // Mostly one, and large.
    let mut targets = Vec::with_capacity(ends.len());
    for name in ends {
        let there = |bytes: Option<Vec<u8>>| bytes.ok_or("a part of its fingerprint is missing");
        let fingerprint = fingerprint::parse(&there(read(&format!("{name}.json"))?)?)?;
        let hash = fingerprint::parse_hash(&there(read(name)?)?)?;
        let dep_info = read(&format!("dep-{name}"))?.and_then(|bytes| DepInfo::parse(&bytes));
        targets.push(Target {
            name: name.to_owned(),
            fingerprint,
            hash,
            dep_info,
        });
    }
    if targets.is_empty() {
        return Err("it has no fingerprint".into());
    }
    Ok(targets)
}

/// The root of the crate, by the unit's first `.d` file.
fn root(folder: &Within<'_>, files: &[(UnitFile, Part)]) -> Option<String> {
    let (file, _) = files.iter().find(|(file, part)| {
        matches!(part, Part::Artifact | Part::Out)
            && file.sharing == Sharing::Copy
            && file.path.extension().is_some_and(|end| end == "d")
    })?;
    let bytes = folder.read_known(&file.path, START).ok()??;
    // Almost every one is, and the other way takes several times as long.
    let text = std::str::from_utf8(&bytes).map(Cow::Borrowed);
    let text = text.unwrap_or_else(|_| String::from_utf8_lossy(&bytes));
    RustcDepInfo::parse(&text).sources.into_iter().next()
}

/// Whether the package that a source belongs to was vendored with the checksum of a registry. Of packages from a registry
/// itself nothing is looked at, nor of a local package, whose sources may have no absolute path.
///
/// Source: `Checksum` in `src/cargo/sources/directory.rs` of Cargo.
fn has_checksum(root: &str) -> bool {
    if !Path::new(root).is_absolute() {
        return false;
    }
    if ["/registry/src/", "/git/checkouts/"]
        .iter()
        .any(|home| root.contains(home))
    {
        return false;
    }
    let mut above = Path::new(root).ancestors().skip(1).take(4);
    let list = above.find_map(|folder| {
        let bytes = fs::read_known(&folder.join(".cargo-checksum.json"), MOST);
        bytes.ok().flatten()
    });
    let list = list.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    list.is_some_and(|list| list["package"].is_string())
}

/// Record of the files and folders that an inventory saw.
#[must_use]
pub(crate) fn seen<'a>(files: impl Iterator<Item = &'a UnitFile>) -> Seen {
    let number = |file: &UnitFile| {
        let modified = file
            .modified()
            .map_or(0, |time| time.as_nanosecond() as i64);
        let content = (file.sharing != Sharing::Folder).then_some((modified, file.length.0));
        Some(number(file.path.file_name()?, file.identity, content))
    };
    Seen::new(files.filter_map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_no_unit_has_the_profile_whose_lock_its_build_takes() {
        let dir = tempfile::tempdir().expect("a folder");
        // A profile may have any name, also that of one of Cargo's folders.
        for profile in ["debug", "t/debug", "deps"] {
            let profile = dir.path().join(profile);
            for inner in [".fingerprint", "deps", "examples", "incremental/a-1/s-1"] {
                fs::create_folder(&profile.join(inner)).expect("a folder");
            }
            for file in ["app", "deps/a.d", "examples/ex", "incremental/a-1/s-1/x"] {
                fs::write_if_absent(&profile.join(file), b"").expect("a file");
            }
        }
        fs::create_folder(&dir.path().join("doc")).expect("a folder");
        fs::write_if_absent(&dir.path().join("doc/a.html"), b"").expect("a file");
        let inventory = read(dir.path(), &Progress::default());
        let mut files = 0;
        for other in &inventory.others {
            if other.file.sharing == Sharing::Folder {
                continue;
            }
            let path = other.file.path.to_string_lossy().replace('\\', "/");
            let profile = ["debug", "t/debug", "deps"]
                .into_iter()
                .find(|profile| path.starts_with(&format!("{profile}/")));
            assert_eq!(other.profile().as_deref(), profile, "{path}");
            files += 1;
        }
        assert_eq!(files, 13);
    }
}
