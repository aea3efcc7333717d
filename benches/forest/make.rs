//! Makes the forest: real repositories and worktrees, with target folders that look like Cargo's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use rayon::prelude::*;

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

fn git(dir: &Path, args: &[&str]) -> Result<()> {
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

/// Writes one target folder, with as many files as are left to write.
struct Target {
    random: Random,
    left: usize,
}

impl Target {
    fn new(seed: u64, files: usize) -> Self {
        Self {
            random: Random(seed),
            left: files,
        }
    }

    fn make(mut self, target: &Path) -> Result<()> {
        let debug = target.join("debug");
        for folder in [".fingerprint", "deps", "build", "incremental", "examples"] {
            fs::create_dir_all(debug.join(folder))?;
        }
        let tag = "Signature: 8a477f597d28d172789f06886806bc55\n\
            # This file is a cache directory tag created by cargo.\n";
        self.file(&target.join("CACHEDIR.TAG"), tag.as_bytes())?;
        self.random_file(&target.join(".rustc_info.json"))?;
        self.file(&debug.join(".cargo-lock"), b"")?;
        // In real target folders about two files of three belong to units, and the rest is incremental.
        let incremental = self.left / 3;
        for n in 0.. {
            if self.left <= incremental {
                break;
            }
            self.unit(&debug, n)?;
        }
        while self.left > 0 {
            self.session(&debug)?;
        }
        Ok(())
    }

    /// One compiled crate; some have a build script, and some a final program or library.
    fn unit(&mut self, debug: &Path, n: usize) -> Result<()> {
        let name = format!("crate_{n}");
        let unit = format!("{name}-{}", self.random.hash());
        self.fingerprint(debug, &unit, &name)?;
        let deps = debug.join("deps");
        self.random_file(&deps.join(format!("{unit}.d")))?;
        self.random_file(&deps.join(format!("lib{unit}.rmeta")))?;
        let library = deps.join(format!("lib{unit}.rlib"));
        self.random_file(&library)?;
        if n.is_multiple_of(40) {
            self.link(&library, &debug.join(format!("lib{name}.rlib")))?;
            self.random_file(&debug.join(format!("lib{name}.d")))?;
        }
        if n.is_multiple_of(8) {
            self.build_script(debug, &name)?;
        }
        Ok(())
    }

    fn build_script(&mut self, debug: &Path, name: &str) -> Result<()> {
        let compiled = format!("{name}-{}", self.random.hash());
        self.fingerprint(debug, &compiled, "build-script")?;
        let folder = debug.join("build").join(&compiled);
        let program = folder.join(format!("build_script_build-{}", self.random.hash()));
        fs::create_dir_all(&folder)?;
        self.random_file(&program)?;
        self.link(&program, &folder.join("build-script-build"))?;
        self.random_file(&program.with_extension("d"))?;

        let ran = format!("{name}-{}", self.random.hash());
        self.fingerprint(debug, &ran, "run-build-script")?;
        let folder = debug.join("build").join(&ran);
        fs::create_dir_all(folder.join("out"))?;
        for file in [
            "output",
            "root-output",
            "stderr",
            "invoked.timestamp",
            "out/generated.rs",
        ] {
            self.random_file(&folder.join(file))?;
        }
        Ok(())
    }

    fn fingerprint(&mut self, debug: &Path, unit: &str, name: &str) -> Result<()> {
        let folder = debug.join(".fingerprint").join(unit);
        fs::create_dir_all(&folder)?;
        for file in [
            format!("lib-{name}"),
            format!("lib-{name}.json"),
            format!("dep-lib-{name}"),
            "invoked.timestamp".to_owned(),
        ] {
            self.random_file(&folder.join(file))?;
        }
        Ok(())
    }

    /// Two incremental sessions of one crate: the second links the objects that did not change.
    fn session(&mut self, debug: &Path) -> Result<()> {
        let crate_ = format!("member-{}", self.random.hash());
        let folder = debug.join("incremental").join(crate_);
        let mut sessions = Vec::new();
        for _ in 0..2 {
            let session = folder.join(format!("s-{}", self.random.hash()));
            fs::create_dir_all(&session)?;
            self.file(&session.with_extension("lock"), b"")?;
            for file in ["dep-graph.bin", "query-cache.bin", "work-products.bin"] {
                self.random_file(&session.join(file))?;
            }
            sessions.push(session);
        }
        for n in 0..100 {
            let object = format!("{}.o", self.random.hash());
            self.random_file(&sessions[0].join(&object))?;
            if n % 2 == 0 {
                self.link(&sessions[0].join(&object), &sessions[1].join(&object))?;
            } else {
                self.random_file(&sessions[1].join(object))?;
            }
        }
        Ok(())
    }

    fn random_file(&mut self, path: &Path) -> Result<()> {
        let content = self.random.content();
        self.file(path, &content)
    }

    fn file(&mut self, path: &Path, content: &[u8]) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            fs::write(path, content)
                .with_context(|| format!("failed to write `{}`", path.display()))?;
        }
        Ok(())
    }

    fn link(&mut self, original: &Path, link: &Path) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            fs::hard_link(original, link)?;
        }
        Ok(())
    }
}

/// Always the same numbers from the same seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn hash(&mut self) -> String {
        format!("{:016x}", self.next())
    }

    /// From some tens of bytes to a few KiB, most of it small.
    fn content(&mut self) -> Vec<u8> {
        let size = 40_u64 << (self.next() % 7);
        let size = size + self.next() % size;
        vec![b'/'; usize::try_from(size).unwrap_or(40)]
    }
}
