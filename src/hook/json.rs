//! The answer of `hook status` for programs.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::fs::model::Problem;
use crate::hook::model::HookStatus;
use crate::hook::tools::model::ToolStatus;
use crate::term::json::{VERSION, document};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Hooks<'a> {
    version: u32,
    command: &'a str,
    hooks: &'a [HookStatus],
    tools: &'a [ToolStatus],
    problems: &'a [Problem],
}

/// Writes how it stands with hooks.
pub(crate) fn hook_status(
    out: &mut dyn Write,
    hooks: &[HookStatus],
    tools: &[ToolStatus],
    problems: &[Problem],
) -> io::Result<()> {
    let hooks = Hooks {
        version: VERSION,
        command: "hook status",
        hooks,
        tools,
        problems,
    };
    document(out, &hooks)
}
