//! Decides what is done. Everything here is a pure function over a survey, with the time passed in.

pub(crate) mod action;
pub mod apply;
pub mod conduct;
pub(crate) mod kept;
mod litter;
pub(crate) mod outcome;
pub(crate) mod reasons;
pub mod report;

use std::collections::HashMap;
use std::path::Path;

pub use crate::audit::list_decide::listing;
pub use crate::clean::decide::{CleanOptions, clean};
pub use crate::clean::deletable::unfit;
pub use crate::clean::gc::{GcOptions, gc};
pub use crate::hook::decide::{
    hook_state, hook_status, hooks_are_as_asked, install_hook, uninstall_hook,
};
pub use crate::plan::litter::{Scope, finish_litter, why_litter_stays};
pub use crate::setup::decide::{
    ConfigPlace, Setup, SetupOptions, own_settings_file, served_from_above, settings_file, setup,
};
pub use crate::setup::naming::owner_file;
pub use crate::setup::undo_decide::{Recorded, undo};

use crate::plan::action::Warning;
use crate::size::Bytes;
use crate::survey::folder::{Identity, Usage};
use crate::survey::model::{Repository, Survey};

/// The present worktree that a path lies in: the innermost one.
#[must_use]
pub fn worktree_of<'a>(
    path: &Path,
    repositories: &'a [Repository],
) -> Option<(&'a Repository, &'a Path)> {
    repositories
        .iter()
        .flat_map(|repository| {
            repository
                .worktrees
                .iter()
                .map(move |worktree| (repository, worktree))
        })
        .filter(|(_, worktree)| worktree.present && path.starts_with(&worktree.path))
        .max_by_key(|(_, worktree)| worktree.path.as_os_str().len())
        .map(|(repository, worktree)| (repository, worktree.path.as_path()))
}

/// What deleting several folders frees together: each inode once, and only if all its links go.
#[must_use]
pub fn freeable<'a>(usages: impl Iterator<Item = &'a Usage>) -> Bytes {
    let mut total = Bytes(0);
    let mut links: HashMap<Identity, (Bytes, u64, u64)> = HashMap::new();
    for usage in usages {
        let linked: Bytes = usage.links.iter().map(|file| file.on_disk).sum();
        total += Bytes(usage.on_disk.0 - linked.0);
        for file in &usage.links {
            links
                .entry(file.identity)
                .or_insert((file.on_disk, file.links, 0))
                .2 += file.seen;
        }
    }
    let all_gone = links
        .values()
        .filter(|(_, links, seen)| seen >= links)
        .map(|(on_disk, ..)| *on_disk);
    total + all_gone.sum()
}

/// What several folders take together: each inode once.
#[must_use]
pub fn on_disk<'a>(usages: impl Iterator<Item = &'a Usage>) -> Bytes {
    let mut links: HashMap<Identity, Bytes> = HashMap::new();
    let mut total = Bytes(0);
    for usage in usages {
        let linked: Bytes = usage.links.iter().map(|file| file.on_disk).sum();
        total += Bytes(usage.on_disk.0 - linked.0);
        links.extend(usage.links.iter().map(|file| (file.identity, file.on_disk)));
    }
    total + links.into_values().sum()
}

/// What the user should know of the survey, whatever is done.
#[must_use]
pub fn warnings(survey: &Survey) -> Vec<Warning> {
    let overrides = survey.overrides.iter().map(|found| Warning::EnvOverride {
        variable: found.variable.clone(),
        value: found.value.clone(),
    });
    let problems = survey.problems.iter().map(|problem| Warning::Problem {
        path: problem.path.clone(),
        message: problem.message.clone(),
    });
    overrides.chain(problems).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::folder::LinkedFile;

    #[test]
    fn a_file_linked_between_two_folders_is_freed_only_when_both_go() {
        let shared = LinkedFile {
            identity: Identity {
                device: 1,
                inode: 7,
            },
            on_disk: Bytes(100),
            links: 2,
            seen: 1,
        };
        let usage = || Usage {
            on_disk: Bytes(150),
            links: vec![shared],
            ..Usage::default()
        };
        let (one, two) = (usage(), usage());
        assert_eq!(freeable([&one].into_iter()), Bytes(50));
        assert_eq!(freeable([&one, &two].into_iter()), Bytes(200));
        assert_eq!(freeable(std::iter::empty()), Bytes(0));
    }
}
