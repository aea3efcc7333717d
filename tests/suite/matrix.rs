//! "Never another worktree's code", as a matrix over real builds: commands, crates, ages, donors and layouts.
//!
//! A repository is made with crates that are a worktree's own, each with that worktree's mark ([`local`]), and with
//! crates of every other kind ([`third_party`]). One worktree, the donor, is built with every command ([`commands`]);
//! others are warmed from it, and each then runs one command ([`cells`]). The command must show the same as in a
//! clone that was never warmed, and no third-party crate may have been compiled for it but those that must not be
//! carried over.
//!
//! A slice of it runs by default: every crate and a few commands (most with `SHAREDTARGET_TEST_MORE=1`), sources older than
//! the donor's build, donor deleted, in place; `build` and `run` isolated and in the new layout, or all of these commands in
//! that if a toolchain is chosen that has it. With `SHAREDTARGET_TEST_FULL=1` the whole product runs instead. With
//! `SHAREDTARGET_TEST_TOOLCHAIN=beta`
//! all is built by that toolchain, in the layout that it has by default. [`drift`] has third-party crates that differ
//! between worktrees, [`flat`] has the faults of one shared folder, and [`facts`] has the facts about Cargo that all
//! this is built on.
#![cfg(target_os = "linux")]

mod cells;
mod commands;
mod drift;
mod facts;
mod flat;
mod local;
mod rebuild;
mod stage;
mod third_party;
mod traps;

use std::collections::BTreeSet;
use std::time::Instant;

use cells::{By, Donor, Score};
pub(crate) use commands::OnDisk;
use commands::{COMMANDS, Command, only};
pub(crate) use facts::chosen_layout;
use local::MARKED;
use stage::{Mtimes, Setup, Stage};

use crate::amount::{Amount, amount};

/// Whether the full product is asked for.
fn full() -> bool {
    amount() == Amount::Full
}

/// Whether a Cargo is there that lays out its build folder like this; says so if not. A chosen one does it in one way.
fn available(on_disk: OnDisk) -> bool {
    if let Some(layout) = chosen_layout() {
        return on_disk == layout;
    }
    let there = on_disk == OnDisk::Classic || facts::toolchains().contains(&"+nightly");
    if !there {
        eprintln!("skipped: no nightly toolchain for the new layout");
    }
    there
}

/// Each donor is there for both ways: for `warm` from its folder, and, in place, where `setup` does not warm by itself, for
/// the store alone between the worktrees.
#[test]
fn a_slice_of_the_matrix() {
    if full() {
        return;
    }
    let start = Instant::now();
    // The units that these share are those of other commands as well.
    let shared = ["run", "run --release", "test --release"];
    let all = COMMANDS.iter();
    let all: Vec<&Command> = all.filter(|one| !shared.contains(&one.name)).collect();
    let few = only(&["build", "run"]);
    let kinds = only(&["build", "test", "build --release"]);
    let chosen = chosen_layout().is_some();
    let most = match amount() {
        Amount::Usual => &kinds,
        _ => &all,
    };
    let mut score = Score::default();
    for (setup, on_disk, commands, by_store) in [
        (Setup::InPlace, OnDisk::Classic, most, &kinds),
        (Setup::Isolated, OnDisk::Classic, &few, &Vec::new()),
        (
            Setup::InPlace,
            OnDisk::New,
            if chosen { most } else { &few },
            &few,
        ),
    ] {
        if available(on_disk) {
            let stage = Stage::new(setup, on_disk, commands);
            score.add(stage.cells(commands, Mtimes::Older, Donor::Deleted, By::Warm));
            if commands.len() == all.len() {
                let seen = all
                    .iter()
                    .flat_map(|command| stage.expect(command).marks("bbb"));
                let seen: BTreeSet<&str> = seen.collect();
                let marked = MARKED.map(|(name, _)| name);
                assert_eq!(seen, marked.into(), "no mark goes unseen");
            }
            if !by_store.is_empty() {
                score.add(stage.cells(by_store, Mtimes::Older, Donor::Deleted, By::Store));
            }
        }
    }
    score.settle("a slice", start);
}

#[test]
fn all_of_it_by_the_store() {
    if !full() {
        eprintln!("skipped: SHAREDTARGET_TEST_FULL=1 runs the whole matrix");
        return;
    }
    let start = Instant::now();
    let all: Vec<&Command> = COMMANDS.iter().collect();
    let mut score = Score::default();
    for on_disk in [OnDisk::Classic, OnDisk::New] {
        if !available(on_disk) {
            continue;
        }
        let stage = Stage::new(Setup::InPlace, on_disk, &all);
        for mtimes in [Mtimes::Older, Mtimes::Newer] {
            score.add(stage.cells(&all, mtimes, Donor::Deleted, By::Store));
        }
        eprintln!("{on_disk:?}, by the store: after {:.0?}", start.elapsed());
    }
    score.settle("all of it by the store", start);
}

#[test]
fn the_whole_matrix() {
    if !full() {
        eprintln!("skipped: SHAREDTARGET_TEST_FULL=1 runs the whole matrix");
        return;
    }
    let start = Instant::now();
    let all: Vec<&Command> = COMMANDS.iter().collect();
    let mut score = Score::default();
    for on_disk in [OnDisk::Classic, OnDisk::New] {
        for setup in [
            Setup::InPlace,
            Setup::Isolated,
            Setup::Nested,
            Setup::BuildDir,
        ] {
            if !available(on_disk) {
                continue;
            }
            let stage = Stage::new(setup, on_disk, &all);
            for mtimes in [Mtimes::Older, Mtimes::Equal, Mtimes::Newer] {
                for donor in [Donor::Alive, Donor::Deleted] {
                    score.add(stage.cells(&all, mtimes, donor, By::Warm));
                }
            }
            // The measure itself: without `warm` there is nothing that could be wrong.
            if setup == Setup::InPlace {
                score.add(stage.cells(&all, Mtimes::Older, Donor::Deleted, By::Nothing));
            }
            eprintln!("{setup:?}, {on_disk:?}: after {:.0?}", start.elapsed());
        }
    }
    score.settle("the whole matrix", start);
}
