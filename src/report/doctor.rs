//! What is wrong, for people.

use std::io;

use anstyle::Style;

use super::view::{ERROR, GOOD, HEADING, Out, View, WARNING, counted, wrapped};
use crate::model::{Checkup, Severity};

/// So many paths are named of each thing that is wrong.
const NAMED: usize = 5;

/// Writes what was found.
///
/// # Errors
///
/// The writer fails.
pub fn doctor(out: Out<'_>, checkup: &Checkup, view: &View) -> io::Result<()> {
    if view.verbose {
        for tool in &checkup.facts.tools {
            let version = tool.version.as_deref().unwrap_or("cannot be run");
            writeln!(out, "{}: {version}", tool.name)?;
        }
        if let Some(place) = &checkup.facts.place {
            let clones = match place.clones {
                Some(true) => ", with clones of files",
                Some(false) => ", without clones of files",
                None => "",
            };
            writeln!(
                out,
                "{}: {} of {} free{clones}",
                view.paths.show(&place.path),
                place.available,
                place.total
            )?;
        }
        writeln!(out)?;
    }
    for ailment in &checkup.ailments {
        let (word, style): (&str, Style) = match ailment.severity {
            Severity::Danger => ("danger", ERROR),
            Severity::Broken => ("broken", WARNING),
            Severity::Waste => ("waste", HEADING),
            Severity::Hint => ("hint", HEADING),
        };
        write!(out, "{style}{word}{style:#}: ")?;
        wrapped(out, &ailment.what, "", view.width)?;
        wrapped(out, &ailment.why, "  ", view.width)?;
        let shown = if view.verbose {
            ailment.paths.len()
        } else {
            NAMED
        };
        if ailment.paths.len() > 1 {
            for path in ailment.paths.iter().take(shown) {
                writeln!(out, "    {}", view.paths.show(path))?;
            }
            if ailment.paths.len() > shown {
                writeln!(
                    out,
                    "    and {} more (--verbose shows them)",
                    ailment.paths.len() - shown
                )?;
            }
        }
        writeln!(out, "  {HEADING}mend{HEADING:#}: {}", ailment.mend)?;
        writeln!(out)?;
    }
    for problem in &checkup.problems {
        writeln!(
            out,
            "{WARNING}warning{WARNING:#}: {}: {}",
            view.paths.show(&problem.path),
            problem.message
        )?;
    }
    match checkup.ailments.len() {
        0 => writeln!(out, "{GOOD}nothing is wrong{GOOD:#}"),
        many => writeln!(out, "{} found", counted(many, "ailment")),
    }
}
