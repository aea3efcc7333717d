//! The arguments of `audit` and `list`.

use clap::Args;

use crate::audit::command::AuditFormat;
use crate::size::Bytes;
use crate::term::args::{FindArgs, SpeakArgs, ToneArgs};

pub(crate) const LIST: &str = "\
Examples:
  cargo sharedtarget list ~/code                     every workspace, with its size and last build
  cargo sharedtarget list --no-size --format json    for programs, quickly";

pub(crate) const AUDIT: &str = "\
Examples:
  cargo sharedtarget audit                                      what is in the target folders here
  cargo sharedtarget audit --format html ~/code > audit.html    a page to look around in
  cargo sharedtarget audit --max-size 20GB                      fail in CI if they take more";

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) find: FindArgs,
    /// Do not measure, which is much quicker
    #[arg(long)]
    pub(crate) no_size: bool,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) find: FindArgs,
    /// Show as many rows of each table
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    pub(crate) top: usize,
    /// Exit with 1 if there is something to change
    #[arg(long)]
    pub(crate) check: bool,
    /// Exit with 1 if all folders together take more than this, such as 20GB
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_size: Option<Bytes>,
    /// The format of the answer
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub(crate) format: AuditFormat,
    #[command(flatten)]
    pub(crate) tone: ToneArgs,
}
