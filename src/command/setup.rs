//! `setup`: configure, share, reclaim.

use anyhow::Result;

use super::{Ui, conduct, look, relinking, warming};
use crate::exit::Exit;
use crate::fs;
use crate::model::Survey;
use crate::plan::{self, SetupOptions};
use crate::survey::Request;

/// Sets every workspace up.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub fn run(request: &Request, mut options: SetupOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    note_devices(&survey, &mut options);
    let setup = plan::setup(&survey, &options);
    let warms = warming::all(
        &survey,
        &setup.dirs,
        &request.environment,
        !options.no_local,
        ui,
    );
    let relinks = match options.relink {
        true => relinking::all(&survey, &setup.dirs, ui),
        false => Vec::new(),
    };
    let plan = setup.with(&survey, warms, relinks);
    conduct("setup", &survey, &plan, request, ui)
}

/// Notes the filesystem of each workspace.
pub(super) fn note_devices(survey: &Survey, options: &mut SetupOptions) {
    for workspace in &survey.workspaces {
        if let Ok(Some(info)) = fs::info(&workspace.root) {
            let device = info.identity.device;
            options.devices.insert(workspace.root.clone(), device);
        }
    }
}
