//! Build scripts: what they wrote goes along, and nothing of a donor is needed once it is gone.

use super::*;

/// Builds and runs without any trace of these folders.
#[track_caller]
fn without(sandbox: &Sandbox, gone: &[&str], folder: &str) {
    for gone in gone {
        fs::remove_dir_all(sandbox.path(gone)).expect("removed");
    }
    assert_eq!(build(sandbox, folder).1, OUTPUT, "without {gone:?}");
}

/// A worktree that was warmed is a donor as good as the one that was built: after three steps, with all but the
/// last one gone, everything is there.
#[test]
fn a_chain_of_donors() {
    let sandbox = start();
    let steps = ["beside", "third", "fourth"];
    let mut from = "pika/target".to_owned();
    for folder in steps {
        if folder != "beside" {
            sandbox.worktree("pika", folder);
        }
        let donor = sandbox.path(&from).display().to_string();
        let answer = sandbox.json(folder, &["warm", "--yes", "--from", &donor]);
        assert_eq!(units(&answer), UNITS, "{folder}: {answer}");
        from = format!("{folder}/target");
    }
    without(
        &sandbox,
        &["pika/target", "beside/target", "third/target"],
        "fourth",
    );
    let (compiled, output) = build(&sandbox, "fourth");
    assert_eq!((compiled, output), (Vec::new(), OUTPUT.into()));
}

/// Each step builds, so that units of its own join those that it was given.
#[test]
fn a_chain_of_donors_that_build() {
    let sandbox = start();
    warm(&sandbox, "beside", &[]);
    build(&sandbox, "beside");
    sandbox.worktree("pika", "third");
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    let answer = sandbox.json("third", &["warm", "--yes"]);
    assert_eq!(units(&answer), UNITS, "{answer}");
    assert_eq!(
        build(&sandbox, "third"),
        (OWN.map(str::to_owned).into(), OUTPUT.into())
    );
    without(&sandbox, &["beside"], "third");
}

/// A program that opens its `OUT_DIR` when it runs would open the donor's: it is left, and compiled again.
#[test]
fn what_keeps_its_out_dir_is_left() {
    let sandbox = start();
    forget_keeps(&sandbox, "pika");
    assert_eq!(build(&sandbox, "pika").1, OUTPUT);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    let keeps = ("keeps".to_owned(), "path_inside".to_owned());
    assert!(left(&answer).contains(&keeps), "{answer}");
    without(&sandbox, &["pika/target"], "beside");
    let program = fs::read(sandbox.path("beside/target/debug/app")).expect("a program");
    let donor = sandbox.path("pika/target").display().to_string();
    assert!(memchr::memmem::find(&program, donor.as_bytes()).is_none());
}

/// A build script that is to run again does so where it was taken to, and what it said is right there.
#[test]
fn a_script_that_watches_a_variable_runs_again() {
    let prepared = prepared();
    let sandbox = sandbox_with(&prepared);
    let registry = Registry::new(&sandbox.outside("own"));
    let build_script = "fn main() {\n    println!(\"cargo::rerun-if-env-changed=SAID\");\n    \
        let said = std::env::var(\"SAID\").unwrap_or_default();\n    \
        let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
        println!(\"cargo::rustc-env=WHERE={out}/none\");\n    \
        std::fs::write(format!(\"{out}/said.rs\"), format!(\"pub const SAID: &str = \\\"{said}\\\";\")).unwrap();\n}\n";
    let files = [
        ("build.rs", build_script),
        (
            "src/lib.rs",
            "include!(concat!(env!(\"OUT_DIR\"), \"/said.rs\"));\n",
        ),
    ];
    registry.publish(("said", "1.0.0"), &[], "", &files);
    let mut sandbox = sandbox;
    sandbox.env("CARGO_HOME", sandbox.outside("own/cargo-home"));
    sandbox.package("one", "app", "");
    let manifest = sandbox.read("one/Cargo.toml") + "[dependencies]\nsaid = \"1\"\n";
    sandbox.write("one/Cargo.toml", &manifest);
    sandbox.write(
        "one/src/main.rs",
        "fn main() { println!(\"{}\", said::SAID) }\n",
    );
    sandbox.commit_all("one");
    sandbox.env("SAID", "first");
    assert_eq!(build(&sandbox, "one").1, "first\n");
    sandbox.worktree("one", "two");
    let answer = sandbox.json("two", &["warm", "--yes"]);
    assert_eq!(units(&answer), 3, "{answer}");
    sandbox.env("SAID", "second");
    let (compiled, output) = build(&sandbox, "two");
    assert_eq!(
        (compiled, output),
        (vec!["app".into(), "said".into()], "second\n".into())
    );
    sandbox.env("SAID", "first");
    assert_eq!(build(&sandbox, "one"), (Vec::new(), "first\n".into()));
}

/// A script that uses the `OUT_DIR` of another package's names it in what it says and writes. That is left and made
/// anew, with the path of the worktree's own, so that nothing needs the donor.
#[test]
fn a_script_that_uses_what_another_one_made() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::new(&sandbox.outside("own"));
    sandbox.env("CARGO_HOME", sandbox.outside("own/cargo-home"));
    let low = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
        let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
        std::fs::write(format!(\"{out}/data\"), \"low data\").unwrap();\n    \
        println!(\"cargo::metadata=ROOT={out}\");\n}\n";
    let files = [("build.rs", low), ("src/lib.rs", "")];
    registry.publish(("low-sys", "1.0.0"), &[], "links = \"low\"", &files);
    let said = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
        println!(\"cargo::rustc-env=DATA={}/data\", std::env::var(\"DEP_LOW_ROOT\").unwrap());\n}\n";
    let text = "pub fn it() -> String { std::fs::read_to_string(env!(\"DATA\")).unwrap() }\n";
    let files = [("build.rs", said), ("src/lib.rs", text)];
    registry.publish(("says", "1.0.0"), &["low-sys"], "", &files);
    let wrote = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
        let low = std::env::var(\"DEP_LOW_ROOT\").unwrap();\n    \
        let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
        let text = format!(\"pub fn it() -> String {{ std::fs::read_to_string({:?}).unwrap() }}\", low + \"/data\");\n    \
        std::fs::write(out + \"/made.rs\", text).unwrap();\n}\n";
    let text = "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n";
    let files = [("build.rs", wrote), ("src/lib.rs", text)];
    registry.publish(("writes", "1.0.0"), &["low-sys"], "", &files);
    sandbox.package("one", "app", "");
    let manifest =
        sandbox.read("one/Cargo.toml") + "[dependencies]\nsays = \"1\"\nwrites = \"1\"\n";
    sandbox.write("one/Cargo.toml", &manifest);
    let main = "fn main() { println!(\"{}, {}\", says::it(), writes::it()) }\n";
    sandbox.write("one/src/main.rs", main);
    sandbox.commit_all("one");
    assert_eq!(build(&sandbox, "one").1, "low data, low data\n");
    sandbox.worktree("one", "two");
    let answer = sandbox.json("two", &["warm", "--yes"]);
    let reasons = left(&answer);
    for package in ["says", "writes"] {
        assert!(
            reasons.contains(&(package.into(), "path_inside".into())),
            "{answer}"
        );
    }
    assert_eq!(
        units(&answer),
        5,
        "low-sys and the scripts, not run: {answer}"
    );
    fs::remove_dir_all(sandbox.path("one/target")).expect("removed");
    let (names, output) = build(&sandbox, "two");
    assert_eq!(names, ["app", "says", "writes"]);
    assert_eq!(output, "low data, low data\n");
}

/// A script that watches a folder in its own `OUT_DIR` runs again wherever that is another one: what Cargo would make
/// anew is not taken.
#[test]
fn a_script_that_watches_a_folder_of_its_own() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::new(&sandbox.outside("own"));
    sandbox.env("CARGO_HOME", sandbox.outside("own/cargo-home"));
    let text = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
        if std::fs::create_dir_all(format!(\"{out}/inner/most\")).is_ok() && !std::fs::exists(format!(\"{out}/inner/most/made.rs\")).unwrap() {\n        \
        std::fs::write(format!(\"{out}/inner/most/made.rs\"), \"pub const MADE: u32 = 7;\").unwrap();\n    }\n    \
        println!(\"cargo::rerun-if-changed={out}/inner\");\n}\n";
    let library = "include!(concat!(env!(\"OUT_DIR\"), \"/inner/most/made.rs\"));\n";
    let files = [("build.rs", text), ("src/lib.rs", library)];
    registry.publish(("watches", "1.0.0"), &[], "", &files);
    sandbox.package("one", "app", "");
    let manifest = sandbox.read("one/Cargo.toml") + "[dependencies]\nwatches = \"1\"\n";
    sandbox.write("one/Cargo.toml", &manifest);
    sandbox.write(
        "one/src/main.rs",
        "fn main() { println!(\"{}\", watches::MADE) }\n",
    );
    sandbox.commit_all("one");
    assert_eq!(build(&sandbox, "one").1, "7\n");
    build(&sandbox, "one");
    assert_eq!(build(&sandbox, "one").0, Vec::<String>::new());
    sandbox.worktree("one", "two");
    let answer = sandbox.json("two", &["warm", "--yes"]);
    assert_eq!(units(&answer), 1, "the script itself: {answer}");
    assert!(
        left(&answer).contains(&("watches".into(), "path_inside".into())),
        "{answer}"
    );
    let (names, output) = build(&sandbox, "two");
    assert_eq!(
        (names, output),
        (vec!["app".into(), "watches".into()], "7\n".into())
    );
}
