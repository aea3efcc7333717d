//! Compares this program with others on a forest of worktrees: finding, measuring and deleting; and on many small
//! repositories, where it counts how often Cargo and git are started.
//!
//! `cargo bench --bench forest` makes 200 workspaces with 580,000 files, compares, and removes them;
//! `-- --quick` does the same with few. Only ratios taken in one run mean something, since machines differ
//! and are busy with other things as well. Nothing fails because of a time.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark makes files, runs other programs and prints what it found"
)]

mod make;
mod many;
mod measure;
mod random;
mod target;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use anyhow::Result;
use cargo_sharedtarget::fs::{Ledger, delete_tree};
use cargo_sharedtarget::progress::Progress;
use clap::Parser;
use make::{Forest, Size};
use measure::{Contender, median, print_bar, print_table};
use rayon::prelude::*;

const PEAK_LIMIT_MIB: f64 = 64.0;

/// Compares cargo-sharedtarget with other programs on a forest of worktrees
#[derive(Debug, Parser)]
struct Options {
    /// How many workspaces
    #[arg(long, default_value_t = 200)]
    workspaces: usize,
    /// How many files
    #[arg(long, default_value_t = 580_000)]
    files: usize,
    /// How many files in the folder for the audit
    #[arg(long, default_value_t = 300_000)]
    audit_files: usize,
    /// How many repositories with three workspaces, and how many times three without Cargo
    #[arg(long, default_value_t = 300)]
    repositories: usize,
    /// How often to compare
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// A small forest and one round, to see that it works
    #[arg(long)]
    quick: bool,
    /// Leave the forest where it is; the next run takes it
    #[arg(long)]
    keep: bool,
    /// Compare only one thing
    #[arg(long, value_parser = ["list", "delete", "audit", "many"])]
    only: Option<String>,
    /// Where to make the forest [default: a temporary folder]
    #[arg(long, env = "SHAREDTARGET_BENCH_DIR")]
    dir: Option<PathBuf>,
    /// Said by cargo bench; `cargo test --benches` does not say it, and wants it quick
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let mut options = Options::parse();
    if options.quick || !options.bench {
        (options.workspaces, options.files, options.rounds) = (4, 2_000, 1);
        (options.audit_files, options.repositories) = (1_000, 4);
    }
    let size = Size {
        workspaces: options.workspaces.max(1),
        files: options.files,
    };
    // Removed when it goes out of scope.
    let temporary;
    let dir = if let Some(dir) = &options.dir {
        std::fs::create_dir_all(dir)?;
        dir.as_path()
    } else {
        temporary = tempfile::Builder::new()
            .prefix("sharedtarget-forest-")
            .disable_cleanup(options.keep)
            .tempdir()?;
        temporary.path()
    };
    // A link on the way (as `/tmp` is on macOS) would make the same folder look like two.
    let dir = std::fs::canonicalize(dir)?;
    let _ = STATE.set(dir.join("state"));
    let wanted = |part: &str| options.only.as_deref().is_none_or(|only| only == part);
    if wanted("list") {
        list(&dir, size, &options)?;
    }
    if wanted("audit") {
        audit(&dir, &options)?;
    }
    if wanted("many") {
        many(&dir, &options)?;
    }
    if wanted("delete") {
        delete(&dir, size.half(), &options)?;
    }
    Ok(())
}

/// Where our program keeps what it knows of the runs before.
static STATE: OnceLock<PathBuf> = OnceLock::new();

/// Our program, without what the environment of `cargo bench` would make it believe.
fn ours(args: &[&str], root: &Path) -> Command {
    let mut ours = Command::new(env!("CARGO_BIN_EXE_cargo-sharedtarget"));
    for variable in [
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_BUILD_BUILD_DIR",
    ] {
        ours.env_remove(variable);
    }
    for (variable, folder) in [
        ("XDG_STATE_HOME", "state"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
    ] {
        ours.envs(STATE.get().map(|state| (variable, state.join(folder))));
    }
    ours.args(args).arg(root);
    ours
}

fn theirs(program: &str, args: &[&str], root: &Path) -> Option<Command> {
    let search = std::env::var_os("PATH")?;
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let found = std::env::split_paths(&search).any(|dir| dir.join(&name).is_file());
    if !found {
        println!("note: `{program}` is not here and not compared");
    }
    let mut command = Command::new(program);
    command.args(args).arg(root);
    found.then_some(command)
}

fn list(dir: &Path, size: Size, options: &Options) -> Result<()> {
    let forest = make(&dir.join("list"), size)?;
    let root = forest.root.as_path();
    let all = [
        ("du -s", theirs("du", &["-s"], root)),
        ("list", Some(ours(&["list"], root))),
        ("list --no-size", Some(ours(&["list", "--no-size"], root))),
        ("audit", Some(ours(&["audit"], root))),
        ("gc --dry-run", Some(ours(&["gc", "--dry-run"], root))),
        (
            "clean --all --dry-run",
            Some(ours(&["clean", "--all", "--dry-run"], root)),
        ),
        ("dust -d 0", theirs("dust", &["-d", "0"], root)),
        (
            "cargo-clean-all --dry-run",
            theirs("cargo-clean-all", &["--dry-run"], root),
        ),
        (
            "cargo-sweep --dry-run --recursive",
            theirs(
                "cargo-sweep",
                &["sweep", "--dry-run", "--recursive", "--all"],
                root,
            ),
        ),
    ];
    let contenders = compare(all.into(), options)?;
    if !options.keep {
        std::fs::remove_dir_all(&forest.root)?;
    }
    println!("\nfinding and measuring, {} rounds:", options.rounds);
    measure::print_load();
    print_table(&contenders);
    let find = |name: &str| contenders.iter().find(|contender| contender.name == name);
    let ratio = |mine: &Contender, name: &str| find(name).map(|to| median(&mine.ratios(to)));
    for (name, limit, peak) in [
        ("list", 0.5, PEAK_LIMIT_MIB),
        ("list --no-size", 0.15, PEAK_LIMIT_MIB),
        ("audit", 2.0, 100.0),
        ("clean --all --dry-run", 0.7, PEAK_LIMIT_MIB),
    ] {
        let Some(mine) = find(name) else { continue };
        if let Some(is) = ratio(mine, "du -s") {
            print_bar(&format!("{name} / du"), is, limit);
        }
        if let Some(is) = ratio(mine, "dust -d 0").filter(|_| name.starts_with("list")) {
            print_bar(&format!("{name} / dust"), is, 1.0);
        }
        if let Some(kibibytes) = mine.peak {
            print_bar(
                &format!("{name}, peak MiB"),
                kibibytes as f64 / 1024.0,
                peak,
            );
        }
    }
    Ok(())
}

/// Runs each in turn, and measures its time and its memory.
fn compare(all: Vec<(&'static str, Option<Command>)>, options: &Options) -> Result<Vec<Contender>> {
    let mut contenders = Vec::new();
    let mut commands = Vec::new();
    for (name, command) in all {
        let Some(command) = command else { continue };
        let mut contender = Contender::new(name);
        // Warms the caches of the system as well.
        contender.peak = measure::peak(&command)?;
        contenders.push(contender);
        commands.push(command);
    }
    for round in 0..options.rounds {
        for turn in 0..contenders.len() {
            let at = (round + turn) % contenders.len();
            let seconds = measure::time(&mut commands[at])?;
            contenders[at].note(round + 1, seconds);
        }
    }
    Ok(contenders)
}

/// Many small repositories. Each is asked about once before anything is compared, so that answers of Cargo's are kept.
fn many(dir: &Path, options: &Options) -> Result<()> {
    let (with, without) = (dir.join("many"), dir.join("without-cargo"));
    let others = options.repositories * 10 / 3;
    many::with_workspaces(&with, options.repositories)?;
    many::without_cargo(&without, others)?;
    let first = measure::time(&mut ours(&["setup", "--dry-run"], &with))?;
    let all = vec![
        ("list", Some(ours(&["list"], &with))),
        (
            "setup --dry-run",
            Some(ours(&["setup", "--dry-run"], &with)),
        ),
        ("audit", Some(ours(&["audit"], &with))),
        ("gc --dry-run", Some(ours(&["gc", "--dry-run"], &with))),
        ("doctor", Some(ours(&["doctor"], &with))),
    ];
    let contenders = compare(all, options)?;
    println!(
        "\n{} repositories with 3 workspaces each, {} rounds:",
        options.repositories, options.rounds
    );
    measure::print_load();
    print_table(&contenders);
    println!("the first `setup --dry-run`, which asks Cargo about each: {first:.3} s");
    let all = vec![
        ("list", Some(ours(&["list"], &without))),
        ("doctor", Some(ours(&["doctor"], &without))),
    ];
    let contenders = compare(all, options)?;
    println!("\n{others} repositories without Cargo:");
    print_table(&contenders);
    if !options.keep {
        std::fs::remove_dir_all(&with)?;
        std::fs::remove_dir_all(&without)?;
    }
    Ok(())
}

/// One large target folder, with all files in it, looked at unit by unit.
fn audit(dir: &Path, options: &Options) -> Result<()> {
    let workspace = dir.join("audit");
    let target = workspace.join("target");
    std::fs::create_dir_all(workspace.join("src"))?;
    let manifest =
        "[package]\nname = \"large\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    std::fs::write(workspace.join("Cargo.toml"), manifest)?;
    std::fs::write(
        workspace.join("Cargo.lock"),
        "version = 4\n\n[[package]]\nname = \"large\"\nversion = \"0.1.0\"\n",
    )?;
    std::fs::write(workspace.join("src/lib.rs"), "")?;
    target::Target::new(7, options.audit_files).make(&target)?;
    let all = vec![
        ("du -s", theirs("du", &["-s"], &target)),
        ("audit", Some(ours(&["audit"], &target))),
    ];
    let contenders = compare(all, options)?;
    if !options.keep {
        std::fs::remove_dir_all(&workspace)?;
    }
    println!(
        "\nan audit of one folder with {} files, {} rounds:",
        options.audit_files, options.rounds
    );
    measure::print_load();
    print_table(&contenders);
    if let [du, audit] = &contenders[..] {
        print_bar("audit / du", median(&audit.ratios(du)), 2.0);
        if let Some(kibibytes) = audit.peak {
            print_bar("audit, peak MiB", kibibytes as f64 / 1024.0, 150.0);
        }
    }
    Ok(())
}

/// Each deletion takes a forest of its own, so all have the same work: target folders that are on the disk.
fn delete(dir: &Path, size: Size, options: &Options) -> Result<()> {
    let forest = make(&dir.join("delete"), size)?;
    let targets = forest.targets();
    let mut rm = theirs("rm", &["-rf", "--"], &targets[0]);
    if let Some(rm) = &mut rm {
        rm.args(&targets[1..]);
    }
    let mut clean = ours(&["clean", "--all", "--yes"], &forest.root);
    let names = ["rm -rf", "deletion alone", "clean --all --yes"];
    let mut contenders = names.map(Contender::new);
    // Fewer rounds, since making a forest takes longer than deleting it.
    let rounds = options.rounds.div_ceil(2);
    for round in 0..=rounds {
        for turn in 0..contenders.len() {
            let at = (round + turn) % contenders.len();
            if targets.iter().any(|target| !target.exists()) {
                forest.make_targets()?;
            }
            let seconds = match (at, &mut rm) {
                (0, Some(rm)) => measure::time(rm)?,
                (0, None) => f64::NAN,
                (1, _) => deletion(&targets),
                // The first round only warms up, and tells the memory.
                _ if round == 0 => {
                    contenders[at].peak = measure::peak(&clean)?;
                    0.0
                }
                _ => measure::time(&mut clean)?,
            };
            let left = targets.iter().filter(|target| target.exists()).count();
            if left > 0 && at != 0 {
                println!("note: {} left {left} target folders", names[at]);
            }
            if round > 0 {
                contenders[at].note(round, seconds);
            }
        }
    }
    if !options.keep {
        std::fs::remove_dir_all(&forest.root)?;
    }
    println!("\ndeleting, half of the forest, {rounds} rounds:");
    measure::print_load();
    print_table(&contenders);
    let [rm, alone, whole] = &contenders;
    print_bar("deletion alone / rm -rf", median(&alone.ratios(rm)), 0.6);
    print_bar(
        "clean, with finding and measuring / rm -rf",
        median(&whole.ratios(rm)),
        0.8,
    );
    if let Some(kibibytes) = whole.peak {
        print_bar("clean, peak MiB", kibibytes as f64 / 1024.0, PEAK_LIMIT_MIB);
    }
    Ok(())
}

/// Seconds that `clean` takes to delete target folders after all questions are answered.
fn deletion(targets: &[PathBuf]) -> f64 {
    let (ledger, progress) = (Ledger::default(), Progress::default());
    let start = Instant::now();
    targets.par_iter().for_each(|target| {
        let deletion = delete_tree(target, "CACHEDIR.TAG", None, &ledger, &progress);
        for problem in deletion.failed {
            println!("note: `{}`: {}", problem.path.display(), problem.message);
        }
    });
    // Which files are gone for good is known only now.
    let freed = ledger.settle();
    let seconds = start.elapsed().as_secs_f64();
    drop(freed);
    seconds
}

fn make(root: &Path, size: Size) -> Result<Forest> {
    println!(
        "a forest of {} workspaces and {} files in `{}`",
        size.workspaces,
        size.files,
        root.display()
    );
    Forest::make(root.to_owned(), size)
}
