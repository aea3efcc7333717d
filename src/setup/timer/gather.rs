//! Looks at the timer of a shared root, and at what it is to run.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use crate::setup::timer::model::{FoundFile, Job, TimerSite};
use crate::survey::Environment;
use crate::survey::model::{Survey, worktree_of};
use crate::survey::timer_files::{PREFIX, TimerSystem, timer_file, timer_name};
use crate::text::failure::Hint as _;
use crate::{fs, process};

/// The folder in which systemd has links to the timers that start with each login.
const WANTS: &str = "timers.target.wants";

/// Folders of programs on each Unix, where the manager of timers gives a shorter `PATH` than a shell has.
const USUAL: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// Looks at the timer of the survey's shared root.
///
/// # Errors
///
/// The system has no timers that we know, or the environment names no folder for their files or for our records.
pub(crate) fn site(survey: &Survey, around: &Environment) -> Result<TimerSite> {
    let root = &survey.shared_root;
    let place = around
        .timers
        .as_ref()
        .ok_or_else(|| anyhow!("expected systemd, launchd or Task Scheduler for --schedule"))
        .hint("run this from another timer: `cargo sharedtarget gc --by-settings --yes --quiet`")?;
    let name = timer_name(root)
        .ok_or_else(|| anyhow!("found no folder for the record of a timer"))
        .hint("set HOME or XDG_STATE_HOME")?;
    let folder = place.folder.as_ref().or(root.records.as_ref());
    let folder = folder
        .ok_or_else(|| anyhow!("found no folder for the files of a timer"))
        .hint("set HOME")?;
    let folder = fs::canonical_as_far_as_it_exists(folder);
    Ok(look(place.system, name, &folder))
}

/// Looks at the timer that a recorded file belongs to, wherever that is.
#[must_use]
pub(crate) fn recorded(file: &Path, survey: &Survey) -> Option<TimerSite> {
    let system = timer_file(file, &survey.shared_root)?;
    let name = timer_name(&survey.shared_root)?;
    Some(look(system, name, file.parent()?))
}

/// All timers of ours in the user's folder for them: those of each shared root.
#[must_use]
pub(crate) fn all(survey: &Survey, around: &Environment) -> Vec<TimerSite> {
    let Some(place) = &around.timers else {
        return Vec::new();
    };
    let folder = place
        .folder
        .as_ref()
        .or(survey.shared_root.records.as_ref());
    let Some(folder) = folder.map(|folder| fs::canonical_as_far_as_it_exists(folder)) else {
        return Vec::new();
    };
    let last = place.system.endings().last().copied().unwrap_or_default();
    let names = fs::names(&folder).unwrap_or_default().into_iter();
    let ours = names.filter_map(|name| {
        let name = name.strip_suffix(last)?.strip_suffix('.')?;
        name.starts_with(PREFIX).then(|| name.to_owned())
    });
    ours.map(|name| look(place.system, name, &folder)).collect()
}

fn look(system: TimerSystem, name: String, folder: &Path) -> TimerSite {
    let endings = system.endings().iter();
    let files = endings.map(|ending| folder.join(format!("{name}.{ending}")));
    let files: Vec<(PathBuf, FoundFile)> = files.map(|file| (file.clone(), found(&file))).collect();
    let link =
        (system == TimerSystem::Systemd).then(|| folder.join(WANTS).join(format!("{name}.timer")));
    let active = active(system, &name);
    let linked = |link: &PathBuf| matches!(fs::info(link), Ok(Some(info)) if info.is_symlink);
    TimerSite {
        enabled: match &link {
            Some(link) => linked(link),
            None => active == Some(true),
        },
        system,
        name,
        files,
        link,
        active,
    }
}

fn found(file: &Path) -> FoundFile {
    match (fs::info(file), fs::read(file)) {
        (Ok(None), _) => FoundFile::Nothing,
        (Ok(Some(info)), Ok(Some(bytes))) if info.is_file => FoundFile::File(bytes),
        _ => FoundFile::Other,
    }
}

/// Whether the manager has the timer at work; `None` if it does not answer.
fn active(system: TimerSystem, name: &str) -> Option<bool> {
    match system {
        TimerSystem::Systemd => {
            process::says("systemctl", &["--user", "show", "--property=Version"])?;
            let unit = format!("{name}.timer");
            let said = process::says("systemctl", &["--user", "is-active", &unit]);
            Some(said.as_deref() == Some("active"))
        }
        TimerSystem::Launchd => {
            let session = format!("gui/{}", process::user());
            process::says("launchctl", &["print", &session])?;
            let said = process::says("launchctl", &["print", &format!("{session}/{name}")]);
            Some(said.is_some())
        }
        TimerSystem::TaskScheduler => {
            process::says("schtasks", &["/Query", "/FO", "LIST"])?;
            Some(process::says("schtasks", &["/Query", "/TN", name]).is_some())
        }
    }
}

/// The program that a timer is to run for the survey's shared root.
///
/// # Errors
///
/// It is not known where this program is, or a path cannot be written into a file of text.
pub(crate) fn job(survey: &Survey, around: &Environment) -> Result<Job> {
    let program = around.program.as_deref();
    let program = program.ok_or_else(|| anyhow!("the path of this program is unknown"))?;
    let mut words = vec![text(program)?];
    let rule = [
        "sharedtarget",
        "gc",
        "--by-settings",
        "--yes",
        "--quiet",
        "--shared-root",
    ];
    words.extend(rule.map(str::to_owned));
    words.push(text(&survey.shared_root.path)?);
    let mut roots: Vec<String> = Vec::new();
    for root in &survey.roots {
        let root = text(lasting(root, survey))?;
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    words.extend(roots);
    let place = around.timers.as_ref();
    let mut variables = place
        .map(|place| place.variables.clone())
        .unwrap_or_default();
    if cfg!(unix) {
        let mut folders = process::folders_of(&["git", "cargo"]);
        let usual = USUAL.map(str::to_owned);
        folders.extend(
            usual
                .into_iter()
                .filter(|one| !folders.contains(one))
                .collect::<Vec<_>>(),
        );
        variables.insert(0, ("PATH".into(), folders.join(":")));
    }
    Ok(Job { words, variables })
}

/// The main worktree of a root in a linked one, which may be gone by the time at which the timer runs.
fn lasting<'a>(root: &'a Path, survey: &'a Survey) -> &'a Path {
    let repository = worktree_of(root, &survey.repositories).map(|(repository, _)| repository);
    let mut worktrees = repository.into_iter().flat_map(|one| &one.worktrees);
    let linked = worktrees
        .clone()
        .any(|one| !one.main && root.starts_with(&one.path));
    let main = worktrees.find(|one| one.main && one.present);
    main.filter(|_| linked).map_or(root, |main| &main.path)
}

fn text(path: &Path) -> Result<String> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| anyhow!("expected a UTF-8 path: `{}`", path.display()))
}
