//! Puts units of a store together in a folder that looks like a target folder, from which one is warmed as from any other:
//! all that is asked of a donor is asked of it as well.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::fs::Hashes;
use crate::store::harvest::is_linkable;
use crate::store::model::{StoredUnit, Take};
use crate::target::unit::UnitId;
use crate::text::failure;
use crate::{fs, markers};

/// A unit that is put together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    /// Its description, with the places of its files.
    pub(crate) unit: &'a StoredUnit,
    /// How its files are to be had.
    pub(crate) take: Take,
    /// The time that all of its files get, if they cannot keep their own.
    pub(crate) date: Option<i64>,
}

/// A folder with units of a store. It is deleted when this is dropped.
#[derive(Debug)]
pub(crate) struct Assembled {
    pub(crate) folder: PathBuf,
    pub(crate) units: HashSet<UnitId>,
    /// The units that could not be had, and why: a file of each is not what it should be.
    pub(crate) left: Vec<(String, String)>,
}

impl Drop for Assembled {
    fn drop(&mut self) {
        // A folder that is left is deleted when the store is cleaned.
        let _ = fs::remove_own_folder(&self.folder);
    }
}

/// Puts units together, each after its dependencies, in a new folder in `above`.
///
/// # Errors
///
/// The folder cannot be made.
pub(crate) fn assemble(parts: &[Part<'_>], above: &Path, hashes: &Hashes) -> Result<Assembled> {
    let folder = fs::new_folder(above)?;
    let mut assembled = Assembled {
        folder,
        units: HashSet::new(),
        left: Vec::new(),
    };
    fs::write_if_absent(
        &assembled.folder.join(markers::TAG_NAME),
        &markers::tag_file(),
    )?;
    for part in parts {
        // By this a folder of the new layout is known for one of Cargo's.
        let profile = assembled.folder.join(&part.unit.profile);
        fs::create_folder(&profile)?;
        fs::write_if_absent(&profile.join(markers::LOCK_NAMES[0]), b"")?;
    }
    let mut missing: HashSet<&str> = HashSet::new();
    let mut told: HashMap<String, String> = HashMap::new();
    for part in parts {
        let unit = part.unit;
        let without = unit
            .dependencies
            .iter()
            .any(|key| missing.contains(key.as_str()));
        let put = match without {
            true => Err(None),
            false => put(part, &assembled.folder, hashes).map_err(Some),
        };
        match put {
            Ok(()) => {
                assembled.units.insert(unit.id());
            }
            Err(error) => {
                missing.insert(&unit.key);
                if let Some(error) = error {
                    let package = format!("{} {}", unit.package.name, unit.package.version);
                    told.insert(package, failure::words(error.as_ref()));
                }
            }
        }
    }
    assembled.left.extend(told);
    assembled.left.sort();
    Ok(assembled)
}

fn put(part: &Part<'_>, folder: &Path, hashes: &Hashes) -> Result<()> {
    let unit = part.unit;
    let result = files(part, folder, hashes);
    if result.is_err() {
        // Without its fingerprint it is nothing to Cargo, nor to us.
        for file in &unit.files {
            let _ = fs::remove_file(&folder.join(&file.path));
        }
    }
    result
}

fn files(part: &Part<'_>, folder: &Path, hashes: &Hashes) -> Result<()> {
    let unit = part.unit;
    for path in &unit.folders {
        fs::create_folder(&folder.join(path))?;
    }
    for file in &unit.files {
        let at = file
            .at
            .as_deref()
            .context("the place of one of its files is unknown")?;
        ensure!(
            at.is_absolute(),
            "expected an absolute path: `{}`",
            at.display()
        );
        let to = folder.join(&file.path);
        if let Some(above) = to.parent() {
            fs::create_folder(above)?;
        }
        let link = part.take == Take::Link && is_linkable(unit, file);
        let modified = part.date.unwrap_or(file.modified);
        fs::take_object(at, file, &to, link, modified, hashes)?;
    }
    for link in &unit.links {
        fs::link_beside(&link.to, &folder.join(&link.path))?;
    }
    // A folder becomes newer when a file is put into it, and a folder that is newer than its unit looks changed to
    // Cargo.
    let oldest = unit.files.iter().map(|file| file.modified).min();
    let date = part.date.or(oldest);
    if let Some(date) = date.and_then(|date| jiff::Timestamp::from_nanosecond(date.into()).ok()) {
        for path in unit.folders.iter().rev() {
            fs::date_folder(&folder.join(path), date);
        }
    }
    Ok(())
}
