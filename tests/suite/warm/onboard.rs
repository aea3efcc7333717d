//! Onboarding: one worktree is configured and warmed.

use std::fs;

use super::{OUTPUT, OWN, app, start};
use crate::registry::compiled;
use crate::sandbox::Sandbox;

#[track_caller]
fn assert_warm(sandbox: &Sandbox, folder: &str) {
    let run = sandbox.cargo(folder, &["build", "-v"]);
    assert_eq!(compiled(&run.stderr), OWN, "{folder}");
    let output = sandbox.cargo(folder, &["run", "-q"]).stdout;
    assert_eq!(output, OUTPUT, "{folder}");
    assert_eq!(sandbox.git(folder, &["status", "--short"]), "");
}

#[test]
fn one_worktree_and_no_other() {
    let sandbox = start();
    sandbox.run("beside", &["onboard", "--yes"]).code(0);
    let config = sandbox.read("beside/.cargo/config.toml");
    assert!(config.contains("pika/.shared-target"), "{config}");
    assert!(
        !sandbox.exists("pika/.cargo"),
        "it was asked for the other one"
    );
    assert!(sandbox.exists("pika/target/debug"), "nothing is deleted");
    assert_warm(&sandbox, "beside");
    sandbox
        .run("beside", &["onboard", "--yes"])
        .code(0)
        .says("nothing to do");
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("beside/.cargo"));
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = start();
    let before = (sandbox.tree("beside"), sandbox.tree("pika"));
    sandbox
        .run("beside", &["onboard", "-n"])
        .code(0)
        .says("Warm ");
    assert_eq!((sandbox.tree("beside"), sandbox.tree("pika")), before);
}

/// Without a configuration, and by choice.
#[test]
fn in_place() {
    let sandbox = start();
    sandbox
        .run("beside", &["onboard", "--yes", "--layout", "in-place"])
        .code(0);
    assert!(!sandbox.exists("beside/.cargo") && !sandbox.exists("pika/.shared-target"));
    assert_warm(&sandbox, "beside");
}

/// The layout in which one configuration above serves all: nothing is written, and the folder that it names is warmed.
#[test]
fn served_from_above() {
    let sandbox = start();
    let above = sandbox.path("").display().to_string();
    let args = ["--layout", "build-dir", "--config-at", &above, "--yes"];
    sandbox.run("pika", &args).code(0);
    sandbox.worktree("pika", "third");
    sandbox.run("third", &["onboard", "--yes"]).code(0);
    assert!(!sandbox.exists("third/.cargo"));
    assert_warm(&sandbox, "third");
}

/// The hook, for real: the worktree is warm as soon as git has made it.
#[cfg(unix)]
#[test]
fn the_hook_warms_what_git_adds() {
    let mut sandbox = start();
    let program = sandbox.program("pika", &[]);
    let folder = std::path::Path::new(program.get_program()).parent();
    let folder = folder.expect("a folder").to_owned();
    let path = std::env::var("PATH").expect("a path");
    sandbox.env("PATH", format!("{}:{path}", folder.display()));
    sandbox.run("pika", &["hook", "install", "--yes"]).code(0);
    sandbox.worktree("pika", "one");
    assert_warm(&sandbox, "one");
}

/// Several hooks at once, as of agents that begin together: each worktree gets a folder of its own.
#[test]
fn several_at_once() {
    let sandbox = start();
    let names = ["one", "two", "three"];
    for name in names {
        sandbox.worktree("pika", name);
    }
    let started = names.map(|name| {
        let mut onboard = sandbox.program(name, &["onboard", "--yes", "--quiet"]);
        onboard.spawn().expect("our program")
    });
    for mut onboard in started {
        assert!(onboard.wait().expect("our program").success());
    }
    let mut folders: Vec<String> = Vec::new();
    for name in names {
        assert_warm(&sandbox, name);
        folders.push(sandbox.read(&format!("{name}/.cargo/config.toml")));
    }
    folders.dedup();
    assert_eq!(folders.len(), 3, "each has its own");
}

/// Two nested workspaces, one of them built, and a worktree where neither is.
fn nested() -> Sandbox {
    let sandbox = start();
    for name in ["tool", "fixture"] {
        app(&sandbox, &format!("pika/{name}"), "nested");
        let lock = sandbox.read("pika/Cargo.lock");
        sandbox.write(&format!("pika/{name}/Cargo.lock"), &lock);
        let manifest = sandbox.read(&format!("pika/{name}/Cargo.toml"));
        sandbox.write(
            &format!("pika/{name}/Cargo.toml"),
            &format!("{manifest}[workspace]\n"),
        );
    }
    sandbox.commit_all("pika");
    sandbox.cargo("pika/tool", &["build"]);
    sandbox.worktree("pika", "third");
    fs::copy(
        sandbox.path("pika/tool/Cargo.lock"),
        sandbox.path("third/tool/Cargo.lock"),
    )
    .expect("copied");
    sandbox
}

/// One that another worktree builds gets a folder of its own: a build script of the workspace around it may run Cargo in it,
/// and would wait for ever for the folder of this one.
#[test]
fn nested_workspaces_of_others_are_set_up() {
    let sandbox = nested();
    sandbox.run("third", &["onboard", "--yes"]).code(0);
    let own = sandbox.read("third/tool/.cargo/config.toml");
    assert!(own.contains("third+tool"), "{own}");
    assert!(!sandbox.exists("third/fixture/.cargo"), "it is never built");
    let run = sandbox.cargo("third/tool", &["build", "-v"]);
    assert_eq!(compiled(&run.stderr), OWN);
    assert_eq!(sandbox.git("third", &["status", "--short"]), "");
}

/// A nested workspace that is never built costs nothing, and one that is built in another worktree is warmed too.
#[test]
fn nested_workspaces() {
    let sandbox = nested();
    let answer = sandbox.json("third", &["warm", "--yes"]);
    let done = answer["outcome"]["done"].as_array().expect("done");
    let paths: Vec<&str> = done
        .iter()
        .filter_map(|done| done["path"].as_str())
        .collect();
    assert_eq!(paths.len(), 2, "{paths:?}");
    assert!(sandbox.exists("third/tool/target") && !sandbox.exists("third/fixture/target"));
    let run = sandbox.cargo("third/tool", &["build", "-v"]);
    assert_eq!(compiled(&run.stderr), OWN);
}
