//! `run`: a single-file script, by its kept program if there is one.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;
use tracing::debug;

use crate::cargo::{Heard, Tests};
use crate::script::build::{self as apply, ScriptBuild};
use crate::script::paths::{ELSEWHERE, LAST_RUN};
use crate::script::request::{Ready, Script, ScriptEnvironment, ScriptRequest};
use crate::script::{dialect, libraries, request};
use crate::term::exit::Exit;
use crate::text::failure;
use crate::text::failure::Hint as _;
use crate::{fs, process};

/// Options of a run besides its script.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunOptions {
    /// Build it, also if its program was kept.
    pub(crate) force: bool,
    /// Build it and do not run it; say where the program is.
    pub(crate) build_only: bool,
    /// Say where the package is that it is built as; build nothing.
    pub(crate) package_dir: bool,
    /// The arguments after the script.
    pub(crate) arguments: Vec<OsString>,
    /// A `--` right after the script separates, unless the script's first line calls us.
    pub(crate) dash_separates: bool,
    /// The argument that comes before these.
    pub(crate) first: Option<&'static str>,
    /// The name that the program is told it was called by, where that is not its path.
    pub(crate) name: Option<OsString>,
    /// The program that is given the script's program and its arguments, after its own.
    pub(crate) wrapper: Option<(PathBuf, Vec<OsString>)>,
    /// The subcommand of Cargo that runs its tests, or does something else with its package; the arguments are Cargo's.
    pub(crate) cargo_tests: Option<String>,
    /// Whether messages may have colours.
    pub(crate) color: bool,
    /// Only warnings and errors of a build are shown.
    pub(crate) quiet: bool,
    /// Say why a program is built.
    pub(crate) verbose: bool,
    /// The compiler's incremental data are kept.
    pub(crate) incremental: bool,
    pub(crate) now: Timestamp,
}

/// The variable by which a script can tell where it is.
const SCRIPT: &str = "CARGO_SHAREDTARGET_SCRIPT";

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It ended before any script ran, or without one.
    Here(Exit),
    /// With the script's own exit code, where the system cannot put its program in place of this one.
    There(i32),
}

/// Runs a script. `answer` is told what was asked for in place of a run, `after_build` is called after each build.
///
/// # Errors
///
/// The script cannot be read or built, its manifest has mistakes, or the cache folder cannot be written or is not the user's
/// own.
pub(crate) fn run(
    request: &ScriptRequest,
    options: &RunOptions,
    around: &ScriptEnvironment<'_>,
    answer: &dyn Fn(&Path) -> Result<()>,
    after_build: &dyn Fn(&Path) -> Result<()>,
) -> Result<Ran> {
    let places = &around.places;
    fs::expect_own_programs(places.root(), &places.parts()).hint(ELSEWHERE)?;
    let script = request::script(request, around)?;
    let mut again = request.test
        || options.force
        || options.package_dir
        || options.cargo_tests.is_some()
        // A user who names a place for the package expects it there.
        || request.package_at.is_some();
    if !again {
        let kept = request::kept(&script, around);
        match kept.inspect_err(|why| debug!(%why, "its program is built")) {
            Ok(ready) if options.build_only => {
                answer(&ready.program)?;
                return Ok(Ran::Here(Exit::Done));
            }
            Ok(ready) => {
                note_run(&ready.program, options.now);
                match become_script(&ready, &script, options, around) {
                    // It was replaced by another one just now, or is none: both are mended by a build.
                    Err(_) => again = true,
                    ran => return ran,
                }
            }
            Err(why) if options.verbose => {
                let _ = writeln!(
                    crate::plan::conduct::beside(),
                    "its program is built: {why}"
                );
            }
            Err(_) => {}
        }
    }
    // Another process may delete the program between its build and its run.
    for last in [false, false, true] {
        let how = Building {
            again,
            ..Building::default()
        };
        let ready = match built(request, &script, how, options, around, answer)? {
            Made::Program(ready) => ready,
            Made::Nothing(ran) => return Ok(ran),
        };
        if !request.test
            && let Err(error) = after_build(&ready.program)
        {
            let _ = writeln!(
                crate::plan::conduct::beside(),
                "warning: the cache of scripts may grow: {}",
                failure::words(error.as_ref())
            );
        }
        if options.build_only {
            answer(&ready.program)?;
            return Ok(Ran::Here(Exit::Done));
        }
        match become_script(&ready, &script, options, around) {
            Err(_) if !last && !fs::exists(&ready.program) => {}
            ran => return ran,
        }
    }
    Ok(Ran::Here(Exit::CouldNotRun))
}

/// How a script is built.
#[derive(Clone, Copy, Default)]
pub(crate) struct Building<'a> {
    /// Also if its program was kept meanwhile.
    pub(crate) again: bool,
    /// Where all output is kept, in place of standard error.
    pub(crate) heard: Option<&'a Heard>,
    /// A script whose manifest says the same: they have one resolution.
    pub(crate) like: Option<&'a Script>,
}

/// Result of a build.
pub(crate) enum Made {
    Program(Ready),
    /// No program: it does not build, or was not to be.
    Nothing(Ran),
}

/// Builds a script, or does what was asked for in place of a build.
///
/// # Errors
///
/// Its manifest has mistakes, Cargo cannot be run, or the cache folder cannot be written.
pub(crate) fn built(
    request: &ScriptRequest,
    script: &Script,
    how: Building<'_>,
    options: &RunOptions,
    around: &ScriptEnvironment<'_>,
    answer: &dyn Fn(&Path) -> Result<()>,
) -> Result<Made> {
    let shown = match script.is_input {
        true => format!("<{}>", script.stem),
        false => script.path.display().to_string(),
    };
    let named = request
        .toolchain
        .as_ref()
        .or(around.chosen.toolchain.as_ref());
    let sysroot = || script.compiler.sysroot.display().to_string();
    let toolchain = named.cloned().unwrap_or_else(sysroot);
    let build = ScriptBuild {
        path: &script.path,
        shown: &shown,
        stem: &script.stem,
        id: &script.id,
        folder: &script.folder,
        base: &script.base,
        code: request.code,
        prelude: &request.prelude,
        dependencies: &request.dependencies,
        front: request.front,
        package_at: request.package_at.as_deref(),
        variables: &script.variables,
        state: script.state.as_ref(),
        text: &script.text,
        key: &script.key,
        toolchain: Some(&toolchain),
        host: script.compiler.host(),
        release: request.release,
        test: request.test,
        own_target: request.own_target,
        infer: request.infer,
        thag: script.thag.as_ref(),
        features: &request.features,
        color: options.color,
        quiet: options.quiet,
        incremental: options.incremental,
        heard: how.heard,
        lean: script.lean,
        like: how
            .like
            .map(|other| (other.stem.as_str(), other.id.as_str())),
    };
    let mut written = apply::write(&build, &around.places, &around.cargo)?;
    if options.package_dir {
        answer(&written.folder)?;
        return Ok(Made::Nothing(Ran::Here(Exit::Done)));
    }
    if let Some(command) = &options.cargo_tests {
        // A test may run the script.
        written.release();
        let code = around.cargo.test(&Tests {
            command,
            package: &written.folder,
            target: &apply::target(&build, &written, &around.places),
            toolchain: build.toolchain,
            arguments: &options.arguments,
            variables: build.variables,
            color: build.color,
        })?;
        return Ok(Made::Nothing(Ran::There(code)));
    }
    // Another run may have built it while we waited for the lock.
    if !how.again
        && let Ok(ready) = request::kept(script, around)
    {
        return Ok(Made::Program(ready));
    }
    let variable = |name: &str| script.variable(name, around.variable);
    let program = apply::build(
        &build,
        &written,
        &around.places,
        &around.cargo,
        &variable,
        &script.compiler,
        options.now,
    )?;
    let failed = match program {
        Ok(ready) => return Ok(Made::Program(ready)),
        Err(failed) => failed,
    };
    let mut notes = written.doubts.clone();
    if let (false, Some((first, last))) = (failed.compiled, written.lines) {
        notes.push(match apply::complaint(&build, &written, &around.cargo) {
            Some(place) => format!(
                "{shown}:{}:{}: the script says it here",
                place.line, place.column
            ),
            None => format!("Cargo's manifest is made from lines {first} to {last} of {shown}"),
        });
    }
    for note in notes {
        match how.heard {
            Some(heard) => heard.add(&format!("note: {note}\n")),
            None => {
                let _ = writeln!(crate::plan::conduct::beside(), "note: {note}");
            }
        }
    }
    Ok(Made::Nothing(Ran::Here(Exit::CouldNotRun)))
}

fn note_run(program: &Path, now: Timestamp) {
    if let Some(folder) = program.parent() {
        fs::note_use(&folder.join(LAST_RUN), now);
    }
}

fn become_script(
    ready: &Ready,
    script: &Script,
    options: &RunOptions,
    around: &ScriptEnvironment<'_>,
) -> Result<Ran> {
    let program = &ready.program;
    // A script by standard input has no place, and is in none that an outer one has.
    let place = (!script.is_input).then(|| script.path.clone().into_os_string());
    let own = script.variables.iter();
    let own = own.map(|(name, value)| (*name, Some(value.into())));
    let loads = libraries::variable(&ready.search, around.variable);
    let loads = loads.map(|(name, value)| (name, Some(value)));
    let variables: Vec<_> = own.chain([(SCRIPT, place)]).chain(loads).collect();
    let own = arguments(&script.text, options).iter().cloned();
    let own = options.first.map(OsString::from).into_iter().chain(own);
    let ran = match &options.wrapper {
        None => {
            let own: Vec<_> = own.collect();
            process::become_program(program, options.name.as_deref(), &own, &variables)
        }
        Some((wrapper, first)) => {
            let first = first.iter().cloned().chain([program.clone().into()]);
            let all: Vec<_> = first.chain(own).collect();
            process::become_program(wrapper, None, &all, &variables)
        }
    };
    ran.map(Ran::There)
}

/// The arguments of a script. A system that runs a script by its first line puts nothing between the script and its arguments,
/// so that a `--` there is the script's own.
fn arguments<'a>(text: &str, options: &'a RunOptions) -> &'a [OsString] {
    match &options.arguments[..] {
        [dash, rest @ ..]
            if dash == "--" && options.dash_separates && !dialect::runs_by_us(text) =>
        {
            rest
        }
        all => all,
    }
}
