//! Reads Cargo's configuration files, and whether they may be edited.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::worktree_of;
use crate::config_chain::{CARGO_FOLDER, CONFIG_NAMES};
use crate::config_edit;
use crate::fs;
use crate::git;
use crate::model::{ConfigFile, Survey, TomlProblem, Tracked};

type Configs = BTreeMap<PathBuf, ConfigFile>;

/// Reads the files that count for these folders: those in `.cargo` in each of them and above.
pub(super) fn read_above<'a>(folders: impl Iterator<Item = &'a Path>, configs: &mut Configs) {
    for folder in folders {
        for above in folder.ancestors() {
            let cargo_folder = above.join(CARGO_FOLDER);
            if configs.contains_key(&cargo_folder.join(CONFIG_NAMES[1])) {
                break;
            }
            read_folder(&cargo_folder, configs);
        }
    }
}

/// Reads the files in one `.cargo` folder. Those that do not exist are noted as such.
pub(super) fn read_folder(cargo_folder: &Path, configs: &mut Configs) {
    let folder_link = match fs::info(cargo_folder) {
        Ok(Some(info)) => info.is_symlink.then(|| fs::link_target(cargo_folder)),
        _ => None,
    };
    for name in CONFIG_NAMES {
        let path = cargo_folder.join(name);
        configs
            .entry(path.clone())
            .or_insert_with(|| read_file(path, folder_link.clone()));
    }
}

fn read_file(path: PathBuf, folder_link: Option<PathBuf>) -> ConfigFile {
    let mut file = ConfigFile {
        symlink: folder_link,
        ..ConfigFile::default()
    };
    if let Ok(Some(info)) = fs::info(&path) {
        file.read_only = info.read_only;
        if info.is_symlink {
            file.symlink = Some(fs::link_target(&path));
        }
    }
    let unreadable = |message: String| TomlProblem {
        line: 1,
        column: 1,
        message,
    };
    match fs::read(&path) {
        Ok(None) => {}
        Ok(Some(bytes)) => {
            match std::str::from_utf8(&bytes) {
                Ok(text) => match config_edit::keys(text) {
                    Ok(keys) => file.keys = keys,
                    Err(problem) => file.invalid = Some(problem),
                },
                Err(_) => file.invalid = Some(unreadable("expected UTF-8".into())),
            }
            file.bytes = Some(bytes);
        }
        Err(error) => {
            file.invalid = Some(unreadable(error.root_cause().to_string()));
            file.bytes = Some(Vec::new());
        }
    }
    file.path = path;
    file
}

/// Asks git what it tracks: the configurations that we might edit, and anything in the target folders.
///
/// Without `to_act` only where an answer would be shown: for files that are there and not ours.
pub(super) fn ask_git(survey: &mut Survey, config_at: Option<&Path>, to_act: bool) {
    let shared_root = survey.shared_root.path.clone();
    let ours = |file: &ConfigFile| {
        file.keys
            .target_dir
            .as_ref()
            .is_some_and(|value| Path::new(value).starts_with(&shared_root))
    };
    let mut questions: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let above = config_at.map(|folder| folder.join(CARGO_FOLDER));
    let above = above
        .iter()
        .flat_map(|folder| CONFIG_NAMES.map(|name| folder.join(name)));
    let paths: Vec<PathBuf> = survey
        .workspaces
        .iter()
        .map(|workspace| workspace.config.clone())
        .chain(above)
        .collect();
    let configs = paths.iter().filter_map(|path| survey.configs.get(path));
    let asked_configs = configs.filter(|file| to_act || (file.bytes.is_some() && !ours(file)));
    let folders = survey
        .folders
        .iter()
        .filter(|folder| to_act && !folder.path.starts_with(&shared_root));
    for path in asked_configs
        .map(|file| &file.path)
        .chain(folders.map(|folder| &folder.path))
    {
        if let Some((_, worktree)) = worktree_of(path, &survey.repositories) {
            questions
                .entry(worktree.to_owned())
                .or_default()
                .push(path.clone());
        }
    }
    let answers: Vec<(Vec<PathBuf>, Result<Vec<PathBuf>, String>)> = questions
        .into_par_iter()
        .map(|(worktree, paths)| {
            let tracked = git::tracked(&worktree, &paths).map_err(|error| format!("{error:#}"));
            (paths, tracked)
        })
        .collect();
    for (paths, answer) in answers {
        for path in paths {
            let inside = answer
                .as_ref()
                .map(|tracked| tracked.iter().find(|found| found.starts_with(&path)));
            if let Some(file) = survey.configs.get_mut(&path) {
                file.tracked = match inside {
                    Err(message) => Tracked::Unclear(message.clone()),
                    Ok(found) => found.map_or(Tracked::No, |_| Tracked::Yes),
                };
            } else if let Some(folder) =
                survey.folders.iter_mut().find(|folder| folder.path == path)
            {
                match inside {
                    Err(message) => folder.marks.tracked_unclear = Some(message.clone()),
                    Ok(found) => folder.marks.tracked = found.cloned(),
                }
            }
        }
    }
}

/// Asks git which of the configurations that we might make it ignores. Outside git nothing shows them.
pub(super) fn ask_ignored(survey: &mut Survey) {
    let mut questions: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for workspace in &survey.workspaces {
        match &workspace.place {
            Some(place) => questions
                .entry(place.worktree.clone())
                .or_default()
                .push(workspace.config.clone()),
            None => {
                survey
                    .configs
                    .entry(workspace.config.clone())
                    .or_default()
                    .ignored = true
            }
        }
    }
    let answers: Vec<Vec<PathBuf>> = questions
        .into_par_iter()
        .map(|(worktree, files)| {
            let relative =
                |file: &PathBuf| Some(file.strip_prefix(&worktree).ok()?.to_str()?.to_owned());
            let paths: Vec<String> = files.iter().filter_map(relative).collect();
            // Where git does not answer, the line is added: an exclusion too many hides nothing but our file.
            let ignored = git::ignored(&worktree, &paths).unwrap_or_default();
            ignored
                .into_iter()
                .map(|path| worktree.join(path))
                .collect()
        })
        .collect();
    for path in answers.into_iter().flatten() {
        if let Some(file) = survey.configs.get_mut(&path) {
            file.ignored = true;
        }
    }
}
