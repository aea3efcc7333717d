//! Collects units of folders that `setup` moves: those that no build will miss, as by `gc` without rules.

use std::path::Path;
use std::sync::Arc;

use crate::clean::gc::{GcOptions, gc};
use crate::clean::model::CollectFolder;
use crate::clean::{compilers, look};
use crate::dedupe::model::RelinkFolder;
use crate::plan::conduct::Ui;
use crate::progress::Progress;
use crate::size::Bytes;
use crate::survey::Request;
use crate::survey::folder::TargetFolder;
use crate::survey::model::Survey;
use crate::target::unit::UnitId;
use crate::term::Spinner;
use crate::warm::moving::{MoveFolder, Programs, place_after};

/// Decides what goes of the folders that are moved, once they are, and how much comes free by that.
pub(crate) fn moved(
    survey: &Survey,
    moves: &[MoveFolder],
    request: &Request,
    ui: &Ui,
) -> (Vec<CollectFolder>, Bytes) {
    if moves.is_empty() {
        return Default::default();
    }
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    // One that is parted is another folder afterwards than the one that was looked at.
    let whole = |one: &&MoveFolder| one.programs == Programs::Along;
    let of = |path: &Path| moves.iter().filter(whole).find(|one| one.from == *path);
    let folders: Vec<&TargetFolder> = survey
        .folders
        .iter()
        .filter(|folder| of(&folder.path).is_some())
        .collect();
    let (folder_uses, _) = look::take(survey, &folders, request, &progress);
    let compilers = compilers::compilers(&folder_uses, &request.environment.cargo);
    let options = GcOptions {
        keep_programs: survey.settings.keep_programs == Some(true),
        ..GcOptions::sure()
    };
    let plan = gc(folder_uses, &compilers, &options, ui.view.now, Vec::new());
    let collects = plan.all::<CollectFolder>().map(|collect| {
        let mut collect = collect.clone();
        if let Some(one) = of(&collect.path) {
            // They have changed by then; Cargo makes them anew in their place.
            let left = |id: &UnitId| one.left.iter().any(|unit| unit.id == *id);
            collect.units.retain(|unit| !left(&unit.id));
        }
        collect.path = place_after(&collect.path, moves).to_owned();
        collect
    });
    let collects = collects.filter(|one| !(one.units.is_empty() && one.others.is_empty()));
    (collects.collect(), plan.freeable)
}

/// Leaves out of what is shared the units that go.
pub(crate) fn without_collected(
    mut relinks: Vec<RelinkFolder>,
    collects: &[CollectFolder],
) -> Vec<RelinkFolder> {
    for relink in &mut relinks {
        let of = collects.iter().filter(|one| one.path == relink.into);
        let gone: Vec<_> = of.flat_map(|one| &one.units).collect();
        relink
            .units
            .retain(|unit| !gone.iter().any(|gone| gone.id == unit.id));
    }
    relinks.retain(|relink| !relink.units.is_empty());
    crate::dedupe::decide::count(&mut relinks);
    relinks
}
