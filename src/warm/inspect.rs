//! Looks at folders that units may be taken from.

pub(crate) mod flaws;
pub(crate) mod reach;
pub(crate) mod same;
pub(crate) mod trust;

use std::collections::BTreeSet;
use std::path::Path;

use crate::cargo::lockfile::Lock;
use crate::cargo::model::TomlProblem;
use crate::cargo::toml_read;
use crate::fs::LockMode;
use crate::fs::model::Busy;
use crate::progress::Progress;
pub(crate) use crate::survey::read_build_env::{BuildEnv, Records, program_of, variables};
use crate::target::dep_info::RustcDepInfo;
use crate::target::unit::Inventory;
use crate::target::{layout, read};
use crate::text::failure;
use crate::warm::decide::{Estimate, Gives};
pub(crate) use crate::warm::inspect::flaws::{Origin, look_into, names};
pub(crate) use crate::warm::inspect::reach::{otherwise_flagged, otherwise_made};
pub(crate) use crate::warm::inspect::same::{Compared, different};
pub(crate) use crate::warm::inspect::trust::{Trust, doubt, not_a_donor, repositories};
use crate::warm::relocate::without_place as without;
use crate::{fs, markers};

/// The most that is read of a `.d` file, a script's output or a generated source.
const MOST: u64 = 16 << 20;

/// Reads the `Cargo.lock` of a workspace; `None` if there is none yet.
///
/// # Errors
///
/// It is not valid, or cannot be read.
pub(crate) fn lock(workspace: &Path) -> Result<Option<Lock>, TomlProblem> {
    let problem = |message: String| TomlProblem {
        line: 1,
        column: 1,
        message,
    };
    let bytes = fs::read(&workspace.join("Cargo.lock"));
    let Some(bytes) = bytes.map_err(|error| problem(failure::words(error.as_ref())))? else {
        return Ok(None);
    };
    toml_read::utf8(&bytes).and_then(Lock::parse).map(Some)
}

/// How much a folder has to give, by nothing but the names of its units: quick, and a little too much.
#[must_use]
pub(crate) fn rate(folder: &Path, wanted: Option<(&Lock, bool)>) -> Estimate {
    let gives = gives(folder, wanted);
    Estimate {
        units: gives.units.len(),
        same_commit: false,
        newest: gives.newest,
        busy: gives.busy,
    }
}

/// The units that a folder has to give, by nothing but their names: those that a `Cargo.lock` names, with or without
/// the packages from paths; or all.
#[must_use]
pub(crate) fn gives(folder: &Path, wanted: Option<(&Lock, bool)>) -> Gives {
    if !fs::is_folder(folder) {
        return Gives::default();
    }
    let profiles = markers::read(&fs::shape(folder)).profiles;
    let wanted = |package: &str| {
        wanted
            .is_none_or(|(lock, local)| lock.names(package) || (local && lock.names_local(package)))
    };
    let mut units = BTreeSet::new();
    for profile in &profiles {
        let names = |inner: &Path| fs::names(&folder.join(profile).join(inner)).unwrap_or_default();
        let mut add = |name: &str| units.insert(format!("{}/{name}", profile.display()));
        for name in names(Path::new(".fingerprint")) {
            if layout::split(&name).is_some_and(|(package, _)| wanted(package)) {
                add(&name);
            }
        }
        for package in names(Path::new("build")) {
            if layout::split(&package).is_none() && wanted(&package) {
                for hash in names(&Path::new("build").join(&package)) {
                    add(&format!("{package}-{hash}"));
                }
            }
        }
    }
    Gives {
        units,
        newest: fs::newest_of_profiles(folder, &profiles),
        busy: fs::lock_to_read(folder, &profiles, LockMode::Once).is_err(),
    }
}

/// Whether the workspaces of a donor and of the destination lock the same packages, byte for byte.
#[must_use]
pub(crate) fn same_lock(one: &Path, two: &Path) -> bool {
    let read = |workspace: &Path| fs::read(&workspace.join("Cargo.lock")).ok().flatten();
    read(one).is_some_and(|bytes| Some(bytes) == read(two))
}

/// Returns whether a target folder has a program that was last built from sources outside the workspace.
#[must_use]
pub(crate) fn has_programs_of_others(folder: &Path, workspace: &Path) -> bool {
    let profiles = markers::read(&fs::shape(folder)).profiles;
    let folders = profiles
        .iter()
        .flat_map(|profile| [folder.join(profile), folder.join(profile).join("examples")]);
    folders.into_iter().any(|folder| {
        let names = fs::names(&folder).unwrap_or_default().into_iter();
        names.filter(|name| name.ends_with(".d")).any(|name| {
            let text = fs::read_start(&folder.join(name), MOST).ok().flatten();
            let info = RustcDepInfo::parse(&String::from_utf8_lossy(&text.unwrap_or_default()));
            let own = |source: &String| Path::new(source).starts_with(workspace);
            let absolute = |source: &String| Path::new(source).is_absolute();
            let mut whole = info
                .sources
                .iter()
                .filter(|source| absolute(source))
                .peekable();
            whole.peek().is_some() && !whole.any(own)
        })
    })
}

/// Makes sure that no build holds a donor, or waits until that is so.
///
/// # Errors
///
/// A build holds it, or its locks do not work.
pub(crate) fn expect_free(folder: &Path, mode: LockMode) -> Result<(), Busy> {
    let profiles = markers::read(&fs::shape(folder)).profiles;
    fs::lock_to_read(folder, &profiles, mode).map(drop)
}

/// Takes the inventory of a folder; of one that is not there, an empty one.
#[must_use]
pub(crate) fn inventory(folder: &Path, progress: &Progress) -> Inventory {
    if fs::is_folder(folder) {
        read::read(folder, progress)
    } else {
        Inventory {
            folder: folder.to_owned(),
            ..Inventory::default()
        }
    }
}
