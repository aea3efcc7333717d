//! The answer of `audit` for programs.

use std::io;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::audit::model::Audit;
use crate::survey::model::Survey;
use crate::term::json::{VERSION, document};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Audited<'a> {
    version: u32,
    command: &'a str,
    roots: &'a [PathBuf],
    #[serde(flatten)]
    audit: &'a Audit,
}

/// Writes an audit.
pub(crate) fn audit(out: &mut dyn Write, survey: &Survey, audit: &Audit) -> io::Result<()> {
    let audited = Audited {
        version: VERSION,
        command: "audit",
        roots: &survey.roots,
        audit,
    };
    document(out, &audited)
}
