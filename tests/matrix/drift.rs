//! What differs between two worktrees, though it is a third-party crate.

use std::fs;

use crate::commands::run;
use crate::sandbox::Sandbox;
use crate::third_party;

/// Two worktrees with these files, of which MARK is the mark, and a clone of the second one.
pub(crate) struct Pair {
    pub(crate) sandbox: Sandbox,
}

const DONOR: &str = "a/work";
const SECOND: &str = "b/work";
const CLONE: &str = "c/work";

impl Pair {
    /// `before` is done to a worktree before its lock file is made.
    pub(crate) fn new(files: &[(&str, &str)], before: impl Fn(&Sandbox, &str)) -> Self {
        let sandbox = Sandbox::new();
        third_party::make(&sandbox);
        sandbox.write("m/repo/.gitignore", "target\n");
        sandbox.git("m/repo", &["init", "-q", "-b", "main"]);
        sandbox.commit_all("m/repo");
        for (worktree, mark) in [(DONOR, "aaa"), (SECOND, "bbb")] {
            let path = sandbox.path(worktree).display().to_string();
            sandbox.git("m/repo", &["worktree", "add", "-q", "-b", mark, &path]);
            let git = sandbox.path("from-git").display().to_string();
            for (path, text) in files {
                let text = text.replace("MARK", mark).replace("GIT", &git);
                sandbox.write(&format!("{worktree}/{path}"), &text);
            }
            before(&sandbox, worktree);
            sandbox.cargo(worktree, &["generate-lockfile"]);
            sandbox.commit_all(worktree);
        }
        sandbox.git("", &["clone", "-q", "-b", "bbb", "m/repo", CLONE]);
        Self { sandbox }
    }

    /// Builds in the donor, warms the second worktree, and compares with the clone; with the donor there and without.
    #[track_caller]
    fn same_as_clone(&self) {
        let sandbox = &self.sandbox;
        let says = |worktree: &str| sandbox.cargo(worktree, &["run", "--locked"]).stdout;
        let donor = says(DONOR);
        let clone = says(CLONE);
        assert_ne!(donor, clone);
        for alive in [true, false] {
            drop(fs::remove_dir_all(sandbox.path(SECOND).join("target")));
            let warm = sandbox.run(SECOND, &["warm", "--yes"]).code(0);
            let (target, gone) = (sandbox.path("a/work/target"), sandbox.path("gone"));
            if !alive {
                fs::rename(&target, &gone).expect("moved");
            }
            let second = run(sandbox, "cargo", SECOND, &["run", "-v", "--locked"]);
            assert_eq!(
                second.stdout,
                clone,
                "donor alive: {alive}\n{}\n{}",
                warm.said(),
                second.stderr
            );
            if !alive {
                fs::rename(&gone, &target).expect("moved");
            }
        }
    }
}

const fn program(lines: &'static str) -> (&'static str, &'static str) {
    ("src/main.rs", lines)
}

fn app(dependencies: &str) -> String {
    format!(
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n{dependencies}"
    )
}

/// Cargo's hash does not have the revision of a git dependency.
#[test]
fn another_revision_of_a_git_dependency() {
    let manifest = app("from-git = { git = \"file://GIT\" }\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program("fn main() { println!(\"{}\", from_git::line()); }\n"),
    ];
    let pair = Pair::new(&files, |sandbox, worktree| {
        let text = format!("pub fn line() -> String {{ \"git of {worktree}\".to_owned() }}\n");
        sandbox.write("from-git/src/lib.rs", &text);
        sandbox.commit_all("from-git");
    });
    pair.same_as_clone();
}

/// A variable that each worktree's configuration sets, and crates that ask for it.
#[test]
fn another_variable() {
    let manifest = app("reg-asks = \"1\"\nreg-asks-script = \"1\"\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        (".cargo/config.toml", "[env]\nWHICH = \"MARK\"\n"),
        program("fn main() { println!(\"{}, {}\", reg_asks::line(), reg_asks_script::line()); }\n"),
    ];
    Pair::new(&files, |_, _| ()).same_as_clone();
}

/// A build script that finds a file of the worktree that it is built for, and tells Cargo.
#[test]
fn a_build_script_that_reads_the_worktree() {
    let manifest = app("reg-upwards-top = \"1\"\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("mark.txt", "MARK"),
        program("fn main() { println!(\"{}\", reg_upwards_top::line()); }\n"),
    ];
    Pair::new(&files, |_, _| ()).same_as_clone();
}

/// A crate that each worktree vendors for itself, changed, with the checksum as it was.
#[test]
fn another_text_of_a_vendored_crate() {
    let manifest = app("from-git = { git = \"file://GIT\" }\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program("fn main() { println!(\"{}\", from_git::line()); }\n"),
        (
            "vendor/from-git/Cargo.toml",
            "[package]\nname = \"from-git\"\nversion = \"0.3.0\"\nedition = \"2021\"\n",
        ),
        (
            "vendor/from-git/.cargo-checksum.json",
            "{\"files\":{},\"package\":null}",
        ),
        (
            "vendor/from-git/src/lib.rs",
            "pub fn line() -> String { \"vendored by MARK\".to_owned() }\n",
        ),
    ];
    let pair = Pair::new(&files, |_, _| ());
    for worktree in [DONOR, SECOND, CLONE] {
        let git = pair.sandbox.path("from-git").display().to_string();
        let config = format!(
            "[source.\"git+file://{git}\"]\ngit = \"file://{git}\"\nreplace-with = \"vendored\"\n\
             [source.vendored]\ndirectory = \"vendor\"\n"
        );
        pair.sandbox
            .write(&format!("{worktree}/.cargo/config.toml"), &config);
    }
    pair.same_as_clone();
}

/// The second worktree patches what the donor takes from the registry.
#[test]
fn patched_in_one_only() {
    let manifest = app("patched = \"1\"\nreg-on-patched = \"1\"\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program("fn main() { println!(\"{}, {}\", patched::line(), reg_on_patched::line()); }\n"),
    ];
    let pair = Pair::new(&files, |sandbox, worktree| {
        if worktree == SECOND {
            let manifest = app("patched = \"1\"\nreg-on-patched = \"1\"\n")
                + "[patch.crates-io]\npatched = { path = \"mine\" }\n";
            sandbox.write("b/work/Cargo.toml", &manifest);
            let mine = "[package]\nname = \"patched\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
            sandbox.write("b/work/mine/Cargo.toml", mine);
            sandbox.write(
                "b/work/mine/src/lib.rs",
                "pub fn line() -> String { \"mine\".to_owned() }\n",
            );
        }
    });
    pair.same_as_clone();
}

/// The second worktree has a lock file with another version.
#[test]
fn another_profile_of_a_dependency() {
    let manifest = app("reg-mid = \"1\"\nreg-asks = \"1\"\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program(
            "fn main() { println!(\"MARK {} {} {}\", reg_mid::line(), reg_asks::line(), cfg!(debug_assertions)); }\n",
        ),
    ];
    let pair = Pair::new(&files, |sandbox, worktree| {
        if worktree == SECOND {
            let manifest = app("reg-mid = \"1\"\nreg-asks = \"1\"\n")
                + "[profile.dev.package.reg-mid]\nopt-level = 3\n";
            sandbox.write("b/work/Cargo.toml", &manifest);
        }
    });
    pair.same_as_clone();
}
