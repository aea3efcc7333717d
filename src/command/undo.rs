//! `undo`: put configurations and excludes back.

use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use super::{Ui, conduct, look};
use crate::config_chain::{CARGO_FOLDER, CONFIG_NAMES};
use crate::exclude_edit;
use crate::exit::Exit;
use crate::fs;
use crate::journal::Journal;
use crate::model::{Kept, KeptReason, Survey};
use crate::plan::{self, Recorded};
use crate::survey::Request;
use crate::wrapper_script;

/// Puts every file back that a setup changed.
///
/// # Errors
///
/// A root or the record cannot be read, another run is at work, or the answer cannot be written.
pub fn run(request: &Request, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let journal = match &survey.shared_root.records {
        Some(records) => fs::read_journal(records)?,
        None => Journal::default(),
    };
    let mut files = Vec::new();
    for file in journal
        .files()
        .into_iter()
        .filter(|file| is_meant(file, &survey))
    {
        let place = file.parent().and_then(Path::parent);
        let repository = plan::worktree_of(file, &survey.repositories).map(|(found, _)| found);
        files.push(Recorded {
            exclude: repository.map(|found| exclude_edit::file(&found.common_dir)),
            file: file.to_owned(),
            bytes: fs::read(file)?,
            place_exists: place.is_some_and(fs::is_folder),
            beside: beside(file)?,
        });
    }
    let mut plan = plan::undo(&journal, files);
    plan::finish_litter(&survey, plan::Scope::All, &mut plan);
    let by_hand = |kept: &Kept| {
        matches!(
            kept.reason,
            KeptReason::ChangedByHand | KeptReason::StillNamed
        )
    };
    let incomplete = plan.kept.iter().any(by_hand);
    let exit = conduct("undo", &survey, &plan, request, ui)?;
    // Not all is as it was, though nothing failed.
    Ok(match exit {
        Exit::Done if incomplete => Exit::Incomplete,
        other => other,
    })
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

/// Returns whether a recorded file is of a kind that we write, and belongs to what the roots stand for. The record is the
/// user's own, and undo goes by it for nothing else all the same.
fn is_meant(file: &Path, survey: &Survey) -> bool {
    // A folder that became a link since leads elsewhere. One that is gone leads nowhere.
    let straight = |folder: &Path| fs::canonical(folder).map_or(true, |real| real == folder);
    let plain = |part: Component| !matches!(part, Component::ParentDir | Component::CurDir);
    file.is_absolute()
        && file.components().all(plain)
        && file.parent().is_some_and(straight)
        && (is_configuration(file, survey) || is_exclude(file, survey) || is_settings(file, survey))
}

/// Returns whether a file is a configuration of Cargo's or our script beside one: under a root, in a worktree, above a root
/// or in Cargo's home.
fn is_configuration(file: &Path, survey: &Survey) -> bool {
    let (Some(name), Some(folder)) = (file.file_name(), file.parent()) else {
        return false;
    };
    let known = CONFIG_NAMES
        .iter()
        .any(|known| Path::new(known).file_name() == Some(name));
    if !known && name != wrapper_script::NAME {
        return false;
    }
    if folder == survey.surroundings.cargo_home {
        return true;
    }
    let Some(base) = folder.parent().filter(|_| folder.ends_with(CARGO_FOLDER)) else {
        return false;
    };
    let worktrees = survey
        .repositories
        .iter()
        .flat_map(|found| &found.worktrees);
    survey
        .roots
        .iter()
        .any(|root| base.starts_with(root) || root.starts_with(base))
        || worktrees
            .into_iter()
            .any(|worktree| base.starts_with(&worktree.path))
}

/// Returns whether a file is the exclude file of a repository met.
fn is_exclude(file: &Path, survey: &Survey) -> bool {
    let repositories = &survey.repositories;
    repositories
        .iter()
        .any(|repository| exclude_edit::file(&repository.common_dir) == file)
}

/// Returns whether a file has the settings of the shared root.
fn is_settings(file: &Path, survey: &Survey) -> bool {
    plan::settings_file(survey) == file || plan::own_settings_file(survey).as_deref() == Some(file)
}
