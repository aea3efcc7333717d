//! Mistakes on the command line, as they are told.

use std::io::Write as _;

use crate::plan::conduct;
use crate::text;

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
