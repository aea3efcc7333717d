//! The edits of the settings files of a shared root, and of repositories.

use std::path::PathBuf;

use crate::cargo::model::TomlProblem;
use crate::plan::action::{Change, EditFile};
use crate::plan::kept::KeptReason;
use crate::setup::decide::{SetupOptions, in_place};
use crate::setup::model::WriteSettings;
use crate::survey::folder::{Layout, WorktreeLayout};
use crate::survey::model::{Repository, RepositorySettings, Settings, Survey};
use crate::survey::settings;
use crate::survey::settings::{file, own_file};

/// Decides the edits that make the settings files say what was decided, or says for a file why it is left.
pub(crate) fn edits(
    survey: &Survey,
    decided: &Settings,
) -> Vec<Result<WriteSettings, (PathBuf, KeptReason)>> {
    let mut safe = decided.clone();
    let program = Settings {
        rustc_wrapper: safe.rustc_wrapper.take(),
        ..Settings::default()
    };
    let shared = edit(file(survey), survey.settings_file.as_deref(), &safe);
    let own =
        own_file(survey).and_then(|file| edit(file, survey.own_settings_file.as_deref(), &program));
    shared.into_iter().chain(own).collect()
}

/// Decides the edits that make repositories remember the layout of their worktrees.
pub(crate) fn of_repositories(
    survey: &Survey,
    options: &SetupOptions,
) -> Vec<Result<WriteSettings, (PathBuf, KeptReason)>> {
    if options.only.is_some() {
        return Vec::new();
    }
    let has_workspace = |repository: &&Repository| {
        let mut places = survey.workspaces.iter().filter_map(|w| w.place.as_ref());
        repository.doubt.is_none() && places.any(|place| place.common_dir == repository.common_dir)
    };
    let edit = |repository: &Repository| {
        let layout = options.layout.map(|layout| match layout {
            Layout::InPlace => WorktreeLayout::InPlace,
            _ => WorktreeLayout::Isolated,
        });
        // The file that says so may be gone by the next time, and other worktrees are to follow.
        let stays = || {
            let own = survey.workspaces.iter().filter(|one| {
                let place = one.place.as_ref();
                place.is_some_and(|place| place.common_dir == repository.common_dir)
            });
            let mut reasons = own.map(|one| in_place::layout(one, survey, options).1);
            reasons.any(|reason| matches!(reason, KeptReason::CargoInside { .. }))
        };
        let layout = layout.or_else(|| stays().then_some(WorktreeLayout::InPlace));
        // It is the default.
        let is_news = |layout: &WorktreeLayout| {
            *layout == WorktreeLayout::InPlace || repository.settings.layout.is_some()
        };
        let decided = RepositorySettings {
            layout: layout.filter(is_news),
            new_worktrees: options.new_worktrees,
        };
        if decided == RepositorySettings::default() {
            return None;
        }
        let file = settings::of_repository(&repository.common_dir);
        let before = repository.settings_file.as_deref();
        edit_text(file, before, |text| {
            settings::set_for_repository(text, decided)
        })
    };
    let repositories = survey.repositories.iter().filter(has_workspace);
    repositories.filter_map(edit).collect()
}

/// Decides the edit of one file; `None` if it says so already, or has nothing to say.
fn edit(
    file: PathBuf,
    before: Option<&[u8]>,
    decided: &Settings,
) -> Option<Result<WriteSettings, (PathBuf, KeptReason)>> {
    if *decided == Settings::default() {
        return None;
    }
    edit_text(file, before, |text| settings::set(text, decided.clone()))
}

/// Decides the edit that sets something in a file; `None` if that says so already.
fn edit_text(
    file: PathBuf,
    before: Option<&[u8]>,
    set: impl Fn(&str) -> Result<String, TomlProblem>,
) -> Option<Result<WriteSettings, (PathBuf, KeptReason)>> {
    let Ok(text) = std::str::from_utf8(before.unwrap_or_default()) else {
        let reason = KeptReason::ConfigUnsure { file: file.clone() };
        return Some(Err((file, reason)));
    };
    let after = match set(text) {
        Ok(after) => after,
        Err(problem) => {
            let reason = KeptReason::ConfigInvalid {
                file: file.clone(),
                problem,
            };
            return Some(Err((file, reason)));
        }
    };
    if after == text {
        return None;
    }
    let edit = EditFile {
        change: match before {
            Some(_) => Change::Edit,
            None => Change::Create,
        },
        file,
        before: before.map(<[u8]>::to_vec),
        after: Some(after.into_bytes()),
    };
    let said = set("").unwrap_or_default();
    let says = said.lines().map(str::to_owned).collect();
    Some(Ok(WriteSettings { says, edit }))
}
