//! Cargo is asked once for each distinct answer, and again as soon as anything is different that it goes by.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::sandbox::{Run, Sandbox};

/// Two worktrees of a workspace with members by a pattern, both built.
fn worktrees() -> Sandbox {
    let sandbox = Sandbox::new();
    let manifest = "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"2\"\n";
    sandbox.write("main/Cargo.toml", manifest);
    sandbox.write("main/.gitignore", "target\n");
    for name in ["one", "two"] {
        sandbox.package(&format!("main/crates/{name}"), name, name);
    }
    sandbox.cargo("main", &["generate-lockfile", "--offline"]);
    sandbox.commit_all("main");
    sandbox.worktree("main", "beside");
    for worktree in ["main", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    sandbox
}

/// Runs a command with its log; how often it asked Cargo about a workspace.
fn asks(sandbox: &Sandbox, args: &[&str]) -> (usize, Run) {
    // An answer about files that were written this moment is not kept.
    std::thread::sleep(std::time::Duration::from_millis(50));
    let run = sandbox.run("", &[args, &["-vv"]].concat());
    let lines = run.stderr.lines();
    let asked = lines.filter(|line| line.contains("program starts") && line.contains("metadata"));
    (asked.count(), run)
}

#[track_caller]
fn asked(sandbox: &Sandbox, args: &[&str], expected: usize) -> Run {
    let (asked, run) = asks(sandbox, args);
    assert_eq!(asked, expected, "{args:?}: {}", run.said());
    run
}

/// The toolchain that builds use already.
fn toolchain(sandbox: &Sandbox) -> String {
    let active = sandbox.command("rustup", "", &["show", "active-toolchain"]);
    let name = active.stdout.split_whitespace().next();
    name.expect("a toolchain").to_owned()
}

const SETUP: &[&str] = &["setup", "--dry-run", "--format", "json"];
const GC: &[&str] = &["gc", "--dry-run", "--format", "json"];

#[test]
fn one_for_all_worktrees_and_none_the_next_time() {
    let sandbox = worktrees();
    let first = asked(&sandbox, SETUP, 1);
    let again = asked(&sandbox, SETUP, 0);
    assert_eq!(first.stdout, again.stdout);
    // Dependencies are another question.
    let first = asked(&sandbox, GC, 1);
    let again = asked(&sandbox, GC, 0);
    assert_eq!(first.stdout, again.stdout);
}

/// Each line: what is different in one worktree, and how often Cargo is asked then.
#[test]
fn again_where_anything_is_different() {
    type Change = (&'static str, &'static str, usize);
    let changes: &[Change] = &[
        (
            "main/Cargo.toml",
            "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"1\"\n",
            1,
        ),
        (
            "main/crates/one/Cargo.toml",
            "[package]\nname = \"one\"\nversion = \"0.2.0\"\n",
            1,
        ),
        ("main/crates/one/src/bin/more.rs", "fn main() {}\n", 1),
        ("main/crates/two/tests/it.rs", "", 1),
        ("main/crates/two/build.rs", "fn main() {}\n", 1),
        (
            "main/crates/three/Cargo.toml",
            "[package]\nname = \"three\"\nversion = \"0.1.0\"\n",
            1,
        ),
        ("main/.cargo/config.toml", "[net]\nretry = 2\n", 1),
        (
            "main/rust-toolchain.toml",
            "[toolchain]\nchannel = \"CHANNEL\"\n",
            1,
        ),
        // It is for both, which then have the same answer.
        (".cargo/config.toml", "[net]\nretry = 3\n", 1),
        // Sources make no difference, nor does what lies beside packages.
        (
            "main/crates/one/src/main.rs",
            "fn main() { println!(\"other\"); }\n",
            0,
        ),
        ("main/README.md", "text\n", 0),
    ];
    for (path, content, expected) in changes {
        let sandbox = worktrees();
        asked(&sandbox, SETUP, 1);
        asked(&sandbox, GC, 1);
        sandbox.write(path, &content.replace("CHANNEL", &toolchain(&sandbox)));
        if path.contains("three") {
            sandbox.write("main/crates/three/src/lib.rs", "");
        }
        asked(&sandbox, SETUP, *expected);
        let known = asked(&sandbox, SETUP, 0);
        // An answer that would need another `Cargo.lock` is an error, and those are not kept.
        let (about_dependencies, run) = asks(&sandbox, GC);
        assert_eq!(about_dependencies, *expected, "{path}: {}", run.said());
        fs::remove_dir_all(sandbox.outside("home/.local/state/cargo-sharedtarget/answers"))
            .expect("answers are kept there");
        let (_, fresh) = asks(&sandbox, SETUP);
        assert_eq!(known.stdout, fresh.stdout, "{path}");
    }
}

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

/// Somebody edits a member while Cargo answers: its state is looked at after that, and would be that of another answer.
#[test]
fn an_answer_is_not_kept_while_files_are_edited() {
    let mut sandbox = worktrees();
    let real = sandbox.command("rustup", "", &["which", "cargo"]);
    let member = sandbox.path("main/crates/one/Cargo.toml");
    let script = format!(
        "#!/bin/sh\n{real} \"$@\"; code=$?\n\
         case \"$*\" in *metadata*) sed -i s/0.1.0/0.3.0/ {member} ;; esac; exit $code\n",
        real = real.stdout.trim(),
        member = member.display(),
    );
    sandbox.write("../bin/cargo", &script);
    let program = sandbox.outside("bin/cargo");
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("a program");
    let path = std::env::var_os("PATH").expect("a path");
    let with = [program.parent().expect("a folder").to_owned()];
    let path = std::env::join_paths(with.into_iter().chain(std::env::split_paths(&path)));
    sandbox.env("PATH", Path::new(&path.expect("a path")));
    let (first, run) = asks(&sandbox, SETUP);
    assert!(first >= 1, "{}", run.said());
    assert!(sandbox.read("main/crates/one/Cargo.toml").contains("0.3.0"));
    let (again, run) = asks(&sandbox, &["setup", "--dry-run", "main"]);
    assert!(again >= 1, "{}", run.said());
}

#[test]
fn a_file_that_is_cut_off_is_asked_for_again() {
    let sandbox = worktrees();
    let first = asked(&sandbox, SETUP, 1);
    let folder = sandbox.outside("home/.local/state/cargo-sharedtarget/answers");
    for entry in fs::read_dir(folder).expect("answers are kept there") {
        let path = entry.expect("a file").path();
        let text = fs::read(&path).expect("a file");
        fs::write(&path, &text[..text.len() / 2]).expect("writable");
    }
    let again = asked(&sandbox, SETUP, 1);
    assert_eq!(first.stdout, again.stdout);
}

/// A package that lies elsewhere may change without a change of the workspace's.
#[test]
fn packages_elsewhere_are_looked_at_each_time() {
    let sandbox = Sandbox::new();
    sandbox.package("away", "away", "away");
    sandbox.write("away/src/lib.rs", "");
    sandbox.package("main", "app", "app");
    let manifest = sandbox.read("main/Cargo.toml");
    let manifest = format!("{manifest}\n[dependencies]\naway = {{ path = \"../away\" }}\n");
    sandbox.write("main/Cargo.toml", &manifest);
    sandbox.cargo("main", &["build", "-q", "--offline"]);
    let (first, _) = asks(&sandbox, &["gc", "--dry-run", "main"]);
    let (again, run) = asks(&sandbox, &["gc", "--dry-run", "main"]);
    assert!(first >= 1 && again >= 1, "{first} {again} {}", run.said());
}

/// The answers for two workspaces that look the same differ by what lies above them.
#[test]
fn not_for_another_workspace_that_has_other_folders_above() {
    let configuration = "[build]\ntarget-dir = \"t\"\n";
    let template = "[build]\nbuild-dir = \"builds/{workspace-path-hash}\"\n";
    let outer = "[workspace]\nexclude = [\"one\"]\n";
    let above: &[&[(&str, &str)]] = &[
        &[
            ("a/.cargo/config.toml", configuration),
            ("b/.cargo/config.toml", configuration),
        ],
        &[(".cargo/config.toml", template)],
        &[("a/Cargo.toml", outer), ("b/Cargo.toml", outer)],
    ];
    for files in above {
        let sandbox = Sandbox::new();
        for folder in ["a/one", "b/one", "b/two"] {
            sandbox.package(folder, "app", "app");
        }
        for (path, content) in *files {
            sandbox.write(path, content);
        }
        let first = asks(&sandbox, SETUP).1;
        let again = asks(&sandbox, SETUP).1;
        assert_eq!(first.stdout, again.stdout);
        // Asked for each alone, with nothing known.
        let state = sandbox.outside("home/.local/state/cargo-sharedtarget/answers");
        let mut alone = Vec::new();
        for folder in ["a/one", "b/one", "b/two"] {
            drop(fs::remove_dir_all(&state));
            let said = sandbox.json(folder, &["setup", "--dry-run"]);
            alone.push((folder, said));
        }
        fs::remove_dir_all(&state).expect("answers are kept there");
        for (folder, expected) in alone {
            assert_eq!(
                sandbox.json(folder, &["setup", "--dry-run"]),
                expected,
                "{files:?}"
            );
        }
    }
}
