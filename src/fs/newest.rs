//! When Cargo last built something.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// Folders of a profile in which each build makes or replaces files.
///
/// In the layout of Cargo 1.100 they change only when a package is built first, or a final program is linked.
const WRITTEN: [&str; 5] = ["", "deps", ".fingerprint", "build", "incremental"];

/// The file that Cargo writes when it begins to compile a unit or to run a build script, below the folder of a unit in the
/// layout of Cargo 1.100.
///
/// Source: `src/compiler/mod.rs` and `custom_build.rs` of Cargo.
const BEGUN: [&str; 2] = ["fingerprint/invoked.timestamp", "run/invoked.timestamp"];

/// The newest modification among the files and folders that change whenever Cargo builds something in `profiles`.
#[must_use]
pub(crate) fn newest_of_profiles(folder: &Path, profiles: &[PathBuf]) -> Option<Timestamp> {
    let modified = |path: PathBuf| super::info(&path).ok().flatten()?.modified;
    let of_profile = |profile: &PathBuf| {
        let profile = folder.join(profile);
        let written = WRITTEN.map(|name| profile.join(name));
        // The older layout has a folder for each run of a build script there, and they are many.
        let packages = packages(&profile).filter(|path| !is_run(path));
        let units = packages.flat_map(units);
        let begun = units.flat_map(|unit| BEGUN.map(|name| unit.join(name)));
        written.into_iter().chain(begun).filter_map(modified).max()
    };
    profiles.iter().filter_map(of_profile).max()
}

/// The folders in the `build` folder of a profile: of packages since Cargo 1.100, of runs of build scripts before.
pub(super) fn packages(profile: &Path) -> impl Iterator<Item = PathBuf> {
    inside(profile.join("build"))
}

/// The folders of units in that of a package.
pub(super) fn units(package: PathBuf) -> impl Iterator<Item = PathBuf> {
    inside(package).filter(|unit| unit.file_name().is_some_and(is_hash))
}

fn inside(folder: PathBuf) -> impl Iterator<Item = PathBuf> {
    let names = super::names(&folder).unwrap_or_default().into_iter();
    names.map(move |name| folder.join(name))
}

/// Whether a folder is named like the run of a build script in the older layout.
fn is_run(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.rsplit_once('-')
        .is_some_and(|(_, hash)| is_hash(hash.as_ref()))
}

/// Whether a folder is named like one of a unit.
fn is_hash(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.len() == 16 && bytes.iter().all(u8::is_ascii_hexdigit)
}
