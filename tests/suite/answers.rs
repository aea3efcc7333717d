//! Cargo is asked once for each distinct answer, and again as soon as anything is different that it goes by.

mod refusals;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::sandbox::{Run, Sandbox};

/// Two worktrees of a workspace with members by a pattern, both built.
fn worktrees() -> Sandbox {
    let sandbox = Sandbox::new();
    let manifest = "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"2\"\n";
    sandbox.write("main/Cargo.toml", manifest);
    sandbox.write("main/.gitignore", "target\n");
    for name in ["one", "two"] {
        sandbox.package(&format!("main/crates/{name}"), name, name);
    }
    sandbox.cargo("main", &["generate-lockfile", "--offline"]);
    sandbox.commit_all("main");
    sandbox.worktree("main", "beside");
    for worktree in ["main", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    sandbox
}

/// Runs a command with its log; how often it asked Cargo about a workspace.
fn asks(sandbox: &Sandbox, args: &[&str]) -> (usize, Run) {
    // An answer about files that were written this moment is not kept.
    std::thread::sleep(std::time::Duration::from_millis(50));
    let run = sandbox.run("", &[args, &["-vv"]].concat());
    let lines = run.stderr.lines();
    let asked = lines.filter(|line| line.contains("program starts") && line.contains("metadata"));
    (asked.count(), run)
}

#[track_caller]
fn asked(sandbox: &Sandbox, args: &[&str], expected: usize) -> Run {
    let (asked, run) = asks(sandbox, args);
    assert_eq!(asked, expected, "{args:?}: {}", run.said());
    run
}

/// The toolchain that builds use already. Without rustup any name will do.
fn toolchain(sandbox: &Sandbox) -> String {
    let active = sandbox.rustup("", &["show", "active-toolchain"]);
    let active = active.map_or_else(|| "stable".to_owned(), |run| run.stdout);
    let name = active.split_whitespace().next();
    name.expect("a toolchain").to_owned()
}

/// Cargo itself, and not rustup in its place.
fn cargo(sandbox: &Sandbox) -> String {
    let asked = sandbox.command("rustc", "", &["--print", "sysroot"]);
    let program = Path::new(asked.code(0).stdout.trim()).join("bin/cargo");
    program.display().to_string()
}

const SETUP: &[&str] = &["setup", "--dry-run", "--format", "json"];
const GC: &[&str] = &["gc", "--dry-run", "--format", "json"];

#[test]
fn one_for_all_worktrees_and_none_the_next_time() {
    let sandbox = worktrees();
    let first = asked(&sandbox, SETUP, 1);
    let again = asked(&sandbox, SETUP, 0);
    assert_eq!(first.stdout, again.stdout);
    // Dependencies are another question.
    let first = asked(&sandbox, GC, 1);
    let again = asked(&sandbox, GC, 0);
    assert_eq!(first.stdout, again.stdout);
}

/// Each line: what is different in one worktree, and how often Cargo is asked then.
#[test]
fn again_where_anything_is_different() {
    if crate::amount::without_longest() {
        return;
    }
    type Change = (&'static str, &'static str, usize);
    let changes: &[Change] = &[
        (
            "main/Cargo.toml",
            "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"1\"\n",
            1,
        ),
        (
            "main/crates/one/Cargo.toml",
            "[package]\nname = \"one\"\nversion = \"0.2.0\"\n",
            1,
        ),
        ("main/crates/one/src/bin/more.rs", "fn main() {}\n", 1),
        ("main/crates/two/tests/it.rs", "", 1),
        ("main/crates/two/build.rs", "fn main() {}\n", 1),
        (
            "main/crates/three/Cargo.toml",
            "[package]\nname = \"three\"\nversion = \"0.1.0\"\n",
            1,
        ),
        ("main/.cargo/config.toml", "[net]\nretry = 2\n", 1),
        (
            "main/rust-toolchain.toml",
            "[toolchain]\nchannel = \"CHANNEL\"\n",
            1,
        ),
        // It is for both, which then have the same answer.
        (".cargo/config.toml", "[net]\nretry = 3\n", 1),
        // Sources make no difference, nor does what lies beside packages.
        (
            "main/crates/one/src/main.rs",
            "fn main() { println!(\"other\"); }\n",
            0,
        ),
        ("main/README.md", "text\n", 0),
    ];
    let sandbox = worktrees();
    for (path, content, expected) in changes {
        asked(&sandbox, SETUP, 1);
        asked(&sandbox, GC, 1);
        sandbox.write(path, &content.replace("CHANNEL", &toolchain(&sandbox)));
        if path.contains("three") {
            sandbox.write("main/crates/three/src/lib.rs", "");
        }
        asked(&sandbox, SETUP, *expected);
        let known = asked(&sandbox, SETUP, 0);
        // An answer that would need another `Cargo.lock` is an error, and those are not kept.
        let (about_dependencies, run) = asks(&sandbox, GC);
        assert_eq!(about_dependencies, *expected, "{path}: {}", run.said());
        fs::remove_dir_all(sandbox.outside("home/.local/state/cargo-sharedtarget/answers"))
            .expect("answers are kept there");
        let (_, fresh) = asks(&sandbox, SETUP);
        assert_eq!(known.stdout, fresh.stdout, "{path}");
        restored(&sandbox, path);
    }
}

/// Has everything as it was before a file below `main` or beside it was written, with no answer kept.
fn restored(sandbox: &Sandbox, path: &str) {
    sandbox.git("main", &["checkout", "-q", "."]);
    sandbox.git("main", &["clean", "-fdq"]);
    if !path.starts_with("main/") {
        fs::remove_file(sandbox.path(path)).expect("removed");
    }
    fs::remove_dir_all(state(sandbox)).expect("answers are kept there");
}

/// A member is edited while Cargo answers: its state is noted after that, and would belong to another answer.
#[test]
fn an_answer_is_not_kept_while_files_are_edited() {
    let mut sandbox = worktrees();
    sandbox.write("main/crates/one/tests/t/other.rs", "");
    let real = cargo(&sandbox);
    let member = sandbox.path("main/crates/one/Cargo.toml");
    let test = sandbox.path("main/crates/one/tests/t/main.rs");
    // No script: where Cargo is one, no answer is kept at all.
    let program = r#"
        use std::{env, fs, process};
        fn main() {
            let all: Vec<_> = env::args_os().skip(1).collect();
            let status = process::Command::new("REAL").args(&all).status().unwrap();
            if all.iter().any(|word| word == "metadata") {
                if env::var_os("EDIT").is_some() {
                    let text = fs::read_to_string("MEMBER").unwrap();
                    fs::write("MEMBER", text.replace("0.1.0", "0.3.0")).unwrap();
                } else {
                    fs::write("TEST", "").unwrap();
                }
            }
            process::exit(status.code().unwrap_or(1));
        }
    "#;
    let program = program
        .replace("REAL", &real)
        .replace("MEMBER", &member.display().to_string())
        .replace("TEST", &test.display().to_string());
    sandbox.write("../bin/cargo.rs", &program);
    let bin = sandbox.outside("bin");
    let source = bin.join("cargo.rs").display().to_string();
    let out = bin.join("cargo").display().to_string();
    sandbox
        .command("rustc", "", &["--edition=2021", &source, "-o", &out])
        .code(0);
    let path = std::env::var_os("PATH").expect("a path");
    let path = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path)));
    sandbox.env("PATH", Path::new(&path.expect("a path")));
    let target = |sandbox: &Sandbox| asks(sandbox, &["setup", "--dry-run", "main"]);
    // A target appears in a folder of its own, deep below the package.
    assert!(target(&sandbox).0 >= 1);
    let (again, run) = target(&sandbox);
    assert!(again >= 1, "{}", run.said());
    sandbox.env("EDIT", "1");
    fs::remove_dir_all(state(&sandbox)).expect("answers are kept there");
    assert!(target(&sandbox).0 >= 1);
    assert!(sandbox.read("main/crates/one/Cargo.toml").contains("0.3.0"));
    let (again, run) = target(&sandbox);
    assert!(again >= 1, "{}", run.said());
}

/// Cargo and rustc that are scripts may be other ones in each folder.
#[test]
fn no_answer_of_a_script_is_kept() {
    let mut sandbox = worktrees();
    let script = format!("#!/bin/sh\nexec {} \"$@\"\n", cargo(&sandbox));
    sandbox.write("../bin/cargo", &script);
    let program = sandbox.outside("bin/cargo");
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("a program");
    let path = std::env::var_os("PATH").expect("a path");
    let with = [program.parent().expect("a folder").to_owned()];
    let path = std::env::join_paths(with.into_iter().chain(std::env::split_paths(&path)));
    sandbox.env("PATH", Path::new(&path.expect("a path")));
    for _ in 0..2 {
        let (asked, run) = asks(&sandbox, SETUP);
        assert!(asked >= 1, "{}", run.said());
    }
}

/// Where the answers are kept.
fn state(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.outside("home/.local/state/cargo-sharedtarget/answers")
}

/// Files that Cargo reads besides the manifests of the packages in its answer, or reads otherwise than by their
/// names.
#[test]
fn again_where_anything_else_is_different() {
    struct Case {
        name: &'static str,
        /// The files at first.
        files: &'static [(&'static str, &'static str)],
        links: &'static [(&'static str, &'static str)],
        /// The file that is written then.
        then: (&'static str, &'static str),
        args: &'static [&'static str],
    }
    const INHERITS: &str = "[package]\nname = \"sub\"\nversion = \"0.1.0\"\nedition.workspace = true\n[lib]\npath = \"l.rs\"\n";
    let cases = [
        Case {
            name: "a pattern for members that are built when none is named",
            files: &[(
                "Cargo.toml",
                "[workspace]\nmembers = [\"crates/one\", \"crates/two\"]\ndefault-members = [\"crates/*\"]\n",
            )],
            links: &[],
            then: (
                "crates/three/Cargo.toml",
                "[package]\nname = \"three\"\nversion = \"0.1.0\"\n[lib]\npath = \"l.rs\"\n",
            ),
            args: SETUP,
        },
        Case {
            name: "a pattern over several folders",
            files: &[("Cargo.toml", "[workspace]\nmembers = [\"crates/**\"]\n")],
            links: &[],
            then: (
                "crates/a/b/c/Cargo.toml",
                "[package]\nname = \"c\"\nversion = \"0.1.0\"\n[lib]\npath = \"l.rs\"\n",
            ),
            args: SETUP,
        },
        Case {
            name: "the manifest of a workspace inside, from which a package inherits",
            files: &[
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"deps\"]\n",
                ),
                (
                    "deps/Cargo.toml",
                    "[workspace]\nmembers = [\"sub\"]\n[workspace.package]\nedition = \"2021\"\n",
                ),
                ("deps/sub/Cargo.toml", INHERITS),
                ("deps/sub/l.rs", ""),
                (
                    "crates/two/Cargo.toml",
                    "[package]\nname = \"two\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nsub = { path = \"../../deps/sub\" }\n",
                ),
            ],
            links: &[],
            then: (
                "deps/Cargo.toml",
                "[workspace]\nmembers = [\"sub\"]\n[workspace.package]\nedition = \"2018\"\n",
            ),
            args: GC,
        },
        Case {
            name: "a replacement that is not used",
            files: &[
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = [\"crates/*\"]\n[patch.crates-io]\nsub = { path = \"deps/sub\" }\n",
                ),
                (
                    "deps/sub/Cargo.toml",
                    "[package]\nname = \"sub\"\nversion = \"0.1.0\"\n[lib]\npath = \"l.rs\"\n",
                ),
                ("deps/sub/l.rs", ""),
            ],
            links: &[],
            then: (
                "deps/sub/Cargo.toml",
                "[package]\nname = \"sub\"\nversion = \"0.2.0\"\n[lib]\npath = \"l.rs\"\n",
            ),
            args: GC,
        },
        Case {
            name: "a source behind a link",
            files: &[("crates/one/tests/t/README", "")],
            links: &[("crates/one/tests/t/main.rs", "../../../../gen.rs")],
            then: ("gen.rs", ""),
            args: SETUP,
        },
        Case {
            name: "the name of the file that names a toolchain",
            files: &[("rust-toolchain", "CHANNEL")],
            links: &[],
            then: (
                "rust-toolchain.toml",
                "[toolchain]\nchannel = \"CHANNEL\"\n",
            ),
            args: SETUP,
        },
        Case {
            name: "a lock file elsewhere",
            files: &[(
                ".cargo/config.toml",
                "[resolver]\nlockfile-path = \"locks/Cargo.lock\"\n",
            )],
            links: &[],
            then: ("locks/Cargo.lock", "version = 4\n"),
            args: GC,
        },
    ];
    let sandbox = worktrees();
    for case in cases {
        let channel = toolchain(&sandbox);
        for (path, content) in case.files {
            sandbox.write(
                &format!("main/{path}"),
                &content.replace("CHANNEL", &channel),
            );
        }
        for (path, to) in case.links {
            std::os::unix::fs::symlink(to, sandbox.path(&format!("main/{path}"))).expect("a link");
        }
        sandbox.command("cargo", "main", &["generate-lockfile", "--offline"]);
        let args = [case.args, &["main"]].concat();
        let (first, run) = asks(&sandbox, &args);
        assert!(first >= 1, "{}: {}", case.name, run.said());
        asks(&sandbox, &args);
        let (path, content) = case.then;
        if path.starts_with("crates") {
            sandbox.write(&format!("main/{}", path.replace("Cargo.toml", "l.rs")), "");
        }
        sandbox.write(
            &format!("main/{path}"),
            &content.replace("CHANNEL", &channel),
        );
        let (again, known) = asks(&sandbox, &args);
        assert!(again >= 1, "{}: {}", case.name, known.said());
        let _ = fs::remove_dir_all(state(&sandbox));
        let (_, fresh) = asks(&sandbox, &args);
        assert_eq!(known.stdout, fresh.stdout, "{}", case.name);
        restored(&sandbox, "main/");
    }
}

/// A copy of a workspace has the answers of the first one only where nothing leads there.
#[test]
fn a_copy_whose_configuration_leads_to_the_first_one_has_its_own_answers() {
    let sandbox = Sandbox::new();
    sandbox.package("p", "app", "app");
    sandbox.commit_all("p");
    sandbox.cargo("p", &["build", "-q", "--offline"]);
    sandbox.run("p", &["setup", "--yes"]).code(0);
    asks(&sandbox, &["setup", "--dry-run", "p"]);
    let (from, to) = (sandbox.path("p"), sandbox.path("copy"));
    crate::registry::copy_all(&from, &to);
    let (_, known) = asks(&sandbox, &["audit", "copy", "--format", "json"]);
    fs::remove_dir_all(state(&sandbox)).expect("answers are kept there");
    let (_, fresh) = asks(&sandbox, &["audit", "copy", "--format", "json"]);
    assert_eq!(known.stdout, fresh.stdout);
}

/// One configuration above two workspaces has both build into one of them: the other does not build into its own.
#[test]
fn a_folder_that_is_said_above_is_the_same_for_all() {
    for said in ["main/target", "ROOT/main/target"] {
        let sandbox = worktrees();
        let said = said.replace("ROOT", &sandbox.path("").display().to_string());
        let text = format!("[build]\ntarget-dir = \"{}\"\n", said.replace("//", "/"));
        sandbox.write(".cargo/config.toml", &text);
        let told = |folder: &str| sandbox.json(folder, &["setup", "--dry-run"]);
        asks(&sandbox, SETUP);
        let (main, beside) = (told("main"), told("beside"));
        for (folder, known) in [("main", main), ("beside", beside)] {
            drop(fs::remove_dir_all(state(&sandbox)));
            assert_eq!(told(folder), known, "{said} {folder}");
        }
    }
}

/// A clone has a file without an end in the place of the one that names a toolchain.
#[test]
fn a_file_without_an_end_is_not_read() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = worktrees();
    std::os::unix::fs::symlink("/dev/zero", sandbox.path("main/rust-toolchain")).expect("a link");
    let manifest = sandbox.path("main/.cargo");
    fs::create_dir(&manifest).expect("a folder");
    std::os::unix::fs::symlink("/dev/zero", manifest.join("config")).expect("a link");
    let program = env!("CARGO_BIN_EXE_cargo-sharedtarget");
    // Enough for us. Cargo and rustup read until they have none left, so that it is soon.
    let command = format!("ulimit -v 600000; exec {program} sharedtarget gc --dry-run main");
    // Without care we would do so too, and say it.
    let run = sandbox.command("sh", "", &["-c", &command]);
    assert!(
        run.code.is_some() && !run.said().contains("allocation"),
        "{}",
        run.said()
    );
}

/// From each folder a relative path leads elsewhere.
#[test]
fn a_relative_home_keeps_nothing() {
    let mut sandbox = worktrees();
    sandbox.env("CARGO_HOME", "home-of-cargo");
    for _ in 0..2 {
        let (asked, run) = asks(&sandbox, SETUP);
        assert!(asked >= 1, "{}", run.said());
    }
}

#[test]
fn a_file_that_is_cut_off_is_asked_for_again() {
    let sandbox = worktrees();
    let first = asked(&sandbox, SETUP, 1);
    let folder = sandbox.outside("home/.local/state/cargo-sharedtarget/answers");
    for entry in fs::read_dir(folder).expect("answers are kept there") {
        let path = entry.expect("a file").path();
        let text = fs::read(&path).expect("a file");
        fs::write(&path, &text[..text.len() / 2]).expect("writable");
    }
    let again = asked(&sandbox, SETUP, 1);
    assert_eq!(first.stdout, again.stdout);
}

/// A package that lies elsewhere may change without a change of the workspace's.
#[test]
fn packages_elsewhere_are_looked_at_each_time() {
    let sandbox = Sandbox::new();
    sandbox.package("away", "away", "away");
    sandbox.write("away/src/lib.rs", "");
    sandbox.package("main", "app", "app");
    let manifest = sandbox.read("main/Cargo.toml");
    let manifest = format!("{manifest}\n[dependencies]\naway = {{ path = \"../away\" }}\n");
    sandbox.write("main/Cargo.toml", &manifest);
    sandbox.cargo("main", &["build", "-q", "--offline"]);
    let (first, _) = asks(&sandbox, &["gc", "--dry-run", "main"]);
    let (again, run) = asks(&sandbox, &["gc", "--dry-run", "main"]);
    assert!(first >= 1 && again >= 1, "{first} {again} {}", run.said());
}

/// The answers for two workspaces that look the same differ by what lies above them.
#[test]
fn not_for_another_workspace_that_has_other_folders_above() {
    let configuration = "[build]\ntarget-dir = \"t\"\n";
    let template = "[build]\nbuild-dir = \"builds/{workspace-path-hash}\"\n";
    let outer = "[workspace]\nexclude = [\"one\"]\n";
    let above: &[&[(&str, &str)]] = &[
        &[
            ("a/.cargo/config.toml", configuration),
            ("b/.cargo/config.toml", configuration),
        ],
        &[(".cargo/config.toml", template)],
        &[("a/Cargo.toml", outer), ("b/Cargo.toml", outer)],
    ];
    for files in above {
        let sandbox = Sandbox::new();
        for folder in ["a/one", "b/one", "b/two"] {
            sandbox.package(folder, "app", "app");
        }
        for (path, content) in *files {
            sandbox.write(path, content);
        }
        let first = asks(&sandbox, SETUP).1;
        let again = asks(&sandbox, SETUP).1;
        assert_eq!(first.stdout, again.stdout);
        // Asked for each alone, with nothing known.
        let state = sandbox.outside("home/.local/state/cargo-sharedtarget/answers");
        let mut alone = Vec::new();
        for folder in ["a/one", "b/one", "b/two"] {
            drop(fs::remove_dir_all(&state));
            let said = sandbox.json(folder, &["setup", "--dry-run"]);
            alone.push((folder, said));
        }
        fs::remove_dir_all(&state).expect("answers are kept there");
        for (folder, expected) in alone {
            assert_eq!(
                sandbox.json(folder, &["setup", "--dry-run"]),
                expected,
                "{files:?}"
            );
        }
    }
}
