//! Text of others at the terminal: whatever a clone's names and files say, nothing of it is obeyed, and no command that
//! we suggest runs any of it.

mod commands;
mod log;

use std::collections::BTreeSet;
use std::{fs, iter};

use cargo_sharedtarget::text::is_unsafe;

use crate::sandbox::{Run, Sandbox};

/// Sets the title, fills the clipboard, colours, clears the screen by one character of C1, turns the order round, goes
/// back to the begin of the line, and begins a line of its own.
const HOSTILE: &str = "\u{1b}]0;title\u{7}\u{1b}]52;c;eA==\u{7}\u{1b}[31m\u{9b}2J\u{202e}\u{200b}\r\tx\nerror: forged\u{7f}";

/// The same for a value of TOML, which takes escapes.
fn in_toml(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            c if c.is_control() || is_unsafe(c) => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// As far as git takes it for the name of a branch.
const BRANCH: &str = "b\u{9b}2J\u{202e}$(touch${IFS}ran)`touch${IFS}ran`'\u{200b}";

/// The text without the escapes that we may use ourselves: colours, and links to files. All else of an output must be
/// harmless.
fn without_our_own(text: &str) -> String {
    let mut all = String::new();
    let mut rest = text;
    'next: while let Some(c) = rest.chars().next() {
        for own in [
            "\u{1b}[0m",
            "\u{1b}[1m",
            "\u{1b}[2m",
            "\u{1b}[4m",
            "\u{1b}[31m",
            "\u{1b}[32m",
            "\u{1b}[33m",
            "\u{1b}[36m",
        ] {
            if let Some(behind) = rest.strip_prefix(own) {
                rest = behind;
                continue 'next;
            }
        }
        if let Some(link) = rest.strip_prefix("\u{1b}]8;;")
            && let Some((to, behind)) = link.split_once("\u{1b}\\")
            && (to.is_empty() || to.starts_with("file:///"))
        {
            assert!(to.chars().all(|c| c.is_ascii_graphic()), "{to:?}");
            rest = behind;
            continue;
        }
        all.push(c);
        rest = &rest[c.len_utf8()..];
    }
    all
}

/// Fails unless nothing in an output is obeyed by a terminal, or pretends to be a line of ours.
#[track_caller]
fn harmless(what: &str, run: &Run) {
    for text in [&run.stdout, &run.stderr] {
        let rest = without_our_own(text);
        let found: BTreeSet<char> = rest
            .chars()
            .filter(|c| *c != '\n' && is_unsafe(*c))
            .collect();
        assert!(found.is_empty(), "{what}: {found:?} in\n{text:?}");
        let forged = rest.lines().any(|line| line.starts_with("error: forged"));
        assert!(!forged, "{what} has a line begin:\n{text}");
    }
    assert_ne!(run.code, None, "{what} was killed");
}

/// Runs a command as a pipe has it, with links and without colours; with colours; and for programs.
#[track_caller]
fn all_ways(sandbox: &Sandbox, folder: &str, args: &[&str]) -> Vec<Run> {
    let mut runs = Vec::new();
    for more in [
        &[][..],
        &["--color", "always", "--verbose"],
        &["--format", "json"],
    ] {
        let takes = !(args[0] == "run" && more.contains(&"--format"));
        let mut all = args.to_vec();
        all.splice(1..1, more.iter().copied().filter(|_| takes));
        // A subcommand of a command stands before its options.
        if ["hook", "store", "cache"].contains(&args[0]) {
            all = args.to_vec();
            all.extend(more);
        }
        let run = sandbox.run(folder, &all);
        harmless(&format!("{all:?}"), &run);
        runs.push(run);
    }
    runs
}

/// A sandbox whose rustup has one toolchain: `doctor` is asked often here.
fn with_one_toolchain() -> Sandbox {
    let mut sandbox = Sandbox::new();
    let name = "one";
    let (home, _) = sandbox.rustup_home(name);
    sandbox.env("RUSTUP_HOME", home);
    // It is the only one there, whichever the suite is run for.
    if crate::sandbox::chosen_toolchain().is_some() {
        let channel = format!("[toolchain]\nchannel = \"{name}\"\n");
        fs::write(sandbox.outside("rust-toolchain.toml"), channel).expect("a file");
    }
    sandbox
}

/// A sandbox in which nothing has a name of good will, and its shared root.
fn hostile() -> Sandbox {
    let mut sandbox = with_one_toolchain();
    sandbox.env("CARGO_TERM_HYPERLINKS", "true");
    sandbox.repository("pika", &["beside"]);
    let repository = format!("repo {HOSTILE}");
    sandbox.package(&repository, "app", "hello");
    sandbox.write(
        &format!("{repository}/.cargo/config.toml"),
        &format!(
            "[build]\nrustc-wrapper = {}\n",
            in_toml(&format!("/{HOSTILE}"))
        ),
    );
    sandbox.commit_all(&repository);
    let worktree = format!("tree {HOSTILE}");
    let at = sandbox.path(&worktree).display().to_string();
    sandbox.git(&repository, &["worktree", "add", "-q", "-b", BRANCH, &at]);
    // Files that no one reads without a message.
    for (folder, file, text) in [
        (
            "name",
            "Cargo.toml",
            format!("[package]\nname = {}\n", in_toml(HOSTILE)),
        ),
        (
            "broken",
            "Cargo.toml",
            format!("[package]\nname = \"x\" {HOSTILE}\n"),
        ),
        (
            "member",
            "Cargo.toml",
            format!("[workspace]\nmembers = [{}]\n", in_toml(HOSTILE)),
        ),
        (
            "config",
            ".cargo/config.toml",
            format!("[build]\ntarget-dir = \"a\" {HOSTILE}\n"),
        ),
        (
            "value",
            ".cargo/config.toml",
            format!(
                "[build]\ntarget-dir = {}\n",
                in_toml(&format!("/tmp/{HOSTILE}"))
            ),
        ),
        (
            "editor",
            ".vscode/settings.json",
            serde_json::json!({"rust-analyzer.cargo.targetDir": format!("/{HOSTILE}")}).to_string(),
        ),
        (
            "lock",
            "Cargo.lock",
            format!(
                "version = 4\n[[package]]\nname = {}\nversion = \"1.0.0\"\n[[package]] {HOSTILE}",
                in_toml(HOSTILE)
            ),
        ),
        (
            "toolchain",
            "rust-toolchain.toml",
            format!("[toolchain]\nchannel = {}\n", in_toml(HOSTILE)),
        ),
        ("git-file", ".git", format!("gitdir: {HOSTILE}\n")),
    ] {
        let folder = format!("{folder} {HOSTILE}");
        sandbox.package(&folder, "app", "hello");
        if folder.starts_with("editor") || folder.starts_with("lock") {
            sandbox.commit_all(&folder);
        }
        sandbox.write(&format!("{folder}/{file}"), &text);
    }
    // A folder that looks like a target folder, with files by such names in it.
    let target = format!("{repository}/target");
    sandbox.target(&target);
    for inside in [
        "debug",
        "debug/deps",
        "debug/.fingerprint",
        "debug/build",
        "debug/incremental",
        "doc",
    ] {
        let folder = sandbox.path(&format!("{target}/{inside}/{HOSTILE}"));
        fs::create_dir_all(&folder).expect("folders");
        fs::write(folder.join(HOSTILE), "x").expect("a file");
    }
    sandbox.write(
        &format!("{target}/debug/.fingerprint/a-0123456789abcdef/lib-{HOSTILE}.json"),
        "{}",
    );
    sandbox
}

/// Each command that says something, as it is asked in a folder.
const COMMANDS: &[&[&str]] = &[
    &["list"],
    &["list", "--no-size"],
    &["doctor"],
    &["doctor", "--fix", "--dry-run"],
    &["audit"],
    &["gc", "--dry-run"],
    &["gc", "--incremental", "--superseded", "--dry-run"],
    &["clean", "--all", "--dry-run"],
    &["setup", "--dry-run"],
    &["setup", "--layout", "flat", "--dry-run"],
    &["dedupe", "--dry-run"],
    &["undo", "--dry-run"],
    &["hook", "status"],
    &["hook", "install", "--dry-run"],
    &["store", "status"],
    &["store", "harvest", "--dry-run"],
    &["cache", "info"],
];

#[test]
fn nothing_of_a_clone_reaches_the_terminal() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = hostile();
    for command in COMMANDS {
        all_ways(&sandbox, "", command);
    }
    for folder in ["repo", "tree", "broken", "config", "lock", "git-file"] {
        let folder = format!("{folder} {HOSTILE}");
        for command in [
            &["onboard", "--dry-run"][..],
            &["warm", "--dry-run"],
            &["why"],
            &["why", "app"],
            &["hook", "status"],
            &["doctor"],
            &["list"],
        ] {
            all_ways(&sandbox, &folder, command);
        }
    }
}

/// The report of what was done names such paths too, and obstacles.
#[test]
fn nothing_of_a_clone_reaches_the_terminal_when_it_is_acted_on() {
    let sandbox = hostile();
    let run = |folder: &str, args: &[&str]| {
        let mut all = args.to_vec();
        all.extend(["--yes", "--color", "always", "--verbose"]);
        harmless(&format!("{all:?}"), &sandbox.run(folder, &all));
    };
    let tree = format!("tree {HOSTILE}");
    // Half of these have nothing to do here, and print that as well.
    for (folder, args) in [
        ("", &["setup", "--replace", "--shared-root", "shared"][..]),
        ("", &["doctor", "--fix"]),
        (&tree, &["onboard"]),
        (&tree, &["warm"]),
        ("", &["gc", "--incremental"]),
        ("", &["dedupe"]),
        ("", &["store", "harvest"]),
        ("", &["hook", "install"]),
        ("", &["hook", "uninstall"]),
        ("", &["clean", "--all"]),
        ("", &["cache", "clean"]),
        ("", &["undo"]),
    ] {
        run(folder, args);
    }
}

/// Names in the shared root come from all who can write there, and from names of repositories.
#[test]
fn nothing_of_a_shared_root_reaches_the_terminal() {
    let sandbox = hostile();
    let set_up = sandbox.run(
        "",
        &["setup", "--yes", "--replace", "--shared-root", "shared"],
    );
    let root = sandbox.path("shared");
    assert!(root.join(".sharedtarget").is_dir(), "{set_up:?}");
    let escaped = in_toml(HOSTILE);
    let mut owners = 0;
    for entry in walkdir::WalkDir::new(&root) {
        let entry = entry.unwrap();
        if entry
            .file_name()
            .to_string_lossy()
            .ends_with(".sharedtarget.json")
        {
            let text = fs::read_to_string(entry.path()).unwrap();
            let text = text.replace("code/pika", &format!("code/{}", escaped.trim_matches('"')));
            fs::write(entry.path(), text).unwrap();
            owners += 1;
        }
    }
    assert_ne!(owners, 0);
    let settings = [
        format!("x = {}\n", in_toml(HOSTILE)),
        format!("max-size = {}\n", in_toml(HOSTILE)),
        format!("max-size = \"1 GB\" {HOSTILE}\n"),
        format!("rustc-wrapper = {}\n", in_toml(HOSTILE)),
        format!("[store]\nbefore = [{}]\n", in_toml(HOSTILE)),
        format!("[store.remote]\ntype = {}\n", in_toml(HOSTILE)),
    ];
    fs::create_dir_all(root.join(format!("folder {HOSTILE}/{HOSTILE}"))).unwrap();
    fs::create_dir_all(root.join(format!(".sharedtarget/trash/{HOSTILE}/{HOSTILE}"))).unwrap();
    // Once with all that is there; errors of settings do not depend on it.
    for (settings, (folder, shared)) in settings
        .iter()
        .zip(iter::once(("", "shared")).chain(iter::repeat(("pika", "../shared"))))
    {
        fs::write(root.join("sharedtarget.toml"), settings).unwrap();
        for command in [
            &["list"][..],
            &["doctor"],
            &["setup", "--dry-run"],
            &["clean", "--dry-run"],
            &["store", "status"],
        ] {
            let mut all = command.to_vec();
            if command[0] != "store" {
                all.extend(["--shared-root", shared]);
            }
            all_ways(&sandbox, folder, &all);
        }
    }
    for state in ["undo.json", "owners.json"] {
        fs::write(root.join(".sharedtarget").join(state), HOSTILE).unwrap();
    }
    for command in [
        &["undo", "--dry-run"][..],
        &["list"],
        &["clean", "--all", "--dry-run"],
    ] {
        let mut all = command.to_vec();
        all.extend(["--shared-root", "shared"]);
        all_ways(&sandbox, "", &all);
    }
}

#[test]
fn nothing_of_the_arguments_and_variables_reaches_the_terminal() {
    let sandbox = with_one_toolchain();
    sandbox.repository("pika", &["beside"]);
    for command in COMMANDS {
        let nowhere = format!("nowhere/{HOSTILE}");
        let flag = format!("--{HOSTILE}");
        for more in [&*nowhere, HOSTILE, &flag] {
            let mut all = command.to_vec();
            all.push(more);
            all_ways(&sandbox, "pika", &all);
        }
    }
    for args in [
        &[HOSTILE][..],
        &["clean", "--idle", HOSTILE],
        &["gc", "--max-size", HOSTILE],
        &["list", "--exclude", &format!("[{HOSTILE}")],
        &["setup", "--rustc-wrapper", HOSTILE, "-n"],
        &["setup", "--shared-root", HOSTILE, "-n"],
        &[
            "setup",
            "--layout",
            "build-dir",
            "--config-at",
            HOSTILE,
            "-n",
        ],
        &["warm", "--from", HOSTILE, "-n"],
        &["completions", HOSTILE],
        &["run", HOSTILE],
        &["run", "--toolchain", HOSTILE, "x.rs"],
        &["list", "--color", HOSTILE],
    ] {
        for colour in ["always", "never"] {
            let mut program = sandbox.program("pika", args);
            program.env("CLICOLOR_FORCE", if colour == "always" { "1" } else { "0" });
            let run = Run::from(program.output().expect("our program"));
            harmless(&format!("{args:?}"), &run);
        }
    }
    for variable in [
        "CARGO_TARGET_DIR",
        "RUSTC_WRAPPER",
        "RUSTC",
        "RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_SHAREDTARGET_MAX_SIZE",
        "CARGO_SHAREDTARGET_NO_LOCAL",
        "CARGO_SHAREDTARGET_STORE_DIR",
        "CARGO_TERM_QUIET",
        "CARGO_TERM_COLOR",
        "RUSTUP_TOOLCHAIN",
    ] {
        for command in [
            &["list"][..],
            &["doctor"],
            &["setup", "-n"],
            &["warm", "-n"],
            &["warm", "--help"],
        ] {
            let mut program = sandbox.program("pika", command);
            let run = Run::from(
                program
                    .env(variable, HOSTILE)
                    .output()
                    .expect("our program"),
            );
            harmless(&format!("{variable} {command:?}"), &run);
        }
    }
}

/// Scripts bring their names and manifests, and what the compiler says of them.
#[test]
fn nothing_of_a_script_reaches_the_terminal() {
    let sandbox = Sandbox::new();
    let name = format!("script {HOSTILE}.rs");
    for text in [
        "fn main() { let x: u8 = ; }\n".to_owned(),
        format!("fn main() {{ compile_error!(\"{HOSTILE}\"); }}\n"),
        format!(
            "//! ```cargo\n//! [dependencies]\n//! a = {} 2\n//! ```\nfn main() {{}}\n",
            in_toml(HOSTILE)
        ),
        format!(
            // Cargo speaks of its manifest itself, and leaves more in than we would.
            "---\n[package]\nname = {}\n---\nfn main() {{}}\n",
            in_toml("\u{1b}]0;title\u{7}")
        ),
        format!("---\n[{HOSTILE}\n---\nfn main() {{}}\n"),
        "fn main() { println!(\"fine\"); }\n".to_owned(),
    ] {
        sandbox.write(&name, &text);
        for colour in ["always", "never"] {
            let run = sandbox.run("", &["run", "--verbose", "--color", colour, &name]);
            let said = coloured_by_the_compiler(&run);
            harmless(&text, &said);
        }
    }
    let run = sandbox.run("", &["run", &name]).code(0);
    assert_eq!(run.stdout, "fine\n");
    all_ways(&sandbox, "", &["cache", "info"]);
    fs::remove_file(sandbox.path(&name)).unwrap();
    all_ways(&sandbox, "", &["cache", "clean", "--dry-run"]);
}

/// The compiler has colours of its own.
fn coloured_by_the_compiler(run: &Run) -> Run {
    let plain = |text: &str| {
        let mut all = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            all.push_str(before);
            let end = after
                .find(|c: char| !(c.is_ascii_digit() || c == ';'))
                .unwrap_or(0);
            match after[end..].strip_prefix('m') {
                Some(behind) => rest = behind,
                None => {
                    all.push_str("\u{1b}[");
                    rest = after;
                }
            }
        }
        // Tabs of the source stay.
        (all + rest).replace('\t', " ")
    };
    Run {
        code: run.code,
        stdout: plain(&run.stdout),
        stderr: plain(&run.stderr),
    }
}
