//! Names for target folders under the shared root: readable, unique, and the same in every run.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::marks::{BUILD_FOLDER, OWNER_SUFFIX, SHARED_ROOT_MARK};
use crate::model::{Known, OwnerState, Place, SetBy, Survey, Workspace};

/// Where the flat layout's one folder lies under the shared root.
const FLAT: [&str; 2] = ["flat", "all"];

/// The owner file of a target folder.
///
/// It stands beside the folder and not in it, since `cargo clean` deletes the folder with everything in it.
#[must_use]
pub fn owner_file(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(OWNER_SUFFIX);
    folder.with_file_name(name)
}

/// The one folder of the flat layout.
pub(super) fn flat(shared_root: &Path) -> PathBuf {
    shared_root.join(FLAT[0]).join(FLAT[1])
}

/// Hands out names. A workspace that has a folder keeps it, and a name that somebody has is not given again.
pub(super) struct Names<'a> {
    shared_root: &'a Path,
    survey: &'a Survey,
    /// The owners of folders, by the name under the shared root in lower case: some filesystems know no case.
    taken: BTreeMap<String, PathBuf>,
    /// The repositories (or places outside git) that have a first-level name.
    repositories: BTreeMap<String, PathBuf>,
}

impl<'a> Names<'a> {
    pub(super) fn new(survey: &'a Survey) -> Self {
        let shared_root = survey.shared_root.path.as_path();
        let mut names = Self {
            shared_root,
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
            names.reserve(folder, &owner.workspace, owner.common_dir.as_ref());
        }
        // What was configured and never built has a name too, also if its note is gone.
        let named = |workspace: &&Workspace| matches!(&workspace.dirs.target_set_by, SetBy::Config(file) if *file == workspace.config);
        for workspace in survey.workspaces.iter().filter(named) {
            let common_dir = workspace.place.as_ref().map(|place| &place.common_dir);
            names.reserve(&workspace.dirs.target_dir, &workspace.root, common_dir);
        }
        for folder in &survey.folders {
            if let Known::Owner { owner, .. } = &folder.known {
                names.reserve(&folder.path, &owner.workspace, owner.common_dir.as_ref());
            } else if let Ok(relative) = folder.path.strip_prefix(shared_root) {
                let user = folder.users.first().cloned().unwrap_or_default();
                names.taken.entry(key(relative)).or_insert(user);
            }
        }
        names
    }

    /// Takes the name of a folder for a workspace, unless somebody has it.
    fn reserve(&mut self, folder: &Path, workspace: &Path, common_dir: Option<&PathBuf>) {
        let Ok(relative) = folder.strip_prefix(self.shared_root) else {
            return;
        };
        if let Some(Component::Normal(first)) = relative.components().next() {
            // A target folder on the first level is no place for another one.
            let home = if relative.components().count() == 1 {
                folder
            } else {
                common_dir.map_or(workspace, PathBuf::as_path)
            };
            let first = first.to_string_lossy().to_lowercase();
            self.repositories
                .entry(first)
                .or_insert_with(|| home.to_owned());
        }
        let taken = self.taken.entry(key(relative));
        taken.or_insert_with(|| workspace.to_owned());
    }

    /// The folder of a workspace.
    pub(super) fn folder(&mut self, workspace: &Workspace) -> PathBuf {
        if let Some(own) = self.own(workspace) {
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
            let key = format!(
                "{}{}{name}",
                first.to_lowercase(),
                std::path::MAIN_SEPARATOR
            );
            self.taken
                .get(&key)
                .is_none_or(|owner| *owner == workspace.root)
        });
        let relative = Path::new(&first).join(second);
        self.taken.insert(key(&relative), workspace.root.clone());
        self.shared_root.join(relative)
    }

    /// The folder that is the workspace's already: it builds there, and nobody else owns it.
    fn own(&mut self, workspace: &Workspace) -> Option<PathBuf> {
        let current = &workspace.dirs.target_dir;
        let relative = current.strip_prefix(self.shared_root).ok()?;
        let two = relative.components().count() == 2 && !relative.starts_with(BUILD_FOLDER);
        let known = self
            .survey
            .folders
            .iter()
            .find(|folder| folder.path == *current);
        let owned_by_another = match known.map(|folder| &folder.known) {
            // The worktree was moved, or this is all that is left of the note.
            Some(Known::Owner { owner, state }) => {
                owner.workspace != workspace.root && *state == OwnerState::Present
            }
            _ => false,
        };
        let users = self
            .survey
            .workspaces
            .iter()
            .filter(|other| other.dirs.target_dir == *current)
            .count();
        if !two || owned_by_another || users > 1 || *current == flat(self.shared_root) {
            return self.noted(workspace);
        }
        self.taken.insert(key(relative), workspace.root.clone());
        Some(current.clone())
    }

    /// The folder that an owner file gives to the workspace, though it builds elsewhere now.
    fn noted(&self, workspace: &Workspace) -> Option<PathBuf> {
        let build = self.shared_root.join(BUILD_FOLDER);
        let mut notes = self.survey.notes.iter();
        notes
            .find(|(folder, owner)| {
                owner.workspace == workspace.root && !folder.starts_with(&build)
            })
            .map(|(folder, _)| folder.clone())
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

/// A name under the shared root, as the filesystems compare it that know no case.
fn key(relative: &Path) -> String {
    relative.to_string_lossy().to_lowercase()
}

/// What all folders under one first-level name have in common.
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
        Some(Place {
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
    fn names_are_plain_and_free() {
        assert_eq!(plain("a/b:c{d}"), "a_b_c_d_");
        assert_eq!(plain("..."), "unnamed");
        assert_eq!(free("x", |name| name != "x" && name != "x-2"), "x-3");
        assert_eq!(
            owner_file(Path::new("/s/pika/main")),
            Path::new("/s/pika/main.sharedtarget.json")
        );
    }
}
