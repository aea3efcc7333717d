//! The paths that git must ignore: the configurations that we make.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cargo::model::{ConfigFile, Tracked};
use crate::git::exclude_edit;
use crate::plan::action::{Change, EditFile};
use crate::setup::model::{Exclude, InstallWrapper, WriteConfig};
use crate::survey::model::{Repository, Survey, worktree_of};

/// The edits of the exclude files of all repositories in which git would show one of our files. Each write that
/// makes such a file then needs its edit.
pub(crate) fn edits(
    survey: &Survey,
    script: Option<&InstallWrapper>,
    writes: &mut [WriteConfig],
) -> Vec<Exclude> {
    let ours = |file: &&ConfigFile| file.created_by_us && file.bytes.is_some();
    let mut made: BTreeSet<PathBuf> = survey
        .configs
        .values()
        .filter(ours)
        .map(|file| file.path.clone())
        .collect();
    let edits = writes.iter().map(|write| &write.edit);
    let edits = edits.chain(script.map(|script| &script.0));
    made.extend(edits.filter_map(created).cloned());

    let mut patterns: BTreeMap<&Path, BTreeSet<String>> = BTreeMap::new();
    for path in &made {
        if let Some((repository, worktree)) = shown_in(path, survey) {
            let pattern = pattern(path, worktree, false);
            patterns
                .entry(&repository.common_dir)
                .or_default()
                .insert(pattern);
        }
    }
    // It ignores itself, as long as its content is not deleted.
    let shared_root = &survey.shared_root;
    if let Some((repository, worktree)) = worktree_of(&shared_root.path, &survey.repositories)
        && !shared_root.ignored
        && !patterns.is_empty()
    {
        let pattern = pattern(&shared_root.path, worktree, true);
        patterns
            .entry(&repository.common_dir)
            .or_default()
            .insert(pattern);
    }
    let edits: Vec<EditFile> = patterns
        .into_iter()
        .filter_map(|(common_dir, patterns)| edit(common_dir, patterns, survey))
        .collect();
    for write in writes {
        let shown = created(&write.edit).and_then(|path| shown_in(path, survey));
        let exclude = shown.map(|(repository, _)| exclude_edit::file(&repository.common_dir));
        write.needs = exclude.filter(|exclude| edits.iter().any(|edit| edit.file == *exclude));
    }
    edits.into_iter().map(Exclude).collect()
}

/// The file that a write makes, if it makes one.
fn created(edit: &EditFile) -> Option<&PathBuf> {
    (edit.change == Change::Create).then_some(&edit.file)
}

/// Where git would show a file as untracked: the repository, and the worktree in it.
fn shown_in<'a>(path: &Path, survey: &'a Survey) -> Option<(&'a Repository, &'a Path)> {
    let known = survey.configs.get(path);
    let hidden = known.is_some_and(|file| file.ignored || file.tracked == Tracked::Yes);
    worktree_of(path, &survey.repositories).filter(|_| !hidden)
}

fn pattern(path: &Path, worktree: &Path, folder: bool) -> String {
    let relative = path.strip_prefix(worktree).unwrap_or(path);
    let parts: Vec<_> = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    exclude_edit::pattern(&parts.join("/"), folder)
}

fn edit(common_dir: &Path, patterns: BTreeSet<String>, survey: &Survey) -> Option<EditFile> {
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
    Some(EditFile {
        file: exclude_edit::file(common_dir),
        before,
        after: Some(after),
        change,
    })
}
