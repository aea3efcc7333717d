//! Asks git what it tracks and what it ignores.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::model::{ConfigFile, Tracked};
use crate::survey::Request;
use crate::survey::model::{Repository, Survey, worktree_of};
use crate::text::failure;
use crate::{fs, git};

/// The paths that were asked about in one worktree, and those that git tracks there, or its error.
type Answer = (Vec<PathBuf>, Result<Vec<PathBuf>, String>);

/// Asks git what it tracks: the configurations that we might edit, and anything in the target folders.
///
/// Without `to_act` only where an answer would be shown: for files that are there and not ours.
pub(super) fn ask_tracked(survey: &mut Survey, request: &Request) {
    let (config_at, to_act) = (request.config_at.as_deref(), request.to_act);
    let shared_root = survey.shared_root.path.clone();
    let ours = |file: &ConfigFile| {
        file.keys
            .target_dir
            .as_ref()
            .is_some_and(|value| Path::new(value).starts_with(&shared_root))
    };
    let mut questions: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let paths = editable(survey, config_at);
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
    // Only what is changed need be known.
    let focus = request.focus.as_deref();
    questions.retain(|worktree, _| focus.is_none_or(|focus| focus == worktree));
    let answers: Vec<Answer> = questions
        .into_par_iter()
        .map(|(worktree, paths)| {
            let repository = worktree_of(&worktree, &survey.repositories).map(|(one, _)| one);
            let doubt = repository.and_then(|repository| repository.doubt.clone());
            let tracked = match (doubt, asked_for(&worktree, repository)) {
                (Some(doubt), _) => Err(doubt),
                (None, None) => Ok(Vec::new()),
                (None, Some(top)) => {
                    let there: Vec<PathBuf> = paths
                        .iter()
                        .map(|path| moved(path, &worktree, top))
                        .collect();
                    let found = git::tracked(top, &there);
                    found
                        .map(|found| {
                            found
                                .iter()
                                .map(|path| moved(path, top, &worktree))
                                .collect()
                        })
                        .map_err(|error| failure::words(error.as_ref()))
                }
            };
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

/// The worktree in which git is asked about one: a workspace of Jujutsu that git does not know has, but for edits, the files
/// of the main one. `None` where git knows neither, so that nothing in it is known to be tracked.
fn asked_for<'a>(worktree: &'a Path, repository: Option<&'a Repository>) -> Option<&'a Path> {
    let by_git = |top: &Path| fs::exists(&top.join(".git"));
    if by_git(worktree) {
        return Some(worktree);
    }
    let mut worktrees = repository?.worktrees.iter();
    let main = worktrees.find(|one| one.main).map(|one| one.path.as_path());
    main.filter(|main| by_git(main))
}

/// A path in one worktree, in another one.
fn moved(path: &Path, from: &Path, to: &Path) -> PathBuf {
    path.strip_prefix(from)
        .map_or_else(|_| path.to_owned(), |inside| to.join(inside))
}

/// Asks git which of the configurations that we might make it ignores, and which workspaces. Outside git nothing shows
/// them.
pub(super) fn ask_ignored(survey: &mut Survey, request: &Request) {
    let config_at = request.config_at.as_deref();
    let mut questions: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in editable(survey, config_at) {
        if let Some((_, worktree)) = worktree_of(&path, &survey.repositories) {
            questions.entry(worktree.to_owned()).or_default().push(path);
        } else {
            survey
                .configs
                .entry(path)
                .and_modify(|file| file.ignored = true);
        }
    }
    for workspace in &survey.workspaces {
        // Git says nothing about the top of a worktree.
        let place = workspace.place.as_ref();
        let inner = place.filter(|place| !place.path.as_os_str().is_empty());
        if let Some(asked) = inner.and_then(|place| questions.get_mut(&place.worktree)) {
            asked.push(workspace.root.clone());
        }
    }
    let focus = request.focus.as_deref();
    questions.retain(|worktree, _| focus.is_none_or(|focus| focus == worktree));
    let shared_root = survey.shared_root.path.clone();
    if let Some((_, worktree)) = worktree_of(&shared_root, &survey.repositories) {
        let paths = shared_root
            .strip_prefix(worktree)
            .ok()
            .and_then(|path| path.to_str());
        let paths: Vec<String> = paths.map(|path| format!("{path}/")).into_iter().collect();
        let ignored = git::ignored(worktree, &paths).unwrap_or_default();
        // Its own rules are lost when its content is deleted.
        let from_outside = |by: &Path| !worktree.join(by).starts_with(&shared_root);
        survey.shared_root.ignored = ignored.iter().any(|found| from_outside(&found.by));
    }
    let ask = |(worktree, files): (PathBuf, Vec<PathBuf>)| {
        let relative =
            |file: &PathBuf| Some(file.strip_prefix(&worktree).ok()?.to_str()?.to_owned());
        let paths: Vec<String> = files.iter().filter_map(relative).collect();
        let repository = worktree_of(&worktree, &survey.repositories).map(|(one, _)| one);
        // Where git does not answer, the line is added: one too many hides nothing but our file.
        let ignored = asked_for(&worktree, repository).map(|top| git::ignored(top, &paths));
        let ignored = ignored.and_then(Result::ok).unwrap_or_default();
        ignored
            .into_iter()
            .map(|ignored| worktree.join(ignored.path))
            .collect::<Vec<_>>()
    };
    let answers: Vec<Vec<PathBuf>> = questions.into_par_iter().map(ask).collect();
    let ignored: BTreeSet<PathBuf> = answers.into_iter().flatten().collect();
    for (path, file) in &mut survey.configs {
        file.ignored |= ignored.contains(path);
    }
    for workspace in &mut survey.workspaces {
        workspace.ignored = ignored.contains(&workspace.root);
    }
}

/// The configurations that we might make or edit.
fn editable(survey: &Survey, config_at: Option<&Path>) -> Vec<PathBuf> {
    let above = config_at
        .iter()
        .flat_map(|folder| CONFIG_NAMES.map(|name| folder.join(name)));
    let own = survey
        .workspaces
        .iter()
        .map(|workspace| workspace.config.clone());
    own.chain(above).collect()
}
