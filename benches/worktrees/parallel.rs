//! Whether builds in warmed worktrees hold each other up: several at once, against as many in
//! worktrees that share nothing.

use std::path::PathBuf;
use std::thread;

use anyhow::{Result, anyhow};

use super::build::Build;
use super::checks::Checks;
use super::cost::Cost;
use super::figures::Series;
use super::place;
use super::stage::Stage;
use super::warm::{self, Donor};

/// The most time that builds at once may take, as a part of their time where nothing is shared.
const LIMIT: f64 = 1.10;

/// In each round the roots of the local crates get a new time in all worktrees, and all are built: those that were
/// warmed, and as many with a whole target folder of their own. The order changes from round to round.
pub(crate) fn measure(
    stage: &Stage,
    donor: &Donor,
    worktrees: usize,
    rounds: usize,
    checks: &mut Checks,
) -> Result<()> {
    println!("\nparallel, {worktrees} worktrees, {rounds} rounds:");
    place::load();
    let (mut warmed, mut plain) = (Vec::new(), Vec::new());
    for n in 1..=worktrees {
        warmed.push(warm::add(stage, &format!("warmed-{n}"), donor, checks)?);
        plain.push(stage.add_plain(&format!("plain-{n}"))?);
    }
    let mut series = Series::new(format!("{worktrees} builds at once, warmed / plain"));
    let mut waits = 0;
    for round in 0..=rounds {
        let mut costs = [Cost::default(); 2];
        for turn in 0..2 {
            let at = (round + turn) % 2;
            let worktrees = [&warmed, &plain][at];
            for worktree in worktrees {
                donor.products.touch(worktree)?;
            }
            let (cost, builds) = Cost::of(|| at_once(stage, worktrees))?;
            costs[at] = cost;
            for build in &builds {
                checks.that(!build.blocked, || {
                    format!("a build waited for another one's lock: {build:?}")
                });
                checks.that(
                    build.third_party.is_empty() && !build.local.is_empty(),
                    || format!("not only local crates were compiled: {build:?}"),
                );
                waits += usize::from(build.blocked_by_packages);
            }
        }
        let [warmed, plain] = costs;
        // The first round only makes both alike: builds that have been repeated once.
        if round > 0 {
            series.note(warmed, plain);
        }
    }
    for worktree in warmed.iter().chain(&plain) {
        donor.products.check(stage, worktree, checks)?;
        stage.remove(worktree)?;
    }
    series.print();
    series.print_bar(LIMIT);
    if waits > 0 {
        println!("note: {waits} builds of either kind waited for the lock on Cargo's packages");
    }
    place::load();
    Ok(())
}

/// Builds all worktrees at once, until the last is done.
fn at_once(stage: &Stage, worktrees: &[PathBuf]) -> Result<Vec<Build>> {
    thread::scope(|scope| {
        let running: Vec<_> = worktrees
            .iter()
            .map(|worktree| scope.spawn(|| stage.build(worktree)))
            .collect();
        let joined = running.into_iter().map(|build| {
            let build = build.join();
            build.map_err(|_| anyhow!("a thread that built panicked"))?
        });
        joined.collect()
    })
}
