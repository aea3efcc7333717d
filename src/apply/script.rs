//! Builds a script and keeps its program.

mod keep;
mod package;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;

use crate::cargo::{Build, Cargo};
use crate::fs;
use crate::script::body::Body;
use crate::script::package::LOCK;
use crate::script::places::Places;

use package::MAIN;
pub use package::{Written, write};

/// A script to be built, and how.
#[derive(Clone, Debug)]
pub struct ScriptBuild<'a> {
    /// The script, without links.
    pub path: &'a Path,
    /// How it is called in messages and by the program itself.
    pub shown: &'a str,
    /// Its name without its ending.
    pub stem: &'a str,
    /// What is its own.
    pub id: &'a str,
    /// The folder that its paths are relative to.
    pub folder: &'a Path,
    /// It is no file.
    pub is_input: bool,
    /// Its content.
    pub text: &'a str,
    /// The name for its program.
    pub key: &'a str,
    /// The toolchain, by name.
    pub toolchain: Option<&'a str>,
    /// In the release profile.
    pub release: bool,
    /// Its tests.
    pub test: bool,
    /// Into a target folder of its own.
    pub own_target: bool,
    /// Crates that it names, and no manifest, are added.
    pub infer: bool,
    /// The features to enable.
    pub features: &'a [String],
    /// Whether messages may have colours.
    pub color: bool,
    /// Only warnings and errors are shown.
    pub quiet: bool,
    /// The compiler's incremental data are kept: somebody asked for that.
    pub incremental: bool,
}

/// Builds a script and keeps its program; `None` if it does not build, which Cargo has explained. Of tests nothing is
/// kept.
///
/// # Errors
///
/// Cargo cannot be run, or the cache folder cannot be written.
pub fn build(
    build: &ScriptBuild<'_>,
    written: &Written,
    places: &Places,
    cargo: &Cargo,
    variable: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Result<Option<PathBuf>> {
    let target = match build.own_target {
        true => written.workspace.join("target"),
        false => places.target(),
    };
    let mut options: Vec<OsString> = Vec::new();
    match (build.test, build.release) {
        (true, false) => options.extend(["--profile".into(), "test".into()]),
        (true, true) => options.extend(["--profile".into(), "bench".into()]),
        (false, true) => options.push("--release".into()),
        (false, false) => {}
    }
    if !build.features.is_empty() {
        options.extend(["--features".into(), build.features.join(",").into()]);
    }
    let mut compiler_options = Vec::new();
    if written.body.text.is_some() {
        // Messages, panics and `file!()` name the script. Only this crate is compiled with it, so that all others are
        // the same for all scripts.
        let mut option = OsString::from("--remap-path-prefix=");
        // Cargo names it relative to the workspace's folder, in which it runs the compiler.
        option.push(Path::new(&written.program).join(MAIN));
        option.push("=");
        option.push(build.shown);
        compiler_options.push(option);
    }
    let begun = fs::clock();
    let built = cargo.build(
        &Build {
            package: &written.folder,
            program: &written.program,
            target: &target,
            toolchain: build.toolchain,
            options,
            compiler_options,
            color: build.color,
            quiet: build.quiet,
            incremental: build.incremental,
        },
        &|message| in_script(message, build.shown, &written.body),
    )?;
    let Some(built) = built else { return Ok(None) };
    if build.test {
        return Ok(Some(built.program));
    }
    fs::checkpoint("script-built");
    fs::note_use(&written.workspace.join(LOCK), now);
    let kept = keep::keep(build, &built, places, begun, variable, now)?;
    if build.is_input {
        // Nobody will ask for the same text again by its place.
        let _ = fs::remove_file(&written.folder.join(MAIN));
    }
    Ok(Some(kept))
}

/// A message of the compiler with the places in a copy as those in the script.
fn in_script(message: &str, shown: &str, body: &Body) -> String {
    if body.shifts.is_empty() {
        return message.to_owned();
    }
    let before = format!("{shown}:");
    let mut pieces = message.split(&before);
    let mut said = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        said.push_str(&before);
        let digits =
            |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let line = digits(piece);
        let column = piece[line..].strip_prefix(':').map_or(0, digits);
        let place = piece[..line].parse().ok().zip(
            piece
                .get(line + 1..line + 1 + column)
                .and_then(|text| text.parse().ok()),
        );
        match place {
            Some((at_line, at_column)) => {
                let (at_line, at_column) = body.in_script(at_line, at_column);
                said.push_str(&format!("{at_line}:{at_column}"));
                said.push_str(&piece[line + 1 + column..]);
            }
            None => said.push_str(piece),
        }
    }
    said
}
