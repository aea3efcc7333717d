//! Shows people which files will share storage.

use std::collections::BTreeSet;
use std::io;

use crate::dedupe::model::{RelinkFolder, Relinked};
use crate::fs::model::Freed;
use crate::plan::action::{Plan, Section};
use crate::plan::outcome::{Done, Outcome};
use crate::size::Bytes;
use crate::term::table::{Align, Table};
use crate::term::view::{GOOD, HEADING, Out, View, WARNING, counted, wrapped};
use crate::warm::model::Method;

/// How many units are named that did not come to share after all.
const NAMED: usize = 3;

/// Where it is shown.
pub(crate) static SECTION: Section = Section {
    plan_order: 5,
    plan,
    outcome_order: 5,
    outcome,
};

/// Writes what would share its storage.
fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let relinks = || plan.all::<RelinkFolder>();
    let mut table = Table::new(&[
        ("UNITS", Align::Right),
        ("FREES", Align::Right),
        ("LEFT", Align::Right),
        ("BY", Align::Left),
        ("IN", Align::Left),
        ("LIKE", Align::Left),
    ]);
    let (mut count, mut frees) = (0, Bytes(0));
    for relink in relinks() {
        table.row(vec![
            shared(relink).to_string(),
            relink.frees.to_string(),
            relink.left.to_string(),
            method(relink.method).into(),
            view.paths.show(&relink.into),
            donors(relink, view),
        ]);
        count += 1;
        frees += relink.frees;
    }
    if count > 0 {
        let what = counted(count, "target folder");
        writeln!(out, "{HEADING}Share identical files of {what}{HEADING:#}")?;
        table.write(out, view.width)?;
        for relink in relinks().filter(|relink| relink.left_by_rights > 0) {
            let text = format!(
                "{}: {} not shared, since the owner or mode differs",
                view.paths.show(&relink.into),
                counted(relink.left_by_rights, "unit")
            );
            wrapped(out, &text, "  ", view.width)?;
        }
        for relink in relinks().filter(|_| view.verbose) {
            let units = relink.units.iter().filter(|unit| !unit.only_dated);
            let names: BTreeSet<&str> = units.map(|unit| unit.package.as_str()).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            let text = format!("{}: {names}", view.paths.show(&relink.into));
            wrapped(out, &text, "  ", view.width)?;
        }
        if count > 1 {
            writeln!(out, "together they free {GOOD}{frees}{GOOD:#}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn shared(relink: &RelinkFolder) -> usize {
    let units = relink.units.iter();
    units.filter(|unit| !unit.only_dated).count()
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Clones => "clones",
        Method::Links => "links",
        Method::Copies => "copies",
    }
}

/// The first donor, and how many more there are.
fn donors(relink: &RelinkFolder, view: &View) -> String {
    let first = relink.from.first().map(|path| view.paths.show(path));
    let first = first.unwrap_or_default();
    match relink.from.len() {
        0 | 1 => first,
        more => format!("{first} and {} more", more - 1),
    }
}

/// The space that sharing freed.
fn freed(outcome: &Outcome) -> Freed {
    outcome
        .all(RelinkFolder::KIND)
        .filter_map(|done| done.freed)
        .fold(Freed::default(), |sum, one| sum + one)
}

/// Writes what shares its storage now.
fn outcome(out: Out<'_>, outcome: &Outcome, view: &View) -> io::Result<()> {
    let done: Vec<&Done> = outcome.all(RelinkFolder::KIND).collect();
    let relinked = || {
        done.iter()
            .filter_map(|done| Some((&done.path, done.detail::<Relinked>()?)))
    };
    let units: usize = relinked().map(|(_, one)| one.units).sum();
    if done.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "shared {} in {}: freed {GOOD}{}{GOOD:#}",
        counted(units, "unit"),
        counted(done.len(), "target folder"),
        freed(outcome).on_disk,
    )?;
    for (path, one) in relinked().filter(|(_, one)| !one.left.is_empty()) {
        let shown = if view.verbose { one.left.len() } else { NAMED };
        let mut first = one.left.iter().take(shown).cloned().collect::<Vec<_>>();
        if one.left.len() > shown {
            first.push(format!("and {} more", one.left.len() - shown));
        }
        let text = format!(
            "{} of {} not shared: {}",
            counted(one.left.len(), "unit"),
            view.paths.show(path),
            first.join("; ")
        );
        write!(out, "{WARNING}kept{WARNING:#} ")?;
        wrapped(out, &text, "", view.width)?;
    }
    Ok(())
}
