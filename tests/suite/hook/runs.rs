//! When it runs, and what reaches the one from before.

use std::fs;

use super::{
    BEFORE, HOOK, bare_path, calls, git, install, mode, one_call, program, stand_in, state,
    with_stand_in,
};
use crate::sandbox::Sandbox;

#[test]
fn it_runs_in_new_worktrees_and_only_there() {
    let sandbox = with_stand_in(0);
    install(&sandbox, "pika").code(0);
    assert_ne!(mode(&sandbox.path(HOOK)) & 0o111, 0);

    sandbox.worktree("pika", "from-main");
    assert_eq!(calls(&sandbox), one_call(&sandbox, "from-main"));
    sandbox.worktree("linked", "from linked 'and' \"more\"");
    assert_eq!(
        calls(&sandbox),
        one_call(&sandbox, "from linked 'and' \"more\"")
    );
    sandbox.git("pika", &["worktree", "add", "-q", "--detach", "../loose"]);
    assert_eq!(calls(&sandbox), one_call(&sandbox, "loose"));

    for folder in ["pika", "loose"] {
        let branch = format!("x-{folder}");
        for args in [
            &["checkout", "-q", "-b", &branch][..],
            &["checkout", "-q", "--detach"],
            &["switch", "-q", &branch],
            &["checkout", "-q", "--", "Cargo.toml"],
            &["restore", "Cargo.toml"],
        ] {
            let said = git(&sandbox, folder, args);
            assert_eq!((said.0, said.1.as_str()), (Some(0), ""), "{args:?}");
        }
    }
    sandbox.git(
        "pika",
        &["worktree", "add", "-q", "--no-checkout", "../empty"],
    );
    assert!(calls(&sandbox).is_empty());
    // Git says nothing of such a worktree until it has a commit. Before 2.42 it makes none.
    let orphan = ["worktree", "add", "-q", "--orphan", "../orphan"];
    if git(&sandbox, "pika", &orphan).0 == Some(0) {
        assert!(calls(&sandbox).is_empty());
        sandbox.git("orphan", &["switch", "-q", "--detach", "main"]);
        assert_eq!(calls(&sandbox), one_call(&sandbox, "orphan"));
    } else {
        eprintln!("skipped: this git makes no orphan worktrees");
    }
    // As in a clone: from nothing, but in the main worktree.
    sandbox.git("", &["init", "-q", "young"]);
    sandbox.run("young", &["hook", "install", "--yes"]).code(0);
    sandbox.git("young", &["fetch", "-q", "../pika", "main"]);
    sandbox.git("young", &["checkout", "-q", "-b", "main", "FETCH_HEAD"]);
    assert!(calls(&sandbox).is_empty());
}

#[test]
fn a_git_folder_apart_from_its_worktree_is_no_linked_one() {
    let sandbox = with_stand_in(0);
    sandbox.git(
        "",
        &["init", "-q", "--separate-git-dir", "apart.git", "young"],
    );
    install(&sandbox, "young").code(0);
    assert!(sandbox.exists("apart.git/hooks/post-checkout"));
    sandbox.git("young", &["fetch", "-q", "../pika", "main"]);
    sandbox.git("young", &["checkout", "-q", "-b", "main", "FETCH_HEAD"]);
    assert!(calls(&sandbox).is_empty());
    sandbox.worktree("young", "new");
    assert_eq!(calls(&sandbox), one_call(&sandbox, "new"));
}

#[test]
fn bare_repositories_and_other_hashes() {
    let sandbox = with_stand_in(0);
    sandbox.git("", &["clone", "-q", "--bare", "pika", "house/chu.git"]);
    install(&sandbox, "house/chu.git").code(0);
    sandbox.worktree("house/chu.git", "house/x");
    assert_eq!(calls(&sandbox), one_call(&sandbox, "house/x"));
    assert_eq!(state(&sandbox, "house/x/src"), "installed");

    sandbox.git("", &["init", "-q", "--object-format=sha256", "long"]);
    sandbox.write("long/file", "");
    sandbox.commit_all("long");
    install(&sandbox, "long").code(0);
    sandbox.worktree("long", "long-x");
    assert_eq!(calls(&sandbox), one_call(&sandbox, "long-x"));
}

#[test]
fn a_hook_that_was_there_runs_first_and_decides() {
    let sandbox = with_stand_in(0);
    let seen = sandbox.outside("seen");
    let old = format!(
        "#!/bin/sh\ncat '{}' 2>/dev/null\nprintf '%s\\n' \"$*\" >>'{}'\nexit 7\n",
        sandbox.outside("calls").display(),
        seen.display()
    );
    program(&sandbox.path(HOOK), old.as_bytes(), 0o751);
    sandbox.git("pika", &["branch", "x"]);
    let checkout = |branch: &str| {
        let end = git(&sandbox, "pika", &["checkout", "-q", branch]);
        (end, fs::read_to_string(&seen).unwrap())
    };
    let ended = checkout("x");
    fs::remove_file(&seen).unwrap();

    let run = install(&sandbox, "pika").code(0);
    let said = run.said();
    let calls_first = "which calls post-checkout.before-sharedtarget first";
    assert!(said.contains(calls_first), "{said}");
    assert_eq!(sandbox.read(BEFORE), old);
    assert_eq!(mode(&sandbox.path(BEFORE)), 0o751);
    assert_eq!(checkout("main"), ended, "as if it were alone");
    assert!(calls(&sandbox).is_empty());

    let (_, said) = git(
        &sandbox,
        "pika",
        &["worktree", "add", "-q", "--detach", "../new"],
    );
    assert_eq!(said, "from us\n", "it came after the one from before");
    assert_eq!(calls(&sandbox), one_call(&sandbox, "new"));
    let null = "0".repeat(40);
    let args = [null.as_str(), "x", "1"];
    let mut hook = sandbox.prepared(sandbox.path(HOOK), "new", &args);
    assert_eq!(hook.output().unwrap().status.code(), Some(7));
}

#[test]
fn arguments_and_input_reach_the_one_from_before() {
    let sandbox = with_stand_in(0);
    let old = "#!/bin/sh\nread -r line\nprintf '<%s>' \"$line\" \"$@\"\n";
    program(&sandbox.path(HOOK), old.as_bytes(), 0o755);
    install(&sandbox, "pika").code(0);
    let null = "0".repeat(40);
    let args = [null.as_str(), "a b", "1"];
    let mut hook = sandbox.prepared(sandbox.path(HOOK), "linked", &args);
    fs::write(sandbox.outside("input"), "given\nmore\n").unwrap();
    hook.stdin(fs::File::open(sandbox.outside("input")).unwrap());
    let output = hook.output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, format!("<given><{null}><a b><1>"));
    assert_eq!(
        calls(&sandbox),
        one_call(&sandbox, "linked"),
        "without the input"
    );
}

#[test]
fn whatever_becomes_of_us_the_checkout_succeeds() {
    let sandbox = with_stand_in(101);
    install(&sandbox, "pika").code(0);
    let add = |name: &str| {
        git(
            &sandbox,
            "pika",
            &["worktree", "add", "-q", "--detach", name],
        )
    };
    assert_eq!(add("../failing"), (Some(0), "from us\n".into()));
    let null = "0".repeat(40);
    let hook = sandbox.prepared(sandbox.path(HOOK), "failing", &[&null, &null, "1"]);
    let mut hook = hook;
    assert_eq!(hook.output().unwrap().status.code(), Some(0));
    assert_eq!(calls(&sandbox).len(), 2);
}

#[test]
fn it_finds_us_where_we_were_or_says_so_in_one_line() {
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    bare_path(&mut sandbox);
    // We ourselves, at a place that needs quotes.
    let own = sandbox.outside("it's \"our\" $HOME/cargo-sharedtarget");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    // By another program: a file that we have open to write cannot be run.
    let copy = [
        env!("CARGO_BIN_EXE_cargo-sharedtarget"),
        own.to_str().unwrap(),
    ];
    sandbox.prepared("cp", "", &copy).status().unwrap();
    let install = ["hook", "install", "--yes"];
    let run = sandbox.prepared(&own, "pika", &install).output();
    assert!(run.unwrap().status.success());
    stand_in(&mut sandbox, 0);
    bare_path(&mut sandbox);
    let stand_in = sandbox.outside("bin/cargo-sharedtarget");
    fs::rename(&stand_in, &own).unwrap();
    sandbox.worktree("pika", "one");
    assert_eq!(calls(&sandbox), one_call(&sandbox, "one"), "where we were");

    let home = sandbox.outside("cargo-home/bin/cargo-sharedtarget");
    fs::create_dir_all(home.parent().unwrap()).unwrap();
    fs::rename(&own, &home).unwrap();
    sandbox.worktree("pika", "two");
    assert_eq!(
        calls(&sandbox),
        one_call(&sandbox, "two"),
        "where cargo installs"
    );

    fs::remove_file(&home).unwrap();
    let (code, said) = git(
        &sandbox,
        "pika",
        &["worktree", "add", "-q", "--detach", "../three"],
    );
    assert_eq!(code, Some(0));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("cargo-sharedtarget is not installed"),
        "{said}"
    );
    let out = said.trim_end().rsplit_once(": ").unwrap().1;
    let removed = sandbox.prepared("sh", "three", &["-c", out]).status();
    assert!(removed.unwrap().success() && !sandbox.exists(HOOK), "{out}");
}

#[test]
fn an_ordinary_checkout_starts_no_program() {
    let mut sandbox = with_stand_in(0);
    install(&sandbox, "pika").code(0);
    sandbox.env("PATH", sandbox.outside("nothing"));
    let commit = "1".repeat(40);
    let null = "0".repeat(40);
    for (folder, old) in [("pika", &commit), ("linked", &commit), ("pika", &null)] {
        let hook = sandbox.path(HOOK);
        let hook = hook.to_str().unwrap();
        let mut sh = sandbox.prepared("/bin/sh", folder, &[hook, old, &commit, "1"]);
        let output = sh.output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    }
    for args in [&[][..], &["000", "1", "1"], &["x", "1", "1"]] {
        let mut hook = sandbox.prepared(sandbox.path(HOOK), "linked", args);
        let output = hook.output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    }
}
