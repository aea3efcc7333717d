//! Makes the forest: real repositories and worktrees.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use rayon::prelude::*;

use super::random::Random;
use super::target::Target;

/// A main worktree and nine linked ones.
const WORKTREES_PER_REPOSITORY: usize = 10;
const CRATES: [&str; 4] = ["", "crates/core", "crates/cli", "crates/util"];
const FOLDERS: [&str; 3] = ["", "parse", "render"];
const FILES_PER_FOLDER: usize = 8;
/// Manifests, the lock file, `.gitignore` and `.git` besides the modules.
const SOURCES: usize = CRATES.len() * (FOLDERS.len() * FILES_PER_FOLDER + 1) + 3;

/// How large a forest is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) workspaces: usize,
    pub(crate) files: usize,
}

impl Size {
    pub(crate) fn half(self) -> Self {
        Self {
            workspaces: (self.workspaces / 2).max(1),
            files: self.files / 2,
        }
    }
}

/// A forest on disk.
pub(crate) struct Forest {
    pub(crate) root: PathBuf,
    size: Size,
    worktrees: Vec<PathBuf>,
}

impl Forest {
    /// Makes a forest, or takes the one that is there if it is of the same size and complete.
    pub(crate) fn make(root: PathBuf, size: Size) -> Result<Self> {
        let stamp = root.join(".forest");
        let text = format!("forest 1: {size:?}\n");
        let found = fs::read_to_string(&stamp).ok();
        ensure!(
            found.is_some() || !root.exists(),
            "`{}` exists and is no forest of this benchmark",
            root.display()
        );
        let forest = Self::at(root, size);
        if found.as_ref() == Some(&text) {
            return Ok(forest);
        }
        if found.is_some() {
            fs::remove_dir_all(&forest.root)?;
        }
        fs::create_dir_all(&forest.root)?;
        fs::write(&stamp, "incomplete\n")?;
        forest
            .worktrees
            .par_chunks(WORKTREES_PER_REPOSITORY)
            .try_for_each(repository)?;
        forest.make_targets()?;
        fs::write(&stamp, text)?;
        Ok(forest)
    }

    fn at(root: PathBuf, size: Size) -> Self {
        let worktree = |n: usize| {
            let (repository, worktree) =
                (n / WORKTREES_PER_REPOSITORY, n % WORKTREES_PER_REPOSITORY);
            let name = match worktree {
                0 => "main".to_owned(),
                n => format!("topic-{n}"),
            };
            root.join(format!("project-{repository:02}")).join(name)
        };
        let worktrees = (0..size.workspaces).map(worktree).collect();
        Self {
            root,
            size,
            worktrees,
        }
    }

    /// The target folders.
    pub(crate) fn targets(&self) -> Vec<PathBuf> {
        let target = |worktree: &PathBuf| worktree.join("target");
        self.worktrees.iter().map(target).collect()
    }

    /// Makes the target folders anew, and waits until they are on the disk: what was never written out is
    /// deleted for nothing.
    pub(crate) fn make_targets(&self) -> Result<()> {
        let each = (self.size.files / self.size.workspaces).saturating_sub(SOURCES);
        self.targets()
            .par_iter()
            .enumerate()
            .try_for_each(|(n, target)| {
                if target.exists() {
                    fs::remove_dir_all(target)?;
                }
                Target::new(n as u64, each).make(target)
            })?;
        if cfg!(unix) {
            run(&mut Command::new("sync"))?;
        }
        Ok(())
    }
}

/// Makes a repository with these worktrees, the first as the main one.
fn repository(worktrees: &[PathBuf]) -> Result<()> {
    let [main, linked @ ..] = worktrees else {
        return Ok(());
    };
    for folder in CRATES {
        member(&main.join(folder), folder)?;
    }
    fs::write(main.join(".gitignore"), "/target/\n")?;
    let package = |folder: &&str| {
        format!(
            "\n[[package]]\nname = \"{}\"\nversion = \"0.1.0\"\n",
            name(folder)
        )
    };
    let packages: String = CRATES.iter().map(package).collect();
    fs::write(main.join("Cargo.lock"), format!("version = 4\n{packages}"))?;
    git(main, &["init", "-q", "-b", "main"])?;
    git(main, &["add", "."])?;
    git(main, &["commit", "-q", "-m", "Start"])?;
    for path in linked {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = format!("../{name}");
        git(main, &["worktree", "add", "-q", "-b", &name, &beside])?;
    }
    Ok(())
}

fn name(folder: &str) -> &str {
    match folder {
        "" => "app",
        folder => folder.trim_start_matches("crates/"),
    }
}

fn member(dir: &Path, folder: &str) -> Result<()> {
    let mut random = Random(folder.len() as u64);
    for inner in FOLDERS {
        let src = dir.join("src").join(inner);
        fs::create_dir_all(&src)?;
        for n in 0..FILES_PER_FOLDER {
            let file = match (inner, n) {
                ("", 0) => "lib.rs".to_owned(),
                (_, n) => format!("part_{n}.rs"),
            };
            fs::write(src.join(file), random.content())?;
        }
    }
    let workspace = match folder {
        "" => "[workspace]\nmembers = [\"crates/*\"]\n\n",
        _ => "",
    };
    let package = format!(
        "{workspace}[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        name(folder)
    );
    fs::write(dir.join("Cargo.toml"), package)?;
    Ok(())
}

/// Runs git in a folder, with no settings of the user's.
pub(crate) fn git(dir: &Path, args: &[&str]) -> Result<()> {
    let mut git = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        git.env_remove(variable);
    }
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "forest");
        git.env(format!("GIT_{role}_EMAIL"), "forest@example.com");
    }
    git.env("GIT_CONFIG_NOSYSTEM", "1").env(
        "GIT_CONFIG_GLOBAL",
        if cfg!(windows) { "NUL" } else { "/dev/null" },
    );
    run(git.arg("-C").arg(dir).args(args))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("failed to run {command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}
