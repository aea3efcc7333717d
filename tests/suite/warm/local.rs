//! Local crates: what is special about them besides their sources, which `sources` is about.

use super::{build, units};
use crate::sandbox::Sandbox;

/// A workspace with a program `app` that needs the library `low` by way of `high`, built, and a worktree `beside`.
pub(super) fn start() -> Sandbox {
    let sandbox = Sandbox::new();
    let manifest = |name: &str, needs: &str| {
        let package =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
        match needs {
            "" => package,
            _ => format!("{package}[dependencies]\n{needs}.path = \"../{needs}\"\n"),
        }
    };
    sandbox.write(
        "pika/Cargo.toml",
        "[workspace]\nmembers = [\"app\", \"high\", \"low\"]\nresolver = \"2\"\n",
    );
    sandbox.write("pika/low/Cargo.toml", &manifest("low", ""));
    sandbox.write("pika/high/Cargo.toml", &manifest("high", "low"));
    sandbox.write("pika/app/Cargo.toml", &manifest("app", "high"));
    low(&sandbox, "pika", "1");
    sandbox.write(
        "pika/high/src/lib.rs",
        "#[inline(never)]\npub fn it() -> String { format!(\"high {}\", low::IT) }\n",
    );
    sandbox.write(
        "pika/app/src/main.rs",
        "fn main() { println!(\"{}\", high::it()) }\n",
    );
    sandbox.commit_all("pika");
    assert_eq!(build(&sandbox, "pika").1, "high 1\n");
    sandbox.worktree("pika", "beside");
    sandbox
}

pub(super) fn low(sandbox: &Sandbox, folder: &str, it: &str) {
    let text = format!("pub const IT: &str = \"{it}\";\n");
    sandbox.write(&format!("{folder}/low/src/lib.rs"), &text);
}

#[test]
fn nothing_is_compiled_at_the_same_commit() {
    let sandbox = start();
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(units(&answer), 3, "{answer}");
    assert_eq!(build(&sandbox, "beside"), (vec![], "high 1\n".into()));
    low(&sandbox, "beside", "2");
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(compiled, ["app", "high", "low"]);
    assert_eq!(output, "high 2\n");
    // Nothing of that reaches the donor.
    assert_eq!(build(&sandbox, "pika"), (vec![], "high 1\n".into()));
}

/// The same, set up, so that there is a shared root.
fn set_up() -> Sandbox {
    let sandbox = start();
    let args = ["--no-local", "--keep-targets", "--yes"];
    sandbox.run("pika", &args).code(0);
    assert_eq!(sandbox.cargo_run("pika"), "high 1\n");
    sandbox
}

const SETTINGS: &str = "pika/.shared-target/sharedtarget.toml";

/// Local crates are left alone by a flag, by the environment and by the settings file.
#[test]
fn whoever_does_not_want_it() {
    let mut sandbox = set_up();
    let left = |sandbox: &Sandbox, args: &[&str]| {
        let args = [&["warm", "--dry-run", "--verbose"], args].concat();
        let said = sandbox.run("beside", &args).code(0).said();
        said.contains("of local packages")
    };
    assert!(!left(&sandbox, &[]));
    assert!(left(&sandbox, &["--no-local"]));
    sandbox.write(SETTINGS, "local = false\n");
    assert!(left(&sandbox, &[]));
    sandbox.write(SETTINGS, "local = true\n");
    assert!(!left(&sandbox, &[]));
    sandbox.env("CARGO_SHAREDTARGET_NO_LOCAL", "true");
    assert!(left(&sandbox, &[]));
    sandbox.env("CARGO_SHAREDTARGET_NO_LOCAL", "false");
    assert!(!left(&sandbox, &[]));
}

/// An error in the settings is reported with its place, and until it is fixed local crates are left alone.
#[test]
fn mistakes_in_the_settings() {
    let sandbox = set_up();
    sandbox.write(SETTINGS, "# mine\nlocale = false\n");
    let said = sandbox
        .run("beside", &["warm", "--dry-run", "--verbose"])
        .said();
    for part in [
        "sharedtarget.toml",
        "line 2, column 1",
        "`local`",
        "`locale`",
    ] {
        assert!(said.contains(part), "no `{part}` in:\n{said}");
    }
    assert!(said.contains("of local packages"), "{said}");
}

/// The worktree has built, then lost one library, as by `cargo clean -p` or in a build that failed: what the donor
/// has of it looks older than what was compiled with the lost one, which is not what it is compiled with now.
#[test]
fn nothing_is_put_under_what_was_compiled_with_another() {
    let sandbox = start();
    low(&sandbox, "beside", "2");
    assert_eq!(build(&sandbox, "beside").1, "high 2\n");
    sandbox.cargo("beside", &["clean", "-q", "-p", "low", "--offline"]);
    low(&sandbox, "beside", "1");
    sandbox.run("beside", &["warm", "--yes"]);
    assert_eq!(build(&sandbox, "beside").1, "high 1\n");
}

/// The same, after a build that came no further than to find out what is stale.
#[test]
fn nothing_is_put_under_what_a_failed_build_has_left() {
    let sandbox = start();
    low(&sandbox, "beside", "2");
    assert_eq!(build(&sandbox, "beside").1, "high 2\n");
    sandbox.write("beside/low/src/lib.rs", "this is no Rust\n");
    sandbox
        .command("cargo", "beside", &["build", "-q", "--offline"])
        .code(101);
    sandbox.git("beside", &["checkout", "-q", "low"]);
    sandbox.run("beside", &["warm", "--yes"]);
    assert_eq!(build(&sandbox, "beside").1, "high 1\n");
}

/// When it is set up, a workspace has its own libraries at its new place; its programs are linked again, since the
/// user has not asked for all of them.
#[test]
fn its_own_libraries_come_along() {
    let sandbox = start();
    low(&sandbox, "pika", "3");
    assert_eq!(build(&sandbox, "pika").1, "high 3\n");
    sandbox.run("pika", &["--yes"]).code(0);
    assert!(!sandbox.exists("pika/target"));
    let run = sandbox.cargo("pika", &["build", "-v", "--offline"]);
    assert_eq!(crate::registry::compiled(&run.stderr), ["app"]);
    assert_eq!(sandbox.cargo_run("pika"), "high 3\n");
    assert_eq!(sandbox.cargo_run("beside"), "high 1\n");
}

/// Cargo notes the file that a link leads to, which may be the same in both worktrees while the link is not.
#[cfg(unix)]
#[test]
fn a_link_to_a_source_leads_elsewhere() {
    let sandbox = start();
    let text = "pub const IT: &str = include_str!(\"it.txt\");\n";
    sandbox.write("pika/low/src/lib.rs", text);
    sandbox.write("pika/low/src/one.txt", "one");
    sandbox.write("pika/low/src/two.txt", "two");
    let link = |folder: &str, to: &str| {
        let link = sandbox.path(folder).join("low/src/it.txt");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(to, link).expect("a link");
    };
    link("pika", "one.txt");
    sandbox.commit_all("pika");
    assert_eq!(build(&sandbox, "pika").1, "high one\n");
    sandbox.worktree("pika", "other");
    link("other", "two.txt");
    sandbox.run("other", &["warm", "--yes"]).code(0);
    assert_eq!(build(&sandbox, "other").1, "high two\n");
}

/// A source that is named by a way that goes back (`src/../etc/it`) is no newer for what happens to the folder that it goes
/// back to: a worktree that was warmed gives on what it got.
#[test]
fn a_source_by_a_way_back() {
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "");
    sandbox.write("pika/etc/it", "it");
    sandbox.write(
        "pika/src/main.rs",
        "fn main() { println!(\"{}\", app::it()) }\n",
    );
    sandbox.write(
        "pika/src/lib.rs",
        "pub fn it() -> &'static str { include_str!(\"../etc/it\") }\n",
    );
    sandbox.write("pika/.gitignore", "target\n");
    sandbox.cargo("pika", &["build", "-q", "--offline"]);
    sandbox.commit_all("pika");
    for (from, to) in [("pika", "beside"), ("beside", "third")] {
        sandbox.worktree("pika", to);
        let from = sandbox.path(from).display().to_string();
        sandbox.run(to, &["warm", "--yes", "--from", &from]).code(0);
        let built = sandbox.cargo(to, &["build", "-v", "--offline"]);
        assert!(built.stderr.contains("Fresh app"), "{to}: {}", built.said());
    }
}
