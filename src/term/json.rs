//! One JSON document for programs.
//!
//! Bytes are integers, times RFC 3339, tags snake case. The shape is the same when there is nothing to say.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::text;

/// The version of the documents. It grows when something is taken away or changes its meaning.
pub(crate) const VERSION: u32 = 1;

pub(crate) fn document(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let document = serde_json::to_string_pretty(value)?;
    out.write_all(text::json(&document).as_bytes())?;
    writeln!(out)
}
