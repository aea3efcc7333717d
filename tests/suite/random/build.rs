//! Builds, and runs what was built.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command as Process;

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

/// The request to Cargo.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Command {
    Build,
    Test,
    Check,
    Release,
    /// The build of one package.
    Package(String),
}

impl Command {
    fn args(&self) -> Vec<&str> {
        let mut args = match self {
            Self::Build => vec!["build", "--workspace"],
            Self::Test => vec!["test", "--no-run", "--workspace"],
            Self::Check => vec!["check", "--workspace"],
            Self::Release => vec!["build", "--release", "--workspace"],
            Self::Package(name) => vec!["build", "-p", name],
        };
        args.extend(["--offline", "--message-format", "json"]);
        args
    }
}

/// The work of a build.
pub(crate) struct Built {
    pub(crate) ok: bool,
    /// The programs, by package, name and kind of target.
    programs: BTreeMap<String, PathBuf>,
    /// The packages and kinds of targets that were compiled, and were not there.
    pub(crate) compiled: BTreeSet<(String, String)>,
    pub(crate) log: String,
}

/// The results that are the same wherever the same sources are built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) ok: bool,
    /// The output of each program.
    pub(crate) says: BTreeMap<String, String>,
}

/// Builds in a worktree.
pub(crate) fn build(sandbox: &Sandbox, folder: &str, command: &Command) -> Built {
    let output = sandbox.prepared("cargo", folder, &command.args()).output();
    let run = Run::from(output.expect("cargo"));
    let mut built = Built {
        ok: run.code == Some(0),
        programs: BTreeMap::new(),
        compiled: BTreeSet::new(),
        log: run.stderr,
    };
    for line in run.stdout.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        if let Some(said) = message["message"]["rendered"].as_str() {
            built.log += said;
        }
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut kind = text(&message["target"]["kind"][0]);
        if message["profile"]["test"] == true {
            kind += " test";
        }
        let package = package(&text(&message["package_id"]));
        if let Some(program) = message["executable"].as_str() {
            let name = format!("{package} {} {kind}", text(&message["target"]["name"]));
            built.programs.insert(name, program.into());
        }
        if message["fresh"] == false {
            built.compiled.insert((package, kind));
        }
    }
    built
}

/// The name in the identity of a package of a folder.
fn package(id: &str) -> String {
    let (path, version) = id.rsplit_once('#').unwrap_or((id, ""));
    let name = match version.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next().unwrap_or(path),
    };
    name.to_owned()
}

impl Built {
    /// Runs everything that was built. The worktree's own path counts as the same everywhere.
    pub(crate) fn see(&self, sandbox: &Sandbox, folder: &str) -> Seen {
        let root = sandbox.path(folder);
        let real = dunce::canonicalize(&root).expect("a folder");
        let real = real.to_str().expect("Unicode");
        let mut says = BTreeMap::new();
        for (name, program) in self.programs.iter().filter(|_| self.ok) {
            let test = name.ends_with("test");
            let args: &[&str] = if test {
                &["--nocapture", "--test-threads=1"]
            } else {
                &[]
            };
            let mut process = Process::new(program);
            let output = process.args(args).current_dir(&root).output();
            let run = Run::from(output.unwrap_or_else(|error| panic!("{name}: {error}")));
            let mut said = String::new();
            for line in run.stdout.lines() {
                if !test || line.starts_with("=> ") {
                    writeln!(said, "{}", line.replace(real, "<worktree>")).expect("text");
                }
            }
            if run.code != Some(0) {
                writeln!(said, "{:?}: {}", run.code, run.stderr).expect("text");
            }
            says.insert(name.clone(), said);
        }
        Seen { ok: self.ok, says }
    }
}

/// The difference between two results that have to be the same; `None` if they are.
pub(crate) fn difference(here: &Seen, clone: &Seen) -> Option<String> {
    if here == clone {
        return None;
    }
    let mut text = String::new();
    if here.ok != clone.ok {
        let word = |ok| if ok { "succeeds" } else { "fails" };
        writeln!(
            text,
            "the build {} here and {} in the clone",
            word(here.ok),
            word(clone.ok)
        )
        .expect("text");
    }
    let names: BTreeSet<&String> = here.says.keys().chain(clone.says.keys()).collect();
    for name in names {
        let lines = |seen: &Seen| -> Vec<String> {
            let said = seen.says.get(name);
            let lines = said.map_or("is not there", String::as_str).lines();
            lines.map(str::to_owned).collect()
        };
        let (one, other) = (lines(here), lines(clone));
        if one == other {
            continue;
        }
        writeln!(text, "{name}:").expect("text");
        for line in one.iter().filter(|line| !other.contains(line)) {
            writeln!(text, "  here:  {line}").expect("text");
        }
        for line in other.iter().filter(|line| !one.contains(line)) {
            writeln!(text, "  clone: {line}").expect("text");
        }
    }
    Some(text)
}
