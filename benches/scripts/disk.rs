//! The disk that many scripts with the same dependencies take, against as many target folders.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::checks::Checks;
use super::figures::{mebibytes, print_bar};
use super::place;
use super::runner::{Kind, Runner, program};
use super::script::{Script, Scripts};

/// The most space that all may take, as a part of that of as many target folders.
const LIMIT: f64 = 0.1;

/// How many target folders are made: they are alike, and as many as there are scripts would take long.
pub(crate) const SEPARATE: usize = 3;

/// The number of the first script: no other part has run one of these.
const FIRST: u32 = 100;

/// Each starts with nothing and runs all scripts.
pub(crate) fn measure(
    scripts: &Scripts,
    runners: &[Runner],
    count: usize,
    checks: &mut Checks,
) -> Result<()> {
    println!("\ndisk, {count} scripts:");
    place::load();
    let all = (FIRST..).take(count).map(|number| scripts.script(number));
    let all = all.collect::<Result<Vec<Script>>>()?;
    let mut taken = Vec::new();
    for runner in runners {
        let measured = match runner.kind {
            Kind::Cargo => SEPARATE.min(count),
            _ => count,
        };
        runner.forget()?;
        let mut worked = true;
        for script in &all[..measured] {
            worked = worked && runner.run(script, checks)?.is_some();
        }
        let Some(kibibytes) = du(&runner.cache)? else {
            println!("skipped: there is no `du`");
            return Ok(());
        };
        if worked {
            let sum = kibibytes * count as u64 / measured as u64;
            taken.push((runner.kind, sum));
        }
    }
    let cargo = taken.iter().find(|(kind, _)| *kind == Kind::Cargo);
    let Some((_, separate)) = cargo else {
        println!("skipped: plain `cargo run` did not work");
        return Ok(());
    };
    println!(
        "{count} separate target folders: {}, by {} of them, multiplied",
        mebibytes(*separate),
        SEPARATE.min(count)
    );
    for (kind, kibibytes) in taken.iter().filter(|(kind, _)| *kind != Kind::Cargo) {
        let ratio = *kibibytes as f64 / *separate as f64;
        let name = format!("{} / separate", kind.name());
        println!("{name:<34} {ratio:>7.3} [{}]", mebibytes(*kibibytes));
        if *kind == Kind::Ours {
            print_bar(&name, ratio, LIMIT);
        }
    }
    place::load();
    Ok(())
}

/// The space in KiB that a folder has taken, each file once however many links it has; `None` if there is no `du`.
pub(crate) fn du(folder: &Path) -> Result<Option<u64>> {
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
