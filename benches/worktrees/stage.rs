//! A repository with its worktrees, and programs that run in them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::build::Build;
use super::cost::Cost;
use super::generate::Generated;

/// What of the environment would change a build, or tell git of another repository.
const NOT_PASSED_ON: [&str; 8] = [
    "CARGO",
    "RUSTC",
    "RUSTFLAGS",
    "RUSTDOC",
    "GIT_",
    "SCCACHE_",
    "KACHE_",
    "SHAREDTARGET_",
];

/// Everything of a run.
pub(crate) struct Stage {
    /// The folder that everything is in.
    pub(crate) folder: PathBuf,
    /// The first worktree, from whose target folder the others are warmed.
    pub(crate) main: PathBuf,
    /// What was made, if it is not a clone.
    pub(crate) generated: Option<Generated>,
}

impl Stage {
    /// A repository that is made, with all that its workspace needs.
    pub(crate) fn generate(folder: &Path, crates: usize) -> Result<Self> {
        let main = folder.join("main");
        let stage = Self {
            folder: folder.to_owned(),
            generated: Some(Generated::make(folder, &main, crates)?),
            main,
        };
        // Like `cargo fetch`: writes the `Cargo.lock`.
        run(stage
            .program("cargo", &stage.main)
            .args(["generate-lockfile", "-q"]))?;
        stage.git(&["init", "-q", "-b", "main"])?;
        stage.git(&["add", "."])?;
        stage.git(&["commit", "-q", "-m", "Start"])?;
        println!("a repository that was made, with {crates} third-party crates");
        Ok(stage)
    }

    /// A clone of a repository on this machine.
    pub(crate) fn clone(folder: &Path, repository: &Path) -> Result<Self> {
        let repository = fs::canonicalize(repository)?;
        let stage = Self {
            folder: folder.to_owned(),
            main: folder.join("main"),
            generated: None,
        };
        let mut git = stage.program("git", folder);
        run(git.args(["clone", "-q"]).arg(&repository).arg(&stage.main))?;
        let mut cargo = stage.program("cargo", &stage.main);
        cargo.env_remove("CARGO_NET_OFFLINE");
        run(cargo.args(["fetch", "-q", "--locked"]))?;
        println!("a clone of `{}`", repository.display());
        Ok(stage)
    }

    /// A program, without what the environment would make it or its children believe. Nothing needs a network.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>, in_folder: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let passed_on =
                text == "CARGO_HOME" || !NOT_PASSED_ON.iter().any(|start| text.starts_with(start));
            if !passed_on {
                command.env_remove(&name);
            }
        }
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "worktrees");
            command.env(format!("GIT_{role}_EMAIL"), "worktrees@example.com");
        }
        let nothing = if cfg!(windows) { "NUL" } else { "/dev/null" };
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", nothing)
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_NET_OFFLINE", "true")
            .current_dir(in_folder)
            .stdin(Stdio::null());
        if let Some(generated) = &self.generated {
            command.env("CARGO_HOME", &generated.cargo_home);
        }
        command
    }

    /// `cargo build -v` in a worktree, to be run.
    pub(crate) fn cargo_build(&self, worktree: &Path) -> Command {
        let mut cargo = self.program("cargo", worktree);
        cargo.args(["build", "-v", "--locked"]);
        cargo
    }

    /// Builds a worktree.
    pub(crate) fn build(&self, worktree: &Path) -> Result<Build> {
        Build::run(self.cargo_build(worktree), worktree)
    }

    /// Adds a worktree. Where the repository was made, a source in it differs from all others.
    pub(crate) fn add(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        let text = path.to_string_lossy();
        self.git(&["worktree", "add", "-q", "-b", name, &text])?;
        if let Some(generated) = &self.generated {
            generated.mark(&path, name)?;
        }
        Ok(path)
    }

    /// Adds a worktree with a copy of the first one's target folder, built so that it is settled.
    pub(crate) fn add_plain(&self, name: &str) -> Result<PathBuf> {
        let path = self.add(name)?;
        let mut cp = self.program("cp", &self.main);
        run(cp.args(["-a", "target"]).arg(path.join("target")))?;
        self.build(&path)?;
        Ok(path)
    }

    /// Runs our `warm` in a worktree, and says what it took.
    pub(crate) fn warm(&self, worktree: &Path) -> Result<Cost> {
        let mut ours = self.program(env!("CARGO_BIN_EXE_cargo-sharedtarget"), worktree);
        ours.args(["warm", "--yes"]);
        let run = || ours.output().context("failed to run cargo-sharedtarget");
        let (cost, output) = Cost::of(run)?;
        ensure!(
            output.status.success(),
            "`warm`: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(cost)
    }

    /// Removes a worktree and its branch, with all that is in it.
    pub(crate) fn remove(&self, worktree: &Path) -> Result<()> {
        let text = worktree.to_string_lossy();
        self.git(&["worktree", "remove", "--force", &text])?;
        let name = worktree.file_name().unwrap_or_default().to_string_lossy();
        self.git(&["branch", "-q", "-D", &name])
    }

    fn git(&self, args: &[&str]) -> Result<()> {
        run(self.program("git", &self.main).args(args))
    }
}

/// Runs a command that must not fail.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status();
    let status = status.with_context(|| format!("failed to run {command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}
