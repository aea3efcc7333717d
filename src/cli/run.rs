//! Conducts `run`.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use etcetera::BaseStrategy as _;
use jiff::Timestamp;

use crate::cargo::manifest;
use crate::script::args::{Asked, RunArgs, Source};
use crate::script::command::{Ran, RunOptions};
use crate::script::compiler::Chosen;
use crate::script::paths::ScriptCachePaths;
use crate::script::request::ScriptEnvironment;
use crate::script::{command, crowd_command};
use crate::term::args::FindArgs;
use crate::term::exit::Exit;
use crate::text::failure::Hint as _;
use crate::text::shown;
use crate::{fs, process};

/// The variable that says where the cache of scripts is.
const CACHE: &str = "CARGO_SHAREDTARGET_CACHE_DIR";

pub(super) fn run(args: &RunArgs) -> Result<Exit> {
    let choice = crate::cli::color_choice(&args.tone);
    crate::cli::set_color(&args.tone);
    let cwd = crate::cli::cwd()?;
    if let Some(paths) = args.crowd(&|path| fs::is_folder(&cwd.join(path))) {
        return crowd(args, &paths, cwd);
    }
    ran(args.asked(&cwd)?, cwd, choice)
}

/// Builds many scripts.
fn crowd(args: &RunArgs, paths: &[PathBuf], cwd: PathBuf) -> Result<Exit> {
    crate::cli::threads::make();
    let (_, ui) = crate::cli::prepare(FindArgs::about(&cwd, None), &args.speak(), None)?;
    let Asked {
        mut request,
        options,
        ..
    } = args.asked(&cwd)?;
    for folder in [&mut request.base, &mut request.package_at] {
        *folder = folder
            .take()
            .map(|path| fs::canonical_as_far_as_it_exists(&path));
    }
    let options = RunOptions {
        // Messages are kept, and shown when all is over.
        color: false,
        quiet: true,
        incremental: std::env::var_os("CARGO_INCREMENTAL").is_some(),
        now: Timestamp::now(),
        ..options
    };
    let around = around(cwd, &variable)?;
    let after =
        |program: &Path| crate::cli::cache::keep_within(&around.places, &around.cwd, program);
    crowd_command::run(paths, &request, &options, &around, &ui, &after)
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Runs a script; ends the process where it ends with the script's exit code. `color` is what the user wants.
pub(super) fn ran(asked: Asked, cwd: PathBuf, color: Option<bool>) -> Result<Exit> {
    ran_answering(asked, cwd, color, &answer)
}

/// Prints what was asked for in place of a run.
pub(super) fn answer(path: &Path) -> Result<()> {
    let mut out = std::io::stdout();
    let path = path.to_string_lossy();
    // A program that reads it is to find the file by it.
    match out.is_terminal() {
        true => writeln!(out, "{}", shown(&path))?,
        false => writeln!(out, "{path}")?,
    }
    Ok(())
}

/// The same, with another use of what was asked for in place of a run.
pub(super) fn ran_answering(
    asked: Asked,
    cwd: PathBuf,
    color: Option<bool>,
    answer: &dyn Fn(&Path) -> Result<()>,
) -> Result<Exit> {
    let Asked {
        source,
        mut request,
        mut options,
        wrapper,
    } = asked;
    match source {
        Source::File(path) => {
            // As Cargo tells its own scripts what they were called by.
            let called = || manifest::normalise(&cwd.join(&path)).into_os_string();
            options.name.get_or_insert_with(called);
            request.file = Some(path);
        }
        Source::Text(code, text) => {
            request.code = code;
            request.text = Some(text);
        }
        Source::Input => {
            let mut text = Vec::new();
            let mut input = std::io::stdin().lock();
            input
                .read_to_end(&mut text)
                .context("failed to read the script from standard input")?;
            request.text = Some(text);
        }
    }
    // Cargo names folders without links.
    for folder in [&mut request.base, &mut request.package_at] {
        *folder = folder
            .take()
            .map(|path| fs::canonical_as_far_as_it_exists(&path));
    }
    options.wrapper = wrapper.map(|words| wrapped(&words, &cwd)).transpose()?;
    options.color = color.unwrap_or_else(|| {
        std::io::stderr().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    });
    options.incremental = std::env::var_os("CARGO_INCREMENTAL").is_some();
    options.now = Timestamp::now();
    let around = around(cwd, &variable)?;
    let after_build =
        |program: &Path| crate::cli::cache::keep_within(&around.places, &around.cwd, program);
    match command::run(&request, &options, &around, answer, &after_build)? {
        Ran::Here(exit) => Ok(exit),
        Ran::There(code) => std::process::exit(code),
    }
}

/// The program of a wrapper, and the arguments that it is given first.
fn wrapped(words: &[String], cwd: &Path) -> Result<(PathBuf, Vec<OsString>)> {
    let (name, rest) = words.split_first().context("expected a program")?;
    let program = match Path::new(name).components().count() {
        1 => process::tool(name)?,
        // The user names it here and now.
        _ => cwd.join(name),
    };
    Ok((program, rest.iter().map(OsString::from).collect()))
}

/// Where the cache of scripts is.
pub(super) fn places(cwd: &Path) -> Result<ScriptCachePaths> {
    let given = std::env::var_os(CACHE).filter(|value| !value.is_empty());
    let folder = match given {
        Some(given) => cwd.join(given),
        None => etcetera::base_strategy::choose_native_strategy()
            .context("found no folder for the script cache")
            .with_hint(|| format!("set HOME to an absolute path, or set {CACHE} to a folder"))?
            .cache_dir()
            .join("cargo-sharedtarget"),
    };
    if !folder.is_absolute() {
        return Err(anyhow!(
            "expected an absolute path for the script cache, found `{}`",
            folder.display()
        ))
        .with_hint(|| format!("set HOME to an absolute path, or set {CACHE} to a folder"));
    }
    // Cargo compares paths as texts.
    Ok(ScriptCachePaths::new(fs::canonical_as_far_as_it_exists(
        &folder,
    )))
}

fn around(
    cwd: PathBuf,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
) -> Result<ScriptEnvironment<'_>> {
    let environment = crate::cli::environment::environment(&cwd, std::env::home_dir().as_deref());
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    // A timer that runs scripts has a short `PATH`; the folder in which Cargo is installed is the next place to look.
    let installed = environment.surroundings.cargo_home.join("bin");
    let on_path = |name: &str| {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let installed = || Some(installed.join(file)).filter(|program| fs::exists(program));
        crate::cli::on_path(Path::new(name)).or_else(installed)
    };
    let program = named("RUSTC")
        .map(PathBuf::from)
        .or_else(|| on_path("rustc"));
    let program = program.unwrap_or_else(|| "rustc".into());
    let mut cargo = environment.cargo;
    if !cargo.on_path && cargo.fallback.is_none() {
        cargo.fallback = on_path("cargo");
    }
    let rustup_home = named("RUSTUP_HOME").map(|given| cwd.join(given));
    let home = std::env::home_dir().unwrap_or_default();
    Ok(ScriptEnvironment {
        places: places(&cwd)?,
        cargo,
        cargo_home: environment.surroundings.cargo_home,
        chosen: Chosen {
            program,
            toolchain: variable("RUSTUP_TOOLCHAIN").filter(|name| !name.is_empty()),
            rustup_home: rustup_home.unwrap_or_else(|| home.join(".rustup")),
        },
        variables: std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect(),
        variable,
        cwd,
    })
}
