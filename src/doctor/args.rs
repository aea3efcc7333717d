//! The arguments of `doctor`.

use clap::Args;

use crate::term::args::{ActArgs, FindArgs, SpeakArgs};

pub(crate) const DOCTOR: &str = "\
Examples:
  cargo sharedtarget doctor ~/code    what is wrong, why it matters, what mends it
  cargo sharedtarget doctor --fix     mend what can be undone again";

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) find: FindArgs,
    /// Mend what can be mended and undone: configurations of worktrees that share a folder, the git hook
    #[arg(long)]
    pub(crate) fix: bool,
    #[command(flatten)]
    pub(crate) act: ActArgs,
    #[command(flatten)]
    pub(crate) speak: SpeakArgs,
}
