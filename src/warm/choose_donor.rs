//! Finds out what can be warmed and from where: the part of `warm`, `onboard` and `setup` that they have in common.

use std::cell::LazyCell;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Result;
use jiff::Timestamp;
use rayon::prelude::*;
use tracing::debug;

use crate::cargo::config_chain;
use crate::cargo::lockfile::Lock;
use crate::cargo::model::Dirs;
use crate::fs;
use crate::fs::LockMode;
use crate::fs::model::Busy;
use crate::plan::action::Warning;
use crate::plan::conduct::Ui;
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::plan::left::{LeftReason, LeftUnit};
use crate::progress::Progress;
use crate::survey::model::{CargoAnswer, Survey, Workspace};
use crate::survey::{Environment, no_workspace};
use crate::target::fingerprint;
use crate::target::unit::Inventory;
use crate::warm::decide::{self as decide, Candidate, DestinationUnits, Estimate, Relation};
use crate::warm::donor::Donor;
pub(crate) use crate::warm::families::all;
use crate::warm::inspect;
use crate::warm::inspect::{BuildEnv, Records, Trust};
use crate::warm::model::WarmFolder;
use crate::warm::settled;
use crate::warm::supply::{Held, Supply, SupplyContext};
use crate::warm::verdict::Home;

/// How many of the likeliest donors are looked at closely.
const CLOSELY: usize = 3;

/// How to warm.
#[derive(Clone, Copy)]
pub(crate) struct EngineOptions<'a> {
    pub(crate) around: &'a Environment,
    /// Take what the `Cargo.lock` does not name as well.
    pub(crate) all_units: bool,
    /// Wait for a build that holds the donor.
    pub(crate) wait: bool,
    /// Take local crates whose sources are the same.
    pub(crate) local: bool,
    /// Take local programs as well.
    pub(crate) programs: bool,
    pub(crate) now: Timestamp,
    /// Nothing is to change, not even what is known of the use of units.
    pub(crate) dry_run: bool,
    /// The worktree is being made, and the program that makes it may put more into it.
    pub(crate) unsettled: bool,
    pub(crate) trust: &'a Trust,
    /// Says that it waits, since that may take long.
    pub(crate) tell: Option<&'a Ui>,
}

/// The units that a workspace can use, and its build environment.
pub(crate) struct Requirements<'a> {
    /// The packages; `None` for all.
    pub(crate) lock: Option<Lock>,
    /// Its build environment.
    pub(crate) circumstances: BuildEnv,
    /// The records of earlier times.
    pub(crate) records: Records,
    pub(crate) read_at: Timestamp,
    pub(crate) root: PathBuf,
    pub(crate) local: bool,
    /// The other worktrees of the repository.
    pub(crate) others: Vec<PathBuf>,
    /// Changes may be copied from these into this one.
    pub(crate) unsettled: bool,
    pub(crate) programs: bool,
    pub(crate) around: &'a Environment,
    pub(crate) rustc: OnceLock<Option<u64>>,
}

impl Requirements<'_> {
    /// The hash of what its compiler says of itself, which is asked once, and only where it may be another one.
    pub(crate) fn rustc(&self) -> Option<u64> {
        *self.rustc.get_or_init(|| {
            let version = self.around.cargo.rustc_version(&self.root).ok()?;
            Some(fingerprint::hash_of_rustc(&version))
        })
    }

    /// The packages that it wants, by name: a lock, and whether local packages in it, too.
    pub(crate) fn named(&self) -> Option<(&Lock, bool)> {
        Some((self.lock.as_ref()?, self.local))
    }

    pub(crate) fn circumstances_of(&self, workspace: &Path) -> BuildEnv {
        BuildEnv::of(workspace, &self.around.surroundings, &self.records)
    }
}

/// A workspace, and the folder that it builds into.
#[derive(Clone, Copy)]
pub(crate) struct Destination<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) into: &'a Path,
}

impl Destination<'_> {
    pub(crate) fn kept(&self, reason: KeptReason) -> Box<Kept> {
        Box::new(Kept {
            subject: Subject::Folder,
            path: self.into.to_owned(),
            reason,
            on_disk: None,
            last_build: None,
        })
    }

    /// The units that it can use.
    pub(crate) fn wants<'a>(
        &self,
        survey: &Survey,
        how: EngineOptions<'a>,
    ) -> Result<Requirements<'a>, Box<Kept>> {
        let root = &self.workspace.root;
        let lock = inspect::lock(root).map_err(|problem| {
            self.kept(KeptReason::LockInvalid {
                file: root.join("Cargo.lock"),
                problem,
            })
        })?;
        let (configs, around) = (&survey.configs, &survey.surroundings);
        let is_elsewhere = config_chain::names_lock_file(root, configs, around).is_some();
        let read_at = fs::clock();
        let records = Records::of(&survey.shared_root);
        Ok(Requirements {
            lock: lock.filter(|_| !how.all_units && !is_elsewhere),
            circumstances: BuildEnv::of(root, &how.around.surroundings, &records),
            records,
            read_at,
            root: root.clone(),
            local: how.local && survey.settings.local != Some(false),
            others: self.other_worktrees(survey),
            unsettled: how.unsettled,
            programs: how.programs,
            around: how.around,
            rustc: OnceLock::new(),
        })
    }

    /// The other worktrees of the repository.
    fn other_worktrees(&self, survey: &Survey) -> Vec<PathBuf> {
        let Some(place) = &self.workspace.place else {
            return Vec::new();
        };
        let repositories = survey.repositories.iter();
        let own = repositories.filter(|one| one.common_dir == place.common_dir);
        let worktrees = own.flat_map(|one| &one.worktrees);
        let others = worktrees.filter(|one| one.present && one.path != place.worktree);
        others.map(|one| one.path.clone()).collect()
    }

    /// Whether a candidate's worktree has the same commit checked out.
    pub(crate) fn is_at_commit_of(&self, candidate: &Candidate, survey: &Survey) -> bool {
        let commit = |top: Option<&PathBuf>| {
            let mut all = survey.repositories.iter().flat_map(|one| &one.worktrees);
            all.find(|worktree| Some(&worktree.path) == top)?
                .commit
                .as_ref()
        };
        let own = self.workspace.place.as_ref().map(|place| &place.worktree);
        let own = commit(own);
        own.is_some() && own == commit(candidate.worktree.as_ref())
    }

    /// The donor that the user named, or those that there are.
    fn candidates_or(&self, named: Option<&Candidate>, survey: &Survey) -> Vec<Candidate> {
        let mut all = match named {
            // It may be a fixture that is never built: the donor is for the workspace around it.
            Some(_) if self.workspace.nested_in.is_some() => Vec::new(),
            // The owner of the folder may be known.
            Some(named) => {
                let known = decide::candidates(survey, self.workspace, self.into).into_iter();
                let mut known = known.filter(|known| known.folder == named.folder);
                let known = known.next().filter(|_| named.workspace.is_none());
                vec![known.map_or_else(|| named.clone(), Candidate::named)]
            }
            None => self.candidates(survey),
        };
        all.retain(|candidate| candidate.folder != self.into);
        all
    }

    /// The folders that it may be warmed from.
    pub(crate) fn candidates(&self, survey: &Survey) -> Vec<Candidate> {
        let mut all = decide::candidates(survey, self.workspace, self.into);
        if self.workspace.nested_in.is_some() {
            // It may be a fixture that is never built.
            all.retain(|candidate| candidate.relation != Relation::Stranger);
        }
        all
    }
}

/// The decisions for the workspaces of a worktree.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// The units that each gets, or why it gets nothing.
    pub(crate) all: Vec<Result<WarmFolder, Box<Kept>>>,
    /// Guards that must be held until the units are in place.
    pub(crate) held: Vec<Box<dyn Held>>,
    /// Facts that the user should know.
    pub(crate) warnings: Vec<Warning>,
}

/// Decides for each workspace of one worktree that is or may be built.
///
/// # Errors
///
/// There is none.
pub(crate) fn each(
    survey: &Survey,
    dirs: &[Dirs],
    worktree: &Path,
    named: Option<&Candidate>,
    how: EngineOptions<'_>,
    supply: &dyn Supply,
) -> Result<Decided> {
    let progress = Progress::default();
    let (mut decided, mut any) = (Decided::default(), false);
    let all = survey.workspaces.iter().zip(dirs);
    for (workspace, dirs) in all.filter(|(workspace, _)| workspace.is_in(worktree)) {
        any = true;
        let nested = workspace.nested_in.is_some();
        let cold = Destination {
            workspace,
            into: &dirs.build_dir,
        };
        let mut how = how;
        match &workspace.cargo {
            CargoAnswer::Said { .. } => {}
            CargoAnswer::Refused {
                message,
                submodules,
            } if !nested => {
                let reason = KeptReason::CargoRefused {
                    message: message.clone(),
                    submodules: *submodules,
                };
                decided.all.push(Err(Box::new(Kept {
                    subject: Subject::Workspace,
                    path: workspace.root.clone(),
                    ..*cold.kept(reason)
                })));
                // The packages that its lock names fit, whichever members it has. Nothing is known about the members.
                let is_ours = cold.into.starts_with(&survey.shared_root.path);
                if !is_ours || !matches!(inspect::lock(&workspace.root), Ok(Some(_))) {
                    continue;
                }
                (how.local, how.programs, how.all_units) = (false, false, false);
            }
            _ => continue,
        }
        if let Some(why) = how.trust.tracked(cold.into) {
            decided.all.push(Err(cold.kept(why)));
            continue;
        }
        let candidates = cold.candidates_or(named, survey);
        let found = one(cold, candidates, survey, how, &progress);
        if named.is_none() && !nested {
            let before = SupplyContext {
                there: LazyCell::new(Box::new(|| inspect::inventory(cold.into, &progress))),
                donor: found.as_ref().ok().map(|(warm, donor)| (donor, warm)),
            };
            if let Ok(wants) = cold.wants(survey, how) {
                let more = supply.more(cold, &wants, &before, survey, how, &progress);
                drop(before);
                decided.held.extend(more.held);
                decided.warnings.extend(more.warnings);
                if let Some(warm) = more.warm {
                    let first = found.map(|(warm, _)| Ok(warm)).ok();
                    decided.all.extend(first);
                    decided.all.push(Ok(warm));
                    continue;
                }
            }
        }
        match found.map(|(warm, _)| warm) {
            // A folder that is never built need not be warm.
            Err(kept)
                if nested
                    && matches!(
                        kept.reason,
                        KeptReason::NoDonor | KeptReason::NothingFits { .. }
                    ) => {}
            one => decided.all.push(one),
        }
    }
    if !any {
        return Err(no_workspace(survey, worktree));
    }
    Ok(decided)
}

/// Decides what one workspace gets, from the best of these donors.
pub(crate) fn one(
    cold: Destination<'_>,
    candidates: Vec<Candidate>,
    survey: &Survey,
    how: EngineOptions<'_>,
    progress: &Progress,
) -> Result<(WarmFolder, Donor), Box<Kept>> {
    let wants = cold.wants(survey, how)?;
    let wanted = wants.named();
    let rated = candidates.into_par_iter().map(|candidate| {
        let rating = Estimate {
            same_commit: cold.is_at_commit_of(&candidate, survey),
            ..inspect::rate(&candidate.folder, wanted)
        };
        (candidate, rating)
    });
    let mut ordered = decide::order(rated.collect());
    for (candidate, rating) in &ordered {
        let (into, donor, relation) = (cold.into, &candidate.folder, candidate.relation);
        debug!(?into, ?donor, ?relation, ?rating, "candidate");
    }
    let question = settled::known(cold, &wants, &ordered, how);
    if let Some((_, Some(warm))) = question {
        return Err(cold.kept(KeptReason::Warm {
            from: warm.from,
            units: warm.units,
            left: Vec::new(),
        }));
    }
    // The first of them that nothing speaks against may be far down, so that all before it are asked about.
    while let Some((first, _)) = ordered.first()
        && how.trust.doubt(&first.folder).is_some()
    {
        ordered.remove(0);
    }
    if let Some((first, Estimate { busy: true, .. })) = ordered.first() {
        let folder = first.folder.clone();
        if let (true, Some(ui)) = (how.wait, how.tell) {
            let _ = ui.narrate(&format!(
                "waiting for the build that holds {}",
                ui.view.paths.show(&folder)
            ));
        }
        let mode = match how.wait {
            true => LockMode::UntilFree,
            false => LockMode::Once,
        };
        // A build that has ended meanwhile is no reason to wait.
        if let Err(Busy { why, .. }) = inspect::expect_free(&folder, mode) {
            return Err(cold.kept(KeptReason::DonorBusy { folder, why }));
        }
        ordered.truncate(1);
    } else {
        ordered.retain(|(_, rating)| !rating.busy);
    }
    let there = inspect::inventory(cold.into, progress);
    let mut best: Option<(WarmFolder, Donor)> = None;
    for _ in 0..CLOSELY {
        let next = closest(
            &mut ordered,
            cold,
            &wants,
            &there,
            survey,
            how.trust,
            progress,
        );
        let Some((mut donor, here)) = next else { break };
        let warm = donor.choose(cold, &wants, &here, survey);
        let gives = |warm: &WarmFolder| warm.units.len() + warm.present;
        // A donor that was copied without its times, or whose files were written to, has less to give than it seems.
        let is_damaged = |left: &LeftUnit| matches!(left.reason.root(), LeftReason::Damaged { .. });
        let damaged = warm.left.iter().any(is_damaged);
        if best
            .as_ref()
            .is_none_or(|(best, _)| gives(&warm) > gives(best))
        {
            best = Some((warm, donor));
        }
        if !damaged {
            break;
        }
    }
    let Some((warm, donor)) = best else {
        return Err(cold.kept(KeptReason::NoDonor));
    };
    match (warm.units.len(), warm.present) {
        (0, 0) => Err(cold.kept(KeptReason::NothingFits {
            from: warm.from,
            left: warm.left,
        })),
        (0, units) => {
            // Units that are left may fit once sources change, and each run names a refused donor.
            let settles = warm.left.is_empty() && !how.trust.refuses();
            if let Some((question, _)) = question.filter(|_| settles) {
                settled::settle(cold.into, question, &warm.from, units, how);
            }
            Err(cold.kept(KeptReason::Warm {
                from: warm.from,
                units,
                left: warm.left,
            }))
        }
        _ => {
            let wait = how.wait;
            Ok((WarmFolder { wait, ..warm }, donor))
        }
    }
}

/// The donor that has most to give, taken out of the rest with those that were inspected beside it. The rating by
/// names is only a guess unless the packages are the workspace's own; otherwise a few donors are inspected.
fn closest(
    ordered: &mut Vec<(Candidate, Estimate)>,
    cold: Destination<'_>,
    wants: &Requirements<'_>,
    there: &Inventory,
    survey: &Survey,
    trust: &Trust,
    progress: &Progress,
) -> Option<(Donor, DestinationUnits)> {
    let alike = |candidate: &Candidate| {
        let other = candidate.workspace.as_deref();
        wants.lock.is_none()
            || other.is_some_and(|other| inspect::same_lock(other, &cold.workspace.root))
    };
    // A donor that was built in another environment may have less to give than it seems.
    let said_alike = |candidate: &Candidate| {
        let other = candidate.workspace.as_deref();
        let other = other.map(|other| wants.circumstances_of(other));
        other.is_some_and(|other| other.is_there && other.said == wants.circumstances.said)
    };
    let sure = ordered
        .first()
        .is_some_and(|(first, _)| alike(first) && said_alike(first));
    let many = if sure { 1 } else { CLOSELY };
    // A donor at the same commit may have local units as well.
    let same = ordered.iter().position(|(_, rating)| rating.same_commit);
    let same = same.filter(|at| wants.local && *at >= many);
    let same = same.map(|at| ordered.remove(at));
    let first = ordered.drain(..many.min(ordered.len()));
    let few: Vec<Candidate> = first.chain(same).map(|(candidate, _)| candidate).collect();
    let looked_at: Vec<(usize, (Donor, DestinationUnits))> = few
        .into_par_iter()
        .filter(|candidate| trust.doubt(&candidate.folder).is_none())
        .map(|candidate| {
            let mut donor = Donor::of(candidate, wants, progress);
            donor.compare(cold, wants, survey);
            let mut here = DestinationUnits::of(there);
            here.different = inspect::different(donor.inventory(), there, &here);
            let draft = donor.draft(wants, &here);
            (draft.units.len() + draft.present, (donor, here))
        })
        .collect();
    // Of equal ones the first, which is the newest.
    let best = looked_at
        .into_iter()
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, best)| best)
}

/// A path that the user named as donor: the folder itself, or the one that a workspace builds into.
pub(crate) fn named(
    folder: PathBuf,
    workspace: Option<PathBuf>,
    worktree: Option<PathBuf>,
    programs: Option<PathBuf>,
) -> Candidate {
    Candidate {
        folder,
        relation: Relation::Named,
        workspace,
        worktree,
        programs,
        home: Home::Single,
    }
}
