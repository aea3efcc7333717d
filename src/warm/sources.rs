//! Looks at local units: whether all that can have gone into them is known, and the same where they would go.
//!
//! Cargo takes a local unit for fresh by the times of its sources alone, so that nothing but this stands between a
//! worktree and another one's code. A unit is taken only if what it was made of is proven:
//!
//! - A crate is made of its sources, which the compiler named, of its manifest and of its dependencies. Where nothing
//!   else ran when it was compiled, these are compared, and nothing else matters.
//! - A build script, or a macro, is a program that runs while the crate is compiled. By its [`abilities`] it is known
//!   whether it can look at more than what it is given. If it can read files, it may have read any: the worktrees must be
//!   the same altogether. If it can start other programs, it may have asked for what is never the same.
//!
//! The donor's present sources are the inputs of its units only if none has changed since.
//!
//! [`abilities`]: crate::target::artifact::abilities

pub(crate) mod above;
pub(crate) mod altogether;
pub(crate) mod callable_macros;
pub(crate) mod compared;
pub(crate) mod newest;
pub(crate) mod reach;
pub(crate) mod script;
pub(crate) mod settings;
pub(crate) mod unit;
pub(crate) mod unsettled;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;

use crate::git::sources::Listing;
use crate::plan::left::LeftReason;
use crate::survey::model::{CargoAnswer, Workspace};
use crate::target::artifact::abilities::{Abilities, Reach};
use crate::target::unit::{Inventory, Source, Unit, UnitId, UnitKind};
use crate::text::failure;
use crate::warm::inspect;
use crate::warm::sources::altogether::Altogether;
use crate::warm::sources::compared::Compared;
pub(crate) use crate::warm::sources::reach::Programs;
use crate::warm::sources::unit::Named;
use crate::warm::verdict::{LocalUnit, Locals};
use crate::{fs, git};

/// How far a filesystem's clock may be behind: a change after the look must not seem to be from before it.
const TICK: SignedDuration = SignedDuration::from_millis(20);

/// How often to look where something has changed just now.
const LOOKS: usize = 3;

/// The two sides of a comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) donor: &'a Inventory,
    /// The workspace that it was built in.
    pub(crate) from: &'a Path,
    /// The top of the worktree of that one.
    pub(crate) from_worktree: &'a Path,
    pub(crate) workspace: &'a Workspace,
    /// Both worktrees have the same commit checked out.
    pub(crate) same_commit: bool,
    /// The known abilities of the donor's build scripts and macros.
    pub(crate) programs: &'a Programs,
    /// The other worktrees of the repository.
    pub(crate) others: &'a [PathBuf],
    /// The destination is being made just now, so that changes that are not committed may be copied into it from the others.
    pub(crate) unsettled: bool,
}

/// Finds out which local units of a donor were compiled from what the destination has, too.
///
/// In a workspace's own earlier folder all are: their sources are not only the same, but the very ones.
#[must_use]
pub(crate) fn compare(ask: Ask<'_>) -> Locals {
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
        "the worktree's files are changing, or their mtime is in the future",
    )))
}

fn unknown(why: &str) -> LeftReason {
    LeftReason::SourcesUnknown { why: why.into() }
}

/// Two worktrees, side by side.
struct World<'a> {
    ask: Ask<'a>,
    /// The top of the destination's worktree.
    top: &'a Path,
    by_id: BTreeMap<&'a UnitId, &'a Unit>,
    /// The folder of each member, by its name.
    folders: BTreeMap<&'a str, PathBuf>,
    /// The files that each unit was compiled from, as far as they are written down.
    named: BTreeMap<&'a UnitId, Result<Named, LeftReason>>,
    /// The abilities of the programs that ran while each unit was made.
    able: BTreeMap<&'a UnitId, Abilities>,
    /// The files that the compiler named for any unit, and the manifests of their packages.
    compared: Compared,
    /// All files of both worktrees; looked at where something has run that may have looked at any.
    all: Option<Altogether>,
    /// The files that git lists in the donor's worktree and in the destination's.
    listings: OnceLock<Result<(Listing, Listing), LeftReason>>,
    begin: Timestamp,
}

/// Adds the packages that are no members: those that a path leads to from a package that is in no workspace, or from
/// `[patch]`. If several have one name, none is added.
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
        // Without `.git` the worktree is Jujutsu's alone: git would answer for the worktree around it, if at all.
        let by_git = |top: &Path| fs::exists(&top.join(".git"));
        if ![place.worktree.as_path(), ask.from_worktree]
            .into_iter()
            .all(by_git)
        {
            return Err(unknown("git does not list its worktree"));
        }
        let CargoAnswer::Said { packages, .. } = &ask.workspace.cargo else {
            return Err(unknown("Cargo was not asked for the packages"));
        };
        let top = place.worktree.as_path();
        let mut folders: BTreeMap<&str, PathBuf> = packages
            .iter()
            .filter_map(|package| {
                let inside = package.folder.strip_prefix(top).ok()?;
                Some((package.name.as_str(), inside.to_owned()))
            })
            .collect();
        add_others(&mut folders, ask, &place.path, units);
        // The lock that the donor was built with: of two packages of one name, nothing tells which one a unit is of.
        let lock = inspect::lock(ask.from).ok().flatten();
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
            folders,
            named: BTreeMap::new(),
            able: BTreeMap::new(),
            compared: Compared::default(),
            all: None,
            listings: OnceLock::new(),
            begin: Timestamp::default(),
        };
        world.named = units
            .par_iter()
            .filter(|unit| unit.kind != UnitKind::BuildScriptRun)
            .filter_map(|unit| Some((&unit.id, world.names_of(unit, world.folder(unit)?))))
            .collect();
        world.able = world.abilities(units);
        world.compared = world.compare();
        // It takes long, and without the same commit it would not be the same.
        let looks = |able: &Abilities| able.reach >= Reach::Files;
        if ask.same_commit && world.able.values().any(looks) {
            world.all = Some(Altogether::look(ask, top, world.listings()));
        }
        Ok(world)
    }

    /// The folder of the package that a unit is of, relative to the top of the worktree.
    fn folder(&self, unit: &Unit) -> Option<&Path> {
        let package = unit.package.as_deref()?;
        self.folders.get(package).map(PathBuf::as_path)
    }

    fn compare(&self) -> Compared {
        let named = self.named.values().flatten().flat_map(|named| &named.files);
        let manifests = self
            .folders
            .values()
            .map(|folder| folder.join("Cargo.toml"));
        let files = named.cloned().chain(manifests).collect();
        Compared::of(self.ask.from_worktree, self.top, files)
    }

    fn listings(&self) -> Result<&(Listing, Listing), LeftReason> {
        let ask = || {
            let (from, top) = (self.ask.from_worktree, self.top);
            let (there, here) = rayon::join(|| git::listing(from), || git::listing(top));
            there.and_then(|there| Ok((there, here?)))
        };
        let listings = self
            .listings
            .get_or_init(|| ask().map_err(|error| unknown(&failure::words(error.as_ref()))));
        listings.as_ref().map_err(Clone::clone)
    }

    /// When one of the destination's files was last changed.
    fn newest_here(&self) -> Option<Timestamp> {
        self.compared.newest_here
    }

    fn judge(mut self, units: &[&'a Unit], begin: Timestamp) -> Locals {
        self.begin = begin;
        let mut verdicts: BTreeMap<UnitId, Result<LocalUnit, LeftReason>> = units
            .par_iter()
            .map(|unit| (unit.id.clone(), self.verdict(unit)))
            .collect();
        self.leave_unsettled(units, &mut verdicts);
        let is_good = |id: &UnitId| verdicts.get(id).is_some_and(Result::is_ok);
        let looked = units
            .iter()
            .any(|unit| is_good(&unit.id) && self.able_of(unit).reach >= Reach::Files);
        let all = self.all.as_ref().filter(|_| looked);
        let mut sources = self.compared.here.clone();
        sources.extend(all.into_iter().flat_map(Altogether::here));
        Locals {
            units: verdicts,
            looked_at: Some(begin),
            sources,
            worktrees: Some((self.ask.from_worktree.to_owned(), self.top.to_owned())),
        }
    }

    fn verdict(&self, unit: &Unit) -> Result<LocalUnit, LeftReason> {
        let folder = self.folder(unit);
        let folder = folder.ok_or_else(|| unknown("the folder of its package is unknown"))?;
        settings::same_manifests(self.ask.from, &self.ask.workspace.root, self.top, folder)?;
        let manifest = folder.join("Cargo.toml");
        if !self.compared.has(&manifest) {
            return Err(unknown("its manifest is gone"));
        }
        self.compared.same(&manifest)?;
        match unit.kind {
            UnitKind::BuildScriptRun => self.run(unit, folder),
            _ => self.compiled(unit, folder),
        }
    }

    /// Whether everything that could have been looked at is what it was at a moment, and the same in both worktrees.
    fn same_altogether(
        &self,
        at: Timestamp,
        unit: &Unit,
        sources: &BTreeSet<PathBuf>,
    ) -> Result<(), LeftReason> {
        let other = || unknown("it may have read any file, and the commit differs");
        let all = self.all.as_ref().ok_or_else(other)?;
        all.since(at, self.begin)?;
        let code = self.code(unit, sources);
        above::none_missing(self.ask, self.top, &code, &self.bases(unit))?;
        above::same(
            self.ask,
            self.top,
            at,
            self.begin,
            &self.texts(unit, sources),
        )
    }

    /// Where a relative path can begin that something looks at while a unit is made: a script's in the folder of its package,
    /// a macro's also in that of the workspace, where Cargo starts rustc.
    fn bases(&self, unit: &Unit) -> Vec<PathBuf> {
        let name = unit.package.as_deref().unwrap_or_default();
        let package = self.folders.get(name).map(|folder| self.top.join(folder));
        let workspace = Some(self.ask.workspace.root.clone());
        let workspace = workspace.filter(|_| unit.kind != UnitKind::BuildScriptRun);
        package.into_iter().chain(workspace).collect()
    }
}
