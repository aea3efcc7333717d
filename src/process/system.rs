//! Calls programs of the system that keep timers: `systemctl`, `launchctl`, `schtasks`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::process::{output, tool};

/// Tells a program of the system's something, by its arguments.
///
/// # Errors
///
/// It is not there, cannot be run, or fails; with the first line that it says.
#[expect(clippy::disallowed_methods, reason = "this module is the door")]
pub(crate) fn tell_system(program: &str, arguments: &[String]) -> Result<()> {
    let mut command = Command::new(tool(program)?);
    command.args(arguments).stdin(Stdio::null());
    let output = output(&mut command).with_context(|| format!("failed to run `{program}`"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    let line = crate::process::first_line(&said);
    let line = if line.is_empty() {
        "no message".into()
    } else {
        line
    };
    bail!("{program} says: {line}");
}

/// Folders in which programs of these names are, each once: what a timer needs of the `PATH`.
#[must_use]
pub(crate) fn folders_of(programs: &[&str]) -> Vec<String> {
    let mut folders = Vec::new();
    for name in programs {
        let found = tool(name).ok();
        let folder = found
            .as_deref()
            .and_then(Path::parent)
            .and_then(Path::to_str);
        if let Some(folder) = folder.map(str::to_owned)
            && !folders.contains(&folder)
        {
            folders.push(folder);
        }
    }
    folders
}

/// The number of the user, as launchd names sessions; 0 where users have none.
#[must_use]
pub(crate) fn user() -> u32 {
    #[cfg(unix)]
    return rustix::process::getuid().as_raw();
    #[cfg(not(unix))]
    0
}
