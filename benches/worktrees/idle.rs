//! The time of commands where everything is warm and built already.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::cost::Cost;
use super::figures::Series;
use super::stage::Stage;

/// A command, and the most that it may take of a build that finds nothing to do.
type Command = (&'static [&'static str], f64);

/// The commands in worktrees that were only warmed.
const BEFORE: [Command; 2] = [(&["warm"], 0.25), (&["setup", "--dry-run"], f64::INFINITY)];

/// The commands in worktrees that `setup` has set up.
const AFTER: [Command; 4] = [
    (&["warm"], 0.25),
    (&["onboard"], 0.65),
    (&["setup", "--dry-run"], f64::INFINITY),
    (&["doctor"], f64::INFINITY),
];

/// Compares commands that have nothing to do with a build that has nothing to do, in one of several worktrees.
pub(crate) fn measure(stage: &Stage, worktrees: &[PathBuf], rounds: usize) -> Result<()> {
    let Some(worktree) = worktrees.last() else {
        return Ok(());
    };
    println!("\nwarm, {} worktrees:", worktrees.len());
    compare(stage, worktree, rounds, &BEFORE)?;
    println!("\nset up, {} worktrees:", worktrees.len());
    run(stage, worktree, &["setup", "--yes", "--no-hook"])?;
    // The configurations are new, so that a first build looks at everything anew.
    for worktree in worktrees {
        stage.build(worktree)?;
    }
    compare(stage, worktree, rounds, &AFTER)?;
    // Later measurements find the worktrees as they were.
    run(stage, worktree, &["undo", "--yes"])?;
    let main = stage.main.join("target");
    ensure!(main.is_dir(), "`{}` did not come back", main.display());
    Ok(())
}

fn compare(stage: &Stage, worktree: &Path, rounds: usize, commands: &[Command]) -> Result<()> {
    for (args, limit) in commands {
        let name = format!("`{}` / build with nothing to do", args.join(" "));
        let mut series = Series::new(name);
        // The first of each answers from what Cargo says, the others from what was kept.
        run(stage, worktree, args)?;
        for _ in 0..rounds {
            let build = stage.build(worktree)?;
            ensure!(build.crates() == 0, "not all is built: {build:?}");
            series.note(run(stage, worktree, args)?, build.cost);
        }
        series.print();
        if limit.is_finite() {
            series.print_bar(*limit);
        }
    }
    Ok(())
}

/// Some end with 1 where they find something to say.
fn run(stage: &Stage, worktree: &Path, args: &[&str]) -> Result<Cost> {
    let folder = match args.first() {
        Some(&("setup" | "doctor" | "undo")) => worktree.parent().unwrap_or(worktree),
        _ => worktree,
    };
    let mut ours = stage.program(env!("CARGO_BIN_EXE_cargo-sharedtarget"), folder);
    ours.args(args);
    let (cost, _) = Cost::of(|| Ok(ours.output()?))?;
    Ok(cost)
}
