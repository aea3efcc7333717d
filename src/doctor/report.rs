//! Shows the problems of a setup to people.

use std::io;

use crate::doctor::model::{Diagnosis, DiagnosisKind, DoctorReport, Severity};
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
    if view.verbose {
        facts(out, checkup, view)?;
    }
    diagnoses(out, checkup, view)
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
pub(crate) fn diagnoses(out: Out<'_>, checkup: &DoctorReport, view: &View) -> io::Result<()> {
    // Hard links serve as well, and on most disks nothing can be done.
    let is_shown = |kind| view.verbose || kind != DiagnosisKind::NoClones;
    let all = checkup.diagnoses.iter();
    let all: Vec<&Diagnosis> = all.filter(|one| is_shown(one.kind)).collect();
    for diagnosis in &all {
        let (word, style): (&str, Style) = match diagnosis.severity {
            Severity::Danger => ("danger", ERROR),
            Severity::Broken => ("broken", WARNING),
            Severity::Waste => ("waste", HEADING),
            Severity::Hint => ("hint", HEADING),
        };
        write!(out, "{style}{word}{style:#}: ")?;
        wrapped_after(
            out,
            word.len() + 2,
            &shown(&diagnosis.what),
            "  ",
            view.width,
        )?;
        wrapped(out, &shown(&diagnosis.why), "  ", view.width)?;
        let most = if view.verbose {
            diagnosis.paths.len()
        } else {
            NAMED
        };
        if diagnosis.paths.len() > 1 {
            for path in diagnosis.paths.iter().take(most) {
                writeln!(out, "    {}", view.paths.show(path))?;
            }
            if diagnosis.paths.len() > most {
                writeln!(
                    out,
                    "    and {} more (--verbose shows them)",
                    diagnosis.paths.len() - most
                )?;
            }
        }
        write!(out, "  {HEADING}fix{HEADING:#}: ")?;
        let fix = shown(&diagnosis.fix);
        // A command is to be copied as it is.
        let is_command = ["cargo ", "git "].iter().any(|name| fix.starts_with(name));
        let width = view.width.filter(|_| !is_command);
        wrapped_after(out, "  fix: ".len(), &fix, "  ", width)?;
        if diagnosis.kind == DiagnosisKind::Unreachable && !checkup.to_write.is_empty() {
            let folders: Vec<String> = checkup
                .to_write
                .iter()
                .map(|folder| format!("\"{}\"", shown(&folder.to_string_lossy())))
                .collect();
            writeln!(
                out,
                "  or add these to the writable folders of the sandbox:"
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
    let hints = all.iter().filter(|one| one.severity == Severity::Hint);
    let hints = hints.count();
    let counts = [(all.len() - hints, "problem"), (hints, "hint")];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| counted(count, name))
        .collect();
    if counts.is_empty() {
        return match checkup.problems.is_empty() {
            true => writeln!(out, "{GOOD}no problem found{GOOD:#}"),
            false => writeln!(out, "no other problem found"),
        };
    }
    let fixes = all.iter().filter(|one| one.automatic.is_some()).count();
    let fixes = match fixes {
        0 => String::new(),
        1 if all.len() == 1 => "; `cargo sharedtarget doctor --fix` fixes it".to_owned(),
        _ if fixes == all.len() => "; `cargo sharedtarget doctor --fix` fixes all".to_owned(),
        some => format!("; `cargo sharedtarget doctor --fix` fixes {some} of them"),
    };
    writeln!(out, "{} found{fixes}", counts.join(" and "))
}
