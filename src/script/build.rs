//! Builds a script and keeps its program.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;

use crate::cargo::model::TomlProblem;
use crate::cargo::{Build, Cargo, Ended, Heard};
use crate::fs;
use crate::fs::model::FileState;
use crate::script::body::Code;
use crate::script::compiler::Compiler;
use crate::script::dialect::{Dependency, Front};
use crate::script::package::LOCK;
use crate::script::paths::ScriptCachePaths;
use crate::script::request::Ready;
use crate::script::thag::ThagRules;
use crate::script::write_package::{MAIN, MANIFEST};
pub(crate) use crate::script::write_package::{Written, write};
use crate::script::{embedded_manifest, keep, libraries, manifest_place, nesting};

/// A script to be built, and how.
#[derive(Clone, Debug)]
pub(crate) struct ScriptBuild<'a> {
    pub(crate) path: &'a Path,
    /// How it is called in messages and by the program itself.
    pub(crate) shown: &'a str,
    /// Its name without its ending.
    pub(crate) stem: &'a str,
    pub(crate) id: &'a str,
    /// The folder that its own paths are relative to, …
    pub(crate) folder: &'a Path,
    /// … and the one that those in its manifest are relative to.
    pub(crate) base: &'a Path,
    pub(crate) code: Code,
    /// Attributes and items before an expression.
    pub(crate) prelude: &'a [String],
    /// Dependencies in addition to those of its manifest.
    pub(crate) dependencies: &'a [Dependency],
    /// The program that the user runs it by.
    pub(crate) front: Front,
    /// The folder of its package, if the user names one.
    pub(crate) package_at: Option<&'a Path>,
    /// Variables for the compiler.
    pub(crate) variables: &'a [(&'static str, String)],
    /// The state of its file before it was read; `None` if it has none.
    pub(crate) state: Option<&'a FileState>,
    pub(crate) text: &'a str,
    /// The name for its program.
    pub(crate) key: &'a str,
    pub(crate) toolchain: Option<&'a str>,
    /// The platform of the compiler, if it says so.
    pub(crate) host: Option<&'a str>,
    pub(crate) release: bool,
    pub(crate) test: bool,
    /// Into a target folder of its own.
    pub(crate) own_target: bool,
    /// Crates that it names, and no manifest, are added.
    pub(crate) infer: bool,
    /// Rules of thag, if it may be written for that.
    pub(crate) thag: Option<&'a ThagRules>,
    pub(crate) features: &'a [String],
    /// Whether messages may have colours.
    pub(crate) color: bool,
    /// Only warnings and errors are shown.
    pub(crate) quiet: bool,
    /// The compiler's incremental data are kept, because the user asked for them.
    pub(crate) incremental: bool,
    /// Where the output of the build is kept, in place of standard error.
    pub(crate) heard: Option<&'a Heard>,
    /// Its program needs neither debug information nor names, if its manifest does not say otherwise.
    pub(crate) lean: bool,
    /// The name and the id of a script whose manifest says the same.
    pub(crate) like: Option<(&'a str, &'a str)>,
}

/// The variable by which rustc has another stack.
const STACK: &str = "RUST_MIN_STACK";

/// Builds a script and keeps its program, or says that it does not build, which has been explained. Of tests nothing is
/// kept. `compiler` is the one that builds it.
///
/// # Errors
///
/// Cargo cannot be run, or the cache folder cannot be written.
pub(crate) fn build(
    build: &ScriptBuild<'_>,
    written: &Written,
    places: &ScriptCachePaths,
    cargo: &Cargo,
    variable: &dyn Fn(&str) -> Option<String>,
    compiler: &Compiler,
    now: Timestamp,
) -> Result<std::result::Result<Ready, Failed>> {
    let target = target(build, written, places);
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
        // Where a name has the sign that stands between the two, messages are put right below.
        if !build.shown.contains('=') {
            let mut option = OsString::from("--remap-path-prefix=");
            option.push(copied(written));
            option.push("=");
            option.push(build.shown);
            compiler_options.push(option);
        }
    }
    for (module, _) in &written.modules {
        let (file, copy) = (module.file.as_os_str(), module.copy.as_os_str());
        if !file.to_string_lossy().contains('=') {
            let mut option = OsString::from("--remap-path-prefix=");
            option.push(copy);
            option.push("=");
            option.push(file);
            compiler_options.push(option);
        }
    }
    // Options of this crate alone: all others are the same for all programs.
    let by_profile = build.front == Front::Own && !build.test && !build.release;
    if build.lean && by_profile && !written.says_debug {
        compiler_options.extend(["-Cdebuginfo=0", "-Cstrip=symbols"].map(OsString::from));
    }
    let mut variables = build.variables.to_vec();
    if let Some(stack) = nesting::of_compiler(written.body.depth)
        && variable(STACK).is_none()
    {
        variables.push((STACK, stack.to_string()));
    }
    let begun = fs::clock();
    let built = cargo.build(
        &Build {
            dir: dir(build, &written.folder),
            package: &written.folder,
            program: &written.program,
            target: &target,
            toolchain: build.toolchain,
            options,
            compiler_options,
            color: build.color,
            quiet: build.quiet,
            incremental: build.incremental,
            variables: &variables,
            heard: build.heard,
        },
        &|message| {
            let message = in_script(message, build.shown, written);
            // The compiler repeats the name, nearly as it is: a line end in it must not begin a line of ours.
            match build.shown.contains('\n') {
                true => message.replace('\n', "\n    "),
                false => message,
            }
        },
    )?;
    let built = match built {
        Ended::Built(built) => built,
        Ended::Failed { compiled } => return Ok(Err(Failed { compiled })),
    };
    if build.test {
        let libraries = libraries::named(&built, &target)?;
        let folders = libraries.iter().filter_map(|file| file.parent());
        let folders: BTreeSet<PathBuf> = folders.map(Path::to_owned).collect();
        let search = libraries::search(folders.into_iter().collect(), compiler);
        let program = built.program;
        return Ok(Ok(Ready { program, search }));
    }
    fs::checkpoint("script-built");
    fs::note_use(&written.workspace.join(LOCK), now);
    let cache = (places, target.as_path());
    let (program, has_libraries) = keep::keep(build, &built, cache, begun, written, variable, now)?;
    let own = program.with_file_name(libraries::FOLDER);
    let own = has_libraries.then_some(own).into_iter().collect();
    let search = libraries::search(own, compiler);
    if build.state.is_none() {
        // A later run cannot ask for the same text by its place.
        let _ = fs::remove_file(&written.folder.join(MAIN));
    }
    Ok(Ok(Ready { program, search }))
}

/// The target folder of a build. Cargo tells packages apart by their folder below that of their workspace, which is the same
/// for all that lie where the user says.
pub(crate) fn target(
    build: &ScriptBuild<'_>,
    written: &Written,
    places: &ScriptCachePaths,
) -> PathBuf {
    match build.own_target || build.package_at.is_some() {
        true => written.workspace.join("target"),
        false => places.target(),
    }
}

/// The folder that Cargo runs in, whose configurations count: they are a part of the name of a kept program.
pub(crate) fn dir<'a>(build: &ScriptBuild<'a>, package: &'a Path) -> &'a Path {
    match build.front {
        Front::Own => build.folder,
        Front::RustScript | Front::Thag => package,
    }
}

/// A script does not build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// The compiler said why; else it is Cargo that could not even begin.
    pub(crate) compiled: bool,
}

/// The place in a script of what Cargo does not like in the manifest that is made from it; nothing where Cargo names no place,
/// or one that is ours.
pub(crate) fn complaint(
    build: &ScriptBuild<'_>,
    written: &Written,
    cargo: &Cargo,
) -> Option<TomlProblem> {
    let said = cargo.complaint(&written.folder, build.toolchain).ok()??;
    let named = manifest_place::named(&said)?;
    let folder = match named.of_workspace {
        true => &written.workspace,
        false => &written.folder,
    };
    let made = fs::read(&folder.join(MANIFEST)).ok()??;
    let toml = embedded_manifest::toml(build.text)?;
    manifest_place::in_script(build.text, &toml, std::str::from_utf8(&made).ok()?, &named)
}

/// How the compiler calls a copy: Cargo names it relative to the workspace's folder, in which it runs it.
fn copied(written: &Written) -> PathBuf {
    let folder = written.folder.strip_prefix(&written.workspace);
    folder.unwrap_or(Path::new("")).join(MAIN)
}

/// A message of the compiler with the places in a copy as those in the script.
fn in_script(message: &str, shown: &str, written: &Written) -> String {
    let Written { body, .. } = written;
    if body.text.is_none() {
        return message.to_owned();
    }
    let before = format!("{shown}:");
    let message = message.replace(&format!("{}:", copied(written).display()), &before);
    let mut pieces = message.split(&before);
    let mut said = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        said.push_str(&before);
        let digits =
            |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let line = digits(piece);
        let column = piece[line..].strip_prefix(':').map_or(0, digits);
        let number = |range: std::ops::Range<usize>| piece.get(range)?.parse().ok();
        match number(0..line).zip(number(line + 1..line + 1 + column)) {
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
