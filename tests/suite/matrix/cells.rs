//! Cells: one command in one second worktree, against what the untouched clone shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use crate::matrix::commands::{Command, Folders, OnDisk, Seen};
use crate::matrix::rebuild::{Print, changed, prints};
use crate::matrix::stage::{CLONE, DONOR, Mtimes, Setup, Stage, is_hash};
use crate::matrix::third_party;
use crate::sandbox::chosen_toolchain;

/// How the second worktree comes to its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// `cargo sharedtarget warm`.
    Warm,
    /// `cargo sharedtarget warm`, from the store: the donor's folders are gone before.
    Store,
    /// Not at all: what the rest of the matrix is measured with.
    Nothing,
}

/// Whether the donor's folders are there while the second worktree builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Donor {
    Alive,
    Deleted,
}

/// The faults, cell by cell; a cell without a line has none.
#[derive(Default)]
pub(crate) struct Score {
    cells: usize,
    wrong: Vec<String>,
}

impl Score {
    /// Says how many cells there were, and fails unless every one was right.
    pub(crate) fn settle(self, what: &str, start: Instant) {
        let Self { cells, wrong } = self;
        eprintln!(
            "{what}: {cells} cells, {} wrong, {:.0?}",
            wrong.len(),
            start.elapsed()
        );
        assert!(cells > 0, "{what}: no cells");
        assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.cells += other.cells;
        self.wrong.extend(other.wrong);
    }
}

/// Whether a file is one that Cargo makes others of: it lies in a folder for these, or its name has a hash.
fn is_intermediate(path: &Path) -> bool {
    let names: Vec<_> = path.iter().filter_map(|name| name.to_str()).collect();
    let own = ["deps", "build", ".fingerprint", "incremental"];
    let hashed = |name: &str| {
        let hash = name.rsplit_once('-').map_or(name, |(_, end)| end);
        is_hash(hash.split('.').next().unwrap_or_default())
    };
    names.iter().any(|name| own.contains(name) || hashed(name))
}

impl Stage {
    /// Runs each command in a worktree of its own that was just warmed.
    ///
    /// All are warmed before the donor goes; then two at a time are built, which have nothing in common but what
    /// `warm` gave them.
    pub(crate) fn cells(
        &self,
        commands: &[&Command],
        mtimes: Mtimes,
        donor: Donor,
        by: By,
    ) -> Score {
        static COUNT: Mutex<usize> = Mutex::new(0);
        let names: Vec<String> = commands
            .iter()
            .map(|_| {
                let mut count = COUNT.lock().expect("a number");
                *count += 1;
                format!("w{count}")
            })
            .collect();
        let donors = Folders::of(&self.sandbox, DONOR).build;
        let before = self.kept(&donors);
        let worktrees: Vec<String> = names
            .iter()
            .map(|name| self.worktree(name, mtimes))
            .collect();
        self.set_up_new_ones();
        let mut score = Score::default();
        let mut gone = None;
        if by == By::Store {
            // A store is asked for what the worktree's own compiler has made, and not that of a word after `cargo`.
            if self.on_disk == OnDisk::New && chosen_toolchain().is_none() {
                for folder in worktrees.iter().map(String::as_str).chain([DONOR]) {
                    let file = format!("{folder}/rust-toolchain.toml");
                    self.sandbox
                        .write(&file, "[toolchain]\nchannel = \"nightly\"\n");
                }
            }
            let run = self.sandbox.run(DONOR, &["store", "harvest", "--yes"]);
            if run.code != Some(0) {
                score.wrong.push(format!("harvest: {}", run.said()));
            }
            gone = Some(self.donor_gone());
        }
        for worktree in worktrees.iter().filter(|_| by != By::Nothing) {
            let run = self.sandbox.run(worktree, &["warm", "--yes"]);
            if run.code != Some(0) {
                score
                    .wrong
                    .push(format!("warm of {worktree}: {}", run.said()));
            }
        }
        if donor == Donor::Deleted && gone.is_none() {
            gone = Some(self.donor_gone());
        }
        let at_once = if self.setup == Setup::Nested { 1 } else { 2 };
        let left = Mutex::new(commands.iter().zip(&worktrees));
        let score = Mutex::new(score);
        std::thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| {
                    while let Some((command, worktree)) = {
                        let mut left = left.lock().expect("a cell");
                        left.next()
                    } {
                        let seen = command.run(&self.sandbox, worktree, self.on_disk);
                        let faults = self.faults(command, &seen, by);
                        let mut score = score.lock().expect("a score");
                        score.cells += 1;
                        if !faults.is_empty() {
                            let wrong = format!(
                                "{:?}, {:?}, {mtimes:?}, donor {donor:?}, {}:{faults}",
                                self.setup, self.on_disk, command.name
                            );
                            eprintln!("{wrong}");
                            score.wrong.push(wrong);
                        }
                    }
                });
            }
        });
        drop(gone);
        assert_eq!(changed(&before, &self.kept(&donors)), [] as [&Path; 0]);
        for worktree in &worktrees {
            self.forget(worktree);
        }
        score.into_inner().expect("a score")
    }

    /// The files of a donor's folder that no other worktree may change.
    ///
    /// A worktree inside that is not set up itself has its configuration: the last of what Cargo makes lies in one
    /// folder for both, and only what that is made of does not.
    fn kept(&self, donors: &Path) -> BTreeMap<PathBuf, Print> {
        let mut files = prints(donors);
        if self.setup == Setup::Nested {
            let all = files.len();
            files.retain(|path, _| is_intermediate(path.strip_prefix(donors).expect("below")));
            assert!(files.len() * 2 > all, "{} of {all}", files.len());
        }
        files
    }

    /// Differences from the untouched clone, and units that were compiled though they could have been taken.
    fn faults(&self, command: &Command, seen: &Seen, by: By) -> String {
        let expected = self.expect(command);
        let mut faults = String::new();
        if seen.ok != expected.ok {
            write!(faults, "\n  failed: {}", seen.log).expect("text");
        }
        let differs = |line: &&String| match self.setup {
            // Inside of a worktree that is set up, and not set up itself: the programs of both lie in one folder, and
            // so do the shared libraries that they find beside themselves.
            Setup::Nested => !line.contains("loaded="),
            // Whether a library is found that only a dependency made is not the same each time in the new layout.
            _ => {
                let either = line.ends_with("loaded=bbb") || line.ends_with("loaded=nothing");
                self.on_disk == OnDisk::Classic || !either
            }
        };
        for line in expected.lines.difference(&seen.lines).filter(differs) {
            write!(faults, "\n  in {CLONE} only: {line}").expect("text");
        }
        for line in seen.lines.difference(&expected.lines).filter(differs) {
            write!(faults, "\n  not in {CLONE}: {line}").expect("text");
        }
        if by == By::Nothing {
            return faults;
        }
        let everything: BTreeSet<&String> = expected.fresh.union(&expected.compiled).collect();
        let mut taken = 0;
        for (name, required) in third_party::all() {
            if !everything.contains(&name.to_owned()) || !required {
                continue;
            }
            taken += 1;
            if seen.compiled.contains(name) || !seen.fresh.contains(name) {
                write!(faults, "\n  compiled: {name}").expect("text");
            }
        }
        if taken < 5 {
            write!(faults, "\n  only {taken} third-party crates were seen").expect("text");
        }
        faults
    }
}
