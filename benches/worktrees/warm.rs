//! How much of a cold build a worktree's first build takes once it was warmed.

use std::path::PathBuf;

use anyhow::Result;
use cargo_sharedtarget::progress::Progress;
use cargo_sharedtarget::target::read;
use cargo_sharedtarget::target::unit::Inventory;

use super::build::Build;
use super::checks::Checks;
use super::cost::Cost;
use super::figures::Series;
use super::place;
use super::products::Products;
use super::stage::Stage;

/// The first worktree after its first build.
pub(crate) struct Donor {
    pub(crate) build: Build,
    pub(crate) products: Products,
    pub(crate) inventory: Inventory,
}

/// Builds the first worktree, cold, and says what it is made of.
pub(crate) fn first_build(stage: &Stage, checks: &mut Checks) -> Result<Donor> {
    let build = stage.build(&stage.main)?;
    let inventory = read::read(&stage.main.join("target"), &Progress::default());
    let all = inventory.units.iter();
    println!(
        "`cargo build` compiles {} third-party crates and {} local ones: {} units, {} of them third-party",
        build.third_party.len(),
        build.local.len(),
        inventory.units.len(),
        all.filter(|unit| unit.source.is_third_party()).count()
    );
    let donor = Donor {
        products: Products::of(stage, &stage.main, &build)?,
        build,
        inventory,
    };
    donor.products.check(stage, &stage.main, checks)?;
    Ok(donor)
}

/// In each round a worktree is added, warmed, built, and built again when nothing has changed; and another one
/// is added and built cold, but in the first round, which takes the first worktree's build.
pub(crate) fn measure(
    stage: &Stage,
    donor: &Donor,
    rounds: usize,
    checks: &mut Checks,
) -> Result<()> {
    println!("\nwarm, {rounds} rounds:");
    place::load();
    let mut all = [
        "`warm` itself / cold build",
        "build after it / cold build",
        "both together / cold build",
        "fresh build / cold build",
    ]
    .map(Series::new);
    let mut compiled = Vec::new();
    for round in 0..rounds {
        let cold = match round {
            0 => donor.build.cost,
            _ => cold_build(stage)?,
        };
        let worktree = stage.add("warmed")?;
        let warm = stage.warm(&worktree)?;
        let build = stage.build(&worktree)?;
        check_warm(stage, &build, checks);
        donor.products.check(stage, &worktree, checks)?;
        let mut fresh = stage.build(&worktree)?;
        if fresh.crates() > 0 && fresh.third_party.is_empty() {
            // A crate that takes git's index for a source is out of date once git has written that anew.
            println!(
                "note: compiled once more, in a second build: {:?}",
                fresh.local
            );
            fresh = stage.build(&worktree)?;
        }
        checks.that(fresh.crates() == 0, || {
            format!("the build after that compiled again: {fresh:?}")
        });
        stage.remove(&worktree)?;
        let costs = [warm, build.cost, warm + build.cost, fresh.cost];
        for (series, cost) in all.iter_mut().zip(costs) {
            series.note(cost, cold);
        }
        compiled.push(build.crates());
    }
    all.iter().for_each(Series::print);
    println!(
        "crates compiled in warmed worktrees: {compiled:?}, cold: {}",
        donor.build.crates()
    );
    place::load();
    Ok(())
}

/// The cost of a plain build of a new worktree.
pub(crate) fn cold_build(stage: &Stage) -> Result<Cost> {
    let worktree = stage.add("cold")?;
    let build = stage.build(&worktree)?;
    stage.remove(&worktree)?;
    Ok(build.cost)
}

/// Adds a worktree, warms and builds it, and checks what the build did.
pub(crate) fn add(
    stage: &Stage,
    name: &str,
    donor: &Donor,
    checks: &mut Checks,
) -> Result<PathBuf> {
    let worktree = stage.add(name)?;
    stage.warm(&worktree)?;
    check_warm(stage, &stage.build(&worktree)?, checks);
    donor.products.check(stage, &worktree, checks)?;
    Ok(worktree)
}

/// Checks what the first build of a warmed worktree did.
pub(crate) fn check_warm(stage: &Stage, build: &Build, checks: &mut Checks) {
    checks.that(build.third_party.is_empty(), || {
        format!("compiled in spite of `warm`: {:?}", build.third_party)
    });
    // In a clone nothing differs.
    checks.that(stage.generated.is_none() || !build.local.is_empty(), || {
        "no local crate was compiled".into()
    });
    checks.that(!build.blocked, || {
        "a build waited for another one's lock".into()
    });
}
