//! `setup --auto-onboard`: a new worktree is set up at its first build, where no hook has run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::registry::{Registry, compiled, copy_all, once, sandbox_with};
use crate::sandbox::{Run, Sandbox};

const SCRIPT: &str = ".cargo/sharedtarget-rustc";

fn prepared() -> PathBuf {
    once("auto", |folder| {
        let registry = Registry::new(folder);
        let text = "pub fn it() -> &'static str { \"leaf\" }\n";
        registry.publish(("leaf", "1.0.0"), &[], "", &[("src/lib.rs", text)]);
        let text = "pub fn it() -> String { format!(\"top over {}\", leaf::it()) }\n";
        registry.publish(("top", "1.0.0"), &["leaf"], "", &[("src/lib.rs", text)]);
        let sandbox = sandbox_with(folder);
        sandbox.write(
            "Cargo.toml",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\ntop = \"1\"\n",
        );
        sandbox.write("src/main.rs", &main("hello"));
        sandbox.cargo("", &["generate-lockfile", "--offline"]);
        copy_all(&sandbox.path(""), &folder.join("repo"));
    })
}

fn main(says: &str) -> String {
    format!("fn main() {{ println!(\"{says}, {{}}\", top::it()) }}\n")
}

/// A folder with a built repository in it, and one configuration above, by which later worktrees are set up.
fn start(layout: &str) -> Sandbox {
    let prepared = prepared();
    let sandbox = sandbox_with(&prepared);
    copy_all(&prepared.join("repo"), &sandbox.path("repo"));
    sandbox.write("repo/.gitignore", "target\n");
    sandbox.git("repo", &["init", "-q", "-b", "main"]);
    sandbox.commit_all("repo");
    setup(&sandbox, layout).code(0);
    sandbox.cargo("repo", &["build", "--offline"]);
    sandbox
}

fn setup(sandbox: &Sandbox, layout: &str) -> Run {
    let args = [
        "setup",
        "--yes",
        "--layout",
        layout,
        "--config-at",
        ".",
        "--auto-onboard",
    ];
    sandbox.run("", &args)
}

/// Adds a worktree as those do who run no hooks, with sources of its own that are older than what was built.
fn worktree(sandbox: &Sandbox, name: &str) {
    let path = sandbox.path(name).display().to_string();
    let add = [
        "-c",
        "core.hooksPath=/dev/null",
        "worktree",
        "add",
        "-q",
        "--detach",
        &path,
    ];
    sandbox.git("repo", &add);
    sandbox.write(&format!("{name}/src/main.rs"), &main(name));
    let mut options = std::fs::File::options();
    let path = sandbox.path(&format!("{name}/src/main.rs"));
    let file = options.append(true).open(path).expect("a file");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(86_400);
    file.set_modified(old).expect("a time");
}

/// Builds, and says which packages were compiled.
#[track_caller]
fn build(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let run = sandbox.cargo(name, &["build", "-v", "--offline"]);
    assert_eq!(sandbox.cargo_run(name), format!("{name}, top over leaf\n"));
    compiled(&run.stderr)
}

#[test]
fn a_worktree_that_no_hook_has_seen() {
    for layout in ["in-place", "build-dir"] {
        let sandbox = start(layout);
        for name in ["one", "two"] {
            worktree(&sandbox, name);
            assert_eq!(build(&sandbox, name), ["app"], "{layout}");
            assert!(!sandbox.exists(&format!("{name}/.cargo")));
        }
        // In a folder below, and by another command.
        worktree(&sandbox, "three");
        let run = sandbox.cargo("three/src", &["test", "-v", "--offline", "--no-run"]);
        assert_eq!(compiled(&run.stderr), ["app"], "{layout}");
        assert_eq!(
            sandbox.git("three", &["status", "--short"]),
            " M src/main.rs\n"
        );
    }
}

/// For any first command, and for any toolchain.
#[test]
fn by_other_commands_and_toolchains() {
    let sandbox = start("in-place");
    worktree(&sandbox, "linted");
    sandbox.cargo("repo", &["clippy", "--offline"]);
    let run = sandbox.cargo("linted", &["clippy", "-v", "--offline"]);
    assert_eq!(checked(&run.stderr), ["app"]);
    if sandbox
        .command("cargo", "", &["+nightly", "--version"])
        .code
        != Some(0)
    {
        return println!("skipped: no nightly");
    }
    sandbox.cargo("repo", &["+nightly", "build", "--offline"]);
    worktree(&sandbox, "nightly");
    let run = sandbox.cargo("nightly", &["+nightly", "build", "-v", "--offline"]);
    assert_eq!(compiled(&run.stderr), ["app"]);
}

fn checked(said: &str) -> Vec<String> {
    compiled(&said.replace("Checking ", "Compiling "))
}

/// The script outlives us, and what was run in place of the compiler before is run by it.
#[test]
fn without_us_and_with_another_wrapper() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    let log = sandbox.outside("home/calls");
    let wrapper = sandbox.path("bin/wrap it");
    sandbox.write(
        "bin/wrap it",
        &format!(
            "#!/bin/sh\necho \"$2 $3 $4\" >> '{}'\nexec \"$@\"\n",
            log.display()
        ),
    );
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&wrapper, mode).expect("a program");
    let text = "[build]\nrustc-wrapper = \"bin/wrap it\" # mine\n";
    sandbox.write(".cargo/config.toml", text);
    setup(&sandbox, "in-place").code(0);
    let script = sandbox.read(SCRIPT);
    assert!(
        script.contains(&format!("exec '{}' \"$@\"", wrapper.display())),
        "{script}"
    );
    assert!(sandbox.read(".cargo/config.toml").contains(SCRIPT));
    setup(&sandbox, "in-place").code(0).says("nothing to do");
    sandbox.cargo("repo", &["build", "--offline"]);
    let calls = || std::fs::read_to_string(&log).unwrap_or_default();
    assert!(calls().contains("--crate-name app"), "{}", calls());

    let gone = script.replace(env!("CARGO_BIN_EXE_cargo-sharedtarget"), "/no/such/program");
    assert_ne!(gone, script);
    sandbox.write(SCRIPT, &gone);
    sandbox.worktree("repo", "later");
    sandbox.cargo("later", &["build", "--offline"]);
    assert_eq!(sandbox.cargo_run("later"), "hello\n");
    // A script that was changed by hand is kept.
    setup(&sandbox, "in-place").says("was changed");
    sandbox.write(SCRIPT, &script);
    sandbox.run("", &["undo", "--yes"]).code(0);
    assert_eq!(sandbox.read(".cargo/config.toml"), text);
    assert!(!sandbox.exists(SCRIPT));
    sandbox.write("repo/src/main.rs", "fn main() { println!(\"again\") }\n");
    assert_eq!(sandbox.cargo_run("repo"), "again\n");
}

/// Who only looks sets nothing up.
#[test]
fn looking_is_no_build() {
    let sandbox = start("in-place");
    worktree(&sandbox, "later");
    for args in [
        &["list"][..],
        &["doctor"],
        &["audit"],
        &["setup", "-n"],
        &["warm", "-n"],
    ] {
        sandbox.run("later", args);
        assert!(!sandbox.exists("later/target"), "{args:?}");
    }
    let run = sandbox.run("", &["doctor", "--verbose"]);
    assert!(
        run.stdout
            .contains("sharedtarget-rustc in place of the compiler"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("is unknown"), "{}", run.stdout);
    assert_eq!(build(&sandbox, "later"), ["app"]);
}

/// A build that fails, fails; and git shows nothing of ours where the configuration lies in a worktree.
#[test]
fn in_a_repository_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    let args = [
        "setup",
        "--yes",
        "--layout",
        "in-place",
        "--config-at",
        ".",
        "--auto-onboard",
    ];
    sandbox.run("repo", &args).code(0);
    assert_eq!(sandbox.git("repo", &["status", "--short"]), "");
    sandbox.write("repo/src/main.rs", "fn main() { nonsense }\n");
    let run = sandbox
        .command("cargo", "repo", &["build", "--offline"])
        .code(101);
    assert!(run.stderr.contains("nonsense"), "{}", run.stderr);
    sandbox.run("repo", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("repo/.cargo"));
    sandbox.run("repo", &["setup", "--auto-onboard"]).code(2);
}

/// A build may hold the lock of Cargo's caches while it waits for us.
#[test]
fn no_lock_of_cargos_is_waited_for() {
    let sandbox = start("build-dir");
    worktree(&sandbox, "later");
    sandbox.write(".shared-target/sharedtarget.toml", "max-size = \"1\"\n");
    let path = sandbox.outside("cargo-home/.package-cache");
    let held = std::fs::File::create(path).expect("a file");
    held.lock().expect("a lock");
    let mut child = sandbox
        .program("later", &["onboard", "--layout", "in-place", "--yes"])
        .env("CARGO_SHAREDTARGET_AT_WORK", "1")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("our program");
    // Long enough for any machine: it ends at once, or never.
    let ended = (0..600).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        child.try_wait().expect("a state")
    });
    let _ = child.kill();
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    drop(held);
    let again = sandbox
        .run("later", &["onboard", "--layout", "in-place", "-n"])
        .code(0);
    assert!(!again.said().contains("starts cold"), "{}", again.said());
    assert_eq!(build(&sandbox, "later"), ["app"]);
}

/// A configuration that was changed by hand names the script until the user takes that out: the script is kept as
/// long.
#[test]
fn the_script_stays_as_long_as_it_is_named() {
    let sandbox = start("in-place");
    let named = sandbox.read(".cargo/config.toml");
    let by_hand = named.clone() + "[net]\nretry = 3\n";
    sandbox.write(".cargo/config.toml", &by_hand);
    sandbox
        .run("", &["undo", "--yes"])
        .code(1)
        .says("still names it");
    assert_eq!(sandbox.read(".cargo/config.toml"), by_hand);
    sandbox.cargo("repo", &["build", "--offline"]);
    // A second setup on top of that: what undo goes back to names it as well.
    let args = [
        "setup",
        "--yes",
        "--layout",
        "build-dir",
        "--config-at",
        ".",
        "--auto-onboard",
    ];
    sandbox.run("", &args).code(0);
    sandbox.run("", &["undo", "--yes"]).code(1);
    assert!(sandbox.exists(SCRIPT));
    sandbox.cargo("repo", &["build", "--offline"]);
    sandbox.write(".cargo/config.toml", "[net]\nretry = 3\n");
    sandbox.run("", &["undo", "--yes"]);
    assert!(!sandbox.exists(SCRIPT));
}

#[test]
fn it_is_never_run_by_itself() {
    let sandbox = start("in-place");
    let link = sandbox.outside("home/linked");
    std::os::unix::fs::symlink(sandbox.path(SCRIPT), &link).expect("a link");
    for wrapper in [sandbox.path(SCRIPT), link] {
        let wrapper = wrapper.display().to_string();
        let args = [
            "setup",
            "--yes",
            "--config-at",
            ".",
            "--auto-onboard",
            "--rustc-wrapper",
            &wrapper,
        ];
        let run = sandbox.run("", &args).code(101);
        assert!(
            run.stderr.contains("is the script of --auto-onboard"),
            "{}",
            run.stderr
        );
    }
    sandbox.cargo("repo", &["build", "--offline"]);
}

/// The script runs the program that a configuration further out sets in place of the compiler.
#[test]
fn one_further_out_is_chained() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    let log = sandbox.outside("home/calls");
    let wrapper = sandbox.outside("home/outer");
    let text = format!(
        "#!/bin/sh\necho \"$2 $3 $4\" >> '{}'\nexec \"$@\"\n",
        log.display()
    );
    std::fs::write(&wrapper, text).expect("written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&wrapper, mode).expect("a program");
    let text = format!("[build]\nrustc-wrapper = \"{}\"\n", wrapper.display());
    std::fs::write(sandbox.outside("cargo-home/config.toml"), text).expect("written");
    setup(&sandbox, "in-place").code(0);
    sandbox.cargo("repo", &["build", "--offline"]);
    let calls = std::fs::read_to_string(&log).unwrap_or_default();
    assert!(calls.contains("--crate-name app"), "{calls}");
}

/// A script that cannot be written is named by no configuration.
#[test]
fn without_the_script_no_configuration_names_it() {
    let sandbox = Sandbox::new();
    sandbox.repository("repo", &[]);
    sandbox.write(".cargo/sharedtarget-rustc/in-the-way", "");
    setup(&sandbox, "in-place").says("was changed");
    assert!(!sandbox.exists(".cargo/config.toml"));
    sandbox.cargo("repo", &["build", "--offline"]);
}
