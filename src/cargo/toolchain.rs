//! Which toolchain and compiler files of a worktree name. Looking runs none of them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, bail};

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::fs::model::FileState;
use crate::markers::CARGO_FOLDER;
use crate::process::lookup;
use crate::{fs, process};

/// The files by which rustup knows which toolchain a folder has.
const NAMES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// The text of a file that names a toolchain. `None` if it cannot be read here: it is a link, large, or not UTF-8.
fn naming(file: &Path) -> Option<String> {
    const MOST: u64 = 1 << 20;
    let info = fs::info(file).ok()??;
    if !info.is_file || info.length.0 >= MOST {
        return None;
    }
    String::from_utf8(fs::read_start(file, MOST).ok()??).ok()
}

/// The file that is not the user's own, by which rustup would run programs of a folder and not of a toolchain that is
/// installed.
///
/// Rustup takes the nearest file that it can read. Every file up to the top is looked at, and one that cannot be read here
/// counts as well.
fn by_path(dir: &Path) -> Option<PathBuf> {
    let names_path = |file: &PathBuf| {
        fs::exists(file) && naming(file).is_none_or(|text| lookup::names_toolchain_by_path(&text))
    };
    let others = dir.ancestors().filter(|above| !fs::is_users_own(above));
    others
        .flat_map(|above| NAMES.map(|name| above.join(name)))
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
        "`{}` names a toolchain by its path, and we run no program that a worktree names",
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
                    "`{}` has `{key}`, and Cargo might run or load what a worktree names",
                    file.display()
                );
            }
        }
    }
    Ok(())
}

/// All that is installed: Cargo, the settings of rustup, and each toolchain's programs by their times. `None` where no
/// Cargo is on the `PATH`, or where one of them is a script: that may choose another program by anything.
pub(super) fn installed() -> Option<&'static [u8]> {
    static INSTALLED: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    let found = || {
        let cargo = process::tool("cargo").ok()?;
        let mut all = format!("{cargo:?} {:?}\n", compiled(&cargo)?);
        if let Ok(rustc) = process::tool("rustc") {
            all.push_str(&format!("{rustc:?} {:?}\n", compiled(&rustc)?));
        }
        all.push_str(&toml::to_string(settings()?).ok()?);
        let folder = home("RUSTUP_HOME", ".rustup")?.join("toolchains");
        for toolchain in fs::names(&folder).unwrap_or_default() {
            all.push_str(&toolchain);
            for program in ["cargo", "rustc"] {
                let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
                let program = folder.join(&toolchain).join("bin").join(name);
                // A linked toolchain may lack the program, and rustup uses another toolchain's then.
                if fs::state(&program).is_some() {
                    all.push_str(&format!(" {:?}", compiled(&program)?));
                }
            }
            all.push('\n');
        }
        Some(all.into_bytes())
    };
    INSTALLED.get_or_init(found).as_deref()
}

/// The state of a program; `None` if there is none, or it is a script.
fn compiled(program: &Path) -> Option<FileState> {
    (!fs::is_script(program))
        .then(|| fs::state(program))
        .flatten()
}

/// The state by which another or a replaced toolchain of a folder is recognised: the installed toolchains, and on the
/// way up from the folder the files that name one and rustup's overrides. Rustup takes the nearest of all. `None`
/// where a file names a toolchain by its path, whose programs may be replaced, or cannot be read.
///
/// Source: rustup's `find_override_config` in `src/config.rs`.
pub(super) fn identity(dir: &Path) -> Option<Vec<u8>> {
    let mut all = installed()?.to_vec();
    let overrides = settings()?.get("overrides");
    let overrides = overrides.and_then(toml::Value::as_table);
    let mut add = |depth: usize, kind: &str, value: &[u8]| {
        let head = format!("{depth} {kind} {}\n", value.len());
        all.extend_from_slice(head.as_bytes());
        all.extend_from_slice(value);
    };
    for (depth, above) in dir.ancestors().enumerate() {
        if let Some(chosen) = overrides.and_then(|all| all.get(above.to_str()?)) {
            add(depth, "override", chosen.to_string().as_bytes());
        }
        for name in NAMES {
            let file = above.join(name);
            if !fs::exists(&file) {
                continue;
            }
            let text = naming(&file)?;
            if lookup::names_toolchain_by_path(&text) {
                return None;
            }
            add(depth, name, text.as_bytes());
        }
    }
    Some(all)
}

/// The settings of rustup, which has its own format for them: none where there is no rustup. `None` if they cannot be read.
fn settings() -> Option<&'static toml::Table> {
    static SETTINGS: OnceLock<Option<toml::Table>> = OnceLock::new();
    let found = || {
        let file = home("RUSTUP_HOME", ".rustup")?.join("settings.toml");
        match fs::read(&file).ok()? {
            None => Some(toml::Table::new()),
            Some(bytes) => toml::from_str(&String::from_utf8(bytes).ok()?).ok(),
        }
    };
    SETTINGS.get_or_init(found).as_ref()
}

/// The folder that a variable names, or one in the user's home. `None` where the variable has a relative path, which leads
/// elsewhere from each folder.
#[expect(clippy::disallowed_methods, reason = "this module is a door")]
pub(super) fn home(variable: &str, usual: &str) -> Option<PathBuf> {
    match std::env::var_os(variable).filter(|given| !given.is_empty()) {
        Some(given) => Some(PathBuf::from(given)).filter(|given| given.is_absolute()),
        None => Some(std::env::home_dir()?.join(usual)),
    }
}
