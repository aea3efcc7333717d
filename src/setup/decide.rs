//! Decides what `setup` writes and deletes.

pub(crate) mod above;
pub(crate) mod after;
pub(crate) mod configure;
pub(crate) mod excludes;
pub(crate) mod in_place;
pub(crate) mod moving;
pub(crate) mod notes;
pub(crate) mod settings;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod warming;
pub(crate) mod wrapper;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::cargo::model::Dirs;
use crate::clean::litter::finish_litter;
use crate::clean::model::DeleteFolder;
use crate::clean::stale;
use crate::clean::stale::AllDirs;
use crate::dedupe::model::RelinkFolder;
use crate::fs::model::freeable;
use crate::plan::action::{Action, CreateSharedRoot, Plan, Warning, boxed};
use crate::plan::kept::{DeleteReason, Kept, KeptReason, Subject};
use crate::plan::warnings;
use crate::setup::decide::above::Above;
pub(crate) use crate::setup::decide::above::served_from_above;
use crate::setup::decide::configure::has_others_inside;
use crate::setup::model::{WriteConfig, WriteSettings};
use crate::setup::naming::Names;
use crate::survey::folder::{Layout, TargetFolder, WorktreeLayout};
use crate::survey::model::{CargoAnswer, Scope, Settings, Survey, Workspace};
use crate::warm::model::WarmFolder;
use crate::warm::moving::MoveFolder;

/// How `setup` was asked to do it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetupOptions {
    /// The layout; `None` chooses `isolated`, and `in-place` where the configuration is tracked.
    pub(crate) layout: Option<Layout>,
    /// The layout of the worktrees that come later; `None` leaves it at what was decided.
    pub(crate) new_worktrees: Option<WorktreeLayout>,
    /// Whether configurations get a guard; `None` has those that need one.
    pub(crate) guard: Option<bool>,
    /// Edit configurations that git tracks.
    pub(crate) edit_tracked: bool,
    /// Replace a target-dir that the user set.
    pub(crate) replace: bool,
    /// Where the one configuration of the `build-dir` layout goes.
    pub(crate) config_at: Option<ConfigPlace>,
    /// Let several worktrees share one folder.
    pub(crate) allow_unsafe_sharing: bool,
    /// Have warm workspaces of a family share what they have compiled alike.
    pub(crate) relink: bool,
    pub(crate) no_local: bool,
    pub(crate) keep_targets: bool,
    /// A folder that was built into since then is moved, and so is that of the main worktree; `None` moves none.
    pub(crate) move_built_since: Option<Timestamp>,
    /// The settings to be written into the settings file.
    pub(crate) settings: Settings,
    /// Have the configuration above name a script that sets new worktrees up, where it lies; we may be found at this path
    /// as well.
    pub(crate) auto_onboard: Option<Option<PathBuf>>,
    /// The program that the settings name in place of the compiler does not run, so nothing may name it.
    pub(crate) no_wrapper: bool,
    /// Leave workspaces as they are that have no other worktree.
    pub(crate) worktrees_only: bool,
    /// Leave git hooks as they are.
    pub(crate) no_hook: bool,
    /// The worktrees that are set up; all others stay as they are, and nothing is deleted.
    pub(crate) only: Option<Vec<PathBuf>>,
    /// Top-level entries that Cargo does not make, and that may go all the same.
    pub(crate) allowed_entries: Vec<String>,
    /// The filesystem of each workspace, for its owner file, and that of the shared root, whether or not it exists.
    pub(crate) devices: BTreeMap<PathBuf, u64>,
}

/// A folder with configuration files above the worktrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigPlace {
    /// `.cargo` in some folder, or `$CARGO_HOME`.
    pub(crate) cargo_folder: PathBuf,
}

impl SetupOptions {
    /// Whether a workspace is one of those that are set up.
    #[must_use]
    pub(crate) fn means(&self, workspace: &Workspace) -> bool {
        let mut only = self.only.iter().flatten();
        self.only.is_none() || only.any(|worktree| workspace.is_in(worktree))
    }

    /// The filesystem of a folder that may not exist yet, as far as it is known.
    fn device_of(&self, folder: &Path) -> Option<u64> {
        folder
            .ancestors()
            .find_map(|at| self.devices.get(at))
            .copied()
    }
}

/// The plan of `setup`, before it is known what can be warmed.
#[derive(Debug)]
pub(crate) struct Setup {
    plan: Plan,
    /// The folders that are moved, right after the configurations are written.
    pub(crate) moves: Vec<MoveFolder>,
    /// The folders that go, after what is warmed.
    deletions: Vec<DeleteFolder>,
    /// Where each workspace of the survey builds once everything is written.
    pub(crate) dirs: Vec<Dirs>,
    /// The litter of interrupted runs that is deleted.
    litter: Scope<'static>,
}

/// Decides what is written and which folders go, and why everything else stays.
///
/// Where the folders are afterwards is worked out from the edited texts, by the same rules as before them: a
/// folder goes only if no workspace builds into it then. Reads nothing from disk.
#[must_use]
pub(crate) fn setup(survey: &Survey, options: &SetupOptions) -> Setup {
    let mut plan = Plan {
        warnings: warnings(survey),
        ..Plan::default()
    };
    let mut configs = survey.configs.clone();
    let mut writes: Vec<WriteConfig> = Vec::new();
    let mut wrapper = None;
    let above = above::file(survey, options);
    if let Some(path) = &above {
        match above::configure(path, survey, options) {
            Ok(Above {
                script,
                config: Some((write, file)),
            }) => {
                configs.insert(path.clone(), file);
                wrapper = script;
                writes.push(write);
            }
            Ok(Above {
                script,
                config: None,
            }) => match script {
                Some(script) => wrapper = Some(script),
                None => plan
                    .kept
                    .push(kept(Subject::File, path.clone(), up_to_date(options))),
            },
            Err(reason) => plan.kept.push(kept(Subject::File, path.clone(), reason)),
        }
    }
    let mut names = Names::new(survey);
    let mut left: Vec<(&Workspace, KeptReason)> = Vec::new();
    let (mut unguarded, mut falls_back) = (0, false);
    // Cargo was not asked about workspaces that are never built.
    let asked = |workspace: &Workspace| workspace.cargo != CargoAnswer::NotAsked;
    let meant = |workspace: &&Workspace| {
        options.means(workspace) && (options.only.is_none() || asked(workspace))
    };
    for workspace in survey.workspaces.iter().filter(meant) {
        match configure::workspace(workspace, survey, &configs, options, &mut names) {
            Ok((write, file)) => {
                let is_isolated = write.layout == Layout::Isolated && write.build_dir.is_none();
                falls_back |=
                    write.is_in_place() && in_place::falls_back(workspace, survey, options);
                unguarded += usize::from(is_isolated && has_others_inside(workspace, survey));
                configs.insert(file.path.clone(), file);
                writes.push(write);
            }
            Err(reason) => left.push((workspace, reason)),
        }
    }
    plan.kept.extend(wrapper::conflicts(survey, options));
    let after = after::dirs(survey, &configs, &writes);
    for (workspace, reason) in left {
        let by_path = above
            .as_ref()
            .filter(|_| options.layout == Some(Layout::BuildDir));
        let reason = after::served(workspace, reason, by_path, survey, &after);
        plan.kept
            .push(kept(Subject::Workspace, workspace.root.clone(), reason));
    }

    let (moves, deletions) = match &options.only {
        None => decide_folders(survey, &after, options, &mut plan.kept),
        Some(_) => Default::default(),
    };
    let excludes = excludes::edits(survey, wrapper.as_ref(), &mut writes);
    let notes = notes::missing(survey, &after, options, meant);
    let mut settings = Vec::new();
    let edits = settings::edits(survey, &options.settings);
    for edit in edits
        .into_iter()
        .chain(settings::of_repositories(survey, options))
    {
        match edit {
            Ok(edit) => settings.push(edit),
            Err((path, reason)) => plan.kept.push(kept(Subject::File, path, reason)),
        }
    }
    let in_git = |edit: &WriteSettings| {
        let mut repositories = survey.repositories.iter();
        repositories.any(|one| edit.edit.file.parent() == Some(one.common_dir.as_path()))
    };
    let needs_root = !(notes.is_empty() && settings.iter().all(in_git) && wrapper.is_none())
        || writes.iter().any(|write| !write.is_in_place());
    let mut actions: Vec<Box<dyn Action>> = Vec::new();
    actions.extend(boxed(excludes));
    actions.extend(boxed(settings));
    actions.extend(boxed(notes));
    // A build between the two must find what its configuration names.
    actions.extend(boxed(wrapper));
    actions.extend(boxed(writes));
    if needs_root && !survey.shared_root.exists {
        let path = survey.shared_root.path.clone();
        plan.add(CreateSharedRoot { path });
    }
    plan.actions.extend(actions);
    if let Some(why) = &survey.shared_root.unreachable {
        let root = &survey.shared_root.path;
        let all = survey.workspaces.iter().zip(&after);
        let mut meant = all.filter(|(workspace, _)| meant(workspace));
        let leads = meant.any(|(_, dirs)| dirs.target_dir.starts_with(root));
        let (why, in_place) = (why.clone(), falls_back && !leads);
        let warning = Warning::Unreachable { why, in_place };
        plan.warnings
            .extend((falls_back || leads).then_some(warning));
    }
    if unguarded > 0 {
        let workspaces = unguarded;
        plan.warnings.push(Warning::NoGuard { workspaces });
    }
    plan.warnings
        .extend(after::shared_by_worktrees(survey, &after));
    let litter = match &options.only {
        None => Scope::All,
        Some(_) => Scope::Stages,
    };
    Setup {
        plan,
        moves,
        deletions,
        dirs: after,
        litter,
    }
}

impl Setup {
    /// Whether folders stay in place that would be moved otherwise.
    #[must_use]
    pub(crate) fn has_fixtures(&self) -> bool {
        let mut kept = self.plan.kept.iter();
        kept.any(|kept| {
            matches!(
                kept.reason,
                KeptReason::FixtureInside { .. } | KeptReason::CargoInside { .. }
            )
        })
    }

    /// The whole plan, with what is warmed: after the configurations are written, and before anything goes.
    #[must_use]
    pub(crate) fn with(
        self,
        survey: &Survey,
        warms: Vec<WarmFolder>,
        relinks: Vec<RelinkFolder>,
    ) -> Plan {
        let Self {
            mut plan,
            moves,
            mut deletions,
            dirs,
            litter,
        } = self;
        plan.freeable = freeable(deletions.iter().filter_map(|delete| delete.usage.as_ref()));
        if !deletions.is_empty() {
            plan.warnings.push(Warning::NoWayBack);
        }
        let warm = |workspace: &Workspace| {
            warms.iter().any(|warm| warm.workspace == workspace.root)
                || moves.iter().any(|one| one.workspace == workspace.root)
        };
        let cold = after::cold_starts(survey, &dirs, warm);
        if cold > 0 {
            plan.warnings.push(Warning::ColdStart { workspaces: cold });
        }
        warming::wait(&mut deletions, &warms, &mut plan.freeable);
        for one in moves {
            plan.actions
                .insert(place_of(&one, &plan.actions), Box::new(one));
        }
        plan.actions.extend(boxed(warms));
        plan.by_sharing = relinks.iter().map(|one| one.frees).sum();
        plan.freeable += plan.by_sharing;
        plan.actions.extend(boxed(relinks));
        plan.actions.extend(boxed(deletions));
        finish_litter(survey, litter, &mut plan);
        plan
    }
}

/// Where the move of a folder stands among actions: right after the configuration that has its workspace build into the
/// new place. A build between the two would begin there with nothing, and be in the way.
fn place_of(one: &MoveFolder, actions: &[Box<dyn Action>]) -> usize {
    let before = |action: &dyn Action| {
        let of_own = |workspace: &Path| workspace == one.workspace;
        let write = action.as_type::<WriteConfig>();
        let writes = write.is_some_and(|write| write.workspace.as_deref().is_none_or(of_own));
        let moves = action.as_type::<MoveFolder>();
        writes || moves.is_some_and(|other| of_own(&other.workspace))
    };
    let last = actions.iter().rposition(|action| before(&**action));
    last.map_or(actions.len(), |at| at + 1)
}

/// Decides for every folder.
fn decide_folders(
    survey: &Survey,
    after: &AllDirs,
    options: &SetupOptions,
    kept_folders: &mut Vec<Kept>,
) -> (Vec<MoveFolder>, Vec<DeleteFolder>) {
    // Each folder is compared with all workspaces, perhaps a thousand.
    let folders = survey.folders.par_iter();
    let decided = folders.map(|folder| decide_folder(folder, survey, after, options));
    let decided: Vec<Decided> = decided.collect();
    let (mut moves, mut deletions) = (Vec::new(), Vec::new());
    for (folder, decided) in survey.folders.iter().zip(decided) {
        match decided {
            Decided::Move(action) => moves.push(action),
            Decided::Delete(action) => deletions.push(action),
            Decided::Keep(reason) => kept_folders.push(stale::kept(folder, reason)),
        }
    }
    let going = moves.iter().map(|one: &MoveFolder| &one.from);
    let (mut deletions, inner) = stale::without_inner(deletions, going, survey);
    kept_folders.extend(inner);
    stale::sort_by_size(&mut deletions);
    (moves, deletions)
}

enum Decided {
    Move(MoveFolder),
    Delete(DeleteFolder),
    Keep(KeptReason),
}

fn decide_folder(
    folder: &TargetFolder,
    survey: &Survey,
    after: &AllDirs,
    options: &SetupOptions,
) -> Decided {
    let reason = reason(folder, survey, after);
    // One in use is moved where a run that was stopped has led the builds away from it, and not the units.
    let may_move = matches!(
        reason,
        Ok(DeleteReason::Replaced { .. } | DeleteReason::BuildDirMoved { .. })
            | Err(KeptReason::InUse { .. })
    );
    if may_move && let Some(one) = moving::instead(folder, survey, after, options) {
        return Decided::Move(one);
    }
    let decided = reason.and_then(|why| match options.keep_targets {
        true => Err(KeptReason::NotAsked { why }),
        false => stale::delete(folder, why, survey, after, &options.allowed_entries),
    });
    decided.map_or_else(Decided::Keep, Decided::Delete)
}

fn reason(
    folder: &TargetFolder,
    survey: &Survey,
    after: &AllDirs,
) -> Result<DeleteReason, KeptReason> {
    let users: Vec<(&Workspace, &Dirs)> = survey
        .workspaces
        .iter()
        .zip(after)
        .filter(|(_, dirs)| dirs.target_dir == folder.path || dirs.build_dir == folder.path)
        .collect();
    // Its programs are built anew from intermediates that start elsewhere, so nothing in it serves any more.
    let emptied = |(workspace, dirs): &(&Workspace, &Dirs)| {
        workspace.dirs.build_dir == folder.path && dirs.build_dir != folder.path
    };
    match users.first() {
        Some((_, dirs)) if users.iter().all(emptied) => Ok(DeleteReason::BuildDirMoved {
            to: dirs.build_dir.clone(),
        }),
        _ => stale::stale(folder, survey, after),
    }
}

fn up_to_date(options: &SetupOptions) -> KeptReason {
    KeptReason::UpToDate {
        layout: options.layout.unwrap_or_default(),
    }
}

fn kept(subject: Subject, path: PathBuf, reason: KeptReason) -> Kept {
    Kept {
        subject,
        path,
        reason,
        on_disk: None,
        last_build: None,
    }
}
