//! Files that a worktree gets only after the hook: submodules, and manifests that a program generates.

use std::fs;

use super::git;
use crate::sandbox::Sandbox;

/// A repository with a member in a submodule and a dependency of git's, set up with the hook, and built.
fn start() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.env("CARGO_SHAREDTARGET_NO_HOOK", "false");
    for name in ["third", "sub"] {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
        sandbox.write(&format!("{name}/Cargo.toml"), &manifest);
        sandbox.write(&format!("{name}/src/lib.rs"), "pub fn f() {}\n");
        sandbox.commit_all(name);
    }
    sandbox.git("", &["config", "--global", "protocol.file.allow", "always"]);
    sandbox.package("pika", "app", "main");
    let needs = format!(
        "[workspace]\nmembers = [\"sub\"]\n[dependencies]\nsub = {{ path = \"sub\" }}\nthird = {{ git = \"file://{}\" }}\n",
        sandbox.path("third").display()
    );
    let manifest = sandbox.read("pika/Cargo.toml");
    sandbox.write("pika/Cargo.toml", &format!("{manifest}{needs}"));
    sandbox.write("pika/.gitignore", "target\n/trees\n");
    sandbox.git("pika", &["init", "-q", "-b", "main"]);
    let source = sandbox.path("sub").display().to_string();
    sandbox.git("pika", &["submodule", "--quiet", "add", &source, "sub"]);
    sandbox.cargo("pika", &["generate-lockfile"]);
    sandbox.git("pika", &["add", "-A"]);
    sandbox.git("pika", &["commit", "-q", "-m", "work"]);
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(sandbox.cargo_run("pika"), "main\n");
    sandbox
}

/// Adds a worktree, whose program prints something else, and returns what the hook said.
fn add(sandbox: &Sandbox, at: &str) -> String {
    let path = sandbox.path(at).display().to_string();
    let (code, said) = git(
        sandbox,
        "pika",
        &["worktree", "add", "-q", "--detach", &path],
    );
    assert_eq!(code, Some(0), "{said}");
    sandbox.write(
        &format!("{at}/src/main.rs"),
        "fn main() { println!(\"new\"); }\n",
    );
    said
}

/// The warnings of the hook.
fn warnings(said: &str) -> Vec<&str> {
    let lines = said.lines();
    lines.filter(|line| line.starts_with("warning")).collect()
}

#[test]
fn submodules_come_after_the_hook() {
    let sandbox = start();
    for at in ["new", "pika/trees/inside"] {
        let said = add(&sandbox, at);
        assert_eq!(warnings(&said).len(), 1, "{said}");
        let advice = "run `git submodule update --init`, then `cargo sharedtarget onboard`";
        assert!(
            said.contains("Cargo says") && said.contains(advice),
            "{said}"
        );
        assert!(sandbox.exists(&format!("{at}/.cargo/config.toml")));

        sandbox.git(at, &["submodule", "--quiet", "update", "--init"]);
        let built = sandbox.cargo(at, &["build", "--offline"]).said();
        assert!(!built.contains("Compiling third"), "{built}");
        assert!(!sandbox.exists(&format!("{at}/target")));
        assert_eq!(sandbox.cargo_run(at), "new\n");
        sandbox.run(at, &["onboard", "--quiet"]).code(0);
        assert_eq!(sandbox.cargo_run("pika"), "main\n");
    }
}

/// Nothing of the family is set up: where its builds go is not known without Cargo.
#[test]
fn without_a_worktree_that_is_set_up_the_line_alone_is_said() {
    let sandbox = start();
    sandbox.run("pika", &["undo"]).code(0);
    sandbox.run("pika", &["hook", "install"]).code(0);
    let said = add(&sandbox, "new");
    assert_eq!(warnings(&said).len(), 1, "{said}");
    assert!(said.contains("cargo sharedtarget onboard"), "{said}");
    assert!(!sandbox.exists("new/.cargo"));
}

/// A broken configuration is no reason to write one, nor is it said in more than a line.
#[test]
fn a_generated_manifest_is_missing() {
    let sandbox = start();
    fs::remove_file(sandbox.path("pika/.gitmodules")).expect("removed");
    sandbox.write("pika/member/Cargo.toml.in", "");
    let manifest = sandbox.read("pika/Cargo.toml");
    sandbox.write(
        "pika/Cargo.toml",
        &manifest.replace("[\"sub\"]", "[\"member\"]"),
    );
    sandbox.git("pika", &["add", "-A"]);
    sandbox.git("pika", &["commit", "-q", "-m", "generated"]);
    let said = add(&sandbox, "new");
    assert_eq!(warnings(&said).len(), 1, "{said}");
    assert!(
        said.contains("fix that, then run `cargo sharedtarget onboard`"),
        "{said}"
    );
    assert!(sandbox.exists("new/.cargo/config.toml"));
}
