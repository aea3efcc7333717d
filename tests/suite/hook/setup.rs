//! The hook as a part of `setup`, and of its undoing.

use super::{BEFORE, HOOK, everything, install, program, state};
use crate::sandbox::Sandbox;

/// A repository with two worktrees, and a `setup` that is not told to leave hooks alone.
fn start() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.env("CARGO_SHAREDTARGET_NO_HOOK", "false");
    sandbox
}

fn kinds(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let answer = sandbox.json("pika", args);
    let actions = answer["plan"]["actions"].as_array().expect("a list");
    let kinds = actions.iter().map(|action| action["action"].as_str());
    kinds.flatten().map(str::to_owned).collect()
}

/// Everything but the shared root, which stays.
fn rest(sandbox: &Sandbox) -> Vec<(std::path::PathBuf, Vec<u8>, u32)> {
    let mut all = everything(sandbox, "pika");
    all.retain(|(path, ..)| !path.starts_with(".shared-target"));
    all
}

#[test]
fn new_worktrees_are_set_up_after_it_and_undo_takes_it_out() {
    let sandbox = start();
    // Older versions of git leave a file behind when they delete a branch.
    sandbox.git("pika", &["branch", "new"]);
    sandbox.git("pika", &["branch", "-q", "-D", "new"]);
    let before = rest(&sandbox);
    assert!(kinds(&sandbox, &["setup", "-n"]).contains(&"install_hook".into()));
    sandbox.run("pika", &["setup"]).code(0).says("git hook");
    assert_eq!(state(&sandbox, "pika"), "installed");
    sandbox.git("pika", &["worktree", "add", "-q", "../new"]);
    assert!(sandbox.exists("new/.cargo/config.toml"));
    assert_eq!(kinds(&sandbox, &["setup"]), [""; 0], "a second time");
    sandbox.git("pika", &["worktree", "remove", "../new"]);
    sandbox.git("pika", &["branch", "-q", "-D", "new"]);

    sandbox
        .run("pika", &["undo"])
        .code(0)
        .says("took out 1 git hook");
    assert_eq!(rest(&sandbox), before);
    sandbox.run("pika", &["undo"]).code(0).says("nothing to do");
}

#[test]
fn the_hook_from_before_comes_back() {
    let sandbox = start();
    program(&sandbox.path(HOOK), b"#!/bin/sh\n# mine\n", 0o711);
    let before = rest(&sandbox);
    sandbox.run("pika", &["setup"]).code(0);
    assert!(sandbox.exists(BEFORE));
    sandbox.run("pika", &["undo"]).code(0);
    assert_eq!(rest(&sandbox), before);
}

/// `setup` did not install it, so its `undo` leaves it.
#[test]
fn one_that_was_installed_before_stays() {
    let sandbox = start();
    install(&sandbox, "pika").code(0);
    let before = rest(&sandbox);
    sandbox.run("pika", &["setup"]).code(0);
    sandbox.run("pika", &["undo"]).code(0);
    assert_eq!(state(&sandbox, "pika"), "installed");
    assert_eq!(rest(&sandbox), before);
}

#[test]
fn one_that_was_changed_by_hand_stays() {
    let sandbox = start();
    sandbox.run("pika", &["setup"]).code(0);
    let mut text = sandbox.read(HOOK);
    text.push_str("echo mine\n");
    program(&sandbox.path(HOOK), text.as_bytes(), 0o755);
    sandbox
        .run("pika", &["undo"])
        .code(1)
        .says("changed by hand");
    assert_eq!(sandbox.read(HOOK), text);
    assert!(!sandbox.exists("pika/.cargo"), "the rest is undone");
}

/// Git takes its hooks from elsewhere: `setup` writes nothing there, and says which line to add.
#[test]
fn where_git_takes_hooks_from_elsewhere() {
    let sandbox = start();
    sandbox.git("pika", &["config", "core.hooksPath", "mine"]);
    sandbox
        .run("pika", &["setup"])
        .code(0)
        .says("core.hooksPath");
    assert!(!sandbox.exists(HOOK) && !sandbox.exists("pika/mine"));
}

#[test]
fn it_is_left_out_on_demand() {
    let sandbox = start();
    sandbox.run("pika", &["setup", "--no-hook"]).code(0);
    assert_eq!(state(&sandbox, "pika"), "not_installed");
    assert!(sandbox.exists("pika/.cargo/config.toml"));
}

/// Nothing but the hook is written, and no shared root is made for it.
#[test]
fn in_place() {
    let sandbox = start();
    let before = rest(&sandbox);
    let in_place = ["setup", "--layout", "in-place"];
    sandbox.run("pika", &in_place).code(0);
    assert_eq!(state(&sandbox, "pika"), "installed");
    assert!(!sandbox.exists("pika/.shared-target") && !sandbox.exists("pika/.cargo"));
    sandbox.run("pika", &["undo"]).code(0);
    assert_eq!(rest(&sandbox), before);
}
