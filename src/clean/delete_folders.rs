//! Deletes target folders: looks again, takes Cargo's locks, renames, then removes.

use std::path::{Path, PathBuf};

use crate::clean::model::DeleteFolder;
use crate::fs::model::Seen;
use crate::fs::{Ledger, Removal};
use crate::markers::{GITIGNORE, TRASH_PREFIX};
use crate::plan::apply::Deleted;
use crate::plan::kept::{DeleteReason, KeptReason};
use crate::plan::outcome::Stopped;
use crate::plan::run::Context;
use crate::size::Bytes;
use crate::survey::folder::Marks;
use crate::text::failure;
use crate::{fs, markers};

/// Deletes one target folder, if everything in it is what the plan saw.
///
/// The folder is checked twice: under its own name before it is moved, so that a changed one is not moved, and again
/// entry by entry during the deletion. Entries that were made in between are put back.
pub(crate) fn folder(
    folder: &DeleteFolder,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<Deleted, Stopped> {
    fs::checkpoint("deleting");
    let path = folder.path.as_path();
    let skip = |why: String| Err(Stopped::Skipped(why));
    match fs::info(path)? {
        None => return skip("it is already gone".into()),
        Some(info) if info.is_symlink || info.identity != folder.identity => {
            return skip("another folder has replaced the planned one; run again".into());
        }
        Some(_) => {}
    }
    if let Some(why) = still_needed(folder, context) {
        return skip(why);
    }
    let reading = markers::read(&fs::shape(path));
    let profiles = reading.profiles.clone();
    // Held until the folder has its new name: a build that waits for them starts in a new folder.
    let locks = match fs::lock_all(path, &profiles) {
        Ok(locks) => locks,
        Err(busy) => {
            return skip(format!(
                "a build is running in it (`{}`)",
                busy.lock.display()
            ));
        }
    };
    if let Some(busy) = fs::Uses::now().of(path) {
        return skip(format!("it is in use (`{}`)", busy.lock.display()));
    }
    let now = Marks {
        tag: fs::tag(path),
        cargo: reading.cargo,
        foreign: reading.foreign,
        ..Marks::default()
    };
    match crate::clean::deletable::unfit(&now, &folder.allowed_entries) {
        Some(KeptReason::ForeignEntries { names }) => {
            return skip(format!(
                "it now has entries that Cargo does not create: {}",
                names.join(", ")
            ));
        }
        Some(KeptReason::NotATarget { why }) => return skip(why),
        Some(_) => return skip("it has changed since planning; run again".into()),
        None => {}
    }
    let Some(usage) = &folder.usage else {
        return skip("it was not inspected".into());
    };
    if let Some(other) = fs::difference(path, &usage.seen)? {
        return skip(format!(
            "`{}` has changed since planning; run again",
            other.display()
        ));
    }
    let deleted = throw_away(folder, &usage.seen, locks, context, ledger)?;
    fs::checkpoint("deleted");
    Ok(deleted)
}

/// Moves the folder into a marked trash folder beside it and deletes it there.
///
/// Nothing is ever written into the folder itself: it may be another one by now, or be kept after all.
fn throw_away(
    folder: &DeleteFolder,
    seen: &Seen,
    locks: fs::LockGuard,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<Deleted, Stopped> {
    let path = folder.path.as_path();
    let trash = trash_name(path);
    let marked = match fs::make_trash(&trash) {
        Ok(()) => true,
        // Where not even a mark fits, the folder must be deleted all the more. It has the name of trash then, and the
        // user learns of it if this run does not finish.
        Err(error) if fs::is_full(&error) => false,
        Err(error) => return Err(error.into()),
    };
    fs::checkpoint("marked");
    let inner = match path.file_name() {
        Some(name) if marked => trash.join(name),
        _ => trash.clone(),
    };
    // Windows does not rename a folder in which a file is open, so a build may start in the moment between.
    #[cfg(windows)]
    drop(locks);
    let above = path.parent().unwrap_or(path);
    if let Err(error) = fs::keeping_times(&[above], || fs::rename(path, &inner)) {
        fs::discard_trash(&trash);
        return match fs::is_across(&error) {
            true => Ok(in_place(folder, seen, context, ledger)),
            false => Err(error.into()),
        };
    }
    #[cfg(not(windows))]
    drop(locks);
    let moved = fs::info(&inner)?;
    if moved.is_none_or(|info| info.is_symlink || info.identity != folder.identity) {
        let what = "another folder has replaced the planned one";
        return Err(match put_back(&inner, path, &trash) {
            Ok(()) => Stopped::Skipped(format!("{what}; run again")),
            Err(error) => {
                let (inner, why) = (inner.display(), failure::words(error.as_ref()));
                Stopped::Failed(format!("{what}, and was moved to `{inner}`: {why}"))
            }
        });
    }
    let for_good = goes_for_good(folder, context.shared_root);
    if marked && for_good {
        // The owner file is moved with the folder, so that a run that is killed while it deletes leaves no owner file
        // without a folder.
        let _ = fs::rename(
            &crate::survey::folder::owner_file(path),
            &crate::survey::folder::owner_file(&inner),
        );
    }
    fs::checkpoint("renamed");
    let progress = context.progress;
    let mut deleted = Deleted::from(fs::delete_tree(
        &inner,
        GITIGNORE,
        Some(seen),
        ledger,
        progress,
    ));
    if let Some(left) = deleted.left.as_mut().filter(|_| deleted.kept) {
        if marked && for_good {
            let _ = fs::rename(
                &crate::survey::folder::owner_file(&inner),
                &crate::survey::folder::owner_file(path),
            );
        }
        let at = inner.display().to_string();
        *left = match put_back(&inner, path, &trash) {
            Ok(()) => left.replace(&at, &path.display().to_string()),
            Err(error) => format!(
                "{left}; it was moved there: {}",
                failure::words(error.as_ref())
            ),
        };
    }
    if deleted.left.is_none() {
        if for_good {
            // An owner file without a folder does no harm, so it is no failure if it is left.
            let note = crate::survey::folder::owner_file(if marked { &inner } else { path });
            let on_disk = fs::on_disk(&note);
            if fs::remove_file(&note).is_ok() {
                deleted.freed.on_disk += on_disk;
            }
        }
        fs::discard_trash(&trash);
        if for_good {
            deleted.freed.on_disk += remove_empty_holders(path, context.shared_root);
        }
    }
    Ok(deleted)
}

/// Deletes a folder that cannot be renamed where it is: folders with fingerprints first, so that Cargo makes anew
/// whatever a killed run leaves, and the marks of a target folder last, so that the next run continues. The caller
/// holds Cargo's locks.
fn in_place(folder: &DeleteFolder, seen: &Seen, context: &Context<'_>, ledger: &Ledger) -> Deleted {
    let path = folder.path.as_path();
    let removal = Removal::new(Some(seen), ledger, context.progress);
    let profiles = markers::read(&fs::shape(path)).profiles;
    for profile in profiles.iter().map(|profile| path.join(profile)) {
        // The fingerprints first: in the classic layout all in one folder, in the new one each in the folder of its
        // unit.
        for inner in [".fingerprint", "build"] {
            removal.remove(&profile.join(inner));
        }
    }
    fs::checkpoint("deleting-in-place");
    let names = fs::names(path).unwrap_or_default();
    let last = |name: &String| name == markers::TAG_NAME || name == markers::RUSTC_INFO;
    let (marks, rest): (Vec<String>, Vec<String>) = names.into_iter().partition(last);
    for name in rest {
        removal.remove(&path.join(name));
    }
    let own = fs::on_disk(path);
    // Files that were kept are left in a target folder.
    let is_all = fs::names(path).is_ok_and(|left| left.len() == marks.len());
    for mark in marks.iter().filter(|_| is_all) {
        removal.remove(&path.join(mark));
    }
    let mut deleted = Deleted::from(removal.finish());
    if fs::remove_empty_folder(path) {
        deleted.freed.on_disk += own;
        deleted.freed.entries += 1;
    } else if deleted.left.is_none() {
        deleted.left =
            Some("another program has put something into it; the rest is deleted".into());
    }
    if deleted.left.is_none() && goes_for_good(folder, context.shared_root) {
        let _ = fs::remove_file(&crate::survey::folder::owner_file(path));
        remove_empty_holders(path, context.shared_root);
    }
    deleted
}

/// Moves something back that is not what the plan named.
fn put_back(inner: &Path, path: &Path, trash: &Path) -> anyhow::Result<()> {
    let back = if fs::exists(path) {
        Err(anyhow::anyhow!(
            "something else exists at `{}`",
            path.display()
        ))
    } else {
        let above = path.parent().unwrap_or(path);
        fs::keeping_times(&[above], || fs::rename(inner, path))
    };
    match back {
        Ok(()) => fs::discard_trash(trash),
        Err(_) if inner != trash => {
            // A folder without its mark is not taken for trash.
            let _ = fs::remove_file(&trash.join(GITIGNORE));
        }
        Err(_) => {}
    }
    back
}

/// Asks Cargo once more whether a workspace builds into a folder that no workspace should build into.
fn still_needed(folder: &DeleteFolder, context: &Context<'_>) -> Option<String> {
    if let DeleteReason::OwnerGone { workspace } = &folder.why
        && ["Cargo.toml", ".git"]
            .iter()
            .any(|name| fs::exists(&workspace.join(name)))
    {
        return Some(format!("its workspace `{}` is back", workspace.display()));
    }
    let programs_may_stay = matches!(folder.why, DeleteReason::BuildDirMoved { .. });
    folder
        .released_by
        .iter()
        .find_map(|workspace| match context.cargo.metadata(workspace) {
            Err(error) => Some(format!(
                "Cargo does not tell the target folder of `{}`: {}",
                workspace.display(),
                failure::words(error.as_ref())
            )),
            Ok(said) => {
                let is_it = |dir: &Path| fs::canonical_as_far_as_it_exists(dir) == folder.path;
                let build_dir = said.build_dir.as_deref().unwrap_or(&said.target_dir);
                let used = is_it(build_dir) || (!programs_may_stay && is_it(&said.target_dir));
                used.then(|| format!("`{}` builds into it", workspace.display()))
            }
        })
}

/// A free name beside the folder, so that Cargo never sees half of it.
fn trash_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let id = std::process::id();
    (0_u32..)
        .map(|n| path.with_file_name(format!("{TRASH_PREFIX}{name}-{id}-{n}")))
        .find(|trash| !fs::exists(trash))
        .unwrap_or_else(|| path.with_file_name(format!("{TRASH_PREFIX}{name}-{id}")))
}

/// Returns whether no workspace will build into the folder again, so that its owner file is deleted with it.
fn goes_for_good(folder: &DeleteFolder, shared_root: &Path) -> bool {
    let for_good = matches!(
        folder.why,
        DeleteReason::OwnerGone { .. } | DeleteReason::Replaced { .. }
    );
    for_good && folder.path.starts_with(shared_root)
}

/// Removes folders under the shared root that hold nothing any more, and says what they took.
pub(crate) fn remove_empty_holders(path: &Path, shared_root: &Path) -> Bytes {
    let holders = path
        .ancestors()
        .skip(1)
        .take_while(|holder| holder.starts_with(shared_root));
    let mut freed = Bytes(0);
    for holder in holders.filter(|holder| *holder != shared_root) {
        let on_disk = fs::on_disk(holder);
        if !fs::remove_empty_folder(holder) {
            break;
        }
        freed += on_disk;
    }
    freed
}
