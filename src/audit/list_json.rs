//! The answer of `list` for programs.

use std::io;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::audit::listing::Listing;
use crate::fs::model::Problem;
use crate::survey::folder::Trash;
use crate::survey::model::{EnvOverride, Repository, SharedRoot, Survey};
use crate::term::json::{VERSION, document};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct List<'a> {
    version: u32,
    command: &'a str,
    roots: &'a [PathBuf],
    shared_root: &'a SharedRoot,
    repositories: &'a [Repository],
    #[serde(flatten)]
    listing: &'a Listing,
    trash: &'a [Trash],
    overrides: &'a [EnvOverride],
    problems: &'a [Problem],
}

/// Writes what there is.
pub(crate) fn list(out: &mut dyn Write, survey: &Survey, listing: &Listing) -> io::Result<()> {
    let list = List {
        version: VERSION,
        command: "list",
        roots: &survey.roots,
        shared_root: &survey.shared_root,
        repositories: &survey.repositories,
        listing,
        trash: &survey.trash,
        overrides: &survey.overrides,
        problems: &survey.problems,
    };
    document(out, &list)
}
