//! The layout `in-place`: it is remembered, and serves where the worktree alone can be written.

#[cfg(unix)]
mod sandboxed;

use std::path::PathBuf;

use crate::facts::items;
use crate::sandbox::Sandbox;

const SETTINGS: &str = "pika/.git/sharedtarget.toml";
const IN_PLACE: [&str; 4] = ["setup", "--layout", "in-place", "--yes"];

/// `pika` with a worktree beside it, each with code of its own.
fn start() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    add(&sandbox, "beside");
    sandbox
}

/// Adds a worktree with code of its own.
fn add(sandbox: &Sandbox, at: &str) {
    sandbox.worktree("pika", at);
    sandbox.package(at, "app", at);
}

/// Where a worktree is built, both as Cargo says and as a build does.
#[track_caller]
fn builds_in_place(sandbox: &Sandbox, worktree: &str, says: &str) {
    assert_eq!(sandbox.cargo_run(worktree), format!("{says}\n"));
    let metadata = sandbox.metadata(worktree);
    let own = sandbox.path(worktree).join("target");
    for name in ["target_directory", "build_directory"] {
        let folder = metadata[name].as_str().map(PathBuf::from);
        assert_eq!(folder.as_ref(), Some(&own), "{worktree}: {name}");
    }
}

fn planned(sandbox: &Sandbox, args: &[&str]) -> usize {
    let answer = sandbox.json("pika", args);
    items(&answer["plan"]["actions"]).count()
}

#[test]
fn all_worktrees_follow_it_and_undo_forgets_it() {
    let sandbox = start();
    let before = sandbox.tree("");
    sandbox.run("pika", &IN_PLACE).code(0);
    assert_eq!(sandbox.read(SETTINGS), "layout = \"in-place\"\n");
    assert_eq!(planned(&sandbox, &["setup"]), 0, "it is remembered");
    add(&sandbox, "later");
    sandbox.run("later", &["onboard"]).code(0);
    assert_eq!(planned(&sandbox, &["setup"]), 0);
    for worktree in ["beside", "later"] {
        assert!(!sandbox.exists(&format!("{worktree}/.cargo")));
        builds_in_place(&sandbox, worktree, worktree);
    }
    assert!(
        !sandbox.exists("pika/.shared-target"),
        "nothing else is made"
    );
    sandbox.git("pika", &["worktree", "remove", "--force", "../later"]);
    sandbox.git("pika", &["branch", "-q", "-D", "b-later"]);
    sandbox.cargo("beside", &["clean"]);
    sandbox.run("pika", &["undo"]).code(0);
    let mut after = sandbox.tree("");
    after.retain(|path, _| before.contains_key(path) || path.ends_with("sharedtarget.toml"));
    assert_eq!(after, before);
    add(&sandbox, "isolated");
    sandbox.run("isolated", &["onboard"]).code(0);
    assert!(sandbox.exists("isolated/.cargo/config.toml"));
}

/// Those that are there are isolated; those to come are not, beside and inside.
#[test]
fn new_worktrees_alone_follow_it() {
    let sandbox = start();
    let new = ["setup", "--new-worktrees", "in-place", "--yes"];
    sandbox.run("pika", &new).code(0);
    assert_eq!(sandbox.read(SETTINGS), "new-worktrees = \"in-place\"\n");
    assert!(sandbox.exists("beside/.cargo/config.toml"));
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    for worktree in ["later", "pika/.worktrees/inside"] {
        add(&sandbox, worktree);
        sandbox.run(worktree, &["onboard"]).code(0);
        builds_in_place(&sandbox, worktree, worktree);
        assert_eq!(
            sandbox.git(worktree, &["status", "--short", "--", ".cargo"]),
            ""
        );
    }
    // By a name that holds wherever it is mounted.
    let config = sandbox.read("pika/.worktrees/inside/.cargo/config.toml");
    assert_eq!(config, "[build]\ntarget-dir = \"target\"\n");
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    sandbox.run("pika", &new).code(0);
    builds_in_place(&sandbox, "later", "later");
    builds_in_place(&sandbox, "pika/.worktrees/inside", "pika/.worktrees/inside");
    assert_eq!(planned(&sandbox, &["setup"]), 0);

    sandbox
        .run("pika", &["setup", "--new-worktrees", "isolated", "--yes"])
        .code(0);
    for worktree in ["later", "pika/.worktrees/inside"] {
        let config = sandbox.read(&format!("{worktree}/.cargo/config.toml"));
        assert!(config.contains(".shared-target"), "{worktree}: {config}");
        assert_eq!(sandbox.cargo_run(worktree), format!("{worktree}\n"));
    }
}

/// Files that `setup` wrote for another layout are deleted, and are written again later.
#[test]
fn from_isolated_and_back() {
    let sandbox = start();
    let inside = "pika/.worktrees/inside";
    add(&sandbox, inside);
    sandbox.write("beside/.cargo/config.toml", "[net]\noffline = true\n");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    sandbox.run("pika", &IN_PLACE).code(0);
    for (worktree, says) in [("pika", "hello"), ("beside", "beside"), (inside, inside)] {
        builds_in_place(&sandbox, worktree, says);
    }
    assert!(!sandbox.exists("pika/.cargo") && !sandbox.exists(&format!("{inside}/.cargo")));
    let config = sandbox.read("beside/.cargo/config.toml");
    assert!(
        config.starts_with("[net]\noffline = true\n") && !config.contains("-dir"),
        "{config}"
    );
    assert_eq!(planned(&sandbox, &["setup"]), 0);

    sandbox
        .run("pika", &["setup", "--layout", "isolated", "--yes"])
        .code(0);
    assert_eq!(sandbox.read(SETTINGS), "layout = \"isolated\"\n");
    for worktree in ["pika", "beside", inside] {
        let config = sandbox.read(&format!("{worktree}/.cargo/config.toml"));
        assert!(config.contains(".shared-target"), "{worktree}: {config}");
    }
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(!sandbox.exists("pika/.cargo") && !sandbox.exists(SETTINGS));
    let config = sandbox.read("beside/.cargo/config.toml");
    assert_eq!(config, "[net]\noffline = true\n");
}

/// A folder of the user's own stays, unless they say otherwise.
#[test]
fn what_the_user_set_stays() {
    let sandbox = start();
    sandbox.write(
        "beside/.cargo/config.toml",
        "[build]\ntarget-dir = \"/w/mine\"\n",
    );
    let before = sandbox.tree("beside");
    sandbox.run("pika", &IN_PLACE).code(0);
    sandbox
        .run("beside", &["onboard", "--layout", "in-place"])
        .code(0);
    assert_eq!(sandbox.tree("beside"), before);
    sandbox
        .run("beside", &["onboard", "--layout", "in-place", "--replace"])
        .code(0);
    builds_in_place(&sandbox, "beside", "beside");
}

#[test]
fn settings_that_are_wrong_do_not_count() {
    let sandbox = start();
    for text in ["layout = \"flat\"\n", "place = 1\n", "["] {
        sandbox.write(SETTINGS, text);
        let said = sandbox.run("beside", &["onboard", "-n"]).code(0).said();
        assert!(said.contains("sharedtarget.toml: line 1"), "{said}");
        assert!(said.contains("isolated"), "{said}");
        let run = sandbox.run("pika", &IN_PLACE);
        assert!(run.said().contains("sharedtarget.toml"), "{run:?}");
        assert_eq!(sandbox.read(SETTINGS), text);
    }
}

/// Nothing is gained where there is no other worktree.
#[test]
fn workspaces_without_another_worktree() {
    let mut sandbox = start();
    sandbox.env("CARGO_SHAREDTARGET_NO_HOOK", "false");
    sandbox.repository("lone", &[]);
    sandbox.package("plain", "plain", "plain");
    let run = sandbox.run("", &["setup", "-n"]).code(0);
    assert!(
        run.said().contains("2 of them have no other worktree"),
        "{run:?}"
    );
    let answer = sandbox.json("", &["setup", "--worktrees-only", "--yes"]);
    for folder in ["lone", "plain"] {
        assert_eq!(sandbox.why_kept(&answer, folder), "alone");
        assert!(!sandbox.exists(&format!("{folder}/.cargo")));
    }
    assert!(!sandbox.exists("lone/.git/hooks/post-checkout"));
    assert!(sandbox.exists("pika/.git/hooks/post-checkout"));
    assert!(
        sandbox.exists("pika/.cargo/config.toml") && sandbox.exists("beside/.cargo/config.toml")
    );
}

/// A `target` that its owner has put elsewhere stays there, unless they say where else.
#[cfg(unix)]
#[test]
fn a_target_that_is_a_link() {
    let sandbox = start();
    let disk = sandbox.outside("disk");
    for name in ["there", "nowhere"] {
        std::fs::create_dir_all(disk.join(name)).expect("a folder");
    }
    let link = |to: &str, from: &str| {
        let from = sandbox.path(from);
        std::os::unix::fs::symlink(disk.join(to), from).expect("a link");
    };
    link("there", "pika/target");
    link("nowhere", "beside/target");
    std::fs::remove_dir(disk.join("nowhere")).expect("an empty folder");
    let answer = sandbox.json("pika", &["setup", "--yes"]);
    for worktree in ["pika", "beside"] {
        assert_eq!(sandbox.why_kept(&answer, worktree), "target_elsewhere");
        assert!(!sandbox.exists(&format!("{worktree}/.cargo")));
    }
    sandbox
        .run("pika", &["setup", "-n"])
        .code(0)
        .says("--shared-root DIR");
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    assert!(disk.join("there/debug").exists());

    let root = disk.join("root").display().to_string();
    sandbox
        .run("pika", &["setup", "--shared-root", &root, "--yes"])
        .code(0);
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    assert!(disk.join("root/pika/main/debug").exists());
    assert!(!sandbox.exists("pika/.shared-target"));
}

/// The same for a folder that a configuration above names.
#[test]
fn a_folder_that_is_set_above() {
    let sandbox = start();
    let mine = sandbox.outside("mine").display().to_string();
    let text = format!("[build]\ntarget-dir = '{mine}'\n");
    for config in [
        sandbox.outside("cargo-home/config.toml"),
        sandbox.path(".cargo/config.toml"),
    ] {
        std::fs::create_dir_all(config.parent().expect("a folder")).expect("folders");
        std::fs::write(&config, &text).expect("a file");
        let answer = sandbox.json("pika", &["setup", "--yes"]);
        for worktree in ["pika", "beside"] {
            assert_eq!(sandbox.why_kept(&answer, worktree), "config_set");
            assert!(!sandbox.exists(&format!("{worktree}/.cargo")));
        }
        let said = sandbox.run("pika", &["setup", "-n"]).code(0).said();
        assert!(said.contains("--replace"), "{said}");
        std::fs::remove_file(&config).expect("a file");
    }
}

/// A link to where another worktree builds is no place of its own: each would run the other's code.
#[cfg(unix)]
#[test]
fn a_target_that_leads_to_another_worktrees() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.package("beside", "app", "beside");
    std::os::unix::fs::symlink("../pika/target", sandbox.path("beside/target")).expect("a link");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    for (worktree, says) in [
        ("pika", "hello\n"),
        ("beside", "beside\n"),
        ("pika", "hello\n"),
    ] {
        assert_eq!(sandbox.cargo_run(worktree), says);
    }
}
