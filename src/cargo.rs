//! The door to Cargo and rustc: no other room runs them. Also the files that people write for Cargo.
//!
//! Questions are asked so that nothing of a clone's is started: no wrapper, no `rustc` of its configuration, no credential
//! or toolchain program. Where an answer would need one, it is not known, with the reason. [`config_chain`] works out which
//! configuration decides what, as Cargo does (`src/cargo/util/context` of Cargo), [`config_edit`] edits one with its layout
//! kept, [`lockfile`] and [`manifest`] read, [`inherited`] says what of a workspace's files a member depends on.

mod answers;
mod build;
pub(crate) mod config_chain;
pub mod config_edit;
pub(crate) mod configs;
pub(crate) mod inherited;
pub mod lockfile;
pub(crate) mod manifest;
pub mod model;
pub(crate) mod profile;
pub(crate) mod rustflags;
mod test;
pub(crate) mod toml_read;
mod toolchain;
pub(crate) mod wrapper_script;

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::MetadataCommand;

pub(crate) use crate::cargo::answers::Answers;
pub(crate) use crate::cargo::build::{Build, Built, Ended, Heard, compiler, is_loaded};
use crate::cargo::model::Package;
pub(crate) use crate::cargo::test::Tests;
use crate::process;
use crate::process::Started;
use crate::text::failure::Hint as _;

/// The answer of `cargo metadata` about a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// The root of the workspace.
    pub(crate) workspace_root: PathBuf,
    pub(crate) target_dir: PathBuf,
    /// Where intermediate artifacts go; `None` from a Cargo that does not know `build.build-dir` (before 1.91).
    pub(crate) build_dir: Option<PathBuf>,
    pub(crate) packages: Vec<Package>,
}

/// How to find Cargo.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cargo {
    /// The program that Cargo itself named when it called us, in case there is none on the `PATH`.
    pub(crate) fallback: Option<PathBuf>,
    /// There is a `cargo` on the `PATH`.
    pub(crate) on_path: bool,
    /// Its answers from this run and earlier ones.
    pub(crate) answers: Answers,
}

/// Variables that are taken away from a Cargo that is asked.
const REMOVED: [&str; 6] = [
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_BUILD_DIR",
    "RUSTUP_TOOLCHAIN",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
];

impl Cargo {
    /// Asks Cargo about the package or workspace in a folder.
    ///
    /// Runs it *in* that folder, since Cargo reads its configuration from the working directory and not from where
    /// the manifest is. Runs the one on the `PATH` without the toolchain that rustup pinned for us, so that the
    /// folder's own `rust-toolchain` counts as in a plain build; rustup must not install any. Variables that would
    /// override the configuration are taken away: they hold in one shell only.
    ///
    /// # Errors
    ///
    /// Cargo is not there or does not accept the package; the first line of what it says.
    pub(crate) fn metadata(&self, dir: &Path) -> Result<Metadata> {
        let metadata = self.members(dir)?;
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

    /// Asks Cargo about the members of the workspace in a folder, without what they depend on.
    ///
    /// # Errors
    ///
    /// As for [`metadata`](Self::metadata).
    pub(crate) fn members(&self, dir: &Path) -> Result<cargo_metadata::Metadata> {
        let options = ["--no-deps"];
        let ask = || self.ask(dir, &options, toolchain::to_look(dir)?);
        self.answers.get(dir, &options, ask)
    }

    /// Asks Cargo what the packages in a folder are built from, by the `Cargo.lock` as it stands.
    ///
    /// # Errors
    ///
    /// As for [`metadata`](Self::metadata); and where a build would change the `Cargo.lock`, or would have to fetch
    /// something for this triple: then the error is [`NotFetched`] if the `Cargo.lock` is as it should be. Also where Cargo
    /// would have to ask a compiler that a file of a worktree names.
    pub(crate) fn resolve(&self, dir: &Path, triple: &str) -> Result<cargo_metadata::Metadata> {
        toolchain::none_of_a_worktree(dir)?;
        toolchain::no_compiler_of_a_worktree(dir)?;
        let options = ["--locked", "--filter-platform", triple];
        let ask = || self.ask(dir, &options, None);
        let mut answer = self.answers.get(dir, &options, ask)?;
        // It may have been given for a worktree that builds elsewhere.
        (answer.target_directory, answer.build_directory) = Default::default();
        Ok(answer)
    }

    /// The names of the toolchains that rustup has installed.
    ///
    /// # Errors
    ///
    /// There is no rustup, or it fails.
    pub(crate) fn toolchains(&self) -> Result<Vec<String>> {
        let listed = self.answers.of_toolchains(b"toolchains", || {
            let mut command = plain(&tool("rustup")?);
            command.args(["toolchain", "list", "--quiet"]);
            said(command, "rustup")
        })?;
        Ok(named(&listed))
    }

    /// The answer to `rustc -vV` by an installed toolchain.
    ///
    /// # Errors
    ///
    /// The toolchain has no compiler that runs.
    pub(crate) fn rustc_of(&self, toolchain: &str) -> Result<String> {
        let question = format!("rustc of {toolchain}");
        self.answers.of_toolchains(question.as_bytes(), || {
            let mut command = plain(&tool("rustup")?);
            command.args(["run", toolchain, "rustc", "-vV"]);
            said(command, "rustc")
        })
    }

    /// The answer to `rustc -vV` in a folder, by the toolchain that a plain build there would use.
    ///
    /// # Errors
    ///
    /// There is no rustc, or the folder's toolchain is not installed.
    pub(crate) fn rustc_version(&self, dir: &Path) -> Result<String> {
        let Some(identity) = toolchain::identity(dir) else {
            return rustc_version(dir);
        };
        let question = [b"rustc here".as_slice(), &identity].concat();
        let ask = || rustc_version(dir);
        self.answers.of_toolchains(&question, ask)
    }

    /// Runs `cargo metadata` in a folder, offline and without any program in place of the compiler.
    fn ask(&self, dir: &Path, options: &[&str], toolchain: Option<String>) -> Result<String> {
        let mut command = MetadataCommand::new();
        match (self.on_path, &self.fallback) {
            (false, Some(fallback)) => command.cargo_path(fallback),
            _ => command.cargo_path(tool("cargo")?),
        };
        let options = options.iter().map(|option| (*option).to_owned());
        let offline = std::iter::once("--offline".to_owned());
        command
            .current_dir(dir)
            .other_options(offline.chain(options).collect::<Vec<String>>());
        let mut command = command.cargo_command();
        for variable in REMOVED {
            command.env_remove(variable);
        }
        command
            .env("PATH", process::absolute_path())
            .env("RUSTUP_AUTO_INSTALL", "0")
            .env("CARGO_TERM_COLOR", "never")
            // Nor must it have a script of ours set the worktree up.
            .env(wrapper_script::AT_WORK, "1")
            // It asks the compiler itself, and none of the programs that a configuration puts in its place.
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "")
            // To look at a workspace must not write `.rustc_info.json` into its target folder.
            .env("CARGO_CACHE_RUSTC_INFO", "0")
            .stdin(std::process::Stdio::null());
        if let Some(toolchain) = toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        let output = process::output(&mut command).context("failed to run Cargo")?;
        if !output.status.success() {
            let said = first_error(&String::from_utf8_lossy(&output.stderr));
            // A Cargo that was killed says nothing of the workspace.
            if output.status.code().is_none() || output.stderr.is_empty() {
                bail!("{said}");
            }
            if let Some(package) = not_fetched(&said) {
                return Err(NotFetched { package }.into());
            }
            return Err(Refused(said).into());
        }
        String::from_utf8(output.stdout).context("cargo metadata printed text that is not UTF-8")
    }
}

/// Cargo does not accept a workspace: its error, in one line.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// The sources of a package were never downloaded, such as those of a dev-dependency where nothing but `cargo build` was run.
///
/// Cargo looks for them when it has resolved everything, so that the `Cargo.lock` is as it should be. Source:
/// `resolve_ws_with_opts` in `src/cargo/ops/resolve.rs` of Cargo.
#[derive(Debug)]
pub(crate) struct NotFetched {
    /// Its name and version.
    package: String,
}

impl fmt::Display for NotFetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let package = &self.package;
        write!(
            f,
            "the sources of `{package}` are not downloaded; run `cargo fetch`"
        )
    }
}

impl std::error::Error for NotFetched {}

/// The package whose sources Cargo would have to download, by its error.
fn not_fetched(said: &str) -> Option<String> {
    let (package, why) = said.strip_prefix("failed to download `")?.split_once('`')?;
    let offline = why.contains("--offline was specified");
    offline.then(|| package.to_owned())
}

/// The answer of `cargo --version` or `rustc --version`, from a named toolchain or from the one that is chosen here.
///
/// # Errors
///
/// There is none, or it is not installed.
#[expect(clippy::disallowed_methods, reason = "rustup goes by where we are")]
pub(crate) fn version(program: &str, toolchain: Option<&str>) -> Result<String> {
    if toolchain.is_none()
        && let Ok(here) = std::env::current_dir()
    {
        toolchain::none_of_a_worktree(&here)?;
    }
    let mut command = plain(&tool(toolchain.map_or(program, |_| "rustup"))?);
    if let Some(toolchain) = toolchain {
        command.args(["run", toolchain, program]);
    }
    command.arg("--version");
    said(command, program)
}

/// The answer of a compiler cache to `--version`.
///
/// # Errors
///
/// It does not run.
pub(crate) fn wrapper_version(wrapper: &Path) -> Result<String> {
    let mut command = plain(wrapper);
    command.arg("--version");
    said_in_time(command, &wrapper.to_string_lossy())
}

/// The toolchains in the answer of rustup, which says `no installed toolchains` where there is none. Source: rustup's
/// `list_toolchains` in `src/cli/common.rs`.
fn named(listed: &str) -> Vec<String> {
    let lines = listed
        .lines()
        .filter(|line| *line != "no installed toolchains");
    let names = lines.filter_map(|line| line.split(' ').next());
    let names = names.filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// Whether two folders have the same toolchain, as far as that is known without running it.
#[must_use]
pub(crate) fn same_toolchain(one: &Path, two: &Path) -> bool {
    let identity = toolchain::identity(one);
    identity.is_some() && identity == toolchain::identity(two)
}

/// The answer of `rustc -vV` in a folder, from the toolchain that a plain build there would use.
///
/// # Errors
///
/// There is no rustc, or the folder's toolchain is not installed.
pub(crate) fn rustc_version(dir: &Path) -> Result<String> {
    toolchain::none_of_a_worktree(dir)?;
    let mut command = plain(&tool("rustc")?);
    command.arg("-vV").current_dir(dir);
    said(command, "rustc")
}

/// Tries a program that is to run in place of the compiler, as Cargo does before anything else.
///
/// # Errors
///
/// It does not run, or says of the compiler what that does not say of itself.
pub(crate) fn try_wrapper(wrapper: &Path, dir: &Path) -> Result<()> {
    let compiler = rustc_version(dir)?;
    let mut command = plain(wrapper);
    command.args(["rustc", "-vV"]).current_dir(dir);
    let answer = said_in_time(command, &wrapper.to_string_lossy())?;
    if answer != compiler {
        bail!("it does not pass `rustc -vV` to the compiler");
    }
    Ok(())
}

/// A program of Rust's on the `PATH`.
fn tool(name: &str) -> Result<PathBuf> {
    process::tool(name).with_hint(|| format!("install Rust, or put `{name}` on the PATH"))
}

/// A program of Rust's, which chooses the toolchain and installs nothing.
#[expect(clippy::disallowed_methods, reason = "this module is the door")]
fn plain(program: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command
        .env("PATH", process::absolute_path())
        .env_remove("RUSTUP_TOOLCHAIN")
        .env("RUSTUP_AUTO_INSTALL", "0")
        .env(wrapper_script::AT_WORK, "1")
        .stdin(std::process::Stdio::null());
    command
}

fn said(mut command: std::process::Command, what: &str) -> Result<String> {
    let output = process::output(&mut command).with_context(|| format!("failed to run {what}"))?;
    if !output.status.success() {
        bail!("{}", first_error(&String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{what} printed text that is not UTF-8"))
}

/// How long a program that is not Rust's own may take to say its version, and how much it may say.
const IN_TIME: Duration = Duration::from_secs(20);
const AT_MOST: u64 = 1 << 16;

/// The stdout of a program that may hang, or print without end. Processes that it starts and leaves running are not
/// waited for.
fn said_in_time(mut command: std::process::Command, what: &str) -> Result<String> {
    let failed = || format!("failed to run {what}");
    let started = Started::new(&command);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .inspect_err(|error| started.ended(Err(error)))
        .with_context(failed)?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (sender, said) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let read = |from: Option<&mut dyn Read>| {
            let mut bytes = Vec::new();
            if let Some(from) = from {
                let _ = from.take(AT_MOST).read_to_end(&mut bytes);
            }
            bytes
        };
        let (mut out, mut err) = (out, err);
        let answer = read(out.as_mut().map(|out| out as &mut dyn Read));
        // A program that prints more gets an error instead of waiting for a reader.
        drop(out);
        let error = read(err.as_mut().map(|err| err as &mut dyn Read));
        let _ = sender.send((answer, error));
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().with_context(failed)? {
            break status;
        }
        if begun.elapsed() > IN_TIME {
            let _ = child.kill();
            started.ended(child.wait().as_ref().copied());
            bail!("it does not answer");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    started.ended(Ok(status));
    let (answer, error) = said.recv_timeout(IN_TIME).unwrap_or_default();
    if !status.success() {
        bail!("{}", first_error(&String::from_utf8_lossy(&error)));
    }
    String::from_utf8(answer).with_context(|| format!("{what} printed text that is not UTF-8"))
}

/// An error output in one line: where Cargo found it, its first line, and the first lines of its causes.
fn first_error(stderr: &str) -> String {
    let lines: Vec<&str> = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let at = lines.iter().position(|line| line.starts_with("error: "));
    let first = at.unwrap_or_default();
    let Some(line) = lines.get(first) else {
        return "cargo failed without a message".to_owned();
    };
    // For a manifest, Cargo gives the place in the line below.
    let place = lines.get(first + 1);
    let place = place.and_then(|line| line.strip_prefix("--> "));
    let causes = lines.windows(2).filter(|pair| pair[0] == "Caused by:");
    let causes = causes.map(|pair| pair[1]);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let all: Vec<&str> = place.into_iter().chain([line]).chain(causes).collect();
    all.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of Cargo 1.89, 1.95, 1.100 and 1.101 for a package of a registry whose sources are not there.
    #[test]
    fn sources_that_are_not_fetched() {
        let said = "error: failed to download `diff v0.1.13`\n\nCaused by:\n  attempting to make an HTTP request, but \
                    --offline was specified\n";
        assert_eq!(
            not_fetched(&first_error(said)).as_deref(),
            Some("diff v0.1.13")
        );
        for other in [
            "error: failed to download `diff v0.1.13`\n\nCaused by:\n  it is a teapot\n",
            "error: failed to download from somewhere, but --offline was specified\n",
            "error: the lock file needs to be updated but --locked was passed to prevent this\n",
        ] {
            assert_eq!(not_fetched(&first_error(other)), None, "{other}");
        }
    }

    #[test]
    fn toolchains_are_told_from_a_sentence() {
        assert_eq!(named("no installed toolchains\n"), [""; 0]);
        let listed = "stable-x86_64 (active, default)\n1.89\n\nno-name\n";
        assert_eq!(named(listed), ["stable-x86_64", "1.89", "no-name"]);
    }

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
        assert_eq!(
            first_error(
                "error: invalid basic string\n --> Cargo.toml:2:12\n  |\n2 | name = \"app\n"
            ),
            "Cargo.toml:2:12: invalid basic string"
        );
        let config = "error: no config\n\nCaused by:\n  no TOML in `c`\n\nCaused by:\n  TOML parse error at line 2, column 8\n    |\n";
        assert_eq!(
            first_error(config),
            "no config: no TOML in `c`: TOML parse error at line 2, column 8"
        );
        assert_eq!(first_error(""), "cargo failed without a message");
    }
}
