//! Decides what `setup` writes and deletes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::folders::{self, AllDirs};
use super::naming::{self, Names, owner_file};
use super::{finish_trash, freeable, warnings};
use crate::config_chain::{self, CONFIG_NAMES, WORKSPACE_PATH_HASH};
use crate::config_edit::{self, EditError, Settings};
use crate::exclude_edit;
use crate::marks::BUILD_FOLDER;
use crate::model::{
    Action, CargoAnswer, Change, ConfigFile, DeleteReason, Dirs, EditFile, Kept, KeptReason,
    Layout, Owner, Plan, SetBy, Subject, Survey, TargetFolder, Tracked, Warning, Workspace,
};

/// The line by which a tracked configuration takes in an untracked one (Cargo 1.93 and later).
const INCLUDE_LINE: &str = r#"include = [{ path = "local.toml", optional = true }]"#;

/// How `setup` was asked to do it.
#[derive(Clone, Debug, Default)]
pub struct SetupOptions {
    /// The layout; `None` chooses `isolated`, and `in-place` where the configuration is tracked.
    pub layout: Option<Layout>,
    /// Edit configurations that git tracks.
    pub edit_tracked: bool,
    /// Replace a target-dir that the user set.
    pub replace: bool,
    /// Where the one configuration of the `build-dir` layout goes.
    pub config_at: Option<ConfigPlace>,
    /// Let several worktrees share one folder.
    pub allow_unsafe_sharing: bool,
    /// Delete nothing.
    pub keep_targets: bool,
    /// Top-level entries that Cargo does not make, and that may go all the same.
    pub allowed_entries: Vec<String>,
    /// The filesystem of each workspace, for its owner file.
    pub devices: BTreeMap<PathBuf, u64>,
}

/// A folder with configuration files above the worktrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigPlace {
    /// `.cargo` in some folder, or `$CARGO_HOME`.
    pub cargo_folder: PathBuf,
}

/// Decides what is written and which folders go, and why everything else stays.
///
/// Where the folders are afterwards is worked out from the edited texts, by the same rules as before them: a
/// folder goes only if no workspace builds into it then. Reads nothing from disk.
#[must_use]
pub fn setup(survey: &Survey, options: &SetupOptions) -> Plan {
    let mut plan = Plan {
        warnings: warnings(survey),
        ..Plan::default()
    };
    let mut configs = survey.configs.clone();
    let mut names = Names::new(survey);
    let mut owners: BTreeMap<PathBuf, Owner> = BTreeMap::new();
    let mut writes: Vec<Action> = Vec::new();

    if options.layout == Some(Layout::BuildDir) {
        match above(survey, options) {
            Ok(Some((action, file))) => {
                configs.insert(file.path.clone(), file);
                writes.push(action);
            }
            Ok(None) => {}
            Err(kept) => plan.kept.push(kept),
        }
    }
    for workspace in &survey.workspaces {
        match configure(workspace, survey, options, &mut names) {
            Ok(wanted) => {
                if let Some(edit) = edit_of(&wanted) {
                    let file = configs.entry(workspace.config.clone()).or_default();
                    file.path.clone_from(&workspace.config);
                    file.bytes = edit.after.clone();
                    file.keys.target_dir = wanted.target_dir.to_str().map(str::to_owned);
                    if wanted.build_dir.is_some() {
                        file.keys.build_dir.clone_from(&wanted.build_dir);
                    }
                    writes.push(Action::WriteConfig {
                        workspace: Some(workspace.root.clone()),
                        layout: wanted.layout,
                        target_dir: Some(wanted.target_dir.clone()),
                        build_dir: wanted.build_dir.clone(),
                        edit,
                    });
                } else {
                    plan.kept.push(kept(
                        workspace,
                        KeptReason::UpToDate {
                            layout: wanted.layout,
                        },
                    ));
                }
            }
            Err(reason) => plan.kept.push(kept(workspace, reason)),
        }
    }
    let after = dirs_after(survey, &configs, &writes);
    for (workspace, dirs) in survey.workspaces.iter().zip(&after) {
        note_owners(workspace, dirs, survey, options, &mut owners);
    }

    let deletions = decide_folders(survey, &after, options, &mut plan.kept);
    let excludes = excludes(survey, &writes);
    let records: Vec<Action> = owners
        .into_iter()
        .map(|(file, owner)| Action::RecordOwner { file, owner })
        .collect();
    if !survey.shared_root.exists
        && !(writes.is_empty() && records.is_empty() && excludes.is_empty())
    {
        plan.actions.push(Action::CreateSharedRoot {
            path: survey.shared_root.path.clone(),
        });
    }
    let moved = survey
        .workspaces
        .iter()
        .zip(&after)
        .filter(|(w, dirs)| w.touched && w.dirs != **dirs);
    let cold = moved
        .filter(|(w, dirs)| w.dirs.build_dir != dirs.build_dir)
        .count();
    let without_build_dir = writes.iter().filter(|action| {
        matches!(
            action,
            Action::WriteConfig {
                layout: Layout::Isolated,
                build_dir: None,
                ..
            }
        )
    });
    let without_build_dir = without_build_dir.count();
    plan.actions.extend(excludes);
    plan.actions.extend(records);
    plan.actions.extend(writes);
    plan.actions.extend(deletions);
    plan.freeable = freeable(plan.deletions().filter_map(|delete| delete.usage.as_ref()));
    if plan.deletions().next().is_some() {
        plan.warnings.push(Warning::NoWayBack);
    }
    if cold > 0 {
        plan.warnings.push(Warning::ColdStart { workspaces: cold });
    }
    if without_build_dir > 0 {
        plan.warnings.push(Warning::NoBuildDir {
            workspaces: without_build_dir,
        });
    }
    plan.warnings.extend(shared_by_worktrees(survey, &after));
    finish_trash(survey, &mut plan.actions, &mut plan.kept);
    plan
}

/// What one workspace's configuration should say.
struct Wanted<'a> {
    layout: Layout,
    target_dir: PathBuf,
    build_dir: Option<String>,
    before: Option<&'a ConfigFile>,
    after: Vec<u8>,
}

fn edit_of(wanted: &Wanted<'_>) -> Option<EditFile> {
    let before = wanted.before.and_then(|file| file.bytes.clone());
    if before.as_ref() == Some(&wanted.after) {
        return None;
    }
    let change = if before.is_some() {
        Change::Edit
    } else {
        Change::Create
    };
    let file = wanted
        .before
        .map(|file| file.path.clone())
        .unwrap_or_default();
    Some(EditFile {
        file,
        before,
        after: Some(wanted.after.clone()),
        change,
    })
}

/// Decides what a workspace's configuration should say, or why it stays as it is.
fn configure<'a>(
    workspace: &Workspace,
    survey: &'a Survey,
    options: &SetupOptions,
    names: &mut Names<'_>,
) -> Result<Wanted<'a>, KeptReason> {
    let knows_build_dir = match &workspace.cargo {
        CargoAnswer::Refused { message } => return Err(refused(workspace, survey, message)),
        CargoAnswer::Elsewhere { root } => {
            return Err(KeptReason::PartOf {
                workspace: root.clone(),
            });
        }
        CargoAnswer::NotAsked => false,
        CargoAnswer::Said {
            knows_build_dir, ..
        } => *knows_build_dir,
    };
    let layout = options.layout.unwrap_or(Layout::Isolated);
    match layout {
        Layout::InPlace => return Err(KeptReason::InPlaceAsked),
        Layout::BuildDir => {
            let folder = options
                .config_at
                .as_ref()
                .map(|place| place.cargo_folder.as_path());
            let file = config_in(folder.unwrap_or(Path::new("")), survey);
            return Err(KeptReason::ServedAbove { file });
        }
        Layout::Flat => flat_is_safe(workspace, survey, options)?,
        Layout::Isolated => {}
    }
    let file = survey.configs.get(&workspace.config);
    let untouched =
        file.is_none_or(|file| file.keys.target_dir.is_none() && file.keys.build_dir.is_none());
    if let Some(around) = &workspace.nested_in
        && !workspace.touched
        && untouched
        && knows_build_dir
    {
        return Err(KeptReason::NestedUntouched {
            around: around.clone(),
        });
    }
    let target_dir = if layout == Layout::Flat {
        naming::flat(&survey.shared_root.path)
    } else {
        names.folder(workspace)
    };
    let build_dir = match layout {
        Layout::Isolated if knows_build_dir => build_template(&survey.shared_root.path),
        _ => None,
    };
    let unwritable = || KeptReason::Unwritable {
        path: target_dir.clone(),
    };
    let settings = Settings {
        target_dir: Some(target_dir.to_str().ok_or_else(unwritable)?),
        build_dir: build_dir.as_deref(),
    };
    let text = file
        .and_then(|file| file.bytes.as_deref())
        .unwrap_or_default();
    let invalid = |problem| KeptReason::ConfigInvalid {
        file: workspace.config.clone(),
        problem,
    };
    if let Some(problem) = file.and_then(|file| file.invalid.clone()) {
        return Err(invalid(problem));
    }
    let text = std::str::from_utf8(text).map_err(|_| KeptReason::ConfigUnsure {
        file: workspace.config.clone(),
    })?;
    let after = config_edit::set(text, settings).map_err(|error| match error {
        EditError::Invalid(problem) => invalid(problem),
        EditError::Unsure => KeptReason::ConfigUnsure {
            file: workspace.config.clone(),
        },
    })?;
    if after != text {
        may_edit(file, options)?;
        users_choice(workspace, survey, options)?;
    }
    Ok(Wanted {
        layout,
        build_dir,
        before: file,
        after: after.into_bytes(),
        target_dir,
    })
}

/// Where Cargo refuses, a broken configuration is the likeliest cause, and its place says more than Cargo.
fn refused(workspace: &Workspace, survey: &Survey, message: &str) -> KeptReason {
    let broken = config_chain::chain(&workspace.root, &survey.configs, &survey.surroundings)
        .find_map(|(file, _)| Some((file.path.clone(), file.invalid.clone()?)));
    match broken {
        Some((file, problem)) => KeptReason::ConfigInvalid { file, problem },
        None => KeptReason::CargoRefused {
            message: message.to_owned(),
        },
    }
}

/// What stands in the way of editing the file itself.
fn may_edit(file: Option<&ConfigFile>, options: &SetupOptions) -> Result<(), KeptReason> {
    let Some(file) = file else { return Ok(()) };
    let path = || file.path.clone();
    match &file.tracked {
        Tracked::Unclear(message) => {
            return Err(KeptReason::TrackedUnclear {
                message: message.clone(),
            });
        }
        Tracked::Yes if !options.edit_tracked => {
            return Err(KeptReason::ConfigTracked {
                file: path(),
                include: INCLUDE_LINE.to_owned(),
            });
        }
        _ => {}
    }
    if let Some(to) = &file.symlink {
        return Err(KeptReason::ConfigSymlink {
            file: path(),
            to: to.clone(),
        });
    }
    if file.read_only {
        return Err(KeptReason::ConfigReadOnly { file: path() });
    }
    Ok(())
}

/// A folder that the user set, here or above, stays unless we are told to replace it.
fn users_choice(
    workspace: &Workspace,
    survey: &Survey,
    options: &SetupOptions,
) -> Result<(), KeptReason> {
    if options.replace {
        return Ok(());
    }
    let dirs = &workspace.dirs;
    let shared_root = &survey.shared_root.path;
    let own = |path: &Path| path.starts_with(shared_root) && path != shared_root;
    let settings = [
        ("target-dir", &dirs.target_dir, &dirs.target_set_by),
        ("build-dir", &dirs.build_dir, &dirs.build_set_by),
    ];
    for (key, folder, set_by) in settings {
        if own(folder) {
            continue;
        }
        let set = |file: &Path, value: String| KeptReason::ConfigSet {
            file: file.to_owned(),
            key: key.into(),
            value,
        };
        match set_by {
            SetBy::Default => {}
            SetBy::Cargo => return Err(set(&workspace.config, folder.display().to_string())),
            SetBy::Config(file) => {
                let keys = survey.configs.get(file).map(|file| &file.keys);
                let written = keys.and_then(|keys| match key {
                    "build-dir" => keys.build_dir.clone().or_else(|| keys.target_dir.clone()),
                    _ => keys.target_dir.clone(),
                });
                return Err(set(file, written.unwrap_or_default()));
            }
        }
    }
    Ok(())
}

/// `build-dir` for all workspaces: Cargo puts each one's own hash. `None` where a brace in the path would be
/// taken for a template variable.
fn build_template(shared_root: &Path) -> Option<String> {
    let folder = shared_root.join(BUILD_FOLDER);
    let text = folder.to_str()?;
    let separator = std::path::MAIN_SEPARATOR;
    (!text.contains(['{', '}'])).then(|| format!("{text}{separator}{WORKSPACE_PATH_HASH}"))
}

fn config_in(cargo_folder: &Path, survey: &Survey) -> PathBuf {
    let paths = CONFIG_NAMES.map(|name| cargo_folder.join(name));
    let existing = paths.iter().find(|path| {
        survey
            .configs
            .get(*path)
            .is_some_and(|file| file.bytes.is_some())
    });
    existing.unwrap_or(&paths[1]).clone()
}

/// The one configuration of the `build-dir` layout; `None` if it is as it should be.
fn above(survey: &Survey, options: &SetupOptions) -> Result<Option<(Action, ConfigFile)>, Kept> {
    let Some(place) = &options.config_at else {
        return Ok(None);
    };
    let path = config_in(&place.cargo_folder, survey);
    let kept = |reason| Kept {
        subject: Subject::File,
        path: path.clone(),
        reason,
        on_disk: None,
        last_build: None,
    };
    let mut file = survey.configs.get(&path).cloned().unwrap_or_default();
    file.path.clone_from(&path);
    let shared_root = &survey.shared_root.path;
    let Some(template) = build_template(shared_root) else {
        return Err(kept(KeptReason::Unwritable {
            path: shared_root.clone(),
        }));
    };
    let invalid = |problem| KeptReason::ConfigInvalid {
        file: path.clone(),
        problem,
    };
    if let Some(problem) = file.invalid.clone() {
        return Err(kept(invalid(problem)));
    }
    let text = String::from_utf8(file.bytes.clone().unwrap_or_default()).unwrap_or_default();
    let settings = Settings {
        target_dir: None,
        build_dir: Some(&template),
    };
    let after = config_edit::set(&text, settings).map_err(|error| match error {
        EditError::Invalid(problem) => kept(invalid(problem)),
        EditError::Unsure => kept(KeptReason::ConfigUnsure { file: path.clone() }),
    })?;
    if after == text {
        return Err(kept(KeptReason::UpToDate {
            layout: Layout::BuildDir,
        }));
    }
    if let Some(value) = &file.keys.build_dir
        && !options.replace
        && !Path::new(value).starts_with(shared_root)
    {
        let reason = KeptReason::ConfigSet {
            file: path.clone(),
            key: "build-dir".into(),
            value: value.clone(),
        };
        return Err(kept(reason));
    }
    may_edit(Some(&file), options).map_err(kept)?;
    let change = if file.bytes.is_some() {
        Change::Edit
    } else {
        Change::Create
    };
    let edit = EditFile {
        file: path.clone(),
        before: file.bytes.clone(),
        after: Some(after.clone().into_bytes()),
        change,
    };
    file.bytes = Some(after.into_bytes());
    file.keys.build_dir = Some(template.clone());
    let action = Action::WriteConfig {
        workspace: None,
        layout: Layout::BuildDir,
        target_dir: None,
        build_dir: Some(template),
        edit,
    };
    Ok(Some((action, file)))
}

/// Why the flat layout would be wrong for a workspace.
fn flat_is_safe(
    workspace: &Workspace,
    survey: &Survey,
    options: &SetupOptions,
) -> Result<(), KeptReason> {
    if options.allow_unsafe_sharing {
        return Ok(());
    }
    let repository = workspace.place.as_ref().and_then(|place| {
        survey
            .repositories
            .iter()
            .find(|repository| repository.common_dir == place.common_dir)
    });
    let worktrees = repository.map_or(0, |r| {
        r.worktrees
            .iter()
            .filter(|worktree| worktree.present)
            .count()
    });
    if worktrees > 1 {
        return Err(KeptReason::FlatUnsafe { worktrees });
    }
    let packages = |workspace: &Workspace| match &workspace.cargo {
        CargoAnswer::Said { packages, .. } => packages.clone(),
        _ => Vec::new(),
    };
    let own: BTreeSet<String> = packages(workspace).into_iter().collect();
    for other in survey
        .workspaces
        .iter()
        .filter(|other| other.root != workspace.root)
    {
        if let Some(package) = packages(other).into_iter().find(|name| own.contains(name)) {
            return Err(KeptReason::FlatSameName {
                package,
                other: other.root.clone(),
            });
        }
    }
    Ok(())
}

/// Where every workspace builds once everything is written.
fn dirs_after(
    survey: &Survey,
    configs: &BTreeMap<PathBuf, ConfigFile>,
    writes: &[Action],
) -> AllDirs {
    let written: BTreeSet<&Path> = writes
        .iter()
        .filter_map(|action| match action {
            Action::WriteConfig { edit, .. } => Some(edit.file.as_path()),
            _ => None,
        })
        .collect();
    let resolve = |workspace: &Workspace| {
        let dirs = config_chain::resolve(&workspace.root, configs, &survey.surroundings);
        let decided_by_us = |set_by: &SetBy| matches!(set_by, SetBy::Config(file) if written.contains(file.as_path()));
        let mut after = workspace.dirs.clone();
        if decided_by_us(&dirs.target_set_by) {
            (after.target_dir, after.target_set_by) = (dirs.target_dir, dirs.target_set_by);
        }
        let knows_build_dir = matches!(
            workspace.cargo,
            CargoAnswer::Said {
                knows_build_dir: true,
                ..
            }
        );
        if knows_build_dir && decided_by_us(&dirs.build_set_by) {
            (after.build_dir, after.build_set_by) = (dirs.build_dir, dirs.build_set_by);
        } else if !knows_build_dir {
            (after.build_dir, after.build_set_by) =
                (after.target_dir.clone(), after.target_set_by.clone());
        }
        after
    };
    survey.workspaces.iter().map(resolve).collect()
}

/// The owner files for the folders under the shared root that a workspace builds into, where they are missing
/// or say something else.
fn note_owners(
    workspace: &Workspace,
    dirs: &Dirs,
    survey: &Survey,
    options: &SetupOptions,
    owners: &mut BTreeMap<PathBuf, Owner>,
) {
    let shared_root = &survey.shared_root.path;
    let hashed = shared_root.join(BUILD_FOLDER);
    for folder in BTreeSet::from([&dirs.target_dir, &dirs.build_dir]) {
        let inherited = *folder == dirs.target_dir
            && matches!(&dirs.target_set_by, SetBy::Config(file) if *file != workspace.config);
        let flat = *folder == naming::flat(shared_root);
        if !folder.starts_with(shared_root) || folder == shared_root || inherited || flat {
            continue;
        }
        let layout = match &dirs.build_set_by {
            SetBy::Config(file) if folder.starts_with(&hashed) && *file != workspace.config => {
                Layout::BuildDir
            }
            _ => Layout::Isolated,
        };
        let owner = Owner {
            workspace: workspace.root.clone(),
            worktree: workspace.place.as_ref().map(|place| place.worktree.clone()),
            common_dir: workspace
                .place
                .as_ref()
                .map(|place| place.common_dir.clone()),
            layout,
            device: options.devices.get(&workspace.root).copied(),
        };
        // The device may be numbered anew at every start of the machine: no reason to write again.
        let same = |noted: &Owner| {
            Owner {
                device: owner.device,
                ..noted.clone()
            } == owner
        };
        if !survey.notes.get(folder).is_some_and(same) {
            owners.insert(owner_file(folder), owner);
        }
    }
}

/// Decides for every folder.
fn decide_folders(
    survey: &Survey,
    after: &AllDirs,
    options: &SetupOptions,
    kept_folders: &mut Vec<Kept>,
) -> Vec<Action> {
    let mut deletions = Vec::new();
    for folder in &survey.folders {
        let decided = match reason(folder, survey, after) {
            Ok(why) if options.keep_targets => {
                Err(folders::kept(folder, KeptReason::NotAsked { why }))
            }
            Ok(why) => folders::delete(folder, why, survey, after, &options.allowed_entries),
            Err(reason) => Err(folders::kept(folder, reason)),
        };
        match decided {
            Ok(action) => deletions.push(action),
            Err(kept) => kept_folders.push(kept),
        }
    }
    folders::sort_by_size(&mut deletions);
    deletions
}

fn reason(
    folder: &TargetFolder,
    survey: &Survey,
    after: &AllDirs,
) -> Result<DeleteReason, KeptReason> {
    let users: Vec<(&Workspace, &Dirs)> = survey
        .workspaces
        .iter()
        .zip(after)
        .filter(|(_, dirs)| dirs.target_dir == folder.path || dirs.build_dir == folder.path)
        .collect();
    // Its programs are built anew from intermediates that start elsewhere, so nothing in it serves any more.
    let emptied = |(workspace, dirs): &(&Workspace, &Dirs)| {
        workspace.dirs.build_dir == folder.path && dirs.build_dir != folder.path
    };
    match users.first() {
        Some((_, dirs)) if users.iter().all(emptied) => Ok(DeleteReason::BuildDirMoved {
            to: dirs.build_dir.clone(),
        }),
        _ => folders::stale(folder, survey, after),
    }
}

/// What git must ignore: the configurations that we make.
fn excludes(survey: &Survey, writes: &[Action]) -> Vec<Action> {
    let made: BTreeSet<&Path> = writes
        .iter()
        .filter_map(|action| match action {
            Action::WriteConfig { edit, .. } if edit.change == Change::Create => {
                Some(edit.file.as_path())
            }
            _ => None,
        })
        .collect();
    let mut patterns: BTreeMap<&Path, BTreeSet<String>> = BTreeMap::new();
    for workspace in &survey.workspaces {
        let Some(place) = &workspace.place else {
            continue;
        };
        let file = survey.configs.get(&workspace.config);
        let ignored = file.is_some_and(|file| file.ignored || file.tracked == Tracked::Yes);
        let made_earlier = file.is_some_and(|file| file.created_by_us && file.bytes.is_some());
        if !ignored && (made.contains(workspace.config.as_path()) || made_earlier) {
            let relative = workspace
                .config
                .strip_prefix(&place.worktree)
                .unwrap_or(&workspace.config);
            let parts: Vec<_> = relative
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect();
            let pattern = exclude_edit::pattern(&parts.join("/"), false);
            patterns
                .entry(&place.common_dir)
                .or_default()
                .insert(pattern);
        }
    }
    let edit = |(common_dir, patterns): (&Path, BTreeSet<String>)| {
        let repository = survey
            .repositories
            .iter()
            .find(|repository| repository.common_dir == *common_dir)?;
        let before = repository.exclude.clone();
        let lines: Vec<String> = patterns.into_iter().collect();
        let after = exclude_edit::add(before.as_deref().unwrap_or_default(), &lines)?;
        let change = if before.is_some() {
            Change::Edit
        } else {
            Change::Create
        };
        let file = common_dir.join("info").join("exclude");
        Some(Action::Exclude(EditFile {
            file,
            before,
            after: Some(after),
            change,
        }))
    };
    patterns.into_iter().filter_map(edit).collect()
}

/// The hazard that this program exists for: several worktrees of one family in one folder.
fn shared_by_worktrees(survey: &Survey, after: &AllDirs) -> Vec<Warning> {
    let mut users: BTreeMap<(&Path, &Path, &Path), Vec<PathBuf>> = BTreeMap::new();
    for (workspace, dirs) in survey.workspaces.iter().zip(after) {
        if let Some(place) = &workspace.place {
            let key = (
                dirs.build_dir.as_path(),
                place.common_dir.as_path(),
                place.path.as_path(),
            );
            users.entry(key).or_default().push(workspace.root.clone());
        }
    }
    users
        .into_iter()
        .filter(|(_, workspaces)| workspaces.len() > 1)
        .map(|((folder, ..), workspaces)| Warning::SharedByWorktrees {
            folder: folder.to_owned(),
            workspaces,
        })
        .collect()
}

fn kept(workspace: &Workspace, reason: KeptReason) -> Kept {
    Kept {
        subject: Subject::Workspace,
        path: workspace.root.clone(),
        reason,
        on_disk: None,
        last_build: None,
    }
}
