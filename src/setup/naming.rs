//! Names for target folders under the shared root: readable, unique, and the same in every run.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::cargo::model::SetBy;
use crate::markers::{BUILD_FOLDER, SHARED_ROOT_MARK};
use crate::survey::folder::Owner;
use crate::survey::model::{Survey, Workspace, WorktreePlace};

/// Where the flat layout's one folder lies under the shared root.
const FLAT: [&str; 2] = ["flat", "all"];

/// The one folder of the flat layout.
pub(crate) fn flat(shared_root: &Path) -> PathBuf {
    shared_root.join(FLAT[0]).join(FLAT[1])
}

/// Hands out names. A worktree that has a folder keeps it, also when it is moved; a name that is taken, or a folder
/// that another workspace may have built into, is not given again.
pub(crate) struct Names<'a> {
    shared_root: &'a Path,
    survey: &'a Survey,
    /// Who has a folder, by its name under the shared root in lower case: some filesystems know no case.
    taken: BTreeMap<String, Holder>,
    /// The repositories (or places outside git) that have a first-level name.
    repositories: BTreeMap<String, PathBuf>,
}

/// Who has a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Holder {
    stamp: Option<String>,
    /// The path of the workspace in its worktree.
    path: PathBuf,
    workspace: PathBuf,
}

impl Holder {
    fn of(workspace: &Workspace) -> Self {
        let place = workspace.place.as_ref();
        Self {
            stamp: workspace.stamp.clone(),
            path: place.map(|place| place.path.clone()).unwrap_or_default(),
            workspace: workspace.root.clone(),
        }
    }

    fn noted(owner: &Owner) -> Self {
        let worktree = owner.worktree.as_deref().unwrap_or(&owner.workspace);
        Self {
            stamp: owner.stamp.clone(),
            path: owner
                .workspace
                .strip_prefix(worktree)
                .unwrap_or(Path::new(""))
                .to_owned(),
            workspace: owner.workspace.clone(),
        }
    }

    /// The same tree, wherever it is now. Only where no stamp is known, a path has to do.
    fn is(&self, other: &Self) -> bool {
        match (&self.stamp, &other.stamp) {
            (Some(one), Some(two)) => one == two && self.path == other.path,
            _ => self.workspace == other.workspace,
        }
    }
}

impl<'a> Names<'a> {
    pub(crate) fn new(survey: &'a Survey) -> Self {
        let mut names = Self {
            shared_root: survey.shared_root.path.as_path(),
            survey,
            taken: BTreeMap::new(),
            repositories: BTreeMap::new(),
        };
        for reserved in [BUILD_FOLDER, SHARED_ROOT_MARK, FLAT[0]] {
            names
                .repositories
                .insert(reserved.to_owned(), PathBuf::new());
        }
        for (folder, owner) in &survey.notes {
            names.reserve(folder, Holder::noted(owner), owner.common_dir.as_ref());
        }
        // A folder that was configured and never built has a name too, also if its owner file is gone.
        for workspace in &survey.workspaces {
            let own = |file: &PathBuf| *file == workspace.config;
            if matches!(&workspace.dirs.target_set_by, SetBy::Config(file) if own(file)) {
                let common_dir = workspace.place.as_ref().map(|place| &place.common_dir);
                names.reserve(
                    &workspace.dirs.target_dir,
                    Holder::of(workspace),
                    common_dir,
                );
            }
        }
        // The other folders may hold any workspace's builds.
        for folder in &survey.folders {
            if let Ok(relative) = folder.path.strip_prefix(names.shared_root) {
                names.taken.entry(key(&name(relative))).or_default();
            }
        }
        names
    }

    /// Takes the name of a folder, unless it is taken.
    fn reserve(&mut self, folder: &Path, holder: Holder, common_dir: Option<&PathBuf>) {
        let Ok(relative) = folder.strip_prefix(self.shared_root) else {
            return;
        };
        let relative = &name(relative);
        if let Some(Component::Normal(first)) = relative.components().next() {
            // A target folder on the first level is no place for another one.
            let home = match (relative.components().count(), common_dir) {
                (1, _) => folder,
                (_, Some(common_dir)) => common_dir,
                (_, None) => &holder.workspace,
            };
            let first = first.to_string_lossy().to_lowercase();
            self.repositories
                .entry(first)
                .or_insert_with(|| home.to_owned());
        }
        self.taken.entry(key(relative)).or_insert(holder);
    }

    /// The folder of a workspace, where no guard is written.
    pub(crate) fn folder(&mut self, workspace: &Workspace) -> PathBuf {
        let holder = Holder::of(workspace);
        if let Some(own) = self
            .configured(workspace, &holder)
            .or_else(|| self.noted(&holder))
        {
            return own;
        }
        let home = home(workspace);
        let repository = self.repository_name(workspace);
        let first = free(&repository, |name| {
            self.repositories
                .get(name)
                .is_none_or(|owner| *owner == home)
        });
        self.repositories.insert(first.to_lowercase(), home);

        let second = worktree_name(workspace, self.survey);
        let second = free(&second, |name| {
            let taken = self.taken.get(&key(&Path::new(&first).join(name)));
            taken.is_none_or(|other| other.is(&holder))
        });
        let relative = Path::new(&first).join(second);
        self.taken.insert(key(&relative), holder);
        self.shared_root.join(relative)
    }

    /// The folder that the workspace is configured to, unless it belongs to another one: a configuration is copied
    /// with the tree around it.
    fn configured(&self, workspace: &Workspace, holder: &Holder) -> Option<PathBuf> {
        let current = &workspace.dirs.target_dir;
        let relative = &name(current.strip_prefix(self.shared_root).ok()?);
        let in_place = relative.components().count() == 2 && !relative.starts_with(BUILD_FOLDER);
        let own = |file: &PathBuf| *file == workspace.config;
        let by_itself = matches!(&workspace.dirs.target_set_by, SetBy::Config(file) if own(file));
        let is_holder = self
            .taken
            .get(&key(relative))
            .is_some_and(|other| other.is(holder));
        let is_flat = *current == flat(self.shared_root);
        (in_place && by_itself && is_holder && !is_flat).then(|| self.shared_root.join(relative))
    }

    /// The folder that an owner file gives to the workspace, though it builds elsewhere now.
    fn noted(&self, holder: &Holder) -> Option<PathBuf> {
        let notes = self.survey.notes.iter();
        let mut own = notes.filter(|(_, owner)| Holder::noted(owner).is(holder));
        own.find_map(|(folder, _)| {
            let relative = name(folder.strip_prefix(self.shared_root).ok()?);
            let named = !relative.starts_with(BUILD_FOLDER);
            named.then(|| self.shared_root.join(relative))
        })
    }

    fn repository_name(&self, workspace: &Workspace) -> String {
        let name = match &workspace.place {
            Some(place) => {
                let repository = self
                    .survey
                    .repositories
                    .iter()
                    .find(|r| r.common_dir == place.common_dir);
                repository.map(|repository| repository.name.clone())
            }
            // Outside git, the folder under the root stands for the repository.
            None => {
                let top = self
                    .survey
                    .roots
                    .iter()
                    .find_map(|root| workspace.root.strip_prefix(root).ok());
                top.and_then(|path| path.components().next())
                    .map(|first| first.as_os_str().to_string_lossy().into_owned())
                    .or_else(|| {
                        workspace
                            .root
                            .file_name()
                            .map(|name| name.to_string_lossy().into_owned())
                    })
            }
        };
        plain(&name.unwrap_or_default())
    }
}

/// The name that a folder under the shared root goes by: of one that a guard leads to, the part that is not Cargo's.
fn name(relative: &Path) -> PathBuf {
    let parts: Vec<_> = relative.iter().collect();
    match parts.as_slice() {
        [build, repository, worktree, _, _] if *build == BUILD_FOLDER => {
            Path::new(repository).join(worktree)
        }
        _ => relative.to_owned(),
    }
}

/// A name under the shared root, as the filesystems compare it that know no case.
fn key(relative: &Path) -> String {
    relative.to_string_lossy().to_lowercase()
}

/// The place that all folders under one first-level name have in common.
fn home(workspace: &Workspace) -> PathBuf {
    workspace
        .place
        .as_ref()
        .map_or_else(|| workspace.root.clone(), |place| place.common_dir.clone())
}

/// `main` or the folder of the linked worktree, then the path of the workspace in it, joined by `+`: a folder
/// inside another target folder would go with it.
fn worktree_name(workspace: &Workspace, survey: &Survey) -> String {
    let (worktree, path) = match &workspace.place {
        Some(WorktreePlace {
            common_dir,
            worktree,
            path,
        }) => {
            let repository = survey
                .repositories
                .iter()
                .find(|r| r.common_dir == *common_dir);
            let main = repository
                .is_some_and(|r| r.worktrees.iter().any(|w| w.main && w.path == *worktree));
            let folder = worktree
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            (
                if main {
                    "main".to_owned()
                } else {
                    folder.unwrap_or_default()
                },
                path.as_path(),
            )
        }
        None => ("main".to_owned(), Path::new("")),
    };
    let parts = path
        .components()
        .map(|part| plain(&part.as_os_str().to_string_lossy()));
    std::iter::once(plain(&worktree))
        .chain(parts)
        .collect::<Vec<_>>()
        .join("+")
}

/// A name that every filesystem takes.
fn plain(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_control() || r#"/\:*?"<>|{}"#.contains(c) {
                '_'
            } else {
                c
            }
        })
        .collect();
    let plain = plain.trim_matches(['.', ' ']);
    if plain.is_empty() {
        "unnamed".to_owned()
    } else {
        plain.to_owned()
    }
}

/// The name, or the name with the first number that makes it free.
fn free(name: &str, is_free: impl Fn(&str) -> bool) -> String {
    let numbered = (2_u32..).map(|n| format!("{name}-{n}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| is_free(&name.to_lowercase()))
        .unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_changes_no_name() {
        for (folder, expected) in [
            ("just/main", "just/main"),
            ("build/just/main/61/600dd04a0368c4", "just/main"),
            (
                "build/by-path/61/600dd04a0368c4",
                "build/by-path/61/600dd04a0368c4",
            ),
            ("flat/all", "flat/all"),
        ] {
            assert_eq!(name(Path::new(folder)), Path::new(expected));
        }
    }

    #[test]
    fn names_are_plain_and_free() {
        assert_eq!(plain("a/b:c{d}"), "a_b_c_d_");
        assert_eq!(plain("..."), "unnamed");
        assert_eq!(free("x", |name| name != "x" && name != "x-2"), "x-3");
    }
}
