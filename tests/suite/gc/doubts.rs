//! What makes a rule not count, and what stays whatever is asked.

use super::*;

/// Why nothing goes: the doubts of the first folder that stays.
fn doubts(answer: &Value) -> String {
    answer["plan"]["kept"][0]["reason"]["doubts"].to_string()
}

/// A package that another worktree of the repository asks for stays in all of them.
#[test]
fn what_another_worktree_asks_for_stays() {
    let sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.worktree("pika", "beside");
    sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted"]));
    sandbox.write("pika/src/main.rs", main_of(false));
    plain.compiles(&sandbox, "pika", &["build"]);
    assert_eq!(gone(&gc(&sandbox, "pika", &[])), []);
    sandbox.git("pika", &["worktree", "remove", "--force", "../beside"]);
    assert_eq!(packages(&gc(&sandbox, "pika", &[])), ["app", "extra"]);
}

/// Where the next build changes the `Cargo.lock`, nobody knows what it asks for.
#[test]
fn a_lock_that_is_out_of_date_is_a_doubt() {
    let sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted"]));
    sandbox.write("pika/src/main.rs", main_of(false));
    plain.compiles(&sandbox, "pika", &["build"]);
    for broken in [
        manifest(&["leaf", "scripted", "extra"]),
        "[package".to_owned(),
    ] {
        sandbox.write("pika/Cargo.toml", &broken);
        let answer = gc(&sandbox, "pika", &[]);
        assert_eq!(gone(&answer), []);
        assert!(doubts(&answer).len() > 2, "{answer:#}");
    }
    sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted"]));
    std::fs::remove_file(sandbox.path("pika/Cargo.lock")).expect("removed");
    assert_eq!(gone(&gc(&sandbox, "pika", &[])), []);
}

/// A build that runs keeps the folder.
#[test]
fn a_running_build_keeps_the_folder() {
    let sandbox = start();
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    let lock = sandbox.path("pika/target/debug/.cargo-lock");
    let held = std::fs::File::open(lock).expect("a lock file");
    held.lock().expect("the lock");
    let answer = gc(&sandbox, "pika", &["--profile", "debug"]);
    assert_eq!(
        answer["plan"]["kept"][0]["reason"]["reason"], "busy",
        "{answer:#}"
    );
    drop(held);
    assert!(!gone(&gc(&sandbox, "pika", &["--profile", "debug"])).is_empty());
}

/// What is not Cargo's stays, and what only looks like a unit's is nobody's.
#[test]
fn what_is_not_a_unit_stays() {
    let sandbox = start();
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    let foreign = [
        "notes.txt",
        "debug/notes.txt",
        "debug/notes",
        "debug/examples/notes",
        "debug/deps/notes",
        "mine/deps/libx-0123456789abcdef.rlib",
        "debug/deps/notes.txt",
        "debug/build/notes.txt",
        "debug/.fingerprint/notes",
        "debug/deeper/deps/libx-0123456789abcdef.rlib",
    ];
    for path in foreign {
        sandbox.write(&format!("pika/target/{path}"), "x");
    }
    let outside = sandbox.path(".").join("outside");
    std::fs::create_dir(&outside).expect("a folder");
    std::fs::write(outside.join("precious"), "x").expect("a file");
    let link = sandbox.path("pika/target/debug/build/leaf-0123456789abcdef");
    std::os::unix::fs::symlink(&outside, link).expect("a link");
    gc(&sandbox, "pika", &["--profile", "debug"]);
    for path in foreign {
        assert!(sandbox.exists(&format!("pika/target/{path}")), "{path}");
    }
    assert!(outside.join("precious").exists());
    assert_eq!(Layout(None).output(&sandbox, "pika"), OUTPUT);
}

/// One target folder by its path, also from elsewhere; and a folder that nobody is known to build into.
#[test]
fn a_target_folder_can_be_named() {
    let sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    copy(&sandbox, "pika/target", "lonely");
    let answer = sandbox.json(".", &["gc", "-n", "--profile", "debug", "pika/target"]);
    let path = answer["plan"]["actions"][0]["path"]
        .as_str()
        .expect("a path");
    assert!(path.ends_with("pika/target"), "{path}");
    let answer = sandbox.json(".", &["gc", "-n", "lonely"]);
    assert_eq!(gone(&answer), []);
    assert!(doubts(&answer).contains("who builds into it"), "{answer:#}");
    let answer = sandbox.json(".", &["gc", "-n", "--profile", "debug", "lonely"]);
    assert!(!gone(&answer).is_empty());
    sandbox
        .run(".", &["gc", "-n", "lonely", "pika"])
        .code(101)
        .says("and not both");
}

/// Nobody said yes.
#[test]
fn without_a_yes_nothing_goes() {
    let sandbox = start();
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    let before = sandbox.tree("pika/target");
    sandbox
        .run("pika", &["gc", "--max-size", "0"])
        .code(3)
        .says("nothing was changed");
    sandbox
        .run("pika", &["gc", "--max-size", "0", "-n"])
        .code(0)
        .says("together they free");
    sandbox
        .run("pika", &["gc", "--max-size", "lots"])
        .code(2)
        .says("such as `20GB`");
    assert!(sandbox.tree("pika/target") == before, "something changed");
}
