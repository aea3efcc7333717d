//! Finds out what warm workspaces have compiled alike.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cargo::model::Dirs;
use crate::dedupe::model::RelinkFolder;
use crate::dedupe::{decide, inspect};
use crate::plan::conduct::Ui;
use crate::progress::Progress;
use crate::survey::model::Survey;
use crate::term::Spinner;
use crate::warm::inspect as donors;
use crate::warm::inspect::Trust;
use crate::warm::model::WarmFolder;
use crate::warm::moving::MoveFolder;

/// Decides for all folders that have units and that workspaces build into once everything is set up. Some are moved
/// before, and cold ones get links to files of others: such a file keeps its storage, though its folder gets another
/// one for it.
pub(crate) fn all(
    survey: &Survey,
    dirs: &[Dirs],
    moves: &[MoveFolder],
    warms: &[WarmFolder],
    trust: &Trust,
    ui: &Ui,
) -> Vec<RelinkFolder> {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking at units");
    let mut folders: BTreeMap<&Path, Vec<PathBuf>> = BTreeMap::new();
    for (workspace, dirs) in survey.workspaces.iter().zip(dirs) {
        let moved = moves.iter().find(|one| one.to == dirs.build_dir);
        let folder = moved.map_or(dirs.build_dir.as_path(), |one| &one.from);
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
        .map(|(folder, users)| inspect::sharer(donors::inventory(folder, &progress), users, survey))
        .collect();
    let mut contents = inspect::contents(&sharers, &progress);
    for file in warms.iter().flat_map(WarmFolder::linked) {
        if let Some(content) = contents.get_mut(&file.identity) {
            content.shared = true;
        }
    }
    let mut relinks = decide::relink(&sharers, &contents);
    for relink in &mut relinks {
        relink.follow(moves);
    }
    relinks.retain(|relink| !relink.units.is_empty());
    // Units that are compiled again at the new place were left out.
    decide::count(&mut relinks);
    relinks
}
