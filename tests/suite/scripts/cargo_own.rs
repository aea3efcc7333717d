//! Cargo's own scripts (`cargo -Zscript FILE.rs`): the same ones by Cargo and by us, with the same results.
//!
//! The forms are those of Cargo's own tests (`tests/testsuite/script` of Cargo), with files of ours.

use crate::sandbox::Run;
use crate::scripts::desk::Desk;

/// The toolchain whose Cargo is compared with.
const NIGHTLY: &str = "nightly-2026-10-20";

/// A main that prints what a script can know of itself.
const MAIN: &str = "fn main() { println!(\"{:?} {} {} {}\", std::env::args().collect::<Vec<_>>(), \
    env!(\"CARGO_PKG_NAME\"), env!(\"CARGO_PKG_VERSION\"), line!()); }\n";

/// A desk, where that toolchain is installed.
fn desk() -> Option<Desk> {
    let desk = Desk::new();
    let list = desk.box_.command("rustup", "", &["toolchain", "list"]);
    if list.stdout.contains(NIGHTLY) {
        return Some(desk);
    }
    eprintln!("skipped: {NIGHTLY} is not installed");
    None
}

fn by_cargo(desk: &Desk, script: &str) -> Run {
    let toolchain = format!("+{NIGHTLY}");
    desk.box_.command(
        "cargo",
        "",
        &[&toolchain, "-Zscript", script, "--flag", "a b"],
    )
}

fn by_us(desk: &Desk, script: &str) -> Run {
    desk.run(&["-t", NIGHTLY, script, "--flag", "a b"])
}

/// The first error of Cargo's or the compiler's, and its place as `LINE:COLUMN`.
fn error(said: &str) -> (String, Option<String>) {
    let mut lines = said.lines();
    let error = lines.find(|line| line.starts_with("error"));
    let error = error.unwrap_or_else(|| panic!("no error: {said}"));
    let message = error.split_once(": ").map_or(error, |(_, message)| message);
    let place = lines.take_while(|line| !line.is_empty() && !line.starts_with("error"));
    let place = place.filter_map(|line| line.trim_start().strip_prefix("--> "));
    let place = place.filter_map(|place| {
        let mut parts = place.rsplitn(3, ':');
        let (column, line) = (parts.next()?, parts.next()?);
        Some(format!("{line}:{column}"))
    });
    (message.to_owned(), place.take(1).next())
}

/// The place a column before.
fn one_before(place: &str) -> String {
    let (line, column) = place.split_once(':').expect("a place");
    let column: usize = column.parse().expect("a number");
    format!("{line}:{}", column - 1)
}

#[test]
fn what_cargo_runs_runs() {
    if crate::amount::without_longest() {
        return;
    }
    let Some(desk) = desk() else {
        return;
    };
    desk.box_.write(
        "lib/Cargo.toml",
        "[package]\nname = \"lib\"\nversion = \"1.0.0\"\n",
    );
    desk.box_
        .write("lib/src/lib.rs", "pub fn says() -> u8 { 7 }\n");
    desk.box_.write("part.rs", "pub const PART: u8 = 1;\n");
    desk.box_.write("build.rs", "broken");
    desk.box_
        .write("src/lib.rs", "compile_error!(\"must not be built\");");
    desk.box_.write("src/bin/other.rs", "broken");
    let edition = "package.edition = \"2024\"\n";
    let forms = [
        ("plain.rs", MAIN.to_owned()),
        ("no-ending", MAIN.to_owned()),
        ("shebang.rs", format!("#!/usr/bin/env cargo\n{MAIN}")),
        ("short.rs", format!("---\n---\n{MAIN}")),
        ("fence.rs", format!("#!/usr/bin/env cargo\n\n \t\n-----\n{edition}description = '''\n---\n'''\n-----\n{MAIN}").replace("description", "package.description")),
        ("word.rs", format!("--- \tcargo \t\n{edition}--- \t\n{MAIN}")),
        ("crlf.rs", format!("#!/usr/bin/env cargo\r\n---\r\n{}\r\n---\r\n{MAIN}", edition.trim())),
        ("inside.rs", format!("---\npackage.description = '''\n ---\nx ---\n'''\n---\n{MAIN}")),
        ("attribute.rs", format!("#![allow(unused)]\n{MAIN}")),
        ("spaced.rs", format!("#! [allow(unused)]\n{MAIN}")),
        ("doc.rs", format!("---\n{edition}---\n//! ```cargo\n//! [dependencies]\n//! no-such-crate = \"1\"\n//! ```\n{MAIN}")),
        ("about.rs", format!("---\n[package]\nname = \"other\"\nversion = \"1.2.3\"\nedition = \"2018\"\nauthors = []\n---\n{MAIN}")),
        ("old.rs", "---\npackage.edition = \"2015\"\n---\nfn main() { let async = 1; println!(\"{}\", async); }\n".to_owned()),
        ("s-h.w§c!.rs", MAIN.to_owned()),
        ("a_b.c.rs", MAIN.to_owned()),
        ("42answer.rs", MAIN.to_owned()),
        ("42.rs", MAIN.to_owned()),
        ("test", MAIN.to_owned()),
        ("self", MAIN.to_owned()),
        ("größe.rs", MAIN.to_owned()),
        ("modules.rs", "---\n---\nmod part;\nfn main() { println!(\"{} {}\", part::PART, include_str!(\"part.rs\").len()); }\n".to_owned()),
        ("path.rs", "---\n[dependencies]\nlib.path = \"lib\"\n---\nfn main() { println!(\"{}\", lib::says()); }\n".to_owned()),
        ("crates.rs", "---\n[dependencies]\nbeta = \"1\"\n---\nfn main() { println!(\"{}\", beta::says()); }\n".to_owned()),
        // Of the same name as its dependency.
        ("alpha.rs", "---\n[dependencies]\nalpha = \"1\"\n---\nfn main() { println!(\"{}\", alpha::says()); }\n".to_owned()),
        ("features.rs", "---\n[features]\ndefault = [\"x\"]\nx = []\n[lints.rust]\nunused = \"allow\"\n[profile.dev]\nopt-level = 1\n---\nfn main() { println!(\"{}\", cfg!(feature = \"x\")); }\n".to_owned()),
        ("code.rs", "fn main() { std::process::exit(7); }\n".to_owned()),
        ("panic.rs", "---\n---\nfn main() { panic!(\"oh\"); }\n".to_owned()),
    ];
    for (name, text) in &forms {
        desk.box_.write(name, text);
        let path = desk.box_.path(name).display().to_string();
        let (theirs, ours) = (by_cargo(&desk, &path), by_us(&desk, &path));
        assert_eq!(
            ours.stdout,
            theirs.stdout,
            "{name}: {}\n{}",
            ours.said(),
            theirs.said()
        );
        assert_eq!(
            ours.code,
            theirs.code,
            "{name}: {}\n{}",
            ours.said(),
            theirs.said()
        );
        assert!(
            theirs.code != Some(101) || *name == "panic.rs",
            "{name}: {}",
            theirs.said()
        );
    }
}

#[test]
fn what_cargo_refuses_is_refused() {
    let Some(desk) = desk() else {
        return;
    };
    let main = "fn main() {}\n";
    let front = |manifest: &str| format!("#!x\n\n---\n{manifest}\n---\n{main}");
    let long = "-".repeat(256);
    let mut forms = vec![
        ("fence-short", format!("#!x\n--\n[a]\n--\n{main}")),
        ("fence-one", format!("-\n{main}")),
        ("fence-long", format!("{long}\n{long}\n{main}")),
        ("unclosed", "---\n[dependencies]\nfn main() {}\n".to_owned()),
        ("unclosed-at-once", "---".to_owned()),
        (
            "close-shorter",
            format!("----\n[dependencies]\n---\n{main}"),
        ),
        (
            "close-longer",
            format!("---\n[dependencies]\n-----\n{main}"),
        ),
        ("close-inside", format!("---\n-----\n-----\n---\n{main}")),
        ("close-more", format!("---\n--- cargo\n{main}")),
        (
            "close-indented",
            format!("---\n[dependencies]\n ---\n{main}"),
        ),
        ("indented", format!("  ---\n  ---\n{main}")),
        ("later", format!("#![allow(unused)]\n---\n---\n{main}")),
        ("two", format!("---\n---\n\n---\n---\n{main}")),
        ("info", format!("---rust\n---\n{main}")),
        ("info-file", format!("---Cargo.toml\n---\n{main}")),
        ("info-two", format!("--- cargo clippy\n---\n{main}")),
        ("info-comma", format!("---cargo,clippy\n---\n{main}")),
        (
            "code",
            format!("---\n---\nfn f() {{ let x: u8 = \"a\"; }}\n{main}"),
        ),
        ("toml", front("[dependencies]\nalpha = 1 2")),
        (
            "toml-twice",
            front("[dependencies]\nalpha = \"1\"\nalpha = \"1\""),
        ),
        ("type", front("[dependencies]\nalpha = 3")),
        (
            "type-inside",
            front("[dependencies]\nalpha = { version = \"1\", features = 3 }"),
        ),
        ("type-package", front("[package]\nversion = 3")),
        ("version", front("[package]\nversion = \"x\"")),
        ("type-profile", front("[profile.dev]\nopt-level = []")),
        ("type-patch", front("patch = 3")),
    ];
    let forbidden = [
        "[workspace]",
        "[lib]\npath = \"forbidden.rs\"",
        "[[bin]]\nname = \"a\"",
        "[[example]]\nname = \"a\"",
        "[[test]]\nname = \"a\"",
        "[[bench]]\nname = \"a\"",
        "[build-dependencies]",
        "[package]\nworkspace = \"..\"",
        "[package]\nbuild = \"b.rs\"",
        "[package]\nlinks = \"a\"",
        "[package]\nautolib = true",
        "[package]\nautobins = true",
        "[package]\nautoexamples = true",
        "[package]\nautotests = true",
        "[package]\nautobenches = true",
        "[package]\ndefault-run = \"a\"",
    ];
    forms.extend(forbidden.map(|manifest| ("forbidden", front(manifest))));
    for (name, text) in &forms {
        let file = format!("{name}.rs");
        desk.box_.write(&file, text);
        let path = desk.box_.path(&file).display().to_string();
        let (theirs, ours) = (by_cargo(&desk, &path), by_us(&desk, &path));
        let both = format!("{text}\n{}\n{}", ours.said(), theirs.said());
        assert_eq!(
            (theirs.code, ours.code),
            (Some(101), Some(101)),
            "{name}: {both}"
        );
        let (mut message, place) = error(&theirs.stderr);
        if message.starts_with("failed to parse manifest") {
            let cause = theirs
                .stderr
                .lines()
                .rev()
                .find(|line| line.starts_with("  "));
            message = cause.expect("a cause").trim().to_owned();
        }
        assert!(
            ours.stderr.contains(&message),
            "{name}: no `{message}` in {both}"
        );
        let is_end = message.starts_with("unclosed") || message.starts_with("found ");
        let place = place.map(|place| match is_end && text.ends_with('\n') {
            // It counts the end of the last line, too.
            true => one_before(&place),
            false => place,
        });
        if let Some(place) = place {
            let place = format!("{path}:{place}");
            assert!(
                ours.stderr.contains(&place),
                "{name}: no `{place}` in {both}"
            );
        } else {
            assert!(ours.stderr.contains(&path), "{name}: {both}");
        }
        assert!(!ours.stderr.contains("panicked"), "{name}: {both}");
    }
}

#[test]
fn the_configuration_above_a_script_counts() {
    let Some(desk) = desk() else {
        return;
    };
    let text = "fn main() { println!(\"{:?} {}\", option_env!(\"WORD\"), cfg!(word)); }\n";
    desk.box_.write("one/deep/a.rs", text);
    desk.box_.write("two/a.rs", text);
    desk.box_.write(
        "one/.cargo/config.toml",
        "[env]\nWORD = \"one\"\n[build]\nrustflags = [\"--cfg\", \"word\", \"-Aunexpected_cfgs\"]\n",
    );
    for (script, said) in [
        ("one/deep/a.rs", "Some(\"one\") true\n"),
        ("two/a.rs", "None false\n"),
        ("one/deep/a.rs", "Some(\"one\") true\n"),
    ] {
        assert_eq!(by_us(&desk, script).code(0).stdout, said);
        assert_eq!(by_cargo(&desk, script).code(0).stdout, said);
    }
    // Where they are run makes no difference.
    let script = desk.box_.path("two/a.rs").display().to_string();
    let run = desk.box_.run("one", &["run", "-t", NIGHTLY, &script]);
    assert_eq!(run.code(0).stdout, "None false\n");
    desk.box_
        .write("one/.cargo/config.toml", "[env]\nWORD = \"other\"\n");
    assert_eq!(
        by_us(&desk, "one/deep/a.rs").code(0).stdout,
        "Some(\"other\") false\n"
    );
}
