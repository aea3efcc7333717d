//! `run`: a single-file script, by its kept program if there is one.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;

use crate::apply::script::{self as apply, ScriptBuild};
use crate::exit::Exit;
use crate::fs;
use crate::process;
use crate::script::places::LAST_RUN;
use crate::survey::script::{self, Script, ScriptEnvironment, ScriptRequest};

/// What a run does besides running the script.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Build it, also if its program was kept.
    pub force: bool,
    /// Build it and do not run it; say where the program is.
    pub build_only: bool,
    /// Say where the package is that it is built as; build nothing.
    pub package_dir: bool,
    /// What the script is given.
    pub arguments: Vec<OsString>,
    /// Whether messages may have colours.
    pub color: bool,
    /// Only warnings and errors of a build are shown.
    pub quiet: bool,
    /// Say why a program is built.
    pub verbose: bool,
    /// The compiler's incremental data are kept.
    pub incremental: bool,
    /// The time.
    pub now: Timestamp,
}

/// The variable by which a script can tell where it is.
const SCRIPT: &str = "CARGO_SHAREDTARGET_SCRIPT";

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// It ended before any script ran, or without one.
    Here(Exit),
    /// With the script's own exit code, where the system cannot put its program in place of this one.
    There(i32),
}

/// Runs a script. `answer` is told what was asked for in place of a run, `after_build` is called after each build.
///
/// # Errors
///
/// The script cannot be read or built, its manifest has mistakes, or the cache folder cannot be written.
pub fn run(
    request: &ScriptRequest,
    options: &RunOptions,
    around: &ScriptEnvironment<'_>,
    answer: &dyn Fn(&Path) -> Result<()>,
    after_build: &dyn Fn(&Path) -> Result<()>,
) -> Result<Ran> {
    let script = script::script(request, around)?;
    let mut again = request.test || options.force || options.package_dir;
    if !again {
        match script::kept(&script, around) {
            Ok(program) if options.build_only => {
                answer(&program)?;
                return Ok(Ran::Here(Exit::Done));
            }
            Ok(program) => {
                note_run(&program, options.now);
                match become_script(&program, &script, options) {
                    // It was replaced by another one just now, or is none: both are mended by a build.
                    Err(_) => again = true,
                    ran => return ran,
                }
            }
            Err(why) if options.verbose => {
                let _ = writeln!(anstream::stderr(), "its program is built: {why}");
            }
            Err(_) => {}
        }
    }
    let Some(program) = built(request, &script, again, options, around, answer)? else {
        return Ok(Ran::Here(match options.package_dir {
            true => Exit::Done,
            false => Exit::CouldNotRun,
        }));
    };
    if !request.test
        && let Err(error) = after_build(&program)
    {
        let _ = writeln!(
            anstream::stderr(),
            "warning: the cache of scripts may grow: {error:#}"
        );
    }
    if options.build_only {
        answer(&program)?;
        return Ok(Ran::Here(Exit::Done));
    }
    become_script(&program, &script, options)
}

/// Builds a script; nothing if it does not build, or was not to be.
fn built(
    request: &ScriptRequest,
    script: &Script,
    again: bool,
    options: &RunOptions,
    around: &ScriptEnvironment<'_>,
    answer: &dyn Fn(&Path) -> Result<()>,
) -> Result<Option<PathBuf>> {
    let shown = match script.is_input {
        true => "<stdin>".to_owned(),
        false => script.path.display().to_string(),
    };
    let build = ScriptBuild {
        path: &script.path,
        shown: &shown,
        stem: &script.stem,
        id: &script.id,
        folder: &script.folder,
        is_input: script.is_input,
        text: &script.text,
        key: &script.key,
        toolchain: request
            .toolchain
            .as_deref()
            .or(script.compiler.toolchain.as_deref()),
        release: request.release,
        test: request.test,
        own_target: request.own_target,
        infer: request.infer,
        features: &request.features,
        color: options.color,
        quiet: options.quiet,
        incremental: options.incremental,
    };
    let written = apply::write(&build, &around.places, &around.cargo)?;
    if options.package_dir {
        answer(&written.folder)?;
        return Ok(None);
    }
    // Somebody else may have built it while we waited for the lock.
    if !again && let Ok(program) = script::kept(script, around) {
        return Ok(Some(program));
    }
    let program = apply::build(
        &build,
        &written,
        &around.places,
        &around.cargo,
        around.variable,
        options.now,
    )?;
    if program.is_none() {
        for doubt in &written.doubts {
            let _ = writeln!(anstream::stderr(), "note: {doubt}");
        }
    }
    Ok(program)
}

fn note_run(program: &Path, now: Timestamp) {
    if let Some(folder) = program.parent() {
        fs::note_use(&folder.join(LAST_RUN), now);
    }
}

fn become_script(program: &Path, script: &Script, options: &RunOptions) -> Result<Ran> {
    let mut variables = Vec::new();
    if !script.is_input {
        variables.push((SCRIPT, script.path.clone().into_os_string()));
    }
    process::become_program(program, &options.arguments, &variables).map(Ran::There)
}
