//! Finds out what can be warmed and from where: the part of `warm`, `onboard` and `setup` that they have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, ensure};
use rayon::prelude::*;

use super::Ui;
use crate::lockfile::Lock;
use crate::marks;
use crate::model::{
    CargoAnswer, Dirs, Inventory, Kept, KeptReason, Other, Subject, Survey, UnitId, WarmFolder,
    Workspace,
};
use crate::plan::warm::{self as decide, Candidate, Here, Offer, Rating, Relation};
use crate::progress::Progress;
use crate::report::Spinner;
use crate::survey::donors;

/// How many of the likeliest donors are looked at closely.
const CLOSELY: usize = 3;

/// How to warm.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct How {
    /// Take what the `Cargo.lock` does not name as well.
    pub(super) all_units: bool,
    /// Wait for a build that holds the donor.
    pub(super) wait: bool,
}

/// A workspace, and the folder that it builds into.
#[derive(Clone, Copy)]
pub(super) struct Cold<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) into: &'a Path,
}

impl Cold<'_> {
    pub(super) fn kept(&self, reason: KeptReason) -> Box<Kept> {
        Box::new(Kept {
            subject: Subject::Folder,
            path: self.into.to_owned(),
            reason,
            on_disk: None,
            last_build: None,
        })
    }

    /// What it can use.
    fn lock(&self, how: How) -> Result<Option<Lock>, Box<Kept>> {
        let lock = donors::lock(&self.workspace.root).map_err(|problem| {
            self.kept(KeptReason::LockInvalid {
                file: self.workspace.root.join("Cargo.lock"),
                problem,
            })
        })?;
        Ok(lock.filter(|_| !how.all_units))
    }

    /// The donor that the user named, or those that there are.
    fn candidates_or(&self, named: Option<&Candidate>, survey: &Survey) -> Vec<Candidate> {
        let mut all = match named {
            // It may be a fixture that nobody ever builds: the donor is for what is around it.
            Some(_) if self.workspace.nested_in.is_some() => Vec::new(),
            Some(candidate) => vec![candidate.clone()],
            None => self.candidates(survey),
        };
        all.retain(|candidate| candidate.folder != self.into);
        all
    }

    /// The folders that it may be warmed from.
    fn candidates(&self, survey: &Survey) -> Vec<Candidate> {
        let mut all = decide::candidates(survey, self.workspace, self.into);
        if self.workspace.nested_in.is_some() {
            // It may be a fixture that nobody ever builds.
            all.retain(|candidate| candidate.relation != Relation::Stranger);
        }
        all
    }
}

/// Decides for each workspace of one worktree that is or may be built.
///
/// # Errors
///
/// There is none.
pub(super) fn each(
    survey: &Survey,
    dirs: &[Dirs],
    worktree: &Path,
    named: Option<&Candidate>,
    how: How,
) -> Result<Vec<Result<WarmFolder, Box<Kept>>>> {
    let progress = Progress::default();
    let (mut decided, mut any) = (Vec::new(), false);
    let all = survey.workspaces.iter().zip(dirs);
    for (workspace, dirs) in all.filter(|(workspace, _)| workspace.is_in(worktree)) {
        any = true;
        let nested = workspace.nested_in.is_some();
        let cold = Cold {
            workspace,
            into: &dirs.build_dir,
        };
        match &workspace.cargo {
            CargoAnswer::Said { .. } => {}
            CargoAnswer::Refused { message } if !nested => {
                let message = message.clone();
                decided.push(Err(cold.kept(KeptReason::CargoRefused { message })));
                continue;
            }
            _ => continue,
        }
        match one(cold, cold.candidates_or(named, survey), how, &progress) {
            // Of what is never built, nobody expects that it is warm.
            Err(kept) if nested && kept.reason == KeptReason::NoDonor => {}
            one => decided.push(one),
        }
    }
    ensure!(
        any,
        "expected a Cargo workspace in `{}`",
        worktree.display()
    );
    Ok(decided)
}

/// Decides what one workspace gets, from the best of these donors.
fn one(
    cold: Cold<'_>,
    candidates: Vec<Candidate>,
    how: How,
    progress: &Progress,
) -> Result<WarmFolder, Box<Kept>> {
    let lock = cold.lock(how)?;
    let lock = lock.as_ref();
    let rated = candidates.into_par_iter().map(|candidate| {
        let rating = donors::rate(&candidate.folder, lock);
        (candidate, rating)
    });
    let mut ordered = decide::order(rated.collect());
    if let Some((first, Rating { busy: true, .. })) = ordered.first() {
        let folder = first.folder.clone();
        if !how.wait || donors::wait(&folder).is_err() {
            return Err(cold.kept(KeptReason::DonorBusy { folder }));
        }
        ordered.truncate(1);
    } else {
        ordered.retain(|(_, rating)| !rating.busy);
    }
    let ordered: Vec<Candidate> = ordered
        .into_iter()
        .map(|(candidate, _)| candidate)
        .collect();
    let there = donors::inventory(cold.into, progress);
    let Some(donor) = closest(ordered, cold, lock, &there, progress) else {
        return Err(cold.kept(KeptReason::NoDonor));
    };
    let warm = donor.choose(cold, lock);
    let of_stage = |other: &Other| other.file.path.starts_with(marks::STAGE);
    let left_half_way = there.others.iter().any(of_stage);
    match (warm.units.len(), warm.present) {
        // Nothing is missing, and what a run that was killed has left goes.
        (0, 1..) if left_half_way => Ok(warm),
        (0, 0) => Err(cold.kept(KeptReason::NoDonor)),
        (0, units) => Err(cold.kept(KeptReason::Warm {
            from: warm.from,
            units,
            left: warm.left,
        })),
        _ => Ok(WarmFolder {
            wait: how.wait,
            ..warm
        }),
    }
}

/// Decides for every workspace that has nothing where it builds from now on.
///
/// The workspaces of a family get the same donor, so that they share one storage; what that one lacks and their own
/// earlier folder has, they get from there.
pub(super) fn all(survey: &Survey, dirs: &[Dirs], ui: &Ui) -> Vec<WarmFolder> {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking for what can be shared");
    let colds: Vec<Cold<'_>> = survey
        .workspaces
        .iter()
        .zip(dirs)
        .map(|(workspace, dirs)| Cold {
            workspace,
            into: &dirs.build_dir,
        })
        .collect();
    let of = |into: &Path| colds.iter().filter(|other| other.into == into).count();
    let mut families: BTreeMap<Option<(&Path, &Path)>, Vec<Cold<'_>>> = BTreeMap::new();
    for cold in &colds {
        // What several workspaces build into belongs to none of them.
        if of(cold.into) == 1 && donors::rate(cold.into, None).units == 0 {
            let place = cold.workspace.place.as_ref();
            let family = place.map(|place| (place.common_dir.as_path(), place.path.as_path()));
            families.entry(family).or_default().push(*cold);
        }
    }
    let mut warms = Vec::new();
    for (family, colds) in families {
        let first = family.and_then(|_| first_donor(survey, &colds));
        for cold in colds {
            warms.extend(from_several(cold, first.clone(), survey, &progress));
        }
    }
    warms
}

/// The donor that has most for all of a family together.
fn first_donor(survey: &Survey, colds: &[Cold<'_>]) -> Option<Candidate> {
    let mut sums: Vec<(Candidate, Rating)> = Vec::new();
    for cold in colds {
        let Ok(lock) = cold.lock(How::default()) else {
            continue;
        };
        for candidate in cold.candidates(survey) {
            let rating = donors::rate(&candidate.folder, lock.as_ref());
            match sums
                .iter_mut()
                .find(|(known, _)| known.folder == candidate.folder)
            {
                Some((_, sum)) => sum.units += rating.units,
                None => sums.push((candidate, rating)),
            }
        }
    }
    // The same folder is one's own and another one's family; strangers come last for all.
    for (candidate, _) in &mut sums {
        candidate.relation = candidate.relation.max(Relation::Family);
    }
    let best = decide::order(sums).into_iter().next();
    best.filter(|(_, rating)| !rating.busy)
        .map(|(candidate, _)| candidate)
}

/// Takes from the first donor, then from those of the workspace's own what is still missing.
fn from_several(
    cold: Cold<'_>,
    first: Option<Candidate>,
    survey: &Survey,
    progress: &Progress,
) -> Vec<WarmFolder> {
    let Ok(lock) = cold.lock(How::default()) else {
        return Vec::new();
    };
    let lock = lock.as_ref();
    let mut queue: Vec<Candidate> = first.into_iter().collect();
    let candidates = cold.candidates(survey);
    let own = candidates
        .iter()
        .filter(|candidate| candidate.relation == Relation::Own);
    queue.extend(own.cloned());
    let gives = |candidate: &Candidate| {
        let rating = donors::rate(&candidate.folder, lock);
        rating.units > 0 && !rating.busy
    };
    queue.retain(gives);
    if queue.is_empty() {
        return one(cold, candidates, How::default(), progress)
            .into_iter()
            .collect();
    }
    let mut warms: Vec<WarmFolder> = Vec::new();
    let mut sources = vec![donors::inventory(cold.into, progress)];
    let mut here = Here::of(&sources[0]);
    for candidate in queue {
        if warms.iter().any(|warm| warm.from == candidate.folder) {
            continue;
        }
        let inventory = donors::inventory(&candidate.folder, progress);
        for source in &sources {
            here.different.extend(donors::different(&inventory, source));
        }
        let donor = Donor {
            candidate,
            inventory,
            here,
        };
        let warm = donor.choose(cold, lock);
        here = donor.here;
        here.add(&donor.inventory, &warm.units);
        sources.push(donor.inventory);
        if !warm.units.is_empty() {
            warms.push(warm);
        }
    }
    warms
}

/// A donor, and what it meets.
struct Donor {
    candidate: Candidate,
    inventory: Inventory,
    here: Here,
}

impl Donor {
    fn meets(there: &Inventory, candidate: Candidate, progress: &Progress) -> Self {
        let inventory = donors::inventory(&candidate.folder, progress);
        let mut here = Here::of(there);
        here.different = donors::different(&inventory, there);
        Self {
            candidate,
            inventory,
            here,
        }
    }

    fn draft(&self, lock: Option<&Lock>) -> WarmFolder {
        let offer = Offer {
            donor: &self.inventory,
            lock,
            flaws: &BTreeMap::new(),
        };
        decide::choose(offer, &self.here)
    }

    /// Chooses, after a closer look at what might be taken.
    fn choose(&self, cold: Cold<'_>, lock: Option<&Lock>) -> WarmFolder {
        let draft = self.draft(lock);
        let wanted: BTreeSet<&UnitId> = draft.units.iter().map(|unit| &unit.id).collect();
        let worktree = self.candidate.worktree.as_deref();
        // The workspace's own sources do not go before it does.
        let place = cold.workspace.place.as_ref();
        let own = place.map_or(cold.workspace.root.as_path(), |place| &place.worktree);
        let other = worktree.filter(|worktree| *worktree != own);
        let flaws = donors::flaws(&self.inventory, &wanted, other);
        let offer = Offer {
            donor: &self.inventory,
            lock,
            flaws: &flaws,
        };
        WarmFolder {
            workspace: cold.workspace.root.clone(),
            into: cold.into.to_owned(),
            ..decide::choose(offer, &self.here)
        }
    }
}

/// The donor that has most to give. What is quickly rated is only likely to be right where the packages are not
/// those of the workspace, so a few are looked at closely then.
fn closest(
    ordered: Vec<Candidate>,
    cold: Cold<'_>,
    lock: Option<&Lock>,
    there: &Inventory,
    progress: &Progress,
) -> Option<Donor> {
    let alike = |candidate: &Candidate| {
        let other = candidate.workspace.as_deref();
        lock.is_none() || other.is_some_and(|other| donors::same_lock(other, &cold.workspace.root))
    };
    let many = if ordered.first().is_some_and(alike) {
        1
    } else {
        CLOSELY
    };
    let few: Vec<Candidate> = ordered.into_iter().take(many).collect();
    let looked_at: Vec<(usize, Donor)> = few
        .into_par_iter()
        .map(|candidate| {
            let donor = Donor::meets(there, candidate, progress);
            let draft = donor.draft(lock);
            (draft.units.len() + draft.present, donor)
        })
        .collect();
    // Of equal ones the first, which is the newest.
    let best = looked_at
        .into_iter()
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, donor)| donor)
}

/// A path that the user named as donor: the folder itself, or the one that a workspace builds into.
pub(super) fn named(
    folder: PathBuf,
    workspace: Option<PathBuf>,
    worktree: Option<PathBuf>,
) -> Candidate {
    Candidate {
        folder,
        relation: Relation::Named,
        workspace,
        worktree,
    }
}
