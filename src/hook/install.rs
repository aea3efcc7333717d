//! Puts our git hook in its place, and takes it out.
//!
//! At every moment the hook from before is there, as the hook, as what ours calls first, or as both.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::fs;
use crate::fs::model::FoundProgram;
use crate::hook::hook_script;
use crate::hook::hook_script::{BEFORE, NAME, Whose};
use crate::hook::model::{HookChange, HookFiles, HookStep};
use crate::plan::outcome::Stopped;

/// The folders and files of a hook.
struct Place<'a> {
    hook: &'a Path,
    folder: &'a Path,
    before: PathBuf,
    staging: PathBuf,
}

/// Looks again whether everything is as it was when the change was planned.
fn place(change: &HookChange) -> Result<Place<'_>, Stopped> {
    let folder = change.file.parent().context("a hook lies in a folder")?;
    let repository = folder.parent().context("a hook lies in a repository")?;
    let place = Place {
        hook: &change.file,
        folder,
        before: folder.join(BEFORE),
        staging: hook_script::staging(repository),
    };
    let now = HookFiles {
        hook: fs::program(place.hook),
        before: fs::program(&place.before),
    };
    let as_planned = match change.how {
        HookStep::CreateFolder => !fs::exists(folder),
        _ => fs::is_folder(folder) || change.how == HookStep::Tidy,
    };
    if now != change.found || !as_planned {
        return Err(changed());
    }
    Ok(place)
}

fn changed() -> Stopped {
    Stopped::Skipped("it has changed since the plan was made; run again".into())
}

/// Puts our hook in its place.
pub(crate) fn install(change: &HookChange) -> Result<(), Stopped> {
    let place = place(change)?;
    clear_up(&place)?;
    if change.how == HookStep::CreateFolder {
        // Whole or not at all: the maker of a folder that is there could not be told later.
        fs::create_new_folder(&place.staging)?;
        fs::write_program(&place.staging.join(NAME), &change.content, false)?;
        fs::checkpoint("hooks-staged");
        return Ok(fs::rename(&place.staging, place.folder)?);
    }
    if change.how == HookStep::Chain {
        let is_new = change.found.before == FoundProgram::Nothing;
        if is_new {
            fs::keep_as(place.hook, &place.before)?;
        }
        fs::checkpoint("hook-kept");
        // The kept file must be the one that is replaced.
        let [hook, before] = [place.hook, &place.before].map(fs::program);
        if hook != change.found.hook || before != hook {
            if is_new && hook != FoundProgram::Nothing {
                fs::remove_file(&place.before)?;
            }
            return Err(changed());
        }
    }
    let replaces = change.found.hook != FoundProgram::Nothing;
    Ok(fs::write_program(place.hook, &change.content, replaces)?)
}

/// Takes our hook out, so that everything is as it was.
pub(crate) fn remove(change: &HookChange) -> Result<(), Stopped> {
    let place = place(change)?;
    clear_up(&place)?;
    match change.how {
        HookStep::PutBack => fs::rename(&place.before, place.hook)?,
        // The same twice: one of them is enough.
        HookStep::Tidy if matches!(&change.found.before, FoundProgram::File { .. } if change.found.hook == change.found.before) =>
        {
            fs::remove_file(&place.before)?;
        }
        HookStep::RemoveFolder if fs::names(place.folder)? == [NAME] => {
            fs::rename(place.folder, &place.staging)?;
            fs::checkpoint("hooks-moved");
            clear_up(&place).inspect_err(|_| {
                // A file was put into it meanwhile, so the folder goes back to its place.
                let _ = fs::rename(&place.staging, place.folder);
            })?;
        }
        HookStep::Remove | HookStep::RemoveFolder => fs::remove_file(place.hook)?,
        _ => {}
    }
    Ok(())
}

/// Removes what a killed run left: files that are not in their place, and a folder of ours that is on its way.
fn clear_up(place: &Place<'_>) -> Result<(), Stopped> {
    fs::remove_leftovers(place.folder);
    if !fs::is_folder(&place.staging) {
        return Ok(());
    }
    fs::remove_leftovers(&place.staging);
    let hook = place.staging.join(NAME);
    if let FoundProgram::File { bytes, .. } = fs::program(&hook)
        && matches!(hook_script::whose(&bytes), Whose::Ours { .. })
    {
        fs::remove_file(&hook)?;
    }
    if !fs::remove_empty_folder(&place.staging) {
        return Err(Stopped::Failed(format!(
            "`{}` is in the way, with files in it that are none of ours",
            place.staging.display()
        )));
    }
    Ok(())
}
