//! Options that only a nightly Cargo has, with real builds by one.
//!
//! Cargo's side was read in its source of August 2026 (rust-lang/cargo, `src/compiler`), and is seen here with the nightly
//! of October 2026. Where that is not installed the tests are skipped, and say so.

mod content;
mod locks;
mod metadata;
mod outside;
mod programs;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::registry::compiled;
use crate::sandbox::{Run, Sandbox};

/// The toolchain that these tests are about: 1.101, with the new layout.
const NIGHTLY: &str = "nightly-2026-10-20";

/// A sandbox in which that toolchain builds, with this configuration; `None`, with a word about it, where it is not
/// installed.
#[expect(clippy::print_stderr, reason = "a test that did nothing says so")]
fn sandbox(config: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    let channel = format!("[toolchain]\nchannel = \"{NIGHTLY}\"\n");
    // Rustup would install what is not there.
    let installed = sandbox.rustup("", &["run", NIGHTLY, "cargo", "--version"]);
    if installed.is_none_or(|run| run.code != Some(0)) {
        eprintln!("skipped: no toolchain {NIGHTLY}");
        return None;
    }
    sandbox.write("rust-toolchain.toml", &channel);
    sandbox.write(".cargo/config.toml", config);
    Some(sandbox)
}

/// A workspace with a program `app` that says what the library `low` says, and a package `waits` whose build script can
/// be made to wait; built in `pika`, with a worktree `beside`.
fn start(config: &str) -> Option<Sandbox> {
    let sandbox = sandbox(config)?;
    let manifest = |name: &str, rest: &str| {
        let text = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}"
        );
        sandbox.write(&format!("pika/{name}/Cargo.toml"), &text);
    };
    let members = "[workspace]\nmembers = [\"app\", \"low\", \"waits\"]\nresolver = \"2\"\n";
    sandbox.write("pika/Cargo.toml", members);
    manifest("low", "");
    manifest("app", "[dependencies]\nlow.path = \"../low\"\n");
    manifest("waits", "");
    low(&sandbox, "pika", "1");
    let main = "fn main() { println!(\"{}\", low::it()) }\n";
    sandbox.write("pika/app/src/main.rs", main);
    sandbox.write("pika/waits/src/lib.rs", "");
    sandbox.write("pika/waits/build.rs", WAITS);
    sandbox.commit_all("pika");
    assert_eq!(build(&sandbox, "pika").1, "low 1\n");
    sandbox.worktree("pika", "beside");
    Some(sandbox)
}

/// Says that it runs, and waits to be let go, by pipes that a variable names.
const WAITS: &str = r#"
fn main() {
    println!("cargo::rerun-if-env-changed=PIPES");
    if let Some(pipes) = std::env::var_os("PIPES") {
        let pipes = std::path::PathBuf::from(pipes);
        std::fs::write(pipes.join("started"), "x").unwrap();
        std::fs::read(pipes.join("gate")).unwrap();
    }
}
"#;

fn low(sandbox: &Sandbox, folder: &str, it: &str) {
    let text = format!("#[inline(never)]\npub fn it() -> &'static str {{ \"low {it}\" }}\n");
    sandbox.write(&format!("{folder}/low/src/lib.rs"), &text);
}

/// Builds, and says what was compiled, but for what may have looked at anything, and what the program then prints.
#[track_caller]
fn build(sandbox: &Sandbox, folder: &str) -> (Vec<String>, String) {
    let run = sandbox.cargo(folder, &["build", "-v", "--offline"]);
    let program = sandbox.path(&format!("{folder}/target/debug/app"));
    let said = sandbox.command(&program.display().to_string(), folder, &[]);
    let mut compiled = compiled(&run.stderr);
    compiled.retain(|package| package != "waits");
    (compiled, said.code(0).stdout)
}

/// The files of units with this ending, in a target folder in the new layout.
fn files(sandbox: &Sandbox, folder: &str, end: &str) -> Vec<PathBuf> {
    let top = sandbox.path(&format!("{folder}/target/debug/build"));
    let entries = walkdir::WalkDir::new(top).into_iter();
    let files = entries.filter_map(|entry| Some(entry.ok()?.into_path()));
    let wanted = |path: &PathBuf| path.to_string_lossy().ends_with(end);
    files.filter(wanted).collect()
}

/// Our program, stopped at a named point.
struct Paused(Child, BufReader<std::process::ChildStderr>);

impl Paused {
    fn at(point: &str, sandbox: &Sandbox, folder: &str, args: &[&str]) -> Self {
        let mut program = sandbox.program(folder, args);
        let program = program.env("CARGO_SHAREDTARGET_TEST_PAUSE_AT", point);
        let program = program.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = program.stderr(Stdio::piped()).spawn().expect("our program");
        let mut stderr = BufReader::new(child.stderr.take().expect("its standard error"));
        let mut said = String::new();
        while !said.contains("paused at") {
            assert!(stderr.read_line(&mut said).expect("text") > 0, "{said}");
        }
        Self(child, stderr)
    }

    fn go_on(mut self) -> Run {
        let mut stdin = self.0.stdin.take().expect("its standard input");
        stdin.write_all(b"go\n").expect("told");
        let mut stderr = String::new();
        std::io::Read::read_to_string(&mut self.1, &mut stderr).expect("text");
        let mut run = Run::from(self.0.wait_with_output().expect("its end"));
        run.stderr = stderr;
        run
    }
}

/// A build that goes on for as long as we want.
struct Building(Option<Child>, PathBuf);

impl Building {
    fn start(sandbox: &Sandbox, folder: &str) -> Self {
        let pipes = sandbox.outside("pipes");
        fs::create_dir_all(&pipes).expect("a folder");
        for name in ["started", "gate"] {
            let path = pipes.join(name);
            drop(fs::remove_file(&path));
            let made = sandbox.command("mkfifo", "", &[&path.display().to_string()]);
            made.code(0);
        }
        let mut cargo = sandbox.prepared("cargo", folder, &["build", "-q", "--offline"]);
        let child = cargo.env("PIPES", &pipes).stdout(Stdio::null()).spawn();
        // Reading a pipe waits for a writer.
        fs::read(pipes.join("started")).expect("a pipe");
        Self(Some(child.expect("cargo")), pipes.join("gate"))
    }

    /// Lets the build go on to its end.
    fn finish(mut self) {
        let mut child = self.0.take().expect("a build");
        fs::write(&self.1, "x").expect("a pipe");
        assert!(child.wait().expect("its end").success());
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // The build script ends when its pipe does.
            drop(fs::write(&self.1, "x"));
            drop(child.wait());
        }
    }
}

/// A lock file of a target folder.
fn lock(sandbox: &Sandbox, path: &str) -> File {
    File::open(sandbox.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
