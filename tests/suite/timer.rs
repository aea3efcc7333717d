//! `setup --schedule`: files of a timer that systemd accepts, and that go without a trace.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::facts::{actions, items};
use crate::sandbox::{Run, Sandbox};

/// A `systemctl` that writes down its arguments. It fails where `silent` is beside it, as without a user manager, and
/// reports every timer as active that it was asked to start.
const SYSTEMCTL: &str = r#"#!/bin/sh
here=${0%/*}
echo "$*" >>"$here/told"
[ -e "$here/silent" ] && { echo "Failed to connect to bus" >&2; exit 1; }
case $* in
"--user show"*) echo Version=252 ;;
"--user restart "*) : >"$here/active" ;;
"--user disable "*) rm -f "$here/active" "$XDG_CONFIG_HOME"/systemd/user/timers.target.wants/* ;;
"--user is-active "*) if [ -e "$here/active" ]; then echo active; else echo inactive; exit 3; fi ;;
esac
"#;

/// A repository with a worktree, and a `systemctl` that writes down its arguments.
fn start() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    let (bin, config) = (sandbox.outside("bin"), sandbox.outside("config"));
    fs::create_dir(&config).expect("as the test made it");
    fs::create_dir(&bin).expect("as the test made it");
    let program = bin.join("systemctl");
    fs::write(&program, SYSTEMCTL).expect("as the test made it");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("as the test made it");
    let path = std::env::var("PATH").expect("as the test made it");
    sandbox.env("PATH", format!("{}:{path}", bin.display()));
    sandbox.env("XDG_CONFIG_HOME", &config);
    sandbox
}

/// The calls of `systemctl` since the last time, without questions.
fn told(sandbox: &Sandbox) -> Vec<String> {
    let file = sandbox.outside("bin/told");
    let told = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    let asks = |line: &&str| line.contains(" show ") || line.contains(" is-active ");
    told.lines()
        .filter(|line| !asks(line))
        .map(str::to_owned)
        .collect()
}

/// Everything below the folder of configurations, with links as where they lead.
fn config(sandbox: &Sandbox) -> BTreeMap<PathBuf, String> {
    let all = walkdir::WalkDir::new(sandbox.outside("config")).into_iter();
    let entry = |entry: walkdir::DirEntry| {
        let text = match entry.file_type() {
            kind if kind.is_symlink() => fs::read_link(entry.path())
                .expect("as the test made it")
                .display()
                .to_string(),
            kind if kind.is_file() => {
                fs::read_to_string(entry.path()).expect("as the test made it")
            }
            _ => "a folder".into(),
        };
        (entry.path().to_owned(), text)
    };
    all.map(|found| entry(found.expect("as the test made it")))
        .collect()
}

/// The files of the timer: the service, the timer, and the link.
fn files(sandbox: &Sandbox) -> [PathBuf; 3] {
    let user = sandbox.outside("config/systemd/user");
    let mut names = fs::read_dir(&user)
        .expect("as the test made it")
        .map(|one| one.expect("as the test made it").path());
    let service = names.find(|path| path.extension().is_some_and(|end| end == "service"));
    let service = service.expect("a service");
    let timer = service.with_extension("timer");
    let link = user
        .join("timers.target.wants")
        .join(timer.file_name().expect("as the test made it"));
    [service, timer, link]
}

fn setup(sandbox: &Sandbox, when: &str) -> Run {
    sandbox.run("pika", &["setup", "--schedule", when, "--yes"])
}

fn diagnosis(sandbox: &Sandbox, kind: &str) -> Option<Value> {
    let json = sandbox.json("", &["doctor"]);
    let all = json["diagnoses"].as_array().expect("diagnoses").clone();
    all.into_iter().find(|one| one["kind"] == kind)
}

fn name(file: &Path) -> String {
    file.file_name()
        .expect("as the test made it")
        .to_string_lossy()
        .into_owned()
}

#[test]
fn a_timer_is_set_changed_and_taken_out() {
    let sandbox = start();
    let before = config(&sandbox);
    let planned = sandbox
        .run("pika", &["setup", "--schedule", "daily", "-n"])
        .code(0);
    for part in [
        "Set a timer: daily, by systemd",
        "config/systemd/user/",
        "gc --by-settings --yes --quiet",
    ] {
        assert!(planned.stdout.contains(part), "{part}: {}", planned.stdout);
    }
    assert_eq!(config(&sandbox), before);
    assert_eq!(told(&sandbox), [""; 0]);
    setup(&sandbox, "daily").code(0).says("set the timer");
    let [service, timer, link] = files(&sandbox);
    assert!(
        fs::read_to_string(&timer)
            .expect("as the test made it")
            .contains("\nOnCalendar=daily\n")
    );
    assert_eq!(fs::read_link(&link).expect("as the test made it"), timer);
    let unit = name(&timer);
    let starts = [
        "--user daemon-reload".to_owned(),
        format!("--user enable {unit}"),
        format!("--user restart {unit}"),
    ];
    assert_eq!(told(&sandbox), starts);
    let set = config(&sandbox);

    // Again, nothing; and without the flag it stays.
    for args in [
        &["setup", "--schedule", "daily", "--yes"][..],
        &["setup", "--yes"],
    ] {
        sandbox.run("pika", args).code(0).says("nothing to do");
        assert_eq!(
            (config(&sandbox), told(&sandbox)),
            (set.clone(), Vec::new())
        );
    }
    let text = fs::read_to_string(&service).expect("as the test made it");
    let answer = sandbox.json("pika", &["setup", "--schedule", "weekly", "--yes"]);
    let writes: Vec<&Value> = actions(&answer, "write_timer").collect();
    assert_eq!(writes.len(), 1, "{answer}");
    assert_eq!(
        (&writes[0]["schedule"], &writes[0]["change"]),
        (&"weekly".into(), &"edit".into())
    );
    assert!(
        fs::read_to_string(&timer)
            .expect("as the test made it")
            .contains("\nOnCalendar=weekly\n")
    );
    assert_eq!(
        fs::read_to_string(&service).expect("as the test made it"),
        text
    );
    assert_eq!(told(&sandbox), starts);

    setup(&sandbox, "off").code(0).says("removed the timer");
    assert_eq!(config(&sandbox), before);
    assert_eq!(told(&sandbox)[0], format!("--user disable --now {unit}"));
    setup(&sandbox, "off").code(0).says("nothing to do");
    assert_eq!(told(&sandbox), [""; 0]);
    sandbox.run("pika", &["undo", "--yes"]).code(0);
    assert_eq!(config(&sandbox), before);
}

#[test]
fn undo_leaves_the_folder_as_it_was() {
    for there in [
        &[][..],
        &["systemd"],
        &[
            "systemd/user/mine.service",
            "systemd/user/timers.target.wants/mine.timer",
        ],
    ] {
        let sandbox = start();
        for path in there {
            let path = sandbox.outside("config").join(path);
            fs::create_dir_all(path.parent().expect("as the test made it"))
                .expect("as the test made it");
            match path.extension() {
                Some(_) => fs::write(&path, "mine").expect("as the test made it"),
                None => fs::create_dir(&path).expect("as the test made it"),
            }
        }
        if there.len() < 2 {
            let before = config(&sandbox);
            for when in ["daily", "weekly"] {
                setup(&sandbox, when).code(0);
            }
            told(&sandbox);
            let answer = sandbox.json("pika", &["undo", "--yes"]);
            assert_eq!(actions(&answer, "switch_timer").count(), 1);
            assert!(told(&sandbox)[0].starts_with("--user disable --now cargo-sharedtarget-pika-"));
            assert_eq!(config(&sandbox), before, "{there:?}");
            let again = sandbox.json("pika", &["undo", "--yes"]);
            assert_eq!(items(&again["plan"]["actions"]).count(), 0);
            assert_eq!(told(&sandbox), [""; 0]);
            continue;
        }
        // Without a manager, the link is ours to remove, and nothing beside it goes.
        fs::write(sandbox.outside("bin/silent"), "").expect("as the test made it");
        let before = config(&sandbox);
        setup(&sandbox, "daily").code(0);
        assert_ne!(config(&sandbox), before);
        sandbox.run("pika", &["undo", "--yes"]).code(0);
        assert_eq!(config(&sandbox), before, "{there:?}");
    }
}

#[test]
fn without_a_manager_the_files_are_there_and_the_command_is_said() {
    let sandbox = start();
    fs::write(sandbox.outside("bin/silent"), "").expect("as the test made it");
    let before = config(&sandbox);
    let run = setup(&sandbox, "daily").code(0);
    let [service, timer, link] = files(&sandbox);
    assert!(service.exists());
    assert_eq!(fs::read_link(&link).expect("as the test made it"), timer);
    let command = format!("systemctl --user enable --now {}", name(&timer));
    for part in ["no user manager of systemd answers here", &command] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert_eq!(told(&sandbox), [""; 0]);
    setup(&sandbox, "daily").code(0).says("nothing to do");
    // When it answers again, it is called.
    fs::remove_file(sandbox.outside("bin/silent")).expect("as the test made it");
    setup(&sandbox, "daily").code(0).says("set the timer");
    assert_eq!(told(&sandbox).len(), 3);
    fs::write(sandbox.outside("bin/silent"), "").expect("as the test made it");
    setup(&sandbox, "off").code(0);
    assert_eq!(config(&sandbox), before);
}

#[test]
fn a_file_that_was_changed_by_hand_is_kept_and_named() {
    let sandbox = start();
    setup(&sandbox, "daily").code(0);
    let [service, timer, link] = files(&sandbox);
    let by_hand = fs::read_to_string(&service)
        .expect("as the test made it")
        .replace("Nice=19", "Nice=5");
    fs::write(&service, &by_hand).expect("as the test made it");
    told(&sandbox);
    let before = config(&sandbox);
    let run = setup(&sandbox, "weekly").code(1);
    assert!(
        run.said().contains(&name(&service)) && run.said().contains("changed by hand"),
        "{}",
        run.said()
    );
    assert_eq!((config(&sandbox), told(&sandbox)), (before, Vec::new()));
    let run = sandbox.run("pika", &["undo", "--yes"]).code(1);
    assert!(run.said().contains(&name(&service)), "{}", run.said());
    assert_eq!(
        fs::read_to_string(&service).expect("as the test made it"),
        by_hand
    );
    assert!(!timer.exists() && !link.exists(), "not changed by hand");

    // Nor does a link in its place lead us elsewhere.
    fs::remove_file(&service).expect("as the test made it");
    std::os::unix::fs::symlink(sandbox.outside("home/elsewhere"), &service)
        .expect("as the test made it");
    setup(&sandbox, "daily").code(1);
    assert!(!sandbox.outside("home/elsewhere").exists() && !timer.exists());
}

/// Whether `systemd-analyze verify` takes units, and what it says; `None` where it is not installed.
fn verified(sandbox: &Sandbox, units: &[&Path]) -> Option<Run> {
    let runtime = sandbox.outside("runtime");
    fs::create_dir_all(&runtime).expect("as the test made it");
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--user", "--man=no"]).args(units);
    let output = command.env("XDG_RUNTIME_DIR", runtime).output();
    output.ok().map(Run::from)
}

#[test]
fn systemd_takes_the_units() {
    // The second one has what systemd takes in no path of a program.
    for odd in ["o dd 50% $HOME $$; é", "a \"b\" 'c' d\\e %n"] {
        let mut sandbox = start();
        let folder = sandbox.path(odd);
        fs::create_dir(&folder).expect("as the test made it");
        let program = folder.join("cargo-sharedtarget");
        fs::copy(env!("CARGO_BIN_EXE_cargo-sharedtarget"), &program).expect("as the test made it");
        sandbox.env("XDG_STATE_HOME", folder.join("st%ate"));
        let repository = format!("{odd}/pika");
        sandbox.repository(&repository, &[]);
        let args = ["sharedtarget", "setup", "--schedule", "daily", "--yes"];
        let set = sandbox.prepared(&program, &repository, &args).output();
        Run::from(set.expect("as the test made it")).code(0);
        let [service, timer, _] = files(&sandbox);
        let Some(run) = verified(&sandbox, &[&service, &timer]) else {
            eprintln!("skipped: there is no systemd-analyze");
            return;
        };
        let text = fs::read_to_string(&service).expect("as the test made it");
        assert_eq!((run.code, run.said().as_str()), (Some(0), ""), "{text}");
        // It looks for the program where that is.
        if text.contains("ExecStart=:/bin/sh") {
            continue;
        }
        fs::remove_file(&program).expect("as the test made it");
        let run = verified(&sandbox, &[&service, &timer])
            .expect("as the test made it")
            .code(1);
        assert!(
            run.said().contains(&*program.to_string_lossy()),
            "{}",
            run.said()
        );
    }
}

#[test]
fn what_it_runs_keeps_to_the_settings() {
    let sandbox = start();
    sandbox.worktree("pika", "gone");
    sandbox
        .run(
            "pika",
            &["setup", "--max-age", "1d", "--schedule", "daily", "--yes"],
        )
        .code(0);
    for one in ["gone", "main", "beside"] {
        sandbox.cargo(
            one.replace("main", "pika").as_str(),
            &["build", "-q", "--offline"],
        );
    }
    let [service, ..] = files(&sandbox);
    let text = fs::read_to_string(&service).expect("as the test made it");
    let line = text
        .lines()
        .find_map(|line| line.split_once("runs: "))
        .expect("a line")
        .1;
    let words: Vec<String> = serde_json::from_str(line).expect("as the test made it");
    let run = || {
        let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        Run::from(
            sandbox
                .prepared(&words[0], "", &arguments)
                .output()
                .expect("as the test made it"),
        )
        .code(0)
    };
    let tree = sandbox.tree("pika/.shared-target/pika");
    run();
    let after = sandbox.tree("pika/.shared-target/pika");
    assert!(after == tree, "all was used within a day");
    let touched = Command::new("find")
        .arg(sandbox.path("pika/.shared-target"))
        .args(["-exec", "touch", "-h", "-d", "3 days ago", "{}", "+"])
        .status();
    assert!(touched.expect("as the test made it").success());
    let said = run();
    assert!(said.stdout.contains("deleted "), "{}", said.said());
}

#[test]
fn doctor_names_a_timer_whose_program_or_root_is_gone() {
    let sandbox = start();
    let program = sandbox.outside("bin/cargo-sharedtarget");
    fs::copy(env!("CARGO_BIN_EXE_cargo-sharedtarget"), &program).expect("as the test made it");
    let args = ["sharedtarget", "setup", "--schedule", "daily", "--yes"];
    Run::from(
        sandbox
            .prepared(&program, "pika", &args)
            .output()
            .expect("as the test made it"),
    )
    .code(0);
    assert_eq!(diagnosis(&sandbox, "timer"), None);
    fs::remove_file(&program).expect("as the test made it");
    let found = diagnosis(&sandbox, "timer").expect("named");
    assert!(
        found["what"]
            .as_str()
            .expect("as the test made it")
            .contains(&*program.to_string_lossy()),
        "{found}"
    );
    assert_eq!(found["fix"], "cargo sharedtarget setup --schedule daily");
    setup(&sandbox, "daily").code(0);
    assert_eq!(diagnosis(&sandbox, "timer"), None);

    // One of another root, which is gone.
    sandbox.repository("other", &["more"]);
    sandbox
        .run("other", &["setup", "--schedule", "daily", "--yes"])
        .code(0);
    fs::remove_dir_all(sandbox.path("other")).expect("as the test made it");
    let found = diagnosis(&sandbox, "timer").expect("named");
    let fix = found["fix"].as_str().expect("as the test made it");
    assert!(
        fix.starts_with("systemctl --user disable --now cargo-sharedtarget-other-"),
        "{fix}"
    );
    sandbox.command("sh", "", &["-c", fix]).code(0);
    assert_eq!(diagnosis(&sandbox, "timer"), None);
}

#[test]
fn without_a_shared_root_there_is_no_timer() {
    let sandbox = start();
    let before = config(&sandbox);
    let asked = ["setup", "--layout", "in-place", "--schedule", "daily"];
    // A limit makes a shared root for the settings alone.
    for more in [&["--yes"][..], &["--max-size", "1GB", "--yes"]] {
        let args = [&asked[..], more].concat();
        let run = sandbox.run("pika", &args).code(101);
        let told = run.stderr.contains("expected a shared root");
        assert!(told, "{more:?}: {}", run.stderr);
        assert_eq!(config(&sandbox), before);
    }
}
