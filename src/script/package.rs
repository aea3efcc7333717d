//! The package that Cargo is given for a script.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use toml_edit::{
    Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value,
};

use crate::script::dialect::{Dialect, Front};
use crate::script::embedded_manifest::{Embedded, Form};
use crate::text::is_unsafe;

/// The context that a script's package is made in, besides the manifest.
#[derive(Clone, Copy, Debug)]
pub struct PackageContext<'a> {
    /// The script's name without its ending.
    pub stem: &'a str,
    /// 16 hexadecimal digits that are this script's alone.
    pub id: &'a str,
    /// The crates that are to be added: Cargo adds none to a package of its name.
    pub wanted: &'a [&'a str],
    /// The script, absolute.
    pub script: &'a str,
    /// The path of the compiled file, absolute: the script, or a copy of it.
    pub main: &'a str,
    /// The folder that paths in the manifest are relative to, absolute: the script's own, if no option names another one.
    pub folder: &'a str,
    /// The program that the user runs the script by.
    pub front: Front,
    /// The program that the script is written for.
    pub dialect: Dialect,
    /// The package is its own workspace, as a user expects it in a folder of the user's.
    pub is_flat: bool,
}

/// The package, in a workspace of its own, and the name of its only program.
#[derive(Clone, Debug)]
pub struct Package {
    /// The manifest.
    pub manifest: DocumentMut,
    /// The manifest of the workspace.
    pub workspace: DocumentMut,
    /// The program's name, which no other script's program has.
    pub(crate) program: String,
}

/// The folder of the workspace that a manifest says its package is in, as written.
#[must_use]
pub(crate) fn workspace_of(manifest: &str) -> Option<String> {
    let manifest: DocumentMut = manifest.parse().ok()?;
    let workspace = manifest.get("package")?.get("workspace")?;
    workspace.as_str().map(str::to_owned)
}

/// The name of the lock file that a run holds while it builds a package. Its time is that of the last build.
pub(crate) const LOCK: &str = ".lock";

/// The script that a package was made for, by the manifest of its workspace.
#[must_use]
pub fn script(workspace: &DocumentMut) -> Option<PathBuf> {
    let about = workspace.get("workspace")?.get("metadata")?.get(METADATA)?;
    about.get("script")?.as_str().map(PathBuf::from)
}

/// The name of a script's program, and of the folders of its package and workspace: no other script has it.
pub(crate) fn folder(stem: &str, id: &str) -> String {
    format!("{}-{id}", plain(stem))
}

/// The name of our table in the metadata of a workspace.
const METADATA: &str = "sharedtarget";

/// The tables of a manifest that name packages.
const DEPENDENCIES: [&str; 5] = [
    "dependencies",
    "dev-dependencies",
    "build-dependencies",
    "dev_dependencies",
    "build_dependencies",
];

/// Makes the manifest of the package that a script is built as, and of the workspace that it is the only member of.
///
/// Two scripts of one name must not be built into the same files. Cargo tells packages from others by name, version and
/// the path from the root of their workspace (source: `PackageId::stable_hash` and `compute_metadata` of Cargo), so the
/// package is not at the root, and its folder has a name that no other one has. It tells final programs by their name,
/// so that has the script's id behind it. The package's own name and version are the script's.
///
/// `inferred` are dependencies that are named nowhere but in the code.
///
/// # Errors
///
/// The manifest has something that a script cannot have; as a fragment.
pub fn package(
    embedded: &Embedded,
    inferred: &Table,
    around: &PackageContext<'_>,
) -> Result<Package, String> {
    let mut manifest = embedded.table.clone();
    for key in ["lib", "bin", "example", "test", "bench"] {
        if manifest.contains_key(key) {
            return Err(format!(
                "a script is one program: expected no `{key}` in its manifest"
            ));
        }
    }
    if manifest
        .get("workspace")
        .is_some_and(|item| item.get("members").is_some())
    {
        return Err(
            "a script is one package: expected no `workspace.members` in its manifest".into(),
        );
    }
    absolute(&mut manifest, around.folder);
    let about = table(&mut manifest, "package")?;
    let own = match around.front {
        Front::Own => as_cargo_names(around.stem),
        Front::RustScript | Front::Thag => plain(around.stem),
    };
    let name = match about.get("name") {
        None => match around.wanted.iter().any(|name| same(name, &own)) {
            true => format!("{own}-script"),
            false => own,
        },
        Some(name) => name
            .as_str()
            .ok_or("expected a text for `package.name`")?
            .to_owned(),
    };
    about.insert("name", value(&name));
    for (key, said) in match around.front {
        Front::Own | Front::Thag if around.dialect == Dialect::Thag => &[("version", "0.0.1")][..],
        Front::Own | Front::Thag => &[("version", "0.0.0")],
        Front::RustScript => &[("version", "0.1.0")],
    } {
        if about.get(key).is_none() {
            about.insert(key, value(*said));
        }
    }
    if around.front == Front::RustScript && about.get("authors").is_none() {
        about.insert("authors", value(Array::from_iter(["Anonymous"])));
    }
    if about.get("edition").is_none() {
        // The edition that the program uses from which each form comes; for all others the newest.
        let edition = match embedded.form {
            Form::CodeBlock | Form::DepsLine | Form::TomlComment => "2021",
            Form::None if around.dialect != Dialect::Own => "2021",
            Form::None | Form::Frontmatter => "2024",
        };
        about.insert("edition", value(edition));
    }
    // The resolver that Cargo uses by default where the package is at the root of its workspace.
    let resolver = match about.get("edition").and_then(Item::as_str) {
        Some("2015" | "2018") => "1",
        Some("2021") => "2",
        _ => "3",
    };
    let resolver = about.remove("resolver").unwrap_or_else(|| value(resolver));
    if let Some(build) = about.get("build").and_then(Item::as_str) {
        let build = join(around.folder, build);
        about.insert("build", value(build));
    }
    for key in ["autobins", "autoexamples", "autotests", "autobenches"] {
        about.insert(key, value(false));
    }
    let dependencies = table(&mut manifest, "dependencies")?;
    for (name, item) in inferred {
        if !names(dependencies).any(|known| same(known, name)) {
            dependencies.insert(name, item.clone());
        }
    }
    let program = folder(around.stem, around.id);
    let workspace = workspace(&mut manifest, (&name, &program), resolver, around)?;
    let mut bin = Table::new();
    bin.insert("name", value(&program));
    bin.insert("path", value(escaped(around.main)));
    let mut bins = ArrayOfTables::new();
    bins.push(bin);
    manifest.insert("bin", Item::ArrayOfTables(bins));
    Ok(Package {
        manifest,
        workspace,
        program,
    })
}

/// Makes the manifest of the workspace, with what Cargo reads nowhere else.
fn workspace(
    manifest: &mut DocumentMut,
    (name, program): (&str, &str),
    resolver: Item,
    around: &PackageContext<'_>,
) -> Result<DocumentMut, String> {
    let mut workspace = DocumentMut::new();
    for key in ["workspace", "profile", "patch", "replace"] {
        if let Some(item) = manifest.remove(key) {
            workspace.insert(key, item);
        }
    }
    match around.front {
        Front::Own | Front::Thag => debug_info(&mut workspace)?,
        Front::RustScript => strip(&mut workspace, name)?,
    }
    let own = table(&mut workspace, "workspace")?;
    if !around.is_flat {
        own.insert("members", value(Array::from_iter([program])));
    }
    if own.get("resolver").is_none() {
        own.insert("resolver", resolver);
    }
    let metadata = own
        .entry("metadata")
        .or_insert_with(|| Item::Table(Table::new()));
    if let Some(metadata) = metadata.as_table_like_mut() {
        let mut of_ours = InlineTable::new();
        of_ours.insert("script", escaped(around.script));
        metadata.insert(METADATA, value(of_ours));
    }
    Ok(workspace)
}

/// Whether a manifest says what debug information or which names programs have in the dev profile.
pub(crate) fn says_debug(manifest: &DocumentMut) -> bool {
    let dev = manifest
        .get("profile")
        .and_then(|profile| profile.get("dev"));
    let said = |key: &str| dev.is_some_and(|dev| dev.get(key).is_some());
    ["debug", "strip", "split-debuginfo"].into_iter().any(said)
}

/// Sets less debug information, since programs are kept by the hundred: backtraces have lines for the script itself
/// and names for its dependencies, and the program takes a quarter of the space. A manifest that sets `debug` itself
/// keeps its setting.
fn debug_info(manifest: &mut DocumentMut) -> Result<(), String> {
    let profile = manifest.entry("profile").or_insert_with(implicit);
    let wrong = "expected tables for `profile` and what is in it";
    let profile = profile.as_table_like_mut().ok_or(wrong)?;
    let dev = profile
        .entry("dev")
        .or_insert_with(|| Item::Table(Table::new()));
    let dev = dev.as_table_like_mut().ok_or(wrong)?;
    if dev.get("debug").is_some() {
        return Ok(());
    }
    dev.insert("debug", value("line-tables-only"));
    let packages = dev.entry("package").or_insert_with(implicit);
    let packages = packages.as_table_like_mut().ok_or(wrong)?;
    let others = packages
        .entry("*")
        .or_insert_with(|| Item::Table(Table::new()));
    let others = others.as_table_like_mut().ok_or(wrong)?;
    if others.get("debug").is_none() {
        others.insert("debug", value(false));
    }
    Ok(())
}

/// Programs have no symbols in the release profile, if the manifest says nothing of that profile, as rust-script has it. All
/// other crates are compiled as they are for `cargo sharedtarget run`.
fn strip(manifest: &mut DocumentMut, name: &str) -> Result<(), String> {
    let profile = manifest.entry("profile").or_insert_with(implicit);
    let wrong = "expected a table for `profile`";
    let profile = profile.as_table_like_mut().ok_or(wrong)?;
    if profile.get("release").is_some() {
        return Ok(());
    }
    let mut own = Table::new();
    own.insert("strip", value(true));
    let mut release = Item::Table(own);
    for key in [name, "package"] {
        let mut outer = Table::new();
        outer.set_implicit(true);
        outer.insert(key, release);
        release = Item::Table(outer);
    }
    profile.insert("release", release);
    Ok(())
}

/// Whether two names are of the same package: Cargo takes `-` and `_` for the same when it looks for one.
#[must_use]
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.replace('-', "_") == other.replace('-', "_")
}

/// The crates that a manifest names, as the code calls them.
#[must_use]
pub fn named(manifest: &DocumentMut) -> Vec<String> {
    let tables = DEPENDENCIES
        .iter()
        .filter_map(|key| manifest.get(key)?.as_table_like());
    let targets = manifest.get("target").and_then(Item::as_table_like);
    let of_targets = targets.into_iter().flat_map(|targets| targets.iter());
    let of_targets = of_targets.flat_map(|(_, target)| {
        DEPENDENCIES
            .iter()
            .filter_map(|key| target.get(key)?.as_table_like())
    });
    let own = manifest
        .get("package")
        .and_then(|package| package.get("name")?.as_str());
    let all = tables.chain(of_targets).flat_map(names);
    all.chain(own).map(|name| name.replace('-', "_")).collect()
}

fn names(table: &dyn TableLike) -> impl Iterator<Item = &str> {
    table.iter().map(|(name, _)| name)
}

fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn table<'a>(manifest: &'a mut DocumentMut, key: &str) -> Result<&'a mut dyn TableLike, String> {
    let item = manifest
        .entry(key)
        .or_insert_with(|| Item::Table(Table::new()));
    let kind = item.type_name();
    item.as_table_like_mut()
        .ok_or_else(|| format!("expected a table for `{key}`, found a {kind}"))
}

/// Makes the paths of packages absolute.
fn absolute(manifest: &mut DocumentMut, folder: &str) {
    let root = manifest.as_table_mut();
    in_dependencies(root, folder);
    for outer in ["target", "patch"] {
        let Some(tables) = root.get_mut(outer).and_then(Item::as_table_like_mut) else {
            continue;
        };
        for (_, inner) in tables.iter_mut() {
            let Some(inner) = inner.as_table_like_mut() else {
                continue;
            };
            match outer {
                "target" => in_dependencies(inner, folder),
                _ => in_packages(inner, folder),
            }
        }
    }
    if let Some(workspace) = root.get_mut("workspace").and_then(Item::as_table_like_mut) {
        in_dependencies(workspace, folder);
    }
    if let Some(replaced) = root.get_mut("replace").and_then(Item::as_table_like_mut) {
        in_packages(replaced, folder);
    }
}

fn in_dependencies(table: &mut dyn TableLike, folder: &str) {
    for key in DEPENDENCIES {
        if let Some(packages) = table.get_mut(key).and_then(Item::as_table_like_mut) {
            in_packages(packages, folder);
        }
    }
}

fn in_packages(packages: &mut dyn TableLike, folder: &str) {
    for (_, package) in packages.iter_mut() {
        let Some(package) = package.as_table_like_mut() else {
            continue;
        };
        if let Some(path) = package.get("path").and_then(Item::as_str) {
            let path = join(folder, path);
            package.insert("path", value(escaped(&path)));
        }
    }
}

/// A text as a value on one line, with escapes for what a terminal does not show: Cargo 1.100 refuses such characters in a
/// manifest, and quotes the line.
fn escaped(text: &str) -> Value {
    if !text.contains(is_unsafe) {
        return text.into();
    }
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            c if is_unsafe(c) => written.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push('"');
    written.parse().unwrap_or_else(|_| text.into())
}

fn join(folder: &str, path: &str) -> String {
    Path::new(folder).join(path).to_string_lossy().into_owned()
}

/// The name of a package that Cargo makes of a script's.
///
/// Source: `sanitize_name` in `src/workspace/parser/embedded.rs` and `crates/cargo-util-schemas/src/restricted_names.rs` of
/// Cargo.
fn as_cargo_names(stem: &str) -> String {
    /// Bytes: a folder of Cargo's has this name and a hash.
    const MOST: usize = 200;
    let other = if stem.contains('_') { '_' } else { '-' };
    let begins = |c: &char| unicode_ident::is_xid_start(*c) || *c == '_';
    let letter = |c: char| match unicode_ident::is_xid_continue(c) || c == '-' {
        true => c,
        false => other,
    };
    let mut name = String::new();
    for c in stem.chars().skip_while(|c| !begins(c)).map(letter) {
        if name.len() + c.len_utf8() > MOST {
            break;
        }
        name.push(c);
    }
    match name.is_empty() {
        true => "package".to_owned(),
        false => name,
    }
}

/// A name as Cargo takes it for a package, in letters that every filesystem and linker knows.
fn plain(stem: &str) -> String {
    let letter = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => c,
        _ => '_',
    };
    // It is a part of several paths.
    let name: String = stem.chars().map(letter).take(60).collect();
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => name,
        false => format!("script-{name}"),
    }
}
