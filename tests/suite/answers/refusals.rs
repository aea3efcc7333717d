//! An error of Cargo's is asked for once in a run where all that Cargo reads is the same, and again in the next run.

use std::path::Path;

use super::{SETUP, asked, worktrees};
use crate::sandbox::{Run, Sandbox};

#[test]
fn a_refusal_is_asked_for_each_time() {
    let sandbox = worktrees();
    asked(&sandbox, SETUP, 1);
    sandbox.write("beside/crates/one/Cargo.toml", "[package]\nname = 1\n");
    for _ in 0..2 {
        let run = asked(&sandbox, SETUP, 1);
        assert!(run.said().contains("cargo_refused"), "{}", run.said());
    }
    sandbox.git("beside", &["checkout", "-q", "."]);
    asked(&sandbox, SETUP, 0);
}

/// Four worktrees of a repository with these files and a configuration that names no place.
fn refused(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.package("main", "package", "package");
    let config = "[build]\nrustflags = [\"-Cdebuginfo=0\"]\n";
    sandbox.write("main/.cargo/config.toml", config);
    for (path, content) in files {
        sandbox.write(&format!("main/{path}"), content);
    }
    sandbox.commit_all("main");
    for name in ["one", "two", "three"] {
        sandbox.worktree("main", name);
    }
    sandbox
}

/// The reasons that a run gives for worktrees that Cargo refuses, by their names.
fn reasons(sandbox: &Sandbox, run: &Run) -> Vec<(String, String)> {
    let plan: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let kept = plan["plan"]["kept"].as_array().expect("an array").iter();
    let refused = kept.filter(|kept| kept["reason"]["reason"] == "cargo_refused");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let base = sandbox.path("");
    let of = refused.map(|kept| {
        let path = text(&kept["path"]);
        let name = Path::new(&path)
            .strip_prefix(&base)
            .expect("in the sandbox");
        (name.display().to_string(), kept["reason"].to_string())
    });
    of.collect()
}

const BROKEN: &[(&str, &str)] = &[
    (
        "tests/fixture/Cargo.toml",
        "[workspace]\nmembers = [\"a\"]\n",
    ),
    ("tests/fixture/a/Cargo.toml", "[package]\nname = \"a\"\n"),
];

#[test]
fn one_for_all_worktrees_of_a_run() {
    let sandbox = refused(BROKEN);
    // One answer for the four packages, and one for the four fixtures.
    asked(&sandbox, SETUP, 2);
    asked(&sandbox, SETUP, 1);
    // Cargo accepts it now, and that is kept; the third has another error than the other two.
    sandbox.write("two/tests/fixture/a/src/lib.rs", "");
    sandbox.write(
        "three/tests/fixture/a/Cargo.toml",
        "[package]\nname = \"b\"\n",
    );
    asked(&sandbox, SETUP, 3);
    asked(&sandbox, SETUP, 2);
    // Where Cargo reads more than the manifests in the fixture, but nothing outside of it.
    let inside = "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\n";
    let sandbox = refused(&[BROKEN[0], ("tests/fixture/a/Cargo.toml", inside)]);
    asked(&sandbox, SETUP, 2);
}

#[test]
fn each_worktree_is_named_by_its_own_folder() {
    let sandbox = refused(&[("Cargo.toml", "[workspace]\nmembers = [\"gone\"]\n")]);
    let run = asked(&sandbox, SETUP, 1);
    let found = reasons(&sandbox, &run);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["main", "one", "three", "two"], "{}", run.said());
    for (name, reason) in &found {
        let own = sandbox.path(name).join("gone");
        assert!(reason.contains(&own.display().to_string()), "{reason}");
    }
}

/// Cargo reads a file outside of the fixture, which may be another one in each worktree.
#[test]
fn each_worktree_where_cargo_reads_elsewhere() {
    let by_path = |path: &str| {
        format!("[package]\nname = \"a\"\n[dependencies]\nb = {{ path = \"{path}\" }}\n")
    };
    let outside = by_path("../../../other");
    let member = BROKEN[0];
    let sandbox = refused(&[member, ("tests/fixture/a/Cargo.toml", &outside)]);
    asked(&sandbox, SETUP, 5);
    let absolute = by_path(&sandbox.path("other").display().to_string());
    let sandbox = refused(&[member, ("tests/fixture/a/Cargo.toml", &absolute)]);
    asked(&sandbox, SETUP, 5);
    let sandbox = refused(&[member, ("manifest.toml", BROKEN[1].1)]);
    for worktree in ["main", "one", "two", "three"] {
        sandbox.write(&format!("{worktree}/tests/fixture/a/README"), "");
        let link = sandbox.path(worktree).join("tests/fixture/a/Cargo.toml");
        std::os::unix::fs::symlink("../../../manifest.toml", link).expect("a link");
    }
    asked(&sandbox, SETUP, 5);
}

/// A relative path in a configuration starts from the worktree's folder.
#[test]
fn no_worktree_where_a_configuration_above_names_a_path() {
    let config = "[build]\nrustflags = [\"-Clinker=tools/ld\"]\n";
    let files = [BROKEN, &[(".cargo/config.toml", config)]].concat();
    let sandbox = refused(&files);
    asked(&sandbox, SETUP, 5);
}

/// The error is about a file above the workspace, which each worktree has.
#[test]
fn a_file_above_is_named_by_each_worktree() {
    let sandbox = Sandbox::new();
    sandbox.package("main/sub/app", "app", "app");
    let config = "[resolver]\nincompatible-rust-versions = \"unknown\"\n";
    sandbox.write("main/.cargo/config.toml", config);
    sandbox.commit_all("main");
    sandbox.worktree("main", "one");
    let run = sandbox.run("", &[SETUP, &["-vv"]].concat());
    let found = reasons(&sandbox, &run);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["main/sub/app", "one/sub/app"], "{}", run.said());
    for (name, reason) in &found {
        let top = name.split('/').next().expect("a name");
        let own = sandbox.path(top).join(".cargo/config.toml");
        assert!(reason.contains(&own.display().to_string()), "{reason}");
    }
}
