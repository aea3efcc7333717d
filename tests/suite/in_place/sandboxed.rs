//! Where the worktree alone can be written, or seen.

use std::process::Command;

use super::{add, builds_in_place, start};
use crate::faults::harness::{Ended, run, works};
use crate::faults::permission::{Shut, held_back};
use crate::sandbox::Sandbox;

/// Mounts everything read-only but the worktree, and runs a program there.
const READ_ONLY: &str = "mount --bind \"$1\" \"$1\" && mount --bind \"$2\" \"$2\" \
    && mount -o remount,ro,bind \"$1\" && mount -o remount,rw,bind \"$2\" && cd \"$2\" && shift 2 && exec \"$@\"";

/// Mounts the worktree at another place, where nothing else of the sandbox can be seen, and runs a program there.
const ELSEWHERE: &str = "mkdir -p /tmp/sharedtarget-wt && mount -t tmpfs tmpfs /tmp/sharedtarget-wt \
    && mkdir /tmp/sharedtarget-wt/wt && mount --bind \"$2\" /tmp/sharedtarget-wt/wt && mount -t tmpfs tmpfs \"$1/code\" \
    && mount -t tmpfs tmpfs \"$1/home\" && cd /tmp/sharedtarget-wt/wt && shift 2 && exec \"$@\"";

/// Whether mounts can be made here; says so if not.
fn mounts() -> bool {
    let works = works("unshare", &["-m", "true"]);
    if !works {
        eprintln!("skipped: no mounts can be made here");
    }
    works
}

/// A program in a worktree, with mounts of its own.
fn mounted(sandbox: &Sandbox, script: &str, worktree: &str, program: &Command) -> Ended {
    let mut command = Command::new("unshare");
    command
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(sandbox.outside(""))
        .arg(sandbox.path(worktree))
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(sandbox.path(worktree))
        .stdin(std::process::Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    run(command)
}

/// `pika` set up as by default, with a worktree beside it and one inside, all built.
fn isolated() -> Sandbox {
    let sandbox = start();
    add(&sandbox, "pika/.worktrees/inside");
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    sandbox
}

#[test]
fn a_read_only_mount() {
    if !mounts() {
        return;
    }
    for worktree in ["beside", "pika/.worktrees/inside"] {
        let sandbox = isolated();
        let ours = |args: &[&str]| {
            let program = sandbox.program(worktree, args);
            mounted(&sandbox, READ_ONLY, worktree, &program)
        };
        let build = sandbox.prepared("cargo", worktree, &["run", "-q", "--offline"]);
        let build = || mounted(&sandbox, READ_ONLY, worktree, &build);
        assert_ne!(build().code, Some(0), "{worktree}: nothing is read-only");

        let root = sandbox.path("pika/.shared-target").display().to_string();
        let why = format!("`{root}`: read-only file system");
        ours(&["doctor"])
            .code(1)
            .says("not writable from here: read-only file system")
            .says(&format!(
                "onboard --layout in-place {}",
                sandbox.path(worktree).display()
            ))
            .says(&format!("\"{root}\""));
        for (command, code) in [
            (&["setup", "--yes"][..], 0),
            (&["setup", "--layout", "isolated", "--guard", "--yes"], 101),
            (&["clean", "--all", "--yes"], 101),
        ] {
            let said = ours(command).code(code).says(&why);
            said.says("not writable from here")
                .says("onboard --layout in-place");
        }
        // By itself, and without a record.
        ours(&["onboard"]).code(0).says(&why);
        build().code(0).says(worktree);
        ours(&["onboard"]).code(0).says("nothing to do");
        assert!(!ours(&["doctor"]).said.contains("not writable"));
        builds_in_place(&sandbox, worktree, worktree);
        assert_eq!(sandbox.cargo_run("pika"), "hello\n");
        assert_eq!(
            sandbox.git(worktree, &["status", "--short", "--", ".cargo"]),
            ""
        );
    }
}

/// Made by the hook in the sandbox itself, and where setup has decided for it.
#[test]
fn a_new_worktree_there() {
    if !mounts() {
        return;
    }
    for args in [
        &["setup", "--yes"][..],
        &["setup", "--layout", "in-place", "--yes"],
    ] {
        let sandbox = start();
        sandbox.run("pika", args).code(0);
        assert_eq!(sandbox.cargo_run("pika"), "hello\n");
        add(&sandbox, "later");
        let onboard = sandbox.program("later", &["onboard", "--yes", "--quiet"]);
        mounted(&sandbox, READ_ONLY, "later", &onboard).code(0);
        assert!(!sandbox.exists("later/.cargo"));
        let build = sandbox.prepared("cargo", "later", &["run", "-q", "--offline"]);
        mounted(&sandbox, READ_ONLY, "later", &build)
            .code(0)
            .says("later");
    }
}

/// In a container that has the worktree alone, at another path.
#[test]
fn a_container() {
    if !mounts() {
        return;
    }
    let sandbox = isolated();
    let ours = |args: &[&str]| {
        let program = sandbox.program("beside", args);
        mounted(&sandbox, ELSEWHERE, "beside", &program)
    };
    ours(&["doctor"]).code(1).says("onboard --layout in-place");
    ours(&["onboard"]).code(0).says("`.git` points to");
    let build = sandbox.prepared("cargo", "beside", &["run", "-q", "--offline"]);
    mounted(&sandbox, ELSEWHERE, "beside", &build)
        .code(0)
        .says("beside");
    assert!(!sandbox.exists("beside/.cargo") && sandbox.exists("beside/target/debug"));
    builds_in_place(&sandbox, "beside", "beside");
}

/// An ordinary user who may read the shared root and no more.
#[test]
fn a_root_without_the_right_to_write() {
    let sandbox = isolated();
    let root = sandbox.path("pika/.shared-target");
    let _shut = [Shut::new(root.clone()), Shut::new(root.join("pika"))];
    let ours = |args: &[&str]| held_back(&sandbox, &sandbox.program("beside", args), "beside");
    let Some(doctor) = ours(&["doctor"]) else {
        return;
    };
    let why = format!("`{}`: permission denied", root.display());
    doctor.code(1).says("onboard --layout in-place");
    let ours = |args: &[&str]| ours(args).expect("as before");
    ours(&["setup", "--yes"]).code(0).says(&why);
    ours(&["onboard"]).code(0).says(&why);
    let build = sandbox.prepared("cargo", "beside", &["run", "-q", "--offline"]);
    let built = held_back(&sandbox, &build, "beside").expect("as before");
    built.code(0).says("beside");
    builds_in_place(&sandbox, "beside", "beside");
}
