//! The tools themselves, where they are installed: each runs our command in what it makes, and nothing is compiled there.

use std::fs;
use std::os::unix::fs::symlink;

use super::{everything, on_path};
use crate::sandbox::Sandbox;

/// A package that depends on another one of its worktree, with our program on the path. Nothing is built in it yet.
fn package() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.package("pika", "app", "hello");
    sandbox.write(
        "pika/util/Cargo.toml",
        "[package]\nname = \"util\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("pika/util/src/lib.rs", "pub fn f() {}\n");
    let manifest = sandbox.read("pika/Cargo.toml");
    let manifest = format!("{manifest}\n[dependencies]\nutil = {{ path = \"util\" }}\n");
    sandbox.write("pika/Cargo.toml", &manifest);
    sandbox.write("pika/.gitignore", "target\n");
    sandbox.cargo("pika", &["generate-lockfile", "--offline"]);
    fs::create_dir(sandbox.outside("bin")).expect("a folder");
    let program = sandbox.outside("bin/cargo-sharedtarget");
    symlink(env!("CARGO_BIN_EXE_cargo-sharedtarget"), program).expect("a link");
    on_path(&mut sandbox, "bin");
    sandbox
}

/// The version of a tool; `None` where it is not installed.
fn version(sandbox: &Sandbox, tool: &str) -> Option<String> {
    let mut command = sandbox.prepared(tool, "", &["--version"]);
    let output = command.output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    version.starts_with(&format!("{tool} ")).then_some(version)
}

fn build(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let built = sandbox.cargo(folder, &["build", "--offline"]);
    crate::registry::compiled(&built.stderr)
}

#[test]
fn worktrunk_makes_warm_worktrees() {
    let sandbox = package();
    let Some(version) = version(&sandbox, "wt") else {
        return eprintln!("skipped: there is no worktrunk");
    };
    sandbox.git("pika", &["init", "-q", "-b", "main"]);
    sandbox.write("pika/.config/wt.toml", "# mine\n[list]\nurl = \"x\"\n");
    sandbox.git("pika", &["add", "-A"]);
    sandbox.git("pika", &["commit", "-q", "-m", "work"]);
    sandbox.run("pika", &["--yes", "--no-hook"]).code(0);
    assert_eq!(build(&sandbox, "pika").len(), 2);
    let before = everything(&sandbox, "pika");

    let named = ["--for", "worktrunk"];
    let run = |args: &[&str]| sandbox.run("pika", &[args, &named].concat()).code(0);
    run(&["hook", "install"]);
    sandbox.git("pika", &["commit", "-q", "-a", "-m", "hook"]);
    let switch = ["switch", "--create", "topic", "--yes", "--no-cd"];
    let made = sandbox.command("wt", "pika", &switch).code(0);
    assert!(
        made.said().contains("onboard"),
        "{version}: {}",
        made.said()
    );
    let topic = "pika.topic";
    assert_eq!(
        build(&sandbox, topic),
        [""; 0],
        "{version}: {}",
        made.said()
    );

    sandbox.git("pika", &["reset", "-q", "--soft", "HEAD~1"]);
    run(&["hook", "uninstall"]);
    let file = |all: &[(std::path::PathBuf, Vec<u8>, u32)]| {
        let file = all.iter().find(|one| one.0.ends_with("wt.toml"));
        file.cloned().expect("the file")
    };
    assert_eq!(file(&everything(&sandbox, "pika")), file(&before));
}

/// From version 0.46 on, a workspace beside a `.git` is a worktree of git, and the packages in it are shared as well.
#[test]
fn the_alias_makes_warm_workspaces() {
    for colocate in [true, false] {
        let mut sandbox = package();
        let Some(version) = version(&sandbox, "jj") else {
            return eprintln!("skipped: there is no Jujutsu");
        };
        sandbox.env("JJ_USER", "me");
        sandbox.env("JJ_EMAIL", "me@example.org");
        let flag = ["--no-colocate", "--colocate"][usize::from(colocate)];
        let jj = |args: &[&str]| sandbox.command("jj", "pika", args).code(0);
        jj(&["git", "init", flag]);
        jj(&["commit", "-m", "work"]);
        sandbox.run("pika", &["--yes", "--no-hook"]).code(0);
        assert_eq!(build(&sandbox, "pika").len(), 2);

        let shown = sandbox.run("pika", &["hook", "install", "--for", "jj"]);
        let shown = shown.code(1).said();
        let line = |all: &str| {
            let mut lines = all.lines().map(str::trim);
            let line = lines.find(|line| line.starts_with("jj config "));
            line.expect("a line").to_owned()
        };
        sandbox
            .command("sh", "pika", &["-c", &line(&shown)])
            .code(0);
        let made = jj(&["add", "--name", "topic", "../some topic"]);
        let again = format!("{version}: {}", made.said());
        let shares_its_own = sandbox.exists("some topic/.git");
        assert!(colocate || !shares_its_own, "{again}");
        let expected = if shares_its_own { 0 } else { 2 };
        assert_eq!(build(&sandbox, "some topic").len(), expected, "{again}");
        assert!(!sandbox.exists("some topic/target"), "{again}");
        // Neither git nor Jujutsu sees what was written.
        let status = sandbox.command("jj", "some topic", &["diff", "--summary"]);
        assert_eq!(status.code(0).stdout, "", "{again}");

        let gone = sandbox.run("pika", &["hook", "uninstall", "--for", "jj"]);
        let gone = gone.code(1).said();
        sandbox.command("sh", "pika", &["-c", &line(&gone)]).code(0);
        let add = sandbox.command("jj", "pika", &["add", "../third"]);
        assert_ne!(add.code, Some(0), "{}", add.said());
    }
}
