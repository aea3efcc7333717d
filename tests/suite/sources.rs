//! Local crates that are carried over and those that are not, by real builds with real git.
//!
//! A cell is a difference between the donor's worktree and another one ([`cells`], [`manifests`], [`donors`]). That one
//! is warmed and built: exactly what the cell names is compiled, and every program prints what it prints in a clone
//! with the same contents that nothing of ours touched. `SHAREDTARGET_TEST_FULL=1` runs all cells, in every layout.
#![cfg(target_os = "linux")]

mod built;
mod cells;
mod commands;
mod donors;
mod doubts;
mod edit;
mod environment;
mod flat;
mod manifests;
mod mini;
mod repository;
mod stage;

use stage::{Cell, Setup, Stage};

use crate::amount::{Amount, amount};
use crate::sandbox::chosen_toolchain;

/// Whether all cells are asked for in every layout.
fn full() -> bool {
    amount() == Amount::Full
}

fn every() -> impl Iterator<Item = Cell> {
    cells::CELLS.iter().chain(manifests::CELLS).copied()
}

/// The cells with these names.
fn named(names: &[&str]) -> Vec<Cell> {
    let some: Vec<Cell> = every().filter(|cell| names.contains(&cell.name)).collect();
    assert_eq!(some.len(), names.len(), "every name is that of a cell");
    some
}

/// The cells with these names, or all if all are asked for.
fn some(names: &[&str]) -> Vec<Cell> {
    let some = named(names);
    if full() { every().collect() } else { some }
}

const BUILD: &[&str] = &["build", "--workspace"];

/// Every sixth cell, every third, or all.
#[test]
fn differences_in_place() {
    let step = match amount() {
        Amount::Usual => 9,
        Amount::More => 3,
        Amount::Full => 1,
    };
    let cells: Vec<Cell> = every().step_by(step).collect();
    Stage::new(Setup::InPlace, &[BUILD]).all(&cells);
}

#[test]
fn isolated() {
    Stage::new(Setup::Isolated, &[BUILD]).all(&some(&["the same", "a leaf"]));
}

#[test]
fn edited_once_it_is_warm() {
    let names = ["the same", "a leaf", "a data file", "profile.dev.opt-level"];
    Stage::new(Setup::Edited, &[BUILD]).all(&named(&names));
}

#[test]
fn new_layout() {
    if chosen_toolchain().is_some() {
        eprintln!("skipped: all is built by the chosen toolchain, in the layout that it has");
        return;
    }
    if !commands::has_toolchain("nightly") {
        eprintln!("skipped: no nightly toolchain for the new layout");
        return;
    }
    let names = ["the same", "a leaf", "a watched file", "a data file"];
    Stage::new(Setup::New, &[BUILD]).all(&some(&names));
}
