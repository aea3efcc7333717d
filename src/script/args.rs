//! The arguments of `run` and `cache`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::age::Age;
use crate::script::command::RunOptions;
use crate::script::evict::{CacheOptions, CachePart};
use crate::script::request::ScriptRequest;
use crate::size::Bytes;
use crate::term::args::{ActArgs, SpeakArgs, ToneArgs};

const RUN: &str = "\
Examples:
  cargo sharedtarget run report.rs --since 2024    everything after the script is for the script
  cargo sharedtarget run --release crunch.rs       in the release profile
  cargo sharedtarget run --infer idea.rs           add the crates that it names and no manifest does
  echo 'println!(\"{}\", 6 * 7)' | cargo sharedtarget run -

As the first line of a script: #!/usr/bin/env -S cargo sharedtarget run";

#[derive(Debug, Args)]
#[command(after_help = RUN)]
pub(crate) struct RunArgs {
    /// The script, or `-` for standard input, and what it is given
    #[arg(value_names = ["FILE", "ARGS"], required = true, num_args = 1.., trailing_var_arg = true)]
    script: Vec<OsString>,
    /// Build it in the release profile
    #[arg(short, long)]
    release: bool,
    /// Build it, also if its program was kept
    #[arg(short, long)]
    force: bool,
    /// Build it into a target folder of its own
    #[arg(long)]
    own_target: bool,
    /// The toolchain of rustup's to build it with
    #[arg(long, value_name = "NAME")]
    toolchain: Option<String>,
    /// The features of it to enable
    #[arg(short = 'F', long, value_name = "FEATURES", value_delimiter = ',')]
    features: Vec<String>,
    /// Add crates that the code names and no manifest does, in their newest version
    #[arg(long)]
    infer: bool,
    /// Run its tests
    #[arg(long)]
    test: bool,
    /// Do not run it; print where its program is
    #[arg(long, conflicts_with = "test")]
    build_only: bool,
    /// Do not build it; print where the package is that it is built as
    #[arg(long, conflicts_with_all = ["test", "build_only"])]
    package_dir: bool,
    #[command(flatten)]
    pub(crate) tone: ToneArgs,
}

const CACHE: &str = "\
Examples:
  cargo sharedtarget cache info                           what scripts have left
  cargo sharedtarget cache clean bins --older-than 30d    programs that have not run for 30 days
  cargo sharedtarget cache clean                          everything";

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// What it holds: sizes, scripts, last runs
    #[command(after_help = CACHE)]
    Info(InfoArgs),
    /// Delete kept programs, compiled dependencies, or everything
    #[command(after_help = CACHE)]
    Clean(CleanCacheArgs),
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// Show as many scripts
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    pub(crate) top: usize,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CleanCacheArgs {
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
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

impl RunArgs {
    /// The script, and what it is given.
    pub(crate) fn script(&self) -> (PathBuf, Vec<OsString>) {
        let mut arguments = self.script.clone();
        let script = PathBuf::from(arguments.remove(0));
        if arguments.first().is_some_and(|first| first == "--") {
            arguments.remove(0);
        }
        (script, arguments)
    }

    /// The request to run a script: a file, or a text from standard input.
    pub(crate) fn request(&self, file: PathBuf, text: Option<Vec<u8>>) -> ScriptRequest {
        ScriptRequest {
            file: text.is_none().then_some(file),
            text,
            release: self.release,
            test: self.test,
            own_target: self.own_target,
            features: self.features.clone(),
            toolchain: self.toolchain.clone(),
            infer: self.infer,
        }
    }

    /// How it is run.
    pub(crate) fn options(
        &self,
        arguments: Vec<OsString>,
        color: bool,
        incremental: bool,
        now: Timestamp,
    ) -> RunOptions {
        RunOptions {
            force: self.force,
            build_only: self.build_only,
            package_dir: self.package_dir,
            arguments,
            color,
            quiet: self.tone.quiet,
            verbose: self.tone.verbose > 0,
            incremental,
            now,
        }
    }
}

impl CleanCacheArgs {
    /// Which parts of the cache are to go.
    pub(crate) fn options(&self) -> CacheOptions {
        CacheOptions {
            part: self.part,
            older_than: self.older_than,
            max_size: self.max_size,
            spared: None,
            recent: None,
        }
    }
}
