//! What goes wrong without separate folders, shown and held: nobody should have to find it out again.

use std::collections::BTreeMap;
use std::fs;

use crate::commands::{COMMANDS, Command, Folders, OnDisk, Seen};
use crate::local::MARKED;
use crate::stage::{DONOR, Mtimes, Setup, Stage};

/// Copies a folder with all times and links.
fn copy(stage: &Stage, from: &str, to: &str) {
    drop(fs::remove_dir_all(stage.sandbox.path(to)));
    let cp = stage.sandbox.prepared("cp", "", &["-a", from, to]).status();
    assert!(cp.expect("cp").success());
}

/// The crates that did not show the worktree's own mark, or that the whole command failed.
fn wrong(expected: &Seen, seen: &Seen) -> Vec<&'static str> {
    if !seen.ok {
        return vec!["fails"];
    }
    let shows = |seen: &Seen, name: &str| -> Vec<String> {
        let about = |line: &&String| {
            let plain = [format!("{name}=bbb"), format!("{name}=aaa")];
            let words = line.starts_with("| ") && plain.iter().any(|mark| line.contains(mark));
            words || line.ends_with(&format!("_{name}"))
        };
        seen.lines.iter().filter(about).cloned().collect()
    };
    let names = MARKED.iter().map(|(name, _)| *name).chain(["loaded"]);
    names
        .filter(|name| shows(expected, name) != shows(seen, name))
        .collect()
}

fn tabulate(
    stage: &Stage,
    mtimes: Mtimes,
    whole: bool,
) -> BTreeMap<&'static str, Vec<&'static str>> {
    let worktree = stage.worktree("second", mtimes);
    stage.set_up_new_ones();
    let donor = Folders::of(&stage.sandbox, DONOR).target;
    let target = Folders::of(&stage.sandbox, &worktree).target;
    let (donor, target) = (donor.display().to_string(), target.display().to_string());
    copy(stage, &donor, "saved");
    let row = |command: &Command| {
        if whole || donor == target {
            copy(stage, "saved", &target);
        }
        let seen = command.run(&stage.sandbox, &worktree, stage.on_disk);
        eprintln!(
            "{} {:#?}",
            command.name,
            seen.lines.difference(&stage.expect(command).lines)
        );
        (command.name, wrong(&stage.expect(command), &seen))
    };
    COMMANDS.iter().map(row).collect()
}

#[test]
#[ignore = "a demonstration of what must not be done"]
fn one_folder_for_all() {
    for on_disk in [OnDisk::Classic, OnDisk::New] {
        let all: Vec<_> = COMMANDS.iter().collect();
        let stage = Stage::new(Setup::Flat, on_disk, &all);
        eprintln!(
            "{:?} {:#?}",
            on_disk,
            tabulate(&stage, Mtimes::Older, false)
        );
        let stage = Stage::new(Setup::InPlace, on_disk, &all);
        eprintln!(
            "copy {:?} {:#?}",
            on_disk,
            tabulate(&stage, Mtimes::Older, true)
        );
    }
}
