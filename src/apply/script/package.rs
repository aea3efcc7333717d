//! Writes the package that a script is built as.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use toml_edit::{DocumentMut, Item, Table};

use super::ScriptBuild;
use crate::cargo::Cargo;
use crate::fs;
use crate::marks;
use crate::script::body::{Body, body};
use crate::script::manifest::{self, Embedded};
use crate::script::names::{self, Named};
use crate::script::package::{self, Around, Package};
use crate::script::places::Places;

/// The package of a script, as it lies in the cache folder.
#[derive(Debug)]
pub struct Written {
    /// The folder of its workspace, with its target folder if it has one.
    pub(super) workspace: PathBuf,
    /// Its folder.
    pub folder: PathBuf,
    /// The name of its program.
    pub(super) program: String,
    /// What is worth a look if the script does not build, each as a sentence.
    pub doubts: Vec<String>,
    /// What is compiled.
    pub(super) body: Body,
    /// Nobody else writes it while this is held.
    _lock: fs::LockGuard,
}

/// The copy that is compiled where the script itself cannot be.
pub(super) const MAIN: &str = "main.rs";

/// The dependencies that were found for names in the code.
const INFERRED: &str = "inferred.toml";

const MANIFEST: &str = "Cargo.toml";

/// Writes the package that a script is built as. What has not changed is not touched, so that Cargo finds it as it
/// left it. While the answer is kept nobody else builds this script.
///
/// # Errors
///
/// The script's manifest has mistakes, each with its place in the script; or the cache folder cannot be written.
pub fn write(build: &ScriptBuild<'_>, places: &Places, cargo: &Cargo) -> Result<Written> {
    let embedded = manifest::find(build.text).map_err(|problem| {
        let (line, column) = (problem.line, problem.column);
        anyhow!("{}:{line}:{column}: {}", build.shown, problem.message)
    })?;
    let text = embedded.foreign.as_ref().map_or_else(
        || build.text.to_owned(),
        |foreign| manifest::blanked(build.text, foreign),
    );
    let copy = embedded.foreign.is_some() || build.is_input;
    let body = body(&text, build.folder, copy, &fs::exists);
    let script = build.path.to_string_lossy();
    let Package { program, .. } = made(build, &embedded, &script, &Table::new())?;

    let workspace = places.packages().join(&program);
    let folder = workspace.join(&program);
    make_cache(places, &folder)?;
    let lock = fs::lock_alone(&workspace.join(package::LOCK))?;
    // It may have been deleted while we waited.
    fs::create_folder(&folder)?;
    fs::checkpoint("package-locked");
    let copied = folder.join(MAIN);
    let main = match &body.text {
        Some(text) => {
            write_changed(&copied, text.as_bytes())?;
            copied.to_string_lossy()
        }
        None => script,
    };
    let missing = missing(&text, &embedded);
    let infer = build.infer || embedded.form == manifest::Form::TomlComment;
    let mut known = match infer {
        true => read_inferred(&folder),
        false => Table::new(),
    };
    known.retain(|name, _| missing.iter().any(|one| package::same(&one.name, name)));
    let Package {
        manifest: own,
        workspace: root,
        ..
    } = made(build, &embedded, &main, &known)?;
    write_changed(&workspace.join(MANIFEST), root.to_string().as_bytes())?;
    let is_known = |named: &&Named| {
        known
            .iter()
            .any(|(name, _)| package::same(name, &named.name))
    };
    let unknown: Vec<&Named> = missing.iter().filter(|named| !is_known(named)).collect();
    let mut written = Written {
        doubts: nested(&body),
        workspace,
        folder,
        program,
        body,
        _lock: lock,
    };
    let names = if infer && !unknown.is_empty() {
        written.add(build, cargo, &own, &unknown, &missing)?
    } else {
        write_changed(&written.folder.join(MANIFEST), own.to_string().as_bytes())?;
        if !infer && !unknown.is_empty() {
            let all: Vec<&str> = unknown.iter().map(|named| named.name.as_str()).collect();
            let all = all.join(", ");
            let doubt = format!(
                "it names {all}, and no manifest does: if these are crates, `--infer` adds them"
            );
            written.doubts.push(doubt);
        }
        package::named(&own)
    };
    seed_lock(&written.workspace, places, &names);
    Ok(written)
}

impl Written {
    /// Adds crates that the code names, and remembers them. Returns the names of all dependencies.
    fn add(
        &mut self,
        build: &ScriptBuild<'_>,
        cargo: &Cargo,
        own: &DocumentMut,
        unknown: &[&Named],
        missing: &[Named],
    ) -> Result<Vec<String>> {
        let file = self.folder.join(MANIFEST);
        // Cargo asks for the newest version, and knows the names that are written with another dash.
        fs::replace(&file, own.to_string().as_bytes())?;
        for named in unknown {
            let features: Vec<String> = named.features.iter().cloned().collect();
            let added = cargo.add(&self.folder, &named.name, &features, build.toolchain);
            // It may be no crate: what comes by a glob of another one looks the same.
            if let Err(error) = added {
                self.doubts.push(format!(
                    "{}:{}:{}: found no crate for `{}`: {error:#}",
                    build.shown, named.line, named.column, named.name
                ));
            }
        }
        let bytes = fs::read(&file)?.unwrap_or_default();
        let now: DocumentMut = String::from_utf8_lossy(&bytes)
            .parse()
            .with_context(|| format!("failed to read `{}`", file.display()))?;
        let mut kept = DocumentMut::new();
        let all = now.get("dependencies").and_then(Item::as_table_like);
        for (name, item) in all.into_iter().flat_map(|all| all.iter()) {
            if missing.iter().any(|one| package::same(&one.name, name)) {
                kept.insert(name, item.clone());
            }
        }
        fs::replace(&self.folder.join(INFERRED), kept.to_string().as_bytes())?;
        Ok(package::named(&now))
    }
}

/// Makes the folders around a package, and marks the cache for what it is.
fn make_cache(places: &Places, folder: &Path) -> Result<()> {
    let tag = places.root().join(marks::TAG_NAME);
    fs::create_folder(folder)
        .and_then(|()| fs::write_if_absent(&tag, &marks::tag_file()))
        .with_context(|| {
            format!(
                "the cache of scripts cannot be written: `{}` (CARGO_SHAREDTARGET_CACHE_DIR says where it is)",
                places.root().display()
            )
        })
}

fn made(
    build: &ScriptBuild<'_>,
    embedded: &Embedded,
    main: &str,
    inferred: &Table,
) -> Result<Package> {
    let around = Around {
        stem: build.stem,
        id: build.id,
        script: &build.path.to_string_lossy(),
        main,
        folder: &build.folder.to_string_lossy(),
    };
    package::package(embedded, inferred, &around).map_err(|message| match embedded.lines {
        Some((first, last)) => {
            anyhow!(
                "{}: in the manifest on lines {first} to {last}: {message}",
                build.shown
            )
        }
        None => anyhow!("{}: {message}", build.shown),
    })
}

/// Modules that a copy of the script may not find: the compiler looks for theirs beside them, and not in the folder of
/// their name, where the copy has to say where they are.
fn nested(body: &Body) -> Vec<String> {
    let doubt = |path: &PathBuf| {
        format!(
            "`{}` has modules in files of their own, which are not found where the script is compiled from a copy: \
             with its manifest in a comment (`//! ```cargo`) and a `main` it is compiled where it lies",
            path.display()
        )
    };
    body.nested.iter().map(doubt).collect()
}

/// The crates that the code names and the manifest does not.
fn missing(text: &str, embedded: &Embedded) -> Vec<Named> {
    let known = package::named(&embedded.table);
    let mut named = names::crates(text);
    named.retain(|named| !known.iter().any(|known| package::same(known, &named.name)));
    named
}

fn read_inferred(folder: &Path) -> Table {
    let bytes = fs::read(&folder.join(INFERRED))
        .ok()
        .flatten()
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let table = text
        .parse()
        .map(|read: DocumentMut| read.as_table().clone());
    table.unwrap_or_default()
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
