//! A crowd of scripts that are built at once: the time and the disk that this takes, against as many target folders.

use anyhow::Result;

use super::checks::Checks;
use super::cost::Cost;
use super::disk::{SEPARATE, du};
use super::figures::{mebibytes, print_bar};
use super::place;
use super::runner::{self, Kind, Runner, words};
use super::script::{Script, Scripts};

/// The share that all may take of the disk of as many target folders.
const LIMIT: f64 = 0.03;

/// The number of the first script: no other part has run one of these.
const FIRST: u32 = 1000;

/// The cost of a crowd.
struct Taken {
    kind: Kind,
    seconds: f64,
    kibibytes: u64,
}

/// Each starts with nothing and makes the programs of all scripts: ours by one command, the others by running each script.
/// Of separate target folders a few are made.
pub(crate) fn measure(
    scripts: &Scripts,
    runners: &[Runner],
    count: usize,
    checks: &mut Checks,
) -> Result<()> {
    println!("\ncrowd, {count} scripts:");
    place::load();
    let all = (FIRST..).take(count).map(|number| scripts.script(number));
    let all = all.collect::<Result<Vec<Script>>>()?;
    let mut taken = Vec::new();
    for runner in runners {
        runner.forget()?;
        let measured = match runner.kind {
            Kind::Cargo => SEPARATE.min(count),
            _ => count,
        };
        let seconds = match runner.kind {
            Kind::Ours => Some(at_once(runner, &all, checks)?.seconds),
            _ => one_by_one(runner, &all[..measured], checks)?,
        };
        let Some(seconds) = seconds else {
            continue;
        };
        let Some(kibibytes) = du(&runner.cache)? else {
            println!("skipped: there is no `du`");
            return Ok(());
        };
        taken.push(Taken {
            kind: runner.kind,
            seconds: seconds * count as f64 / measured as f64,
            kibibytes: kibibytes * count as u64 / measured as u64,
        });
    }
    let Some(separate) = taken.iter().find(|taken| taken.kind == Kind::Cargo) else {
        println!("skipped: plain `cargo run` did not work");
        return Ok(());
    };
    println!(
        "{count} separate target folders: {}, {:.0} s, by {} of them, multiplied",
        mebibytes(separate.kibibytes),
        separate.seconds,
        SEPARATE.min(count)
    );
    for taken in taken.iter().filter(|taken| taken.kind != Kind::Cargo) {
        let disk = taken.kibibytes as f64 / separate.kibibytes as f64;
        let time = taken.seconds / separate.seconds;
        let (name, disk_name) = (
            taken.kind.name(),
            format!("{}, disk / separate", taken.kind.name()),
        );
        println!(
            "{disk_name:<34} {disk:>7.4} [{}]",
            mebibytes(taken.kibibytes)
        );
        let time_name = format!("{name}, time / separate");
        println!("{time_name:<34} {time:>7.4} [{:.0} s]", taken.seconds);
        if taken.kind == Kind::Ours {
            print_bar(&disk_name, disk, LIMIT);
        }
    }
    place::load();
    Ok(())
}

/// Builds all by one command, and sees that some of them say the right thing.
fn at_once(runner: &Runner, all: &[Script], checks: &mut Checks) -> Result<Cost> {
    let (cost, output) = runner::output(&mut runner.crowd(all)?)?;
    checks.that(output.status.success(), || {
        format!("the crowd was not built: {}", words(&output))
    });
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return Ok(cost);
    };
    for script in [first, last] {
        runner.run(script, checks)?;
    }
    Ok(cost)
}

/// Runs one after the other; nothing where one does not work.
fn one_by_one(runner: &Runner, all: &[Script], checks: &mut Checks) -> Result<Option<f64>> {
    let mut seconds = 0.0;
    for script in all {
        match runner.run(script, checks)? {
            Some(cost) => seconds += cost.seconds,
            None => return Ok(None),
        }
    }
    Ok(Some(seconds))
}
