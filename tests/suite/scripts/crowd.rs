//! Many scripts built at once, and what each has of the cache.

use std::fs;

use crate::scripts::desk::Desk;

/// A folder of scripts, with two that do not build, and with modules and other things beside.
fn folder() -> Desk {
    let desk = Desk::new();
    for name in ["a", "b", "c"] {
        let text = format!(
            "---\n[dependencies]\nbeta = \"1\"\n---\nfn main() {{ println!(\"{name} {{}}\", beta::says()); }}\n"
        );
        desk.box_.write(&format!("s/{name}.rs"), &text);
    }
    desk.box_.write(
        "s/deep/alone.rs",
        "println!(\"{}\", word::WORD);\nmod word;\n",
    );
    desk.box_
        .write("s/deep/word.rs", "pub const WORD: &str = \"word\";\n");
    desk.box_.write(
        "s/tool",
        "#!/usr/bin/env -S cargo sharedtarget run\nfn main() { println!(\"tool\"); }\n",
    );
    desk.box_
        .write("s/wrong.rs", "fn main() { let x: u8 = \"a\"; }\n");
    desk.box_.write(
        "s/manifest.rs",
        "---\n[dependencies]\nno-such-crate = \"1\"\n---\nfn main() {}\n",
    );
    desk.box_.write("s/notes.txt", "fn main() {}\n");
    desk.box_
        .write("s/package/Cargo.toml", "[package]\nname = \"p\"\n");
    desk.box_.write("s/package/src/main.rs", "fn main() {}\n");
    desk.box_.write("s/.hidden/x.rs", "fn main() {}\n");
    desk.box_.write("s/target/x.rs", "fn main() {}\n");
    desk
}

#[test]
fn a_folder_of_scripts_is_built_at_once() {
    let desk = folder();
    let run = desk.run(&["--build-only", "s"]).code(1);
    assert_eq!(
        run.stdout,
        "7 scripts: 5 built, 0 as before, 2 failed\n\
         left aside: 1 file with neither a `main` nor statements, as modules are\n"
    );
    for word in [
        "wrong.rs:1:25",
        "no-such-crate",
        "manifest.rs",
        "lines 1 to 4",
    ] {
        assert!(run.stderr.contains(word), "no {word} in {}", run.stderr);
    }
    assert!(!run.stderr.contains("Compiling"), "{}", run.stderr);
    assert_eq!(desk.kept().len(), 5);
    assert_eq!(desk.prints_at_once(&["s/a.rs"]), "a beta of alpha\n");
    assert_eq!(desk.prints_at_once(&["s/deep/alone.rs"]), "word\n");
    assert_eq!(desk.prints_at_once(&["s/tool"]), "tool\n");
    // Once more, only what failed is tried again.
    let run = desk.run(&["--build-only", "s"]).code(1);
    assert!(
        run.stdout
            .starts_with("7 scripts: 0 built, 5 as before, 2 failed\n"),
        "{}",
        run.stdout
    );
    for name in ["s/wrong.rs", "s/manifest.rs"] {
        desk.box_.write(name, "fn main() {}\n");
    }
    let run = desk
        .run(&["--build-only", "--verbose", "s", "s/a.rs"])
        .code(0);
    assert!(
        run.stdout
            .contains("7 scripts: 2 built, 5 as before, 0 failed\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("s/a.rs: /"), "{}", run.stdout);
    let run = desk.run(&["--build-only", "--quiet", "s"]).code(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn programs_read_how_each_script_ended() {
    let desk = folder();
    let args = ["run", "--build-only", "--format", "json", "s"];
    let json = desk.box_.run("", &args).code(1).json();
    assert_eq!(json["command"], "run");
    assert_eq!(
        (&json["built"], &json["kept"], &json["failed"]),
        (&5.into(), &0.into(), &2.into())
    );
    let scripts = json["scripts"].as_array().expect("scripts");
    let of = |name: &str| {
        let path = desk.box_.path(name).display().to_string();
        scripts
            .iter()
            .find(|one| one["script"] == path)
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(of("s/a.rs")["ended"], "built");
    let program = of("s/a.rs")["program"].as_str().expect("a program");
    assert_eq!(
        desk.box_.command(program, "", &[]).code(0).stdout,
        "a beta of alpha\n"
    );
    assert_eq!(of("s/wrong.rs")["ended"], "failed");
    assert!(
        of("s/wrong.rs")["said"]
            .as_str()
            .is_some_and(|said| said.contains("expected `u8`"))
    );
    // One script, too.
    let args = ["run", "--build-only", "--format", "json", "s/a.rs"];
    let json = desk.box_.run("", &args).code(0).json();
    assert_eq!(
        (&json["kept"], &json["scripts"][0]["ended"]),
        (&1.into(), &"kept".into())
    );
}

#[test]
fn a_crowd_has_one_resolution_where_manifests_agree() {
    let desk = folder();
    desk.run(&["--build-only", "s/a.rs", "s/b.rs", "s/c.rs"])
        .code(0);
    let packages = fs::read_dir(desk.cache("packages")).expect("packages");
    let locks: Vec<String> = packages
        .map(|package| {
            let lock = package.expect("an entry").path().join("Cargo.lock");
            let text = fs::read_to_string(lock).expect("a lock file");
            let text = ["a", "b", "c"].iter().fold(text, |text, name| {
                text.replace(&format!("name = \"{name}\"\n"), "name = \"*\"\n")
            });
            let mut packages: Vec<&str> = text.trim_end().split("\n\n").collect();
            packages.sort_unstable();
            packages.join("\n")
        })
        .collect();
    assert_eq!(locks.len(), 3);
    assert!(locks.iter().all(|lock| *lock == locks[0]), "{locks:?}");
}

#[test]
fn what_cannot_be_built_at_once() {
    let desk = folder();
    desk.box_.write("none/a.txt", "");
    desk.run(&["--build-only", "none"])
        .code(101)
        .says("there is none in what is named");
    desk.run(&["--build-only", "s", "gone"])
        .code(101)
        .says("gone");
    desk.run(&["--format", "json", "s/a.rs"]).code(2);
}

#[test]
fn each_script_has_its_share_of_the_cache() {
    let desk = folder();
    desk.run(&["--build-only", "s/a.rs", "s/b.rs", "s/tool"])
        .code(0);
    let json = desk.box_.json("", &["cache", "info"]);
    let scripts = json["scripts"].as_array().expect("scripts");
    assert_eq!(scripts.len(), 3);
    let number = |one: &serde_json::Value, key: &str| one[key].as_u64().expect("a number");
    let of = |name: &str| {
        let path = desk.box_.path(name).display().to_string();
        scripts
            .iter()
            .find(|one| one["script"] == path)
            .unwrap_or_else(|| panic!("{name}"))
    };
    // Two use the same crates, and the third uses none.
    assert_eq!(
        number(of("s/a.rs"), "shared"),
        number(of("s/b.rs"), "shared")
    );
    assert!(number(of("s/a.rs"), "shared") > number(of("s/tool"), "shared"));
    let all: u64 = scripts
        .iter()
        .map(|one| number(one, "own") + number(one, "shared"))
        .sum();
    let sum = number(&json, "on_disk");
    assert!(all <= sum && sum - all < 100_000, "{all} of {sum}");
    let run = desk.box_.run("", &["cache", "info"]).code(0);
    assert!(
        run.stdout.contains("SHARE") && run.stdout.contains("s/a.rs"),
        "{}",
        run.stdout
    );
}
