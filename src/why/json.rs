//! The answer of `why` for programs.

use std::io;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::survey::model::Survey;
use crate::term::json::{VERSION, document};
use crate::why::model::WorkspaceBuild;
use crate::why::spec::Spec;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Why<'a> {
    version: u32,
    command: &'a str,
    roots: &'a [PathBuf],
    /// The package that was asked for, as the user wrote it.
    package: Option<&'a str>,
    workspaces: &'a [WorkspaceBuild],
}

/// Writes what was found.
pub(crate) fn why(
    out: &mut dyn Write,
    survey: &Survey,
    package: Option<&Spec>,
    workspaces: &[WorkspaceBuild],
) -> io::Result<()> {
    let why = Why {
        version: VERSION,
        command: "why",
        roots: &survey.roots,
        package: package.map(|spec| spec.text.as_str()),
        workspaces,
    };
    document(out, &why)
}
