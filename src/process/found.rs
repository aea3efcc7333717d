//! Where programs are that may be run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Result;

use crate::fs;
use crate::process::lookup;
use crate::process::lookup::Refused;

/// The program that settings, a flag, a variable or a configuration name, for work in these folders.
///
/// # Errors
///
/// It is relative, lies in a worktree, or is not there.
pub(crate) fn program(name: &str, near: &[&Path]) -> Result<PathBuf, Refused> {
    let absolute = Path::new(name).is_absolute();
    let top = |program: &Path| {
        // Who puts an unrelated worktree on the `PATH` does so without us, too.
        let surveyed = |top: &PathBuf| {
            near.iter()
                .any(|near| near.starts_with(top) || top.starts_with(near))
        };
        fs::project_of(program).filter(|top| absolute || surveyed(top))
    };
    search(name, &top)
}

/// The program that a file names, for work in these folders. One that a file in a worktree names by its path has to be the
/// one that its name stands for on the `PATH`: a clone must not choose among the programs of the machine.
///
/// # Errors
///
/// It is relative, lies in a worktree, is not there, or is not on the `PATH` and the file is in a worktree.
pub(crate) fn program_of(file: &Path, name: &str, near: &[&Path]) -> Result<PathBuf, Refused> {
    let found = program(name, near)?;
    if !Path::new(name).is_absolute() || fs::project_of(file).is_none() {
        return Ok(found);
    }
    let short = found.file_name().unwrap_or_default().to_string_lossy();
    match tool(&short) {
        Ok(usual) if usual == found => Ok(found),
        _ => Err(Refused::NotOnPath(found)),
    }
}

/// A program that everything depends on, such as git, by its name.
///
/// # Errors
///
/// It is in no absolute folder of the `PATH`.
pub(crate) fn tool(name: &str) -> Result<PathBuf, Refused> {
    search(name, &|_| None)
}

/// The same for git, which is asked often.
pub(crate) fn git() -> Result<&'static Path, Refused> {
    static GIT: OnceLock<Result<PathBuf, Refused>> = OnceLock::new();
    match GIT.get_or_init(|| tool("git")) {
        Ok(path) => Ok(path),
        Err(refused) => Err(refused.clone()),
    }
}

/// The `PATH` for programs that look for others themselves, as Cargo does for rustc: without relative folders, which lead
/// into the worktree that the program runs in.
#[expect(clippy::disallowed_methods, reason = "this module is the door")]
pub(crate) fn absolute_path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let absolute = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    // Only a folder with a separator in its name cannot be joined, and no split gives one.
    std::env::join_paths(absolute).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "this module is the door")]
fn search(name: &str, top: &dyn Fn(&Path) -> Option<PathBuf>) -> Result<PathBuf, Refused> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    lookup::find(name, &path, top, &fs::is_runnable)
}
