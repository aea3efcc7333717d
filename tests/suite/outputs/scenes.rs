//! The situations in which the pages quote sessions.

use std::fs;
use std::path::Path;

use super::stage::Stage;

/// Publishes libraries that a program can depend on: `bud`, `leaf` in two versions, and `twig`, which depends on
/// the first of these.
fn publish(stage: &Stage) {
    // Their sizes differ clearly, since outputs are sorted by them.
    let library = |(name, version): (&str, &str), needs: &[&str], text: &str, ballast: usize| {
        let text = format!("{text}pub static BALLAST: &[u8] = include_bytes!(\"ballast\");\n");
        let ballast = "x".repeat(ballast);
        let files = [("src/lib.rs", text.as_str()), ("src/ballast", &ballast)];
        stage.registry.publish((name, version), needs, "", &files);
    };
    let leaf =
        "pub fn it() -> String { let all: Vec<u32> = (0..9).collect(); format!(\"{all:?}\") }\n";
    library(("bud", "1.0.0"), &[], "", 10_000);
    library(("leaf", "1.0.0"), &[], leaf, 60_000);
    library(("leaf", "2.0.0"), &[], leaf, 400_000);
    let twig = "pub fn it() -> String { let all: Vec<String> = (0..9).map(|_| leaf::it()).collect(); all.concat() }\n";
    library(("twig", "1.0.0"), &["leaf"], twig, 900_000);
}

/// Writes a package `app` that depends on these, with its `Cargo.lock`, and commits it.
fn app(stage: &Stage, folder: &str, dependencies: &str) {
    let sandbox = &stage.sandbox;
    let manifest = format!(
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n{dependencies}\n"
    );
    sandbox.write(&format!("{folder}/Cargo.toml"), &manifest);
    sandbox.write(&format!("{folder}/src/main.rs"), &main_file("hello"));
    sandbox.write(&format!("{folder}/.gitignore"), "target\n");
    sandbox.git(folder, &["init", "-q", "-b", "main"]);
    sandbox.cargo(folder, &["generate-lockfile", "--offline"]);
    sandbox.commit_all(folder);
}

fn main_file(word: &str) -> String {
    format!("fn main() {{ println!(\"{word}: {{}}\", twig::it()); }}\n#[test]\nfn works() {{}}\n")
}

fn build(stage: &Stage, folder: &str) {
    stage.sandbox.cargo(folder, &["build", "-q"]);
}

/// Has all files of a folder look as old as `days`.
fn aged(stage: &Stage, folder: &str, days: u32) {
    let age = format!("{days} days ago");
    let touch = ["touch", "-a", "-m", "-h", "-d", &age, "{}", "+"];
    let args = [&[".", "-exec"][..], &touch].concat();
    stage.sandbox.command("find", folder, &args).code(0);
}

pub(super) fn audit(stage: &Stage) {
    publish(stage);
    app(stage, "app", "twig = \"1\"\nleaf = \"2\"\nbud = \"1\"");
    stage.sandbox.worktree("app", "app-topic");
    for folder in ["app", "app-topic"] {
        build(stage, folder);
    }
    for args in [
        &["test", "--no-run"][..],
        &["check"],
        &["build", "--release"],
    ] {
        stage.sandbox.cargo("app", &[args, &["-q"]].concat());
    }
    stage.session("audit --top 4", "");
}

pub(super) fn dedupe(stage: &Stage) {
    publish(stage);
    app(stage, "one", "twig = \"1\"");
    let sandbox = &stage.sandbox;
    sandbox.git("", &["clone", "-q", "one", "two"]);
    for folder in ["one", "two"] {
        build(stage, folder);
    }
    stage.session_of_larger("cargo sharedtarget dedupe", "");
}

pub(super) fn doctor(stage: &Stage) {
    let sandbox = &stage.sandbox;
    sandbox.repository("app", &["topic"]);
    let all = sandbox.path("all");
    for folder in ["app", "topic"] {
        let config = format!("[build]\ntarget-dir = \"{}\"\n", all.display());
        sandbox.write(&format!("{folder}/.cargo/config.toml"), &config);
    }
    stage.session("doctor --fix", "");
}

pub(super) fn error(stage: &Stage) {
    stage.session("expected a folder", "");
}

pub(super) fn gc(stage: &Stage) {
    publish(stage);
    app(stage, "app", "twig = \"1\"");
    let sandbox = &stage.sandbox;
    sandbox.cargo("app", &["check", "-q", "--tests"]);
    build(stage, "app");
    aged(stage, "app", 1);
    sandbox.write("start", "");
    build(stage, "app");
    stage.session_of_larger("--unused-since @../start", "app");
}

pub(super) fn hook(stage: &Stage) {
    stage.sandbox.repository("app", &[]);
    stage.session("--for claude,cursor", "app");
}

pub(super) fn json(stage: &Stage) {
    let sandbox = &stage.sandbox;
    sandbox.repository("app", &[]);
    build(stage, "app");
    sandbox.run("app", &["setup", "--yes"]).code(0);
    let says = |args: &[&str]| {
        let all = [args, &["--format", "json"]].concat();
        sandbox.run("app", &all).code(0).stdout
    };
    stage.document("\"clean\"", &says(&["clean", "--dry-run"]));
    stage.document("\"hook status\"", &says(&["hook", "status"]));
}

pub(super) fn log(stage: &Stage) {
    let sandbox = &stage.sandbox;
    sandbox.repository("app", &[]);
    build(stage, "app");
    sandbox.run("app", &["setup", "--yes", "--no-hook"]).code(0);
    sandbox.worktree("app", "topic");
    stage.session("sharedtarget::cli::log: asked", "topic");
}

/// An example of a provider, between two programs that note what it is asked and what it answers.
pub(super) fn providers(stage: &Stage) {
    let files = [("src/lib.rs", "pub fn it() -> u32 { 7 }\n")];
    stage.registry.publish(("itoa", "1.0.15"), &[], "", &files);
    app(stage, "app", "itoa = \"1\"");
    let sandbox = &stage.sandbox;
    let text = "fn main() { println!(\"{}\", itoa::it()); }\n";
    sandbox.write("app/src/main.rs", text);
    sandbox.commit_all("app");
    sandbox.worktree("app", "topic");
    build(stage, "app");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/providers/provider.sh");
    let notes = sandbox.outside("own");
    let settings = ["after", "before"].map(|ask| {
        let command = format!(
            "export PROVIDER_DIR={notes}/provider; tee {notes}/{ask}.json | sh {} {ask} | tee {notes}/{ask}-answer.json",
            example.display(),
            notes = notes.display(),
        );
        format!("{ask} = ['sh', '-c', '{command}']\n")
    });
    let own = sandbox.outside("home/.config/cargo-sharedtarget/sharedtarget.toml");
    fs::create_dir_all(own.parent().expect("a folder")).expect("a folder");
    fs::write(own, format!("[store]\n{}", settings.concat())).expect("settings");
    sandbox
        .run("app", &["store", "harvest", "--yes"])
        .code(0)
        .says("kept 1 unit");
    // The provider is asked for what no folder and no store has.
    sandbox.run("app", &["store", "clean", "--yes"]).code(0);
    fs::remove_dir_all(sandbox.path("app/target")).expect("removed");
    sandbox
        .run("topic", &["warm", "--yes"])
        .code(0)
        .says("with 1 unit");
    let noted = |name: &str| fs::read_to_string(notes.join(name)).expect("a note");
    stage.document("\"ask\":\"before\"", &noted("before.json"));
    stage.document("\"stays\":\"kept\"", &noted("before-answer.json"));
    stage.document("\"ask\":\"after\"", &noted("after.json"));
    stage.document("\"relocated\":", &noted("after-answer.json"));
}

pub(super) fn setup(stage: &Stage) {
    publish(stage);
    app(stage, "app", "twig = \"1\"");
    let sandbox = &stage.sandbox;
    for worktree in ["feature", "fix", "old"] {
        sandbox.worktree("app", worktree);
    }
    sandbox.write("feature/src/main.rs", &main_file("feature"));
    sandbox.commit_all("feature");
    for folder in ["app", "feature", "old"] {
        build(stage, folder);
    }
    aged(stage, "old/target", 5);
    stage.session("Create the shared root", "app");
}

/// A workspace with the library `core-lib`, which depends on `leaf`, and the program `app`, whose build script watches
/// a variable.
pub(super) fn why(stage: &Stage) {
    let sandbox = &stage.sandbox;
    publish(stage);
    let manifest = |folder: &str, name: &str, version: &str, dependencies: &str| {
        let text = format!(
            "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n[dependencies]\n{dependencies}\n"
        );
        sandbox.write(&format!("main/{folder}/Cargo.toml"), &text);
    };
    manifest("core", "core-lib", "0.1.0", "leaf = \"1\"");
    manifest("app", "app", "0.2.0", "core-lib = { path = \"../core\" }");
    let files = [
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"core\", \"app\"]\nresolver = \"2\"\n",
        ),
        (".gitignore", "target\n"),
        ("core/src/lib.rs", "pub fn it() -> String { leaf::it() }\n"),
        (
            "app/build.rs",
            "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
             println!(\"cargo::rerun-if-env-changed=FOO\");\n}\n",
        ),
        (
            "app/src/main.rs",
            "fn main() { println!(\"{}\", core_lib::it()) }\n",
        ),
    ];
    for (path, text) in files {
        sandbox.write(&format!("main/{path}"), text);
    }
    sandbox.git("main", &["init", "-q", "-b", "main"]);
    sandbox.cargo("main", &["generate-lockfile", "--offline"]);
    sandbox.commit_all("main");
    for worktree in ["topic", "newer"] {
        sandbox.worktree("main", worktree);
    }
    build(stage, "main");

    let leaf = [("src/lib.rs", "pub fn it() -> String { \"newer\".into() }\n")];
    stage.registry.publish(("leaf", "1.1.0"), &[], "", &leaf);
    sandbox.cargo("newer", &["update", "-q", "leaf"]);
    build(stage, "newer");
    stage.session("why leaf", "newer");
    sandbox.git("main", &["worktree", "remove", "--force", "../newer"]);

    let changed = "pub fn it() -> String { format!(\"{}!\", leaf::it()) }\n";
    sandbox.write("topic/core/src/lib.rs", changed);
    let mut cargo = sandbox.prepared("cargo", "topic", &["build", "-q"]);
    assert!(cargo.env("FOO", "1").status().expect("Cargo").success());
    stage.session("sharedtarget why\n", "topic");
}
