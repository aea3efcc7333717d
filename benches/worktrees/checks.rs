//! Checks that must hold, however busy the machine is.

use std::process::ExitCode;

/// Counts what did not hold.
#[derive(Default)]
pub(crate) struct Checks {
    held: usize,
    wrong: usize,
}

impl Checks {
    /// Takes down whether something holds, and says at once what does not.
    pub(crate) fn that(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if holds {
            self.held += 1;
        } else {
            self.wrong += 1;
            println!("WRONG   {}", otherwise());
        }
    }

    /// Says it all in a line and an exit code.
    pub(crate) fn verdict(&self) -> ExitCode {
        println!("\n{} checks held, {} did not", self.held, self.wrong);
        match self.wrong {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }
}
