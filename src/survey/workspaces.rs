//! Finds the workspaces among the manifests, and what Cargo says of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cargo::manifest::{Manifest, Role};
use crate::cargo::model::{Dirs, SetBy};
use crate::cargo::{config_chain, manifest, toml_read};
use crate::fs::model::Problem;
use crate::markers::TARGET;
use crate::progress::Progress;
use crate::size::Bytes;
use crate::survey::Request;
use crate::survey::model::{
    CargoAnswer, Repository, Survey, Workspace, WorktreePlace, worktree_of,
};
use crate::text::failure;
use crate::{fs, git, markers};

/// The workspaces, and the packages that belong to one.
pub(super) struct Found {
    pub(super) workspaces: Vec<Workspace>,
    /// Folder of the package, root of its workspace.
    pub(super) members: Vec<(PathBuf, PathBuf)>,
}

pub(super) fn find(
    dirs: &BTreeSet<PathBuf>,
    repositories: &[Repository],
    problems: &mut Vec<Problem>,
) -> Found {
    let mut manifests = Manifests::default();
    // Cargo looks above as well, so manifests above the roots count.
    let above = dirs.iter().flat_map(|dir| dir.ancestors());
    manifests.read(&above.map(Path::to_owned).collect(), dirs, problems);

    let mut roots: BTreeSet<PathBuf> = BTreeSet::new();
    let mut members: Vec<(PathBuf, PathBuf)> = Vec::new();
    for dir in dirs {
        match manifest::role(dir, |dir| manifests.get(dir)) {
            Role::Workspace => {
                roots.insert(dir.clone());
            }
            Role::PartOf(root) => members.push((dir.clone(), root)),
            Role::Neither => {}
        }
    }
    // A root may lie inside a workspace, or a package may point to one elsewhere: that one is meant then.
    let named: BTreeSet<PathBuf> = members.iter().map(|(_, root)| root.clone()).collect();
    manifests.read(&named, &BTreeSet::new(), problems);
    roots.extend(
        named
            .into_iter()
            .filter(|root| manifests.get(root).is_some_and(|m| m.workspace.is_some())),
    );
    let workspaces = roots
        .iter()
        .map(|root| workspace(root, &roots, repositories))
        .collect();
    Found {
        workspaces,
        members,
    }
}

/// The folder that a run searches where the user named none: the root of the workspace that a folder lies in, as Cargo looks
/// for it, if both lie in one worktree; else the folder itself.
///
/// A manifest outside of the worktree, such as a forgotten one in a home folder, says nothing of what lies below.
pub(crate) fn root_around(folder: &Path) -> PathBuf {
    let above = || folder.ancestors();
    let Some(worktree) = above().find(|at| fs::exists(&at.join(".git")) || git::jj::is_top(at))
    else {
        return folder.to_owned();
    };
    let is_inside = |at: &&Path| at.starts_with(worktree);
    let has_manifest = |at: &&Path| fs::exists(&at.join("Cargo.toml"));
    let Some(package) = above().take_while(is_inside).find(has_manifest) else {
        return folder.to_owned();
    };
    let mut manifests = Manifests::default();
    manifests.read(
        &above().map(Path::to_owned).collect(),
        &BTreeSet::new(),
        &mut Vec::new(),
    );
    let root = match manifest::role(package, |dir| manifests.get(dir)) {
        Role::PartOf(root) => root,
        Role::Workspace | Role::Neither => package.to_owned(),
    };
    let is_excluded = |root: &Path| {
        let table = manifests.get(root).and_then(|one| one.workspace.as_ref());
        table.is_some_and(|table| table.excludes(root, folder))
    };
    match root.starts_with(worktree) && folder.starts_with(&root) {
        true if is_excluded(&root) => folder.to_owned(),
        true => root,
        false => package.to_owned(),
    }
}

/// Adds the same workspaces in the other worktrees of their repositories.
pub(super) fn add_families(found: &mut Found, repositories: &[Repository]) {
    let mut all: BTreeSet<PathBuf> = found.workspaces.iter().map(|w| w.root.clone()).collect();
    let known = all.clone();
    for (nested, place) in found
        .workspaces
        .iter()
        .filter_map(|w| Some((w.nested_in.is_some(), w.place.as_ref()?)))
    {
        let repository = repositories
            .iter()
            .find(|r| r.common_dir == place.common_dir);
        let worktrees = repository.into_iter().flat_map(|r| &r.worktrees);
        let same = worktrees.map(|worktree| match place.path.as_os_str().is_empty() {
            true => worktree.path.clone(),
            false => worktree.path.join(&place.path),
        });
        // All worktrees together may have hundreds of fixtures that are never built.
        let counts = |root: &PathBuf| {
            fs::exists(&root.join("Cargo.toml")) && (!nested || may_be_built(root))
        };
        all.extend(same.filter(counts));
    }
    let new = all.difference(&known);
    let new: Vec<Workspace> = new
        .map(|root| workspace(root, &all, repositories))
        .collect();
    found.workspaces.extend(new);
}

/// It has a target folder, or a configuration that may name one.
fn may_be_built(workspace: &Path) -> bool {
    let marks = ["target", markers::CARGO_FOLDER];
    marks.iter().any(|name| fs::exists(&workspace.join(name)))
}

/// The identity that a workspace shares with the same one in other worktrees.
pub(super) fn family(workspace: &Workspace) -> (PathBuf, PathBuf) {
    match &workspace.place {
        Some(place) => (place.common_dir.clone(), place.path.clone()),
        None => (PathBuf::new(), workspace.root.clone()),
    }
}

#[derive(Default)]
struct Manifests(BTreeMap<PathBuf, Option<Manifest>>);

impl Manifests {
    fn get(&self, dir: &Path) -> Option<&Manifest> {
        self.0.get(dir)?.as_ref()
    }

    /// Reads the manifests in these folders. Only those that were found are worth a complaint.
    fn read(
        &mut self,
        dirs: &BTreeSet<PathBuf>,
        found: &BTreeSet<PathBuf>,
        problems: &mut Vec<Problem>,
    ) {
        let fresh: Vec<&PathBuf> = dirs
            .iter()
            .filter(|dir| !self.0.contains_key(*dir))
            .collect();
        let read: Vec<(PathBuf, Result<Option<Manifest>, Problem>)> = fresh
            .into_par_iter()
            .map(|dir| (dir.clone(), read_one(dir)))
            .collect();
        for (dir, result) in read {
            let manifest = result.unwrap_or_else(|problem| {
                problems.extend(found.contains(&dir).then_some(problem));
                None
            });
            self.0.insert(dir, manifest);
        }
    }
}

fn read_one(dir: &Path) -> Result<Option<Manifest>, Problem> {
    let path = dir.join("Cargo.toml");
    let problem = |message: String| Problem {
        path: path.clone(),
        message,
    };
    let Some(bytes) =
        fs::read(&path).map_err(|error| problem(failure::words(error.root_cause())))?
    else {
        return Ok(None);
    };
    let manifest = toml_read::utf8(&bytes).and_then(Manifest::parse);
    manifest
        .map(Some)
        .map_err(|fault| problem(fault.in_words()))
}

fn workspace(root: &Path, all: &BTreeSet<PathBuf>, repositories: &[Repository]) -> Workspace {
    let tree = worktree_of(root, repositories);
    let place = tree.map(|(repository, worktree)| WorktreePlace {
        common_dir: repository.common_dir.clone(),
        worktree: worktree.to_owned(),
        path: root
            .strip_prefix(worktree)
            .unwrap_or(Path::new(""))
            .to_owned(),
    });
    let within = |above: &&Path| match &place {
        Some(place) => above.starts_with(&place.worktree),
        None => worktree_of(above, repositories).is_none(),
    };
    let nested_in = root
        .ancestors()
        .skip(1)
        .take_while(within)
        .find(|above| all.contains(*above));
    let cargo_folder = root.join(markers::CARGO_FOLDER);
    let config = config_chain::CONFIG_NAMES.map(|name| cargo_folder.join(name));
    let [legacy, usual] = config;
    Workspace {
        nested_in: nested_in.map(Path::to_owned),
        ignored: false,
        cargo_inside: None,
        place,
        built: false,
        used: false,
        target_elsewhere: None,
        dirs: Dirs::default(),
        config: if fs::exists(&legacy) { legacy } else { usual },
        cargo: CargoAnswer::NotAsked,
        stamp: match tree {
            Some((repository, path)) => repository
                .worktrees
                .iter()
                .find(|worktree| worktree.path == *path)
                .and_then(|worktree| worktree.stamp.clone()),
            None => fs::stamp(root),
        },
        root: root.to_owned(),
    }
}

/// Resolves where each workspace builds, by its configuration files.
pub(super) fn resolve_dirs(survey: &mut Survey) {
    for workspace in &mut survey.workspaces {
        let dirs = config_chain::resolve(&workspace.root, &survey.configs, &survey.surroundings);
        workspace.dirs = canonical(dirs);
        if workspace.dirs.target_set_by == SetBy::Default {
            workspace.target_elsewhere = elsewhere(&workspace.root);
        }
    }
}

/// Where the `target` of a workspace leads, if its owner has put that elsewhere: a link, or a mount of another filesystem.
fn elsewhere(root: &Path) -> Option<PathBuf> {
    let target = root.join(TARGET);
    let found = fs::info(&target).ok()??;
    if found.is_symlink {
        return Some(fs::link_target(&target));
    }
    let own = fs::info(root).ok()??;
    (found.identity.device != own.identity.device).then_some(target)
}

fn canonical(dirs: Dirs) -> Dirs {
    Dirs {
        target_dir: fs::canonical_as_far_as_it_exists(&dirs.target_dir),
        build_dir: fs::canonical_as_far_as_it_exists(&dirs.build_dir),
        ..dirs
    }
}

/// Asks Cargo about every workspace, or only about those whose configuration includes files that we do not
/// read. Its word counts: where it names other folders than we read out of the configuration, ours are replaced.
pub(super) fn confirm(survey: &mut Survey, request: &Request, progress: &Progress) {
    let (configs, around) = (&survey.configs, &survey.surroundings);
    let cargo = &request.environment.cargo;
    // Some repositories have dozens of workspaces inside others that are never built.
    let nested = survey.workspaces.iter().filter(|w| w.nested_in.is_some());
    let used: BTreeSet<_> = nested
        .filter(|w| may_be_built(&w.root))
        .map(family)
        .collect();
    survey.workspaces.par_iter_mut().for_each(|workspace| {
        let includes = || {
            config_chain::chain(&workspace.root, configs, around)
                .any(|(file, _)| file.keys.includes)
        };
        let about = match &request.focus {
            Some(focus) => workspace.is_in(focus),
            None => request.to_act,
        };
        // Cargo is asked about all workspaces that `setup` may configure.
        let spared = request.focus.is_some() || request.looks_only;
        let fixture = spared && workspace.nested_in.is_some() && !used.contains(&family(workspace));
        let asked = about && !fixture;
        if !asked && !includes() {
            return;
        }
        match cargo.metadata(&workspace.root) {
            Err(error) => {
                let place = workspace.place.as_ref();
                workspace.cargo = CargoAnswer::Refused {
                    message: failure::words(error.as_ref()),
                    submodules: place.is_some_and(|place| git::has_submodules(&place.worktree)),
                }
            }
            Ok(said)
                if fs::canonical_as_far_as_it_exists(&said.workspace_root) != workspace.root =>
            {
                workspace.cargo = CargoAnswer::Elsewhere {
                    root: said.workspace_root,
                };
            }
            Ok(said) => {
                let target_dir = fs::canonical_as_far_as_it_exists(&said.target_dir);
                let build_dir = said
                    .build_dir
                    .as_deref()
                    .map(fs::canonical_as_far_as_it_exists);
                let dirs = &mut workspace.dirs;
                if target_dir != dirs.target_dir {
                    (dirs.target_dir, dirs.target_set_by) = (target_dir, SetBy::Cargo);
                }
                let knows_build_dir = build_dir.is_some();
                match build_dir {
                    // A Cargo that does not know the key builds into the target-dir.
                    None => {
                        dirs.build_dir.clone_from(&dirs.target_dir);
                        dirs.build_set_by = dirs.target_set_by.clone();
                    }
                    Some(build_dir) if build_dir != dirs.build_dir => {
                        (dirs.build_dir, dirs.build_set_by) = (build_dir, SetBy::Cargo);
                    }
                    Some(_) => {}
                }
                workspace.cargo = CargoAnswer::Said {
                    knows_build_dir,
                    packages: said.packages,
                };
            }
        }
        progress.add(1, Bytes(0));
    });
}
