//! The arguments of `clean` and `gc`.

use clap::Args;

use crate::age::Age;
use crate::size::Bytes;
use crate::term::args::{ActArgs, DeleteArgs, FindArgs, SpeakArgs};

pub(crate) const CLEAN: &str = "\
Examples:
  cargo sharedtarget clean                      delete what no build will use again
  cargo sharedtarget clean --idle 30d ~/code    and what was not built in for 30 days
  cargo sharedtarget clean --all -n             what deleting everything would free";

pub(crate) const GC: &str = "\
Examples:
  cargo sharedtarget gc
      delete what no build will miss, and what the settings say
  cargo sharedtarget gc --older-than 30d
      what was not used for 30 days
  cargo sharedtarget gc --max-size 20GB --keep-programs
      keep to a budget, but not at the cost of programs
  cargo sharedtarget gc --incremental=14d --superseded
      what was left behind by edits";

#[derive(Debug, Args)]
pub(crate) struct CleanArgs {
    #[command(flatten)]
    pub(crate) find: FindArgs,
    /// Folders that no build will use again: shadowed by the configuration, or their worktree is gone (default)
    #[arg(long, help_heading = "Rules")]
    pub(crate) stale: bool,
    /// Only folders whose worktree is gone
    #[arg(long, help_heading = "Rules", conflicts_with = "stale")]
    pub(crate) orphaned: bool,
    /// Also folders in use, if nothing was built in them for this long, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    pub(crate) idle: Option<Age>,
    /// Every target folder found, in use or not
    #[arg(long, help_heading = "Rules")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) delete: DeleteArgs,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GcArgs {
    #[command(flatten)]
    pub(crate) find: FindArgs,
    /// Units that were not used for this long, nor anything made with them, such as 30d
    #[arg(long, value_name = "AGE", help_heading = "Rules")]
    pub(crate) older_than: Option<Age>,
    /// Units of compilers that are not installed any more
    #[arg(long, help_heading = "Rules")]
    pub(crate) toolchain_gone: bool,
    /// Units that no worktree's Cargo.lock asks for
    #[arg(long, help_heading = "Rules")]
    pub(crate) unreferenced: bool,
    /// Units of which a newer one is there, of the same target in the same profile
    #[arg(long, help_heading = "Rules")]
    pub(crate) superseded: bool,
    /// The compiler's incremental data, where it was not used for this long [default: any]
    #[arg(
        long,
        value_name = "AGE",
        num_args = 0..=1,
        default_missing_value = "0s",
        require_equals = true,
        help_heading = "Rules"
    )]
    pub(crate) incremental: Option<Age>,
    /// Only what is in this profile's folders, such as release; without other rules everything there
    #[arg(long, value_name = "NAME", help_heading = "Rules")]
    pub(crate) profile: Option<String>,
    /// What was used longest ago, until all folders together take no more, such as 20GB
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    pub(crate) max_size: Option<Bytes>,
    /// What was used longest ago, until as much is free on the filesystem
    #[arg(long, value_name = "SIZE", help_heading = "Rules")]
    pub(crate) min_free: Option<Bytes>,
    /// Leave programs where they lie when their units go, and what they may need when they run
    #[arg(long)]
    pub(crate) keep_programs: bool,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}
