//! Conducts this program where it is called `rust-script`.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::mistakes::{is_closed_pipe, print, say};
use crate::cli::{cache, log, run};
use crate::fs;
use crate::script::dialect::{RUST_SCRIPT, file_name};
use crate::script::evict::CachePart;
use crate::script::rust_script_args::RustScriptArgs;
use crate::term::args::SpeakArgs;
use crate::term::exit::Exit;

/// Whether this program is called by that name.
pub(super) fn is_called(program: Option<&OsString>) -> bool {
    is_called_by(program, RUST_SCRIPT)
}

/// Whether this program is called by a name.
pub(super) fn is_called_by(program: Option<&OsString>, name: &str) -> bool {
    let program = program.map(|program| program.to_string_lossy());
    program.is_some_and(|program| file_name(&program) == name)
}

/// Reads the command line and runs. It ends with 1 where something went wrong, as rust-script does.
pub(super) fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let args = match parse(&arguments) {
        Ok(args) => args,
        Err(error) => {
            print(&error);
            return match error.use_stderr() {
                true => Exit::Usage,
                false => Exit::Done,
            }
            .into();
        }
    };
    ended(conduct(&args))
}

/// Exit code of rust-script and of thag: 1 for all that goes wrong.
pub(super) fn ended(result: Result<Exit>) -> ExitCode {
    match result {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: &[OsString]) -> Result<RustScriptArgs, clap::Error> {
    let matches = RustScriptArgs::command().try_get_matches_from(arguments)?;
    log::start(&matches, arguments)?;
    RustScriptArgs::from_arg_matches(&matches)
        .map_err(|error| error.format(&mut RustScriptArgs::command()))
}

fn conduct(args: &RustScriptArgs) -> Result<Exit> {
    let tone = SpeakArgs::silent().tone;
    let cwd = crate::cli::cwd()?;
    if args.clear_cache {
        cache::clear(&cwd, CachePart::All)?;
    }
    let Some(asked) = args.asked(&cwd, &found)? else {
        writeln!(std::io::stdout(), "{RUST_SCRIPT} cache cleared.")?;
        return Ok(Exit::Done);
    };
    run::ran(asked, cwd, crate::cli::color_choice(&tone))
}

/// The file that a name stands for: a name without an ending may leave out the script's.
fn found(path: &Path) -> PathBuf {
    if path.extension().is_some() || fs::exists(path) {
        return path.to_owned();
    }
    let mut all = ["ers", "rs"]
        .map(|ending| path.with_extension(ending))
        .into_iter();
    all.find(|path| fs::exists(path))
        .unwrap_or_else(|| path.to_owned())
}
