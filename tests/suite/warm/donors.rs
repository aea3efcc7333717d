//! Which donor is chosen, and what the worktree's `Cargo.lock` lets through.

use super::*;

/// The folder that a plan takes units from.
#[track_caller]
fn from(answer: &serde_json::Value) -> PathBuf {
    let from = answer["plan"]["actions"][0]["from"].as_str();
    from.unwrap_or_else(|| panic!("no donor in {answer}"))
        .into()
}

/// A package at another version cannot be used, and so neither can its dependents.
#[test]
fn another_version_is_not_taken() {
    let sandbox = start();
    sandbox.cargo("beside", &["update", "-q", "leaf", "--precise", "1.1.0"]);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    let reasons = left(&answer);
    assert!(
        reasons.contains(&("leaf".into(), "not_locked".into())),
        "{answer}"
    );
    assert!(
        reasons.contains(&("top".into(), "depends_on".into())),
        "{answer}"
    );
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(compiled, ["app", "keeps", "leaf", "over", "patched", "top"]);
    assert_eq!(output, OUTPUT.replace("leaf 1.0.0", "leaf 1.1.0"));
}

/// Of several donors the one that has most of what the lock file names, however new another one is.
#[test]
fn the_donor_that_has_most() {
    let sandbox = start();
    sandbox.worktree("pika", "newer");
    sandbox.cargo("newer", &["update", "-q", "leaf", "--precise", "1.1.0"]);
    build(&sandbox, "newer");
    let answer = sandbox.json("beside", &["warm", "--dry-run"]);
    assert_eq!(from(&answer), sandbox.path("pika/target"));
    sandbox.cargo("beside", &["update", "-q", "leaf", "--precise", "1.1.0"]);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(from(&answer), sandbox.path("newer/target"));
    assert_eq!(units(&answer), UNITS);
    assert_eq!(build(&sandbox, "beside").0, OWN);
}

/// Of equal ones the one that was built last.
#[test]
fn the_newest_donor() {
    let sandbox = start();
    sandbox.worktree("pika", "newer");
    sandbox.git("newer", &["checkout", "-q", "--detach"]);
    build(&sandbox, "newer");
    let answer = sandbox.json("beside", &["warm", "--dry-run"]);
    assert_eq!(from(&answer), sandbox.path("newer/target"));
}

/// A copy without the times of its files has as much by name, and is the newest; but nothing tells what its units were
/// compiled from.
#[test]
fn a_copy_without_times_is_passed_over() {
    let sandbox = start();
    sandbox.worktree("pika", "copied");
    sandbox.git("copied", &["checkout", "-q", "--detach"]);
    sandbox
        .command("cp", "", &["-r", "pika/target", "copied/target"])
        .code(0);
    // In whatever order the folders were copied: libraries come last.
    let args = [
        "copied/target",
        "-path",
        "*/deps/*",
        "-exec",
        "touch",
        "{}",
        "+",
    ];
    sandbox.command("find", "", &args).code(0);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(from(&answer), sandbox.path("pika/target"));
    assert_eq!(units(&answer), UNITS);
    assert_eq!(
        build(&sandbox, "beside"),
        (OWN.map(Into::into).to_vec(), OUTPUT.into())
    );
}

/// Without a lock file Cargo may choose any version: everything third-party is taken.
#[test]
fn without_a_lock_file() {
    let sandbox = start();
    fs::remove_file(sandbox.path("beside/Cargo.lock")).expect("removed");
    assert_eq!(units(&sandbox.json("beside", &["warm", "--yes"])), UNITS);
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(compiled, ["app", "keeps", "leaf", "over", "patched", "top"]);
    assert!(
        output.starts_with("leaf 1.1.0"),
        "the newest is chosen: {output}"
    );
}

/// A workspace with conflict marks in its lock file has unknown needs.
#[test]
fn a_broken_lock_file_is_named_with_the_place() {
    let sandbox = start();
    let lock = sandbox.read("beside/Cargo.lock");
    let line = lock.lines().count() + 1;
    sandbox.write("beside/Cargo.lock", &format!("{lock}<<<<<<< HEAD\n"));
    let run = sandbox.run("beside", &["warm", "--yes"]).code(1);
    let place = format!("Cargo.lock:{line}:");
    assert!(run.said().contains(&place), "no `{place}` in {run:?}");
    assert!(!sandbox.exists("beside/target"));
    let kept = sandbox.json("beside", &["warm", "--yes"])["plan"]["kept"].to_string();
    assert!(kept.contains("lock_invalid"), "{kept}");
}

/// With `--all-units` also what the lock file does not name, such as for another branch.
#[test]
fn all_units() {
    let sandbox = start();
    sandbox.cargo("beside", &["update", "-q", "leaf", "--precise", "1.1.0"]);
    let answer = sandbox.json("beside", &["warm", "--yes", "--all-units"]);
    assert_eq!(units(&answer), UNITS);
    let (compiled, _) = build(&sandbox, "beside");
    assert_eq!(compiled, ["app", "keeps", "leaf", "over", "patched", "top"]);
    sandbox.cargo("beside", &["update", "-q", "leaf", "--precise", "1.0.0"]);
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!((compiled, output.as_str()), (vec!["app".into()], OUTPUT));
}

/// The user may name a target folder or a workspace, also of another repository, and nothing else.
#[test]
fn a_named_donor() {
    let sandbox = start();
    sandbox.worktree("pika", "newer");
    build(&sandbox, "newer");
    fs::create_dir_all(sandbox.path("plain")).expect("a folder");
    copy_all(&sandbox.path("pika/target"), &sandbox.path("plain/moved"));
    for named in ["pika/target", "pika", "plain/moved"] {
        let path = sandbox.path(named).display().to_string();
        let answer = sandbox.json("beside", &["warm", "--dry-run", "--from", &path]);
        let folder = if named == "pika" {
            "pika/target"
        } else {
            named
        };
        assert_eq!(from(&answer), sandbox.path(folder));
    }
    let relative = sandbox.json("beside", &["warm", "--dry-run", "--from", "../pika"]);
    assert_eq!(from(&relative), sandbox.path("pika/target"));
    sandbox.write("plain/Cargo.toml", "[package]\n");
    for nonsense in ["../nowhere", "../pika/Cargo.toml", "../plain"] {
        let run = sandbox
            .run("beside", &["warm", "--yes", "--from", nonsense])
            .code(101);
        let name = nonsense.trim_start_matches("../");
        assert!(run.stderr.contains(name), "{nonsense}: {run:?}");
    }
    let run = sandbox.run("beside", &["warm", "--yes", "--from", "../pika/src"]);
    run.code(101).says("expected a target folder");
    assert!(!sandbox.exists("beside/target"));
}

/// Two repositories that know nothing of each other use the same packages: under one shared root the one is warmed
/// by the other.
#[test]
fn a_stranger_under_the_shared_root() {
    let sandbox = start();
    let prepared = prepared();
    fs::create_dir(sandbox.path("two")).expect("a folder");
    copy_all(&prepared.join("pika"), &sandbox.path("two/stranger"));
    fs::remove_dir_all(sandbox.path("two/stranger/target")).expect("removed");
    fs::rename(sandbox.path("pika"), sandbox.path("two/pika")).expect("renamed");
    fs::remove_dir_all(sandbox.path("beside")).expect("removed");
    sandbox.git("two/pika", &["worktree", "prune"]);
    sandbox.git("two/stranger", &["init", "-q", "-b", "main"]);
    sandbox.commit_all("two/stranger");
    let manifest = sandbox
        .read("two/stranger/Cargo.toml")
        .replace("\"app\"", "\"other\"");
    sandbox.write("two/stranger/Cargo.toml", &manifest);
    sandbox.run("two", &["--yes"]).code(0);
    sandbox.cargo("two/pika", &["build", "-q"]);
    let shared = sandbox.path("two/.shared-target").display().to_string();
    let args = ["warm", "two/stranger", "--yes", "--shared-root", &shared];
    let answer = sandbox.json("", &args);
    assert_eq!(units(&answer), UNITS, "{answer}");
    let said = sandbox.cargo("two/stranger", &["build", "-v"]).stderr;
    assert_eq!(compiled(&said), ["keeps", "other", "over", "patched"]);
    assert_eq!(sandbox.cargo("two/stranger", &["run", "-q"]).stdout, OUTPUT);
}
