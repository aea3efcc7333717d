//! Builds that run meanwhile, in the donor or in the destination.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;

use super::*;

/// Both names that Cargo's lock on units has had.
const LOCKS: [&str; 2] = [".cargo-lock", ".cargo-build-lock"];

/// Takes a lock like a running build.
fn hold(sandbox: &Sandbox, folder: &str, name: &str) -> File {
    let path = sandbox.path(&format!("{folder}/target/debug/{name}"));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    let file = file.expect("a lock file");
    file.lock().expect("a lock");
    file
}

/// While a build holds the best donor another one is taken; while builds hold all, nothing is.
#[test]
fn a_donor_is_busy() {
    let sandbox = start();
    for lock in LOCKS {
        let held = hold(&sandbox, "pika", lock);
        let answer = sandbox.json("beside", &["warm", "--yes"]);
        let kept = answer["plan"]["kept"].to_string();
        assert!(kept.contains("donor_busy"), "{lock}: {answer}");
        let said = sandbox.run("beside", &["warm", "--yes"]).code(1).said();
        assert!(
            said.contains("a build holds") && said.contains("--wait"),
            "{said}"
        );
        assert!(!sandbox.exists("beside/target"));
        drop(held);
    }
    sandbox.worktree("pika", "other");
    warm(&sandbox, "other", &[]);
    build(&sandbox, "other");
    for lock in LOCKS {
        let _held = hold(&sandbox, "pika", lock);
        let answer = sandbox.json("beside", &["warm", "--dry-run"]);
        let from = answer["plan"]["actions"][0]["from"].as_str();
        let other = sandbox.path("other/target");
        assert_eq!(from, other.to_str(), "{lock}: {answer}");
    }
}

/// The hook says little, but that the worktree is cold it says, and what to do about it.
#[test]
fn a_new_worktree_stays_cold() {
    let sandbox = start();
    let _held = hold(&sandbox, "pika", LOCKS[0]);
    let run = sandbox
        .run("beside", &["onboard", "--yes", "--quiet"])
        .code(1);
    assert!(sandbox.exists("beside/.cargo/config.toml"), "{run:?}");
    assert!(run.stderr.contains("a build holds"), "{run:?}");
    assert!(run.stderr.contains("--wait"), "{run:?}");
}

/// With `--wait` it is done as soon as the build is over.
#[test]
fn waiting_for_a_donor() {
    let sandbox = start();
    for lock in LOCKS {
        let _ = fs::remove_dir_all(sandbox.path("beside/target"));
        let held = hold(&sandbox, "pika", lock);
        let mut program = sandbox.program("beside", &["warm", "--yes", "--wait"]);
        let mut waiting = program
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("our program");
        std::thread::sleep(Duration::from_millis(700));
        assert!(
            waiting.try_wait().expect("a state").is_none(),
            "{lock}: it waits"
        );
        drop(held);
        assert_eq!(waiting.wait().expect("its end").code(), Some(0));
        let mut said = String::new();
        waiting
            .stdout
            .take()
            .expect("output")
            .read_to_string(&mut said)
            .expect("text");
        assert!(said.contains("with 8 units"), "{said}");
        assert_eq!(build(&sandbox, "beside").0, OWN);
    }
}

/// A build that runs in the destination is not disturbed.
#[test]
fn the_destination_is_busy() {
    let sandbox = start();
    fs::create_dir_all(sandbox.path("beside/target/debug")).expect("folders");
    for lock in LOCKS {
        let held = hold(&sandbox, "beside", lock);
        let ran = sandbox.run("beside", &["warm", "--yes"]).code(1);
        assert!(ran.said().contains("a build holds it"), "{ran:?}");
        for part in [".fingerprint", "deps", "build"] {
            let part = format!("beside/target/debug/{part}");
            assert!(!sandbox.exists(&part), "{part}");
        }
        assert!(!sandbox.exists("beside/target/.sharedtarget-warm"));
        drop(held);
    }
    warm(&sandbox, "beside", &[]);
    assert_eq!(build(&sandbox, "beside").0, OWN);
}
