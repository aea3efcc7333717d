//! The compilers of this machine, and those that made units.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use crate::cargo::Cargo;
use crate::clean::folder_use::{Compilers, FolderUse};
use crate::survey::compiler_name;
use crate::target::fingerprint;
use crate::target::unit::Unit;
use crate::target::unit_file::UnitFile;
use crate::text::failure;

/// The first Rust whose fingerprints have hashes that are the same on every machine.
///
/// Source: Cargo 1.85 took up `rustc-stable-hash` (its pull request 14116 and those after it).
pub(super) const FIRST_STABLE: u32 = 85;

/// So many artifacts of a compiler are asked for its name: almost each one has it.
const ASKED_FOR_A_NAME: usize = 16;

/// The compilers of this machine, by rustup, and those that made the units.
#[must_use]
pub(crate) fn compilers(folders: &[FolderUse], cargo: &Cargo) -> Compilers {
    let mut made_by = MadeBy::default();
    for folder in folders {
        made_by.add(folder);
    }
    Compilers {
        made_by: made_by.names,
        ..installed(cargo)
    }
}

/// The names of the compilers that made units, by one artifact of each.
#[derive(Debug, Default)]
pub(crate) struct MadeBy {
    pub(crate) names: BTreeMap<u64, String>,
    asked: HashMap<u64, usize>,
}

impl MadeBy {
    /// Asks the artifacts of a folder for the compilers whose names are not known yet.
    pub(crate) fn add(&mut self, folder: &FolderUse) {
        for unit in &folder.inventory.units {
            let unknown = |rustc: &u64| !self.names.contains_key(rustc);
            let Some(rustc) = unit.rustc.filter(unknown) else {
                continue;
            };
            let asked = self.asked.entry(rustc).or_default();
            let left = ASKED_FOR_A_NAME - *asked;
            for file in libraries(unit).take(left) {
                *asked += 1;
                if let Some(name) = compiler_name::of(&folder.inventory.folder.join(&file.path)) {
                    self.names.insert(rustc, name);
                    break;
                }
            }
        }
    }
}

fn libraries(unit: &Unit) -> impl Iterator<Item = &UnitFile> {
    let files = unit.files.iter();
    files.filter(|file| {
        let end = file.path.extension();
        end.is_some_and(|end| end == "rmeta" || end == "rlib")
    })
}

/// The compilers of this machine, by rustup.
#[must_use]
pub(crate) fn installed(cargo: &Cargo) -> Compilers {
    let names = match cargo.toolchains() {
        Ok(names) => names,
        Err(error) => {
            return Compilers {
                unsure: Some(format!(
                    "the installed compilers are unknown: {}",
                    failure::words(error.as_ref())
                )),
                ..Compilers::default()
            };
        }
    };
    let versions: Vec<(String, anyhow::Result<String>)> = names
        .into_par_iter()
        .map(|name| {
            let version = cargo.rustc_of(&name);
            (name, version)
        })
        .collect();
    let mut compilers = Compilers::default();
    for (name, version) in versions {
        match version {
            Ok(version) if minor(&version).is_some_and(|minor| minor >= FIRST_STABLE) => {
                let hash = fingerprint::hash_of_rustc(&version);
                compilers.installed.entry(hash).or_insert(name);
            }
            Ok(_) => {
                compilers.unsure = Some(format!(
                    "units of the toolchain `{name}` cannot be identified, because it is older than \
                         1.{FIRST_STABLE}"
                ));
            }
            Err(error) => {
                compilers.unsure = Some(format!(
                    "the toolchain `{name}` does not work: {}",
                    failure::words(error.as_ref())
                ));
            }
        }
    }
    compilers
}

/// A field of what `rustc -vV` says.
pub(super) fn field<'a>(version: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = version.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The second number of the compiler's version.
pub(super) fn minor(version: &str) -> Option<u32> {
    let release = field(version, "release")?;
    release.strip_prefix("1.")?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_by_their_lines() {
        let said = "rustc 1.97.0-nightly (abc 2026-05-01)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.97.0-nightly\n";
        assert_eq!(minor(said), Some(97));
        assert_eq!(field(said, "host"), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(minor("rustc 2.0.0\nrelease: 2.0.0\n"), None);
        assert_eq!(minor(""), None);
    }
}
