//! Commands that only look, while a build runs: its units are not finished, and not unused either.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

/// A build script that waits until it is let go.
const SCRIPT: &str = r#"
use std::{fs, path::Path, thread, time::{Duration, Instant}};

fn main() {
    fs::write("runs", "").unwrap();
    let began = Instant::now();
    while !Path::new("go").exists() && began.elapsed() < Duration::from_secs(100) {
        thread::sleep(Duration::from_millis(20));
    }
}
"#;

/// A build whose script is waiting.
fn begun(sandbox: &Sandbox) -> Child {
    let mut cargo = sandbox.prepared("cargo", "slow", &["build", "--offline"]);
    let cargo = cargo.stdout(Stdio::null()).stderr(Stdio::null());
    let build = cargo.spawn().expect("cargo");
    let began = Instant::now();
    while !sandbox.exists("slow/runs") {
        assert!(began.elapsed() < Duration::from_secs(100), "it never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    build
}

fn let_go(sandbox: &Sandbox) {
    sandbox.write("slow/go", "");
}

/// The number of rows that an audit lists as unused, and its warnings.
fn audit(sandbox: &Sandbox) -> (usize, String) {
    let answer = sandbox.json("slow", &["audit"]);
    let unused = answer["unused"].as_array().expect("a list").len();
    (unused, answer["problems"].to_string())
}

#[test]
fn a_running_build_is_not_interrupted() {
    let sandbox = Sandbox::new();
    sandbox.package("slow", "slow", "hello");
    sandbox.write("slow/build.rs", SCRIPT);
    sandbox.commit_all("slow");
    let mut build = begun(&sandbox);
    let (unused, problems) = audit(&sandbox);
    assert_eq!(unused, 0, "{problems}");
    assert!(problems.contains("a build is running in it"), "{problems}");
    // An interrupted one leaves the same.
    build.kill().expect("killed");
    build.wait().expect("its end");
    let_go(&sandbox);
    let (unused, problems) = audit(&sandbox);
    assert_eq!((unused, problems.as_str()), (1, "[]"));
    fs::remove_file(sandbox.path("slow/runs")).expect("removed");
    let mut build = begun(&sandbox);
    assert!(build.wait().expect("its end").success());
    assert_eq!(audit(&sandbox), (0, "[]".into()));
}
