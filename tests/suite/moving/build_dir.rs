//! With a `build-dir` above the worktrees, intermediates move there, and final programs stay in the `target-dir`.

use crate::facts::{actions, items};
use crate::faults::harness::Stopped;
use crate::moving::{build, compiles, idle, moved, start};
use crate::registry::compiled;
use crate::sandbox::Sandbox;

/// Sets up in the layout `build-dir`.
fn args(sandbox: &Sandbox) -> Vec<String> {
    let above = sandbox.path("").display().to_string();
    let args = ["setup", "--layout", "build-dir", "--config-at", &above];
    args.iter()
        .chain(&["--yes"])
        .map(|arg| (*arg).into())
        .collect()
}

/// The intermediates of a worktree lie in its `target`.
fn is_whole(sandbox: &Sandbox, worktree: &str) -> bool {
    sandbox.exists(&format!("{worktree}/target/debug/build"))
}

#[test]
fn no_build_notices_setup_or_undo() {
    let sandbox = start();
    for worktree in ["pika", "beside", "idle"] {
        build(&sandbox, worktree);
    }
    sandbox.cargo("pika", &["doc", "--no-deps"]);
    idle(&sandbox, "idle", 4);
    let args = args(&sandbox);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let answer = sandbox.json("pika", &args);
    assert_eq!(moved(&answer), ["beside", "pika"]);
    assert_eq!(items(&answer["outcome"]["skipped"]).count(), 0, "{answer}");
    assert_eq!(actions(&answer, "delete_folder").count(), 1, "that of idle");
    for worktree in ["pika", "beside"] {
        assert!(sandbox.exists(&format!("{worktree}/target/debug/app")));
        assert!(sandbox.exists(&format!("{worktree}/target/CACHEDIR.TAG")));
        assert!(!is_whole(&sandbox, worktree));
        assert_eq!(compiles(&sandbox, worktree), [""; 0], "{worktree} after");
        assert_eq!(sandbox.cargo_run(worktree), "2\n");
    }
    let said = sandbox.cargo("pika", &["doc", "--no-deps", "-v"]).said();
    assert!(!said.contains("Documenting"), "{said}");
    build(&sandbox, "idle");
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    assert_eq!(actions(&answer, "move_folder").count(), 3, "{answer}");
    assert_eq!(items(&answer["outcome"]["skipped"]).count(), 0, "{answer}");
    for worktree in ["pika", "beside", "idle"] {
        assert!(is_whole(&sandbox, worktree), "{worktree}");
        assert_eq!(compiles(&sandbox, worktree), [""; 0], "{worktree} undone");
        assert_eq!(sandbox.cargo_run(worktree), "2\n");
    }
    assert!(!sandbox.exists(".shared-target/build/by-path"));
}

/// Another layout moves the intermediates once more.
#[test]
fn from_there_to_another_layout() {
    let sandbox = start();
    build(&sandbox, "pika");
    let args = args(&sandbox);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    sandbox.run("pika", &args).code(0);
    assert_eq!(compiles(&sandbox, "pika"), [""; 0]);
    let isolated = ["setup", "--layout", "isolated", "--yes"];
    let answer = sandbox.json("pika", &isolated);
    assert_eq!(actions(&answer, "move_folder").count(), 3, "{answer}");
    assert_eq!(compiles(&sandbox, "pika"), [""; 0]);
    assert_eq!(sandbox.cargo_run("pika"), "2\n");
}

/// Units that a build has made at the old place by then are not mixed with the ones that come back.
#[test]
fn a_build_in_between_keeps_both() {
    let sandbox = start();
    build(&sandbox, "pika");
    let args = args(&sandbox);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    sandbox.run("pika", &args).code(0);
    let undo = sandbox.program("pika", &["undo", "--yes"]);
    let stopped = Stopped::at(undo, "moving");
    sandbox.cargo("pika", &["build"]);
    assert!(is_whole(&sandbox, "pika"));
    stopped.go_on().code(1).says("since");
    assert!(sandbox.exists("pika/target/debug/app"));
    // The next run knows it before.
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    let said = sandbox.cargo("pika", &["build"]).said();
    assert_eq!(compiled(&said), [""; 0], "{said}");
}

/// Wherever a run is killed, the next one ends its work, and each build is right.
#[test]
fn killed_at_any_point() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = start();
    build(&sandbox, "pika");
    // A program may look for it beside itself.
    sandbox.write("pika/target/debug/.env", "mine");
    let has_env = || sandbox.read("pika/target/debug/.env") == "mine";
    let args = args(&sandbox);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    for point in ["moving", "move-hidden", "move-renamed", "move-noted"] {
        Stopped::at(sandbox.program("pika", &args), point).kill();
        sandbox.run("pika", &args).code(0);
        assert!(!is_whole(&sandbox, "pika") && has_env(), "{point}");
        assert_eq!(sandbox.cargo_run("pika"), "2\n", "{point}");
        let said = sandbox.cargo("pika", &["build", "-v"]).said();
        assert!(said.contains("Fresh own"), "{point}: {said}");
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert!(is_whole(&sandbox, "pika") && has_env(), "{point}");
    }
    for point in ["moving", "move-renamed", "move-noted"] {
        sandbox.run("pika", &args).code(0);
        Stopped::at(sandbox.program("pika", &["undo", "--yes"]), point).kill();
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert!(is_whole(&sandbox, "pika") && has_env(), "{point}");
        assert_eq!(sandbox.cargo_run("pika"), "2\n", "{point}");
        let said = sandbox.cargo("pika", &["build", "-v"]).said();
        assert!(said.contains("Fresh own"), "{point}: {said}");
    }
}
