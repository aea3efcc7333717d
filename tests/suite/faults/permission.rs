//! Something that may not be written or deleted.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::faults::harness::{Ended, difference, run, superuser, trash, works};
use crate::profile;
use crate::sandbox::Sandbox;

const DROPPED: [&str; 2] = ["--bounding-set", "-dac_override,-dac_read_search,-fowner"];

/// Our program as a user for whom permissions hold; `None`, with a printed line, where we cannot be one.
///
/// The superuser gives up the right to pass over them, and stays the owner of the files.
fn held(sandbox: &Sandbox, folder: &str, args: &[&str]) -> Option<Ended> {
    held_back(sandbox, &sandbox.program(folder, args), folder)
}

/// Any program, in the same way.
pub(crate) fn held_back(sandbox: &Sandbox, program: &Command, folder: &str) -> Option<Ended> {
    if superuser() && !works("setpriv", &[&DROPPED[..], &["true"]].concat()) {
        eprintln!("skipped: permissions do not hold for the superuser here");
        return None;
    }
    let mut setpriv = match superuser() {
        true => Command::new("setpriv"),
        false => Command::new("env"),
    };
    setpriv
        .args(DROPPED.iter().filter(|_| superuser()))
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(sandbox.path(folder))
        .stdin(std::process::Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => setpriv.env(name, value),
            None => setpriv.env_remove(name),
        };
    }
    Some(run(setpriv))
}

/// Takes the right to write a folder away, until it is dropped.
pub(crate) struct Shut(PathBuf);

impl Shut {
    pub(crate) fn new(path: PathBuf) -> Self {
        fs::set_permissions(&path, Permissions::from_mode(0o555)).expect("permissions");
        Self(path)
    }
}

impl Drop for Shut {
    fn drop(&mut self) {
        let _ = fs::set_permissions(&self.0, Permissions::from_mode(0o755));
    }
}

fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside", "third"]);
    for worktree in ["pika", "beside", "third"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    sandbox
}

#[test]
fn to_write_a_configuration() {
    let sandbox = built();
    fs::create_dir(sandbox.path("beside/.cargo")).expect("a folder");
    let shut = Shut::new(sandbox.path("beside/.cargo"));
    let Some(told) = held(&sandbox, "pika", &["--yes"]) else {
        return;
    };
    let config = sandbox.path("beside/.cargo/config.toml");
    told.code(1)
        .says(&config.display().to_string())
        .says("permission denied");
    assert!(!config.exists());
    assert!(
        sandbox.exists("beside/target/debug/app"),
        "its builds go there still"
    );
    for worktree in ["pika", "third"] {
        assert!(sandbox.exists(&format!("{worktree}/.cargo/config.toml")));
        assert!(!sandbox.exists(&format!("{worktree}/target")));
    }

    drop(shut);
    held(&sandbox, "pika", &["--yes"])
        .expect("as before")
        .code(0);
    assert!(config.exists() && !sandbox.exists("beside/target"));
}

#[test]
fn to_delete_a_part() {
    let sandbox = built();
    let shut = profile::folder_of(&sandbox.path("beside/target/debug"), "app", ".d");
    let shut = format!("target/debug/{shut}");
    let at = sandbox.path(&format!("beside/{shut}"));
    fs::set_permissions(&at, Permissions::from_mode(0o555)).expect("permissions");
    let Some(told) = held(&sandbox, "pika", &["--yes"]) else {
        return;
    };
    told.code(1)
        .says(&format!("{shut}/app"))
        .says("the next run continues");
    assert!(!sandbox.exists("beside/target"), "Cargo sees none of it");
    let half = sandbox.tree("beside");
    assert!(!trash(&half).is_empty());
    assert!(
        !half.keys().any(|path| path.ends_with(".rustc_info.json")),
        "the rest of it is gone"
    );
    assert_eq!(sandbox.git("beside", &["status", "--porcelain"]), "");
    assert_eq!(sandbox.cargo_run("beside"), "hello\n");
    for worktree in ["pika", "third"] {
        assert!(!sandbox.exists(&format!("{worktree}/target")));
    }

    // Still shut: said again, and again no success.
    let again = held(&sandbox, "pika", &["--yes"]).expect("as before");
    again.code(1).says(&shut);
    for entry in walkdir::WalkDir::new(sandbox.path("beside")) {
        let entry = entry.expect("readable");
        if entry.file_type().is_dir() {
            fs::set_permissions(entry.path(), Permissions::from_mode(0o755)).expect("permissions");
        }
    }
    held(&sandbox, "pika", &["--yes"])
        .expect("as before")
        .code(0);
    assert_eq!(trash(&sandbox.tree("beside")), Vec::<&PathBuf>::new());
}

#[test]
fn to_rename_a_folder() {
    let sandbox = built();
    fs::create_dir(sandbox.path("beside/.cargo")).expect("a folder");
    let before = sandbox.tree("beside/target");
    let shut = Shut::new(sandbox.path("beside"));
    let Some(told) = held(&sandbox, "pika", &["--yes"]) else {
        return;
    };
    let worktree = sandbox.path("beside").display().to_string();
    told.code(1).says(&worktree).says("permission denied");
    assert_eq!(sandbox.tree("beside/target"), before, "nothing was put in");
    assert!(sandbox.exists("beside/.cargo/config.toml"));
    assert!(!sandbox.exists("pika/target") && !sandbox.exists("third/target"));
    drop(shut);
    held(&sandbox, "pika", &["--yes"])
        .expect("as before")
        .code(0);
    assert!(!sandbox.exists("beside/target"));
}

/// A configuration into a root that Cargo cannot write to would break every build.
#[test]
fn to_write_a_shared_root_that_is_there_already() {
    let sandbox = built();
    run(sandbox.program("pika", &["--yes"])).code(0);
    sandbox.worktree("pika", "later");
    let lock = sandbox.path("pika/.shared-target/.sharedtarget/lock");
    let shut = Shut::new(lock.clone());
    let Some(told) = held(&sandbox, "pika", &["--yes"]) else {
        return;
    };
    let root = sandbox.path("pika/.shared-target").display().to_string();
    told.code(101).says(&format!(
        "not writable from here: `{root}`: permission denied"
    ));
    assert!(!sandbox.exists("later/.cargo"));
    drop(shut);
    held(&sandbox, "pika", &["--yes"])
        .expect("as before")
        .code(0);
    assert!(sandbox.exists("later/.cargo/config.toml"));
}

#[test]
fn to_write_the_shared_root() {
    let sandbox = built();
    let before = sandbox.tree("");
    let shut = Shut::new(sandbox.path("pika"));
    let Some(told) = held(&sandbox, "pika", &["--yes"]) else {
        return;
    };
    let root = sandbox.path("pika/.shared-target").display().to_string();
    told.code(101).says(&root).says("permission denied");
    assert_eq!(
        sandbox.tree(""),
        before,
        "what cannot be undone is not done"
    );
    drop(shut);
    held(&sandbox, "pika", &["--yes"])
        .expect("as before")
        .code(0);
}

/// A shared root that another user may write to is refused, in one line and by every command that would act on it.
#[test]
fn of_others_to_the_shared_root() {
    let sandbox = built();
    run(sandbox.program("pika", &["--yes"])).code(0);
    let root = sandbox.path("pika/.shared-target");
    let set = |path: &PathBuf, mode| {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
    };
    let folders = [".", ".sharedtarget", "pika"].map(|folder| root.join(folder));
    for folder in &folders {
        set(folder, 0o757);
        for args in [&["--yes"][..], &["warm", "--yes"], &["dedupe", "--yes"]] {
            let before = sandbox.tree("");
            run(sandbox.program("pika", args))
                .code(101)
                .says("every user may write to")
                .says("chmod -R go-w");
            assert_eq!(
                difference(&before, &sandbox.tree("")),
                Vec::<&PathBuf>::new()
            );
        }
        set(folder, 0o755);
    }
    run(sandbox.program("pika", &["--yes"])).code(0);
    if !superuser() || std::os::unix::fs::chown(&root, None, Some(4321)).is_err() {
        eprintln!("skipped: only the superuser gives files away");
        return;
    }
    set(&root, 0o775);
    run(sandbox.program("pika", &["--yes"]))
        .code(101)
        .says("users of its group")
        .says("shared-with-group = true");
    // Those in the root may have come with a branch, or from another user of the group.
    let allowed = "shared-with-group = true\n";
    fs::write(root.join("sharedtarget.toml"), allowed).expect("a file");
    run(sandbox.program("pika", &["--yes"])).code(101);
    let records = sandbox.outside("home/.local/state/cargo-sharedtarget/roots");
    let records = fs::read_dir(records).expect("records").next();
    let records = records.expect("one").expect("a folder").path();
    fs::write(records.join("sharedtarget.toml"), allowed).expect("a file");
    run(sandbox.program("pika", &["--yes"])).code(0);
    std::os::unix::fs::chown(&root, Some(4321), None).expect("an owner");
    run(sandbox.program("pika", &["--yes"]))
        .code(101)
        .says("another user owns");
    std::os::unix::fs::chown(&root, Some(0), None).expect("an owner");
}

/// Those who only look say so, and what else there is to say.
#[test]
fn of_others_to_the_shared_root_is_a_finding() {
    let sandbox = built();
    run(sandbox.program("pika", &["--yes"])).code(0);
    sandbox.cargo("pika", &["build", "-q", "--offline"]);
    let root = sandbox.path("pika/.shared-target");
    fs::set_permissions(&root, Permissions::from_mode(0o757)).expect("permissions");
    let before = sandbox.tree("");
    let doctor = sandbox.json("pika", &["doctor"]);
    let diagnoses = doctor["diagnoses"].as_array().expect("a list");
    assert_eq!(diagnoses[0]["kind"], "refused", "{doctor:#}");
    let mend = format!("chmod -R go-w {}", root.display());
    assert_eq!(diagnoses[0]["fix"], mend);
    assert!(doctor["toolchains"].is_array(), "{doctor:#}");
    run(sandbox.program("pika", &["doctor"]))
        .code(1)
        .says("every user may write to");
    let audit = run(sandbox.program("pika", &["audit"])).code(0);
    audit.says("every user may write to").says("Suggestions");
    run(sandbox.program("pika", &["audit", "--check"])).says("every user may write to");
    // A command that changes something does not go on.
    run(sandbox.program("pika", &["doctor", "--fix", "--yes"])).code(101);
    assert_eq!(sandbox.tree(""), before);
    fs::set_permissions(&root, Permissions::from_mode(0o755)).expect("permissions");
    // Something else is in the place of the shared root.
    sandbox.write("other/precious", "precious");
    let named = sandbox.path("other").display().to_string();
    for command in ["doctor", "audit"] {
        let args = [command, "--shared-root", &named];
        let ended = run(sandbox.program("pika", &args));
        assert_ne!(ended.code, Some(101), "{}", ended.said);
        ended.says("expected an empty folder for the shared root");
    }
}

/// Under any umask, everything that we make under the shared root is the user's alone.
#[test]
fn without_a_umask() {
    let sandbox = built();
    let program = sandbox.program("pika", &["--yes"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "umask 000; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(sandbox.path("pika"))
        .stdin(std::process::Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    run(shell).code(0);
    for entry in walkdir::WalkDir::new(sandbox.path("pika/.shared-target")) {
        let entry = entry.expect("readable");
        if entry.file_type().is_dir() {
            let mode = entry.metadata().expect("there").permissions().mode();
            assert_eq!(mode & 0o022, 0, "{}: {mode:o}", entry.path().display());
        }
    }
    run(sandbox.program("pika", &["--yes"])).code(0);
}

/// With the umask 002 and a group that others are in, Cargo makes folders that the group may write to.
#[test]
fn a_root_of_the_users_own_making_is_accepted_again() {
    let group = ["--regid", "100", "--clear-groups"];
    if !superuser() || !works("setpriv", &[&group[..], &["true"]].concat()) {
        eprintln!("skipped: only the superuser takes another group");
        return;
    }
    let sandbox = built();
    std::os::unix::fs::chown(sandbox.path("pika"), None, Some(100)).expect("a group");
    for again in 0..3 {
        let program = sandbox.program("pika", &["--yes"]);
        let mut shell = Command::new("setpriv");
        shell
            .args(group)
            .args([
                "sh",
                "-c",
                "umask 002; \"$0\" \"$@\" && cargo build -q --offline",
            ])
            .arg(program.get_program())
            .args(program.get_args())
            .current_dir(sandbox.path("pika"))
            .stdin(std::process::Stdio::null());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let ended = run(shell);
        assert_eq!(ended.code, Some(0), "run {again}: {}", ended.said);
    }
}
