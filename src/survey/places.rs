//! Searches the roots, and the worktrees of every repository met.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cargo::toml_read;
use crate::fs::model::Problem;
use crate::fs::{Finds, Looking};
use crate::git::git_file::{Mark, mark};
use crate::git::model::Head;
use crate::git::porcelain::ListedWorktree;
use crate::git::{exclude_edit, git_file, jj};
use crate::survey::model::{Repository, RepositorySettings, Worktree};
use crate::survey::settings;
use crate::text::failure;
use crate::{fs, git};

/// The folders and files that the search found.
#[derive(Debug, Default)]
pub(super) struct SearchResult {
    pub(super) repositories: Vec<Repository>,
    pub(super) manifests: BTreeSet<PathBuf>,
    pub(super) caches: BTreeSet<PathBuf>,
    pub(super) cargo_folders: BTreeSet<PathBuf>,
    pub(super) trash: BTreeSet<PathBuf>,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn find(roots: &[PathBuf], looking: &Looking, inside_root_only: bool) -> SearchResult {
    let mut places = SearchResult::default();
    let mut known: BTreeMap<PathBuf, Repository> = BTreeMap::new();
    let mut searched: BTreeSet<PathBuf> = BTreeSet::new();
    let mut queue: Vec<PathBuf> = roots.to_vec();
    let mut marks: Vec<Mark> = roots.iter().filter_map(|root| enclosing(root)).collect();
    while !queue.is_empty() || !marks.is_empty() {
        queue.retain(|folder| searched.insert(folder.clone()));
        let finds: Vec<Finds> = queue
            .par_drain(..)
            .map(|folder| fs::find(&folder, looking))
            .collect();
        for find in finds {
            marks.extend(find.git_marks.iter().filter_map(|path| mark(path)));
            marks.extend(find.jj_tops.iter().flat_map(|top| jj::marks(top)));
            marks.extend(find.bare_repositories.into_iter().map(|path| Mark {
                worktree: None,
                part: PathBuf::new(),
                common_dir: path,
                is_main: true,
                copy_of: None,
            }));
            places.manifests.extend(find.manifests);
            places.caches.extend(find.caches);
            places.cargo_folders.extend(find.cargo_folders);
            places.trash.extend(find.trash);
            places.problems.extend(find.problems);
        }
        // git lists all of its own, so that only those of Jujutsu are new.
        for mark in &marks {
            if let (Some(known), Some(path)) = (known.get_mut(&mark.common_dir), &mark.worktree)
                && !known
                    .worktrees
                    .iter()
                    .any(|worktree| worktree.path == *path)
                && jj::is_top(path)
            {
                known.worktrees.push(met(path, mark.is_main, roots));
            }
        }
        marks.retain(|mark| !known.contains_key(&mark.common_dir));
        let mut fresh: BTreeMap<PathBuf, Vec<Mark>> = BTreeMap::new();
        for mark in marks.drain(..) {
            fresh.entry(mark.common_dir.clone()).or_default().push(mark);
        }
        let met: Vec<(Repository, PathBuf, Vec<Problem>)> = fresh
            .into_par_iter()
            .map(|(common_dir, marks)| repository(common_dir, &marks, roots))
            .collect();
        for (repository, part, problems) in met {
            let there = repository.worktrees.iter().filter(|w| w.present);
            let unsearched = there.filter(|w| match w.inside_root {
                true => passed_over(&w.path, &repository.common_dir, &places.caches),
                false => !inside_root_only,
            });
            queue.extend(
                unsearched
                    .filter(|w| !looking.exclude.is_match(&w.path))
                    .map(|w| below(&w.path, &part))
                    .filter(|path| fs::is_folder(path)),
            );
            places.problems.extend(problems);
            known.insert(repository.common_dir.clone(), repository);
        }
    }
    places.repositories = known.into_values().collect();
    places
}

/// A part of a worktree. Joined to nothing, a path would get a separator at its end.
fn below(worktree: &Path, part: &Path) -> PathBuf {
    if part.as_os_str().is_empty() {
        worktree.to_owned()
    } else {
        worktree.join(part)
    }
}

/// Whether the search did not come by: some keep worktrees in the repository itself, or in a cache folder.
fn passed_over(worktree: &Path, common_dir: &Path, caches: &BTreeSet<PathBuf>) -> bool {
    worktree.starts_with(common_dir) || worktree.ancestors().any(|above| caches.contains(above))
}

/// The mark of the worktree that a root lies in, if its `.git` is above it.
fn enclosing(root: &Path) -> Option<Mark> {
    let mut above = root.ancestors().skip(1);
    let top = above.find(|above| fs::exists(&above.join(".git")) || jj::is_top(above))?;
    let found = top.join(".git");
    let mut mark = match fs::exists(&found) {
        true => mark(&found)?,
        false => jj::marks(top).pop()?,
    };
    mark.part = root.strip_prefix(top).ok()?.to_owned();
    Some(mark)
}

/// A worktree that git does not list.
fn met(path: &Path, main: bool, roots: &[PathBuf]) -> Worktree {
    Worktree {
        path: path.to_owned(),
        main,
        head: Head::Unknown,
        commit: None,
        locked: None,
        prunable: None,
        present: true,
        inside_root: roots.iter().any(|root| path.starts_with(root)),
        stamp: git_file::stamp(path).or_else(|| jj::stamp(path)),
    }
}

/// Asks git for the worktrees. Where git refuses, those that were met stand for them.
fn repository(
    common_dir: PathBuf,
    marks: &[Mark],
    roots: &[PathBuf],
) -> (Repository, PathBuf, Vec<Problem>) {
    let inside = |path: &Path| roots.iter().any(|root| path.starts_with(root));
    // For a submodule, and for a repository apart from its worktree, git names the git folder as main worktree.
    let met_main = marks
        .iter()
        .find(|mark| mark.is_main)
        .and_then(|mark| mark.worktree.clone());
    let mut problems = Vec::new();
    let copy_of = marks.iter().find_map(|mark| mark.copy_of.as_deref());
    let doubt = copy_of.map(|other| {
        format!(
            "git's records of it belong to `{}`, so it seems to be a copy",
            other.display()
        )
    });
    let asked = match &doubt {
        // Git would answer for the other one.
        Some(doubt) => Err(anyhow::anyhow!("{doubt}")),
        None => git::worktrees(&common_dir),
    };
    let listed = asked.unwrap_or_else(|error| {
        problems.push(Problem {
            path: common_dir.clone(),
            message: failure::words(error.as_ref()),
        });
        Vec::new()
    });
    // The git repository in a `.jj` has worktrees all the same.
    let by_jj = marks.iter().any(|mark| {
        let top = mark.worktree.as_deref().filter(|_| mark.is_main);
        top.is_some_and(|top| !fs::exists(&top.join(".git")) && jj::is_top(top))
    });
    let bare = !by_jj && listed.first().is_some_and(|first| first.bare);
    // A path that is not Unicode can neither be configured nor be named in JSON; the search says so where it meets
    // it.
    let usable = |entry: &ListedWorktree| !entry.bare && entry.path.to_str().is_some();
    let mut worktrees: Vec<Worktree> = Vec::new();
    for (at, entry) in listed
        .into_iter()
        .enumerate()
        .filter(|(_, entry)| usable(entry))
    {
        let path = match (at, &met_main) {
            (0, Some(met)) => met.clone(),
            _ => fs::canonical_as_far_as_it_exists(&entry.path),
        };
        if let Some(other) = git_file::leads_elsewhere(&path, &common_dir) {
            problems.push(Problem {
                path,
                message: format!(
                    "`{}` lists it as a worktree, but it belongs to `{}`, and is treated so",
                    common_dir.display(),
                    other.display()
                ),
            });
            continue;
        }
        let present = fs::is_folder(&path) && fs::exists(&path.join(".git"));
        worktrees.push(Worktree {
            inside_root: inside(&path),
            main: at == 0,
            head: entry.head,
            commit: entry.commit,
            locked: entry.locked,
            prunable: entry.prunable,
            present,
            stamp: git_file::stamp(&path),
            path,
        });
    }
    // Where `pika/.git` only points to the bare `pika/.bare`, nothing is checked out in `pika`.
    for mark in marks.iter().filter(|mark| !(bare && mark.is_main)) {
        let Some(path) = &mark.worktree else { continue };
        if !worktrees.iter().any(|worktree| worktree.path == *path) {
            worktrees.push(met(path, mark.is_main, roots));
        }
    }
    // If the whole repository was met, all of each worktree counts; else the part that the root lies in.
    let whole = marks.iter().any(|mark| mark.part.as_os_str().is_empty());
    let part = if whole {
        PathBuf::new()
    } else {
        marks
            .first()
            .map(|mark| mark.part.clone())
            .unwrap_or_default()
    };
    let name = name(&common_dir, &worktrees, bare);
    let exclude = fs::read(&exclude_edit::file(&common_dir)).ok().flatten();
    let path = settings::of_repository(&common_dir);
    let settings_file = fs::read(&path).ok().flatten();
    let bytes = settings_file.as_deref().unwrap_or_default();
    let settings = toml_read::utf8(bytes).and_then(toml_read::read);
    let settings = settings.unwrap_or_else(|problem| {
        let message = format!(
            "{}; the file is ignored until this is fixed",
            problem.in_words()
        );
        problems.push(Problem { path, message });
        RepositorySettings::default()
    });
    (
        Repository {
            common_dir,
            name,
            bare,
            worktrees,
            exclude,
            settings,
            settings_file,
            doubt,
        },
        part,
        problems,
    )
}

/// The name that people use for a repository: its main worktree's folder; for a bare one its own folder, without
/// `.git`, or the folder around it where it is hidden (`pika/.bare`).
fn name(common_dir: &Path, worktrees: &[Worktree], bare: bool) -> String {
    let own = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let main = worktrees
        .iter()
        .find(|worktree| worktree.main && !bare)
        .and_then(|worktree| own(&worktree.path));
    let folder = own(common_dir).unwrap_or_default();
    let stem = folder.strip_suffix(".git").unwrap_or(&folder);
    let bare_name = if stem.is_empty() || stem.starts_with('.') {
        common_dir.parent().and_then(own)
    } else {
        Some(stem.to_owned())
    };
    main.or(bare_name).unwrap_or_else(|| "repository".into())
}
