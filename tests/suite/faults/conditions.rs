//! Machines as they are now and then: without tools, memory or locks, with a folder that is gone, a wrong clock, a terminal that
//! closes, another user.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::faults::harness::{Ended, Stopped, difference, run, superuser};
use crate::sandbox::Sandbox;

/// `pika` and a worktree beside it, both built.
fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    for worktree in ["pika", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    sandbox
}

/// Our program by way of another one, with the same environment.
fn by(program: &str, arguments: &[&str], ours: &Command) -> Ended {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg(ours.get_program())
        .args(ours.get_args())
        .current_dir(ours.get_current_dir().expect("a folder"))
        .stdin(std::process::Stdio::null());
    for (name, value) in ours.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    run(command)
}

/// A folder of the PATH with these programs alone.
fn only(sandbox: &Sandbox, name: &str, programs: &[&str]) -> PathBuf {
    let folder = sandbox.outside(name);
    fs::create_dir(&folder).expect("a folder");
    for program in programs {
        let found = sandbox.command("sh", "", &["-c", &format!("command -v {program}")]);
        let found = found.code(0).stdout;
        std::os::unix::fs::symlink(found.trim_end(), folder.join(program)).expect("a link");
    }
    folder
}

#[test]
fn without_git_or_cargo_nothing_is_done() {
    let sandbox = built();
    let no_git = only(&sandbox, "no-git", &["cargo", "rustc"]);
    let no_cargo = only(&sandbox, "no-cargo", &["git"]);
    let none = only(&sandbox, "none", &[]);
    let before = sandbox.tree("");
    for (path, missing, commands) in [
        (
            &no_git,
            "there is no `git` on the PATH",
            &["setup", "onboard", "warm", "gc", "dedupe"][..],
        ),
        (
            &no_cargo,
            "there is no `cargo` on the PATH",
            &["setup", "onboard", "warm"],
        ),
        (
            &none,
            "there is no `git` and no `cargo` on the PATH",
            &["setup", "onboard", "warm", "gc"],
        ),
    ] {
        for command in commands {
            // From above, too, where a hook could be installed.
            for folder in ["beside", ""] {
                if folder.is_empty() && *command != "setup" {
                    continue;
                }
                let mut program = sandbox.program(folder, &[*command, "--yes"]);
                if *command == "dedupe" {
                    program = sandbox.program(folder, &[*command]);
                }
                program.env("PATH", path);
                run(program)
                    .code(101)
                    .says(missing)
                    .says("hint: install the missing program, or put it on the PATH");
                let after = sandbox.tree("");
                assert_eq!(difference(&before, &after), Vec::<&PathBuf>::new());
            }
        }
    }
    // A command that needs no answer does not fail.
    sandbox.run("", &["setup", "--yes"]).code(0);
    let mut undo = sandbox.program("", &["undo", "-n"]);
    undo.env("PATH", &none);
    run(undo).code(0);
}

#[test]
fn in_a_folder_that_was_deleted() {
    let sandbox = built();
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"";
    for args in [
        &["setup", "--yes"][..],
        &["list"],
        &["audit"],
        &["gc", "--yes"],
        &["warm"],
        &["onboard"],
        &["why"],
        &["dedupe"],
        &["clean", "--yes"],
        &["undo"],
        &["doctor"],
        &["run", "x.rs"],
        &["cache", "info"],
        &["store", "status"],
        &["hook", "status"],
    ] {
        by("sh", &["-c", script, "sh"], &sandbox.program("pika", args))
            .code(101)
            .says("failed to find the current folder")
            .says("change to another folder");
    }
    let help = sandbox.program("pika", &["completions", "bash"]);
    by("sh", &["-c", script, "sh"], &help).code(0);
}

/// Stacks of all threads are reserved at once, and a limit counts them whole.
#[cfg(target_os = "linux")]
#[test]
fn with_little_memory() {
    let sandbox = built();
    let free = sandbox.run("", &["list"]).code(0);
    // 64 stacks of 64 MiB would be 4 GiB.
    for kib in [200_000, 1_000_000] {
        let mut program = sandbox.program("", &["list"]);
        program.env("RAYON_NUM_THREADS", "64");
        let script = format!("ulimit -v {kib} && exec \"$@\"");
        let ended = by("bash", &["-c", &script, "bash"], &program);
        let (code, said) = (ended.code, &ended.said);
        assert_eq!(code, Some(0), "with {kib} KiB: {said}");
        assert!(said.contains(&free.stdout), "with {kib} KiB: {said}");
    }
}

/// The arguments by which strace has a call of the system fail; `None`, with a printed line, where it cannot.
#[cfg(target_os = "linux")]
fn failing(call: &str, error: &str) -> Option<Vec<String>> {
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:error={error}"),
    );
    let arguments = ["-f", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    if !crate::faults::harness::works("strace", &[&arguments[..], &["true"]].concat()) {
        eprintln!("skipped: there is no strace that may trace here");
        return None;
    }
    Some(arguments.map(str::to_owned).into())
}

/// Our program where a call of the system fails.
#[cfg(target_os = "linux")]
fn with(failing: &[String], ours: &Command) -> Ended {
    let arguments: Vec<&str> = failing.iter().map(String::as_str).collect();
    by("strace", &arguments, ours)
}

/// A filesystem without locks, and a file server without a lock manager.
#[cfg(target_os = "linux")]
#[test]
fn without_locks() {
    for error in ["EOPNOTSUPP", "ENOSYS", "ENOLCK"] {
        let Some(failing) = failing("flock", error) else {
            return;
        };
        let sandbox = built();
        // With ENOLCK, Cargo itself answers on network filesystems alone: its answers are kept from here.
        sandbox.run("", &["setup", "-n"]).code(0);
        let ours = |folder: &str, args: &[&str]| with(&failing, &sandbox.program(folder, args));
        ours("", &["setup", "--yes"])
            .code(0)
            .says("wrote 2 configurations")
            .says("it is unknown whether a build is running");
        for worktree in ["pika", "beside"] {
            assert!(sandbox.exists(&format!("{worktree}/.cargo/config.toml")));
            assert!(
                sandbox.exists(&format!("{worktree}/target/debug")),
                "a build may be running in it"
            );
        }
        sandbox.cargo("pika", &["build", "-q", "--offline"]);
        ours("beside", &["warm"])
            .code(1)
            .says("it is unknown whether a build holds")
            .says("on a filesystem with locks");
        ours("", &["clean", "--all", "--yes"])
            .code(0)
            .says("it is unknown whether a build is running");
        assert!(sandbox.exists("pika/target/debug"));
        // Where there are locks, the rest is done.
        sandbox.run("", &["setup", "--yes"]).code(0);
        for worktree in ["pika", "beside"] {
            assert!(!sandbox.exists(&format!("{worktree}/target")));
            assert_eq!(sandbox.cargo_run(worktree), "hello\n");
        }
    }
}

/// An exceeded quota shows as late as a file is flushed, as on file servers.
#[cfg(target_os = "linux")]
#[test]
fn over_quota() {
    for call in ["fsync", "rename"] {
        let Some(failing) = failing(call, "EDQUOT") else {
            return;
        };
        let sandbox = built();
        let program = sandbox.program("", &["setup", "--yes"]);
        with(&failing, &program)
            .code(1)
            .says("failed to write `")
            .says("quota exceeded");
        let tree = sandbox.tree("");
        let is_litter = |path: &&PathBuf| path.to_string_lossy().contains(".tmp-sharedtarget-");
        assert_eq!(tree.keys().find(is_litter), None, "{call}");
        for worktree in ["pika", "beside"] {
            assert!(!sandbox.exists(&format!("{worktree}/.cargo/config.toml")));
            assert!(sandbox.exists(&format!("{worktree}/target/debug")));
        }
        sandbox.run("", &["setup", "--yes"]).code(0);
        for worktree in ["pika", "beside"] {
            assert!(sandbox.exists(&format!("{worktree}/.cargo/config.toml")));
            assert_eq!(sandbox.cargo_run(worktree), "hello\n");
        }
    }
}

/// A terminal that closes ends the run, and the next run finishes.
#[test]
fn a_terminal_that_closes() {
    let ignored = Command::new("sh").args(["-c", "kill -HUP $$"]).status();
    if ignored.expect("sh").success() {
        eprintln!("skipped: these tests run by nohup or the like, as what they start does");
        return;
    }
    for point in ["locked", "recorded", "written", "move-renamed"] {
        let sandbox = built();
        let mut setup = sandbox.program("", &["setup", "--yes"]);
        setup.env_remove("CARGO_SHAREDTARGET_RECLAIM_ALL");
        let stopped = Stopped::at(setup, point);
        assert_eq!(stopped.hang_up(), Some(1), "at {point}");
        let mut again = sandbox.program("", &["setup", "--yes"]);
        again.env_remove("CARGO_SHAREDTARGET_RECLAIM_ALL");
        run(again).code(0);
        for worktree in ["pika", "beside"] {
            let built = sandbox.cargo(worktree, &["build", "--offline"]);
            assert!(!built.stderr.contains("Compiling"), "{point}: {built:?}");
            assert_eq!(sandbox.cargo_run(worktree), "hello\n");
        }
        sandbox.run("", &["undo", "--yes"]).code(0);
        assert!(!sandbox.exists("pika/.cargo") && !sandbox.exists("beside/.cargo"));
    }
}

/// Builds by a clock that was a year ahead count as used just now, and the daily look at ages does not wait for that year.
#[test]
fn a_clock_that_jumps() {
    let sandbox = built();
    sandbox
        .run("", &["setup", "--yes", "--max-age", "30d"])
        .code(0);
    let file = |path: &Path, year: i64| {
        let now = std::time::SystemTime::now();
        let day = std::time::Duration::from_secs(86_400 * 400);
        let at = if year > 0 { now + day } else { now - day };
        let file = fs::File::open(path).expect("it opens");
        let times = fs::FileTimes::new().set_modified(at).set_accessed(at);
        file.set_times(times).expect("times");
    };
    let shift = |year: i64| {
        let root = sandbox.path(".shared-target/pika");
        for entry in walkdir::WalkDir::new(root).contents_first(true) {
            file(entry.expect("an entry").path(), year);
        }
    };
    for worktree in ["pika", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    shift(1);
    let all = sandbox.tree(".shared-target/pika");
    sandbox
        .run("", &["clean", "--idle", "1d", "--yes"])
        .code(0)
        .says("just now");
    sandbox
        .run("", &["gc", "--older-than", "1d", "--yes"])
        .code(0);
    sandbox.run("", &["list"]).code(0).says("just now");
    assert_eq!(
        difference(&all, &sandbox.tree(".shared-target/pika")),
        Vec::<&PathBuf>::new(),
        "nothing of it is old"
    );
    // One that was a year behind, and a look at the ages by one that was ahead.
    shift(-1);
    let swept = sandbox.path(".shared-target/.sharedtarget/swept");
    fs::write(&swept, "").expect("a file");
    file(&swept, 1);
    sandbox.worktree("pika", "new");
    sandbox.run("new", &["onboard", "--yes"]).code(0);
    let swept = fs::metadata(swept).expect("there").modified();
    assert!(
        swept.expect("a time") < std::time::SystemTime::now() + std::time::Duration::from_secs(60),
        "it is looked at again"
    );
}

/// Programs in a cache of scripts are run, so it has to be the user's own.
#[test]
fn a_cache_of_scripts_that_is_not_the_users_own() {
    let mut sandbox = Sandbox::new();
    let cache = sandbox.outside("cache");
    sandbox.env("CARGO_SHAREDTARGET_CACHE_DIR", &cache);
    sandbox.write("a.rs", "fn main() { println!(\"hi\"); }\n");
    assert_eq!(sandbox.run("", &["run", "a.rs"]).code(0).stdout, "hi\n");
    let refused = |reason: &str| {
        let run = sandbox.run("", &["run", "a.rs"]).code(101);
        assert_eq!(run.stdout, "", "it was run");
        run.says(reason)
            .says("CARGO_SHAREDTARGET_CACHE_DIR can name another folder");
    };
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    for part in ["", "bins", "target"] {
        let part = cache.join(part);
        mode(&part, 0o777);
        refused("every user may write to");
        mode(&part, 0o755);
    }
    if !superuser() || chown(&cache, Some(4321), None).is_err() {
        eprintln!("skipped: only the superuser gives files away");
        return;
    }
    refused("another user owns");
    // Nothing of it is ours to delete, and a preview promises nothing.
    let before = sandbox.tree("../cache");
    for args in [["cache", "clean", "--dry-run"], ["cache", "clean", "--yes"]] {
        sandbox
            .run("", &args)
            .code(101)
            .says("another user owns")
            .says("its owner can clean it");
    }
    assert!(sandbox.tree("../cache") == before);
    chown(&cache, Some(0), None).expect("an owner");
    chown(cache.join("bins"), Some(4321), None).expect("an owner");
    refused("another user owns");
    chown(cache.join("bins"), Some(0), None).expect("an owner");
    assert_eq!(sandbox.run("", &["run", "a.rs"]).code(0).stdout, "hi\n");
    // Cargo reads configurations above the cache, and they name programs to run.
    let config = sandbox.outside(".cargo/config.toml");
    fs::create_dir(sandbox.outside(".cargo")).expect("a folder");
    fs::write(&config, "[build]\nrustc-wrapper = \"/nowhere\"\n").expect("a file");
    chown(&config, Some(4321), None).expect("an owner");
    refused("another user can write");
}

/// With a umask that lets all users write, Cargo makes folders that all users can write to: a new cache is closed.
#[test]
fn a_new_cache_of_scripts_is_closed() {
    let mut sandbox = Sandbox::new();
    let cache = sandbox.outside("cache");
    sandbox.env("CARGO_SHAREDTARGET_CACHE_DIR", &cache);
    sandbox.write("a.rs", "fn main() { println!(\"hi\"); }\n");
    for _ in 0..2 {
        let program = sandbox.program("", &["run", "a.rs"]);
        by("sh", &["-c", "umask 000; exec \"$@\"", "sh"], &program)
            .code(0)
            .says("hi\n");
    }
    let mode = fs::metadata(cache).expect("a folder").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
