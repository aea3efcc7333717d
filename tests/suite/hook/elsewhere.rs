//! Hooks that are left alone: hooks of others, links, and folders that core.hooksPath leads to.

use std::fs;
use std::os::unix::fs::symlink;

use cargo_sharedtarget::hook::hook_script;
use serde_json::Value;

use super::{
    BEFORE, HOOK, bare_path, calls, everything, git, install, kept_state, one_call, program, state,
    uninstall, with_stand_in,
};
use crate::facts::items;
use crate::sandbox::Sandbox;

#[test]
fn another_hook_in_our_place_is_left_and_so_is_the_first() {
    let sandbox = with_stand_in(0);
    program(&sandbox.path(HOOK), b"#!/bin/sh\nfirst\n", 0o755);
    install(&sandbox, "pika").code(0);
    program(&sandbox.path(HOOK), b"#!/bin/sh\nmanager\n", 0o755);
    assert_eq!(state(&sandbox, "pika"), "overwritten");
    let before = everything(&sandbox, "pika");
    for command in ["install", "uninstall"] {
        let run = sandbox.run("pika", &["hook", command, "--yes"]).code(1);
        assert!(
            run.stdout.contains("post-checkout.before-sharedtarget"),
            "{}",
            run.stdout
        );
        assert_eq!(everything(&sandbox, "pika"), before);
    }
    // Without one from before, theirs is the one from before.
    fs::remove_file(sandbox.path(BEFORE)).unwrap();
    assert_eq!(state(&sandbox, "pika"), "not_installed");
    uninstall(&sandbox, "pika").code(0);
    install(&sandbox, "pika").code(0);
    assert_eq!(sandbox.read(BEFORE), "#!/bin/sh\nmanager\n");
}

#[test]
fn hooks_from_another_folder_are_not_touched() {
    for inside in [true, false] {
        let sandbox = with_stand_in(0);
        let folder = match inside {
            true => sandbox.path("pika/.githooks"),
            false => sandbox.outside("hooks of mine"),
        };
        let value = match inside {
            true => ".githooks".to_owned(),
            false => folder.display().to_string(),
        };
        let level: &[&str] = if inside {
            &["config"]
        } else {
            &["config", "--global"]
        };
        sandbox.git("pika", &[level, &["core.hooksPath", &value]].concat());
        let before = everything(&sandbox, "pika");
        let run = install(&sandbox, "pika/src").code(1);
        assert!(run.stdout.contains("core.hooksPath"), "{}", run.stdout);
        assert_eq!(everything(&sandbox, "pika"), before);
        assert!(!folder.exists());
        assert_eq!(state(&sandbox, "pika"), "shadowed");

        // The line that it gives works there.
        let line = run.stdout.lines().find(|line| line.starts_with("case "));
        let script = format!(
            "#!/bin/sh\nset -eu\n{}\necho after >&2\n",
            line.expect("a line")
        );
        fs::create_dir(&folder).unwrap();
        program(&folder.join("post-checkout"), script.as_bytes(), 0o755);
        let (code, said) = git(
            &sandbox,
            "pika",
            &["worktree", "add", "-q", "--detach", "../new"],
        );
        assert_eq!((code, said.as_str()), (Some(0), "from us\nafter\n"));
        assert_eq!(calls(&sandbox), one_call(&sandbox, "new"));
        let (code, said) = git(&sandbox, "pika", &["checkout", "-q", "--detach"]);
        assert_eq!((code, said.as_str()), (Some(0), "after\n"));
        assert!(calls(&sandbox).is_empty());

        assert_eq!(state(&sandbox, "pika"), "run_elsewhere");
        install(&sandbox, "pika").code(0);
        uninstall(&sandbox, "pika").code(1);
        assert!(folder.join("post-checkout").exists());
    }
}

#[test]
fn the_line_for_other_folders_never_fails() {
    for code in [0, 5] {
        let mut sandbox = with_stand_in(code);
        let script = format!("set -eu\n{}\necho after\n", hook_script::LINE);
        let null = "0".repeat(40);
        let run = |sandbox: &Sandbox| {
            let args = ["-c", script.as_str(), "sh", null.as_str(), "x", "1"];
            let output = sandbox.prepared("/bin/sh", "linked", &args).output();
            let output = output.unwrap();
            assert_eq!(output.stdout, b"after\n");
            assert!(output.status.success());
        };
        run(&sandbox);
        assert_eq!(calls(&sandbox).len(), 1);
        bare_path(&mut sandbox);
        run(&sandbox);
        assert!(calls(&sandbox).is_empty(), "without us");
    }
}

#[test]
fn a_hooks_path_that_leads_to_the_common_folder_is_none() {
    let sandbox = with_stand_in(0);
    let hooks = sandbox.path("pika/.git/hooks").display().to_string();
    sandbox.git("pika", &["config", "core.hooksPath", &hooks]);
    install(&sandbox, "linked").code(0);
    sandbox.worktree("pika", "new");
    assert_eq!(calls(&sandbox), one_call(&sandbox, "new"));
}

#[test]
fn ours_goes_also_when_it_is_shadowed() {
    let sandbox = with_stand_in(0);
    let before = everything(&sandbox, "pika/.git/hooks");
    install(&sandbox, "pika").code(0);
    let none = ["-c", "core.hooksPath=/dev/null", "status"];
    sandbox.git("pika", &none);
    sandbox.git("pika", &["config", "core.hooksPath", "/dev/null"]);
    assert_eq!(state(&sandbox, "pika"), "shadowed");
    uninstall(&sandbox, "pika").code(0);
    assert_eq!(everything(&sandbox, "pika/.git/hooks"), before);
}

#[test]
fn links_are_left_alone() {
    let sandbox = with_stand_in(0);
    program(&sandbox.path("pika/mine"), b"#!/bin/sh\n", 0o755);
    symlink(sandbox.path("pika/mine"), sandbox.path(HOOK)).unwrap();
    let before = everything(&sandbox, "pika");
    let run = install(&sandbox, "pika").code(1);
    assert!(run.stdout.contains("symbolic link"), "{}", run.stdout);
    uninstall(&sandbox, "pika").code(0);
    assert_eq!(everything(&sandbox, "pika"), before);

    let hooks = sandbox.path("pika/.git/hooks");
    fs::rename(&hooks, sandbox.path("elsewhere")).unwrap();
    fs::remove_file(sandbox.path("elsewhere/post-checkout")).unwrap();
    symlink(sandbox.path("elsewhere"), &hooks).unwrap();
    let before = everything(&sandbox, "");
    let run = install(&sandbox, "pika").code(1);
    assert!(run.stdout.contains("symbolic link"), "{}", run.stdout);
    uninstall(&sandbox, "pika").code(0);
    assert_eq!(everything(&sandbox, ""), before);
    assert_eq!(state(&sandbox, "pika"), "link");
}

#[test]
fn one_repository_in_the_way_does_not_stop_the_others() {
    let sandbox = with_stand_in(0);
    sandbox.repository("bad", &[]);
    fs::create_dir(sandbox.path("bad/.git/hooks/post-checkout")).unwrap();
    let args = [
        "hook", "install", "--yes", "bad", "pika", "linked", "pika/src",
    ];
    let run = sandbox
        .run("", &[&args[..], &["--format", "json"]].concat())
        .code(1);
    let answer = run.json();
    assert_eq!(answer["command"], "hook install");
    assert_eq!(sandbox.paths(&answer["outcome"]["done"], "path"), [HOOK]);
    assert_eq!(answer["outcome"]["done"][0]["what"], "install_hook");
    assert_eq!(kept_state(&answer), "not_a_file");
    let answer = sandbox.json("", &["hook", "status", "bad", "pika", "linked"]);
    let states: Vec<&Value> = items(&answer["hooks"]).map(|hook| &hook["state"]).collect();
    assert_eq!(states, ["not_a_file", "installed"]);
    let run = sandbox.run("", &["hook", "status", "pika"]).code(0);
    assert_eq!(run.stdout, "pika/.git: installed\n");
}

#[test]
fn outside_git_there_is_nothing_to_install_into() {
    let sandbox = with_stand_in(0);
    for command in ["install", "uninstall", "status"] {
        sandbox.write("empty/a", "");
        let run = sandbox.run("", &["hook", command, "pika", "empty"]);
        let run = run.code(101);
        assert_eq!(run.stdout, "");
        assert!(
            run.stderr.contains("expected a folder in a git repository"),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("not a git repository"),
            "{}",
            run.stderr
        );
    }
    assert!(!sandbox.exists(HOOK));
    sandbox.run("pika", &["hook"]).code(2);
}

/// As some hook managers do: they move what is there, and call it.
#[test]
fn a_manager_that_calls_ours_and_is_called_by_ours_ends() {
    let sandbox = with_stand_in(0);
    install(&sandbox, "pika").code(0);
    let moved = sandbox.path("pika/.git/hooks/post-checkout.legacy");
    fs::rename(sandbox.path(HOOK), &moved).unwrap();
    let manager = "#!/bin/sh\necho manager >&2\n\"${0%/*}/post-checkout.legacy\" \"$@\"\n";
    program(&sandbox.path(HOOK), manager.as_bytes(), 0o755);
    sandbox.worktree("pika", "one");
    assert_eq!(calls(&sandbox), one_call(&sandbox, "one"));

    install(&sandbox, "pika").code(0);
    let args = ["worktree", "add", "-q", "--detach", "../two"];
    let said = git(&sandbox, "pika", &args).1;
    assert_eq!(said, "manager\nfrom us\n");
    assert_eq!(calls(&sandbox), one_call(&sandbox, "two"));
    let said = git(&sandbox, "pika", &["checkout", "-q", "--detach"]).1;
    assert_eq!(said, "manager\n");
    // Ours under the name of the one from before is nothing that we have made.
    fs::rename(&moved, sandbox.path(BEFORE)).unwrap();
    for command in ["install", "uninstall"] {
        let run = sandbox.run("pika", &["hook", command, "--yes"]).code(1);
        assert!(run.stdout.contains("changed by hand"), "{}", run.stdout);
    }
}

#[test]
fn what_cannot_be_done_in_one_repository_is_done_in_the_others() {
    let sandbox = with_stand_in(0);
    sandbox.repository("bad", &[]);
    fs::remove_dir_all(sandbox.path("bad/.git/hooks")).unwrap();
    sandbox.write("bad/.git/hooks.sharedtarget/mine", "precious");
    let answer = sandbox.json("", &["hook", "install", "--yes", "bad", "pika"]);
    let failed = sandbox.paths(&answer["outcome"]["failed"], "path");
    assert_eq!(failed, ["bad/.git/hooks/post-checkout"]);
    assert_eq!(sandbox.paths(&answer["outcome"]["done"], "path"), [HOOK]);
    assert_eq!(sandbox.read("bad/.git/hooks.sharedtarget/mine"), "precious");
    assert!(!sandbox.exists("bad/.git/hooks"));
}

/// A folder of repositories stands for those in it that have a package.
#[test]
fn a_folder_of_repositories() {
    let sandbox = with_stand_in(0);
    sandbox.repository("more/crab", &["more/beside"]);
    sandbox.write("words/a.txt", "a");
    sandbox.git("words", &["init", "-q"]);
    sandbox.run("", &["hook", "install", "."]).code(0);
    for hook in [HOOK, "more/crab/.git/hooks/post-checkout"] {
        assert!(sandbox.exists(hook), "{hook}");
    }
    assert!(!sandbox.exists("words/.git/hooks/post-checkout"));
    let run = sandbox.run("", &["hook", "status", "."]).code(0);
    assert_eq!(
        run.stdout,
        "pika/.git: installed\nmore/crab/.git: installed\n"
    );
    sandbox.run("", &["hook", "uninstall", "."]).code(0);
    assert!(!sandbox.exists(HOOK));
}
