//! The packages that Cargo compiled, and the output of the programs.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

/// The result of a command of Cargo.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) ok: bool,
    /// The packages that were compiled, wholly or in part, or whose build script ran.
    pub(crate) compiled: BTreeSet<String>,
    /// The stderr.
    pub(crate) log: String,
    said: String,
}

impl Built {
    /// Runs a command in a worktree.
    pub(crate) fn by(
        sandbox: &Sandbox,
        worktree: &str,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Self {
        let (ours, theirs) = match args.iter().position(|arg| *arg == "--") {
            Some(at) => args.split_at(at),
            None => (args, &[][..]),
        };
        let mut all = ours.to_vec();
        all.extend(["-v", "--offline", "--message-format=json"]);
        all.extend(theirs);
        let mut command = sandbox.prepared("cargo", worktree, &all);
        command.envs(env.iter().copied());
        let run = Run::from(command.output().expect("cargo"));
        let mut compiled = BTreeSet::new();
        for line in run.stdout.lines() {
            let Ok(said) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            if said["reason"] == "compiler-artifact" && said["fresh"] == false {
                compiled.insert(package(said["package_id"].as_str().expect("a package")));
            }
        }
        compiled.extend(run.stderr.lines().filter_map(ran));
        Self {
            ok: run.code == Some(0),
            compiled,
            log: run.stderr,
            said: run.stdout,
        }
    }

    /// The lines that neither Cargo nor the compiler printed: the output of the programs that were run.
    pub(crate) fn printed(&self) -> BTreeSet<&str> {
        let lines = self.said.lines();
        lines
            .filter(|line| {
                let name = line.split_once(": ").map(|(name, _)| name);
                let ours = ["leaf", "fixture", "demo", "show", "other", "outer", "texts"];
                name.is_some_and(|name| ours.contains(&name))
            })
            .collect()
    }
}

/// The name in what Cargo calls a package by.
fn package(id: &str) -> String {
    let (path, version) = id.rsplit_once('#').unwrap_or((id, ""));
    let folder = path.rsplit('/').next().unwrap_or_default();
    version
        .split_once('@')
        .map_or(folder, |(name, _)| name)
        .to_owned()
}

/// The package whose build script runs, as `-v` tells.
fn ran(line: &str) -> Option<String> {
    let program = line.trim_start().strip_prefix("Running `")?;
    let program = Path::new(program.split(['`', ' ']).next()?);
    let name = program.file_name()?.to_string_lossy().replace('_', "-");
    if !name.starts_with("build-script-") {
        return None;
    }
    let parts: Vec<_> = program.iter().map(|part| part.to_string_lossy()).collect();
    let at = parts.iter().rposition(|part| part == "build")?;
    let package = parts.get(at + 1)?;
    let name = match package.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 => name,
        _ => package,
    };
    Some(name.to_owned())
}

/// The output of the programs in a worktree that `cargo build` made, without their paths.
pub(crate) fn programs(sandbox: &Sandbox, worktree: &str, target: &Path) -> BTreeSet<String> {
    let top = dunce::canonicalize(sandbox.path(worktree)).expect("a real path");
    let mut lines = BTreeSet::new();
    for program in ["show", "odd", "app"] {
        let path = target.join("debug").join(program);
        if !path.exists() {
            continue;
        }
        let output = sandbox.prepared(&path, worktree, &[]).output();
        let run = Run::from(output.expect("a program"));
        let said = run.said().replace(&top.display().to_string(), "<top>");
        lines.extend(said.lines().map(str::to_owned));
        lines.insert(format!("{program} ends with {:?}", run.code));
    }
    if let Ok(bytes) = std::fs::read(target.join("debug/libdynamic.so")) {
        for text in [
            "<dynamic one>",
            "<dynamic two>",
            "leaf one",
            "leaf two",
            "LEAF",
        ] {
            let there = memchr::memmem::find(&bytes, text.as_bytes()).is_some();
            lines.insert(format!("dynamic has {text}: {there}"));
        }
    }
    lines
}
