//! Moves a target folder: looks again, takes Cargo's locks, renames, and has what names the old place follow.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::fs;
use crate::markers;
use crate::plan::outcome::Stopped;
use crate::plan::run::Context;
use crate::survey::folder::owner_file;
use crate::text::failure;
use crate::warm::moving::{MoveFolder, Moved, Programs, programs};
use crate::warm::place::held;
use crate::warm::relocate;

/// The end of a hash's name while Cargo is not to see it.
const ASIDE: &str = ".sharedtarget-moving";

/// Whether a name is that of a hash which Cargo is not to see.
pub(crate) fn is_aside(name: &str) -> bool {
    name.ends_with(ASIDE)
}

/// Moves one folder, if everything in it is what the plan saw and Cargo builds into the new place by now.
///
/// A run that is killed leaves the folder whole at one of the two places, and units that Cargo does not believe to be
/// complete where it was at work. If final programs have another place than intermediates, some of these may have been moved
/// and others not: Cargo compiles those again. Final programs and the user's files are never moved then.
pub(crate) fn folder(one: &MoveFolder, context: &Context<'_>) -> Result<Moved, Stopped> {
    fs::checkpoint("moving");
    let (from, to) = (one.from.as_path(), one.to.as_path());
    let skip = |why: String| Err(Stopped::Skipped(why));
    match fs::info(from)? {
        None => return skip("it is already gone".into()),
        Some(info) if info.is_symlink || info.identity != one.identity => {
            return skip("another folder has replaced the planned one; run again".into());
        }
        Some(_) => {}
    }
    if let Some(why) = builds_elsewhere(one, context) {
        return skip(why);
    }
    let profiles = markers::read(&fs::shape(from)).profiles;
    // Held until the folder has its new name: a build that waits for them starts there.
    let locks = fs::lock_all(from, &profiles).map_err(|busy| held(&busy, "it"))?;
    if let Some(busy) = fs::Uses::now().of(from) {
        return skip(format!("it is in use (`{}`)", busy.lock.display()));
    }
    let Some(usage) = &one.usage else {
        return skip("it was not inspected".into());
    };
    if let Some(other) = fs::difference(from, &usage.seen)? {
        return skip(format!(
            "`{}` has changed since planning; run again",
            other.display()
        ));
    }
    fs::no_link(context.shared_root, to)?;
    // Held as well: a build may put a program there.
    let mut programs_locks = None;
    if one.programs == Programs::AreThere && fs::is_folder(to) {
        let profiles = markers::read(&fs::shape(to)).profiles;
        let held_by = |busy| held(&busy, "its `target-dir`");
        programs_locks = Some(fs::lock_all(to, &profiles).map_err(held_by)?);
        if let Some(busy) = fs::Uses::now().of(to) {
            return skip(format!(
                "`{}` is in use (`{}`)",
                to.display(),
                busy.lock.display()
            ));
        }
        if let Some(unit) = programs::unit_in(to)? {
            return skip(format!("a build has created `{}` since", unit.display()));
        }
    } else if fs::exists(to) {
        return skip(format!("something now exists at `{}`", to.display()));
    }
    fs::create_folder(to.parent().unwrap_or(to))?;
    let hashes = one.left_hashes.iter().chain(&one.noted_hashes);
    let hidden = hide(hashes, from)?;
    fs::checkpoint("move-hidden");
    // Windows does not rename a folder in which a file is open, so a build may start in the moment between.
    #[cfg(windows)]
    drop((locks, programs_locks.take()));
    let result = match one.programs {
        Programs::Stay => part(one, &profiles).map_err(Stopped::from),
        // The final programs there stay where they are, with the user's own files.
        Programs::AreThere if fs::is_folder(to) => fs::unite(from, to).map_err(Stopped::from),
        Programs::Along | Programs::AreThere => renamed(one),
    };
    if let Err(error) = result {
        for hash in hidden {
            let _ = show(&from.join(hash)).or_else(|_| show(&to.join(hash)));
        }
        return Err(error);
    }
    fs::checkpoint("move-renamed");
    let mut moved = Moved {
        compiled_again: one.left.len(),
        left: Vec::new(),
    };
    for note in &one.notes {
        if let Err(error) = follow(&to.join(note), one) {
            moved.left.push(failure::words(error.as_ref()));
        }
    }
    for link in &one.links {
        if let Err(error) = lead_along(&to.join(link), one) {
            moved.left.push(failure::words(error.as_ref()));
        }
    }
    fs::checkpoint("move-noted");
    for hash in &one.noted_hashes {
        let hash = to.join(hash);
        // The folder is moved by now, whatever becomes of this one.
        if moved.left.is_empty()
            && let Err(error) = show(&hash)
        {
            moved.left.push(failure::words(error.as_ref()));
        }
    }
    for hash in &one.left_hashes {
        // A file that is left is nothing to Cargo.
        let _ = fs::remove_file(&aside(&to.join(hash)));
    }
    #[cfg(not(windows))]
    drop((locks, programs_locks));
    leave_the_old_place(one, context);
    Ok(moved)
}

/// Why the workspace's next build would not find the folder at its new place, if it would not.
fn builds_elsewhere(one: &MoveFolder, context: &Context<'_>) -> Option<String> {
    let workspace = one.workspace.display();
    match context.cargo.metadata(&one.workspace) {
        Err(error) => {
            let why = failure::words(error.as_ref());
            Some(format!(
                "Cargo does not tell the target folder of `{workspace}`: {why}"
            ))
        }
        Ok(said) => {
            let build_dir = said.build_dir.as_deref().unwrap_or(&said.target_dir);
            let is_it = |dir: &Path| fs::canonical_as_far_as_it_exists(dir) == one.to;
            let target_dir = fs::canonical_as_far_as_it_exists(&said.target_dir);
            let programs_place = match one.programs {
                Programs::Stay => &one.from,
                Programs::Along | Programs::AreThere => &one.to,
            };
            let both = is_it(build_dir) && target_dir == *programs_place;
            (!both).then(|| format!("`{workspace}` does not build into `{}`", one.to.display()))
        }
    }
}

/// Moves intermediates out of a folder that stays the `target-dir`, with Cargo's mark and locks for the new one. The folder with
/// fingerprints comes last: Cargo compiles each unit again that has none.
fn part(one: &MoveFolder, profiles: &[PathBuf]) -> anyhow::Result<()> {
    let (from, to) = (one.from.as_path(), one.to.as_path());
    fs::part(from, to, &|path| programs::goes(path, profiles))?;
    let locks = profiles
        .iter()
        .flat_map(|profile| markers::LOCK_NAMES.map(|name| profile.join(name)));
    for file in locks.chain([PathBuf::from(markers::TAG_NAME)]) {
        let (old, new) = (from.join(&file), to.join(&file));
        let is_wanted = new.parent().is_some_and(fs::is_folder) && !fs::exists(&new);
        if is_wanted && fs::exists(&old) {
            fs::copy_file(&old, &new)?;
        }
    }
    Ok(())
}

fn aside(hash: &Path) -> PathBuf {
    let mut name = hash.file_name().unwrap_or_default().to_owned();
    name.push(ASIDE);
    hash.with_file_name(name)
}

/// Has Cargo not see some hashes, and says which these were.
fn hide<'a>(
    hashes: impl Iterator<Item = &'a PathBuf>,
    folder: &Path,
) -> Result<Vec<&'a Path>, Stopped> {
    let mut hidden: Vec<&Path> = Vec::new();
    for hash in hashes {
        let path = folder.join(hash);
        if let Err(error) = rename_beside(&path, &aside(&path)) {
            for hash in hidden {
                let _ = show(&folder.join(hash));
            }
            return Err(error.into());
        }
        hidden.push(hash);
    }
    Ok(hidden)
}

fn show(hash: &Path) -> anyhow::Result<()> {
    rename_beside(&aside(hash), hash)
}

/// Renames a file. Its folder looks as old as before: by that we tell whether something came into it.
fn rename_beside(from: &Path, to: &Path) -> anyhow::Result<()> {
    let above = from.parent().unwrap_or(from);
    fs::keeping_times(&[above], || fs::rename(from, to))
}

/// Renames the folder, and makes sure that it was the one of the plan.
fn renamed(one: &MoveFolder) -> Result<(), Stopped> {
    let (from, to) = (one.from.as_path(), one.to.as_path());
    let above = [from.parent().unwrap_or(from), to.parent().unwrap_or(to)];
    if let Err(error) = fs::keeping_times(&above, || fs::rename(from, to)) {
        let why = failure::words(error.as_ref());
        return Err(Stopped::Failed(format!(
            "{why}; --reclaim-all fills the new folder by sharing instead"
        )));
    }
    let moved = fs::info(to)?;
    if moved.is_some_and(|info| !info.is_symlink && info.identity == one.identity) {
        return Ok(());
    }
    let what = "another folder has replaced the planned one";
    Err(match fs::rename(to, from) {
        Ok(()) => Stopped::Skipped(format!("{what}; run again")),
        Err(error) => {
            let (to, why) = (to.display(), failure::words(error.as_ref()));
            Stopped::Failed(format!("{what}, and was moved to `{to}`: {why}"))
        }
    })
}

/// Has a note name the new place. It looks as old as before, and so does its folder.
fn follow(note: &Path, one: &MoveFolder) -> anyhow::Result<()> {
    let text = fs::read(note)?.context("a note is gone")?;
    let Some(text) = relocate::relocate(&text, &one.names, &one.to.display().to_string()) else {
        return Ok(());
    };
    // It may have a link elsewhere, where its content must not change.
    let new = note.with_file_name(format!("note{ASIDE}-{}", std::process::id()));
    let above = note.parent().unwrap_or(note);
    fs::keeping_times(&[above], || {
        fs::write_like(note, &new, &text).and_then(|()| fs::rename(&new, note))
    })
}

/// Has a link that leads into the folder lead to the new place.
fn lead_along(link: &Path, one: &MoveFolder) -> anyhow::Result<()> {
    let target = fs::link_target(link);
    let Ok(inner) = target.strip_prefix(&one.from) else {
        return Ok(());
    };
    let new = link.with_file_name(format!("link{ASIDE}-{}", std::process::id()));
    let above = link.parent().unwrap_or(link);
    fs::keeping_times(&[above], || {
        fs::make_link(&one.to.join(inner), &new).and_then(|()| fs::rename(&new, link))
    })
}

/// Removes what says whose folder it was, and the folders around it that hold nothing any more.
fn leave_the_old_place(one: &MoveFolder, context: &Context<'_>) {
    if one.from.starts_with(context.shared_root) {
        let _ = fs::remove_file(&owner_file(&one.from));
        for holder in one.from.ancestors().skip(1) {
            let inside = holder.starts_with(context.shared_root) && holder != context.shared_root;
            if !inside || !fs::remove_empty_folder(holder) {
                break;
            }
        }
    }
}
