//! The environment of a program, and its result, are its own.

use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use crate::scripts::desk::Desk;

const ECHO: &str = "use std::io::Read;\nfn main() {\n let mut input = Vec::new();\n std::io::stdin().read_to_end(&mut input).unwrap();\n\
    println!(\"{:?} {} {}\", std::env::args_os().skip(1).collect::<Vec<_>>(), String::from_utf8_lossy(&input), std::env::current_dir().unwrap().display());\n\
    eprintln!(\"{}\", std::env::var(\"CARGO_SHAREDTARGET_SCRIPT\").unwrap());\n\
    std::process::exit(std::env::args().nth(1).and_then(|code| code.parse().ok()).unwrap_or(0));\n}\n";

#[test]
fn arguments_input_folder_and_exit_code() {
    let desk = Desk::with("s/echo.rs", ECHO);
    desk.box_.write("elsewhere/x", "");
    for (args, code) in [
        (vec!["--release", "-x", "--", "a b", ""], 0),
        (vec!["7"], 7),
        (vec!["255", "--help"], 255),
    ] {
        let mut all = vec!["run", "../s/echo.rs"];
        all.extend(&args);
        let mut program = desk.box_.program("elsewhere", &all);
        program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = program.spawn().expect("our program");
        child
            .stdin
            .take()
            .expect("an input")
            .write_all(b"in")
            .expect("written");
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(code));
        let folder = desk.box_.path("elsewhere");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("{args:?} in {}\n", folder.display())
        );
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.ends_with(&format!("{}\n", desk.box_.path("s/echo.rs").display())),
            "{said}"
        );
    }
}

#[test]
fn a_dash_before_the_arguments_is_ours_and_one_after_is_theirs() {
    let desk = Desk::with("echo.rs", ECHO);
    let prints = |args: &[&str]| {
        desk.prints(args)
            .split(" ")
            .next()
            .expect("a word")
            .to_owned()
    };
    assert_eq!(prints(&["echo.rs", "--", "--x"]), "[\"--x\"]");
    assert_eq!(prints(&["--", "echo.rs", "--x"]), "[\"--x\"]");
}

#[test]
fn a_dash_is_the_scripts_own_where_its_first_line_calls_us() {
    let desk = Desk::new();
    let program = env!("CARGO_BIN_EXE_cargo-sharedtarget");
    let code = "fn main() { println!(\"{:?}\", std::env::args().skip(1).collect::<Vec<_>>()); }\n";
    for (name, line, said) in [
        (
            "ours",
            format!("#!{program} run\n"),
            "[\"--\", \"-x\", \"--\"]\n",
        ),
        (
            "other",
            "#!/usr/bin/env rust-script\n".to_owned(),
            "[\"-x\", \"--\"]\n",
        ),
        ("none", String::new(), "[\"-x\", \"--\"]\n"),
    ] {
        desk.box_.write(name, &format!("{line}{code}"));
        assert_eq!(desk.prints(&[name, "--", "-x", "--"]), said, "{name}");
        assert_eq!(desk.prints(&[name, "-x"]), "[\"-x\"]\n", "{name}");
    }
    let path = desk.box_.path("ours");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("a mode");
    let run = desk
        .box_
        .command(path.to_str().expect("text"), "", &["--", "-x"]);
    assert_eq!(run.code(0).stdout, "[\"--\", \"-x\"]\n");
}

#[test]
fn arguments_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let desk = Desk::with("echo.rs", ECHO);
    let mut program = desk.box_.program("", &["run", "echo.rs"]);
    program.arg(std::ffi::OsStr::from_bytes(b"a\xff\n"));
    let output = program.output().expect("our program");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("[\"a\\xFF\\n\"]"), "{said}");
}

#[test]
fn it_is_the_program_that_gets_a_signal() {
    let desk = Desk::with(
        "wait.rs",
        "fn main() { println!(\"{}\", std::process::id()); std::thread::sleep(std::time::Duration::from_secs(600)); }\n",
    );
    desk.prints(&["--build-only", "wait.rs"]);
    let mut program = desk.box_.program("", &["run", "wait.rs"]);
    let mut child = program.stdout(Stdio::piped()).spawn().expect("our program");
    let mut output = child.stdout.take().expect("an output");
    let mut said = String::new();
    while !said.ends_with('\n') {
        let mut byte = [0];
        assert_eq!(
            output.read(&mut byte).expect("readable"),
            1,
            "it ended: {said}"
        );
        said.push(char::from(byte[0]));
    }
    assert_eq!(said.trim(), child.id().to_string(), "it took our place");
    let kill = desk.box_.command("kill", "", &["-TERM", said.trim()]);
    assert_eq!(kill.code, Some(0));
    assert_eq!(child.wait().expect("an end").signal(), Some(15));
}

#[test]
fn a_line_at_the_top_runs_it() {
    let desk = Desk::new();
    let program = env!("CARGO_BIN_EXE_cargo-sharedtarget");
    desk.box_.write("bin/hällo wörld", &format!("#!{program} run\n---\n---\nfn main() {{ println!(\"{{:?}}\", std::env::args().nth(1)); }}\n"));
    let path = desk.box_.path("bin/hällo wörld");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("a mode");
    let run = desk
        .box_
        .command(path.to_str().expect("text"), "", &["--x"])
        .code(0);
    assert_eq!(run.stdout, "Some(\"--x\")\n");
}

#[test]
fn what_is_no_script() {
    let desk = Desk::with("a.rs", "fn main() {}\n");
    std::fs::write(desk.box_.path("b.rs"), b"fn main() {\n // \xff\n}").expect("a file");
    for (args, word) in [
        (&["none.rs"][..], "none.rs"),
        (&["."], "is a folder"),
        (&["b.rs"], "line 2"),
    ] {
        let run = desk.run(args).code(101);
        assert!(
            run.stderr.starts_with("error: ") && run.stderr.contains(word),
            "{}",
            run.stderr
        );
    }
    desk.run(&[]).code(2);
    desk.run(&["--no-such-flag", "a.rs"]).code(2);
}

#[test]
fn a_pipe_is_a_script_too() {
    let desk = Desk::with("a.rs", "println!(\"{:?}\", std::env::args().nth(1));\n");
    let program = env!("CARGO_BIN_EXE_cargo-sharedtarget");
    let run = desk.box_.command(
        "bash",
        "",
        &["-c", &format!("'{program}' run <(sleep 0.3; cat a.rs) x")],
    );
    assert_eq!(run.code(0).stdout, "Some(\"x\")\n");
}
