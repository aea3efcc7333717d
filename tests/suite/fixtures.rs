//! Workspaces that tests run Cargo on: the tests say the same before and after `setup`.

use crate::facts::actions;
use crate::sandbox::Sandbox;

/// Runs Cargo on the sample: with a target folder of its own, by the environment, and without one.
const TESTS: &str = r#"
use std::path::Path;
use std::process::Command;

fn build(target: Option<&Path>) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir("tests/sample").args(["build", "-q", "--offline"]);
    if let Some(target) = target {
        cargo.env("CARGO_TARGET_DIR", target);
    }
    assert!(cargo.status().unwrap().success());
}

fn has(folder: &Path, inner: &str) -> bool {
    folder.join(inner).exists()
}

#[test]
fn all_of_it_goes_where_the_variable_says() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own");
    let _ = std::fs::remove_dir_all(&target);
    build(Some(&target));
    assert!(has(&target, "debug/sample") && (has(&target, "debug/deps") || has(&target, "debug/build")));
}

#[test]
fn it_lies_beside_the_sample() {
    let target = Path::new("tests/sample/target");
    let _ = std::fs::remove_dir_all(target);
    build(None);
    assert!(has(target, "debug/sample") && (has(target, "debug/deps") || has(target, "debug/build")));
    std::fs::remove_dir_all(target).unwrap();
}
"#;

fn start() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "hello");
    sandbox.package("pika/tests/sample", "sample", "sample");
    let manifest = sandbox.read("pika/tests/sample/Cargo.toml");
    sandbox.write(
        "pika/tests/sample/Cargo.toml",
        &format!("{manifest}[workspace]\n"),
    );
    sandbox.write("pika/tests/on_sample.rs", TESTS);
    for folder in ["pika", "pika/tests/sample"] {
        sandbox.cargo(folder, &["generate-lockfile", "--offline"]);
    }
    sandbox.commit_all("pika");
    sandbox.worktree("pika", "beside");
    sandbox
}

fn test(sandbox: &Sandbox, worktree: &str) {
    let run = sandbox.cargo(worktree, &["test", "--offline", "--test", "on_sample"]);
    run.says("2 passed");
}

#[test]
fn tests_on_fixtures_say_the_same_after_setup() {
    let mut sandbox = start();
    for moves in ["true", "false"] {
        sandbox.env("CARGO_SHAREDTARGET_RECLAIM_ALL", moves);
        for worktree in ["pika", "beside"] {
            test(&sandbox, worktree);
        }
        let run = sandbox.run("pika", &["setup", "--yes"]).code(0);
        run.says("so the layout is in-place");
        for worktree in ["pika", "beside"] {
            assert!(sandbox.exists(&format!("{worktree}/target/debug")));
            assert!(!sandbox.exists(&format!("{worktree}/.cargo")));
            assert!(!sandbox.exists(&format!("{worktree}/tests/sample/.cargo")));
            test(&sandbox, worktree);
            assert_eq!(sandbox.status(worktree), "");
        }
    }
    sandbox.worktree("pika", "new");
    sandbox.run("new", &["onboard"]).code(0);
    assert!(!sandbox.exists("new/.cargo"), "as its siblings");
    test(&sandbox, "new");
}

/// A user built it by hand once: it is a fixture all the same.
#[test]
fn a_fixture_that_was_built_gets_no_configuration() {
    let sandbox = start();
    sandbox.cargo("pika/tests/sample", &["build", "-q", "--offline"]);
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    assert!(!sandbox.exists("pika/tests/sample/.cargo"));
    assert!(sandbox.exists("pika/tests/sample/target/debug"));
}

/// Who asks for it gets it, and later worktrees do as well.
#[test]
fn the_layout_can_be_asked_for() {
    let sandbox = start();
    let isolated = ["setup", "--yes", "--layout", "isolated"];
    let answer = sandbox.json("pika", &isolated);
    assert_eq!(actions(&answer, "write_config").count(), 2);
    sandbox.worktree("pika", "new");
    sandbox.run("new", &["onboard"]).code(0);
    assert!(sandbox.exists("new/.cargo/config.toml"));
}

/// The advice of the plan leads to the layout that it names, though git tracks the configuration.
#[test]
fn the_advice_leads_out_where_git_tracks_the_configuration() {
    let sandbox = start();
    sandbox.write("pika/.cargo/config.toml", "[alias]\nb2 = \"build\"\n");
    sandbox.commit_all("pika");
    let run = sandbox.run("pika", &["setup", "--dry-run"]).code(0);
    let run = run.says("so the layout is in-place");
    run.says("pass --layout isolated --edit-tracked");
    let advised = ["setup", "--layout", "isolated", "--edit-tracked", "--yes"];
    sandbox.run("pika", &advised).code(0);
    let config = sandbox.read("pika/.cargo/config.toml");
    assert!(config.contains(".shared-target"), "{config}");
    // If the edit is allowed, only the layout is missing.
    sandbox.run("pika", &["undo"]).code(0);
    let edits = ["setup", "--edit-tracked", "--dry-run"];
    let run = sandbox.run("pika", &edits).code(0);
    run.says("pass --layout isolated to set them up all the same");
}
