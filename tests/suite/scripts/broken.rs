//! Scripts that fail half-way, or run at the same time.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};

use crate::scripts::desk::Desk;

fn start(desk: &Desk, script: &str) -> Child {
    let mut program = desk.box_.program("", &["run", script]);
    program.stdout(Stdio::piped()).stderr(Stdio::piped());
    program.spawn().expect("our program")
}

#[test]
fn eight_runs_at_once_build_once() {
    let desk = Desk::with(
        "a.rs",
        "---\n[dependencies]\nbeta = \"1\"\n---\nfn main() { println!(\"{}\", beta::says()); }\n",
    );
    let children: Vec<Child> = (0..8).map(|_| start(&desk, "a.rs")).collect();
    let mut built = 0;
    for child in children {
        let output = child.wait_with_output().expect("an end");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "beta of alpha\n",
            "{said}"
        );
        built += said.matches("Compiling a ").count();
    }
    assert_eq!(built, 1);
}

#[test]
fn eight_scripts_at_once() {
    let desk = Desk::new();
    for n in 0..8 {
        // All have the same name.
        desk.box_.write(&format!("{n}/a.rs"), &format!("---\n[dependencies]\nbeta = \"1\"\n---\nfn main() {{ println!(\"{n} {{}}\", beta::says()); }}\n"));
    }
    for _ in 0..2 {
        let children: Vec<Child> = (0..8).map(|n| start(&desk, &format!("{n}/a.rs"))).collect();
        for (n, child) in children.into_iter().enumerate() {
            let output = child.wait_with_output().expect("an end");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                format!("{n} beta of alpha\n"),
                "{said}"
            );
        }
    }
    assert_eq!(desk.kept().len(), 8);
}

/// Kills a run at a point.
fn kill_at(desk: &Desk, point: &str) {
    let mut program = desk.box_.program("", &["run", "a.rs"]);
    program.env("CARGO_SHAREDTARGET_TEST_PAUSE_AT", point);
    program.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().expect("our program");
    let heard = BufReader::new(child.stderr.take().expect("its standard error"));
    let reached = heard
        .lines()
        .map_while(Result::ok)
        .any(|line| line == format!("paused at {point}"));
    assert!(reached, "it never came to {point}");
    child.kill().expect("killed");
    child.wait().expect("an end");
}

#[test]
fn what_a_killed_build_leaves_is_no_program() {
    let desk = Desk::with("a.rs", "---\n---\nfn main() { println!(\"whole\"); }\n");
    for point in ["package-locked", "script-built", "program-staged"] {
        kill_at(&desk, point);
        assert_eq!(desk.prints(&["a.rs"]), "whole\n", "{point}");
        assert_eq!(desk.prints_at_once(&["a.rs"]), "whole\n", "{point}");
        let names: Vec<String> = desk
            .kept()
            .iter()
            .map(|path| {
                path.file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        assert!(
            names.iter().all(|name| !name.starts_with('.')) && names.len() == 1,
            "{point}: {names:?}"
        );
        fs::remove_dir_all(desk.cache("bins")).expect("removed");
    }
}

#[test]
fn a_broken_entry_is_built_anew() {
    let desk = Desk::with("a.rs", "fn main() { println!(\"whole\"); }\n");
    desk.prints(&["a.rs"]);
    type Break = fn(&std::path::Path);
    let breaks: [(&str, Break); 9] = [
        ("no json", |kept| {
            fs::write(kept.join("entry.json"), "{").expect("written");
        }),
        ("empty json", |kept| {
            fs::write(kept.join("entry.json"), "").expect("written");
        }),
        ("no entry", |kept| {
            fs::remove_file(kept.join("entry.json")).expect("removed");
        }),
        ("no program", |kept| {
            fs::remove_file(kept.join("a")).expect("removed");
        }),
        ("half a program", |kept| {
            let file = fs::File::options()
                .write(true)
                .open(kept.join("a"))
                .expect("a file");
            let length = file.metadata().expect("metadata").len();
            file.set_len(length / 2).expect("cut");
        }),
        ("another program", |kept| {
            fs::remove_file(kept.join("a")).expect("removed");
            fs::copy("/bin/false", kept.join("a")).expect("copied");
        }),
        ("a folder", |kept| {
            fs::remove_file(kept.join("a")).expect("removed");
            fs::create_dir(kept.join("a")).expect("a folder");
        }),
        ("no right to run it", |kept| {
            fs::set_permissions(kept.join("a"), fs::Permissions::from_mode(0o644)).expect("a mode");
        }),
        ("a program elsewhere", |kept| {
            let entry = fs::read_to_string(kept.join("entry.json")).expect("an entry");
            let entry = entry.replace(
                "\"program\": \"a\"",
                "\"program\": \"../../../../../../../bin/false\"",
            );
            fs::write(kept.join("entry.json"), entry).expect("written");
        }),
    ];
    for (what, break_it) in breaks {
        let kept = desk.kept();
        break_it(&kept[0]);
        assert_eq!(desk.prints_built(&["a.rs"]), "whole\n", "{what}");
        assert_eq!(desk.prints_at_once(&["a.rs"]), "whole\n", "{what}");
    }
    // Without its time it only looks unused.
    fs::remove_file(desk.kept()[0].join("last-run")).expect("removed");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "whole\n");
}

#[test]
fn a_cache_that_cannot_be_written_runs_what_it_has() {
    let desk = Desk::with("a.rs", "fn main() { println!(\"whole\"); }\n");
    desk.prints(&["a.rs"]);
    let mode = |mode: u32| {
        for entry in walkdir::WalkDir::new(desk.cache("")).contents_first(mode == 0o555) {
            let entry = entry.expect("an entry");
            if entry.file_type().is_dir() {
                fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode))
                    .expect("a mode");
            }
        }
    };
    mode(0o555);
    assert_eq!(desk.prints_at_once(&["a.rs"]), "whole\n");
    mode(0o755);
    let file = desk.box_.outside("home/file");
    fs::write(&file, "").expect("a file");
    let mut program = desk.box_.program("", &["run", "a.rs"]);
    let output = program
        .env("CARGO_SHAREDTARGET_CACHE_DIR", &file)
        .output()
        .expect("our program");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{said}");
    assert!(
        said.contains("CARGO_SHAREDTARGET_CACHE_DIR") && said.contains(&file.display().to_string()),
        "{said}"
    );
}
