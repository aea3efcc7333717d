//! Shows the units that are taken from donors and those that are left, and why.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use crate::plan::action::{Plan, Section};
use crate::plan::left::{LeftUnit, left};
use crate::plan::outcome::{Done, Outcome};
use crate::size::Bytes;
use crate::term::table::{Align, Table};
use crate::term::view::{HEADING, Out, View, WARNING, counted};
use crate::text::shown;
use crate::warm::model::{Method, WarmFolder, Warmed};

/// Where it is shown.
pub(crate) static SECTION: Section = Section {
    plan_order: 3,
    plan,
    outcome_order: 3,
    outcome,
};

/// Writes what would be warmed.
fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let warms: Vec<&WarmFolder> = plan.all().collect();
    if warms.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "{HEADING}Warm {}{HEADING:#}",
        counted(
            folders(warms.iter().map(|warm| &warm.into)),
            "target folder"
        )
    )?;
    let mut table = Table::new(&[
        ("UNITS", Align::Right),
        ("LOCAL", Align::Right),
        ("SHARED", Align::Right),
        ("COPIED", Align::Right),
        ("FROM", Align::Left),
        ("FOR", Align::Left),
    ]);
    for warm in &warms {
        table.row(vec![
            warm.units.len().to_string(),
            warm.units
                .iter()
                .filter(|unit| unit.local)
                .count()
                .to_string(),
            warm.linkable.to_string(),
            warm.copied.to_string(),
            match warm.from_store {
                true => "the store".into(),
                false => view.paths.show(&warm.from),
            },
            view.paths.show(&warm.workspace),
        ]);
    }
    table.write(out, view.width)?;
    let begun = warms.iter().flat_map(|warm| &warm.units);
    let begun = begun.filter(|unit| !unit.clear.is_empty()).count();
    if begun > 0 {
        let what = counted(begun, "unit");
        writeln!(out, "  replacing remnants of interrupted builds of {what}")?;
    }
    // A unit that a donor lacks for one worktree is missing for the others too.
    let all: BTreeSet<&LeftUnit> = warms.iter().flat_map(|warm| &warm.left).collect();
    left(out, &all.into_iter().collect::<Vec<_>>(), view)?;
    writeln!(out)
}

/// Writes what was warmed.
fn outcome(out: Out<'_>, outcome: &Outcome, _view: &View) -> io::Result<()> {
    let done: Vec<&Done> = outcome.all(WarmFolder::KIND).collect();
    let warmed: Vec<&Warmed> = done.iter().filter_map(|done| done.detail()).collect();
    if warmed.is_empty() {
        return Ok(());
    }
    let sum = |bytes: fn(&Warmed) -> Bytes| -> Bytes { warmed.iter().map(|one| bytes(one)).sum() };
    let units: usize = warmed.iter().map(|one| one.units).sum();
    let how = match warmed.first().map(|one| one.method) {
        Some(Method::Clones) => "cloned",
        _ => "linked",
    };
    writeln!(
        out,
        "warmed {} with {}: {} {how}, {} copied",
        counted(folders(done.iter().map(|done| &done.path)), "target folder"),
        counted(units, "unit"),
        sum(|one| one.shared),
        sum(|one| one.copied),
    )?;
    for one in warmed.iter().flat_map(|one| &one.left) {
        writeln!(
            out,
            "{WARNING}skipped{WARNING:#} {} ({}): {}",
            shown(&one.package),
            one.id,
            one.message
        )?;
    }
    Ok(())
}

/// How many folders these are.
fn folders<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> usize {
    paths.collect::<BTreeSet<_>>().len()
}
