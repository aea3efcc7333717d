//! Tests and benchmarks of a package, run by Cargo with the user's own options.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::cargo::Cargo;
use crate::process::Started;

/// Tests that are to run.
#[derive(Clone, Debug)]
pub(crate) struct Tests<'a> {
    /// Subcommand of Cargo: `test`, `bench`, `check`, or one that the user names.
    pub(crate) command: &'a str,
    /// The folder of the package.
    pub(crate) package: &'a Path,
    pub(crate) target: &'a Path,
    /// A toolchain of rustup's, in place of the one that is chosen here.
    pub(crate) toolchain: Option<&'a str>,
    /// Options for Cargo, and after `--` for the tests.
    pub(crate) arguments: &'a [OsString],
    /// Variables for the compiler and for the tests.
    pub(crate) variables: &'a [(&'static str, String)],
    /// Whether messages may have colours.
    pub(crate) color: bool,
}

impl Cargo {
    /// Runs tests, with our own streams and in the folder of their package. Returns Cargo's exit code.
    ///
    /// # Errors
    ///
    /// Cargo cannot be run.
    pub(crate) fn test(&self, tests: &Tests<'_>) -> Result<i32> {
        let mut command = self.program(tests.toolchain)?;
        if tests.color {
            command.args(["--color", "always"]);
        }
        command.arg(tests.command);
        // Other subcommands may not know the option, and take the variable.
        match ["bench", "check", "test"].contains(&tests.command) {
            true => command.arg("--target-dir").arg(tests.target),
            false => command.env("CARGO_TARGET_DIR", tests.target),
        };
        command
            .args(tests.arguments)
            .current_dir(tests.package)
            // A test that runs Cargo itself is not to build there.
            .env_remove("CARGO_BUILD_BUILD_DIR")
            .envs(tests.variables.iter().map(|(name, value)| (name, value)));
        let started = Started::private(&command);
        let status = command.status();
        started.ended(status.as_ref().copied());
        Ok(status.context("failed to run Cargo")?.code().unwrap_or(101))
    }
}
