//! Which toolchain and compiler files of a worktree name. Looking runs none of them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, bail};

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::markers::CARGO_FOLDER;
use crate::process::lookup;
use crate::{fs, process};

/// The file that is not the user's own, by which rustup would run programs of a folder and not of a toolchain that is
/// installed.
///
/// Rustup takes the nearest file that it can read. Every file up to the top is looked at, and one that cannot be read here
/// counts as well: a link, a large file, or text that is not UTF-8.
fn by_path(dir: &Path) -> Option<PathBuf> {
    let names_path = |file: &PathBuf| match fs::info(file) {
        Ok(None) => false,
        Ok(Some(info)) if info.is_file && info.length.0 < 1 << 20 => match fs::read(file) {
            Ok(bytes) => String::from_utf8(bytes.unwrap_or_default())
                .map_or(true, |text| lookup::names_toolchain_by_path(&text)),
            Err(_) => true,
        },
        _ => true,
    };
    let others = dir.ancestors().filter(|above| !fs::is_users_own(above));
    others
        .flat_map(|above| ["rust-toolchain", "rust-toolchain.toml"].map(|name| above.join(name)))
        .find(names_path)
}

/// The toolchain that is asked where a file of a worktree names one by its path: the user's own. None where the folder's
/// counts.
///
/// # Errors
///
/// The user has none.
pub(super) fn to_look(dir: &Path) -> Result<Option<String>> {
    let Some(file) = by_path(dir) else {
        return Ok(None);
    };
    static OWN: OnceLock<Option<String>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let said = process::says("rustup", &["default"])?;
        let name = said.split_whitespace().next()?;
        (!name.contains(['/', '\\'])).then(|| name.to_owned())
    });
    let own = own.clone().with_context(|| refused(&file))?;
    Ok(Some(own))
}

/// Makes sure that rustup runs nothing out of a worktree.
///
/// # Errors
///
/// A file of a worktree names a toolchain by its path.
pub(super) fn none_of_a_worktree(dir: &Path) -> Result<()> {
    match by_path(dir) {
        Some(file) => bail!("{}", refused(&file)),
        None => Ok(()),
    }
}

fn refused(file: &Path) -> String {
    format!(
        "`{}` names a toolchain by its path, and nothing that a worktree names is run to look at it",
        file.display()
    )
}

/// Makes sure that Cargo asks no compiler that a worktree names, to resolve what a workspace is built from.
///
/// # Errors
///
/// A configuration in a worktree names one, or may do so.
pub(super) fn no_compiler_of_a_worktree(dir: &Path) -> Result<()> {
    for above in dir.ancestors().filter(|above| !fs::is_users_own(above)) {
        let files = CONFIG_NAMES.map(|name| above.join(CARGO_FOLDER).join(name));
        for file in files.iter().filter(|file| fs::exists(file)) {
            let bytes = fs::read(file)?.unwrap_or_default();
            if let Some(key) = lookup::runs_to_resolve(&String::from_utf8_lossy(&bytes)) {
                bail!(
                    "`{}` has `{key}`, and nothing that a worktree names is run to look at it",
                    file.display()
                );
            }
        }
    }
    Ok(())
}
