//! A full filesystem.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::faults::harness::{difference, run, superuser, works};
use crate::sandbox::Sandbox;

/// A small filesystem of its own; unmounted when dropped.
pub(crate) struct Small(pub(crate) PathBuf);

impl Small {
    /// `None`, with a printed line, where we may not mount anything.
    pub(crate) fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir_all(&at).expect("a folder");
        let path = at.display().to_string();
        let options = ["-t", "tmpfs", "-o", "size=32m,nr_inodes=4k", "none", &path];
        if works("mount", &options) {
            return Some(Self(at));
        }
        eprintln!("skipped: no filesystem can be mounted here");
        None
    }

    /// Where we may not mount, the test runs again as the superuser of a namespace of its own, if there can be
    /// one. Says whether it did.
    pub(crate) fn elsewhere(test: &str) -> bool {
        const INSIDE: &str = "SHAREDTARGET_TEST_IN_NAMESPACE";
        if superuser() || std::env::var_os(INSIDE).is_some() || !works("unshare", &["-Urm", "true"])
        {
            return false;
        }
        let status = Command::new("unshare")
            .arg("-Urm")
            .arg(std::env::current_exe().expect("this test"))
            .args(["--exact", test, "--nocapture"])
            .env(INSIDE, "1")
            .status();
        assert!(status.expect("unshare").success(), "{test}");
        true
    }

    /// Leaves no byte free.
    pub(crate) fn fill(&self) {
        let _ = fs::write(self.0.join("filler"), vec![1; 40 << 20]);
        let more = fs::write(self.0.join("more"), [1]);
        assert!(more.is_err(), "it is full");
    }

    /// Leaves only so many bytes free.
    pub(crate) fn fill_but(&self, free: u64) {
        self.fill();
        let _ = fs::remove_file(self.0.join("more"));
        let filler = fs::File::options().write(true).open(self.0.join("filler"));
        let filler = filler.expect("a file");
        let length = filler.metadata().expect("its length").len();
        filler.set_len(length - free).expect("shorter");
    }

    pub(crate) fn empty(&self) {
        fs::remove_file(self.0.join("filler")).expect("removed");
        let _ = fs::remove_file(self.0.join("more"));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// No file that a run was still writing.
#[track_caller]
fn nothing_half(sandbox: &Sandbox) {
    let tree = sandbox.tree("");
    let litter = tree
        .keys()
        .find(|path| path.to_string_lossy().contains(".tmp-sharedtarget-"));
    assert_eq!(litter, None);
}

#[test]
fn of_the_shared_root() {
    if Small::elsewhere("faults::space::of_the_shared_root") {
        return;
    }
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    for worktree in ["pika", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    let Some(small) = Small::mount(sandbox.outside("small")) else {
        return;
    };
    small.fill();
    let before = sandbox.tree("");
    sandbox.env("XDG_STATE_HOME", small.0.join("state"));
    let root = small.0.join("root").display().to_string();
    let args = ["--yes", "--shared-root", &root];
    run(sandbox.program("pika", &args))
        .code(1)
        .says(&root)
        .says("no space left");
    assert_eq!(
        difference(&before, &sandbox.tree("")),
        Vec::<&PathBuf>::new(),
        "what cannot be written down is not done"
    );

    small.empty();
    run(sandbox.program("pika", &args)).code(0);
    for worktree in ["pika", "beside"] {
        assert!(!sandbox.exists(&format!("{worktree}/target")));
        assert_eq!(sandbox.cargo_run(worktree), "hello\n");
    }
}

#[test]
fn of_a_shared_root_that_is_there_already() {
    if Small::elsewhere("faults::space::of_a_shared_root_that_is_there_already") {
        return;
    }
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    let Some(small) = Small::mount(sandbox.outside("small")) else {
        return;
    };
    sandbox.env("XDG_STATE_HOME", small.0.join("state"));
    let root = small.0.join("root").display().to_string();
    let args = ["--yes", "--shared-root", &root];
    run(sandbox.program("pika", &args)).code(0);
    sandbox.worktree("pika", "beside");
    sandbox.cargo("beside", &["build", "-q", "--offline"]);
    let record = record(&small);
    small.fill();
    run(sandbox.program("pika", &args))
        .code(1)
        .says(&root)
        .says("no space left");
    assert!(sandbox.exists("beside/target/debug/app"));
    assert!(!sandbox.exists("beside/.cargo"));
    assert_eq!(record, self::record(&small), "the record is whole");
}

/// The record of the one shared root whose state lies on a small filesystem.
fn record(small: &Small) -> Vec<u8> {
    let mut roots = fs::read_dir(small.0.join("state/cargo-sharedtarget/roots")).expect("records");
    let root = roots.next().expect("a record").expect("a folder").path();
    fs::read(root.join("undo.json")).expect("a record")
}

#[test]
fn of_one_worktree() {
    if Small::elsewhere("faults::space::of_one_worktree") {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    let Some(small) = Small::mount(sandbox.path("small")) else {
        return;
    };
    sandbox.worktree("pika", "small/worktree");
    for worktree in ["pika", "beside", "small/worktree"] {
        sandbox.cargo(worktree, &["check", "-q", "--offline"]);
    }
    small.fill();
    let told = run(sandbox.program("pika", &["--yes"])).code(1);
    let config = sandbox.path("small/worktree/.cargo/config.toml");
    told.says(&config.display().to_string())
        .says("no space left");
    nothing_half(&sandbox);
    assert!(!sandbox.exists("small/worktree/.cargo"));
    assert!(
        sandbox.exists("small/worktree/target/debug"),
        "its builds go there still"
    );
    for worktree in ["pika", "beside"] {
        assert!(sandbox.exists(&format!("{worktree}/.cargo/config.toml")));
        assert!(!sandbox.exists(&format!("{worktree}/target")));
    }

    small.empty();
    sandbox.run("pika", &["--yes"]).code(0);
    assert!(!sandbox.exists("small/worktree/target"));
    assert_eq!(sandbox.cargo_run("small/worktree"), "hello\n");
}

/// When people need it most. Files that are mounted in a target folder belong elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_deleted_through_a_mount() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &[]);
    sandbox.cargo("pika", &["build", "-q", "--offline"]);
    sandbox.write("precious/file", "precious");
    sandbox.write("pika/target/debug/data/x", "x");
    let data = sandbox.path("pika/target/debug/data").display().to_string();
    let precious = sandbox.path("precious").display().to_string();
    if !works("mount", &["--bind", &precious, &data]) {
        eprintln!("skipped: nothing can be mounted here");
        return;
    }
    let answer = sandbox.json("pika", &["--yes"]);
    let unmounted = works("umount", &[&data]);
    assert!(
        answer["plan"]["kept"].to_string().contains("mounted"),
        "{answer}"
    );
    assert_eq!(sandbox.read("precious/file"), "precious");
    assert!(unmounted && sandbox.exists("pika/target"));
}

#[test]
fn does_not_stop_a_clean() {
    if Small::elsewhere("faults::space::does_not_stop_a_clean") {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(small) = Small::mount(sandbox.path("small")) else {
        return;
    };
    sandbox.repository("small/pika", &[]);
    sandbox.cargo("small/pika", &["check", "-q", "--offline"]);
    // Not even a name fits: every inode is taken.
    small.fill();
    exhaust_inodes(&small.0);
    run(sandbox.program("small/pika", &["clean", "--all", "--yes"])).code(0);
    assert!(!sandbox.exists("small/pika/target"));
    assert!(!sandbox.exists("small/pika/.shared-target"));
    let tree = sandbox.tree("small/pika");
    assert_eq!(crate::faults::harness::trash(&tree), Vec::<&PathBuf>::new());
}

fn exhaust_inodes(on: &Path) {
    let folder = on.join("many");
    if fs::create_dir(&folder).is_err() {
        return;
    }
    let mut number = 0;
    while fs::write(folder.join(number.to_string()), "").is_ok() {
        number += 1;
    }
}
