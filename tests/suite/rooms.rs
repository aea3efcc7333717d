//! The floors of the code hold: a module imports only from its own floor and those below.

use std::fs;
use std::path::Path;

/// The floors above the pure ones, by the first part of a module's path; all others decide.
const FLOORS: [(&str, usize); 15] = [
    ("model", 0),
    ("size", 0),
    ("age", 0),
    ("progress", 0),
    ("exit", 0),
    ("fs", 2),
    ("git", 2),
    ("cargo", 2),
    ("process", 2),
    ("remote", 2),
    ("survey", 3),
    ("apply", 3),
    ("report", 4),
    ("command", 5),
    ("cli", 6),
];

const DECIDE: usize = 1;

fn floor(module: &str) -> usize {
    let known = FLOORS.iter().find(|(name, _)| *name == module);
    known.map_or(DECIDE, |(_, floor)| *floor)
}

/// The modules of the crate that a source names, with their lines.
fn named(source: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for (at, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (found, _) in code.match_indices("crate::") {
            let before = code[..found].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &code[found + "crate::".len()..];
            // Of a list each one begins a path.
            let list = match rest.strip_prefix('{') {
                Some(list) => list.split_once('}').map_or(list, |(list, _)| list),
                None => rest,
            };
            let each = if rest.starts_with('{') {
                list.split(',').collect()
            } else {
                vec![list]
            };
            for one in each {
                let one = one.trim();
                let end = one
                    .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .unwrap_or(one.len());
                all.push((at + 1, one[..end].to_owned()));
            }
        }
    }
    all
}

#[test]
fn nobody_imports_from_above() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut wrong, mut looked_at) = (Vec::new(), 0);
    for entry in walkdir::WalkDir::new(&sources) {
        let entry = entry.expect("a readable folder");
        let inside = entry.path().strip_prefix(&sources).expect("inside");
        if inside.extension().is_none_or(|end| end != "rs")
            || inside == Path::new("main.rs")
            || inside == Path::new("lib.rs")
        {
            continue;
        }
        let first = inside.iter().next().expect("a name").to_string_lossy();
        let own = first.trim_end_matches(".rs").to_owned();
        let source = fs::read_to_string(entry.path()).expect("a source");
        for (line, other) in named(&source) {
            looked_at += 1;
            let siblings = [("survey", "apply"), ("apply", "survey")];
            if floor(&other) > floor(&own) || siblings.contains(&(own.as_str(), other.as_str())) {
                wrong.push(format!(
                    "src/{}:{line}: {own} imports {other}",
                    inside.display()
                ));
            }
        }
    }
    assert!(looked_at > 500, "only {looked_at} imports were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// They would not be run: `doctest = false` in the manifest.
#[test]
fn no_examples_in_the_documentation() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    for entry in walkdir::WalkDir::new(&sources) {
        let entry = entry.expect("a readable folder");
        if entry.path().extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let source = fs::read_to_string(entry.path()).expect("a source");
        for line in source.lines().map(str::trim_start) {
            let doc = ["///", "//!"]
                .iter()
                .find_map(|mark| line.strip_prefix(mark));
            looked_at += usize::from(doc.is_some());
            // The other way to write one is to indent it.
            let example = doc.is_some_and(|text| {
                text.trim_start().starts_with("```") || text.starts_with("     ")
            });
            assert!(!example, "{}: {line}", entry.path().display());
        }
    }
    assert!(looked_at > 500, "only {looked_at} lines were found");
}

#[test]
fn imports_are_found() {
    let source = "use crate::fs;\nuse crate::{plan::stock, model};\n// use crate::cli;\nlet x = crate::report::human();\nother_crate::x();\n";
    let found: Vec<String> = named(source)
        .into_iter()
        .map(|(line, name)| format!("{line} {name}"))
        .collect();
    assert_eq!(found, ["1 fs", "2 plan", "2 model", "4 report"]);
}
