//! `list`: what there is.

use anyhow::Result;

use crate::audit::{list_json, list_report};
use crate::plan::conduct::{Format, Ui, look};
use crate::survey::Request;
use crate::term::exit::Exit;

/// Lists target folders with their sizes and states. Changes nothing.
///
/// # Errors
///
/// A root cannot be read, or the answer cannot be written.
pub(crate) fn run(request: &Request, ui: &Ui) -> Result<Exit> {
    let mut survey = look(request, ui)?;
    let listing = crate::audit::list_decide::listing(&mut survey);
    let mut out = ui.answer();
    match ui.format {
        Format::Json => list_json::list(&mut out, &survey, &listing)?,
        Format::Human if ui.markdown => {
            list_report::markdown(&mut out, &survey, &listing, request.sizes, &ui.view)?;
        }
        Format::Human => {
            list_report::list(&mut out, &survey, &listing, request.sizes, &ui.view)?;
        }
    }
    Ok(Exit::Done)
}
