//! Looks at target folders unit by unit, and at what builds can ask of them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, Package};
use rayon::prelude::*;

use crate::cargo;
use crate::cargo::config_chain;
use crate::cargo::lockfile::Lock;
use crate::cargo::{Cargo, NotFetched};
use crate::clean::compilers::{FIRST_STABLE, field, minor};
use crate::clean::deletable::unfit;
use crate::clean::folder_use::{FolderUse, Wanted};
use crate::clean::unknown_users;
use crate::fs;
use crate::fs::model::BusyReason;
use crate::plan::kept::KeptReason;
use crate::progress::Progress;
use crate::survey::folder::TargetFolder;
use crate::survey::model::{CargoAnswer, Survey, Workspace};
use crate::survey::{Environment, Request};
use crate::target::unit::{Group, Inventory, Other};
use crate::target::unit_file::Sharing;
use crate::target::{fingerprint, read};
use crate::text::failure;
use crate::warm::inspect;

/// The answer of Cargo about a workspace.
#[derive(Debug)]
pub(crate) enum Answer {
    /// All that it is built from.
    Whole(Metadata),
    /// Its members, and why no more: sources of others are not here. Its `Cargo.lock` is as it should be.
    Members(Metadata, String),
    /// Nothing, and why.
    Nothing(String),
}

impl Answer {
    fn of(root: &Path, triple: &str, cargo: &Cargo) -> Self {
        let error = match cargo.resolve(root, triple) {
            Ok(all) => return Self::Whole(all),
            Err(error) => error,
        };
        let why = failure::words(error.as_ref());
        match cargo.members(root) {
            Ok(members) if error.is::<NotFetched>() => Self::Members(members, why),
            _ => Self::Nothing(why),
        }
    }

    /// The packages that are known, the workspace's own among them.
    fn packages(&self) -> Result<&[Package], &String> {
        match self {
            Self::Whole(metadata) | Self::Members(metadata, _) => Ok(&metadata.packages),
            Self::Nothing(why) => Err(why),
        }
    }
}

/// Facts about the workspaces that build into some folders.
#[derive(Debug, Default)]
pub(crate) struct Workspaces {
    /// Cargo's answers about their packages, by their roots.
    pub(crate) resolved: HashMap<PathBuf, Answer>,
    compilers: HashMap<PathBuf, Result<u64, String>>,
}

/// Takes the inventory of target folders.
///
/// Folders in others of them are left out: they are looked at with those.
#[must_use]
pub(crate) fn take(
    survey: &Survey,
    folders: &[&TargetFolder],
    request: &Request,
    progress: &Progress,
) -> (Vec<FolderUse>, Workspaces) {
    let outer = outermost(folders);
    let workspaces = workspaces(survey, &outer, request, progress);
    let mut all = Vec::with_capacity(outer.len());
    let look = Look {
        survey,
        request,
        workspaces: &workspaces,
        progress,
    };
    look.each(&outer, |some| all.extend(some));
    (all, workspaces)
}

/// Asks Cargo about the workspaces that build into some folders.
pub(crate) fn workspaces(
    survey: &Survey,
    folders: &[&TargetFolder],
    request: &Request,
    progress: &Progress,
) -> Workspaces {
    progress.stage("asking cargo");
    let users: BTreeSet<&Path> = folders
        .iter()
        .flat_map(|folder| builders(folder, survey))
        .map(|workspace| workspace.root.as_path())
        .collect();
    ask(&users, &request.environment, progress)
}

/// The context in which inventories are taken.
pub(crate) struct Look<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) request: &'a Request,
    pub(crate) workspaces: &'a Workspaces,
    pub(crate) progress: &'a Progress,
}

impl<'a> Look<'a> {
    /// Takes the inventory of target folders, none inside another, and hands them over in their order, a few at a
    /// time. The next few are read meanwhile, so that only these need memory: a folder may hold a million files.
    pub(crate) fn each(&self, folders: &[&'a TargetFolder], mut take: impl FnMut(Vec<FolderUse>)) {
        self.progress.stage("looking at units");
        let mut early = self.with_products_of_others(folders);
        let mut apart = self.apart(folders, &early);
        let mut ready = Vec::new();
        // Each is walked by all threads, but there are many small ones.
        for some in folders.chunks(2 * rayon::current_num_threads()) {
            let some = some.iter().map(|folder| {
                let path = folder.path.as_path();
                let apart = apart.remove(path).unwrap_or_default();
                (*folder, early.remove(path), apart)
            });
            let some: Vec<_> = some.collect();
            let done = std::mem::take(&mut ready);
            // They are handed over in this thread: what is kept of them then lies apart from what is read and freed by others.
            rayon::in_place_scope(|scope| {
                scope.spawn(|_| {
                    let some = some
                        .into_par_iter()
                        .map(|(folder, early, apart)| FolderUse {
                            apart,
                            ..early.unwrap_or_else(|| self.read(folder))
                        });
                    some.collect_into_vec(&mut ready);
                });
                take(done);
            });
        }
        take(ready);
    }

    fn read(&self, folder: &TargetFolder) -> FolderUse {
        let inventory = read::read(&folder.path, self.progress);
        let (survey, request) = (self.survey, self.request);
        FolderUse {
            identity: folder.marks.identity,
            obstacle: obstacle(folder, &inventory).or_else(|| product_in_use(folder, survey)),
            users: users_of(folder, survey),
            wanted: wanted(folder, &inventory, survey, request, self.workspaces),
            notes_reads: fs::notes_reads(&folder.path),
            reads_noted: fs::reads_noted(&folder.path),
            inventory,
            apart: Vec::new(),
        }
    }

    /// Reads those of some folders that final products of others of them lie in, which are looked at with those.
    fn with_products_of_others(
        &self,
        folders: &[&'a TargetFolder],
    ) -> HashMap<&'a Path, FolderUse> {
        let products = folders
            .iter()
            .map(|one| products_of(&one.path, self.survey));
        let products: BTreeSet<&Path> = products.flatten().collect();
        let folders = folders.par_iter();
        let folders = folders.filter(|folder| products.contains(folder.path.as_path()));
        folders
            .map(|folder| (folder.path.as_path(), self.read(folder)))
            .collect()
    }

    /// The final products of folders that lie in other folders than the units that they are of.
    fn apart(
        &self,
        folders: &[&'a TargetFolder],
        known: &HashMap<&Path, FolderUse>,
    ) -> HashMap<&'a Path, Vec<Other>> {
        let mut apart: HashMap<&Path, Vec<Other>> = HashMap::new();
        for folder in folders {
            for products in products_of(&folder.path, self.survey) {
                let read;
                let inventory = match known.get(products) {
                    Some(known) => &known.inventory,
                    None => {
                        read = read::read(products, self.progress);
                        &read
                    }
                };
                let finals = inventory.others.iter();
                let finals = finals.filter(|other| other.group == Group::Final);
                let of_folder = apart.entry(folder.path.as_path()).or_default();
                of_folder.extend(finals.cloned());
            }
        }
        apart
    }
}

/// Where final products of a folder lie that is for intermediate artifacts alone.
fn products_of<'a>(folder: &'a Path, survey: &'a Survey) -> BTreeSet<&'a Path> {
    let users = survey.workspaces.iter().map(|workspace| &workspace.dirs);
    let users = users.filter(|dirs| dirs.build_dir == folder && dirs.target_dir != folder);
    users.map(|dirs| dirs.target_dir.as_path()).collect()
}

/// Returns whether a program runs that was linked from units in a folder, and lies in another one.
fn product_in_use(folder: &TargetFolder, survey: &Survey) -> Option<KeptReason> {
    let places = products_of(&folder.path, survey);
    let folders = survey.folders.iter();
    let busy = folders
        .filter(|other| places.contains(other.path.as_path()))
        .find_map(|other| other.marks.busy.as_ref())?;
    (busy.why == BusyReason::Runs).then(|| KeptReason::Busy {
        lock: busy.lock.clone(),
        why: busy.why.clone(),
    })
}

/// The folders, of these, that lie in none of the others.
pub(crate) fn outermost<'a>(folders: &[&'a TargetFolder]) -> Vec<&'a TargetFolder> {
    let within = |folder: &TargetFolder| {
        let mut others = folders.iter().filter(|other| other.path != folder.path);
        others.any(|other| folder.path.starts_with(&other.path))
    };
    let outer = folders.iter().filter(|folder| !within(folder));
    outer.copied().collect()
}

/// The workspaces that build into a folder, or into one in it.
fn users<'a>(folder: &'a TargetFolder, survey: &'a Survey) -> impl Iterator<Item = &'a Workspace> {
    survey.workspaces.iter().filter(|workspace| {
        let dirs = [&workspace.dirs.target_dir, &workspace.dirs.build_dir];
        folder.users.contains(&workspace.root)
            || dirs.iter().any(|dir| dir.starts_with(&folder.path))
    })
}

/// Those of them whose builds can ask for units in the folder: not a workspace that was never built, and that a guard gives
/// another folder for its units.
fn builders<'a>(
    folder: &'a TargetFolder,
    survey: &'a Survey,
) -> impl Iterator<Item = &'a Workspace> {
    let knows_build_dir = |one: &Workspace| match one.cargo {
        CargoAnswer::NotAsked => survey.workspaces.iter().any(|around| {
            one.nested_in.as_ref() == Some(&around.root)
                && knows_build_dir(around)
                && cargo::same_toolchain(&one.root, &around.root)
        }),
        _ => knows_build_dir(one),
    };
    let apart = move |one: &Workspace| {
        !one.used && !one.dirs.build_dir.starts_with(&folder.path) && knows_build_dir(one)
    };
    users(folder, survey).filter(move |one| !apart(one))
}

/// Whether Cargo said of a workspace that it knows `build-dir`. One that does not know it builds into the folder itself, and
/// one that gave no answer may be such a one.
fn knows_build_dir(workspace: &Workspace) -> bool {
    matches!(workspace.cargo, CargoAnswer::Said { knows_build_dir, .. } if knows_build_dir)
}

pub(crate) fn users_of(folder: &TargetFolder, survey: &Survey) -> Vec<PathBuf> {
    let users = users(folder, survey);
    users.map(|workspace| workspace.root.clone()).collect()
}

fn ask(users: &BTreeSet<&Path>, around: &Environment, progress: &Progress) -> Workspaces {
    let asked: Vec<_> = users
        .par_iter()
        .map(|root| {
            let version = around
                .cargo
                .rustc_version(root)
                .map_err(|error| failure::words(error.as_ref()));
            let triple = version
                .as_deref()
                .ok()
                .and_then(|version| field(version, "host"));
            let resolved = Answer::of(root, triple.unwrap_or_default(), &around.cargo);
            progress.add(1, crate::size::Bytes(0));
            let compiler = version.and_then(|version| match minor(&version) {
                Some(FIRST_STABLE..) => Ok(fingerprint::hash_of_rustc(&version)),
                _ => Err("its compiler is too old or unknown".to_owned()),
            });
            (root.to_path_buf(), resolved, compiler)
        })
        .collect();
    let mut workspaces = Workspaces::default();
    for (root, resolved, compiler) in asked {
        workspaces.compilers.insert(root.clone(), compiler);
        workspaces.resolved.insert(root, resolved);
    }
    workspaces
}

/// The reason that forbids any change in a folder.
pub(crate) fn obstacle(folder: &TargetFolder, inventory: &Inventory) -> Option<KeptReason> {
    // Files that Cargo does not make are in no unit.
    if let Some(reason) = unfit(&folder.marks, &folder.marks.foreign) {
        return Some(reason);
    }
    if let Some(path) = link_in_a_profile(folder, inventory) {
        return Some(KeptReason::Unreadable {
            path: folder.path.join(path),
            message: "it is a link, and its target was not inspected".into(),
        });
    }
    let problem = inventory.problems.first()?;
    Some(KeptReason::Unreadable {
        path: problem.path.clone(),
        message: problem.message.clone(),
    })
}

/// A part of a profile folder that lies elsewhere: what is not there only seems to be missing.
fn link_in_a_profile(folder: &TargetFolder, inventory: &Inventory) -> Option<PathBuf> {
    const PARTS: [&str; 4] = [".fingerprint", "build", "deps", "examples"];
    let others = inventory.others.iter().map(|other| &other.file);
    let mut links = others.filter(|file| file.sharing == Sharing::Special);
    let link = links.find(|file| {
        let part = file
            .path
            .file_name()
            .is_some_and(|name| PARTS.iter().any(|part| name == *part));
        let above = file.path.parent();
        part && above.is_some_and(|above| folder.marks.profiles.iter().any(|one| one == above))
    })?;
    Some(link.path.clone())
}

/// The packages, crates and compilers that the builds into a folder can ask for.
fn wanted(
    folder: &TargetFolder,
    inventory: &Inventory,
    survey: &Survey,
    request: &Request,
    known: &Workspaces,
) -> Wanted {
    let users: Vec<&Workspace> = builders(folder, survey).collect();
    let packages = users
        .iter()
        .filter_map(|user| known.resolved.get(&user.root)?.packages().ok());
    let packages = packages.flatten();
    let own: Vec<_> = packages
        .filter(|package| package.source.is_none())
        .collect();
    let dirs = users
        .iter()
        .flat_map(|user| [user.dirs.target_dir.as_path(), &user.dirs.build_dir]);
    let mut dirs = dirs.filter(|dir| dir.starts_with(&folder.path));
    let others = dirs
        .find_map(|dir| unknown_users::by_configuration(dir, &users, survey, request))
        .or_else(|| {
            let said = |user: &&Workspace| {
                let answer = known.resolved.get(&user.root);
                answer.is_some_and(|answer| answer.packages().is_ok())
            };
            let known = !users.is_empty() && users.iter().all(said);
            known.then(|| unknown_users::by_products(inventory, &users, &own))?
        })
        .or_else(|| {
            let locks = locks(&users, survey, known).ok()?;
            unknown_users::by_units(inventory, &users, &locks, survey)
        });
    let alone = || others.clone().map_or(Ok(()), Err);
    Wanted {
        locks: alone().and_then(|()| locks(&users, survey, known)),
        crates: alone().and_then(|()| crates(&users, known)),
        compilers: alone()
            .and_then(|()| unknown_users::no_compiler_is_named(&users, survey, request))
            .and_then(|()| compilers_of(&users, known)),
    }
}

fn nobody() -> String {
    "the workspaces that build into it are unknown".to_owned()
}

fn locks(users: &[&Workspace], survey: &Survey, known: &Workspaces) -> Result<Vec<Lock>, String> {
    if users.is_empty() {
        return Err(nobody());
    }
    let family = |workspace: &&Workspace| {
        users.iter().any(|user| {
            let place = |one: &Workspace| {
                let place = one.place.as_ref()?;
                Some((place.common_dir.clone(), place.path.clone()))
            };
            user.root == workspace.root
                || place(user).is_some_and(|of| Some(of) == place(workspace))
        })
    };
    for workspace in survey.workspaces.iter().filter(family) {
        let (configs, around) = (&survey.configs, &survey.surroundings);
        if let Some(config) = config_chain::names_lock_file(&workspace.root, configs, around) {
            return Err(format!(
                "`resolver.lockfile-path` in `{}` names another `Cargo.lock`",
                config.display()
            ));
        }
    }
    for user in users {
        // Where the next build changes the `Cargo.lock`, it may ask for anything.
        if let Some(Answer::Nothing(message)) = known.resolved.get(&user.root) {
            // It names the `Cargo.lock`.
            return Err(format!(
                "the needs of the next build are unknown: {message}"
            ));
        }
    }
    let mut locks = Vec::new();
    for workspace in survey.workspaces.iter().filter(family) {
        let file = workspace.root.join("Cargo.lock");
        match inspect::lock(&workspace.root) {
            Ok(Some(lock)) => locks.push(lock),
            Ok(None) => return Err(format!("there is no `{}`", file.display())),
            Err(problem) => {
                return Err(format!(
                    "`{}` is not valid: {}",
                    file.display(),
                    problem.message
                ));
            }
        }
    }
    Ok(locks)
}

fn crates(users: &[&Workspace], known: &Workspaces) -> Result<BTreeSet<String>, String> {
    if users.is_empty() {
        return Err(nobody());
    }
    let mut crates = BTreeSet::new();
    for user in users {
        match known.resolved.get(&user.root).map(Answer::packages) {
            Some(Ok(packages)) => {
                let is_whole = matches!(known.resolved.get(&user.root), Some(Answer::Whole(_)));
                let own = || packages.iter().filter(|package| package.source.is_none());
                // Of another platform, or for a feature: what is in it cannot be asked for without what it needs.
                if let Ok(Some(lock)) = inspect::lock(&user.root)
                    && let Some(name) = lock
                        .local()
                        .find(|name| !own().any(|one| one.name == *name))
                {
                    return Err(format!(
                        "the crates of `{name}`, which `{}` builds only in some cases, are unknown",
                        user.root.display()
                    ));
                }
                if let (false, Ok(Some(lock))) = (is_whole, inspect::lock(&user.root))
                    && lock.local().count() > own().count()
                {
                    return Err(format!(
                        "the crates of packages outside `{}` are unknown: not all of their sources are downloaded",
                        user.root.display()
                    ));
                }
                let targets = own().flat_map(|package| &package.targets);
                crates.extend(targets.map(|target| target.name.replace('-', "_")));
            }
            Some(Err(message)) => return Err(message.clone()),
            None => return Err(nobody()),
        }
    }
    Ok(crates)
}

fn compilers_of(users: &[&Workspace], known: &Workspaces) -> Result<BTreeSet<u64>, String> {
    if users.is_empty() {
        return Err(nobody());
    }
    let compilers = users
        .iter()
        .map(|user| match known.compilers.get(&user.root) {
            Some(Ok(hash)) => Ok(*hash),
            Some(Err(message)) => Err(format!("`{}`: {message}", user.root.display())),
            None => Err(nobody()),
        });
    compilers.collect()
}
