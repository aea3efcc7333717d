//! Setup warms: what third parties wrote is compiled once, and never again.

use std::fs;
use std::path::Path;

use super::{OUTPUT, OWN, app, compile, start, units};
use crate::profile;
use crate::registry::compiled;
use crate::sandbox::Sandbox;

/// Builds in a configured worktree, and says what was compiled and what the program then prints.
#[track_caller]
fn build(sandbox: &Sandbox, folder: &str) -> (Vec<String>, String) {
    let run = sandbox.cargo(folder, &["build", "-v"]);
    let output = sandbox.cargo(folder, &["run", "-q"]).stdout;
    (compiled(&run.stderr), output)
}

/// The folder with the intermediate artifacts of a worktree.
fn build_folder(sandbox: &Sandbox, folder: &str) -> std::path::PathBuf {
    let said = sandbox.cargo(folder, &["metadata", "--no-deps", "--format-version", "1"]);
    let said: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    said["build_directory"].as_str().expect("a path").into()
}

#[cfg(unix)]
fn inode(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).expect("a file").ino()
}

/// The library of `leaf` in a target folder.
fn leaf(folder: &Path) -> std::path::PathBuf {
    profile::artifact(&folder.join("debug"), "libleaf-", ".rlib")
}

/// One worktree was built, one was built in another way, one never: afterwards none of them compiles anything but
/// its own, all share one storage, and the old folders are gone.
#[test]
fn every_worktree_is_warmed_before_the_old_folders_go() {
    let sandbox = start();
    for at in ["built", "other"] {
        sandbox.worktree("pika", at);
    }
    compile(&sandbox, "built");
    sandbox.cargo("other", &["build", "--release"]);
    app(&sandbox, "beside", "from beside");
    let said = sandbox.run("pika", &["--yes"]).code(0).said();
    assert!(said.contains("Warm "), "{said}");
    for folder in ["pika", "built", "other"] {
        assert!(!sandbox.exists(&format!("{folder}/target")), "{said}");
    }
    let mut inodes = Vec::new();
    for folder in ["pika", "built", "other", "beside"] {
        let (compiled, output) = build(&sandbox, folder);
        assert_eq!(compiled, OWN, "{folder}: {said}");
        let expected = match folder {
            "beside" => OUTPUT.replace("hello", "from beside"),
            _ => OUTPUT.into(),
        };
        assert_eq!(output, expected, "{folder}");
        #[cfg(unix)]
        inodes.push(inode(&leaf(&build_folder(&sandbox, folder))));
    }
    inodes.dedup();
    assert!(inodes.len() < 2, "one storage: {inodes:?}");
    // Units that only this one had were taken as well.
    let run = sandbox.cargo("other", &["build", "-v", "--release"]);
    assert_eq!(compiled(&run.stderr), OWN);
    sandbox
        .run("pika", &["--yes"])
        .code(0)
        .says("nothing to do");
}

/// A package that npm brought has the same third-party crates, and stays as it is all the same.
#[test]
fn packages_in_ignored_folders_are_not_warmed() {
    let sandbox = start();
    sandbox.write("web/read.me", "");
    sandbox.commit_all("web");
    sandbox.write("web/.gitignore", "node_modules\n");
    sandbox.commit_all("web");
    let script = "mkdir web/node_modules && cp -r pika web/node_modules/x && cd web/node_modules/x && rm -rf .git target";
    sandbox.command("sh", "", &["-c", script]).code(0);
    sandbox.run("", &["setup", "--yes"]).code(0);
    let again = sandbox.run("", &["setup", "--yes"]).code(0);
    assert!(!sandbox.exists("web/node_modules/x/target"), "{again:?}");
    assert!(!sandbox.exists("web/node_modules/x/.cargo"), "{again:?}");
}

/// The space that the preview promises to free is freed: files that others link to are kept.
#[test]
fn freeable_counts_what_stays_with_others() {
    let sandbox = start();
    let plan = sandbox.json("pika", &["--yes"]);
    let promised = plan["plan"]["freeable"].as_u64().expect("bytes");
    let freed = plan["outcome"]["freed"]["on_disk"].as_u64().expect("bytes");
    assert_eq!(promised, freed);
    assert!(units(&plan) > 0);
}

/// The old folder stays if what it has could not be taken from it.
#[cfg(unix)]
#[test]
fn a_folder_stays_until_others_have_what_they_need() {
    let sandbox = start();
    // Something is in the way of the folder that would be warmed.
    sandbox.write("pika/.shared-target/.sharedtarget/x", "");
    sandbox.write("pika/.shared-target/build/pika", "no folder");
    let run = sandbox.run("pika", &["--yes", "--shared-root", ".shared-target"]);
    let run = run.code(1);
    assert!(sandbox.exists("pika/target/debug"), "{}", run.said());
    run.says("was to receive its units first");
}

/// Where git tracks the configuration, a cold worktree is warmed where it is, and nothing is written beside.
#[test]
fn in_place_where_the_configuration_is_tracked() {
    let sandbox = start();
    sandbox.write("pika/.cargo/config.toml", "[net]\nretry = 1\n");
    sandbox.commit_all("pika");
    sandbox.git("beside", &["merge", "-q", "main"]);
    sandbox.run("pika", &["--yes"]).code(0);
    assert!(!sandbox.exists("pika/.shared-target"));
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(
        (compiled, output.as_str()),
        (OWN.map(Into::into).into(), OUTPUT)
    );
    assert!(sandbox.exists("beside/target/debug/app"));
    assert_eq!(sandbox.git("beside", &["status", "--short"]), "");
}

/// Copies take a part of what deletions free: plan and outcome say what is left of it, as `df` does.
#[test]
fn the_sum_is_said_with_copies() {
    let sandbox = start();
    sandbox.worktree("pika", "built");
    for folder in ["pika", "built"] {
        compile(&sandbox, folder);
    }
    let reclaim = ["setup", "--reclaim-all"];
    sandbox
        .run("", &[&reclaim[..], &["--dry-run"]].concat())
        .code(0)
        .says("on disk: ")
        .says("copied");
    let answer = sandbox.json("", &[&reclaim[..], &["--yes"]].concat());
    let done = answer["outcome"]["done"].as_array().expect("actions");
    let copied = |one: &serde_json::Value| one["warmed"]["copied"].as_u64();
    let copied: u64 = done.iter().filter_map(copied).sum();
    let freed = answer["outcome"]["freed"]["on_disk"].as_u64();
    assert!(copied > 0 && freed > Some(copied), "{answer}");
}
