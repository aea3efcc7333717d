//! A project that was copied or moved together with its shared root. Configurations lead to roots by absolute paths.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::sandbox::Sandbox;

const ROOT: &str = ".shared-target";

/// A project that is set up and built, and a copy of it.
fn copied(to: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    fs::create_dir_all(sandbox.path(to).parent().expect("a folder")).expect("folders");
    copy(&sandbox.path("pika"), &sandbox.path(to));
    sandbox
}

/// Copies a folder with its times.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(status.expect("cp").success());
}

fn token(sandbox: &Sandbox, project: &str) -> String {
    sandbox.read(&format!("{project}/{ROOT}/.sharedtarget/token"))
}

#[test]
fn a_copy_of_a_project_gets_a_shared_root_of_its_own() {
    for to in ["copy", "elsewhere/pika"] {
        let sandbox = copied(to);
        let original = sandbox.tree("pika");
        let beside = sandbox.tree("beside");
        let setup = sandbox.run(to, &["setup", "--yes"]).code(0);
        assert!(setup.said().contains("is a copy of"), "{}", setup.said());
        assert_ne!(token(&sandbox, to), token(&sandbox, "pika"));
        let config = sandbox.read(&format!("{to}/.cargo/config.toml"));
        let own = sandbox.path(to).join(ROOT).display().to_string();
        let theirs = sandbox.path("pika").join(ROOT).display().to_string();
        assert!(
            config.contains(&own) && !config.contains(&theirs),
            "{config}"
        );
        sandbox.write(
            &format!("{to}/src/main.rs"),
            "fn main() { println!(\"the copy\"); }\n",
        );
        assert_eq!(sandbox.cargo_run(to), "the copy\n");
        assert_eq!(sandbox.tree("pika"), original, "{to}");
        assert_eq!(sandbox.tree("beside"), beside, "{to}");
        assert_eq!(sandbox.cargo_run("pika"), "hello\n");
        for project in ["pika", to] {
            let root = sandbox.json(project, &["list"])["shared_root"].clone();
            let path = sandbox.path(project).join(ROOT).display().to_string();
            assert_eq!(
                (&root["path"], &root["exists"]),
                (&json!(path), &json!(true))
            );
            let doctor = sandbox.run(project, &["doctor"]).said();
            assert!(!doctor.contains("is a copy of the shared root"), "{doctor}");
            let again = sandbox.run(project, &["setup", "--yes"]).code(0).said();
            assert!(!again.contains("wrote"), "{project}: {again}");
        }
        let left = sandbox.run(to, &["undo", "--yes"]).code(0);
        let config = sandbox.read("pika/.cargo/config.toml");
        assert!(config.contains(&theirs), "{}", left.said());
    }
}

#[test]
fn list_and_doctor_say_that_a_project_is_a_copy() {
    let sandbox = copied("copy");
    let before = sandbox.tree("");
    let list = sandbox.json("copy", &["list"]);
    let own = sandbox.path("copy").join(ROOT).display().to_string();
    assert_eq!(list["shared_root"]["path"], own);
    assert_eq!(list["shared_root"]["exists"], false);
    let said = sandbox.run("copy", &["list"]).code(0).said();
    assert!(said.contains("is a copy of the shared root"), "{said}");
    let doctor = sandbox.json("copy", &["doctor"]);
    let diagnoses = doctor["diagnoses"].as_array().expect("a list");
    let copied = diagnoses.iter().find(|one| one["kind"] == "copied");
    let copied = copied.unwrap_or_else(|| panic!("{doctor:#}"));
    assert_eq!(copied["severity"], "danger");
    assert_eq!(copied["fix"], "cargo sharedtarget setup");
    assert_eq!(sandbox.tree(""), before);
    let fixed = sandbox.run("copy", &["doctor", "--fix", "--yes"]);
    assert!(
        sandbox.read("copy/.cargo/config.toml").contains(&own),
        "{}",
        fixed.said()
    );
}

/// A copy with no configuration that leads anywhere is one all the same.
#[test]
fn a_copied_root_alone_is_none_of_ours_as_long_as_the_original_is_there() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    copy(
        &sandbox.path("pika").join(ROOT),
        &sandbox.path("copied-root"),
    );
    let path = sandbox.path("copied-root").display().to_string();
    let list = ["list", "--shared-root", &path];
    assert_eq!(sandbox.json("pika", &list)["shared_root"]["exists"], false);
    let records = |project: &str| sandbox.run(project, &["undo", "-n"]).said();
    let before = records("pika");
    let undo = ["undo", "-n", "--shared-root", &path];
    assert_ne!(sandbox.run("pika", &undo).said(), before);
    fs::rename(sandbox.path("pika").join(ROOT), sandbox.path("gone")).expect("moved");
    fs::remove_dir_all(sandbox.path("gone")).expect("removed");
    assert_eq!(sandbox.json("pika", &list)["shared_root"]["exists"], true);
}

/// A moved project is known again; setup leads its configurations to the new place, and a new project may take the
/// old one.
#[test]
fn a_moved_project_keeps_its_root_and_frees_its_place() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    let kept = token(&sandbox, "pika");
    fs::rename(sandbox.path("pika"), sandbox.path("moved")).expect("moved");
    let doctor = sandbox.json("moved", &["doctor"]);
    let diagnoses = doctor["diagnoses"].as_array().expect("a list");
    assert!(
        diagnoses.iter().any(|one| one["kind"] == "moved"),
        "{doctor:#}"
    );
    sandbox.run("moved", &["setup", "--yes"]).code(0);
    let config = sandbox.read("moved/.cargo/config.toml");
    let own = sandbox.path("moved").join(ROOT).display().to_string();
    assert!(config.contains(&own), "{config}");
    assert_eq!(token(&sandbox, "moved"), kept);
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    assert_ne!(token(&sandbox, "pika"), kept);
    for project in ["pika", "moved"] {
        let root = sandbox.json(project, &["list"])["shared_root"].clone();
        let path = sandbox.path(project).join(ROOT).display().to_string();
        assert_eq!(
            (&root["path"], &root["exists"]),
            (&json!(path), &json!(true))
        );
    }
    sandbox.run("moved", &["undo", "--yes"]).code(0);
    assert!(sandbox.exists("pika/.cargo/config.toml"));
}
