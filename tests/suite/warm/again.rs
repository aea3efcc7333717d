//! Into folders that are not empty: warm already, built in, or left half-way by somebody.

use std::io::BufRead as _;
use std::process::Stdio;

use super::*;

/// A second run has nothing to do, changes nothing and says so.
#[test]
fn the_second_time() {
    let sandbox = start();
    warm(&sandbox, "beside", &[]);
    let before = sandbox.tree("beside");
    let again = warm(&sandbox, "beside", &[]);
    assert!(
        again.stdout.contains("is warm: it has the 8 units"),
        "{again:?}"
    );
    assert!(sandbox.tree("beside") == before);
    build(&sandbox, "beside");
    let before = sandbox.tree("beside");
    warm(&sandbox, "beside", &[]);
    assert!(sandbox.tree("beside") == before);
}

/// What the worktree has built itself stays, and only what it does not have is taken.
#[test]
fn into_a_folder_with_builds_of_its_own() {
    let sandbox = start();
    sandbox.cargo("beside", &["build", "-q", "-p", "leaf", "-p", "made"]);
    let own = sandbox.tree("beside/target/debug/deps");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(units(&answer), UNITS - 4, "{answer}");
    let after = sandbox.tree("beside/target/debug/deps");
    assert!(
        own.iter()
            .all(|(path, content)| after.get(path) == Some(content))
    );
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(
        (compiled, output),
        (OWN.map(str::to_owned).into(), OUTPUT.into())
    );
}

/// A build that failed leaves units without a fingerprint: these are replaced, and nothing else.
#[test]
fn into_what_a_failed_build_left() {
    let sandbox = start();
    sandbox.write("beside/patched/src/lib.rs", "pub fn it() {");
    let failed = sandbox
        .prepared("cargo", "beside", &["build", "-q", "-j1"])
        .output();
    assert!(!failed.expect("cargo").status.success());
    sandbox.git("beside", &["checkout", "-q", "patched"]);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert!(units(&answer) > 0, "{answer}");
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(
        (compiled, output),
        (OWN.map(str::to_owned).into(), OUTPUT.into())
    );
}

/// A build that was interrupted, as by Ctrl-C, while the compiler was at work.
#[test]
fn into_what_an_interrupted_build_left() {
    let sandbox = start();
    let mut cargo = sandbox.prepared("cargo", "beside", &["build", "-v", "-j1"]);
    let mut cargo = cargo.stderr(Stdio::piped()).spawn().expect("cargo");
    let stderr = std::io::BufReader::new(cargo.stderr.take().expect("its standard error"));
    let mut lines = stderr.lines().map_while(Result::ok);
    let running = lines.by_ref().filter(|line| line.contains("Running `"));
    assert_eq!(running.take(3).count(), 3);
    let id = cargo.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &id])
            .status()
            .expect("kill")
            .success()
    );
    drop(lines);
    cargo.wait().expect("its end");
    warm(&sandbox, "beside", &[]);
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(
        (compiled, output),
        (OWN.map(str::to_owned).into(), OUTPUT.into())
    );
}

/// Two at once into one folder: one does it, and the other is told so or finds nothing left to do.
#[test]
fn two_at_once() {
    let sandbox = start();
    let mut both = [(); 2].map(|()| {
        let mut program = sandbox.program("beside", &["warm", "--yes"]);
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        program.spawn().expect("our program")
    });
    let codes = both
        .each_mut()
        .map(|child| child.wait().expect("its end").code());
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert!(
        codes.iter().all(|code| matches!(code, Some(0 | 1))),
        "{codes:?}"
    );
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(
        (compiled, output),
        (OWN.map(str::to_owned).into(), OUTPUT.into())
    );
    assert!(!sandbox.exists("beside/target/.sharedtarget-warm"));
}

/// Two worktrees at once, from one donor.
#[test]
fn two_worktrees_at_once() {
    let sandbox = start();
    sandbox.worktree("pika", "other");
    let mut both = ["beside", "other"].map(|folder| {
        let mut program = sandbox.program(folder, &["warm", "--yes"]);
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        program.spawn().expect("our program")
    });
    let codes = both
        .each_mut()
        .map(|child| child.wait().expect("its end").code());
    assert_eq!(codes, [Some(0); 2]);
    for folder in ["beside", "other"] {
        assert_eq!(build(&sandbox, folder).0, OWN);
    }
}
