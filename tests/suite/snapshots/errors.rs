//! Bad input: wrong arguments, broken files, and what is missing.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::Book;
use crate::sandbox::Run;

#[test]
fn wrong_arguments() {
    let Some((book, _)) = Book::new("arguments") else {
        return;
    };
    book.sandbox.repository("pika", &[]);
    let says = |name: &str, args: &[&str]| book.says(name, "pika", args);
    says("unknown-flag", &["list", "--what"]);
    says("unknown-command", &["lost"]);
    says("misspelt-command", &["lsit"]);
    says("missing-folder", &["list", "nowhere/at/all"]);
    says("no-folder", &["list", "Cargo.toml"]);
    says("age", &["clean", "--idle", "soon"]);
    says("age-month", &["clean", "--idle", "1 month"]);
    says("size", &["gc", "--max-size", "much"]);
    says("glob", &["list", "--exclude", "["]);
    says("conflict", &["clean", "--stale", "--orphaned"]);
    says("layout", &["setup", "--layout", "round"]);
    says("layout-without-place", &["setup", "--layout", "build-dir"]);
    says("place-without-layout", &["setup", "--config-at", "."]);
    says(
        "wrapper",
        &["setup", "-n", "--rustc-wrapper", "no-such-program"],
    );
    says("shell", &["completions", "cmd"]);
    says("no-shell", &["completions"]);
    says("hook-alone", &["hook"]);
    says("part", &["cache", "clean", "some"]);
    says("no-script", &["run", "nowhere.rs"]);
    says("run-alone", &["run"]);
    says("donor", &["warm", "-n", "--from", "nowhere"]);
    says("worktree", &["warm", "--yes", "nowhere"]);
    says("folders-and-roots", &["gc", "-n", "src", "target/debug"]);
    says("script-folder", &["run", "src"]);
    says("donor-empty", &["warm", "-n", "--from", "src"]);
    let config_at = ["--layout", "build-dir", "--config-at", "nowhere"];
    says("config-at", &[&["setup", "-n"][..], &config_at].concat());
    let mut program = book.sandbox.program("pika", &["list"]);
    program.env("CARGO_SHAREDTARGET_MAX_SIZE", "much");
    let run = Run::from(program.output().expect("our program"));
    book.heard(
        "variable",
        "pika$ CARGO_SHAREDTARGET_MAX_SIZE=much cargo sharedtarget list",
        &run,
    );
    let version = says("version", &["--version"]);
    assert_eq!(version.code, Some(0));
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = book.sandbox.run("pika", &["completions", shell]).code(0);
        let first: String = script
            .stdout
            .lines()
            .take(8)
            .map(|line| format!("{line}\n"))
            .collect();
        book.holds(&format!("completions-{shell}.txt"), &first);
    }
    book.close();
}

#[test]
fn broken_files() {
    let Some((book, _)) = Book::new("broken") else {
        return;
    };
    let sandbox = &book.sandbox;
    let all = |name: &str, commands: &[&str]| {
        for command in commands {
            let mut args: Vec<&str> = command.split(' ').collect();
            if ["setup", "warm", "onboard", "gc"].contains(&args[0]) {
                args.push("-n");
            }
            book.says(
                &format!("{name}-{}", args[..args.len().min(1)].concat()),
                name,
                &args,
            );
        }
    };

    sandbox.repository("manifest", &[]);
    sandbox.write(
        "manifest/Cargo.toml",
        "[package]\nname = \"app\nversion = \"0.1.0\"\n",
    );
    all(
        "manifest",
        &["list", "setup", "onboard", "warm", "audit", "gc", "doctor"],
    );

    sandbox.repository("config", &[]);
    sandbox.write("config/.cargo/config.toml", "[build]\njobs = \n");
    all(
        "config",
        &["list", "setup", "onboard", "warm", "audit", "gc", "doctor"],
    );

    sandbox.repository("lock", &["lock-beside"]);
    sandbox.write(
        "lock/Cargo.lock",
        "version = 4\n[[package]\nname = \"app\"\n",
    );
    sandbox.target("lock/target");
    all(
        "lock",
        &["list", "setup", "warm", "audit", "gc", "store harvest"],
    );

    sandbox.repository("settings", &[]);
    sandbox.run("settings", &["setup", "--yes"]).code(0);
    sandbox.write(
        "settings/.shared-target/sharedtarget.toml",
        "max-size = \"much\"\n",
    );
    all(
        "settings",
        &[
            "list",
            "setup",
            "onboard",
            "audit",
            "gc",
            "doctor",
            "store status",
            "cache info",
        ],
    );
    sandbox.write(
        "settings/.shared-target/sharedtarget.toml",
        "max-size = \"1GB\"\nmax-sise = 3\n[store\n",
    );
    book.says("settings-toml", "settings", &["gc", "-n"]);

    // Links that lead to themselves: no user can read them.
    sandbox.repository("circle", &[]);
    let path = sandbox.path("circle/Cargo.toml");
    std::fs::remove_file(&path).expect("removed");
    symlink("Cargo.toml", path).expect("a link");
    all("circle", &["list", "setup", "warm", "doctor"]);
    sandbox.repository("circling", &[]);
    std::fs::create_dir(sandbox.path("circling/.cargo")).expect("a folder");
    symlink("config.toml", sandbox.path("circling/.cargo/config.toml")).expect("a link");
    all("circling", &["list", "setup", "warm", "doctor"]);

    sandbox.repository("binary", &[]);
    std::fs::write(
        sandbox.path("binary/Cargo.toml"),
        b"[package]\nname = \"\xff\"\n",
    )
    .expect("a file");
    all("binary", &["list", "setup"]);

    sandbox.write("broken.rs", "---\n[dependencies\n---\nfn main() {}\n");
    book.says("script", "", &["run", "broken.rs"]);
    sandbox.write("open.rs", "---\n[dependencies]\nfn main() {}\n");
    book.says("script-open", "", &["run", "open.rs"]);
    book.close();
}

#[test]
fn missing() {
    let Some((book, _)) = Book::new("missing") else {
        return;
    };
    let sandbox = &book.sandbox;
    std::fs::create_dir(sandbox.path("empty")).expect("a folder");
    for (name, args) in [
        ("list", &["list"][..]),
        ("setup", &["setup", "-n"]),
        ("clean", &["clean", "-n"]),
        ("audit", &["audit"]),
        ("gc", &["gc", "-n"]),
        ("dedupe", &["dedupe", "-n"]),
        ("onboard", &["onboard", "-n"]),
        ("warm", &["warm", "--yes"]),
        ("doctor", &["doctor"]),
        ("undo", &["undo", "-n"]),
        ("hook-status", &["hook", "status"]),
        ("hook-install", &["hook", "install"]),
        ("store-harvest", &["store", "harvest", "-n"]),
        ("setup-json", &["setup", "-n", "--format", "json"]),
        ("audit-json", &["audit", "--format", "json"]),
    ] {
        book.says(&format!("empty-{name}"), "empty", args);
    }

    sandbox.repository("pika", &[]);
    sandbox.write("pika/notes.txt", "mine");
    for (name, at) in [("file", "notes.txt"), ("sources", "src")] {
        book.says(
            &format!("shared-root-{name}"),
            "pika",
            &["setup", "-n", "--shared-root", at],
        );
    }

    // Cargo is there, and nothing else.
    let only = sandbox.outside("own/bin");
    let without = |name: &str, args: &[&str]| {
        let mut program = sandbox.program("pika", args);
        let run = Run::from(program.env("PATH", &only).output().expect("our program"));
        let line = format!("pika$ PATH= cargo sharedtarget {}", args.join(" "));
        book.heard(&format!("no-git-{name}"), &line, &run);
    };
    without("list", &["list"]);
    without("setup", &["setup", "-n"]);
    without("onboard", &["onboard", "-n"]);
    without("hook-status", &["hook", "status"]);
    without("hook-install", &["hook", "install"]);
    without("doctor", &["doctor"]);

    let nothing = sandbox.outside("nothing");
    std::fs::create_dir(&nothing).expect("a folder");
    let with = |name: &str, variable: &str, value: &Path, args: &[&str]| {
        let mut program = sandbox.program("pika", args);
        let run = Run::from(program.env(variable, value).output().expect("our program"));
        let line = format!(
            "pika$ {variable}={} cargo sharedtarget {}",
            value.display(),
            args.join(" ")
        );
        book.heard(name, &line, &run);
    };
    with("no-tools-setup", "PATH", &nothing, &["setup", "--yes"]);
    with("no-tools-warm", "PATH", &nothing, &["warm", "-n"]);
    let file = sandbox.path("pika/notes.txt");
    with(
        "no-state-setup",
        "XDG_STATE_HOME",
        &file,
        &["setup", "--yes"],
    );
    sandbox.run("pika", &["setup", "--yes"]).code(0);
    let lock = sandbox.path("pika/.shared-target/.sharedtarget/lock");
    let lock = std::fs::File::open(lock).expect("the lock");
    lock.lock().expect("locked");
    book.says("locked-undo", "pika", &["undo", "--yes"]);
    drop(lock);
    book.close();
}
