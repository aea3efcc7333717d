//! What git must ignore: the configurations that we make.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::exclude_edit;
use crate::model::{Action, Change, ConfigFile, EditFile, Survey, Tracked};
use crate::plan::worktree_of;

/// The edits of the exclude files of all repositories in which git would show one of our files.
pub(super) fn edits(survey: &Survey, writes: &[Action]) -> Vec<Action> {
    let made_now = writes.iter().filter_map(|write| match write {
        Action::WriteConfig { edit, .. } if edit.change == Change::Create => Some(&edit.file),
        _ => None,
    });
    let ours = |file: &&ConfigFile| file.created_by_us && file.bytes.is_some();
    let made_earlier = survey.configs.values().filter(ours).map(|file| &file.path);
    let made: BTreeSet<&PathBuf> = made_now.chain(made_earlier).collect();

    let mut patterns: BTreeMap<&Path, BTreeSet<String>> = BTreeMap::new();
    for path in made {
        let known = survey.configs.get(path);
        let hidden = known.is_some_and(|file| file.ignored || file.tracked == Tracked::Yes);
        if let Some((repository, worktree)) = worktree_of(path, &survey.repositories)
            && !hidden
        {
            let relative = path.strip_prefix(worktree).unwrap_or(path);
            let parts: Vec<_> = relative
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect();
            let pattern = exclude_edit::pattern(&parts.join("/"), false);
            let common_dir = repository.common_dir.as_path();
            patterns.entry(common_dir).or_default().insert(pattern);
        }
    }
    patterns
        .into_iter()
        .filter_map(|(common_dir, patterns)| edit(common_dir, patterns, survey))
        .collect()
}

fn edit(common_dir: &Path, patterns: BTreeSet<String>, survey: &Survey) -> Option<Action> {
    let repository = survey
        .repositories
        .iter()
        .find(|repository| repository.common_dir == *common_dir)?;
    let before = repository.exclude.clone();
    let patterns: Vec<String> = patterns.into_iter().collect();
    let after = exclude_edit::add(before.as_deref().unwrap_or_default(), &patterns)?;
    let change = match before {
        Some(_) => Change::Edit,
        None => Change::Create,
    };
    Some(Action::Exclude(EditFile {
        file: common_dir.join("info").join("exclude"),
        before,
        after: Some(after),
        change,
    }))
}
