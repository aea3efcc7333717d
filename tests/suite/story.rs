//! The main job from end to end, as in the README.

use crate::sandbox::Sandbox;

#[test]
fn set_up_build_and_undo() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["pika/.worktrees/x", "beside"]);
    for worktree in ["pika", "pika/.worktrees/x", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }

    sandbox.run("pika", &["--yes"]).code(0);
    for worktree in ["pika", "pika/.worktrees/x", "beside"] {
        assert!(
            !sandbox.exists(&format!("{worktree}/target")),
            "the old folder is gone"
        );
        assert!(sandbox.exists(&format!("{worktree}/.cargo/config.toml")));
        assert_eq!(sandbox.cargo_run(worktree), "hello\n");
        assert!(
            !sandbox.exists(&format!("{worktree}/target")),
            "and stays gone"
        );
    }
    assert_eq!(sandbox.git("beside", &["status", "--porcelain"]), "");
    sandbox.git("pika", &["worktree", "remove", "../beside"]);

    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("pika/.cargo"));
    assert!(!sandbox.exists("pika/.worktrees/x/.cargo"));
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    assert!(
        sandbox.exists("pika/target"),
        "cargo builds where it built before"
    );
}
