//! A repository with its worktrees, and programs that run in them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::build::Build;
use super::cost::Cost;
use super::generate::Generated;

/// Prefixes of variables that would change a build, or tell git of another repository.
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
    /// The generated workspace, if it is not a clone.
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
        stage.fetch(&stage.main)?;
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

    /// Adds a worktree at a commit, with nothing changed in it.
    pub(crate) fn add_at(&self, name: &str, commit: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        let text = path.to_string_lossy();
        self.git(&["worktree", "add", "-q", "--detach", &text, commit])?;
        Ok(path)
    }

    /// A commit that is one apart from that of the first worktree: the one before, or one that changes a library.
    pub(crate) fn neighbour(&self) -> Result<Option<String>> {
        let asked = |folder: &Path, revision: &str| {
            let mut git = self.program("git", folder);
            let output = git
                .args(["rev-parse", "-q", "--verify", revision])
                .output()?;
            let said = String::from_utf8(output.stdout)?.trim().to_owned();
            anyhow::Ok(Some(said).filter(|_| output.status.success()))
        };
        if self.generated.is_none() {
            return asked(&self.main, "HEAD~1");
        }
        let worktree = self.add_at("changed", "HEAD")?;
        Generated::change(&worktree)?;
        run(self
            .program("git", &worktree)
            .args(["commit", "-q", "-a", "-m", "Change"]))?;
        let commit = asked(&worktree, "HEAD")?;
        self.set_aside(&worktree)?;
        Ok(commit)
    }

    /// Fetches what a worktree needs beyond what the first one does.
    pub(crate) fn fetch(&self, worktree: &Path) -> Result<()> {
        let mut cargo = self.program("cargo", worktree);
        if self.generated.is_none() {
            cargo.env_remove("CARGO_NET_OFFLINE");
        }
        run(cargo.args(["fetch", "-q", "--locked"]))
    }

    /// Runs our `warm` in a worktree, and says what it took.
    pub(crate) fn warm(&self, worktree: &Path) -> Result<Cost> {
        Ok(self.run_warm(worktree, &[])?.0)
    }

    /// The same, and the packages that its plan leaves units of.
    pub(crate) fn warm_and_left(&self, worktree: &Path) -> Result<(Cost, BTreeSet<String>)> {
        let (cost, said) = self.run_warm(worktree, &["--format", "json"])?;
        let said: Value = serde_json::from_slice(&said)?;
        let actions = said["plan"]["actions"].as_array();
        let left = actions
            .into_iter()
            .flatten()
            .filter_map(|action| action["left"].as_array())
            .flatten()
            .filter_map(|unit| unit["package"].as_str());
        Ok((cost, left.map(str::to_owned).collect()))
    }

    fn run_warm(&self, worktree: &Path, options: &[&str]) -> Result<(Cost, Vec<u8>)> {
        let mut ours = self.program(env!("CARGO_BIN_EXE_cargo-sharedtarget"), worktree);
        ours.args(["warm", "--yes"]).args(options);
        let run = || ours.output().context("failed to run cargo-sharedtarget");
        let (cost, output) = Cost::of(run)?;
        ensure!(
            output.status.success(),
            "`warm`: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok((cost, output.stdout))
    }

    /// Removes a worktree and its branch, with all that is in it.
    pub(crate) fn remove(&self, worktree: &Path) -> Result<()> {
        let text = worktree.to_string_lossy();
        self.git(&["worktree", "remove", "--force", &text])?;
        let name = worktree.file_name().unwrap_or_default().to_string_lossy();
        self.git(&["branch", "-q", "-D", &name])
    }

    /// Has git forget a worktree of no branch, which is moved elsewhere as it is, since deleting it would slow down
    /// what comes next.
    pub(crate) fn set_aside(&self, worktree: &Path) -> Result<()> {
        let mut aside = (0_u32..).map(|n| self.folder.join(format!("aside-{n}")));
        let aside = aside.find(|path| !path.exists()).unwrap_or_default();
        fs::rename(worktree, aside)?;
        self.git(&["worktree", "prune"])
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
