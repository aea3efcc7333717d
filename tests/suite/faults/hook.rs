//! A git hook whose installation or removal was killed: the one from before is never lost, and any next run mends it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::faults::harness::{Stopped, Tree, difference, load, save};
use crate::sandbox::Sandbox;

const HOOKS: &str = "pika/.git/hooks";
const HOOK: &str = "pika/.git/hooks/post-checkout";
const OLD: &str = "#!/bin/sh\necho old >&2\n";

/// A repository with a hook of its own, without one, or without a folder for them.
fn with(old: Option<&str>, folder: bool) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    if let Some(old) = old {
        sandbox.write(HOOK, old);
        fs::set_permissions(sandbox.path(HOOK), fs::Permissions::from_mode(0o751))
            .expect("permissions");
    }
    if !folder {
        fs::remove_dir_all(sandbox.path(HOOKS)).expect("removed");
    }
    sandbox
}

/// The output of a checkout, by way of the hook from before.
fn checkout(sandbox: &Sandbox) -> String {
    let args = ["checkout", "-q", "--detach"];
    let output = sandbox
        .prepared("git", "pika", &args)
        .output()
        .expect("git");
    assert!(output.status.success());
    String::from_utf8(output.stderr).expect("text")
}

fn hooks(sandbox: &Sandbox) -> Tree {
    let mut tree = sandbox.tree("");
    tree.retain(|path, _| path.to_string_lossy().contains("hooks"));
    tree
}

#[track_caller]
fn same(one: &Tree, other: &Tree, point: &str) {
    assert_eq!(difference(one, other), Vec::<&PathBuf>::new(), "{point}");
}

/// Kills a command at each of these points, which it must reach, and repairs the hook with either next command.
fn killed(sandbox: &Sandbox, command: &str, points: &[&str]) {
    let said = if sandbox.exists(HOOK) { "old\n" } else { "" };
    let without = hooks(sandbox);
    save(sandbox, "start");
    sandbox.run("pika", &["hook", "install", "--yes"]).code(0);
    let with = hooks(sandbox);
    if command == "uninstall" {
        save(sandbox, "start");
    }
    for point in points {
        load(sandbox, "start");
        let args = ["hook", command, "--yes"];
        Stopped::at(sandbox.program("pika", &args), point).kill();
        assert_eq!(checkout(sandbox), said, "{point}");
        save(sandbox, "killed");
        for (next, expected) in [("install", &with), ("uninstall", &without)] {
            load(sandbox, "killed");
            let run = sandbox.run("pika", &["hook", next, "--yes"]).code(0);
            same(
                expected,
                &hooks(sandbox),
                &format!("{point}, {next}: {}", run.stdout),
            );
            assert_eq!(checkout(sandbox), said, "{point}");
            let again = sandbox.run("pika", &["hook", next, "--yes"]).code(0);
            assert!(again.stdout.contains("nothing to do"), "{point}");
            let mode = fs::metadata(sandbox.path(HOOK)).map(|file| file.permissions().mode());
            if next == "uninstall" && said == "old\n" {
                assert_eq!(mode.expect("a hook") & 0o777, 0o751, "{point}");
            }
        }
    }
}

#[test]
fn an_installation_over_an_older_hook() {
    let points = ["planned", "hook-kept", "written-beside", "hook-installed"];
    killed(&with(Some(OLD), true), "install", &points);
}

#[test]
fn an_installation_where_there_is_none() {
    let points = ["planned", "written-beside", "hook-installed"];
    killed(&with(None, true), "install", &points);
}

#[test]
fn an_installation_without_a_folder() {
    let points = [
        "planned",
        "written-beside",
        "hooks-staged",
        "hook-installed",
    ];
    killed(&with(None, false), "install", &points);
}

#[test]
fn a_removal() {
    killed(
        &with(Some(OLD), true),
        "uninstall",
        &["planned", "hook-removed"],
    );
    killed(&with(None, true), "uninstall", &["planned", "hook-removed"]);
    let points = ["planned", "hooks-moved", "hook-removed"];
    killed(&with(None, false), "uninstall", &points);
}

#[test]
fn a_hook_that_somebody_changes_meanwhile_is_left() {
    let changed = "#!/bin/sh\necho changed >&2\n";
    for (command, old) in [
        ("install", Some(OLD)),
        ("install", None),
        ("uninstall", Some(OLD)),
    ] {
        let sandbox = with(old, true);
        if command == "uninstall" {
            sandbox.run("pika", &["hook", "install", "--yes"]).code(0);
        }
        let args = ["hook", command, "--yes"];
        let stopped = Stopped::at(sandbox.program("pika", &args), "planned");
        fs::write(sandbox.path(HOOK), changed).unwrap();
        stopped
            .go_on()
            .code(1)
            .says("has changed since the plan was made");
        assert_eq!(sandbox.read(HOOK), changed);
    }
    // In the last moment, too.
    let sandbox = with(Some(OLD), true);
    let args = ["hook", "install", "--yes"];
    let stopped = Stopped::at(sandbox.program("pika", &args), "hook-kept");
    fs::write(sandbox.path("new"), changed).unwrap();
    fs::rename(sandbox.path("new"), sandbox.path(HOOK)).unwrap();
    let ended = stopped.go_on().code(1);
    assert_eq!(sandbox.read(HOOK), changed, "{ended:?}");
    sandbox.run("pika", &["hook", "install", "--yes"]).code(0);
    sandbox.run("pika", &["hook", "uninstall", "--yes"]).code(0);
    assert_eq!(sandbox.read(HOOK), changed);
}
