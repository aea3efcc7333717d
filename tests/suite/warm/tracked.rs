//! A target folder that came with a branch gives units to no worktree.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;

/// `beside`, in which nothing was built, and `evil`, a worktree with a target folder in which a package of the registry is
/// not what it is called. Nothing else was built.
fn prepared_units() -> Sandbox {
    let sandbox = start();
    sandbox.worktree("pika", "evil");
    let target = sandbox.path("evil/target");
    fs::rename(sandbox.path("pika/target"), &target).expect("moved");
    alter(&profile::artifact(
        &target.join("debug"),
        "libleaf-",
        ".rlib",
    ));
    sandbox
}

/// Has a file say something else, and look as old as it was.
fn alter(path: &Path) {
    let time = fs::metadata(path).and_then(|metadata| metadata.modified());
    let mut bytes = fs::read(path).expect("a file");
    let at = memchr::memmem::find(&bytes, b"leaf 1.0.0").expect("what it says");
    bytes[at..at + 4].copy_from_slice(b"evil");
    fs::write(path, bytes).expect("written");
    let file = fs::File::options().write(true).open(path).expect("a file");
    file.set_modified(time.expect("a time")).expect("dated");
}

/// Commits what is in a folder, also what is ignored.
fn commit(sandbox: &Sandbox, folder: &str, paths: &[&str]) {
    sandbox.git(folder, &[&["add", "-f"], paths].concat());
    sandbox.git(folder, &["commit", "-q", "-m", "prepared"]);
}

/// The reason in a plan why a folder gives nothing.
fn refusal<'a>(answer: &'a serde_json::Value, folder: &Path) -> Option<&'a str> {
    let folder = folder.to_str().expect("text");
    let kept = answer["plan"]["kept"].as_array().expect("a list");
    let mut kept = kept
        .iter()
        .filter(|kept| kept["path"] == folder && kept["reason"]["reason"] == "not_a_donor");
    kept.next()?["reason"]["because"]["reason"].as_str()
}

/// Whether a plan takes units from anywhere.
fn takes(answer: &serde_json::Value) -> bool {
    let mut actions = answer["plan"]["actions"].as_array().expect("a list").iter();
    actions.any(|action| action["from"].is_string())
}

/// Without git's answer the altered package arrives: this is what all of the others are about.
#[test]
fn what_is_not_tracked_is_taken() {
    let sandbox = prepared_units();
    warm(&sandbox, "beside", &[]);
    assert!(build(&sandbox, "beside").1.starts_with("evil 1.0.0"));
}

#[track_caller]
fn assert_gives_nothing(sandbox: &Sandbox, because: &str) {
    let target = sandbox.path("evil/target");
    for args in [
        &["warm", "--yes"][..],
        &["onboard", "--layout", "in-place", "--yes"],
    ] {
        let answer = sandbox.json("beside", args);
        let real = dunce::canonicalize(&target).expect("a folder");
        let refusal = refusal(&answer, &target).or_else(|| refusal(&answer, &real));
        assert_eq!(refusal, Some(because), "{answer}");
        assert!(!takes(&answer), "{answer}");
    }
    let (names, output) = build(sandbox, "beside");
    assert!(names.contains(&"leaf".to_owned()), "{names:?}");
    assert_eq!(output, OUTPUT);
}

#[test]
fn what_git_tracks_is_no_donor() {
    let sandbox = prepared_units();
    commit(&sandbox, "evil", &["target"]);
    sandbox.run("beside", &["warm", "--yes"]).says("git tracks");
    assert_gives_nothing(&sandbox, "tracked_inside");
    // Nor if the user asks for it.
    sandbox.worktree("pika", "third");
    let target = sandbox.path("evil/target");
    let from = target.to_str().expect("text");
    let answer = sandbox.json("third", &["warm", "--from", from, "--yes"]);
    assert_eq!(
        refusal(&answer, &target),
        Some("tracked_inside"),
        "{answer}"
    );
    assert!(!takes(&answer), "{answer}");
}

#[test]
fn one_tracked_file_is_enough() {
    let sandbox = prepared_units();
    commit(&sandbox, "evil", &["target/CACHEDIR.TAG"]);
    assert_gives_nothing(&sandbox, "tracked_inside");
}

#[test]
fn a_link_hides_nothing() {
    let sandbox = prepared_units();
    let target = sandbox.path("evil/target");
    fs::rename(&target, sandbox.path("evil/prepared")).expect("moved");
    symlink("prepared", &target).expect("a link");
    commit(&sandbox, "evil", &["prepared", "target"]);
    assert_gives_nothing(&sandbox, "tracked_inside");
}

#[test]
fn a_submodule_hides_nothing() {
    for inside in ["target", "target/debug"] {
        let sandbox = prepared_units();
        let inner = format!("evil/{inside}");
        sandbox.git(&inner, &["init", "-q", "-b", "main"]);
        commit(&sandbox, &inner, &["."]);
        commit(&sandbox, "evil", &[inside]);
        assert_gives_nothing(&sandbox, "tracked_inside");
    }
}

/// Where git cannot be asked, what is there may be tracked.
#[test]
fn no_answer_counts_as_tracked() {
    let sandbox = prepared_units();
    fs::write(sandbox.path("evil/target/.git"), "gitdir: /nowhere\n").expect("a file");
    assert_gives_nothing(&sandbox, "tracked_unclear");
}

/// The same holds for what is kept in the store, and for what shares storage.
#[test]
fn neither_the_store_nor_dedupe_takes_it() {
    let mut sandbox = prepared_units();
    commit(&sandbox, "evil", &["target/CACHEDIR.TAG"]);
    let store = sandbox.outside("store");
    sandbox.env("CARGO_SHAREDTARGET_STORE_DIR", &store);
    let target = sandbox.path("evil/target");
    let answer = sandbox.json("evil", &["store", "harvest", "--yes"]);
    assert_eq!(
        refusal(&answer, &target),
        Some("tracked_inside"),
        "{answer}"
    );
    copy_all(&target, &sandbox.path("beside"));
    let answer = sandbox.json("", &["dedupe", "--yes"]);
    assert!(answer.to_string().contains("tracked_inside"), "{answer}");
    assert_eq!(answer["plan"]["actions"].as_array().map(Vec::len), Some(0));
}

/// A folder that others could have written to is no better.
#[test]
fn what_others_own_or_write_is_no_donor() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let sandbox = prepared_units();
    let target = sandbox.path("evil/target");
    let set = |mode| {
        fs::set_permissions(&target, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    set(0o777);
    let answer = sandbox.json("beside", &["warm", "--dry-run"]);
    assert_eq!(refusal(&answer, &target), Some("others_write"), "{answer}");
    set(0o755);
    if chown(&target, Some(4321), None).is_ok() {
        let answer = sandbox.json("beside", &["warm", "--dry-run"]);
        assert_eq!(refusal(&answer, &target), Some("others_own"), "{answer}");
        chown(&target, Some(0), None).expect("an owner");
    } else {
        eprintln!("skipped: only the superuser gives files away");
    }
    // One file that another user can write to, and the units that are compiled with it.
    let leaf = profile::artifact(&target.join("debug"), "libleaf-", ".rlib");
    fs::set_permissions(leaf, fs::Permissions::from_mode(0o666)).expect("permissions");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    let left = left(&answer);
    assert!(
        left.contains(&("leaf".into(), "damaged".into())),
        "{answer}"
    );
    assert!(
        left.contains(&("top".into(), "depends_on".into())),
        "{answer}"
    );
    assert_eq!(build(&sandbox, "beside").1, OUTPUT);
}

/// A submodule stays behind when a branch without it is checked out: the repository around it knows nothing of it then.
#[test]
fn a_repository_that_stayed_behind_hides_nothing() {
    for deep in [false, true] {
        let sandbox = prepared_units();
        let mut inside = "target/debug".to_owned();
        if deep {
            let debug = sandbox.path("evil").join(&inside);
            inside = format!(
                "{inside}/{}",
                profile::folder_of(&debug, "libleaf-", ".rlib")
            );
        }
        let inner = format!("evil/{inside}");
        sandbox.git(&inner, &["init", "-q", "-b", "main"]);
        commit(&sandbox, &inner, &["."]);
        let answer = sandbox.json("beside", &["warm", "--yes"]);
        let why = format!("it is in the git repository `{}`", &inside[7..]);
        assert!(answer.to_string().contains(&why), "{answer}");
        assert_eq!(build(&sandbox, "beside").1, OUTPUT, "{inside}");
    }
}

/// One in which nothing is tracked decides nothing. In the folder that a unit has of its own, in the layout of Cargo 1.100, it
/// is a foreign file of that unit.
#[test]
fn an_empty_repository_in_a_donor_is_in_the_way_of_nothing() {
    for inside in ["debug/deps", "debug/build"] {
        let sandbox = start();
        let donor = format!("pika/target/{inside}");
        if !sandbox.exists(&donor) {
            continue;
        }
        sandbox.git(&donor, &["init", "-q"]);
        warm(&sandbox, "beside", &[]);
        let (names, output) = build(&sandbox, "beside");
        assert!(!names.contains(&"leaf".to_owned()), "{names:?}");
        assert_eq!(output, OUTPUT);
    }
    let sandbox = start();
    let debug = sandbox.path("pika/target/debug");
    if profile::is_new(&debug) {
        let of_leaf = profile::folder_of(&debug, "libleaf-", ".rlib");
        sandbox.git(&format!("pika/target/debug/{of_leaf}"), &["init", "-q"]);
        let answer = sandbox.json("beside", &["warm", "--yes"]);
        let left = left(&answer);
        assert!(
            left.contains(&("leaf".into(), "damaged".into())),
            "{answer}"
        );
        assert_eq!(build(&sandbox, "beside").1, OUTPUT);
    }
}

/// A profile of the folder is a link that git tracks.
#[test]
fn a_tracked_link_inside_hides_nothing() {
    let sandbox = prepared_units();
    let debug = sandbox.path("evil/target/debug");
    fs::rename(&debug, sandbox.path("evil/prepared")).expect("moved");
    symlink("../prepared", &debug).expect("a link");
    commit(&sandbox, "evil", &["prepared", "target/debug"]);
    for args in [&["warm", "--yes"][..], &["setup", "--yes"]] {
        let answer = sandbox.json("beside", args);
        assert!(!takes(&answer), "{answer}");
    }
}

/// The donor is reached by a link that the configuration of a branch names.
#[test]
fn a_tracked_link_above_hides_nothing() {
    let sandbox = prepared_units();
    fs::create_dir(sandbox.path("evil/deep")).expect("a folder");
    fs::rename(
        sandbox.path("evil/target"),
        sandbox.path("evil/deep/prepared"),
    )
    .expect("moved");
    symlink("deep", sandbox.path("evil/out")).expect("a link");
    let config = "[build]\ntarget-dir = \"out/prepared\"\n";
    sandbox.write("evil/.cargo/config.toml", config);
    let all = ["deep", "out", ".cargo/config.toml"];
    commit(&sandbox, "evil", &all);
    for args in [&["warm", "--yes"][..], &["setup", "--yes"]] {
        let answer = sandbox.json("beside", args);
        assert!(!takes(&answer), "{answer}");
    }
}

/// `setup` and `doctor --fix` warm as well, and take as little.
#[test]
fn neither_setup_nor_doctor_takes_it() {
    for (args, shared) in [
        (&["setup", "--yes"][..], false),
        (&["doctor", "--fix", "--yes"], true),
    ] {
        let sandbox = prepared_units();
        commit(&sandbox, "evil", &["target/CACHEDIR.TAG"]);
        if shared {
            // So that there is something to mend.
            let at = sandbox.path("together").display().to_string();
            for folder in ["pika", "beside"] {
                let config = format!("[build]\ntarget-dir = '{at}'\n");
                sandbox.write(&format!("{folder}/.cargo/config.toml"), &config);
            }
        }
        let answer = sandbox.json("pika", args);
        let wrote = answer["plan"]["actions"].to_string();
        assert!(wrote.contains("config.toml"), "{answer}");
        assert!(!takes(&answer), "{args:?}: {answer}");
        let kept = answer["plan"]["kept"].to_string();
        assert!(kept.contains("tracked_inside"), "{args:?}: {answer}");
        let run = sandbox.cargo("beside", &["run", "-q"]);
        assert_eq!(run.stdout, OUTPUT, "{args:?}");
    }
}

/// Files that git tracks are not overwritten, nor taken for leftovers of a build.
#[test]
fn nothing_is_put_into_a_folder_in_which_git_tracks_something() {
    for nested in [false, true] {
        let sandbox = start();
        sandbox.write("beside/target/debug/notes", "precious");
        if nested {
            sandbox.git("beside/target", &["init", "-q", "-b", "main"]);
            commit(&sandbox, "beside/target", &["."]);
        } else {
            commit(&sandbox, "beside", &["target"]);
        }
        let before = sandbox.tree("beside/target");
        for args in [
            &["warm", "--yes"][..],
            &["onboard", "--layout", "in-place", "--yes"],
            &["setup", "--layout", "in-place", "--yes"],
        ] {
            let answer = sandbox.json("beside", args);
            // A path that setup keeps for another reason stands in its plan once.
            let kept = answer["plan"]["kept"].to_string();
            let said = kept.contains("tracked_inside") || args[0] == "setup";
            assert!(said && !takes(&answer), "{args:?}: {answer}");
            assert_eq!(sandbox.tree("beside/target"), before, "{args:?}");
        }
    }
}
