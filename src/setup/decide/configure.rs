//! Decides the content of each workspace's configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cargo::config_chain::{WORKSPACE_PATH_HASH, expand};
use crate::cargo::config_edit::{EditError, Settings};
use crate::cargo::manifest::normalise;
use crate::cargo::model::{ConfigFile, SetBy, Tracked};
use crate::cargo::{config_chain, config_edit};
use crate::markers::{BUILD_FOLDER, TARGET};
use crate::plan::action::{Change, EditFile};
use crate::plan::kept::KeptReason;
use crate::setup::decide::{SetupOptions, in_place, wrapper};
use crate::setup::model::WriteConfig;
use crate::setup::naming;
use crate::setup::naming::Names;
use crate::survey::folder::Layout;
use crate::survey::model::{
    CargoAnswer, Repository, SharedRootChoice, Survey, Workspace, WorktreePlace,
};

/// The line by which a tracked configuration takes in an untracked one (Cargo 1.93 and later).
const INCLUDE_LINE: &str = r#"include = [{ path = "local.toml", optional = true }]"#;

/// Decides what a workspace's configuration should say, or why it stays as it is.
pub(crate) fn workspace(
    workspace: &Workspace,
    survey: &Survey,
    configs: &BTreeMap<PathBuf, ConfigFile>,
    options: &SetupOptions,
    names: &mut Names<'_>,
) -> Result<(WriteConfig, ConfigFile), KeptReason> {
    let is_asked_for = survey.roots.contains(&workspace.root);
    if workspace.ignored && !is_asked_for && says_nothing(workspace, survey) {
        return Err(KeptReason::IgnoredByGit);
    }
    let knows_build_dir = match &workspace.cargo {
        CargoAnswer::Refused { .. } => {
            never_built(workspace, survey)?;
            match refused(workspace, survey) {
                Some(KeptReason::CargoRefused { .. })
                    if is_one_of_a_family(workspace, survey, options) => {}
                Some(reason) => return Err(reason),
                None => {}
            }
            // A guard is written where Cargo knows the key.
            inherits_build_dir(workspace, survey, options)
        }
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
    if workspace
        .root
        .to_string_lossy()
        .chars()
        .any(char::is_control)
    {
        // Neither a line of an exclude file nor one on a terminal can name it.
        let path = workspace.root.clone();
        return Err(KeptReason::Unwritable { path });
    }
    if options.worktrees_only && is_alone(workspace, survey) {
        return Err(KeptReason::Alone);
    }
    let shared_root = &survey.shared_root.path;
    let (layout, as_it_is) = in_place::layout(workspace, survey, options);
    let (layout, target_dir, build_dir) = match layout {
        // The workspaces themselves see nothing of it.
        Layout::BuildDir => return Err(as_it_is),
        Layout::InPlace => {
            never_built(workspace, survey)?;
            return in_place::configure(workspace, survey, configs, options, as_it_is);
        }
        Layout::Flat => {
            flat_is_safe(workspace, survey, options)?;
            (Layout::Flat, naming::flat(shared_root), None)
        }
        Layout::Isolated => {
            let guarded = guarded(workspace, survey, options);
            if knows_build_dir || !guarded {
                never_built(workspace, survey)?;
            } else if options.layout.is_none() {
                let tracked = in_place::is_tracked(workspace, survey, options);
                return Err(KeptReason::OldCargo { tracked });
            }
            let folder = names.folder(workspace);
            let name = folder.strip_prefix(shared_root).unwrap_or(&folder);
            let guard = build_template(shared_root, name).filter(|_| guarded && knows_build_dir);
            // Cargo has one folder for both, whatever stands further out.
            let folder = match &guard {
                Some(guard) => expand(guard, &workspace.root, &survey.surroundings).into(),
                None => folder,
            };
            let inherits = knows_build_dir && inherits_build_dir(workspace, survey, options);
            let same = || folder.to_str().filter(|text| !text.contains(['{', '}']));
            let same = inherits.then(same).flatten().map(str::to_owned);
            (Layout::Isolated, folder, guard.or(same))
        }
    };
    let unwritable = || KeptReason::Unwritable {
        path: target_dir.clone(),
    };
    let wrapper = wrapper::of_workspace(workspace, survey, options);
    let settings = Settings {
        rustc_wrapper: wrapper.as_deref(),
        target_dir: Some(target_dir.to_str().ok_or_else(unwritable)?),
        build_dir: build_dir.as_deref(),
        // One of ours that no guard needs would split the folder.
        drop_build_dir: build_dir.is_none() && own_build_dir(workspace, survey),
        ..Settings::default()
    };
    let file = survey.configs.get(&workspace.config);
    let Some((edit, after)) = edited(&workspace.config, file, settings)? else {
        return Err(KeptReason::UpToDate { layout });
    };
    may_edit(file, options)?;
    users_choice(workspace, survey, options)?;
    let write = WriteConfig {
        workspace: Some(workspace.root.clone()),
        layout,
        target_dir: Some(target_dir),
        build_dir,
        rustc_wrapper: wrapper,
        needs: None,
        alone: layout == Layout::Isolated && is_alone(workspace, survey),
        edit,
    };
    Ok((write, after))
}

/// Whether a workspace's configuration gets a guard: a `build-dir` that is another folder for each workspace that takes
/// the configuration over. Without one, these would build into its folder, and each could run the other's code.
fn guarded(workspace: &Workspace, survey: &Survey, options: &SetupOptions) -> bool {
    let is_guard = |file: &ConfigFile| {
        let build_dir = file.keys.build_dir.as_deref();
        build_dir.is_some_and(|value| value.contains(WORKSPACE_PATH_HASH))
    };
    let has_one = || {
        own_build_dir(workspace, survey)
            && survey.configs.get(&workspace.config).is_some_and(is_guard)
    };
    let needed = || has_one() || has_others_inside(workspace, survey);
    options.guard.unwrap_or_else(needed)
}

/// Whether a configuration further out sets a `build-dir`, or a guard is written there.
fn inherits_build_dir(workspace: &Workspace, survey: &Survey, options: &SetupOptions) -> bool {
    let outer = survey.workspaces.iter();
    let mut outer = outer
        .filter(|outer| workspace.root.starts_with(&outer.root) && workspace.root != outer.root);
    let mut chain = config_chain::chain(&workspace.root, &survey.configs, &survey.surroundings);
    outer.any(|outer| options.means(outer) && guarded(outer, survey, options))
        || chain.any(|(file, _)| {
            let dropped = options.guard == Some(false) && is_ours(file, survey);
            file.path != workspace.config && file.keys.build_dir.is_some() && !dropped
        })
}

/// Whether a workspace has no other worktree.
pub(crate) fn is_alone(workspace: &Workspace, survey: &Survey) -> bool {
    let place = workspace.place.as_ref();
    let mut repositories = survey.repositories.iter();
    let own =
        repositories.find(|one| place.is_some_and(|place| place.common_dir == one.common_dir));
    let present = |own: &Repository| own.worktrees.iter().filter(|one| one.present).count();
    own.is_none_or(|own| present(own) < 2)
}

/// Whether a configuration has a `build-dir` of ours.
fn is_ours(file: &ConfigFile, survey: &Survey) -> bool {
    let build_dir = file.keys.build_dir.as_deref().map(Path::new);
    build_dir.is_some_and(|folder| folder.starts_with(&survey.shared_root.path))
}

/// Whether something lies inside a workspace that may take its configuration over: worktrees, which need not be set up, and
/// workspaces that were never built.
pub(crate) fn has_others_inside(workspace: &Workspace, survey: &Survey) -> bool {
    let inside = |path: &Path| path.starts_with(&workspace.root) && path != workspace.root;
    let worktrees = survey.repositories.iter().flat_map(|r| &r.worktrees);
    let mut worktrees = worktrees.filter(|worktree| worktree.present);
    let mut others = survey.workspaces.iter();
    worktrees.any(|worktree| inside(&worktree.path))
        || others.any(|other| inside(&other.root) && never_built(other, survey).is_err())
}

/// Whether its configuration has a `build-dir` of ours.
fn own_build_dir(workspace: &Workspace, survey: &Survey) -> bool {
    let file = survey.configs.get(&workspace.config);
    file.is_some_and(|file| is_ours(file, survey))
}

/// The edit that makes a configuration say what it should, and the file after it; `None` if it says so already.
pub(crate) fn edited(
    path: &Path,
    file: Option<&ConfigFile>,
    settings: Settings<'_>,
) -> Result<Option<(EditFile, ConfigFile)>, KeptReason> {
    let invalid = |problem| KeptReason::ConfigInvalid {
        file: path.to_owned(),
        problem,
    };
    let unsure = || KeptReason::ConfigUnsure {
        file: path.to_owned(),
    };
    if let Some(problem) = file.and_then(|file| file.invalid.clone()) {
        return Err(invalid(problem));
    }
    let before = file.and_then(|file| file.bytes.clone());
    let text = std::str::from_utf8(before.as_deref().unwrap_or_default()).map_err(|_| unsure())?;
    let after = config_edit::set(text, settings).map_err(|error| match error {
        EditError::Invalid(problem) => invalid(problem),
        EditError::Unsure => unsure(),
    })?;
    if after == text {
        return Ok(None);
    }
    let edited = ConfigFile {
        path: path.to_owned(),
        bytes: Some(after.clone().into_bytes()),
        keys: config_edit::keys(&after).map_err(invalid)?,
        ..file.cloned().unwrap_or_default()
    };
    let change = match before {
        Some(_) => Change::Edit,
        None => Change::Create,
    };
    let edit = EditFile {
        file: path.to_owned(),
        before,
        after: Some(after.into_bytes()),
        change,
    };
    Ok(Some((edit, edited)))
}

/// `build-dir` under a name of its own, in which Cargo puts each workspace's own hash. `None` where a brace in
/// the path would be taken for a template variable.
///
/// The hash alone is not enough: it goes by the path, but a worktree can be moved to where another one was, with
/// sources that are older than what the other one built there. The configuration moves along, and with it the
/// name. The hash is for the nested worktrees that inherit the configuration.
pub(crate) fn build_template(shared_root: &Path, name: &Path) -> Option<String> {
    let folder = shared_root.join(BUILD_FOLDER).join(name);
    let text = folder.to_str()?;
    let separator = std::path::MAIN_SEPARATOR;
    (!text.contains(['{', '}'])).then(|| format!("{text}{separator}{WORKSPACE_PATH_HASH}"))
}

/// A nested workspace that was never built in any worktree is left alone: it may be a fixture or a template, and what it
/// inherits is safe, since the build-dir is named by its own path. One that another worktree builds is no such thing: it
/// may be built by a build script of the one around it, which holds the lock of the folder that it would inherit.
fn never_built(workspace: &Workspace, survey: &Survey) -> Result<(), KeptReason> {
    match &workspace.nested_in {
        Some(around) if !workspace.used && says_nothing(workspace, survey) => {
            Err(KeptReason::NeverBuilt {
                around: around.clone(),
            })
        }
        _ => Ok(()),
    }
}

/// Whether a place that a workspace's `target` leads to is where another workspace builds, or lies in one: each would run the
/// other's code.
fn is_anothers(to: &Path, workspace: &Workspace, survey: &Survey) -> bool {
    let to = normalise(&workspace.root.join(to));
    let own = &workspace.dirs;
    let mut others = survey.workspaces.iter();
    others.any(|other| {
        let dirs = [&other.dirs.target_dir, &other.dirs.build_dir];
        let builds_there =
            |place: &Path| place.starts_with(&other.root) || dirs.iter().any(|dir| *dir == place);
        let is_around = workspace.root.starts_with(&other.root);
        other.root != workspace.root
            && !is_around
            && (builds_there(&to) || builds_there(&own.target_dir))
    })
}

/// Whether its own configuration names no folder.
fn says_nothing(workspace: &Workspace, survey: &Survey) -> bool {
    let keys = survey.configs.get(&workspace.config).map(|file| &file.keys);
    keys.is_none_or(|keys| keys.target_dir.is_none() && keys.build_dir.is_none())
}

/// Whether a worktree that is set up by itself is one of a family whose others we have set up: then the folder of its own
/// keeps its builds apart, whatever Cargo says of it later. Submodules and generated manifests come after the hook.
fn is_one_of_a_family(workspace: &Workspace, survey: &Survey, options: &SetupOptions) -> bool {
    let Some(place) = workspace.place.as_ref().filter(|_| options.only.is_some()) else {
        return false;
    };
    let mut others = survey.workspaces.iter();
    others.any(|other| {
        let own = |set_by: &SetBy| matches!(set_by, SetBy::Config(file) if *file == other.config);
        let same = |of: &WorktreePlace| of.common_dir == place.common_dir && of.path == place.path;
        other.root != workspace.root
            && other.place.as_ref().is_some_and(same)
            && own(&other.dirs.target_set_by)
            && other.dirs.target_dir.starts_with(&survey.shared_root.path)
    })
}

/// Where Cargo refuses, a broken configuration is the likeliest cause, and its place says more than Cargo.
fn refused(workspace: &Workspace, survey: &Survey) -> Option<KeptReason> {
    let CargoAnswer::Refused {
        message,
        submodules,
    } = &workspace.cargo
    else {
        return None;
    };
    let broken = config_chain::chain(&workspace.root, &survey.configs, &survey.surroundings)
        .find_map(|(file, _)| Some((file.path.clone(), file.invalid.clone()?)));
    Some(match broken {
        Some((file, problem)) => KeptReason::ConfigInvalid { file, problem },
        None => KeptReason::CargoRefused {
            message: message.clone(),
            submodules: *submodules,
        },
    })
}

/// The reason that forbids an edit of the file itself.
pub(crate) fn may_edit(
    file: Option<&ConfigFile>,
    options: &SetupOptions,
) -> Result<(), KeptReason> {
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
    // A user who names a shared root says where the bytes go.
    if let Some(to) = &workspace.target_elsewhere
        && survey.shared_root.chosen != SharedRootChoice::Named
        && !is_anothers(to, workspace, survey)
    {
        return Err(KeptReason::TargetElsewhere { to: to.clone() });
    }
    // Setup wrote what leads to where the root was, or to the root that it is a copy of.
    let misled = &survey.shared_root.misled;
    let was = misled.get(&workspace.root).map(|was| &was.path);
    let own = |path: &Path| {
        let mut roots = std::iter::once(shared_root).chain(was);
        roots.any(|root| path.starts_with(root) && path != root)
    };
    let settings = [
        ("target-dir", &dirs.target_dir, &dirs.target_set_by),
        ("build-dir", &dirs.build_dir, &dirs.build_set_by),
    ];
    // The layout in-place names it where another configuration stands further out.
    let in_place = workspace.root.join(TARGET);
    let config = survey.configs.get(&workspace.config);
    let by_us = config.is_some_and(|file| file.created_by_us);
    for (key, folder, set_by) in settings {
        if own(folder) || (by_us && *folder == in_place) {
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
    let packages = |workspace: &Workspace| -> Vec<String> {
        match &workspace.cargo {
            CargoAnswer::Said { packages, .. } => packages
                .iter()
                .map(|package| package.name.clone())
                .collect(),
            _ => Vec::new(),
        }
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
