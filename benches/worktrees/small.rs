//! How much disk worktrees take: the third-party crates once, and each one's own crates; and what commands take in them
//! that have nothing to do.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::Result;
use cargo_sharedtarget::progress::Progress;
use cargo_sharedtarget::target::read;

use super::checks::Checks;
use super::figures::{mebibytes, print_bar};
use super::idle;
use super::place;
use super::stage::Stage;
use super::usage::{Copied, Parts, du};
use super::warm::{self, Donor};

/// The most space that all may take, as a part of that of one whole target folder and the local crates of each of the
/// others.
const LIMIT: f64 = 1.05;

/// Warms and builds worktrees beside the first one, and says what all of them take.
pub(crate) fn measure(
    stage: &Stage,
    donor: &Donor,
    worktrees: usize,
    rounds: usize,
    checks: &mut Checks,
) -> Result<()> {
    println!("\nsmall, {worktrees} worktrees beside the first one:");
    place::load();
    let first = stage.main.join("target");
    let Some(full) = du(stage, std::slice::from_ref(&first))? else {
        println!("skipped: there is no `du`");
        return Ok(());
    };
    let mut seen = HashSet::new();
    let own = Parts::of(&donor.inventory, &mut seen);
    let mut added = Vec::new();
    for n in 1..=worktrees {
        added.push(warm::add(stage, &format!("small-{n}"), donor, checks)?);
    }
    let mut folders = vec![first];
    folders.extend(added.iter().map(|worktree| worktree.join("target")));
    let total = du(stage, &folders)?.unwrap_or(0);
    let mut theirs = Parts::default();
    for folder in &folders[1..] {
        theirs.add(&Parts::of(
            &read::read(folder, &Progress::default()),
            &mut seen,
        ));
    }
    let count = worktrees as u64;
    // The first one was built cold, with the compiler's own caches, and so has more of its own.
    let wanted = full + theirs.local;
    let of_full = |kibibytes: u64| {
        let ratio = kibibytes as f64 / full as f64;
        format!("{ratio:>7.3} [{}]", mebibytes(kibibytes))
    };
    println!(
        "as ratios to one whole target folder [{}]:",
        mebibytes(full)
    );
    println!("{:<48} {}", "all together", of_full(total));
    println!(
        "{:<48} {}",
        "third-party, of the first worktree",
        of_full(own.third_party())
    );
    println!(
        "{:<48} {}",
        "local, of the first worktree",
        of_full(own.local)
    );
    println!(
        "{:<48} {}",
        "local, of each other one",
        of_full(theirs.local / count)
    );
    let copied = theirs.third_party();
    println!(
        "{:<48} {}",
        "third-party, copied for each other one",
        of_full(copied / count)
    );
    for (kind, kibibytes) in theirs
        .copied
        .iter()
        .filter(|(_, kibibytes)| **kibibytes > 0)
    {
        println!("  {:<46} {}", kind.words(), of_full(kibibytes / count));
    }
    let libraries = theirs.copied.get(&Copied::Library).copied();
    checks.that(libraries.unwrap_or(0) == 0, || {
        "a third-party library does not share its storage".into()
    });
    print_bar(
        &format!("all / (one whole + what is local of the other {worktrees})"),
        total as f64 / wanted as f64,
        LIMIT,
    );
    idle::measure(stage, &added, rounds)?;
    remove(stage, &added)
}

fn remove(stage: &Stage, worktrees: &[PathBuf]) -> Result<()> {
    worktrees
        .iter()
        .try_for_each(|worktree| stage.remove(worktree))
}
