//! What an audit asks besides what lies in target folders.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

use crate::audit::decide::{DebugFacts, Facts};
use crate::cargo::config_chain;
use crate::cargo::profile::DevDebug;
use crate::clean::folder_use::FolderUse;
use crate::clean::look;
use crate::clean::look::{Answer, Workspaces};
use crate::fs;
use crate::fs::model::{Identity, Problem};
use crate::progress::Progress;
use crate::survey::Environment;
use crate::survey::model::{Survey, Workspace};
use crate::survey::shared_place::{SharedPlace, shared_places};
use crate::target::artifact::debug_info;
use crate::target::artifact::debug_info::DebugInfo;
use crate::target::unit::UnitKind;
use crate::target::unit_file::UnitFile;

/// The variable that beats what manifests and configurations say of the dev profile's debug information.
const DEV_DEBUG: &str = "CARGO_PROFILE_DEV_DEBUG";

/// Gathers what an audit asks besides.
#[must_use]
pub(crate) fn gather(
    survey: &Survey,
    folders: &[FolderUse],
    workspaces: Workspaces,
    around: &Environment,
    progress: &Progress,
) -> Facts {
    progress.stage("measuring debug information");
    let debug = debug(folders, progress);
    let mut problems = survey.problems.clone();
    let mut resolved = HashMap::new();
    for (root, answer) in workspaces.resolved {
        match answer {
            Answer::Whole(metadata) => {
                resolved.insert(root, metadata);
            }
            Answer::Members(_, message) | Answer::Nothing(message) => problems.push(Problem {
                path: root,
                message: format!("who asks for which features is not known: {message}"),
            }),
        }
    }
    problems.sort_by(|one, other| one.path.cmp(&other.path));
    for folder in folders {
        problems.extend(folder.inventory.problems.iter().cloned());
    }
    Facts {
        compilers: look::compilers(folders, &around.cargo),
        resolved,
        debug,
        manifests: manifests(survey, folders, around),
        shared: shared(survey, folders),
        wrapper: around.wrapper.clone().or_else(|| configured(survey)),
        budget: None,
        problems,
    }
}

/// Those of some folders into which several worktrees of one repository build, or into folders in them.
fn shared(survey: &Survey, folders: &[FolderUse]) -> Vec<(PathBuf, usize)> {
    let places = shared_places(survey).into_iter();
    let asked = |place: &SharedPlace<'_>| {
        let mut folders = folders.iter().map(|one| &one.inventory.folder);
        folders.any(|folder| place.folder.starts_with(folder))
    };
    places
        .filter(asked)
        .map(|place| (place.folder.to_owned(), place.worktrees.len()))
        .collect()
}

/// The manifests of the workspaces that build into some folders: of each family one, that of its main worktree if the survey
/// has it.
fn manifests(
    survey: &Survey,
    folders: &[FolderUse],
    around: &Environment,
) -> Vec<(PathBuf, DevDebug)> {
    let is_main = |workspace: &Workspace| {
        let worktree = workspace.place.as_ref().map(|place| &place.worktree);
        let mut worktrees = survey.repositories.iter().flat_map(|one| &one.worktrees);
        worktrees.any(|one| one.main && Some(&one.path) == worktree)
    };
    let main_of = |user: &PathBuf| {
        let all = || survey.workspaces.iter();
        let own = all().find(|one| one.root == *user)?;
        let family = |other: &&Workspace| match (&own.place, &other.place) {
            (Some(one), Some(other)) => {
                one.common_dir == other.common_dir && one.path == other.path
            }
            _ => false,
        };
        let main = all().filter(family).find(|one| is_main(one));
        Some(main.unwrap_or(own))
    };
    let mut found: Vec<&Workspace> = Vec::new();
    for main in folders
        .iter()
        .flat_map(|one| &one.users)
        .filter_map(main_of)
    {
        if found.iter().all(|one| one.root != main.root) {
            found.push(main);
        }
    }
    let asks = |workspace: &Workspace| {
        let manifest = workspace.root.join("Cargo.toml");
        let chain = config_chain::chain(&workspace.root, &survey.configs, &survey.surroundings);
        let configs = chain.filter_map(|(file, _)| file.bytes.clone());
        let own = fs::read(&manifest).ok().flatten();
        let texts: Vec<String> = configs
            .chain(own)
            .filter_map(|bytes| String::from_utf8(bytes).ok())
            .collect();
        let mut variables = around.variables.iter();
        let variable = variables.find(|(name, _)| name == DEV_DEBUG);
        let variable = variable.map(|(_, value)| value.as_str());
        let asked = DevDebug::of(variable, texts.iter().map(String::as_str));
        (manifest, asked)
    };
    found.into_iter().map(asks).collect()
}

/// The program that a configuration has Cargo run in place of the compiler.
fn configured(survey: &Survey) -> Option<String> {
    let mut workspaces = survey.workspaces.iter();
    let found = workspaces.find_map(|workspace| {
        config_chain::wrapper(&workspace.root, &survey.configs, &survey.surroundings)
    });
    found.map(|(wrapper, _)| wrapper.to_owned())
}

/// Measures the debug information in all libraries and programs of the dev profile, each file once.
fn debug(folders: &[FolderUse], progress: &Progress) -> DebugFacts {
    let mut seen: HashSet<Identity> = HashSet::new();
    let mut files: Vec<(&Path, &UnitFile, bool)> = Vec::new();
    for folder in folders {
        let path = folder.inventory.folder.as_path();
        let of_dev = |profile: &str| profile.rsplit('/').next() == Some("debug");
        let units = folder.inventory.units.iter();
        for unit in units.filter(|unit| of_dev(&unit.id.profile)) {
            let library = matches!(unit.kind, UnitKind::Library | UnitKind::ProcMacro);
            if matches!(
                unit.kind,
                UnitKind::BuildScriptRun | UnitKind::Unknown { .. }
            ) {
                continue;
            }
            let third_party = library && unit.source.is_third_party();
            let artifacts = unit.files.iter().filter(|file| holds_code(&file.path));
            for file in artifacts.filter(|file| file.links <= 1 || seen.insert(file.identity)) {
                files.push((path, file, third_party));
            }
        }
    }
    let sum = Mutex::new(DebugFacts::default());
    files
        .into_par_iter()
        .for_each(|(folder, file, third_party)| {
            let Some(found) = measured(&folder.join(&file.path)) else {
                return;
            };
            progress.add(1, crate::size::Bytes(0));
            let mut sum = sum
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let of = match third_party {
                true => &mut sum.third_party,
                false => &mut sum.own,
            };
            of.line_tables += found.line_tables;
            of.other += found.other;
        });
    sum.into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn measured(path: &Path) -> Option<DebugInfo> {
    let name = path.file_name()?.to_string_lossy();
    let file = fs::open(path).ok()?;
    Some(debug_info::sections(&name, file))
}

/// Whether a file may have debug information in it: a library, a program, or an object file.
fn holds_code(path: &Path) -> bool {
    let deep = path.components().count() > 5;
    match path.extension().and_then(|end| end.to_str()) {
        None => !path
            .iter()
            .any(|name| name == ".fingerprint" || name == "fingerprint"),
        Some("rlib" | "so" | "dylib" | "dll" | "exe" | "o" | "obj" | "dwo" | "wasm") => !deep,
        Some(_) => false,
    }
}
