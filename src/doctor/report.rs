//! What is wrong, for people.

use std::io;

use crate::doctor::model::{DiagnosisKind, DoctorReport, Severity};
use crate::target::layout::DiskLayout;
use crate::term::table::{Align, Table};
use crate::term::view::{
    ERROR, GOOD, HEADING, Out, Style, View, WARNING, counted, wrapped, wrapped_after,
};
use crate::text::shown;

/// So many paths are named of each thing that is wrong.
const NAMED: usize = 5;

/// Writes what was found.
pub(crate) fn doctor(out: Out<'_>, checkup: &DoctorReport, view: &View) -> io::Result<()> {
    facts(out, checkup, view)?;
    ailments(out, checkup, view)
}

/// Writes what the machine says.
fn facts(out: Out<'_>, checkup: &DoctorReport, view: &View) -> io::Result<()> {
    let facts = &checkup.facts;
    for tool in &facts.tools {
        let name = tool.version.as_deref().unwrap_or(&tool.name);
        writeln!(out, "{}", shown(name))?;
    }
    for wrapper in &facts.wrappers {
        let by = match (&wrapper.variable, &wrapper.config) {
            (Some(variable), _) => format!("by {variable}"),
            (None, Some(config)) => format!("by {}", view.paths.show(config)),
            (None, None) => String::new(),
        };
        let name = shown(wrapper.version.as_deref().unwrap_or(&wrapper.program));
        writeln!(out, "{name} in place of the compiler, {by}")?;
    }
    if let Some(place) = &facts.place {
        let clones = match place.clones {
            Some(true) => ", with clones of files",
            Some(false) => ", without clones of files",
            None => "",
        };
        writeln!(
            out,
            "{} of {} free at {}{clones}",
            place.available,
            place.total,
            view.paths.show(&place.path),
        )?;
    }
    let mut table = Table::new(&[
        ("TOOLCHAIN", Align::Left),
        ("CARGO", Align::Left),
        ("RUSTC", Align::Left),
        ("LAYOUT", Align::Left),
    ]);
    for toolchain in &facts.toolchains {
        let number = |version: &Option<String>| {
            let version = version.as_deref().and_then(|text| text.split(' ').nth(1));
            version.unwrap_or("-").to_owned()
        };
        let layout = match toolchain.layout {
            Some(DiskLayout::Classic) => "classic",
            Some(DiskLayout::New) => "new",
            None => "-",
        };
        table.row(vec![
            toolchain.name.as_deref().unwrap_or("(here)").to_owned(),
            number(&toolchain.cargo),
            number(&toolchain.rustc),
            layout.into(),
        ]);
    }
    writeln!(out)?;
    table.write(out, view.width)?;
    writeln!(out)
}

/// Writes what is wrong.
pub(crate) fn ailments(out: Out<'_>, checkup: &DoctorReport, view: &View) -> io::Result<()> {
    for ailment in &checkup.ailments {
        let (word, style): (&str, Style) = match ailment.severity {
            Severity::Danger => ("danger", ERROR),
            Severity::Broken => ("broken", WARNING),
            Severity::Waste => ("waste", HEADING),
            Severity::Hint => ("hint", HEADING),
        };
        write!(out, "{style}{word}{style:#}: ")?;
        wrapped_after(out, word.len() + 2, &shown(&ailment.what), "  ", view.width)?;
        wrapped(out, &shown(&ailment.why), "  ", view.width)?;
        let most = if view.verbose {
            ailment.paths.len()
        } else {
            NAMED
        };
        if ailment.paths.len() > 1 {
            for path in ailment.paths.iter().take(most) {
                writeln!(out, "    {}", view.paths.show(path))?;
            }
            if ailment.paths.len() > most {
                writeln!(
                    out,
                    "    and {} more (--verbose shows them)",
                    ailment.paths.len() - most
                )?;
            }
        }
        write!(out, "  {HEADING}mend{HEADING:#}: ")?;
        let mend = shown(&ailment.mend);
        // A command is to be copied as it is.
        let is_command = ["cargo ", "git "].iter().any(|name| mend.starts_with(name));
        let width = view.width.filter(|_| !is_command);
        wrapped_after(out, "  mend: ".len(), &mend, "  ", width)?;
        if ailment.kind == DiagnosisKind::Unreachable && !checkup.to_write.is_empty() {
            let folders: Vec<String> = checkup
                .to_write
                .iter()
                .map(|folder| format!("\"{}\"", shown(&folder.to_string_lossy())))
                .collect();
            writeln!(
                out,
                "  or add this to the folders that the sandbox lets it write:"
            )?;
            writeln!(out, "    {}", folders.join(", "))?;
        }
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
        0 if checkup.problems.is_empty() => writeln!(out, "{GOOD}nothing is wrong{GOOD:#}"),
        0 => writeln!(out, "nothing else is wrong"),
        many => {
            let fixable = checkup.ailments.iter().filter(|one| one.fix.is_some());
            let fixable = match fixable.count() {
                0 => String::new(),
                some => format!(", {some} of which `cargo sharedtarget doctor --fix` mends"),
            };
            writeln!(out, "{} found{fixable}", counted(many, "ailment"))
        }
    }
}
