//! One `cargo build`, and what it said.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::cost::Cost;

/// The work of a build.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Build {
    pub(crate) cost: Cost,
    /// The crates that it compiled and that lie in the worktree, by name.
    pub(crate) local: Vec<String>,
    /// The other crates that it compiled.
    pub(crate) third_party: Vec<String>,
    /// Whether it waited for a build in the same target folder.
    pub(crate) blocked: bool,
    /// Whether it waited for the lock on what is downloaded, which all builds of a user have in common.
    pub(crate) blocked_by_packages: bool,
}

impl Build {
    /// Runs `cargo build -v`, which must not fail.
    pub(crate) fn run(mut cargo: Command, worktree: &Path) -> Result<Self> {
        let (cost, output) = Cost::of(|| cargo.output().context("failed to run cargo"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{cargo:?}: {}\n{said}",
            output.status
        );
        Ok(Self {
            cost,
            ..Self::read(&said, worktree)
        })
    }

    /// Cargo names the folder of a package that is from a path, and the address of one that is from git.
    fn read(said: &str, worktree: &Path) -> Self {
        let mut build = Self::default();
        let inside = format!("({}", worktree.display());
        for line in said.lines().map(str::trim) {
            if line.starts_with("Blocking waiting for file lock") {
                let packages = line.contains("package cache");
                build.blocked |= !packages;
                build.blocked_by_packages |= packages;
            }
            let Some(package) = line.strip_prefix("Compiling ") else {
                continue;
            };
            if package.contains(&inside) {
                let name = package.split(' ').next().unwrap_or(package);
                build.local.push(name.to_owned());
            } else {
                build.third_party.push(package.to_owned());
            }
        }
        build
    }

    /// How many crates it compiled.
    pub(crate) fn crates(&self) -> usize {
        self.local.len() + self.third_party.len()
    }
}
