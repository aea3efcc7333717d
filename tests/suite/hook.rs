//! The git hook: when it runs, what it leaves alone, and that it goes without a trace.

mod changes;
mod elsewhere;
mod for_real;
mod later;
mod runs;
mod setup;
mod tools;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

const HOOK: &str = "pika/.git/hooks/post-checkout";
const BEFORE: &str = "pika/.git/hooks/post-checkout.before-sharedtarget";

/// A repository, and a program in our place that writes down how it was called and exits with `code`.
fn with_stand_in(code: i32) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &["linked"]);
    stand_in(&mut sandbox, code);
    sandbox
}

fn stand_in(sandbox: &mut Sandbox, code: i32) {
    let calls = sandbox.outside("calls");
    let script = format!(
        "#!/bin/sh\nread -r line && echo \"stdin: $line\" >>'{calls}'\n\
         printf '%s|%s\\n' \"$*\" \"$PWD\" >>'{calls}'\necho from us >&2\nexit {code}\n",
        calls = calls.display()
    );
    let file = sandbox.outside("bin/cargo-sharedtarget");
    fs::create_dir_all(file.parent().expect("a folder")).expect("folders");
    program(&file, script.as_bytes(), 0o755);
    on_path(sandbox, "bin");
}

/// Puts a folder of the sandbox in front of all others in which programs are found.
fn on_path(sandbox: &mut Sandbox, folder: &str) {
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", sandbox.outside(folder).display());
    sandbox.env("PATH", path);
}

fn program(path: &Path, bytes: &[u8], mode: u32) {
    fs::write(path, bytes).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}

/// The calls of the stand-in since the last time.
fn calls(sandbox: &Sandbox) -> Vec<String> {
    let file = sandbox.outside("calls");
    let text = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    text.lines().map(str::to_owned).collect()
}

fn one_call(sandbox: &Sandbox, worktree: &str) -> Vec<String> {
    let at = sandbox.path(worktree);
    let call = "sharedtarget onboard --yes --quiet";
    vec![format!("{call}|{}", at.display())]
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path)
        .expect("a file")
        .permissions()
        .mode()
        & 0o7777
}

/// Everything in a folder with its mode, without the files in which git counts.
fn everything(sandbox: &Sandbox, folder: &str) -> Vec<(PathBuf, Vec<u8>, u32)> {
    let root = sandbox.path(folder);
    let tree = sandbox.tree(folder).into_iter();
    tree.map(|(path, bytes)| {
        let mode = mode(&root.join(&path));
        (path, bytes, mode)
    })
    .collect()
}

fn install(sandbox: &Sandbox, folder: &str) -> Run {
    sandbox.run(folder, &["hook", "install", "--yes"])
}

fn uninstall(sandbox: &Sandbox, folder: &str) -> Run {
    sandbox.run(folder, &["hook", "uninstall", "--yes"])
}

/// The one word for how it stands.
fn state(sandbox: &Sandbox, folder: &str) -> String {
    let answer = sandbox.json(folder, &["hook", "status"]);
    assert_eq!(answer["hooks"].as_array().expect("a list").len(), 1);
    answer["hooks"][0]["state"]
        .as_str()
        .expect("a word")
        .to_owned()
}

/// Runs git with any exit code.
fn git(sandbox: &Sandbox, folder: &str, args: &[&str]) -> (Option<i32>, String) {
    let output = sandbox.prepared("git", folder, args).output().expect("git");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("text"))
}

fn kept_state(answer: &Value) -> &str {
    answer["plan"]["kept"][0]["reason"]["hook"]["state"]
        .as_str()
        .unwrap_or("none")
}

/// A path on which git and the shell are found, but none of us.
fn bare_path(sandbox: &mut Sandbox) {
    let path = std::env::var("PATH").expect("a path");
    let without: Vec<&str> = path
        .split(':')
        .filter(|folder| !Path::new(folder).join("cargo-sharedtarget").exists())
        .collect();
    sandbox.env("PATH", without.join(":"));
}
