//! Chooses the shared root.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::fs;
use crate::git;
use crate::marks::{self, SHARED_ROOT_MARK};
use crate::model::{Problem, Settings, SharedRoot, SharedRootChoice, StoreSettings, Survey};
use crate::plan::worktree_of;
use crate::settings;

/// The name of the shared root, unless the user names one.
const DEFAULT_NAME: &str = ".shared-target";

/// Chooses the shared root: the one named, else the one that most workspaces are configured to, else the
/// default.
pub(super) fn choose(
    survey: &Survey,
    named: Option<&Path>,
    problems: &mut Vec<Problem>,
) -> SharedRoot {
    let of = |path: PathBuf, chosen| SharedRoot {
        exists: fs::is_folder(&path.join(SHARED_ROOT_MARK)),
        runs: fs::runs(&path),
        path,
        ignored: false,
        chosen,
    };
    if let Some(named) = named {
        return of(
            fs::canonical_as_far_as_it_exists(named),
            SharedRootChoice::Named,
        );
    }
    let mut votes: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for workspace in &survey.workspaces {
        let dirs = [&workspace.dirs.target_dir, &workspace.dirs.build_dir];
        if let Some(root) = dirs.into_iter().find_map(|dir| marked_above(dir)) {
            *votes.entry(root).or_default() += 1;
        }
    }
    let most = votes
        .iter()
        .max_by_key(|(_, votes)| **votes)
        .map(|(path, _)| path.clone());
    if let Some(path) = most {
        for other in votes.keys().filter(|other| **other != path) {
            let message = format!(
                "a second shared root; this run uses `{}` (name one with --shared-root)",
                path.display()
            );
            problems.push(Problem {
                path: other.clone(),
                message,
            });
        }
        return of(path, SharedRootChoice::Configured);
    }
    of(default(survey), SharedRootChoice::Default)
}

/// A shared root is tagged as a cache, which backups and our own search leave out. So it must hold nothing else.
///
/// # Errors
///
/// The folder holds something that is not ours.
pub(super) fn check(shared_root: &SharedRoot) -> Result<()> {
    let path = &shared_root.path;
    let configured = shared_root.chosen == SharedRootChoice::Configured;
    if shared_root.exists || configured || !fs::exists(path) {
        return Ok(());
    }
    let names = fs::names(path)?;
    if let Some(name) = names.iter().find(|name| !is_begun_with(name)) {
        bail!(
            "expected an empty folder for the shared root, or one made by cargo-sharedtarget: `{}` holds `{name}`",
            path.display()
        );
    }
    Ok(())
}

/// The nearest folder above that carries our mark, or our name: somebody may have deleted it, as `git clean -x`
/// does, while the configurations still lead there.
fn marked_above(path: &Path) -> Option<PathBuf> {
    let named = |above: &Path| {
        above
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(DEFAULT_NAME))
    };
    let marked = |above: &&Path| fs::is_folder(&above.join(SHARED_ROOT_MARK));
    let mut above = path.ancestors().skip(1);
    let found = above
        .clone()
        .find(marked)
        .or_else(|| above.find(|above| named(above)));
    found.map(Path::to_owned)
}

/// `.shared-target` in the first root. If that lies in a worktree, in the main worktree, or beside the bare
/// repository, since a linked worktree may be removed with everything in it.
fn default(survey: &Survey) -> PathBuf {
    let Some(root) = survey.roots.first() else {
        return PathBuf::from(DEFAULT_NAME);
    };
    let base = match worktree_of(root, &survey.repositories) {
        None => root.clone(),
        Some((repository, worktree)) => {
            let main = repository
                .worktrees
                .iter()
                .find(|worktree| worktree.main && worktree.present);
            match main {
                Some(main) => main.path.clone(),
                None => repository
                    .common_dir
                    .parent()
                    .unwrap_or(worktree)
                    .to_owned(),
            }
        }
    };
    // The name may be taken, by a flat target folder for one, which must be free to go as a whole.
    let names = std::iter::once(DEFAULT_NAME.to_owned())
        .chain((2..).map(|n| format!("{DEFAULT_NAME}-{n}")));
    names
        .map(|name| base.join(name))
        .find(|path| !is_foreign(path))
        .unwrap_or_else(|| base.join(DEFAULT_NAME))
}

fn is_foreign(path: &Path) -> bool {
    let names = || fs::names(path).unwrap_or_default();
    fs::exists(path)
        && !fs::exists(&path.join(SHARED_ROOT_MARK))
        && (!fs::is_folder(path) || names().iter().any(|name| !is_begun_with(name)))
}

/// What a run that was killed while it made a shared root may have left, or somebody has decided before there is one.
fn is_begun_with(name: &str) -> bool {
    [marks::TAG_NAME, marks::GITIGNORE, settings::FILE_NAME].contains(&name)
}

/// Reads the settings, and the bytes of their file. What is wrong with them is a problem, and then the most careful is
/// done that they may have said.
pub(super) fn settings(
    shared_root: &SharedRoot,
    problems: &mut Vec<Problem>,
) -> (Settings, Option<Vec<u8>>) {
    let path = shared_root.path.join(settings::FILE_NAME);
    let wrong = |message: String| {
        let message = format!(
            "{message}; until that is mended, nothing of it counts, local crates are not shared, and programs stay"
        );
        problems.push(Problem { path, message });
        Settings {
            local: Some(false),
            keep_programs: Some(true),
            ..Settings::default()
        }
    };
    let bytes = match fs::read(&shared_root.path.join(settings::FILE_NAME)) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return (Settings::default(), None),
        Err(error) => return (wrong(format!("{error:#}")), None),
    };
    (parsed(&bytes).unwrap_or_else(wrong), Some(bytes))
}

fn parsed(bytes: &[u8]) -> Result<Settings, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "expected UTF-8".to_owned())?;
    settings::parse(text)
        .map_err(|problem| format!("{}:{}: {}", problem.line, problem.column, problem.message))
}

/// The settings without what runs programs or fetches others' code, unless the file is the user's own beyond doubt: one
/// that git tracks came with a clone, and whoever looks at that has said yes to nothing.
pub(super) fn trusted(
    mut settings: Settings,
    shared_root: &SharedRoot,
    problems: &mut Vec<Problem>,
) -> Settings {
    let store = &settings.store;
    let says = store.before.is_some()
        || store.after.is_some()
        || store.remote.is_some()
        || store.pull.is_some();
    let path = shared_root.path.join(settings::FILE_NAME);
    let own = || {
        let folder = shared_root.path.parent()?;
        let tracked = git::tracked(folder, std::slice::from_ref(&path)).ok()?;
        tracked.is_empty().then_some(())
    };
    if says && own().is_none() {
        problems.push(Problem {
            path,
            message: "`before`, `after`, `pull` and `[store.remote]` do not count here, since git tracks the file, or does not \
                      say that it does not: write them into your own settings, which hold for all shared roots"
                .into(),
        });
        let store = &mut settings.store;
        (store.before, store.after) = (None, None);
        (store.remote, store.pull) = (None, None);
    }
    settings
}

/// What the user has decided about the store for all shared roots. What is wrong with it is a problem, and then there is
/// nothing but what is built here.
pub(super) fn store_settings(file: Option<&Path>, problems: &mut Vec<Problem>) -> StoreSettings {
    let Some(file) = file else {
        return StoreSettings::default();
    };
    let read = match fs::read(file) {
        Ok(bytes) => parsed(&bytes.unwrap_or_default()),
        Err(error) => Err(format!("{error:#}")),
    };
    let only = read.and_then(|settings| match settings {
        Settings { ref store, .. } if settings == only_store(store) => Ok(store.clone()),
        _ => Err("expected `[store]` and no more: all else is decided for each shared root".into()),
    });
    only.unwrap_or_else(|message| {
        problems.push(Problem {
            path: file.to_owned(),
            message,
        });
        StoreSettings::default()
    })
}

fn only_store(store: &StoreSettings) -> Settings {
    Settings {
        store: store.clone(),
        ..Settings::default()
    }
}
