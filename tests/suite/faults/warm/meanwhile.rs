//! Changes of a donor between the plan and its end, and full disks.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::*;
use crate::faults::harness::Stopped;
use crate::faults::space::Small;

/// Gone before anything was taken of it: nothing is warmed, and that is no success.
#[test]
fn the_donor_is_deleted_before() {
    for point in ["planned", "warm-locked"] {
        let sandbox = start("little");
        let stopped = Stopped::at(sandbox.program("beside", &["warm", "--yes"]), point);
        fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
        stopped.go_on().code(1).says("no unit could be taken");
        assert!(!sandbox.exists("beside/target/.sharedtarget-warm"));
        let compiled = build(&sandbox, "beside", "little");
        assert_eq!(compiled, ["app", "plain0", "plugin", "scripted0"]);
    }
}

/// Git begins to track a file of the donor, or of a part of it, or of the destination: nothing of it is taken.
#[test]
fn git_tracks_something_by_then() {
    type Track = fn(&Sandbox);
    let ways: [(&str, Track); 3] = [
        ("the donor", |sandbox| {
            sandbox.git("pika", &["add", "-f", "target/CACHEDIR.TAG"]);
        }),
        ("a part of it", |sandbox| {
            let part = profile::folder_of(&sandbox.path("pika/target/debug"), "plain0-", ".d");
            let part = format!("pika/target/debug/{part}");
            sandbox.git(&part, &["init", "-q"]);
            sandbox.git(&part, &["add", "-A"]);
        }),
        ("the destination", |sandbox| {
            sandbox.write("beside/target/debug/notes", "precious");
            sandbox.git("beside", &["add", "-f", "target/debug/notes"]);
        }),
    ];
    for (what, track) in ways {
        let sandbox = start("little");
        let stopped = Stopped::at(sandbox.program("beside", &["warm", "--yes"]), "planned");
        track(&sandbox);
        stopped.go_on().code(1).says("git tracks");
        for part in ["deps", "build", ".fingerprint"] {
            let part = format!("beside/target/debug/{part}");
            assert!(!sandbox.exists(&part), "{what}");
        }
        let compiled = build(&sandbox, "beside", "little");
        assert_eq!(compiled, ["app", "plain0", "plugin", "scripted0"], "{what}");
    }
}

/// The same for what shares storage, and for what is kept in the store.
#[test]
fn git_tracks_something_by_then_and_dedupe_and_the_store_leave_it() {
    let mut sandbox = start("little");
    sandbox.env("CARGO_SHAREDTARGET_STORE_DIR", sandbox.outside("store"));
    assert_eq!(build(&sandbox, "beside", "little").len(), 4);
    let at = |folder: &str, args: &[&str]| Stopped::at(sandbox.program(folder, args), "planned");
    let dedupe = at("", &["dedupe", "--yes"]);
    let harvest = at("pika", &["store", "harvest", "--yes"]);
    for folder in ["pika", "beside"] {
        sandbox.git(folder, &["add", "-f", "target/CACHEDIR.TAG"]);
    }
    let before = sandbox.tree("");
    dedupe.go_on().code(1).says("git tracks");
    harvest.go_on().code(1).says("git tracks");
    assert_eq!(sandbox.tree(""), before);
    let units = sandbox.outside("store/units");
    assert!(!units.exists() || files(&units).is_empty());
}

/// A file in the place of a unit's description or content is kept: the store is found by names alone.
#[test]
fn what_comes_into_the_store_stays() {
    for kind in ["objects", "units"] {
        let mut sandbox = start("little");
        let store = sandbox.outside("store");
        sandbox.env("CARGO_SHAREDTARGET_STORE_DIR", &store);
        sandbox.run("pika", &["store", "harvest", "--yes"]).code(0);
        let mut all = files(&store.join(kind));
        all.retain(|file| !file.ends_with("built-with.json"));
        assert!(all.len() > 4, "{all:?}");
        let clean = sandbox.program("pika", &["store", "clean", "--yes"]);
        let stopped = Stopped::at(clean, "planned");
        sandbox.write("away/precious", "precious");
        fs::remove_file(&all[0]).expect("removed");
        fs::create_dir(&all[0]).expect("a folder");
        fs::write(all[0].join("mine"), "precious").expect("a file");
        fs::remove_file(&all[1]).expect("removed");
        std::os::unix::fs::symlink(sandbox.path("away"), &all[1]).expect("a link");
        fs::write(&all[2], "{}").expect("a file");
        let ended = stopped.go_on().code(1);
        ended.says("it has changed since planning");
        let mine = fs::read_to_string(all[0].join("mine"));
        assert_eq!(mine.expect("there"), "precious");
        assert_eq!(sandbox.read("away/precious"), "precious");
        assert!(all[1].is_symlink());
        assert_eq!(fs::read_to_string(&all[2]).expect("there"), "{}");
        assert!(!all[3].exists(), "{kind}: the rest is gone");
    }
}

/// Gone when all was put together already: nothing is missing.
#[test]
fn the_donor_is_deleted_after() {
    for point in ["warm-staged", "warm-placed#1"] {
        let sandbox = start("little");
        let stopped = Stopped::at(sandbox.program("beside", &["warm", "--yes"]), point);
        fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
        stopped.go_on().code(0).says("with 5 units");
        assert_eq!(build(&sandbox, "beside", "little"), ["app"], "{point}");
    }
}

/// Compiled again meanwhile, without regard to our lock: what has changed is left, with what depends on it.
#[test]
fn the_donor_changes() {
    let sandbox = start("large");
    let stopped = Stopped::at(sandbox.program("beside", &["warm", "--yes"]), "warm-locked");
    let library = profile::artifact(&sandbox.path("pika/target/debug"), "libplain0-", ".rlib");
    fs::write(library, "something else").expect("written");
    let ended = stopped.go_on().code(1);
    let ended = ended
        .says("skipped plain0")
        .says("has changed since planning");
    ended
        .says("skipped all")
        .says("it depends on plain0, which was not taken");
    let compiled = build(&sandbox, "beside", "large");
    assert_eq!(compiled, ["all", "app", "plain0"]);
}

/// Another program puts a unit where one of ours would be placed: its unit is kept.
#[test]
fn something_is_there_now() {
    let sandbox = start("little");
    let stopped = Stopped::at(sandbox.program("beside", &["warm", "--yes"]), "warm-staged");
    let donor = sandbox.path("pika");
    let library = profile::artifact(&donor.join("target/debug"), "libplain0-", ".rlib");
    let library = library.strip_prefix(&donor).expect("inside").display();
    let library = format!("beside/{library}");
    sandbox.write(&library, "theirs");
    stopped.go_on().code(1).says("now exists");
    assert_eq!(sandbox.read(&library), "theirs");
    assert_eq!(build(&sandbox, "beside", "little"), ["app", "plain0"]);
}

/// With no space for anything, or for some of it: what is there is whole, and the rest comes when there is space.
#[test]
fn the_disk_is_full() {
    if Small::elsewhere("warm::meanwhile::the_disk_is_full") {
        return;
    }
    let mut small = None;
    let sandbox = start_in("", "little", |sandbox| {
        small = Small::mount(sandbox.path("small"));
    });
    let Some(small) = small else {
        return;
    };
    sandbox.worktree("pika", "small/beside");
    small.fill();
    let run = sandbox.run("small/beside", &["warm", "--yes"]).code(1);
    assert!(run.said().contains("no space left"), "{run:?}");

    small.empty();
    small.fill_but(640 << 10);
    let answer = warm(&sandbox, "small/beside", &["--all-units"]);
    let left = answer["outcome"]["done"][0]["warmed"]["left"].to_string();
    assert!(
        left.contains("no space left") && units(&answer) > 0,
        "{answer}"
    );
    assert!(!sandbox.exists("small/beside/target/.sharedtarget-warm"));
    small.empty();
    copy_all(
        &sandbox.path("small/beside/target"),
        &sandbox.path("beside/target"),
    );
    build(&sandbox, "beside", "little");
    assert!(units(&warm(&sandbox, "small/beside", &[])) > 0);
    assert_eq!(build(&sandbox, "small/beside", "little"), ["app"]);
}

/// A build that begins meanwhile, in the donor or in the destination, waits until all is done, and finds it so.
#[test]
fn a_build_waits() {
    for (folder, expected) in [("pika", &[][..]), ("beside", &["app"])] {
        let sandbox = start("little");
        let stopped = Stopped::at(sandbox.program("beside", &["warm", "--yes"]), "warm-staged");
        let mut cargo = sandbox.prepared("cargo", folder, &["build", "-v"]);
        let mut cargo = cargo.stderr(Stdio::piped()).spawn().expect("cargo");
        let mut lines = BufReader::new(cargo.stderr.take().expect("its standard error")).lines();
        let mut line = String::new();
        // Others may hold Cargo's home for a moment.
        while !line.contains("Blocking waiting for file lock") || line.contains("package cache") {
            line = lines.next().expect("it waits").expect("text");
        }
        stopped.go_on().code(0).says("with 5 units");
        let said: Vec<String> = lines.map_while(Result::ok).collect();
        assert!(
            cargo.wait().expect("its end").success(),
            "{folder}: {said:?}"
        );
        assert_eq!(compiled(&said.join("\n")), expected, "{folder}");
        assert_eq!(build(&sandbox, folder, "little"), Vec::<String>::new());
    }
}
