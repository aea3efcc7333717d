//! One repository with a donor that was built once, and as many second worktrees as there are cells.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use crate::matrix::commands::{Command, Folders, OnDisk, Seen};
use crate::matrix::{full, local, third_party};
use crate::sandbox::Sandbox;

/// The donor's worktree.
pub(crate) const DONOR: &str = "a/tree";
/// A clone that nothing of ours ever touches, with no configuration above it.
pub(crate) const CLONE: &str = "../clone/tree";

/// How the worktrees are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    /// Nothing is configured.
    InPlace,
    /// `setup`, `git worktree add`, `setup` again.
    Isolated,
    /// `setup`, and then a worktree inside of one that is set up, which takes its configuration.
    Nested,
    /// One `build-dir` above all.
    BuildDir,
    /// One folder for all: what must not be done.
    Flat,
}

/// How old the files of the second worktree are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mtimes {
    /// Older than all that the donor's build wrote.
    Older,
    /// Those of a package just as old as the newest that the donor's Cargo knows of that package.
    Equal,
    /// As `git worktree add` leaves them.
    Newer,
}

/// The repository and its donor.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) setup: Setup,
    pub(crate) on_disk: OnDisk,
}

impl Stage {
    /// Makes everything, and builds with these commands in the donor; what they show in an untouched clone is found
    /// out the first time that it is asked for.
    pub(crate) fn new(setup: Setup, on_disk: OnDisk, commands: &[&Command]) -> Self {
        let stage = Self::unbuilt(setup, on_disk);
        let this = &stage;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for command in commands {
                    let seen = command.run(&this.sandbox, DONOR, on_disk);
                    assert!(seen.ok, "{}: {}", command.name, seen.log);
                }
            });
            for command in commands {
                this.expect(command);
            }
        });
        stage
    }

    /// The result of a command in the untouched clone, in which nothing was built before.
    ///
    /// No sandbox's name is in it, so that once is enough for all.
    pub(crate) fn expect(&self, command: &Command) -> Seen {
        static KNOWN: Mutex<BTreeMap<(bool, &str), Seen>> = Mutex::new(BTreeMap::new());
        let key = (self.on_disk == OnDisk::New, command.name);
        if let Some(seen) = KNOWN.lock().expect("a map").get(&key) {
            return seen.clone();
        }
        drop(fs::remove_dir_all(self.sandbox.path(CLONE).join("target")));
        let seen = command.run(&self.sandbox, CLONE, self.on_disk);
        assert!(seen.ok, "{}: {}", command.name, seen.log);
        assert!(seen.lines.iter().any(|line| line.contains("bbb")));
        // The hash of a unit may have the mark in it.
        let other = |line: &&String| {
            let mut names = line.split('/').filter(|name| !is_hash(name));
            names.any(|name| name.contains("aaa"))
        };
        let other: Vec<_> = seen.lines.iter().filter(other).collect();
        assert!(other.is_empty(), "{other:?}");
        let mut known = KNOWN.lock().expect("a map");
        known.entry(key).or_insert(seen).clone()
    }

    /// Everything but the builds.
    fn unbuilt(setup: Setup, on_disk: OnDisk) -> Self {
        let mut sandbox = Sandbox::new();
        if !full() {
            // It halves the time, and has to do with local crates alone.
            sandbox.env("CARGO_INCREMENTAL", "0");
        }
        third_party::make(&sandbox);
        local::write(&sandbox, "m/repo", "main");
        sandbox.git("m/repo", &["init", "-q", "-b", "main"]);
        sandbox.write("m/repo/.gitignore", "target\n");
        sandbox.cargo("m/repo", &["generate-lockfile"]);
        sandbox.commit_all("m/repo");
        for (worktree, mark) in [(DONOR, "aaa"), ("b/tree", "bbb")] {
            let path = sandbox.path(worktree).display().to_string();
            sandbox.git("m/repo", &["worktree", "add", "-q", "-b", mark, &path]);
            local::write(&sandbox, worktree, mark);
            sandbox.commit_all(worktree);
        }
        sandbox.git("m/repo", &["worktree", "remove", "../../b/tree"]);
        sandbox.git("", &["clone", "-q", "-b", "bbb", "m/repo", CLONE]);
        local::write_away(&sandbox, CLONE, "bbb");
        let stage = Self {
            sandbox,
            setup,
            on_disk,
        };
        stage.set_up();
        stage
    }

    fn set_up(&self) {
        let root = self.sandbox.path("").display().to_string();
        let more: &[&str] = match self.setup {
            Setup::InPlace => return,
            Setup::Isolated | Setup::Nested => &["--layout", "isolated"],
            Setup::BuildDir => &["--layout", "build-dir", "--config-at", &root],
            Setup::Flat => &["--layout", "flat", "--allow-unsafe-sharing"],
        };
        let mut args = vec!["setup", "--yes", "--keep-targets"];
        for not_ours in ["from-git", "away"] {
            args.extend(["--exclude", not_ours]);
        }
        args.extend(more);
        self.sandbox.run("", &args).code(0);
    }

    /// A second worktree for a cell, not built in.
    pub(crate) fn worktree(&self, name: &str, mtimes: Mtimes) -> String {
        let worktree = match self.setup {
            Setup::Nested => format!("{DONOR}/.worktrees/{name}/tree"),
            _ => format!("{name}/tree"),
        };
        let path = self.sandbox.path(&worktree).display().to_string();
        let add = ["worktree", "add", "-q", "--detach", &path, "bbb"];
        self.sandbox.git("m/repo", &add);
        local::write_away(&self.sandbox, &worktree, "bbb");
        self.age(&worktree, mtimes);
        worktree
    }

    /// Removes the worktree of a cell with its target folder, which would fill the disk in the whole matrix.
    pub(crate) fn forget(&self, worktree: &str) {
        let path = self.sandbox.path(worktree);
        let own = Folders::of(&self.sandbox, worktree);
        let args = [
            "worktree",
            "remove",
            "--force",
            path.to_str().expect("text"),
        ];
        self.sandbox.git("m/repo", &args);
        drop(fs::remove_dir_all(path.parent().expect("a folder")));
        if self.setup == Setup::Nested {
            // Its programs lie in the donor's folder.
            return drop(fs::remove_dir_all(own.build));
        }
        for folder in [own.target, own.build] {
            drop(fs::remove_dir_all(folder));
        }
    }

    /// Sets up the worktrees that were made since.
    pub(crate) fn set_up_new_ones(&self) {
        if self.setup != Setup::Nested {
            self.set_up();
        }
    }

    fn age(&self, worktree: &str, mtimes: Mtimes) {
        let hour = Duration::from_secs(3600);
        let older = SystemTime::now() - hour;
        let donor = Folders::of(&self.sandbox, DONOR).build;
        let known = match mtimes {
            Mtimes::Newer => return,
            Mtimes::Older => BTreeMap::new(),
            Mtimes::Equal => newest(&donor),
        };
        let root = self.sandbox.path(worktree);
        let beside = root.with_file_name("away");
        for folder in [&root, &beside] {
            for entry in walkdir::WalkDir::new(folder) {
                let entry = entry.expect("a file");
                if !entry.file_type().is_file() || entry.file_name() == ".git" {
                    continue;
                }
                let path = entry.path();
                let below = path.strip_prefix(root.parent().expect("a folder"));
                let mut names = below.expect("below").components();
                let mut package = names.next();
                if folder == &root {
                    package = names.next();
                }
                let package = package.and_then(|name| name.as_os_str().to_str());
                let time = package.and_then(|name| known.get(name).or(known.get("app")));
                set_mtime(path, *time.unwrap_or(&older));
            }
        }
    }
}

/// The newest time at which a Cargo noted what a package was compiled from, by package.
fn newest(build: &Path) -> BTreeMap<String, SystemTime> {
    let mut times = BTreeMap::new();
    for entry in walkdir::WalkDir::new(build)
        .into_iter()
        .filter_map(Result::ok)
    {
        let name = entry.file_name().to_string_lossy();
        if !name.starts_with("dep-") && name != "output" && name != "invoked.timestamp" {
            continue;
        }
        let time = entry.metadata().ok().and_then(|data| data.modified().ok());
        let folders = entry.path().ancestors().skip(1).take(3);
        for folder in folders.filter_map(|folder| folder.file_name()) {
            let folder = folder.to_string_lossy();
            let package = folder.rsplit_once('-').map_or(&*folder, |(name, _)| name);
            let newest = times
                .entry(package.to_owned())
                .or_insert(SystemTime::UNIX_EPOCH);
            *newest = (*newest).max(time.expect("a time"));
        }
    }
    times
}

pub(crate) fn is_hash(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn set_mtime(path: &Path, time: SystemTime) {
    let file = fs::File::options().append(true).open(path).expect("a file");
    let times = fs::FileTimes::new().set_modified(time);
    file.set_times(times).expect("a time");
}

/// Puts the donor out of reach, its sources as well, until dropped.
pub(crate) struct Gone(Vec<(PathBuf, PathBuf)>);

impl Stage {
    pub(crate) fn donor_gone(&self) -> Gone {
        let folders = Folders::of(&self.sandbox, DONOR);
        let moved = [folders.target, folders.build];
        let mut pairs = Vec::new();
        for (index, from) in moved.into_iter().enumerate() {
            if fs::symlink_metadata(&from).is_ok() {
                let to = self.sandbox.path(&format!("gone-{index}"));
                fs::rename(&from, &to).expect("moved");
                pairs.push((from, to));
            }
        }
        Gone(pairs)
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        for (from, to) in self.0.iter().rev() {
            // A worktree inside of the donor's puts its programs where the donor's were.
            drop(fs::remove_dir_all(from));
            drop(fs::rename(to, from));
        }
    }
}
