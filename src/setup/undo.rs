//! `undo`: put configurations and excludes back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::wrapper_script;
use crate::git::exclude_edit;
use crate::hook::decide::{hooks_are_as_asked, uninstall_hook};
use crate::hook::inspect::hooks_of;
use crate::markers::{DEFAULT_ROOT, SHARED_ROOT_MARK};
use crate::plan::action::{Plan, Warning, boxed};
use crate::plan::conduct::{Ui, conduct, look, moved};
use crate::plan::hook_state::HookState;
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::setup::command::{inspect_moves, note_devices};
use crate::setup::decide::SetupOptions;
use crate::setup::model::{RemoveSharedRoot, Restore};
use crate::setup::timer;
use crate::setup::timer::model::SwitchTimer;
use crate::setup::undo_decide;
use crate::setup::undo_decide::Recorded;
use crate::survey::Request;
use crate::survey::journal::Journal;
use crate::survey::known_roots::KnownRoots;
use crate::survey::meant::{is_hook, is_meant};
use crate::survey::model::{Repository, Survey};
use crate::term::exit::Exit;
use crate::warm::moving;
use crate::warm::moving::{MoveFolder, Programs};
use crate::{fs, git};

/// Puts every file back that a setup changed, and moves target folders to where their workspaces build then.
///
/// # Errors
///
/// A root or the record cannot be read, another run is at work, or the answer cannot be written.
pub(crate) fn run(request: &Request, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let mut journal = match &survey.shared_root.records {
        Some(records) => crate::survey::records::read_journal(records)?,
        None => Journal::default(),
    };
    let moved = moved(&survey);
    if let Some(moved) = &moved {
        journal.relocate(moved);
    }
    let mut files = Vec::new();
    let meant = journal.files().into_iter();
    let meant = meant.filter(|file| is_meant(file, &survey));
    let (hooks, meant): (Vec<&Path>, Vec<&Path>) = meant.partition(|file| is_hook(file, &survey));
    for file in meant {
        let place = file.parent().and_then(Path::parent);
        let repository =
            crate::survey::model::worktree_of(file, &survey.repositories).map(|(found, _)| found);
        // Git shows nothing of its own folder.
        let repository = repository.filter(|found| !file.starts_with(&found.common_dir));
        files.push(Recorded {
            exclude: repository.map(|found| exclude_edit::file(&found.common_dir)),
            file: file.to_owned(),
            bytes: fs::read(file)?,
            place_exists: place.is_some_and(fs::is_folder),
            beside: beside(file)?,
        });
    }
    let mut plan = undo_decide::undo(&journal, files);
    stop_timer(&mut plan, &survey);
    let mut options = SetupOptions::default();
    note_devices(&survey, &mut options);
    let (moves, left) = undo_decide::moves(&survey, &plan, &options);
    plan.kept.extend(left);
    let behind = undo_decide::stay_behind(&survey, &plan, &moves);
    if !behind.is_empty() {
        let folders = behind;
        plan.warnings.push(Warning::StayBehind { folders });
    }
    if undo_decide::leaves_without(&survey, &plan, &moves) {
        plan.warnings.push(Warning::NoWayBack);
    }
    let (units, mut moves): (Vec<MoveFolder>, Vec<MoveFolder>) =
        moves.into_iter().partition(has_units);
    plan.kept.extend(units.into_iter().map(|one| Kept {
        subject: Subject::Folder,
        path: one.from,
        reason: KeptReason::NotMoved { to: one.to },
        on_disk: None,
        last_build: None,
    }));
    inspect_moves(&mut moves, ui);
    plan.actions.extend(boxed(moves));
    let installed = |repository: &&Repository| {
        let hook = git::hook_file(&repository.common_dir);
        hooks.contains(&hook.as_path())
    };
    let sites = hooks_of(survey.repositories.iter().filter(installed));
    let hooks = uninstall_hook(&sites, request.environment.program.as_deref());
    let hooks_are_out = hooks_are_as_asked(&hooks, false);
    plan.actions.extend(hooks.actions);
    plan.kept.extend(hooks.kept.into_iter().map(as_it_was));
    if let Some(moved) = moved {
        let outside = journal.files().into_iter();
        let outside = outside.filter(|file| !is_meant(file, &survey));
        plan.kept.extend(outside.map(|file| Kept {
            subject: Subject::File,
            path: file.to_owned(),
            reason: KeptReason::OutsideMoved {
                from: moved.from.clone(),
            },
            on_disk: None,
            last_build: None,
        }));
    }
    crate::clean::litter::finish_litter(&survey, crate::survey::model::Scope::All, &mut plan);
    let by_hand = |kept: &Kept| {
        matches!(
            kept.reason,
            KeptReason::ChangedByHand | KeptReason::StillNamed | KeptReason::OutsideMoved { .. }
        )
    };
    plan.warnings.extend(without_record(
        &survey,
        request.environment.state.as_deref(),
    ));
    let unknown = |warning: &Warning| matches!(warning, Warning::NoRecord { .. });
    let incomplete =
        !hooks_are_out || plan.kept.iter().any(by_hand) || plan.warnings.iter().any(unknown);
    if !incomplete {
        remove_shared_root(&survey, &journal, &mut plan);
    }
    let exit = conduct("undo", &survey, &plan, request, ui)?;
    // Not all is as it was, though nothing failed.
    Ok(match exit {
        Exit::Done if incomplete => Exit::Incomplete,
        other => other,
    })
}

/// Has the shared root go, if nothing but its own marks is left in it then. One under a name that the user gave may have
/// been there before.
fn remove_shared_root(survey: &Survey, journal: &Journal, plan: &mut Plan) {
    let root = &survey.shared_root;
    let is_ours = root.path.file_name() == Some(DEFAULT_ROOT.as_ref());
    let mut recorded = journal.files().into_iter();
    let all = recorded.all(|file| is_meant(file, survey));
    if !root.exists || root.unreachable.is_some() || !is_ours || !all {
        return;
    }
    let Some(owner_files) = undo_decide::left_without_use(survey, plan, fs::exists) else {
        return;
    };
    let moved = plan.all::<MoveFolder>().map(|one| one.from.as_path());
    let removed = plan.all::<Restore>().map(|one| &one.edit);
    let removed = removed.filter(|edit| edit.after.is_none());
    let removed = removed.map(|edit| edit.file.as_path());
    let owners = owner_files.iter().map(PathBuf::as_path);
    let leaving: Vec<&Path> = moved.chain(removed).chain(owners).collect();
    if fs::is_bare(&root.path, &leaving) {
        let path = root.path.clone();
        plan.add(RemoveSharedRoot { path, owner_files });
    }
}

/// Has a timer stop before its files go.
fn stop_timer(plan: &mut Plan, survey: &Survey) {
    let removed = plan.all::<Restore>().filter(|one| one.edit.after.is_none());
    let sites = removed.filter_map(|one| {
        let site = timer::gather::recorded(&one.edit.file, survey)?;
        let starts = site
            .files
            .last()
            .is_some_and(|(file, _)| *file == one.edit.file);
        timer::decide::switch(&site, false).filter(|_| starts)
    });
    let switches: Vec<SwitchTimer> = sites.collect();
    plan.actions.splice(0..0, boxed(switches));
}

/// A hook that is not there any more needs no taking out, and its record goes.
fn as_it_was(kept: Kept) -> Kept {
    match &kept.reason {
        KeptReason::Hook {
            hook: HookState::NotInstalled,
        } => Kept {
            subject: Subject::File,
            reason: KeptReason::AsItWas,
            ..kept
        },
        _ => kept,
    }
}

/// The configurations beside a script that one of them may name.
fn beside(file: &Path) -> Result<Vec<(PathBuf, Option<Vec<u8>>)>> {
    if !file.ends_with(wrapper_script::NAME) {
        return Ok(Vec::new());
    }
    let configs = CONFIG_NAMES.map(|name| file.with_file_name(name));
    let read = |config: PathBuf| fs::read(&config).map(|bytes| (config, bytes));
    configs.into_iter().map(read).collect()
}

/// Finds the configurations that lead into a folder with the mark of a shared root, though the user's state has no record of
/// them: it was lost, or belongs to another home.
fn without_record(survey: &Survey, state: Option<&Path>) -> Vec<Warning> {
    let known = KnownRoots::load(state);
    let mut roots: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for (path, file) in &survey.configs {
        let Some(base) = path.parent().and_then(Path::parent) else {
            continue;
        };
        let values = [&file.keys.target_dir, &file.keys.build_dir];
        let leads_to = values.into_iter().flatten().find_map(|value| {
            let folder = base.join(value);
            let is_root = |above: &&Path| fs::is_folder(&above.join(SHARED_ROOT_MARK));
            folder.ancestors().find(is_root).map(Path::to_owned)
        });
        if let Some(root) = leads_to.filter(|_| is_meant(path, survey)) {
            roots.entry(root).or_default().push(path.clone());
        }
    }
    let mut warnings = Vec::new();
    for (root, mut files) in roots {
        let journal = known
            .records(&root)
            .map(|records| crate::survey::records::read_journal(&records));
        // One that cannot be read is no lost one.
        if let Some(journal) = journal.transpose().unwrap_or_default() {
            files.retain(|file| !journal.files().contains(&file.as_path()));
        }
        if !files.is_empty() {
            warnings.push(Warning::NoRecord { root, files });
        }
    }
    warnings
}

/// Returns whether a folder that is to get intermediates back has some of its own.
fn has_units(one: &MoveFolder) -> bool {
    one.programs == Programs::AreThere
        && fs::is_folder(&one.to)
        && !matches!(moving::programs::unit_in(&one.to), Ok(None))
}
