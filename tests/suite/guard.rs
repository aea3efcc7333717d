//! The guard: a `build-dir` that keeps apart what lies inside a worktree and was not set up.

use std::path::PathBuf;

use serde_json::Value;

use crate::facts::items;
use crate::sandbox::Sandbox;

/// `pika` with a worktree in it and one beside it.
fn start() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["pika/.worktrees/in", "beside"]);
    for worktree in ["pika/.worktrees/in", "beside"] {
        sandbox.package(worktree, "app", worktree);
    }
    sandbox
}

/// Cargo's target-dir and build-dir of a worktree.
fn folders(sandbox: &Sandbox, worktree: &str) -> [PathBuf; 2] {
    let metadata = sandbox.metadata(worktree);
    let folder = |name: &str| metadata[name].as_str().expect("a folder").into();
    ["target_directory", "build_directory"].map(folder)
}

fn config(sandbox: &Sandbox, worktree: &str) -> String {
    sandbox.read(&format!("{worktree}/.cargo/config.toml"))
}

fn is_guarded(sandbox: &Sandbox, worktree: &str) -> bool {
    config(sandbox, worktree).contains("{workspace-path-hash}")
}

fn planned(answer: &Value) -> usize {
    items(&answer["plan"]["actions"]).count()
}

#[test]
fn it_stands_where_a_worktree_lies_inside_and_is_one_folder() {
    let sandbox = start();
    let run = sandbox.run("pika", &["setup"]).code(0);
    assert!(run.said().contains("1 of them gets a guard"), "{run:?}");
    let all = ["pika", "pika/.worktrees/in", "beside"];
    let mut seen = std::collections::BTreeSet::new();
    for worktree in all {
        let [target, build] = folders(&sandbox, worktree);
        assert_eq!(target, build, "{worktree}");
        assert!(seen.insert(target), "{worktree}");
        assert_eq!(is_guarded(&sandbox, worktree), worktree == "pika");
    }
    for (worktree, says) in [("pika", "hello"), (all[1], all[1]), (all[2], all[2])] {
        assert_eq!(sandbox.cargo_run(worktree), format!("{says}\n"));
    }
    assert_eq!(planned(&sandbox.json("pika", &["setup"])), 0);
}

/// Its intermediates are its own, whatever else it takes over.
#[test]
fn a_worktree_that_was_not_set_up_runs_its_own_code() {
    let sandbox = start();
    sandbox.run("pika", &["setup"]).code(0);
    sandbox.worktree("pika", "pika/.worktrees/new");
    sandbox.package("pika/.worktrees/new", "app", "new");
    for _ in 0..2 {
        assert_eq!(sandbox.cargo_run("pika/.worktrees/new"), "new\n");
        assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    }
}

/// A first worktree inside comes later: `doctor` says so, and the next `setup` puts a guard there and keeps what was
/// built.
#[test]
fn one_that_comes_later() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["setup"]).code(0);
    assert!(!is_guarded(&sandbox, "pika"));
    sandbox.worktree("pika", "pika/inside");
    let doctor = sandbox.run("pika", &["doctor"]).code(1);
    assert!(doctor.stdout.contains("pika/inside"), "{doctor:?}");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    assert!(is_guarded(&sandbox, "pika") && !is_guarded(&sandbox, "pika/inside"));
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    assert_eq!(planned(&sandbox.json("pika", &["setup"])), 0);
}

#[test]
fn it_is_left_out_or_written_on_demand() {
    let sandbox = start();
    sandbox.run("pika", &["setup", "--guard"]).code(0);
    assert!(is_guarded(&sandbox, "beside"));
    let run = sandbox
        .run("pika", &["setup", "--no-guard", "--yes"])
        .code(0);
    assert!(run.said().contains("no guard is written"), "{run:?}");
    for worktree in ["pika", "pika/.worktrees/in", "beside"] {
        assert!(!config(&sandbox, worktree).contains("build-dir"));
        let [target, build] = folders(&sandbox, worktree);
        assert_eq!(target, build, "{worktree}");
    }
    assert_eq!(planned(&sandbox.json("pika", &["setup", "--no-guard"])), 0);
    sandbox.run("pika", &["undo"]).code(0);
    assert!(!sandbox.exists("pika/.cargo"));
}

/// The two folders of an earlier version become one again, and nothing is compiled for it.
#[test]
fn a_split_folder_is_joined() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.run("pika", &["setup"]).code(0);
    sandbox.run("pika", &["setup", "--guard"]).code(0);
    // As it was written until then: two folders.
    for worktree in ["pika", "beside"] {
        let name = if worktree == "pika" { "main" } else { worktree };
        let root = sandbox.path("pika/.shared-target").display().to_string();
        let text = config(&sandbox, worktree);
        let target = text
            .lines()
            .find(|line| line.starts_with("target-dir"))
            .expect("a line");
        let split = format!("target-dir = \"{root}/pika/{name}\"");
        let split = text.replace(target, &split);
        sandbox.write(&format!("{worktree}/.cargo/config.toml"), &split);
        assert_eq!(sandbox.cargo_run(worktree), "hello\n");
        let [target, build] = folders(&sandbox, worktree);
        assert_ne!(target, build);
    }
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    for worktree in ["pika", "beside"] {
        let [target, build] = folders(&sandbox, worktree);
        assert_eq!(target, build, "{worktree}");
        let built = sandbox.cargo(worktree, &["build", "--offline"]);
        assert!(!built.stderr.contains("Compiling"), "{}", built.stderr);
        assert_eq!(sandbox.cargo_run(worktree), "hello\n");
    }
    assert!(!sandbox.exists("pika/.shared-target/pika/main"));
    assert_eq!(planned(&sandbox.json("pika", &["setup"])), 0);
}

/// Of fixtures, git may track a `target` with nothing of Cargo's in it.
#[test]
fn a_tracked_folder_named_target_is_no_build() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.package("pika/data/sample", "sample", "sample");
    sandbox.write("pika/data/sample/target/.gitkeep", "");
    sandbox.run("pika", &["setup"]).code(0);
    assert!(!sandbox.exists("pika/data/sample/.cargo"));
    assert!(sandbox.exists("pika/data/sample/target/.gitkeep"));
}

/// A workspace inside that was never built has a folder of its own for units, so `gc` does not ask what it needs.
#[test]
fn an_unbuilt_workspace_inside_is_no_doubt() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.package("pika/fuzz", "fuzz", "fuzz");
    let manifest = sandbox.read("pika/fuzz/Cargo.toml");
    let manifest = format!("{manifest}[workspace]\n");
    sandbox.write("pika/fuzz/Cargo.toml", &manifest);
    let _ = std::fs::remove_file(sandbox.path("pika/fuzz/Cargo.lock"));
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    assert!(is_guarded(&sandbox, "pika"));
    for worktree in ["pika", "beside"] {
        sandbox.cargo_run(worktree);
    }
    let answer = sandbox.json("pika", &["gc", "--dry-run"]);
    let kept = items(&answer["plan"]["kept"]);
    let doubts: Vec<&Value> = kept.map(|one| &one["reason"]["doubts"]).collect();
    assert_eq!(doubts, [&Value::Array(vec![]); 2], "{answer:#}");
}
