//! Edits of configurations as folders: `fixtures/setup/<case>/in` becomes `out`, and `undo` makes it `in` again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::facts::items;
use crate::sandbox::Sandbox;

/// The files under a folder, none if there is no such folder; `[ROOT]` in them stands for the repository.
fn files(folder: &Path, root: &str) -> BTreeMap<PathBuf, String> {
    let entries = walkdir::WalkDir::new(folder).into_iter();
    let files = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(folder).expect("inside");
            let text = fs::read_to_string(entry.path()).expect("text");
            (name.to_owned(), text.replace("[ROOT]", root))
        })
        .collect()
}

/// Those of these files that are in the repository now, with every other file in `.cargo`.
fn now(sandbox: &Sandbox, like: &BTreeMap<PathBuf, String>) -> BTreeMap<PathBuf, String> {
    let root = sandbox.path("pika");
    let in_cargo = files(&root.join(".cargo"), "").into_keys();
    let names = like
        .keys()
        .cloned()
        .chain(in_cargo.map(|name| Path::new(".cargo").join(name)));
    names
        .filter_map(|name| Some((name.clone(), fs::read_to_string(root.join(name)).ok()?)))
        .collect()
}

/// Runs a case, and returns the answer of `setup`.
fn case(name: &str, tracked: bool, args: &[&str]) -> (Sandbox, serde_json::Value) {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    let case = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/setup")
        .join(name);
    let options = fs_extra::dir::CopyOptions::new().content_only(true);
    fs_extra::dir::copy(case.join("in"), sandbox.path("pika"), &options).expect("copied");
    if tracked {
        sandbox.commit_all("pika");
    }
    let status = sandbox.status("pika");
    let root = sandbox.path("pika").display().to_string();
    let (before, after) = (
        files(&case.join("in"), &root),
        files(&case.join("out"), &root),
    );

    let mut all = vec!["setup", "--yes"];
    all.extend(args);
    let answer = sandbox.json("pika", &all);
    assert_eq!(now(&sandbox, &after), after);
    if before == after || !tracked {
        assert_eq!(
            sandbox.status("pika"),
            status,
            "git shows what it showed before"
        );
    }

    let tree = sandbox.tree("");
    let again = sandbox.json("pika", &all);
    assert_eq!(
        items(&again["plan"]["actions"]).count(),
        0,
        "{}",
        again["plan"]
    );
    assert_eq!(sandbox.tree(""), tree, "a second run changes nothing");

    if before != after {
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert_eq!(now(&sandbox, &before), before);
        assert_eq!(sandbox.status("pika"), status);
    }
    (sandbox, answer)
}

macro_rules! cases {
    ($($name:ident $(tracked $tracked:literal)? [$($arg:literal),*];)*) => {
        $(#[test]
        fn $name() {
            case(stringify!($name), false $(|| $tracked)?, &[$($arg),*]);
        })*
    };
}

cases! {
    new [];
    build_table [];
    no_build_table [];
    inline_table [];
    dotted_keys [];
    crlf [];
    bom [];
    no_final_newline [];
    legacy [];
    replace ["--replace"];
    edit_tracked tracked true ["--edit-tracked"];
    in_place ["--layout", "in-place"];
}

#[test]
fn users_choice() {
    let (sandbox, answer) = case("users_choice", false, &[]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "config_set");
    assert_eq!(answer["plan"]["kept"][0]["reason"]["value"], "mine");
}

#[test]
fn tracked() {
    let (sandbox, answer) = case("tracked", true, &[]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "config_tracked");
    let text = sandbox.run("pika", &["--dry-run"]).code(0).stdout;
    for way_out in ["--edit-tracked", "--config-at", "include = "] {
        assert!(text.contains(way_out), "{way_out} in:\n{text}");
    }
}

#[test]
fn invalid() {
    let (sandbox, answer) = case("invalid", false, &[]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "config_invalid");
    let text = sandbox.run("pika", &["--dry-run"]).code(0).stdout;
    assert!(text.contains("config.toml:2:8"), "{text}");
}
