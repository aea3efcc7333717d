//! Reads the facts that an audit needs besides the content of target folders.

use std::collections::{HashMap, HashSet};
use std::io::Cursor;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::audit::decide::{DebugFacts, Facts, Sums};
use crate::cargo::config_chain;
use crate::cargo::profile::DevDebug;
use crate::clean::compilers::{MadeBy, installed};
use crate::clean::folder_use::FolderUse;
use crate::clean::look;
use crate::clean::look::{Answer, Look};
use crate::fs;
use crate::fs::model::{BusyReason, Identity, Problem};
use crate::fs::{LockMode, Within};
use crate::progress::Progress;
use crate::survey::folder::TargetFolder;
use crate::survey::model::{Survey, Workspace};
use crate::survey::shared_place::{SharedPlace, shared_places};
use crate::survey::{Environment, Request};
use crate::target::artifact::debug_info;
use crate::target::artifact::debug_info::DebugInfo;
use crate::target::unit::UnitKind;
use crate::target::unit_file::{Sharing, UnitFile};

/// The variable that beats what manifests and configurations say of the dev profile's debug information.
const DEV_DEBUG: &str = "CARGO_PROFILE_DEV_DEBUG";

/// The length up to which a file is read at once: to read only its headers takes some twenty calls.
const SMALL: u64 = 16 << 10;

/// Looks at target folders unit by unit, and gathers the other facts that an audit needs. Only the sums of each
/// folder are kept.
#[must_use]
pub(crate) fn gather(
    survey: &Survey,
    folders: &[&TargetFolder],
    request: &Request,
    now: Timestamp,
    progress: &Progress,
) -> (Sums, Facts) {
    let around = &request.environment;
    let folders = look::outermost(folders);
    let workspaces = look::workspaces(survey, &folders, request, progress);
    let mut compilers = installed(&around.cargo);
    let (mut sums, mut debug, mut made_by) = (Sums::default(), Debug::default(), MadeBy::default());
    let look = Look {
        survey,
        request,
        workspaces: &workspaces,
        progress,
    };
    let built_before = being_built(&folders);
    look.each(&folders, |some| {
        debug.add(&some, progress);
        for folder in &some {
            made_by.add(folder);
            let path = folder.inventory.folder.as_path();
            let of_path = folders.iter().find(|one| one.path == path);
            let is_built = built_before.contains(path) || of_path.is_some_and(|one| is_built(one));
            sums.add(folder, is_built, &compilers, now);
        }
    });
    compilers.made_by = made_by.names;
    let mut problems = survey.problems.clone();
    let mut resolved = HashMap::new();
    for (root, answer) in workspaces.resolved {
        match answer {
            Answer::Whole(metadata) => {
                resolved.insert(root, metadata);
            }
            Answer::Members(_, message) | Answer::Nothing(message) => problems.push(Problem {
                path: root,
                message: format!("the requesters of features are unknown: {message}"),
            }),
        }
    }
    problems.sort_by(|one, other| one.path.cmp(&other.path));
    let users: Vec<&PathBuf> = sums.users().collect();
    let facts = Facts {
        compilers,
        resolved,
        debug: debug.sum,
        manifests: manifests(survey, &users, around),
        shared: shared(survey, &folders),
        wrapper: around.wrapper.clone().or_else(|| configured(survey)),
        budget: None,
        problems,
    };
    (sums, facts)
}

/// The folders, of these, in which a build runs.
fn being_built<'a>(folders: &[&'a TargetFolder]) -> HashSet<&'a Path> {
    let built = folders.iter().filter(|folder| is_built(folder));
    built.map(|folder| folder.path.as_path()).collect()
}

/// Returns whether a build runs in a folder. A folder whose locks cannot be tried counts as one in which none runs.
fn is_built(folder: &TargetFolder) -> bool {
    let locked = fs::lock_to_read(&folder.path, &folder.marks.profiles, LockMode::Once);
    locked.is_err_and(|busy| busy.why == BusyReason::Held)
}

/// The folders, of these, into which several worktrees of one repository build, or into folders in them.
fn shared(survey: &Survey, folders: &[&TargetFolder]) -> Vec<(PathBuf, usize)> {
    let places = shared_places(survey).into_iter();
    let asked = |place: &SharedPlace<'_>| {
        let mut folders = folders.iter();
        folders.any(|folder| place.folder.starts_with(&folder.path))
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
    users: &[&PathBuf],
    around: &Environment,
) -> Vec<(PathBuf, DevDebug)> {
    let is_main = |workspace: &Workspace| {
        let worktree = workspace.place.as_ref().map(|place| &place.worktree);
        let mut worktrees = survey.repositories.iter().flat_map(|one| &one.worktrees);
        worktrees.any(|one| one.main && Some(&one.path) == worktree)
    };
    let main_of = |user: &Path| {
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
    for main in users.iter().filter_map(|user| main_of(user)) {
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

/// The debug information in all libraries and programs of the dev profile, each file once.
#[derive(Default)]
struct Debug {
    sum: DebugFacts,
    /// The files with several names that were measured.
    seen: HashSet<Identity>,
}

impl Debug {
    fn add(&mut self, folders: &[FolderUse], progress: &Progress) {
        let within = folders
            .iter()
            .map(|folder| Within::of(&folder.inventory.folder));
        let within: Vec<Within<'_>> = within.collect();
        let mut files: Vec<(&Within<'_>, &UnitFile, bool)> = Vec::new();
        for (folder, within) in folders.iter().zip(&within) {
            let of_dev = |profile: &str| profile.rsplit('/').next() == Some("debug");
            let units = folder.inventory.units.iter();
            for unit in units.filter(|unit| of_dev(&unit.id.profile)) {
                // Cargo compiles the build scripts of third-party packages without any. They contain the standard library's,
                // and Cargo strips them where the profile gives third-party packages none.
                let kinds = [
                    UnitKind::Library,
                    UnitKind::ProcMacro,
                    UnitKind::BuildScript,
                ];
                let of_package = kinds.contains(&unit.kind);
                if matches!(
                    unit.kind,
                    UnitKind::BuildScriptRun | UnitKind::Unknown { .. }
                ) {
                    continue;
                }
                let third_party = of_package && unit.source.is_third_party();
                let artifacts = unit.files.iter().filter(|file| holds_code(file));
                let first = |file: &&UnitFile| file.links <= 1 || self.seen.insert(file.identity);
                let artifacts = artifacts.filter(first);
                files.extend(artifacts.map(|file| (within, file, third_party)));
            }
        }
        let found = files.into_par_iter().map(|(folder, file, third_party)| {
            let found = measured(folder, file).unwrap_or_default();
            progress.add(1, crate::size::Bytes(0));
            match third_party {
                true => (found, DebugInfo::default()),
                false => (DebugInfo::default(), found),
            }
        });
        let (third_party, own): (DebugInfo, DebugInfo) = found.reduce(
            <(DebugInfo, DebugInfo)>::default,
            |(one, own), (other, others_own)| (one + other, own + others_own),
        );
        self.sum.third_party += third_party;
        self.sum.own += own;
    }
}

fn measured(folder: &Within<'_>, file: &UnitFile) -> Option<DebugInfo> {
    let name = file.name();
    if file.length.0 > SMALL {
        let file = folder.open(&file.path).ok()?;
        return Some(debug_info::sections(&name, file));
    }
    let bytes = folder.read_known(&file.path, SMALL).ok()??;
    Some(debug_info::sections(&name, Cursor::new(bytes)))
}

/// Whether a file may have debug information in it: a library, a program, or an object file.
fn holds_code(file: &UnitFile) -> bool {
    if file.sharing == Sharing::Folder {
        return false;
    }
    let path = file.path.as_path();
    let deep = path.components().count() > 5;
    match path.extension().and_then(|end| end.to_str()) {
        None => !path
            .iter()
            .any(|name| name == ".fingerprint" || name == "fingerprint"),
        Some("rlib" | "so" | "dylib" | "dll" | "exe" | "o" | "obj" | "dwo" | "wasm") => !deep,
        Some(_) => false,
    }
}
