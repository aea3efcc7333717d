//! When Cargo last built something.

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
        let begun = units(&profile)
            .into_iter()
            .flat_map(|unit| BEGUN.map(|name| unit.join(name)));
        written.into_iter().chain(begun).filter_map(modified).max()
    };
    profiles.iter().filter_map(of_profile).max()
}

/// The folders of units in a profile that has one for each, as since Cargo 1.100.
pub(super) fn units(profile: &Path) -> Vec<PathBuf> {
    let inside = |folder: &Path| super::names(folder).unwrap_or_default();
    let build = profile.join("build");
    let mut found = Vec::new();
    for package in inside(&build) {
        let package = build.join(package);
        let hashes = inside(&package).into_iter().filter(|name| is_hash(name));
        found.extend(hashes.map(|name| package.join(name)));
    }
    found
}

/// Whether a folder is named like one of a unit.
fn is_hash(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
