//! The one configuration of the layout `build-dir`, above the worktrees.

use std::path::{Path, PathBuf};

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::config_edit::Settings;
use crate::cargo::model::ConfigFile;
use crate::markers::BUILD_FOLDER;
use crate::plan::kept::KeptReason;
use crate::setup::decide::configure::{build_template, edited, may_edit};
use crate::setup::decide::{SetupOptions, wrapper};
use crate::setup::model::{InstallWrapper, WriteConfig};
use crate::survey::folder::Layout;
use crate::survey::model::Survey;

/// The name of the build folders of this layout, which has nothing but the hash to tell workspaces apart.
const BY_PATH: &str = "by-path";

/// The layout `build-dir`, if that is how another worktree than this one is set up: it serves this one already.
#[must_use]
pub(crate) fn served_from_above(survey: &Survey, worktree: &Path) -> Option<Layout> {
    let by_path = folders(&survey.shared_root.path);
    let mut others = survey.workspaces.iter().filter(|w| !w.is_in(worktree));
    others
        .any(|workspace| workspace.dirs.build_dir.starts_with(&by_path))
        .then_some(Layout::BuildDir)
}

/// The folder under the shared root that holds every `build-dir` of this layout.
pub(crate) fn folders(shared_root: &Path) -> PathBuf {
    shared_root.join(BUILD_FOLDER).join(BY_PATH)
}

/// The `build-dir` that it sets; `None` where the path of the shared root cannot be part of a template.
pub(crate) fn template(shared_root: &Path) -> Option<String> {
    build_template(shared_root, Path::new(BY_PATH))
}

/// The file that Cargo would read in the place that was asked for; `None` for the other layouts.
pub(crate) fn file(survey: &Survey, options: &SetupOptions) -> Option<PathBuf> {
    let place = options.config_at.as_ref()?;
    let paths = CONFIG_NAMES.map(|name| place.cargo_folder.join(name));
    let there = |path: &&PathBuf| {
        survey
            .configs
            .get(*path)
            .is_some_and(|file| file.bytes.is_some())
    };
    Some(paths.iter().find(there).unwrap_or(&paths[1]).clone())
}

/// The change of the configuration above, and of the script beside it.
pub(crate) struct Above {
    /// The script, if it is not there as it should be.
    pub(crate) script: Option<InstallWrapper>,
    /// The edit, and the file after it; nothing if it says everything already.
    pub(crate) config: Option<(WriteConfig, ConfigFile)>,
}

/// Decides what it should say, or why it stays as it is.
pub(crate) fn configure(
    path: &Path,
    survey: &Survey,
    options: &SetupOptions,
) -> Result<Above, KeptReason> {
    let shared_root = &survey.shared_root.path;
    let template = template(shared_root).ok_or_else(|| KeptReason::Unwritable {
        path: shared_root.clone(),
    })?;
    let file = survey.configs.get(path);
    let script = wrapper::script(path, survey, options)?;
    let wrapper = match &script {
        Some(script) => Some(script.name.clone()),
        None => wrapper::of_place(path, survey, options),
    };
    let script = script.and_then(|script| script.edit);
    let by_path = options.layout == Some(Layout::BuildDir);
    let settings = Settings {
        target_dir: None,
        build_dir: Some(template.as_str()).filter(|_| by_path),
        rustc_wrapper: wrapper.as_deref(),
        ..Settings::default()
    };
    let Some((edit, after)) = edited(path, file, settings)? else {
        let script = script.map(InstallWrapper);
        return Ok(Above {
            script,
            config: None,
        });
    };
    may_edit(file, options)?;
    if let Some(value) = file.and_then(|file| file.keys.build_dir.as_ref())
        && !options.replace
        && by_path
        && !Path::new(value).starts_with(shared_root)
    {
        return Err(KeptReason::ConfigSet {
            file: path.to_owned(),
            key: "build-dir".into(),
            value: value.clone(),
        });
    }
    let write = WriteConfig {
        workspace: None,
        layout: match by_path {
            true => Layout::BuildDir,
            // It moves nothing.
            false => Layout::InPlace,
        },
        target_dir: None,
        build_dir: Some(template).filter(|_| by_path),
        rustc_wrapper: wrapper,
        needs: None,
        alone: false,
        edit,
    };
    Ok(Above {
        script: script.map(InstallWrapper),
        config: Some((write, after)),
    })
}
