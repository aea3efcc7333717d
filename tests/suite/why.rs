//! `why`, with real builds: each cause, and that nothing is changed or guessed.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::registry::{Registry, once};
use crate::sandbox::Sandbox;

/// Longer than the pause by which `why` tells one build from the next.
const PAUSE: Duration = Duration::from_millis(1_300);

/// A registry: `leaf` in two versions, the procedural macro `macs`, and `keeps`, whose program looks into its `OUT_DIR`.
fn prepared() -> PathBuf {
    once("why-suite", |folder| {
        let registry = Registry::new(folder);
        for version in ["1.0.0", "1.1.0", "2.0.0"] {
            let text = format!("pub fn it() -> &'static str {{ \"leaf {version}\" }}\n");
            registry.publish(("leaf", version), &[], "", &[("src/lib.rs", &text)]);
        }
        let text = "extern crate proc_macro;\n#[proc_macro]\n\
                    pub fn one(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"1\".parse().unwrap() }\n";
        let plugin = "[lib]\nproc-macro = true";
        registry.publish(("macs", "1.0.0"), &[], plugin, &[("src/lib.rs", text)]);
        let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
                      let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                      std::fs::write(format!(\"{out}/data\"), \"data\").unwrap();\n}\n";
        let text = "pub fn it() -> String { std::fs::read_to_string(concat!(env!(\"OUT_DIR\"), \"/data\")).unwrap() }\n";
        let files = [("build.rs", script), ("src/lib.rs", text)];
        registry.publish(("keeps", "1.0.0"), &[], "", &files);
        registry.publish(("extra", "1.0.0"), &[], "", &[("src/lib.rs", "")]);
        // Cargo hashes the lints of a manifest with the settings of the profile.
        let lints = "[lints.rust]\nunused = \"allow\"";
        let text = "pub fn it() -> &'static str { \"leaf 1.2.0\" }\n";
        registry.publish(("leaf", "1.2.0"), &[], lints, &[("src/lib.rs", text)]);
        let text = "pub fn it() -> &'static str { leaf::it() }\n";
        registry.publish(("stem", "1.0.0"), &["leaf"], "", &[("src/lib.rs", text)]);
    })
}

/// `pika`: a workspace with the library `core-lib`, which depends on `leaf`, and the program `app`, which depends on that
/// and has a build script that watches `FOO`; and `beside`, a worktree of it. Nothing was built in either.
fn start() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.env("CARGO_HOME", prepared().join("cargo-home"));
    let write = |path: &str, text: &str| sandbox.write(&format!("pika/{path}"), text);
    let members = "[workspace]\nmembers = [\"core\", \"app\"]\nresolver = \"2\"\n";
    write("Cargo.toml", members);
    write("core/Cargo.toml", &core("leaf = \"1\"\n"));
    write(
        "core/src/lib.rs",
        "pub fn it() -> &'static str { leaf::it() }\n",
    );
    write(
        "app/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.2.0\"\nedition = \"2021\"\n\
         [dependencies]\ncore-lib = { path = \"../core\" }\n",
    );
    write(
        "app/build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
         println!(\"cargo::rerun-if-env-changed=FOO\");\n}\n",
    );
    write(
        "app/src/main.rs",
        "fn main() { println!(\"{}\", core_lib::it()) }\n",
    );
    write(".gitignore", "target\n");
    sandbox.cargo("pika", &["generate-lockfile"]);
    sandbox.cargo("pika", &["update", "leaf", "--precise", "1.0.0"]);
    // With its `Cargo.lock`.
    sandbox.git("pika", &["init", "-q", "-b", "main"]);
    sandbox.commit_all("pika");
    sandbox.worktree("pika", "beside");
    sandbox
}

/// The manifest of `core-lib` with these dependencies.
fn core(dependencies: &str) -> String {
    format!(
        "[package]\nname = \"core-lib\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [features]\nmore = []\n[dependencies]\n{dependencies}"
    )
}

/// The only workspace in the answer of `why` with these arguments.
#[track_caller]
fn workspace(sandbox: &Sandbox, folder: &str, args: &[&str]) -> Value {
    let mut all = vec!["why"];
    all.extend(args);
    let answer = sandbox.json(folder, &all);
    assert_eq!(answer["command"], "why", "{answer}");
    let workspaces = answer["workspaces"].as_array().expect("a list");
    assert_eq!(workspaces.len(), 1, "{answer}");
    workspaces[0].clone()
}

/// The units of a package in the answer.
#[track_caller]
fn units(workspace: &Value, package: &str) -> Vec<Value> {
    let all = workspace["units"].as_array().expect("a list");
    let of_package = all.iter().filter(|unit| unit["package"] == package);
    let found: Vec<Value> = of_package.cloned().collect();
    assert!(!found.is_empty(), "no `{package}` in {workspace:#}");
    found
}

/// The cause of the only unit of a package.
#[track_caller]
fn cause(workspace: &Value, package: &str) -> Value {
    let units = units(workspace, package);
    assert_eq!(units.len(), 1, "{units:#?}");
    units[0]["cause"].clone()
}

/// The text for people.
#[track_caller]
fn said(sandbox: &Sandbox, folder: &str, args: &[&str]) -> String {
    let mut all = vec!["why"];
    all.extend(args);
    sandbox.run(folder, &all).code(0).stdout
}

#[test]
fn nothing_was_built() {
    let sandbox = start();
    let before = sandbox.tree("");
    let text = said(&sandbox, "pika", &[]);
    assert_eq!(text, "no build has compiled anything in target\n");
    let answer = workspace(&sandbox, "pika", &[]);
    assert_eq!(answer["build"], Value::Null);
    assert_eq!(answer["units"], Value::Array(Vec::new()));
    let text = said(&sandbox, "pika", &["leaf"]);
    assert_eq!(text, "no build has compiled `leaf` in target\n");
    assert_eq!(sandbox.tree(""), before);
}

#[test]
fn nowhere_else() {
    let sandbox = Sandbox::new();
    sandbox.package("alone", "app", "hello");
    sandbox.cargo("alone", &["build", "--offline"]);
    let answer = workspace(&sandbox, "alone", &[]);
    assert_eq!(answer["build"]["units"], 1);
    assert_eq!(cause(&answer, "app")["cause"], "alone");
    // The workspace around a folder counts also where there is no git.
    assert_eq!(workspace(&sandbox, "alone/src", &[]), answer);
    // A variable leads the build elsewhere, and the question after it.
    let mut sandbox = sandbox;
    sandbox.env("CARGO_TARGET_DIR", sandbox.path("elsewhere"));
    let text = said(&sandbox, "alone", &[]);
    assert_eq!(text, "no build has compiled anything in ../elsewhere\n");
    sandbox.cargo("alone", &["build", "--offline"]);
    let answer = workspace(&sandbox, "alone", &[]);
    assert_eq!(answer["build"]["units"], 1);
    assert_eq!(cause(&answer, "app")["cause"], "not_warmed");

    let sandbox = start();
    let with = core("leaf = \"1\"\nextra = \"1\"\n");
    sandbox.write("beside/core/Cargo.toml", &with);
    sandbox.cargo("beside", &["build"]);
    let answer = workspace(&sandbox, "beside", &[]);
    assert_eq!(cause(&answer, "extra")["cause"], "only_here");
    let leaf = cause(&answer, "leaf");
    assert_eq!(leaf["cause"], "not_built_elsewhere");
    assert_eq!(leaf["named_by"].as_array().map(Vec::len), Some(1));
    // The cause is followed to what it begins with.
    sandbox.cargo("pika", &["build"]);
    let core = cause(&workspace(&sandbox, "beside", &[]), "core-lib");
    assert_eq!(core["cause"], "dependency");
    assert_eq!(core["package"], "extra");
    assert_eq!(core["because"]["cause"], "only_here");
    let text = said(&sandbox, "beside", &["core-lib"]);
    let expected =
        "cause      dependency `extra` was compiled: package is in no other worktree's Cargo.lock";
    assert!(text.contains(expected), "{text}");
}

/// The first difference of a package's only unit.
#[track_caller]
fn difference(sandbox: &Sandbox, package: &str) -> Value {
    let cause = cause(&workspace(sandbox, "beside", &[]), package);
    assert_eq!(cause["cause"], "other_unit", "{cause}");
    cause["differences"][0].clone()
}

#[test]
fn another_unit() {
    let build = |args: &[&str], here: &[&str]| {
        let sandbox = start();
        sandbox.cargo("pika", args);
        sandbox.cargo("beside", here);
        sandbox
    };
    let sandbox = build(&["build"], &["check"]);
    assert_eq!(difference(&sandbox, "leaf")["in"], "checked");
    let sandbox = build(&["build"], &["build", "--release"]);
    let found = difference(&sandbox, "leaf");
    assert_eq!(
        (&found["in"], &found["to"]),
        (&"profile".into(), &"release".into())
    );
    let sandbox = build(
        &["build"],
        &["build", "--config", "build.rustflags=['--cfg=it']"],
    );
    assert_eq!(difference(&sandbox, "leaf")["in"], "rustflags");
    let args = ["build", "-p", "core-lib", "--features", "core-lib/more"];
    let sandbox = build(&["build"], &args);
    let found = difference(&sandbox, "core-lib");
    assert_eq!(found["more"][0], "more", "{found}");
    let text = said(&sandbox, "beside", &[]);
    assert!(
        text.contains("1  nearest unit, in ../pika, differs: features only here: more\n"),
        "{text}"
    );
    assert!(
        text.contains("hint: build the same packages in both worktrees"),
        "{text}"
    );
    let version = sandbox.cargo("", &["-vV"]).stdout;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let sandbox = build(&["build"], &["build", "--target", host.expect("a host")]);
    let found = difference(&sandbox, "leaf");
    assert_eq!(
        (&found["in"], &found["to"]),
        (&"triple".into(), &host.into())
    );
}

#[test]
fn another_version() {
    let sandbox = start();
    sandbox.cargo("pika", &["build"]);
    sandbox.cargo("beside", &["update", "leaf", "--precise", "1.1.0"]);
    sandbox.cargo("beside", &["build"]);
    let found = difference(&sandbox, "leaf");
    let expected = serde_json::json!({"in": "version", "from": "1.0.0", "to": "1.1.0"});
    assert_eq!(found, expected);
    let core = cause(&workspace(&sandbox, "beside", &[]), "core-lib");
    assert_eq!(core["package"], "leaf", "{core}");
}

/// A version has other lints, which are no settings of the profile here; and the packages of a workspace have versions too.
#[test]
fn a_version_explains_the_rest() {
    let sandbox = start();
    sandbox.cargo("pika", &["build"]);
    sandbox.cargo("beside", &["update", "leaf", "--precise", "1.2.0"]);
    let manifest = sandbox.read("beside/app/Cargo.toml");
    sandbox.write("beside/app/Cargo.toml", &manifest.replace("0.2.0", "0.3.0"));
    sandbox.cargo("beside", &["build"]);
    let answer = workspace(&sandbox, "beside", &[]);
    let leaf = cause(&answer, "leaf")["differences"].clone();
    let expected = serde_json::json!([{"in": "version", "from": "1.0.0", "to": "1.2.0"}]);
    assert_eq!(leaf, expected);
    let app = units(&answer, "app");
    let script = app.iter().find(|unit| unit["kind"] == "build_script");
    let script = &script.expect("a build script")["cause"];
    let expected = serde_json::json!([{"in": "version", "from": "0.2.0", "to": "0.3.0"}]);
    assert_eq!(script["differences"], expected, "{script}");
}

/// A `Cargo.lock` that names another version of the package does not name this one.
#[test]
fn another_version_in_a_lock_file() {
    let sandbox = start();
    sandbox.cargo("beside", &["update", "leaf", "--precise", "1.1.0"]);
    sandbox.cargo("beside", &["build"]);
    let leaf = cause(&workspace(&sandbox, "beside", &[]), "leaf");
    assert_eq!(leaf["cause"], "not_built_elsewhere", "{leaf}");
    assert_eq!(leaf["named_by"], serde_json::json!([]));
    let text = said(&sandbox, "beside", &["leaf"]);
    assert!(text.contains("built in no other worktree\n"), "{text}");
}

/// The nearest unit is of the same command: another command's shares nothing, whatever else is the same. A dependency that
/// `warm` has put there was not compiled.
#[test]
fn a_dependency_that_is_another_one() {
    let sandbox = start();
    sandbox.worktree("pika", "third");
    let newer = |folder: &str, needs: &str| {
        sandbox.write(&format!("{folder}/core/Cargo.toml"), &core(needs));
        sandbox.cargo(folder, &["update", "leaf", "--precise", "1.1.0"]);
    };
    let needs = "leaf = \"1\"\nstem = \"1\"\n";
    sandbox.write("pika/core/Cargo.toml", &core(needs));
    sandbox.cargo("pika", &["check"]);
    sandbox.cargo("pika", &["build"]);
    newer("beside", needs);
    sandbox.cargo("beside", &["build"]);
    let stem = cause(&workspace(&sandbox, "beside", &[]), "stem");
    assert_eq!(stem["package"], "leaf", "{stem}");
    assert_eq!(stem["because"]["differences"][0]["in"], "version", "{stem}");

    newer("third", "leaf = \"1\"\n");
    sandbox.cargo("third", &["build"]);
    fs::remove_dir_all(sandbox.path("beside/target")).expect("deleted");
    let third = sandbox.path("third/target").display().to_string();
    sandbox.run("beside", &["warm", "--from", &third]).code(0);
    sleep(PAUSE);
    let built = sandbox.cargo("beside", &["build", "-v"]).said();
    assert!(built.contains("Fresh leaf v1.1.0"), "{built}");
    let stem = cause(&workspace(&sandbox, "beside", &[]), "stem");
    let expected = serde_json::json!([{"in": "dependencies", "packages": ["leaf"]}]);
    assert_eq!(stem["differences"], expected, "{stem}");
    let text = said(&sandbox, "beside", &[]);
    assert!(!text.contains("compiled: not compiled"), "{text}");
}

#[test]
fn another_fingerprint() {
    let sandbox = start();
    sandbox.cargo("pika", &["build"]);
    let mut cargo = sandbox.prepared("cargo", "beside", &["build"]);
    assert!(
        cargo
            .env("FOO", "secret")
            .output()
            .expect("cargo")
            .status
            .success()
    );
    let answer = sandbox.run("beside", &["why", "app", "--format", "json"]);
    assert!(!answer.stdout.contains("secret"));
    let app = units(&workspace(&sandbox, "beside", &[]), "app");
    let cause = |kind: &str| {
        let unit = app.iter().find(|unit| unit["kind"] == kind);
        unit.expect(kind)["cause"].clone()
    };
    let run = cause("build_script_run");
    assert_eq!(run["cause"], "other_fingerprint");
    let expected = serde_json::json!([{"in": "variable", "name": "FOO"}]);
    assert_eq!(run["differences"], expected);
    let program = cause("program");
    assert_eq!(program["cause"], "dependency", "{program}");
    assert_eq!(program["because"]["differences"], expected);
    let text = said(&sandbox, "beside", &["app@0.2.0"]);
    assert!(
        text.contains("variable `FOO` differs from ../pika\n"),
        "{text}"
    );
    assert!(
        text.contains("hint: set the variable to the same value for both builds\n"),
        "{text}"
    );
}

#[test]
fn another_source() {
    let sandbox = start();
    sandbox.cargo("pika", &["build"]);
    let text = "pub fn it() -> &'static str { \"other\" }\n";
    sandbox.write("beside/core/src/lib.rs", text);
    sandbox.cargo("beside", &["build"]);
    let before = sandbox.tree("");
    let answer = workspace(&sandbox, "beside", &[]);
    assert_eq!(sandbox.tree(""), before);
    let core = cause(&answer, "core-lib");
    assert_eq!(core["cause"], "source_differs", "{core}");
    assert_eq!(core["file"], "core/src/lib.rs");
    let app = units(&answer, "app");
    let program = app.iter().find(|unit| unit["kind"] == "program");
    let program = &program.expect("a program")["cause"];
    assert_eq!(
        (&program["cause"], &program["package"]),
        (&"dependency".into(), &"core-lib".into())
    );
    assert_eq!(program["because"]["cause"], "source_differs");
    // From any folder in it, and from elsewhere.
    for (folder, args) in [
        ("beside/app/src", &[][..]),
        ("", &["--worktree", "beside"]),
        ("pika", &["--worktree", "../beside/app"]),
    ] {
        let again = workspace(&sandbox, folder, args);
        assert_eq!(again["units"], answer["units"], "{folder}");
    }
    let text = said(&sandbox, "beside", &[]);
    let expected =
        "      1  source differs from ../pika: core/src/lib.rs\n         core-lib 0.1.0\n";
    assert!(text.contains(expected), "{text}");
    let expected =
        "dependency `core-lib` was compiled: source differs from ../pika: core/src/lib.rs\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn what_warm_leaves_and_what_it_would_take() {
    let sandbox = start();
    for folder in ["pika", "beside"] {
        sandbox.write(
            &format!("{folder}/core/Cargo.toml"),
            &core("leaf = \"1\"\nkeeps = \"1\"\n"),
        );
        sandbox.cargo(folder, &["build"]);
    }
    let answer = workspace(&sandbox, "beside", &[]);
    let keeps = units(&answer, "keeps");
    let library = keeps.iter().find(|unit| unit["kind"] == "library");
    let library = &library.expect("a library")["cause"];
    assert_eq!(library["cause"], "left", "{library}");
    assert_eq!(library["left"]["reason"], "path_inside");
    let text = said(&sandbox, "beside", &["keeps"]);
    let expected =
        "same unit in ../pika, but `warm` takes no units containing a path of the donor: ";
    assert!(text.contains(expected), "{text}");
    let leaf = &units(&answer, "leaf")[0];
    assert_eq!(leaf["cause"]["cause"], "not_warmed");
    assert_eq!(leaf["cause"]["warmed"], Value::Null);
    let advice = leaf["advice"].as_str().expect("advice");
    assert!(advice.contains("cargo sharedtarget onboard"), "{advice}");
    // The other worktree could not have taken anything.
    let later = cause(&workspace(&sandbox, "pika", &["leaf"]), "leaf");
    assert_eq!(later["cause"], "built_later", "{later}");
    // Nor could it have taken what is never taken: there was nothing else yet.
    let later = units(&workspace(&sandbox, "pika", &["keeps"]), "keeps");
    let causes: Vec<&Value> = later.iter().map(|unit| &unit["cause"]["cause"]).collect();
    assert!(
        causes.iter().all(|cause| **cause == "built_later"),
        "{later:#?}"
    );
}

#[test]
fn what_was_put_there_was_not_compiled() {
    let sandbox = start();
    sandbox.cargo("pika", &["build"]);
    sandbox.run("beside", &["warm"]).code(0);
    let answer = workspace(&sandbox, "beside", &[]);
    assert_eq!(answer["build"], Value::Null, "{answer:#}");
    let text = "fn main() { println!(\"{}\", core_lib::it()); }\n";
    sandbox.write("beside/app/src/main.rs", text);
    // The layout of Cargo 1.100 tells what was there before by no less.
    sleep(PAUSE);
    sandbox.cargo("beside", &["build"]);
    let answer = workspace(&sandbox, "beside", &[]);
    assert_eq!(answer["build"]["units"], 1, "{answer:#}");
    let app = cause(&answer, "app");
    assert_eq!(app["cause"], "changed_here", "{app}");
    let file = app["file"].as_str().expect("a file");
    assert!(file.ends_with("beside/app/src/main.rs"), "{file}");
    for package in ["leaf", "core-lib"] {
        let cause = cause(&workspace(&sandbox, "beside", &[package]), package);
        assert_eq!(cause["cause"], "put_here", "{cause}");
    }
}

/// A build script that names no file runs again with any change of its package, also where `warm` has put its run.
#[test]
fn a_script_that_watches_its_whole_package() {
    let sandbox = start();
    for folder in ["pika", "beside"] {
        sandbox.write(&format!("{folder}/app/build.rs"), "fn main() {}\n");
    }
    sandbox.cargo("pika", &["build"]);
    sandbox.run("beside", &["warm"]).code(0);
    sleep(PAUSE);
    let text = "fn main() { println!(\"{}\", core_lib::it()); }\n";
    sandbox.write("beside/app/src/main.rs", text);
    sandbox.cargo("beside", &["build"]);
    let answer = workspace(&sandbox, "beside", &[]);
    assert_eq!(answer["build"]["units"], 2, "{answer:#}");
    for unit in units(&answer, "app") {
        let cause = &unit["cause"];
        assert_eq!(cause["cause"], "changed_here", "{unit:#}");
        let file = cause["file"].as_str().expect("a file");
        assert!(file.ends_with("beside/app/src/main.rs"), "{file}");
    }
}

#[test]
fn the_last_build_alone() {
    let sandbox = start();
    sandbox.cargo("pika", &["build"]);
    let first = workspace(&sandbox, "pika", &[]);
    assert_eq!(first["build"]["units"], 5, "{first:#}");
    sleep(PAUSE);
    let text = "pub fn it() -> &'static str { leaf::it() } // changed\n";
    sandbox.write("pika/core/src/lib.rs", text);
    sandbox.cargo("pika", &["build"]);
    let second = workspace(&sandbox, "pika", &[]);
    assert_eq!(second["build"]["units"], 2, "{second:#}");
    assert!(second["build"]["began"].as_str() > first["build"]["ended"].as_str());
    let core = cause(&second, "core-lib");
    assert_eq!(core["cause"], "changed_here", "{core}");
    let app = cause(&second, "app");
    assert_eq!(
        (&app["cause"], &app["package"]),
        (&"dependency".into(), &"core-lib".into())
    );
    assert_eq!(app["because"], core);
    // A build that has nothing to do is none.
    sleep(PAUSE);
    sandbox.cargo("pika", &["build"]);
    assert_eq!(workspace(&sandbox, "pika", &[])["build"], second["build"]);
    let leaf = units(&workspace(&sandbox, "pika", &["leaf"]), "leaf");
    assert_eq!(leaf[0]["in_last_build"], false);
    let text = said(&sandbox, "pika", &["leaf"]);
    assert!(text.contains(" by an earlier build\n"), "{text}");
}

#[test]
fn a_build_that_failed() {
    let sandbox = start();
    sandbox.cargo("pika", &["build"]);
    sandbox.write("pika/core/src/lib.rs", "pub fn it(\n");
    sandbox.command("cargo", "pika", &["build"]).code(101);
    let answer = workspace(&sandbox, "pika", &[]);
    let unfinished = answer["unfinished"].as_array().expect("a list");
    assert!(unfinished.contains(&"core-lib".into()), "{unfinished:?}");
    let text = said(&sandbox, "pika", &[]);
    assert!(
        text.contains("a build failed, or it still runs\n"),
        "{text}"
    );
    let core = cause(&workspace(&sandbox, "pika", &["core-lib"]), "core-lib");
    assert_eq!(core["cause"], "unknown", "{core}");
}

#[test]
fn two_versions_and_a_macro() {
    let sandbox = start();
    let with = "leaf = \"1\"\nmacs = \"1\"\nnewer = { package = \"leaf\", version = \"2\" }\n";
    for folder in ["pika", "beside"] {
        sandbox.write(&format!("{folder}/core/Cargo.toml"), &core(with));
        sandbox.cargo(folder, &["build"]);
    }
    let all = workspace(&sandbox, "beside", &["leaf"]);
    let versions: Vec<_> = units(&all, "leaf")
        .iter()
        .map(|unit| unit["version"].clone())
        .collect();
    assert_eq!(versions, ["1.0.0", "2.0.0"]);
    let one = workspace(&sandbox, "beside", &["leaf@2"]);
    assert_eq!(cause(&one, "leaf")["cause"], "not_warmed");
    let macs = units(&workspace(&sandbox, "beside", &["macs"]), "macs");
    assert_eq!(macs[0]["kind"], "proc_macro");
    assert_eq!(macs[0]["cause"]["cause"], "not_warmed");
}

#[test]
fn a_name_that_is_none() {
    let sandbox = start();
    sandbox.cargo("pika", &["build"]);
    let error = |name: &str| sandbox.run("pika", &["why", name]).code(101).stderr;
    let lock = sandbox.path("pika/Cargo.lock");
    let expected = format!(
        "error: expected a package in `{}`: `core-lub`\n",
        lock.display()
    );
    let said = error("core-lub");
    assert!(said.starts_with(&expected), "{said}");
    assert!(
        said.contains("hint: a package with a similar name is `core-lib`\n"),
        "{said}"
    );
    let said = error("leaf@3");
    assert!(
        said.contains("hint: leave the version out; another version of `leaf` exists\n"),
        "{said}"
    );
    let said = error("\u{1b}[31mred");
    assert!(!said.contains('\u{1b}'), "{said:?}");
    let said = sandbox.run("", &["why"]).code(101).stderr;
    assert!(said.contains("expected a Cargo workspace"), "{said}");
}

/// Nothing on disk has it panic, and nothing of it reaches the terminal as a command.
#[test]
fn whatever_is_on_disk() {
    let sandbox = start();
    for folder in ["pika", "beside"] {
        sandbox.cargo(folder, &["build"]);
    }
    let texts = [
        "",
        "{",
        "[]",
        "{\"rustc\":1,\"features\":\"[\\\"\u{1b}[31m\\\"]\",\"profile\":1,\"rustflags\":[\"\u{1b}\"],\
         \"compile_kind\":0,\"deps\":[[1,\"a\",false,2]],\"local\":[{\"X\":1}]}",
        "{\"rustc\":1,\"features\":\"[]\",\"profile\":1,\"rustflags\":[],\"compile_kind\":0,\"deps\":[[1,\"a\",false,2]],\
         \"local\":[{\"RerunIfEnvChanged\":{\"var\":\"\u{1b}]0;x\",\"val\":null}}]}",
        "01000000ffff0000",
    ];
    let files = walkdir::WalkDir::new(sandbox.path("")).into_iter();
    let files = files
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path);
    let files = files.filter(|path| {
        let text = path.to_string_lossy();
        path.is_file() && text.contains("/target/") && text.contains("fingerprint")
    });
    let files: Vec<PathBuf> = files.collect();
    assert!(files.len() > 20, "{files:?}");
    for (at, file) in files.iter().enumerate() {
        let was = fs::read(file).expect("a file");
        fs::write(file, texts[at % texts.len()]).expect("written");
        for args in [&["why"][..], &["why", "app", "--format", "json"]] {
            let run = sandbox.run("beside", args).code(0);
            assert!(!run.said().contains('\u{1b}'), "{}", run.said());
        }
        // Some stay as they are.
        if at % 3 == 0 {
            fs::write(file, was).expect("written");
        }
    }
}

/// An uncommitted file of one worktree may be copied into another one once the hook has run, and then looks old. Cargo reads
/// a `Cargo.lock` whatever its age.
#[test]
fn what_the_hook_leaves_for_changes_elsewhere() {
    let sandbox = start();
    sandbox.cargo("pika", &["update"]);
    sandbox.git("pika", &["rm", "-q", "--cached", "Cargo.lock"]);
    sandbox.git("pika", &["commit", "-q", "-m", "no lock"]);
    sandbox.cargo("pika", &["build"]);
    let onboarded = |worktree: &str| {
        sandbox.worktree("pika", worktree);
        // As the hook calls it.
        sandbox
            .run(worktree, &["onboard", "--yes", "--quiet"])
            .code(0);
        sandbox.cargo(worktree, &["build"]).said()
    };
    let built = onboarded("first");
    assert!(!built.contains("Compiling"), "{built}");
    sandbox.write("pika/core/src/extra.rs", "");
    let built = onboarded("second");
    assert!(built.contains("Compiling core-lib"), "{built}");
    let answer = workspace(&sandbox, "second", &["core-lib"]);
    let left = &cause(&answer, "core-lib")["left"];
    assert_eq!(left["reason"], "changed_elsewhere", "{answer:#}");
    assert_eq!(left["file"], "core/src/extra.rs");
    let advice = units(&answer, "core-lib")[0]["advice"].clone();
    assert!(
        advice
            .as_str()
            .is_some_and(|text| text.contains("commit the change")),
        "{advice}"
    );
}
