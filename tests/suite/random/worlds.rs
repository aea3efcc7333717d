//! Random worlds: whatever can have gone into a unit, and be another one since.
//!
//! A seed gives a small workspace whose build scripts and macros look at something ([`plan`], [`files`]), and a history
//! of builds, changes and runs of ours ([`play`]). After each, a worktree's build must give what a build from nothing
//! gives at the same place, or what Cargo alone would have given there.
//!
//! A world that goes wrong is made smaller, part by part, as long as it goes wrong.
//!
//! `SHAREDTARGET_WORLDS=10000` runs so many, `SHAREDTARGET_WORLDS_SECONDS=60` runs new seeds for so long, and
//! `SHAREDTARGET_WORLDS_SEED=7` begins at a seed. `SHAREDTARGET_WORLDS_NO_SHRINK=1` leaves a wrong one as it is.

mod deal;
mod files;
mod plan;
mod play;
mod seen;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use plan::World;
use play::{Count, Wrong, play};

use crate::amount::{Amount, amount};

/// How many worlds are played at a time.
const AT_A_TIME: usize = 2;

/// Leaves out what a wrong world does not need.
fn shrunk(mut world: World, mut wrong: Wrong) -> (World, Wrong) {
    let differs = wrong.differs;
    let mut try_it = |world: &mut World, other: World| match play(&other) {
        Err(found) if found.differs == differs => {
            wrong = found;
            *world = other;
            true
        }
        _ => false,
    };
    let mut at = world.steps.len();
    while at > 0 {
        at -= 1;
        let mut other = world.clone();
        other.steps.remove(at);
        try_it(&mut world, other);
    }
    let mut at = world.looks.len();
    while at > 0 && world.looks.len() > 1 {
        at -= 1;
        let mut other = world.clone();
        other.looks.remove(at);
        try_it(&mut world, other);
    }
    for simpler in [
        |world: &mut World| world.shape.third = false,
        |world: &mut World| world.shape.sub = false,
        |world: &mut World| world.shape.apart = false,
        |world: &mut World| world.shape.incremental = false,
        |world: &mut World| world.shape.hook = false,
        |world: &mut World| {
            world.shape.hook = false;
            world.shape.isolated = false;
        },
    ] {
        let mut other = world.clone();
        simpler(&mut other);
        try_it(&mut world, other);
    }
    (world, wrong)
}

#[test]
fn random_worlds() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let seconds = number("SHAREDTARGET_WORLDS_SECONDS");
    let usual = match amount() {
        _ if seconds.is_some() => u64::MAX,
        Amount::Usual => 4,
        Amount::More | Amount::Full => 8,
    };
    let many = number("SHAREDTARGET_WORLDS").unwrap_or(usual);
    let new = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.expect("a time").as_secs() * 1000
    };
    let first = number("SHAREDTARGET_WORLDS_SEED")
        .unwrap_or_else(|| if seconds.is_some() { new() } else { 1 });
    let start = Instant::now();
    let until = seconds.map(|seconds| start + Duration::from_secs(seconds));
    let next = AtomicU64::new(first);
    let keep_on = number("SHAREDTARGET_WORLDS_KEEP_ON").is_some();
    let no_shrink = number("SHAREDTARGET_WORLDS_NO_SHRINK").is_some();
    let result: Mutex<(Count, Vec<String>)> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let enough =
                        seed - first >= many || until.is_some_and(|until| Instant::now() > until);
                    if enough || (!keep_on && !result.lock().expect("a result").1.is_empty()) {
                        return;
                    }
                    let world = World::of(seed);
                    match play(&world) {
                        Ok(count) => {
                            let sum = &mut result.lock().expect("a result").0;
                            *sum = sum.and(count);
                            if sum.worlds.is_multiple_of(100) {
                                eprintln!("{sum:?} in {:.0?}", start.elapsed());
                            }
                        }
                        Err(wrong) => {
                            eprintln!("SHAREDTARGET_WORLDS_SEED={seed}: {}", wrong.text);
                            let (world, wrong) = if no_shrink {
                                (world, wrong)
                            } else {
                                shrunk(world, wrong)
                            };
                            let text = format!(
                                "SHAREDTARGET_WORLDS_SEED={seed}\n{world:#?}\n{}",
                                wrong.text
                            );
                            result.lock().expect("a result").1.push(text);
                        }
                    }
                }
            });
        }
    });
    let (count, wrong) = result.into_inner().expect("a result");
    eprintln!(
        "worlds from seed {first}: {count:?} in {:.0?}",
        start.elapsed()
    );
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}
