//! The repository, its worktrees, and what was done so far.

use std::fs;
use std::path::PathBuf;

use crate::random::build::{self, Built, Command, difference};
use crate::random::clone::{self, Contents, Untouched};
use crate::random::compiled;
use crate::random::dice::Dice;
use crate::random::edit::{self, Edit, Editor};
use crate::random::generate::Plan;
use crate::sandbox::{Run, Sandbox};

pub(crate) const REPOSITORY: &str = "m/repo";

/// How a worktree is given what another one has compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Warm,
    /// By a plain copy of the target folder, which is wrong.
    Copy,
    /// By a plain copy, and by having Cargo believe in it as far as the sources are those that the donor has now:
    /// which need not be those that it has built.
    Belief,
}

/// A worktree.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) name: &'static str,
    pub(crate) folder: String,
    /// Something changed that Cargo by itself does not notice: what its target folder holds proves nothing.
    pub(crate) doubtful: bool,
    /// All of it was built at one go, and nothing was done to it since: of what was built by and by, a file that Cargo
    /// does not know to have been read may be newer than something.
    pub(crate) still: bool,
    /// The files that Cargo does not know to have been read, as they were.
    untold: Vec<Option<Vec<u8>>>,
}

/// How much of everything there was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) rounds: usize,
    pub(crate) edits: usize,
    pub(crate) builds: usize,
    pub(crate) warmed: usize,
    pub(crate) compared: usize,
    pub(crate) failing: usize,
    pub(crate) doubtful: usize,
    pub(crate) same_commit: usize,
}

/// Everything that a seed makes.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    pub(crate) trees: Vec<Tree>,
    pub(crate) count: Count,
    pub(crate) by: By,
    seed: u64,
    clone: Untouched,
    log: Vec<String>,
}

impl World {
    /// A repository with two worktrees, in which nothing was built.
    pub(crate) fn new(seed: u64, by: By) -> Self {
        let mut sandbox = Sandbox::new();
        let mut dice = Dice::new(seed);
        let mut plan = Plan::new(&mut dice);
        if by == By::Belief {
            plan.forget_paths();
        }
        // Incremental builds take longer here, and both kinds are used.
        if !dice.one_in(3) {
            sandbox.env("CARGO_INCREMENTAL", "0");
        }
        sandbox.write(&format!("{REPOSITORY}/.keep"), "");
        sandbox.git(REPOSITORY, &["init", "-q", "-b", "main"]);
        sandbox.git(REPOSITORY, &["config", "gc.auto", "0"]);
        for (path, text) in plan.files(&mut dice) {
            sandbox.write(&format!("{REPOSITORY}/{path}"), &text);
        }
        if plan.locked {
            sandbox.cargo(REPOSITORY, &["generate-lockfile", "--offline"]);
        }
        sandbox.commit_all(REPOSITORY);
        sandbox.git(REPOSITORY, &["tag", "base"]);
        let clone = Untouched::make(&sandbox, REPOSITORY);
        let mut world = Self {
            sandbox,
            plan,
            dice,
            trees: Vec::new(),
            count: Count::default(),
            by,
            seed,
            clone,
            log: Vec::new(),
        };
        world.add("a", "base");
        world.add("b", "base");
        world
    }

    /// Adds a worktree.
    pub(crate) fn add(&mut self, name: &'static str, commit: &str) {
        let folder = format!("{name}/tree");
        let path = self.path(&folder).display().to_string();
        let args = ["worktree", "add", "-q", "--detach", &path, commit];
        self.sandbox.git(REPOSITORY, &args);
        self.trees.retain(|tree| tree.name != name);
        self.trees.push(Tree {
            name,
            folder,
            doubtful: false,
            still: false,
            untold: Vec::new(),
        });
        let at = self.trees.len() - 1;
        self.changed(at);
    }

    /// Notes a step.
    pub(crate) fn say(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.log.push(format!("{:3} {what}", self.count.rounds));
    }

    /// All that was done, with the seed.
    pub(crate) fn story(&self) -> String {
        format!(
            "SHAREDTARGET_RANDOM_SEED={}\n{}\n",
            self.seed,
            self.log.join("\n")
        )
    }

    pub(crate) fn path(&self, folder: &str) -> PathBuf {
        self.sandbox.path(folder)
    }

    fn target(&self, at: usize) -> PathBuf {
        self.path(&self.trees[at].folder).join("target")
    }

    pub(crate) fn has_target(&self, at: usize) -> bool {
        fs::symlink_metadata(self.target(at)).is_ok()
    }

    pub(crate) fn delete_target(&mut self, at: usize) {
        drop(fs::remove_dir_all(self.target(at)));
        self.trees[at].doubtful = false;
        self.trees[at].still = false;
        self.say(format!(
            "{}: the target folder is deleted",
            self.trees[at].name
        ));
    }

    /// Looks at a worktree after something was done to its files.
    pub(crate) fn changed(&mut self, at: usize) {
        let root = self.path(&self.trees[at].folder);
        let untold = self.plan.untold().into_iter();
        let untold: Vec<_> = untold
            .map(|(file, _)| fs::read(root.join(file)).ok())
            .collect();
        let there = self.has_target(at);
        let tree = &mut self.trees[at];
        tree.doubtful |= there && tree.untold != untold;
        tree.untold = untold;
        tree.still = false;
    }

    /// Edits a worktree; whether there was something to edit.
    pub(crate) fn edit(&mut self, at: usize, edit: Edit, old: bool) -> bool {
        let root = self.path(&self.trees[at].folder);
        let mut editor = Editor {
            plan: &self.plan,
            root: &root,
            dice: &mut self.dice,
            old,
        };
        let Some(what) = editor.apply(edit) else {
            return false;
        };
        let age = if old { ", an hour ago" } else { "" };
        self.say(format!("{}: {what}{age}", self.trees[at].name));
        self.count.edits += 1;
        self.trees[at].doubtful |= old && self.has_target(at);
        self.changed(at);
        true
    }

    /// Makes all files of a worktree an hour old.
    pub(crate) fn age(&mut self, at: usize) {
        let root = self.path(&self.trees[at].folder);
        for path in edit::paths(&root) {
            edit::age(&root.join(path));
        }
        self.say(format!("{}: all is an hour old", self.trees[at].name));
    }

    /// Git, which may refuse.
    pub(crate) fn git(&mut self, at: usize, args: &[&str]) -> Run {
        let folder = self.trees[at].folder.clone();
        let output = self.sandbox.prepared("git", &folder, args).output();
        let run = Run::from(output.expect("git"));
        let refused = if run.code == Some(0) {
            ""
        } else {
            " (refused)"
        };
        self.say(format!(
            "{}: git {}{refused}",
            self.trees[at].name,
            args.join(" ")
        ));
        self.one_file_each(at);
        self.changed(at);
        run
    }

    /// Git may bring back a module that was moved, beside the file that it does not know. Such a package cannot be
    /// built, and Cargo takes an earlier build for fresh, so the file that git does not know is deleted.
    fn one_file_each(&mut self, at: usize) {
        let root = self.path(&self.trees[at].folder);
        for member in &self.plan.members {
            let [part, deep] = ["src/part.rs", "src/part/mod.rs"].map(|inside| member.path(inside));
            if fs::exists(root.join(part)).unwrap_or(false) {
                drop(fs::remove_file(root.join(deep)));
            }
        }
    }

    pub(crate) fn head(&self, at: usize) -> String {
        let head = self
            .sandbox
            .git(&self.trees[at].folder, &["rev-parse", "HEAD"]);
        head.trim().to_owned()
    }

    pub(crate) fn contents(&self, at: usize) -> Contents {
        clone::contents(&self.sandbox, &self.trees[at].folder)
    }

    /// Builds. A worktree that does not build is put back to where everything began.
    pub(crate) fn build(&mut self, at: usize, command: &Command) -> Built {
        let new = !self.has_target(at);
        let built = build::build(&self.sandbox, &self.trees[at].folder, command);
        let mut errors = built.log.lines().filter(|line| line.starts_with("error"));
        let failed = match errors.next().filter(|_| !built.ok) {
            Some(error) => format!(" ({error})"),
            None => String::new(),
        };
        self.say(format!(
            "{}: cargo {command:?}{failed}",
            self.trees[at].name
        ));
        self.count.builds += 1;
        if built.ok {
            let tree = &mut self.trees[at];
            tree.still |= new && *command == Command::Build && !tree.doubtful;
        }
        built
    }

    /// Throws away what does not build.
    pub(crate) fn recover(&mut self, at: usize) {
        self.count.failing += 1;
        self.git(at, &["reset", "-q", "--hard", "base"]);
        self.git(at, &["clean", "-fdq"]);
    }

    /// Gives a worktree what others have compiled; from one of them, if one is named.
    pub(crate) fn warm(&mut self, at: usize, from: Option<usize>) -> Result<(), String> {
        self.count.warmed += 1;
        let name = self.trees[at].name;
        let donor = from.map(|from| self.path(&self.trees[from].folder));
        let of = from.map_or("anywhere", |from| self.trees[from].name);
        self.say(format!("{name}: {:?} from {of}", self.by));
        if self.by != By::Warm {
            self.copy(at, from.unwrap_or(usize::from(at == 0)));
            return Ok(());
        }
        let mut args = vec!["warm", "--yes", "--verbose"];
        let donor = donor.map(|donor| donor.display().to_string());
        if let Some(donor) = &donor {
            args.extend(["--from", donor]);
        }
        let run = self.sandbox.run(&self.trees[at].folder, &args);
        // A donor or a worktree whose manifest is broken is refused.
        match run.code {
            Some(0) => {
                self.say(run.said());
                Ok(())
            }
            Some(1 | 101) if run.said().contains("cargo") => {
                self.say(format!("{name}: refused: {}", run.said().trim()));
                Ok(())
            }
            code => Err(format!("{name}: warm exits with {code:?}: {}", run.said())),
        }
    }

    /// Copies a target folder, which must not be done.
    fn copy(&mut self, at: usize, from: usize) {
        if !self.has_target(from) || from == at {
            return;
        }
        self.delete_target(at);
        let [source, to] = [from, at].map(|at| self.target(at).display().to_string());
        let copied = self.sandbox.prepared("cp", "", &["-a", &source, &to]);
        assert!({ copied }.status().expect("cp").success(), "a copy");
        if self.by == By::Belief {
            let (here, there) = (self.contents(at), self.contents(from));
            let root = self.path(&self.trees[at].folder);
            for (path, content) in here {
                if there.get(&path) == Some(&content) {
                    edit::age(&root.join(path));
                } else {
                    edit::touch(&root.join(path));
                }
            }
        }
    }

    /// Whether both worktrees have the same files, but for those that Cargo writes and git does not keep.
    pub(crate) fn same_files(&self, at: usize, other: usize) -> bool {
        let [one, other] = [at, other].map(|at| {
            let mut files = self.contents(at);
            if !self.plan.locked {
                files.remove("Cargo.lock");
            }
            files
        });
        one == other
    }

    /// Builds in a worktree and in the clone, and compares what the programs say.
    pub(crate) fn check(&mut self, at: usize, command: &Command) -> Result<Built, String> {
        let files = self.contents(at);
        let built = self.build(at, command);
        let name = self.trees[at].name;
        if self.trees[at].doubtful {
            self.count.doubtful += 1;
        } else {
            let here = built.see(&self.sandbox, &self.trees[at].folder);
            let clone = self
                .clone
                .expect(&self.sandbox, &self.plan, &files, command);
            self.count.compared += 1;
            if let Some(difference) = difference(&here, &clone) {
                let log = if built.ok { "" } else { &built.log };
                return Err(format!(
                    "{name}: {command:?} is not as in the clone\n{difference}{log}"
                ));
            }
        }
        if !built.ok {
            self.recover(at);
        }
        Ok(built)
    }

    /// Checks that hardly anything was compiled where nothing had changed.
    pub(crate) fn check_compiled(&mut self, at: usize, built: &Built) -> Result<(), String> {
        self.count.same_commit += 1;
        let tree = &self.trees[at];
        let too_much = compiled::too_much(&self.sandbox, &tree.folder, &self.plan, built);
        if too_much.is_empty() {
            return Ok(());
        }
        let name = tree.name;
        Err(format!(
            "{name}: compiled though it was there: {}",
            too_much.join(", ")
        ))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.story());
        }
    }
}

impl Count {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            rounds: self.rounds + other.rounds,
            edits: self.edits + other.edits,
            builds: self.builds + other.builds,
            warmed: self.warmed + other.warmed,
            compared: self.compared + other.compared,
            failing: self.failing + other.failing,
            doubtful: self.doubtful + other.doubtful,
            same_commit: self.same_commit + other.same_commit,
        }
    }
}
