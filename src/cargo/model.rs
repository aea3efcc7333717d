//! Facts of Cargo's: what its configurations and lock files say, and where builds go.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The folders that a build writes into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Dirs {
    pub(crate) target_dir: PathBuf,
    pub(crate) target_set_by: SetBy,
    /// Intermediate artifacts go here; equal to `target_dir` unless configured.
    pub(crate) build_dir: PathBuf,
    pub(crate) build_set_by: SetBy,
}

/// The source of a setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum SetBy {
    /// Cargo's default: no file sets it.
    #[default]
    Default,
    /// This configuration file.
    Config(PathBuf),
    /// Cargo's own answer, which our reading of the files does not explain.
    Cargo,
}

/// A member of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder of its manifest.
    pub(crate) folder: PathBuf,
}

/// One Cargo configuration file and what stands in the way of editing it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfigFile {
    /// Its path: `<folder>/.cargo/config.toml`, or `.cargo/config` where that legacy file exists and wins.
    pub(crate) path: PathBuf,
    /// Its bytes; `None` if there is no such file.
    pub(crate) bytes: Option<Vec<u8>>,
    /// Values of `build.target-dir` and `build.build-dir`, and whether other files are included.
    pub(crate) keys: ConfigKeys,
    pub(crate) invalid: Option<TomlProblem>,
    /// The file or its `.cargo` folder is a symbolic link, with where that leads.
    pub(crate) symlink: Option<PathBuf>,
    /// The file may not be written.
    pub(crate) read_only: bool,
    pub(crate) tracked: Tracked,
    /// Git ignores it, or there is no git that could show it.
    pub(crate) ignored: bool,
    /// It was not there before one of our setups made it.
    pub(crate) created_by_us: bool,
}

/// Whether git tracks a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tracked {
    /// Outside any worktree, or git was not asked.
    #[default]
    NotAsked,
    /// No.
    No,
    /// Yes.
    Yes,
    /// Git could not say, with its error.
    Unclear(String),
}

/// The keys of a configuration file that matter here, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigKeys {
    /// `build.target-dir`.
    pub target_dir: Option<String>,
    /// `build.build-dir`.
    pub build_dir: Option<String>,
    /// `build.rustc-wrapper`.
    pub rustc_wrapper: Option<String>,
    /// `resolver.lockfile-path`, which Cargo 1.97 and later go by.
    pub lockfile_path: Option<String>,
    /// The file has an `include` key, which only Cargo itself resolves.
    pub includes: bool,
}

impl ConfigKeys {
    /// The first folder that is a path of one machine.
    pub(crate) fn absolute_folder(&self) -> Option<&str> {
        let folders = [&self.target_dir, &self.build_dir].into_iter().flatten();
        let mut folders = folders.map(String::as_str);
        folders.find(|value| Path::new(value).is_absolute())
    }
}

/// Where a TOML file is wrong. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TomlProblem {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// The parser's message, which names what was expected.
    pub message: String,
}

impl TomlProblem {
    /// The same as a part of a sentence about the file.
    pub(crate) fn in_words(&self) -> String {
        let (line, column) = (self.line, self.column);
        format!("line {line}, column {column}: {}", self.message)
    }
}

impl fmt::Display for TomlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// The toolchain that rustup misses, by its message.
#[must_use]
pub(crate) fn missing_toolchain(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("toolchain '")?;
    let (name, rest) = rest.split_once('\'')?;
    rest.starts_with(" is not installed").then_some(name)
}

/// The context in which Cargo's configuration is resolved, besides the files in the workspace's ancestors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfigContext {
    pub(crate) cargo_home: PathBuf,
    /// A variable names a linker.
    pub(crate) names_linker: bool,
}

/// A package of a registry or a git repository, as `Cargo.lock` has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LockedPackage {
    /// Its name.
    pub name: String,
    pub(crate) version: String,
    pub(crate) source: String,
    /// The checksum of what a registry has; a git package has none, but its source names a commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_that_rustup_misses() {
        let missing = "toolchain '1.2-x' is not installed";
        assert_eq!(missing_toolchain(missing), Some("1.2-x"));
        assert_eq!(missing_toolchain("toolchain '1.2' is old"), None);
    }
}
