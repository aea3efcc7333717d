//! Programs that are run, as the log has them.

use std::io;
use std::process::{Command, ExitStatus, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tracing::{Level, debug, enabled};

/// A program that was started. Several run at once, so that each has a number in the log.
#[derive(Debug)]
pub(crate) struct Started {
    number: usize,
    begun: Instant,
}

impl Started {
    /// A program that is started now, by a command in which nothing is private.
    pub(crate) fn new(command: &Command) -> Self {
        Self::with(command, |arguments| format!("{arguments:?}"))
    }

    /// A program of the user's own, whose arguments may be private.
    pub(crate) fn private(command: &Command) -> Self {
        Self::with(command, |arguments| {
            format!("[{} private]", arguments.len())
        })
    }

    fn with(command: &Command, shown: impl Fn(&[&std::ffi::OsStr]) -> String) -> Self {
        static STARTED: AtomicUsize = AtomicUsize::new(1);
        let begun = Instant::now();
        if !enabled!(Level::DEBUG) {
            return Self { number: 0, begun };
        }
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let (program, folder) = (command.get_program(), command.get_current_dir());
        let arguments: Vec<_> = command.get_args().collect();
        let arguments = shown(&arguments);
        debug!(number, ?program, %arguments, ?folder, "program starts");
        Self { number, begun }
    }

    /// Notes how it ended; an error if it did not start.
    pub(crate) fn ended(&self, status: Result<ExitStatus, &io::Error>) {
        let (number, took) = (self.number, self.begun.elapsed());
        match status {
            Ok(status) => debug!(number, code = ?status.code(), ?took, "program ended"),
            Err(error) => debug!(number, %error, ?took, "program failed"),
        }
    }
}

/// Runs a program for its output.
///
/// # Errors
///
/// It cannot be run.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    let started = Started::new(command);
    let output = command.output();
    started.ended(output.as_ref().map(|output| output.status));
    output
}
