//! The GitHub Action: its steps as GitHub would run them, with real bash, git and Cargo.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::profile;
use crate::sandbox::{Run, Sandbox};

const ACTIONS: &str = ".github/actions";

fn ours(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The commands of an action's own steps, in their order.
fn steps(action: &str) -> Vec<String> {
    let file = ours(&format!("{ACTIONS}/{action}/action.yml"));
    let text = fs::read_to_string(file).expect("an action");
    let lines = text
        .lines()
        .map(|line| line.trim().trim_start_matches("- "));
    lines
        .filter_map(|line| line.strip_prefix("run: '")?.strip_suffix('\''))
        .map(str::to_owned)
        .collect()
}

/// A job: a sandbox with a package, the program on the path, and what GitHub sets.
fn job() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.package("pika", "pika", "pika");
    sandbox.write("pika/tests/it.rs", "#[test] fn it() {}\n");
    sandbox.write("pika/.gitignore", "target\n");
    sandbox.cargo("pika", &["generate-lockfile", "--offline"]);
    sandbox.commit_all("pika");
    let bin = sandbox.outside("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let program = env!("CARGO_BIN_EXE_cargo-sharedtarget");
    std::os::unix::fs::symlink(program, bin.join("cargo-sharedtarget")).expect("a link");
    let path = std::env::var("PATH").expect("a path");
    sandbox.env("PATH", format!("{}:{path}", bin.display()));
    fs::create_dir_all(sandbox.outside("temp")).expect("a folder");
    for (name, file) in [("RUNNER_TEMP", "temp"), ("GITHUB_STEP_SUMMARY", "summary")] {
        let file = sandbox.outside(file);
        sandbox.env(name, file);
    }
    sandbox.env("CI", "true");
    sandbox
}

/// Runs one step of an action as a runner does: by a bash that stops at the first error.
fn step(sandbox: &mut Sandbox, action: &str, does: &str) -> Run {
    let steps = steps(action);
    let run = steps.iter().find(|run| run.ends_with(does));
    let run = run.unwrap_or_else(|| panic!("no step `{does}` in {steps:?}"));
    sandbox.env("GITHUB_ACTION_PATH", ours(&format!("{ACTIONS}/{action}")));
    let args = ["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", run];
    sandbox.command("bash", "pika", &args)
}

fn summary(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.outside("summary")).unwrap_or_default()
}

/// Makes the target folder look as a later job finds it: unpacked from an archive, a while ago.
fn restored(sandbox: &Sandbox) {
    sleep(Duration::from_millis(3100));
    for args in [
        ["--posix", "-cf", "cache.tar", "target"],
        ["-xf", "cache.tar", "--recursive-unlink", "target"],
    ] {
        sandbox.command("tar", "pika", &args).code(0);
    }
    fs::remove_file(sandbox.path("pika/cache.tar")).expect("removed");
}

/// The names of compiled files in the target folder.
fn built(sandbox: &Sandbox) -> Vec<String> {
    let files = profile::artifacts(&sandbox.path("pika/target/debug"));
    let names = files.iter().filter_map(|path| path.file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

fn has_tests(sandbox: &Sandbox) -> bool {
    built(sandbox).iter().any(|name| name.starts_with("it-"))
}

#[test]
fn a_job_saves_what_it_used() {
    if crate::amount::without_longest() {
        return;
    }
    let mut sandbox = job();
    // An earlier job has built tests as well.
    sandbox
        .cargo("pika", &["test", "-q", "--offline", "--no-run"])
        .code(0);
    sandbox.cargo("pika", &["build", "-q", "--offline"]).code(0);
    restored(&sandbox);
    assert!(has_tests(&sandbox));

    step(&mut sandbox, "restore", "install")
        .code(0)
        .says("found cargo-sharedtarget");
    step(&mut sandbox, "restore", "start").code(0);
    let run = sandbox.cargo("pika", &["build", "--offline"]).code(0);
    assert!(!run.stderr.contains("Compiling"), "{}", run.stderr);
    sandbox.env("INPUT_AUDIT", "true");
    step(&mut sandbox, "save", "trim").code(0);
    let summary = summary(&sandbox);
    assert!(summary.contains("`cargo sharedtarget gc`"), "{summary}");
    assert!(summary.contains("audit"), "{summary}");
    if summary.contains("found fresh since START") {
        assert!(!has_tests(&sandbox), "{:?}", built(&sandbox));
    } else {
        // This filesystem does not write down what is read: nothing goes.
        assert!(has_tests(&sandbox), "{summary}");
    }
    let run = sandbox.cargo("pika", &["build", "--offline"]).code(0);
    assert!(!run.stderr.contains("Compiling"), "{}", run.stderr);
}

#[test]
fn a_program_on_the_path_is_taken_where_it_is_what_is_asked_for() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut sandbox = job();
    let cargo = sandbox.outside("bin/cargo");
    fs::write(&cargo, "#!/bin/sh\necho \"asked: $*\" >&2\n").expect("a script");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("made executable");
    let mut install = |version: &str, features: &str| {
        sandbox.env("INPUT_VERSION", version);
        sandbox.env("INPUT_FEATURES", features);
        step(&mut sandbox, "restore", "install").code(0).stderr
    };
    let here = env!("CARGO_PKG_VERSION");
    for version in ["", here] {
        let said = install(version, "");
        assert!(!said.contains("asked: "), "{said}");
    }
    let said = install("9.9.9", "");
    let expected = "asked: install --locked cargo-sharedtarget@9.9.9\n";
    assert!(said.ends_with(expected), "{said}");
    let said = install("", "remote");
    let expected = "asked: install --locked --features remote cargo-sharedtarget\n";
    assert!(said.ends_with(expected), "{said}");
}

#[test]
fn without_a_start_nothing_is_deleted() {
    let mut sandbox = job();
    sandbox.cargo("pika", &["build", "-q", "--offline"]).code(0);
    let before = built(&sandbox).len();
    step(&mut sandbox, "save", "trim")
        .code(0)
        .says("nothing is deleted");
    assert_eq!(built(&sandbox).len(), before);
    // A job that built nothing since it began keeps all, too.
    step(&mut sandbox, "restore", "start").code(0);
    step(&mut sandbox, "save", "trim").code(0);
    assert_eq!(built(&sandbox).len(), before);
}

#[test]
fn only_a_job_that_may_writes_to_a_store() {
    let mut sandbox = job();
    step(&mut sandbox, "save", "push")
        .code(0)
        .says("nothing is written to the store");
    sandbox.env("INPUT_WRITE", "true");
    // It has built nothing of others, and there is no remote store.
    let run = step(&mut sandbox, "save", "push");
    assert_ne!(run.code, Some(0), "{run:?}");
}

#[test]
fn inputs_are_never_code() {
    for action in ["restore", "save"] {
        let file = ours(&format!("{ACTIONS}/{action}/action.yml"));
        let text = fs::read_to_string(file).expect("an action");
        let code = text.lines().filter(|line| line.contains("run: "));
        for line in code {
            assert!(!line.contains("${{"), "{line}");
        }
        // Every step has a shell, or is another action.
        let steps = text.matches("run: ").count();
        assert_eq!(text.matches("shell: bash").count(), steps, "{action}");
    }
    let mut sandbox = job();
    sandbox.cargo("pika", &["build", "-q", "--offline"]).code(0);
    sandbox.env("INPUT_ROOT", "$(touch owned); touch owned");
    step(&mut sandbox, "restore", "start").code(0);
    let run = step(&mut sandbox, "save", "trim");
    assert_ne!(run.code, Some(0), "{run:?}");
    assert!(!sandbox.exists("pika/owned"));
}
