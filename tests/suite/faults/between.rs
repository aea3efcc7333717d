//! Things that come into a folder between the plan and its deletion, and things that are mounted in one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::faults::harness::{Ended, Stopped, run, superuser, trash, works};
use crate::profile;
use crate::sandbox::Sandbox;

/// A folder of Cargo's for each depth, in the target folder of `pika`.
fn depths(sandbox: &Sandbox) -> [String; 5] {
    [
        "debug".to_owned(),
        format!("debug/{}", of_program(sandbox)),
        "debug/build/deep".to_owned(),
        "debug/build/deep/out".to_owned(),
        "debug/build/deep/out/a/b".to_owned(),
    ]
}

/// The folder that the compiler has put the program of `pika` into, in that of the profile.
fn of_program(sandbox: &Sandbox) -> String {
    profile::folder_of(&sandbox.path("pika/target/debug"), "app", ".d")
}

fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.cargo("pika", &["build", "-q", "--offline"]);
    sandbox.write("pika/target/debug/build/deep/out/a/b/made", "by a script");
    sandbox
}

/// Puts something there while the question waits: a file, a repository, a manifest, a worktree, something in place of
/// the old folder.
fn put(sandbox: &Sandbox, kind: &str, folder: &str) -> PathBuf {
    let mine = format!("pika/{folder}/mine");
    match kind {
        "file" => sandbox.write(&mine, "precious"),
        "repository" => {
            fs::create_dir_all(sandbox.path(&mine)).expect("a folder");
            sandbox.git(&mine, &["init", "-q"]);
            sandbox.write(&format!("{mine}/file"), "precious");
        }
        "manifest" => sandbox.write(&format!("{mine}/Cargo.toml"), "precious"),
        "worktree" => sandbox.worktree("pika", &mine),
        kind => panic!("{kind}"),
    }
    sandbox.path(&mine)
}

#[test]
fn what_comes_while_the_question_waits_stays_with_the_folder_at_every_depth() {
    let sandbox = built();
    let before = sandbox.tree("pika/target");
    for (at, depth) in depths(&sandbox).iter().enumerate() {
        for kind in ["file", "repository", "manifest", "worktree"] {
            // Each kind at each depth takes as long as all others together; those at the end are the hard ones.
            if kind != "file" && at % 4 != 0 {
                continue;
            }
            let clean = sandbox.program("pika", &["clean", "--all", "--yes"]);
            let stopped = Stopped::at(clean, "planned");
            let mine = put(&sandbox, kind, &format!("target/{depth}"));
            let with = sandbox.tree("pika/target");
            stopped.go_on().code(1).says("mine");
            assert_eq!(
                sandbox.tree("pika/target"),
                with,
                "{kind} in {depth}: nothing is gone"
            );
            if kind == "worktree" {
                let path = mine.display().to_string();
                sandbox.git("pika", &["worktree", "remove", "--force", &path]);
                let branch = format!("b-pika-target-{}-mine", depth.replace('/', "-"));
                sandbox.git("pika", &["branch", "-D", "-q", &branch]);
            } else if mine.is_dir() {
                fs::remove_dir_all(&mine).expect("removed");
            } else {
                fs::remove_file(&mine).expect("removed");
            }
        }
    }
    assert_eq!(sandbox.tree("pika/target"), before);
    run(sandbox.program("pika", &["clean", "--all", "--yes"])).code(0);
    assert!(!sandbox.exists("pika/target"));
}

/// A file that was there, and is another by now.
#[test]
fn what_is_written_or_replaced_while_the_question_waits_stays() {
    for replaced in [false, true] {
        let sandbox = built();
        let made = sandbox.path("pika/target/debug/build/deep/out/a/b/made");
        let clean = sandbox.program("pika", &["clean", "--all", "--yes"]);
        let stopped = Stopped::at(clean, "planned");
        if replaced {
            // Of the same length and time.
            let times = fs::metadata(&made).expect("there").modified();
            fs::write(made.with_extension("new"), "my precious").expect("a file");
            fs::rename(made.with_extension("new"), &made).expect("renamed");
            let file = fs::File::options().write(true).open(&made).expect("a file");
            file.set_modified(times.expect("a time")).expect("a time");
        } else {
            fs::write(&made, "my precious").expect("a file");
        }
        stopped.go_on().code(1).says("made");
        assert_eq!(fs::read_to_string(&made).expect("there"), "my precious");
        assert!(sandbox.exists("pika/target/debug/app"));
    }
}

/// Nothing can come between the look and the deletion but by an open folder or by the new name.
#[test]
fn what_comes_while_the_folder_is_deleted_goes_back_to_its_place() {
    for at in 0..5 {
        let sandbox = built();
        let depth = &depths(&sandbox)[at];
        let clean = sandbox.program("pika", &["clean", "--all", "--yes"]);
        let stopped = Stopped::at(clean, "renamed");
        let tree = sandbox.tree("pika");
        let moved = trash(&tree);
        let moved = moved.first().expect("trash").display().to_string();
        let mine = put(&sandbox, "file", &format!("{moved}/target/{depth}"));
        assert!(mine.exists());
        let at = sandbox.path(&format!("pika/target/{depth}/mine"));
        stopped.go_on().code(1).says(&at.display().to_string());
        assert_eq!(fs::read_to_string(at).expect("in its place"), "precious");
        let left = sandbox.tree("pika");
        assert_eq!(trash(&left), Vec::<&PathBuf>::new(), "{depth}");
        assert!(!sandbox.exists("pika/target/debug/app"), "the rest is gone");
    }
}

/// With a folder mounted in it, in a world of its own, with or without `/proc`.
fn with_mount(
    sandbox: &Sandbox,
    mounted: &Path,
    at: &Path,
    proc: bool,
    args: &[&str],
) -> Option<Ended> {
    let script = match proc {
        true => "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"",
        false => {
            "mount --bind \"$1\" \"$2\" && mount -t tmpfs none /proc && shift 2 && exec \"$@\""
        }
    };
    with_script(sandbox, script, [mounted, at], args)
}

/// By way of a script that mounts something, in a world of its own.
fn with_script(sandbox: &Sandbox, script: &str, paths: [&Path; 2], args: &[&str]) -> Option<Ended> {
    if !superuser() || !works("unshare", &["-m", "true"]) {
        eprintln!("skipped: nothing can be mounted here");
        return None;
    }
    let program = sandbox.program("pika", args);
    let mut unshare = Command::new("unshare");
    unshare
        .args(["-m", "sh", "-c", script, "sh"])
        .args(paths)
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(sandbox.path("pika"))
        .stdin(std::process::Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => unshare.env(name, value),
            None => unshare.env_remove(name),
        };
    }
    Some(run(unshare))
}

/// A folder in a lower layer can be deleted, but not renamed.
#[test]
fn a_folder_in_a_lower_layer_of_an_overlay_goes_where_it_is() {
    const MOUNT: &str = "mkdir -p \"$2/up\" \"$2/work\" && \
        { mount -t overlay overlay -o lowerdir=\"$1\",upperdir=\"$2/up\",workdir=\"$2/work\" \"$1\" || exit 99; } && \
        cd \"$1\" && shift 2 && { \"$@\"; code=$?; ls -A; exit $code; }";
    let with_overlay = |sandbox: &Sandbox, args: &[&str]| {
        let (pika, overlay) = (sandbox.path("pika"), sandbox.outside("overlay"));
        let ended = with_script(sandbox, MOUNT, [&pika, &overlay], args)?;
        if ended.code == Some(99) {
            eprintln!("skipped: no overlay can be mounted here");
            return None;
        }
        let is_there = ended.said.lines().any(|line| line == "target");
        assert!(
            !ended.said.contains(".sharedtarget-trash"),
            "{}",
            ended.said
        );
        Some((ended, is_there))
    };
    for args in [
        &["clean", "--all", "--yes"][..],
        &["setup", "--reclaim-all", "--yes"],
    ] {
        let Some((ended, is_there)) = with_overlay(&built(), args) else {
            return;
        };
        let ended = ended.code(0).says("deleted 1 target folder");
        assert!(!is_there, "{}", ended.said);
    }
    // Nor can it be moved.
    let mut sandbox = built();
    sandbox.env("CARGO_SHAREDTARGET_RECLAIM_ALL", "false");
    if let Some((ended, is_there)) = with_overlay(&sandbox, &["setup", "--yes"]) {
        let ended = ended.code(1).says("--reclaim-all fills");
        assert!(is_there, "{}", ended.said);
    }
}

#[test]
fn a_mount_in_a_folder_keeps_it_even_without_proc() {
    for proc in [true, false] {
        let sandbox = built();
        sandbox.write("elsewhere/precious", "precious");
        let at = format!("pika/target/debug/{}/mounted", of_program(&sandbox));
        let at = sandbox.path(&at);
        fs::create_dir(&at).expect("a folder");
        let elsewhere = sandbox.path("elsewhere");
        let args = ["clean", "--all", "--yes"];
        let Some(ended) = with_mount(&sandbox, &elsewhere, &at, proc, &args) else {
            return;
        };
        ended.says("another filesystem is mounted at");
        assert_eq!(sandbox.read("elsewhere/precious"), "precious", "{proc}");
        assert!(sandbox.exists("pika/target/debug/app"), "{proc}");
    }
}

#[test]
fn trash_is_not_finished_through_a_mount_or_by_a_mark_that_is_a_link() {
    const TRASH: &str = "pika/.sharedtarget-trash-target-1-0";
    let mark = "# cargo-sharedtarget is deleting this folder\n*\n";
    for proc in [true, false] {
        let sandbox = built();
        sandbox.write("elsewhere/precious", "precious");
        sandbox.write(&format!("{TRASH}/.gitignore"), mark);
        let at = sandbox.path(&format!("{TRASH}/target/debug/mounted"));
        fs::create_dir_all(&at).expect("folders");
        let elsewhere = sandbox.path("elsewhere");
        let args = ["clean", "--all", "--yes"];
        let Some(ended) = with_mount(&sandbox, &elsewhere, &at, proc, &args) else {
            break;
        };
        ended.says("another filesystem is mounted at");
        assert_eq!(sandbox.read("elsewhere/precious"), "precious", "{proc}");
        // Without it the rest is finished.
        run(sandbox.program("pika", &args)).code(0);
        assert!(!sandbox.exists(TRASH));
    }
    let sandbox = built();
    sandbox.write("elsewhere/mark", mark);
    sandbox.write(&format!("{TRASH}/precious"), "precious");
    let link = sandbox.path(&format!("{TRASH}/.gitignore"));
    std::os::unix::fs::symlink(sandbox.path("elsewhere/mark"), link).expect("a link");
    run(sandbox.program("pika", &["clean", "--all", "--yes"])).says("lacks our marker");
    assert_eq!(sandbox.read(&format!("{TRASH}/precious")), "precious");
}

/// A repository was made in trash of ours, or a file was put into it, while the question waited.
#[test]
fn what_came_into_trash_stays() {
    const TRASH: &str = "pika/.sharedtarget-trash-target-1-0";
    let mark = "# cargo-sharedtarget is deleting this folder\n*\n";
    let sandbox = built();
    sandbox.write(&format!("{TRASH}/.gitignore"), mark);
    sandbox.write(&format!("{TRASH}/target/debug/rest"), "rest");
    sandbox.write(&format!("{TRASH}/target/mine/file"), "precious");
    sandbox.git(&format!("{TRASH}/target/mine"), &["init", "-q"]);
    run(sandbox.program("pika", &["clean", "--all", "--yes"])).says("git repository");
    assert_eq!(
        sandbox.read(&format!("{TRASH}/target/mine/file")),
        "precious"
    );
    fs::remove_dir_all(sandbox.path(&format!("{TRASH}/target/mine"))).expect("removed");
    let clean = sandbox.program("pika", &["clean", "--all", "--yes"]);
    let stopped = Stopped::at(clean, "planned");
    sandbox.write(&format!("{TRASH}/target/debug/late"), "precious");
    stopped.go_on().code(1).says("debug/late");
    assert_eq!(
        sandbox.read(&format!("{TRASH}/target/debug/late")),
        "precious"
    );
    assert!(!sandbox.exists(&format!("{TRASH}/target/debug/rest")));
}

/// A clone may bring a shared root with links in it, that lead out of it.
#[test]
fn a_setup_writes_nothing_of_ours_through_a_link_in_the_shared_root() {
    use std::os::unix::fs::symlink;
    let links = [
        ("CACHEDIR.TAG", "elsewhere/CACHEDIR.TAG"),
        (".gitignore", "elsewhere/.gitignore"),
        ("pika", "elsewhere"),
        (".sharedtarget", "elsewhere"),
    ];
    for (name, to) in links {
        let sandbox = Sandbox::new();
        sandbox.repository("pika", &["beside"]);
        sandbox.write("elsewhere/precious", "precious");
        sandbox.write("pika/.shared-target/.keep", "");
        let link = sandbox.path(&format!("pika/.shared-target/{name}"));
        symlink(sandbox.path(to), link).expect("a link");
        sandbox.git("pika", &["add", "-A", "-f"]);
        sandbox.git("pika", &["commit", "-q", "-m", "links"]);
        let before = sandbox.tree("elsewhere");
        run(sandbox.program("pika", &["--yes"]));
        assert_eq!(sandbox.tree("elsewhere"), before, "{name}");
    }
}

/// A sandbox with a script that ran, and its cache.
fn scripted() -> (Sandbox, PathBuf) {
    let mut sandbox = Sandbox::new();
    let cache = sandbox.outside("cache");
    sandbox.env("CARGO_SHAREDTARGET_CACHE_DIR", &cache);
    sandbox.write("a.rs", "fn main() { println!(\"a\"); }\n");
    run(sandbox.program("", &["run", "a.rs"])).code(0);
    (sandbox, cache)
}

/// The only folder in a folder.
fn only(folder: &Path) -> PathBuf {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut folders = paths.filter(|path| path.is_dir());
    folders.next().expect("a folder")
}

/// Entries that came into the cache of scripts, or were used, while the question waited.
#[test]
fn what_comes_into_the_cache_of_scripts_while_the_question_waits_stays() {
    for kind in ["program", "package", "used"] {
        let (sandbox, cache) = scripted();
        let program = only(&cache.join("bins"));
        let package = only(&cache.join("packages"));
        let clean = sandbox.program("", &["cache", "clean", "--yes"]);
        let stopped = Stopped::at(clean, "planned");
        let (holder, mine) = match kind {
            "program" => (&program, program.join("mine")),
            "package" => (&package, package.join("deep/mine")),
            _ => (&program, program.join("last-run")),
        };
        fs::create_dir_all(mine.parent().expect("a folder")).expect("folders");
        fs::write(&mine, "precious").expect("a file");
        let named = match kind {
            "program" => "mine",
            "package" => "/deep",
            _ => "last-run",
        };
        stopped.go_on().code(1).says(named);
        assert_eq!(fs::read_to_string(&mine).expect("there"), "precious");
        assert!(holder.join(".").is_dir(), "{kind}");
        let other = if kind == "package" {
            &program
        } else {
            &package
        };
        assert!(!other.exists(), "{kind}: the rest is gone");
        run(sandbox.program("", &["cache", "clean", "--yes"])).code(0);
        assert!(!holder.exists(), "{kind}: it was seen by then");
    }
}

/// The cache's folders are links by then, or something is mounted in one.
#[test]
fn the_cache_of_scripts_is_not_left_through_a_link_or_a_mount() {
    let (sandbox, cache) = scripted();
    let clean = sandbox.program("", &["cache", "clean", "--yes"]);
    let stopped = Stopped::at(clean, "planned");
    let program = only(&cache.join("bins"));
    let name = program.file_name().expect("a name").to_owned();
    let away = sandbox.path("away");
    fs::create_dir_all(away.join(&name)).expect("folders");
    fs::write(away.join(&name).join("precious"), "precious").expect("a file");
    fs::rename(cache.join("bins"), cache.join("elsewhere")).expect("moved");
    std::os::unix::fs::symlink(&away, cache.join("bins")).expect("a link");
    let before = sandbox.tree("away");
    stopped.go_on().code(1).says("another folder");
    assert_eq!(sandbox.tree("away"), before);

    let (sandbox, cache) = scripted();
    sandbox.repository("pika", &[]);
    sandbox.write("elsewhere/precious", "precious");
    let at = only(&cache.join("bins")).join("mounted");
    fs::create_dir(&at).expect("a folder");
    let elsewhere = sandbox.path("elsewhere");
    let args = ["cache", "clean", "--yes"];
    let Some(ended) = with_mount(&sandbox, &elsewhere, &at, true, &args) else {
        return;
    };
    ended.code(1).says("mounted");
    assert_eq!(sandbox.read("elsewhere/precious"), "precious");
}
