//! Rules of rust-script and thag, for a user or a script that comes from there; those of thag alone are in `thag`.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, Value, value};

use crate::script::embedded_manifest::Form;
use crate::script::package::same;
use crate::script::tokens::shebang;

/// Program by which a script is run: it decides what options mean and what a script that says nothing is built with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Front {
    /// `cargo sharedtarget run`.
    #[default]
    Own,
    /// A link called `rust-script`.
    RustScript,
    /// A link called `thag`, or the option that stands for it.
    Thag,
}

/// Program that a script is written for: it decides how a snippet becomes a program, and what its manifest need not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Cargo, or this program.
    #[default]
    Own,
    /// rust-script.
    RustScript,
    /// thag.
    Thag,
}

impl Dialect {
    /// The program that a script is written for: by its first line, by the form of its manifest, or by the program that the user
    /// runs it by. An expression is one of rust-script's.
    pub(crate) fn of(text: &str, form: Form, front: Front, is_script: bool) -> Self {
        match (front, form) {
            (Front::Thag, _) | (_, Form::TomlComment) => Self::Thag,
            (Front::RustScript, _) | (_, Form::CodeBlock | Form::DepsLine) => Self::RustScript,
            (Front::Own, _) if !is_script => Self::RustScript,
            (Front::Own, Form::Frontmatter) => Self::Own,
            (Front::Own, Form::None) => match names(text, RUST_SCRIPT) {
                true => Self::RustScript,
                false if names_thag(text) => Self::Thag,
                false => Self::Own,
            },
        }
    }
}

/// A dependency that an option names, with its requirement or its inline table.
pub(crate) type Dependency = (String, String);

/// Reads dependencies as options name them: `NAME`, `NAME=VERSION` or `NAME={ … }`. Their order does not matter.
///
/// # Errors
///
/// A name or a version is missing, or a name is given twice; as a fragment.
pub(crate) fn dependencies(given: &[String]) -> Result<Vec<Dependency>, String> {
    let mut all: Vec<Dependency> = Vec::new();
    for one in given {
        let (name, version) = one.split_once('=').unwrap_or((one, "*"));
        let (name, version) = (name.trim(), version.trim());
        if name.is_empty() || version.is_empty() {
            return Err(format!(
                "expected `NAME` or `NAME=VERSION` for a dependency, found `{one}`"
            ));
        }
        if all.iter().any(|(known, _)| same(known, name)) {
            return Err(format!("the dependency `{name}` is given twice"));
        }
        all.push((name.to_owned(), version.to_owned()));
    }
    all.sort();
    Ok(all)
}

/// Adds dependencies to a manifest, in place of those by the same names in it.
///
/// # Errors
///
/// A dependency, or the manifest's table of them, is no TOML of that kind; as a fragment.
pub(crate) fn depend(manifest: &mut DocumentMut, added: &[Dependency]) -> Result<(), String> {
    if added.is_empty() {
        return Ok(());
    }
    let table = manifest
        .entry("dependencies")
        .or_insert_with(|| Item::Table(Table::new()));
    let table = table
        .as_table_like_mut()
        .ok_or("expected a table for `dependencies`")?;
    for (name, said) in added {
        let known: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
        for known in known.iter().filter(|known| same(known, name)) {
            table.remove(known);
        }
        let item = match said.starts_with('{') {
            false => value(said),
            true => said.parse::<Value>().map(value).map_err(|error| {
                let message = error.message();
                format!("expected an inline table for the dependency `{name}`: {message}")
            })?,
        };
        table.insert(name, item);
    }
    Ok(())
}

/// Attributes and items before an expression: unstable features, then crates whose macros it may use.
pub(crate) fn prelude(unstable: &[String], externs: &[String]) -> Vec<String> {
    let features = unstable.iter().map(|name| format!("#![feature({name})]"));
    let crates = externs.iter();
    let crates = crates.map(|name| format!("#[macro_use] extern crate {name};"));
    let mut all: Vec<String> = features.chain(crates).collect();
    all.sort();
    all
}

/// Returns true if a script's first line names a program.
fn names(text: &str, program: &str) -> bool {
    first_line(text).any(|word| file_name(word) == program)
}

/// Returns true if a script's first line names thag: as the program that runs it, or behind our option for that.
pub(crate) fn names_thag(text: &str) -> bool {
    names(text, THAG)
}

/// Returns true if a script's first line has the system run it by `cargo sharedtarget run`.
pub(crate) fn runs_by_us(text: &str) -> bool {
    let mut words = first_line(text);
    words.any(|word| ["sharedtarget", "cargo-sharedtarget"].contains(&file_name(word)))
        && words.any(|word| word == "run")
}

/// Name of the program rust-script.
pub(crate) const RUST_SCRIPT: &str = "rust-script";

/// Name of the program thag.
pub(crate) const THAG: &str = "thag";

/// The words of a shebang; none where there is no shebang.
fn first_line(text: &str) -> impl Iterator<Item = &str> {
    let line = shebang(text).map_or("", |line| &text[line]);
    line.trim_start_matches("#!").split_whitespace()
}

/// The name of a program, without its folder and the ending that Windows gives it.
pub(crate) fn file_name(program: &str) -> &str {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// Variables that rust-script sets for the compiler and for the program.
///
/// `script` is the script's path; without one it is an expression. `base` is the folder that its manifest is relative to.
///
/// Source: the documentation of rust-script, "Environment Variables".
pub(crate) fn variables(
    script: Option<&Path>,
    stem: &str,
    base: &Path,
) -> [(&'static str, String); 4] {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    [
        ("RUST_SCRIPT_BASE_PATH", text(base)),
        ("RUST_SCRIPT_PATH", script.map(text).unwrap_or_default()),
        ("RUST_SCRIPT_PKG_NAME", package_name(stem)),
        ("RUST_SCRIPT_SAFE_NAME", stem.to_owned()),
    ]
}

/// A script's name as rust-script makes the name of a package of it.
fn package_name(stem: &str) -> String {
    let plain = stem.chars().map(|c| match c {
        '0'..='9' | 'a'..='z' | '_' | '-' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        _ => '_',
    });
    let digit = stem.starts_with(|c: char| c.is_ascii_digit());
    digit.then_some('_').into_iter().chain(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::embedded_manifest::find;

    #[test]
    fn dependencies_as_options_name_them() {
        let read = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|one| (*one).to_owned()).collect();
            dependencies(&given)
        };
        let pair = |name: &str, said: &str| (name.to_owned(), said.to_owned());
        assert_eq!(
            read(&[
                "b=1.2",
                "a",
                "c==3",
                "d={ path = \"d\", features = [\"x\"] }"
            ]),
            Ok(vec![
                pair("a", "*"),
                pair("b", "1.2"),
                pair("c", "=3"),
                pair("d", "{ path = \"d\", features = [\"x\"] }"),
            ])
        );
        for wrong in [&["=1"][..], &["a="], &["a", "a=1"], &["a-b", "a_b"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_option_beats_the_manifest() {
        let mut manifest: DocumentMut = "dependencies.serde-json = '1'\ndependencies.a = '1'\n"
            .parse()
            .expect("TOML");
        let added = [
            ("serde_json".to_owned(), "2".to_owned()),
            ("b".to_owned(), "{ path = \"x\" }".to_owned()),
        ];
        depend(&mut manifest, &added).expect("a manifest");
        let read: DocumentMut = manifest.to_string().parse().expect("TOML");
        let dependencies = read["dependencies"].as_table_like().expect("a table");
        assert_eq!(dependencies.len(), 3, "{manifest}");
        assert_eq!(read["dependencies"]["serde_json"].as_str(), Some("2"));
        assert_eq!(read["dependencies"]["b"]["path"].as_str(), Some("x"));
        let broken = [("c".to_owned(), "{ x".to_owned())];
        assert!(depend(&mut manifest, &broken).is_err());
    }

    #[test]
    fn whom_a_first_line_names() {
        for (text, rust_script, us) in [
            ("#!/usr/bin/env rust-script\nfn main() {}", true, false),
            ("#!/opt/bin/rust-script --debug\n", true, false),
            ("#!/usr/bin/env -S cargo sharedtarget run\n", false, true),
            ("#!/x/cargo-sharedtarget run --release\n", false, true),
            ("#!/usr/bin/env cargo\n// rust-script\n", false, false),
            (
                "#![allow(unused)] // sharedtarget run rust-script\n",
                false,
                false,
            ),
            ("//! ```cargo\n//! ```\n", true, false),
            ("// Cargo-Deps : a\n", true, false),
            ("---\n---\n", false, false),
            ("fn main() {}", false, false),
        ] {
            let embedded = find(text).expect("a manifest");
            let dialect = Dialect::of(text, embedded.form, Front::Own, true);
            assert_eq!(dialect == Dialect::RustScript, rust_script, "{text}");
            assert_eq!(runs_by_us(text), us, "{text}");
        }
    }

    #[test]
    fn scripts_for_thag() {
        for (text, is_for_thag) in [
            ("#!/usr/bin/env thag\nx();", true),
            ("#! /usr/bin/env thag\n/// Doc\nx();", true),
            (
                "#!/usr/bin/env -S cargo sharedtarget run --as thag\nx();",
                true,
            ),
            ("/*[toml]\n[dependencies]\n*/\nx();", true),
            ("// thag\nx();", false),
            ("#!/usr/bin/env thag\n---\n---\nx();", false),
            ("#!/usr/bin/env thag_url\nx();", false),
        ] {
            let embedded = find(text).expect("a manifest");
            let dialect = |front, is_script| Dialect::of(text, embedded.form, front, is_script);
            assert_eq!(
                dialect(Front::Own, true) == Dialect::Thag,
                is_for_thag,
                "{text}"
            );
            assert_eq!(dialect(Front::Thag, true), Dialect::Thag, "{text}");
        }
        let expression = |front| Dialect::of("1", Form::None, front, false);
        assert_eq!(expression(Front::Own), Dialect::RustScript);
        assert_eq!(expression(Front::Thag), Dialect::Thag);
    }

    #[test]
    fn names_of_packages_are_rust_scripts() {
        for (stem, name) in [
            ("Script", "script"),
            ("1Script", "_1script"),
            ("a.b§", "a_b_"),
        ] {
            assert_eq!(package_name(stem), name);
        }
    }
}
