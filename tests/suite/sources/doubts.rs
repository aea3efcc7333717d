//! Cases that seem to be the same and are not, each in a small repository: whatever is carried over, the worktree
//! prints the same as a copy of its files.

use std::process::Command;

use crate::sandbox::Sandbox;

const MANIFEST: &str =
    "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
const PRINT: &str = "fn main() { println!(\"{}\", env!(\"IT\")) }\n";

/// A repository `main` with these files, committed.
fn repository(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (file, text) in files {
        sandbox.write(&format!("main/{file}"), text);
    }
    sandbox.git("main", &["init", "-q", "-b", "main"]);
    sandbox.write("main/.gitignore", "target\n.gen\n");
    sandbox.cargo("main", &["generate-lockfile", "--offline"]);
    commit(&sandbox, "main");
    sandbox
}

fn commit(sandbox: &Sandbox, folder: &str) {
    sandbox.git(folder, &["add", "-A"]);
    sandbox.git(folder, &["commit", "-q", "--allow-empty", "-m", "work"]);
    // Later changes are later by any clock.
    std::thread::sleep(std::time::Duration::from_millis(30));
}

fn build(sandbox: &Sandbox, folder: &str, args: &[&str]) {
    let args = [&["build", "-q", "--offline"], args].concat();
    sandbox.cargo(folder, &args);
    std::thread::sleep(std::time::Duration::from_millis(30));
}

fn worktree(sandbox: &Sandbox) {
    sandbox.worktree("main", "dest");
}

/// Warms `dest`, and has it and a copy of it built and run.
#[track_caller]
fn assert_held(sandbox: &Sandbox, args: &[&str]) {
    let said = sandbox.run("dest", &["warm", "-v", "--yes"]).said();
    let copied = Command::new("cp")
        .args(["-r", "--no-target-directory"])
        .args([sandbox.path("dest"), sandbox.path("copy")])
        .status();
    assert!(copied.expect("cp").success());
    drop(std::fs::remove_dir_all(sandbox.path("copy/target")));
    let args = [&["run", "-q", "--offline"], args].concat();
    let prints = |folder: &str| sandbox.command("cargo", folder, &args).code(0).stdout;
    assert_eq!(prints("dest"), prints("copy"), "{said}");
}

fn package(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}")
}

const TWO: &str = "[workspace]\nmembers = [\"app\", \"low\"]\nresolver = \"2\"\n";

/// `app` needs `low`, whose build script watches itself, so that its run looks new where it goes.
fn two() -> Sandbox {
    repository(&[
        ("Cargo.toml", TWO),
        (
            "app/Cargo.toml",
            &package("app", "[dependencies]\nlow.path = \"../low\"\n"),
        ),
        (
            "app/src/main.rs",
            "fn main() { println!(\"{}\", low::IT) }\n",
        ),
        ("low/Cargo.toml", &package("low", "")),
        (
            "low/build.rs",
            "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); }\n",
        ),
        ("low/src/lib.rs", "pub const IT: &str = \"1\";\n"),
    ])
}

/// The donor has built only the library anew: its program is stale, and so it must stay.
#[test]
fn a_program_that_is_older_than_its_library() {
    let sandbox = two();
    build(&sandbox, "main", &[]);
    sandbox.write("main/low/src/lib.rs", "pub const IT: &str = \"2\";\n");
    commit(&sandbox, "main");
    build(&sandbox, "main", &["-p", "low"]);
    worktree(&sandbox);
    assert_held(&sandbox, &[]);
}

/// The donor has run a script again for `cargo check`; what was built has what it said before.
#[test]
fn a_script_that_ran_again_for_another_command() {
    let sandbox = repository(&[
        ("Cargo.toml", MANIFEST),
        ("src/main.rs", PRINT),
        (
            "build.rs",
            "fn main() { println!(\"cargo:rerun-if-changed=docs/it.md\"); println!(\"cargo:rustc-env=IT={}\", \
             std::fs::read_to_string(\"docs/it.md\").unwrap().trim()); }\n",
        ),
        ("docs/it.md", "1\n"),
    ]);
    build(&sandbox, "main", &[]);
    sandbox.write("main/docs/it.md", "2\n");
    commit(&sandbox, "main");
    sandbox.cargo("main", &["check", "-q", "--offline"]);
    worktree(&sandbox);
    assert_held(&sandbox, &[]);
}

#[test]
fn two_packages_of_one_name() {
    let sandbox = repository(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"app\", \"util\"]\nexclude = [\"other\"]\nresolver = \"2\"\n",
        ),
        (
            "app/Cargo.toml",
            &package(
                "app",
                "[dependencies]\nutil.path = \"../util\"\nother = { package = \"util\", path = \"../other/util\" }\n",
            ),
        ),
        (
            "app/src/main.rs",
            "fn main() { println!(\"{} {}\", util::IT, other::IT) }\n",
        ),
        ("util/Cargo.toml", &package("util", "")),
        ("util/src/lib.rs", "pub const IT: &str = \"member\";\n"),
        (
            "other/util/Cargo.toml",
            &package("util", "").replace("0.1", "0.2"),
        ),
        ("other/util/src/lib.rs", "pub const IT: &str = \"1\";\n"),
    ]);
    build(&sandbox, "main", &[]);
    worktree(&sandbox);
    sandbox.write(
        "dest/other/util/src/lib.rs",
        "pub const IT: &str = \"2\";\n",
    );
    commit(&sandbox, "dest");
    assert_held(&sandbox, &["-p", "app"]);
}

/// A script that lists a folder and says that it watches only itself.
const LISTS: &str = "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); let mut all: Vec<String> = \
    std::fs::read_dir(\"data\").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect(); all.sort(); \
    println!(\"cargo:rustc-env=IT={}\", all.join(\" \")); }\n";

/// The donor was built with a file that is gone since.
#[test]
fn a_file_that_was_there() {
    let sandbox = repository(&[
        ("Cargo.toml", MANIFEST),
        ("src/main.rs", PRINT),
        ("build.rs", LISTS),
        ("data/1", ""),
        ("data/2", ""),
    ]);
    build(&sandbox, "main", &[]);
    std::fs::remove_file(sandbox.path("main/data/2")).expect("removed");
    commit(&sandbox, "main");
    worktree(&sandbox);
    assert_held(&sandbox, &[]);
}

/// A script that looks outside of its package, at another commit.
#[test]
fn a_script_that_looks_elsewhere() {
    for says in ["", "println!(\"cargo:rerun-if-changed=build.rs\"); "] {
        let script = format!(
            "fn main() {{ {says}println!(\"cargo:rustc-env=IT={{}}\", \
             std::fs::read_to_string(\"../low/src/it.txt\").unwrap().trim()); }}\n"
        );
        let sandbox = two();
        sandbox.write("main/app/build.rs", &script);
        sandbox.write("main/app/src/main.rs", PRINT);
        sandbox.write("main/low/src/it.txt", "1\n");
        commit(&sandbox, "main");
        build(&sandbox, "main", &[]);
        worktree(&sandbox);
        sandbox.write("dest/low/src/it.txt", "2\n");
        commit(&sandbox, "dest");
        assert_held(&sandbox, &[]);
    }
}

/// A script that has another program ask git.
#[test]
fn a_script_that_has_git_asked() {
    let sandbox = repository(&[
        ("Cargo.toml", MANIFEST),
        ("src/main.rs", PRINT),
        (
            "build.rs",
            "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); let out = \
             std::process::Command::new(\"sh\").arg(\"it.sh\").output().unwrap(); \
             println!(\"cargo:rustc-env=IT={}\", String::from_utf8(out.stdout).unwrap().trim()); }\n",
        ),
        ("it.sh", "git rev-list --count HEAD\n"),
    ]);
    build(&sandbox, "main", &[]);
    worktree(&sandbox);
    commit(&sandbox, "dest");
    sandbox.run("dest", &["warm", "--yes"]);
    assert_eq!(sandbox.cargo_run("dest"), "2\n");
}

/// A script that puts a source into an ignored folder beside all packages.
#[test]
fn a_source_that_is_made_elsewhere() {
    let sandbox = two();
    sandbox.write(
        "main/low/build.rs",
        "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); std::fs::create_dir_all(\"../.gen\").unwrap(); \
         std::fs::write(\"../.gen/x.rs\", \"pub const X: i32 = 1;\").unwrap(); }\n",
    );
    sandbox.write(
        "main/app/src/main.rs",
        "include!(\"../../.gen/x.rs\");\nfn main() { println!(\"{X} {}\", low::IT) }\n",
    );
    commit(&sandbox, "main");
    build(&sandbox, "main", &["-p", "low"]);
    build(&sandbox, "main", &[]);
    worktree(&sandbox);
    sandbox.run("dest", &["warm", "--yes"]);
    let args = ["build", "-q", "--offline", "-p", "low"];
    sandbox.cargo("dest", &args);
    assert_eq!(
        sandbox.cargo("dest", &["run", "-q", "--offline"]).stdout,
        "1 1\n"
    );
}

/// A file that another build has put into the target folder, without a build script.
#[test]
fn a_file_of_the_target_folder() {
    let sandbox = repository(&[
        ("Cargo.toml", MANIFEST),
        (
            "src/main.rs",
            "fn main() { println!(\"{}\", include_str!(\"../target/it\")) }\n",
        ),
    ]);
    sandbox.write("main/target/it", "1");
    build(&sandbox, "main", &[]);
    worktree(&sandbox);
    sandbox.write("dest/target/it", "2");
    sandbox.run("dest", &["warm", "--yes"]);
    assert_eq!(sandbox.cargo_run("dest"), "2\n");
}

/// Without debug information nothing tells that a program was compiled in another worktree.
#[test]
fn a_program_of_another_worktree_without_debug_information() {
    let sandbox = repository(&[
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", "pub const IT: &str = \"it\";\n"),
        (
            "src/main.rs",
            "fn main() { println!(\"{} main\", app::IT) }\n",
        ),
    ]);
    sandbox.worktree("main", "other");
    std::thread::sleep(std::time::Duration::from_millis(30));
    sandbox.write("main/src/lib.rs", "pub const IT: &str = \"it\";\n");
    build(&sandbox, "main", &["--release"]);
    sandbox.write(
        "other/src/main.rs",
        "fn main() { println!(\"{} other\", app::IT) }\n",
    );
    let folder = sandbox.path("main/target").display().to_string();
    build(&sandbox, "other", &["--release", "--target-dir", &folder]);
    worktree(&sandbox);
    assert_held(&sandbox, &["--release"]);
}

/// A linker is given a file from a folder of configurations.
#[test]
fn a_file_beside_the_configuration() {
    let sandbox = repository(&[
        ("Cargo.toml", MANIFEST),
        (
            "src/main.rs",
            "fn main() { println!(\"{}\", env!(\"IT\")) }\n",
        ),
        (".cargo/it.txt", "1"),
        (
            "build.rs",
            "fn main() { println!(\"cargo:rustc-env=IT={}\", std::fs::read_to_string(\".cargo/it.txt\").unwrap()); }\n",
        ),
    ]);
    build(&sandbox, "main", &[]);
    worktree(&sandbox);
    sandbox.write("dest/.cargo/it.txt", "2");
    assert_held(&sandbox, &[]);
}

/// A configuration and a manifest that were put back after the build.
#[test]
fn settings_that_were_others() {
    let sandbox = repository(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"app\"]\nresolver = \"2\"\n[workspace.package]\ndescription = \"1\"\n",
        ),
        (
            "app/Cargo.toml",
            &package("app", "description.workspace = true\n"),
        ),
        ("app/src/main.rs", PRINT),
        (
            "app/build.rs",
            "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); println!(\"cargo:rustc-env=IT={} {}\", \
             std::env::var(\"API\").unwrap(), std::env::var(\"CARGO_PKG_DESCRIPTION\").unwrap()); }\n",
        ),
        (".cargo/config.toml", "[env]\nAPI = \"1\"\n"),
    ]);
    for (file, from, to) in [
        (
            "main/Cargo.toml",
            "description = \"1\"",
            "description = \"2\"",
        ),
        ("main/.cargo/config.toml", "API = \"1\"", "API = \"2\""),
    ] {
        let text = sandbox.read(file);
        sandbox.write(file, &text.replace(from, to));
    }
    build(&sandbox, "main", &[]);
    sandbox.git("main", &["checkout", "-q", "."]);
    worktree(&sandbox);
    assert_held(&sandbox, &[]);
}

/// Values of manifests that Cargo gives to scripts and macros by variables, and that no fingerprint has: a donor that was
/// built before they changed has the old ones, and Cargo does not notice.
#[test]
fn values_of_manifests() {
    if crate::amount::without_longest() {
        return;
    }
    let reads = |macro_of: &str, variable: &str| {
        format!("pub const IT: &str = {macro_of}::value!(\"{variable}\");\n")
    };
    for file in ["low/Cargo.toml", "Cargo.toml", "apart/Cargo.toml"] {
        let sandbox = repository(&[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"app\", \"low\", \"mac\"]\nexclude = [\"apart\"]\nresolver = \"2\"\n\
                 [workspace.package]\nlicense = \"value-1\"\n",
            ),
            (
                "app/Cargo.toml",
                &package(
                    "app",
                    "license.workspace = true\n[dependencies]\nlow.path = \"../low\"\nmac.path = \"../mac\"\n\
                     inner.path = \"../apart/inner\"\n",
                ),
            ),
            ("app/src/lib.rs", &reads("mac", "CARGO_PKG_LICENSE")),
            (
                "app/src/main.rs",
                "fn main() { println!(\"{} {} {} {}\", app::IT, low::IT, low::SAID, inner::IT) }\n",
            ),
            (
                "low/Cargo.toml",
                &package(
                    "low",
                    "readme = \"value-1\"\n[dependencies]\nmac.path = \"../mac\"\n",
                ),
            ),
            (
                "low/build.rs",
                "fn main() { println!(\"cargo:rerun-if-changed=build.rs\"); println!(\"cargo:rustc-env=SAID={}\", \
                 std::env::var(\"CARGO_PKG_README\").unwrap()); }\n",
            ),
            (
                "low/src/lib.rs",
                &format!(
                    "{}pub const SAID: &str = env!(\"SAID\");\n",
                    reads("mac", "CARGO_PKG_README")
                ),
            ),
            (
                "mac/Cargo.toml",
                &package("mac", "[lib]\nproc-macro = true\n"),
            ),
            (
                "mac/src/lib.rs",
                "#[proc_macro]\npub fn value(input: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    \
                 let value = std::env::var(input.to_string().trim_matches('\"')).unwrap();\n    \
                 format!(\"{value:?}\").parse().unwrap()\n}\n",
            ),
            (
                "apart/Cargo.toml",
                "[workspace]\nmembers = [\"inner\"]\n[workspace.package]\nlicense = \"value-1\"\n",
            ),
            (
                "apart/inner/Cargo.toml",
                &package(
                    "inner",
                    "license.workspace = true\n[dependencies]\nmac.path = \"../../mac\"\n",
                ),
            ),
            ("apart/inner/src/lib.rs", &reads("mac", "CARGO_PKG_LICENSE")),
        ]);
        build(&sandbox, "main", &[]);
        let file = format!("main/{file}");
        let text = sandbox.read(&file);
        assert!(text.contains("value-1"), "{text}");
        sandbox.write(&file, &text.replace("value-1", "value-2"));
        let run = sandbox.cargo_run("main");
        assert!(!run.contains("value-2"), "Cargo notices: {run}");
        commit(&sandbox, "main");
        worktree(&sandbox);
        assert_held(&sandbox, &["-p", "app"]);
    }
}
