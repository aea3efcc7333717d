//! How it gets in and out, and that it goes without a trace.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use cargo_sharedtarget::hook::hook_script;

use super::{
    BEFORE, HOOK, calls, everything, git, install, kept_state, one_call, program, state, uninstall,
    with_stand_in,
};
use crate::facts::items;

#[test]
fn everything_is_as_before_byte_for_byte() {
    let binary = fs::read("/bin/true").unwrap();
    let olds: [Option<(&[u8], u32)>; 5] = [
        None,
        Some((b"#!/bin/sh\necho old >&2\n", 0o755)),
        Some((b"echo no shebang", 0o700)),
        Some((b"#!/bin/sh\nexit 9\n", 0o644)),
        Some((&binary, 0o555)),
    ];
    for old in olds {
        let sandbox = with_stand_in(0);
        if let Some((bytes, mode)) = old {
            program(&sandbox.path(HOOK), bytes, mode);
        }
        let before = everything(&sandbox, "pika");
        install(&sandbox, "pika").code(0);
        assert_ne!(everything(&sandbox, "pika"), before);
        assert_eq!(state(&sandbox, "pika"), "installed");
        let (code, said) = git(
            &sandbox,
            "pika",
            &["worktree", "add", "-q", "--detach", "../new"],
        );
        assert_eq!(code, Some(0));
        let expected = match old {
            Some((bytes, 0o755 | 0o700)) if bytes.starts_with(b"#!") => "old\nfrom us\n",
            Some((_, 0o700)) => "no shebang\nfrom us\n",
            _ => "from us\n",
        };
        assert_eq!(said, expected);
        assert_eq!(calls(&sandbox), one_call(&sandbox, "new"));
        sandbox.git("pika", &["worktree", "remove", "--force", "../new"]);
        uninstall(&sandbox, "linked").code(0);
        let after = everything(&sandbox, "pika");
        let hooks = |all: &[(PathBuf, Vec<u8>, u32)]| {
            let mut all = all.to_vec();
            all.retain(|(path, ..)| path.starts_with(".git/hooks"));
            all
        };
        assert_eq!(hooks(&after), hooks(&before));
        assert_eq!(state(&sandbox, "pika"), "not_installed");
    }
}

#[test]
fn a_hooks_folder_that_was_made_goes_again() {
    let sandbox = with_stand_in(0);
    let hooks = sandbox.path("pika/.git/hooks");
    fs::remove_dir_all(&hooks).unwrap();
    let before = everything(&sandbox, "pika");
    for _ in 0..2 {
        install(&sandbox, "pika").code(0);
        assert_eq!(fs::read_dir(&hooks).unwrap().count(), 1);
        uninstall(&sandbox, "pika").code(0);
        assert_eq!(everything(&sandbox, "pika"), before);
    }
    install(&sandbox, "pika").code(0);
    sandbox.write("pika/.git/hooks/pre-commit", "mine");
    uninstall(&sandbox, "pika").code(0);
    assert_eq!(sandbox.read("pika/.git/hooks/pre-commit"), "mine");
    fs::remove_file(hooks.join("pre-commit")).unwrap();
    install(&sandbox, "pika").code(0);
    uninstall(&sandbox, "pika").code(0);
    assert!(hooks.exists(), "empty, but not made by us");
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let sandbox = with_stand_in(0);
    program(&sandbox.path(HOOK), b"#!/bin/sh\n", 0o755);
    install(&sandbox, "pika").code(0);
    let tree = everything(&sandbox, "pika");
    let run = install(&sandbox, "linked").code(0);
    assert!(run.stdout.contains("nothing to do"), "{}", run.stdout);
    assert_eq!(everything(&sandbox, "pika"), tree);
    let answer = sandbox.json("pika", &["hook", "install", "--yes"]);
    assert_eq!(items(&answer["plan"]["actions"]).count(), 0);
    assert_eq!(kept_state(&answer), "installed");
    uninstall(&sandbox, "pika").code(0);
    let run = uninstall(&sandbox, "pika").code(0);
    assert!(run.stdout.contains("nothing to do"), "{}", run.stdout);
}

/// They delete nothing, so they ask nothing, also without a terminal.
#[test]
fn they_ask_nothing() {
    let sandbox = with_stand_in(0);
    program(&sandbox.path(HOOK), b"#!/bin/sh\nold\n", 0o755);
    let before = everything(&sandbox, "pika");
    sandbox
        .run("pika", &["hook", "install", "--dry-run"])
        .code(0);
    assert_eq!(everything(&sandbox, "pika"), before);
    sandbox.run("pika", &["hook", "install"]).code(0);
    assert_ne!(everything(&sandbox, "pika"), before);
    sandbox
        .run("pika", &["hook", "uninstall", "--format", "json"])
        .code(0);
    assert_eq!(everything(&sandbox, "pika"), before);
}

#[test]
fn what_was_changed_by_hand_is_left_with_a_word() {
    let sandbox = with_stand_in(0);
    program(&sandbox.path(HOOK), b"#!/bin/sh\n", 0o755);
    install(&sandbox, "pika").code(0);
    let mine = sandbox.read(HOOK) + "echo mine\n";
    fs::write(sandbox.path(HOOK), &mine).unwrap();
    assert_eq!(state(&sandbox, "pika"), "changed_by_hand");
    for command in ["uninstall", "install"] {
        let run = sandbox.run("pika", &["hook", command, "--yes"]).code(1);
        assert!(run.stdout.contains("changed by hand"), "{}", run.stdout);
        assert!(run.stdout.contains("hint: "), "{}", run.stdout);
        let quiet = ["hook", command, "--yes", "--quiet"];
        let run = sandbox.run("pika", &quiet).code(1);
        assert!(run.stdout.contains("changed by hand"), "{}", run.stdout);
        assert_eq!(sandbox.read(HOOK), mine);
        assert!(sandbox.exists(BEFORE));
    }
}

#[test]
fn when_ours_was_deleted_the_one_from_before_can_come_back() {
    for command in ["install", "uninstall"] {
        let sandbox = with_stand_in(0);
        program(&sandbox.path(HOOK), b"#!/bin/sh\necho first >&2\n", 0o755);
        install(&sandbox, "pika").code(0);
        fs::remove_file(sandbox.path(HOOK)).unwrap();
        assert_eq!(state(&sandbox, "pika"), "taken_out");
        sandbox.run("pika", &["hook", command, "--yes"]).code(0);
        let said = git(&sandbox, "pika", &["checkout", "-q", "--detach"]).1;
        assert_eq!(said, "first\n");
    }
}

#[test]
fn an_older_hook_is_renewed_and_a_newer_one_is_not() {
    let sandbox = with_stand_in(0);
    program(
        &sandbox.path(HOOK),
        &hook_script::sealed(0, b"exit 3\n"),
        0o755,
    );
    assert_eq!(state(&sandbox, "pika"), "out_of_date");
    let answer = sandbox.json("pika", &["hook", "install", "--yes"]);
    assert_eq!(answer["plan"]["actions"][0]["how"], "renew");
    assert_eq!(state(&sandbox, "pika"), "installed");
    assert!(!sandbox.exists(BEFORE));
    fs::set_permissions(sandbox.path(HOOK), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(state(&sandbox, "pika"), "not_executable");
    install(&sandbox, "pika").code(0);
    assert_eq!(state(&sandbox, "pika"), "installed");

    let newer = hook_script::sealed(hook_script::VERSION + 1, b"exit 0\n");
    program(&sandbox.path(HOOK), &newer, 0o755);
    assert_eq!(state(&sandbox, "pika"), "newer");
    install(&sandbox, "pika").code(0);
    assert_eq!(fs::read(sandbox.path(HOOK)).unwrap(), newer);
    uninstall(&sandbox, "pika").code(0);
    assert!(!sandbox.exists(HOOK));
}

#[test]
fn a_hook_that_looks_at_its_own_name_is_warned_of() {
    let sandbox = with_stand_in(0);
    program(
        &sandbox.path(HOOK),
        b"#!/bin/sh\nexec manager \"$(basename \"$0\")\"\n",
        0o755,
    );
    let answer = sandbox.json("pika", &["hook", "install", "--dry-run"]);
    assert_eq!(
        answer["plan"]["warnings"][0]["warning"],
        "hook_goes_by_its_name"
    );
}
