//! `audit`: why target folders are as large as they are.

use std::sync::Arc;

use anyhow::Result;

use crate::audit::model::{Audit, FindingKind};
use crate::audit::{decide, gather, html, json, markdown};
use crate::plan::conduct::{Ui, look};
use crate::plan::report::absence;
use crate::progress::Progress;
use crate::size::Bytes;
use crate::survey::Request;
use crate::survey::model::Survey;
use crate::term::Spinner;
use crate::term::exit::Exit;

/// How an audit is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum AuditFormat {
    /// Text for people
    Human,
    /// One JSON document
    Json,
    /// One page for a browser, which needs no network
    Html,
    /// Tables in Markdown, for the summary of a CI job
    Markdown,
}

/// The options of an audit.
#[derive(Clone, Debug)]
pub(crate) struct AuditOptions {
    pub(crate) format: AuditFormat,
    /// How many rows of each table.
    pub(crate) top: usize,
    pub(crate) check: bool,
    /// How much all folders may take together.
    pub(crate) max_size: Option<Bytes>,
}

/// Says why target folders are as large as they are. Changes nothing.
///
/// # Errors
///
/// A root cannot be read, or the answer cannot be written.
pub(crate) fn run(request: &Request, options: &AuditOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let audit = take(&survey, request, options, ui);
    write(&mut ui.answer(), &survey, &audit, options, ui)?;
    let over = audit
        .findings
        .iter()
        .any(|one| one.kind == FindingKind::OverBudget);
    let wrong = over || (options.check && !audit.findings.is_empty());
    Ok(if wrong { Exit::Incomplete } else { Exit::Done })
}

fn take(survey: &Survey, request: &Request, options: &AuditOptions, ui: &Ui) -> Audit {
    let folders = crate::clean::gc_command::all_folders(survey, request);
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    let now = ui.view.now;
    let (sums, mut facts) = gather::gather(survey, &folders, request, now, &progress);
    facts.budget = options.max_size;
    decide::audit(sums, &facts, now)
}

fn write(
    out: &mut dyn std::io::Write,
    survey: &Survey,
    audit: &Audit,
    options: &AuditOptions,
    ui: &Ui,
) -> Result<()> {
    match options.format {
        AuditFormat::Json => json::audit(out, survey, audit)?,
        AuditFormat::Html => html::audit(out, audit, &ui.view)?,
        AuditFormat::Markdown => {
            let absence = missing(survey, ui);
            markdown::audit(out, audit, options.top, &absence, &ui.view)?;
        }
        AuditFormat::Human if audit.folders.is_empty() => {
            writeln!(out, "nothing to audit: {}", missing(survey, ui))?;
        }
        AuditFormat::Human => crate::audit::report::audit(out, audit, options.top, &ui.view)?,
    }
    Ok(())
}

/// Why there is nothing to audit.
fn missing(survey: &Survey, ui: &Ui) -> String {
    match absence("audit", survey, &ui.view) {
        empty if empty.is_empty() => "no target folder has files that Cargo makes".into(),
        absence => absence,
    }
}
