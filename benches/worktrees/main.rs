//! Measures what the program is for: many worktrees, one build's worth of disk, warm and parallel.
//!
//! `cargo bench --bench worktrees` makes a repository whose workspace has a few crates of its own over 160
//! third-party ones, gives it worktrees, and builds them with real Cargo; `-- --repository DIR` takes a clone of
//! a real one. Seven parts: `same` (a worktree at the same commit, or one commit apart), `warm` (the first build of a
//! worktree), `parallel` (four builds at once), `small` (the disk that ten worktrees take), `edit` (the first edit in one), `tools`
//! (the same as `warm` with compiler caches that are installed) and `store` (a machine that has nothing, and a store that has been filled).
//!
//! Figures are ratios taken within a round, in the middle and from lowest to highest, since machines differ and
//! are busy with other things as well. Nothing fails because of a time. It does fail if a third-party crate was
//! compiled in a warmed worktree, or at the same commit any that the plan does not name as left, if a build waited
//! for another one's lock, or if a program said the wrong thing.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark makes files, runs other programs and prints what it found"
)]

mod build;
mod checks;
mod cost;
mod edit;
mod figures;
mod generate;
mod idle;
mod parallel;
mod place;
mod products;
mod same;
mod small;
mod stage;
#[cfg(feature = "remote")]
mod store;
mod tools;
mod usage;
mod warm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use checks::Checks;
use clap::Parser;
use stage::Stage;

/// Measures worktrees that cargo-sharedtarget has warmed
#[derive(Debug, Parser)]
struct Options {
    /// A repository to clone, on this machine; what it needs is fetched [default: one is made]
    #[arg(long)]
    repository: Option<PathBuf>,
    /// How many third-party crates are made
    #[arg(long, default_value_t = 160)]
    crates: usize,
    /// How often to measure
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Few crates and one round, to see that it works
    #[arg(long)]
    quick: bool,
    /// Leave everything where it is
    #[arg(long)]
    keep: bool,
    /// Measure only these, with commas between
    #[arg(long, value_delimiter = ',', value_parser = ["same", "warm", "parallel", "small", "edit", "tools", "store"])]
    only: Vec<String>,
    /// Where to make it, on a real disk [default: the folder for temporary files]
    #[arg(long, env = "SHAREDTARGET_BENCH_DIR")]
    dir: Option<PathBuf>,
    /// Said by cargo bench; `cargo test --benches` does not say it, and wants it quick
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<ExitCode> {
    let mut options = Options::parse();
    let quick = options.quick || !options.bench;
    if quick {
        (options.crates, options.rounds) = (12, 1);
    }
    let dir = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    std::fs::create_dir_all(&dir)?;
    // Removed when it goes out of scope.
    let folder = tempfile::Builder::new()
        .prefix("sharedtarget-worktrees-")
        .disable_cleanup(options.keep)
        .tempdir_in(&dir)?;
    // A link on the way (as `/tmp` is on macOS) would make the same folder look like two.
    let folder = (std::fs::canonicalize(folder.path())?, folder);
    let mut checks = Checks::default();
    measure(&folder.0, &options, quick, &mut checks)?;
    if options.keep {
        println!("\nleft in `{}`", folder.0.display());
    }
    Ok(checks.verdict())
}

fn measure(folder: &Path, options: &Options, quick: bool, checks: &mut Checks) -> Result<()> {
    let stage = match &options.repository {
        Some(repository) => Stage::clone(folder, repository)?,
        None => Stage::generate(folder, options.crates)?,
    };
    place::print(folder);
    let donor = warm::first_build(&stage, checks)?;
    let wanted =
        |part: &str| options.only.is_empty() || options.only.iter().any(|only| only == part);
    let rounds = options.rounds.max(1);
    // It comes first: on ext4 files are made slowly for minutes after many were deleted.
    if wanted("same") {
        same::measure(&stage, &donor, rounds, checks)?;
    }
    if wanted("warm") {
        warm::measure(&stage, &donor, rounds, checks)?;
    }
    if wanted("parallel") {
        parallel::measure(&stage, &donor, if quick { 2 } else { 4 }, rounds, checks)?;
    }
    if wanted("small") {
        small::measure(&stage, &donor, if quick { 2 } else { 10 }, rounds, checks)?;
    }
    if wanted("edit") {
        edit::measure(&stage, rounds, checks)?;
    }
    if wanted("tools") && (!quick || !options.only.is_empty()) {
        tools::measure(&stage, &donor, checks)?;
    }
    if wanted("store") && (!quick || !options.only.is_empty()) {
        #[cfg(feature = "remote")]
        store::measure(&stage, &donor, rounds, checks)?;
        #[cfg(not(feature = "remote"))]
        println!("\nskipped: the store, which needs `--features remote`");
    }
    Ok(())
}
