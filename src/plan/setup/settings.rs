//! What the settings file is to say.

use std::path::PathBuf;

use crate::model::{Action, Change, EditFile, KeptReason, Settings, Survey};
use crate::settings;

/// Where the settings file is.
#[must_use]
pub fn file(survey: &Survey) -> PathBuf {
    survey.shared_root.path.join(settings::FILE_NAME)
}

/// The edit that makes the settings file say what was decided; `None` if nothing was, or if it says so already.
pub(super) fn edit(survey: &Survey, decided: &Settings) -> Result<Option<Action>, KeptReason> {
    if *decided == Settings::default() {
        return Ok(None);
    }
    let file = file(survey);
    let before = survey.settings_file.clone();
    let unsure = |_| KeptReason::ConfigUnsure { file: file.clone() };
    let text = std::str::from_utf8(before.as_deref().unwrap_or_default()).map_err(unsure)?;
    let after =
        settings::set(text, decided.clone()).map_err(|problem| KeptReason::ConfigInvalid {
            file: file.clone(),
            problem,
        })?;
    if after == text {
        return Ok(None);
    }
    let edit = EditFile {
        change: match before {
            Some(_) => Change::Edit,
            None => Change::Create,
        },
        file,
        before,
        after: Some(after.into_bytes()),
    };
    let said = settings::set("", decided.clone()).unwrap_or_default();
    let says = said.lines().map(str::to_owned).collect();
    Ok(Some(Action::WriteSettings { says, edit }))
}
