//! The arguments.

use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};

use crate::age::Age;
use crate::audit::command::AuditFormat;
use crate::cli::{examples, glob, hook};
use crate::plan::conduct::Format;
use crate::size::Bytes;
use crate::survey::folder::Layout;

/// Many git worktrees, one build's worth of disk: warm, correct and parallel, with plain cargo build.
///
/// Without a command, sets up every workspace and worktree under ROOT, as `setup` does.
#[derive(Debug, Parser)]
#[command(name = "cargo-sharedtarget", bin_name = "cargo sharedtarget", version, max_term_width = 100, after_help = examples::ALL)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) setup: SetupArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Give each worktree a target folder under one shared root, and delete what is left behind
    #[command(after_help = examples::SETUP)]
    Setup(SetupArgs),
    /// List target folders: size, last build, state
    #[command(after_help = examples::LIST)]
    List(ListArgs),
    /// Delete whole target folders, by default those that no build will use again
    #[command(after_help = examples::CLEAN)]
    Clean(CleanArgs),
    /// Say why target folders are so large, and what could be done about it
    #[command(after_help = examples::AUDIT)]
    Audit(AuditArgs),
    /// Delete single units of target folders, by default those that no build will miss
    #[command(after_help = examples::GC)]
    Gc(GcArgs),
    /// Have target folders share the storage of what is the same in them; nothing is deleted
    #[command(after_help = examples::DEDUPE)]
    Dedupe(DedupeArgs),
    /// Set one worktree up and warm it, quickly enough for a hook
    #[command(after_help = examples::ONBOARD)]
    Onboard(OnboardArgs),
    /// Give a worktree what another one has compiled from the same sources, so that its first build is a warm one
    #[command(after_help = examples::WARM)]
    Warm(WarmArgs),
    /// Say what is wrong with the setup, why that matters, and what mends it
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArgs),
    /// Run a single-file script, its dependencies compiled once for all scripts, its program kept
    Run(crate::cli::run::RunArgs),
    /// What scripts have left: kept programs, and what all were compiled with
    #[command(subcommand)]
    Cache(crate::cli::cache::CacheCommand),
    /// Third-party crates that outlive target folders, by content
    #[command(subcommand)]
    Store(crate::cli::store::StoreCommand),
    /// Put configurations and git excludes back as they were before setup
    #[command(after_help = examples::UNDO)]
    Undo(UndoArgs),
    /// Print a script by which a shell completes our arguments
    Completions(crate::cli::pages::CompletionsArgs),
    /// Write the manual pages
    #[command(hide = true)]
    Man(crate::cli::pages::ManArgs),
    /// A git hook, by which `git worktree add` sets the new worktree up by itself
    #[command(subcommand)]
    Hook(hook::HookCommand),
}

#[derive(Debug, Args)]
pub(super) struct SetupArgs {
    #[command(flatten)]
    pub(super) find: FindArgs,
    /// How target folders are laid out; by default isolated, and in-place where git tracks the configuration
    #[arg(long, value_enum, help_heading = "Layout")]
    pub(super) layout: Option<Layout>,
    /// For the layout build-dir, --rustc-wrapper and --auto-onboard: the folder for one configuration above all, or
    /// `cargo-home`
    #[arg(long, value_name = "DIR|cargo-home", help_heading = "Layout")]
    pub(super) config_at: Option<PathBuf>,
    /// Edit configurations that git tracks
    #[arg(long, help_heading = "Layout")]
    pub(super) edit_tracked: bool,
    /// Replace a target-dir or build-dir that you set yourself
    #[arg(long, help_heading = "Layout")]
    pub(super) replace: bool,
    /// Let the layout flat mix worktrees, which runs one's code for another's
    #[arg(long, help_heading = "Layout")]
    pub(super) allow_unsafe_sharing: bool,
    /// Have Cargo run the compiler by this program: sccache, kache, or a path
    #[arg(long, value_name = "PROGRAM", help_heading = "Layout")]
    pub(super) rustc_wrapper: Option<PathBuf>,
    /// With --config-at: have Cargo itself set up a new worktree at its first build, where no hook does
    #[arg(long, requires = "config_at", help_heading = "Layout")]
    pub(super) auto_onboard: bool,
    /// Also have warm worktrees share the libraries that came out the same, as far as nothing is compiled for it
    #[arg(long)]
    pub(super) relink: bool,
    /// Delete nothing
    #[arg(long)]
    pub(super) keep_targets: bool,
    #[command(flatten)]
    pub(super) budget: BudgetArgs,
    #[command(flatten)]
    pub(super) local: LocalArgs,
    #[command(flatten)]
    pub(super) delete: DeleteArgs,
    #[command(flatten)]
    pub(super) act: ActArgs,
    #[command(flatten)]
    pub(super) speak: SpeakArgs,
}

/// What is written into the settings file.
#[derive(Debug, Args)]
pub(super) struct BudgetArgs {
    /// What all target folders may take together, such as 20GB
    #[arg(
        long,
        value_name = "SIZE",
        help_heading = "Budget, kept to by gc and onboard"
    )]
    pub(super) max_size: Option<Bytes>,
    /// How long units that nobody uses stay, such as 30d
    #[arg(
        long,
        value_name = "AGE",
        help_heading = "Budget, kept to by gc and onboard"
    )]
    pub(super) max_age: Option<Age>,
    /// Leave programs where they lie when their units go
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        require_equals = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "Budget, kept to by gc and onboard"
    )]
    pub(super) keep_programs: Option<bool>,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    pub(super) find: FindArgs,
    /// Do not measure, which is much quicker
    #[arg(long)]
    pub(super) no_size: bool,
    #[command(flatten)]
    pub(super) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct CleanArgs {
    #[command(flatten)]
    pub(super) find: FindArgs,
    /// Folders that no build will use again: shadowed by the configuration, or their worktree is gone (default)
    #[arg(long, help_heading = "Rules")]
    pub(super) stale: bool,
    /// Only folders whose worktree is gone
    #[arg(long, help_heading = "Rules", conflicts_with = "stale")]
    pub(super) orphaned: bool,
    /// Also folders in use, if nothing was built in them for this long, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    pub(super) idle: Option<Age>,
    /// Every target folder found, in use or not
    #[arg(long, help_heading = "Rules")]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) delete: DeleteArgs,
    #[command(flatten)]
    pub(super) act: ActArgs,
    #[command(flatten)]
    pub(super) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    pub(super) find: FindArgs,
    /// Show as many rows of each table
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    pub(super) top: usize,
    /// Exit with 1 if there is something to change
    #[arg(long)]
    pub(super) check: bool,
    /// Exit with 1 if all folders together take more than this, such as 20GB
    #[arg(long, value_name = "SIZE")]
    pub(super) max_size: Option<Bytes>,
    /// The format of the answer
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub(super) format: AuditFormat,
    #[command(flatten)]
    pub(super) tone: ToneArgs,
}

#[derive(Debug, Args)]
pub(super) struct GcArgs {
    #[command(flatten)]
    pub(super) find: FindArgs,
    /// Units that were not used for this long, nor anything made with them, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    pub(super) older_than: Option<Age>,
    /// Units of compilers that are not installed any more
    #[arg(long, help_heading = "Rules")]
    pub(super) toolchain_gone: bool,
    /// Units that no worktree's Cargo.lock asks for
    #[arg(long, help_heading = "Rules")]
    pub(super) unreferenced: bool,
    /// Units of which a newer one is there, of the same target in the same profile
    #[arg(long, help_heading = "Rules")]
    pub(super) superseded: bool,
    /// The compiler's incremental data, where it was not used for this long [default: any]
    #[arg(
        long,
        value_name = "AGE",
        num_args = 0..=1,
        default_missing_value = "0s",
        require_equals = true,
        help_heading = "Rules"
    )]
    pub(super) incremental: Option<Age>,
    /// Only what is in this profile's folders, such as release; without other rules everything there
    #[arg(long, value_name = "NAME", help_heading = "Rules")]
    pub(super) profile: Option<String>,
    /// What was used longest ago, until all folders together take no more, such as 20GB
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    pub(super) max_size: Option<Bytes>,
    /// What was used longest ago, until as much is free on the filesystem
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    pub(super) min_free: Option<Bytes>,
    /// Leave programs where they lie when their units go, and what they may need when they run
    #[arg(long)]
    pub(super) keep_programs: bool,
    #[command(flatten)]
    pub(super) act: ActArgs,
    #[command(flatten)]
    pub(super) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct DedupeArgs {
    #[command(flatten)]
    pub(super) find: FindArgs,
    #[command(flatten)]
    pub(super) act: ActArgs,
    #[command(flatten)]
    pub(super) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    pub(super) find: FindArgs,
    /// Mend what can be mended and undone: configurations of worktrees that share a folder, the git hook
    #[arg(long)]
    pub(super) fix: bool,
    #[command(flatten)]
    pub(super) act: ActArgs,
    #[command(flatten)]
    pub(super) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct DonorArgs {
    /// The worktree, or a folder in it [default: the current folder]
    pub(super) worktree: Option<PathBuf>,
    /// The donor: a target folder, or a workspace that has one [default: the best that is found]
    #[arg(long, value_name = "DIR")]
    pub(super) from: Option<PathBuf>,
    /// Take units of packages too that are not in the worktree's Cargo.lock
    #[arg(long)]
    pub(super) all_units: bool,
    /// Wait for a build that holds the donor
    #[arg(long)]
    pub(super) wait: bool,
    #[command(flatten)]
    pub(super) local: LocalArgs,
    /// The folder that holds all target folders [default: the one already configured]
    #[arg(long, value_name = "DIR")]
    pub(super) shared_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct LocalArgs {
    /// Take third-party crates only, also where a local crate has the same sources
    #[arg(
        long,
        env = "CARGO_SHAREDTARGET_NO_LOCAL",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    pub(super) no_local: bool,
}

#[derive(Debug, Args)]
pub(super) struct OnboardArgs {
    #[command(flatten)]
    pub(super) donor: DonorArgs,
    /// How its target folder is laid out [default: as in setup]
    #[arg(long, value_parser = ["isolated", "in-place"])]
    pub(super) layout: Option<String>,
    /// Edit a configuration that git tracks
    #[arg(long)]
    pub(super) edit_tracked: bool,
    /// Replace a target-dir or build-dir that you set yourself
    #[arg(long)]
    pub(super) replace: bool,
    #[command(flatten)]
    pub(super) act: ActArgs,
    #[command(flatten)]
    pub(super) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct WarmArgs {
    #[command(flatten)]
    pub(super) donor: DonorArgs,
    #[command(flatten)]
    pub(super) act: ActArgs,
    #[command(flatten)]
    pub(super) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    #[command(flatten)]
    pub(super) find: FindArgs,
    #[command(flatten)]
    pub(super) act: ActArgs,
    #[command(flatten)]
    pub(super) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(super) struct FindArgs {
    /// Folders to start from [default: the current folder]
    #[arg(value_name = "ROOT")]
    pub(super) roots: Vec<PathBuf>,
    /// Pass over folders that match, by path or by path under the root
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Search")]
    pub(super) exclude: Vec<String>,
    /// Search no deeper than this many folders below the root
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub(super) max_depth: Option<usize>,
    /// Leave the worktrees that lie outside the roots
    #[arg(long, help_heading = "Search")]
    pub(super) inside_root_only: bool,
    /// The folder that holds all target folders [default: the one already configured, else ROOT/.shared-target]
    #[arg(long, value_name = "DIR", help_heading = "Search")]
    pub(super) shared_root: Option<PathBuf>,
}

impl FindArgs {
    /// One worktree, and all of it.
    pub(super) fn about(worktree: &Path, shared_root: Option<PathBuf>) -> Self {
        Self {
            roots: vec![worktree.to_owned()],
            exclude: Vec::new(),
            max_depth: None,
            inside_root_only: false,
            shared_root,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// Delete a target folder even if it holds an entry of this name, which Cargo does not make
    #[arg(long, value_name = "NAME")]
    pub(super) allow_entry: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ActArgs {
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Do it without asking
    #[arg(short, long)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct SpeakArgs {
    /// The format of the answer
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) tone: ToneArgs,
}

impl SpeakArgs {
    /// Nothing is said.
    pub(super) fn silent() -> Self {
        Self {
            format: Format::Human,
            tone: ToneArgs {
                quiet: true,
                verbose: 0,
                color: None,
            },
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ToneArgs {
    /// Say only what was done and what went wrong
    #[arg(
        short,
        long,
        env = "CARGO_TERM_QUIET",
        hide_env = true,
        help_heading = "Output",
        conflicts_with = "verbose"
    )]
    pub(super) quiet: bool,
    /// Say everything; twice: log what is asked, decided and done as well
    #[arg(
        short,
        long,
        env = "CARGO_TERM_VERBOSE",
        hide_env = true,
        help_heading = "Output",
        action = ArgAction::Count,
        value_parser = verbosity
    )]
    pub(super) verbose: u8,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "always", "never"], help_heading = "Output")]
    pub(super) color: Option<String>,
}

/// Reads how often a flag was given, or whether Cargo's variable is set to `true`.
fn verbosity(text: &str) -> Result<u8, &'static str> {
    match text {
        "true" => Ok(1),
        "false" => Ok(0),
        count => count.parse().map_err(|_| "expected true or false"),
    }
}
