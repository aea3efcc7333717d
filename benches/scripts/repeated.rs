//! Measures the time to run a script again, beyond the time of its program.

use std::process::Command;

use anyhow::Result;

use super::checks::Checks;
use super::figures::{median_of, print_bar};
use super::place;
use super::runner::{self, Kind, Runner, words};
use super::script::Scripts;

/// The milliseconds that ours may add.
const LIMIT: f64 = 3.0;

/// One script as it is run, and its executable by itself.
struct Pair<'a> {
    runner: &'a Runner,
    script: Command,
    bare: Command,
    /// In milliseconds, of each round.
    extra: Vec<f64>,
    ratios: Vec<f64>,
}

/// In each round each script is run, and its executable. The order changes from round to round.
pub(crate) fn measure(
    scripts: &Scripts,
    runners: &[Runner],
    rounds: usize,
    checks: &mut Checks,
) -> Result<()> {
    println!("\nrepeated, {rounds} rounds:");
    place::load();
    let script = scripts.script(3)?;
    let mut pairs = Vec::new();
    for runner in runners.iter().filter(|runner| runner.kind != Kind::Cargo) {
        if runner.run(&script, checks)?.is_none() {
            continue;
        }
        let mut bare = runner::program(&runner.executable(&script)?, &script.folder);
        bare.args(script.args());
        pairs.push(Pair {
            runner,
            script: runner.command(&script, &script.args())?,
            bare,
            extra: Vec::new(),
            ratios: Vec::new(),
        });
    }
    let answer = script.answer();
    // The first round only warms up.
    for round in 0..=rounds {
        for turn in 0..pairs.len() {
            let at = (round + turn) % pairs.len();
            let seconds = pairs[at].run(round % 2 == 0, &answer, checks)?;
            if round > 0 {
                pairs[at].note(seconds);
            }
        }
    }
    for pair in &pairs {
        let (name, extra) = (pair.runner.kind.name(), median_of(&pair.extra));
        let ratio = median_of(&pair.ratios);
        println!("{name:<34} {extra:>7.2} ms more than its program, {ratio:.2} times that");
    }
    let extra = |kind: Kind| {
        let pair = pairs.iter().find(|pair| pair.runner.kind == kind)?;
        Some(median_of(&pair.extra))
    };
    if let Some(ours) = extra(Kind::Ours) {
        print_bar("ms more than the program", ours, LIMIT);
        if let Some(theirs) = extra(Kind::RustScript) {
            print_bar("of what rust-script adds", ours / theirs, 1.0);
        }
    }
    place::load();
    Ok(())
}

impl Pair<'_> {
    /// The seconds of the script and those of the program alone.
    fn run(&mut self, bare_first: bool, answer: &str, checks: &mut Checks) -> Result<[f64; 2]> {
        let mut seconds = [0.0; 2];
        for turn in 0..2 {
            let at = (turn + usize::from(bare_first)) % 2;
            let command = match at {
                0 => &mut self.script,
                _ => &mut self.bare,
            };
            let (cost, output) = runner::output(command)?;
            seconds[at] = cost.seconds;
            let right = self.runner.says(&output, answer);
            if self.runner.kind == Kind::Ours {
                checks.that(right, || format!("run again, it said {}", words(&output)));
            } else if !right {
                let name = self.runner.kind.name();
                println!("note: run again, {name} said {}", words(&output));
            }
        }
        Ok(seconds)
    }

    fn note(&mut self, [script, bare]: [f64; 2]) {
        self.extra.push((script - bare) * 1000.0);
        self.ratios.push(script / bare);
    }
}
