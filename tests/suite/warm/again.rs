//! Warming of folders that are not empty: warm already, built in, or left half-way by a killed build.

use std::io::BufRead as _;
use std::os::unix::fs::PermissionsExt as _;
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
        again.stdout.contains("is already warm: it has the 8 units"),
        "{again:?}"
    );
    assert!(sandbox.tree("beside") == before);
    build(&sandbox, "beside");
    let before = sandbox.tree("beside");
    warm(&sandbox, "beside", &[]);
    assert!(sandbox.tree("beside") == before);
}

/// A run records that a folder is warm, and the next one reads neither folder, until one of the two changes.
#[test]
fn a_folder_that_is_known_as_warm() {
    let sandbox = start();
    warm(&sandbox, "beside", &[]);
    build(&sandbox, "beside");
    warm(&sandbox, "beside", &[]);
    let mut places = walkdir::WalkDir::new(sandbox.outside("home")).into_iter();
    let record = places.find_map(|entry| {
        let path = entry.expect("a folder").into_path();
        path.ends_with("warm.json").then_some(path)
    });
    let record = record.expect("a record");
    let text = fs::read_to_string(&record).expect("text");
    let (before, after) = text.split_once("\"units\":").expect("a count");
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    let other = format!("{before}\"units\":99{after}");
    let believed = |args: &[&str]| {
        let said = warm(&sandbox, "beside", args).stdout;
        assert!(said.contains("is already warm"), "{said}");
        said.contains("99 units")
    };
    fs::write(&record, &other).expect("a record");
    assert!(believed(&[]));
    assert!(believed(&["--dry-run"]));
    assert!(!believed(&["--all-units"]), "another question");
    fs::write(&record, other.replace("\"version\":1", "\"version\":0")).expect("a record");
    assert!(!believed(&[]), "another format");

    let known = || {
        fs::write(&record, &other).expect("a record");
        let said = sandbox.run("beside", &["warm", "--yes"]).stdout;
        said.contains("99 units")
    };
    // The destination lost a unit, or all.
    sandbox.cargo("beside", &["clean", "-q", "-p", "leaf"]);
    assert!(!known());
    warm(&sandbox, "beside", &[]);
    fs::remove_dir_all(sandbox.path("beside/target")).expect("a folder");
    assert!(!known());
    assert!(sandbox.path("beside/target/debug").is_dir());
    warm(&sandbox, "beside", &[]);
    // The donor has more.
    sandbox.cargo("pika", &["build", "-q", "--release"]);
    assert!(!known());
    assert!(sandbox.path("beside/target/release").is_dir());
    assert_eq!(build(&sandbox, "beside").1, OUTPUT);
}

/// Units that the worktree has built itself are kept, and units that Cargo would compile again because of them are
/// not taken: `top` is older than they are.
#[test]
fn into_a_folder_with_builds_of_its_own() {
    let sandbox = start();
    sandbox.cargo("beside", &["build", "-q", "-p", "leaf", "-p", "made"]);
    let debug = sandbox.path("beside/target/debug");
    let own = profile::contents(&debug);
    assert!(own.len() >= 5, "{:?}", own.keys());
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(units(&answer), UNITS - 5, "{answer}");
    // It is also older than `made`, which is not the same here; Cargo names its dependencies in one order or the other.
    let is_top = |(package, why): &(String, String)| {
        package == "top" && ["stale", "other_dependency"].contains(&why.as_str())
    };
    assert!(left(&answer).iter().any(is_top), "{answer}");
    let after = profile::contents(&debug);
    let same = |(path, content)| after.get(path) == Some(content);
    assert!(own.iter().all(same));
    let (names, output) = build(&sandbox, "beside");
    assert_eq!(names, ["app", "keeps", "over", "patched", "top"]);
    assert_eq!(output, OUTPUT);
}

/// A build that failed leaves units without a fingerprint, which are replaced; what it finished stays.
#[test]
fn into_what_a_failed_build_left() {
    let sandbox = start();
    let compiler = sandbox.path("compiler");
    let script = "#!/bin/sh\ncase \"$*\" in *'--crate-name macs '*) exit 1;; esac\nexec \"$@\"\n";
    fs::write(&compiler, script).expect("a script");
    fs::set_permissions(&compiler, fs::Permissions::from_mode(0o755)).expect("permissions");
    let mut cargo = sandbox.prepared("cargo", "beside", &["build", "-v", "-j1"]);
    let failed = cargo
        .env("RUSTC_WRAPPER", compiler)
        .output()
        .expect("cargo");
    assert!(!failed.status.success());
    half_done(&sandbox, &String::from_utf8_lossy(&failed.stderr));
}

/// A build that was interrupted, as by Ctrl-C, while the compiler was at work.
#[test]
fn into_what_an_interrupted_build_left() {
    let sandbox = start();
    let mut cargo = sandbox.prepared("cargo", "beside", &["build", "-v", "-j1"]);
    let mut cargo = cargo.stderr(Stdio::piped()).spawn().expect("cargo");
    let stderr = std::io::BufReader::new(cargo.stderr.take().expect("its standard error"));
    let mut lines = stderr.lines().map_while(Result::ok);
    let mut said = String::new();
    while said.matches("Running `").count() < 3 {
        said += &(lines.next().expect("more") + "\n");
    }
    let id = cargo.id().to_string();
    let mut kill = std::process::Command::new("kill");
    // Cargo handles neither this nor SIGINT; but what a script runs in the background is made to ignore that one.
    assert!(kill.args(["-TERM", &id]).status().expect("kill").success());
    lines.for_each(|line| said += &(line + "\n"));
    cargo.wait().expect("its end");
    half_done(&sandbox, &said);
}

/// After a build that came so far, each unit is taken that was not compiled there and has no dependency that was.
#[track_caller]
fn half_done(sandbox: &Sandbox, said: &str) {
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert!(units(&answer) > 0, "{said}\n{answer}");
    let (names, output) = build(sandbox, "beside");
    assert_eq!(output, OUTPUT);
    for name in ["leaf", "macs", "made"] {
        // A unit that the build began may be finished.
        let again = names.contains(&name.to_owned());
        assert!(
            !again || said.contains(&format!("Compiling {name} ")),
            "{name} of {names:?} after\n{said}"
        );
    }
}

/// Two at once into one folder: one does it, and the other says so or finds nothing left to do.
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
    let both = ["beside", "other"].map(|folder| {
        let mut program = sandbox.program(folder, &["warm", "--yes"]);
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        program.spawn().expect("our program")
    });
    for child in both {
        Run::from(child.wait_with_output().expect("its end")).code(0);
    }
    for folder in ["beside", "other"] {
        assert_eq!(build(&sandbox, folder).0, OWN);
    }
}
