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
    let start = Instant::now();
    let mut score = Score::default();
    for (setup, on_disk) in [
        (Setup::InPlace, OnDisk::Classic),
        (Setup::InPlace, OnDisk::New),
        (Setup::Isolated, OnDisk::Classic),
        (Setup::Nested, OnDisk::Classic),
        (Setup::BuildDir, OnDisk::Classic),
    ] {
        let stage = Stage::new(setup, on_disk, &all);
        eprintln!("{:?}", start.elapsed());
        score.add(stage.cells(&all, Mtimes::Older, Donor::Deleted, By::Warm));
        eprintln!("{:?}", start.elapsed());
    }
    score.settle("try", start);
}
