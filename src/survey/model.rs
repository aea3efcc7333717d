//! The findings of a survey of the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::age::Age;
use crate::cargo::model::{ConfigContext, ConfigFile, Dirs, Package};
use crate::fs::model::Problem;
use crate::git::model::Head;
use crate::size::Bytes;
use crate::survey::folder::{Owner, TargetFolder, Trash, WorktreeLayout};
use crate::survey::settings;

/// Everything that was found under the roots, and in the worktrees that belong to it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Survey {
    /// The folders that the run started from, canonical.
    pub(crate) roots: Vec<PathBuf>,
    /// Where the target folders of the run live.
    pub(crate) shared_root: SharedRoot,
    /// Every repository met, by its common git directory.
    pub(crate) repositories: Vec<Repository>,
    /// Every Cargo workspace, each once.
    pub(crate) workspaces: Vec<Workspace>,
    /// Every target folder, in use or left behind, each once.
    pub(crate) folders: Vec<TargetFolder>,
    /// The owner files under the shared root, by folder, whether or not Cargo has made that folder yet.
    #[serde(skip)]
    pub(crate) notes: BTreeMap<PathBuf, Owner>,
    /// Half-deleted folders that an interrupted run left.
    pub(crate) trash: Vec<Trash>,
    /// The settings from the environment and from the settings file in the shared root.
    #[serde(skip)]
    pub(crate) settings: Settings,
    /// The bytes of that file; `None` if there is none.
    #[serde(skip)]
    pub(crate) settings_file: Option<Vec<u8>>,
    /// The bytes of the settings file in the shared root's records; `None` if there is none.
    #[serde(skip)]
    pub(crate) own_settings_file: Option<Vec<u8>>,
    /// The bytes of our script beside the configuration that may be edited above the worktrees; `None` if there is none.
    #[serde(skip)]
    pub(crate) wrapper_script: Option<Vec<u8>>,
    /// Variables in the environment that beat the configuration files.
    pub(crate) overrides: Vec<EnvOverride>,
    /// The paths that could not be read; the rest of the survey is complete without them.
    pub(crate) problems: Vec<Problem>,
    /// Every Cargo configuration file that counts for one of the workspaces, by path.
    #[serde(skip)]
    pub(crate) configs: BTreeMap<PathBuf, ConfigFile>,
    /// The context in which the configuration of a workspace is resolved, besides its files.
    #[serde(skip)]
    pub(crate) surroundings: ConfigContext,
}

/// The one folder under which all target folders of a run live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SharedRoot {
    /// Absolute path, whether or not it exists.
    pub(crate) path: PathBuf,
    /// It is there, and the user's state knows it.
    pub(crate) exists: bool,
    /// The folder of its records in the user's state, whether or not it exists; `None` where the environment names no
    /// state folder.
    #[serde(skip)]
    pub(crate) records: Option<PathBuf>,
    /// Where its project was when its files were recorded, and where it is, if it was moved since.
    #[serde(skip)]
    pub(crate) project_moved: Option<(PathBuf, PathBuf)>,
    /// It lies in a git worktree, so a branch can put files into it.
    #[serde(skip)]
    pub(crate) in_worktree: bool,
    /// The shared root that this folder is a copy of, which is there too. Then this one does not count as one.
    #[serde(skip)]
    pub(crate) copy_of: Option<PathBuf>,
    /// Why nothing may be done with it. A run that acts ends at that.
    #[serde(skip)]
    pub(crate) refused: Option<Refusal>,
    /// Why it cannot be written from here, as in a sandbox or a container; of one that is not there, why it cannot be made.
    #[serde(skip)]
    pub(crate) unreachable: Option<String>,
    /// The repository that a worktree belongs to cannot be seen from here, and so neither can its shared root.
    #[serde(skip)]
    pub(crate) is_lost: bool,
    /// It was moved here, which no run has noted yet.
    #[serde(skip)]
    pub(crate) moved: bool,
    /// Other shared roots of the user's own that workspaces build into.
    #[serde(skip)]
    pub(crate) others: Vec<PathBuf>,
    /// The workspaces whose configurations lead to where this root was before it was moved, or to the root that it was
    /// copied from; each with that place.
    #[serde(skip)]
    pub(crate) misled: BTreeMap<PathBuf, FormerRoot>,
    /// How many runs have changed something under it; the next one makes no use of a plan from before.
    #[serde(skip)]
    pub(crate) runs: u64,
    /// The reason why it is the shared root of this run.
    pub(crate) chosen: SharedRootChoice,
    /// Git ignores it by a rule outside of it.
    #[serde(skip)]
    pub(crate) ignored: bool,
}

/// Why a shared root must not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) path: PathBuf,
    /// The problem, as a sentence without a full stop.
    pub(crate) what: String,
    pub(crate) mend: String,
    /// All ways to mend it.
    pub(crate) hint: String,
    /// All of it in one line, with the hint at its end where that says more than `mend`.
    pub(crate) message: String,
}

/// Where a shared root was before it was moved, or the one that it was copied from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormerRoot {
    pub(crate) path: PathBuf,
    /// A shared root is there, so this one is a copy.
    pub(crate) there: bool,
}

/// The user's decisions for all runs. The program decides where a setting is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Share local crates whose sources are the same.
    pub local: Option<bool>,
    /// The most space for all target folders under the shared root together.
    #[serde(deserialize_with = "settings::written")]
    pub max_size: Option<Bytes>,
    /// How much is to be free on the filesystem of the shared root.
    #[serde(deserialize_with = "settings::written")]
    pub min_free: Option<Bytes>,
    /// Units that were not used for as long may be deleted.
    #[serde(deserialize_with = "settings::written")]
    pub max_age: Option<Age>,
    /// Programs are kept where a budget has their units deleted.
    pub keep_programs: Option<bool>,
    /// Target folders whose worktree is gone are deleted a day later by themselves.
    pub orphans: Option<bool>,
    /// The program that configurations have Cargo run in place of the compiler.
    pub rustc_wrapper: Option<String>,
    /// The users of the shared root's group may write to it.
    pub shared_with_group: Option<bool>,
    /// The store.
    pub store: StoreSettings,
}

impl Settings {
    /// These settings, and what they leave open as in others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            local: self.local.or(others.local),
            max_size: self.max_size.or(others.max_size),
            min_free: self.min_free.or(others.min_free),
            max_age: self.max_age.or(others.max_age),
            keep_programs: self.keep_programs.or(others.keep_programs),
            orphans: self.orphans.or(others.orphans),
            rustc_wrapper: self.rustc_wrapper.or(others.rustc_wrapper),
            shared_with_group: self.shared_with_group.or(others.shared_with_group),
            store: self.store.or(others.store),
        }
    }

    /// Takes out the settings that name a program or a place, or have others' units fetched or kept. Returns their keys.
    pub(crate) fn take_names(&mut self) -> Vec<&'static str> {
        let mut taken = self.store.take_names();
        if self.shared_with_group.take_if(|shared| *shared).is_some() {
            taken.insert(0, "`shared-with-group`");
        }
        if self.rustc_wrapper.take().is_some() {
            taken.insert(0, "`rustc-wrapper`");
        }
        taken
    }

    /// Returns whether units are to be deleted for them.
    #[must_use]
    pub(crate) fn limit(&self) -> bool {
        self.max_size.is_some() || self.min_free.is_some() || self.max_age.is_some()
    }
}

/// Why a folder is the shared root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum SharedRootChoice {
    /// `.shared-target` in the root, or in the main worktree that the root belongs to.
    #[default]
    Default,
    /// A workspace's configuration points into it already.
    Configured,
    /// Named on the command line.
    Named,
}

/// A git repository, by its common git directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Repository {
    pub(crate) common_dir: PathBuf,
    /// The name that people know it by: the folder of its main worktree, or of the bare repository.
    pub(crate) name: String,
    /// It has no main worktree.
    pub(crate) bare: bool,
    /// Its worktrees, the main one first.
    pub(crate) worktrees: Vec<Worktree>,
    /// The bytes of its `info/exclude`; `None` if there is no such file.
    #[serde(skip)]
    pub(crate) exclude: Option<Vec<u8>>,
    /// The user's decisions for its worktrees.
    #[serde(skip)]
    pub(crate) settings: RepositorySettings,
    /// The bytes of the file that says so; `None` if there is none.
    #[serde(skip)]
    pub(crate) settings_file: Option<Vec<u8>>,
    /// Why nothing that git says of it counts.
    #[serde(skip)]
    pub(crate) doubt: Option<String>,
}

/// The decisions of a user for the worktrees of a repository. It lies in its git folder, where no branch can put it,
/// and where it stays when the project is moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RepositorySettings {
    /// The layout of all of them.
    pub(crate) layout: Option<WorktreeLayout>,
    /// The layout of those that come later.
    pub(crate) new_worktrees: Option<WorktreeLayout>,
}

/// A git working tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Worktree {
    /// Its top folder; canonical if it exists.
    pub(crate) path: PathBuf,
    /// The main one, as opposed to a linked one.
    pub(crate) main: bool,
    pub(crate) head: Head,
    /// The commit of that, in full; `None` if git did not say.
    pub(crate) commit: Option<String>,
    /// `git worktree lock` was used on it; the reason given, which may be empty.
    pub(crate) locked: Option<String>,
    /// Git would prune it; the reason git gives.
    pub(crate) prunable: Option<String>,
    pub(crate) present: bool,
    /// It lies under one of the roots.
    pub(crate) inside_root: bool,
    /// A mark that stays the same when the worktree is moved, and differs for another worktree at its path.
    #[serde(skip)]
    pub(crate) stamp: Option<String>,
}

/// A Cargo workspace root, or a package that is in no workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Workspace {
    /// The folder of its root manifest, canonical.
    pub(crate) root: PathBuf,
    /// Where it stands in a repository; `None` outside git.
    pub(crate) place: Option<WorktreePlace>,
    /// Another workspace of the same worktree in whose folder this one lies.
    pub(crate) nested_in: Option<PathBuf>,
    /// It was built: a target folder of its own is there.
    pub(crate) built: bool,
    /// It was built, or another worktree of its family was built, or its configuration gives it a folder of its own.
    #[serde(skip)]
    pub(crate) used: bool,
    /// A file that says that its tests or build scripts run Cargo in its target folder, which then must not lie in another
    /// worktree. Known where configurations may be written.
    #[serde(skip)]
    pub(crate) cargo_inside: Option<PathBuf>,
    /// Its folder is ignored by git, as those of other package managers are. Known where configurations may be written.
    #[serde(skip)]
    pub(crate) ignored: bool,
    /// Where Cargo builds now, by its configuration alone (without the environment).
    pub(crate) dirs: Dirs,
    /// Where its `target` leads, if that is a link or another filesystem and no configuration names another folder.
    #[serde(skip)]
    pub(crate) target_elsewhere: Option<PathBuf>,
    /// The configuration file that would be edited.
    pub(crate) config: PathBuf,
    /// The answer of `cargo metadata`, run in its folder.
    pub(crate) cargo: CargoAnswer,
    /// The stamp of its worktree, or of its own folder outside git.
    #[serde(skip)]
    pub(crate) stamp: Option<String>,
}

impl Workspace {
    /// Whether it is in this worktree; outside of git, whether it lies in this folder.
    #[must_use]
    pub(crate) fn is_in(&self, worktree: &Path) -> bool {
        match &self.place {
            Some(place) => place.worktree == worktree,
            None => self.root.starts_with(worktree),
        }
    }
}

/// The place of a workspace in a repository. The common directory and the path together are the family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WorktreePlace {
    pub(crate) common_dir: PathBuf,
    /// The top folder of the worktree.
    pub(crate) worktree: PathBuf,
    /// The workspace's path inside the worktree; empty at its top.
    pub(crate) path: PathBuf,
}

/// The answer of `cargo metadata` about a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "answer")]
pub(crate) enum CargoAnswer {
    /// It was not asked.
    NotAsked,
    /// It answered.
    Said {
        /// This Cargo knows `build.build-dir` (1.91 and later).
        knows_build_dir: bool,
        /// The member packages.
        packages: Vec<Package>,
    },
    /// It failed, with the first line of its error.
    Refused {
        /// The error.
        message: String,
        /// Its worktree has submodules, which git fetches after it makes the worktree.
        #[serde(skip)]
        submodules: bool,
    },
    /// It belongs to another workspace, so nothing is done with this one.
    Elsewhere {
        /// The workspace root that Cargo named.
        root: PathBuf,
    },
}

/// A variable in the environment that beats the configuration files in this shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EnvOverride {
    pub(crate) variable: String,
    pub(crate) value: String,
    /// The folder it names, as seen from the current directory.
    pub(crate) folder: PathBuf,
}

/// The present worktree that a path lies in: the innermost one.
#[must_use]
pub(crate) fn worktree_of<'a>(
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

impl StoreSettings {
    /// These settings, and what they leave open as in others.
    #[must_use]
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            folder: self.folder.or(others.folder),
            max_size: self.max_size.or(others.max_size),
            max_age: self.max_age.or(others.max_age),
            before: self.before.or(others.before),
            after: self.after.or(others.after),
            harvest: self.harvest.or(others.harvest),
            pull: self.pull.or(others.pull),
            remote: self.remote.or(others.remote),
        }
    }
}

impl StoreSettings {
    /// Takes out the settings that name a program or a place, or have units fetched or kept. Returns their keys.
    pub(crate) fn take_names(&mut self) -> Vec<&'static str> {
        let taken = [
            (self.folder.take().is_some(), "`folder`"),
            (self.before.take().is_some(), "`before`"),
            (self.after.take().is_some(), "`after`"),
            (take_yes(&mut self.harvest), "`harvest`"),
            (take_yes(&mut self.pull), "`pull`"),
            (self.remote.take().is_some(), "`[store.remote]`"),
        ];
        let keys = taken.into_iter().filter(|(taken, _)| *taken);
        keys.map(|(_, key)| key).collect()
    }
}

/// The user's decisions about the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[serde(expecting = "a table `[store]`")]
pub struct StoreSettings {
    /// The folder of the local store; without one it is in the cache folder.
    pub(crate) folder: Option<PathBuf>,
    /// The most space for the local store.
    #[serde(deserialize_with = "settings::written")]
    pub(crate) max_size: Option<Bytes>,
    /// Units that were not used for as long are deleted.
    #[serde(deserialize_with = "settings::written")]
    pub(crate) max_age: Option<Age>,
    /// The program that is asked before a build, with its arguments.
    #[serde(deserialize_with = "settings::store::program")]
    pub(crate) before: Option<Vec<String>>,
    /// The program that gets a message after one, with its arguments.
    #[serde(deserialize_with = "settings::store::program")]
    pub(crate) after: Option<Vec<String>>,
    /// `onboard` has what was built since harvested, in the background.
    pub(crate) harvest: Option<bool>,
    /// `onboard` and `warm` fetch from the remote store first.
    pub(crate) pull: Option<bool>,
    /// The remote store: its `type`, and what that one wants to know.
    #[serde(deserialize_with = "settings::store::remote")]
    pub remote: Option<BTreeMap<String, String>>,
}

/// The litter of interrupted runs that a command deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope<'a> {
    /// All of it.
    All,
    /// Litter in these target folders.
    In(&'a [PathBuf]),
    /// The stages alone: a build or the user waits for this run, so it must not wait for other runs.
    Stages,
}

/// A no is as safe as can be, and stays.
pub(crate) fn take_yes(flag: &mut Option<bool>) -> bool {
    flag.take_if(|flag| *flag).is_some()
}
