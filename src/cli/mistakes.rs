//! Shows mistakes on the command line, and errors that end a run.

use std::io::Write as _;

use crate::plan::conduct;
use crate::term::view::{ERROR, HINT};
use crate::text;
use crate::text::failure;

/// Prints what the reader of the command line has to say. It repeats arguments and variables as they came; where one has
/// in it what a terminal obeys, all is printed without colours, and that is shown.
pub(super) fn print(error: &clap::Error) {
    let variables = std::env::vars_os()
        .filter(|(name, _)| name.to_str().is_some_and(|name| name.starts_with("CARGO_")));
    let values = variables.map(|(_, value)| value);
    let mut said = std::env::args_os().chain(values);
    if !said.any(|text| text.to_string_lossy().contains(text::is_unsafe)) {
        let _ = error.print();
        return;
    }
    let _ = write!(conduct::beside(), "{}", error.render());
}

/// Says why the run failed, and what to do next.
pub(super) fn say(error: &anyhow::Error) {
    let (mut out, error) = (conduct::beside(), error.as_ref());
    let _ = writeln!(out, "{ERROR}error{ERROR:#}: {}", failure::message(error));
    if let Some(hint) = failure::hint(error).or_else(|| failure::usual_hint(error)) {
        let _ = writeln!(out, "{HINT}hint{HINT:#}: {hint}");
    }
}

/// Whether the reader of our answer has closed the pipe, since it has seen enough.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
