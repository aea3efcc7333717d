//! Which folders are moved, and why, for people.

use std::io;

use crate::age::since;
use crate::plan::action::{Plan, Section};
use crate::plan::left::{LeftReason, LeftUnit, detail, named};
use crate::plan::outcome::Outcome;
use crate::term::table::{Align, Table};
use crate::term::view::{HEADING, Out, View, WARNING, counted};
use crate::text::shown;
use crate::warm::moving::{MoveFolder, MoveReason, Moved};

/// Where it is shown.
pub(crate) static SECTION: Section = Section {
    plan_order: 2,
    plan,
    outcome_order: 2,
    outcome,
};

fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let moves: Vec<&MoveFolder> = plan.all().collect();
    writeln!(
        out,
        "{HEADING}Move {}{HEADING:#}",
        counted(moves.len(), "target folder")
    )?;
    let mut table = Table::new(&[
        ("ON DISK", Align::Right),
        ("WHY", Align::Left),
        ("FROM", Align::Left),
        ("TO", Align::Left),
    ]);
    for one in &moves {
        let usage = one.usage.as_ref();
        table.row(vec![
            usage.map_or_else(|| "-".into(), |usage| usage.on_disk.to_string()),
            why(one.why, view),
            view.paths.show(&one.from),
            view.paths.show(&one.to),
        ]);
    }
    table.write(out, view.width)?;
    let all = || moves.iter().flat_map(|one| &one.left);
    let of = |which: fn(&LeftReason) -> bool| -> Vec<&LeftUnit> {
        all().filter(|unit| which(&unit.reason)).collect()
    };
    let depends = |reason: &LeftReason| matches!(reason, LeftReason::DependsOn { .. });
    let keeps = |reason: &LeftReason| matches!(reason, LeftReason::PathInside { .. });
    let other = |reason: &LeftReason| {
        !matches!(
            reason,
            LeftReason::DependsOn { .. } | LeftReason::PathInside { .. }
        )
    };
    let reasons = [
        (of(keeps), "to compile again, containing the old path"),
        (
            of(other),
            "to compile again, possibly containing the old path",
        ),
        (of(depends), "to compile again, depending on one of these"),
    ];
    for (units, why) in reasons.iter().filter(|(units, _)| !units.is_empty()) {
        let count = counted(units.len(), "unit");
        let names = named(units, view);
        writeln!(out, "  {count} {why}{names}")?;
        for unit in units.iter().filter(|_| view.verbose) {
            let detail = detail(&unit.reason, view);
            writeln!(
                out,
                "         {} ({}){detail}",
                shown(&unit.package),
                unit.id
            )?;
        }
    }
    writeln!(out)
}

fn why(why: MoveReason, view: &View) -> String {
    match why {
        MoveReason::MainWorktree => "main worktree".into(),
        MoveReason::NoRepository => "no repository".into(),
        MoveReason::BuiltLately { last_build } => format!("built {}", since(last_build, view.now)),
        MoveReason::Undone => "restored".into(),
    }
}

fn outcome(out: Out<'_>, outcome: &Outcome, _view: &View) -> io::Result<()> {
    let done: Vec<&Moved> = outcome
        .all(MoveFolder::KIND)
        .filter_map(|done| done.detail())
        .collect();
    if done.is_empty() {
        return Ok(());
    }
    let again: usize = done.iter().map(|moved| moved.compiled_again).sum();
    let again = match again {
        0 => String::new(),
        _ => format!("; {} to compile again", counted(again, "unit")),
    };
    writeln!(out, "moved {}{again}", counted(done.len(), "target folder"))?;
    for message in done.iter().flat_map(|moved| &moved.left) {
        writeln!(out, "{WARNING}skipped{WARNING:#} {message}")?;
    }
    Ok(())
}
