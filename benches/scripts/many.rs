//! The disk and the time that many scripts with the same dependencies take, against as many target folders.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::checks::Checks;
use super::cost::Cost;
use super::figures::{mebibytes, print_bar};
use super::place;
use super::runner::{self, Kind, Runner, program, words};
use super::script::{Script, Scripts};

/// How many target folders are made: they are alike, and as many as there are scripts would take long.
const SEPARATE: usize = 3;

/// A part that measures many scripts.
pub(crate) struct Part {
    name: &'static str,
    /// The most space that all may take, as a part of that of as many target folders.
    limit: f64,
    /// The number of the first script: no other part has run one of these.
    first: u32,
    /// Our program builds all by one command, and runs each one otherwise, as the others do.
    at_once: bool,
}

/// Scripts that are run one after the other.
pub(crate) const DISK: Part = Part {
    name: "disk",
    limit: 0.1,
    first: 100,
    at_once: false,
};

/// Scripts that are built at once.
pub(crate) const CROWD: Part = Part {
    name: "crowd",
    limit: 0.03,
    first: 1000,
    at_once: true,
};

/// The seconds and the space of all scripts.
struct Taken {
    kind: Kind,
    seconds: f64,
    kibibytes: u64,
}

impl Part {
    /// Makes each runner start with nothing and make the programs of all scripts.
    pub(crate) fn measure(
        &self,
        scripts: &Scripts,
        runners: &[Runner],
        count: usize,
        checks: &mut Checks,
    ) -> Result<()> {
        println!("\n{}, {count} scripts:", self.name);
        place::load();
        let all = (self.first..).take(count);
        let all = all.map(|number| scripts.script(number));
        let all = all.collect::<Result<Vec<Script>>>()?;
        let mut taken = Vec::new();
        for runner in runners {
            runner.forget()?;
            let measured = match runner.kind {
                Kind::Cargo => SEPARATE.min(count),
                _ => count,
            };
            let seconds = match runner.kind {
                Kind::Ours if self.at_once => Some(at_once(runner, &all, checks)?.seconds),
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
        self.print(&taken, count);
        place::load();
        Ok(())
    }

    fn print(&self, all: &[Taken], count: usize) {
        let Some(separate) = all.iter().find(|taken| taken.kind == Kind::Cargo) else {
            println!("skipped: plain `cargo run` did not work");
            return;
        };
        println!(
            "{count} separate target folders: {}, {:.0} s, by {} of them, multiplied",
            mebibytes(separate.kibibytes),
            separate.seconds,
            SEPARATE.min(count)
        );
        for taken in all.iter().filter(|taken| taken.kind != Kind::Cargo) {
            let name = taken.kind.name();
            let disk = taken.kibibytes as f64 / separate.kibibytes as f64;
            let disk_name = format!("{name}, disk / separate");
            let space = mebibytes(taken.kibibytes);
            println!("{disk_name:<34} {disk:>7.4} [{space}]");
            let time = taken.seconds / separate.seconds;
            let time_name = format!("{name}, time / separate");
            println!("{time_name:<34} {time:>7.4} [{:.0} s]", taken.seconds);
            if taken.kind == Kind::Ours {
                print_bar(&disk_name, disk, self.limit);
            }
        }
    }
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

/// Seconds of running one script after the other; nothing where one does not work.
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

/// The space in KiB that a folder has taken, each file once however many links it has; `None` if there is no `du`.
fn du(folder: &Path) -> Result<Option<u64>> {
    let Ok(output) = program("du".as_ref(), folder)
        .args(["-s", "-k", "."])
        .output()
    else {
        return Ok(None);
    };
    let said = String::from_utf8(output.stdout)?;
    let number = said.split_whitespace().next().unwrap_or_default();
    let number = number.parse();
    Ok(Some(number.with_context(|| format!("du said `{said}`"))?))
}
