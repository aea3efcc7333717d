//! A program that was kept runs only if a build would make the same one.

use std::fs;

use crate::scripts::desk::Desk;

#[test]
fn a_second_run_needs_no_cargo_and_writes_only_its_time() {
    let desk = Desk::with("a.rs", "fn main() { println!(\"one\"); }\n");
    assert_eq!(desk.prints_built(&["a.rs"]), "one\n");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "one\n");
    let tree = || -> Vec<_> {
        let walk = walkdir::WalkDir::new(desk.cache("")).sort_by_file_name();
        let files = walk.into_iter().map(|entry| entry.expect("an entry"));
        let files = files.filter(|entry| entry.file_name() != "last-run");
        files
            .map(|entry| {
                (
                    entry.path().to_owned(),
                    entry
                        .metadata()
                        .expect("metadata")
                        .modified()
                        .expect("a time"),
                )
            })
            .collect()
    };
    let before = tree();
    let mut program = desk.box_.program("", &["run", "a.rs"]);
    // Programs on the path are only asked for their state: a Cargo that fails shows that none is run.
    let cargo = desk.box_.outside("home/cargo");
    fs::write(&cargo, "#!/bin/sh\nexit 7\n").expect("a program");
    fs::set_permissions(&cargo, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("a mode");
    let path = std::env::var_os("PATH").expect("a path");
    let paths = std::iter::once(desk.box_.outside("home")).chain(std::env::split_paths(&path));
    program.env("PATH", std::env::join_paths(paths).expect("a path"));
    let output = program.output().expect("our program");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "one\n");
    assert!(before == tree(), "something was written");
    assert_eq!(desk.kept().len(), 1);
}

#[test]
fn the_script_and_all_that_it_includes() {
    let desk = Desk::with(
        "a.rs",
        "mod b;\nmod d { pub mod e; }\n#[path = \"x/f.rs\"] mod f;\n\
         fn main() { println!(\"{} {} {} {} {}\", b::c::C, d::e::E, f::F, include_str!(\"g.txt\"), include!(\"h.in\")); }\n",
    );
    desk.box_.write("b.rs", "pub mod c;\n");
    desk.box_.write("b/c.rs", "pub const C: u8 = 1;\n");
    desk.box_.write("d/e.rs", "pub const E: u8 = 2;\n");
    desk.box_.write("x/f.rs", "pub const F: u8 = 3;\n");
    desk.box_.write("g.txt", "4");
    desk.box_.write("h.in", "5");
    assert_eq!(desk.prints_built(&["a.rs"]), "1 2 3 4 5\n");
    // A file that was written in the moment before the build still counts as changing.
    desk.prints(&["a.rs"]);
    assert_eq!(desk.prints_at_once(&["a.rs"]), "1 2 3 4 5\n");
    for (file, text, expected) in [
        ("b/c.rs", "pub const C: u8 = 6;\n", "6 2 3 4 5\n"),
        ("d/e.rs", "pub const E: u8 = 7;\n", "6 7 3 4 5\n"),
        ("x/f.rs", "pub const F: u8 = 8;\n", "6 7 8 4 5\n"),
        ("g.txt", "9", "6 7 8 9 5\n"),
        ("h.in", "1", "6 7 8 9 1\n"),
    ] {
        let path = desk.box_.path(file);
        let old = fs::metadata(&path)
            .expect("there")
            .modified()
            .expect("a time");
        desk.box_.write(file, text);
        // As long, and as old by its own time: only the system knows.
        let open = fs::File::options().write(true).open(&path).expect("a file");
        open.set_modified(old).expect("a time");
        assert_eq!(desk.prints_built(&["a.rs"]), expected, "{file}");
    }
}

#[test]
fn another_file_of_the_same_content_is_no_change() {
    let desk = Desk::with("a.rs", "mod b;\nfn main() { println!(\"{}\", b::B); }\n");
    desk.box_.write("b.rs", "pub const B: u8 = 1;\n");
    desk.prints(&["a.rs"]);
    desk.prints(&["a.rs"]);
    desk.box_.write("c.rs", "pub const B: u8 = 1;\n");
    fs::rename(desk.box_.path("c.rs"), desk.box_.path("b.rs")).expect("renamed");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "1\n");
    desk.box_.write("b.rs", "pub const B: u8 = 2;\n");
    let run = desk.run(&["--verbose", "a.rs"]).code(0);
    let why = format!(
        "its program is built: `{}` has changed",
        desk.box_.path("b.rs").display()
    );
    assert!(run.stderr.starts_with(&why), "{}", run.stderr);
    fs::remove_file(desk.box_.path("b.rs")).expect("removed");
    let run = desk.run(&["a.rs"]).code(101);
    assert!(
        run.stderr.contains("file not found for module `b`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_package_by_its_path() {
    let desk = Desk::with(
        "scripts/a.rs",
        "---\n[dependencies]\nlib = { path = \"../lib\" }\n---\nfn main() { println!(\"{} {}\", lib::says(), lib::WORD); }\n",
    );
    let lib = "pub fn says() -> u8 { 1 }\npub const WORD: &str = include_str!(concat!(env!(\"OUT_DIR\"), \"/word\"));\n";
    desk.box_.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"lib\"]\n[workspace.package]\nversion = \"1.0.0\"\n",
    );
    desk.box_.write(
        "lib/Cargo.toml",
        "[package]\nname = \"lib\"\nversion.workspace = true\nedition = \"2021\"\n",
    );
    desk.box_.write("lib/src/lib.rs", lib);
    desk.box_.write(
        "lib/build.rs",
        "fn main() {\n println!(\"cargo::rerun-if-changed=word\");\n println!(\"cargo::rerun-if-env-changed=THE_WORD\");\n\
         let word = std::fs::read_to_string(\"word\").unwrap();\n let more = std::env::var(\"THE_WORD\").unwrap_or_default();\n\
         let v = std::env::var(\"CARGO_PKG_VERSION\").unwrap();\n\
         std::fs::write(std::env::var(\"OUT_DIR\").unwrap() + \"/word\", format!(\"{word}{more}{v}\")).unwrap();\n}\n",
    );
    desk.box_.write("lib/word", "w");
    assert_eq!(desk.prints_built(&["scripts/a.rs"]), "1 w1.0.0\n");
    desk.prints(&["scripts/a.rs"]);
    assert_eq!(desk.prints_at_once(&["scripts/a.rs"]), "1 w1.0.0\n");
    desk.box_
        .write("lib/src/lib.rs", &lib.replace("{ 1 }", "{ 2 }"));
    assert_eq!(desk.prints_built(&["scripts/a.rs"]), "2 w1.0.0\n");
    desk.prints(&["scripts/a.rs"]);
    desk.box_.write("lib/word", "v");
    assert_eq!(desk.prints_built(&["scripts/a.rs"]), "2 v1.0.0\n");
    desk.prints(&["scripts/a.rs"]);
    desk.box_.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"lib\"]\n[workspace.package]\nversion = \"1.0.1\"\n",
    );
    assert_eq!(desk.prints_built(&["scripts/a.rs"]), "2 v1.0.1\n");
    let with = |word: &str| {
        let mut program = desk.box_.program("", &["run", "scripts/a.rs"]);
        let output = program.env("THE_WORD", word).output().expect("our program");
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(with("x"), "2 vx1.0.1\n");
    assert_eq!(with("y"), "2 vy1.0.1\n");
    assert_eq!(desk.prints_built(&["scripts/a.rs"]), "2 v1.0.1\n");
}

#[test]
fn variables_that_the_code_looks_up() {
    let desk = Desk::with(
        "a.rs",
        "fn main() { println!(\"{:?}\", option_env!(\"WHO\")); }\n",
    );
    let with = |who: Option<&str>| {
        let mut program = desk.box_.program("", &["run", "a.rs"]);
        match who {
            Some(who) => program.env("WHO", who),
            None => program.env_remove("WHO"),
        };
        String::from_utf8(program.output().expect("our program").stdout).expect("text")
    };
    for who in [
        None,
        Some("me"),
        Some("you"),
        Some(""),
        None,
        Some("a b\\c\n"),
    ] {
        assert_eq!(with(who), format!("{who:?}\n"));
        assert_eq!(with(who), format!("{who:?}\n"));
    }
}

#[test]
fn each_way_to_build_it_has_its_own_program() {
    let desk = Desk::with(
        "a.rs",
        "---\n[features]\nx = []\ny = []\n---\nfn main() { println!(\"{} {} {} {}\", cfg!(debug_assertions), cfg!(feature = \"x\"), cfg!(feature = \"y\"), cfg!(mine)); }\n",
    );
    let ways: [(&[&str], &str); 5] = [
        (&["a.rs"], "true false false false\n"),
        (&["--release", "a.rs"], "false false false false\n"),
        (&["-F", "x", "a.rs"], "true true false false\n"),
        (&["--features", "x,y", "a.rs"], "true true true false\n"),
        (&["--own-target", "a.rs"], "true false false false\n"),
    ];
    for (args, expected) in ways {
        assert_eq!(desk.prints_built(args), expected);
    }
    for (args, expected) in ways {
        assert_eq!(desk.prints_at_once(args), expected);
    }
    assert_eq!(desk.kept().len(), 5);
    let mut flags = desk.box_.program("", &["run", "a.rs"]);
    let output = flags
        .env("RUSTFLAGS", "--cfg mine")
        .output()
        .expect("our program");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "true false false true\n"
    );
    assert_eq!(desk.prints_at_once(&["a.rs"]), "true false false false\n");
}

#[test]
fn another_compiler_builds_it_anew() {
    let desk = Desk::with("a.rs", "fn main() { println!(\"hi\"); }\n");
    desk.prints_built(&["a.rs"]);
    let version = format!("{}.0", env!("CARGO_PKG_RUST_VERSION"));
    let installed = desk.box_.rustup("", &["toolchain", "list"]);
    if installed.is_none_or(|run| !run.stdout.contains(&version)) {
        eprintln!("skipped: Rust {version} is not installed");
        return;
    }
    assert_eq!(
        desk.prints_built(&["--toolchain", &version, "a.rs"]),
        "hi\n"
    );
    assert_eq!(
        desk.prints_at_once(&["--toolchain", &version, "a.rs"]),
        "hi\n"
    );
    assert_eq!(desk.prints_at_once(&["a.rs"]), "hi\n");
    // A file by which this folder chooses its toolchain.
    desk.box_.write(
        "rust-toolchain.toml",
        &format!("[toolchain]\nchannel = \"{version}\"\n"),
    );
    assert_eq!(desk.prints_at_once(&["a.rs"]), "hi\n");
    assert_eq!(
        desk.kept().len(),
        2,
        "it is the same compiler by another way"
    );
    let run = desk.run(&["--toolchain", "no-such-one", "a.rs"]).code(101);
    assert!(run.stderr.contains("no-such-one"), "{}", run.stderr);
}

#[test]
fn what_a_silent_build_script_may_read() {
    let desk = Desk::with(
        "a.rs",
        "---\n[dependencies]\nlib = { path = \"lib\" }\n---\nfn main() { println!(\"{}\", lib::WORD); }\n",
    );
    desk.box_.write("lib/Cargo.toml", "[package]\nname = \"lib\"\nversion = \"1.0.0\"\nedition = \"2021\"\nworkspace = \"../root\"\n");
    desk.box_
        .write("root/Cargo.toml", "[workspace]\nmembers = [\"../lib\"]\n");
    desk.box_.write("lib/src/lib.rs", "pub const WORD: &str = match option_env!(\"BUILT\") { Some(word) => word, None => \"none\" };\n");
    assert_eq!(desk.prints(&["a.rs"]), "none\n");
    desk.prints(&["a.rs"]);
    // A build script comes, says nothing, and reads a file in the package.
    desk.box_.write("lib/data/word.txt", "one");
    desk.box_.write(
        "lib/build.rs",
        "fn main() { println!(\"cargo::rustc-env=BUILT={}{}\", std::fs::read_to_string(\"data/word.txt\").unwrap(), option_env!(\"SUFFIX\").unwrap_or(\"\")); }\n",
    );
    assert_eq!(desk.prints_built(&["a.rs"]), "one\n");
    desk.prints(&["a.rs"]);
    assert_eq!(desk.prints_at_once(&["a.rs"]), "one\n");
    desk.box_.write("lib/data/word.txt", "two");
    assert_eq!(desk.prints_built(&["a.rs"]), "two\n");
    desk.prints(&["a.rs"]);
    let mut program = desk.box_.program("", &["run", "a.rs"]);
    let output = program.env("SUFFIX", "!").output().expect("our program");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "two!\n");
    // Now it names a folder.
    desk.box_.write(
        "lib/build.rs",
        "fn main() { println!(\"cargo::rerun-if-changed=data\"); println!(\"cargo::rustc-env=BUILT={}\", std::fs::read_to_string(\"data/word.txt\").unwrap()); }\n",
    );
    desk.prints(&["a.rs"]);
    desk.prints(&["a.rs"]);
    assert_eq!(desk.prints_at_once(&["a.rs"]), "two\n");
    desk.box_.write("lib/data/word.txt", "six");
    assert_eq!(desk.prints_built(&["a.rs"]), "six\n");
}

#[test]
fn variables_whoever_sets_them() {
    let text = "fn main() { println!(\"{:?} {:?}\", option_env!(\"GREETING\"), option_env!(\"CARGO_MINE\")); }\n";
    let desk = Desk::with("a.rs", text);
    let with = |greeting: Option<&str>, mine: &str| {
        let mut program = desk.box_.program("", &["run", "a.rs"]);
        if let Some(greeting) = greeting {
            program.env("GREETING", greeting);
        }
        let output = program
            .env("CARGO_MINE", mine)
            .output()
            .expect("our program");
        String::from_utf8(output.stdout).expect("text")
    };
    // Above the cache: Cargo reads it too.
    let config = desk.box_.outside(".cargo/config.toml");
    fs::create_dir_all(config.parent().expect("a folder")).expect("a folder");
    let more = desk.box_.outside(".cargo/more.toml");
    fs::write(&config, "include = [\"more.toml\"]\n").expect("a file");
    fs::write(&more, "[env]\nGREETING = \"config\"\n").expect("a file");
    let includes = with(None, "1") == "Some(\"config\") Some(\"1\")\n";
    if !includes {
        // Cargo before 1.93.
        fs::write(&config, "[env]\nGREETING = \"config\"\n").expect("a file");
    }
    for (greeting, mine, expected) in [
        (None, "1", "Some(\"config\") Some(\"1\")\n"),
        (Some("shell"), "1", "Some(\"shell\") Some(\"1\")\n"),
        (None, "1", "Some(\"config\") Some(\"1\")\n"),
        (None, "2", "Some(\"config\") Some(\"2\")\n"),
    ] {
        assert_eq!(with(greeting, mine), expected);
    }
    let changed = if includes { &more } else { &config };
    fs::write(changed, "[env]\nGREETING = \"other\"\n").expect("a file");
    assert_eq!(with(None, "2"), "Some(\"other\") Some(\"2\")\n");
}

#[test]
fn a_script_that_changes_while_it_waits_for_its_build() {
    let desk = Desk::with("other.rs", "fn main() {}\n");
    desk.prints(&["other.rs"]);
    let one = "fn main() { println!(\"one\"); }\n";
    desk.box_.write("a.rs", one);
    // As a build by another program holds them.
    let locks: Vec<fs::File> = [".cargo-lock", ".cargo-build-lock", ".cargo-artifact-lock"]
        .iter()
        .map(|name| {
            let path = desk.cache("target/debug").join(name);
            let file = fs::File::options()
                .create(true)
                .append(true)
                .open(path)
                .expect("a lock");
            file.lock().expect("locked");
            file
        })
        .collect();
    let mut program = desk.box_.program("", &["run", "a.rs"]);
    program
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = program.spawn().expect("our program");
    let mut heard = std::io::BufReader::new(child.stderr.take().expect("its standard error"));
    let mut line = String::new();
    while !line.contains("Blocking") {
        line.clear();
        assert_ne!(
            std::io::BufRead::read_line(&mut heard, &mut line).expect("text"),
            0
        );
    }
    desk.box_.write("a.rs", &one.replace("one", "two"));
    drop(locks);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "two\n");
    desk.box_.write("a.rs", one);
    assert_eq!(desk.prints(&["a.rs"]), "one\n");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "one\n");
}

#[test]
fn an_update_of_its_lock_file_asks_for_another_program() {
    let desk = Desk::with(
        "a.rs",
        "---\n[dependencies]\nalpha = \"1\"\n---\nfn main() { println!(\"{}\", option_env!(\"DEBUG\").unwrap_or(\"none\")); }\n",
    );
    assert_eq!(desk.prints_built(&["a.rs"]), "none\n");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "none\n");
    let package = desk.prints(&["--package-dir", "a.rs"]);
    let lock = std::path::Path::new(package.trim()).with_file_name("Cargo.lock");
    let text = fs::read_to_string(&lock).expect("a lock file");
    fs::write(&lock, format!("{text}# mine\n")).expect("written");
    assert_eq!(desk.prints_built(&["a.rs"]), "none\n");
    // A name that Cargo gives to build scripts is the shell's for a script.
    let mut program = desk.box_.program("", &["run", "a.rs"]);
    let output = program.env("DEBUG", "yes").output().expect("our program");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "yes\n");
}

#[test]
fn paths_that_are_relative_to_some_folder() {
    let desk = Desk::with("a.rs", "mod b;\nfn main() { println!(\"{}\", b::B); }\n");
    desk.box_.write("b.rs", "pub const B: u8 = 1;\n");
    let config = desk.box_.outside(".cargo/config.toml");
    fs::create_dir_all(config.parent().expect("a folder")).expect("a folder");
    let text = format!(
        "[build]\ndep-info-basedir = \"{}\"\n",
        desk.box_.path("").display()
    );
    fs::write(&config, text).expect("a file");
    fs::create_dir(desk.box_.path("elsewhere")).expect("a folder");
    for n in [1, 2, 3] {
        desk.box_
            .write("b.rs", &format!("pub const B: u8 = {n};\n"));
        let run = desk.box_.run("elsewhere", &["run", "../a.rs"]).code(0);
        assert_eq!(run.stdout, format!("{n}\n"));
    }
}

#[test]
fn a_short_path_and_any_folder() {
    let mut desk = Desk::with("a.rs", "fn main() { println!(\"hi\"); }\n");
    desk.prints(&["a.rs"]);
    desk.prints(&["a.rs"]);
    for folder in ["one", "two/three"] {
        fs::create_dir_all(desk.box_.path(folder)).expect("a folder");
        let script = desk.box_.path("a.rs").display().to_string();
        let run = desk.box_.run(folder, &["run", &script]).code(0);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("hi\n", ""));
    }
    let notes = fs::read_dir(desk.cache("compilers")).expect("notes");
    assert_eq!(notes.count(), 1);
    if desk.box_.rustup("", &["--version"]).is_none() {
        eprintln!("skipped: without rustup, Cargo itself finds no compiler on a short PATH");
        return;
    }
    // As from a clock: Rust is where Cargo's home has it.
    let bin = desk.box_.outside("home/.cargo/bin");
    fs::create_dir_all(&bin).expect("a folder");
    for name in ["rustc", "cargo"] {
        let program = desk
            .box_
            .command("sh", "", &["-c", &format!("command -v {name}")])
            .stdout;
        std::os::unix::fs::symlink(program.trim(), bin.join(name)).expect("a link");
    }
    desk.box_
        .env("CARGO_HOME", desk.box_.outside("home/.cargo"));
    desk.box_.env("PATH", "/usr/bin:/bin");
    assert_eq!(desk.prints(&["a.rs"]), "hi\n");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "hi\n");
}

#[test]
fn the_toolchain_that_was_asked_is_the_one_that_builds() {
    let version = format!("{}.0", env!("CARGO_PKG_RUST_VERSION"));
    let mut desk = Desk::with(
        "a.rs",
        "//! ```cargo\n//! [package]\n//! build = \"make.rs\"\n//! ```\nfn main() { println!(\"{}\", env!(\"BY\")); }\n",
    );
    desk.box_.write(
        "make.rs",
        "fn main() { let said = std::process::Command::new(std::env::var(\"RUSTC\").unwrap()).arg(\"-V\").output().unwrap();\n\
         println!(\"cargo::rustc-env=BY={}\", String::from_utf8(said.stdout).unwrap().trim()); }\n",
    );
    let installed = desk.box_.rustup("", &["toolchain", "list"]);
    if installed.is_none_or(|run| !run.stdout.contains(&version)) {
        eprintln!("skipped: Rust {version} is not installed");
        return;
    }
    let normal = desk.prints(&["a.rs"]);
    desk.box_.write(
        "rust-toolchain.toml",
        &format!("[toolchain]\nchannel = \"{version}\"\n"),
    );
    // The home of rustup by a link, as it is where disks are small.
    let home = std::env::var_os("RUSTUP_HOME").map(std::path::PathBuf::from);
    let home = home
        .or_else(|| std::env::home_dir().map(|home| home.join(".rustup")))
        .expect("a home");
    let link = desk.box_.outside("home/rustup");
    std::os::unix::fs::symlink(home, &link).expect("a link");
    desk.box_.env("RUSTUP_HOME", &link);
    let by = desk.prints(&["a.rs"]);
    assert!(by.contains(&version), "{by} and not {version}");
    assert_ne!(by, normal);
    fs::remove_file(desk.box_.path("rust-toolchain.toml")).expect("removed");
    assert_eq!(desk.prints(&["a.rs"]), normal);
}

#[test]
fn a_backtrace_that_is_asked_for_has_lines() {
    let text = "fn main() { deep(); }\n#[inline(never)]\nfn deep() { panic!(\"oh\"); }\n";
    let mut desk = Desk::with("a.rs", text);
    let size = |desk: &Desk| {
        let program = desk.prints(&["--build-only", "a.rs"]);
        fs::metadata(program.trim()).expect("a program").len()
    };
    desk.box_.env("RUST_BACKTRACE", "0");
    let run = desk.run(&["a.rs"]).code(101);
    assert!(run.stderr.contains("a.rs:3:13:"), "{}", run.stderr);
    let lean = size(&desk);
    desk.box_.env("RUST_BACKTRACE", "1");
    let run = desk.run(&["a.rs"]).code(101);
    assert!(run.stderr.contains("::deep"), "{}", run.stderr);
    assert!(run.stderr.contains("a.rs:1:13"), "{}", run.stderr);
    assert!(size(&desk) > 2 * lean, "{} and {lean}", size(&desk));
    // Both are kept.
    desk.box_.env("RUST_BACKTRACE", "0");
    let run = desk.run(&["a.rs"]).code(101);
    assert!(!run.stderr.contains("Compiling"), "{}", run.stderr);
    // Who says something about it has it.
    desk.box_.write(
        "a.rs",
        &format!("---\n[profile.dev]\ndebug = 1\n---\n{text}"),
    );
    assert!(size(&desk) > 2 * lean);
}
