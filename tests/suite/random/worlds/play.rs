//! A world is made, and its steps are done.

mod change;
mod compare;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, SystemTime};
use std::{fs, iter};

use compare::Twin;
use serde_json::Value;
use walkdir::WalkDir;

use super::files::HOME;
use super::plan::{At, Place, Says, Step, Time, World};
use super::seen::build;
use crate::sandbox::{Run, Sandbox};

/// Counts of the events in some worlds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) worlds: usize,
    pub(crate) compared: usize,
    /// Targets that were fresh at the first comparison after something of ours, and that Cargo compiled.
    pub(crate) fresh: usize,
    pub(crate) compiled: usize,
    pub(crate) failing: usize,
}

/// How a world went wrong.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// Another one's code, as opposed to what could not be done at all.
    pub(crate) differs: bool,
    pub(crate) text: String,
}

#[derive(Debug, Default)]
struct Tree {
    twin: Option<Twin>,
    /// That of the folders that were its own before it was given others.
    before: Option<Twin>,
    /// Something of ours has had its hands on the target folder.
    ours: bool,
}

struct Play<'a> {
    world: &'a World,
    sandbox: Sandbox,
    trees: BTreeMap<At, Tree>,
    count: Count,
    log: Vec<String>,
    aside: usize,
}

/// Plays a world.
pub(crate) fn play(world: &World) -> Result<Count, Wrong> {
    let mut play = Play::new(world);
    play.count.worlds = 1;
    for step in &world.steps {
        play.log.push(format!("{step:?}"));
        // The clock by which files are dated goes by ticks.
        sleep(Duration::from_millis(12));
        if let Err(wrong) = play.step(*step) {
            let log = play.log.join("\n");
            return Err(Wrong {
                text: format!("{log}\n{}", wrong.text),
                ..wrong
            });
        }
    }
    Ok(play.count)
}

impl At {
    fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::New => "new",
            Self::Third => "third",
        }
    }
}

impl<'a> Play<'a> {
    fn new(world: &'a World) -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.env("CARGO_TERM_COLOR", "never");
        let path = without_rustup(&sandbox);
        sandbox.env("PATH", path);
        let reclaims = if world.shape.moves { "false" } else { "true" };
        sandbox.env("CARGO_SHAREDTARGET_RECLAIM_ALL", reclaims);
        let mut play = Self {
            world,
            sandbox,
            trees: BTreeMap::from([(At::Main, Tree::default())]),
            count: Count::default(),
            log: Vec::new(),
            aside: 0,
        };
        let main = play.folder(At::Main);
        for (path, text) in world.files() {
            play.sandbox.write(&format!("{main}/{path}"), &text);
        }
        #[cfg(unix)]
        {
            let link = format!("{main}/{}low/link", world.shape.workspace());
            std::os::unix::fs::symlink("../shared", play.sandbox.path(&link)).expect("a link");
        }
        if world.shape.third {
            for (path, text) in world.vendored() {
                play.sandbox.write(&path, &text);
            }
        }
        fs::write(play.sandbox.outside(HOME), "home").expect("a file");
        play.configure(Place::Home, Says::Nothing);
        let workspace = play.workspace(At::Main);
        play.sandbox
            .cargo(&workspace, &["generate-lockfile", "--offline"]);
        play.sandbox.git(&main, &["init", "-q", "-b", "main"]);
        play.sandbox.git(&main, &["config", "gc.auto", "0"]);
        play.sandbox.git(&main, &["add", "-A"]);
        play.sandbox.git(&main, &["commit", "-q", "-m", "first"]);
        play.sandbox.git(&main, &["tag", "first"]);
        for (path, text) in world.untracked() {
            play.sandbox.write(&format!("{main}/{path}"), &text);
        }
        if world.shape.isolated {
            play.ours(At::Main, &["setup", "--yes"]).expect("setup");
        }
        if world.shape.hook {
            play.ours(At::Main, &["hook", "install", "--yes"])
                .expect("a hook");
        }
        // Nothing was built yet that could have gone into its folder.
        play.trees.entry(At::Main).or_default().ours = false;
        play
    }

    /// The folder of a worktree.
    fn folder(&self, at: At) -> String {
        if self.world.shape.apart {
            format!("{0}/{0}-tree", at.name())
        } else {
            at.name().into()
        }
    }

    fn workspace(&self, at: At) -> String {
        format!("{}/{}", self.folder(at), self.world.shape.workspace())
    }

    fn path(&self, at: At, inside: &str) -> PathBuf {
        self.sandbox.path(&self.folder(at)).join(inside)
    }

    fn note(&mut self, text: &str) {
        self.log.push(text.to_owned());
    }

    fn step(&mut self, step: Step) -> Result<(), Wrong> {
        let at = match step {
            Step::Build(at, _)
            | Step::Change(at, ..)
            | Step::Commit(at)
            | Step::Back(at)
            | Step::Age(at)
            | Step::Stash(at)
            | Step::CopyOver(at)
            | Step::TouchTarget(at)
            | Step::Spoil(at)
            | Step::DeleteTarget(at)
            | Step::CopyTarget(at)
            | Step::Warm(at)
            | Step::Onboard(at)
            | Step::Harvest(at)
            | Step::Compare(at, _)
            | Step::Configure(Place::Workspace(at), _) => Some(at),
            _ => None,
        };
        // A part was left out.
        if at.is_some_and(|at| !self.trees.contains_key(&at)) {
            return Ok(());
        }
        match step {
            Step::Build(at, ask) => {
                if self.trees[&at].ours || self.trees[&at].twin.is_some() {
                    return self.compare(at, ask);
                }
                let seen = build(&self.sandbox, &self.workspace(at), ask, None);
                if !seen.ok {
                    self.note(&seen.log);
                }
            }
            Step::Change(at, spot, how, time) => self.change(at, spot, how, time),
            Step::Configure(place, says) => self.configure(place, says),
            Step::Commit(at) => {
                let folder = self.folder(at);
                self.sandbox.git(&folder, &["add", "-A"]);
                let args = ["commit", "-q", "--allow-empty", "-m", "more"];
                self.sandbox.git(&folder, &args);
            }
            Step::Back(at) => {
                self.try_git(at, &["reset", "-q", "--hard", "first"]);
            }
            Step::Stash(at) => {
                self.try_git(at, &["stash", "-q"]);
                self.try_git(at, &["stash", "pop", "-q"]);
            }
            Step::Age(at) => {
                let root = self.path(at, "");
                for file in files(&root).filter(|file| !is_aside(&root, file)) {
                    date(&file, Time::HourAgo);
                }
            }
            Step::Add(at) => self.add(at),
            Step::CopyOver(at) => self.copy_over(at),
            Step::TouchTarget(at) => {
                let others = self.trees.keys().copied().filter(|other| *other != at);
                for other in others.collect::<Vec<_>>() {
                    self.twin(other);
                }
                // To Cargo alone it would have happened as well.
                let mut folders = self.targets(at);
                folders.extend(self.trees[&at].twin.iter().flat_map(|twin| twin.1.clone()));
                // All get one time, so that the order in which Cargo wrote them tells nothing more.
                let now = SystemTime::now();
                for file in folders.iter().flat_map(|folder| files(folder)) {
                    date_at(&file, now);
                }
            }
            Step::Spoil(at) => {
                self.twins();
                self.spoil(at);
            }
            Step::DeleteTarget(at) => {
                for target in self.targets(at) {
                    drop(fs::remove_dir_all(target));
                }
            }
            Step::CopyTarget(at) => {
                for target in self.targets(at).iter().filter(|target| target.exists()) {
                    let copy = self.aside();
                    self.copy(target, &copy, "-r");
                    fs::remove_dir_all(target).expect("removed");
                    fs::rename(&copy, target).expect("renamed");
                }
            }
            Step::Warm(at) => {
                self.twin(at);
                return self.ours(at, &["warm", "--yes", "--verbose"]);
            }
            Step::Onboard(at) => {
                self.twin(at);
                return self.ours(at, &["onboard", "--yes", "--verbose"]);
            }
            Step::Setup | Step::Undo => {
                for at in self.trees.keys().copied().collect::<Vec<_>>() {
                    self.twin(at);
                    self.trees.get_mut(&at).expect("a tree").ours = true;
                }
                let command = if step == Step::Setup { "setup" } else { "undo" };
                return self.over_all(&[command, "--yes", "--verbose"]);
            }
            Step::Dedupe | Step::Gc => {
                self.twins();
                let command = if step == Step::Dedupe { "dedupe" } else { "gc" };
                return self.over_all(&[command, "--yes", "--verbose"]);
            }
            Step::Harvest(at) => {
                self.twin(at);
                return self.ours(at, &["store", "harvest", "--yes", "--verbose"]);
            }
            Step::Compare(at, ask) => return self.compare(at, ask),
        }
        Ok(())
    }

    fn try_git(&mut self, at: At, args: &[&str]) {
        let output = self
            .sandbox
            .prepared("git", &self.folder(at), args)
            .output();
        let run = Run::from(output.expect("git"));
        if run.code != Some(0) {
            self.note(&run.said());
        }
    }

    /// Runs our program in a worktree's workspace.
    fn ours(&mut self, at: At, args: &[&str]) -> Result<(), Wrong> {
        if let Some(tree) = self.trees.get_mut(&at) {
            tree.ours = true;
        }
        let workspace = self.workspace(at);
        self.program(&workspace, args)
    }

    /// Runs our program over all worktrees.
    fn over_all(&mut self, args: &[&str]) -> Result<(), Wrong> {
        let main = self.folder(At::Main);
        self.program(&main, args)
    }

    fn program(&mut self, folder: &str, args: &[&str]) -> Result<(), Wrong> {
        let run = self.sandbox.run(folder, args);
        self.note(&run.said());
        // Where a manifest or a lock is broken, Cargo can say nothing, nor can we.
        match run.code {
            Some(0 | 1) => Ok(()),
            _ if run.said().contains("Cargo.lock") => Ok(()),
            code => Err(Wrong {
                differs: false,
                text: format!("{args:?} exits with {code:?}: {}", run.said()),
            }),
        }
    }

    /// The folders that Cargo builds into for a workspace: for what is asked for, and for all else if that is another one.
    fn targets(&self, at: At) -> Vec<PathBuf> {
        let args = [
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ];
        let workspace = self.workspace(at);
        let run = self.sandbox.command("cargo", &workspace, &args);
        let metadata: Value = serde_json::from_str(&run.stdout).unwrap_or_default();
        let said = |name: &str| metadata[name].as_str().map(PathBuf::from);
        let target = said("target_directory");
        let target = target.unwrap_or_else(|| self.sandbox.path(&workspace).join("target"));
        let build = said("build_directory").filter(|build| !build.starts_with(&target));
        std::iter::once(target).chain(build).collect()
    }

    fn add(&mut self, at: At) {
        if self.trees.contains_key(&at) {
            return;
        }
        let path = self.path(at, "").display().to_string();
        let main = self.folder(At::Main);
        let args = ["worktree", "add", "-q", "-b", at.name(), &path];
        let run = self.sandbox.command("git", &main, &args).code(0);
        self.note(&run.said());
        let hook = self.world.shape.hook;
        self.trees.insert(
            at,
            Tree {
                twin: None,
                before: None,
                ours: hook,
            },
        );
    }

    /// Copies what is not committed in the main worktree, as tools do that make worktrees.
    fn copy_over(&mut self, at: At) {
        let main = self.folder(At::Main);
        let args = ["ls-files", "-z", "--modified", "--others"];
        let files = self.sandbox.git(&main, &args);
        for file in files.split('\0').filter(|file| !file.is_empty()) {
            let skip = ["target/", ".cargo/", ".shared-target/"];
            let from = self.path(At::Main, file);
            if skip.iter().any(|part| file.contains(part)) || !from.exists() {
                continue;
            }
            let to = self.path(at, file);
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            drop(fs::remove_file(&to));
            self.copy(&from, &to, "-a");
        }
    }

    /// Overwrites each library of a local package in place.
    fn spoil(&mut self, at: At) {
        for file in self.targets(at).iter().flat_map(|target| files(target)) {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let local = ["liblow-", "libapp-", "libhelp-", "libside-"];
            let ours = local.iter().any(|start| name.starts_with(start));
            if ours && (name.ends_with(".rlib") || name.ends_with(".rmeta")) {
                fs::write(&file, "spoiled").expect("a file");
            }
        }
    }
}

/// The tests' `PATH`, with the toolchain's own folder first: rustup's stand-ins take a tenth of a world's time to find it.
fn without_rustup(sandbox: &Sandbox) -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let sysroot = sandbox
            .command("rustc", "", &["--print", "sysroot"])
            .code(0);
        let tools = Path::new(sysroot.stdout.trim_end()).join("bin");
        let path = std::env::var_os("PATH").expect("a PATH");
        let all = iter::once(tools).chain(std::env::split_paths(&path));
        let all = std::env::join_paths(all).expect("a PATH");
        all.into_string().expect("a text")
    })
}

fn is_aside(root: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(root).expect("inside");
    let mut parts = inside.components();
    parts.any(|part| {
        [".git", "target", ".shared-target"]
            .map(AsRef::as_ref)
            .contains(&part.as_os_str())
    })
}

fn files(root: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let walk = WalkDir::new(root).into_iter().flatten();
    walk.filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
}

fn date(path: &Path, time: Time) {
    let hour = Duration::from_secs(3600);
    let now = SystemTime::now();
    let time = match time {
        Time::Now => now,
        Time::HourAgo => now - hour,
        Time::HourAhead => now + hour,
    };
    date_at(path, time);
}

fn date_at(path: &Path, time: SystemTime) {
    let Ok(file) = fs::File::open(path) else {
        return;
    };
    drop(file.set_times(fs::FileTimes::new().set_modified(time)));
}

impl Count {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            worlds: self.worlds + other.worlds,
            compared: self.compared + other.compared,
            fresh: self.fresh + other.fresh,
            compiled: self.compiled + other.compiled,
            failing: self.failing + other.failing,
        }
    }
}
