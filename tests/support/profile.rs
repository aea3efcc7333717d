//! The files of one of Cargo's profile folders, such as `target/debug`, in both of its layouts:
//!
//! | | before Cargo 1.100 | since |
//! |---|---|---|
//! | fingerprints | `.fingerprint/PACKAGE-HASH` | `build/PACKAGE/HASH/fingerprint` |
//! | artifacts | `deps`, and of build scripts `build/PACKAGE-HASH` | `build/PACKAGE/HASH/out` |
//! | runs of build scripts | `build/PACKAGE-HASH` | `build/PACKAGE/HASH/run` |
//! | `OUT_DIR` | `build/PACKAGE-HASH/out` | `build/PACKAGE/HASH/out` |
//!
//! All lists have what is there in either layout, and are empty if nothing was built.

#![cfg_attr(
    not(unix),
    expect(dead_code, reason = "most tests that look at artifacts need Unix")
)]

use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};

/// Whether a profile that was built is in the layout of Cargo 1.100.
pub(crate) fn is_new(profile: &Path) -> bool {
    let classic = [".fingerprint", "deps"];
    classic.iter().all(|name| !profile.join(name).exists())
}

/// The entries of a folder, sorted; none if it is not there.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = paths.collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    let name = path.file_name().expect("a name");
    name.to_string_lossy().into_owned()
}

fn is_hash(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The entries of a folder that are named `PACKAGE-HASH`, each with its package.
fn classic_units(folder: &Path) -> Vec<(String, PathBuf)> {
    let units = entries(folder).into_iter().filter_map(|path| {
        let name = name(&path);
        let (package, hash) = name.rsplit_once('-')?;
        is_hash(hash).then(|| (package.to_owned(), path))
    });
    units.collect()
}

/// The folders of units in the new layout, each with its package.
fn new_units(profile: &Path) -> Vec<(String, PathBuf)> {
    let mut units = Vec::new();
    for package in entries(&profile.join("build")) {
        let inside = entries(&package).into_iter();
        let inside = inside.filter(|unit| is_hash(&name(unit)));
        units.extend(inside.map(|unit| (name(&package), unit)));
    }
    units
}

/// The folders of fingerprints, each with the name of its package.
pub(crate) fn fingerprints(profile: &Path) -> Vec<(String, PathBuf)> {
    let new = new_units(profile).into_iter();
    let new = new.map(|(package, unit)| (package, unit.join("fingerprint")));
    let mut all = classic_units(&profile.join(".fingerprint"));
    all.extend(new.filter(|(_, folder)| folder.is_dir()));
    all
}

/// The files in the folders of fingerprints.
pub(crate) fn fingerprint_files(profile: &Path) -> Vec<PathBuf> {
    let folders = fingerprints(profile).into_iter();
    folders.flat_map(|(_, folder)| entries(&folder)).collect()
}

/// The folders that compilers write into, but for those of build scripts in the old layout.
pub(crate) fn artifact_folders(profile: &Path) -> Vec<PathBuf> {
    let units = new_units(profile).into_iter().map(|(_, unit)| unit);
    let compiled = units.filter(|unit| !unit.join("run").exists());
    let new = compiled.map(|unit| unit.join("out"));
    let all = [profile.join("deps")].into_iter().chain(new);
    all.filter(|folder| folder.is_dir()).collect()
}

/// The files that compilers have written: libraries, programs, lists of sources. Without those of build scripts in the old
/// layout.
pub(crate) fn artifacts(profile: &Path) -> Vec<PathBuf> {
    let folders = artifact_folders(profile);
    folders.iter().flat_map(|folder| entries(folder)).collect()
}

/// The artifacts with their content.
pub(crate) fn contents(profile: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = artifacts(profile).into_iter();
    let files = files.map(|path| (path.clone(), fs::read(path).expect("a file")));
    files.collect()
}

/// The only artifact whose name begins and ends like this.
#[track_caller]
pub(crate) fn artifact(profile: &Path, begins: &str, ends: &str) -> PathBuf {
    let mut found = artifacts(profile);
    found.retain(|path| name(path).starts_with(begins) && name(path).ends_with(ends));
    assert_eq!(found.len(), 1, "`{begins}`, `{ends}`: {found:?}");
    found.remove(0)
}

/// The folder of the only artifact whose name begins and ends like this, relative to that of the profile.
#[track_caller]
pub(crate) fn folder_of(profile: &Path, begins: &str, ends: &str) -> String {
    let file = artifact(profile, begins, ends);
    let folder = file.parent().expect("a folder");
    let inside = folder.strip_prefix(profile).expect("inside");
    inside.display().to_string()
}

/// The programs of a package's build scripts. In the old layout each has two names, and this is the one without a hash.
pub(crate) fn script_programs(profile: &Path, package: &str) -> Vec<PathBuf> {
    let places = |unit: &Path| {
        let names = ["build-script-build", "out/build_script_build"];
        names.map(|name| unit.join(format!("{name}{EXE_SUFFIX}")))
    };
    let units = in_build(profile, package).into_iter();
    let programs = units.flat_map(|unit| places(&unit));
    programs.filter(|program| program.exists()).collect()
}

/// The `OUT_DIR`s of a package's build scripts.
pub(crate) fn out_dirs(profile: &Path, package: &str) -> Vec<PathBuf> {
    let was_run = |unit: &PathBuf| {
        ["output", "run"]
            .iter()
            .any(|name| unit.join(name).exists())
    };
    let units = in_build(profile, package).into_iter();
    units.filter(was_run).map(|unit| unit.join("out")).collect()
}

/// The folders of a package's units in `build`: all of them, or those of build scripts in the old layout.
fn in_build(profile: &Path, package: &str) -> Vec<PathBuf> {
    let classic = classic_units(&profile.join("build"));
    let all = classic.into_iter().chain(new_units(profile));
    let of_package = all.filter(|(of, _)| of == package);
    of_package.map(|(_, folder)| folder).collect()
}
