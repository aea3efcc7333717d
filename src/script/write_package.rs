//! Writes the package that a script is built as.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use toml_edit::{DocumentMut, Table};

use crate::cargo::Cargo;
use crate::script::add_crates::{AddRules, Added};
use crate::script::body::{
    self, Body, Code, Files, Making, Nested, Snippet, body, has_module_files,
};
use crate::script::build::ScriptBuild;
use crate::script::dialect::{Dialect, Front};
use crate::script::embedded_manifest::Embedded;
use crate::script::infer::Named;
use crate::script::model::Watched;
use crate::script::package::{Package, PackageContext};
use crate::script::paths::{ELSEWHERE, ScriptCachePaths};
use crate::script::{cache_key, dialect, embedded_manifest, infer, package};
use crate::survey::settings;
use crate::text::failure::Hint as _;
use crate::{fs, markers};

/// The package of a script, as it lies in the cache folder.
#[derive(Debug)]
pub(crate) struct Written {
    /// The folder of its workspace, with its target folder if it has one.
    pub(crate) workspace: PathBuf,
    pub(crate) folder: PathBuf,
    /// The name of its program.
    pub(crate) program: String,
    /// Hints at likely causes if the script does not build, each as a sentence.
    pub(crate) doubts: Vec<String>,
    pub(crate) body: Body,
    /// Its manifest has a word about debug information.
    pub(crate) says_debug: bool,
    /// Modules that are compiled from copies, with what their files held when they were copied.
    pub(crate) modules: Vec<(Nested, Watched)>,
    /// The lines of the script that its manifest is made from.
    pub(crate) lines: Option<(usize, usize)>,
    /// While it is held, no other run writes the package.
    lock: Option<fs::LockGuard>,
    /// While it is held, no other run deletes anything in the cache.
    _in_common: fs::LockGuard,
}

/// The copy that is compiled where the script itself cannot be.
///
/// It lies alone: what a macro names relative to it is not found, in place of another file of that name.
pub(crate) const MAIN: &str = "src/main.rs";

/// The folder for copies of modules.
const MODULES: &str = "src/modules";

/// The name of a manifest.
pub(crate) const MANIFEST: &str = "Cargo.toml";

/// Writes the package that a script is built as. Unchanged files are not touched, so that Cargo finds it as it left
/// it. While the answer is kept, no other run builds this script.
///
/// # Errors
///
/// The script's manifest has mistakes, each with its place in the script; or the cache folder cannot be written.
pub(crate) fn write(
    build: &ScriptBuild<'_>,
    places: &ScriptCachePaths,
    cargo: &Cargo,
) -> Result<Written> {
    let is_script = build.code == Code::Script;
    let found = embedded_manifest::find(if is_script { build.text } else { "" });
    let mut embedded = found.map_err(|problem| anyhow!("{}:{problem}", build.shown))?;
    dialect::depend(&mut embedded.table, build.dependencies)
        .map_err(|message| anyhow!("{message}"))?;
    let text = embedded.foreign.as_ref().map_or_else(
        || build.text.to_owned(),
        |foreign| embedded_manifest::blanked(build.text, foreign),
    );
    let copy = embedded.foreign.is_some() || build.state.is_none();
    let dialect = Dialect::of(build.text, embedded.form, build.front, is_script);
    let rules = build.thag.filter(|_| dialect == Dialect::Thag);
    if let Some(rules) = rules {
        rules
            .resolve(&mut embedded.table, &|path| fs::exists(path))
            .map_err(|message| anyhow!("{}: in the manifest: {message}", build.shown))?;
    }
    let making = Making {
        copy,
        code: build.code,
        prelude: build.prelude,
        snippet: match (dialect, rules) {
            (Dialect::Own, _) => Snippet::Own,
            (Dialect::RustScript, _) => Snippet::RustScript,
            // Tests are where a harness finds them.
            (Dialect::Thag, _) if build.test => Snippet::Own,
            (Dialect::Thag, rules) => Snippet::Thag {
                unquote: rules.is_some_and(|rules| rules.config.unquote),
            },
        },
    };
    let script = build.path.to_string_lossy();
    let made = |main: &str, inferred: &Table, wanted: &[&str]| {
        made(build, &embedded, dialect, main, inferred, wanted)
    };
    let Package { program, .. } = made(&script, &Table::new(), &[])?;

    let (workspace, folder) = match build.package_at {
        Some(folder) => (folder.to_owned(), folder.to_owned()),
        None => {
            let workspace = places.packages().join(&program);
            let folder = workspace.join(&program);
            (workspace, folder)
        }
    };
    let files = Files {
        exists: &|path| fs::exists(path),
        copy_of: &|file| copy_of(file, &folder),
    };
    let body = body(&text, build.folder, making, files);
    let in_common = claim(places)?;
    if build.package_at.is_some() {
        expect_ours(&workspace)?;
    }
    fs::create_folder(&workspace)?;
    let lock = fs::lock_alone(&workspace.join(package::LOCK))?;
    fs::create_folder(&folder.join("src"))?;
    fs::checkpoint("package-locked");
    let copied = folder.join(MAIN);
    let main = match &body.text {
        Some(text) => {
            write_changed(&copied, text.as_bytes())?;
            copied.to_string_lossy()
        }
        None => script,
    };
    let modules = write_modules(&body.nested, files)?;
    let mut missing = missing(&text, &embedded, rules.is_some());
    let adding = AddRules::of(rules, build.infer);
    let mut added = match adding {
        Some(rules) => Added::known(rules, &folder, &embedded.table, &mut missing)?,
        None => Added::default(),
    };
    let names: Vec<&str> = missing.iter().map(|named| named.name.as_str()).collect();
    let wanted: &[&str] = if adding.is_some() { &names } else { &[] };
    let manifests = |crates: &Table| -> Result<(DocumentMut, DocumentMut)> {
        let Package {
            mut manifest,
            workspace,
            ..
        } = made(&main, crates, wanted)?;
        if build.package_at.is_some() {
            for (key, item) in workspace.iter() {
                manifest.insert(key, item.clone());
            }
        }
        Ok((manifest, workspace))
    };
    let (mut own, root) = manifests(&added.crates)?;
    if build.package_at.is_none() {
        write_changed(&workspace.join(MANIFEST), root.to_string().as_bytes())?;
    }
    let unknown = added.unknown(&missing);
    let unknown: Vec<&str> = unknown.iter().map(|named| named.name.as_str()).collect();
    let mut doubts = doubts(&body);
    let all = package::named(&own).into_iter();
    let all: Vec<String> = all
        .chain(unknown.iter().map(|name| (*name).to_owned()))
        .collect();
    // Cargo's answers about a package depend on its `Cargo.lock`.
    let like = build.like.map(|(stem, id)| package::folder(stem, id));
    seed_lock(&workspace, places, &all, like.as_deref());
    match adding {
        Some(rules) if !unknown.is_empty() => {
            doubts.extend(added.add(rules, build, cargo, (&own, &folder), &missing)?);
            (own, _) = manifests(&added.crates)?;
        }
        None if !unknown.is_empty() => {
            let all = unknown.join(", ");
            let added = match build.front {
                Front::Own => "`--infer` adds them",
                Front::RustScript => "`--dep NAME` adds each",
                Front::Thag => "`--infer config` adds them",
            };
            doubts.push(format!(
                "it names {all}, and no manifest does: if these are crates, {added}"
            ));
        }
        _ => {}
    }
    write_changed(&folder.join(MANIFEST), own.to_string().as_bytes())?;
    Ok(Written {
        doubts,
        lines: embedded.lines,
        workspace,
        folder,
        program,
        body,
        says_debug: package::says_debug(&embedded.table),
        modules,
        lock: Some(lock),
        _in_common: in_common,
    })
}

impl Written {
    /// Lets other runs write the package.
    pub(crate) fn release(&mut self) {
        self.lock = None;
    }
}

/// Makes sure that the cache folder is ours, and locks it against runs that delete something in it.
///
/// A folder with other things in it is never taken for ours: what is in the cache is deleted without a question.
fn claim(places: &ScriptCachePaths) -> Result<fs::LockGuard> {
    claimed(places).hint(ELSEWHERE)
}

fn claimed(places: &ScriptCachePaths) -> Result<fs::LockGuard> {
    let root = places.root();
    let failed = || {
        format!(
            "the cache of scripts cannot be written: `{}`",
            root.display()
        )
    };
    let is_new = !fs::exists(root);
    fs::create_folder(root).with_context(failed)?;
    if is_new {
        fs::close_if_open(root).with_context(failed)?;
    }
    let mark = places.mark();
    // The user may have written the limits before anything was run.
    let mut names = fs::names(root).with_context(failed)?;
    // Another run may be making the folder at this moment, or was killed when it did.
    names.retain(|name| name != settings::FILE_NAME && !fs::is_leftover(name));
    if !names.is_empty() && !fs::exists(&mark) {
        bail!(
            "expected an empty folder for the cache of scripts, or one that was made for it, and `{}` holds other things",
            root.display()
        );
    }
    let lock = fs::lock_in_common(&mark).with_context(failed)?;
    fs::write_if_absent(&root.join(markers::TAG_NAME), &markers::tag_file())
        .with_context(failed)?;
    for part in [
        places.bins(),
        places.packages(),
        places.target(),
        places.compilers(),
    ] {
        if fs::info(&part)?.is_some_and(|info| !info.is_dir) {
            bail!(
                "expected a folder, and no link or file, at `{}`",
                part.display()
            );
        }
    }
    Ok(lock)
}

/// Makes sure that a folder which the user names for a package has no other package in it: its manifest is replaced.
fn expect_ours(folder: &Path) -> Result<()> {
    let manifest = folder.join(MANIFEST);
    let Some(bytes) = fs::read(&manifest)? else {
        return Ok(());
    };
    let read: Option<DocumentMut> = String::from_utf8_lossy(&bytes).parse().ok();
    match read.as_ref().and_then(package::script) {
        Some(_) => Ok(()),
        None => Err(anyhow!(
            "expected no manifest, or one of a script, at `{}`",
            manifest.display()
        ))
        .hint("name a folder for the package of the script alone"),
    }
}

fn made(
    build: &ScriptBuild<'_>,
    embedded: &Embedded,
    dialect: Dialect,
    main: &str,
    inferred: &Table,
    wanted: &[&str],
) -> Result<Package> {
    let around = PackageContext {
        wanted,
        stem: build.stem,
        id: build.id,
        script: &build.path.to_string_lossy(),
        main,
        folder: &build.base.to_string_lossy(),
        front: build.front,
        dialect,
        is_flat: build.package_at.is_some(),
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

/// Hints at likely causes where a copy does not build.
fn doubts(body: &Body) -> Vec<String> {
    let copied = body.text.as_ref().filter(|text| text.contains("include"));
    let doubt = "it is compiled from a copy: what is included must be named by a plain text, not by a macro of yours";
    copied.map(|_| doubt.to_owned()).into_iter().collect()
}

/// The path for the copy of a module's file in a package; nothing if the compiler finds the module's own modules without one.
fn copy_of(file: &Path, package: &Path) -> Option<PathBuf> {
    let source = fs::read(file).ok()??;
    if !has_module_files(&String::from_utf8_lossy(&source)) {
        return None;
    }
    let folder = package.join(MODULES).join(cache_key::id(file));
    Some(folder.join(file.file_name()?))
}

/// Writes the copies of modules, and of the modules in them.
fn write_modules(nested: &[Nested], files: Files<'_>) -> Result<Vec<(Nested, Watched)>> {
    let mut left = nested.to_vec();
    let mut written: Vec<(Nested, Watched)> = Vec::new();
    while let Some(next) = left.pop() {
        if written.iter().any(|(known, _)| *known == next) {
            continue;
        }
        let state = fs::state(&next.file);
        let source = fs::read(&next.file)?.unwrap_or_default();
        let Ok(text) = std::str::from_utf8(&source) else {
            bail!("expected UTF-8 text in `{}`", next.file.display());
        };
        let module = body::module(text, &next.file, files);
        if let Some(parent) = next.copy.parent() {
            fs::create_folder(parent)?;
        }
        let copy = module.text.unwrap_or_default();
        write_changed(&next.copy, copy.as_bytes())?;
        left.extend(module.nested);
        let watched = Watched {
            path: next.file.clone(),
            state,
            hash: blake3::hash(&source).to_hex().to_string(),
            settled: true,
        };
        written.push((next, watched));
    }
    Ok(written)
}

/// The crates that the code names and the manifest does not, by the rules of thag or by our own.
fn missing(text: &str, embedded: &Embedded, for_thag: bool) -> Vec<Named> {
    let known = package::named(&embedded.table);
    let mut named = match for_thag {
        true => infer::crates_for_thag(text),
        false => infer::crates(text),
    };
    named.retain(|named| !known.iter().any(|known| package::same(known, &named.name)));
    named
}

/// Writes a file if it is not what it should be.
fn write_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    match fs::read(path)? {
        Some(there) if there == bytes => Ok(()),
        _ => fs::replace(path, bytes),
    }
}

/// Gives a new package the `Cargo.lock` of the one that has most in common with it: crates of the same version are
/// compiled once for both, and no registry has to be asked for the newest one. Cargo chooses anew the packages that
/// do not fit.
/// `like` is the folder of one whose manifest says the same.
fn seed_lock(
    folder: &Path,
    places: &ScriptCachePaths,
    dependencies: &[String],
    like: Option<&str>,
) {
    let lock = folder.join("Cargo.lock");
    let read = fs::read(&lock).ok().flatten();
    let read = read.and_then(|bytes| String::from_utf8(bytes).ok());
    // One that is broken is made anew.
    if read.is_some_and(|text| text.parse::<DocumentMut>().is_ok()) {
        return;
    }
    let _ = fs::remove_file(&lock);
    let of_like = like.map(|like| places.packages().join(like).join("Cargo.lock"));
    if let Some(bytes) = of_like.and_then(|lock| fs::read(&lock).ok().flatten()) {
        let _ = fs::replace(&lock, &bytes);
        return;
    }
    let others = fs::names(&places.packages()).unwrap_or_default();
    let others: Vec<String> = others
        .into_iter()
        .filter(|name| ScriptCachePaths::is_package(name))
        .collect();
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
