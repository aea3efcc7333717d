//! The answer of `hook status` for programs.

use std::io;
use std::io::Write;

use serde::Serialize;

use crate::hook::model::HookStatus;
use crate::term::json::{VERSION, document};

#[derive(Serialize)]
pub(crate) struct Hooks<'a> {
    version: u32,
    command: &'a str,
    hooks: &'a [HookStatus],
}

/// Writes how it stands with hooks.
pub(crate) fn hook_status(out: &mut dyn Write, hooks: &[HookStatus]) -> io::Result<()> {
    let hooks = Hooks {
        version: VERSION,
        command: "hook status",
        hooks,
    };
    document(out, &hooks)
}
