//! Finds out what warm workspaces have compiled alike.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::command::Ui;
use crate::model::Dirs;
use crate::model::RelinkFolder;
use crate::model::Survey;
use crate::plan::relink as decide;
use crate::progress::Progress;
use crate::report::Spinner;
use crate::survey::donors;
use crate::survey::donors::Trust;
use crate::survey::relink;

/// Decides for all folders that have units and that workspaces build into once everything is set up.
pub(super) fn all(survey: &Survey, dirs: &[Dirs], trust: &Trust, ui: &Ui) -> Vec<RelinkFolder> {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking at units");
    let mut folders: BTreeMap<&Path, Vec<PathBuf>> = BTreeMap::new();
    for (workspace, dirs) in survey.workspaces.iter().zip(dirs) {
        let folder = dirs.build_dir.as_path();
        if folders.contains_key(folder) || donors::rate(folder, None).units > 0 {
            folders
                .entry(folder)
                .or_default()
                .push(workspace.root.clone());
        }
    }
    let sharers: Vec<decide::Sharer> = folders
        .into_iter()
        .filter(|(folder, _)| trust.doubt(folder).is_none())
        .map(|(folder, users)| relink::sharer(donors::inventory(folder, &progress), users))
        .collect();
    let contents = relink::contents(&sharers, &progress);
    let mut relinks = decide::relink(&sharers, &contents);
    relinks.retain(|relink| !relink.units.is_empty());
    relinks
}
