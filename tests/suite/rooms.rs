//! The order of the rooms holds: a module imports only from its own room and from rooms before it, and what decides
//! reaches no door.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The rooms: modules at the root of the crate, in their order.
const ROOMS: [&str; 25] = [
    "age", "size", "progress", "text", "markers", "fs", "process", "git", "target", "cargo",
    "remote", "survey", "term", "plan", "warm", "store", "clean", "dedupe", "hook", "setup",
    "script", "audit", "why", "doctor", "cli",
];

/// The modules that touch the world.
const DOORS: [&str; 7] = [
    "fs",
    "process",
    "git",
    "cargo",
    "cargo::build",
    "cargo::toolchain",
    "remote",
];

/// Modules that have words of the doors, or their types in the signature of what others do. They call none of them.
const WORDS: [&str; 3] = ["fs::model", "remote::secrets", "plan::run"];

/// The names of files that decide, wherever they are: from their imports no door can be reached.
const DECIDE: [&str; 31] = [
    "begun",
    "budget",
    "build_env",
    "cache_key",
    "called",
    "candidates",
    "checks",
    "dates",
    "decide",
    "deletable",
    "destination",
    "evict",
    "features",
    "findings",
    "fingerprint",
    "identify",
    "layout",
    "list_decide",
    "naming",
    "orphans",
    "provider",
    "relocate",
    "rules",
    "session",
    "shares",
    "spec",
    "stale",
    "unused",
    "usable",
    "variants",
    "verdict",
];

/// The code of a source without comments and without its tests at the end.
fn code(source: &str) -> String {
    let end = source.find("#[cfg(test)]\nmod tests");
    let lines = source[..end.unwrap_or(source.len())].lines();
    lines
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The paths inside the crate that a source names, without `crate::`.
fn named(source: &str) -> BTreeSet<String> {
    let code = code(source);
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut all = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| is_name(c) || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let end = rest.find(|c| !is_name(c) && c != ':').unwrap_or(rest.len());
        let (path, rest) = rest.split_at(end);
        match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((list, _)) if path.is_empty() || path.ends_with("::") => {
                let items = list.split(',').map(str::trim);
                all.extend(items.filter(|item| !item.is_empty()).map(|item| {
                    let item = item.split_whitespace().next().unwrap_or_default();
                    format!("{path}{item}")
                }));
            }
            _ => drop(all.insert(path.trim_end_matches(':').to_owned())),
        }
    }
    all
}

/// The modules of the crate with the paths that each names.
fn modules() -> BTreeMap<String, BTreeSet<String>> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = BTreeMap::new();
    for entry in walkdir::WalkDir::new(&sources) {
        let entry = entry.expect("a readable folder");
        let inside = entry.path().strip_prefix(&sources).expect("inside");
        if inside.extension().is_none_or(|end| end != "rs")
            || inside == Path::new("main.rs")
            || inside == Path::new("lib.rs")
        {
            continue;
        }
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        let module = parts.join("::").trim_end_matches(".rs").to_owned();
        // Tests may use anything.
        if module.split("::").any(|part| part == "tests") {
            continue;
        }
        let source = fs::read_to_string(entry.path()).expect("a source");
        all.insert(module, named(&source));
    }
    all
}

fn room(path: &str) -> &str {
    path.split("::").next().unwrap_or_default()
}

fn position(room: &str) -> Option<usize> {
    ROOMS.iter().position(|one| *one == room)
}

#[test]
fn rooms_import_from_those_before_them() {
    let (mut wrong, mut looked_at) = (Vec::new(), 0);
    let modules = modules();
    for (module, paths) in &modules {
        let own = room(module);
        let Some(at) = position(own) else {
            wrong.push(format!("{module} is in no room of the list"));
            continue;
        };
        for path in paths {
            looked_at += 1;
            let other = room(path);
            match position(other) {
                Some(there) if there <= at => {}
                _ => wrong.push(format!("{module} imports {path}")),
            }
        }
    }
    assert!(looked_at > 1_000, "only {looked_at} imports were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The module that holds what a path names.
fn module_of<'a>(path: &str, modules: &'a BTreeMap<String, BTreeSet<String>>) -> Option<&'a str> {
    let mut path = path;
    loop {
        if let Some((module, _)) = modules.get_key_value(path) {
            return Some(module);
        }
        path = path.rsplit_once("::")?.0;
    }
}

#[test]
fn what_decides_reaches_no_door() {
    let modules = modules();
    let inside = |module: &str, room: &str| module.starts_with(&format!("{room}::"));
    let is_door =
        |module: &str| DOORS.contains(&module) || inside(module, "fs") || inside(module, "remote");
    // Which door a module reaches, and by which import.
    let mut reach: BTreeMap<&str, &str> = modules
        .keys()
        .filter(|module| is_door(module) && !WORDS.contains(&module.as_str()))
        .map(|module| (module.as_str(), "the world"))
        .collect();
    loop {
        let more: Vec<(&str, &str)> = modules
            .iter()
            .filter(|(module, _)| !reach.contains_key(module.as_str()))
            .filter(|(module, _)| !WORDS.contains(&module.as_str()))
            .filter_map(|(module, paths)| {
                let mut imports = paths.iter().filter_map(|path| module_of(path, &modules));
                let door =
                    imports.find(|import| *import != module && reach.contains_key(import))?;
                Some((module.as_str(), door))
            })
            .collect();
        if more.is_empty() {
            break;
        }
        reach.extend(more);
    }
    let decides = |module: &&String| module.split("::").any(|part| DECIDE.contains(&part));
    let deciding: Vec<_> = modules.keys().filter(decides).collect();
    assert!(deciding.len() > 50, "only {} files decide", deciding.len());
    for name in DECIDE {
        let found = deciding
            .iter()
            .any(|module| module.split("::").any(|part| part == name));
        assert!(found, "no file is called {name}");
    }
    let wrong: Vec<String> = deciding
        .iter()
        .filter_map(|module| Some(format!("{module} imports {}", reach.get(module.as_str())?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ways to format an error without `text::failure`: its causes repeat each other then, and `(os error 2)` is shown.
const UNREADABLE: [&str; 6] = [
    "{error:#}",
    "{error:?}",
    "{error}",
    "{:#}\", error",
    "error.to_string()",
    ".root_cause().to_string()",
];

#[test]
fn errors_are_put_into_words_in_one_place() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut wrong, mut uses) = (Vec::new(), 0);
    for entry in walkdir::WalkDir::new(&sources) {
        let path = entry.expect("a readable folder").into_path();
        let is_source = path.extension().is_some_and(|end| end == "rs");
        let is_test = path
            .iter()
            .any(|part| part == "tests" || part == "tests.rs");
        if !is_source || is_test || path.ends_with("text/failure.rs") {
            continue;
        }
        let source = fs::read_to_string(&path).expect("a source");
        let code = code(source.split("\nmod tests {").next().unwrap_or_default());
        uses += code.matches("failure::words(").count();
        let found = UNREADABLE.iter().filter(|form| code.contains(**form));
        wrong.extend(found.map(|form| format!("{}: {form}", path.display())));
    }
    assert!(uses > 50, "only {uses} errors are put into words");
    assert!(wrong.is_empty(), "use text::failure: {wrong:#?}");
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
    let source = "use crate::fs;\nuse crate::{plan::stock, model as m};\n// use crate::cli;\nlet x = crate::report::human();\nother_crate::x();\nuse crate::a::{B,\n    C};\n#[cfg(test)]\nmod tests { use crate::cli; }";
    let found: Vec<String> = named(source).into_iter().collect();
    assert_eq!(
        found,
        [
            "a::B",
            "a::C",
            "fs",
            "model",
            "plan::stock",
            "report::human"
        ]
    );
}
