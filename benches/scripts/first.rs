//! The first build of a script, with an empty cache, and after it that of a related one.

use anyhow::Result;

use super::checks::Checks;
use super::cost::Cost;
use super::figures::Series;
use super::place;
use super::runner::{Kind, Runner};
use super::script::Scripts;

/// The most time that a related script may take, as a part of that of the first one's build.
const LIMIT: f64 = 0.03;

/// The measurements of a runner.
struct Found {
    kind: Kind,
    to_cargo: Series,
    related: Series,
    /// Its cost in this round.
    cold: Option<Cost>,
}

/// In each round each runner starts with nothing, and runs a script and then another one that has the same
/// dependencies. The order changes from round to round.
pub(crate) fn measure(
    scripts: &Scripts,
    runners: &mut Vec<Runner>,
    rounds: usize,
    checks: &mut Checks,
) -> Result<()> {
    println!("\nfirst and related, {rounds} rounds:");
    place::load();
    let (script, other) = (scripts.script(1)?, scripts.script(2)?);
    let mut all: Vec<Found> = runners
        .iter()
        .map(|runner| Found::new(runner.kind))
        .collect();
    for round in 0..rounds {
        for turn in 0..runners.len() {
            let at = (round + turn) % runners.len();
            let (runner, found) = (&runners[at], &mut all[at]);
            runner.forget()?;
            found.cold = runner.run(&script, checks)?;
            // Plain Cargo would build everything once more.
            if let Some(cold) = found.cold
                && runner.kind != Kind::Cargo
                && let Some(related) = runner.run(&other, checks)?
            {
                found.related.note(related, cold);
            }
        }
        let plain = all.iter().find(|found| found.kind == Kind::Cargo);
        let plain = plain.and_then(|found| found.cold);
        for found in all.iter_mut().filter(|found| found.kind != Kind::Cargo) {
            if let (Some(cold), Some(plain)) = (found.cold, plain) {
                found.to_cargo.note(cold, plain);
            }
        }
        // A runner that fails is not tried again.
        let mut worked = all.iter().map(|found| found.cold.is_some());
        runners.retain(|_| worked.next().unwrap_or(false));
        all.retain(|found| found.cold.is_some());
    }
    for found in all.iter().filter(|found| found.kind != Kind::Cargo) {
        found.to_cargo.print();
        found.related.print();
        if found.kind == Kind::Ours {
            found.related.print_bar(LIMIT);
        }
    }
    place::load();
    Ok(())
}

impl Found {
    fn new(kind: Kind) -> Self {
        let name = kind.name();
        Self {
            kind,
            to_cargo: Series::new(format!("{name}, first / cargo run")),
            related: Series::new(format!("{name}, related / first")),
            cold: None,
        }
    }
}
