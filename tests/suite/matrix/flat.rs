//! Faults without separate folders, shown and held by tests.

use std::collections::BTreeSet;
use std::fs;

use crate::matrix::available;
use crate::matrix::commands::{COMMANDS, Command, Folders, OnDisk};
use crate::matrix::stage::{DONOR, Mtimes, Setup, Stage};

/// How many marks each command shows, and how many of them are the other worktree's, or lost, where sources are older
/// than the other worktree's build. The documentation alone is right: Cargo notes when its sources were written.
///
/// In the new layout only `build` puts the shared library where it is found each time: there its mark is not counted
/// for the others.
const WRONG: [(&str, usize, usize); 12] = [
    ("build", 12, 10),
    ("run", 10, 10),
    ("run --example", 10, 10),
    ("test", 13, 12),
    ("check", 11, 9),
    ("clippy", 15, 13),
    ("doc", 6, 0),
    ("bench", 10, 10),
    ("build --release", 12, 10),
    ("run --release", 10, 10),
    ("run --target", 10, 10),
    ("test --release", 13, 12),
];

/// Copies a folder with all times and links.
fn copy(stage: &Stage, from: &str, to: &str) {
    drop(fs::remove_dir_all(stage.sandbox.path(to)));
    let cp = stage.sandbox.prepared("cp", "", &["-a", from, to]).status();
    assert!(cp.expect("cp").success());
}

/// Runs every command in a second worktree; how many marks it shows in a clone, and how many are wrong here.
fn tabulate(stage: &Stage, mtimes: Mtimes) -> Vec<(&'static str, usize, usize)> {
    let worktree = stage.worktree("second", mtimes);
    stage.set_up_new_ones();
    let of = |worktree: &str| {
        let target = Folders::of(&stage.sandbox, worktree).target;
        target.display().to_string()
    };
    let (donor, target) = (of(DONOR), of(&worktree));
    assert_eq!(donor == target, stage.setup == Setup::Flat);
    copy(stage, &donor, "saved");
    let row = |command: &Command| {
        copy(stage, "saved", &target);
        let seen = command.run(&stage.sandbox, &worktree, stage.on_disk);
        let mut expected = stage.expect(command).marks("bbb");
        if stage.on_disk == OnDisk::New && !command.name.starts_with("build") {
            expected.remove("loaded");
        }
        let right = seen.marks("bbb").intersection(&expected).count();
        (command.name, expected.len(), expected.len() - right)
    };
    COMMANDS.iter().map(row).collect()
}

#[test]
#[ignore = "a demonstration of what must not be done"]
fn one_folder_for_all() {
    for on_disk in [OnDisk::Classic, OnDisk::New] {
        if !available(on_disk) {
            continue;
        }
        let all: Vec<_> = COMMANDS.iter().collect();
        let flat = Stage::new(Setup::Flat, on_disk, &all);
        let shared = tabulate(&flat, Mtimes::Older);
        let copied = tabulate(&Stage::new(Setup::InPlace, on_disk, &all), Mtimes::Older);
        eprintln!(
            "{on_disk:?}\n| command | marks | wrong in one shared folder | wrong in a copied one |\n|---|---|---|---|"
        );
        for ((name, marks, wrong), (_, _, after_copy)) in shared.iter().zip(&copied) {
            eprintln!("| `cargo {name}` | {marks} | {wrong} | {after_copy} |");
        }
        let new = on_disk == OnDisk::New;
        let expected = WRONG.map(|(name, marks, wrong)| {
            let loads = !name.starts_with("build") && !["check", "clippy", "doc"].contains(&name);
            let less = usize::from(new && loads);
            (name, marks - less, wrong - less)
        });
        assert_eq!(shared, expected);
        assert_eq!(copied, expected);
    }
}

/// Newer sources are compiled, and then it is the first worktree that runs the other one's code.
#[test]
#[ignore = "a demonstration of what must not be done"]
fn one_folder_and_newer_sources() {
    let run = &COMMANDS[1];
    let stage = Stage::new(Setup::Flat, OnDisk::Classic, &[run]);
    let worktree = stage.worktree("second", Mtimes::Newer);
    stage.set_up_new_ones();
    let second = run.run(&stage.sandbox, &worktree, OnDisk::Classic);
    assert_eq!(second.lines, stage.expect(run).lines);
    let first = run.run(&stage.sandbox, DONOR, OnDisk::Classic);
    assert!(first.compiled.is_empty(), "{}", first.log);
    assert_eq!(first.marks("aaa"), BTreeSet::new());
    assert_eq!(first.marks("bbb"), second.marks("bbb"));
}
