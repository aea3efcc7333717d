//! The package that Cargo is given for a script.

use std::path::{Path, PathBuf};

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, value};

use crate::script::embedded_manifest::{Embedded, Form};

/// What a script is built from besides what its manifest says.
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
    /// What is compiled, absolute: that, or a copy of it.
    pub main: &'a str,
    /// The script's folder, absolute; what the manifest names is relative to it.
    pub folder: &'a str,
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

/// The name of the file that whoever builds a package holds a lock on. Its time is that of the last build.
pub(crate) const LOCK: &str = ".lock";

/// The script that a package was made for, by the manifest of its workspace.
#[must_use]
pub fn script(workspace: &DocumentMut) -> Option<PathBuf> {
    let about = workspace.get("workspace")?.get("metadata")?.get(METADATA)?;
    about.get("script")?.as_str().map(PathBuf::from)
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
    let name = match about.get("name") {
        None => match around
            .wanted
            .iter()
            .any(|name| same(name, &plain(around.stem)))
        {
            true => format!("{}-script", plain(around.stem)),
            false => plain(around.stem),
        },
        Some(name) => name
            .as_str()
            .ok_or("expected a text for `package.name`")?
            .to_owned(),
    };
    about.insert("name", value(&name));
    if about.get("version").is_none() {
        about.insert("version", value("0.0.0"));
    }
    if about.get("edition").is_none() {
        // What the programs take that each form comes from, and for all others the newest.
        let edition = match embedded.form {
            Form::CodeBlock | Form::DepsLine | Form::TomlComment => "2021",
            Form::None | Form::Frontmatter => "2024",
        };
        about.insert("edition", value(edition));
    }
    // What Cargo takes by itself where the package is at the root of its workspace.
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
    let program = format!("{}-{}", plain(around.stem), around.id);
    let workspace = workspace(&mut manifest, &program, resolver, around)?;
    let mut bin = Table::new();
    bin.insert("name", value(&program));
    bin.insert("path", value(around.main));
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
    program: &str,
    resolver: Item,
    around: &PackageContext<'_>,
) -> Result<DocumentMut, String> {
    let mut workspace = DocumentMut::new();
    for key in ["workspace", "profile", "patch", "replace"] {
        if let Some(item) = manifest.remove(key) {
            workspace.insert(key, item);
        }
    }
    debug_info(&mut workspace)?;
    let own = table(&mut workspace, "workspace")?;
    own.insert("members", value(Array::from_iter([program])));
    if own.get("resolver").is_none() {
        own.insert("resolver", resolver);
    }
    let metadata = own
        .entry("metadata")
        .or_insert_with(|| Item::Table(Table::new()));
    if let Some(metadata) = metadata.as_table_like_mut() {
        let mut of_ours = InlineTable::new();
        of_ours.insert("script", around.script.into());
        metadata.insert(METADATA, value(of_ours));
    }
    Ok(workspace)
}

/// Programs are kept by the hundred: of the script itself backtraces have lines, of what it is compiled with they have
/// names, and the program takes a quarter of the room. Whoever says anything about debug information has it so.
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
            package.insert("path", value(path));
        }
    }
}

fn join(folder: &str, path: &str) -> String {
    Path::new(folder).join(path).to_string_lossy().into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::embedded_manifest;

    const AROUND: PackageContext<'_> = PackageContext {
        stem: "größe 2",
        id: "0123456789abcdef",
        wanted: &[],
        script: "/s/größe 2.rs",
        main: "/s/größe 2.rs",
        folder: "/s",
    };

    fn made(text: &str) -> Result<(DocumentMut, String), String> {
        let embedded = embedded_manifest::find(text).expect("a manifest");
        let made = package(&embedded, &Table::new(), &AROUND)?;
        let read = |document: &DocumentMut| -> DocumentMut {
            let text = document.to_string();
            text.parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"))
        };
        let mut both = read(&made.manifest);
        for (key, item) in read(&made.workspace).iter() {
            assert!(!both.contains_key(key), "{key} stands in both");
            both.insert(key, item.clone());
        }
        Ok((both, made.program))
    }

    #[test]
    fn a_script_without_a_manifest() {
        let (made, program) = made("fn main() {}").expect("a package");
        assert_eq!(program, "gr__e_2-0123456789abcdef");
        assert_eq!(made["package"]["name"].as_str(), Some("gr__e_2"));
        assert_eq!(made["package"]["version"].as_str(), Some("0.0.0"));
        assert_eq!(made["package"]["edition"].as_str(), Some("2024"));
        assert_eq!(
            made["profile"]["dev"]["debug"].as_str(),
            Some("line-tables-only")
        );
        assert_eq!(
            made["profile"]["dev"]["package"]["*"]["debug"].as_bool(),
            Some(false)
        );
        let bins = made["bin"].as_array_of_tables().expect("programs");
        assert_eq!(bins.len(), 1);
        let bin = bins.get(0).expect("one");
        assert_eq!(bin["path"].as_str(), Some("/s/größe 2.rs"));
        assert_eq!(bin["name"].as_str(), Some(program.as_str()));
        let members = made["workspace"]["members"].as_array().expect("members");
        let first = members.get(0).and_then(|first| first.as_str());
        assert_eq!(first, Some(program.as_str()));
        assert_eq!(made["workspace"]["resolver"].as_str(), Some("3"));
        assert_eq!(script(&made), Some("/s/größe 2.rs".into()));
    }

    #[test]
    fn what_the_manifest_says_stays() {
        let text = "---\npackage.name = 'mine'\npackage.version = '1.2.3+b'\npackage.edition = '2018'\n\
            profile.dev.debug = 2\n[profile.release]\nlto = true\n[features]\nx = []\n---\n";
        let (made, program) = made(text).expect("a package");
        assert_eq!(program, "gr__e_2-0123456789abcdef");
        assert_eq!(made["package"]["name"].as_str(), Some("mine"));
        assert_eq!(made["package"]["version"].as_str(), Some("1.2.3+b"));
        assert_eq!(made["package"]["edition"].as_str(), Some("2018"));
        assert_eq!(made["workspace"]["resolver"].as_str(), Some("1"));
        assert_eq!(made["profile"]["dev"]["debug"].as_integer(), Some(2));
        assert_eq!(made["profile"]["release"]["lto"].as_bool(), Some(true));
        assert!(made["features"].get("x").is_some());
    }

    #[test]
    fn paths_are_relative_to_the_script() {
        let text = "---\n[workspace.dependencies]\na = { path = 'a' }\n---\n";
        let (whole, _) = made(text).expect("a package");
        let path = whole["workspace"]["dependencies"]["a"]["path"].as_str();
        assert_eq!(
            path.map(|path| path.replace('\\', "/")),
            Some("/s/a".into())
        );
        let text = "//! ```cargo\n//! [package]\n//! build = 'make.rs'\n//! [dependencies]\n//! a = { path = '../a' }\n//! b = '1'\n\
            //! [dependencies.c]\n//! path = '/c'\n//! [target.'cfg(unix)'.dev-dependencies]\n//! d = { path = 'd' }\n\
            //! [patch.crates-io]\n//! b = { path = 'b' }\n//! ```\n";
        let (made, _) = made(text).expect("a package");
        assert_eq!(made["package"]["edition"].as_str(), Some("2021"));
        let paths = [
            made["package"]["build"].as_str(),
            made["dependencies"]["a"]["path"].as_str(),
            made["dependencies"]["c"]["path"].as_str(),
            made["target"]["cfg(unix)"]["dev-dependencies"]["d"]["path"].as_str(),
            made["patch"]["crates-io"]["b"]["path"].as_str(),
        ];
        let slashes = |path: Option<&str>| path.map(|path| path.replace('\\', "/"));
        let expected = ["/s/make.rs", "/s/../a", "/c", "/s/d", "/s/b"];
        assert_eq!(
            paths.map(slashes),
            expected.map(|path| Some(path.to_owned()))
        );
        assert_eq!(named(&made), ["a", "b", "c", "d", "gr__e_2"]);
    }

    #[test]
    fn what_is_inferred_comes_in_addition() {
        let embedded = embedded_manifest::find("/*[toml]\n[dependencies]\nserde-json = '1'\n*/")
            .expect("a manifest");
        let mut inferred = Table::new();
        inferred.insert("serde_json", value("2"));
        inferred.insert("rand", value("0.9"));
        let made = package(&embedded, &inferred, &AROUND)
            .expect("a package")
            .manifest;
        assert_eq!(made["dependencies"]["serde-json"].as_str(), Some("1"));
        assert!(made["dependencies"].get("serde_json").is_none());
        assert_eq!(made["dependencies"]["rand"].as_str(), Some("0.9"));
    }

    #[test]
    fn a_script_that_is_named_as_a_crate() {
        let embedded = embedded_manifest::find("use regex::Regex;").expect("no manifest");
        let around = PackageContext {
            stem: "regex",
            wanted: &["regex"],
            ..AROUND
        };
        let made = package(&embedded, &Table::new(), &around).expect("a package");
        assert_eq!(
            made.manifest["package"]["name"].as_str(),
            Some("regex-script")
        );
        assert_eq!(
            workspace_of("[package]\nworkspace = '../x'"),
            Some("../x".into())
        );
        assert_eq!(workspace_of("[workspace]"), None);
    }

    #[test]
    fn what_a_script_cannot_have() {
        for (text, word) in [
            ("---\n[lib]\n---", "`lib`"),
            ("---\n[[bin]]\nname = 'a'\n---", "`bin`"),
            (
                "---\n[workspace]\nmembers = ['a']\n---",
                "workspace.members",
            ),
            ("---\npackage = 1\n---", "`package`"),
            ("---\n[package]\nname = 1\n---", "package.name"),
            ("---\ndependencies = 'a'\n---", "`dependencies`"),
        ] {
            let error = made(text).expect_err(text);
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
