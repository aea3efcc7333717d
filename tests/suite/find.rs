//! Which workspaces are found, and where Cargo builds them.

use crate::facts::TAG;
use crate::sandbox::Sandbox;

/// A manifest without code, for tests that build nothing.
fn manifest(sandbox: &Sandbox, folder: &str, more: &str) {
    let name = folder.rsplit('/').next().expect("a name");
    sandbox.write(
        &format!("{folder}/Cargo.toml"),
        &format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n{more}"),
    );
    sandbox.write(&format!("{folder}/src/lib.rs"), "");
}

#[test]
fn members_are_no_workspaces_of_their_own() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "ws/Cargo.toml",
        "[workspace]\nresolver = '2'\nmembers = ['crates/*', '../beside']\ndefault-members = ['crates/a']\n\
         exclude = ['crates/odd', 'vendor']\n",
    );
    manifest(
        &sandbox,
        "ws/crates/a",
        "[dependencies]\nimplicit = { path = '../../implicit' }\n",
    );
    for folder in ["ws/crates/b", "ws/implicit", "ws/crates/odd", "ws/vendor/v"] {
        manifest(&sandbox, folder, "");
    }
    manifest(&sandbox, "beside", "workspace = '../ws'\n");
    for folder in ["ws/fuzz", "ws/examples/x"] {
        manifest(&sandbox, folder, "[workspace]\n");
    }
    let expected = [
        "ws",
        "ws/crates/odd",
        "ws/examples/x",
        "ws/fuzz",
        "ws/vendor/v",
    ];
    assert_eq!(sandbox.workspaces("", &[]), expected);
    sandbox.agrees_with_cargo("");
}

#[test]
fn hidden_folders_are_searched() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["pika/.worktrees/x", "pika/.claude/worktrees/y"]);
    manifest(&sandbox, "pika/.hidden/tool", "");
    let expected = [
        "pika",
        "pika/.claude/worktrees/y",
        "pika/.hidden/tool",
        "pika/.worktrees/x",
    ];
    assert_eq!(sandbox.workspaces("", &[]), expected);
    sandbox.agrees_with_cargo("");
}

#[test]
fn caches_git_folders_and_the_shared_root_are_not_searched() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    manifest(&sandbox, "pika/.git/inner", "");
    manifest(&sandbox, "pika/.shared-target/inner", "");
    manifest(&sandbox, "pika/cache/inner", "");
    sandbox.write("pika/cache/CACHEDIR.TAG", TAG);
    assert_eq!(sandbox.workspaces("pika", &[]), ["pika"]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let sandbox = Sandbox::new();
    manifest(&sandbox, "root/real", "");
    manifest(&sandbox, "elsewhere", "");
    std::os::unix::fs::symlink("../elsewhere", sandbox.path("root/link")).unwrap();
    std::os::unix::fs::symlink("..", sandbox.path("root/round")).unwrap();
    assert_eq!(sandbox.workspaces("root", &[]), ["root/real"]);
}

#[test]
fn exclude_goes_by_name_and_by_path() {
    let sandbox = Sandbox::new();
    for folder in ["a/b/one", "a/two", "b/three"] {
        manifest(&sandbox, folder, "");
    }
    assert_eq!(sandbox.workspaces("", &["--exclude", "b"]), ["a/two"]);
    let by_path = sandbox.workspaces("", &["--exclude", "a/*", "--exclude", "nowhere"]);
    assert_eq!(by_path, ["b/three"]);
    let absolute = sandbox.path("a").display().to_string();
    assert_eq!(
        sandbox.workspaces("", &["--exclude", &absolute]),
        ["b/three"]
    );
    sandbox.run("", &["list", "--exclude", "a["]).code(2);
}

#[test]
fn max_depth_counts_folders_below_the_root() {
    let sandbox = Sandbox::new();
    for folder in ["root", "root/a", "root/a/b"] {
        manifest(&sandbox, folder, "");
    }
    assert_eq!(sandbox.workspaces("root", &["--max-depth", "0"]), ["root"]);
    assert_eq!(
        sandbox.workspaces("root", &["--max-depth", "1"]),
        ["root", "root/a"]
    );
    assert_eq!(sandbox.workspaces("root", &["--max-depth", "2"]).len(), 3);
}

#[test]
fn names_with_spaces_quotes_and_other_scripts() {
    let sandbox = Sandbox::new();
    let names = if cfg!(unix) {
        ["a b", "it's", "\"q\" [1] #", "żółw 亀"]
    } else {
        ["a b", "it's", "[1] #", "żółw 亀"]
    };
    for name in names {
        sandbox.repository(&format!("{name}/main"), &[&format!("{name}/wörk tree")]);
    }
    assert_eq!(sandbox.workspaces("", &[]).len(), 8);
    sandbox.run("", &["--yes"]).code(0);
    sandbox.agrees_with_cargo("");
    for name in names {
        assert_eq!(sandbox.status(&format!("{name}/wörk tree")), "", "{name}");
        assert_eq!(sandbox.cargo_run(&format!("{name}/main")), "hello\n");
    }
}

/// A brace would be a template variable in `build-dir`, so the folder must not be given to Cargo as it is.
#[cfg(unix)]
#[test]
fn names_with_braces_still_build() {
    let sandbox = Sandbox::new();
    sandbox.repository("{curly}", &["{curly}/.worktrees/x"]);
    sandbox.run("{curly}", &["--yes"]).code(0);
    sandbox.agrees_with_cargo("{curly}");
    assert_eq!(sandbox.cargo_run("{curly}"), "hello\n");
}

#[test]
fn a_root_inside_a_workspace_means_that_workspace() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "ws/Cargo.toml",
        "[workspace]\nresolver = '2'\nmembers = ['crates/*']\n",
    );
    manifest(&sandbox, "ws/crates/a", "");
    assert_eq!(sandbox.workspaces("ws/crates/a", &[]), ["ws"]);
    assert_eq!(sandbox.workspaces("ws/crates", &[]), ["ws"]);
    sandbox.agrees_with_cargo("ws/crates");
}

#[test]
fn a_root_inside_a_repository_means_that_part_of_each_worktree() {
    let sandbox = Sandbox::new();
    for folder in ["mono/one", "mono/two"] {
        manifest(&sandbox, folder, "");
    }
    sandbox.commit_all("mono");
    sandbox.worktree("mono", "beside");
    assert_eq!(
        sandbox.workspaces("mono/one", &[]),
        ["beside/one", "mono/one"]
    );
    assert_eq!(sandbox.workspaces("", &["mono/one", "mono"]).len(), 4);
}

#[test]
fn cargo_agrees_wherever_the_folder_is_configured() {
    let hash = "[build]\nbuild-dir = 'b/{workspace-path-hash}'\n";
    let both = "[build]\ntarget-dir = 't'\nbuild-dir = '{cargo-cache-home}/x'\n";
    let cases = [
        ("pika/.cargo/config.toml", "build.target-dir = 'out'\n"),
        ("pika/.cargo/config.toml", hash),
        ("pika/.cargo/config", both),
        (
            "pika/.cargo/config.toml",
            "build = { build-dir = '{workspace-root}/o' }\n",
        ),
        (".cargo/config.toml", both),
        (".cargo/config.toml", hash),
        ("../cargo-home/config.toml", both),
        ("../cargo-home/config.toml", hash),
    ];
    for (file, content) in cases {
        let sandbox = Sandbox::new();
        sandbox.repository("pika", &["pika/.worktrees/x", "beside"]);
        sandbox.write(file, content);
        sandbox.agrees_with_cargo("pika");
        sandbox.run("pika", &["--yes", "--replace"]).code(0);
        sandbox.agrees_with_cargo("pika");
    }
}

#[test]
fn cargo_agrees_where_two_files_disagree() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.write("pika/.cargo/config", "[build]\ntarget-dir = 'old'\n");
    sandbox.write(
        "pika/.cargo/config.toml",
        "[build]\ntarget-dir = 'new'\nbuild-dir = 'b'\n",
    );
    sandbox.write(
        ".cargo/config.toml",
        "[build]\ntarget-dir = 'above'\nbuild-dir = 'above-b'\n",
    );
    sandbox.agrees_with_cargo("pika");
}

#[test]
fn a_broken_manifest_does_not_stop_the_rest() {
    let sandbox = Sandbox::new();
    manifest(&sandbox, "good", "");
    sandbox.write("bad/Cargo.toml", "[package\n");
    let answer = sandbox.json("", &["list", "--no-size"]);
    assert_eq!(sandbox.paths(&answer["workspaces"], "root"), ["good"]);
    assert_eq!(
        sandbox.paths(&answer["problems"], "path"),
        ["bad/Cargo.toml"]
    );
}

#[test]
fn sources_that_come_with_a_toolchain_or_are_vendored_are_passed_over() {
    let sandbox = Sandbox::new();
    for folder in [
        "tools/lib/rustlib/src/rust/library",
        "pika/vendor/dep",
        "pika/lib",
    ] {
        manifest(&sandbox, folder, "");
    }
    sandbox.write("pika/vendor/dep/.cargo-checksum.json", "{\"files\":{}}");
    assert_eq!(sandbox.workspaces("", &[]), ["pika/lib"]);
}

/// Without a root, a run searches the workspace around the current folder, as Cargo looks for it, and the other worktrees.
#[test]
fn from_a_folder_in_a_workspace() {
    let sandbox = Sandbox::new();
    sandbox.write("app/Cargo.toml", "[workspace]\nmembers = [\"own\"]\n");
    manifest(&sandbox, "app/own", "");
    sandbox.write("app/own/src/deep/mod.rs", "");
    sandbox.write("app/.gitignore", "target\n");
    sandbox.commit_all("app");
    sandbox.worktree("app", "beside");
    for folder in ["app", "beside"] {
        sandbox.cargo(folder, &["build"]);
    }
    let inside = "app/own/src/deep";
    for command in ["list", "audit", "dedupe"] {
        let folders = |answer: &serde_json::Value| match command {
            "dedupe" => answer["plan"]["kept"].as_array().map(Vec::len),
            _ => answer["folders"].as_array().map(Vec::len),
        };
        let args: &[&str] = match command {
            "dedupe" => &["dedupe", "--dry-run"],
            command => &[command],
        };
        let answer = sandbox.json(inside, args);
        assert_eq!(folders(&answer), Some(2), "{command}: {answer}");
    }
    let setup = sandbox.json(inside, &["setup", "--dry-run"]);
    let root = sandbox.path("app").display().to_string();
    assert_eq!(setup["roots"], serde_json::json!([root]), "{setup}");

    // A manifest outside of every worktree says nothing of what lies below it.
    manifest(&sandbox, "home", "");
    manifest(&sandbox, "home/code/app", "");
    let list = sandbox.json("home/code", &["list"]);
    let root = sandbox.path("home/code").display().to_string();
    assert_eq!(list["roots"], serde_json::json!([root]), "{list}");
    sandbox.write("empty/file", "");
    let said = sandbox.run("empty", &["clean"]).code(0).said();
    let missing = "no Cargo workspace and no target folder in the current folder or below";
    assert!(said.contains(missing), "{said}");
}
