//! Deletes what interrupted runs left.

use std::path::Path;

use crate::clean::delete_folders::remove_empty_holders;
use crate::fs;
use crate::fs::Ledger;
use crate::fs::model::Usage;
use crate::markers::{GITIGNORE, STAGE_LOCK};
use crate::plan::apply::Deleted;
use crate::plan::outcome::Stopped;
use crate::plan::run::Context;
use crate::size::Bytes;
use crate::survey::folder::Litter;

/// Deletes something that an interrupted run left, if it is what the plan saw.
pub(crate) fn remove(
    kind: Litter,
    path: &Path,
    usage: Option<&Usage>,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<Deleted, Stopped> {
    match kind {
        Litter::HalfDeleted => trash(path, usage, context, ledger),
        Litter::Stage => stage(path, usage, context, ledger),
        Litter::Unplaced => unplaced(path),
        Litter::Holder => holder(path),
    }
}

/// Deletes a file that was not put in its place, or a folder of ours with such a file. The run that wrote it has
/// ended: only one run at a time writes there.
fn unplaced(path: &Path) -> Result<Deleted, Stopped> {
    let name = path.file_name().and_then(|name| name.to_str());
    let link = fs::info(path)?.is_some_and(|info| info.is_symlink);
    if !name.is_some_and(fs::is_leftover) || link {
        return Err(changed());
    }
    let on_disk = fs::on_disk(path);
    match fs::remove_leftover(path) {
        true => Ok(Deleted::at_once(on_disk)),
        false => Err(Stopped::Skipped(
            "it contains something that is not ours, or that cannot be deleted".into(),
        )),
    }
}

/// Deletes a folder that was made for a file that is not there.
fn holder(path: &Path) -> Result<Deleted, Stopped> {
    if !fs::exists(path) {
        // An undo takes it with the record of the file.
        return Ok(Deleted::at_once(Bytes(0)));
    }
    if !fs::is_folder(path) {
        return Err(changed());
    }
    let on_disk = fs::on_disk(path);
    fs::remove_leftovers(path);
    match fs::remove_empty_folder(path) {
        true => Ok(Deleted::at_once(on_disk)),
        false => Err(changed()),
    }
}

/// Finishes deleting a folder.
fn trash(
    path: &Path,
    usage: Option<&Usage>,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<Deleted, Stopped> {
    if !fs::is_our_trash(path) {
        return Err(changed());
    }
    let seen = usage.map(|usage| &usage.seen);
    let progress = context.progress;
    let mut deleted = Deleted::from(fs::delete_tree(path, GITIGNORE, seen, ledger, progress));
    if deleted.left.is_none() {
        deleted.freed.on_disk += remove_empty_holders(path, context.shared_root);
    }
    fs::checkpoint("trash-finished");
    Ok(deleted)
}

/// Deletes a stage, alone in it. The target folder keeps its time, which says when it was last built into.
fn stage(
    path: &Path,
    usage: Option<&Usage>,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<Deleted, Stopped> {
    let Some(usage) = usage.filter(|_| fs::is_our_stage(path)) else {
        return Err(changed());
    };
    let _lock = fs::lock_stage(path).map_err(|busy| {
        let lock = busy.lock.display();
        Stopped::Skipped(format!("another run is working in it (`{lock}`)"))
    })?;
    // It may have been another folder until the lock was had.
    if !fs::is_our_stage(path) {
        return Err(changed());
    }
    fs::checkpoint("stage-locked");
    let holder = path.parent();
    let dated = holder.and_then(|holder| fs::info(holder).ok()??.modified);
    let progress = context.progress;
    let seen = Some(&usage.seen);
    let deleted = Deleted::from(fs::delete_tree(path, STAGE_LOCK, seen, ledger, progress));
    if let (Some(holder), Some(dated)) = (holder, dated) {
        fs::date_folder(holder, dated);
    }
    Ok(deleted)
}

fn changed() -> Stopped {
    Stopped::Skipped("it has changed since planning; run again".into())
}
