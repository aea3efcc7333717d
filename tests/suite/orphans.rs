//! Target folders of removed worktrees: they go by themselves, a day later, and never where the worktree may be away.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::facts::{actions, named_like};
use crate::sandbox::Sandbox;

const ROOT: &str = "pika/.shared-target";
const FOLDER: &str = "pika/.shared-target/pika/topic";

/// A repository with worktrees, set up, with something built for `trees/topic`.
fn start() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["trees/topic", "trees/other"]);
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.target(FOLDER);
    sandbox.target("pika/.shared-target/pika/main");
    sandbox
}

/// The files were last written two days ago.
fn age(path: &Path) {
    let status = Command::new("find")
        .arg(path)
        .args(["-exec", "touch", "-h", "-d", "2 days ago", "{}", "+"])
        .status();
    assert!(status.expect("find").success());
}

fn records(sandbox: &Sandbox) -> Option<PathBuf> {
    named_like(&sandbox.outside("home"), "orphans.json").pop()
}

/// Moves each first sighting of a moment ago back by 25 hours.
fn a_day_passes(sandbox: &Sandbox) {
    let file = records(sandbox).expect("a record");
    let mut record: Value = serde_json::from_slice(&fs::read(&file).expect("as the test made it"))
        .expect("as the test made it");
    for one in record["gone"].as_array_mut().expect("as the test made it") {
        let since: jiff::Timestamp = one["since"]
            .as_str()
            .expect("as the test made it")
            .parse()
            .expect("as the test made it");
        let before = since - jiff::SignedDuration::from_hours(25);
        one["since"] = before.to_string().into();
    }
    fs::write(&file, record.to_string()).expect("as the test made it");
}

#[track_caller]
fn gc(sandbox: &Sandbox) -> Vec<String> {
    let answer = sandbox.json("pika", &["gc", "--yes"]);
    sandbox.deletes(&answer)
}

fn remove(sandbox: &Sandbox) {
    sandbox.git("pika", &["worktree", "remove", "--force", "../trees/topic"]);
}

/// The worktree is gone, a run has noted that, and a day has passed in which nothing was built.
fn gone_for_a_day(sandbox: &Sandbox, remove: impl Fn(&Sandbox)) {
    remove(sandbox);
    assert_eq!(gc(sandbox), [""; 0]);
    a_day_passes(sandbox);
    age(&sandbox.path(FOLDER));
    age(&sandbox.path("pika/.git/worktrees"));
}

#[test]
fn it_goes_a_day_after_a_run_saw_that() {
    let sandbox = start();
    assert_eq!(gc(&sandbox), [""; 0]);
    assert_eq!(records(&sandbox), None);
    remove(&sandbox);
    age(&sandbox.path(FOLDER));
    let tree = sandbox.tree(ROOT);
    for _ in 0..2 {
        let dry = sandbox.json("pika", &["gc", "-n"]);
        assert_eq!(sandbox.deletes(&dry), [""; 0]);
        assert_eq!(records(&sandbox), None, "a dry run notes nothing");
    }
    for _ in 0..2 {
        assert_eq!(gc(&sandbox), [""; 0], "seen just now");
    }
    assert_eq!(sandbox.tree(ROOT), tree);
    a_day_passes(&sandbox);
    sandbox.write(&format!("{FOLDER}/debug/deps/new.rlib"), "x");
    assert_eq!(gc(&sandbox), [""; 0], "built within a day");
    a_day_passes(&sandbox);
    age(&sandbox.path(FOLDER));
    let dry = sandbox.json("pika", &["gc", "-n"]);
    assert_eq!(sandbox.deletes(&dry), [FOLDER]);
    let why = &actions(&dry, "delete_folder")
        .next()
        .expect("as the test made it")["why"];
    assert_eq!(why["reason"], "owner_gone");
    sandbox.run("pika", &["gc"]).code(3);
    assert!(sandbox.exists(FOLDER), "not confirmed");
    let run = sandbox.run("pika", &["gc", "--yes"]).code(0);
    assert!(
        run.stdout
            .contains("of removed worktrees: .shared-target/pika/topic"),
        "{}",
        run.stdout
    );
    let left = named_like(&sandbox.path("pika/.shared-target/pika"), "topic");
    assert!(left.is_empty(), "nor does its note stay: {left:?}");
    assert!(sandbox.exists("pika/.shared-target/pika/main"));
    assert_eq!(gc(&sandbox), [""; 0]);
    assert_eq!(records(&sandbox), None);
}

#[test]
fn the_hook_deletes_it_and_says_so() {
    let sandbox = start();
    remove(&sandbox);
    sandbox.worktree("pika", "trees/new");
    let onboard = ["onboard", "--yes", "--quiet"];
    sandbox.run("trees/new", &onboard).code(0);
    assert!(records(&sandbox).is_some() && sandbox.exists(FOLDER));
    a_day_passes(&sandbox);
    age(&sandbox.path(FOLDER));
    sandbox
        .run("trees/new", &onboard)
        .code(0)
        .says("of removed worktrees");
    assert!(!sandbox.exists(FOLDER));
}

#[test]
fn what_a_timer_deleted_is_told_by_the_next_run() {
    let sandbox = start();
    let timer = ["gc", "--by-settings", "--yes", "--quiet"];
    remove(&sandbox);
    assert_eq!(
        sandbox
            .run("", &[&timer[..], &["pika"]].concat())
            .code(0)
            .said(),
        ""
    );
    a_day_passes(&sandbox);
    age(&sandbox.path(FOLDER));
    sandbox.run("pika", &timer).code(0);
    assert!(!sandbox.exists(FOLDER));
    sandbox.run("pika", &timer).code(0);
    let dry = sandbox.run("pika", &["gc", "-n"]).code(0);
    for run in [dry, sandbox.run("pika", &["gc", "--yes"]).code(0)] {
        assert!(
            run.said().contains("the timer has deleted 1 target folder"),
            "{}",
            run.said()
        );
        assert!(
            run.said().contains(".shared-target/pika/topic"),
            "{}",
            run.said()
        );
    }
    let run = sandbox.run("pika", &["gc", "--yes"]).code(0);
    assert!(!run.said().contains("the timer"), "{}", run.said());
    assert_eq!(records(&sandbox), None);
}

#[test]
fn it_stays_where_the_worktree_may_be_away() {
    type Away = (&'static str, fn(&Sandbox));
    let by_hand = |sandbox: &Sandbox| {
        fs::remove_dir_all(sandbox.path("trees/topic")).expect("as the test made it");
    };
    let away: [Away; 7] = [
        (
            "its disk is not mounted, or all around it is gone",
            |sandbox| {
                fs::rename(sandbox.path("trees"), sandbox.path("away"))
                    .expect("as the test made it");
            },
        ),
        ("no folder any more", |sandbox| {
            fs::rename(sandbox.path("trees"), sandbox.path("away")).expect("as the test made it");
            sandbox.write("trees", "");
        }),
        ("another filesystem", |sandbox| {
            let file = format!("{FOLDER}.sharedtarget.json");
            let mut owner: Value =
                serde_json::from_str(&sandbox.read(&file)).expect("as the test made it");
            owner["device"] = 1.into();
            sandbox.write(&file, &owner.to_string());
            let record = records(sandbox).expect("as the test made it");
            let mut seen: Value =
                serde_json::from_slice(&fs::read(&record).expect("as the test made it"))
                    .expect("as the test made it");
            seen["gone"][0]["owner"] = owner;
            fs::write(record, seen.to_string()).expect("as the test made it");
        }),
        ("locked", |sandbox| {
            sandbox.git("pika", &["worktree", "lock", "../trees/topic"]);
        }),
        ("its repository is away", |sandbox| {
            let file = format!("{FOLDER}.sharedtarget.json");
            let owner = sandbox.read(&file).replace("pika/.git", "elsewhere/.git");
            sandbox.write(&file, &owner);
            let record = records(sandbox).expect("as the test made it");
            let seen = fs::read_to_string(&record).expect("as the test made it");
            fs::write(record, seen.replace("pika/.git", "elsewhere/.git"))
                .expect("as the test made it");
        }),
        ("back", |sandbox| {
            sandbox.git("pika", &["worktree", "prune"]);
            sandbox.git(
                "pika",
                &["worktree", "add", "-q", "--detach", "../trees/topic"],
            );
        }),
        ("turned off", |sandbox| {
            sandbox.write("pika/.shared-target/sharedtarget.toml", "orphans = false\n");
        }),
    ];
    for (what, away) in away {
        let sandbox = start();
        gone_for_a_day(&sandbox, by_hand);
        away(&sandbox);
        assert_eq!(gc(&sandbox), [""; 0], "{what}");
        assert!(sandbox.exists(FOLDER), "{what}");
    }
    let sandbox = start();
    gone_for_a_day(&sandbox, by_hand);
    let rule = sandbox.json("pika", &["gc", "--superseded", "--yes"]);
    assert_eq!(sandbox.deletes(&rule), [""; 0], "a rule means what it says");
    assert_eq!(gc(&sandbox), [FOLDER], "or else each of these would go");
}

#[test]
fn one_that_was_moved_keeps_its_folder() {
    let by_git = |sandbox: &Sandbox| {
        let to = sandbox.path("moved").display().to_string();
        sandbox.git("pika", &["worktree", "move", "../trees/topic", &to]);
    };
    let by_hand = |sandbox: &Sandbox| {
        fs::rename(sandbox.path("trees/topic"), sandbox.path("moved"))
            .expect("as the test made it");
    };
    let sandbox = start();
    by_git(&sandbox);
    // Its configuration would lead there; without, only git knows.
    fs::remove_dir_all(sandbox.path("moved/.cargo")).expect("as the test made it");
    gc(&sandbox);
    assert_eq!(records(&sandbox), None, "git knows it elsewhere");

    // Git learns of it when the user works there.
    let sandbox = start();
    gone_for_a_day(&sandbox, by_hand);
    sandbox.write("moved/new", "x");
    sandbox.git("moved", &["add", "new"]);
    assert_eq!(gc(&sandbox), [""; 0], "the user works there");
    assert_eq!(records(&sandbox), None, "and it counts anew");
    assert!(sandbox.exists(FOLDER));
}

#[test]
fn a_build_in_it_keeps_it() {
    let sandbox = start();
    gone_for_a_day(&sandbox, remove);
    let lock = fs::OpenOptions::new()
        .write(true)
        .open(sandbox.path(FOLDER).join("debug/.cargo-lock"))
        .expect("as the test made it");
    lock.lock().expect("as the test made it");
    assert_eq!(gc(&sandbox), [""; 0]);
    drop(lock);
    assert_eq!(gc(&sandbox), [FOLDER]);
}

/// A shared root may serve another container, in which this user's state is not: its worktrees cannot be seen from here.
#[test]
fn what_another_state_has_set_up_stays() {
    let sandbox = start();
    remove(&sandbox);
    age(&sandbox.path(FOLDER));
    let journals = named_like(&sandbox.outside("home"), "undo.json");
    let journal = journals.first().expect("a record");
    let text = fs::read_to_string(journal).expect("as the test made it");
    fs::write(journal, text.replace("trees/topic", "trees/elsewhere"))
        .expect("as the test made it");
    assert_eq!(gc(&sandbox), [""; 0]);
    assert_eq!(records(&sandbox), None, "it is not even noted");
    assert!(sandbox.exists(FOLDER));
    sandbox
        .run("pika", &["clean", "--orphaned", "--yes"])
        .code(0);
    assert!(!sandbox.exists(FOLDER), "asked for, it goes");
}
