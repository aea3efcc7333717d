//! A plan, and what became of it, for programs.

use std::io;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::plan::action::Plan;
use crate::plan::outcome::Outcome;
use crate::survey::model::{SharedRoot, Survey};
use crate::term::json::{VERSION, document};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Run<'a> {
    version: u32,
    command: &'a str,
    dry_run: bool,
    roots: &'a [PathBuf],
    /// Missing for what has nothing to do with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_root: Option<&'a SharedRoot>,
    plan: &'a Plan,
    /// `null` if nothing was carried out.
    outcome: Option<&'a Outcome>,
}

/// Writes the plan of a run, and what came of it.
pub(crate) fn run(
    out: &mut dyn Write,
    command: &str,
    dry_run: bool,
    survey: &Survey,
    plan: &Plan,
    outcome: Option<&Outcome>,
) -> io::Result<()> {
    let roots = &survey.roots[..];
    let shared_root = Some(&survey.shared_root).filter(|root| !root.path.as_os_str().is_empty());
    document(
        out,
        &Run {
            version: VERSION,
            command,
            dry_run,
            roots,
            shared_root,
            plan,
            outcome,
        },
    )
}
