//! Gives a target folder the units of another one: locks, puts together, checks, and only then shows them to Cargo.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use rayon::prelude::*;

use super::{Context, Stopped};
use crate::dep_info::DepInfo;
use crate::fingerprint::{self, rehash::Change};
use crate::fs::{self, LockGuard, Sought};
use crate::layout;
use crate::marks::{self, STAGE};
use crate::model::{
    Busy, BusyReason, Dated, Identity, Method, Sharing, Skipped, SourceFile, TakenUnit, UnitFile,
    UnitId, UnitKind, WarmFolder, Warmed,
};
use crate::relocate;
use crate::size::Bytes;

/// Warms one folder.
///
/// What cannot be had is left out, with what depends on it. Until its fingerprint is in place, which comes last, a
/// unit is nothing to Cargo, so that whatever is left by a run that is killed is made anew.
pub(super) fn folder(warm: &WarmFolder, context: &Context<'_>) -> Result<Warmed, Stopped> {
    let profiles: BTreeSet<PathBuf> = warm
        .units
        .iter()
        .map(|unit| PathBuf::from(&unit.id.profile))
        .collect();
    let profiles: Vec<PathBuf> = profiles.into_iter().collect();
    let sought = match warm.wait {
        true => Sought::UntilFree,
        false => Sought::Once,
    };
    let _donor = fs::lock_to_read(&warm.from, &profiles, sought)
        .map_err(|busy| held(&busy, "the donor; --wait waits for it"))?;
    prepare(&warm.into, &profiles)?;
    let _own = fs::lock_to_write(&warm.into, &profiles).map_err(|busy| held(&busy, "it"))?;
    let stage = Stage::make(&warm.into)?;
    fs::checkpoint("warm-locked");
    let staging = Staging {
        from: &warm.from,
        stage: &stage.path,
        method: method(warm, &stage.path),
        names: &warm.names,
        into: warm.into.display().to_string(),
        looked_at: warm.looked_at,
        worktrees: warm.worktrees.as_ref(),
        workspace: &warm.workspace,
    };
    // What takes longest first, so that nobody waits for it in the end.
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
    // What others are compiled with is put in place before them.
    staged.sort_by_key(|(at, ..)| *at);
    fs::checkpoint("warm-staged");
    let changed = changed_source(warm);
    let mut rehashed: HashMap<u64, u64> = HashMap::new();
    let mut warmed = Warmed {
        method: staging.method,
        ..Warmed::default()
    };
    let mut left: BTreeMap<&UnitId, &str> = BTreeMap::new();
    for (_, unit, staged) in &staged {
        let without = unit.dependencies.iter().find_map(|id| left.get(id));
        let result = match (staged, without) {
            (Err(error), _) => Err(format!("{error:#}")),
            (Ok(_), Some(package)) => Err(format!("it depends on {package}, which was left")),
            (Ok(_), None) if unit.local && changed.is_some() => {
                let file = changed.unwrap_or(Path::new("")).display();
                Err(format!("`{file}` has changed since the plan was made"))
            }
            (Ok(shared), None) => rehash(unit, &stage.path, &mut rehashed)
                .and_then(|()| place(unit, &stage.path, &warm.into))
                .map(|()| shared)
                .map_err(|error| format!("{error:#}")),
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
        // Whoever deletes the donor next must not take that for a success.
        Some(first) if warmed.units == 0 => Err(Stopped::Failed(format!(
            "none of the units could be had; the first is {}: {}",
            first.package, first.message
        ))),
        _ => Ok(warmed),
    }
}

pub(super) fn held(busy: &Busy, what: &str) -> Stopped {
    Stopped::Skipped(match &busy.why {
        BusyReason::Unclear(error) => format!(
            "whether a build is running cannot be told (`{}`: {error})",
            busy.lock.display()
        ),
        _ => format!("a build holds {what} (`{}`)", busy.lock.display()),
    })
}

/// Makes the folder if there is none, with the tag that Cargo would give it: it does not tag one that is there.
fn prepare(into: &Path, profiles: &[PathBuf]) -> Result<(), Stopped> {
    let info = fs::info(into)?;
    if info.is_some_and(|info| !info.is_dir) {
        return Err(Stopped::Skipped(
            "expected a folder there, and no link".into(),
        ));
    }
    let empty = info.is_none() || fs::names(into)?.is_empty();
    fs::create_folder(into)?;
    if empty || marks::read(&fs::shape(into)).cargo {
        fs::write_if_absent(&into.join(marks::TAG_NAME), &marks::tag_file())?;
    }
    for profile in profiles {
        fs::create_folder(&into.join(profile))?;
    }
    Ok(())
}

/// The folder in which units are put together. It goes when this is dropped.
pub(super) struct Stage {
    pub(super) path: PathBuf,
    _lock: LockGuard,
}

impl Stage {
    /// Whoever was killed here before left things that nobody wants.
    pub(super) fn make(into: &Path) -> Result<Self, Stopped> {
        let top = into.join(STAGE);
        if !fs::make_stage(&top)? {
            return Err(Stopped::Skipped(format!(
                "`{}` is in the way, which is not ours; move it away",
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
        // If it stays, the next one clears it away.
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

/// What a unit takes.
#[derive(Default)]
struct Shared {
    shared: Bytes,
    copied: Bytes,
}

struct Staging<'a> {
    from: &'a Path,
    stage: &'a Path,
    method: Method,
    names: &'a [String],
    into: String,
    /// The time of what is as new as the look at the sources.
    looked_at: Option<Timestamp>,
    worktrees: Option<&'a (PathBuf, PathBuf)>,
    workspace: &'a Path,
}

impl Staging<'_> {
    /// Puts a unit together, and looks whether its files are those of the plan.
    fn unit(&self, unit: &TakenUnit) -> anyhow::Result<Shared> {
        let mut total = Shared::default();
        let mut copies: HashMap<Identity, PathBuf> = HashMap::new();
        for file in &unit.files {
            let (from, to) = (self.from.join(&file.path), self.stage.join(&file.path));
            if file.sharing == Sharing::Folder {
                fs::create_folder(&to)?;
                continue;
            }
            if let Some(folder) = to.parent() {
                fs::create_folder(folder)?;
            }
            unchanged(&from, file)?;
            match file.sharing {
                Sharing::Special => fs::copy_link(&from, &to)?,
                _ => {
                    // Cargo gives some files two names, which stay two names of one file.
                    let known = copies.get(&file.identity).filter(|_| file.links > 1);
                    if let Some(known) = known {
                        fs::link_file(known, &to)?;
                        continue;
                    }
                    if let Some(text) = self.relocated(unit, file)? {
                        fs::write_like(&from, &to, &text)?;
                        total.copied += file.length;
                    } else if self.file(file.sharing, &from, &to)? {
                        total.shared += file.length;
                    } else {
                        total.copied += file.length;
                        copies.insert(file.identity, to);
                    }
                }
            }
            // It may have been replaced or written to while it was copied.
            unchanged(&from, file)?;
        }
        self.date(unit)?;
        // What is put into a folder makes it newer, so that each comes after all that is in it.
        for file in unit.files.iter().rev() {
            if let (Sharing::Folder, Some(modified)) = (file.sharing, file.modified) {
                fs::date_folder(&self.stage.join(&file.path), modified);
            }
        }
        Ok(total)
    }

    /// Has files look as new as the look at the sources. All are the destination's own: links have the donor's times.
    fn date(&self, unit: &TakenUnit) -> anyhow::Result<()> {
        let Some(at) = self.looked_at.filter(|_| unit.dated != Dated::AsTheyWere) else {
            return Ok(());
        };
        let depth = unit.id.profile.split('/').count();
        let run = unit.kind == UnitKind::BuildScriptRun;
        for file in unit
            .files
            .iter()
            .filter(|file| file.sharing == Sharing::Copy)
        {
            let parts: Vec<_> = file
                .path
                .iter()
                .skip(depth)
                .map(|part| part.to_string_lossy())
                .collect();
            let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
            let dated = match unit.dated {
                Dated::Whole => layout::is_fingerprint(&parts) || layout::is_output(&parts, run),
                _ => layout::is_dep_info(&parts),
            };
            let path = self.stage.join(&file.path);
            if layout::is_dep_info(&parts) {
                self.follow(&path)?;
            }
            if dated {
                fs::date_file(&path, at)?;
            }
        }
        self.mark(unit)
    }

    /// Leaves a mark by which we know later that it was us who put a local unit here.
    fn mark(&self, unit: &TakenUnit) -> anyhow::Result<()> {
        let depth = unit.id.profile.split('/').count();
        let mut fingerprint = None;
        let mut dated = None;
        for file in &unit.files {
            let parts: Vec<_> = file
                .path
                .iter()
                .skip(depth)
                .map(|part| part.to_string_lossy())
                .collect();
            let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
            if layout::is_fingerprint(&parts) {
                fingerprint = file.path.parent();
            }
            if layout::is_dep_info(&parts) || layout::is_said(&parts) {
                dated = fs::info(&self.stage.join(&file.path))?.and_then(|info| info.modified);
            }
        }
        if let (Some(folder), Some(at), true) = (fingerprint, dated, unit.local) {
            let text = marks::carried(self.workspace, at);
            fs::write_own(
                &self.stage.join(folder).join(marks::CARRIED),
                text.as_bytes(),
            )?;
        }
        Ok(())
    }

    /// Has a list of sources name those of the destination, where it names the donor's by absolute paths.
    fn follow(&self, path: &Path) -> anyhow::Result<()> {
        let Some((from, into)) = self.worktrees else {
            return Ok(());
        };
        let bytes = fs::read(path)?.unwrap_or_default();
        let (from, into) = (from.display().to_string(), into.display().to_string());
        match DepInfo::relocated(&bytes, &from, &into) {
            Some(new) => fs::write_like(path, path, &new),
            None => Ok(()),
        }
    }

    /// A text file that a build script has made, if it says where it lies: what it says there follows.
    fn relocated(&self, unit: &TakenUnit, file: &UnitFile) -> anyhow::Result<Option<Vec<u8>>> {
        let mut parts = file.path.iter().skip(unit.id.profile.split('/').count());
        let in_out_dir = parts.any(|part| part == "out") && parts.next().is_some();
        let name = file.path.file_name().unwrap_or_default();
        let note = relocate::may_be_note(&name.to_string_lossy());
        let short = file.length <= Bytes(relocate::LONGEST);
        if unit.kind != UnitKind::BuildScriptRun || !in_out_dir || !note || !short {
            return Ok(None);
        }
        let text = fs::read(&self.from.join(&file.path))?;
        Ok(text.and_then(|text| relocate::relocate(&text, self.names, &self.into)))
    }

    /// Gives one file, and says whether its storage is shared.
    fn file(&self, sharing: Sharing, from: &Path, to: &Path) -> anyhow::Result<bool> {
        match (self.method, sharing) {
            // A file may be excluded from what the filesystem can do.
            (Method::Clones, _) if fs::clone_file(from, to).is_ok() => Ok(true),
            // A file has no more than so many names, and some filesystems know one only.
            (Method::Links, Sharing::Link) if fs::link_file(from, to).is_ok() => Ok(true),
            (Method::Copies, _) => {
                fs::copy_far(from, to)?;
                Ok(false)
            }
            (Method::Clones | Method::Links, _) => {
                fs::copy_file(from, to)?;
                Ok(false)
            }
        }
    }
}

/// Whether what is at a path is the file of the plan.
pub(super) fn unchanged(path: &Path, file: &UnitFile) -> anyhow::Result<()> {
    let same = fs::info(path)?.is_some_and(|info| {
        info.identity == file.identity
            && info.modified == file.modified
            && info.length == file.length
    });
    anyhow::ensure!(
        same,
        "`{}` has changed since the plan was made",
        path.display()
    );
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

/// Writes the fingerprint that Cargo would write here, where that is another one than the donor's.
fn rehash(unit: &TakenUnit, stage: &Path, known: &mut HashMap<u64, u64>) -> anyhow::Result<()> {
    if !unit.rehashed {
        return Ok(());
    }
    let is_json = |file: &&UnitFile| {
        let depth = unit.id.profile.split('/').count();
        let parts: Vec<_> = file
            .path
            .iter()
            .skip(depth)
            .map(|part| part.to_string_lossy())
            .collect();
        let parts: Vec<&str> = parts.iter().map(|part| &**part).collect();
        layout::is_fingerprint(&parts) && file.path.extension().is_some_and(|end| end == "json")
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
            true => Err(anyhow::anyhow!("`{}` is there now", to.display())),
            false => to
                .parent()
                .map_or(Ok(()), fs::create_folder)
                .and_then(|()| fs::rename(&from, &to)),
        };
        if let Err(error) = result {
            for entry in placed {
                // What stays has no fingerprint, so Cargo makes it anew.
                let _ = fs::rename(&into.join(entry), &stage.join(entry));
            }
            return Err(error);
        }
        placed.push(entry);
    }
    Ok(())
}
