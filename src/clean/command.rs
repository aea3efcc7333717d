//! `clean`: delete whole target folders.

use anyhow::Result;

use crate::clean::decide::CleanOptions;
use crate::plan::conduct::{Ui, conduct, look};
use crate::survey::Request;
use crate::term::exit::Exit;

/// Deletes the target folders that the rules cover.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub(crate) fn run(request: &Request, options: &CleanOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let plan = crate::clean::decide::clean(&survey, options, ui.view.now);
    conduct("clean", &survey, &plan, request, ui)
}
