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

/// All that is installed: Cargo, the settings of rustup but for overrides, and each toolchain's programs by their times. `None`
/// where no Cargo is on the `PATH`.
pub(super) fn installed() -> Option<&'static [u8]> {
    static INSTALLED: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    let found = || {
        let cargo = process::tool("cargo").ok()?;
        let rustc = process::tool("rustc").ok();
        let rustc = rustc.map(|rustc| (fs::state(&rustc), rustc));
        let mut all = format!("{:?} {:?} {rustc:?}\n", fs::state(&cargo)?, cargo);
        let mut settings = settings().clone();
        settings.remove("overrides");
        all.push_str(&toml::to_string(&settings).ok()?);
        let folder = home("RUSTUP_HOME", ".rustup")?.join("toolchains");
        for toolchain in fs::names(&folder).unwrap_or_default() {
            let programs = ["cargo", "rustc"].map(|program| {
                let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
                fs::state(&folder.join(&toolchain).join("bin").join(name))
            });
            all.push_str(&format!("{toolchain} {programs:?}\n"));
        }
        Some(all.into_bytes())
    };
    INSTALLED.get_or_init(found).as_deref()
}

/// By what the toolchain of a folder is known to be another one, or to have been replaced: what is installed, the files that
/// name one, and rustup's overrides. `None` where a file names one by its path, whose programs may be replaced.
///
/// Source: rustup's `find_override_config` in `src/config.rs`.
pub(super) fn identity(dir: &Path) -> Option<Vec<u8>> {
    let mut all = installed()?.to_vec();
    for above in dir.ancestors() {
        for name in ["rust-toolchain", "rust-toolchain.toml"] {
            let Some(bytes) = fs::read(&above.join(name)).ok()? else {
                continue;
            };
            if lookup::names_toolchain_by_path(std::str::from_utf8(&bytes).ok()?) {
                return None;
            }
            all.extend_from_slice(&bytes);
            all.push(0);
        }
    }
    let settings = settings();
    let overrides = settings.get("overrides").and_then(toml::Value::as_table);
    for (folder, toolchain) in overrides.into_iter().flatten() {
        if dir.starts_with(folder) {
            all.extend_from_slice(format!("{folder} {toolchain}").as_bytes());
        }
    }
    Some(all)
}

/// The settings of rustup, which has its own format for them.
fn settings() -> &'static toml::Table {
    static SETTINGS: OnceLock<toml::Table> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let file = home("RUSTUP_HOME", ".rustup").map(|home| home.join("settings.toml"));
        let bytes = file.and_then(|file| fs::read(&file).ok().flatten());
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|text| toml::from_str(&text).ok())
            .unwrap_or_default()
    })
}

/// The folder that a variable names, or one in the user's home.
#[expect(clippy::disallowed_methods, reason = "this module is a door")]
pub(super) fn home(variable: &str, usual: &str) -> Option<PathBuf> {
    let given = std::env::var_os(variable).filter(|given| !given.is_empty());
    let given = given.map(PathBuf::from).filter(|given| given.is_absolute());
    given.or_else(|| Some(std::env::home_dir()?.join(usual)))
}
