//! The files that scripts leave, and their deletion.

use std::fs;

use crate::scripts::desk::Desk;

/// A desk where three scripts ran, the first of them 40 days ago and the second 20.
fn three() -> Desk {
    let desk = Desk::new();
    for name in ["a", "b", "c"] {
        desk.box_.write(&format!("{name}.rs"), &format!("---\n[dependencies]\nbeta = \"1\"\n---\nfn main() {{ println!(\"{name} {{}}\", beta::says()); }}\n"));
        desk.prints(&[&format!("{name}.rs")]);
    }
    for (name, days) in [("a", 40), ("b", 20)] {
        age(&desk, name, days);
    }
    desk
}

/// Makes a script's program look as if it last ran some days ago, and its package as if it was built then.
fn age(desk: &Desk, name: &str, days: u64) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
    let date = |path: std::path::PathBuf| {
        let file = fs::File::options().write(true).open(&path).expect("a file");
        file.set_modified(then).expect("a time");
    };
    let kept = desk
        .kept()
        .into_iter()
        .find(|kept| kept.join(name).exists());
    date(kept.expect("a program").join("last-run"));
    let packages = fs::read_dir(desk.cache("packages")).expect("packages");
    for package in packages.map(|entry| entry.expect("an entry").path()) {
        if package
            .file_name()
            .is_some_and(|file| file.to_string_lossy().starts_with(&format!("{name}-")))
        {
            date(package.join(".lock"));
        }
    }
}

fn du(desk: &Desk) -> u64 {
    let path = desk.cache("").display().to_string();
    let said = desk
        .box_
        .command("du", "", &["-s", "--block-size=1", &path])
        .code(0)
        .stdout;
    said.split_whitespace()
        .next()
        .expect("a number")
        .parse()
        .expect("a number")
}

#[test]
fn what_it_holds() {
    let desk = three();
    let run = desk.box_.run("", &["cache", "info"]).code(0);
    assert!(
        run.stdout.contains("bins: 3 programs") && run.stdout.contains("40 days ago"),
        "{}",
        run.stdout
    );
    fs::remove_file(desk.box_.path("b.rs")).expect("removed");
    let run = desk.box_.run("", &["cache", "info", "--top", "1"]).code(0);
    assert!(
        run.stdout.contains("and 2 more") && run.stdout.contains("unused: 1 program"),
        "{}",
        run.stdout
    );
    let json = desk.box_.json("", &["cache", "info"]);
    assert_eq!(json["command"], "cache info");
    assert_eq!(json["programs"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["packages"].as_array().map(Vec::len), Some(3));
    let gone = json["programs"]
        .as_array()
        .expect("programs")
        .iter()
        .filter(|one| one["script_exists"] == false);
    assert_eq!(gone.count(), 1);
    let sum = json["on_disk"].as_u64().expect("a number");
    // Its own folders and the tag are the rest.
    let all = du(&desk);
    assert!(sum <= all && all - sum < 100_000, "{sum} of {all}");
    let empty = Desk::new();
    let json = empty.box_.json("", &["cache", "info"]);
    assert_eq!(
        (json["on_disk"].as_u64(), &json["target"]),
        (Some(0), &serde_json::Value::Null)
    );
    assert!(!empty.cache("").exists(), "to look at it makes nothing");
}

#[test]
fn nothing_goes_unasked() {
    let desk = three();
    let before = desk.kept().len();
    let used = du(&desk);
    desk.box_.run("", &["cache", "clean"]).code(3).says("--yes");
    desk.box_
        .run("", &["cache", "clean", "--dry-run"])
        .code(0)
        .says("3 programs, 3 packages");
    desk.box_
        .run("", &["cache", "clean", "target", "--dry-run"])
        .code(0)
        .says("1 target folder");
    assert_eq!((desk.kept().len(), du(&desk)), (before, used));
}

#[test]
fn each_part_goes_alone() {
    let desk = three();
    let used = du(&desk);
    let json = desk.box_.json("", &["cache", "clean", "target", "--yes"]);
    let freed = json["outcome"]["freed"]["on_disk"]
        .as_u64()
        .expect("a number");
    assert_eq!(used - du(&desk), freed);
    assert!(!desk.cache("target").exists() && desk.kept().len() == 3);
    assert_eq!(desk.prints_at_once(&["a.rs"]), "a beta of alpha\n");
    desk.box_
        .run("", &["cache", "clean", "bins", "--yes"])
        .code(0)
        .says("deleted 3 programs of scripts");
    assert_eq!(desk.kept().len(), 0);
    assert_eq!(desk.prints_built(&["a.rs"]), "a beta of alpha\n");
    let used = du(&desk);
    let json = desk.box_.json("", &["cache", "clean", "--yes"]);
    let freed = json["outcome"]["freed"]["on_disk"]
        .as_u64()
        .expect("a number");
    assert_eq!(used - du(&desk), freed);
    assert!(desk.kept().is_empty() && !desk.cache("target").exists());
    desk.box_
        .run("", &["cache", "clean", "--yes"])
        .code(0)
        .says("nothing to do");
    assert_eq!(desk.prints_built(&["b.rs"]), "b beta of alpha\n");
}

#[test]
fn by_age_and_by_size() {
    let desk = three();
    desk.box_
        .run(
            "",
            &["cache", "clean", "bins", "--older-than", "30d", "--yes"],
        )
        .code(0)
        .says("deleted 1 program of scripts");
    assert_eq!(desk.prints_at_once(&["b.rs"]), "b beta of alpha\n");
    assert_eq!(desk.prints_built(&["a.rs"]), "a beta of alpha\n");
    age(&desk, "a", 90);
    desk.box_
        .run("", &["cache", "clean", "--older-than", "30d", "--yes"])
        .code(0)
        .says("deleted 1 program, 1 package of scripts");
    let one = fs::metadata(desk.kept()[0].join("entry.json")).is_ok();
    assert!(one && desk.kept().len() == 2);
    age(&desk, "c", 10);
    desk.prints_at_once(&["b.rs"]);
    let json = desk.box_.json("", &["cache", "info"]);
    let one = json["programs"][0]["on_disk"].as_u64().expect("a number");
    let most = format!("{}kB", one * 3 / 2 / 1000);
    desk.box_
        .run(
            "",
            &["cache", "clean", "bins", "--max-size", &most, "--yes"],
        )
        .code(0)
        .says("deleted 1 program of scripts");
    assert_eq!(desk.prints_at_once(&["b.rs"]), "b beta of alpha\n");
    desk.box_
        .run("", &["cache", "clean", "--older-than", "never", "--yes"])
        .code(2);
}

#[test]
fn it_keeps_itself_small() {
    let desk = three();
    // By age, at most once a day; programs that ran lately stay, and what was just built.
    fs::remove_file(desk.cache(".swept")).expect("it was looked at");
    desk.box_.write("d.rs", "fn main() { println!(\"d\"); }\n");
    let with = |variable: &str, value: &str, script: &str| {
        let mut program = desk.box_.program("", &["run", script]);
        let output = program.env(variable, value).output().expect("our program");
        (
            String::from_utf8(output.stdout).expect("text"),
            String::from_utf8(output.stderr).expect("text"),
        )
    };
    assert_eq!(
        with("CARGO_SHAREDTARGET_CACHE_MAX_AGE", "30d", "d.rs").0,
        "d\n"
    );
    let names = || -> Vec<String> {
        let all = ["a", "b", "c", "d", "e"].into_iter();
        all.filter(|name| desk.kept().iter().any(|kept| kept.join(name).exists()))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(names(), ["b", "c", "d"]);
    // By size: everything but what was just built, and what ran within the hour.
    age(&desk, "c", 1);
    age(&desk, "b", 2);
    desk.box_.write("e.rs", "fn main() { println!(\"e\"); }\n");
    let (said, _) = with("CARGO_SHAREDTARGET_CACHE_MAX_SIZE", "1KB", "e.rs");
    assert_eq!(said, "e\n");
    assert_eq!(names(), ["d", "e"]);
    assert_eq!(desk.prints_at_once(&["e.rs"]), "e\n");
    let (_, said) = with("CARGO_SHAREDTARGET_CACHE_MAX_SIZE", "much", "b.rs");
    assert!(
        said.contains("CARGO_SHAREDTARGET_CACHE_MAX_SIZE: expected a size"),
        "{said}"
    );
    fs::write(desk.cache("sharedtarget.toml"), "\nmax-size = 3\n").expect("settings");
    let run = desk.box_.run("", &["cache", "info"]).code(101);
    assert!(
        run.stderr
            .contains("sharedtarget.toml:2:12: expected a string"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_not_its_own_stays() {
    let desk = three();
    let outside = desk.box_.outside("home/precious");
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("thesis.txt"), "words").expect("a file");
    for place in ["bins/link", "packages/link", "link", "target/debug/link"] {
        std::os::unix::fs::symlink(&outside, desk.cache(place)).expect("a link");
    }
    fs::write(desk.cache("notes.txt"), "mine").expect("a file");
    desk.box_.run("", &["cache", "clean", "--yes"]);
    assert_eq!(
        fs::read_to_string(outside.join("thesis.txt")).expect("there"),
        "words"
    );
    assert_eq!(
        fs::read_to_string(desk.cache("notes.txt")).expect("there"),
        "mine"
    );
}

#[test]
fn limits_may_be_there_before_all_else() {
    let desk = Desk::with("a.rs", "fn main() { println!(\"a\"); }\n");
    fs::create_dir_all(desk.cache("")).expect("a folder");
    fs::write(desk.cache("sharedtarget.toml"), "max-size = \"2GB\"\n").expect("settings");
    assert_eq!(desk.prints(&["a.rs"]), "a\n");
    let json = desk.box_.json("", &["cache", "info"]);
    assert_eq!(json["max_size"], 2_000_000_000_u64);
}

#[test]
fn a_folder_with_other_things_is_no_cache() {
    let mut desk = Desk::with("a.rs", "fn main() { println!(\"a\"); }\n");
    for path in [
        "shop/packages/web/src/index.ts",
        "shop/bins/old/tool",
        "shop/target/debug/.fingerprint/x/y",
    ] {
        desk.box_.write(path, "work");
    }
    desk.box_.write(
        "shop/target/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55\n",
    );
    let before = desk.box_.tree("shop");
    let shop = desk.box_.path("shop");
    desk.box_.env("CARGO_SHAREDTARGET_CACHE_DIR", shop);
    let run = desk.run(&["a.rs"]).code(101);
    assert!(run.stderr.contains("holds other things"), "{}", run.stderr);
    for args in [
        &["cache", "clean", "--yes"][..],
        &["cache", "clean", "--older-than", "0s", "--yes"],
        &["cache", "info"],
    ] {
        desk.box_.run("", args).code(0);
    }
    assert!(before == desk.box_.tree("shop"), "something was changed");
}

#[test]
fn a_cache_that_another_run_is_making_is_no_other_folder() {
    let mut desk = Desk::with("a.rs", "fn main() { println!(\"a\"); }\n");
    let cache = desk.box_.path("half");
    fs::create_dir_all(cache.join(".tmp-sharedtarget-x1y2z3")).unwrap();
    desk.box_.env("CARGO_SHAREDTARGET_CACHE_DIR", cache);
    assert_eq!(desk.prints(&["a.rs"]), "a\n");
}

#[test]
fn what_links_lead_to_is_not_the_cache() {
    let desk = three();
    for (part, path) in [
        ("bins", "0123456789abcdef0123456789abcdef/tool"),
        ("target", "CACHEDIR.TAG"),
        ("packages", "a-0123456789abcdef/x"),
    ] {
        desk.box_.write(
            &format!("{part}/{path}"),
            "Signature: 8a477f597d28d172789f06886806bc55\n",
        );
        desk.box_
            .write(&format!("{part}/debug/.fingerprint/x/y"), "work");
        let before = desk.box_.tree(part);
        fs::rename(desk.cache(part), desk.cache("moved")).expect("moved");
        std::os::unix::fs::symlink(desk.box_.path(part), desk.cache(part)).expect("a link");
        desk.box_
            .run("", &["cache", "clean", part_name(part), "--yes"])
            .code(0);
        let run = desk.run(&["--force", "a.rs"]).code(101);
        assert!(run.stderr.contains("no link or file"), "{}", run.stderr);
        assert!(before == desk.box_.tree(part), "{part}");
        fs::remove_file(desk.cache(part)).expect("the link is there");
        fs::rename(desk.cache("moved"), desk.cache(part)).expect("moved");
    }
    // Nor is what has another name in it.
    for path in [
        "bins/photos/one.jpg",
        "packages/web/index.ts",
        "packages/web-0123456789abcdef/Cargo.toml",
    ] {
        let path = desk.cache(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, "[package]\nname = \"web\"\n").expect("written");
    }
    desk.box_.run("", &["cache", "clean", "--yes"]).code(0);
    for path in [
        "bins/photos/one.jpg",
        "packages/web/index.ts",
        "packages/web-0123456789abcdef/Cargo.toml",
    ] {
        assert!(desk.cache(path).exists(), "{path}");
    }
}

fn part_name(part: &str) -> &str {
    match part {
        "packages" => "all",
        part => part,
    }
}

#[test]
fn many_at_once_within_small_limits() {
    let mut desk = Desk::new();
    desk.box_.env("CARGO_SHAREDTARGET_CACHE_MAX_SIZE", "5MB");
    let scripts: Vec<String> = (0..6).map(|n| format!("{n}.rs")).collect();
    for (n, script) in scripts.iter().enumerate() {
        desk.box_
            .write(script, &format!("fn main() {{ println!(\"{n}\"); }}\n"));
    }
    let children: Vec<_> = scripts
        .iter()
        .map(|script| {
            let mut program = desk.box_.program("", &["run", script]);
            program
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped());
            program.spawn().expect("our program")
        })
        .collect();
    for (n, child) in children.into_iter().enumerate() {
        let output = child.wait_with_output().expect("an end");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("{n}\n"),
            "{said}"
        );
    }
}

#[test]
fn nothing_is_deleted_while_a_script_is_built() {
    let desk = Desk::with("a.rs", "fn main() { println!(\"a\"); }\n");
    let mut program = desk.box_.program("", &["run", "a.rs"]);
    program.env("CARGO_SHAREDTARGET_TEST_PAUSE_AT", "script-built");
    program
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = program.spawn().expect("our program");
    let mut heard = std::io::BufReader::new(child.stderr.take().expect("its standard error"));
    let mut line = String::new();
    while !line.contains("paused at") {
        line.clear();
        assert_ne!(
            std::io::BufRead::read_line(&mut heard, &mut line).expect("text"),
            0
        );
    }
    let mut clean = desk
        .box_
        .program("", &["cache", "clean", "target", "--yes"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("our program");
    let mut said = std::io::BufReader::new(clean.stderr.take().expect("its standard error"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).expect("text");
    assert!(
        line.starts_with("waiting for scripts that are being built"),
        "{line}"
    );
    assert!(desk.cache("target").exists());
    std::io::Write::write_all(&mut child.stdin.take().expect("an input"), b"\n").expect("written");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a\n");
    let cleaned = clean.wait_with_output().expect("an end");
    assert_eq!(cleaned.status.code(), Some(0), "{cleaned:?}");
    assert!(!desk.cache("target/debug").exists());
    assert_eq!(desk.prints_at_once(&["a.rs"]), "a\n");
}

#[test]
fn a_script_that_is_built_keeps_its_package() {
    let desk = Desk::with("a.rs", "fn main() { println!(\"a\"); }\n");
    desk.prints(&["a.rs"]);
    let package = fs::read_dir(desk.cache("packages"))
        .expect("packages")
        .next()
        .expect("one")
        .expect("an entry")
        .path();
    let lock = fs::File::options()
        .write(true)
        .open(package.join(".lock"))
        .expect("a lock");
    lock.lock().expect("locked");
    desk.box_
        .run("", &["cache", "clean", "--yes"])
        .code(1)
        .says("its script is being built");
    assert!(package.join("Cargo.toml").exists());
    drop(lock);
    desk.box_.run("", &["cache", "clean", "--yes"]).code(0);
    assert!(!package.exists());
}
