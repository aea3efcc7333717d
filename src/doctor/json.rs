//! The answer of `doctor` for programs.

use std::io;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::doctor::model::DoctorReport;
use crate::survey::model::Survey;
use crate::term::json::{VERSION, document};

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Doctor<'a> {
    version: u32,
    command: &'a str,
    roots: &'a [PathBuf],
    #[serde(flatten)]
    checkup: &'a DoctorReport,
}

/// Writes what is wrong.
pub(crate) fn doctor(
    out: &mut dyn Write,
    survey: &Survey,
    checkup: &DoctorReport,
) -> io::Result<()> {
    let doctor = Doctor {
        version: VERSION,
        command: "doctor",
        roots: &survey.roots,
        checkup,
    };
    document(out, &doctor)
}
