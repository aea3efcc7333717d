//! The answer of `run --build-only` for many scripts.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use crate::plan::conduct::{Format, Ui};
use crate::script::crowd::Ended;
use crate::term::json::{VERSION, document};
use crate::term::view::{HEADING, counted};

/// The results of many scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crowd {
    pub(crate) scripts: Vec<One>,
    /// Files that are no scripts.
    pub(crate) others: usize,
}

/// The end of one script's build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct One {
    /// Path of the script, without links.
    pub(crate) script: PathBuf,
    /// How its build ended.
    pub(crate) ended: Ended,
    /// Path of its program; `null` if it failed.
    pub(crate) program: Option<PathBuf>,
    /// Output of Cargo and the compiler.
    pub(crate) said: String,
}

impl One {
    /// One whose program is there.
    pub(crate) fn there(script: &Path, ended: Ended, program: PathBuf) -> Self {
        Self {
            script: script.to_owned(),
            ended,
            program: Some(program),
            said: String::new(),
        }
    }

    /// One that has none.
    pub(crate) fn failed(script: &Path, said: String) -> Self {
        Self {
            script: script.to_owned(),
            ended: Ended::Failed,
            program: None,
            said,
        }
    }
}

/// The answer of `run --build-only --format json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Answer<'a> {
    /// Version of the document: 1.
    version: u32,
    /// The command.
    command: &'a str,
    /// The scripts, in the order in which they were named or found.
    scripts: &'a [One],
    /// Number of scripts that were built.
    built: usize,
    /// Number of scripts whose program was there.
    kept: usize,
    /// Number of scripts that have no program.
    failed: usize,
    /// Number of files `*.rs` and `*.ers` in the folders that are no scripts.
    no_scripts: usize,
}

/// Writes what became of them: errors by script beside the answer, and at the end how many there were.
pub(crate) fn write(crowd: &Crowd, ui: &Ui) -> Result<()> {
    let many = |ended: Ended| {
        let scripts = crowd.scripts.iter();
        scripts.filter(|one| one.ended == ended).count()
    };
    let (built, kept, failed) = (many(Ended::Built), many(Ended::Kept), many(Ended::Failed));
    let mut out = ui.answer();
    if ui.format == Format::Json {
        let answer = Answer {
            version: VERSION,
            command: "run",
            scripts: &crowd.scripts,
            built,
            kept,
            failed,
            no_scripts: crowd.others,
        };
        document(&mut out, &answer)?;
        return Ok(());
    }
    for one in &crowd.scripts {
        let is_told = one.ended == Ended::Failed || (ui.view.verbose && !one.said.is_empty());
        if is_told {
            let script = ui.view.paths.show(&one.script);
            ui.warn(|out| {
                writeln!(out, "{HEADING}{script}{HEADING:#}")?;
                // Each line by itself, so that none passes for one of ours.
                one.said
                    .lines()
                    .try_for_each(|line| writeln!(out, "  {line}"))?;
                writeln!(out)
            })?;
        }
    }
    if ui.view.verbose {
        for one in &crowd.scripts {
            if let Some(program) = &one.program {
                let script = ui.view.paths.show(&one.script);
                writeln!(out, "{script}: {}", program.display())?;
            }
        }
    }
    if ui.quiet {
        return Ok(());
    }
    let all = counted(crowd.scripts.len(), "script");
    writeln!(
        out,
        "{all}: {built} built, {kept} as before, {failed} failed"
    )?;
    if crowd.others > 0 {
        let files = counted(crowd.others, "file");
        writeln!(
            out,
            "left aside: {files} with neither a `main` nor statements, as modules are"
        )?;
    }
    Ok(())
}
