//! `setup`: configure, share, reclaim.

use anyhow::Result;

use super::{Ui, conduct, look};
use crate::exit::Exit;
use crate::fs;
use crate::plan::{self, SetupOptions};
use crate::survey::Request;

/// Sets every workspace up.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub fn run(request: &Request, mut options: SetupOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    for workspace in &survey.workspaces {
        if let Ok(Some(info)) = fs::info(&workspace.root) {
            options
                .devices
                .insert(workspace.root.clone(), info.identity.device);
        }
    }
    let plan = plan::setup(&survey, &options);
    conduct("setup", &survey, &plan, request, ui)
}
