//! Builds a script and keeps its program.

mod keep;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use toml_edit::{DocumentMut, Table};

use crate::cargo::{Build, Cargo};
use crate::fs;
use crate::marks;
use crate::model::TomlProblem;
use crate::script::body::{Body, body};
use crate::script::manifest::{self, Embedded};
use crate::script::names;
use crate::script::package::{self, Around, Package};
use crate::script::places::Places;

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

/// The package of a script, as it lies in the cache folder.
#[derive(Debug)]
pub struct Written {
    /// Its folder.
    pub folder: PathBuf,
    /// The name of its program.
    pub program: String,
    /// The crates that the script names and its manifest does not.
    pub unnamed: Vec<String>,
    body: Body,
    /// Nobody else writes it while this is held.
    _lock: fs::LockGuard,
}

/// Writes the package that a script is built as. What has not changed is not touched, so that Cargo finds it as it
/// left it. While the answer is kept nobody else builds this script.
///
/// # Errors
///
/// The script's manifest has mistakes, each with its place in the script; a crate is not to be found; or the cache
/// folder cannot be written.
pub fn write(build: &ScriptBuild<'_>, places: &Places, cargo: &Cargo) -> Result<Written> {
    let at = |problem: TomlProblem| {
        anyhow!(
            "{}:{}:{}: {}",
            build.shown,
            problem.line,
            problem.column,
            problem.message
        )
    };
    let embedded = manifest::find(build.text).map_err(at)?;
    let infer = build.infer || embedded.form == manifest::Form::TomlComment;
    let make_folder = |folder: &Path| {
        fs::create_folder(folder).with_context(|| {
            format!(
                "the cache of scripts cannot be written (CARGO_SHAREDTARGET_CACHE_DIR says where it is): `{}`",
                places.root().display()
            )
        })
    };
    make_folder(places.root())?;
    fs::write_if_absent(&places.root().join(marks::TAG_NAME), &marks::tag_file())?;
    let text = embedded.foreign.as_ref().map_or_else(
        || build.text.to_owned(),
        |foreign| manifest::blanked(build.text, foreign),
    );
    let copy = embedded.foreign.is_some() || build.is_input;
    let body = body(&text, build.folder, copy, &fs::exists);
    let around = |main: &str, inferred: &Table| {
        let around = Around {
            stem: build.stem,
            id: build.id,
            script: &build.path.to_string_lossy(),
            main,
            folder: &build.folder.to_string_lossy(),
        };
        package::package(&embedded, inferred, &around).map_err(|message| match embedded.lines {
            Some((first, last)) => anyhow!(
                "{}: in the manifest on lines {first} to {last}: {message}",
                build.shown
            ),
            None => anyhow!("{}: {message}", build.shown),
        })
    };
    let main = build.path.to_string_lossy();
    let Package { program, .. } = around(&main, &Table::new())?;
    let folder = places.packages().join(&program);
    make_folder(&folder)?;
    let lock = fs::lock_alone(&folder.join(package::LOCK))?;
    fs::checkpoint("package-locked");

    let copied = folder.join(MAIN);
    let main = match &body.text {
        Some(text) => {
            write_changed(&copied, text.as_bytes())?;
            copied.to_string_lossy().into_owned()
        }
        None => main.into_owned(),
    };
    let missing = missing(&text, &embedded);
    let mut inferred = if infer {
        read_inferred(&folder)
    } else {
        Table::new()
    };
    inferred.retain(|name, _| {
        missing
            .iter()
            .any(|crate_| package::same(&crate_.name, name))
    });
    let file = folder.join("Cargo.toml");
    let mut made = around(&main, &inferred)?.manifest;
    let unnamed: Vec<&names::Named> = missing
        .iter()
        .filter(|missing| {
            !inferred
                .iter()
                .any(|(name, _)| package::same(name, &missing.name))
        })
        .collect();
    if infer && !unnamed.is_empty() {
        // Cargo asks for the newest version, and knows the names that are written with another dash.
        fs::replace(&file, made.to_string().as_bytes())?;
        for missing in &unnamed {
            let features: Vec<String> = missing.features.iter().cloned().collect();
            cargo
                .add(&folder, &missing.name, &features, build.toolchain)
                .with_context(|| {
                    format!(
                        "{}:{}:{}: found no crate for `{}`",
                        build.shown, missing.line, missing.column, missing.name
                    )
                })?;
        }
        made = read_manifest(&file)?;
        inferred = inferred_of(&made, &missing);
        let mut kept = DocumentMut::new();
        *kept.as_table_mut() = inferred;
        fs::replace(&folder.join(INFERRED), kept.to_string().as_bytes())?;
    } else {
        write_changed(&file, made.to_string().as_bytes())?;
    }
    seed_lock(&folder, places, &package::named(&made));
    Ok(Written {
        unnamed: if infer {
            Vec::new()
        } else {
            unnamed
                .into_iter()
                .map(|named| named.name.clone())
                .collect()
        },
        folder,
        program,
        body,
        _lock: lock,
    })
}

/// The copy that is compiled where the script itself cannot be.
const MAIN: &str = "main.rs";

/// The dependencies that were found for names in the code.
const INFERRED: &str = "inferred.toml";

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
        true => written.folder.join("target"),
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
        // Cargo names it relative to the package's folder, in which it runs the compiler.
        option.push(MAIN);
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
    fs::note_use(&written.folder.join(package::LOCK), now);
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

/// The crates that the code names and the manifest does not.
fn missing(text: &str, embedded: &Embedded) -> Vec<names::Named> {
    let known = package::named(&embedded.table);
    let mut named = names::crates(text);
    named.retain(|named| !known.iter().any(|known| package::same(known, &named.name)));
    named
}

fn read_manifest(file: &Path) -> Result<DocumentMut> {
    let bytes = fs::read(file)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.parse()
        .with_context(|| format!("failed to read `{}`", file.display()))
}

fn read_inferred(folder: &Path) -> Table {
    let read = read_manifest(&folder.join(INFERRED));
    read.map_or_else(|_| Table::new(), |document| document.as_table().clone())
}

/// What Cargo wrote for the crates that were missing.
fn inferred_of(manifest: &DocumentMut, missing: &[names::Named]) -> Table {
    let mut table = Table::new();
    let all = manifest
        .get("dependencies")
        .and_then(toml_edit::Item::as_table_like);
    for (name, item) in all.into_iter().flat_map(|all| all.iter()) {
        if missing
            .iter()
            .any(|missing| package::same(&missing.name, name))
        {
            table.insert(name, item.clone());
        }
    }
    table
}

/// Writes a file if it is not what it should be.
fn write_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    match fs::read(path)? {
        Some(there) if there == bytes => Ok(()),
        _ => fs::replace(path, bytes),
    }
}

/// Gives a new package the `Cargo.lock` of the one that has most in common with it: crates of the same version are
/// compiled once for both, and nobody has to be asked for the newest one. What does not fit Cargo chooses anew.
fn seed_lock(folder: &Path, places: &Places, dependencies: &[String]) {
    let lock = folder.join("Cargo.lock");
    if fs::exists(&lock) {
        return;
    }
    let others = fs::names(&places.packages()).unwrap_or_default();
    let of = |name: &String| {
        let bytes = fs::read(&places.packages().join(name).join("Cargo.lock")).ok()??;
        let text = String::from_utf8(bytes).ok()?;
        let locked = |dependency: &&String| {
            let name = dependency.replace('_', "-");
            [dependency.as_str(), &name]
                .iter()
                .any(|name| text.contains(&format!("\nname = \"{name}\"\n")))
        };
        let common = dependencies.iter().filter(locked).count();
        Some((common, text)).filter(|(common, _)| *common > 0)
    };
    if let Some((_, text)) = others
        .iter()
        .filter_map(of)
        .max_by_key(|(common, text)| (*common, text.len()))
    {
        // Without it Cargo makes one of its own.
        let _ = fs::replace(&lock, text.as_bytes());
    }
}
