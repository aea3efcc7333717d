//! The commands of Cargo that are compared, and what is looked at after each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::matrix::local::MARKED;
use crate::sandbox::{Run, Sandbox, chosen_toolchain};

/// Where the marks show.
#[derive(Clone, Copy)]
enum Marks {
    /// In what the program prints that the command left in this folder of the target folder.
    Program(&'static str),
    /// In what the command itself prints.
    Output,
    /// In the reports of the compiler or of clippy.
    Reports,
    /// In the pages of the documentation.
    Pages,
}

/// A command line of Cargo.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    args: &'static [&'static str],
    marks: Marks,
}

const fn command(name: &'static str, args: &'static [&'static str], marks: Marks) -> Command {
    Command { name, args, marks }
}

const LOUD_TEST: &[&str] = &["test", "--workspace", "--no-fail-fast", "--", "--nocapture"];
const LOUD_TEST_RELEASE: &[&str] = &[
    "test",
    "--workspace",
    "--no-fail-fast",
    "--release",
    "--",
    "--nocapture",
];
const HOST: &str = if cfg!(target_arch = "aarch64") {
    "aarch64-unknown-linux-gnu"
} else {
    "x86_64-unknown-linux-gnu"
};
const CLIPPY: &[&str] = &["clippy", "--workspace", "--all-targets"];
const DOC: &[&str] = &["doc", "--workspace", "--no-deps"];

/// All that are compared.
pub(crate) const COMMANDS: [Command; 12] = [
    command("build", &["build", "--workspace"], Marks::Program("debug")),
    command("run", &["run"], Marks::Output),
    command("run --example", &["run", "--example", "ex"], Marks::Output),
    command("test", LOUD_TEST, Marks::Output),
    command("check", &["check", "--workspace"], Marks::Reports),
    command("clippy", CLIPPY, Marks::Reports),
    command("doc", DOC, Marks::Pages),
    command("bench", &["bench", "--bench", "be"], Marks::Output),
    command(
        "build --release",
        &["build", "--workspace", "--release"],
        Marks::Program("release"),
    ),
    command("run --release", &["run", "--release"], Marks::Output),
    // For a target of its own, even if it is the host: other folders, and the host's units once more.
    command("run --target", &["run", "--target", HOST], Marks::Output),
    command("test --release", LOUD_TEST_RELEASE, Marks::Output),
];

/// Only these.
pub(crate) fn only(names: &[&str]) -> Vec<&'static Command> {
    let wanted = |command: &&Command| names.contains(&command.name);
    let some: Vec<_> = COMMANDS.iter().filter(wanted).collect();
    assert_eq!(some.len(), names.len());
    some
}

/// How Cargo lays out its build folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDisk {
    Classic,
    /// The layout of `-Zbuild-dir-new-layout`, and of Cargo from 1.100 by default.
    New,
}

/// The result of a command in a worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) ok: bool,
    /// Every line or word with a mark, or with what a third-party crate says.
    pub(crate) lines: BTreeSet<String>,
    pub(crate) fresh: BTreeSet<String>,
    /// Packages that had to be compiled, wholly or in part.
    pub(crate) compiled: BTreeSet<String>,
    pub(crate) log: String,
}

impl Seen {
    /// The names of the crates and targets that showed the mark of this worktree.
    pub(crate) fn marks(&self, whose: &str) -> BTreeSet<&'static str> {
        let shown = |name: &&str| {
            self.lines.iter().any(|line| {
                line.contains(&format!(" {name}={whose}"))
                    || line.ends_with(&format!("_{whose}_{name}"))
            })
        };
        MARKED
            .into_iter()
            .map(|(name, _)| name)
            .filter(shown)
            .collect()
    }
}

impl Command {
    /// Runs it in a worktree.
    pub(crate) fn run(&self, sandbox: &Sandbox, worktree: &str, on_disk: OnDisk) -> Seen {
        let mut args = Vec::new();
        let asked = on_disk == OnDisk::New && chosen_toolchain().is_none();
        if asked {
            args.push("+nightly");
        }
        args.extend([self.args[0], "-v", "--locked"]);
        if asked {
            args.push("-Zbuild-dir-new-layout");
        }
        args.extend(&self.args[1..]);
        let run = run(sandbox, "cargo", worktree, &args);
        let mut seen = Seen {
            ok: run.code == Some(0),
            ..Seen::default()
        };
        for line in run.stderr.lines().map(str::trim_start) {
            let mut words = line.split(' ');
            let (verb, name) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            match verb {
                "Fresh" => &mut seen.fresh,
                "Compiling" | "Checking" | "Dirty" | "Documenting" => &mut seen.compiled,
                _ => continue,
            }
            .insert(name.to_owned());
        }
        let folders = Folders::of(sandbox, worktree);
        let said = match self.marks {
            Marks::Output => said(&run.stdout),
            Marks::Reports => words(&run.stderr, &["lint_", "clip_"]),
            Marks::Pages => pages(&folders.target.join("doc")),
            Marks::Program(profile) => {
                let mut all = BTreeSet::new();
                for name in ["app", "outer"] {
                    let program = folders.target.join(profile).join(name);
                    let run = run_path(sandbox, &program, worktree);
                    seen.ok &= run.code == Some(0);
                    all.extend(said(&run.stdout));
                }
                all
            }
        };
        let named = said.into_iter().map(|line| folders.named(&line));
        seen.lines = named.collect();
        seen.log = run.said();
        seen
    }
}

/// The folders of a worktree, which have names that are the same everywhere.
pub(crate) struct Folders {
    pub(crate) target: PathBuf,
    pub(crate) build: PathBuf,
    worktree: PathBuf,
}

impl Folders {
    pub(crate) fn of(sandbox: &Sandbox, worktree: &str) -> Self {
        let args = ["metadata", "--no-deps", "--format-version=1", "--offline"];
        let said = run(sandbox, "cargo", worktree, &args).code(0).json();
        let path = |value: &Value| PathBuf::from(value.as_str().expect("a path"));
        Self {
            target: path(&said["target_directory"]),
            build: path(&said["build_directory"]),
            worktree: fs::canonicalize(sandbox.path(worktree)).expect("a folder"),
        }
    }

    /// A line with the same names for this worktree's folders as for any other's.
    fn named(&self, line: &str) -> String {
        let beside = self.worktree.parent().expect("a folder");
        let mut line = line.to_owned();
        for (path, name) in [
            (self.target.as_path(), "<out>"),
            (&self.build, "<out>"),
            (&self.worktree, "<worktree>"),
            (beside, "<beside>"),
        ] {
            line = line.replace(path.to_str().expect("text"), name);
        }
        line
    }
}

/// The lines that are meant for us.
fn said(output: &str) -> BTreeSet<String> {
    let lines = output.lines().filter(|line| line.starts_with("| "));
    lines.map(str::to_owned).collect()
}

/// The words that begin in one of these ways.
fn words(text: &str, beginnings: &[&str]) -> BTreeSet<String> {
    text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric())
        .filter(|word| beginnings.iter().any(|with| word.starts_with(with)))
        .map(str::to_owned)
        .collect()
}

/// The marks in the documentation.
fn pages(folder: &Path) -> BTreeSet<String> {
    let entries = walkdir::WalkDir::new(folder).min_depth(2).max_depth(2);
    let mut found = BTreeSet::new();
    for entry in entries.into_iter().filter_map(Result::ok) {
        if entry.file_name() == "index.html" {
            let page = fs::read_to_string(entry.path()).expect("a page");
            found.extend(words(&page, &["doc_"]));
        }
    }
    found
}

pub(crate) fn run(sandbox: &Sandbox, program: &str, folder: &str, args: &[&str]) -> Run {
    let output = sandbox.prepared(program, folder, args).output();
    Run::from(output.unwrap_or_else(|error| panic!("{program}: {error}")))
}

fn run_path(sandbox: &Sandbox, program: &Path, folder: &str) -> Run {
    match sandbox.prepared(program, folder, &[]).output() {
        Ok(output) => Run::from(output),
        Err(error) => Run {
            code: None,
            stdout: String::new(),
            stderr: error.to_string(),
        },
    }
}
