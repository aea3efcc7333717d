//! Replaces files of target folders by others' that are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use rayon::prelude::*;

use crate::dedupe::decide::Tally;
use crate::dedupe::model::{RelinkFolder, RelinkUnit, Relinked};
use crate::fs;
use crate::fs::LockMode;
use crate::fs::model::{Freed, Identity};
use crate::plan::outcome::Stopped;
use crate::plan::run::Context;
use crate::target::unit::UnitId;
use crate::text::failure;
use crate::warm::model::Method;
use crate::warm::place::{Stage, held, unchanged};
use crate::warm::trusted::Trusted;

/// Relinks one folder. `tally` counts what all of them free together.
///
/// A unit is left if one of its files has changed since the plan. Where links are made, so are all units that depend
/// on it: they would be older than it.
pub(crate) fn folder(
    relink: &RelinkFolder,
    tally: &mut Tally,
    trusted: &mut Trusted,
    context: &Context<'_>,
) -> Result<(Freed, Relinked), Stopped> {
    for file in relink.units.iter().flat_map(|unit| &unit.files) {
        trusted.gives(&file.donor, std::iter::once(file.from.path.as_path()))?;
    }
    trusted.gets(&relink.into)?;
    let _donors = lock_donors(relink)?;
    let profiles: BTreeSet<&str> = relink
        .units
        .iter()
        .map(|unit| unit.id.profile.as_str())
        .collect();
    let profiles: Vec<PathBuf> = profiles.into_iter().map(PathBuf::from).collect();
    // A lock that is not there is made.
    let before = modified(profiles.iter().map(|profile| relink.into.join(profile)));
    let _own = fs::lock_to_write(&relink.into, &profiles).map_err(|busy| held(&busy, "it"))?;
    let mut times = folder_times(relink);
    times.extend(before);
    let stage = Stage::make(&relink.into)?;
    fs::checkpoint("relink-locked");
    let staged: Vec<_> = relink
        .units
        .par_iter()
        .enumerate()
        .map(|(at, unit)| {
            let staged = stage_unit(unit, relink, &stage.path.join(at.to_string()));
            let bytes = unit.files.iter().map(|file| file.into.length).sum();
            context.progress.add(unit.files.len() as u64, bytes);
            (unit, staged)
        })
        .collect();
    fs::checkpoint("relink-staged");
    let mut left: BTreeSet<&UnitId> = BTreeSet::new();
    let (mut freed, mut relinked) = (Freed::default(), Relinked::default());
    for (unit, staged) in staged {
        let links = relink.method == Method::Links;
        let without = unit
            .dependencies
            .iter()
            .any(|id| links && left.contains(id));
        let placed = staged.and_then(|staged| {
            anyhow::ensure!(!without, "one of its dependencies is unchanged");
            place(unit, relink, &staged, tally, &mut freed)
        });
        match placed {
            Ok(()) => {
                relinked.units += usize::from(!unit.only_dated);
                fs::checkpoint("relinked");
            }
            Err(error) => {
                left.insert(&unit.id);
                let why = failure::words(error.as_ref());
                relinked.left.push(format!("{}: {why}", unit.package));
            }
        }
    }
    drop(stage);
    for (folder, modified) in times {
        fs::date_folder(&folder, modified);
    }
    Ok((freed, relinked))
}

/// Keeps builds from changing the donors.
fn lock_donors(relink: &RelinkFolder) -> Result<Vec<fs::LockGuard>, Stopped> {
    let mut profiles: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for file in relink.units.iter().flat_map(|unit| &unit.files) {
        // Its own folder is locked alone, which a second lock would wait for.
        if file.donor != relink.into {
            let of = profiles.entry(&file.donor).or_default();
            of.insert(&file.profile);
        }
    }
    let mut locks = Vec::new();
    for (donor, profiles) in profiles {
        let profiles: Vec<PathBuf> = profiles.into_iter().map(Path::to_owned).collect();
        let lock = fs::lock_to_read(donor, &profiles, LockMode::Once);
        locks.push(lock.map_err(|busy| held(&busy, &format!("`{}`", donor.display())))?);
    }
    Ok(locks)
}

/// The mtimes of the folders in which files are replaced. They tell when something was last built there, and whether
/// an entry has come or gone, so they must not change.
fn folder_times(relink: &RelinkFolder) -> BTreeMap<PathBuf, Timestamp> {
    let files = relink.units.iter().flat_map(|unit| &unit.files);
    let folders = files.filter_map(|file| Some(relink.into.join(file.into.path.parent()?)));
    // The stage is made and deleted in it.
    modified(folders.chain([relink.into.clone()]))
}

fn modified(folders: impl Iterator<Item = PathBuf>) -> BTreeMap<PathBuf, Timestamp> {
    let folders: BTreeSet<PathBuf> = folders.collect();
    let time = |folder: PathBuf| {
        let modified = fs::info(&folder).ok()??.modified?;
        Some((folder, modified))
    };
    folders.into_iter().filter_map(time).collect()
}

/// Puts files beside their place and compares them there, for each file of a unit that is replaced: links to one file
/// are links to one file afterwards, too.
fn stage_unit(
    unit: &RelinkUnit,
    relink: &RelinkFolder,
    stage: &Path,
) -> anyhow::Result<BTreeMap<Identity, PathBuf>> {
    fs::create_folder(stage)?;
    let mut staged: BTreeMap<Identity, PathBuf> = BTreeMap::new();
    for date in &unit.dates {
        unchanged(&relink.into.join(&date.file.path), &date.file)?;
    }
    for file in &unit.files {
        let (from, into) = (
            file.donor.join(&file.from.path),
            relink.into.join(&file.into.path),
        );
        unchanged(&into, &file.into)?;
        if staged.contains_key(&file.into.identity) {
            continue;
        }
        let new = stage.join(staged.len().to_string());
        // The compared file is the one that is put in place, whatever happens to the donor's file meanwhile.
        match relink.method {
            Method::Clones => {
                unchanged(&from, &file.from)?;
                fs::clone_like(&from, &into, &new)?;
            }
            Method::Links | Method::Copies => {
                fs::link_file(&from, &new)?;
                unchanged(&new, &file.from)?;
            }
        }
        anyhow::ensure!(
            fs::same_rights(&new, &into),
            "`{}` has another owner or mode",
            from.display()
        );
        anyhow::ensure!(
            fs::same_content(&new, &into),
            "`{}` is no longer the same",
            from.display()
        );
        staged.insert(file.into.identity, new);
    }
    Ok(staged)
}

/// Replaces the files of a unit, and dates others.
fn place(
    unit: &RelinkUnit,
    relink: &RelinkFolder,
    staged: &BTreeMap<Identity, PathBuf>,
    tally: &mut Tally,
    freed: &mut Freed,
) -> anyhow::Result<()> {
    for file in &unit.files {
        // Nothing else tells of a change since the comparison.
        unchanged(&relink.into.join(&file.into.path), &file.into)?;
    }
    for (at, file) in unit.files.iter().enumerate() {
        let new = staged.get(&file.into.identity);
        let new = new.context("it was not assembled")?;
        let mut rest = unit.files[at + 1..].iter();
        if rest.any(|other| other.into.identity == file.into.identity) {
            // Renaming takes the one name that it has, and there are more to replace.
            let name = new.with_extension(format!("name-{at}"));
            fs::link_file(new, &name)?;
            fs::rename(&name, &relink.into.join(&file.into.path))?;
        } else {
            fs::rename(new, &relink.into.join(&file.into.path))?;
        }
        if let Some(on_disk) = tally.freed(file.space) {
            freed.on_disk += on_disk;
            freed.logical += file.into.length;
            freed.entries += 1;
        }
        fs::checkpoint("relinked-file");
    }
    for date in &unit.dates {
        fs::date_file(&relink.into.join(&date.file.path), date.modified)?;
    }
    Ok(())
}
