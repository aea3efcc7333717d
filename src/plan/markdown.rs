//! A summary in Markdown of a plan, or of what became of it: short, for the page of a CI job.

use std::io;

use crate::plan::action::Plan;
use crate::plan::outcome::Outcome;
use crate::plan::reasons;
use crate::plan::report::at_most;
use crate::term::table::{Align, Table, markdown};
use crate::term::view::{Out, View};

/// The cell of a row that was not counted.
pub(crate) const NONE: &str = "-";

/// Writes a summary: what was freed, and for each folder how much of it was deleted and kept, by reason.
///
/// `absence` says what was looked for and is not there.
pub(crate) fn summary(
    out: Out<'_>,
    name: &str,
    plan: &Plan,
    outcome: Option<&Outcome>,
    absence: &str,
    view: &View,
) -> io::Result<()> {
    writeln!(out, "### `cargo sharedtarget {name}`")?;
    writeln!(out)?;
    match outcome {
        Some(outcome) => {
            let freed = outcome.freed.on_disk;
            writeln!(out, "Freed {}**{freed}**.", at_most(outcome))?;
        }
        None if !plan.actions.is_empty() => {
            writeln!(
                out,
                "Would free **{}**; nothing was changed.",
                plan.freeable
            )?;
        }
        None if !plan.kept.is_empty() || absence.is_empty() => writeln!(out, "Nothing to do.")?,
        None => writeln!(out, "Nothing to do: {}.", markdown(absence))?,
    }
    let mut table = Table::new(&[
        ("FOLDER", Align::Left),
        ("WHAT", Align::Left),
        ("UNITS", Align::Right),
        ("ON DISK", Align::Right),
        ("WHY", Align::Left),
    ]);
    for action in &plan.actions {
        action.summarize(outcome, &mut table, view);
    }
    for kept in &plan.kept {
        let on_disk = kept.on_disk.map(|bytes| bytes.to_string());
        table.row(vec![
            view.paths.show(&kept.path),
            "kept".into(),
            NONE.into(),
            on_disk.unwrap_or_else(|| NONE.into()),
            reasons::kept(&kept.reason, &view.paths, view.now),
        ]);
    }
    if !table.is_empty() {
        writeln!(out)?;
    }
    table.write_markdown(out)?;
    notes(out, plan, outcome, view)
}

/// Writes warnings, and what was not done.
fn notes(out: Out<'_>, plan: &Plan, outcome: Option<&Outcome>, view: &View) -> io::Result<()> {
    let warnings = plan.warnings.iter();
    let warnings = warnings.map(|one| ("warning", reasons::warning(one, &view.paths)));
    let not_done = outcome.map(|outcome| {
        let skipped = outcome.skipped.iter().map(|one| ("skipped", one));
        let failed = outcome.failed.iter().map(|one| ("failed", one));
        skipped.chain(failed)
    });
    let not_done = not_done.into_iter().flatten().map(|(word, one)| {
        let text = format!("{}: {}", view.paths.show(&one.path), one.message);
        (word, text)
    });
    let notes: Vec<(&str, String)> = warnings.chain(not_done).collect();
    if !notes.is_empty() {
        writeln!(out)?;
    }
    for (word, text) in notes {
        writeln!(out, "- {word}: {}", markdown(&text))?;
    }
    Ok(())
}
