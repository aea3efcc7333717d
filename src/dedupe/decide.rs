//! Decides which files of target folders can be replaced by others' that are the same.
//!
//! A clone keeps the time and mode of the file that it replaces, so that no build can tell the two apart, and any
//! file of a unit will do, also between units of different names. A link has the time of the donor's file. That is
//! sound for a unit of any source: Cargo compares the times of artifacts with those of other artifacts only; sources
//! and the files that build scripts watch it compares with files of the fingerprint and with a script's output, which
//! are never linked (`find_stale_file` and `check_filesystem` in `src/cargo/core/compiler/fingerprint/mod.rs` of
//! Cargo). Nor does it matter whether both units have one name: the same bytes have the same crate name, hash and
//! metadata. A later build puts a new file in place of its own link, and the other links keep the old one. But a time
//! that goes back must not hide from Cargo that a unit was compiled with an earlier state of its dependency: see
//! `fresh`.

pub(crate) mod fresh;
pub(crate) mod storage;
pub(crate) mod tally;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod wanted;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::dedupe::decide::fresh::{dependencies_first, hiding, is_fresh, prune, with};
pub(crate) use crate::dedupe::decide::storage::Content;
use crate::dedupe::decide::storage::{Known, Name, Names, Storage};
pub(crate) use crate::dedupe::decide::tally::Tally;
use crate::dedupe::decide::wanted::may_share;
pub(crate) use crate::dedupe::decide::wanted::wanted;
use crate::dedupe::model::{RelinkDate, RelinkFile, RelinkFolder, RelinkUnit};
use crate::fs::model::{Identity, Rights};
use crate::size::Bytes;
use crate::target::layout;
use crate::target::unit::{Inventory, Unit, UnitId, UnitKind};
use crate::target::unit_file::{Sharing, UnitFile};
use crate::warm::decide::{Times, name, of_itself};
use crate::warm::model::Method;

/// A target folder whose files may share storage.
#[derive(Clone, Debug)]
pub(crate) struct Sharer {
    pub(crate) inventory: Inventory,
    /// The workspaces that build into it, as far as they are known.
    pub(crate) users: Vec<PathBuf>,
    pub(crate) clones: bool,
}

impl Sharer {
    fn method(&self) -> Method {
        match self.clones {
            true => Method::Clones,
            false => Method::Links,
        }
    }
}

/// Decides for each folder which files are replaced, so that Cargo finds everything as fresh as before.
///
/// Of files that are the same the oldest is kept, since Cargo takes a unit for stale when one of its dependencies is
/// newer: no link may be newer than the file that it replaces, and no unit may become older than its dependencies. A
/// file with an unknown link is not replaced, since nothing would become free; nor is a file that others get.
#[must_use]
pub(crate) fn relink(
    sharers: &[Sharer],
    contents: &HashMap<Identity, Content>,
) -> Vec<RelinkFolder> {
    let names = Names::of(sharers, contents);
    let mut survivors: HashMap<Class, Vec<Survivor<'_>>> = HashMap::new();
    let mut rights: HashMap<Alike, HashSet<Rights>> = HashMap::new();
    for (at, sharer) in sharers.iter().enumerate() {
        for unit in &sharer.inventory.units {
            for file in &unit.files {
                let Some((class, known)) = class(&names, file, sharer.clones) else {
                    continue;
                };
                rights.entry(class.0).or_default().insert(class.1);
                let found = Survivor::of(at, unit, file, known);
                let oldest = survivors.entry(class).or_default();
                match oldest.first() {
                    Some(first) if first.age() <= found.age() => {}
                    _ => *oldest = vec![found],
                }
            }
        }
    }
    let mut twins: Twins<'_> = HashMap::new();
    for (at, sharer) in sharers.iter().enumerate() {
        for unit in &sharer.inventory.units {
            twins.entry(&unit.id).or_default().push((at, unit));
        }
    }
    let mut order: Vec<usize> = (0..sharers.len()).collect();
    order.sort_by_key(|at| sharers[*at].inventory.age());
    let mut folders: Vec<(usize, RelinkFolder)> = Vec::new();
    for at in order {
        let decider = Decider {
            sharers,
            at,
            names: &names,
            twins: &twins,
            rights: &rights,
        };
        folders.push((at, decider.decide(&mut survivors)));
    }
    folders.sort_by_key(|(at, _)| *at);
    let mut folders: Vec<RelinkFolder> = folders.into_iter().map(|(_, folder)| folder).collect();
    count(&mut folders);
    folders
}

/// Counts what each folder frees once those before it have been relinked.
pub(crate) fn count(folders: &mut [RelinkFolder]) {
    let mut tally = Tally::default();
    for folder in folders {
        let files = folder.units.iter().flat_map(|unit| &unit.files);
        folder.frees = files.filter_map(|file| tally.freed(file.space)).sum();
    }
}

/// Files that are the same and could share.
type Class = (Alike, Rights);

/// Files that are the same, whosever they are: their disk, whether they would be cloned, their length and their hash.
type Alike = (u64, bool, u64, [u8; 32]);

fn class<'n>(names: &'n Names<'_>, file: &UnitFile, clones: bool) -> Option<(Class, &'n Known)> {
    let known = names.known(file)?;
    let alike = (file.identity.device, clones, file.length.0, known.hash);
    may_share(file, clones).then_some(((alike, known.rights), known))
}

/// A file that is kept.
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
        (self.file.modified(), self.file.identity.inode)
    }
}

/// Decides about one folder.
struct Decider<'a, 'n> {
    sharers: &'a [Sharer],
    at: usize,
    names: &'n Names<'a>,
    /// The units of one name in all folders.
    twins: &'n Twins<'a>,
    /// The rights of all files that are the same.
    rights: &'n HashMap<Alike, HashSet<Rights>>,
}

type Twins<'a> = HashMap<&'a UnitId, Vec<(usize, &'a Unit)>>;

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
            left_by_rights: 0,
            frees: Bytes(0),
        };
        let mut times: HashMap<&UnitId, Times> = HashMap::new();
        let mut done: HashSet<Identity> = HashSet::new();
        let hides = match sharer.clones {
            true => HashSet::new(),
            false => hiding(inventory, &all),
        };
        for unit in dependencies_first(inventory, &all) {
            let mut now = Times::of(unit);
            let (mut any, mut found) = (false, None);
            // A newer unit may accept links for which the oldest one is too old.
            for pick in [Pick::Oldest, Pick::Newest] {
                let files = self.files(unit, survivors, &done, pick);
                let dates = self.dates(unit, pick);
                any |= !files.is_empty();
                let changed = match sharer.clones {
                    true => now,
                    false => Times::of(&with(unit, &files, &dates)),
                };
                let fits = sharer.clones
                    || (!hides.contains(&unit.id) && is_fresh(unit, changed, &all, &times));
                if fits && !(files.is_empty() && dates.is_empty()) {
                    now = changed;
                    found = Some((files, dates));
                    break;
                }
            }
            match found {
                Some((files, dates)) => {
                    done.extend(files.iter().map(|file| file.into.identity));
                    decided.units.push(RelinkUnit {
                        id: unit.id.clone(),
                        package: name(unit),
                        dependencies: unit.dependencies.clone(),
                        only_dated: files.is_empty(),
                        files,
                        dates,
                    });
                }
                None if any => decided.left += 1,
                None if self.differs_in_rights(unit) => decided.left_by_rights += 1,
                None => {}
            }
            times.insert(&unit.id, now);
            self.survive(unit, &done, survivors);
        }
        decided.units = prune(decided.units);
        let donors = decided.units.iter().flat_map(|unit| &unit.files);
        let donors: BTreeSet<&Path> = donors.map(|file| file.donor.as_path()).collect();
        decided.from = donors.into_iter().map(Path::to_owned).collect();
        decided
    }

    /// Whether a file of a unit is there elsewhere as well, but with another owner or mode.
    fn differs_in_rights(&self, unit: &Unit) -> bool {
        let clones = self.sharers[self.at].clones;
        unit.files.iter().any(|file| {
            let class = class(self.names, file, clones);
            class.is_some_and(|((alike, _), _)| {
                self.rights.get(&alike).is_some_and(|all| all.len() > 1)
            })
        })
    }

    /// The kept files of a unit can be had by others.
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

    /// The files of a unit that must not be linked, with the times of the same unit elsewhere.
    ///
    /// A unit that was compiled with a procedural macro or by the output of a build script could not be linked
    /// otherwise: it would be older than these, which each folder has for itself. An older time of such a file does
    /// Cargo no harm where a link does none, whatever is in it. But Cargo runs a script again when a watched file is
    /// newer than its output, so that only third-party scripts are dated whose watched files are as old as their
    /// sources.
    fn dates(&self, unit: &Unit, pick: Pick) -> Vec<RelinkDate> {
        let clones = self.sharers[self.at].clones;
        if clones
            || !unit.source.is_third_party()
            || unit.watches_abroad
            || of_itself(unit).is_err()
        {
            return Vec::new();
        }
        let age = |unit: &Unit| Times::of(unit).newest;
        let twins = self
            .twins
            .get(&unit.id)
            .map_or(&[][..], Vec::as_slice)
            .iter();
        let twins = twins.filter(|(at, twin)| {
            let same = twin.fingerprints == unit.fingerprints && twin.missing.is_empty();
            *at != self.at && same && age(twin) <= age(unit)
        });
        let twin = match pick {
            Pick::Oldest => twins.min_by_key(|(at, twin)| (age(twin), *at)),
            Pick::Newest => twins.max_by_key(|(at, twin)| (age(twin), *at)),
        };
        let Some((_, twin)) = twin else {
            return Vec::new();
        };
        let run = unit.kind == UnitKind::BuildScriptRun;
        let is_output = |file: &&UnitFile| {
            let path = &file.path;
            let output = |path: &[&str]| layout::is_output(path, run);
            file.sharing == Sharing::Copy && layout::in_profile(path, &unit.id.profile, output)
        };
        let own = |file: &UnitFile| {
            let names = unit.files.iter();
            let names = names.filter(|name| name.identity == file.identity);
            names.count() as u64 >= file.links
        };
        let older = |file: &UnitFile| {
            let theirs = twin.files.iter().find(|theirs| theirs.path == file.path)?;
            let modified = theirs.modified()?;
            let older = Some(modified) < file.modified() && own(file);
            older.then(|| RelinkDate {
                file: file.clone(),
                modified,
            })
        };
        unit.files
            .iter()
            .filter(is_output)
            .filter_map(older)
            .collect()
    }

    /// The files of a unit that could be replaced, each with a kept one.
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
            let older = |one: &&Survivor<'_>| clones || one.file.modified() <= file.modified();
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
