//! Looks at the sources of local units: whether those of a donor are the same where its units would go.
//!
//! Cargo takes a local unit for fresh by the times of its sources alone, so that nothing but this stands between a
//! worktree and another one's code. What the donor's sources are now says what its units were compiled from only if
//! none of them has changed since; and that the destination's are the same has to hold for every file that may have
//! been read, and not only for those that the compiler told of.

mod compared;
mod newest;
mod script;
mod settings;
mod unit;
mod unsettled;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;

use crate::fs;
use crate::git;
use crate::model::{
    CargoAnswer, Inventory, LeftReason, LocalUnit, Locals, Source, Tag, Unit, UnitId, UnitKind,
    Workspace,
};
use crate::sources::{self, Listing, Packages};
use crate::survey::donors;

use compared::Compared;
use unit::Named;

/// How far a filesystem's clock may be behind: a change after the look must not seem to be from before it.
const TICK: SignedDuration = SignedDuration::from_millis(20);

/// How often to look where something has changed just now.
const LOOKS: usize = 3;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The donor.
    pub donor: &'a Inventory,
    /// The workspace that it was built in.
    pub from: &'a Path,
    /// The top of the worktree of that one.
    pub from_worktree: &'a Path,
    /// The destination.
    pub workspace: &'a Workspace,
    /// Both worktrees have the same commit checked out.
    pub same_commit: bool,
    /// The worktrees from which changes that are not committed may be copied into the destination; none if it is not
    /// being made just now.
    pub others: &'a [PathBuf],
}

/// Finds out which local units of a donor were compiled from what the destination has, too.
///
/// Of a workspace's own earlier folder all are: their sources are not only the same, but the very ones.
#[must_use]
pub fn compare(ask: Ask<'_>) -> Locals {
    let units: Vec<&Unit> = ask
        .donor
        .units
        .iter()
        .filter(|unit| unit.source == Source::Local && unit.kind != UnitKind::Doc)
        .collect();
    let all = |verdict: Result<LocalUnit, LeftReason>| Locals {
        units: units
            .iter()
            .map(|unit| (unit.id.clone(), verdict.clone()))
            .collect(),
        ..Locals::default()
    };
    if units.is_empty() || ask.from == ask.workspace.root {
        return all(Ok(LocalUnit::default()));
    }
    for _ in 0..LOOKS {
        let begin = fs::clock() - TICK;
        let world = match World::look(ask, &units) {
            Ok(world) => world,
            Err(reason) => return all(Err(reason)),
        };
        let newest = world.newest_here();
        if newest < Some(begin) {
            return world.judge(&units, begin);
        }
        // Some filesystems know whole seconds only.
        let whole = newest.is_some_and(|newest| newest.subsec_nanosecond() == 0);
        std::thread::sleep(Duration::from_millis(if whole { 1050 } else { 25 }));
    }
    all(Err(unknown(
        "the worktree's files are being changed, or their time is in the future",
    )))
}

fn unknown(why: &str) -> LeftReason {
    LeftReason::SourcesUnknown { why: why.into() }
}

/// Whether an ignored folder of one of the worktrees is one of those that are there whatever a build does.
fn is_of_tools(tops: &[&Path], folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    sources::is_folder_of_tools(&name) || is_tagged(tops, folder)
}

/// Whether a path in one of the worktrees is a folder that its tag says may be made anew, or lies in one: a shared root has
/// git ignore what is in it one by one.
fn is_tagged(tops: &[&Path], path: &Path) -> bool {
    let mut above = path
        .ancestors()
        .filter(|above| !above.as_os_str().is_empty());
    above.any(|above| {
        tops.iter()
            .any(|top| fs::tag(&top.join(above)) == Tag::Valid)
    })
}

/// Two worktrees, side by side.
struct World<'a> {
    ask: Ask<'a>,
    /// The top of the destination's worktree.
    top: &'a Path,
    by_id: BTreeMap<&'a UnitId, &'a Unit>,
    packages: Packages,
    /// The folder of each member, by its name.
    folders: BTreeMap<&'a str, PathBuf>,
    /// What each unit was compiled from, as far as that is written down.
    named: BTreeMap<&'a UnitId, Result<Named, LeftReason>>,
    /// The donor's files.
    there: Listing,
    /// The destination's.
    here: Listing,
    /// The files of each package that matters.
    compared: BTreeMap<PathBuf, Compared>,
    /// Those that count for all packages.
    everybodys: Compared,
    /// What the compiler named for any unit of each package.
    sources: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// Everything in the worktree; looked at where a build script has run.
    all: Option<Compared>,
    begin: Timestamp,
}

/// Adds the packages that are no members: what a path leads to from a package that is in no workspace, or from
/// `[patch]`. Of several of one name, none.
fn add_others<'a>(
    folders: &mut BTreeMap<&'a str, PathBuf>,
    ask: Ask<'a>,
    workspace: &Path,
    units: &[&'a Unit],
) {
    let mut others: BTreeMap<&str, BTreeSet<PathBuf>> = BTreeMap::new();
    for unit in units {
        let package = unit.package.as_deref().unwrap_or_default();
        if !folders.contains_key(package)
            && let Some(inside) = unit::folder_in_workspace(ask, unit)
        {
            let found = others.entry(package).or_default();
            found.insert(workspace.join(inside));
        }
    }
    for (package, mut found) in others {
        if let (Some(folder), None) = (found.pop_first(), found.pop_first()) {
            folders.insert(package, folder);
        }
    }
}

impl<'a> World<'a> {
    fn look(ask: Ask<'a>, units: &[&'a Unit]) -> Result<Self, LeftReason> {
        let place = ask.workspace.place.as_ref();
        let place = place.ok_or_else(|| unknown("its workspace is not in git"))?;
        let CargoAnswer::Said { packages, .. } = &ask.workspace.cargo else {
            return Err(unknown("cargo was not asked which packages there are"));
        };
        let top = place.worktree.as_path();
        let (there, here) = rayon::join(|| git::listing(ask.from_worktree), || git::listing(top));
        let listed = |listing: anyhow::Result<Listing>| {
            listing.map_err(|error| unknown(&format!("{error:#}")))
        };
        let (there, here) = (listed(there)?, listed(here)?);
        let mut folders: BTreeMap<&str, PathBuf> = packages
            .iter()
            .filter_map(|package| {
                let inside = package.folder.strip_prefix(top).ok()?;
                Some((package.name.as_str(), inside.to_owned()))
            })
            .collect();
        add_others(&mut folders, ask, &place.path, units);
        // The lock that the donor was built with: of two packages of one name, nothing tells which one a unit is of.
        let lock = donors::lock(ask.from).ok().flatten();
        let lock = lock.ok_or_else(|| unknown("the donor's worktree has no Cargo.lock"))?;
        folders.retain(|package, _| lock.names_one_local(package));
        let mut world = Self {
            ask,
            top,
            by_id: ask
                .donor
                .units
                .iter()
                .map(|unit| (&unit.id, unit))
                .collect(),
            packages: Packages {
                workspace: place.path.clone(),
                members: folders.values().cloned().collect(),
            },
            folders,
            named: BTreeMap::new(),
            there,
            here,
            compared: BTreeMap::new(),
            everybodys: Compared::default(),
            all: None,
            sources: BTreeMap::new(),
            begin: Timestamp::default(),
        };
        world.named = units
            .par_iter()
            .filter(|unit| unit.kind != UnitKind::BuildScriptRun)
            .filter_map(|unit| Some((&unit.id, world.names_of(unit, world.folder(unit)?))))
            .collect();
        world.compare(units);
        Ok(world)
    }

    /// The folder of the package that a unit is of, relative to the top of the worktree.
    fn folder(&self, unit: &Unit) -> Option<&Path> {
        let package = unit.package.as_deref()?;
        self.folders.get(package).map(PathBuf::as_path)
    }

    fn compare(&mut self, units: &[&'a Unit]) {
        let (there, here) = (&self.there, &self.here);
        let mut wanted: BTreeMap<&Path, BTreeSet<PathBuf>> = BTreeMap::new();
        for unit in units {
            if let Some(folder) = self.folder(unit) {
                let files = wanted.entry(folder).or_default();
                if let Some(Ok(named)) = self.named.get(&unit.id) {
                    files.extend(named.files.iter().cloned());
                }
            }
        }
        let named = wanted.iter();
        let named = named.map(|(folder, files)| ((*folder).to_owned(), files.clone()));
        let named = named.collect();
        // What a script has made counts, and what a macro may have read; each folder as one, with all that is in it.
        let tops = [self.ask.from_worktree, self.top];
        let made = there.ignored_folders.union(&here.ignored_folders);
        let made = made.filter(|folder| !is_of_tools(&tops, folder) || self.is_named(folder));
        let repositories = there.repositories.union(&here.repositories);
        // Of another worktree, `.git` is a file.
        let is_repository =
            |top: &&Path, folder: &Path| fs::is_folder(&top.join(folder).join(".git"));
        let repositories =
            repositories.filter(|folder| tops.iter().any(|top| is_repository(top, folder)));
        let folders: Vec<&PathBuf> = made.chain(repositories).collect();
        for folder in &folders {
            let owner = self.packages.owner(folder);
            if let Some(files) = owner.and_then(|owner| wanted.get_mut(owner)) {
                files.insert(folder.to_path_buf());
            }
        }
        let lock = self.packages.workspace.join("Cargo.lock");
        let (mut everybodys, mut all) = (BTreeSet::new(), BTreeSet::new());
        // What is ignored in a package is its own affair.
        let nobodys = |path: &Path| self.packages.owner(path).is_none();
        all.extend(
            folders
                .into_iter()
                .filter(|folder| nobodys(folder))
                .cloned(),
        );
        for listing in [there, here] {
            let ignored = listing
                .ignored
                .iter()
                .filter(|file| !sources::is_litter(file) && !is_tagged(&tops, file));
            for file in listing.files.iter().chain(ignored) {
                if sources::is_noise(file) || *file == lock {
                    continue;
                }
                let owner = self.packages.owner(file);
                let own = owner.and_then(|owner| Some((owner, wanted.get_mut(owner)?)));
                if let Some((owner, files)) = own
                    && !file.strip_prefix(owner).is_ok_and(sources::is_for_tools)
                {
                    files.insert(file.clone());
                }
                if self.packages.is_everybodys(file) {
                    everybodys.insert(file.clone());
                }
                if listing.files.contains(file) || nobodys(file) {
                    all.insert(file.clone());
                }
            }
        }
        let between =
            |files: BTreeSet<PathBuf>| Compared::of(self.ask.from_worktree, self.top, files);
        let compared = wanted
            .into_iter()
            .map(|(folder, files)| (folder.to_owned(), between(files)))
            .collect();
        let everybodys = between(everybodys);
        // Where nothing says what a script looks at, it may have looked at anything.
        let silent = units
            .iter()
            .any(|unit| unit.kind == UnitKind::BuildScriptRun);
        self.all = silent.then(|| between(all));
        (self.compared, self.everybodys, self.sources) = (compared, everybodys, named);
    }

    /// Whether the compiler named something in a folder for any unit.
    fn is_named(&self, folder: &Path) -> bool {
        let mut named = self.named.values().flatten();
        named.any(|named| named.files.iter().any(|file| file.starts_with(folder)))
    }

    /// What something in the donor was compiled from, is not git's, and is missing in the destination: a build script
    /// may have made it. If it lies in a package with a script, that is the one; else it may be any.
    fn made_by_any(&self) -> Option<&Path> {
        let mut files = self.named.values().flatten().flat_map(|named| &named.files);
        let has_script = |folder: &Path| {
            let mut units = self.ask.donor.units.iter();
            units.any(|unit| {
                unit.kind == UnitKind::BuildScriptRun && self.folder(unit) == Some(folder)
            })
        };
        let made = files.find(|file| {
            !self.there.files.contains(*file)
                && !self.packages.owner(file).is_some_and(has_script)
                && fs::exists(&self.ask.from_worktree.join(file))
                && !fs::exists(&self.top.join(file))
        });
        made.map(PathBuf::as_path)
    }

    /// When one of the destination's files was last changed.
    fn newest_here(&self) -> Option<Timestamp> {
        let all = self
            .compared
            .values()
            .chain([&self.everybodys])
            .chain(&self.all);
        all.filter_map(|compared| compared.newest_here).max()
    }

    fn judge(mut self, units: &[&'a Unit], begin: Timestamp) -> Locals {
        self.begin = begin;
        let mut verdicts: BTreeMap<UnitId, Result<LocalUnit, LeftReason>> = units
            .par_iter()
            .map(|unit| (unit.id.clone(), self.verdict(unit)))
            .collect();
        self.leave_unsettled(units, &mut verdicts);
        let good: BTreeSet<&Path> = units
            .iter()
            .filter(|unit| verdicts.get(&unit.id).is_some_and(Result::is_ok))
            .filter_map(|unit| self.folder(unit))
            .collect();
        let files = self
            .compared
            .iter()
            .filter(|(folder, _)| good.contains(folder.as_path()));
        let sources = files
            .map(|(_, compared)| compared)
            .chain([&self.everybodys])
            .flat_map(|compared| compared.here.clone())
            .collect();
        Locals {
            units: verdicts,
            looked_at: Some(begin),
            sources,
            worktrees: Some((self.ask.from_worktree.to_owned(), self.top.to_owned())),
        }
    }

    fn verdict(&self, unit: &Unit) -> Result<LocalUnit, LeftReason> {
        let folder = self.folder(unit);
        let folder =
            folder.ok_or_else(|| unknown("which folder its package has cannot be told"))?;
        settings::same_manifests(self.ask.from, &self.ask.workspace.root, self.top, folder)?;
        let compared = self.compared.get(folder);
        let compared = compared.ok_or_else(|| unknown("git does not know its files"))?;
        if !compared.has(&folder.join("Cargo.toml")) {
            return Err(unknown("git does not know its files"));
        }
        for compared in [compared, &self.everybodys] {
            if let Some(file) = &compared.different {
                return Err(LeftReason::SourceDiffers { file: file.clone() });
            }
        }
        match unit.kind {
            UnitKind::BuildScriptRun => self.run(unit, folder, compared),
            _ => self.compiled(unit, folder, compared),
        }
    }
}
