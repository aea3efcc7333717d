//! Gathers the facts that a doctor needs besides those of a survey.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;

use crate::cargo::model::Tracked;
use crate::cargo::{config_chain, config_edit, wrapper_script};
use crate::doctor::editor_settings::{self, AnalyzerFolder};
use crate::doctor::model::{
    AnalyzerSetting, ClosedFolder, DoctorFacts, HalfRemoved, Left, LostTimer, PlaceFacts,
    TakenAlong, Tool, Toolchain, WrapperFacts,
};
use crate::doctor::worktree_settings;
use crate::hook::inspect::hooks_of;
use crate::process::lookup::Refused;
use crate::setup::timer;
use crate::setup::timer::decide::switch;
use crate::setup::timer::files;
use crate::setup::timer::model::{FoundFile, TimerSite};
use crate::survey::Environment;
use crate::survey::model::{Repository, Survey, Workspace, worktree_of};
use crate::survey::remains;
use crate::survey::timer_files::timer_name;
use crate::target::layout;
use crate::text::failure;
use crate::{cargo, fs, git, process};

/// Gathers what the machine says. `program` is where we are, as the hook names it.
#[must_use]
pub(crate) fn facts(survey: &Survey, around: &Environment, program: Option<&Path>) -> DoctorFacts {
    DoctorFacts {
        tools: vec![git()],
        toolchains: toolchains(around),
        wrappers: wrappers(survey, around),
        variables: around.variables.clone(),
        place: place(survey),
        hooks: crate::hook::decide::hook_status(&hooks_of(with_builds(survey)), program),
        broken_links: broken_links(survey),
        half_removed: half_removed(survey),
        closed: closed(survey),
        timers: timers(survey, around),
        analyzers: analyzers(survey),
        uncommitted: uncommitted(survey),
        taken_along: taken_along(survey),
    }
}

/// The tracked configurations that name no path of this machine in the commit that is checked out, as after
/// `setup --edit-tracked`.
fn uncommitted(survey: &Survey) -> Vec<PathBuf> {
    let tracked = survey.configs.values();
    let tracked = tracked.filter(|file| file.tracked == Tracked::Yes);
    let changed = tracked.filter(|file| {
        let Some((_, worktree)) = worktree_of(&file.path, &survey.repositories) else {
            return false;
        };
        let committed = git::committed(worktree, &file.path).ok();
        let committed = committed.and_then(|bytes| String::from_utf8(bytes).ok());
        let keys = committed.and_then(|text| config_edit::keys(&text).ok());
        keys.is_some_and(|keys| keys.absolute_folder().is_none())
    });
    changed.map(|file| file.path.clone()).collect()
}

/// The repositories for which a hook has something to do, or has one already: to ask git about each takes some
/// milliseconds.
fn with_builds(survey: &Survey) -> impl Iterator<Item = &Repository> {
    let places = survey
        .workspaces
        .iter()
        .filter_map(|one| one.place.as_ref());
    let built: HashSet<&Path> = places.map(|place| place.common_dir.as_path()).collect();
    survey.repositories.iter().filter(move |repository| {
        built.contains(repository.common_dir.as_path())
            || fs::exists(&git::hook_file(&repository.common_dir))
    })
}

/// The worktrees that git would prune.
fn half_removed(survey: &Survey) -> Vec<HalfRemoved> {
    let each = survey.repositories.iter().flat_map(|repository| {
        let listed = repository.worktrees.iter();
        let pruned = listed.filter(|one| one.prunable.is_some() && !one.present);
        pruned.map(|one| HalfRemoved {
            path: one.path.clone(),
            repository: repository.common_dir.clone(),
            left: match fs::exists(&one.path) {
                false => Left::Nothing,
                true if remains::is_bare(&one.path, &survey.shared_root.path) => Left::Folder,
                true => Left::Files,
            },
        })
    });
    let mut all: Vec<HalfRemoved> = each.collect();
    all.sort_by_key(|one| one.left);
    all
}

/// The links in the place of target folders that lead to nothing.
fn broken_links(survey: &Survey) -> Vec<(PathBuf, PathBuf)> {
    let dirs = survey.workspaces.iter().map(|workspace| &workspace.dirs);
    let folders = dirs.flat_map(|dirs| [&dirs.target_dir, &dirs.build_dir]);
    let folders: BTreeSet<&PathBuf> = folders.collect();
    let broken = folders.into_iter().filter(|path| {
        let is_link = matches!(fs::info(path), Ok(Some(info)) if info.is_symlink);
        is_link && fs::canonical(path).is_err()
    });
    broken
        .map(|path| (path.clone(), fs::link_target(path)))
        .collect()
}

/// The workspaces that this shell can write, but whose builds lead to where it cannot. Workspaces that it cannot
/// write are none of its business.
fn closed(survey: &Survey) -> Vec<ClosedFolder> {
    let root = &survey.shared_root;
    let why = |dir: &Path| {
        let in_root = || root.unreachable.is_some() && dir.starts_with(&root.path);
        // Where its repository cannot be seen, a run that made that folder would make one that no other run sees.
        let around = dir.ancestors().nth(3);
        let is_elsewhere = || root.is_lost && around.is_some_and(|around| !fs::exists(around));
        fs::unwritable(dir)
            .or_else(|| in_root().then(|| "its shared root is not writable".to_owned()))
            .or_else(|| is_elsewhere().then(|| "it does not exist".to_owned()))
    };
    let writable = survey.workspaces.iter();
    let writable = writable.filter(|workspace| fs::unwritable(&workspace.root).is_none());
    let closed = writable.filter_map(|workspace| {
        let dirs = [&workspace.dirs.target_dir, &workspace.dirs.build_dir];
        let mut dirs = dirs
            .into_iter()
            .filter(|dir| !dir.starts_with(&workspace.root));
        let (folder, why) = dirs.find_map(|dir| Some((dir.clone(), why(dir)?)))?;
        let git = workspace.place.as_ref().map(|place| &place.common_dir);
        let also = git.into_iter().chain(&root.records);
        Some(ClosedFolder {
            workspace: workspace.root.clone(),
            folder,
            why,
            also: also
                .filter(|path| fs::unwritable(path).is_some())
                .cloned()
                .collect(),
        })
    });
    let mut closed: Vec<ClosedFolder> = closed.collect();
    // A sandbox does not care about the folders of other builds either.
    let is_here = |one: &ClosedFolder| {
        survey
            .roots
            .iter()
            .any(|root| root.starts_with(&one.workspace))
    };
    if closed.iter().any(is_here) {
        closed.retain(is_here);
    }
    closed
}

/// The timers of the user's shared roots that run a program, or are about a folder, that is gone.
fn timers(survey: &Survey, around: &Environment) -> Vec<LostTimer> {
    let lost = |site: TimerSite| {
        let mut texts = site.files.iter().filter_map(|(_, found)| match found {
            FoundFile::File(bytes) => files::runs(bytes),
            _ => None,
        });
        let words = texts.next()?;
        // The words after the program that are paths: those of the shared root and of what is searched.
        let paths = words
            .iter()
            .map(PathBuf::from)
            .filter(|word| word.is_absolute());
        let gone = paths.into_iter().find(|path| !fs::exists(path))?;
        let there = site
            .files
            .iter()
            .filter(|(_, found)| *found != FoundFile::Nothing);
        let link = site.link.clone().filter(|_| site.enabled);
        let stop = switch(&site, false)?.command();
        Some(LostTimer {
            files: there.map(|(file, _)| file.clone()).chain(link).collect(),
            own: timer_name(&survey.shared_root).as_ref() == Some(&site.name),
            gone,
            stop,
        })
    };
    let sites = timer::gather::all(survey, around);
    sites.into_iter().filter_map(lost).collect()
}

fn git() -> Tool {
    let (version, problem) = told(git::version());
    Tool {
        name: "git".into(),
        version,
        problem,
    }
}

/// The first line of an answer, or why there is none.
fn told(answer: Result<String>) -> (Option<String>, Option<String>) {
    match answer {
        Ok(said) => (said.lines().next().map(str::to_owned), None),
        Err(error) => (None, Some(failure::message(error.as_ref()))),
    }
}

fn toolchains(around: &Environment) -> Vec<Toolchain> {
    // Where there is no rustup, there is one toolchain.
    let installed = around.cargo.toolchains().unwrap_or_default();
    let names: Vec<_> = std::iter::once(None)
        .chain(installed.into_iter().map(Some))
        .collect();
    let asked = names.into_par_iter().map(|name| {
        let (cargo, no_cargo) = told(cargo::version("cargo", name.as_deref()));
        let (rustc, no_rustc) = told(cargo::version("rustc", name.as_deref()));
        Toolchain {
            layout: cargo.as_deref().and_then(layout::of_cargo),
            name,
            cargo,
            rustc,
            problem: no_cargo.or(no_rustc),
        }
    });
    asked.collect()
}

/// The programs that Cargo runs in place of the compiler: the one that a variable names, else those of the
/// configurations.
fn wrappers(survey: &Survey, around: &Environment) -> Vec<WrapperFacts> {
    let said = |name: &str| around.variables.iter().find(|(known, _)| known == name);
    let variable = ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"]
        .into_iter()
        .find_map(said);
    let off = said("CARGO_INCREMENTAL").is_some_and(|(_, value)| value == "0");
    let mut found: BTreeMap<(String, Option<PathBuf>), WrapperFacts> = BTreeMap::new();
    for workspace in &survey.workspaces {
        let (program, config) = match variable {
            Some((_, value)) => (value.clone(), None),
            None => {
                let named =
                    config_chain::wrapper(&workspace.root, &survey.configs, &survey.surroundings);
                let Some((value, file)) = named else { continue };
                (value.to_owned(), Some(file.to_owned()))
            }
        };
        if program.is_empty() {
            continue;
        }
        let facts = found.entry((program.clone(), config.clone()));
        let facts = facts.or_insert_with(|| {
            let runs = match &config {
                Some(file) => config_chain::program(&program, file),
                None => program.clone(),
            };
            let known = config_edit::known_wrapper(&program);
            let is_cache = known.is_some() && !wrapper_script::is_ours(&program);
            let missing = || {
                (Path::new(&runs).is_absolute() && !fs::is_runnable(Path::new(&runs)))
                    .then(|| "there is no such program".to_owned())
            };
            let near: Vec<&Path> = survey.roots.iter().map(PathBuf::as_path).collect();
            let near = [near.as_slice(), &[&workspace.root]].concat();
            let found = match &config {
                Some(file) => process::program_of(file, &runs, &near),
                None => process::program(&runs, &near),
            };
            let mut not_asked = None;
            let (version, problem) = match (is_cache, found) {
                (true, Ok(found)) => (
                    told(cargo::wrapper_version(&found)).0,
                    does_not_run(&found, &workspace.root),
                ),
                (true, Err(refused @ Refused::Missing(_))) => (None, Some(refused.to_string())),
                (true, Err(refused)) => {
                    not_asked = Some(refused.to_string());
                    (None, missing())
                }
                // The user has not asked for a run of an unknown program, and a branch may have changed ours; but
                // where there is none, every build fails.
                (false, _) => (None, missing()),
            };
            WrapperFacts {
                version,
                not_asked,
                problem,
                program,
                variable: variable.map(|(name, _)| name.clone()),
                config,
                incremental: false,
            }
        });
        facts.incremental |= !off && is_incremental(survey, workspace);
    }
    found.into_values().collect()
}

/// Why a wrapper does not run the compiler. Where the compiler itself does not run, or is not asked, that is not known, and
/// said of the toolchain.
fn does_not_run(wrapper: &Path, workspace: &Path) -> Option<String> {
    cargo::rustc_version(workspace).ok()?;
    let tried = cargo::try_wrapper(wrapper, workspace);
    tried.err().map(|error| failure::words(error.as_ref()))
}

/// Returns whether local crates of a workspace are compiled incrementally, which they are unless a file says
/// otherwise.
fn is_incremental(survey: &Survey, workspace: &Workspace) -> bool {
    let manifest = fs::read(&workspace.root.join("Cargo.toml")).ok().flatten();
    let files = config_chain::chain(&workspace.root, &survey.configs, &survey.surroundings);
    let texts = files.filter_map(|(file, _)| file.bytes.clone());
    let said = texts
        .chain(manifest)
        .find_map(|bytes| config_edit::incremental(&String::from_utf8_lossy(&bytes)));
    said.unwrap_or(true)
}

/// The filesystem of the shared root, or of the first root where there is none yet.
fn place(survey: &Survey) -> Option<PlaceFacts> {
    let wanted = match survey.shared_root.exists {
        true => Some(&survey.shared_root.path),
        false => survey.roots.first(),
    };
    let path = wanted?.clone();
    // A file that is there: of ours, or one that a workspace has.
    let file = [path.join("CACHEDIR.TAG")].into_iter().chain(
        survey
            .workspaces
            .iter()
            .map(|workspace| workspace.root.join("Cargo.toml")),
    );
    let file = file.into_iter().find(|file| fs::exists(file));
    Some(PlaceFacts {
        network: fs::network(&path).map(str::to_owned),
        available: fs::available(&path).ok()?,
        total: fs::total(&path).ok()?,
        clones: file.map(|file| fs::clones_here(&file)),
        path,
    })
}

/// Files in which editors have settings for rust-analyzer, below the top of a worktree.
const SETTINGS: [(&str, ReadSettings); 2] = [
    (".vscode/settings.json", editor_settings::of_vs_code),
    ("rust-analyzer.toml", editor_settings::of_toml),
];

/// Reads the folder that the editor has rust-analyzer build into.
type ReadSettings = fn(&str) -> Option<AnalyzerFolder>;

fn analyzers(survey: &Survey) -> Vec<AnalyzerSetting> {
    let tops = survey
        .repositories
        .iter()
        .flat_map(|repository| &repository.worktrees);
    let tops = tops
        .filter(|worktree| worktree.present)
        .map(|worktree| worktree.path.clone());
    let roots = survey
        .workspaces
        .iter()
        .map(|workspace| workspace.root.clone());
    let places: BTreeSet<PathBuf> = tops.chain(roots).collect();
    let files = places
        .iter()
        .flat_map(|top| SETTINGS.map(|(name, read)| (top.join(name), read)));
    let settings = files.filter_map(|(file, read)| {
        let text = fs::read_start(&file, 1 << 20).ok()??;
        let folder = match read(&String::from_utf8_lossy(&text))? {
            AnalyzerFolder::Own => None,
            AnalyzerFolder::At(folder) => Some(folder),
        };
        Some(AnalyzerSetting { file, folder })
    });
    settings.collect()
}

/// The target folders that tools take along into new worktrees, by the settings in each worktree. A folder outside its
/// worktree is out of their reach.
fn taken_along(survey: &Survey) -> Vec<TakenAlong> {
    let mut found: BTreeMap<PathBuf, TakenAlong> = BTreeMap::new();
    for workspace in &survey.workspaces {
        let Some(place) = &workspace.place else {
            continue;
        };
        let read = |name: &str| {
            let file = place.worktree.join(name);
            let text = fs::read_start(&file, 1 << 20).ok()??;
            Some((file, String::from_utf8_lossy(&text).into_owned()))
        };
        let dirs = [&workspace.dirs.target_dir, &workspace.dirs.build_dir];
        let dirs = dirs.into_iter();
        for inside in dirs.filter_map(|dir| dir.strip_prefix(&place.worktree).ok()) {
            let copied = read(worktree_settings::INCLUDE)
                .filter(|(_, text)| worktree_settings::copies(text, inside));
            let linked = worktree_settings::CLAUDE.into_iter().filter_map(read);
            let linked = linked.filter(|(_, text)| worktree_settings::links(text, inside));
            let copied = copied.into_iter().map(|(file, _)| (file, false));
            for (file, linked) in copied.chain(linked.map(|(file, _)| (file, true))) {
                found.entry(file.clone()).or_insert(TakenAlong {
                    file,
                    folder: inside.to_owned(),
                    linked,
                });
            }
        }
    }
    found.into_values().collect()
}
