//! The door to programs that are the user's own.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Runs a program in place of this one: with its arguments, streams, working directory and signals. Returns only
/// where the system cannot replace a program by another, and then with its exit code.
///
/// # Errors
///
/// It cannot be run.
#[expect(clippy::disallowed_methods, reason = "this module is the door")]
pub fn become_program(
    program: &Path,
    arguments: &[OsString],
    variables: &[(&str, Option<OsString>)],
) -> Result<i32> {
    let mut command = std::process::Command::new(program);
    command.args(arguments);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let failed = || format!("failed to run `{}`", program.display());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        Err(command.exec()).with_context(failed)
    }
    #[cfg(not(unix))]
    {
        let status = command.status().with_context(failed)?;
        Ok(status.code().unwrap_or(101))
    }
}
