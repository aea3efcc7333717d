//! The first edit in a worktree that was warmed, or whose target folder was moved, beside an edit that finds the worktree's own
//! incremental data.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::checks::Checks;
use super::cost::Cost;
use super::figures::Series;
use super::place;
use super::stage::{Stage, run};

/// The most time that a first edit may take, as a part of that of another one.
const WARMED: f64 = 1.3;

/// The most time that it may take where `setup` has moved the folder.
const MOVED: f64 = 1.1;

/// In each round a worktree is added, warmed and built, and a program in it is edited and built twice. Then one that was edited
/// before is moved by `setup`, and edited again.
pub(crate) fn measure(stage: &Stage, rounds: usize, checks: &mut Checks) -> Result<()> {
    println!("\nfirst edits, {rounds} rounds:");
    place::load();
    let mut warmed = Series::new("first edit / second, once warmed");
    let mut moved = Series::new("first edit / one before, once moved");
    for _ in 0..rounds {
        let worktree = stage.add("edited")?;
        stage.warm(&worktree)?;
        stage.build(&worktree)?;
        let source = source(stage, &worktree)?;
        let mut edit = || edit(stage, &worktree, &source, checks);
        let (first, second) = (edit()?, edit()?);
        warmed.note(first, second);
        setup(stage, &worktree, &["setup", "--yes", "--no-hook"])?;
        moved.note(edit()?, second);
        setup(stage, &worktree, &["undo", "--yes"])?;
        stage.remove(&worktree)?;
    }
    for (series, limit) in [(warmed, WARMED), (moved, MOVED)] {
        series.print();
        series.print_bar(limit);
    }
    place::load();
    Ok(())
}

/// Adds a function to a source, and builds.
fn edit(stage: &Stage, worktree: &Path, source: &Path, checks: &mut Checks) -> Result<Cost> {
    let length = std::fs::metadata(source)?.len();
    let mut file = OpenOptions::new().append(true).open(source)?;
    writeln!(
        file,
        "\n#[allow(dead_code)]\nfn edited_at_{length}() -> u64 {{\n    {length}\n}}"
    )?;
    drop(file);
    let build = stage.build(worktree)?;
    checks.that(
        build.third_party.is_empty() && !build.local.is_empty(),
        || format!("an edit had this compiled: {build:?}"),
    );
    Ok(build.cost)
}

/// The main source of a program that a plain build makes, or else of a library.
fn source(stage: &Stage, worktree: &Path) -> Result<PathBuf> {
    let mut cargo = stage.program("cargo", worktree);
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
    let said: Value = serde_json::from_slice(&cargo.output()?.stdout)?;
    let default = said["workspace_default_members"].as_array();
    let is_default =
        |package: &&Value| default.is_some_and(|default| default.contains(&package["id"]));
    let packages = said["packages"].as_array().context("no packages")?;
    let targets = packages.iter().filter(is_default);
    let targets = targets.filter_map(|package| package["targets"].as_array());
    let mut targets: Vec<&Value> = targets.flatten().collect();
    let rank = |target: &&Value| {
        let kinds = target["kind"].as_array();
        let has = |kind: &str| kinds.is_some_and(|kinds| kinds.iter().any(|one| one == kind));
        [!has("bin"), !has("lib")]
    };
    targets.sort_by_key(rank);
    let source = targets
        .first()
        .and_then(|target| target["src_path"].as_str());
    let source = PathBuf::from(source.context("no target")?);
    ensure!(source.starts_with(worktree), "elsewhere: {source:?}");
    Ok(source)
}

fn setup(stage: &Stage, worktree: &Path, args: &[&str]) -> Result<()> {
    let mut ours = stage.program(env!("CARGO_BIN_EXE_cargo-sharedtarget"), worktree);
    let output = ours.args(args).arg("--inside-root-only").arg(worktree);
    run(output
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null()))
}
