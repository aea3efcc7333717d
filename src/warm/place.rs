//! Gives a target folder the units of another one: locks, puts together, checks, and only then shows them to Cargo.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;

use crate::fs::model::{Busy, BusyReason, SourceFile};
use crate::fs::{LockGuard, LockMode};
use crate::markers::STAGE;
use crate::plan::outcome::Stopped;
use crate::plan::run::Context;
use crate::size::Bytes;
use crate::target::fingerprint;
use crate::target::fingerprint::rehash::Change;
use crate::target::unit::UnitId;
use crate::target::unit_file::{Sharing, UnitFile};
use crate::text::failure;
use crate::warm::model::{Method, Skipped, TakenUnit, WarmFolder, Warmed};
use crate::warm::rustc_info;
use crate::warm::stage::{Shared, Staging};
use crate::warm::trusted::Trusted;
use crate::{fs, markers};

/// Warms one folder.
///
/// Units that cannot be had are left out, with all that depend on them. A unit's fingerprint is put in place last,
/// and until then the unit is nothing to Cargo: whatever a killed run leaves is made anew.
pub(crate) fn folder(
    warm: &WarmFolder,
    trusted: &mut Trusted,
    context: &Context<'_>,
) -> Result<Warmed, Stopped> {
    let files = warm.units.iter().flat_map(|unit| &unit.files);
    trusted.gives(&warm.from, files.map(|file| file.path.as_path()))?;
    trusted.gets(&warm.into)?;
    let profiles: BTreeSet<PathBuf> = warm
        .units
        .iter()
        .map(|unit| PathBuf::from(&unit.id.profile))
        .collect();
    let profiles: Vec<PathBuf> = profiles.into_iter().collect();
    let sought = match warm.wait {
        true => LockMode::UntilFree,
        false => LockMode::Once,
    };
    let _donor = fs::lock_to_read(&warm.from, &profiles, sought)
        .map_err(|busy| held(&busy, "the donor; --wait waits for it"))?;
    prepare(&warm.into, &profiles, context)?;
    let _own = fs::lock_to_write(&warm.into, &profiles).map_err(|busy| held(&busy, "it"))?;
    let stage = Stage::make(&warm.into)?;
    fs::checkpoint("warm-locked");
    // A change from now on gets its time by that clock, and must be newer than the look.
    let behind = match warm.looked_at {
        Some(_) => fs::clock_behind(&stage.path)?,
        None => SignedDuration::ZERO,
    };
    let looked_at = warm.looked_at.map(|at| at - behind);
    let staging = Staging {
        from: &warm.from,
        stage: &stage.path,
        method: method(warm, &stage.path),
        names: &warm.names,
        rewritten: &warm.rewritten,
        into: warm.into.display().to_string(),
        looked_at,
        configured: warm.configured,
        worktrees: warm.worktrees.as_ref(),
        workspace: &warm.workspace,
    };
    staging.folders(&warm.units);
    // The longest copies first, so that the end does not wait for one of them.
    let mut order: Vec<(usize, &TakenUnit)> = warm.units.iter().enumerate().collect();
    order.sort_by_key(|(_, unit)| {
        let copied = unit
            .files
            .iter()
            .filter(|file| file.sharing == Sharing::Copy);
        std::cmp::Reverse(copied.map(|file| file.length).sum::<Bytes>())
    });
    let mut staged: Vec<(usize, &TakenUnit, anyhow::Result<Shared>)> = order
        .into_par_iter()
        .with_max_len(1)
        .map(|(at, unit)| {
            let staged = staging.unit(unit);
            if let Ok(shared) = &staged {
                context.progress.add(1, shared.shared + shared.copied);
            }
            (at, unit, staged)
        })
        .collect();
    // Dependencies are put in place before their dependents.
    staged.sort_by_key(|(at, ..)| *at);
    fs::checkpoint("warm-staged");
    let changed = changed_source(warm).or_else(|| newer_source(warm, looked_at));
    let mut rehashed: HashMap<u64, u64> = HashMap::new();
    let mut warmed = Warmed {
        method: staging.method,
        ..Warmed::default()
    };
    let mut left: BTreeMap<&UnitId, &str> = BTreeMap::new();
    for (_, unit, staged) in &staged {
        let without = unit.dependencies.iter().find_map(|id| left.get(id));
        let result = match (staged, without) {
            (Err(error), _) => Err(failure::words(error.as_ref())),
            (Ok(_), Some(package)) => Err(format!("it depends on {package}, which was not taken")),
            (Ok(_), None) if unit.local && changed.is_some() => {
                let file = changed.unwrap_or(Path::new("")).display();
                Err(format!("`{file}` has changed since planning"))
            }
            (Ok(shared), None) => rehash(unit, &stage.path, &mut rehashed)
                .and_then(|()| place(unit, &stage.path, &warm.into))
                .map(|()| shared)
                .map_err(|error| failure::words(error.as_ref())),
        };
        match result {
            Ok(shared) => {
                warmed.units += 1;
                warmed.shared += shared.shared;
                warmed.copied += shared.copied;
                fs::checkpoint("warm-placed");
            }
            Err(message) => {
                left.insert(&unit.id, &unit.package);
                warmed.left.push(Skipped {
                    id: unit.id.clone(),
                    package: unit.package.clone(),
                    message,
                });
            }
        }
    }
    match warmed.left.first() {
        // The run that deletes the donor next must not take that for a success.
        Some(first) if warmed.units == 0 => Err(Stopped::Failed(format!(
            "no unit could be taken; the first is {}: {}",
            first.package, first.message
        ))),
        _ => {
            rustc_info::give(warm);
            Ok(warmed)
        }
    }
}

pub(crate) fn held(busy: &Busy, what: &str) -> Stopped {
    Stopped::Skipped(match &busy.why {
        BusyReason::Unclear(why) => format!(
            "it is unknown whether a build is running (`{}`: {why})",
            busy.lock.display()
        ),
        _ => format!("a build holds {what} (`{}`)", busy.lock.display()),
    })
}

/// Makes the folder if there is none, with the tag that Cargo would give it: it does not tag one that is there.
fn prepare(into: &Path, profiles: &[PathBuf], context: &Context<'_>) -> Result<(), Stopped> {
    fs::no_link(context.shared_root, into)?;
    let info = fs::info(into)?;
    if info.is_some_and(|info| !info.is_dir) {
        return Err(Stopped::Skipped(
            "expected a folder there, not a link".into(),
        ));
    }
    let empty = info.is_none() || fs::names(into)?.is_empty();
    let above = into.parent().unwrap_or(into);
    fs::keeping_times(&[above], || fs::create_folder(into))?;
    if empty || markers::read(&fs::shape(into)).cargo {
        fs::write_if_absent(&into.join(markers::TAG_NAME), &markers::tag_file())?;
    }
    for profile in profiles {
        fs::no_link(into, &into.join(profile))?;
        fs::create_folder(&into.join(profile))?;
    }
    Ok(())
}

/// The folder in which units are put together. It is deleted when this is dropped.
pub(crate) struct Stage {
    pub(crate) path: PathBuf,
    _lock: LockGuard,
}

impl Stage {
    /// Makes the folder, and deletes the files that a killed run left there.
    pub(crate) fn make(into: &Path) -> Result<Self, Stopped> {
        let top = into.join(STAGE);
        if !fs::make_stage(&top)? {
            return Err(Stopped::Skipped(format!(
                "`{}` is in the way and not ours; move it away",
                top.display()
            )));
        }
        let lock = fs::lock_stage(&top).map_err(|busy| match busy.why {
            BusyReason::Held => Stopped::Skipped("another run warms it".into()),
            _ => held(&busy, "it"),
        })?;
        let path = top.join("units");
        fs::remove_own_folder(&path)?;
        fs::create_folder(&path)?;
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // If it is left, the next run deletes it.
        if let Some(top) = self.path.parent() {
            let _ = fs::remove_own_folder(&self.path);
            fs::discard_stage(top);
        }
    }
}

/// How files come from one filesystem to the other.
fn method(warm: &WarmFolder, stage: &Path) -> Method {
    let device = |path: &Path| {
        fs::info(path)
            .ok()
            .flatten()
            .map(|info| info.identity.device)
    };
    let files = warm.units.iter().flat_map(|unit| &unit.files);
    let mut real = files.filter(|file| {
        matches!(file.sharing, Sharing::Link | Sharing::Copy) && file.length > Bytes(0)
    });
    // Btrfs clones from one subvolume to another, though each is a device of its own.
    match real.next() {
        Some(file) if fs::clones(&warm.from.join(&file.path), &stage.join("probe")) => {
            Method::Clones
        }
        _ if device(&warm.from) != device(stage) => Method::Copies,
        _ => Method::Links,
    }
}

/// Whether what is at a path is the file of the plan.
pub(crate) fn unchanged(path: &Path, file: &UnitFile) -> anyhow::Result<()> {
    let same = fs::info(path)?.is_some_and(|info| {
        info.identity == file.identity
            && info.modified == file.modified()
            && (file.sharing == Sharing::Folder || info.length == file.length)
    });
    anyhow::ensure!(same, "`{}` has changed since planning", path.display());
    Ok(())
}

/// The first of the destination's sources that has changed since they were looked at.
fn changed_source(warm: &WarmFolder) -> Option<&Path> {
    let is_same = |source: &&SourceFile| {
        let info = fs::info(&source.path).ok().flatten();
        info.is_some_and(|info| {
            info.identity == source.identity
                && info.modified == source.modified
                && info.length == source.length
        })
    };
    let changed = warm.sources.par_iter().find_any(|source| !is_same(source));
    changed.map(|source| source.path.as_path())
}

/// The first of the destination's sources that is not older than the look at them, by the clock of its filesystem.
fn newer_source(warm: &WarmFolder, looked_at: Option<Timestamp>) -> Option<&Path> {
    let newer = |source: &&SourceFile| {
        looked_at.is_some_and(|at| source.modified.is_none_or(|modified| modified >= at))
    };
    let newer = warm.sources.iter().find(newer);
    newer.map(|source| source.path.as_path())
}

/// Writes the fingerprint that Cargo would write here, where that is another one than the donor's.
fn rehash(unit: &TakenUnit, stage: &Path, known: &mut HashMap<u64, u64>) -> anyhow::Result<()> {
    if !unit.rehashed {
        return Ok(());
    }
    let is_json = |file: &&UnitFile| {
        file.is_fingerprint() && file.path.extension().is_some_and(|end| end == "json")
    };
    let file = unit.files.iter().find(is_json);
    let path = stage.join(&file.context("it has no fingerprint")?.path);
    let hash_file = path.with_extension("");
    let read = |path: &Path| fs::read(path)?.context("its fingerprint is gone");
    let hash = fingerprint::parse_hash(&read(&hash_file)?).map_err(anyhow::Error::msg)?;
    let change = Change {
        precalculated: unit.precalculated.as_deref(),
        deps: known,
    };
    let (json, new) =
        fingerprint::rehash::rehash(&read(&path)?, hash, &change).map_err(anyhow::Error::msg)?;
    fs::write_like(&path, &path, &json)?;
    fs::write_like(
        &hash_file,
        &hash_file,
        fingerprint::rehash::written(new).as_bytes(),
    )?;
    known.insert(hash, new);
    Ok(())
}

/// Moves a unit to where Cargo looks for it.
fn place(unit: &TakenUnit, stage: &Path, into: &Path) -> anyhow::Result<()> {
    for (at, entry) in unit.clear.iter().enumerate() {
        // The same hash may stand in several profile folders.
        let profile = unit.id.profile.replace('/', "-");
        let aside = stage.join(format!("cleared-{profile}-{}-{at}", unit.id.hash));
        if fs::exists(&into.join(entry)) {
            fs::rename(&into.join(entry), &aside)?;
        }
    }
    let mut placed: Vec<&PathBuf> = Vec::new();
    for entry in &unit.entries {
        let (from, to) = (stage.join(entry), into.join(entry));
        let result = match fs::exists(&to) {
            true => Err(anyhow::anyhow!("`{}` now exists", to.display())),
            false => to
                .parent()
                .map_or(Ok(()), fs::create_folder)
                .and_then(|()| fs::rename(&from, &to)),
        };
        if let Err(error) = result {
            for entry in placed {
                // A unit that is left there has no fingerprint, so Cargo makes it anew.
                let _ = fs::rename(&into.join(entry), &stage.join(entry));
            }
            return Err(error);
        }
        placed.push(entry);
    }
    Ok(())
}
