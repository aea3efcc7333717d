//! One donor that was built once, a new worktree for each cell, and a clone that nothing of ours touches.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, mpsc};

use crate::matrix::{OnDisk, chosen_layout};
use crate::sandbox::Sandbox;
use crate::sources::built::{self, Built};
use crate::sources::edit::{self, Edit};
use crate::sources::repository::{self, LOOKS, NEVER, PACKAGES};

pub(crate) const DONOR: &str = "donor/tree";
/// The clone, beside what is surveyed.
const CLONE: &str = "clone/tree";

/// How the worktrees are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    /// Nothing is configured.
    InPlace,
    /// A folder of its own for each, elsewhere; `setup` finds the files as they are then.
    Isolated,
    /// The same, and files change once `setup` has warmed: only what Cargo itself notices is compiled.
    Edited,
    /// Nothing is configured, and Cargo uses its new layout.
    New,
}

impl Setup {
    fn is_isolated(self) -> bool {
        matches!(self, Self::Isolated | Self::Edited)
    }
}

/// How old the destination's sources are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Age {
    /// As `git worktree add` leaves them.
    #[default]
    Newer,
    /// Older than the donor's build.
    Older,
    /// As old as the donor's own.
    Equal,
}

/// A difference, and the packages that are compiled for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    pub(crate) edits: &'static [Edit],
    /// The packages that are compiled; what depends on them is too, and so is [`NEVER`]. `*` is all.
    pub(crate) compiled: &'static [&'static str],
    /// These are compiled besides, though nothing of what depends on them.
    pub(crate) alone: &'static [&'static str],
    pub(crate) env: &'static [(&'static str, &'static str)],
    pub(crate) age: Age,
    /// It cannot be compiled.
    pub(crate) fails: bool,
    /// `warm` gets this as well.
    pub(crate) args: &'static [&'static str],
}

/// A repository, its donor, and its clone.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    setup: Setup,
    cells: Mutex<usize>,
    /// The files that the clone had different.
    edited: Mutex<Vec<&'static str>>,
}

impl Stage {
    /// Makes everything, with some commands run in the donor.
    pub(crate) fn new(setup: Setup, commands: &[&[&str]]) -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.env("CARGO_INCREMENTAL", "0");
        if setup == Setup::New {
            let channel = "[toolchain]\nchannel = \"nightly\"\n";
            sandbox.write("../rust-toolchain.toml", channel);
            sandbox.env("CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT", "true");
        }
        let top = sandbox.path("m/repo");
        std::fs::create_dir_all(&top).expect("a folder");
        repository::write(&top);
        let stage = Self {
            sandbox,
            setup,
            cells: Mutex::new(0),
            edited: Mutex::default(),
        };
        let sandbox = &stage.sandbox;
        sandbox.cargo("m/repo", &["generate-lockfile", "--offline"]);
        sandbox.git("m/repo", &["init", "-q", "-b", "main"]);
        sandbox.git("m/repo", &["add", "-A"]);
        sandbox.git("m/repo", &["commit", "-q", "-m", "work"]);
        stage.add(DONOR);
        stage.set_up(&[]);
        // A worktree that git knows would be a donor, too.
        sandbox.git("", &["clone", "-q", "m/repo", "../clone/tree"]);
        std::thread::scope(|scope| {
            scope.spawn(|| stage.build(&stage.clone_path(), &["build", "--workspace"], &[]));
            for command in commands {
                let built = stage.build(DONOR, command, &[]);
                assert!(built.ok, "{command:?}: {}", built.log);
            }
        });
        stage
    }

    fn clone_path(&self) -> String {
        format!("../{CLONE}")
    }

    /// A new worktree at the commit that the donor is at.
    pub(crate) fn add(&self, worktree: &str) {
        let path = self.sandbox.path(worktree).display().to_string();
        let add = ["worktree", "add", "-q", "--detach", &path, "main"];
        self.sandbox.git("m/repo", &add);
    }

    fn set_up(&self, more: &[&str]) {
        if self.setup.is_isolated() {
            let args = ["setup", "--yes", "--keep-targets", "--layout", "isolated"];
            self.sandbox.run("", &[&args, more].concat()).code(0);
        }
    }

    pub(crate) fn build(&self, worktree: &str, args: &[&str], env: &[(&str, &str)]) -> Built {
        Built::by(&self.sandbox, worktree, args, env)
    }

    /// Where the programs of a worktree are.
    pub(crate) fn target(&self, worktree: &str) -> PathBuf {
        if !self.setup.is_isolated() {
            return self.sandbox.path(worktree).join("target");
        }
        let args = ["metadata", "--format-version=1", "--no-deps", "--offline"];
        let said = self.sandbox.cargo(worktree, &args).json();
        PathBuf::from(said["target_directory"].as_str().expect("a folder"))
    }

    /// A worktree for a cell, changed and warmed, and what `warm` said.
    pub(crate) fn warmed(&self, cell: &Cell) -> (String, String) {
        let worktree = {
            let mut cells = self.cells.lock().expect("a number");
            *cells += 1;
            let worktree = format!("w{cells}/tree");
            self.add(&worktree);
            worktree
        };
        if self.setup == Setup::Edited {
            self.set_up(cell.args);
        }
        let top = self.sandbox.path(&worktree);
        for edit in cell.edits {
            edit.apply(&top);
        }
        match cell.age {
            Age::Newer => {}
            Age::Older => edit::set_all(&top, edit::hour_ago()),
            Age::Equal => {
                for entry in walkdir::WalkDir::new(self.sandbox.path(DONOR)) {
                    let entry = entry.expect("a file");
                    let below = entry.path().strip_prefix(self.sandbox.path(DONOR));
                    let here = top.join(below.expect("below"));
                    if entry.file_type().is_file() && here.is_file() {
                        let time = entry.metadata().expect("a file").modified();
                        edit::set_mtime(&here, time.expect("a time"));
                    }
                }
            }
        }
        if self.setup == Setup::Isolated {
            self.set_up(cell.args);
        }
        let mut args = vec!["warm", "-v", "--yes"];
        args.extend(cell.args);
        let said = self.sandbox.run(&worktree, &args);
        (worktree, said.said())
    }

    /// Tries each cell, and fails if one is wrong.
    pub(crate) fn all(&self, cells: &[Cell]) {
        let (sender, receiver) = mpsc::channel();
        let wrong = std::thread::scope(|scope| {
            scope.spawn(move || {
                for cell in cells {
                    sender.send(self.expected(cell)).expect("somebody waits");
                }
            });
            let mut wrong = Vec::new();
            for cell in cells {
                let (worktree, said) = self.warmed(cell);
                let built = self.build(&worktree, &["build", "--workspace"], cell.env);
                let printed = self.programs(&worktree, &built);
                let (expected_ok, expected) = receiver.recv().expect("a clone");
                let compiled = cell.expected(self.setup);
                let mut faults = String::new();
                if built.ok != expected_ok || built.ok == cell.fails {
                    faults += &format!("it builds: {}, in a clone: {expected_ok}\n", built.ok);
                }
                if built.ok != expected_ok || built.ok && printed != expected {
                    faults += &format!("printed {printed:#?},\nin a clone {expected:#?}\n");
                }
                if built.ok && built.compiled != compiled {
                    let more: Vec<_> = built.compiled.difference(&compiled).collect();
                    let less: Vec<_> = compiled.difference(&built.compiled).collect();
                    faults += &format!("compiled too much {more:?}, too little {less:?}\n");
                }
                if !faults.is_empty() {
                    let log = if built.ok { "" } else { &built.log };
                    let line = format!("## {:?}, {}\n{faults}{said}{log}", self.setup, cell.name);
                    eprintln!("{line}");
                    wrong.push(line);
                }
                self.remove(&worktree);
            }
            wrong
        });
        let names: Vec<_> = wrong
            .iter()
            .filter_map(|wrong| wrong.lines().next())
            .collect();
        assert!(
            wrong.is_empty(),
            "{} of {} wrong: {names:#?}",
            wrong.len(),
            cells.len()
        );
    }

    /// The result of a command in the clone.
    pub(crate) fn clone_at(&self, command: &[&str]) -> Built {
        self.build(&self.clone_path(), command, &[])
    }

    /// Removes the worktree of a cell with its target folder, which would fill the disk if all cells are run.
    pub(crate) fn remove(&self, worktree: &str) {
        let config = self.sandbox.path(worktree).join(".cargo/config.toml");
        let config = std::fs::read_to_string(config).unwrap_or_default();
        let mut lines = config.lines();
        // Cargo cannot be asked where the cell has a manifest that it refuses.
        let target = lines.find_map(|line| line.strip_prefix("target-dir = \"")?.strip_suffix('"'));
        if let Some(target) = target.map(std::path::Path::new) {
            assert!(target.starts_with(self.sandbox.path("")), "{target:?}");
            drop(std::fs::remove_dir_all(target));
        }
        let path = self.sandbox.path(worktree).display().to_string();
        self.sandbox
            .git("m/repo", &["worktree", "remove", "--force", &path]);
    }

    fn programs(&self, worktree: &str, built: &Built) -> BTreeSet<String> {
        match built.ok {
            true => built::programs(&self.sandbox, worktree, &self.target(worktree)),
            false => BTreeSet::new(),
        }
    }

    /// The result of a cell in the clone.
    ///
    /// It is always built in the same folder. All of a package is new if one of its files is different, or was so
    /// before, for a macro reads without telling.
    fn expected(&self, cell: &Cell) -> (bool, BTreeSet<String>) {
        let (clone, top) = (self.clone_path(), self.sandbox.outside(CLONE));
        self.sandbox.git(&clone, &["checkout", "-q", "."]);
        self.sandbox
            .git(&clone, &["clean", "-fdxq", "-e", "target"]);
        let files: Vec<_> = cell.edits.iter().flat_map(Edit::files).collect();
        for edit in cell.edits {
            edit.apply(&top);
        }
        let mut before = self.edited.lock().expect("files");
        for file in before.iter().chain(&files) {
            for folder in changed_with(file) {
                edit::set_all(&top.join(folder), std::time::SystemTime::now());
            }
        }
        *before = files;
        let target = self.sandbox.path(&clone).join("target");
        // Under another name it would stay.
        std::fs::remove_file(target.join("debug/libdynamic.so")).ok();
        let built = Built::by(&self.sandbox, &clone, &["build", "--workspace"], cell.env);
        match built.ok {
            true => (true, built::programs(&self.sandbox, &clone, &target)),
            false => (false, BTreeSet::from([built.log])),
        }
    }
}

/// The folders to which a file may matter.
fn changed_with(file: &str) -> Vec<String> {
    match file
        .strip_prefix("crates/")
        .and_then(|file| file.split_once('/'))
    {
        Some((package, _)) => vec![format!("crates/{package}")],
        None => [
            "src",
            "common",
            "crates/caller",
            "crates/away",
            "crates/inherits",
        ]
        .map(str::to_owned)
        .into(),
    }
}

impl Cell {
    /// The packages that are compiled for it.
    fn expected(&self, setup: Setup) -> BTreeSet<String> {
        let never = never(setup).into_iter();
        // Where anything is different, so may be the files that a build script or a macro has read, unless `setup`
        // has warmed before the change. Configurations are told from files that scripts read.
        let is_read = |edit: &Edit| {
            let files = edit.files();
            !matches!(edit, Edit::Touch(_)) && !files.contains(&".cargo/config.toml")
        };
        let differs = self.edits.iter().any(is_read);
        // A package that uses a script without declared files is not taken later on.
        let program = setup.is_isolated().then_some("show");
        let unclear: &[&str] = match differs && setup != Setup::Edited {
            true => &LOOKS,
            false => &[],
        };
        with_dependents(&[self.compiled, unclear].concat())
            .into_iter()
            .chain(never)
            .chain(program)
            .chain(self.alone.iter().copied())
            .map(str::to_owned)
            .collect()
    }
}

/// [`NEVER`] with a layout: in the new one, a shared library's folder tells the hash.
pub(crate) fn never(setup: Setup) -> Vec<&'static str> {
    let new = setup == Setup::New || chosen_layout() == Some(OnDisk::New);
    let never = NEVER.into_iter();
    never.filter(|name| !new || *name != "dynamic").collect()
}

/// These packages, and all that depend on them.
pub(crate) fn with_dependents<'a>(packages: &[&'a str]) -> BTreeSet<&'a str> {
    let mut all: BTreeSet<&str> = packages.iter().copied().collect();
    let every = all.remove("*");
    for (package, dependencies) in PACKAGES {
        if every || dependencies.iter().any(|package| all.contains(package)) {
            all.insert(package);
        }
    }
    all
}
