//! `-Zfine-grain-locking`: a build holds `.cargo-build-lock` in common with others, and the locks of its units.
//!
//! Source: `Layout::new` in Cargo's `src/compiler/layout.rs`; `compile` in `src/compiler/mod.rs`, which takes the lock of
//! every unit in common, gives that of a stale one back, and takes it alone while it compiles; a build script runs under
//! a lock in common.

use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use super::*;

const CONFIG: &str = "[unstable]\nfine-grain-locking = true\n";

/// A reader's lock on the folder would be given: it is the unit's lock that tells of the build.
#[test]
fn a_folder_with_a_running_build_is_busy_for_all() {
    let Some(sandbox) = start(CONFIG) else { return };
    sandbox.worktree("pika", "other");
    assert_eq!(build(&sandbox, "other").1, "low 1\n");
    let building = Building::start(&sandbox, "pika");
    let whole = lock(&sandbox, "pika/target/debug/.cargo-build-lock");
    assert!(whole.try_lock_shared().is_ok() && whole.try_lock().is_err());
    drop(whole);
    let held = files(&sandbox, "pika", "/.lock").into_iter();
    let held = held.filter(|path| File::open(path).expect("a lock").try_lock().is_err());
    assert!(held.count() >= 3, "fresh units, and the script that runs");

    let from = sandbox.path("pika").display().to_string();
    let answer = sandbox.json("beside", &["warm", "--yes", "--from", &from]);
    assert!(
        answer["plan"]["kept"].to_string().contains("donor_busy"),
        "{answer}"
    );
    let before = files(&sandbox, "pika", "");
    let answer = sandbox.json("", &["dedupe", "--yes"]);
    assert!(
        answer["plan"]["kept"].to_string().contains("busy"),
        "{answer}"
    );
    let gc = sandbox.run("pika", &["gc", "--profile", "debug", "--yes"]);
    assert!(gc.said().contains("build"), "{gc:?}");
    let clean = sandbox.run("pika", &["clean", "--all", "--yes"]);
    assert!(clean.said().contains("build"), "{clean:?}");
    assert_eq!(files(&sandbox, "pika", ""), before, "all of it stays");

    building.finish();
    sandbox
        .run("beside", &["warm", "--yes", "--from", &from])
        .code(0);
    let (compiled, said) = build(&sandbox, "beside");
    assert_eq!((compiled, said.as_str()), (vec![], "low 1\n"));
}

/// A build that compiles holds the lock of what it compiles alone; with `--wait` we come after it.
#[test]
fn with_wait_the_end_of_the_build_is_awaited() {
    let Some(sandbox) = start(CONFIG) else { return };
    let building = Building::start(&sandbox, "pika");
    let mut program = sandbox.program("beside", &["warm", "--yes", "--wait"]);
    let program = program.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut waiting = program.spawn().expect("our program");
    std::thread::sleep(Duration::from_millis(700));
    assert!(waiting.try_wait().expect("a state").is_none(), "it waits");
    building.finish();
    assert!(waiting.wait().expect("its end").success());
    assert_eq!(build(&sandbox, "beside"), (vec![], "low 1\n".into()));
}

/// Nothing keeps such a build out of a folder that is only read: no unit is taken that is half of it and half of what was
/// there before.
#[test]
fn a_build_that_begins_while_a_donor_is_read_leaves_no_trace() {
    for point in ["warm-locked", "warm-staged"] {
        let Some(sandbox) = start(CONFIG) else { return };
        let warm = Paused::at(point, &sandbox, "beside", &["warm", "--yes"]);
        low(&sandbox, "pika", "2");
        assert_eq!(build(&sandbox, "pika").1, "low 2\n", "it is not kept out");
        let ran = warm.go_on();
        let (compiled, said) = build(&sandbox, "beside");
        assert_eq!(said, "low 1\n", "{point}: {ran:?}");
        let expected: &[&str] = match point {
            "warm-locked" => &["app", "low"],
            _ => &[],
        };
        assert_eq!(compiled, expected, "{point}: {ran:?}");
        assert_eq!(build(&sandbox, "pika"), (vec![], "low 2\n".into()));
    }
}

/// While units are put in place, such a build waits as any other.
#[test]
fn a_build_waits_while_its_folder_is_written_to() {
    let Some(sandbox) = start(CONFIG) else { return };
    let warm = Paused::at("warm-locked", &sandbox, "beside", &["warm", "--yes"]);
    let mut cargo = sandbox.prepared("cargo", "beside", &["build", "-v", "--offline"]);
    let cargo = cargo.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut waiting = cargo.spawn().expect("cargo");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(waiting.try_wait().expect("a state").is_none(), "it waits");
    warm.go_on().code(0);
    let built = Run::from(waiting.wait_with_output().expect("its end")).code(0);
    assert!(built.stderr.contains("Fresh app"), "{built:?}");
    assert_eq!(build(&sandbox, "beside").1, "low 1\n");
}

/// The lock of a unit in one worktree is never a hard link to one in another, and is deleted with its unit.
#[test]
fn each_worktree_has_its_own_locks_of_units() {
    let Some(sandbox) = start(CONFIG) else { return };
    sandbox.run("beside", &["warm", "--yes"]).code(0);
    build(&sandbox, "beside");
    sandbox.run("", &["dedupe", "--yes"]);
    let locks = files(&sandbox, "beside", "/.lock");
    assert!(locks.len() >= 4, "{locks:?}");
    for lock in locks {
        assert_eq!(fs::metadata(&lock).expect("there").nlink(), 1, "{lock:?}");
    }
    sandbox
        .run("beside", &["gc", "--profile", "debug", "--yes"])
        .code(0);
    assert_eq!(
        files(&sandbox, "beside", "/.lock"),
        [""; 0].map(PathBuf::from)
    );
    assert_eq!(build(&sandbox, "beside").1, "low 1\n");
}
