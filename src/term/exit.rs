//! Exit codes.

use std::process::ExitCode;

/// How a run ended, as programs see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Some actions failed or were skipped.
    Incomplete = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Something would be deleted, and it was not confirmed.
    NotConfirmed = 3,
    /// It could not run.
    CouldNotRun = 101,
}

impl Exit {
    /// The same, or incomplete where something could not be done.
    #[must_use]
    pub(crate) fn unless(self, stuck: bool) -> Self {
        match self {
            Self::Done if stuck => Self::Incomplete,
            exit => exit,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
