//! An audit in Markdown, for the summary of a CI job.

use std::io;

use crate::audit::model::{Audit, Finding};
use crate::audit::report::{
    folders_table, place, saves, several, shares_table, units, unused_table, variants_table,
};
use crate::term::table::{Table, markdown};
use crate::term::view::{Out, View, counted, entries};
use crate::text::shown;

/// Writes an audit, at most `top` rows of each table. `absence` says what was looked for and is not there.
pub(crate) fn audit(
    out: Out<'_>,
    audit: &Audit,
    top: usize,
    absence: &str,
    view: &View,
) -> io::Result<()> {
    writeln!(out, "### `cargo sharedtarget audit`")?;
    writeln!(out)?;
    if audit.folders.is_empty() {
        return writeln!(out, "Nothing to audit: {}.", markdown(absence));
    }
    writeln!(
        out,
        "{}: **{}** on disk, {} freeable ({}, {})",
        counted(audit.folders.len(), "target folder"),
        audit.total.on_disk,
        audit.total.freeable,
        entries(audit.total.entries),
        counted(units(audit), "unit"),
    )?;
    if audit.folders.len() > 1 {
        section(out, "", &folders_table(audit, top, view))?;
    }
    section(out, "", &shares_table(audit, top))?;
    let several = several(audit);
    let title = format!(
        "Variants: {} in more than one",
        counted(several.len(), "package")
    );
    section(out, &title, &variants_table(&several, top))?;
    section(out, "Unused", &unused_table(audit))?;
    findings(out, &audit.findings, top, view)?;
    let problems = audit.problems.iter();
    let problems = problems.map(|one| format!("{}: {}", view.paths.show(&one.path), one.message));
    for (at, problem) in problems.enumerate() {
        if at == 0 {
            writeln!(out)?;
        }
        writeln!(out, "- warning: {}", markdown(&problem))?;
    }
    Ok(())
}

/// Writes a table below its title, if it has rows.
fn section(out: Out<'_>, title: &str, table: &Table) -> io::Result<()> {
    if table.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    if !title.is_empty() {
        writeln!(out, "**{title}**")?;
        writeln!(out)?;
    }
    table.write_markdown(out)
}

fn findings(out: Out<'_>, findings: &[Finding], top: usize, view: &View) -> io::Result<()> {
    writeln!(out)?;
    if findings.is_empty() {
        return writeln!(out, "No suggestions.");
    }
    writeln!(out, "**Suggestions**")?;
    writeln!(out)?;
    for finding in findings.iter().take(top) {
        let place = place(finding, view).map(|place| format!(", in {place}"));
        let text = format!(
            "{}{}{}",
            saves(finding),
            finding.what,
            place.unwrap_or_default()
        );
        writeln!(out, "- {}", markdown(&text))?;
        // Code by its indent, which nothing in it ends.
        for (at, line) in finding.change.lines().enumerate() {
            if at == 0 {
                writeln!(out)?;
            }
            writeln!(out, "      {}", shown(line))?;
        }
    }
    Ok(())
}
