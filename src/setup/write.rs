//! Changes files, each whole and each recorded before.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::wrapper_script;
use crate::markers::CARGO_FOLDER;
use crate::plan::action::EditFile;
use crate::plan::outcome::Stopped;
use crate::plan::run::Context;
use crate::survey::folder::Owner;
use crate::text::failure;
use crate::{cargo, fs};

/// How a file gets its new content.
type Put = fn(&Path, &[u8]) -> anyhow::Result<()>;

/// Gives a file its new content, unless it is not what it was.
pub(crate) fn write(edit: &EditFile) -> Result<(), Stopped> {
    write_by(edit, fs::replace_unseen)
}

/// Has a workspace build into its own `target`. A folder that was made for its configuration alone goes with that.
pub(crate) fn in_place(edit: &EditFile) -> Result<(), Stopped> {
    fs::keeping_times(&around(&edit.file), || {
        write(edit)?;
        if let (None, Some(folder)) = (&edit.after, edit.file.parent()) {
            fs::remove_empty_folder(folder);
        }
        Ok(())
    })
}

/// Puts a script in its place, unless something else is there than was. One that does not run goes again: it may lie on a
/// filesystem that runs no programs.
pub(crate) fn install_script(edit: &EditFile) -> Result<(), Stopped> {
    write_by(edit, |path, bytes| fs::write_program(path, bytes, true))?;
    let folder = edit.file.parent().unwrap_or(&edit.file);
    let tried = cargo::try_wrapper(&edit.file, folder);
    tried.map_err(|error| {
        let put_back = match &edit.before {
            Some(before) => fs::write_program(&edit.file, before, true),
            None => fs::remove_file(&edit.file),
        };
        let _ = put_back;
        Stopped::Failed(format!(
            "it does not run there: {}",
            failure::words(error.as_ref())
        ))
    })
}

fn write_by(edit: &EditFile, put: Put) -> Result<(), Stopped> {
    fs::keeping_times(&around(&edit.file), || write_now(edit, put))
}

/// The folders that a change of a configuration touches.
fn around(file: &Path) -> Vec<&Path> {
    file.ancestors().skip(1).take(2).collect()
}

fn write_now(edit: &EditFile, put: Put) -> Result<(), Stopped> {
    if fs::read(&edit.file)? != edit.before {
        return Err(Stopped::Skipped(
            "it has changed since planning; run again".into(),
        ));
    }
    let folder = edit.file.parent().map(|folder| (folder, fs::info(folder)));
    // Where it was a link before, the plan kept the file. Git's own folders may well be links.
    if let Some((folder, Ok(Some(info)))) = &folder
        && info.is_symlink
        && folder.ends_with(CARGO_FOLDER)
    {
        return Err(Stopped::Skipped(
            "its folder is a symbolic link now; run again".into(),
        ));
    }
    let Some(after) = &edit.after else {
        return Ok(fs::remove_file(&edit.file)?);
    };
    if let Some((folder, _)) = &folder {
        fs::create_folder(folder)?;
    }
    put(&edit.file, after).inspect_err(|_| {
        // Only the one that was made for it is empty.
        if let Some((folder, Ok(None))) = &folder {
            fs::remove_empty_folder(folder);
        }
    })?;
    Ok(())
}

/// Puts a file back as it was, or takes it away with the folder that was made for it and so many above that.
pub(crate) fn restore(edit: &EditFile, made_above: Option<u32>) -> Result<(), Stopped> {
    // Every build would fail that looks for it in vain.
    if edit.after.is_none()
        && edit.file.ends_with(wrapper_script::NAME)
        && let Some(config) = naming(&edit.file)
    {
        return Err(Stopped::Skipped(format!(
            "`{}` still names it; remove `rustc-wrapper` there first",
            config.display()
        )));
    }
    fs::keeping_times(&around(&edit.file), || {
        write(edit)?;
        fs::checkpoint("file-restored");
        if let Some(folder) = edit.file.parent() {
            // Git would show it as soon as it does not ignore the file any more.
            fs::remove_leftovers(folder);
            if let (Some(above), None) = (made_above, &edit.after) {
                fs::remove_empty_folders(folder, above);
            }
        }
        Ok(())
    })
}

/// The configuration beside a script that names it.
fn naming(script: &Path) -> Option<PathBuf> {
    let beside = CONFIG_NAMES.map(|name| script.with_file_name(name));
    let names = |config: &PathBuf| {
        // A configuration that cannot be read may name it as well.
        fs::read(config).map_or(true, |bytes| wrapper_script::is_named_in(bytes.as_deref()))
    };
    beside.into_iter().find(names)
}

/// Writes an owner file.
pub(crate) fn owner(file: &Path, owner: &Owner, context: &Context<'_>) -> Result<(), Stopped> {
    fs::no_link(context.shared_root, file)?;
    if let Some(folder) = file.parent() {
        fs::create_folder(folder)?;
    }
    let mut json = serde_json::to_vec_pretty(owner).context("failed to write an owner file")?;
    json.push(b'\n');
    Ok(fs::replace(file, &json)?)
}
