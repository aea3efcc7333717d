//! Decides what becomes of the git hook of each repository.

#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};

use crate::fs::model::FoundProgram;
use crate::hook::hook_script;
use crate::hook::hook_script::Whose;
use crate::hook::model::{
    HookChange, HookSite, HookStatus, HookStep, HooksFolder, InstallHook, RemoveHook,
};
use crate::plan::action::{Change, EditFile, Plan, Warning, all};
use crate::plan::hook_state::HookState;
use crate::plan::kept::{Kept, KeptReason, Subject};

/// The hook of a site.
fn hook(site: &HookSite) -> PathBuf {
    hook_script::folder(&site.repository).join(hook_script::NAME)
}

fn before(site: &HookSite) -> PathBuf {
    hook_script::folder(&site.repository).join(hook_script::BEFORE)
}

/// How it stands with the hook of a repository, for a program at a path.
#[must_use]
pub(crate) fn hook_state(site: &HookSite, program: Option<&Path>) -> HookState {
    match &site.elsewhere {
        Some(elsewhere) if elsewhere.runs_us => HookState::RunElsewhere {
            folder: elsewhere.folder.clone(),
        },
        Some(elsewhere) => HookState::Shadowed {
            folder: elsewhere.folder.clone(),
            line: hook_script::LINE.to_owned(),
        },
        None => in_folder(site, program),
    }
}

/// The same, whichever folder git takes its hooks from.
fn in_folder(site: &HookSite, program: Option<&Path>) -> HookState {
    if let Some(obstacle) = obstacle(site) {
        return obstacle;
    }
    let is_kept = site.files.before != FoundProgram::Nothing;
    // Ours does not come from before ours.
    if is_ours(&site.files.before) {
        return HookState::ChangedByHand;
    }
    let FoundProgram::File {
        bytes, executable, ..
    } = &site.files.hook
    else {
        return match is_kept {
            true => HookState::TakenOut {
                before: before(site),
            },
            false if site.unfinished => HookState::Unfinished,
            false => HookState::NotInstalled,
        };
    };
    match hook_script::whose(bytes) {
        Whose::Changed => HookState::ChangedByHand,
        Whose::Ours { version, .. } if version > hook_script::VERSION => {
            HookState::Newer { version }
        }
        Whose::Ours { .. } if site.unfinished => HookState::Unfinished,
        Whose::Ours { made_folder, .. } if *bytes != hook_script::script(program, made_folder) => {
            HookState::OutOfDate
        }
        Whose::Ours { .. } if !executable => HookState::NotExecutable,
        Whose::Ours { .. } => HookState::Installed,
        // An installation keeps the one that is there under another name before it puts its own in its place.
        Whose::Foreign if site.files.before == site.files.hook => HookState::Unfinished,
        Whose::Foreign if is_kept => HookState::Overwritten {
            before: before(site),
        },
        Whose::Foreign if site.unfinished => HookState::Unfinished,
        Whose::Foreign => HookState::NotInstalled,
    }
}

/// The obstacle that makes any change unsafe.
fn obstacle(site: &HookSite) -> Option<HookState> {
    let folder = hook_script::folder(&site.repository);
    match &site.folder {
        HooksFolder::Link(to) => {
            return Some(HookState::Link {
                path: folder,
                to: to.clone(),
            });
        }
        HooksFolder::Other => return Some(HookState::NotAFile { path: folder }),
        HooksFolder::Missing | HooksFolder::There => {}
    }
    let files = [
        (&site.files.hook, hook(site)),
        (&site.files.before, before(site)),
    ];
    files.into_iter().find_map(|(found, path)| match found {
        FoundProgram::Nothing | FoundProgram::File { .. } => None,
        FoundProgram::Link(to) => Some(HookState::Link {
            path,
            to: to.clone(),
        }),
        FoundProgram::Other => Some(HookState::NotAFile { path }),
        FoundProgram::Unreadable(message) => Some(HookState::Unreadable {
            path,
            message: message.clone(),
        }),
    })
}

/// Whether a hook is ours, as it was written or changed.
fn is_ours(found: &FoundProgram) -> bool {
    matches!(found, FoundProgram::File { bytes, .. } if hook_script::whose(bytes) != Whose::Foreign)
}

/// How it stands with the hook of each repository.
#[must_use]
pub(crate) fn hook_status(sites: &[HookSite], program: Option<&Path>) -> Vec<HookStatus> {
    let status = |site: &HookSite| HookStatus {
        repository: site.repository.clone(),
        file: hook(site),
        state: hook_state(site, program),
        calls_first: (is_ours(&site.files.hook) && site.files.before.is_executable())
            .then(|| before(site)),
    };
    sites.iter().map(status).collect()
}

/// Decides how the hook gets into each repository. One that is there already is kept and called first.
#[must_use]
pub(crate) fn install_hook(sites: &[HookSite], program: Option<&Path>) -> Plan {
    let mut plan = Plan::default();
    for site in sites {
        let state = hook_state(site, program);
        let (how, made_folder) = match (&state, &site.files.hook, &site.folder) {
            (HookState::NotExecutable | HookState::OutOfDate, ..) => {
                (HookStep::Renew, made_folder(site))
            }
            (HookState::NotInstalled | HookState::Unfinished, FoundProgram::File { .. }, _) => {
                match is_ours(&site.files.hook) {
                    true => (HookStep::Renew, made_folder(site)),
                    false => (HookStep::Chain, false),
                }
            }
            (HookState::NotInstalled | HookState::Unfinished, _, HooksFolder::Missing) => {
                (HookStep::CreateFolder, true)
            }
            (HookState::NotInstalled | HookState::Unfinished | HookState::TakenOut { .. }, ..) => {
                (HookStep::Create, false)
            }
            _ => {
                keep(&mut plan, site, state);
                continue;
            }
        };
        if let (HookStep::Chain, FoundProgram::File { bytes, .. }) = (how, &site.files.hook)
            && hook_script::goes_by_its_name(bytes)
        {
            plan.warnings
                .push(Warning::HookGoesByItsName { file: hook(site) });
        }
        let calls = how == HookStep::Chain || site.files.before != FoundProgram::Nothing;
        plan.add(InstallHook {
            change: HookChange {
                file: hook(site),
                how,
                before: calls.then(|| before(site)),
                found: site.files.clone(),
                content: hook_script::script(program, made_folder),
            },
            recorded: None,
        });
    }
    plan
}

/// Decides the same as a part of `setup`, and so that its `undo` takes out again what is new.
#[must_use]
pub(crate) fn install_with_setup(sites: &[HookSite], program: Option<&Path>) -> Plan {
    let mut plan = install_hook(sites, program);
    let actions = std::mem::take(&mut plan.actions);
    for install in all::<InstallHook>(&actions) {
        let change = install.change.clone();
        let bytes = match &change.found.hook {
            FoundProgram::File { bytes, .. } => Some(bytes.clone()),
            _ => None,
        };
        // One that was ours before stays when this setup is undone.
        let recorded = (change.how != HookStep::Renew).then(|| EditFile {
            file: change.file.clone(),
            change: bytes.as_ref().map_or(Change::Create, |_| Change::Edit),
            before: bytes,
            after: Some(change.content.clone()),
        });
        plan.add(InstallHook { change, recorded });
    }
    plan
}

/// Decides how the hook gets out of each repository, so that everything is as it was before.
#[must_use]
pub(crate) fn uninstall_hook(sites: &[HookSite], program: Option<&Path>) -> Plan {
    let mut plan = Plan::default();
    for site in sites {
        let state = in_folder(site, program);
        let is_kept = site.files.before != FoundProgram::Nothing;
        let how = match &state {
            HookState::Installed
            | HookState::NotExecutable
            | HookState::OutOfDate
            | HookState::Newer { .. }
            | HookState::TakenOut { .. }
                if is_kept =>
            {
                HookStep::PutBack
            }
            HookState::Unfinished if is_ours(&site.files.hook) && is_kept => HookStep::PutBack,
            HookState::Unfinished if !is_ours(&site.files.hook) => HookStep::Tidy,
            HookState::Installed
            | HookState::NotExecutable
            | HookState::OutOfDate
            | HookState::Newer { .. }
            | HookState::Unfinished => match made_folder(site) {
                true => HookStep::RemoveFolder,
                false => HookStep::Remove,
            },
            _ => {
                // Any other file there is none of ours.
                let state = match (&state, &site.elsewhere) {
                    (HookState::NotInstalled, Some(there)) if there.runs_us => {
                        HookState::RunElsewhere {
                            folder: there.folder.clone(),
                        }
                    }
                    (HookState::Link { .. } | HookState::NotAFile { .. }, _)
                        if !is_ours(&site.files.hook) && !is_kept =>
                    {
                        HookState::NotInstalled
                    }
                    _ => state,
                };
                keep(&mut plan, site, state);
                continue;
            }
        };
        plan.add(RemoveHook(HookChange {
            file: hook(site),
            how,
            before: (how == HookStep::PutBack).then(|| before(site)),
            found: site.files.clone(),
            content: Vec::new(),
        }));
    }
    plan
}

fn made_folder(site: &HookSite) -> bool {
    matches!(&site.files.hook, FoundProgram::File { bytes, .. }
        if matches!(hook_script::whose(bytes), Whose::Ours { made_folder: true, .. }))
}

fn keep(plan: &mut Plan, site: &HookSite, state: HookState) {
    plan.kept.push(Kept {
        subject: Subject::Hook,
        path: hook(site),
        reason: KeptReason::Hook { hook: state },
        on_disk: None,
        last_build: None,
    });
}

/// Whether all hooks are as they were asked to be, with nothing kept against that.
#[must_use]
pub(crate) fn hooks_are_as_asked(plan: &Plan, installed: bool) -> bool {
    plan.kept.iter().all(|kept| match &kept.reason {
        KeptReason::Hook { hook } => match hook {
            HookState::Installed | HookState::Newer { .. } | HookState::RunElsewhere { .. } => {
                installed
            }
            HookState::NotInstalled => !installed,
            _ => false,
        },
        _ => true,
    })
}
