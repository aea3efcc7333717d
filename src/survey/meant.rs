//! Which recorded files a run may touch.

use std::path::{Component, Path};

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::wrapper_script;
use crate::git::exclude_edit;
use crate::markers::CARGO_FOLDER;
use crate::survey::model::Survey;
use crate::survey::settings;
use crate::survey::timer_files::timer_file;
use crate::{fs, git};

/// Returns whether a recorded file is of a kind that we write, and belongs to what the roots stand for. The record is the
/// user's own, and undo goes by it for nothing else all the same.
#[must_use]
pub(crate) fn is_meant(file: &Path, survey: &Survey) -> bool {
    // A folder that became a link since leads elsewhere. A missing folder leads nowhere.
    let straight = |folder: &Path| fs::canonical(folder).map_or(true, |real| real == folder);
    let plain = |part: Component| !matches!(part, Component::ParentDir | Component::CurDir);
    file.is_absolute()
        && file.components().all(plain)
        && file.parent().is_some_and(straight)
        && (is_configuration(file, survey)
            || is_exclude(file, survey)
            || is_hook(file, survey)
            || is_settings(file, survey)
            || timer_file(file, &survey.shared_root).is_some())
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

/// Returns whether a file is the hook of a repository met.
#[must_use]
pub(crate) fn is_hook(file: &Path, survey: &Survey) -> bool {
    let mut repositories = survey.repositories.iter();
    repositories.any(|repository| git::hook_file(&repository.common_dir) == file)
}

/// Returns whether a file has the settings of the shared root, or those of a repository met.
fn is_settings(file: &Path, survey: &Survey) -> bool {
    let mut repositories = survey.repositories.iter();
    settings::file(survey) == file
        || settings::own_file(survey).as_deref() == Some(file)
        || repositories.any(|one| settings::of_repository(&one.common_dir) == file)
}
