//! The answer of `cache info` for programs.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::script::model::{ScriptCache, ScriptShare};
use crate::size::Bytes;
use crate::survey::settings::CacheLimits;
use crate::term::json::{VERSION, document};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Scripts<'a> {
    version: u32,
    command: &'a str,
    #[serde(flatten)]
    cache: &'a ScriptCache,
    scripts: &'a [ScriptShare],
    /// Bytes, and seconds.
    max_size: Bytes,
    max_age: i64,
}

/// Writes what the cache of scripts holds.
pub(crate) fn script_cache(
    out: &mut dyn Write,
    (cache, scripts): (&ScriptCache, &[ScriptShare]),
    limits: &CacheLimits,
) -> io::Result<()> {
    let scripts = Scripts {
        version: VERSION,
        command: "cache info",
        cache,
        scripts,
        max_size: limits.max_size,
        max_age: limits.max_age.0.as_secs(),
    };
    document(out, &scripts)
}
