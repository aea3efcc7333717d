//! The next run of any command that acts deletes the leftovers of a killed run in a target folder.

use super::*;
use crate::faults::harness::{Stopped, load, save};

const STAGE: &str = "beside/target/.sharedtarget-warm";

/// The commands that act, each as it is run in a worktree.
const ACTING: [&[&str]; 7] = [
    &["setup", "--yes"],
    &["onboard", "--yes"],
    &["warm", "--yes"],
    &["clean", "--yes"],
    &["gc", "--yes"],
    &["dedupe", "--yes"],
    &["undo", "--yes"],
];

/// Two worktrees; a run was killed while it put units together in the target folder of one.
fn killed() -> Sandbox {
    let sandbox = start("little");
    let stopped = Stopped::at(sandbox.program("beside", &["warm", "--yes"]), "warm-staged");
    stopped.kill();
    assert!(!files(&sandbox.path(STAGE)).is_empty(), "units are in it");
    sandbox
}

/// The plan for the stage: whether it deletes the stage, and otherwise the reason for keeping it.
fn planned(sandbox: &Sandbox, args: &[&str]) -> (bool, Option<String>) {
    let mut args = args.to_vec();
    args.extend(["--dry-run"]);
    let plan = sandbox.json("beside", &args)["plan"].clone();
    let of_stage = |one: &&serde_json::Value| {
        let path = one["path"].as_str().unwrap_or_default();
        path.ends_with(".sharedtarget-warm")
    };
    let all = |name: &str| plan[name].as_array().cloned().unwrap_or_default();
    let goes = all("actions").iter().find(of_stage).is_some();
    let kept = all("kept").iter().find(of_stage).cloned();
    let why = kept.map(|kept| kept["reason"]["reason"].as_str().expect("a reason").into());
    (goes, why)
}

#[test]
fn the_next_run_of_every_command_deletes_it() {
    let sandbox = killed();
    let said = sandbox.run("beside", &["list"]).code(0).said();
    assert!(said.contains("a remnant of an interrupted run"), "{said}");
    save(&sandbox, "killed");
    for args in ACTING {
        load(&sandbox, "killed");
        let run = sandbox.run("beside", args).code(0);
        assert!(!sandbox.exists(STAGE), "{args:?}: {}", run.said());
        // The command says so, unless it is about the folder in any case.
        let about = ["setup", "onboard", "warm"].contains(&args[0]);
        let named = run.said().contains("remnants of an interrupted run");
        assert!(about || named, "{args:?}: {}", run.said());
        if !about {
            let target = sandbox.path("beside/target/CACHEDIR.TAG");
            assert!(target.exists(), "{args:?}: no more than that");
        }
        let run = sandbox.cargo("beside", &["run", "-q"]);
        assert_eq!(run.stdout, output("little"), "{args:?}");
    }
}

/// Nothing is missing in the folder, so that nothing but the deletion is to be done.
#[test]
fn where_all_is_warm_it_goes_too() {
    let sandbox = start("little");
    assert_eq!(units(&warm(&sandbox, "beside", &[])), 5);
    sandbox.write(
        &format!("{STAGE}/lock"),
        "cargo-sharedtarget puts units together here\n",
    );
    sandbox.write(&format!("{STAGE}/units/x"), "litter");
    let dated = |sandbox: &Sandbox| {
        let target = sandbox.path("beside/target").metadata().expect("there");
        target.modified().expect("a time")
    };
    let before = dated(&sandbox);
    assert_eq!(planned(&sandbox, &["warm"]), (true, None));
    sandbox.run("beside", &["warm", "--yes"]).code(0);
    assert!(!sandbox.exists(STAGE));
    assert_eq!(dated(&sandbox), before, "nothing was built there");
}

#[test]
fn one_that_a_run_works_in_is_kept() {
    let sandbox = killed();
    let lock = fs::File::open(sandbox.path(&format!("{STAGE}/lock"))).expect("a lock");
    lock.lock().expect("the lock");
    let before = sandbox.tree(STAGE);
    for args in [&["clean"][..], &["gc"], &["undo"]] {
        let why = Some("other_run".into());
        assert_eq!(planned(&sandbox, args), (false, why), "{args:?}");
        sandbox.run("beside", &[args, &["--yes"]].concat()).code(0);
        assert_eq!(sandbox.tree(STAGE), before, "{args:?}");
    }
    let said = sandbox.run("beside", &["list"]).code(0).said();
    assert!(!said.contains("interrupted"), "{said}");
    drop(lock);
    assert_eq!(planned(&sandbox, &["clean"]), (true, None));
}

/// A run that takes the lock after the plan was made keeps it as well.
#[test]
fn one_that_a_run_takes_up_meanwhile_is_kept() {
    let sandbox = killed();
    let stopped = Stopped::at(sandbox.program("beside", &["undo", "--yes"]), "planned");
    let lock = fs::File::open(sandbox.path(&format!("{STAGE}/lock"))).expect("a lock");
    lock.lock().expect("the lock");
    let before = sandbox.tree(STAGE);
    stopped.go_on().code(1).says("another run is working in it");
    assert_eq!(sandbox.tree(STAGE), before);
}

/// A file that came into it after the plan was made is kept.
#[test]
fn what_comes_into_it_meanwhile_stays() {
    let sandbox = killed();
    let stopped = Stopped::at(sandbox.program("beside", &["undo", "--yes"]), "planned");
    let note = format!("{STAGE}/units/notes.txt");
    sandbox.write(&note, "precious");
    stopped.go_on().code(1).says("notes.txt");
    assert_eq!(sandbox.read(&note), "precious");
}

#[test]
fn one_without_our_mark_and_one_that_git_tracks_are_kept() {
    let sandbox = killed();
    save(&sandbox, "killed");
    let kept = |sandbox: &Sandbox, why: &str| {
        let before = sandbox.tree(STAGE);
        for args in [&["clean"][..], &["gc"], &["dedupe"], &["undo"]] {
            let expected = (false, Some(why.to_owned()));
            assert_eq!(planned(sandbox, args), expected, "{args:?}");
            sandbox.run("beside", &[args, &["--yes"]].concat());
            assert_eq!(sandbox.tree(STAGE), before, "{args:?}");
        }
    };
    fs::remove_file(sandbox.path(&format!("{STAGE}/lock"))).expect("removed");
    kept(&sandbox, "not_our_trash");
    let said = sandbox.run("beside", &["clean", "--yes"]).said();
    assert!(said.contains("delete it yourself"), "{said}");

    load(&sandbox, "killed");
    let mark = sandbox.path(&format!("{STAGE}/lock"));
    fs::rename(&mark, sandbox.path("mark")).expect("renamed");
    std::os::unix::fs::symlink(sandbox.path("mark"), &mark).expect("a link");
    kept(&sandbox, "not_our_trash");

    // Anywhere in the target folder.
    load(&sandbox, "killed");
    sandbox.write("beside/target/tracked.txt", "theirs");
    sandbox.git("beside", &["add", "-f", "target/tracked.txt"]);
    kept(&sandbox, "tracked_inside");
}
