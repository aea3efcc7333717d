//! Chooses units for all workspaces that have nothing yet in the folder that they will build into.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cargo::model::Dirs;
use crate::plan::conduct::Ui;
use crate::progress::Progress;
use crate::survey::Environment;
use crate::survey::model::Survey;
use crate::term::Spinner;
use crate::warm::choose_donor::{Destination, EngineOptions, one};
use crate::warm::decide::{self as decide, Candidate, DestinationUnits, Gives, Relation};
use crate::warm::donor::Donor;
use crate::warm::inspect;
use crate::warm::inspect::{Compared, Trust};
use crate::warm::model::WarmFolder;
use crate::warm::moving::MoveFolder;

/// How many donors a family has at most, besides each one's own earlier folder.
const DONORS: usize = 4;

/// How many donors that have equally much are compared by the age of their units.
const COMPARED: usize = 8;

/// The donors of a family that were looked at.
#[derive(Default)]
struct Known {
    donors: BTreeMap<PathBuf, Donor>,
    /// By a donor and another one before it.
    compared: BTreeMap<(PathBuf, PathBuf), Compared>,
}

/// Decides for every workspace that is cold, and whose folder is not moved to it.
///
/// The workspaces of a family get the same donors in the same order, so that they share one storage; what these
/// lack and their own earlier folder has, they get from there.
pub(crate) fn all(
    survey: &Survey,
    dirs: &[Dirs],
    moves: &[MoveFolder],
    around: &Environment,
    local: bool,
    trust: &Trust,
    ui: &Ui,
) -> Vec<WarmFolder> {
    let how = EngineOptions {
        around,
        all_units: false,
        wait: false,
        local,
        // Programs are not shared without being asked for, because each needs a space of its own.
        programs: false,
        now: ui.view.now,
        dry_run: ui.dry_run,
        unsettled: false,
        trust,
        tell: None,
    };
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking for units to share");
    let all: Vec<Destination<'_>> = survey
        .workspaces
        .iter()
        .zip(dirs)
        .map(|(workspace, dirs)| Destination {
            workspace,
            into: &dirs.build_dir,
        })
        .collect();
    let mut users: HashMap<&Path, usize> = HashMap::new();
    for one in &all {
        *users.entry(one.into).or_default() += 1;
    }
    let moved: HashSet<&Path> = moves.iter().map(|one| one.to.as_path()).collect();
    let mut families: BTreeMap<(&Path, &Path), Vec<Destination<'_>>> = BTreeMap::new();
    let shared_root = &survey.shared_root.path;
    // Nothing is written into folders of other package managers.
    let is_ours =
        |cold: &&Destination<'_>| !cold.workspace.ignored || cold.into.starts_with(shared_root);
    // A fixture that no worktree builds has no donor. A repository may have hundreds.
    let may_have_donor = |cold: &&Destination<'_>| {
        let workspace = cold.workspace;
        workspace.nested_in.is_none() || workspace.used
    };
    for cold in all.iter().filter(is_ours).filter(may_have_donor) {
        let comes = moved.contains(cold.into);
        // A folder that several workspaces build into belongs to none of them.
        let is_cold =
            users.get(cold.into) == Some(&1) && !comes && inspect::rate(cold.into, None).units == 0;
        if is_cold && trust.tracked(cold.into).is_none() {
            let family = match &cold.workspace.place {
                Some(place) => (place.common_dir.as_path(), place.path.as_path()),
                None => (Path::new(""), cold.workspace.root.as_path()),
            };
            families.entry(family).or_default().push(*cold);
        }
    }
    let mut warms = Vec::new();
    for colds in families.into_values() {
        let common = common_donors(survey, &colds, how, &progress);
        let mut known = Known::default();
        for cold in colds {
            warms.extend(from_several(
                cold, &common, survey, how, &mut known, &progress,
            ));
        }
    }
    warms
}

/// The donors that have most for all of a family together. Names do not tell whether `warm` takes a unit, so that of
/// several with most the newest is one, and so are those whose units are the oldest.
fn common_donors(
    survey: &Survey,
    colds: &[Destination<'_>],
    how: EngineOptions<'_>,
    progress: &Progress,
) -> Vec<Candidate> {
    let mut offers: BTreeMap<PathBuf, (Candidate, Gives)> = BTreeMap::new();
    for cold in colds {
        let Ok(wants) = cold.wants(survey, how) else {
            continue;
        };
        for candidate in cold.candidates(survey) {
            if candidate.relation == Relation::Stranger {
                continue;
            }
            let gives = inspect::gives(&candidate.folder, wants.named());
            let folder = candidate.folder.clone();
            let (_, known) = offers
                .entry(folder)
                .or_insert_with(|| (candidate, Gives::default()));
            known.units.extend(gives.units);
            (known.newest, known.busy) = (gives.newest, gives.busy);
        }
    }
    let mut offers: Vec<_> = offers
        .into_values()
        .filter(|(_, gives)| !gives.busy)
        .collect();
    loop {
        let chosen = decide::cover(offers.clone(), DONORS);
        // Only of those that would be used git is asked.
        let refused = |folder: &Path| how.trust.doubt(folder).is_some();
        let refused: Vec<&PathBuf> = chosen
            .iter()
            .map(|candidate| &candidate.folder)
            .filter(|folder| refused(folder))
            .collect();
        if refused.is_empty() {
            let mut chosen = chosen;
            for one in oldest_with_most(&offers, how.trust, progress) {
                if chosen.iter().all(|other| other.folder != one.folder) {
                    chosen.push(one);
                }
            }
            return chosen;
        }
        offers.retain(|(candidate, _)| !refused.contains(&&candidate.folder));
    }
}

/// Of several donors that have most, those whose units are the oldest: if folders come to share storage, the files of the
/// oldest are kept. More than one, since `warm` may take nothing from it.
fn oldest_with_most(
    offers: &[(Candidate, Gives)],
    trust: &Trust,
    progress: &Progress,
) -> Vec<Candidate> {
    let most = offers.iter().map(|(_, gives)| gives.units.len()).max();
    let best = offers
        .iter()
        .filter(|(_, gives)| Some(gives.units.len()) == most);
    let mut best: Vec<&(Candidate, Gives)> = best.collect();
    if best.len() < 2 {
        return Vec::new();
    }
    best.sort_by_key(|(_, gives)| gives.newest);
    let best = best.into_iter().take(COMPARED).map(|(one, _)| one);
    let best = best.filter(|one| trust.doubt(&one.folder).is_none());
    let mut best: Vec<&Candidate> = best.collect();
    best.sort_by_cached_key(|one| inspect::inventory(&one.folder, progress).age());
    best.into_iter().take(DONORS).cloned().collect()
}

/// Takes from one donor after the other, the oldest first, what the ones before did not have.
fn from_several(
    cold: Destination<'_>,
    common: &[Candidate],
    survey: &Survey,
    how: EngineOptions<'_>,
    known: &mut Known,
    progress: &Progress,
) -> Vec<WarmFolder> {
    let Ok(wants) = cold.wants(survey, how) else {
        return Vec::new();
    };
    let candidates = cold.candidates(survey);
    let own = candidates.iter().filter(|candidate| {
        let new = common.iter().all(|other| other.folder != candidate.folder);
        candidate.relation == Relation::Own && new
    });
    let gives = |candidate: &&Candidate| {
        let gives = inspect::gives(&candidate.folder, wants.named());
        !gives.units.is_empty() && !gives.busy && how.trust.doubt(&candidate.folder).is_none()
    };
    let queue: Vec<&Candidate> = common.iter().chain(own).filter(gives).collect();
    if queue.is_empty() {
        return one(cold, candidates, survey, how, progress)
            .into_iter()
            .map(|(warm, _)| warm)
            .collect();
    }
    let there = inspect::inventory(cold.into, progress);
    let mut here = DestinationUnits::of(&there);
    let mut warms: Vec<WarmFolder> = Vec::new();
    let mut donors: Vec<(&PathBuf, Donor)> = queue
        .into_iter()
        .map(|candidate| {
            let donor = known
                .donors
                .remove(&candidate.folder)
                .unwrap_or_else(|| Donor::of(candidate.clone(), &wants, progress));
            (&candidate.folder, donor)
        })
        .collect();
    // A later donor may have been compiled with what an earlier one gives, so that its units must not be older. And
    // where folders come to share storage, that of the oldest is kept.
    donors.sort_by_key(|(_, donor)| donor.inventory().age());
    for (folder, mut donor) in donors {
        here.different = inspect::different(donor.inventory(), &there, &here);
        for before in &warms {
            let pair = (folder.clone(), before.from.clone());
            let Some(before) = known.donors.get(&before.from) else {
                continue;
            };
            let compared = known.compared.entry(pair).or_default();
            let different = compared.different(donor.inventory(), before.inventory(), &here);
            here.different.extend(different);
        }
        let warm = donor.choose(cold, &wants, &here, survey);
        here.add(donor.inventory(), &warm);
        known.donors.insert(folder.clone(), donor);
        if !warm.units.is_empty() {
            warms.push(warm);
        }
    }
    // Others do not ask for what only this one has.
    known
        .donors
        .retain(|folder, _| common.iter().any(|candidate| candidate.folder == *folder));
    warms
}
