//! `list`: what there is.

use anyhow::Result;

use crate::command::Format;
use crate::command::Ui;
use crate::command::look;
use crate::exit::Exit;
use crate::plan;
use crate::report;
use crate::report::json;
use crate::survey::Request;

/// Lists target folders with their sizes and states. Changes nothing.
///
/// # Errors
///
/// A root cannot be read, or the answer cannot be written.
pub fn run(request: &Request, ui: &Ui) -> Result<Exit> {
    let mut survey = look(request, ui)?;
    let listing = plan::listing(&mut survey);
    let mut out = ui.answer();
    match ui.format {
        Format::Json => json::list(&mut out, &survey, &listing)?,
        Format::Human => report::list(&mut out, &survey, &listing, request.sizes, &ui.view)?,
    }
    Ok(Exit::Done)
}
