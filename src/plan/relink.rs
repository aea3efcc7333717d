//! Decides which files of target folders can be replaced by others' that are the same.
//!
//! A clone keeps the time and mode of what it replaces, so that nobody can tell, and any file of a unit will do, also
//! between units of different names. A link has the time of the donor's file. That is sound for a unit of any source:
//! Cargo compares the times of artifacts with those of other artifacts only; sources and what build scripts watch it
//! compares with files of the fingerprint and with a script's output, which are never linked (`find_stale_file` and
//! `check_filesystem` in `src/cargo/core/compiler/fingerprint/mod.rs` of Cargo). Nor does it matter whether both units
//! have one name: the same bytes have the same crate name, hash and metadata. What a later build makes anew it puts in
//! place of its own name, and the other names keep what they had.

mod names;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use names::Content;
use names::{Known, Name, Names, Storage};
pub use tally::Tally;

use crate::model::{
    Identity, Inventory, Method, RelinkFile, RelinkFolder, RelinkUnit, Sharing, Unit, UnitFile,
    UnitId,
};
use crate::plan::warm::{Times, name, of_itself};
use crate::size::Bytes;

/// Smaller files are not cloned. One of them takes a block at most, and some filesystems keep it beside its name,
/// where there is nothing to share; but most files of a target folder are as small, and take most of the time.
const LEAST_CLONED: Bytes = Bytes(4096);

/// A target folder whose files may share storage.
#[derive(Clone, Debug)]
pub struct Sharer {
    /// What is in it.
    pub inventory: Inventory,
    /// The workspaces that build into it, as far as they are known.
    pub users: Vec<PathBuf>,
    /// Its filesystem clones files.
    pub clones: bool,
}

impl Sharer {
    fn method(&self) -> Method {
        match self.clones {
            true => Method::Clones,
            false => Method::Links,
        }
    }

    /// When its units were made, by the one in the middle.
    fn age(&self) -> Option<Timestamp> {
        let units = self.inventory.units.iter();
        let mut times: Vec<Timestamp> = units.filter_map(|unit| unit.newest).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    }
}

/// A file whose content is worth a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// One of its paths.
    pub path: PathBuf,
    /// Which one it is.
    pub identity: Identity,
    /// Its length.
    pub length: Bytes,
    /// It would be cloned, so that it matters where it lies on the disk.
    pub clones: bool,
}

/// The files of which another one may be the same, by their lengths: each once, long ones first.
#[must_use]
pub fn wanted(sharers: &[Sharer]) -> Vec<Wanted> {
    let mut by_length: HashMap<(u64, bool, u64), HashMap<Identity, PathBuf>> = HashMap::new();
    for sharer in sharers {
        for file in sharer.inventory.units.iter().flat_map(|unit| &unit.files) {
            if may_share(file, sharer.clones) {
                let place = (file.identity.device, sharer.clones, file.length.0);
                let alike = by_length.entry(place).or_default();
                alike
                    .entry(file.identity)
                    .or_insert_with(|| sharer.inventory.folder.join(&file.path));
            }
        }
    }
    let mut all: Vec<Wanted> = by_length
        .into_iter()
        .filter(|(_, alike)| alike.len() > 1)
        .flat_map(|((_, clones, length), alike)| {
            alike.into_iter().map(move |(identity, path)| Wanted {
                path,
                identity,
                length: Bytes(length),
                clones,
            })
        })
        .collect();
    all.sort_by(|one, other| (other.length, &one.path).cmp(&(one.length, &other.path)));
    all
}

/// Whether a file of a unit may share its storage with another one.
fn may_share(file: &UnitFile, clones: bool) -> bool {
    match file.sharing {
        Sharing::Link if !clones => file.length > Bytes(0),
        Sharing::Link | Sharing::Copy => clones && file.length >= LEAST_CLONED,
        Sharing::Folder | Sharing::Special => false,
    }
}

/// Decides for each folder which files are replaced, so that Cargo finds everything as fresh as before.
///
/// Of files that are the same the oldest stays, since Cargo takes a unit for stale when what it was compiled with is
/// newer: no link may be newer than what it replaces, and no unit may become older than what it was compiled with.
/// No file is replaced that has a name which is not known, since nothing would come free; and none that others get.
#[must_use]
pub fn relink(sharers: &[Sharer], contents: &HashMap<Identity, Content>) -> Vec<RelinkFolder> {
    let names = Names::of(sharers, contents);
    let mut survivors: HashMap<Class, Vec<Survivor<'_>>> = HashMap::new();
    for (at, sharer) in sharers.iter().enumerate() {
        for unit in &sharer.inventory.units {
            for file in &unit.files {
                let Some((class, known)) = class(&names, file, sharer.clones) else {
                    continue;
                };
                let found = Survivor::of(at, unit, file, known);
                let oldest = survivors.entry(class).or_default();
                match oldest.first() {
                    Some(first) if first.age() <= found.age() => {}
                    _ => *oldest = vec![found],
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..sharers.len()).collect();
    order.sort_by_key(|at| sharers[*at].age());
    let mut folders: Vec<(usize, RelinkFolder)> = Vec::new();
    for at in order {
        let decider = Decider {
            sharers,
            at,
            names: &names,
        };
        folders.push((at, decider.decide(&mut survivors)));
    }
    folders.sort_by_key(|(at, _)| *at);
    let mut folders: Vec<RelinkFolder> = folders.into_iter().map(|(_, folder)| folder).collect();
    let mut tally = Tally::default();
    for folder in &mut folders {
        let files = folder.units.iter().flat_map(|unit| &unit.files);
        folder.frees = files.filter_map(|file| tally.freed(file.space)).sum();
    }
    folders
}

/// Files that are the same and could share.
type Class = (u64, bool, u64, [u8; 32]);

fn class<'n>(names: &'n Names<'_>, file: &UnitFile, clones: bool) -> Option<(Class, &'n Known)> {
    let known = names.known(file)?;
    let class = (file.identity.device, clones, file.length.0, known.hash);
    may_share(file, clones).then_some((class, known))
}

/// A file that stays.
#[derive(Clone, Debug)]
struct Survivor<'a> {
    folder: usize,
    unit: &'a Unit,
    file: &'a UnitFile,
    storage: Storage,
}

impl<'a> Survivor<'a> {
    fn of(folder: usize, unit: &'a Unit, file: &'a UnitFile, known: &Known) -> Self {
        Self {
            folder,
            unit,
            file,
            storage: known.storage.clone(),
        }
    }

    /// The rest makes no difference but that it is always the same one.
    fn age(&self) -> (Option<Timestamp>, u64) {
        (self.file.modified, self.file.identity.inode)
    }
}

/// Decides about one folder.
struct Decider<'a, 'n> {
    sharers: &'a [Sharer],
    at: usize,
    names: &'n Names<'a>,
}

/// Which of several donors is tried.
#[derive(Clone, Copy)]
enum Pick {
    Oldest,
    Newest,
}

impl<'a> Decider<'a, '_> {
    fn decide(&self, survivors: &mut HashMap<Class, Vec<Survivor<'a>>>) -> RelinkFolder {
        let sharer = &self.sharers[self.at];
        let inventory = &sharer.inventory;
        let all: HashMap<&UnitId, &Unit> = inventory
            .units
            .iter()
            .map(|unit| (&unit.id, unit))
            .collect();
        let mut decided = RelinkFolder {
            users: sharer.users.clone(),
            from: Vec::new(),
            into: inventory.folder.clone(),
            method: sharer.method(),
            units: Vec::new(),
            left: 0,
            frees: Bytes(0),
        };
        let mut times: HashMap<&UnitId, Times> = HashMap::new();
        let mut done: HashSet<Identity> = HashSet::new();
        for unit in dependencies_first(inventory, &all) {
            let mut now = Times::of(unit);
            let (mut any, mut found) = (false, None);
            // What the oldest one is too old for, a newer one may do.
            for pick in [Pick::Oldest, Pick::Newest] {
                let files = self.files(unit, survivors, &done, pick);
                any |= !files.is_empty();
                let changed = match sharer.clones {
                    true => now,
                    false => Times::of(&with(unit, &files)),
                };
                if !files.is_empty() && (sharer.clones || is_fresh(unit, changed, &all, &times)) {
                    now = changed;
                    found = Some(files);
                    break;
                }
            }
            match found {
                Some(files) => {
                    done.extend(files.iter().map(|file| file.into.identity));
                    decided.units.push(RelinkUnit {
                        id: unit.id.clone(),
                        package: name(unit),
                        dependencies: unit.dependencies.clone(),
                        files,
                    });
                }
                None if any => decided.left += 1,
                None => {}
            }
            times.insert(&unit.id, now);
            self.survive(unit, &done, survivors);
        }
        let donors = decided.units.iter().flat_map(|unit| &unit.files);
        let donors: BTreeSet<&Path> = donors.map(|file| file.donor.as_path()).collect();
        decided.from = donors.into_iter().map(Path::to_owned).collect();
        decided
    }

    /// The files of a unit that stay can be had by others.
    fn survive(
        &self,
        unit: &'a Unit,
        gone: &HashSet<Identity>,
        survivors: &mut HashMap<Class, Vec<Survivor<'a>>>,
    ) {
        for file in unit
            .files
            .iter()
            .filter(|file| !gone.contains(&file.identity))
        {
            if let Some((class, known)) = class(self.names, file, self.sharers[self.at].clones) {
                let all = survivors.entry(class).or_default();
                if all.iter().all(|one| one.storage != known.storage) {
                    all.push(Survivor::of(self.at, unit, file, known));
                }
            }
        }
    }

    /// The files of a unit that could be replaced, each with one that stays.
    fn files(
        &self,
        unit: &'a Unit,
        survivors: &HashMap<Class, Vec<Survivor<'a>>>,
        done: &HashSet<Identity>,
        pick: Pick,
    ) -> Vec<RelinkFile> {
        let clones = self.sharers[self.at].clones;
        if !clones && of_itself(unit).is_err() {
            return Vec::new();
        }
        let mut files = Vec::new();
        let mut seen: HashSet<Identity> = HashSet::new();
        for file in &unit.files {
            if done.contains(&file.identity) || !seen.insert(file.identity) {
                continue;
            }
            let Some((class, known)) = class(self.names, file, clones) else {
                continue;
            };
            let Some(space) = known.space else { continue };
            let all = survivors.get(&class).map_or(&[][..], Vec::as_slice);
            if all.iter().any(|one| one.storage == known.storage) {
                continue;
            }
            let older = |one: &&Survivor<'_>| clones || one.file.modified <= file.modified;
            let donors = all.iter().filter(older);
            let donor = match pick {
                Pick::Oldest => donors.min_by_key(|one| one.age()),
                Pick::Newest => donors.max_by_key(|one| one.age()),
            };
            let own = self.names.of_file(file, self.at);
            // Where another unit has it too, that one's time would change as well.
            let alone = |name: &&Name<'_>| clones || name.unit.is_none_or(|id| *id == unit.id);
            let Some(donor) = donor.filter(|_| own.iter().all(alone)) else {
                continue;
            };
            files.extend(own.into_iter().map(|name| RelinkFile {
                donor: self.sharers[donor.folder].inventory.folder.clone(),
                profile: PathBuf::from(&donor.unit.id.profile),
                from: donor.file.clone(),
                into: name.file.clone(),
                space,
            }));
        }
        files
    }
}

/// Whether a unit with these times is not older than anything that it was compiled with.
fn is_fresh(
    unit: &Unit,
    changed: Times,
    all: &HashMap<&UnitId, &Unit>,
    times: &HashMap<&UnitId, Times>,
) -> bool {
    unit.dependencies.iter().all(|id| {
        let (Some(dependency), Some(times)) = (all.get(id), times.get(id)) else {
            return false;
        };
        changed.newest >= times.needed(unit, dependency)
    })
}

/// The unit as it is with the donors' files.
fn with(unit: &Unit, files: &[RelinkFile]) -> Unit {
    let mut changed = unit.clone();
    for file in &mut changed.files {
        if let Some(found) = files.iter().find(|found| found.into.path == file.path) {
            file.modified = found.from.modified;
        }
    }
    changed
}

fn dependencies_first<'a>(
    folder: &'a Inventory,
    all: &HashMap<&'a UnitId, &'a Unit>,
) -> Vec<&'a Unit> {
    fn visit<'a>(
        unit: &'a Unit,
        all: &HashMap<&'a UnitId, &'a Unit>,
        seen: &mut HashSet<&'a UnitId>,
        order: &mut Vec<&'a Unit>,
    ) {
        if !seen.insert(&unit.id) {
            return;
        }
        for dependency in unit.dependencies.iter().filter_map(|id| all.get(id)) {
            visit(dependency, all, seen, order);
        }
        order.push(unit);
    }
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    for unit in &folder.units {
        visit(unit, all, &mut seen, &mut order);
    }
    order
}
