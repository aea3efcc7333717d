//! Conducts this program where it is called `thag`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::mistakes::print;
use crate::cli::{cache, log, run, rust_script};
use crate::fs;
use crate::script::dialect::THAG;
use crate::script::thag_args::{Deed, ThagArgs};
use crate::term::args::SpeakArgs;
use crate::term::exit::Exit;
use crate::text::failure::Hint as _;

/// Whether this program is called by that name.
pub(super) fn is_called(program: Option<&OsString>) -> bool {
    rust_script::is_called_by(program, THAG)
}

/// Reads the command line and runs. It ends with 1 where something went wrong, as thag does.
pub(super) fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match parse(&arguments) {
        Ok(args) => rust_script::ended(conduct(&args)),
        Err(error) => {
            print(&error);
            match error.use_stderr() {
                true => Exit::Usage,
                false => Exit::Done,
            }
            .into()
        }
    }
}

fn parse(arguments: &[OsString]) -> Result<ThagArgs, clap::Error> {
    let matches = ThagArgs::command().try_get_matches_from(arguments)?;
    log::start(&matches, arguments)?;
    ThagArgs::from_arg_matches(&matches).map_err(|error| error.format(&mut ThagArgs::command()))
}

fn conduct(args: &ThagArgs) -> Result<Exit> {
    let color = crate::cli::color_choice(&SpeakArgs::silent().tone);
    let cwd = crate::cli::cwd()?;
    match args.deed()? {
        Deed::Run(asked) => run::ran(*asked, cwd, color),
        Deed::Install(asked) => {
            let force = args.force;
            run::ran_answering(*asked, cwd, color, &|program| install(program, force))
        }
        Deed::Clear(part) => cache::clear(&cwd, part).map(|()| Exit::Done),
    }
}

/// Puts a copy of a program where the user's shell finds programs, as thag does.
fn install(program: &Path, force: bool) -> Result<()> {
    let home = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty());
    let home = home.map(PathBuf::from).or_else(|| {
        let home = std::env::home_dir();
        home.map(|home| home.join(".cargo"))
    });
    let folder = home
        .context("failed to find the folder of Cargo")?
        .join("bin");
    let name = program.file_name().context("expected a program")?;
    let place = folder.join(name);
    if fs::exists(&place) && !force {
        return Err(anyhow!("`{}` is there already", place.display()))
            .hint("`--force` replaces it");
    }
    fs::create_folder(&folder)?;
    let new = folder.join(format!(".{}.new", name.to_string_lossy()));
    fs::copy_file(program, &new)?;
    fs::rename(&new, &place)?;
    run::answer(&place)
}
