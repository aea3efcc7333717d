//! Finds out what is there. Reads only: a survey changes nothing, not even a time stamp.
//!
//! From the roots it finds repositories and worktrees ([`places`]), workspaces ([`workspaces`]) with the
//! configurations that decide where they build, target folders ([`folders`]) and whose they are ([`owners`]), the
//! shared root ([`shared_root`]) with its settings and records, and the leftovers of killed runs ([`litter`]). The
//! result is one [`model::Survey`], from which everything else is decided.
//!
//! A clone may hold anything, so nothing in a worktree decides about trust: [`known_roots`] knows shared roots by a token in
//! the user's state folder, [`rights`] refuses folders that others can write, and [`settings`] of a worktree name no
//! program. Cargo is asked in a way that starts no program of the clone's ([`crate::cargo`]).

pub(crate) mod away;
pub(crate) mod build_env;
mod cargo_inside;
pub mod compiler_name;
pub(crate) mod folder;
mod folders;
pub(crate) mod joined_flags;
pub mod journal;
pub(crate) mod known_roots;
pub(crate) mod linker;
mod litter;
pub(crate) mod meant;
pub mod model;
mod owners;
mod places;
pub(crate) mod read_build_env;
pub(crate) mod records;
pub(crate) mod remains;
mod rights;
#[cfg(test)]
pub(crate) mod sample;
pub mod settings;
pub(crate) mod settled;
pub(crate) mod shared_place;
mod shared_root;
pub(crate) mod timer_files;
mod tracking;
mod workspaces;

pub(crate) use workspaces::root_around;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use crate::cargo::model::ConfigContext;
use crate::cargo::{Cargo, configs, wrapper_script};
use crate::fs::Looking;
use crate::fs::model::Problem;
use crate::git::jj;
use crate::progress::Progress;
use crate::remote::secrets::Secrets;
use crate::survey::folder::TargetFolder;
use crate::survey::journal::Journal;
use crate::survey::known_roots::KnownRoots;
use crate::survey::model::{EnvOverride, Scope, Settings, SharedRoot, Survey, Workspace};
use crate::survey::settled::Settled;
use crate::survey::timer_files::TimerPlace;
use crate::text::failure;
use crate::text::failure::Hint as _;
use crate::{fs, markers};

/// The places to survey, and how closely.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The folders to start from.
    pub(crate) roots: Vec<PathBuf>,
    pub(crate) looking: Looking,
    /// Leave the worktrees outside the roots.
    pub(crate) inside_root_only: bool,
    /// The one worktree that the run is about, canonical: only it is searched, and of the other worktrees of its
    /// repository no more is looked at than the same workspaces.
    pub(crate) focus: Option<PathBuf>,
    /// Target folders that the run is about as well, canonical, whatever is known of them.
    pub(crate) folders: Vec<PathBuf>,
    /// The run is about those folders only, and looks at the rest to know who uses them.
    pub(crate) only_folders: bool,
    /// The shared root, if the user named one.
    pub(crate) shared_root: Option<PathBuf>,
    /// A `.cargo` folder, or `$CARGO_HOME`, whose configuration may be edited as well.
    pub(crate) config_at: Option<PathBuf>,
    pub(crate) sizes: bool,
    /// Prepare to act: ask Cargo about every workspace, try locks, and ask git what it tracks.
    pub(crate) to_act: bool,
    /// The run may write configurations: ask git which of them it ignores, one process for each worktree.
    pub(crate) configures: bool,
    /// The run changes nothing, so that it reports a shared root that must not be used, and goes on.
    pub(crate) looks_only: bool,
    pub(crate) environment: Environment,
}

impl Request {
    /// A request for each shared root of the user's own that stands in one of the roots, or above it: each keeps to its own. The
    /// other roots go with the first.
    #[must_use]
    pub(crate) fn by_shared_root(&self) -> Vec<Self> {
        let known = KnownRoots::load(self.environment.state.as_deref());
        let own = |root: &Path| {
            let mut above = root.ancestors();
            let found = above.find(|at| known.knows(&at.join(markers::DEFAULT_ROOT)));
            found
                .filter(|_| self.shared_root.is_none())
                .map(Path::to_owned)
        };
        let mut groups: Vec<(Option<PathBuf>, Vec<PathBuf>)> = Vec::new();
        let mut met = BTreeSet::new();
        for root in &self.roots {
            let whole = fs::canonical_as_far_as_it_exists(root);
            if !met.insert(whole.clone()) {
                continue;
            }
            let own = own(&whole);
            let mut known = groups.iter();
            match known.position(|(of, _)| own.is_none() || *of == own) {
                Some(at) => groups[at].1.push(root.clone()),
                None => groups.push((own, vec![root.clone()])),
            }
        }
        let of = |(_, roots)| Self {
            roots,
            ..self.clone()
        };
        groups.into_iter().map(of).collect()
    }

    /// The litter of interrupted runs that the run deletes.
    #[must_use]
    pub(crate) fn litter(&self) -> Scope<'_> {
        match self.only_folders {
            true => Scope::In(&self.folders),
            false => Scope::All,
        }
    }
}

/// The values from the environment, read once at the edge.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// `$CARGO_HOME` and what else configuration is resolved against.
    pub(crate) surroundings: ConfigContext,
    /// Variables that beat the configuration.
    pub(crate) overrides: Vec<EnvOverride>,
    pub(crate) cargo: Cargo,
    /// The settings that variables give in place of the settings file.
    pub(crate) settings: Settings,
    /// Variables that Cargo and the compiler heed, but for those that name folders.
    pub(crate) variables: Vec<(String, String)>,
    /// Where the user's own settings are, for all shared roots.
    pub(crate) own_settings: Option<PathBuf>,
    /// The user's state folder of this program; `None` where the environment names none.
    pub(crate) state: Option<PathBuf>,
    /// Where the user's timers are; `None` where the system has none that we know.
    pub(crate) timers: Option<TimerPlace>,
    /// Where this program is, so that it can be run again.
    pub(crate) program: Option<PathBuf>,
    /// Where the local store is, unless settings name another place; `None` where there is no folder for caches.
    pub(crate) store_folder: Option<PathBuf>,
    /// A build waits for us, and may hold locks of Cargo's.
    pub(crate) in_a_build: bool,
    /// This runs on a server that builds for others: its builds may come from any user.
    pub(crate) in_ci: bool,
    /// The program that a variable has Cargo run in place of the compiler.
    pub(crate) wrapper: Option<String>,
    /// The variable that names the compiler, or a program that may answer in its place.
    pub(crate) compiler: Option<String>,
    /// The secrets of remote stores.
    pub(crate) secrets: Secrets,
    /// The abilities of build scripts and macros, as far as a run has looked into them.
    pub(crate) known: crate::target::abilities_record::KnownAbilities,
    /// The folders that runs have found warm.
    pub(crate) settled: Settled,
}

/// Looks at everything under the roots and at all worktrees that belong to it.
///
/// Paths that cannot be read end up in [`Survey::problems`]; the rest of the survey goes on.
///
/// # Errors
///
/// A root does not exist or is not a folder; or the shared root must not be used, and the run does more than to look.
pub(crate) fn survey(request: &Request, progress: &Progress) -> Result<Survey> {
    let mut roots = Vec::new();
    for root in &request.roots {
        let root = fs::folder(root)
            .hint("name a folder to search; without one, the current folder is searched")?;
        if root.to_str().is_none() {
            return Err(anyhow!("expected a UTF-8 path: `{}`", root.display()))
                .hint("rename that folder; configurations and JSON cannot contain its name");
        }
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    progress.stage("searching");
    let inside_only = request.inside_root_only || request.focus.is_some();
    let places::SearchResult {
        repositories,
        manifests,
        mut caches,
        cargo_folders,
        trash,
        mut problems,
    } = places::find(&roots, &request.looking, inside_only);
    caches.extend(request.folders.iter().cloned());
    let mut found = workspaces::find(&manifests, &repositories, &mut problems);
    if request.focus.is_some() {
        workspaces::add_families(&mut found, &repositories);
    }

    let mut configs = BTreeMap::new();
    let mut wrapper_script = None;
    configs::read_above(
        found.workspaces.iter().map(|w| w.root.as_path()),
        &mut configs,
    );
    if let Some(folder) = &request.config_at {
        configs::read_folder(folder, &mut configs);
        // A script that cannot be read is not ours.
        let script = fs::read(&folder.join(wrapper_script::NAME));
        wrapper_script = script.unwrap_or_else(|_| Some(Vec::new()));
    }
    for folder in &cargo_folders {
        configs::read_folder(folder, &mut configs);
    }
    configs::read_folder(&request.environment.surroundings.cargo_home, &mut configs);

    problems.extend(configs.values().filter_map(|file| {
        Some(Problem {
            path: file.path.clone(),
            message: file.invalid.as_ref()?.in_words(),
        })
    }));

    let mut survey = Survey {
        roots,
        repositories,
        workspaces: found.workspaces,
        overrides: request.environment.overrides.clone(),
        configs,
        wrapper_script,
        surroundings: request.environment.surroundings.clone(),
        ..Survey::default()
    };
    workspaces::resolve_dirs(&mut survey);
    let known = KnownRoots::load(request.environment.state.as_deref());
    let named = request.shared_root.as_deref();
    survey.shared_root = shared_root::choose(&survey, named, &known, &mut problems);
    if request.configures {
        problems.extend(shared_root::note_others(&survey.shared_root));
    }
    let unfit = match request.to_act {
        true => shared_root::check(&survey.shared_root, &known).err(),
        false => None,
    };
    let mut refused = unfit.map(|error| shared_root::refusal(&survey.shared_root, &error));
    let written = shared_root::settings(&survey.shared_root, &mut problems);
    if refused.is_none() && (request.to_act || request.focus.is_some()) {
        refused = rights::check(&survey, &written.settings);
    }
    if let Some(refused) = refused {
        if !request.looks_only {
            let why = refused.message.strip_suffix(&refused.hint);
            let why = why.map_or(&*refused.message, |why| why.trim_end_matches(": "));
            return Err(anyhow!("{why}")).hint(refused.hint);
        }
        problems.push(Problem {
            path: refused.path.clone(),
            message: refused.message.clone(),
        });
        survey.shared_root.refused = Some(refused);
    }
    survey.settings = request.environment.settings.clone().or(written.settings);
    let own = request.environment.own_settings.as_deref();
    let own = shared_root::store_settings(own, &mut problems);
    survey.settings.store = survey.settings.store.or(own);
    survey.settings_file = written.shared;
    survey.own_settings_file = written.own;
    progress.stage("asking cargo");
    workspaces::confirm(&mut survey, request, progress);
    let owned = owners::read(&survey, &mut problems);
    survey.notes = owned.notes;
    remains::forget_configs(&mut survey, &owned.folders);
    let left = litter::Found {
        half_deleted: trash.into_iter().chain(owned.trash).collect(),
        unplaced: owned.unplaced,
        root_begun: known.made_at(&survey.shared_root.path),
    };
    let mut journal = read_journal(&survey.shared_root, &mut problems);
    let root = survey.shared_root.path.clone();
    if let Some(from) = known
        .moved_from(&root)
        .filter(|_| survey.shared_root.exists)
        && let Some(moved) = crate::survey::known_roots::project_moved(from, &root, &journal)
    {
        journal.relocate(&moved);
        survey.shared_root.project_moved = Some((moved.from, moved.to));
    }
    progress.stage("looking at target folders");
    let (folders, beside) =
        folders::find(&survey, &found.members, &caches, owned.folders, &journal);
    survey.folders = folders;
    folders::look(&mut survey, request.to_act);
    remains::tell(&mut survey);
    tracking::ask_tracked(&mut survey, request);
    if request.to_act && request.configures {
        tracking::ask_ignored(&mut survey, request);
    }
    for file in survey.configs.values_mut() {
        let first = journal.entries.iter().find(|entry| entry.file == file.path);
        file.created_by_us = first.is_some_and(|entry| entry.before.is_none());
    }
    folders::note_built(&mut survey);
    if request.configures || (request.to_act && request.looks_only) {
        cargo_inside::look(&mut survey, request.focus.is_some());
    }
    if request.sizes {
        progress.stage("measuring");
    }
    folders::measure(&mut survey, request.sizes, progress);
    survey.trash = litter::look(&survey, left, &beside, &journal, progress);
    let root = &survey.shared_root;
    if root.unreachable.is_some() {
        // Runs that can write there delete it.
        survey
            .trash
            .retain(|trash| !trash.path.starts_with(&root.path));
    }
    survey.problems = problems;
    Ok(survey)
}

fn read_journal(shared_root: &SharedRoot, problems: &mut Vec<Problem>) -> Journal {
    let Some(records) = &shared_root.records else {
        return Journal::default();
    };
    crate::survey::records::read_journal(records).unwrap_or_else(|error| {
        problems.push(Problem {
            path: crate::survey::records::journal_file(records),
            message: failure::words(error.as_ref()),
        });
        Journal::default()
    })
}

/// Why there is nothing to do in a worktree without a workspace: its manifest cannot be read, or there is none.
pub(crate) fn no_workspace(survey: &Survey, worktree: &Path) -> anyhow::Error {
    let mut problems = survey.problems.iter();
    let broken = problems.find(|one| one.path == worktree.join("Cargo.toml"));
    let (why, hint) = match broken {
        Some(one) => (
            format!(": Cargo.toml: {}", one.message),
            "fix that file, and run this again",
        ),
        None => (
            String::new(),
            "change to a folder with a `Cargo.toml`, or name one",
        ),
    };
    let expected = format!("expected a Cargo workspace in `{}`", worktree.display());
    let failed: Result<()> = Err(anyhow!("{expected}{why}"));
    failed.hint(hint).expect_err("it is one")
}

/// The top of the worktree that a path lies in; outside of git and Jujutsu, the path.
///
/// # Errors
///
/// There is nothing at the path.
pub(crate) fn worktree_at(path: &Path) -> Result<PathBuf> {
    let path = fs::folder(path).hint(
        "name a worktree or a folder in it; without one, the worktree of the current folder is used",
    )?;
    let top = path
        .ancestors()
        .find(|above| fs::exists(&above.join(".git")) || jj::is_top(above));
    Ok(top.unwrap_or(&path).to_owned())
}

/// The target folder at a path, canonical, and where to start looking for those who build into it: the workspace that
/// our note beside it names, the folder above, or itself. `None` if there is no target folder.
#[must_use]
pub(crate) fn target_folder(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let path = fs::canonical(path).ok()?;
    let is_target = markers::read(&fs::shape(&path)).cargo && !fs::exists(&path.join("Cargo.toml"));
    if !is_target {
        return None;
    }
    let owner = owners::of(&path).map(|owner| owner.workspace);
    let owner = owner.filter(|workspace| fs::is_folder(workspace));
    let above = path.parent().map(Path::to_owned);
    let above = above.filter(|above| fs::exists(&above.join("Cargo.toml")));
    let from = owner.or(above).unwrap_or_else(|| path.clone());
    Some((path, from))
}

/// Writes down which workspaces build into which folder.
fn assign_users(folders: &mut [TargetFolder], workspaces: &[Workspace]) {
    let mut users: HashMap<&Path, Vec<PathBuf>> = HashMap::new();
    for workspace in workspaces {
        let dirs = BTreeSet::from([&workspace.dirs.target_dir, &workspace.dirs.build_dir]);
        for dir in dirs {
            users.entry(dir).or_default().push(workspace.root.clone());
        }
    }
    for folder in folders {
        folder.users = users.remove(folder.path.as_path()).unwrap_or_default();
    }
}
