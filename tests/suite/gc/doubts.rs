//! Doubts that turn a rule off, and files that are kept whatever the options.

use super::strangers::checked;
use super::*;

/// Why nothing goes: the doubts of the first folder that stays.
pub(super) fn doubts(answer: &Value) -> String {
    answer["plan"]["kept"][0]["reason"]["doubts"].to_string()
}

/// A package that another worktree of the repository asks for stays in all of them.
#[test]
fn what_another_worktree_asks_for_stays() {
    let sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.worktree("pika", "beside");
    sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted"]));
    sandbox.write("pika/src/main.rs", main_of(false));
    plain.compiles(&sandbox, "pika", &["build"]);
    assert_eq!(gone(&gc(&sandbox, "pika", &[])), []);
    sandbox.git("pika", &["worktree", "remove", "--force", "../beside"]);
    assert_eq!(packages(&gc(&sandbox, "pika", &[])), ["app", "extra"]);
}

/// Cargo 1.97 and later read the `Cargo.lock` that a configuration names, so that the one beside the manifest says nothing.
#[test]
fn another_lock_file_is_named() {
    let sandbox = start();
    let layout = Layout(None);
    layout.build_all(&sandbox, "pika");
    sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted"]));
    sandbox.write("pika/src/main.rs", main_of(false));
    layout.compiles(&sandbox, "pika", &["build"]);
    sandbox.write(
        "pika/.cargo/config.toml",
        "[resolver]\nlockfile-path = \"locks/Cargo.lock\"\n",
    );
    let answer = gc(&sandbox, "pika", &[]);
    assert_eq!(gone(&answer), []);
    let text = answer.to_string();
    assert!(text.contains("names another `Cargo.lock`"), "{answer:#}");
    std::fs::remove_dir_all(sandbox.path("pika/.cargo")).expect("removed");
    let answer = gc(&sandbox, "pika", &[]);
    assert!(gone(&answer).iter().any(|(name, _)| name == "extra"));
}

/// Where the next build changes the `Cargo.lock`, it is unknown which packages it asks for.
#[test]
fn a_lock_that_is_out_of_date_is_a_doubt() {
    let sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted"]));
    sandbox.write("pika/src/main.rs", main_of(false));
    plain.compiles(&sandbox, "pika", &["build"]);
    for broken in [
        manifest(&["leaf", "scripted", "extra"]),
        "[package".to_owned(),
    ] {
        sandbox.write("pika/Cargo.toml", &broken);
        let answer = gc(&sandbox, "pika", &[]);
        assert_eq!(gone(&answer), []);
        assert!(doubts(&answer).len() > 2, "{answer:#}");
    }
    sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted"]));
    std::fs::remove_file(sandbox.path("pika/Cargo.lock")).expect("removed");
    assert_eq!(gone(&gc(&sandbox, "pika", &[])), []);
}

/// A build that runs keeps the folder.
#[test]
fn a_running_build_keeps_the_folder() {
    let sandbox = start();
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    let lock = sandbox.path("pika/target/debug/.cargo-lock");
    let held = std::fs::File::open(lock).expect("a lock file");
    held.lock().expect("the lock");
    let answer = gc(&sandbox, "pika", &["--profile", "debug"]);
    assert_eq!(
        answer["plan"]["kept"][0]["reason"]["reason"], "busy",
        "{answer:#}"
    );
    drop(held);
    assert!(!gone(&gc(&sandbox, "pika", &["--profile", "debug"])).is_empty());
}

/// Files that are not Cargo's are kept, also those that only look like a unit's.
#[test]
fn what_is_not_a_unit_stays() {
    let sandbox = start();
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    let foreign = [
        "notes.txt",
        "debug/notes.txt",
        "debug/notes",
        "debug/examples/notes",
        "debug/deps/notes",
        "mine/deps/libx-0123456789abcdef.rlib",
        "debug/deps/notes.txt",
        "debug/build/notes.txt",
        "debug/.fingerprint/notes",
        "debug/deeper/deps/libx-0123456789abcdef.rlib",
    ];
    for path in foreign {
        sandbox.write(&format!("pika/target/{path}"), "x");
    }
    let outside = sandbox.path(".").join("outside");
    std::fs::create_dir(&outside).expect("a folder");
    std::fs::write(outside.join("precious"), "x").expect("a file");
    let link = sandbox.path("pika/target/debug/build/leaf-0123456789abcdef");
    std::os::unix::fs::symlink(&outside, link).expect("a link");
    gc(&sandbox, "pika", &["--profile", "debug"]);
    for path in foreign {
        assert!(sandbox.exists(&format!("pika/target/{path}")), "{path}");
    }
    assert!(outside.join("precious").exists());
    assert_eq!(Layout(None).output(&sandbox, "pika"), OUTPUT);
}

/// One target folder by its path, also from elsewhere; and a folder that no known workspace builds into.
#[test]
fn a_target_folder_can_be_named() {
    let sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    copy(&sandbox, "pika/target", "lonely");
    let answer = sandbox.json(".", &["gc", "-n", "--profile", "debug", "pika/target"]);
    let path = answer["plan"]["actions"][0]["path"]
        .as_str()
        .expect("a path");
    assert!(path.ends_with("pika/target"), "{path}");
    let answer = sandbox.json(".", &["gc", "-n", "lonely"]);
    assert_eq!(gone(&answer), []);
    assert!(
        doubts(&answer).contains("that build into it are unknown"),
        "{answer:#}"
    );
    let answer = sandbox.json(".", &["gc", "-n", "--profile", "debug", "lonely"]);
    assert!(!gone(&answer).is_empty());
    sandbox
        .run(".", &["gc", "-n", "lonely", "pika"])
        .code(101)
        .says("not both");
}

/// The deletion was not confirmed.
#[test]
fn without_a_yes_nothing_goes() {
    let sandbox = start();
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    let before = sandbox.tree("pika/target");
    sandbox
        .run("pika", &["gc", "--max-size", "0"])
        .code(3)
        .says("nothing was changed");
    sandbox
        .run("pika", &["gc", "--max-size", "0", "-n"])
        .code(0)
        .says("together they free");
    sandbox
        .run("pika", &["gc", "--max-size", "lots"])
        .code(2)
        .says("such as `20GB`");
    assert!(sandbox.tree("pika/target") == before, "something changed");
}

/// A compiler that rustup does not know, and that a configuration or a variable names.
#[test]
fn a_compiler_that_is_named_is_a_doubt() {
    let mut sandbox = start();
    if !has_rustup(&sandbox) {
        return;
    }
    sandbox.write("pika/.cargo/config.toml", "[build]\nrustc = \"rustc\"\n");
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    checked(
        &sandbox,
        &["--toolchain-gone"],
        "pika",
        "may name a compiler",
    );
    sandbox.write("pika/.cargo/config.toml", "");
    checked(&sandbox, &["--toolchain-gone"], "pika", "[]");
    sandbox.env("RUSTC", "rustc");
    checked(
        &sandbox,
        &["--toolchain-gone"],
        "pika",
        "`RUSTC` names a compiler",
    );
}

/// Fingerprints that lie elsewhere only seem to be missing.
#[test]
fn what_lies_elsewhere_is_not_unfinished() {
    let sandbox = start();
    let plain = Layout(None);
    plain.compiles(&sandbox, "pika", &["build"]);
    let debug = sandbox.path("pika/target/debug");
    let inside = match profile::is_new(&debug) {
        true => {
            let all = profile::fingerprints(&debug).into_iter();
            all.map(|(_, folder)| folder).collect()
        }
        false => vec![debug.join(".fingerprint")],
    };
    for (at, inside) in inside.iter().enumerate() {
        let outside = sandbox.path(".").join(format!("prints{at}"));
        std::fs::rename(inside, &outside).expect("renamed");
        std::os::unix::fs::symlink(&outside, inside).expect("a link");
    }
    assert_eq!(gone(&gc(&sandbox, "pika", &[])), []);
    assert_eq!(plain.compiles(&sandbox, "pika", &["build"]), [""; 0]);
}

/// Files with names as Cargo makes them, and with content that it never makes.
#[test]
fn what_only_has_a_hash_stays() {
    let sandbox = start();
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    let mine = [
        "debug/build/mine-0123456789abcde0/precious",
        "debug/deps/notes-0123456789abcde1",
        "debug/examples/data-0123456789abcde2.csv",
        "debug/build/mine/0123456789abcde3/precious",
    ];
    for path in mine {
        sandbox.write(&format!("pika/target/{path}"), "x");
    }
    // The leftover of a killed run.
    sandbox.write("pika/target/debug/deps/libold-0123456789abcde4.rlib", "x");
    let answer = gc(&sandbox, "pika", &[]);
    assert_eq!(gone(&answer), [("?".into(), "unfinished".into())]);
    for path in mine {
        assert!(sandbox.exists(&format!("pika/target/{path}")), "{path}");
    }
    assert!(!sandbox.exists("pika/target/debug/deps/libold-0123456789abcde4.rlib"));
}

/// Cargo asks the wrapper for the compiler's version.
#[test]
fn a_wrapper_that_answers_is_a_doubt() {
    let mut sandbox = start();
    if !has_rustup(&sandbox) {
        return;
    }
    let wrapper = sandbox.path(".").join("wrapper");
    let text =
        "#!/bin/sh\nif [ \"$2\" = -vV ]; then \"$@\"; echo 'wrapped: 1.0'; exit; fi\nexec \"$@\"\n";
    std::fs::write(&wrapper, text).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&wrapper, mode).expect("a program");
    for key in ["rustc-wrapper", "rustc-workspace-wrapper"] {
        let config = format!("[build]\n{key} = '{}'\n", wrapper.display());
        sandbox.write("pika/.cargo/config.toml", &config);
        Layout(None).compiles(&sandbox, "pika", &["build"]);
        checked(&sandbox, &[], "pika", "may name a compiler");
        assert_eq!(Layout(None).compiles(&sandbox, "pika", &["build"]), [""; 0]);
    }
    sandbox.write("pika/.cargo/config.toml", "");
    sandbox.env("RUSTC_WRAPPER", &wrapper);
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    checked(
        &sandbox,
        &[],
        "pika",
        "`RUSTC_WRAPPER` names a program that may replace",
    );
    sandbox.env("RUSTC_WRAPPER", "sccache");
    assert!(
        doubts_or_none(&sandbox).is_empty(),
        "it is known to pass it on"
    );
}

/// Whether rustup says which compilers are installed; says so if not, for that alone is a doubt.
fn has_rustup(sandbox: &Sandbox) -> bool {
    let is_there = sandbox.rustup("", &["--version"]).is_some();
    if !is_there {
        eprintln!("skipped: no rustup");
    }
    is_there
}

fn doubts_or_none(sandbox: &Sandbox) -> String {
    let answer = sandbox.json("pika", &["gc", "--toolchain-gone"]);
    match &answer["plan"]["kept"][0]["reason"]["doubts"] {
        Value::Array(doubts) if doubts.is_empty() => String::new(),
        Value::Null => String::new(),
        doubts => doubts.to_string(),
    }
}

/// A build that failed has emptied the fingerprints of what stands behind the error as well.
#[test]
fn what_a_script_has_written_outlasts_a_failed_build() {
    let sandbox = start();
    for layout in Layout::all(&sandbox) {
        sandbox.write(
            "pika/helper/Cargo.toml",
            "[package]\nname = \"helper\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[build-dependencies]\nleaf = \"1\"\n",
        );
        let script = |end: &str| {
            let text = format!(
                "fn main() {{\n    let made = std::path::PathBuf::from(std::env::var_os(\"OUT_DIR\").unwrap()).join(\"made\");\n    \
                 if !made.exists() {{ println!(\"cargo::warning=from scratch\"); }}\n    \
                 std::fs::write(made, \"x\").unwrap();\n}}\n{end}"
            );
            sandbox.write("pika/helper/build.rs", &text);
        };
        script("");
        layout.compiles(&sandbox, "pika", &["build"]);
        script("error");
        let mut args: Vec<&str> = layout.0.iter().map(|[toolchain, _]| *toolchain).collect();
        args.extend(["build", "--offline"]);
        args.extend(layout.0.iter().map(|[_, flag]| *flag));
        sandbox.command("cargo", "pika", &args).code(101);
        gc(&sandbox, "pika", &[]);
        script("// mended");
        let again = sandbox.command("cargo", "pika", &args).code(0).said();
        assert!(!again.contains("from scratch"), "{again}");
        std::fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    }
}

/// A package that is built for another platform only has a name that Cargo does not tell.
#[test]
fn what_another_platform_needs_is_not_gone() {
    let sandbox = start();
    sandbox.write(
        "far/Cargo.toml",
        "[package]\nname = \"far\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\nname = \"away\"\n",
    );
    sandbox.write("far/src/lib.rs", "");
    let far = "[target.'cfg(any())'.dependencies]\nfar = { path = \"../far\" }\n";
    let text = manifest(&["leaf", "scripted", "extra"]) + far;
    sandbox.write("pika/Cargo.toml", &text);
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    let cache = "pika/target/debug/incremental/away-0123456789abc/s-holtaw4pcq-0ewhwqu-8tmyjhbnfjrqhx63b483ad7tn/dep-graph.bin";
    sandbox.write(cache, "x");
    checked(&sandbox, &[], "pika", "the crates of `far`");
    sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted", "extra"]));
    Layout(None).compiles(&sandbox, "pika", &["build"]);
    gc(&sandbox, "pika", &[]);
    assert!(!sandbox.exists(cache), "now it is");
}

/// A `Cargo.lock` of the first form, which Cargo still reads.
#[test]
fn the_root_of_an_old_lock_stays() {
    let sandbox = start();
    sandbox.write(
        "old/Cargo.toml",
        "[package]\nname = \"old\"\nversion = \"0.1.0\"\n",
    );
    sandbox.write("old/src/main.rs", "fn main() {}\n");
    sandbox.write(
        "old/Cargo.lock",
        "[root]\nname = \"old\"\nversion = \"0.1.0\"\n\n",
    );
    sandbox.cargo("old", &["build", "--locked"]).code(0);
    assert_eq!(gone(&gc(&sandbox, "old", &[])), []);
    assert_eq!(
        Layout(None).compiles(&sandbox, "old", &["build", "--locked"]),
        [""; 0]
    );
}

/// A Cargo that does not know `build-dir` builds into the guarded folder, also where it refuses the workspace at the moment.
#[test]
fn a_workspace_that_cargo_refuses_may_need_all() {
    const OLD: &str = "1.89.0";
    let sandbox = sandbox_with(&prepared());
    if !sandbox
        .prepared("cargo", "", &["+1.89.0", "--version"])
        .output()
        .is_ok_and(|said| said.status.success())
    {
        eprintln!("skipped: no toolchain {OLD}");
        return;
    }
    sandbox.package("p/one", "one", "one");
    sandbox.write("p/one/.gitignore", "target\n");
    sandbox.commit_all("p/one");
    sandbox.git("p/one", &["worktree", "add", "-q", "../two"]);
    let config = format!(
        "[build]\ntarget-dir = \"{0}/t\"\nbuild-dir = \"{0}/b/{{workspace-path-hash}}\"\n",
        sandbox.path("").display()
    );
    sandbox.write("p/.cargo/config.toml", &config);
    sandbox.cargo("p/one", &["build", "-q", "--offline"]);
    sandbox.write(
        "p/two/rust-toolchain.toml",
        &format!("[toolchain]\nchannel = \"{OLD}\"\n"),
    );
    let manifest = sandbox.read("p/two/Cargo.toml");
    let manifest = format!("{manifest}[dependencies]\nleaf = \"=1.0.0\"\n");
    sandbox.write("p/two/Cargo.toml", &manifest);
    sandbox.write("p/two/src/main.rs", "fn main() { leaf::it(); nothing }\n");
    let build = sandbox
        .prepared("cargo", "p/two", &["build", "--offline"])
        .output();
    assert!(build.is_ok_and(|build| !build.status.success()));
    let broken = format!("{manifest}[features]\ndefault = [\"nothing\"]\n");
    sandbox.write("p/two/Cargo.toml", &broken);
    let answer = sandbox.json("p", &["gc", "--dry-run"]);
    assert_eq!(packages(&answer), ["one"], "{answer:#}");
}
