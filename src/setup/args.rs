//! The arguments of `setup`, `onboard`, `warm` and `undo`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::age::Age;
use crate::size::Bytes;
use crate::survey::folder::Layout;
use crate::term::args::{ActArgs, DeleteArgs, FindArgs, LocalArgs, SpeakArgs};

pub(crate) const SETUP: &str = "\
Examples:
  cargo sharedtarget setup -n ~/code
      show what would be done
  cargo sharedtarget setup --max-size 20GB
      keep all target folders together below this
  cargo sharedtarget setup --rustc-wrapper sccache
      let a compiler cache help where sources differ
  cargo sharedtarget setup --layout build-dir --config-at ~/code
      once for every future worktree";

pub(crate) const ONBOARD: &str = "\
Examples:
  git worktree add ../topic && cargo sharedtarget onboard ../topic
      what the hook does by itself
  cargo sharedtarget onboard --layout in-place
      warm it, and write no configuration";

pub(crate) const WARM: &str = "\
Examples:
  cargo sharedtarget warm                   from the best worktree that is found
  cargo sharedtarget warm --from ../main    from this one
  cargo sharedtarget warm --no-local        third-party crates only";

pub(crate) const UNDO: &str = "\
Examples:
  cargo sharedtarget undo -n    what would be put back";

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    #[command(flatten)]
    pub(crate) find: FindArgs,
    /// How target folders are laid out; by default isolated, and in-place where git tracks the configuration
    #[arg(long, value_enum, help_heading = "Layout")]
    pub(crate) layout: Option<Layout>,
    /// For the layout build-dir, --rustc-wrapper and --auto-onboard: the folder for one configuration above all, or
    /// `cargo-home`
    #[arg(long, value_name = "DIR|cargo-home", help_heading = "Layout")]
    pub(crate) config_at: Option<PathBuf>,
    /// Edit configurations that git tracks
    #[arg(long, help_heading = "Layout")]
    pub(crate) edit_tracked: bool,
    /// Replace a target-dir or build-dir that you set yourself
    #[arg(long, help_heading = "Layout")]
    pub(crate) replace: bool,
    /// Let the layout flat mix worktrees, which runs one's code for another's
    #[arg(long, help_heading = "Layout")]
    pub(crate) allow_unsafe_sharing: bool,
    /// Have Cargo run the compiler by this program: sccache, kache, or a path
    #[arg(long, value_name = "PROGRAM", help_heading = "Layout")]
    pub(crate) rustc_wrapper: Option<PathBuf>,
    /// With --config-at: have Cargo itself set up a new worktree at its first build, where no hook does
    #[arg(long, requires = "config_at", help_heading = "Layout")]
    pub(crate) auto_onboard: bool,
    /// Also have warm worktrees share the libraries that came out the same, as far as nothing is compiled for it
    #[arg(long)]
    pub(crate) relink: bool,
    /// Delete nothing
    #[arg(long)]
    pub(crate) keep_targets: bool,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    #[command(flatten)]
    pub(crate) local: LocalArgs,
    #[command(flatten)]
    pub(crate) delete: DeleteArgs,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

/// What is written into the settings file.
#[derive(Debug, Args)]
pub(crate) struct BudgetArgs {
    /// What all target folders may take together, such as 20GB
    #[arg(
        long,
        value_name = "SIZE",
        help_heading = "Budget, kept to by gc and onboard"
    )]
    pub(crate) max_size: Option<Bytes>,
    /// How long units that nobody uses stay, such as 30d
    #[arg(
        long,
        value_name = "AGE",
        help_heading = "Budget, kept to by gc and onboard"
    )]
    pub(crate) max_age: Option<Age>,
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
    pub(crate) keep_programs: Option<bool>,
}

#[derive(Debug, Args)]
pub(crate) struct DonorArgs {
    /// The worktree, or a folder in it [default: the current folder]
    pub(crate) worktree: Option<PathBuf>,
    /// The donor: a target folder, or a workspace that has one [default: the best that is found]
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    /// Take units of packages too that are not in the worktree's Cargo.lock
    #[arg(long)]
    pub(crate) all_units: bool,
    /// Wait for a build that holds the donor
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) local: LocalArgs,
    /// The folder that holds all target folders [default: the one already configured]
    #[arg(long, value_name = "DIR")]
    pub(crate) shared_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct OnboardArgs {
    #[command(flatten)]
    pub(crate) donor: DonorArgs,
    /// How its target folder is laid out [default: as in setup]
    #[arg(long, value_parser = ["isolated", "in-place"])]
    pub(crate) layout: Option<String>,
    /// Edit a configuration that git tracks
    #[arg(long)]
    pub(crate) edit_tracked: bool,
    /// Replace a target-dir or build-dir that you set yourself
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WarmArgs {
    #[command(flatten)]
    pub(crate) donor: DonorArgs,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    #[command(flatten)]
    pub(crate) find: FindArgs,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}
