//! The files that `setup` writes, where, and the files that it leaves alone.

use crate::facts::{actions, items};
use crate::sandbox::Sandbox;

#[test]
fn a_second_run_changes_nothing_in_any_worktree() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["pika/.worktrees/x", "beside"]);
    sandbox.run("pika", &["--yes"]).code(0);
    for worktree in ["pika", "pika/.worktrees/x", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    let tree = sandbox.tree("");
    let again = sandbox.json("pika", &["--yes"]);
    assert_eq!(
        items(&again["plan"]["actions"]).count(),
        0,
        "{}",
        again["plan"]
    );
    assert!(again["outcome"].is_null());
    assert_eq!(sandbox.tree(""), tree);
}

#[test]
fn git_status_stays_clean_and_worktrees_can_be_removed() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["pika/.worktrees/x", "beside"]);
    // The worktree inside the main one shows there, with or without us.
    sandbox.write("pika/.git/info/exclude", "/.worktrees/\n");
    sandbox.run("pika", &["--yes"]).code(0);
    for worktree in ["pika", "pika/.worktrees/x", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
        assert_eq!(sandbox.status(worktree), "", "{worktree}");
    }
    sandbox.git("pika", &["worktree", "remove", ".worktrees/x"]);
    sandbox.git("pika", &["worktree", "remove", "../beside"]);
    assert!(!sandbox.exists("pika/.worktrees/x") && !sandbox.exists("beside"));
}

#[test]
fn exclude_gets_one_line_and_only_if_needed() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.write("pika/.git/info/exclude", "# mine");
    sandbox.run("pika", &["--yes"]).code(0);
    let text = sandbox.read("pika/.git/info/exclude");
    assert!(text.starts_with("# mine\n"), "{text}");
    assert_eq!(text.matches("\n/.cargo/config.toml\n").count(), 1, "{text}");

    sandbox.repository("chu", &[]);
    sandbox.write("chu/.gitignore", "target\nCargo.lock\n.cargo\n");
    sandbox.commit_all("chu");
    let before = sandbox.read("chu/.git/info/exclude");
    sandbox.run("chu", &["--yes"]).code(0);
    assert_eq!(
        sandbox.read("chu/.git/info/exclude"),
        before,
        "ignored already"
    );
}

/// Packages of npm and pip bring manifests that are none of the user's. A worktree in an ignored folder is one all the same.
#[test]
fn ignored_folders_are_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.package("web/native", "app", "hello");
    sandbox.commit_all("web");
    sandbox.write("web/.gitignore", "node_modules\n.worktrees\ntarget\n");
    sandbox.commit_all("web");
    let packages = ["web/node_modules/tree/x", "web/node_modules/@napi/cli"];
    for package in packages {
        sandbox.package(package, "x", "hello");
    }
    sandbox.worktree("web", "web/.worktrees/topic");
    let answer = sandbox.json("web", &["setup"]);
    for written in ["native", ".worktrees/topic/native"] {
        assert!(sandbox.exists(&format!("web/{written}/.cargo/config.toml")));
    }
    for package in packages {
        assert!(!sandbox.exists(&format!("{package}/.cargo")), "{package}");
        assert_eq!(sandbox.why_kept(&answer, package), "ignored_by_git");
    }
    let said = sandbox.run("web", &["setup"]).code(0).said();
    let ignored = "2 workspaces in folders that git ignores";
    assert!(said.contains(ignored), "{said}");
    sandbox.run(packages[0], &["setup"]).code(0);
    assert!(sandbox.exists(&format!("{}/.cargo/config.toml", packages[0])));
}

#[cfg(unix)]
#[test]
fn a_symlinked_config_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.write("house.toml", "[build]\njobs = 2\n");
    std::fs::create_dir(sandbox.path("pika/.cargo")).unwrap();
    std::os::unix::fs::symlink("../../house.toml", sandbox.path("pika/.cargo/config.toml"))
        .unwrap();
    let answer = sandbox.json("pika", &["--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "config_symlink");
    assert_eq!(sandbox.read("house.toml"), "[build]\njobs = 2\n");
}

#[cfg(unix)]
#[test]
fn a_symlinked_cargo_folder_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    std::fs::create_dir(sandbox.path("house")).unwrap();
    std::os::unix::fs::symlink("../house", sandbox.path("pika/.cargo")).unwrap();
    let answer = sandbox.json("pika", &["--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "config_symlink");
    assert!(!sandbox.exists("house/config.toml"));
}

#[cfg(unix)]
#[test]
fn a_read_only_config_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.write("pika/.cargo/config.toml", "[build]\njobs = 2\n");
    crate::facts::set_mode(&sandbox.path("pika/.cargo/config.toml"), 0o444);
    let answer = sandbox.json("pika", &["--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "config_read_only");
    assert_eq!(
        sandbox.read("pika/.cargo/config.toml"),
        "[build]\njobs = 2\n"
    );
}

#[cfg(unix)]
#[test]
fn permissions_of_a_config_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.write("pika/.cargo/config.toml", "[build]\njobs = 2\n");
    let config = sandbox.path("pika/.cargo/config.toml");
    crate::facts::set_mode(&config, 0o600);
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(
        std::fs::metadata(&config).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn one_broken_config_does_not_stop_the_rest() {
    let sandbox = Sandbox::new();
    sandbox.repository("bad", &[]);
    sandbox.repository("good", &[]);
    sandbox.write("bad/.cargo/config.toml", "[build\n");
    let answer = sandbox.json("", &["--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "bad"), "config_invalid");
    assert!(sandbox.exists("good/.cargo/config.toml"));
}

#[test]
fn a_variable_that_beats_the_configuration_is_named() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.env("CARGO_TARGET_DIR", "elsewhere");
    let answer = sandbox.json("pika", &["--dry-run"]);
    let warning = items(&answer["plan"]["warnings"])
        .find(|warning| warning["warning"] == "env_override")
        .expect("a warning");
    assert_eq!(warning["variable"], "CARGO_TARGET_DIR");
    assert_eq!(warning["value"], "elsewhere");
    let text = sandbox.run("pika", &["--dry-run"]).code(0).stdout;
    assert!(text.contains("CARGO_TARGET_DIR=elsewhere"), "{text}");
}

/// A run that is just making the shared root has a folder in it for a moment; so has one that was killed then.
#[test]
fn a_root_that_another_run_is_making_is_no_other_folder() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    std::fs::create_dir_all(sandbox.path("shared/.tmp-sharedtarget-x1y2z3")).expect("a folder");
    let shared = sandbox.path("shared").display().to_string();
    let args = ["setup", "--yes", "--shared-root", &shared];
    sandbox.run("pika", &args).code(0);
}

/// A folder that a variable names is measured, and nothing of it is stale.
#[test]
fn the_folder_of_a_variable_is_listed() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    let elsewhere = sandbox.path("elsewhere");
    sandbox.env("CARGO_TARGET_DIR", elsewhere.clone());
    sandbox.cargo("pika", &["build", "--offline"]);
    let listed = sandbox.json("pika", &["list"]);
    let is_it = |folder: &&serde_json::Value| folder["path"] == elsewhere.display().to_string();
    let row = items(&listed["folders"]).find(is_it).expect("a row");
    assert_eq!(row["state"]["because"]["reason"], "named_by_env", "{row}");
    let text = sandbox.run("pika", &["list"]).code(0).stdout;
    assert!(text.contains("by variable  ../elsewhere"), "{text}");
    let audit = sandbox.json("pika", &["audit"]);
    assert!(items(&audit["folders"]).any(|folder| is_it(&folder)));
    sandbox.run("pika", &["clean", "--all", "--yes"]).code(0);
    assert!(elsewhere.is_dir());
}

/// One build with the layout `build-dir`: intermediates apart, the program where it was.
fn builds_apart(sandbox: &Sandbox, config_at: &str, config: &str) {
    sandbox.repository("pika", &["pika/.worktrees/x"]);
    let args = ["--layout", "build-dir", "--config-at", config_at, "--yes"];
    sandbox.run("pika", &args).code(0);
    assert!(sandbox.exists(config), "{config}");
    assert!(!sandbox.exists("pika/.cargo") && !sandbox.exists("pika/.worktrees/x/.cargo"));
    sandbox.agrees_with_cargo("pika");
    for worktree in ["pika", "pika/.worktrees/x"] {
        assert_eq!(sandbox.cargo_run(worktree), "hello\n");
        assert!(!sandbox.exists(&format!("{worktree}/target/debug/deps")));
    }
    let builds = crate::facts::named_like(&sandbox.path("pika/.shared-target/build"), "debug");
    assert_eq!(builds.len(), 2, "one for each worktree: {builds:?}");
    let again = sandbox.json("pika", &args);
    assert_eq!(
        items(&again["plan"]["actions"]).count(),
        0,
        "{}",
        again["plan"]
    );
}

#[test]
fn one_build_dir_from_a_folder_above() {
    let sandbox = Sandbox::new();
    let above = sandbox.path("").display().to_string();
    builds_apart(&sandbox, &above, ".cargo/config.toml");
}

#[test]
fn one_build_dir_from_cargo_home() {
    let sandbox = Sandbox::new();
    builds_apart(&sandbox, "cargo-home", "../cargo-home/config.toml");
}

#[test]
fn build_dir_needs_a_place_and_others_have_none() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--layout", "build-dir"]).code(2);
    sandbox.run("pika", &["--config-at", "cargo-home"]).code(2);
}

#[test]
fn flat_is_refused_where_worktrees_would_share_it() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    let answer = sandbox.json("pika", &["--layout", "flat", "--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "pika"), "flat_unsafe");
    assert_eq!(sandbox.why_kept(&answer, "beside"), "flat_unsafe");
    assert_eq!(actions(&answer, "write_config").count(), 0);

    let args = ["--layout", "flat", "--allow-unsafe-sharing", "--yes"];
    let answer = sandbox.json("pika", &args);
    assert_eq!(actions(&answer, "write_config").count(), 2);
    let warned = items(&answer["plan"]["warnings"]).any(|w| w["warning"] == "shared_by_worktrees");
    assert!(warned, "{}", answer["plan"]["warnings"]);
    let dirs = [sandbox.metadata("pika"), sandbox.metadata("beside")];
    assert_eq!(dirs[0]["target_directory"], dirs[1]["target_directory"]);
}

#[test]
fn flat_is_refused_for_two_packages_of_one_name() {
    let sandbox = Sandbox::new();
    sandbox.repository("one", &[]);
    sandbox.repository("two", &[]);
    sandbox.package("three", "other", "hi");
    sandbox.commit_all("three");
    let answer = sandbox.json("", &["--layout", "flat", "--yes"]);
    assert_eq!(sandbox.why_kept(&answer, "one"), "flat_same_name");
    assert_eq!(sandbox.why_kept(&answer, "two"), "flat_same_name");
    let written: Vec<_> = actions(&answer, "write_config").cloned().collect();
    assert_eq!(sandbox.paths(&written.into(), "workspace"), ["three"]);
}

#[test]
fn in_place_writes_nothing_but_that_it_is() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.target("pika/target");
    let tree = sandbox.tree("");
    let answer = sandbox.json("pika", &["--layout", "in-place", "--yes"]);
    assert_eq!(actions(&answer, "write_settings").count(), 1);
    assert_eq!(items(&answer["plan"]["actions"]).count(), 1);
    let mut after = sandbox.tree("");
    after.remove(std::path::Path::new("pika/.git/sharedtarget.toml"));
    assert_eq!(after, tree);
}

#[test]
fn a_new_worktree_inside_another_does_not_build_into_its_folder() {
    let mut sandbox = Sandbox::new();
    sandbox.env("CARGO_SHAREDTARGET_NO_HOOK", "false");
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    sandbox.worktree("pika", "pika/.worktrees/new");
    sandbox.package("pika/.worktrees/new", "app", "another");
    assert_eq!(sandbox.cargo_run("pika/.worktrees/new"), "another\n");
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    let (old, new) = (
        sandbox.metadata("pika"),
        sandbox.metadata("pika/.worktrees/new"),
    );
    assert_ne!(old["build_directory"], new["build_directory"]);
}

#[test]
fn a_read_only_place_is_a_failure_that_stops_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.repository("bad", &[]);
    sandbox.repository("good", &[]);
    // A file where the folder should be: even root cannot write a configuration in there.
    sandbox.write("bad/.cargo", "a file");
    let run = sandbox.run("", &["--yes"]);
    assert_ne!(run.code, Some(101), "{}", run.said());
    assert!(run.said().contains(".cargo"), "{}", run.said());
    assert!(sandbox.exists("good/.cargo/config.toml"));
}

#[test]
fn the_shared_root_holds_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.write("data/photo.jpg", "mine");
    let tree = sandbox.tree("");
    for folder in [".", "..", "../data"] {
        let run = sandbox
            .run("pika", &["--yes", "--shared-root", folder])
            .code(101);
        assert!(run.stderr.contains("shared root"), "{}", run.stderr);
        assert!(sandbox.tree("") == tree, "{folder}");
    }
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    let args = ["--yes", "--shared-root", "../empty"];
    sandbox.run("pika", &args).code(0);
    assert!(sandbox.exists("empty/CACHEDIR.TAG"));
    sandbox.run("pika", &args).code(0);
}

#[test]
#[cfg(unix)]
fn a_missing_git_or_cargo_is_no_success() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    let path = std::env::var_os("PATH").expect("a PATH");
    let tree = sandbox.tree("");
    for (there, missing) in [("git", "cargo"), ("cargo", "git")] {
        let bin = sandbox.outside(&format!("only-{there}"));
        std::fs::create_dir(&bin).expect("a folder");
        let program = std::env::split_paths(&path)
            .map(|folder| folder.join(there))
            .find(|program| program.is_file())
            .expect("a program");
        std::os::unix::fs::symlink(program, bin.join(there)).expect("a link");
        for command in ["setup", "onboard"] {
            let mut run = sandbox.program("pika", &[command, "--yes"]);
            let output = run.env("PATH", &bin).output().expect("our program");
            crate::sandbox::Run::from(output)
                .code(101)
                .says(&format!("there is no `{missing}` on the PATH"))
                .says("run this again");
            assert!(sandbox.tree("") == tree, "{command} without {missing}");
        }
    }
}
