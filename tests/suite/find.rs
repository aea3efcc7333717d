//! Which workspaces, worktrees and repositories are found.

use std::fs;

use crate::facts::{TAG, items};
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

/// The worktrees of the only repository: path and the field asked for.
fn worktrees(sandbox: &Sandbox, answer: &serde_json::Value, field: &str) -> Vec<(String, String)> {
    items(&answer["repositories"][0]["worktrees"])
        .map(|w| (sandbox.relative(&w["path"]), w[field].to_string()))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    expected.iter().map(own).collect()
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
fn worktrees_outside_the_root_are_shown_as_such() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["pika/.worktrees/x", "beside"]);
    let answer = sandbox.json("pika", &["list", "--no-size"]);
    let mut inside = worktrees(&sandbox, &answer, "inside_root");
    inside.sort();
    let expected = [
        ("beside", "false"),
        ("pika", "true"),
        ("pika/.worktrees/x", "true"),
    ];
    assert_eq!(inside, pairs(&expected));
    let all = ["beside", "pika", "pika/.worktrees/x"];
    assert_eq!(sandbox.paths(&answer["workspaces"], "root"), all);
    assert_eq!(
        sandbox.workspaces("beside", &[]),
        all,
        "from a linked one as well"
    );
    let inside_only = sandbox.workspaces("pika", &["--inside-root-only"]);
    assert_eq!(inside_only, ["pika", "pika/.worktrees/x"]);
}

#[test]
fn a_bare_repository_has_only_linked_worktrees() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.git("", &["clone", "-q", "--bare", "pika", "house/chu.git"]);
    sandbox.git(
        "house/chu.git",
        &["worktree", "add", "-q", "-b", "x", "../x"],
    );
    let answer = sandbox.json("house", &["list", "--no-size"]);
    assert_eq!(answer["repositories"][0]["name"], "chu");
    assert_eq!(answer["repositories"][0]["bare"], true);
    assert_eq!(
        worktrees(&sandbox, &answer, "main"),
        pairs(&[("house/x", "false")])
    );
    sandbox.run("house", &["--yes"]).code(0);
    assert_eq!(sandbox.status("house/x"), "");
    sandbox.agrees_with_cargo("house");
}

#[test]
fn a_hidden_bare_repository_is_called_after_the_folder_around_it() {
    let sandbox = Sandbox::new();
    sandbox.repository("seed", &[]);
    sandbox.git("", &["clone", "-q", "--bare", "seed", "pika/.bare"]);
    sandbox.write("pika/.git", "gitdir: ./.bare\n");
    sandbox.git("pika", &["worktree", "add", "-q", "main"]);
    sandbox.git("pika", &["worktree", "add", "-q", "-b", "x", "x"]);
    for root in ["pika", "pika/x"] {
        let answer = sandbox.json(root, &["list", "--no-size"]);
        assert_eq!(answer["repositories"][0]["name"], "pika", "from {root}");
        let expected = [("pika/main", "false"), ("pika/x", "false")];
        assert_eq!(
            worktrees(&sandbox, &answer, "main"),
            pairs(&expected),
            "from {root}"
        );
        assert_eq!(
            sandbox.relative(&answer["shared_root"]["path"]),
            "pika/.shared-target"
        );
    }
    sandbox.run("pika", &["--yes"]).code(0);
    let config = sandbox.read("pika/main/.cargo/config.toml");
    assert!(config.contains("/.shared-target/pika/main"), "{config}");
    assert_eq!(sandbox.status("pika/main") + &sandbox.status("pika/x"), "");
}

#[test]
fn detached_locked_and_prunable_worktrees_are_told_apart() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["locked", "gone"]);
    sandbox.git("pika", &["worktree", "add", "-q", "--detach", "../loose"]);
    sandbox.git(
        "pika",
        &["worktree", "lock", "--reason", "on a stick", "../locked"],
    );
    fs::remove_dir_all(sandbox.path("gone")).unwrap();
    let answer = sandbox.json("", &["list", "--no-size"]);
    let by = |path: &str, field: &str| {
        items(&answer["repositories"][0]["worktrees"])
            .find(|w| sandbox.relative(&w["path"]) == path)
            .expect("listed")[field]
            .clone()
    };
    assert_eq!(by("locked", "locked"), "on a stick");
    assert_eq!(by("pika", "head")["branch"], "main");
    let commit = sandbox.git("pika", &["rev-parse", "HEAD"]);
    assert_eq!(by("loose", "head")["detached"], commit.trim());
    assert_eq!(
        (by("gone", "present"), by("loose", "present")),
        (false.into(), true.into())
    );
    assert!(by("gone", "prunable").is_string());
    let workspaces = sandbox.paths(&answer["workspaces"], "root");
    assert_eq!(workspaces, ["locked", "loose", "pika"]);
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.repository("lib", &[]);
    sandbox.repository("pika", &[]);
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        "../lib",
        "sub",
    ];
    sandbox.git("pika", &add);
    sandbox.git("pika", &["commit", "-q", "-m", "sub"]);
    let answer = sandbox.json("pika", &["list", "--no-size"]);
    assert_eq!(
        sandbox.paths(&answer["workspaces"], "root"),
        ["pika", "pika/sub"]
    );
    let mut names: Vec<_> = items(&answer["repositories"])
        .map(|r| r["name"].clone())
        .collect();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["pika", "sub"]);
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(sandbox.status("pika") + &sandbox.status("pika/sub"), "");
    sandbox.agrees_with_cargo("pika");
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
fn thirty_worktrees_get_thirty_folders() {
    let sandbox = Sandbox::new();
    let names: Vec<String> = (1..30).map(|n| format!("pika/.worktrees/w{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    sandbox.repository("pika", &names);
    assert_eq!(sandbox.workspaces("pika", &[]).len(), 30);
    sandbox.run("pika", &["--yes"]).code(0);
    let answer = sandbox.json("pika", &["list", "--no-size"]);
    let mut folders: Vec<String> = items(&answer["workspaces"])
        .flat_map(|w| [&w["dirs"]["target_dir"], &w["dirs"]["build_dir"]])
        .map(|dir| sandbox.relative(dir))
        .collect();
    folders.sort();
    folders.dedup();
    assert_eq!(folders.len(), 60, "nobody shares");
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
fn a_linked_worktree_as_root_takes_the_shared_root_of_its_family() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox
        .run("", &["--shared-root", "all", "--yes", "pika"])
        .code(0);
    sandbox.worktree("pika", "later");
    let answer = sandbox.json("later", &["--dry-run"]);
    assert_eq!(sandbox.relative(&answer["shared_root"]["path"]), "all");
    assert_eq!(answer["shared_root"]["chosen"], "configured");
}

#[test]
fn a_linked_worktree_never_holds_the_shared_root() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    let answer = sandbox.json("beside", &["--dry-run"]);
    assert_eq!(
        sandbox.relative(&answer["shared_root"]["path"]),
        "pika/.shared-target"
    );
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
