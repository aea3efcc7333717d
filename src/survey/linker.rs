//! Whether a workspace's programs come from a linker that can be relied on to replace files.

use std::path::Path;

use crate::cargo::{config_chain, config_edit};
use crate::survey::model::Survey;
use crate::{fs, process};

/// Whether the configurations of a workspace leave the linker to the compiler or name a usual driver of one, so that the
/// name that a linker has left in a program tells what the next one does. `false` where the configurations of the workspace
/// are not known, and where `cc` is a script.
#[must_use]
pub(crate) fn is_usual(survey: &Survey, workspace: &Path) -> bool {
    let known = survey.workspaces.iter().any(|one| one.root == workspace);
    let mut files = config_chain::chain(workspace, &survey.configs, &survey.surroundings);
    let is_script = |name: &str| process::tool(name).is_ok_and(|path| fs::is_script(&path));
    let others = |text: &str| match config_edit::linkers(text) {
        Some(names) => names
            .iter()
            .any(|name| !config_edit::is_usual_linker(name) || is_script(name)),
        None => true,
    };
    known
        && !survey.surroundings.names_linker
        && !is_script("cc")
        && !files.any(|(file, _)| {
            others(&String::from_utf8_lossy(
                file.bytes.as_deref().unwrap_or_default(),
            ))
        })
}
