//! `doctor`: what is wrong, and what mends it.

use std::path::Path;

use anyhow::Result;

use super::{Format, Ui, look};
use crate::exit::Exit;
use crate::model::Severity;
use crate::plan::doctor::checkup;
use crate::report::{self, json};
use crate::survey::{Request, doctor};

/// Says what is wrong with the setup under the roots. Changes nothing. `program` is where we are.
///
/// # Errors
///
/// A root cannot be read, or the answer cannot be written.
pub fn run(request: &Request, program: Option<&Path>, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let facts = doctor::facts(&survey, program);
    let checkup = checkup(&survey, facts, ui.view.now);
    let mut out = ui.answer();
    match ui.format {
        Format::Json => json::doctor(&mut out, &survey, &checkup)?,
        Format::Human => report::doctor(&mut out, &checkup, &ui.view)?,
    }
    let complains = checkup
        .ailments
        .iter()
        .any(|one| one.severity != Severity::Hint);
    Ok(match complains {
        true => Exit::Incomplete,
        false => Exit::Done,
    })
}
