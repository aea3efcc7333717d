//! Two scripts never meet, wherever they lie and whatever they are called.

use std::fs;

use crate::scripts::desk::Desk;

#[test]
fn scripts_of_one_name_in_different_folders() {
    let desk = Desk::new();
    let text =
        "mod word;\nfn main() { println!(\"{} {}\", word::WORD, env!(\"CARGO_PKG_NAME\")); }\n";
    for folder in ["one", "two"] {
        desk.box_.write(&format!("{folder}/report.rs"), text);
        desk.box_.write(
            &format!("{folder}/word.rs"),
            &format!("pub const WORD: &str = \"{folder}\";\n"),
        );
    }
    for _ in 0..2 {
        assert_eq!(desk.prints(&["one/report.rs"]), "one report\n");
        assert_eq!(desk.prints(&["two/report.rs"]), "two report\n");
    }
    assert_eq!(desk.prints_at_once(&["one/report.rs"]), "one report\n");
    assert_eq!(desk.kept().len(), 2);
    // Moved away, the one's place is taken by the other's.
    fs::rename(desk.box_.path("one"), desk.box_.path("three")).expect("moved");
    fs::rename(desk.box_.path("two"), desk.box_.path("one")).expect("moved");
    assert_eq!(desk.prints(&["one/report.rs"]), "two report\n");
    assert_eq!(desk.prints(&["three/report.rs"]), "one report\n");
}

#[test]
fn build_scripts_of_packages_of_one_name() {
    let desk = Desk::new();
    let text = "//! ```cargo\n//! [package]\n//! name = \"same\"\n//! version = \"1.0.0\"\n//! build = \"make.rs\"\n//! ```\n\
        fn main() { println!(\"{}\", include_str!(concat!(env!(\"OUT_DIR\"), \"/word\"))); }\n";
    for folder in ["one", "two"] {
        desk.box_.write(&format!("{folder}/a.rs"), text);
        let make = format!(
            "fn main() {{ std::fs::write(std::env::var(\"OUT_DIR\").unwrap() + \"/word\", \"{folder}\").unwrap(); }}\n"
        );
        desk.box_.write(&format!("{folder}/make.rs"), &make);
    }
    for _ in 0..2 {
        for folder in ["one", "two"] {
            let script = format!("{folder}/a.rs");
            assert_eq!(desk.prints(&[&script]), format!("{folder}\n"));
            assert_eq!(desk.prints(&["--force", &script]), format!("{folder}\n"));
        }
    }
}

#[test]
fn standard_input_is_a_script_by_its_text() {
    let desk = Desk::new();
    desk.box_.write("one/word.txt", "one");
    desk.box_.write("two/word.txt", "two");
    let run = |folder: &str, text: &str| {
        let mut program = desk.box_.program(folder, &["run", "-", "x", "--y"]);
        program.stdin(std::process::Stdio::piped());
        program.stdout(std::process::Stdio::piped());
        program.stderr(std::process::Stdio::piped());
        let mut child = program.spawn().expect("our program");
        let mut input = child.stdin.take().expect("an input");
        std::io::Write::write_all(&mut input, text.as_bytes()).expect("written");
        drop(input);
        let output = child.wait_with_output().expect("an end");
        (
            String::from_utf8(output.stdout).expect("text"),
            String::from_utf8(output.stderr).expect("text"),
        )
    };
    let word = "println!(\"{} {:?}\", include_str!(\"word.txt\"), std::env::args().nth(2));\n";
    for _ in 0..2 {
        assert_eq!(run("one", word).0, "one Some(\"--y\")\n");
        assert_eq!(run("two", word).0, "two Some(\"--y\")\n");
        assert_eq!(run("one", "print!(\"{}\", 6 * 7)").0, "42");
    }
    let (_, said) = run("one", word);
    assert_eq!(said, "", "it was built again");
    let (_, said) = run("one", "let x: u8 = \"a\";\n");
    assert!(said.contains("<stdin>:1:13"), "{said}");
}

#[test]
fn links_lead_to_one_script() {
    let desk = Desk::with(
        "real/a.rs",
        "mod b;\nfn main() { println!(\"{}\", b::B); }\n",
    );
    desk.box_.write("real/b.rs", "pub const B: u8 = 1;\n");
    fs::create_dir(desk.box_.path("bin")).expect("a folder");
    std::os::unix::fs::symlink("../real/a.rs", desk.box_.path("bin/tool")).expect("a link");
    assert_eq!(desk.prints(&["bin/tool"]), "1\n");
    desk.prints(&["real/a.rs"]);
    assert_eq!(desk.kept().len(), 1);
}

#[test]
fn odd_names() {
    let desk = Desk::new();
    let names = [
        "größe.rs",
        "a b.rs",
        "1.rs",
        "-x.rs",
        "fn.rs",
        "test.rs",
        "no-ending",
        ".hidden",
        "a.b.c.rs",
        "it's \"so\".rs",
        "日本.rs",
        "entry.json",
        "last-run",
    ];
    for (at, name) in names.iter().enumerate() {
        desk.box_.write(
            &format!("d/{name}"),
            &format!("---\n---\nfn main() {{ println!(\"{at}\"); }}\n"),
        );
    }
    for _ in 0..2 {
        for (at, name) in names.iter().enumerate() {
            assert_eq!(
                desk.prints(&[&format!("d/{name}")]),
                format!("{at}\n"),
                "{name}"
            );
        }
    }
    assert_eq!(desk.kept().len(), names.len());
}

#[test]
fn folders_that_cannot_be_written() {
    let desk = Desk::with(
        "ro/a.rs",
        "---\n---\nmod b;\nfn main() { println!(\"{}\", b::B); }\n",
    );
    desk.box_.write("ro/b.rs", "pub const B: u8 = 1;\n");
    let mode = |path: &std::path::Path, mode: u32| {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
            .expect("a mode");
    };
    mode(&desk.box_.path("ro"), 0o555);
    let before = desk.box_.tree("ro");
    assert_eq!(desk.prints(&["ro/a.rs"]), "1\n");
    assert!(
        before == desk.box_.tree("ro"),
        "something was written beside the script"
    );
    mode(&desk.box_.path("ro"), 0o755);
}

/// A pipe is read as `cat` reads it: a late writer is waited for.
#[cfg(unix)]
#[test]
fn a_named_pipe_is_waited_for() {
    use std::process::{Command, Stdio};
    let desk = Desk::new();
    let pipe = desk.box_.path("pipe.rs");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let mut run = desk.box_.program("", &["run", "pipe.rs"]);
    run.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = run.spawn().expect("our program");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(run.try_wait().expect("its state"), None, "it waits");
    fs::write(&pipe, "fn main() { println!(\"through a pipe\"); }\n").expect("written");
    let output = run.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "through a pipe\n", "{output:?}");
}

/// A cache that would lie elsewhere for each folder that a script is run in is refused, with the reason.
#[cfg(unix)]
#[test]
fn a_relative_home_is_refused_in_words() {
    let desk = Desk::with("a.rs", "fn main() {}\n");
    let mut run = desk.box_.program("", &["run", "a.rs"]);
    run.env("HOME", "home")
        .env_remove("CARGO_SHAREDTARGET_CACHE_DIR")
        .env_remove("XDG_CACHE_HOME");
    let output = run.output().expect("our program");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{said}");
    assert!(said.contains("set HOME to an absolute path"), "{said}");
    assert!(!desk.box_.exists("home"), "nothing was made");
}
