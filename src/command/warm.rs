//! `warm`: give a worktree what others have compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use rayon::prelude::*;

use super::{Ui, conduct, look};
use crate::exit::Exit;
use crate::fs;
use crate::lockfile::Lock;
use crate::model::{Inventory, Kept, KeptReason, Subject, UnitId, WarmFolder, Workspace};
use crate::plan::warm::{self as decide, Candidate, Here, Offer, Rating, Relation};
use crate::progress::Progress;
use crate::survey::{self, Request, donors};

/// How many of the likeliest donors are looked at closely.
const CLOSELY: usize = 3;

/// How `warm` was asked to do it.
#[derive(Clone, Debug, Default)]
pub struct WarmOptions {
    /// The donor: a target folder, or a workspace.
    pub from: Option<PathBuf>,
    /// Take what the `Cargo.lock` does not name as well.
    pub all_units: bool,
    /// Wait for a build that holds the donor.
    pub wait: bool,
}

/// Warms every workspace of the worktree that the request is about.
///
/// # Errors
///
/// There is no such worktree, no workspace in it, or the named donor is none; or the answer cannot be written.
pub fn run(request: &Request, options: &WarmOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let focus = request.focus.as_deref().unwrap_or(Path::new(""));
    let named = options
        .from
        .as_deref()
        .map(|from| named(from, request))
        .transpose()?;
    let progress = Progress::default();
    let mut decided = Vec::new();
    for workspace in survey.workspaces.iter().filter(|w| w.is_in(focus)) {
        let into = workspace.dirs.build_dir.clone();
        let mut donors = match &named {
            Some(candidate) => vec![candidate.clone()],
            None => decide::candidates(&survey, workspace, &into),
        };
        if workspace.nested_in.is_some() && named.is_none() {
            // It may be a fixture that nobody ever builds.
            donors.retain(|donor| donor.relation != Relation::Stranger);
        }
        donors.retain(|donor| donor.folder != into);
        decided.push(for_one(workspace, &into, donors, options, &progress));
    }
    ensure!(
        !decided.is_empty(),
        "expected a Cargo workspace in `{}`",
        focus.display()
    );
    let plan = decide::plan(&survey, decided);
    conduct("warm", &survey, &plan, request, ui)
}

/// The donor that the user named.
fn named(from: &Path, request: &Request) -> Result<Candidate> {
    let path = fs::canonical(from)?;
    ensure!(
        fs::is_folder(&path),
        "expected a folder: `{}`",
        path.display()
    );
    let (folder, workspace) = if fs::exists(&path.join("Cargo.toml")) {
        let said = request.environment.cargo.metadata(&path);
        let said = said.with_context(|| format!("cargo does not accept `{}`", path.display()))?;
        let folder = said.build_dir.unwrap_or(said.target_dir);
        (
            fs::canonical_as_far_as_it_exists(&folder),
            Some(said.workspace_root),
        )
    } else {
        (path, None)
    };
    let worktree = workspace.as_deref().map(survey::worktree_at).transpose()?;
    Ok(Candidate {
        folder,
        relation: Relation::Named,
        workspace,
        worktree,
    })
}

/// Decides what one workspace gets.
fn for_one(
    workspace: &Workspace,
    into: &Path,
    candidates: Vec<Candidate>,
    options: &WarmOptions,
    progress: &Progress,
) -> Result<WarmFolder, Kept> {
    let kept = |reason| Kept {
        subject: Subject::Workspace,
        path: workspace.root.clone(),
        reason,
        on_disk: None,
        last_build: None,
    };
    let lock = donors::lock(&workspace.root).map_err(|problem| {
        kept(KeptReason::LockInvalid {
            file: workspace.root.join("Cargo.lock"),
            problem,
        })
    })?;
    let lock = lock.filter(|_| !options.all_units);
    let rated: Vec<(Candidate, Rating, ())> = candidates
        .into_par_iter()
        .map(|candidate| {
            let rating = donors::rate(&candidate, lock.as_ref());
            (candidate, rating, ())
        })
        .collect();
    let mut ordered = decide::order(rated);
    let Some((first, rating, ())) = ordered.first() else {
        return Err(kept(KeptReason::NoDonor));
    };
    if rating.busy {
        let folder = first.folder.clone();
        if !options.wait || donors::wait(&folder).is_err() {
            return Err(kept(KeptReason::DonorBusy { folder }));
        }
        ordered.truncate(1);
    }
    ordered.retain(|(_, rating, ())| options.wait || !rating.busy);
    let here = donors::inventory(into, progress);
    let mut donor = closest(ordered, workspace, lock.as_ref(), &here, progress);
    let warm = donor.choose(workspace, into, lock.as_ref());
    if warm.units.is_empty() {
        return Err(kept(match warm.present {
            0 => KeptReason::NoDonor,
            units => KeptReason::Warm {
                from: warm.from,
                units,
                left: warm.left,
            },
        }));
    }
    Ok(warm)
}

/// A donor, and what it meets.
struct Donor {
    candidate: Candidate,
    inventory: Inventory,
    here: Here,
}

impl Donor {
    fn new(candidate: Candidate, here: &Inventory, progress: &Progress) -> Self {
        let inventory = donors::inventory(&candidate.folder, progress);
        let mut there = Here::of(here);
        there.different = donors::different(&inventory, here);
        Self {
            candidate,
            inventory,
            here: there,
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
    fn choose(&mut self, workspace: &Workspace, into: &Path, lock: Option<&Lock>) -> WarmFolder {
        let draft = self.draft(lock);
        let wanted: BTreeSet<&UnitId> = draft.units.iter().map(|unit| &unit.id).collect();
        let worktree = self.candidate.worktree.as_deref();
        // The workspace's own worktree does not go before its own folder does.
        let other = worktree.filter(|_| self.candidate.relation != Relation::Own);
        let flaws = donors::flaws(&self.inventory, &wanted, other);
        let offer = Offer {
            donor: &self.inventory,
            lock,
            flaws: &flaws,
        };
        let warm = decide::choose(offer, &self.here);
        WarmFolder {
            workspace: workspace.root.clone(),
            into: into.to_owned(),
            ..warm
        }
    }
}

/// The donor that has most to give. What is quickly rated is only likely to be right where the packages are not
/// those of the workspace, so a few are looked at closely then.
fn closest(
    ordered: Vec<(Candidate, Rating, ())>,
    workspace: &Workspace,
    lock: Option<&Lock>,
    here: &Inventory,
    progress: &Progress,
) -> Donor {
    let mut ordered = ordered.into_iter();
    let first = ordered.next().map(|(candidate, ..)| candidate);
    let first = first.unwrap_or_else(|| unreachable!("there is one"));
    let alike = |candidate: &Candidate| {
        let other = candidate.workspace.as_deref();
        lock.is_none() || other.is_some_and(|other| donors::same_lock(other, &workspace.root))
    };
    if alike(&first) {
        return Donor::new(first, here, progress);
    }
    let few: Vec<Candidate> = std::iter::once(first)
        .chain(ordered.map(|(candidate, ..)| candidate))
        .take(CLOSELY)
        .collect();
    let donors: Vec<(usize, Donor)> = few
        .into_par_iter()
        .map(|candidate| {
            let donor = Donor::new(candidate, here, progress);
            let draft = donor.draft(lock);
            (draft.units.len() + draft.present, donor)
        })
        .collect();
    // Of equal ones the first, which is the newest.
    let best = donors
        .into_iter()
        .reduce(|best, next| match next.0 > best.0 {
            true => next,
            false => best,
        });
    best.map_or_else(|| unreachable!("there is one"), |(_, donor)| donor)
}
