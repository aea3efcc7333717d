//! Chooses the shared root.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::cargo::toml_read;
use crate::fs::model::Problem;
use crate::git::git_file;
use crate::markers::{DEFAULT_ROOT, SHARED_ROOT_MARK};
use crate::survey::known_roots::KnownRoots;
use crate::survey::model::{
    FormerRoot, Refusal, Settings, SharedRoot, SharedRootChoice, StoreSettings, Survey, Workspace,
    worktree_of,
};
use crate::survey::settings;
use crate::text::failure;
use crate::{fs, git, markers};

/// Chooses the shared root: the one that the user named, else the one of the user's own that most workspaces are configured
/// to, else the default.
///
/// A configuration in a worktree can only lead to a root that the user's state knows. Another folder that looks like one is
/// a problem, and nothing in it counts.
pub(super) fn choose(
    survey: &Survey,
    named: Option<&Path>,
    known: &KnownRoots,
    problems: &mut Vec<Problem>,
) -> SharedRoot {
    if let Some(named) = named {
        let path = fs::canonical_as_far_as_it_exists(named);
        return shared_root(path, SharedRootChoice::Named, survey, known, problems);
    }
    let mut votes: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for workspace in &survey.workspaces {
        let dirs = [&workspace.dirs.target_dir, &workspace.dirs.build_dir];
        let successor = dirs
            .into_iter()
            .find_map(|dir| led_from(workspace, dir, known));
        let mut above = |dir: &PathBuf| own_above(dir, known, &mut unknown);
        let root = successor.map(|(_, now)| now);
        if let Some(root) = root.or_else(|| dirs.into_iter().find_map(&mut above)) {
            *votes.entry(root).or_default() += 1;
        }
    }
    let looks_alike = |path: PathBuf| {
        Problem {
        message: match known.has_place() {
            true => "looks like a shared root, but is ignored, because no run of this user created it; if it is \
                yours, `cargo sharedtarget setup --shared-root` with its path takes it over",
            false => "looks like a shared root, but is ignored, because there is no folder for the record of your \
                shared roots: set HOME or XDG_STATE_HOME to an absolute path",
        }
        .into(),
        path,
    }
    };
    problems.extend(unknown.into_iter().map(looks_alike));
    let most = votes
        .iter()
        .max_by_key(|(_, votes)| **votes)
        .map(|(path, _)| path.clone());
    if let Some(path) = most {
        let others = votes.into_keys().filter(|other| *other != path).collect();
        let root = shared_root(path, SharedRootChoice::Configured, survey, known, problems);
        return SharedRoot { others, ..root };
    }
    let path = default(survey, known);
    let root = shared_root(path, SharedRootChoice::Default, survey, known, problems);
    let worktree = survey
        .roots
        .first()
        .and_then(|root| worktree_of(root, &survey.repositories));
    match worktree.and_then(|(_, worktree)| git_file::lost(worktree)) {
        None => root,
        Some(lost) => SharedRoot {
            unreachable: Some(format!(
                "`.git` points to `{}`, which does not exist",
                lost.display()
            )),
            is_lost: true,
            ..root
        },
    }
}

/// Names the other shared roots, which the run does not use.
pub(super) fn note_others(shared_root: &SharedRoot) -> Vec<Problem> {
    let message = format!(
        "a second shared root; this run uses `{}` (name one with --shared-root)",
        shared_root.path.display()
    );
    let note = |path: &PathBuf| Problem {
        path: path.clone(),
        message: message.clone(),
    };
    shared_root.others.iter().map(note).collect()
}

/// Looks at a path as the shared root of a run. Files that git tracks in it came with a branch, so the user's own root counts
/// for nothing while there are any.
fn shared_root(
    path: PathBuf,
    chosen: SharedRootChoice,
    survey: &Survey,
    known: &KnownRoots,
    problems: &mut Vec<Problem>,
) -> SharedRoot {
    let mut exists = known.knows(&path);
    if let (true, Some(message)) = (exists, foreign_files(&path)) {
        exists = false;
        problems.push(Problem {
            path: path.clone(),
            message,
        });
    }
    let copy_of = known.original(&path).map(Path::to_owned);
    if let Some(original) = &copy_of {
        problems.push(Problem {
            path: path.clone(),
            message: format!(
                "is a copy of the shared root `{}`, so it is ignored; `cargo sharedtarget setup` here makes it a \
                     shared root of its own, and points the copied configurations to it",
                original.display()
            ),
        });
    }
    let misled = survey.workspaces.iter().filter_map(|workspace| {
        let dirs = [&workspace.dirs.target_dir, &workspace.dirs.build_dir];
        let mut led = dirs
            .into_iter()
            .filter_map(|dir| led_from(workspace, dir, known));
        let (was, _) = led.find(|(_, now)| *now == path)?;
        let there = known.knows(&was);
        Some((workspace.root.clone(), FormerRoot { path: was, there }))
    });
    SharedRoot {
        refused: None,
        unreachable: fs::unwritable_root(&path).map(|why| format!("`{}`: {why}", path.display())),
        is_lost: false,
        exists,
        copy_of,
        moved: known.moved_from(&path).is_some(),
        others: Vec::new(),
        misled: misled.collect(),
        runs: fs::runs(&path),
        records: known.records(&path),
        in_worktree: worktree_around(&path, survey).is_some(),
        path,
        project_moved: None,
        ignored: false,
        chosen,
    }
}

/// The worktree that a path lies in. A worktree that the survey did not meet is known by its `.git`.
fn worktree_around(path: &Path, survey: &Survey) -> Option<PathBuf> {
    if let Some((_, worktree)) = worktree_of(path, &survey.repositories) {
        return Some(worktree.to_owned());
    }
    let mut above = path.ancestors().skip(1);
    let top = above.find(|above| fs::exists(&above.join(".git")));
    top.map(Path::to_owned)
}

/// Says why git may have put files into a shared root; `None` if no repository around it tracks anything there.
fn foreign_files(path: &Path) -> Option<String> {
    let mut tops = path.ancestors().skip(1);
    tops.find_map(|top| {
        if !fs::exists(&top.join(".git")) {
            return None;
        }
        match git::first_tracked(top, path) {
            Ok(tracked) => tracked.map(|first| {
                format!(
                    "it is ignored, because git tracks `{}` in it, so a branch can change it; remove that from git",
                    first.display()
                )
            }),
            Err(error) => Some(format!(
                "it is ignored, because git cannot tell whether it tracks files in it: {}",
failure::words(error.as_ref())
            )),
        }
    })
}

/// A shared root is tagged as a cache, which backups and our own search leave out. So it must hold nothing else.
///
/// # Errors
///
/// The folder holds something that is not ours.
pub(super) fn check(shared_root: &SharedRoot, known: &KnownRoots) -> Result<()> {
    let path = &shared_root.path;
    let again = |known: &KnownRoots| may_be_made_again(path, known);
    if shared_root.exists || !fs::exists(path) || is_begun(path) || again(known) {
        return Ok(());
    }
    // The user names a root that an earlier state knew, or that another machine made; or it is a copy of one.
    let named = shared_root.chosen == SharedRootChoice::Named || shared_root.copy_of.is_some();
    if named && fs::is_folder(&path.join(SHARED_ROOT_MARK)) && fs::is_mine(path) {
        return match foreign_files(path) {
            None => Ok(()),
            Some(why) => bail!(
                "expected a shared root of yours: `{}`: {why}",
                path.display()
            ),
        };
    }
    if let (true, Some(why)) = (known.knows(path), foreign_files(path)) {
        bail!("`{}` is not usable as a shared root: {why}", path.display());
    }
    if !fs::is_folder(path) {
        bail!(
            "expected a folder for the shared root: `{}`: not a directory",
            path.display()
        );
    }
    let held = fs::names(path)?
        .into_iter()
        .find(|name| !is_begun_with(name));
    bail!(
        "expected an empty folder for the shared root, or one that cargo-sharedtarget has created: `{}` contains \
             `{}`",
        path.display(),
        held.as_deref().unwrap_or(SHARED_ROOT_MARK)
    );
}

/// The hint for a folder that cannot be a shared root.
const ANOTHER: &str = "name another folder with --shared-root";

/// The reason against a shared root, for runs that change nothing.
pub(super) fn refusal(shared_root: &SharedRoot, error: &anyhow::Error) -> Refusal {
    Refusal {
        path: shared_root.path.clone(),
        what: failure::words(error.as_ref()),
        mend: ANOTHER.into(),
        hint: ANOTHER.into(),
        message: failure::words(error.as_ref()),
    }
}

/// Finds the nearest folder above that is a shared root of the user's, also one that was deleted, as `git clean -x` does,
/// while the configurations still lead there. Notes the folders that only look like one.
fn own_above(path: &Path, known: &KnownRoots, unknown: &mut BTreeSet<PathBuf>) -> Option<PathBuf> {
    for above in path.ancestors().skip(1) {
        if known.knows(above) || may_be_made_again(above, known) {
            return Some(above.to_owned());
        }
        if fs::is_folder(&above.join(SHARED_ROOT_MARK)) {
            unknown.insert(above.to_owned());
        }
    }
    None
}

/// The place that a configuration leads to where a shared root is or was, and the folder that has taken its place for this
/// workspace, since the root was moved or copied together with it. `None` where the configuration is right.
fn led_from(workspace: &Workspace, dir: &Path, known: &KnownRoots) -> Option<(PathBuf, PathBuf)> {
    let mut above = dir.ancestors().skip(1);
    let was = above.find(|above| known.was_at(above))?;
    let now = known.successor(&workspace.root, was)?;
    Some((was.to_owned(), now))
}

/// Returns whether a path had a shared root of the user's that was deleted. Cargo may have built into it again since; files
/// that git tracks there are none of ours.
fn may_be_made_again(path: &Path, known: &KnownRoots) -> bool {
    let free = || {
        !fs::exists(&path.join(SHARED_ROOT_MARK))
            && fs::is_folder(path)
            && fs::is_mine(path)
            && foreign_files(path).is_none()
    };
    // A root whose project was moved is where the project is now.
    let gone = || !fs::exists(path) && path.parent().is_some_and(fs::is_folder);
    known.made_at(path) && (gone() || is_begun(path) || free())
}

/// `.shared-target` in the first root. If that lies in a worktree, in the main worktree, or beside the bare
/// repository, since a linked worktree may be removed with everything in it.
fn default(survey: &Survey, known: &KnownRoots) -> PathBuf {
    let Some(root) = survey.roots.first() else {
        return PathBuf::from(DEFAULT_ROOT);
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
    let names = std::iter::once(DEFAULT_ROOT.to_owned())
        .chain((2..).map(|n| format!("{DEFAULT_ROOT}-{n}")));
    names
        .map(|name| base.join(name))
        .find(|path| {
            known.knows(path)
                || known.original(path).is_some()
                || !fs::exists(path)
                || is_begun(path)
                || may_be_made_again(path, known)
        })
        .unwrap_or_else(|| base.join(DEFAULT_ROOT))
}

/// Returns whether a folder holds no more than a run that was killed while it made a shared root may have left, or settings
/// that the user wrote before there is one.
fn is_begun(path: &Path) -> bool {
    let empty = |folder: &Path| {
        let names = fs::names(folder).unwrap_or_default();
        fs::is_folder(folder) && names.iter().all(|name| fs::is_leftover(name))
    };
    let names = fs::names(path).unwrap_or_default();
    fs::is_folder(path)
        && names.iter().all(|name| {
            is_begun_with(name)
                || fs::is_leftover(name)
                || (name == SHARED_ROOT_MARK && empty(&path.join(name)))
        })
}

fn is_begun_with(name: &str) -> bool {
    // Another run may be making it at this moment.
    fs::is_leftover(name)
        || [markers::TAG_NAME, markers::GITIGNORE, settings::FILE_NAME].contains(&name)
}

/// The settings of a shared root, with the bytes of the files that hold them.
pub(super) struct SettingsFiles {
    /// The settings.
    pub(super) settings: Settings,
    /// The bytes of the file in the shared root; `None` if there is none.
    pub(super) shared: Option<Vec<u8>>,
    /// The bytes of the file in its records; `None` if there is none.
    pub(super) own: Option<Vec<u8>>,
}

/// Reads the settings in the user's records of the root, and those in the root itself, which count where the records
/// have no value. An error in them is reported as a problem, and then the most careful values hold that they may have
/// set.
pub(super) fn settings(shared_root: &SharedRoot, problems: &mut Vec<Problem>) -> SettingsFiles {
    let file = shared_root.path.join(settings::FILE_NAME);
    let (shared, shared_bytes) = read_settings(&file, problems);
    let shared = trusted(shared, file, shared_root, problems);
    let own = shared_root.records.as_ref();
    let own = own.map(|records| read_settings(&records.join(settings::FILE_NAME), problems));
    let (own, own_bytes) = own.unwrap_or_default();
    SettingsFiles {
        settings: own.or(shared),
        shared: shared_bytes,
        own: own_bytes,
    }
}

fn read_settings(file: &Path, problems: &mut Vec<Problem>) -> (Settings, Option<Vec<u8>>) {
    let path = file.to_owned();
    let wrong = |message: String| {
        let message = format!(
            "{message}; until this is fixed, the file is ignored, local crates are not shared, and programs are \
                 kept"
        );
        problems.push(Problem { path, message });
        Settings {
            local: Some(false),
            keep_programs: Some(true),
            orphans: Some(false),
            ..Settings::default()
        }
    };
    let bytes = match fs::read(file) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return (Settings::default(), None),
        Err(error) => return (wrong(failure::words(error.as_ref())), None),
    };
    (parsed(&bytes).unwrap_or_else(wrong), Some(bytes))
}

fn parsed(bytes: &[u8]) -> Result<Settings, String> {
    toml_read::utf8(bytes)
        .and_then(settings::parse)
        .map_err(|problem| problem.in_words())
}

/// Leaves of the settings in a shared root what can only make sharing smaller and safer, unless the root is the user's own
/// and lies where no branch can put a file: settings that name a program or a place would run or obey a clone's choice.
fn trusted(
    mut settings: Settings,
    file: PathBuf,
    shared_root: &SharedRoot,
    problems: &mut Vec<Problem>,
) -> Settings {
    let own = |path: &Path| fs::theirs(path).is_none();
    let alone = own(&shared_root.path) && own(&file);
    if shared_root.exists && !shared_root.in_worktree && alone {
        return settings;
    }
    let taken = settings.take_names();
    if taken.is_empty() {
        return settings;
    }
    let instead = match &shared_root.records {
        Some(records) => format!("`{}` or ", records.join(settings::FILE_NAME).display()),
        None => String::new(),
    };
    problems.push(Problem {
        path: file,
        message: format!(
            "these settings are ignored here, because a branch or another user can change the file: {}; write \
                 them into {instead}your own settings, which apply to all shared roots",
            taken.join(", ")
        ),
    });
    settings
}

/// The user's decisions about the store for all shared roots. An error in them is reported as a problem, and then
/// only units that were built here are used.
pub(super) fn store_settings(file: Option<&Path>, problems: &mut Vec<Problem>) -> StoreSettings {
    let Some(file) = file else {
        return StoreSettings::default();
    };
    let read = match fs::read(file) {
        Ok(bytes) => parsed(&bytes.unwrap_or_default()),
        Err(error) => Err(failure::words(error.as_ref())),
    };
    let only = read.and_then(|settings| match settings {
        Settings { ref store, .. } if settings == only_store(store) => Ok(store.clone()),
        _ => Err("expected only `[store]`; other settings belong to a shared root".into()),
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
