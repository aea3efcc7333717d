//! Conducts `run`.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use etcetera::BaseStrategy as _;
use jiff::Timestamp;

use crate::fs;
use crate::script::args::RunArgs;
use crate::script::command;
use crate::script::command::Ran;
use crate::script::compiler::Chosen;
use crate::script::paths::ScriptCachePaths;
use crate::script::request::ScriptEnvironment;
use crate::term::exit::Exit;
use crate::text::failure::Hint as _;
use crate::text::shown;

/// The variable that says where the cache of scripts is.
const CACHE: &str = "CARGO_SHAREDTARGET_CACHE_DIR";

pub(super) fn run(args: &RunArgs) -> Result<Exit> {
    let choice = crate::cli::color_choice(&args.tone);
    crate::cli::set_color(&args.tone);
    let (script, arguments) = args.script();
    let text = match script == Path::new("-") {
        false => None,
        true => {
            let mut text = Vec::new();
            let mut input = std::io::stdin().lock();
            input
                .read_to_end(&mut text)
                .context("failed to read the script from standard input")?;
            Some(text)
        }
    };
    let request = args.request(script, text);
    let color = choice.unwrap_or_else(|| {
        std::io::stderr().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    });
    let incremental = std::env::var_os("CARGO_INCREMENTAL").is_some();
    let options = args.options(arguments, color, incremental, Timestamp::now());
    let cwd = crate::cli::cwd()?;
    let variable =
        |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let around = around(cwd, &variable)?;
    let answer = |path: &Path| {
        let mut out = std::io::stdout();
        let path = path.to_string_lossy();
        // A program that reads it is to find the file by it.
        match out.is_terminal() {
            true => writeln!(out, "{}", shown(&path))?,
            false => writeln!(out, "{path}")?,
        }
        Ok(())
    };
    let after_build =
        |program: &Path| crate::cli::cache::keep_within(&around.places, &around.cwd, program);
    match command::run(&request, &options, &around, &answer, &after_build)? {
        Ran::Here(exit) => Ok(exit),
        Ran::There(code) => std::process::exit(code),
    }
}

/// Where the cache of scripts is.
pub(super) fn places(cwd: &Path) -> Result<ScriptCachePaths> {
    let given = std::env::var_os(CACHE).filter(|value| !value.is_empty());
    let folder = match given {
        Some(given) => cwd.join(given),
        None => etcetera::base_strategy::choose_native_strategy()
            .context("failed to find a folder for the cache of scripts")
            .with_hint(|| format!("set HOME to an absolute path, or name a folder with {CACHE}"))?
            .cache_dir()
            .join("cargo-sharedtarget"),
    };
    if !folder.is_absolute() {
        return Err(anyhow!(
            "expected an absolute path for the cache of scripts, found `{}`",
            folder.display()
        ))
        .with_hint(|| format!("set HOME to an absolute path, or name a folder with {CACHE}"));
    }
    // Cargo compares paths as texts.
    Ok(ScriptCachePaths::new(fs::canonical_as_far_as_it_exists(
        &folder,
    )))
}

fn around(
    cwd: PathBuf,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<ScriptEnvironment<'_>> {
    let environment = crate::cli::environment::environment(&cwd, std::env::home_dir().as_deref());
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    // Whoever runs scripts by the clock has a short `PATH`; where Cargo is installed, is the next place to look.
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
