//! `cache` and its arguments.

use std::path::Path;

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};

use crate::age::Age;
use crate::cargo::toml_read;
use crate::cli::args::{ActArgs, FindArgs, SpeakArgs};
use crate::cli::environment::given;
use crate::cli::examples;
use crate::cli::run::places;
use crate::fs;
use crate::script::cache_command;
use crate::script::evict::{CacheOptions, CachePart};
use crate::script::paths::ScriptCachePaths;
use crate::size::Bytes;
use crate::survey::model::Settings;
use crate::survey::settings;
use crate::survey::settings::CacheLimits;
use crate::term::exit::Exit;

#[derive(Debug, Subcommand)]
pub(super) enum CacheCommand {
    /// What it holds: sizes, scripts, last runs
    #[command(after_help = examples::CACHE)]
    Info(InfoArgs),
    /// Delete kept programs, compiled dependencies, or everything
    #[command(after_help = examples::CACHE)]
    Clean(CleanCacheArgs),
}

#[derive(Debug, Args)]
pub(super) struct InfoArgs {
    /// Show as many scripts
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    top: usize,
    #[command(flatten)]
    speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct CleanCacheArgs {
    /// What to delete
    #[arg(value_enum, default_value_t)]
    part: CachePart,
    /// Only what was not used for this long, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    older_than: Option<Age>,
    /// Only as much as is needed for the rest to take no more, such as 2GB; what was used longest ago goes first
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    max_size: Option<Bytes>,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    speak: SpeakArgs,
}

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
            let options = CacheOptions {
                part: args.part,
                older_than: args.older_than,
                max_size: args.max_size,
                spared: None,
                recent: None,
            };
            cache_command::clean(&places, &options, &request, &ui)
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

/// Keeps the cache within its limits; what goes wrong costs nobody a run.
pub(super) fn keep_within(places: &ScriptCachePaths, cwd: &Path, program: &Path) -> Result<()> {
    crate::cli::make_threads();
    let limits = limits(places)?;
    let speak = SpeakArgs::silent();
    let (request, ui) = crate::cli::prepare(FindArgs::about(cwd, None), &speak, None)?;
    let folder = program.parent().unwrap_or(program);
    cache_command::keep_within(places, &limits, folder, &request, ui.view.now).map(|_| ())
}
