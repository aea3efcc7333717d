//! Every command without a terminal: it never waits for an answer, exits as documented, and says in JSON what it did.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::sandbox::{Run, Sandbox};

/// Where the commands run.
const PLACE: &str = "pika";

/// A command, what it needs besides, and the codes with which it may exit here.
struct Case {
    command: &'static str,
    args: &'static [&'static str],
    codes: &'static [i32],
    /// Answers in JSON.
    json: bool,
}

const fn case(command: &'static str, args: &'static [&'static str], codes: &'static [i32]) -> Case {
    Case {
        command,
        args,
        codes,
        json: true,
    }
}

const fn plain(command: &'static str, args: &'static [&'static str]) -> Case {
    Case {
        command,
        args,
        codes: &[0],
        json: false,
    }
}

/// Every command, each where it has something to do. 3: it deletes, and was not confirmed.
const CASES: [Case; 24] = [
    case("setup", &[], &[3]),
    case("list", &[], &[0]),
    case("clean", &["--all"], &[3]),
    case("audit", &[], &[0]),
    case("why", &[], &[0]),
    case("gc", &["--profile", "dev"], &[3]),
    case("dedupe", &[], &[0]),
    case("doctor", &[], &[0, 1]),
    case("doctor", &["--fix"], &[0, 1]),
    case("cache info", &[], &[0]),
    case("cache clean", &[], &[0, 3]),
    case("store harvest", &[], &[0, 1]),
    case("store pull", &[], &[101]),
    case("store push", &[], &[101]),
    case("store status", &[], &[0]),
    case("store clean", &[], &[0, 3]),
    case("hook status", &[], &[0]),
    case("hook install", &["--for", "claude"], &[0]),
    case("hook uninstall", &["--for", "claude"], &[0]),
    case("warm", &["../beside"], &[0]),
    case("onboard", &["../beside"], &[0]),
    case("undo", &[], &[0, 1]),
    plain("completions", &["bash"]),
    plain("run", &["script.rs"]),
];

/// The commands that a help text lists, with those that they have.
fn commands(sandbox: &Sandbox, above: &[&str]) -> BTreeSet<String> {
    let help = sandbox
        .run("", &[above, &["--help"]].concat())
        .code(0)
        .stdout;
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return BTreeSet::from([above.join(" ")]);
    };
    let list = list.split("\n\n").next().unwrap_or_default();
    let names = list.lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?;
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase());
        is_name.then(|| name.split_whitespace().next()).flatten()
    });
    names
        .filter(|name| *name != "help")
        .flat_map(|name| commands(sandbox, &[above, &[name]].concat()))
        .collect()
}

/// Runs a command with a pipe as its input in which nothing ever comes.
fn waits_for_nothing(sandbox: &Sandbox, args: &[&str]) -> Run {
    let mut command = sandbox.program(PLACE, args);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("our program");
    let input = child.stdin.take();
    let (mut out, mut err) = (
        child.stdout.take().expect("a pipe"),
        child.stderr.take().expect("a pipe"),
    );
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = out.read_to_string(&mut text);
        text
    });
    let narrated = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = err.read_to_string(&mut text);
        text
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(300),
            "{args:?} waits for an answer"
        );
        std::thread::sleep(Duration::from_millis(20));
    };
    drop(input);
    Run {
        code: status.code(),
        stdout: read.join().expect("read"),
        stderr: narrated.join().expect("read"),
    }
}

/// Runs a command whose input is closed.
fn without_input(sandbox: &Sandbox, args: &[&str]) -> Run {
    let all = [
        &[
            "-c",
            "exec \"$0\" \"$@\" <&-",
            env!("CARGO_BIN_EXE_cargo-sharedtarget"),
        ],
        args,
    ];
    sandbox.command("sh", PLACE, &all.concat())
}

fn busy() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.package(PLACE, "pika", "pika");
    sandbox.write("pika/.gitignore", "target\nscript.rs\n");
    sandbox.cargo(PLACE, &["generate-lockfile", "--offline"]);
    sandbox.write("pika/script.rs", "fn main() { println!(\"script\"); }\n");
    sandbox.commit_all(PLACE);
    sandbox.worktree(PLACE, "beside");
    sandbox.cargo(PLACE, &["build", "-q", "--offline"]).code(0);
    sandbox
}

#[test]
fn no_command_waits_for_an_answer() {
    let sandbox = busy();
    let tested: BTreeSet<String> = CASES.iter().map(|case| case.command.to_owned()).collect();
    assert_eq!(tested, commands(&sandbox, &[]), "a command is not tested");
    let mut wrong = Vec::new();
    for case in &CASES {
        let words: Vec<&str> = case.command.split(' ').collect();
        let args = [&words[..], case.args].concat();
        let args = match case.json {
            true => [&args[..], &["--format", "json"]].concat(),
            false => args,
        };
        for run in [
            waits_for_nothing(&sandbox, &args),
            without_input(&sandbox, &args),
        ] {
            let code = run.code.expect("a code");
            if !case.codes.contains(&code) {
                wrong.push(format!("{args:?}: {run:?}"));
                continue;
            }
            if !case.json || code == 101 {
                continue;
            }
            let answer = run.json();
            assert_eq!(answer["version"], 1, "{args:?}");
            // One command may print two documents, told apart by a flag.
            let name = answer["command"].as_str().unwrap_or_default();
            assert!(name.starts_with(case.command), "{args:?}: {name}");
            // A command that changes something prints its plan and its outcome.
            let asked = code == 3;
            if asked {
                assert!(answer["outcome"].is_null(), "{args:?}");
                let actions = &answer["plan"]["actions"];
                assert_ne!(actions.as_array().map(Vec::len), Some(0), "{args:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
