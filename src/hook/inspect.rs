//! Looks at the git hooks of repositories.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rayon::prelude::*;

use crate::fs::Looking;
use crate::fs::model::{FoundProgram, Problem};
use crate::git::jj;
use crate::hook::hook_script;
use crate::hook::hook_script::{BEFORE, NAME};
use crate::hook::model::{HookFiles, HookSite, HooksElsewhere, HooksFolder};
use crate::plan::hook_state;
use crate::survey::model::Repository;
use crate::text::failure;
use crate::text::failure::Hint as _;
use crate::{fs, git};

/// The hint for a path that leads to no repository.
const NAME_ONE: &str = "change to a worktree of the repository, or name one";

/// The hooks of some repositories, and what could not be looked at.
#[derive(Debug, Default)]
pub(crate) struct HookSites {
    pub(crate) sites: Vec<HookSite>,
    pub(crate) problems: Vec<Problem>,
}

/// Looks at the hooks of the repositories that these folders lie in, each repository once. Of a folder in no repository those
/// below it count that have a package.
///
/// # Errors
///
/// One of them is no folder, or there is no repository around it, nor one with a package below it.
pub(crate) fn hooks(paths: &[PathBuf], looking: &Looking) -> Result<HookSites> {
    let mut found = HookSites::default();
    for path in paths {
        let path = fs::folder(path).hint(NAME_ONE)?;
        let outside = || {
            format!(
                "expected a folder in a git repository, or one with repositories of packages: `{}`",
                path.display()
            )
        };
        match git::common_dir(&path) {
            Ok(repository) => found.add(&repository, &path)?,
            Err(error) => {
                let mut above = path.ancestors();
                let is_in_one = above.any(|at| fs::exists(&at.join(".git")));
                let below = match is_in_one {
                    true => BTreeSet::new(),
                    false => below(&path, looking, &mut found.problems),
                };
                if below.is_empty() {
                    return Err(error).with_context(outside).hint(NAME_ONE);
                }
                for worktree in below {
                    let added = git::common_dir(&worktree)
                        .and_then(|repository| found.add(&repository, &worktree));
                    if let Err(error) = added {
                        found.problems.push(Problem {
                            message: failure::words(error.as_ref()),
                            path: worktree,
                        });
                    }
                }
            }
        }
    }
    Ok(found)
}

/// The worktrees below a folder that have a package.
pub(crate) fn below(
    folder: &Path,
    looking: &Looking,
    problems: &mut Vec<Problem>,
) -> BTreeSet<PathBuf> {
    let found = fs::find(folder, looking);
    problems.extend(found.problems);
    let tops = found.git_marks.iter().filter_map(|mark| mark.parent());
    let tops: BTreeSet<&Path> = tops.collect();
    let around = |manifest: &PathBuf| {
        let mut above = manifest.ancestors();
        above.find(|at| tops.contains(at)).map(Path::to_owned)
    };
    found.manifests.iter().filter_map(around).collect()
}

impl HookSites {
    fn add(&mut self, repository: &Path, asked_from: &Path) -> Result<()> {
        let repository = fs::canonical(repository)?;
        if repository.to_str().is_none() {
            return Err(anyhow::anyhow!(
                "expected a path in Unicode: `{}`",
                repository.display()
            ))
            .hint("rename that folder: the hook has to name it");
        }
        let mut known = self.sites.iter();
        if !known.any(|site| site.repository == repository) {
            self.sites.push(site(repository, asked_from)?);
        }
        Ok(())
    }
}

/// Reads the hooks of some repositories. A repository that no path leads to is already reported by the survey.
#[must_use]
pub(crate) fn hooks_of<'a>(repositories: impl Iterator<Item = &'a Repository>) -> Vec<HookSite> {
    // Jujutsu runs no hooks, and no other program makes worktrees of the repository in a `.jj`.
    let by_git = repositories.filter(|one| !one.common_dir.iter().any(|part| part == jj::FOLDER));
    let paths = by_git.map(|repository| repository.common_dir.clone());
    let paths: Vec<PathBuf> = paths.filter(|path| path.to_str().is_some()).collect();
    let sites = paths.into_par_iter();
    sites
        .filter_map(|path| site(fs::canonical(&path).ok()?, &path).ok())
        .collect()
}

/// Looks at a repository, asked from a folder in it.
fn site(repository: PathBuf, path: &Path) -> Result<HookSite> {
    // Hooks run at the top of a worktree or of a bare repository, and so a relative path counts from there.
    let from = match repository.parent() {
        _ if git::in_worktree(path)? => path,
        Some(top) if repository.ends_with(".git") => top,
        _ => &repository,
    };
    let used = fs::canonical_as_far_as_it_exists(&git::hooks(from)?);
    let folder = hook_script::folder(&repository);
    let here = used == fs::canonical_as_far_as_it_exists(&folder);
    Ok(HookSite {
        elsewhere: (!here).then(|| HooksElsewhere {
            runs_us: runs_us(&used),
            folder: used,
        }),
        files: HookFiles {
            hook: fs::program(&folder.join(NAME)),
            before: fs::program(&folder.join(BEFORE)),
        },
        unfinished: fs::exists(&hook_script::staging(&repository)) || fs::has_leftovers(&folder),
        folder: kind(&folder),
        repository,
    })
}

fn kind(folder: &Path) -> HooksFolder {
    match fs::info(folder) {
        Ok(None) => HooksFolder::Missing,
        Ok(Some(info)) if info.is_dir => HooksFolder::There,
        Ok(Some(info)) if info.is_symlink => HooksFolder::Link(fs::link_target(folder)),
        _ => HooksFolder::Other,
    }
}

fn runs_us(folder: &Path) -> bool {
    // Husky's own scripts start those of the user by a shell.
    let by_husky = hook_state::is_husky(folder);
    matches!(
        fs::program(&hook_state::script(folder)),
        FoundProgram::File { bytes, executable, .. }
            if (executable || by_husky) && hook_script::runs_us(&bytes)
    )
}
