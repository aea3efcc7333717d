//! `gc`: delete single units.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;

use crate::cargo::model::Dirs;
use crate::clean::folder_use::Compilers;
use crate::clean::gc::GcOptions;
use crate::clean::model::DeleteFolder;
use crate::clean::orphan_record;
use crate::clean::orphan_record::OrphanNotes;
use crate::clean::orphans::DAY;
use crate::clean::stale::AllDirs;
use crate::clean::{compilers, look};
use crate::markers::{SHARED_ROOT_MARK, SWEPT};
use crate::plan::action::{Action, Plan, Warning, boxed};
use crate::plan::conduct::{Ui, conduct, look};
use crate::plan::kept::KeptReason;
use crate::progress::Progress;
use crate::size::Bytes;
use crate::survey::Request;
use crate::survey::folder::TargetFolder;
use crate::survey::model::Survey;
use crate::term::Spinner;
use crate::term::exit::Exit;
use crate::warm::model::WarmFolder;
use crate::{age, fs, plan};

/// Deletes the units that the rules cover; without rules what no build misses, and what the settings say.
///
/// `min_free` is how much is to be free on the filesystem afterwards.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub(crate) fn run(
    request: &Request,
    mut options: GcOptions,
    min_free: Option<Bytes>,
    ui: &Ui,
) -> Result<Exit> {
    let survey = look(request, ui)?;
    let settings = survey.settings.clone();
    let mut folders = folders(&survey, request);
    let (mut orphans, mut notes) = Default::default();
    // The settings' limit is for the filesystem of the shared root alone.
    let mut floor = None;
    if options.is_empty() && min_free.is_none() {
        options = GcOptions {
            keep_programs: options.keep_programs,
            older_than: settings.max_age,
            max_size: settings.max_size.filter(|_| !request.only_folders),
            ..GcOptions::sure()
        };
        floor = settings.min_free.filter(|_| !request.only_folders);
        if options.max_size.is_some() || floor.is_some() {
            folders = shared_folders(&survey, &folders);
        }
        if !request.only_folders {
            (orphans, notes) = find_orphans(&survey, &dirs_of(&survey), request, ui);
        }
    }
    // They are deleted whole, and no unit in them counts.
    folders.retain(|folder| !goes(&orphans, folder));
    let meant = |folder: &&TargetFolder| folders.iter().any(|one| one.path == folder.path);
    let left_out = all_folders(&survey, request);
    let left_out = left_out.iter();
    let left_out = left_out.filter(|folder| !meant(folder) && !goes(&orphans, folder));
    let left_out = left_out.count();
    options.keep_programs |= settings.keep_programs == Some(true);
    let plan = {
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
        let (folder_uses, _) = look::take(&survey, &folders, request, &progress);
        let compilers = match options.toolchain_gone {
            true => compilers::compilers(&folder_uses, &request.environment.cargo),
            false => Compilers::default(),
        };
        for (wanted, folder) in min_free
            .iter()
            .flat_map(|wanted| folders.iter().map(move |one| (wanted, one)))
        {
            let free = fs::available(&folder.path)?;
            let least = Bytes(wanted.0.saturating_sub(free.0));
            options.to_free.insert(folder.marks.identity.device, least);
        }
        let root = fs::info(&survey.shared_root.path)?;
        if let (Some(least), Some(root)) = (floor, root) {
            let free = fs::available(&survey.shared_root.path)?;
            let short = Bytes(least.0.saturating_sub(free.0));
            options.to_free.insert(root.identity.device, short);
        }
        let mut warnings = plan::warnings(&survey);
        warnings.extend(notes.untold());
        if left_out > 0 {
            let folders = left_out;
            warnings.push(Warning::OtherWorktrees { folders });
        }
        let mut plan =
            crate::clean::gc::gc(folder_uses, &compilers, &options, ui.view.now, warnings);
        plan.freeable += freeable(&orphans);
        plan.actions.extend(boxed(orphans));
        crate::clean::litter::finish_litter(&survey, request.litter(), &mut plan);
        plan
    };
    let ran = conduct("gc", &survey, &plan, request, ui);
    notes.keep(&ran, false, ui)?;
    ran
}

/// Deletes what `onboard` deletes beside a new worktree, for a timer: units for the limits of the settings, and the
/// folders of worktrees that are gone. While another run is at work nothing is done, since the next one makes up for
/// it.
///
/// # Errors
///
/// A root cannot be read, or the answer cannot be written.
pub(crate) fn by_settings(request: &Request, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let limited = limited(&survey, &dirs_of(&survey), &[], request, ui)?;
    let mut plan = Plan {
        warnings: plan::warnings(&survey),
        ..Plan::default()
    };
    let (swept, notes) = limited.add_to(&mut plan);
    let ran = conduct("gc", &survey, &plan, request, ui);
    if let (Some(swept), Ok(Exit::Done), false) = (swept, &ran, ui.dry_run) {
        fs::note_use(&swept, ui.view.now);
    }
    notes.keep(&ran, ui.is_unattended(), ui)?;
    match ran {
        Err(error) if error.chain().any(|cause| cause.is::<fs::AtWork>()) => {
            ui.narrate("nothing was changed: another run is working")?;
            Ok(Exit::Done)
        }
        ran => ran,
    }
}

/// Where each workspace of a survey builds now.
fn dirs_of(survey: &Survey) -> AllDirs {
    let workspaces = survey.workspaces.iter();
    workspaces.map(|workspace| workspace.dirs.clone()).collect()
}

/// The folders of worktrees that are gone, with progress shown.
fn find_orphans(
    survey: &Survey,
    dirs: &AllDirs,
    request: &Request,
    ui: &Ui,
) -> (Vec<DeleteFolder>, OrphanNotes) {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    orphan_record::look(survey, dirs, request, ui, &progress)
}

/// Returns whether a folder is deleted whole.
fn goes(orphans: &[DeleteFolder], folder: &TargetFolder) -> bool {
    orphans.iter().any(|delete| delete.path == folder.path)
}

/// How much the deletions of whole folders free.
fn freeable(orphans: &[DeleteFolder]) -> Bytes {
    crate::fs::model::freeable(orphans.iter().filter_map(|one| one.usage.as_ref()))
}

/// The deletions that no user asked for, made when a worktree is set up or by a timer: to keep the settings' limits,
/// and of worktrees that are gone.
#[derive(Default)]
pub(crate) struct Limited {
    /// The deletions. They spare the worktree's own folders and its donors' folders, and everything used within a
    /// day.
    pub(crate) actions: Vec<Box<dyn Action>>,
    pub(crate) freeable: Bytes,
    /// The part of that which units take.
    by_units: Bytes,
    /// The space that the limits ask to free and that cannot be freed.
    pub(crate) missed: Option<Bytes>,
    /// How much less is free then than the settings say.
    pub(crate) short: Option<Bytes>,
    /// Where the time is kept of the last look at the age of everything, if this was one.
    pub(crate) swept: Option<PathBuf>,
    /// The record of worktrees that are gone.
    pub(crate) orphans: OrphanNotes,
}

impl Limited {
    /// Puts all of it into a plan. Returns what is to be noted once that is carried out: the look at all ages, and the
    /// worktrees that are gone.
    pub(crate) fn add_to(self, plan: &mut Plan) -> (Option<PathBuf>, OrphanNotes) {
        plan.actions.extend(self.actions);
        plan.freeable += self.freeable;
        plan.by_units += self.by_units;
        plan.warnings.extend(self.orphans.untold());
        let over = self.missed.map(|bytes| Warning::OverBudget { bytes });
        let short = self.short.map(|bytes| Warning::LowSpace { bytes });
        plan.warnings.extend(over.into_iter().chain(short));
        (self.swept, self.orphans)
    }
}

/// Decides which of the folders under the shared root are deleted by themselves: those of worktrees that are gone,
/// and in the others the units that the settings' limits delete.
///
/// # Errors
///
/// The shared root cannot be looked at.
pub(crate) fn limited(
    survey: &Survey,
    dirs: &AllDirs,
    warms: &[WarmFolder],
    request: &Request,
    ui: &Ui,
) -> Result<Limited> {
    let (orphans, notes) = find_orphans(survey, dirs, request, ui);
    let mut limited = by_budget(survey, dirs, &orphans, warms, request, ui)?;
    limited.orphans = notes;
    limited.freeable += freeable(&orphans);
    limited.actions.extend(boxed(orphans));
    Ok(limited)
}

/// Decides which units are deleted for the limits of the settings, in the folders that are kept. If a budget cannot
/// be kept to, nothing is deleted for it, because all worktrees would have to compile again in vain.
fn by_budget(
    survey: &Survey,
    dirs: &[Dirs],
    orphans: &[DeleteFolder],
    warms: &[WarmFolder],
    request: &Request,
    ui: &Ui,
) -> Result<Limited> {
    let settings = &survey.settings;
    let shared_root = &survey.shared_root;
    // The decision which units are deleted waits for a lock that a build may hold.
    let is_closed = !shared_root.exists || shared_root.unreachable.is_some();
    if !settings.limit() || is_closed || request.environment.in_a_build {
        return Ok(Limited::default());
    }
    let mut folders = shared_folders(survey, &[]);
    folders.retain(|folder| !goes(orphans, folder));
    let swept = shared_root.path.join(SHARED_ROOT_MARK).join(SWEPT);
    let last = fs::info(&swept)?.and_then(|info| info.modified);
    let now = ui.view.now;
    // A run about one worktree lets its user wait.
    let due = request.focus.is_none() || age::is_due(last, DAY, now);
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    let older_than = settings.max_age.filter(|_| due);
    let copied: Bytes = warms.iter().map(|warm| warm.copied).sum();
    let over = settings.max_size.and_then(|most| {
        let usages = folders.iter().map(|one| fs::usage(&one.path, &progress));
        let usages: Vec<_> = usages.collect();
        let taken = crate::fs::model::on_disk(usages.iter()) + copied;
        taken.0.checked_sub(most.0).filter(|over| *over > 0)
    });
    let device = fs::info(&shared_root.path)?.map(|info| info.identity.device);
    let short = match settings.min_free {
        Some(least) => {
            let free = fs::available(&shared_root.path)?;
            let free = free + freeable(orphans);
            let short = (least + copied).0.checked_sub(free.0);
            short.filter(|short| *short > 0).map(Bytes)
        }
        None => None,
    };
    if over.is_none() && older_than.is_none() && short.is_none() {
        return Ok(Limited::default());
    }
    let focus = request.focus.as_deref();
    let own = survey.workspaces.iter().zip(dirs);
    let own = own.filter(|(workspace, _)| focus.is_some_and(|focus| workspace.is_in(focus)));
    let own = own.flat_map(|(_, dirs)| [dirs.target_dir.clone(), dirs.build_dir.clone()]);
    let donors = warms.iter().map(|warm| warm.from.clone());
    let options = GcOptions {
        older_than,
        // The units that are about to be copied take their part of the budget.
        max_size: settings
            .max_size
            .filter(|_| over.is_some())
            .map(|most| Bytes(most.0.saturating_sub(copied.0))),
        keep_programs: settings.keep_programs == Some(true),
        spared: own.chain(donors).collect(),
        spared_since: Some(now - DAY),
        to_free: device.zip(short).into_iter().collect(),
        ..GcOptions::default()
    };
    let decide = |options: &GcOptions| {
        let (folder_uses, _) = look::take(survey, &folders, request, &progress);
        crate::clean::gc::gc(folder_uses, &Compilers::default(), options, now, Vec::new())
    };
    let mut plan = decide(&options);
    let missed = over.and_then(|over| over.checked_sub(plan.freeable.0));
    let missed = missed.filter(|missed| *missed > 0).map(Bytes);
    if missed.is_some() {
        let options = GcOptions {
            max_size: None,
            ..options
        };
        plan = decide(&options);
    }
    // On a full disk each part that becomes free helps.
    let still_short = short.and_then(|short| short.0.checked_sub(plan.freeable.0));
    Ok(Limited {
        freeable: plan.freeable,
        by_units: plan.by_units,
        actions: plan.actions,
        missed,
        short: still_short.filter(|short| *short > 0).map(Bytes),
        swept: due.then_some(swept).filter(|_| older_than.is_some()),
        orphans: OrphanNotes::default(),
    })
}

/// All target folders under the shared root, which the settings are about, and those that were meant anyway.
fn shared_folders<'a>(survey: &'a Survey, meant: &[&'a TargetFolder]) -> Vec<&'a TargetFolder> {
    let covered = |folder: &&TargetFolder| {
        folder.path.starts_with(&survey.shared_root.path)
            || meant.iter().any(|one| one.path == folder.path)
    };
    let all = survey.folders.iter().filter(covered);
    all.filter(is_real).collect()
}

/// The target folders that a run is about which frees single units: those that were named, or else those that lie under the
/// roots, or that a workspace there builds into. The folders of other worktrees of the same repository are left out, since a
/// rule such as `--max-size 0` takes all of them.
pub(crate) fn folders<'a>(survey: &'a Survey, request: &Request) -> Vec<&'a TargetFolder> {
    let within = |path: &Path| survey.roots.iter().any(|root| path.starts_with(root));
    let meant = all_folders(survey, request).into_iter().filter(|folder| {
        let mut users = folder.users.iter();
        request.only_folders || within(&folder.path) || users.any(|user| within(user))
    });
    meant.collect()
}

/// The target folders that a run is about which takes nothing away: those that were named, or else those that lie under the
/// roots, or that a workspace of the survey builds into. The survey has the other worktrees of a repository too, unless the
/// user wants those under the roots alone.
pub(crate) fn all_folders<'a>(survey: &'a Survey, request: &Request) -> Vec<&'a TargetFolder> {
    let within = |path: &Path| survey.roots.iter().any(|root| path.starts_with(root));
    let meant = |folder: &&TargetFolder| {
        let asked = request.folders.contains(&folder.path);
        asked || !request.only_folders && (within(&folder.path) || !folder.users.is_empty())
    };
    survey
        .folders
        .iter()
        .filter(meant)
        .filter(is_real)
        .collect()
}

/// Returns whether a folder is a target folder by more than its name. A link counts as the folder that it leads to.
fn is_real(folder: &&TargetFolder) -> bool {
    let no = crate::clean::deletable::unfit(&folder.marks, &folder.marks.foreign);
    !matches!(no, Some(KeptReason::NotATarget { .. }))
}
