//! Folders that are in use are moved to where they belong, and no build notices.

mod build_dir;
pub(crate) mod place;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::facts::{actions, items, named_like};
use crate::faults::harness::Stopped;
use crate::registry::{Registry, compiled, copy_all, once, sandbox_with};
use crate::sandbox::Sandbox;

/// A registry with a library, whose build script says where it lies, one that reads that, and one without a script; and a
/// workspace with all of them and tests.
fn prepared() -> PathBuf {
    once("moving", |folder| {
        let registry = Registry::new(folder);
        let script = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                      std::fs::write(format!(\"{out}/it.rs\"), \"pub fn it() -> u32 { 1 }\").unwrap();\n    \
                      std::fs::write(format!(\"{out}/it.pc\"), format!(\"prefix={out}\\n\")).unwrap();\n    \
                      println!(\"cargo::rerun-if-changed=build.rs\");\n    \
                      println!(\"cargo::metadata=note={out}/it.pc\");\n}\n";
        let text = "include!(concat!(env!(\"OUT_DIR\"), \"/it.rs\"));\n";
        let files = [("build.rs", script), ("src/lib.rs", text)];
        registry.publish(("native", "1.0.0"), &[], "links = \"native\"\n", &files);
        // Fails where the note names a place that is not there.
        let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
                      println!(\"cargo::rerun-if-env-changed=AGAIN\");\n    \
                      let note = std::fs::read_to_string(std::env::var(\"DEP_NATIVE_NOTE\").unwrap()).unwrap();\n    \
                      let place = note.trim().strip_prefix(\"prefix=\").unwrap();\n    \
                      std::fs::read_to_string(format!(\"{place}/it.rs\")).unwrap();\n}\n";
        let text = "pub fn it() -> u32 { native::it() }\n";
        let files = [("build.rs", script), ("src/lib.rs", text)];
        registry.publish(("user", "1.0.0"), &["native"], "", &files);
        let text = "pub fn it() -> u32 { 0 }\n";
        registry.publish(("plain", "1.0.0"), &[], "", &[("src/lib.rs", text)]);
        let sandbox = sandbox_with(folder);
        let write = |path: &str, text: &str| sandbox.write(&format!("pika/{path}"), text);
        write(
            "Cargo.toml",
            "[workspace]\nmembers = [\"own\"]\n[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
             [dependencies]\nuser = \"1\"\nplain = \"1\"\nown = { path = \"own\" }\n",
        );
        let own = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
        write("own/Cargo.toml", own);
        write(
            "own/src/lib.rs",
            "pub fn it() -> u32 { 1 }\n#[test]\nfn is_one() { assert_eq!(it(), 1) }\n",
        );
        let main = "fn main() { println!(\"{}\", user::it() + own::it() + plain::it()) }\n";
        write("src/main.rs", main);
        write(
            "tests/own.rs",
            "#[test]\nfn is_one() { assert_eq!(own::it(), 1) }\n",
        );
        write(".gitignore", "target\n");
        sandbox.cargo("pika", &["generate-lockfile"]);
        copy_all(&sandbox.path("pika"), &folder.join("pika"));
    })
}

/// The workspace and two more worktrees of it.
fn start() -> Sandbox {
    let prepared = prepared();
    let mut sandbox = sandbox_with(&prepared);
    sandbox.env("CARGO_SHAREDTARGET_RECLAIM_ALL", "false");
    sandbox.env("RAYON_NUM_THREADS", "1");
    sandbox.env("CARGO_SHAREDTARGET_NO_LOCAL", "false");
    copy_all(&prepared.join("pika"), &sandbox.path("pika"));
    sandbox.git("pika", &["init", "-q", "-b", "main"]);
    sandbox.commit_all("pika");
    for worktree in ["beside", "idle"] {
        sandbox.worktree("pika", worktree);
    }
    sandbox
}

const ASKS: [&[&str]; 3] = [&["build"], &["test", "--no-run"], &["clippy"]];

/// Builds all that there is.
fn build(sandbox: &Sandbox, worktree: &str) {
    for ask in ASKS {
        sandbox.cargo(worktree, ask);
    }
}

/// The packages that Cargo compiles or checks in a worktree.
fn compiles(sandbox: &Sandbox, worktree: &str) -> Vec<String> {
    let all = ASKS.iter().flat_map(|ask| {
        let said = sandbox.cargo(worktree, ask).said();
        let lines = said
            .lines()
            .map(|line| line.trim().replace("Checking ", "Compiling "));
        compiled(&lines.collect::<Vec<_>>().join("\n"))
    });
    all.collect()
}

/// Has a worktree look as if nothing had happened in it for as long.
fn idle(sandbox: &Sandbox, worktree: &str, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(86_400 * days);
    for (path, _) in sandbox.tree(worktree) {
        set_back(&sandbox.path(worktree).join(path), then);
    }
    let mut folders = vec![sandbox.path(worktree)];
    while let Some(folder) = folders.pop() {
        let inner = fs::read_dir(&folder).expect("a folder");
        let inner = inner.map(|entry| entry.expect("an entry").path());
        folders.extend(inner.filter(|path| path.is_dir() && !path.is_symlink()));
        set_back(&folder, then);
    }
}

fn set_back(path: &Path, then: SystemTime) {
    let file = fs::File::open(path).expect("a file");
    file.set_modified(then).expect("a time");
}

fn moved(answer: &Value) -> Vec<String> {
    let moves = actions(answer, "move_folder");
    let from = moves.map(|one| one["from"].as_str().expect("a path").to_owned());
    let mut from: Vec<String> = from
        .map(|path| {
            let mut parts = path.rsplit('/').skip(1);
            parts.next().expect("a folder").to_owned()
        })
        .collect();
    from.sort();
    from
}

/// The example of the issue: nothing is compiled after `setup`, and `undo` gives every byte back.
#[test]
fn no_build_notices_setup_or_undo() {
    let sandbox = start();
    for worktree in ["pika", "beside", "idle"] {
        build(&sandbox, worktree);
    }
    // The main one is moved however old it is.
    idle(&sandbox, "pika", 30);
    idle(&sandbox, "idle", 4);
    for worktree in ["pika", "beside"] {
        assert_eq!(compiles(&sandbox, worktree), [""; 0], "{worktree} before");
    }
    let answer = sandbox.json("pika", &["setup", "--yes"]);
    assert_eq!(moved(&answer), ["beside", "pika"]);
    assert_eq!(items(&answer["outcome"]["skipped"]).count(), 0);
    assert_eq!(actions(&answer, "delete_folder").count(), 1, "that of idle");
    for worktree in ["pika", "beside"] {
        assert!(!sandbox.exists(&format!("{worktree}/target")));
        assert_eq!(compiles(&sandbox, worktree), [""; 0], "{worktree} after");
        assert_eq!(sandbox.cargo_run(worktree), "2\n");
        assert_eq!(sandbox.status(worktree), "");
    }
    assert!(!sandbox.exists("idle/target"));
    let third = compiles(&sandbox, "idle");
    let third: Vec<_> = third.iter().filter(|name| *name != "app").collect();
    assert!(
        !third.contains(&&"native".to_owned()),
        "it is warm: {third:?}"
    );
    let answer = sandbox.json("pika", &["undo", "--yes"]);
    assert_eq!(actions(&answer, "move_folder").count(), 3);
    for worktree in ["pika", "beside", "idle"] {
        assert!(sandbox.exists(&format!("{worktree}/target")));
        assert_eq!(compiles(&sandbox, worktree), [""; 0], "{worktree} undone");
    }
    assert!(!sandbox.exists("pika/.shared-target/pika"), "it is empty");
}

#[test]
fn the_age_decides_and_can_be_said() {
    let mut sandbox = start();
    for worktree in ["pika", "beside", "idle"] {
        build(&sandbox, worktree);
    }
    idle(&sandbox, "idle", 4);
    let plan = |sandbox: &Sandbox, args: &[&str]| {
        let args = [&["setup", "-n"], args].concat();
        moved(&sandbox.json("pika", &args))
    };
    assert_eq!(
        plan(&sandbox, &["--keep-built-within", "5d"]),
        ["beside", "idle", "pika"]
    );
    assert_eq!(plan(&sandbox, &["--keep-built-within", "0d"]), ["pika"]);
    assert_eq!(plan(&sandbox, &["--reclaim-all"]), [""; 0]);
    assert_eq!(plan(&sandbox, &["--layout", "in-place"]), [""; 0]);
    assert_eq!(plan(&sandbox, &[]), ["beside", "pika"]);
    sandbox.env("CARGO_SHAREDTARGET_RECLAIM_ALL", "true");
    assert_eq!(plan(&sandbox, &[]), [""; 0]);
}

/// Workspaces inside that were never built take over the configuration, and hold nothing up.
#[test]
fn workspaces_inside_hold_nothing_up() {
    let sandbox = start();
    sandbox.package("pika/example", "example", "example");
    build(&sandbox, "pika");
    for args in [&["setup", "--yes"][..], &["undo"]] {
        let answer = sandbox.json("pika", args);
        let mut moves = actions(&answer, "move_folder");
        let of =
            |one: &Value| one["workspace"].as_str().map(Path::new) == Some(&*sandbox.path("pika"));
        assert!(moves.any(of), "{answer}");
        assert_eq!(compiles(&sandbox, "pika"), [""; 0], "{args:?}");
    }
}

/// Whose folder holds something else is kept, as where it would be deleted.
#[test]
fn what_is_not_ours_is_not_moved() {
    let sandbox = start();
    build(&sandbox, "pika");
    sandbox.write("pika/target/notes.txt", "precious");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    assert_eq!(sandbox.read("pika/target/notes.txt"), "precious");
    assert!(sandbox.exists("pika/target/debug"));
    assert!(
        sandbox.exists("pika/.shared-target/pika/main/debug"),
        "warm all the same"
    );
}

/// A build that begins in between keeps its folder, and the next run goes on.
#[test]
fn a_build_in_between_keeps_it() {
    let sandbox = start();
    build(&sandbox, "pika");
    let stopped = Stopped::at(sandbox.program("pika", &["setup", "--yes"]), "planned");
    sandbox.write("pika/src/main.rs", "fn main() { println!(\"new\") }\n");
    sandbox.cargo("pika", &["build"]);
    stopped.go_on().code(1).says("run again");
    assert!(sandbox.exists("pika/target/debug"));
    assert!(
        !sandbox.exists("pika/.shared-target/pika/main"),
        "nothing is put there"
    );
    let answer = sandbox.json("pika", &["setup", "--yes"]);
    assert_eq!(moved(&answer), ["pika"]);
    let said = sandbox.cargo("pika", &["build"]).said();
    assert_eq!(compiled(&said), [""; 0], "{said}");
    assert_eq!(sandbox.cargo_run("pika"), "new\n");
}

/// Our own configuration and the move make nothing older: a new worktree at the same commit compiles nothing.
#[test]
fn a_new_worktree_right_after_setup_compiles_nothing() {
    let sandbox = start();
    for ask in [&["build"][..], &["clippy"]] {
        sandbox.cargo("pika", ask);
    }
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    sandbox.worktree("pika", "new");
    sandbox.run("new", &["onboard"]).code(0);
    for ask in [&["build"][..], &["clippy"]] {
        let said = sandbox.cargo("new", ask).said();
        assert!(
            !said.contains("Compiling") && !said.contains("Checking"),
            "{said}"
        );
    }
}

/// Wherever a run is killed: the folder is whole at one of the two places, and each build is right.
#[test]
fn killed_at_any_point() {
    if crate::amount::without_longest() {
        return;
    }
    for point in [
        "moving",
        "move-hidden",
        "move-renamed",
        "move-noted",
        "moved",
    ] {
        let sandbox = start();
        build(&sandbox, "pika");
        let setup = sandbox.program("pika", &["setup", "--yes"]);
        Stopped::at(setup, point).kill();
        let places = ["pika/target/debug", "pika/.shared-target/pika/main/debug"];
        let there = places.iter().filter(|place| sandbox.exists(place)).count();
        assert_eq!(there, 1, "{point}");
        sandbox.run("pika", &["setup", "--yes"]).code(0);
        assert!(!sandbox.exists("pika/target"), "{point}");
        let mut again = sandbox;
        again.env("AGAIN", "1");
        assert_eq!(again.cargo_run("pika"), "2\n", "{point}");
        let said = again.cargo("pika", &["build", "-v"]).said();
        assert!(said.contains("Fresh own"), "{point}: {said}");
    }
}

/// An editor has its own folder inside, and asks Cargo where that is.
#[test]
fn folders_inside_go_along() {
    let sandbox = start();
    build(&sandbox, "pika");
    let inner = |place: &str| {
        sandbox
            .path(&format!("{place}/rust-analyzer"))
            .display()
            .to_string()
    };
    let old = inner("pika/target");
    sandbox.cargo("pika", &["check", "--target-dir", &old]);
    let answer = sandbox.json("pika", &["setup", "--yes"]);
    assert_eq!(moved(&answer), ["pika"]);
    assert_eq!(items(&answer["outcome"]["skipped"]).count(), 0, "{answer}");
    assert!(!sandbox.exists("pika/target"));
    let new = inner("pika/.shared-target/pika/main");
    let said = sandbox
        .cargo("pika", &["check", "-v", "--target-dir", &new])
        .said();
    assert!(
        !said.contains("Checking") && !said.contains("Compiling"),
        "{said}"
    );
}

/// Units that no build asks for any more go with the move.
#[test]
fn what_no_build_asks_for_goes() {
    let sandbox = start();
    build(&sandbox, "pika");
    let manifest = sandbox
        .read("pika/Cargo.toml")
        .replace("plain = \"1\"\n", "");
    sandbox.write("pika/Cargo.toml", &manifest);
    let main = "fn main() { println!(\"{}\", user::it() + own::it()) }\n";
    sandbox.write("pika/src/main.rs", main);
    for worktree in ["beside", "idle"] {
        let path = sandbox.path(worktree).display().to_string();
        sandbox.git("pika", &["worktree", "remove", &path]);
    }
    build(&sandbox, "pika");
    let before = named_like(&sandbox.path("pika/target"), "libplain-");
    assert!(!before.is_empty());
    let answer = sandbox.json("pika", &["setup", "--yes"]);
    assert_eq!(actions(&answer, "collect").count(), 1, "{answer}");
    assert_eq!(items(&answer["outcome"]["skipped"]).count(), 0, "{answer}");
    let after = sandbox.path("pika/.shared-target/pika/main");
    assert_eq!(named_like(&after, "libplain-"), [""; 0].map(PathBuf::from));
    assert_eq!(compiles(&sandbox, "pika"), [""; 0]);
}

/// Units that two worktrees have compiled alike take their space once.
#[test]
fn they_come_to_share_what_is_the_same() {
    let sandbox = start();
    for worktree in ["pika", "beside"] {
        build(&sandbox, worktree);
    }
    let answer = sandbox.json("pika", &["setup", "--yes"]);
    assert!(actions(&answer, "relink").count() > 0, "{answer}");
    assert_eq!(items(&answer["outcome"]["skipped"]).count(), 0, "{answer}");
    assert_eq!(items(&answer["outcome"]["failed"]).count(), 0, "{answer}");
    let library = |worktree: &str| {
        let folder = sandbox.path(&format!("pika/.shared-target/pika/{worktree}/debug"));
        let mut all = named_like(&folder, "libplain-").into_iter();
        all.find(|path| path.extension().is_some_and(|end| end == "rlib"))
            .expect("a library")
    };
    let inode =
        |path: PathBuf| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).expect("it"));
    assert_eq!(inode(library("main")), inode(library("beside")));
    for worktree in ["pika", "beside"] {
        assert_eq!(compiles(&sandbox, worktree), [""; 0], "{worktree}");
    }
}

/// From one layout to the other and back.
#[test]
fn another_layout_moves_it_as_well() {
    let sandbox = start();
    build(&sandbox, "pika");
    for (layout, at) in [
        ("isolated", "pika/.shared-target/pika/main"),
        ("in-place", "pika/target"),
        ("isolated", "pika/.shared-target/pika/main"),
    ] {
        let answer = sandbox.json("pika", &["setup", "--yes", "--layout", layout]);
        let own = sandbox.path("pika").display().to_string();
        let mut moves = actions(&answer, "move_folder");
        assert!(
            moves.any(|one| one["workspace"] == own),
            "{layout}: {answer}"
        );
        assert!(sandbox.exists(&format!("{at}/debug")), "{layout}");
        assert_eq!(compiles(&sandbox, "pika"), [""; 0], "{layout}");
    }
}

/// A folder that stays where it is when the configuration goes back is named.
#[test]
fn undo_says_what_it_cannot_move() {
    let sandbox = start();
    build(&sandbox, "pika");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    let mine = "pika/.shared-target/pika/main/notes.txt";
    sandbox.write(mine, "precious");
    let run = sandbox.run("pika", &["undo"]).code(0);
    assert!(run.said().contains("notes.txt"), "{}", run.said());
    assert_eq!(sandbox.read(mine), "precious");
}

/// The user has set another place, and has it replaced.
#[test]
fn a_place_that_is_replaced_is_moved() {
    let sandbox = start();
    sandbox.write("pika/.git/info/exclude", "/.cargo\n/out\n");
    sandbox.write("pika/.cargo/config.toml", "[build]\ntarget-dir = \"out\"\n");
    build(&sandbox, "pika");
    let answer = sandbox.json("pika", &["setup", "--yes", "--replace"]);
    assert_eq!(actions(&answer, "move_folder").count(), 1, "{answer}");
    assert_eq!(compiles(&sandbox, "pika"), [""; 0]);
    sandbox.run("pika", &["undo"]).code(0);
    assert!(sandbox.exists("pika/out/debug"));
    assert_eq!(compiles(&sandbox, "pika"), [""; 0]);
}

/// A check of a folder that was checked before makes no file in the folders that a profile has at its top.
#[test]
fn a_check_is_a_build() {
    let sandbox = start();
    sandbox.cargo("beside", &["check"]);
    idle(&sandbox, "beside", 4);
    sandbox.write("beside/src/main.rs", "fn main() {}\n");
    sandbox.cargo("beside", &["check"]);
    let answer = sandbox.json("pika", &["list", "--no-size"]);
    let built = items(&answer["workspaces"]).filter_map(|row| row["last_build"].as_str());
    let built: Vec<jiff::Timestamp> = built.map(|at| at.parse().expect("a time")).collect();
    let hour = jiff::SignedDuration::from_hours(1);
    let lately = built
        .iter()
        .filter(|at| **at + hour > jiff::Timestamp::now());
    assert_eq!(lately.count(), 1, "{answer}");
}
