//! Worktrees that lie inside another one, and get its flags beside their own.

use std::path::Path;

use crate::cargo::config_chain;
use crate::cargo::model::ConfigFile;
use crate::cargo::rustflags;
use crate::survey::model::{Survey, Workspace};

/// A worktree whose flags Cargo joins with those of the one around it.
pub(crate) struct Joined<'a> {
    pub(crate) worktree: &'a Path,
    /// The configuration further out.
    pub(crate) outer: &'a Path,
}

/// Finds those under the roots.
pub(crate) fn find(survey: &Survey) -> Vec<Joined<'_>> {
    let under = |workspace: &&Workspace| {
        let mut roots = survey.roots.iter();
        roots.any(|root| workspace.root.starts_with(root))
    };
    let workspaces = survey.workspaces.iter().filter(under);
    let joined = workspaces.filter_map(|workspace| {
        let worktree = &workspace.place.as_ref()?.worktree;
        let files = || config_chain::chain(&workspace.root, &survey.configs, &survey.surroundings);
        let (own, around): (Vec<&ConfigFile>, Vec<&ConfigFile>) = files()
            .map(|(file, _)| file)
            .partition(|file| file.path.starts_with(worktree));
        // A folder that is none of a worktree's has what its owner wants for all.
        let mut around = around
            .into_iter()
            .filter(|file| in_worktree(&file.path, survey));
        let outer = around.find(|file| {
            let text = text(file);
            own.iter()
                .any(|own| rustflags::are_joined(&self::text(own), &text))
        })?;
        let outer = &outer.path;
        Some(Joined { worktree, outer })
    });
    let mut joined: Vec<Joined<'_>> = joined.collect();
    joined.dedup_by_key(|one| one.worktree);
    joined
}

fn text(file: &ConfigFile) -> String {
    String::from_utf8_lossy(file.bytes.as_deref().unwrap_or_default()).into_owned()
}

fn in_worktree(path: &Path, survey: &Survey) -> bool {
    let mut worktrees = survey.repositories.iter().flat_map(|one| &one.worktrees);
    worktrees.any(|worktree| worktree.present && path.starts_with(&worktree.path))
}
