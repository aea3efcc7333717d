//! The layout `in-place`: which workspaces get it, and what their configurations say then.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cargo::config_chain;
use crate::cargo::config_edit::{self, Settings};
use crate::cargo::model::{ConfigFile, ConfigKeys, Tracked};
use crate::markers::{DEFAULT_ROOT, TARGET};
use crate::plan::action::Change;
use crate::plan::kept::KeptReason;
use crate::setup::decide::SetupOptions;
use crate::setup::decide::configure::{edited, may_edit};
use crate::setup::model::WriteConfig;
use crate::survey::folder::{Layout, WorktreeLayout};
use crate::survey::model::{CargoAnswer, Survey, Workspace};
use crate::survey::settings;

/// The layout of a workspace, and why it is left as it is if nothing has to be written for the layout `in-place`.
pub(crate) fn layout(
    workspace: &Workspace,
    survey: &Survey,
    options: &SetupOptions,
) -> (Layout, KeptReason) {
    if let Some(layout) = options.layout {
        return (layout, KeptReason::InPlaceAsked);
    }
    if let Some(file) = decided(workspace, survey, options) {
        return (Layout::InPlace, KeptReason::InPlaceDecided { file });
    }
    match &survey.shared_root.unreachable {
        Some(why) if options.only.is_some() => (
            Layout::InPlace,
            KeptReason::Unreachable { why: why.clone() },
        ),
        _ => {
            let tracked = is_tracked(workspace, survey, options);
            let inside = with_fixtures(workspace, survey, tracked);
            match inside.or_else(|| with_cargo_inside(workspace, survey, tracked)) {
                Some(reason) => (Layout::InPlace, reason),
                None => (Layout::Isolated, KeptReason::InPlaceAsked),
            }
        }
    }
}

/// Whether git tracks a workspace's configuration, so that no layout that writes one is possible without `--edit-tracked`.
pub(crate) fn is_tracked(workspace: &Workspace, survey: &Survey, options: &SetupOptions) -> bool {
    let file = survey.configs.get(&workspace.config);
    file.is_some_and(|file| file.tracked == Tracked::Yes) && !options.edit_tracked
}

/// Folders in which workspaces lie that tests run Cargo on.
const TEST_FOLDERS: [&str; 8] = [
    "fixture",
    "fixtures",
    "test",
    "test-data",
    "test_data",
    "testdata",
    "testing",
    "tests",
];

/// Why a workspace stays in place for the sake of the workspaces that its tests run Cargo on, or as one of these: tests look
/// beside a fixture, and set `CARGO_TARGET_DIR` for it, and both a configuration in it and one around it lead its builds
/// elsewhere. Where one worktree of the family has another layout, it was asked for.
fn with_fixtures(workspace: &Workspace, survey: &Survey, tracked: bool) -> Option<KeptReason> {
    if let Some(around) = is_fixture(workspace, survey) {
        let around = around.to_owned();
        return Some(KeptReason::Fixture { around });
    }
    let mut others = survey.workspaces.iter();
    let fixture = others.find(|other| {
        let place = |one: &Workspace| one.place.as_ref().map(|place| place.worktree.clone());
        let inside = other.root.starts_with(&workspace.root) && other.root != workspace.root;
        inside && place(other) == place(workspace) && is_fixture(other, survey).is_some()
    })?;
    let inside = fixture.root.clone();
    (!family_is_isolated(workspace, survey))
        .then_some(KeptReason::FixtureInside { inside, tracked })
}

/// Why a workspace stays in place since its tests or build scripts run Cargo in its target folder: in a shared root that lies in
/// a worktree, they would build into the folder of that one. Where one worktree of the family has another layout, it was asked for.
fn with_cargo_inside(workspace: &Workspace, survey: &Survey, tracked: bool) -> Option<KeptReason> {
    let by = workspace.cargo_inside.clone()?;
    (!family_is_isolated(workspace, survey)).then_some(KeptReason::CargoInside { by, tracked })
}

/// Whether a worktree of a workspace's family leads into the shared root.
fn family_is_isolated(workspace: &Workspace, survey: &Survey) -> bool {
    let family = |one: &&Workspace| match (&one.place, &workspace.place) {
        (Some(one), Some(own)) => (&one.common_dir, &one.path) == (&own.common_dir, &own.path),
        _ => one.root == workspace.root,
    };
    let mut family = survey.workspaces.iter().filter(family);
    family.any(|one| is_isolated(one, survey))
}

/// The workspace around a fixture; `None` if it is none, or was set up as a workspace of its own.
fn is_fixture<'a>(workspace: &'a Workspace, survey: &Survey) -> Option<&'a Path> {
    let around = workspace.nested_in.as_deref()?;
    let inside = workspace.root.strip_prefix(around).ok()?;
    let mut folders = inside.iter().map(|name| name.to_string_lossy());
    let is_one = folders.any(|name| TEST_FOLDERS.contains(&&*name));
    (is_one && !workspace.ignored && !is_isolated(workspace, survey)).then_some(around)
}

/// Whether a workspace gets the layout `in-place` for want of a shared root.
pub(crate) fn falls_back(workspace: &Workspace, survey: &Survey, options: &SetupOptions) -> bool {
    let (_, reason) = layout(workspace, survey, options);
    matches!(reason, KeptReason::Unreachable { .. })
}

/// The file by which a workspace is to be in place.
fn decided(workspace: &Workspace, survey: &Survey, options: &SetupOptions) -> Option<PathBuf> {
    let place = workspace.place.as_ref()?;
    let mut repositories = survey.repositories.iter();
    let repository = repositories.find(|one| place.common_dir == one.common_dir)?;
    let decided = repository.settings;
    let same = |new: &WorktreeLayout| options.new_worktrees.is_none_or(|asked| asked == *new);
    let new = decided.new_worktrees.filter(same);
    let decided = match options.only {
        // The hook and those who act like it set up new ones.
        Some(_) => new.or(decided.layout),
        None => decided.layout.or(new),
    };
    let in_place = decided == Some(WorktreeLayout::InPlace) && !is_isolated(workspace, survey);
    in_place.then(|| settings::of_repository(&repository.common_dir))
}

/// Whether its own configuration leads into the shared root.
fn is_isolated(workspace: &Workspace, survey: &Survey) -> bool {
    let file = survey.configs.get(&workspace.config);
    file.is_some_and(|file| ours(file, workspace, survey) != [false, false])
}

/// Which of `target-dir` and `build-dir` a configuration sets to a folder of ours.
fn ours(file: &ConfigFile, workspace: &Workspace, survey: &Survey) -> [bool; 2] {
    let is_alone = || survey.shared_root.is_lost && is_ours_alone(file);
    [&file.keys.target_dir, &file.keys.build_dir].map(|value| {
        let value = value.as_deref().map(Path::new);
        value.is_some_and(|path| is_ours(path, workspace, survey) || is_alone())
    })
}

/// Whether a configuration is what `setup` writes where there is none, and nothing else: no record can be seen where its
/// repository cannot.
fn is_ours_alone(file: &ConfigFile) -> bool {
    let ConfigKeys {
        target_dir,
        build_dir,
        ..
    } = &file.keys;
    let settings = Settings {
        target_dir: target_dir.as_deref(),
        build_dir: build_dir.as_deref(),
        ..Settings::default()
    };
    let in_root = |dir: &str| {
        let mut parts = Path::new(dir).components();
        Path::new(dir).is_absolute() && parts.any(|part| part.as_os_str() == DEFAULT_ROOT)
    };
    let written = config_edit::set("", settings).ok().map(String::into_bytes);
    target_dir.as_deref().is_some_and(in_root) && file.bytes == written
}

/// Whether a folder lies in the shared root, or in where that was when the configuration of a workspace was written.
fn is_ours(path: &Path, workspace: &Workspace, survey: &Survey) -> bool {
    let root = &survey.shared_root;
    let was = root.misled.get(&workspace.root).map(|was| &was.path);
    let mut roots = std::iter::once(&root.path).chain(was);
    roots.any(|root| path.starts_with(root))
}

/// Decides how a workspace comes to build into its own `target`: the keys of ours go, and where a configuration further out
/// leads its builds elsewhere, it names that folder itself. `configs` are those that were decided on already, the outer ones
/// first.
///
/// # Errors
///
/// Its configuration says so already, which is the reason given, or cannot be edited.
pub(crate) fn configure(
    workspace: &Workspace,
    survey: &Survey,
    configs: &BTreeMap<PathBuf, ConfigFile>,
    options: &SetupOptions,
    as_it_is: KeptReason,
) -> Result<(WriteConfig, ConfigFile), KeptReason> {
    if let KeptReason::Fixture { .. } = as_it_is {
        return Err(as_it_is);
    }
    let file = survey.configs.get(&workspace.config);
    let keys = file.map(|file| file.keys.clone()).unwrap_or_default();
    let [drop_target_dir, drop_build_dir] = match options.replace {
        true => [keys.target_dir.is_some(), keys.build_dir.is_some()],
        false => file.map_or([false; 2], |file| ours(file, workspace, survey)),
    };
    let mut without = ConfigFile {
        path: workspace.config.clone(),
        ..file.cloned().unwrap_or_default()
    };
    let dropped = [
        (drop_target_dir, &mut without.keys.target_dir),
        (drop_build_dir, &mut without.keys.build_dir),
    ];
    for (_, key) in dropped.into_iter().filter(|(dropped, _)| *dropped) {
        *key = None;
    }
    let mut configs = configs.clone();
    configs.insert(without.path.clone(), without);
    let dirs = config_chain::resolve(&workspace.root, &configs, &survey.surroundings);
    let own = workspace.root.join(TARGET);
    // A folder that the user has set further out is no business of ours.
    let led = |dir: &Path| dir != own && (options.replace || is_ours(dir, workspace, survey));
    let (target_led, build_led) = (led(&dirs.target_dir), led(&dirs.build_dir));
    let knows_build_dir = matches!(
        workspace.cargo,
        CargoAnswer::Said {
            knows_build_dir: true,
            ..
        }
    );
    let mut chain = config_chain::chain(&workspace.root, &configs, &survey.surroundings);
    let inherits = knows_build_dir && chain.any(|(file, _)| file.keys.build_dir.is_some());
    // By a name that holds wherever the worktree is mounted.
    let here = |led: bool| led.then_some(TARGET);
    let (target_dir, build_dir) = (here(target_led), here(build_led && inherits));
    let settings = Settings {
        target_dir,
        build_dir,
        drop_target_dir: drop_target_dir && target_dir.is_none(),
        drop_build_dir: drop_build_dir && build_dir.is_none(),
        rustc_wrapper: None,
    };
    let Some((mut edit, mut after)) = edited(&workspace.config, file, settings)? else {
        return Err(as_it_is);
    };
    let is_lost = survey.shared_root.is_lost && file.is_some_and(is_ours_alone);
    if !is_lost {
        may_edit(file, options)?;
    }
    let text = edit.after.as_deref().map(String::from_utf8_lossy);
    let is_empty = text.is_some_and(|text| config_edit::is_empty(&text));
    if is_empty && (is_lost || file.is_some_and(|file| file.created_by_us)) {
        (edit.after, edit.change, after.bytes) = (None, Change::Remove, None);
    }
    let write = WriteConfig {
        workspace: Some(workspace.root.clone()),
        layout: Layout::InPlace,
        target_dir: None,
        build_dir: None,
        rustc_wrapper: None,
        needs: None,
        alone: false,
        edit,
    };
    Ok((write, after))
}
