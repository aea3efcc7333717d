//! How `warm` was asked to do it.

use std::path::PathBuf;

use crate::plan::conduct::Ui;
use crate::survey::Request;
use crate::warm::choose_donor::EngineOptions;
use crate::warm::inspect::Trust;

/// How `warm` was asked to do it.
#[derive(Clone, Debug, Default)]
pub(crate) struct WarmOptions {
    /// The donor: a target folder, or a workspace.
    pub(crate) from: Option<PathBuf>,
    /// Take what the `Cargo.lock` does not name as well.
    pub(crate) all_units: bool,
    /// Wait for a build that holds the donor.
    pub(crate) wait: bool,
    /// Take nothing but third-party crates.
    pub(crate) no_local: bool,
}

impl WarmOptions {
    pub(crate) fn how<'a>(
        &self,
        request: &'a Request,
        trust: &'a Trust,
        ui: &'a Ui,
    ) -> EngineOptions<'a> {
        EngineOptions {
            around: &request.environment,
            all_units: self.all_units,
            wait: self.wait,
            local: !self.no_local,
            programs: true,
            now: ui.view.now,
            dry_run: ui.dry_run,
            unsettled: false,
            trust,
            tell: Some(ui),
        }
    }
}
