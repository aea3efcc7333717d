//! "Never another worktree's code", by chance: random steps in the worktrees of a random workspace.
//!
//! From a seed, a workspace of local packages is made ([`generate`], [`source`]), with two worktrees, and a third one
//! that comes and goes. Each round does one step: an edit ([`edit`]), something of git's, a build, or `warm`
//! ([`steps`]). The programs that are built afterwards must print the same as in a clone that nothing of ours ever
//! touches ([`clone`]), whose files are made the same: all inputs of a program show in its output.
//!
//! Changes that Cargo by itself does not notice, such as a changed file that is older than the build, are not ours: a
//! worktree in which this happened is not compared until its target folder was deleted. It still is a donor.
//!
//! With `SHAREDTARGET_TEST_FULL=1` there are 5,000 rounds instead of 25 (50 with `SHAREDTARGET_TEST_MORE=1`); `SHAREDTARGET_RANDOM_SEED=7` runs one
//! seed, and `7-20` several.
#![cfg(target_os = "linux")]

mod build;
mod clone;
mod compiled;
mod dice;
mod edit;
mod generate;
mod source;
mod steps;
mod world;
mod worlds;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use world::{By, Count};

use crate::amount::{Amount, amount};

/// How many rounds one seed is good for.
const ROUNDS: usize = 25;
/// How many seeds are tried where it is to be sure that something is found.
const SEEDS: u64 = 2;
/// How many seeds are run at a time.
const AT_A_TIME: usize = 2;

/// Runs seeds until there were enough, or one has failed.
fn seeds(first: u64, many: u64, by: By) -> Result<Count, String> {
    let next = AtomicU64::new(first);
    let sum = Mutex::new(Ok(Count::default()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + many || sum.lock().expect("a sum").is_err() {
                        return;
                    }
                    let result = steps::run(seed, ROUNDS, by);
                    let mut sum = sum.lock().expect("a sum");
                    *sum = match (std::mem::replace(&mut *sum, Ok(Count::default())), result) {
                        (Ok(sum), Ok(count)) => Ok(sum.and(count)),
                        (Err(what), _) | (_, Err(what)) => Err(what),
                    };
                }
            });
        }
    });
    sum.into_inner().expect("a sum")
}

#[test]
fn random_steps() {
    let start = Instant::now();
    let is = |name: &str| std::env::var(name).ok();
    let chosen = is("SHAREDTARGET_RANDOM_SEED").map(|seeds| {
        let (first, last) = seeds.split_once('-').unwrap_or((&seeds, &seeds));
        let number = |text: &str| text.parse::<u64>().expect("a number");
        (number(first), number(last) - number(first) + 1)
    });
    let many = match amount() {
        Amount::Usual => 1,
        Amount::More => SEEDS,
        Amount::Full => 200,
    };
    let (first, many) = chosen.unwrap_or((1, many));
    match seeds(first, many, By::Warm) {
        Ok(count) => eprintln!("{count:?} in {:.0?}", start.elapsed()),
        Err(what) => panic!("{what}"),
    }
}

/// The measure itself: what is plainly wrong is found.
#[test]
#[ignore = "a demonstration; it takes as long as the rounds up to the first wrong program"]
fn a_copied_target_folder_is_found_out() {
    for by in [By::Copy, By::Belief] {
        let found = seeds(1, SEEDS, by).expect_err("another worktree's code");
        assert!(found.contains("is not as in the clone"), "{found}");
        eprintln!("{by:?}: {found}");
    }
}
