//! The edits of the settings files of a shared root.

use std::path::PathBuf;

use crate::plan::action::{Change, EditFile};
use crate::plan::kept::KeptReason;
use crate::setup::model::WriteSettings;
use crate::survey::model::{Settings, Survey};
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

/// Decides the edit of one file; `None` if it says so already, or has nothing to say.
fn edit(
    file: PathBuf,
    before: Option<&[u8]>,
    decided: &Settings,
) -> Option<Result<WriteSettings, (PathBuf, KeptReason)>> {
    if *decided == Settings::default() {
        return None;
    }
    let Ok(text) = std::str::from_utf8(before.unwrap_or_default()) else {
        let reason = KeptReason::ConfigUnsure { file: file.clone() };
        return Some(Err((file, reason)));
    };
    let after = match settings::set(text, decided.clone()) {
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
    let said = settings::set("", decided.clone()).unwrap_or_default();
    let says = said.lines().map(str::to_owned).collect();
    Some(Ok(WriteSettings { says, edit }))
}
