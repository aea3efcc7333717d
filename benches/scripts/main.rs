//! Measures single-file scripts: what the first build of one takes, what that of a related one takes, what running one
//! again takes, the disk that many of them take, and what a crowd takes that is built at once.
//!
//! `cargo bench --bench scripts` makes scripts that have the same dependencies, which are fetched first, and runs them
//! with this program, with `rust-script` and `thag` if they are here, and with plain `cargo run` in a package of their
//! own, all in the dev profile. Its parts are `first` and `related`, `repeated`, `disk`, and `crowd`. `-- --quick` needs no
//! network and no other program: its scripts have one dependency, a package beside them.
//!
//! Figures are ratios taken within a round, in the middle and from lowest to highest, since machines differ and are
//! busy with other things as well. Nothing fails because of a time. It does fail if a script said the wrong thing.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark makes files, runs other programs and prints what it found"
)]

#[path = "../worktrees/checks.rs"]
mod checks;
#[path = "../worktrees/cost.rs"]
mod cost;
#[path = "../worktrees/figures.rs"]
mod figures;
mod first;
mod many;
#[expect(dead_code, reason = "the other benchmark needs more of it")]
#[path = "../worktrees/place.rs"]
mod place;
mod repeated;
mod runner;
mod script;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use checks::Checks;
use clap::Parser;
use runner::{Kind, Runner};
use script::Scripts;

/// Measures single-file scripts
#[derive(Debug, Parser)]
struct Options {
    /// How often to measure the first build of a script and of a related one
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How often to run a script again
    #[arg(long, default_value_t = 30)]
    repetitions: usize,
    /// How many scripts there are on the disk
    #[arg(long, default_value_t = 50)]
    scripts: usize,
    /// How many scripts there are in a crowd
    #[arg(long, default_value_t = 300)]
    crowd: usize,
    /// Few scripts that need no network, and no other program, to see that it works
    #[arg(long)]
    quick: bool,
    /// Leave everything where it is
    #[arg(long)]
    keep: bool,
    /// Measure only these, with commas between; `first` and `related` are one part
    #[arg(long, value_delimiter = ',', value_parser = ["first", "related", "repeated", "disk", "crowd"])]
    only: Vec<String>,
    /// The program `rust-script` [default: the one on the search path]
    #[arg(long)]
    rust_script: Option<PathBuf>,
    /// The program `thag` [default: the one on the search path]
    #[arg(long)]
    thag: Option<PathBuf>,
    /// Measure only the others
    #[arg(long)]
    without_ours: bool,
    /// Where to make it, on a real disk [default: the folder for temporary files]
    #[arg(long, env = "SHAREDTARGET_BENCH_DIR")]
    dir: Option<PathBuf>,
    /// Said by cargo bench; `cargo test --benches` does not say it, and wants it quick
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<ExitCode> {
    let mut options = Options::parse();
    options.quick |= !options.bench;
    if options.quick {
        (options.rounds, options.repetitions) = (1, 3);
        (options.scripts, options.crowd) = (3, 3);
    }
    let dir = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    std::fs::create_dir_all(&dir)?;
    // Removed when it goes out of scope.
    let folder = tempfile::Builder::new()
        .prefix("sharedtarget-scripts-")
        .disable_cleanup(options.keep)
        .tempdir_in(&dir)?;
    // A link on the way (as `/tmp` is on macOS) would make the same folder look like two.
    let folder = (std::fs::canonicalize(folder.path())?, folder);
    let mut checks = Checks::default();
    measure(&folder.0, &options, &mut checks)?;
    if options.keep {
        println!("\nleft in `{}`", folder.0.display());
    }
    Ok(checks.verdict())
}

fn measure(folder: &Path, options: &Options, checks: &mut Checks) -> Result<()> {
    let scripts = Scripts::make(folder, options.quick)?;
    place::print(folder);
    if options.quick {
        println!("note: scripts that are this small meet no bar, and need not");
    }
    let mut runners = runners(folder, options);
    let wanted = |parts: &[&str]| {
        let of = |only: &String| parts.contains(&only.as_str());
        options.only.is_empty() || options.only.iter().any(of)
    };
    if wanted(&["first", "related"]) {
        first::measure(&scripts, &mut runners, options.rounds.max(1), checks)?;
    }
    if wanted(&["repeated"]) {
        repeated::measure(&scripts, &runners, options.repetitions.max(1), checks)?;
    }
    if wanted(&["disk"]) {
        many::DISK.measure(&scripts, &runners, options.scripts.max(1), checks)?;
    }
    if wanted(&["crowd"]) {
        many::CROWD.measure(&scripts, &runners, options.crowd.max(1), checks)?;
    }
    Ok(())
}

/// Plain Cargo, and whatever else is here and wanted.
fn runners(folder: &Path, options: &Options) -> Vec<Runner> {
    let ours = PathBuf::from(env!("CARGO_BIN_EXE_cargo-sharedtarget"));
    let mut runners = vec![Runner::new(Kind::Cargo, "cargo".into(), folder)];
    if !options.without_ours {
        runners.push(Runner::new(Kind::Ours, ours, folder));
    }
    for (kind, given) in [
        (Kind::RustScript, &options.rust_script),
        (Kind::Thag, &options.thag),
    ] {
        let name = kind.name();
        match given.clone().or_else(|| runner::find(name)) {
            _ if options.quick => println!("skipped: {name}, since this is quick"),
            _ if !kind.can_be_kept_apart() => {
                println!("skipped: {name}, whose cache cannot be moved on this system");
            }
            Some(program) => runners.push(Runner::new(kind, program, folder)),
            None => println!("skipped: {name} is not on the search path"),
        }
    }
    runners
}
