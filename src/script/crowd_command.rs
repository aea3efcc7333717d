//! `run --build-only` of folders and of several scripts: their programs are made, and none is run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use rayon::prelude::*;

use crate::cargo::Heard;
use crate::fs;
use crate::plan::conduct::Ui;
use crate::progress::Progress;
use crate::script::command::{Building, Made, RunOptions, built};
use crate::script::crowd::{self, Ended};
use crate::script::crowd_report;
use crate::script::crowd_report::{Crowd, One};
use crate::script::paths::ELSEWHERE;
use crate::script::request::{self, Script, ScriptEnvironment, ScriptRequest};
use crate::script::write_package::MANIFEST;
use crate::size::Bytes;
use crate::term::Spinner;
use crate::term::exit::Exit;
use crate::text::failure;
use crate::text::failure::Hint as _;

/// As many folders may be inside one another.
const DEEP: usize = 64;

/// The files that are meant.
#[derive(Default)]
struct Found {
    scripts: Vec<PathBuf>,
    /// Files with an ending of Rust's that are no scripts.
    others: usize,
}

/// Builds all scripts that are named, and all in folders that are named, and says of each how that ended. One that does not
/// build does not stop the others. `after` is called once when something was built, with one of the programs.
///
/// # Errors
///
/// There is no such file or folder, no script in any of them, or the cache folder is not the user's own.
pub(crate) fn run(
    paths: &[PathBuf],
    request: &ScriptRequest,
    options: &RunOptions,
    around: &ScriptEnvironment<'_>,
    ui: &Ui,
    after: &dyn Fn(&Path) -> Result<()>,
) -> Result<Exit> {
    let places = &around.places;
    fs::expect_own_programs(places.root(), &places.parts()).hint(ELSEWHERE)?;
    let found = found(paths)?;
    let crowd = {
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
        Crowd {
            scripts: all_built(&found.scripts, request, options, around, &progress),
            others: found.others,
        }
    };
    let mut programs = crowd.scripts.iter();
    if let Some(program) = programs.find_map(|one| {
        let program = one.program.as_ref();
        program.filter(|_| one.ended == Ended::Built)
    }) && let Err(error) = after(program)
    {
        let why = failure::words(error.as_ref());
        ui.narrate(&format!("warning: the cache of scripts may grow: {why}"))?;
    }
    crowd_report::write(&crowd, ui)?;
    let failed = crowd.scripts.iter().any(|one| one.ended == Ended::Failed);
    Ok(Exit::Done.unless(failed))
}

/// The scripts that are named, and those in folders that are named, each once.
fn found(paths: &[PathBuf]) -> Result<Found> {
    let mut found = Found::default();
    for path in paths {
        let path = fs::canonical(path)
            .hint("name files with Rust code, or folders in which such files are")?;
        match fs::is_folder(&path) {
            true => in_folder(&path, DEEP, &mut found),
            false => found.scripts.push(path),
        }
    }
    let mut known = BTreeSet::new();
    found.scripts.retain(|script| known.insert(script.clone()));
    if found.scripts.is_empty() {
        let none = anyhow::anyhow!("expected a script, and there is none in what is named");
        return Err(none)
            .hint("a script has a `main`, a manifest, a first line for the system, or statements");
    }
    Ok(found)
}

/// Finds scripts in a folder and in those in it, but for packages, hidden folders and links to folders.
fn in_folder(folder: &Path, deep: usize, found: &mut Found) {
    let mut names = fs::names(folder).unwrap_or_default();
    names.sort();
    for name in names {
        let path = folder.join(&name);
        let Ok(Some(info)) = fs::info(&path) else {
            continue;
        };
        let is_package = || fs::exists(&path.join(MANIFEST));
        if info.is_dir {
            if deep > 0 && crowd::may_have_scripts(&name) && !is_package() {
                in_folder(&path, deep - 1, found);
            }
        } else if crowd::may_be_script(&name) {
            let target = fs::canonical(&path).unwrap_or(path);
            let is_rust = name.contains('.');
            match text(&target, is_rust) {
                Some(text) if crowd::is_script(&name, &text) => found.scripts.push(target),
                Some(_) if is_rust => found.others += 1,
                _ => {}
            }
        }
    }
}

/// The text of a file, as far as it says what the file is. Without an ending, most files are no text, and may be large.
fn text(path: &Path, is_rust: bool) -> Option<String> {
    const LINE: u64 = 4096;
    let bytes = match is_rust {
        true => fs::read(path).ok()??,
        false => fs::read_start(path, LINE).ok()??,
    };
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A script that was read: it, if it could be.
struct Read {
    script: Result<Script, String>,
    one: Option<One>,
}

/// Builds scripts, first one of each kind of manifest, and then all others with the resolution of that one.
fn all_built(
    files: &[PathBuf],
    request: &ScriptRequest,
    options: &RunOptions,
    around: &ScriptEnvironment<'_>,
    progress: &Progress,
) -> Vec<One> {
    progress.stage("building scripts");
    progress.expect(files.len() as u64);
    let done = |one: One| {
        progress.add(1, Bytes(0));
        one
    };
    let read: Vec<Read> = files
        .par_iter()
        .map(|file| {
            let asked = of(file, request);
            let script = request::script(&asked, around);
            let script = script.map_err(|error| in_words(&error));
            let kept = script.as_ref().ok().filter(|_| !options.force);
            let kept = kept.and_then(|script| request::kept(script, around).ok());
            let one = match (&script, kept) {
                (Err(why), _) => Some(One::failed(file, why.clone())),
                (Ok(_), Some(ready)) => Some(One::there(file, Ended::Kept, ready.program)),
                _ => None,
            };
            Read {
                script,
                one: one.map(done),
            }
        })
        .collect();
    let left: Vec<usize> = (0..files.len())
        .filter(|at| read[*at].one.is_none())
        .collect();
    let scripts: Vec<&Script> = left
        .iter()
        .filter_map(|at| read[*at].script.as_ref().ok())
        .collect();
    let manifests: Vec<String> = scripts
        .iter()
        .map(|script| crowd::resolved_by(&script.text))
        .collect();
    let (leading, others) = crowd::in_order(&manifests);
    let leading = leading.into_iter().map(|at| (at, None));
    let others = others.into_iter().map(|(at, like)| (at, Some(like)));
    let mut now: Vec<(usize, One)> = Vec::new();
    for phase in [leading.collect::<Vec<_>>(), others.collect()] {
        let built = phase.into_par_iter().map(|(at, like)| {
            let like = like.map(|like: usize| scripts[like]);
            let one = build(scripts[at], like, request, options, around);
            (left[at], done(one))
        });
        now.extend(built.collect::<Vec<_>>());
    }
    let mut all: Vec<Option<One>> = read.into_iter().map(|read| read.one).collect();
    for (at, one) in now {
        all[at] = Some(one);
    }
    all.into_iter().flatten().collect()
}

fn in_words(error: &anyhow::Error) -> String {
    format!("error: {}\n", failure::words(error.as_ref()))
}

fn of(file: &Path, request: &ScriptRequest) -> ScriptRequest {
    ScriptRequest {
        file: Some(file.to_owned()),
        ..request.clone()
    }
}

fn build(
    script: &Script,
    like: Option<&Script>,
    request: &ScriptRequest,
    options: &RunOptions,
    around: &ScriptEnvironment<'_>,
) -> One {
    let heard = Heard::default();
    let how = Building {
        again: options.force,
        heard: Some(&heard),
        like,
    };
    let nobody = |_: &Path| Ok(());
    let asked = of(&script.path, request);
    let made = built(&asked, script, how, options, around, &nobody);
    match made {
        Ok(Made::Program(ready)) => One {
            said: heard.all(),
            ..One::there(&script.path, Ended::Built, ready.program)
        },
        Ok(Made::Nothing(_)) => One::failed(&script.path, heard.all()),
        Err(error) => {
            let said = heard.all();
            One::failed(&script.path, format!("{said}{}", in_words(&error)))
        }
    }
}
