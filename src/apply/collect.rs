//! Deletes single units of a target folder, each whole or not at all.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::delete::Deleted;
use super::warm::{held, unchanged};
use super::{Context, Stopped};
use crate::fs::{self, Ledger, Removal};
use crate::layout;
use crate::model::{CollectFolder, Collected, CollectedOther, CollectedUnit, Sharing, UnitFile};

/// Deletes the units of one folder, under Cargo's locks.
///
/// A unit goes only if every file of it is what it was in the plan, and no folder of it has another entry. Its
/// fingerprint goes first, so that Cargo makes anew whatever a run that is killed leaves of it: a build script is not
/// run again because something that it wrote is missing.
pub(super) fn folder(
    folder: &CollectFolder,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<(Deleted, Collected), Stopped> {
    fs::checkpoint("collecting");
    let path = folder.path.as_path();
    match fs::info(path)? {
        Some(info) if !info.is_symlink && info.identity == folder.identity => {}
        _ => {
            return Err(Stopped::Skipped(
                "it is another folder than the one in the plan; run again".into(),
            ));
        }
    }
    let profiles: BTreeSet<PathBuf> = folder
        .units
        .iter()
        .map(|unit| PathBuf::from(&unit.id.profile))
        .chain(folder.others.iter().filter_map(profile))
        .collect();
    let profiles: Vec<PathBuf> = profiles.into_iter().collect();
    // Held until all is gone: a build would find half of it.
    let _locks = fs::lock_to_write(path, &profiles).map_err(|busy| held(&busy, "it"))?;
    fs::checkpoint("collect-locked");
    let uses = fs::Uses::now();
    // What it was made with belongs to it as well, and so everything stays.
    let mut files = folder.units.iter().flat_map(|unit| &unit.files);
    let runs = uses.of(path);
    if let Some(busy) = runs.or_else(|| files.find_map(|file| uses.runs(file.identity))) {
        return Err(held(&busy, "it"));
    }
    let removal = Removal::new(ledger, context.progress);
    let gone = folder.units.par_iter().map(|unit| {
        let entries = entries(unit);
        remove(path, &unit.files, &entries, &uses, &removal)
    });
    let of_others = folder.others.par_iter().map(
        |CollectedOther {
             path: inner, files, ..
         }| {
            let entry = std::slice::from_ref(inner);
            remove(path, files, entry, &uses, &removal)
        },
    );
    let (gone, of_others): (Vec<_>, Vec<_>) = (gone.collect(), of_others.collect());
    let units = gone.iter().filter(|result| result.is_ok()).count();
    let left = gone.into_iter().chain(of_others);
    let left = left.filter_map(Result::err).collect();
    fs::checkpoint("collected");
    Ok((Deleted::from(removal.finish()), Collected { units, left }))
}

/// Deletes some entries of a folder, if their files are what they were.
fn remove(
    folder: &Path,
    files: &[UnitFile],
    entries: &[PathBuf],
    uses: &fs::Uses,
    removal: &Removal<'_>,
) -> Result<(), String> {
    for file in files {
        let path = folder.join(&file.path);
        // A folder tells by its time whether something came into it.
        unchanged(&path, file).map_err(|error| format!("{error:#}"))?;
        if file.sharing != Sharing::Folder
            && let Some(busy) = uses.of(&path)
        {
            return Err(format!("`{}` is in use", busy.lock.display()));
        }
    }
    for entry in entries {
        removal.remove(&folder.join(entry));
        fs::checkpoint("collected-entry");
    }
    Ok(())
}

/// What is deleted of a unit, each with everything in it: its fingerprint first.
fn entries(unit: &CollectedUnit) -> Vec<PathBuf> {
    let profile = unit.id.profile.as_str();
    let depth = profile.split('/').count();
    let entries: BTreeSet<(bool, PathBuf)> = unit
        .files
        .iter()
        .flat_map(|file| {
            let first = |many: usize| -> PathBuf { file.path.iter().take(depth + many).collect() };
            let inner = layout::in_profile(&file.path, profile, layout::entry);
            let print = layout::in_profile(&file.path, profile, layout::fingerprint_folder);
            let of_unit = inner.map(|many| (Some(many) != print, first(many)));
            // In the new layout it lies in the unit's folder.
            let of_print = print.map(|many| (false, first(many)));
            of_unit.into_iter().chain(of_print)
        })
        .collect();
    entries.into_iter().map(|(_, path)| path).collect()
}

/// The profile folder that something lies in which belongs to no unit.
fn profile(other: &CollectedOther) -> Option<PathBuf> {
    let names: Vec<_> = other.path.iter().collect();
    let end = names.iter().position(|name| {
        ["incremental", "deps", "examples"]
            .iter()
            .any(|known| name == known)
    });
    let end = end.or(names.len().checked_sub(1))?;
    Some(names.into_iter().take(end).collect())
}
