//! Takes the inventory of a target folder.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::dep_info::{DepInfo, RustcDepInfo};
use crate::fingerprint;
use crate::fs::{self, Entry, EntryKind};
use crate::identify::{self, Evidence, Target};
use crate::layout::{self, Owner, Part};
use crate::marks::{self, Shape};
use crate::model::{Group, Inventory, Other, Sharing, Totals, UnitFile, UnitId};
use crate::progress::Progress;
use crate::size::Bytes;

/// The most that is read of a file. Real ones are a thousand times smaller; what is longer is not Cargo's.
const MOST: u64 = 16 << 20;

/// The most that is read of a `.d` file, of which only the first source is wanted.
const START: u64 = 64 << 10;

/// Reads what a target folder is made of: lists it once, then reads the fingerprints in it.
///
/// Never fails: what cannot be listed is in [`Inventory::problems`], and a unit that cannot be understood is
/// [`Unknown`](crate::model::UnitKind::Unknown), with all its files.
///
/// Takes no lock. Before a build compiles anything, Cargo empties the hashes of all units that it is going to
/// compile anew, and it writes each when that unit is done; so while one runs, and after it failed, those units
/// are unknown. But a unit may be read while it changes: whoever acts on one takes the lock first.
#[must_use]
pub fn read(folder: &Path, progress: &Progress) -> Inventory {
    let walk = fs::walk(folder, progress);
    let totals = totals(&walk.entries);
    let entries = walk.entries;
    let profiles = Profiles::of(&entries);
    let mut others = Vec::new();
    let mut found: BTreeMap<UnitId, Found> = BTreeMap::new();
    for (depth, entry) in entries.into_iter().flat_map(|entries| {
        // All of them lie in one folder.
        let folder = entries.first().and_then(|entry| entry.path.parent());
        let depth = folder.and_then(|folder| profiles.depth(folder));
        entries.into_iter().map(move |entry| (depth, entry))
    }) {
        let place = Profiles::owner(&entry, depth);
        let read = entry.accessed;
        let file = unit_file(entry);
        match place {
            Place::Unit {
                id,
                triple,
                package,
                part,
            } => {
                // Cargo opens these; what it only asks for the times of does not tell.
                let opened = match part {
                    Part::Fingerprint => file.sharing != Sharing::Folder,
                    Part::Run => layout::in_profile(&file.path, &id.profile, layout::is_said),
                    Part::Artifact => false,
                };
                let unit = found.entry(id).or_insert_with(|| Found {
                    triple,
                    package: None,
                    last_read: None,
                    files: Vec::new(),
                });
                unit.package = unit.package.take().or(package);
                let sharing = match (file.sharing, file.path.file_name()) {
                    (Sharing::Copy, Some(name)) => layout::sharing(&name.to_string_lossy(), part),
                    (sharing, _) => sharing,
                };
                if opened {
                    unit.last_read = unit.last_read.max(read);
                }
                unit.files.push((UnitFile { sharing, ..file }, part));
            }
            Place::None(group) => others.push(Other { file, group }),
        }
    }
    let found: Vec<(UnitId, Found)> = found.into_iter().collect();
    let evidence: Vec<Evidence> = found
        .into_par_iter()
        .map(|(id, found)| look(folder, id, found))
        .collect();
    Inventory {
        folder: folder.to_owned(),
        units: identify::identify(evidence),
        others,
        totals,
        problems: walk.problems,
    }
}

/// The sums, each file once.
fn totals(entries: &[Vec<Entry>]) -> Totals {
    let mut totals = Totals::default();
    let mut seen = HashSet::new();
    for entry in entries.iter().flatten() {
        totals.entries += 1;
        if entry.kind != EntryKind::Folder {
            totals.logical += entry.length;
        }
        if entry.links <= 1 || seen.insert(entry.identity) {
            totals.on_disk += entry.on_disk;
        }
    }
    totals
}

fn unit_file(entry: Entry) -> UnitFile {
    UnitFile {
        path: entry.path,
        sharing: match entry.kind {
            EntryKind::Folder => Sharing::Folder,
            EntryKind::File => Sharing::Copy,
            EntryKind::Special => Sharing::Special,
        },
        length: match entry.kind {
            EntryKind::Folder => Bytes(0),
            _ => entry.length,
        },
        on_disk: entry.on_disk,
        links: entry.links,
        identity: entry.identity,
        modified: entry.modified,
        changed: entry.changed,
    }
}

/// The names in the top three levels, as [`marks::read`] wants them. The entries are sorted, so that a folder
/// comes before what is in it.
fn shape(entries: &[Vec<Entry>]) -> Shape {
    let mut top = Shape::default();
    // Those of one folder lie at one depth.
    let deep = |entries: &&Vec<Entry>| {
        let first = entries.first();
        first.is_some_and(|entry| entry.path.components().count() <= 3)
    };
    for entry in entries.iter().filter(deep).flatten() {
        let names: Vec<String> = entry
            .path
            .iter()
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        let Some((name, above)) = names.split_last() else {
            continue;
        };
        let folder = above.iter().try_fold(&mut top, |shape, name| {
            shape.folders.get_mut(name).and_then(Option::as_mut)
        });
        let Some(folder) = folder else { continue };
        match entry.kind {
            EntryKind::File => folder.files.push(name.clone()),
            EntryKind::Folder => {
                folder.folders.insert(name.clone(), Some(Shape::default()));
            }
            EntryKind::Special => {
                folder.folders.insert(name.clone(), None);
            }
        }
    }
    top
}

/// The profile folders of a target folder, relative to it.
///
/// Those for a triple in the folder of a tool (`rust-analyzer/<triple>/debug`) lie too deep to be found: what is in
/// them belongs to no unit.
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
    fn of(entries: &[Vec<Entry>]) -> Self {
        Self(marks::read(&shape(entries)).profiles.into_iter().collect())
    }

    /// How deep the profile folder lies that a folder is, or lies in.
    fn depth(&self, folder: &Path) -> Option<usize> {
        (1..=2).find(|depth| {
            let above: PathBuf = folder.iter().take(*depth).collect();
            self.0.contains(&above)
        })
    }

    /// Whose an entry is, of a folder in a profile folder that lies as deep.
    fn owner(entry: &Entry, depth: Option<usize>) -> Place {
        let folder = entry.kind == EntryKind::Folder;
        // A name that is not Unicode is no name of Cargo's, and what stands for it matches none.
        let names: Vec<Cow<'_, str>> = entry.path.iter().map(OsStr::to_string_lossy).collect();
        let parts: Vec<&str> = names.iter().map(|name| &**name).collect();
        let Some(depth) = depth else {
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
                    [triple, _] if !marks::is_tool_folder(triple) => Some((*triple).to_owned()),
                    _ => None,
                },
                package,
                part,
            },
        }
    }
}

/// A unit by its paths.
struct Found {
    triple: Option<String>,
    package: Option<String>,
    last_read: Option<Timestamp>,
    files: Vec<(UnitFile, Part)>,
}

/// Reads what there is to read about a unit.
fn look(folder: &Path, id: UnitId, found: Found) -> Evidence {
    let targets = targets(folder, &found.files);
    let local = |targets: &Vec<Target>| {
        let mut infos = targets.iter().filter_map(|target| target.dep_info.as_ref());
        infos.any(DepInfo::is_local)
    };
    let root = match &targets {
        Ok(targets) if !local(targets) => root(folder, &found.files),
        _ => None,
    };
    Evidence {
        id,
        triple: found.triple,
        last_read: found.last_read,
        package: found.package,
        files: found.files,
        targets,
        root,
    }
}

/// The fingerprints of a unit, by name; the first thing that is wrong with one of them.
fn targets(folder: &Path, files: &[(UnitFile, Part)]) -> Result<Vec<Target>, String> {
    let names: BTreeMap<&str, &Path> = files
        .iter()
        .filter(|(file, part)| *part == Part::Fingerprint && file.sharing == Sharing::Copy)
        .filter_map(|(file, _)| Some((file.path.file_name()?.to_str()?, file.path.as_path())))
        .collect();
    let read = |name: &str| -> Result<Option<Vec<u8>>, String> {
        let Some(path) = names.get(name) else {
            return Ok(None);
        };
        fs::read_known(&folder.join(path), MOST).map_err(|error| format!("{error:#}"))
    };
    let mut targets = Vec::new();
    for name in names.keys().filter_map(|name| name.strip_suffix(".json")) {
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
        return Err("there is no fingerprint".into());
    }
    Ok(targets)
}

/// The root of the crate, by the unit's first `.d` file.
fn root(folder: &Path, files: &[(UnitFile, Part)]) -> Option<String> {
    let (file, _) = files.iter().find(|(file, part)| {
        *part == Part::Artifact
            && file.sharing == Sharing::Copy
            && file.path.extension().is_some_and(|end| end == "d")
    })?;
    let bytes = fs::read_known(&folder.join(&file.path), START).ok()??;
    let text = String::from_utf8_lossy(&bytes);
    RustcDepInfo::parse(&text).sources.into_iter().next()
}
