//! Configurations and excludes go back to what they were.

use std::fs;

use crate::facts::{actions, items};
use crate::sandbox::Sandbox;

/// The tree without what stays on purpose: the shared root with our own records.
fn rest(sandbox: &Sandbox) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let ours = |path: &std::path::Path| path.starts_with("pika/.shared-target");
    let tree = sandbox.tree("");
    tree.into_iter().filter(|(path, _)| !ours(path)).collect()
}

/// A main worktree with a configuration of its own, a linked one without, and one with an empty `.cargo`.
fn family() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside", "third"]);
    sandbox.write("pika/.cargo/config.toml", "# mine\r\n[build]\r\njobs = 2");
    sandbox.write("third/.cargo/audit.toml", "");
    sandbox.write("pika/.git/info/exclude", "*.swp");
    sandbox
}

#[test]
fn everything_is_as_before_byte_for_byte() {
    let sandbox = family();
    let before = rest(&sandbox);
    sandbox.run("pika", &["--yes"]).code(0);
    assert_ne!(rest(&sandbox), before);
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    assert_eq!(actions(&answer, "restore").count(), 4);
    assert_eq!(rest(&sandbox), before);
    assert!(!sandbox.exists("beside/.cargo"), "made by us");
    assert!(sandbox.exists("third/.cargo"), "there before us");
}

#[test]
fn several_setups_with_different_layouts_are_undone_as_one() {
    let sandbox = family();
    let before = rest(&sandbox);
    let above = sandbox.path("").display().to_string();
    let flat = ["--layout", "flat", "--allow-unsafe-sharing", "--yes"];
    let build_dir = ["--layout", "build-dir", "--config-at", &above, "--yes"];
    for args in [&["--yes"][..], &flat, &build_dir, &["--yes"]] {
        sandbox.run("pika", args).code(0);
    }
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert_eq!(rest(&sandbox), before);
    assert!(!sandbox.exists(".cargo"));
}

#[test]
fn a_second_undo_has_nothing_to_do() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    let tree = sandbox.tree("");
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    assert_eq!(items(&answer["plan"]["actions"]).count(), 0);
    assert_eq!(sandbox.tree(""), tree);
}

#[test]
fn setup_works_again_after_undo() {
    let sandbox = family();
    let before = rest(&sandbox);
    for _ in 0..2 {
        sandbox.run("pika", &["--yes"]).code(0);
        sandbox.agrees_with_cargo("pika");
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert_eq!(rest(&sandbox), before);
    }
}

#[test]
fn what_was_changed_by_hand_is_kept_and_named() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    let mine = "[build]\ntarget-dir = \"mine\"\n";
    sandbox.write("beside/.cargo/config.toml", mine);
    let run = sandbox.run("pika", &["undo", "--yes"]).code(1);
    let said = run.said();
    assert!(said.contains("beside/.cargo/config.toml"), "{said}");
    assert_eq!(sandbox.read("beside/.cargo/config.toml"), mine);
    assert_eq!(
        sandbox.read("pika/.cargo/config.toml"),
        "# mine\r\n[build]\r\njobs = 2",
        "the rest goes back"
    );
    assert_eq!(
        sandbox.git("beside", &["status", "--porcelain"]),
        "",
        "what hides it stays too"
    );

    let answer = sandbox.json("pika", &["undo", "--yes"]);
    let why = sandbox.why_kept(&answer, "beside/.cargo/config.toml");
    assert_eq!(why, "changed_by_hand");
    fs::remove_file(sandbox.path("beside/.cargo/config.toml")).unwrap();
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert_eq!(sandbox.read("pika/.git/info/exclude"), "*.swp");
}

#[test]
fn a_removed_worktree_does_not_hold_up_the_others() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    fs::remove_dir_all(sandbox.path("beside")).unwrap();
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    let why = sandbox.why_kept(&answer, "beside/.cargo/config.toml");
    assert_eq!(why, "worktree_gone");
    assert_eq!(items(&answer["outcome"]["failed"]).count(), 0);
    assert!(!sandbox.exists("beside"));
    assert_eq!(
        sandbox.read("pika/.cargo/config.toml"),
        "# mine\r\n[build]\r\njobs = 2"
    );
}

#[test]
fn nothing_is_deleted_but_what_setup_made() {
    let sandbox = family();
    sandbox.run("pika", &["--yes"]).code(0);
    for folder in ["pika/.shared-target/pika/main", "pika/target"] {
        sandbox.target(folder);
    }
    sandbox.write("beside/.cargo/own.toml", "mine");
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    assert_eq!(sandbox.deletes(&answer), [""; 0]);
    for path in [
        "pika/.shared-target/pika/main",
        "pika/target",
        "beside/.cargo/own.toml",
    ] {
        assert!(sandbox.exists(path), "{path}");
    }
    assert!(!sandbox.exists("beside/.cargo/config.toml"));
}

#[test]
fn it_says_beforehand_that_deleted_folders_do_not_come_back() {
    let sandbox = family();
    sandbox.target("pika/target");
    sandbox.run("pika", &["--yes"]).code(0);
    let answer = sandbox.json("pika", &["undo", "--dry-run"]);
    let said =
        items(&answer["plan"]["warnings"]).any(|warning| warning["warning"] == "no_way_back");
    assert!(said);
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("pika/target"));
}

#[test]
fn a_configuration_above_the_worktrees_goes_back() {
    let mut sandbox = family();
    sandbox.env("CARGO_HOME", sandbox.outside("other-home"));
    let args = [
        "--layout",
        "build-dir",
        "--config-at",
        "cargo-home",
        "--yes",
    ];
    sandbox.run("pika", &args).code(0);
    assert!(sandbox.exists("../other-home/config.toml"));
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("../other-home/config.toml"));
}

#[test]
fn undo_works_from_a_linked_worktree() {
    let sandbox = family();
    let before = rest(&sandbox);
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.run("beside", &["undo", "--yes"]).code(0);
    assert_eq!(rest(&sandbox), before);
}
