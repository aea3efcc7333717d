//! What goes into the store and out of it.

use std::io;
use std::path::Path;

use super::table::{Align, Table};
use super::view::{HEADING, Out, View, counted};
use super::warm;
use crate::model::{Action, Deed, HarvestUnits, LeftReason, LeftUnit, Outcome, Plan};
use crate::size::Bytes;

/// Writes what would be kept in the store, and who would be told of it.
pub(super) fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let harvests = plan.actions.iter().filter_map(|action| match action {
        Action::Harvest(units) => Some(units),
        _ => None,
    });
    let harvests: Vec<&HarvestUnits> = harvests.collect();
    if let Some(first) = harvests.first() {
        let units: usize = harvests.iter().map(|harvest| harvest.units.len()).sum();
        writeln!(
            out,
            "{HEADING}Keep {}{HEADING:#} in the store {}",
            counted(units, "unit"),
            view.paths.show(&first.into)
        )?;
        let mut table = Table::new(&[
            ("NEW", Align::Right),
            ("THERE", Align::Right),
            ("SIZE", Align::Right),
            ("FROM", Align::Left),
            ("FOR", Align::Left),
        ]);
        for harvest in &harvests {
            let from = harvest.from.as_deref().unwrap_or(Path::new(""));
            table.row(vec![
                harvest.units.len().to_string(),
                harvest.present.to_string(),
                harvest.length.to_string(),
                view.paths.show(from),
                view.paths.show(&harvest.workspace),
            ]);
        }
        table.write(out, view.width)?;
        let all: Vec<&LeftUnit> = harvests.iter().flat_map(|harvest| &harvest.left).collect();
        not_kept(out, &all, view)?;
        writeln!(out)?;
    }
    for action in &plan.actions {
        if let Action::Tell(tell) = action {
            writeln!(
                out,
                "{HEADING}Tell{HEADING:#} {} of {}",
                tell.program.join(" "),
                counted(tell.units, "unit")
            )?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Writes what is not kept. That local packages and programs are not, everybody knows.
pub(super) fn not_kept(out: Out<'_>, all: &[&LeftUnit], view: &View) -> io::Result<()> {
    let ordinary = |reason: &LeftReason| {
        matches!(
            reason.root(),
            LeftReason::Local
                | LeftReason::Program
                | LeftReason::Documentation
                | LeftReason::NotLocked
        )
    };
    let notable: Vec<&LeftUnit> = all
        .iter()
        .filter(|unit| view.verbose || !ordinary(&unit.reason))
        .copied()
        .collect();
    warm::left_as(out, "not kept:", &notable, view)
}

/// Writes what was done.
pub(super) fn outcome(out: Out<'_>, outcome: &Outcome) -> io::Result<()> {
    for done in &outcome.done {
        let Some(moved) = &done.moved else { continue };
        let units = counted(moved.units, "unit");
        match done.what {
            Deed::Harvest => {
                let (linked, copied) = (moved.linked, moved.copied);
                writeln!(out, "kept {units}: {linked} linked, {copied} copied")?;
            }
            Deed::Tell => {
                let shared = match moved.linked {
                    Bytes(0) => String::new(),
                    linked => format!("; {linked} are its own now"),
                };
                writeln!(out, "told {} of {units}{shared}", done.path.display())?;
            }
            _ => {}
        }
        for left in &moved.left {
            writeln!(out, "  left {left}")?;
        }
    }
    Ok(())
}
