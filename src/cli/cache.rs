//! Conducts `cache`.

use std::path::Path;

use anyhow::{Result, anyhow};

use crate::cargo::toml_read;
use crate::cli::environment::given;
use crate::cli::run::places;
use crate::fs;
use crate::script::args::CacheCommand;
use crate::script::cache_command;
use crate::script::evict::CachePart;
use crate::script::paths::ScriptCachePaths;
use crate::survey::model::Settings;
use crate::survey::settings;
use crate::survey::settings::CacheLimits;
use crate::term::args::{FindArgs, SpeakArgs};
use crate::term::exit::Exit;

pub(super) fn run(command: CacheCommand) -> Result<Exit> {
    let cwd = crate::cli::cwd()?;
    let places = places(&cwd)?;
    match command {
        CacheCommand::Info(args) => {
            let (_, ui) = crate::cli::prepare(FindArgs::about(&cwd, None), &args.speak, None)?;
            cache_command::info(&places, &limits(&places)?, args.top, &ui)
        }
        CacheCommand::Clean(args) => {
            let find = FindArgs::about(&cwd, None);
            let (request, ui) = crate::cli::prepare(find, &args.speak, Some(&args.act))?;
            cache_command::clean(&places, &args.options(), &request, &ui)
        }
    }
}

/// How large the cache may grow: by the environment, else by the settings file in it, else as we think fit.
pub(super) fn limits(places: &ScriptCachePaths) -> Result<CacheLimits> {
    let file = places.root().join(settings::FILE_NAME);
    let text = fs::read(&file)?.unwrap_or_default();
    let written = toml_read::utf8(&text).and_then(settings::parse);
    let written = written.map_err(|problem| anyhow!("{}:{problem}", file.display()))?;
    let said = Settings {
        max_size: given("CARGO_SHAREDTARGET_CACHE_MAX_SIZE")?,
        max_age: given("CARGO_SHAREDTARGET_CACHE_MAX_AGE")?,
        ..Settings::default()
    };
    Ok(said.or(written).into())
}

/// Keeps the cache within its limits; an error does not fail the run.
pub(super) fn keep_within(places: &ScriptCachePaths, cwd: &Path, program: &Path) -> Result<()> {
    crate::cli::threads::make();
    let limits = limits(places)?;
    let speak = SpeakArgs::silent();
    let (request, ui) = crate::cli::prepare(FindArgs::about(cwd, None), &speak, None)?;
    let folder = program.parent().unwrap_or(program);
    cache_command::keep_within(places, &limits, folder, &request, ui.view.now).map(|_| ())
}

/// Deletes everything in the cache of scripts, or one part, without a question or a word: it can all be built again.
pub(super) fn clear(cwd: &Path, part: CachePart) -> Result<()> {
    crate::cli::threads::make();
    let places = places(cwd)?;
    let speak = SpeakArgs::silent();
    let (request, ui) = crate::cli::prepare(FindArgs::about(cwd, None), &speak, None)?;
    cache_command::clear(&places, part, &request, ui.view.now).map(|_| ())
}
