//! Killed at every point of a run: nothing is lost, nothing is half, and the next run finishes.

use std::path::{Path, PathBuf};

use crate::amount::{Amount, amount};
use crate::faults::harness::{Stopped, Tree, difference, load, save, trash};
use crate::sandbox::Sandbox;

const WORKTREES: [&str; 3] = ["pika", "pika/.worktrees/x", "beside"];

/// The file of ours that each worktree has or gets.
const CONFIGS: [&str; 3] = [
    "pika/.cargo/config.toml",
    "pika/.worktrees/x/.cargo/config.toml",
    "beside/.cargo/config",
];

/// Three built worktrees, one with a configuration of its own, and things around them that must stay.
///
/// Folders are deleted one after the other, so that a point is the same moment in every run.
fn forest() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.env("RAYON_NUM_THREADS", "1");
    sandbox.package("pika", "app", "hello");
    sandbox.commit_all("pika");
    std::fs::write(
        sandbox.path("pika/.git/info/exclude"),
        "# mine\n/.cargo/config\n/.worktrees\nnotes.txt\n/old",
    )
    .expect("a file");
    sandbox.worktree("pika", "pika/.worktrees/x");
    sandbox.worktree("pika", "beside");
    sandbox.write(
        "beside/.cargo/config",
        "# mine\r\n[net]\r\noffline = true # yes\r\n",
    );
    for worktree in WORKTREES {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
        sandbox.write(&format!("{worktree}/notes.txt"), "precious");
        sandbox.write(&format!("{worktree}/old/notes.txt"), "precious");
        // A way out of the folder that goes.
        std::os::unix::fs::symlink(
            sandbox.path(&format!("{worktree}/old")),
            sandbox.path(&format!("{worktree}/target/debug/out")),
        )
        .expect("a link");
    }
    sandbox
}

/// The files outside target folders, our shared root and our trash, without git's own housekeeping.
fn sources(tree: &Tree) -> Tree {
    let ours = |path: &Path| {
        path.components().any(|part| {
            let name = part.as_os_str().to_string_lossy();
            name == "target" || name.starts_with(".shared")
        })
    };
    let mut tree = tree.clone();
    tree.retain(|path, _| !ours(path) && !is_new(path) && !path.ends_with("index"));
    tree
}

/// A tree without the random token of the shared root, the count of runs, and the index that git refreshes when it is asked.
fn comparable(mut tree: Tree) -> Tree {
    tree.retain(|path, _| {
        !["token", "lock", "index"]
            .iter()
            .any(|name| path.ends_with(name))
    });
    tree
}

/// Whether a file is one that was not put in its place, or lies beside such a one.
fn is_new(path: &Path) -> bool {
    let temporary =
        |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(".tmp-sharedtarget-");
    path.iter().any(temporary)
}

/// The files that a run left, or made and did not fill.
fn litter(tree: &Tree) -> Vec<&PathBuf> {
    let left = tree.keys().filter(|path| is_new(path));
    trash(tree).into_iter().chain(left).collect()
}

fn is_ours(path: &Path) -> bool {
    CONFIGS.iter().any(|config| path == Path::new(config))
        || path == Path::new("pika/.git/info/exclude")
        || path.ends_with(".cargo")
}

fn statuses(sandbox: &Sandbox) -> Vec<String> {
    WORKTREES
        .iter()
        .map(|worktree| sandbox.git(worktree, &["status", "--porcelain"]))
        .collect()
}

/// Kills a setup at a point, and says whether it got there.
fn killed_at(sandbox: &Sandbox, before: &Tree, done: &Tree, point: &str) -> bool {
    load(sandbox, "start");
    let Ok(stopped) = Stopped::try_at(sandbox.program("pika", &["--yes"]), point) else {
        return false;
    };
    stopped.kill();

    let half = sandbox.tree("");
    for status in statuses(sandbox) {
        assert_eq!(status, "", "git is clean after {point}");
    }
    for (path, content) in &half {
        let old = before.get(path) == Some(content);
        let new = done.get(path) == Some(content);
        assert!(
            !is_ours(path) || old || new,
            "{point}: {} is half-written",
            path.display()
        );
    }
    for path in difference(&sources(before), &sources(&half)) {
        assert!(
            is_ours(path),
            "{point}: {} is not in the plan",
            path.display()
        );
    }
    save(sandbox, "killed");

    // Who kills a run goes on working.
    for worktree in WORKTREES {
        assert_eq!(sandbox.cargo_run(worktree), "hello\n", "{point}");
    }
    sandbox.run("pika", &["--yes"]).code(0);
    assert_eq!(litter(&sandbox.tree("")), Vec::<&PathBuf>::new(), "{point}");
    for worktree in WORKTREES {
        assert_eq!(sandbox.cargo_run(worktree), "hello\n", "{point}");
        assert!(!sandbox.exists(&format!("{worktree}/target")), "{point}");
    }

    // The same at once.
    load(sandbox, "killed");
    sandbox.run("pika", &["--yes"]).code(0);
    let finished = comparable(sandbox.tree(""));
    assert_eq!(
        difference(done, &finished),
        Vec::<&PathBuf>::new(),
        "{point}"
    );

    // Back to where it all began.
    load(sandbox, "killed");
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    let undone = sandbox.tree("");
    assert_eq!(
        difference(&sources(before), &sources(&undone)),
        Vec::<&PathBuf>::new(),
        "{point}"
    );
    assert_eq!(litter(&undone), Vec::<&PathBuf>::new(), "{point}");
    for status in statuses(sandbox) {
        assert_eq!(status, "", "git is clean after undo: {point}");
    }
    true
}

/// Kills a setup at the first, second, ... time that it comes to these points.
fn killed_at_all(points: &[(&str, &[usize])]) {
    let sandbox = forest();
    save(&sandbox, "start");
    let before = sandbox.tree("");
    sandbox.run("pika", &["--yes"]).code(0);
    let done = comparable(sandbox.tree(""));
    assert_eq!(trash(&done), Vec::<&PathBuf>::new());
    for (point, times) in points {
        // By default the first time and the last one.
        let last = times.len() - 1;
        let some = |at: &usize| amount() >= Amount::More || *at == 0 || *at == last;
        for time in (0..times.len()).filter(some).map(|at| times[at]) {
            assert!(
                killed_at(&sandbox, &before, &done, &format!("{point}#{time}")),
                "it never came to {point} for the {time}. time"
            );
        }
    }
}

#[test]
fn while_it_makes_its_own_place() {
    if crate::amount::without_longest() {
        return;
    }
    killed_at_all(&[
        ("planned", &[1]),
        ("locked", &[1]),
        ("recorded", &[1]),
        ("shared-root-made", &[1]),
        ("owner-recorded", &[1]),
        ("excluded", &[1]),
    ]);
}

#[test]
fn while_it_replaces_a_file() {
    if crate::amount::without_longest() {
        return;
    }
    killed_at_all(&[
        ("folder-beside", &[1, 2, 4]),
        ("written-beside", &[1, 2, 3, 9, 11]),
        ("put-in-place", &[1, 2]),
    ]);
}

#[test]
fn while_it_writes_configurations() {
    killed_at_all(&[("config-written", &[1, 3]), ("written", &[1])]);
}

#[test]
fn while_it_deletes() {
    if crate::amount::without_longest() {
        return;
    }
    killed_at_all(&[
        ("deleting", &[1]),
        ("trash-made", &[1]),
        ("marked", &[1]),
        ("renamed", &[1, 3]),
        ("removed", &[1, 7, 40]),
        ("deleted", &[2]),
    ]);
}

#[test]
fn an_undo_is_finished_by_the_next() {
    let sandbox = forest();
    let before = sandbox.tree("");
    sandbox.run("pika", &["--yes"]).code(0);
    save(&sandbox, "done");
    for point in [
        "file-restored#1",
        "written-beside#1",
        "restored#1",
        "restored#2",
        "restored#4",
        "written#1",
    ] {
        load(&sandbox, "done");
        Stopped::at(sandbox.program("pika", &["undo", "--yes"]), point).kill();
        for status in statuses(&sandbox) {
            assert_eq!(status, "", "git is clean after {point}");
        }
        for worktree in WORKTREES {
            assert_eq!(sandbox.cargo_run(worktree), "hello\n", "{point}");
        }
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert_eq!(litter(&sandbox.tree("")), Vec::<&PathBuf>::new(), "{point}");
        let undone = sources(&sandbox.tree(""));
        assert_eq!(
            difference(&sources(&before), &undone),
            Vec::<&PathBuf>::new(),
            "{point}"
        );
    }
}

#[test]
fn a_killed_clean_is_finished_by_the_next() {
    let sandbox = forest();
    sandbox.run("pika", &["--yes"]).code(0);
    for worktree in WORKTREES {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    save(&sandbox, "built");
    std::fs::remove_dir_all(sandbox.path("beside")).expect("removed");
    sandbox.git("pika", &["worktree", "prune"]);
    save(&sandbox, "start");
    sandbox.run("pika", &["clean", "--yes"]).code(0);
    let done = comparable(sandbox.tree(""));
    assert_eq!(trash(&done), Vec::<&PathBuf>::new());
    for point in ["marked#1", "renamed#1", "removed#9", "deleted#1"] {
        load(&sandbox, "start");
        Stopped::at(sandbox.program("pika", &["clean", "--yes"]), point).kill();
        let half = sandbox.tree("");
        assert!(
            difference(&sources(&half), &sources(&done)).is_empty(),
            "{point}"
        );
        sandbox.run("pika", &["clean", "--yes"]).code(0);
        let finished = comparable(sandbox.tree(""));
        assert_eq!(
            difference(&done, &finished),
            Vec::<&PathBuf>::new(),
            "{point}"
        );
    }
}

#[test]
fn trash_is_killed_and_finished_too() {
    let sandbox = forest();
    save(&sandbox, "start");
    sandbox.run("pika", &["--yes"]).code(0);
    let done = comparable(sandbox.tree(""));
    load(&sandbox, "start");
    Stopped::at(sandbox.program("pika", &["--yes"]), "removed").kill();
    for point in ["removed#3", "trash-finished"] {
        Stopped::at(sandbox.program("pika", &["--yes"]), point).kill();
    }
    sandbox.run("pika", &["--yes"]).code(0);
    let finished = comparable(sandbox.tree(""));
    assert_eq!(difference(&done, &finished), Vec::<&PathBuf>::new());
}

#[test]
fn trash_far_away_is_not_forgotten() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    let far = sandbox.outside("far/old-target");
    sandbox.write("pika/.git/info/exclude", "/.cargo/config.toml\n");
    sandbox.write(
        "pika/.cargo/config.toml",
        &format!("[build]\ntarget-dir = \"{}\"\n", far.display()),
    );
    sandbox.cargo("pika", &["build", "-q", "--offline"]);
    sandbox.run("pika", &["--yes", "--replace"]).code(0);
    assert!(
        far.exists(),
        "somebody else may build there, so only --all takes it"
    );
    Stopped::at(
        sandbox.program("pika", &["clean", "--all", "--yes"]),
        "renamed",
    )
    .kill();
    sandbox.run("pika", &["clean", "--yes"]).code(0);
    let left: Vec<_> = std::fs::read_dir(sandbox.outside("far"))
        .expect("a folder")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Where the configuration that a killed run was to write is not wanted any more, what it left around it goes all the same.
#[test]
fn what_was_made_around_a_file_that_never_came_goes_with_the_next_run() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    let before = sandbox.tree("beside");
    save(&sandbox, "start");
    for point in [
        "folder-beside#2",
        "written-beside#5",
        "folder-beside#3",
        "written-beside#6",
    ] {
        for args in [
            &["clean", "--yes"][..],
            &["gc", "--yes"],
            &["undo", "--yes"],
        ] {
            load(&sandbox, "start");
            Stopped::at(sandbox.program("pika", &["--yes"]), point).kill();
            let half = sandbox.tree("");
            let left: Vec<&PathBuf> = half.keys().filter(|path| is_new(path)).collect();
            assert!(!left.is_empty(), "{point}");
            sandbox.run("pika", args).code(0);
            let after = sandbox.tree("");
            assert_eq!(litter(&after), Vec::<&PathBuf>::new(), "{point} {args:?}");
            let made =
                sandbox.exists("beside/.cargo") && !sandbox.exists("beside/.cargo/config.toml");
            assert!(!made, "{point} {args:?}: an empty folder is left");
        }
        assert_eq!(sandbox.tree("beside"), before, "{point}");
    }
}

/// Two runs that were killed, one after the other: the folder that the first one made is still ours.
#[test]
fn undo_takes_away_a_folder_that_a_killed_run_made() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    let mut points = Vec::new();
    for time in 1..9 {
        let point = format!("folder-beside#{time}");
        let Ok(stopped) = Stopped::try_at(sandbox.program("pika", &["--yes"]), &point) else {
            break;
        };
        stopped.kill();
        points.push(point);
        sandbox.run("pika", &["--yes"]).code(0);
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert!(!sandbox.exists("pika/.cargo"), "{points:?}");
        assert_eq!(sandbox.git("pika", &["status", "--porcelain"]), "");
    }
    assert!(points.len() > 1, "{points:?}");
}

/// `undo` deletes the leftovers of a killed run, even if it puts nothing back.
#[test]
fn undo_finishes_trash() {
    let sandbox = forest();
    for worktree in WORKTREES {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    sandbox.run("pika", &["--yes"]).code(0);
    for worktree in WORKTREES {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    Stopped::at(
        sandbox.program("pika", &["clean", "--all", "--yes"]),
        "removed#9",
    )
    .kill();
    let killed = sandbox.tree("");
    assert!(!trash(&killed).is_empty());
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert!(trash(&sandbox.tree("")).is_empty());
    load_only_trash(&sandbox);
    let answer = sandbox.json("pika", &["undo", "--dry-run"]);
    let plan = &answer["plan"];
    assert_eq!(plan["actions"][0]["action"], "finish_trash", "{answer}");
    assert_eq!(plan["warnings"], serde_json::json!([]), "{answer}");
    sandbox
        .run("pika", &["undo", "--yes"])
        .code(0)
        .says("remnants of an interrupted run");
    assert!(trash(&sandbox.tree("")).is_empty());
}

/// Trash of ours, with nothing else to undo.
fn load_only_trash(sandbox: &Sandbox) {
    let mark = String::from_utf8(cargo_sharedtarget::markers::TRASH_MARK.to_vec()).expect("text");
    let folder = "pika/.shared-target/pika/.sharedtarget-trash-main-1-0";
    sandbox.write(&format!("{folder}/.gitignore"), &mark);
    sandbox.write(&format!("{folder}/main/debug/x"), "x");
}
