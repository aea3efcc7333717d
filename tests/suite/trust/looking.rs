//! Hostile clones, and all commands in them.
//!
//! `CARGO_SHAREDTARGET_HOSTILE` says how many clones, and `CARGO_SHAREDTARGET_HOSTILE_SEED` which one is the first: each has
//! a number that makes it again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::clone::{Origin, Unpacked, origin};
use super::wire::{Dice, Spies, Tripwire, real};
use super::words::git_config;
use crate::sandbox::{Run, Sandbox};

/// The commands that only look.
const LOOKING: [&[&str]; 15] = [
    &["list"],
    &["doctor"],
    &["audit"],
    &["setup", "--dry-run"],
    &["onboard", "--dry-run"],
    &["warm", "--dry-run"],
    &["gc", "--dry-run"],
    &["clean", "--all", "--dry-run"],
    &["dedupe", "--dry-run"],
    &["hook", "status"],
    &["hook", "install", "--dry-run"],
    &["store", "status"],
    &["store", "harvest", "--dry-run"],
    &["undo", "--dry-run"],
    &["cache", "info"],
];

/// The quick ones among them.
const GLANCES: [&[&str]; 3] = [&["list"], &["setup", "--dry-run"], &["gc", "--dry-run"]];

/// As the hook calls us.
const ONBOARD: &[&str] = &["onboard", "--yes", "--quiet"];

/// The other commands that write, but build nothing: one of them at the end.
const ACTING: [&[&str]; 8] = [
    &["setup", "--yes", "--relink"],
    &["warm", "--yes"],
    &["setup", "--yes"],
    &["dedupe", "--yes"],
    &["store", "harvest", "--yes"],
    &["gc", "--yes"],
    &["clean", "--yes"],
    &["undo", "--yes"],
];

/// Calls of the real programs are counted in one of so many clones, since it takes time.
const EACH_SPIED: usize = 4;

/// How we ask Cargo, and plain commands do not.
const OUR_METADATA: &str = "cargo metadata --format-version 1 --offline";

/// How a clone comes to its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// By `git clone`.
    Clone,
    /// As a branch that a new worktree of the user's own repository is made of.
    Worktree,
    /// As a branch that is checked out over the user's own shared root.
    Switch,
}

/// The findings in some clones.
#[derive(Debug, Default)]
struct Figures {
    clones: usize,
    /// How often each command was asked, and how often it could not run.
    asked: BTreeMap<String, (usize, usize)>,
    /// Clones in which plain git and cargo ran a tripwire, by its name.
    plain: BTreeMap<String, usize>,
    /// Clones in which we ran one that plain git and cargo had run as well.
    both: BTreeMap<String, usize>,
    /// New worktrees in which a hook of ours ran.
    hooks: usize,
    /// Calls of the real programs by us.
    calls: BTreeMap<&'static str, usize>,
}

/// A clone at the place that it was made for.
struct World<'a> {
    sandbox: &'a Sandbox,
    wire: Tripwire<'a>,
    spies: Spies<'a>,
    variables: Vec<(&'static str, String)>,
    origin: Origin,
    /// The repository of it: the clone, or the user's own.
    repository: String,
    /// A branch that is the same as the clone.
    branch: String,
}

/// Git in a sandbox may take submodules from folders.
const SUBMODULES: [&str; 2] = ["-c", "protocol.file.allow=always"];

impl World<'_> {
    fn run(&self, folder: &str, command: &[&str]) -> Run {
        let mut program = self.sandbox.program(folder, command);
        for (name, value) in &self.variables {
            program.env(name, value);
        }
        Run::from(program.output().expect("our program"))
    }

    /// A plain program, as the user runs it; however it ends.
    fn plain(&self, program: &str, folder: &str, args: &[&str]) -> Run {
        let mut command = self.sandbox.prepared(real(program), folder, args);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        // Nothing is fetched for a test.
        command.env("RUSTUP_AUTO_INSTALL", "0");
        Run::from(command.output().expect("a program"))
    }

    fn folders(&self) -> Vec<String> {
        let starts = self.origin.starts.iter();
        let folders = starts.map(|start| match start.is_empty() {
            true => self.origin.place.clone(),
            false => format!("{}/{start}", self.origin.place),
        });
        folders
            .filter(|folder| self.sandbox.path(folder).is_dir())
            .collect()
    }

    /// The tripwires that plain git and cargo run in the clone, in a copy at the same place.
    fn plain_runs(&self) -> BTreeSet<String> {
        let place = self.sandbox.path(&self.origin.place);
        let kept = self.sandbox.path("kept");
        fs::rename(&place, &kept).expect("moved");
        let copied = std::process::Command::new("cp")
            .arg("-a")
            .args([&kept, &place])
            .status();
        assert!(copied.expect("cp").success());
        let _ = self.wire.fired();
        for folder in self.folders() {
            self.plain("git", &folder, &["status"]);
            let metadata = ["metadata", "--offline", "--format-version", "1"];
            self.plain("cargo", &folder, &metadata);
            self.plain("cargo", &folder, &[&metadata[..], &["--no-deps"]].concat());
        }
        fs::remove_dir_all(&place).expect("it can go");
        fs::rename(&kept, &place).expect("moved");
        self.wire.names()
    }

    /// Adds a worktree of the clone with git; what it ran of it.
    fn add(&self, at: &str) -> BTreeSet<String> {
        let _ = self.wire.fired();
        let path = self.sandbox.path(at).display().to_string();
        let add = [
            "worktree",
            "add",
            "-q",
            "--detach",
            "--",
            &path,
            &self.branch,
        ];
        self.plain("git", &self.repository, &[&SUBMODULES[..], &add].concat());
        self.wire.names()
    }

    /// Adds a worktree without our hook, and once more with it.
    fn add_with_hook(&self, at: &str, figures: &mut Figures) -> Result<(), String> {
        let allowed = self.add(at);
        let path = self.sandbox.path(at);
        // With its own settings, git may not even do that.
        if !path.join(".git").exists() && self.origin.unpacked == Unpacked::Own {
            return Ok(());
        }
        if !path.join(".git").exists() {
            return Err(format!("git makes no worktree of it: {at:?}"));
        }
        fs::remove_dir_all(&path).expect("it can go");
        self.plain("git", &self.repository, &["worktree", "prune"]);
        let installed = self.run(&self.repository, &["hook", "install", "--yes"]);
        let _ = self.spies.seen();
        let ran = self.add(at);
        let ours = self.spies.seen();
        figures.hooks += usize::from(ours.iter().any(|call| call.starts_with(OUR_METADATA)));
        let more: BTreeSet<_> = ran.difference(&allowed).collect();
        match more.is_empty() {
            true => Ok(()),
            false => Err(format!("the hook ran {more:?}: {}", installed.said())),
        }
    }

    /// Adds the part of an archive that git does not accept.
    fn unpack(&self) {
        let place = &self.origin.place;
        let top = self.sandbox.path(place);
        match self.origin.unpacked {
            Unpacked::Nothing => {}
            Unpacked::File | Unpacked::Repository if !top.join("emb/inner").is_dir() => {}
            Unpacked::File => {
                let fake = format!("{place}/fake");
                self.sandbox.git("", &["init", "-q", "--bare", "--", &fake]);
                self.sandbox
                    .write(&format!("{fake}/config"), &git_config(&top, true));
                let file = format!("{place}/emb/inner/.git");
                self.sandbox.write(&file, "gitdir: ../../fake\n");
            }
            Unpacked::Repository => {
                let inner = format!("{place}/emb/inner");
                self.sandbox.git("", &["init", "-q", "--", &inner]);
                self.sandbox
                    .write(&format!("{inner}/.git/config"), &git_config(&top, false));
            }
            // It is a file where git has made a worktree.
            Unpacked::Own if !top.join(".git").is_dir() => {}
            Unpacked::Own => {
                let config = format!("{place}/.git/config");
                self.sandbox.write(&config, &git_config(&top, false));
            }
        }
    }
}

/// The user's own repository, with a shared root of its own.
fn own_repository(world: &World<'_>, at: &str, built: bool) {
    world.sandbox.repository(at, &[]);
    if built {
        world.sandbox.cargo(at, &["build", "-q", "--offline"]);
    }
    world.sandbox.run(at, &["setup", "--yes"]).code(0);
    let origin = world.sandbox.path("origin").display().to_string();
    let spec = format!("main:refs/heads/{}", world.branch);
    world.sandbox.git(at, &["fetch", "-q", &origin, &spec]);
}

/// Brings a clone to its place.
fn bring(
    world: &mut World<'_>,
    comes: Comes,
    built: bool,
    figures: &mut Figures,
) -> Result<(), String> {
    let place = world.origin.place.clone();
    match comes {
        Comes::Clone => {
            let to = world.sandbox.path(&place).display().to_string();
            let clone = ["clone", "-q", "--recurse-submodules", "--", "origin", &to];
            world.plain("git", "", &[&SUBMODULES[..], &clone].concat());
            world.repository = place;
            world.branch = "HEAD".into();
        }
        Comes::Worktree => {
            world.repository = "mine".into();
            own_repository(world, "mine", built);
            world.add_with_hook(&place, figures)?;
        }
        Comes::Switch => {
            world.repository.clone_from(&place);
            own_repository(world, &place, built);
            let switch = ["checkout", "-q", "-f", &world.branch, "--"];
            world.plain("git", &place, &switch);
        }
    }
    Ok(())
}

/// Makes the clone of a number, and runs all commands in it.
fn check(seed: usize, figures: &mut Figures) -> Result<(), String> {
    let sandbox = Sandbox::new();
    let wire = Tripwire { sandbox: &sandbox };
    let spies = Spies { sandbox: &sandbox };
    // Relative folders of the path lead into the clone.
    let path = std::env::var("PATH").expect("a PATH");
    let mut dice = Dice::new(seed ^ 0x5eed_0000);
    let (rustup, tools) = spies.toolchain();
    let direct = dice.once_in(2);
    let spied = seed.is_multiple_of(EACH_SPIED);
    let own = match spied {
        true => spies.put(),
        // As for a user who has no rustup in between, which takes its time.
        false if direct => tools,
        false => spies.cache(),
    };
    let path = format!("bin:.::{}:{path}", own.display());
    let mut variables = vec![
        ("PATH", path),
        ("RUSTUP_HOME", rustup.display().to_string()),
    ];
    variables.push(("RUSTUP_DIST_SERVER", "http://127.0.0.1:9".into()));
    if dice.once_in(6) {
        variables.push(("RUSTC_WRAPPER", "sccache".into()));
    }
    let mut world = World {
        origin: origin(&sandbox, &wire, "origin", seed),
        wire: Tripwire { sandbox: &sandbox },
        spies,
        sandbox: &sandbox,
        variables,
        repository: String::new(),
        branch: dice
            .one(&["evil", "$(evil)", "`evil`", "a;evil", "it's|evil"])
            .into(),
    };
    if dice.once_in(5) {
        // The user's own settings, by which plain git would run what lies in a clone.
        for (key, value) in [
            ("core.fsmonitor", "githooks/fsmonitor"),
            ("diff.external", "wires/git.diff"),
            ("filter.evil.clean", "wires/git.clean"),
            ("filter.evil.process", "wires/git.process"),
            ("core.hooksPath", "githooks"),
        ] {
            sandbox.git("", &["config", "--global", key, value]);
        }
        world.origin.made.push("relative settings of git".into());
    }
    let comes = [Comes::Clone, Comes::Worktree, Comes::Switch][dice.below(3)];
    let built = dice.once_in(8);
    let made = format!("{comes:?}; {}", world.origin.made.join("; "));
    let failed = |what: String| format!("{what}\n  made of {made}");
    bring(&mut world, comes, built, figures).map_err(&failed)?;
    world.unpack();
    let folders = world.folders();
    let Some(first) = folders.first() else {
        return Err(failed("there is no clone".into()));
    };
    figures.clones += 1;
    let plain = world.plain_runs();
    for name in &plain {
        *figures.plain.entry(name.clone()).or_default() += 1;
    }
    let _ = world.spies.seen();
    let main = &folders[dice.below(folders.len())];
    let ask = |folder: &str, command: &[&str], figures: &mut Figures| {
        let run = world.run(folder, command);
        let name = command.join(" ");
        let (asked, refused) = figures.asked.entry(name).or_default();
        *asked += 1;
        *refused += usize::from(run.code == Some(101));
        let ran = world.wire.names();
        let common: BTreeSet<_> = ran.intersection(&plain).collect();
        for name in common {
            *figures.both.entry(name.clone()).or_default() += 1;
        }
        match (ran.is_empty(), run.code) {
            (true, Some(0 | 1 | 3 | 101)) => Ok(()),
            _ => Err(failed(format!(
                "{command:?} in {folder:?} ended with {:?} and ran {ran:?}, plain git and cargo {plain:?}\n{}",
                run.code,
                run.said()
            ))),
        }
    };
    // A clone that is not seen proves nothing.
    let list = world.run(first, &["list", "--format", "json"]);
    let found = match list.code {
        Some(0 | 1) => list.json()["workspaces"].as_array().map_or(0, Vec::len),
        _ => 0,
    };
    if found == 0 {
        return Err(failed(format!("it is not seen: {}", list.said())));
    }
    for command in LOOKING {
        ask(main, command, figures)?;
    }
    for folder in folders.iter().filter(|folder| *folder != main) {
        ask(folder, GLANCES[dice.below(GLANCES.len())], figures)?;
    }
    ask(main, ONBOARD, figures)?;
    for call in world.spies.seen() {
        let kind = match call.split(' ').next() {
            Some("git") => "git",
            Some("cargo") if call.starts_with(OUR_METADATA) && call.contains("--no-deps") => {
                "cargo metadata --no-deps"
            }
            Some("cargo") if call.contains("--locked") => "cargo metadata --locked",
            Some("rustc") if call.contains("-vV") => "rustc -vV",
            _ => continue,
        };
        *figures.calls.entry(kind).or_default() += 1;
    }
    if comes != Comes::Worktree {
        world.add_with_hook("later", figures).map_err(&failed)?;
    }
    let _ = world.wire.fired();
    ask(main, ACTING[dice.below(ACTING.len())], figures)
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn looking_at_a_clone_runs_nothing_of_it() {
    let given = number("CARGO_SHAREDTARGET_HOSTILE");
    let first = number("CARGO_SHAREDTARGET_HOSTILE_SEED").unwrap_or(0);
    let mut figures = Figures::default();
    let mut wrong = Vec::new();
    // Without a number there are few, and the calls are counted in each.
    let each = if given.is_some() { 1 } else { EACH_SPIED };
    let seeds = (first..).step_by(each).take(given.unwrap_or(4));
    for seed in seeds {
        if let Err(what) = check(seed, &mut figures) {
            let again = format!(
                "CARGO_SHAREDTARGET_HOSTILE=1 CARGO_SHAREDTARGET_HOSTILE_SEED={seed} makes it again"
            );
            eprintln!("clone {seed} ({again}): {what}\n");
            wrong.push(format!("clone {seed} ({again}): {what}"));
        }
    }
    eprintln!("{figures:#?}");
    let (count, wrong) = (wrong.len(), wrong.join("\n\n"));
    assert!(count == 0, "{count} of the clones:\n{wrong}");
    // One that is made again is looked at for itself.
    if given.is_some_and(|given| given < 50) {
        return;
    }
    // A command that fails early proves nothing, and neither do clones that run nothing at all.
    for command in LOOKING {
        let command = command.join(" ");
        let (asked, refused) = figures.asked[&command];
        assert!(
            refused * 2 <= asked,
            "{command}: {refused} of {asked} could not run"
        );
    }
    for kind in [
        "git",
        "cargo metadata --no-deps",
        "cargo metadata --locked",
        "rustc -vV",
    ] {
        assert!(figures.calls.contains_key(kind), "{kind} was never asked");
    }
    assert!(figures.hooks > 0, "the hook never ran");
    assert!(!figures.plain.is_empty(), "plain programs ran nothing");
}

/// A build in such clones fires the tripwire, so that its silence means something.
#[test]
fn a_build_in_a_hostile_clone_runs_its_programs() {
    let mut said = Vec::new();
    // Cargo or rustup may refuse some of them before anything is run.
    let ran = (0..8).any(|seed| {
        let sandbox = Sandbox::new();
        let wire = Tripwire { sandbox: &sandbox };
        let origin = origin(&sandbox, &wire, "origin", seed);
        let place: PathBuf = sandbox.path(&origin.place);
        fs::rename(sandbox.path("origin"), place).expect("moved");
        let _ = wire.fired();
        let mut build = sandbox.prepared("cargo", &origin.place, &["build", "--offline"]);
        let build = build.env("RUSTUP_AUTO_INSTALL", "0").output();
        said.push(Run::from(build.expect("cargo")).said());
        !wire.names().is_empty()
    });
    assert!(ran, "{said:?}");
}
