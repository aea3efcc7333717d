//! Whether a workspace's programs come from a linker that can be relied on to replace files.

use std::path::Path;

use crate::cargo::{config_chain, config_edit};
use crate::survey::model::Survey;

/// Whether the configurations of a workspace leave the linker to the compiler or name a usual driver of one, so that a name
/// which a linker has left in a program tells what the next one does. `false` for a workspace of which they are not known.
#[must_use]
pub(crate) fn is_usual(survey: &Survey, workspace: &Path) -> bool {
    let known = survey.workspaces.iter().any(|one| one.root == workspace);
    let mut files = config_chain::chain(workspace, &survey.configs, &survey.surroundings);
    known
        && !survey.surroundings.names_linker
        && !files.any(|(file, _)| {
            let text = String::from_utf8_lossy(file.bytes.as_deref().unwrap_or_default());
            config_edit::may_name_linker(&text)
        })
}
