//! Finds out which warm workspaces of a family can share what they have compiled alike.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::Ui;
use crate::model::{Dirs, Inventory, RelinkFolder, Survey};
use crate::plan::relink as decide;
use crate::progress::Progress;
use crate::report::Spinner;
use crate::survey::donors;

/// Decides for every family in which several workspaces have units.
pub(super) fn all(survey: &Survey, dirs: &[Dirs], ui: &Ui) -> Vec<RelinkFolder> {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("comparing what was compiled");
    let mut families: BTreeMap<(&Path, &Path), Vec<(&Path, &Path)>> = BTreeMap::new();
    for (workspace, dirs) in survey.workspaces.iter().zip(dirs) {
        let Some(place) = &workspace.place else {
            continue;
        };
        let family = families
            .entry((&place.common_dir, &place.path))
            .or_default();
        let folder = dirs.build_dir.as_path();
        if family.iter().all(|(_, known)| *known != folder) && donors::rate(folder, None).units > 0
        {
            family.push((&workspace.root, folder));
        }
    }
    let mut relinks = Vec::new();
    for family in families.into_values().filter(|family| family.len() > 1) {
        // The older copy is the one that stays.
        let mut inventories: Vec<(&Path, Inventory)> = family
            .into_iter()
            .map(|(workspace, folder)| (workspace, donors::inventory(folder, &progress)))
            .collect();
        inventories.sort_by_key(|(_, inventory)| age(inventory));
        let Some(((_, donor), others)) = inventories.split_first() else {
            continue;
        };
        for (workspace, folder) in others {
            let pairs = decide::pairs(donor, folder);
            let same = donors::same(pairs, &donor.folder, &folder.folder);
            let relink = decide::relink(donor, folder, same, workspace.to_path_buf());
            if !relink.units.is_empty() {
                relinks.push(relink);
            }
        }
    }
    relinks
}

/// When the third-party units were made, by the one in the middle.
fn age(inventory: &Inventory) -> Option<Timestamp> {
    let units = inventory.units.iter();
    let mut times: Vec<Timestamp> = units
        .filter(|unit| unit.source.is_third_party())
        .filter_map(|unit| unit.newest)
        .collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}
