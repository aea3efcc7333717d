//! The scripts in `fixtures/scripts`, with crates from the real registry.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use toml_edit::DocumentMut;

use crate::amount::{Amount, amount};
use crate::sandbox::Sandbox;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scripts")
}

/// Cargo with the machine's own home, where most crates are already.
fn with_network(sandbox: &Sandbox, args: &[&str]) -> Command {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let mut program = sandbox.program("", args);
    program
        .env("CARGO_HOME", home.expect("a home"))
        .env("CARGO_SHAREDTARGET_CACHE_DIR", sandbox.outside("cache"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    program
}

fn run(sandbox: &Sandbox, args: &[&str], input: &str) -> std::process::Output {
    let mut child = with_network(sandbox, args).spawn().expect("our program");
    // A script need not read it.
    let _ = child
        .stdin
        .take()
        .expect("an input")
        .write_all(input.as_bytes());
    child.wait_with_output().expect("an end")
}

#[test]
fn scripts_that_people_write() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = Sandbox::new();
    let words = folder().join("words.rs").display().to_string();
    let probe = run(&sandbox, &["run", "--build-only", &words], "");
    if !probe.status.success() {
        let said = String::from_utf8_lossy(&probe.stderr).into_owned();
        let away = [
            "failed to download",
            "failed to query",
            "failed to get",
            "Could not resolve",
        ];
        assert!(away.iter().any(|part| said.contains(part)), "{said}");
        eprintln!("skipped: no registry can be reached");
        return;
    }
    let cases = std::fs::read_to_string(folder().join("cases.toml")).expect("cases");
    let cases: DocumentMut = cases.parse().expect("TOML");
    let cases = cases["case"].as_array_of_tables().expect("cases");
    assert!(cases.len() >= 20);
    let step = if amount() == Amount::Full { 1 } else { 3 };
    // The second time all of them are there.
    for again in [false, true] {
        for case in cases.iter().step_by(step) {
            let name = case["name"].as_str().expect("a name");
            let script = folder().join(format!("{name}.rs")).display().to_string();
            let mut args = vec!["run"];
            if case["infer"].as_bool() == Some(true) {
                args.push("--infer");
            }
            args.push(&script);
            let own = case["args"].as_array().expect("arguments");
            args.extend(own.iter().filter_map(|value| value.as_str()));
            let output = run(&sandbox, &args, case["stdin"].as_str().expect("an input"));
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let code = case["code"]
                .as_integer()
                .and_then(|code| i32::try_from(code).ok());
            assert_eq!(output.status.code(), code, "{name}: {said}");
            let expected = folder().join("expected").join(format!("{name}.txt"));
            let expected = std::fs::read_to_string(&expected).expect("an answer");
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                expected,
                "{name}: {said}"
            );
            assert!(
                !again || !said.contains("Compiling"),
                "{name} was built again: {said}"
            );
        }
    }
}
