//! Looks at folders that units may be taken from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::units;
use crate::artifact;
use crate::dep_info::RustcDepInfo;
use crate::embedded;
use crate::fs::{self, Sought};
use crate::layout;
use crate::lockfile::Lock;
use crate::marks;
use crate::model::{
    Busy, Inventory, LeftReason, Sharing, Source, TomlProblem, Unit, UnitFile, UnitId, UnitKind,
};
use crate::plan::warm::Rating;
use crate::progress::Progress;

/// The most that is read of a `.d` file, a script's output or a generated source.
const MOST: u64 = 16 << 20;

/// Reads the `Cargo.lock` of a workspace; `None` if there is none yet.
///
/// # Errors
///
/// It is not valid, or cannot be read.
pub fn lock(workspace: &Path) -> Result<Option<Lock>, TomlProblem> {
    let problem = |message: String| TomlProblem {
        line: 1,
        column: 1,
        message,
    };
    let bytes = fs::read(&workspace.join("Cargo.lock"));
    let Some(bytes) = bytes.map_err(|error| problem(format!("{error:#}")))? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| problem("expected UTF-8".into()))?;
    Lock::parse(&text).map(Some)
}

/// How much a folder has to give, by nothing but the names of its units: quick, and a little too much.
#[must_use]
pub fn rate(folder: &Path, lock: Option<&Lock>) -> Rating {
    if !fs::is_folder(folder) {
        return Rating::default();
    }
    let profiles = marks::read(&fs::shape(folder)).profiles;
    let mut units = 0;
    for profile in &profiles {
        let profile = folder.join(profile);
        let classic = fs::names(&profile.join(".fingerprint")).unwrap_or_default();
        units += classic
            .iter()
            .filter_map(|name| layout::split(name))
            .filter(|(package, _)| lock.is_none_or(|lock| lock.names(package)))
            .count();
        for package in fs::names(&profile.join("build")).unwrap_or_default() {
            if layout::split(&package).is_none() && lock.is_none_or(|lock| lock.names(&package)) {
                let inner = fs::names(&profile.join("build").join(&package));
                units += inner.unwrap_or_default().len();
            }
        }
    }
    Rating {
        units,
        newest: fs::newest_of_profiles(folder, &profiles),
        busy: fs::lock_to_read(folder, &profiles, Sought::Once).is_err(),
    }
}

/// Whether the workspaces of a donor and of the destination lock the same packages, byte for byte.
#[must_use]
pub fn same_lock(one: &Path, two: &Path) -> bool {
    let read = |workspace: &Path| fs::read(&workspace.join("Cargo.lock")).ok().flatten();
    read(one).is_some_and(|bytes| Some(bytes) == read(two))
}

/// Waits until no build holds a donor.
///
/// # Errors
///
/// Its locks do not work.
pub fn wait(folder: &Path) -> Result<(), Busy> {
    let profiles = marks::read(&fs::shape(folder)).profiles;
    fs::lock_to_read(folder, &profiles, Sought::UntilFree).map(drop)
}

/// Takes the inventory of a folder; of one that is not there, an empty one.
#[must_use]
pub fn inventory(folder: &Path, progress: &Progress) -> Inventory {
    if fs::is_folder(folder) {
        units::read(folder, progress)
    } else {
        Inventory {
            folder: folder.to_owned(),
            ..Inventory::default()
        }
    }
}

/// Looks into the files of those units of a donor that may be taken, and says what is wrong with which.
///
/// `worktree` is where the donor's sources are: like the donor itself, it may go, so no path in it may be kept.
#[must_use]
pub fn flaws(
    donor: &Inventory,
    wanted: &BTreeSet<&UnitId>,
    worktree: Option<&Path>,
) -> BTreeMap<UnitId, LeftReason> {
    let look = Look {
        donor,
        by_id: donor.units.iter().map(|unit| (&unit.id, unit)).collect(),
        roots: roots(donor, worktree),
        worktree,
    };
    let wanted = donor
        .units
        .par_iter()
        .filter(|unit| wanted.contains(&unit.id));
    wanted
        .filter_map(|unit| Some((unit.id.clone(), look.flaw(unit).err()?)))
        .collect()
}

/// The folders of which no path may be kept: the donor by every name that it has had.
///
/// A folder that was warmed itself, or is reached through a link, is not called what its units call it: Cargo wrote
/// down the `OUT_DIR` of each run of a build script.
fn roots(donor: &Inventory, worktree: Option<&Path>) -> Vec<String> {
    let folders = [Some(donor.folder.as_path()), worktree]
        .into_iter()
        .flatten();
    let mut roots: BTreeSet<String> = folders.map(|path| path.display().to_string()).collect();
    let files = donor.units.iter().flat_map(|unit| &unit.files);
    for file in files.filter(|file| file_name(file) == "root-output") {
        let text = fs::read_start(&donor.folder.join(&file.path), MOST);
        let text = text.ok().flatten().unwrap_or_default();
        let named = PathBuf::from(String::from_utf8_lossy(&text).into_owned());
        // As many names as stand between the target folder and an `OUT_DIR`.
        let run = file
            .path
            .parent()
            .is_some_and(|folder| folder.ends_with("run"));
        let depth = file.path.components().count() - usize::from(run);
        if let Some(root) = named
            .ancestors()
            .nth(depth)
            .filter(|root| root.parent().is_some())
        {
            roots.insert(root.display().to_string());
        }
    }
    roots.into_iter().collect()
}

struct Look<'a> {
    donor: &'a Inventory,
    by_id: HashMap<&'a UnitId, &'a Unit>,
    roots: Vec<String>,
    worktree: Option<&'a Path>,
}

impl Look<'_> {
    fn flaw(&self, unit: &Unit) -> Result<(), LeftReason> {
        let built = unit.files.iter().filter(|file| is_hash_file(file));
        let built = built.filter_map(|file| file.modified).max();
        for file in &unit.files {
            // Cargo writes the fingerprint last; only its own explanation of it comes later.
            let after = file.modified > built && !is_fingerprint(file);
            if after && !matches!(file.sharing, Sharing::Folder) {
                return Err(damaged(file, "it has changed since it was built".into()));
            }
            self.file(unit, file)?;
        }
        self.paths(unit)
    }

    /// Whether a file is what it should be, by itself.
    fn file(&self, unit: &Unit, file: &UnitFile) -> Result<(), LeftReason> {
        let path = self.donor.folder.join(&file.path);
        match file.sharing {
            Sharing::Folder => return Ok(()),
            Sharing::Special => {
                let target = fs::link_target(&path);
                let inside = target.components().count() == 1 && target.is_relative();
                return match inside && !target.as_os_str().is_empty() {
                    true => Ok(()),
                    false => Err(LeftReason::LinkInside {
                        file: file.path.clone(),
                    }),
                };
            }
            Sharing::Link | Sharing::Copy => {}
        }
        let name = file_name(file);
        if unit.kind != UnitKind::BuildScriptRun && is_artifact(file) {
            let open = fs::open(&path).map_err(|error| damaged(file, format!("{error:#}")))?;
            artifact::whole(&name, open).map_err(|why| damaged(file, why))?;
        }
        Ok(())
    }

    /// Whether it keeps paths of the donor.
    fn paths(&self, unit: &Unit) -> Result<(), LeftReason> {
        let kept = |file: &UnitFile, path: String| LeftReason::PathInside {
            file: file.path.clone(),
            path,
        };
        let unreadable = |file: &UnitFile| damaged(file, "it cannot be read".into());
        let read = |file: &UnitFile| {
            let bytes = fs::read_start(&self.donor.folder.join(&file.path), MOST);
            bytes.ok().flatten().ok_or_else(|| unreadable(file))
        };
        let roots: Vec<&str> = self.roots.iter().map(String::as_str).collect();
        if unit.kind == UnitKind::BuildScriptRun {
            let own = unit
                .files
                .iter()
                .find(|file| file_name(file) == "root-output");
            let own = own.map(read).transpose()?.unwrap_or_default();
            for file in unit
                .files
                .iter()
                .filter(|file| file.sharing == Sharing::Copy)
            {
                let name = file_name(file);
                let said = matches!(name.as_str(), "output" | "stdout") && !in_out_dir(file);
                if !said && !name.ends_with(".rs") {
                    continue;
                }
                let mut text = read(file)?;
                if said && !own.is_empty() {
                    // Cargo itself puts the new folder in the place of the old one there.
                    text = without(&text, &own);
                }
                if embedded::names_root(&text, &roots) {
                    return Err(kept(file, roots.join(" or ")));
                }
            }
            return Ok(());
        }
        let mut sources = Vec::new();
        let mut suspect = self.has_out_dir(unit);
        for file in unit
            .files
            .iter()
            .filter(|file| file_name(file).ends_with(".d"))
        {
            let info = RustcDepInfo::parse(&String::from_utf8_lossy(&read(file)?));
            if unit.source == Source::Directory
                && let (Some(root), Some(worktree)) = (info.sources.first(), self.worktree)
                && Path::new(root).starts_with(worktree)
            {
                return Err(LeftReason::SourcesInside);
            }
            if let Some(name) = embedded::foreign_variable(&info.env, &roots, &info.sources) {
                return Err(kept(file, format!("the value of {name}")));
            }
            let mut values = info.env.iter().filter_map(|(_, value)| value.as_deref());
            suspect |= values.any(|value| embedded::names_root(value.as_bytes(), &roots));
            sources.extend(info.sources);
        }
        if !suspect {
            return Ok(());
        }
        for file in unit.files.iter().filter(|file| is_artifact(file)) {
            let path = self.donor.folder.join(&file.path);
            let bytes = fs::read(&path).ok().flatten();
            let bytes = bytes.ok_or_else(|| unreadable(file))?;
            if let Some(path) = embedded::foreign_path(&bytes, &roots, &sources) {
                return Err(kept(file, path));
            }
        }
        Ok(())
    }

    /// The package has a build script, whose `OUT_DIR` the compiler was told of.
    fn has_out_dir(&self, unit: &Unit) -> bool {
        let dependencies = unit.dependencies.iter().filter_map(|id| self.by_id.get(id));
        dependencies.into_iter().any(|dependency| {
            dependency.kind == UnitKind::BuildScriptRun && dependency.package == unit.package
        })
    }
}

/// Which units that both have are not the same in both, though they have the same name.
///
/// Only what a unit of the donor that the other one does not have was compiled with matters, and is compared.
#[must_use]
pub fn different(donor: &Inventory, other: &Inventory) -> BTreeSet<UnitId> {
    let there: HashMap<&UnitId, &Unit> = other.units.iter().map(|unit| (&unit.id, unit)).collect();
    let new = donor
        .units
        .iter()
        .filter(|unit| !there.contains_key(&unit.id));
    let matter: BTreeSet<&UnitId> = new.flat_map(|unit| &unit.dependencies).collect();
    let both = donor.units.par_iter().filter_map(|unit| {
        let other = there.get(&unit.id).filter(|_| matter.contains(&unit.id))?;
        Some((unit, *other))
    });
    both.filter(|(one, two)| {
        let (mine, theirs) = (&donor.folder, &other.folder);
        let one = At {
            unit: one,
            folder: mine,
        };
        !is_same(
            one,
            At {
                unit: two,
                folder: theirs,
            },
        )
    })
    .map(|(unit, _)| unit.id.clone())
    .collect()
}

/// A unit, and the target folder that it is in.
#[derive(Clone, Copy)]
struct At<'a> {
    unit: &'a Unit,
    folder: &'a Path,
}

impl At<'_> {
    /// What the compiler made, or what a build script said, by name.
    fn made(&self) -> BTreeMap<String, &UnitFile> {
        let run = self.unit.kind == UnitKind::BuildScriptRun;
        let files = self.unit.files.iter();
        files
            .filter(|file| {
                if run {
                    is_said(file)
                } else {
                    is_artifact(file)
                }
            })
            .map(|file| (file_name(file), file))
            .collect()
    }
}

/// Whether what was made is the same, file by file.
fn is_same(one: At<'_>, two: At<'_>) -> bool {
    let (mine, theirs) = (one.made(), two.made());
    let same = |name: &String, mine: &UnitFile| {
        let Some(theirs) = theirs.get(name) else {
            return false;
        };
        let linked = mine.identity == theirs.identity && mine.links > 1;
        let alike = mine.length == theirs.length;
        let paths = [one.folder.join(&mine.path), two.folder.join(&theirs.path)];
        linked
            // As warming copies.
            || (alike && mine.modified == theirs.modified)
            || match one.unit.kind {
                UnitKind::BuildScriptRun => {
                    same_words((&paths[0], one.folder), (&paths[1], two.folder))
                }
                _ => alike && fs::same_content(&paths[0], &paths[1]),
            }
    };
    mine.len() == theirs.len() && mine.iter().all(|(name, file)| same(name, file))
}

/// Whether two texts are the same but for the folders that they are in.
fn same_words(one: (&Path, &Path), two: (&Path, &Path)) -> bool {
    let read = |(file, folder): (&Path, &Path)| {
        let text = fs::read_start(file, MOST).ok().flatten()?;
        Some(without(&text, folder.to_str()?.as_bytes()))
    };
    read(one).is_some_and(|text| Some(text) == read(two))
}

/// A text without a part, wherever that stands.
fn without(text: &[u8], part: &[u8]) -> Vec<u8> {
    let mut rest = text;
    let mut left = Vec::with_capacity(text.len());
    while let Some(at) = memchr::memmem::find(rest, part).filter(|_| !part.is_empty()) {
        left.extend_from_slice(&rest[..at]);
        rest = &rest[at + part.len()..];
    }
    left.extend_from_slice(rest);
    left
}

fn damaged(file: &UnitFile, why: String) -> LeftReason {
    LeftReason::Damaged {
        file: file.path.clone(),
        why,
    }
}

fn file_name(file: &UnitFile) -> String {
    let name = file.path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn components(file: &UnitFile) -> Vec<String> {
    let parts = file.path.iter();
    parts
        .map(|part| part.to_string_lossy().into_owned())
        .collect()
}

/// It lies in a fingerprint folder of either layout.
fn is_fingerprint(file: &UnitFile) -> bool {
    let parts = components(file);
    let inner = parts.len().saturating_sub(2);
    parts.iter().any(|part| part == ".fingerprint")
        || parts.get(inner).is_some_and(|part| part == "fingerprint")
}

/// The file by which Cargo knows that a unit is complete.
fn is_hash_file(file: &UnitFile) -> bool {
    let name = file_name(file);
    is_fingerprint(file) && !name.ends_with(".json") && crate::fingerprint::target(&name).is_some()
}

/// It is what a compiler or linker made, and not a list of sources.
fn is_artifact(file: &UnitFile) -> bool {
    let name = file_name(file);
    matches!(file.sharing, Sharing::Link | Sharing::Copy)
        && !is_fingerprint(file)
        && !name.ends_with(".d")
}

/// It is what a build script said.
fn is_said(file: &UnitFile) -> bool {
    !in_out_dir(file) && matches!(file_name(file).as_str(), "output" | "stdout")
}

/// It lies in an `OUT_DIR`.
fn in_out_dir(file: &UnitFile) -> bool {
    let parts = components(file);
    let above = parts.len().saturating_sub(1);
    parts.iter().take(above).any(|part| part == "out")
}
