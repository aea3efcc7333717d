//! A folder with repositories in it, and an environment in which nothing of the machine's shows.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::schemas;

/// The variables that a program in a sandbox inherits from the tests: with others, a run inside of an automation
/// would show something else than one by hand.
const INHERITED: [&str; 11] = [
    "PATH",
    "TMPDIR",
    "TEMP",
    "TMP",
    "TZ",
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "SystemRoot",
    "SystemDrive",
    "ComSpec",
    "PATHEXT",
];

/// A sandbox; gone when dropped.
pub(crate) struct Sandbox {
    _dir: tempfile::TempDir,
    root: PathBuf,
    env: Vec<(String, String)>,
}

/// The result of a program's run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails the test unless the program exited with this code.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(
            self.code,
            Some(expected),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Checks that either output has a part.
    #[track_caller]
    #[cfg(unix)]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(
            self.said().contains(part),
            "no `{part}` in:\n{}",
            self.said()
        );
        self
    }

    /// The JSON document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let document = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout));
        schemas::check(&document);
        document
    }

    /// Both outputs.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The toolchain that all of a sandbox is for, if one is asked for: `SHAREDTARGET_TEST_TOOLCHAIN=beta`.
pub(crate) fn chosen_toolchain() -> Option<&'static str> {
    static CHOSEN: OnceLock<Option<String>> = OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| std::env::var("SHAREDTARGET_TEST_TOOLCHAIN").ok());
    chosen.as_deref()
}

impl Sandbox {
    /// An empty sandbox, with a home of its own.
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("sharedtarget-test-")
            .tempdir()
            .expect("a temporary folder");
        let root = dunce::canonicalize(dir.path()).expect("a real path");
        for name in ["home", "cargo-home", "code"] {
            fs::create_dir(root.join(name)).expect("a folder");
        }
        if let Some(name) = chosen_toolchain() {
            // By a file and no variable: our program takes that out, as rustup sets it for every plugin of Cargo's.
            let channel = format!("[toolchain]\nchannel = \"{name}\"\n");
            fs::write(root.join("rust-toolchain.toml"), channel).expect("a file");
        }
        Self {
            _dir: dir,
            root,
            env: Vec::new(),
        }
    }

    /// Sets a variable for every program that runs from now on.
    pub(crate) fn env(&mut self, name: &str, value: impl AsRef<Path>) {
        self.env
            .push((name.into(), value.as_ref().display().to_string()));
    }

    /// A path in the folder that the tests work in.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        if relative.is_empty() {
            self.root.join("code")
        } else {
            self.root.join("code").join(relative)
        }
    }

    /// A path beside that folder: `home`, `cargo-home`, or anything else outside.
    pub(crate) fn outside(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Writes a file and the folders above it.
    pub(crate) fn write(&self, relative: &str, content: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    /// Reads a file.
    #[track_caller]
    pub(crate) fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative))
            .unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    pub(crate) fn exists(&self, relative: &str) -> bool {
        fs::symlink_metadata(self.path(relative)).is_ok()
    }

    /// Writes a package that prints `says`.
    pub(crate) fn package(&self, folder: &str, name: &str, says: &str) {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
        self.write(&format!("{folder}/Cargo.toml"), &manifest);
        self.write(
            &format!("{folder}/src/main.rs"),
            &format!("fn main() {{ println!(\"{says}\"); }}\n"),
        );
    }

    /// Makes a repository of a folder and commits what is in it, with `target` and `Cargo.lock` ignored.
    pub(crate) fn commit_all(&self, folder: &str) {
        let path = self.path(folder);
        fs::create_dir_all(&path).expect("a folder");
        if !path.join(".git").exists() {
            self.git(folder, &["init", "-q", "-b", "main"]);
            fs::write(path.join(".gitignore"), "target\nCargo.lock\n").expect("a file");
        }
        self.git(folder, &["add", "-A"]);
        self.git(folder, &["commit", "-q", "-m", "work"]);
    }

    /// A repository with one package, and linked worktrees at these paths (relative to `code`).
    pub(crate) fn repository(&self, folder: &str, worktrees: &[&str]) {
        self.package(folder, "app", "hello");
        self.commit_all(folder);
        for worktree in worktrees {
            self.worktree(folder, worktree);
        }
    }

    /// Adds a linked worktree on a branch of its own.
    pub(crate) fn worktree(&self, repository: &str, at: &str) {
        let path = self.path(at);
        let branch = format!(
            "b-{}",
            at.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
        );
        self.git(
            repository,
            &[
                "worktree",
                "add",
                "-q",
                "-b",
                &branch,
                &path.display().to_string(),
            ],
        );
    }

    /// Runs git, which must succeed.
    #[track_caller]
    pub(crate) fn git(&self, folder: &str, args: &[&str]) -> String {
        self.command("git", folder, args).code(0).stdout
    }

    /// Runs cargo, which must succeed.
    #[track_caller]
    pub(crate) fn cargo(&self, folder: &str, args: &[&str]) -> Run {
        self.command("cargo", folder, args).code(0)
    }

    /// Builds and runs a package quietly, for what it prints.
    #[track_caller]
    pub(crate) fn cargo_run(&self, folder: &str) -> String {
        self.cargo(folder, &["run", "-q", "--offline"]).stdout
    }

    /// Runs our program, with any exit code.
    pub(crate) fn run(&self, folder: &str, args: &[&str]) -> Run {
        Run::from(self.program(folder, args).output().expect("our program"))
    }

    /// Runs our program in JSON and reads the document; any exit code.
    #[track_caller]
    pub(crate) fn json(&self, folder: &str, args: &[&str]) -> serde_json::Value {
        let mut all = args.to_vec();
        all.extend(["--format", "json"]);
        self.run(folder, &all).json()
    }

    /// Our program, not started yet.
    pub(crate) fn program(&self, folder: &str, args: &[&str]) -> Command {
        self.prepared(env!("CARGO_BIN_EXE_cargo-sharedtarget"), folder, args)
    }

    pub(crate) fn command(&self, program: &str, folder: &str, args: &[&str]) -> Run {
        Run::from(
            self.prepared(program, folder, args)
                .output()
                .unwrap_or_else(|error| panic!("{program}: {error}")),
        )
    }

    /// Runs rustup, with any exit code; `None` where it is not installed.
    pub(crate) fn rustup(&self, folder: &str, args: &[&str]) -> Option<Run> {
        self.prepared("rustup", folder, args)
            .output()
            .ok()
            .map(Run::from)
    }

    /// Makes a home of rustup in which one toolchain is installed, by this name: the default one of the machine. `doctor`
    /// asks each toolchain, which takes most of its time. Returns that home, and the folder of the toolchain.
    #[cfg(unix)]
    pub(crate) fn rustup_home(&self, name: &str) -> (PathBuf, PathBuf) {
        let home = self.outside("rustup");
        let asked = self.command("rustc", "", &["--print", "sysroot"]).code(0);
        let toolchain = PathBuf::from(asked.stdout.trim());
        fs::create_dir_all(home.join("toolchains")).expect("a folder");
        let link = home.join("toolchains").join(name);
        std::os::unix::fs::symlink(&toolchain, link).expect("a link");
        let settings = format!("version = \"12\"\ndefault_toolchain = \"{name}\"\n");
        fs::write(home.join("settings.toml"), settings).expect("a file");
        (home, toolchain)
    }

    /// A program in the sandbox: of the variables around the tests, only those of [`INHERITED`] get in.
    pub(crate) fn prepared(
        &self,
        program: impl AsRef<OsStr>,
        folder: &str,
        args: &[&str],
    ) -> Command {
        let mut command = Command::new(program);
        // Not `env_clear`: tests that start a command by another program copy what it sets and removes.
        for (name, _) in std::env::vars_os() {
            if !INHERITED.iter().any(|inherited| name == *inherited) {
                command.env_remove(&name);
            }
        }
        let rustup_home = std::env::var_os("RUSTUP_HOME")
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".rustup")))
            .expect("a home");
        command
            .args(args)
            .current_dir(self.path(folder))
            .env("HOME", self.outside("home"))
            .env("USERPROFILE", self.outside("home"))
            .env("CARGO_HOME", self.outside("cargo-home"))
            .env("RUSTUP_HOME", rustup_home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.outside("home/.gitconfig"))
            .env("GIT_AUTHOR_NAME", "me")
            .env("GIT_AUTHOR_EMAIL", "me@example.org")
            .env("GIT_COMMITTER_NAME", "me")
            .env("GIT_COMMITTER_EMAIL", "me@example.org")
            // Worktrees that a test adds are set up where it says so.
            .env("CARGO_SHAREDTARGET_NO_HOOK", "true")
            // All that they have built was built just now, and would be moved.
            .env("CARGO_SHAREDTARGET_RECLAIM_ALL", "true")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null());
        command
    }

    /// Everything under a folder, as path and content, to compare before and after.
    pub(crate) fn tree(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.path(folder);
        let mut tree = BTreeMap::new();
        for entry in walkdir::WalkDir::new(&root) {
            let entry = entry.expect("a readable folder");
            let content = match entry.file_type() {
                kind if kind.is_file() => fs::read(entry.path()).expect("a readable file"),
                kind if kind.is_symlink() => fs::read_link(entry.path())
                    .expect("a link")
                    .into_os_string()
                    .into_encoded_bytes(),
                _ => b"a folder".to_vec(),
            };
            let relative = entry.path().strip_prefix(&root).expect("inside").to_owned();
            // Git refreshes its index when it is asked something.
            if !relative.ends_with(".git/index") {
                tree.insert(relative, content);
            }
        }
        tree
    }
}
