//! Decisions come from the user's own state, and from nothing that a clone or a branch can bring.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::sandbox::{Run, Sandbox};

/// The names of the shared roots that an attacker tracks, and of the user's own.
const ROOT: &str = "pika/.shared-target";

/// Writes a folder that looks like a shared root, with settings and a record for undo.
fn pretend(sandbox: &Sandbox, root: &str, settings: &str, record: &serde_json::Value) {
    sandbox.write(
        &format!("{root}/CACHEDIR.TAG"),
        "Signature: 8a477f597d28d172789f06886806bc55\n",
    );
    sandbox.write(&format!("{root}/.sharedtarget/lock"), "");
    sandbox.write(
        &format!("{root}/.sharedtarget/token"),
        &format!("{}\n", "0123456789abcdef".repeat(2)),
    );
    sandbox.write(
        &format!("{root}/.sharedtarget/undo.json"),
        &record.to_string(),
    );
    sandbox.write(&format!("{root}/sharedtarget.toml"), settings);
}

/// Commits everything, also what is ignored.
fn commit_forced(sandbox: &Sandbox, folder: &str) {
    sandbox.commit_all(folder);
    sandbox.git(folder, &["add", "-A", "-f"]);
    sandbox.git(folder, &["commit", "-q", "--amend", "-m", "all"]);
}

/// One entry of a record.
fn entry(file: &Path, before: Option<&str>, after: Option<&str>) -> serde_json::Value {
    json!({
        "time": "2025-01-01T00:00:00Z", "file": file, "before": before, "after": after, "made_folder": false
    })
}

fn record(entries: &[serde_json::Value]) -> serde_json::Value {
    json!({ "version": 1, "entries": entries })
}

/// The folder of records of the only shared root that the state knows.
fn records(sandbox: &Sandbox) -> PathBuf {
    let roots = sandbox.outside("home/.local/state/cargo-sharedtarget/roots");
    let mut roots = fs::read_dir(roots).expect("records");
    let one = roots.next().expect("a record").expect("a folder").path();
    assert!(roots.next().is_none(), "one shared root");
    one
}

/// Files outside of the repository that a record must not reach, with what they hold.
fn bait(sandbox: &Sandbox) -> Vec<(PathBuf, Option<&'static str>)> {
    let bait = vec![
        (sandbox.outside("home/.ssh/authorized_keys"), None),
        (sandbox.outside("home/.ssh/known"), Some("precious\n")),
        (sandbox.path("pika/.git/hooks/post-commit"), None),
        (sandbox.path("pika/.git/config"), None),
        (sandbox.path("pika/src/main.rs"), None),
        (sandbox.path("beside/.cargo/../up"), None),
        (sandbox.outside("home/.bashrc"), Some("precious\n")),
        (sandbox.outside("cargo-home/credentials.toml"), None),
        (sandbox.path("elsewhere/.cargo/config.toml"), None),
    ];
    for (path, content) in &bait {
        let Some(content) = content else { continue };
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, content).expect("bait");
    }
    bait
}

/// A record that writes all the bait, or deletes what is there.
fn hostile_record(bait: &[(PathBuf, Option<&str>)]) -> serde_json::Value {
    let entries = bait.iter().map(|(path, content)| match content {
        Some(there) => entry(path, None, Some(there)),
        None => {
            let there = fs::read_to_string(path).ok();
            entry(path, Some("attacker\n"), there.as_deref())
        }
    });
    record(&entries.collect::<Vec<_>>())
}

#[test]
fn a_record_that_came_with_a_clone_is_not_obeyed() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    let bait = bait(&sandbox);
    pretend(&sandbox, ROOT, "", &hostile_record(&bait));
    commit_forced(&sandbox, "pika");
    sandbox.git("", &["clone", "-q", "pika", "clone"]);
    let before = sandbox.tree("../home");
    for args in [
        &["undo", "--yes"][..],
        &["undo", "--yes", "--shared-root", ".shared-target"],
    ] {
        sandbox.run("clone", args);
        assert_eq!(sandbox.tree("../home"), before);
    }
    assert!(!sandbox.exists("elsewhere/.cargo/config.toml"));
}

/// Even a record in the user's own state reaches no other kind of file, and no other project.
#[test]
fn undo_touches_only_the_kinds_of_files_that_setup_writes() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.run("pika", &["--yes"]).code(0);
    let bait = bait(&sandbox);
    let file = records(&sandbox).join("undo.json");
    let own = fs::read_to_string(&file).expect("a record");
    let mut own: serde_json::Value = serde_json::from_str(&own).expect("a record");
    let hostile = hostile_record(&bait)["entries"].clone();
    let entries = own["entries"].as_array_mut().expect("a list");
    entries.extend(hostile.as_array().expect("a list").iter().cloned());
    fs::write(&file, own.to_string()).expect("a record");
    let before: Vec<_> = bait.iter().map(|(path, _)| fs::read(path).ok()).collect();
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    let after: Vec<_> = bait.iter().map(|(path, _)| fs::read(path).ok()).collect();
    assert_eq!(after, before);
    assert!(!sandbox.exists("beside/.cargo"), "its own are put back");
}

/// A folder of a configuration that is a link by now leads out of the worktree.
#[cfg(unix)]
#[test]
fn undo_follows_no_link() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.run("pika", &["--yes"]).code(0);
    let away = sandbox.outside("home/away");
    fs::rename(sandbox.path("beside/.cargo"), &away).expect("moved");
    std::os::unix::fs::symlink(&away, sandbox.path("beside/.cargo")).expect("a link");
    let before = sandbox.tree("../home/away");
    sandbox.run("pika", &["undo", "--yes"]);
    assert_eq!(sandbox.tree("../home/away"), before);
}

/// The programs that a tracked settings file runs, in each way that it can be in a clone.
#[cfg(unix)]
#[test]
fn settings_that_came_with_a_clone_run_nothing() {
    let ran = |sandbox: &Sandbox| sandbox.outside("ran").exists();
    for way in ["tracked", "linked", "submodule", "untracked"] {
        let sandbox = Sandbox::new();
        sandbox.package("pika", "app", "hello");
        let program = sandbox.outside("evil");
        let text = format!(
            "#!/bin/sh\ntouch '{}'\nexec \"$@\"\n",
            sandbox.outside("ran").display()
        );
        fs::write(&program, text).expect("a program");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, mode).expect("a program");
        let program = program.display();
        let settings = format!(
            "rustc-wrapper = '{program}'\n[store]\nbefore = ['{program}']\nafter = ['{program}']\n"
        );
        let root = match way {
            "linked" => "pika/behind",
            "submodule" => "other",
            _ => ROOT,
        };
        pretend(&sandbox, root, &settings, &record(&[]));
        match way {
            "linked" => std::os::unix::fs::symlink("behind", sandbox.path(ROOT)).expect("a link"),
            "submodule" => {
                sandbox.commit_all("pika");
                commit_forced(&sandbox, "other");
                let from = sandbox.path("other").display().to_string();
                let add = ["-c", "protocol.file.allow=always", "submodule", "add", "-q"];
                sandbox.git("pika", &[&add[..], &[&from, ".shared-target"]].concat());
            }
            _ => {}
        }
        match way {
            "untracked" => sandbox.commit_all("pika"),
            _ => commit_forced(&sandbox, "pika"),
        }
        sandbox.worktree("pika", "beside");
        for (folder, args) in [
            ("pika", &["setup", "-n"][..]),
            ("pika", &["onboard", "-n"]),
            ("pika", &["warm", "-n"]),
            ("pika", &["list"]),
            ("pika", &["doctor"]),
            ("pika", &["store", "status"]),
            ("pika", &["store", "harvest", "--yes"]),
            ("beside", &["onboard", "--yes", "--quiet"]),
            ("beside", &["warm", "--yes"]),
            ("pika", &["setup", "--yes"]),
        ] {
            sandbox.run(folder, args);
            assert!(!ran(&sandbox), "{way}: {args:?} in {folder}");
        }
        let config = sandbox.read("beside/.cargo/config.toml");
        assert!(!config.contains("evil"), "{way}: {config}");
    }
}

/// A branch with a shared root of its own, and with more workspaces that are configured to it than there are others.
#[test]
fn a_branch_does_not_outvote_the_users_own_root() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    sandbox.git("pika", &["worktree", "add", "-q", "-b", "evil", "../evil"]);
    let root = "evil/.shared-target";
    pretend(&sandbox, root, "local = false\n", &record(&[]));
    for name in ["a", "b", "c", "d"] {
        sandbox.package(&format!("evil/{name}"), name, name);
        let config = format!("[build]\ntarget-dir = '../.shared-target/x/{name}'\n");
        sandbox.write(&format!("evil/{name}/.cargo/config.toml"), &config);
    }
    commit_forced(&sandbox, "evil");
    sandbox.git(
        "pika",
        &["worktree", "add", "-q", "--detach", "../review", "evil"],
    );
    let before = sandbox.tree(root);
    sandbox.run("review", &["onboard", "--yes"]).code(0);
    let config = sandbox.read("review/.cargo/config.toml");
    let own = sandbox.path(ROOT).display().to_string();
    assert!(config.contains(&own), "{config}");
    assert_eq!(sandbox.tree(root), before);
    let answer = sandbox.json("evil", &["list"]);
    assert_eq!(answer["shared_root"]["path"], own);
    let said = sandbox.run("evil", &["list"]).code(0).said();
    assert!(said.contains("no run of this user created it"), "{said}");
}

/// Git overwrites ignored files when it checks a branch out, so a branch can change what lies in the user's own root.
#[test]
fn a_branch_that_is_checked_out_over_the_users_own_root_is_not_obeyed() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.git("pika", &["switch", "-q", "-c", "evil"]);
    pretend(&sandbox, ROOT, "local = false\n", &record(&[]));
    commit_forced(&sandbox, "pika");
    sandbox.git("pika", &["switch", "-q", "main"]);
    sandbox.worktree("pika", "beside");
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(shared_root(&sandbox, "pika")["exists"], true);
    sandbox.git("pika", &["switch", "-q", "evil"]);
    assert_eq!(shared_root(&sandbox, "pika")["exists"], false);
    let said = sandbox.run("pika", &["doctor"]).said();
    assert!(said.contains("shared-target"), "{said}");
    let deleted = sandbox.run("pika", &["clean", "--orphaned", "--yes"]);
    assert!(!deleted.said().contains("freed"), "{}", deleted.said());
}

/// A root that the user copied or moved is known by its token.
#[test]
fn a_root_that_was_moved_is_known_again() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.run("pika", &["--yes"]).code(0);
    let moved = sandbox.path("moved");
    fs::rename(sandbox.path(ROOT), &moved).expect("moved");
    let moved = moved.display().to_string();
    let named = ["list", "--shared-root", &moved];
    assert_eq!(sandbox.json("pika", &named)["shared_root"]["exists"], true);
    let undo = ["undo", "--yes", "--shared-root", &moved];
    sandbox.run("pika", &undo).code(0);
    assert!(!sandbox.exists("beside/.cargo"));
}

/// One that another machine made, or whose state is lost, is the user's after they have named it.
#[test]
fn a_root_that_the_state_has_lost_is_taken_over_by_name() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    sandbox.run("pika", &["--yes"]).code(0);
    fs::remove_dir_all(sandbox.outside("home/.local")).expect("removed");
    assert_eq!(shared_root(&sandbox, "pika")["exists"], false);
    let said = sandbox.run("pika", &["list"]).code(0).said();
    assert!(said.contains("setup --shared-root"), "{said}");
    sandbox.worktree("pika", "later");
    let setup = ["setup", "--yes", "--shared-root", ".shared-target"];
    sandbox.run("pika", &setup).code(0);
    assert_eq!(shared_root(&sandbox, "pika")["exists"], true);
    assert!(sandbox.exists("later/.cargo/config.toml"));
}

/// Where there is no folder for the record, nothing is changed, and the message says what to do.
#[cfg(unix)]
#[test]
fn without_a_state_folder_nothing_is_changed() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    let file = sandbox.outside("home/.local");
    fs::write(&file, "in the way").expect("a file");
    let before = sandbox.tree("");
    let run = sandbox.run("pika", &["--yes"]);
    assert_ne!(run.code, Some(0));
    assert!(run.said().contains(".local"), "{}", run.said());
    let config = |tree: &std::collections::BTreeMap<PathBuf, Vec<u8>>| {
        let configs = tree
            .iter()
            .filter(|(path, _)| path.ends_with(".cargo/config.toml"));
        configs.count()
    };
    assert_eq!(config(&sandbox.tree("")), config(&before));
}

/// A root whose record cannot be written is not begun either, and the files from before are kept.
#[cfg(unix)]
#[test]
fn a_root_that_cannot_be_finished_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    fs::write(sandbox.outside("home/.local"), "in the way").expect("a file");
    let far = sandbox.path("far/away").display().to_string();
    let roots = [
        &["setup", "--yes"][..],
        &["setup", "--yes", "--shared-root", &far],
        &["onboard", "--yes"],
    ];
    let before = sandbox.tree("");
    for args in roots {
        assert_ne!(sandbox.run("pika", args).code, Some(0), "{args:?}");
        assert_eq!(sandbox.tree(""), before, "{args:?}");
    }
    fs::create_dir_all(sandbox.path("far/away")).expect("a folder");
    sandbox.write("far/away/.gitignore", "*\n");
    let before = sandbox.tree("");
    sandbox.run("pika", roots[1]);
    assert_eq!(sandbox.tree(""), before, "it was begun before");
}

fn shared_root(sandbox: &Sandbox, folder: &str) -> serde_json::Value {
    let run: Run = sandbox.run(folder, &["list", "--format", "json"]).code(0);
    run.json()["shared_root"].clone()
}

/// A folder by the name of our trash, with our mark, in a branch.
#[test]
fn trash_that_git_tracks_is_not_finished() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    let trash = "pika/.sharedtarget-trash-old";
    let mark = String::from_utf8(cargo_sharedtarget::markers::TRASH_MARK.to_vec()).expect("text");
    sandbox.write(&format!("{trash}/.gitignore"), &mark);
    sandbox.write(&format!("{trash}/deep/file"), "precious");
    sandbox.git("pika", &["add", "-A", "-f"]);
    sandbox.git("pika", &["commit", "-q", "-m", "trash"]);
    sandbox.write(&format!("{trash}/mine"), "precious");
    for args in [&["clean", "--yes"][..], &["setup", "--yes"]] {
        sandbox.run("pika", args);
        for name in ["mine", "deep/file"] {
            assert_eq!(sandbox.read(&format!("{trash}/{name}")), "precious");
        }
    }
}

/// The project with its root has moved: the root is the one that is there now.
#[test]
fn a_root_that_moved_with_its_project_is_found_there() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    fs::rename(sandbox.path("pika"), sandbox.path("moved")).expect("moved");
    let root = shared_root(&sandbox, "moved");
    let expected = sandbox.path("moved/.shared-target").display().to_string();
    assert_eq!(
        (&root["path"], &root["exists"]),
        (&json!(expected), &json!(true))
    );
    sandbox.run("moved", &["setup", "--yes"]);
    assert!(!sandbox.exists("pika"), "nothing is made where it was");
}

/// Where there is no folder for the record, no advice is printed that could not work there.
#[cfg(unix)]
#[test]
fn with_a_relative_home_the_advice_is_to_set_it() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.run("pika", &["--yes"]).code(0);
    let known = shared_root(&sandbox, "pika");
    // A relative one does not count, and HOME is absolute.
    sandbox.env("XDG_STATE_HOME", "state");
    assert_eq!(shared_root(&sandbox, "pika"), known);
    sandbox.env("HOME", "home");
    for args in [&["list"][..], &["doctor"], &["setup", "-n"]] {
        let said = sandbox.run("pika", args).said();
        assert!(!said.contains("takes it over"), "{args:?}: {said}");
        assert!(said.contains("to an absolute path"), "{args:?}: {said}");
    }
    sandbox.env("XDG_STATE_HOME", sandbox.outside("home/.local/state"));
    assert_eq!(shared_root(&sandbox, "pika"), known, "as it says");
}
