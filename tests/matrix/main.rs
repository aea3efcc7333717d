//! matrix
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests make and look at files and run programs themselves"
)]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod cells;
mod commands;
mod flat;
mod local;
#[expect(
    dead_code,
    reason = "made for the main tests; not all of it is needed here"
)]
#[path = "../suite/sandbox.rs"]
mod sandbox;
mod stage;
mod third_party;

use cells::{By, Donor, Score};
use commands::{COMMANDS, OnDisk};
use stage::{Mtimes, Setup, Stage};
use std::time::Instant;

#[test]
fn try_it() {
    let all: Vec<_> = COMMANDS.iter().collect();
    for (setup, on_disk) in [
        (Setup::InPlace, OnDisk::Classic),
        (Setup::InPlace, OnDisk::New),
        (Setup::Isolated, OnDisk::Classic),
        (Setup::Nested, OnDisk::Classic),
        (Setup::BuildDir, OnDisk::Classic),
    ] {
        let start = Instant::now();
        let stage = Stage::new(setup, on_disk, &all);
        eprintln!("{:?}", start.elapsed());
        let mut score = Score::default();
        let mtimes = if setup == Setup::InPlace {
            Mtimes::Equal
        } else {
            Mtimes::Older
        };
        score.add(stage.cells(&all, mtimes, Donor::Deleted, By::Nothing));
        let cells = std::panic::catch_unwind(|| score.settle("try", start));
        drop(cells);
    }
}
