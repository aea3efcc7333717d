//! Puts units into a local store, and puts units of one together for a target folder.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rayon::prelude::*;

use crate::fs::model::StoredFile;
use crate::fs::{Hashes, LockGuard};
use crate::plan::outcome::Stopped;
use crate::plan::run::Context;
use crate::size::Bytes;
use crate::store::StorePaths;
pub(crate) use crate::store::assemble::{Assembled, Part, assemble};
use crate::store::model::{HarvestUnits, Moved, StoredSet, StoredUnit, TellProvider};
use crate::target::layout;
use crate::target::unit_file::Sharing;
use crate::text::failure;
use crate::warm::trusted::Trusted;
use crate::{fs, markers, process, store};

/// Makes a local store, or takes up one that is there, and keeps others from deleting in it.
///
/// # Errors
///
/// It cannot be made, or what is there is something else.
pub(crate) fn open(places: &StorePaths) -> Result<LockGuard> {
    let root = places.root();
    if let Some((_, why)) = fs::refuses_store(root, &places.parts()) {
        bail!("{why}");
    }
    if !fs::exists(&places.mark()) {
        fs::create_folder(root)?;
        // Another process that begins at the same time may have put its mark there in between, or is about to.
        let foreign = fs::names(root)?;
        let ours = |name: &String| {
            name == markers::TAG_NAME || name.starts_with(".sharedtarget") || fs::is_leftover(name)
        };
        if !foreign.iter().all(ours) {
            bail!(
                "expected an empty folder, or a store of ours: `{}`",
                root.display()
            );
        }
        fs::write_if_absent(&root.join(markers::TAG_NAME), &markers::tag_file())?;
    }
    fs::lock_in_common(&places.mark())
}

/// Removes files that a killed run, or one without space, has not put in their place. While another process works in
/// the store, they may be its own, and are kept for the next time.
pub(crate) fn clear(places: &StorePaths) {
    if !fs::is_folder(places.root()) || !fs::exists(&places.mark()) {
        return;
    }
    let Ok(Some(_alone)) = fs::try_lock_alone(&places.mark()) else {
        return;
    };
    fs::remove_leftovers(places.root());
    for folder in [places.objects(), places.units(), places.sets()] {
        if fs::is_folder(&folder) {
            for (path, _) in fs::leftovers(&folder) {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

/// Puts units into a store. Units that cannot be kept are left out, with all that were compiled with them.
///
/// Takes no lock of Cargo's, for which a build would have to wait: each file has to be, byte for byte, what it was when the
/// unit was described. A build that ran in between has emptied the unit's fingerprint first, and written it last, so that no
/// unit is half of one and half of another. Source: `prepare_target` in Cargo's `fingerprint/mod.rs`.
pub(crate) fn harvest(
    harvest: &HarvestUnits,
    trusted: &mut Trusted,
    context: &Context<'_>,
) -> Result<Moved, Stopped> {
    if let Some(from) = &harvest.from {
        let files = harvest.units.iter().flat_map(|unit| &unit.files);
        let files = files.filter_map(|file| file.at.as_deref()?.strip_prefix(from).ok());
        trusted.gives(from, files)?;
    }
    let places = StorePaths::new(harvest.into.clone());
    let _store = open(&places)?;
    let hashes = Hashes::read(&places.hashes());
    let mut done = Moved::default();
    let results: Vec<Result<(Bytes, Bytes)>> = harvest
        .units
        .par_iter()
        .map(|unit| {
            let put = put(unit, &places, &hashes);
            if let Ok((linked, copied)) = put {
                context.progress.add(1, linked + copied);
            }
            put
        })
        .collect();
    let mut missing: Vec<&str> = Vec::new();
    for (unit, result) in harvest.units.iter().zip(results) {
        let without = unit
            .dependencies
            .iter()
            .any(|key| missing.contains(&key.as_str()));
        match result {
            Ok(_) if without => missing.push(&unit.key),
            Ok((linked, copied)) => {
                // Its files are there before its description, so that a reader of the description finds all of them.
                write(unit, &places)?;
                done.units += 1;
                done.linked += linked;
                done.copied += copied;
                fs::checkpoint("harvested");
            }
            Err(error) => {
                missing.push(&unit.key);
                let (package, why) = (&unit.package, failure::words(error.as_ref()));
                done.left
                    .push(format!("{} {}: {why}", package.name, package.version));
            }
        }
    }
    if let Some(summary) = &harvest.summary {
        let keys = harvest.keys.iter();
        let there: Vec<&str> = keys
            .map(String::as_str)
            .filter(|key| !missing.contains(key))
            .collect();
        add_to_set(&places, summary, &there)?;
    }
    if let Some(with) = &harvest.built_with {
        let json = serde_json::to_vec_pretty(with).context("failed to describe a compiler")?;
        fs::put(&places.built_with(&harvest.circumstances), &json)?;
    }
    hashes.write(&places.hashes());
    match done.left.first() {
        Some(first) if done.units == 0 => Err(Stopped::Failed(first.clone())),
        _ => Ok(done),
    }
}

/// The time that a provider has to act on a message.
const IN_TIME: Duration = Duration::from_secs(600);

/// Tells a provider about units that lie in a store. Files that it has as well and keeps need no second copy in the
/// store.
pub(crate) fn tell(tell: &TellProvider) -> Result<Moved, Stopped> {
    let skipped = |why: String| Stopped::Skipped(why);
    let mut after = tell.after.clone();
    // Units that could not be kept are not in the store.
    let is_there = |file: &StoredFile| file.at.as_deref().is_some_and(fs::exists);
    after.units.retain(|unit| unit.files.iter().all(is_there));
    let request = serde_json::to_vec(&after).context("failed to describe units")?;
    let said = process::tell(&tell.program, &request, &tell.dir, IN_TIME);
    let said = said.map_err(|error| skipped(failure::words(error.as_ref())))?;
    let taken = store::taken(&said).map_err(skipped)?;
    let mut done = Moved {
        units: after.units.len(),
        ..Moved::default()
    };
    let files = after.units.iter().flat_map(|unit| {
        let linkable = unit.files.iter().filter(|file| is_linkable(unit, file));
        linkable.filter_map(|file| Some((file.at.as_deref()?, file)))
    });
    let files: HashMap<&Path, &StoredFile> = files.collect();
    let hashes = Hashes::default();
    for relocated in &taken.relocated {
        let file = files.get(relocated.from.as_path()).copied();
        // A file that differs from ours, or that others may write to, changes nothing.
        if let Some(file) = file
            && fs::become_name_of(&relocated.from, &relocated.to, file, &hashes)?
        {
            done.linked += Bytes(file.length);
        }
    }
    Ok(done)
}

/// Puts the files of a unit into a store. How much is shared with where it comes from, and how much was copied.
fn put(unit: &StoredUnit, places: &StorePaths, hashes: &Hashes) -> Result<(Bytes, Bytes)> {
    let (mut linked, mut copied) = (Bytes(0), Bytes(0));
    for file in &unit.files {
        let at = file
            .at
            .as_deref()
            .context("the place of one of its files is unknown")?;
        let link = is_linkable(unit, file);
        fs::put_object(at, file, &places.object(&file.hash), link, hashes)?;
        match link {
            true => linked += Bytes(file.length),
            false => copied += Bytes(file.length),
        }
    }
    Ok((linked, copied))
}

/// Returns whether no process ever writes to a file in place.
pub(crate) fn is_linkable(unit: &StoredUnit, file: &StoredFile) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let run = unit.target.starts_with("run-build-script");
    let part = layout::in_profile(
        Path::new(&file.path),
        &unit.profile,
        |parts| match layout::owner(parts, false) {
            layout::Owner::Unit { part, .. } => Some(part),
            layout::Owner::None(_) => None,
        },
    );
    !run && part.is_some_and(|part| layout::sharing(name, part) == Sharing::Link)
}

/// Writes the description of a unit, without where its files came from.
///
/// # Errors
///
/// It cannot be written.
pub(crate) fn write(unit: &StoredUnit, places: &StorePaths) -> Result<()> {
    let mut unit = unit.clone();
    for file in &mut unit.files {
        file.at = None;
    }
    let json = serde_json::to_vec(&unit).context("failed to describe a unit")?;
    fs::put(&places.unit(&unit), &json)
}

/// Notes that units were built together.
///
/// A run that does the same at this moment may be overtaken; then its units are found by their packages.
///
/// # Errors
///
/// It cannot be written.
pub(crate) fn add_to_set(places: &StorePaths, summary: &str, keys: &[&str]) -> Result<()> {
    let path = places.set(summary);
    let there = fs::read(&path)?.unwrap_or_default();
    let mut set: StoredSet = serde_json::from_slice(&there).unwrap_or_default();
    let before = set.keys.len();
    set.keys.extend(keys.iter().map(|key| (*key).to_owned()));
    set.keys.sort();
    set.keys.dedup();
    if set.keys.len() == before {
        return Ok(());
    }
    fs::put(
        &path,
        &serde_json::to_vec(&set).context("failed to write a set")?,
    )
}
