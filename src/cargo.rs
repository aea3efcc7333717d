//! The door to Cargo. Nobody else runs it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::MetadataCommand;

use crate::model::Package;

/// What `cargo metadata` says of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The root of the workspace.
    pub workspace_root: PathBuf,
    /// Where final programs go.
    pub target_dir: PathBuf,
    /// Where intermediate artifacts go; `None` from a Cargo that does not know `build.build-dir` (before 1.91).
    pub build_dir: Option<PathBuf>,
    /// The member packages.
    pub packages: Vec<Package>,
}

/// How to find Cargo.
#[derive(Clone, Debug, Default)]
pub struct Cargo {
    /// The program that Cargo itself named when it called us, in case there is none on the `PATH`.
    pub fallback: Option<PathBuf>,
    /// There is a `cargo` on the `PATH`.
    pub on_path: bool,
}

impl Cargo {
    /// Asks Cargo about the package or workspace in a folder.
    ///
    /// Runs it *in* that folder, since Cargo reads its configuration from the working directory and not from
    /// where the manifest is. Runs the one on the `PATH` without the toolchain that rustup pinned for us, so
    /// that the folder's own `rust-toolchain` counts as in a plain build; rustup is told not to install any.
    /// Variables that would override the configuration are taken away: they hold in one shell only.
    ///
    /// # Errors
    ///
    /// Cargo is not there or does not accept the package; the first line of what it says.
    pub fn metadata(&self, dir: &Path) -> Result<Metadata> {
        let mut command = MetadataCommand::new();
        if let (false, Some(fallback)) = (self.on_path, &self.fallback) {
            command.cargo_path(fallback);
        } else {
            command.cargo_path("cargo");
        }
        command
            .current_dir(dir)
            .no_deps()
            .other_options(["--offline".to_owned()]);
        let mut command = command.cargo_command();
        let removed = [
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET_DIR",
            "CARGO_BUILD_BUILD_DIR",
            "RUSTUP_TOOLCHAIN",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_PATH",
        ];
        for variable in removed {
            command.env_remove(variable);
        }
        command
            .env("RUSTUP_AUTO_INSTALL", "0")
            .env("CARGO_TERM_COLOR", "never")
            .stdin(std::process::Stdio::null());
        let output = command
            .output()
            .context("failed to run cargo (is it installed and on the PATH?)")?;
        if !output.status.success() {
            bail!("{}", first_error(&String::from_utf8_lossy(&output.stderr)));
        }
        let text = String::from_utf8(output.stdout)
            .context("cargo metadata printed something that is not text")?;
        let metadata =
            MetadataCommand::parse(text).context("cargo metadata printed something unexpected")?;
        Ok(Metadata {
            workspace_root: metadata.workspace_root.into_std_path_buf(),
            target_dir: metadata.target_directory.into_std_path_buf(),
            build_dir: metadata
                .build_directory
                .map(cargo_metadata::camino::Utf8PathBuf::into_std_path_buf),
            packages: metadata
                .packages
                .iter()
                .map(|package| Package {
                    name: package.name.to_string(),
                    folder: package
                        .manifest_path
                        .parent()
                        .map(Into::into)
                        .unwrap_or_default(),
                })
                .collect(),
        })
    }
}

/// What `rustc -vV` says in a folder, by the toolchain that a plain build there would use.
///
/// # Errors
///
/// There is no rustc, or the folder's toolchain is not installed.
#[expect(clippy::disallowed_methods, reason = "this module is the door")]
pub fn rustc_version(dir: &Path) -> Result<String> {
    let mut command = std::process::Command::new("rustc");
    command
        .arg("-vV")
        .current_dir(dir)
        .env_remove("RUSTUP_TOOLCHAIN")
        .env("RUSTUP_AUTO_INSTALL", "0")
        .stdin(std::process::Stdio::null());
    let output = command.output().context("failed to run rustc")?;
    if !output.status.success() {
        bail!("{}", first_error(&String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).context("rustc printed something that is not text")
}

/// The line of an error output that says most in one line.
fn first_error(stderr: &str) -> String {
    let lines: Vec<&str> = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let error = lines
        .iter()
        .find_map(|line| line.strip_prefix("error: "))
        .or(lines.first().copied());
    let cause = lines
        .iter()
        .position(|line| *line == "Caused by:")
        .and_then(|at| lines.get(at + 1));
    match (error, cause) {
        (Some(error), Some(cause)) => format!("{error}: {cause}"),
        (Some(error), None) => error.to_owned(),
        _ => "cargo failed without a message".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_one_line() {
        let stderr = "warning: x\nerror: failed to parse manifest at `/a`\n\nCaused by:\n  no targets specified\n";
        assert_eq!(
            first_error(stderr),
            "failed to parse manifest at `/a`: no targets specified"
        );
        assert_eq!(
            first_error("error: toolchain '1.2' is not installed\nhelp: run\n"),
            "toolchain '1.2' is not installed"
        );
        assert_eq!(first_error(""), "cargo failed without a message");
    }
}
