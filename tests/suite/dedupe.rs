//! Target folders that were built on their own share what is the same, and no build notices.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use serde_json::Value;

use crate::profile;
use crate::registry::{Registry, compiled, copy_all, once, sandbox_with};
use crate::sandbox::Sandbox;

/// A registry with `leaf`, and `top` that is compiled with it; and the workspaces `pika`, with a library `own` of its
/// own, and `mole`, which was never built.
fn prepared() -> PathBuf {
    once("dedupe-suite", |folder| {
        let registry = Registry::new(folder);
        let text = "pub fn it() -> &'static str { \"leaf\" }\n";
        registry.publish(("leaf", "1.0.0"), &[], "", &[("src/lib.rs", text)]);
        let text = "pub fn it() -> String { format!(\"top {}\", leaf::it()) }\n";
        registry.publish(("top", "1.0.0"), &["leaf"], "", &[("src/lib.rs", text)]);
        // A unit that was compiled with these could not be linked if they looked as new as they are.
        let text = "extern crate proc_macro;\n#[proc_macro]\n\
                    pub fn one(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"1\".parse().unwrap() }\n";
        let files = [("src/lib.rs", text)];
        registry.publish(("plugin", "1.0.0"), &[], "[lib]\nproc-macro = true", &files);
        let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
                      println!(\"cargo::rustc-link-search={}\", std::env::var(\"OUT_DIR\").unwrap());\n}\n";
        let text = "pub fn it() -> u32 { plugin::one!() - 1 }\n";
        let files = [("build.rs", script), ("src/lib.rs", text)];
        registry.publish(("late", "1.0.0"), &["plugin"], "", &files);
        let sandbox = sandbox_with(folder);
        app(&sandbox, "pika", "hello");
        app(&sandbox, "mole", "dig");
        for name in ["pika", "mole"] {
            sandbox.cargo(name, &["generate-lockfile"]);
            copy_all(&sandbox.path(name), &folder.join(name));
        }
    })
}

fn app(sandbox: &Sandbox, folder: &str, says: &str) {
    let write = |path: &str, text: &str| sandbox.write(&format!("{folder}/{path}"), text);
    write(
        "Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [dependencies]\ntop = \"1\"\nlate = \"1\"\nown = { path = \"own\" }\n",
    );
    write(
        "own/Cargo.toml",
        "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    write("own/src/lib.rs", "pub fn it() -> u32 { 1 }\n");
    let main = format!(
        "fn main() {{ println!(\"{{}} {{}} {says}\", top::it(), own::it() + late::it()) }}\n"
    );
    write("src/main.rs", &main);
    write(".gitignore", "target\nother\n");
}

/// `pika`, a repository, and `beside`, a worktree of it; nothing was built in either.
fn start() -> Sandbox {
    let prepared = prepared();
    let sandbox = sandbox_with(&prepared);
    for name in ["pika", "mole"] {
        copy_all(&prepared.join(name), &sandbox.path(name));
        sandbox.commit_all(name);
    }
    sandbox.worktree("pika", "beside");
    sandbox
}

/// Builds, and says what was compiled and what the program then prints.
#[track_caller]
fn build_with(sandbox: &Sandbox, folder: &str, args: &[&str]) -> (Vec<String>, String) {
    let run = sandbox.cargo(folder, args);
    let program = sandbox.path(&format!("{folder}/target/debug/app"));
    let output = sandbox.prepared(program, folder, &[]).output();
    let output = String::from_utf8(output.expect("the program").stdout);
    (compiled(&run.stderr), output.expect("text"))
}

#[track_caller]
fn build(sandbox: &Sandbox, folder: &str) -> (Vec<String>, String) {
    build_with(sandbox, folder, &["build", "-v"])
}

/// The space that some folders take together, each file once.
fn du(folders: &[PathBuf]) -> u64 {
    let mut du = Command::new("du");
    let output = du.args(["-s", "-c", "-k"]).args(folders).output();
    let text = String::from_utf8(output.expect("du").stdout).expect("text");
    let total = text.lines().last().expect("a line");
    let total = total.split_whitespace().next().expect("a number");
    total.parse::<u64>().expect("a number") * 1024
}

/// Times of everything below a folder, folders too.
fn times(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let entries = walkdir::WalkDir::new(folder).into_iter();
    let entries = entries.map(|entry| entry.expect("readable"));
    entries
        .map(|entry| {
            let modified = entry.metadata().expect("there").modified();
            (entry.into_path(), modified.expect("a time"))
        })
        .collect()
}

/// By which method it is done on this filesystem, and what came free.
#[track_caller]
fn done(answer: &Value) -> (bool, u64) {
    let links = answer["plan"]["actions"][0]["method"] == "links";
    let freed = answer["outcome"]["freed"]["on_disk"].as_u64();
    assert_eq!(answer["plan"]["freeable"].as_u64(), freed, "{answer}");
    (links, freed.unwrap_or_else(|| panic!("{answer}")))
}

/// Worktrees that were built on their own: the same file is there once, nothing is compiled for it, as much space
/// becomes free as was said, and a later build in one changes nothing in the other.
#[test]
fn what_is_the_same_is_there_once() {
    let sandbox = start();
    let folders = ["pika", "beside"];
    for folder in folders {
        assert_eq!(build(&sandbox, folder).1, "top leaf 1 hello\n");
    }
    let targets = folders.map(|folder| sandbox.path(&format!("{folder}/target")));
    let before = (sandbox.tree(""), times(&targets[0]), times(&targets[1]));
    sandbox
        .run("", &["dedupe", "--dry-run"])
        .code(0)
        .says("Share identical files of 1 target folder");
    let now = (sandbox.tree(""), times(&targets[0]), times(&targets[1]));
    assert!(before == now, "it changed something");

    let space = du(&targets);
    let answer = sandbox.json("", &["dedupe"]);
    let (links, freed) = done(&answer);
    assert!(freed > 0, "{answer}");
    if links {
        assert_eq!(du(&targets), space - freed);
    }
    let disk = &answer["outcome"]["filesystems"][0];
    assert!(disk["available_before"].is_u64(), "{answer}");
    assert!(sandbox.tree("pika/target/debug") == sub(&before.0, "pika/target/debug"));
    sandbox
        .run("", &["dedupe", "--yes"])
        .code(0)
        .says("nothing to do");
    for target in &targets {
        assert!(!target.join(".sharedtarget-warm").exists());
    }
    for folder in folders {
        assert_eq!(
            build(&sandbox, folder),
            (vec![], "top leaf 1 hello\n".into()),
            "{folder}"
        );
    }

    let other = sandbox.tree("pika/target");
    sandbox.write("beside/own/src/lib.rs", "pub fn it() -> u32 { 2 }\n");
    assert_eq!(
        build(&sandbox, "beside"),
        (
            vec!["app".into(), "own".into()],
            "top leaf 2 hello\n".into()
        )
    );
    assert!(sandbox.tree("pika/target") == other);
    // All is made anew in one of them.
    sandbox.cargo("beside", &["clean"]);
    assert_eq!(
        build(&sandbox, "beside").0,
        ["app", "late", "leaf", "own", "plugin", "top"]
    );
    assert!(sandbox.tree("pika/target") == other);
    assert_eq!(
        build(&sandbox, "pika"),
        (vec![], "top leaf 1 hello\n".into())
    );
}

/// The part of a tree that lies in a folder.
fn sub(tree: &BTreeMap<PathBuf, Vec<u8>>, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let inside = |(path, content): (&PathBuf, &Vec<u8>)| {
        let inner = path.strip_prefix(folder).ok()?;
        Some((inner.to_owned(), content.clone()))
    };
    tree.iter().filter_map(inside).collect()
}

/// Only links look otherwise than what they replace, and of folders nothing shows that something came into them.
#[test]
fn folders_look_as_old_as_before() {
    let sandbox = start();
    for folder in ["pika", "beside"] {
        build(&sandbox, folder);
    }
    let target = sandbox.path("beside/target");
    let before = times(&target);
    let answer = sandbox.json("", &["dedupe", "--yes"]);
    let (links, _) = done(&answer);
    let after = times(&target);
    for (path, modified) in before {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let linkable = name.ends_with(".rlib") || name.ends_with(".rmeta");
        // The dependencies of these look as old as in the other folder.
        let dated = name.contains("build-script-") || name.contains("build_script_");
        // In the layout of Cargo 1.100 it asks all files that it has written about a run.
        let of_run =
            name == "output" || path.parent().is_some_and(|folder| folder.ends_with("run"));
        let dated = dated || of_run || name.contains("plugin");
        if links && (linkable || dated) {
            assert!(after[&path] <= modified, "{}", path.display());
        } else {
            assert_eq!(after[&path], modified, "{}", path.display());
        }
    }
}

/// Repositories that have nothing in common but a dependency.
#[test]
fn unrelated_repositories_share_a_dependency() {
    let sandbox = start();
    for folder in ["pika", "mole"] {
        build(&sandbox, folder);
    }
    let answer = sandbox.json("", &["dedupe", "--yes", "pika", "mole"]);
    assert!(done(&answer).1 > 0, "{answer}");
    let units = answer["plan"]["actions"][0]["units"].to_string();
    assert!(units.contains("leaf") && units.contains("top"), "{units}");
    for (folder, says) in [("pika", "hello"), ("mole", "dig")] {
        let expected = (vec![], format!("top leaf 1 {says}\n"));
        assert_eq!(build(&sandbox, folder), expected);
    }
    sandbox.cargo("pika", &["clean"]);
    assert_eq!(build(&sandbox, "mole"), (vec![], "top leaf 1 dig\n".into()));
}

/// Two folders of one worktree have its local crates too, byte for byte; named, only these are looked at. Local code is
/// cloned, and never linked. Where it is compiled step by step, the compiler has a name of its own for it.
#[test]
fn local_crates_that_are_the_same() {
    let mut sandbox = start();
    sandbox.env("CARGO_INCREMENTAL", "0");
    build(&sandbox, "beside");
    build(&sandbox, "pika");
    let other = ["build", "-v", "--target-dir", "other"];
    sandbox.cargo("pika", &other);
    let targets = ["pika/target", "pika/other"].map(|path| sandbox.path(path));
    let space = du(&targets);
    let answer = sandbox.json("", &["dedupe", "--yes", "pika/target", "pika/other"]);
    let (links, freed) = done(&answer);
    let units = answer["plan"]["actions"][0]["units"].to_string();
    assert_eq!(units.contains("\"own\""), !links, "{units}");
    let all = answer["plan"].to_string();
    assert!(!all.contains("beside"), "{all}");
    if links {
        assert_eq!(du(&targets), space - freed);
    }
    assert_eq!(build(&sandbox, "pika").0, [""; 0]);
    assert_eq!(compiled(&sandbox.cargo("pika", &other).stderr), [""; 0]);
    sandbox.write("pika/own/src/lib.rs", "pub fn it() -> u32 { 3 }\n");
    assert_eq!(build(&sandbox, "pika").1, "top leaf 3 hello\n");
    let run = sandbox.cargo("pika", &other);
    assert_eq!(compiled(&run.stderr), ["app", "own"]);
}

/// A unit that was compiled with an earlier state of a crate is compiled again, though the crate now is the same as
/// elsewhere, where that is older.
#[test]
fn what_is_stale_stays_stale() {
    let mut sandbox = start();
    sandbox.env("CARGO_INCREMENTAL", "0");
    let other: &[&str] = &["build", "--target-dir", "other"];
    let library = |says: u32| {
        let text = format!("pub fn it() -> u32 {{ {says} }}\n");
        sandbox.write("pika/own/src/lib.rs", &text);
    };
    library(2);
    sandbox.cargo("pika", other);
    library(1);
    build(&sandbox, "pika");
    library(2);
    sandbox.cargo("pika", &["build", "-p", "own"]);
    let args = ["dedupe", "--yes", "pika/target", "pika/other"];
    assert!(done(&sandbox.json("", &args)).1 > 0);
    let expected = (vec!["app".into()], "top leaf 2 hello\n".into());
    assert_eq!(build(&sandbox, "pika"), expected);
}

/// Checked and tested, for release and by its triple: each build finds everything as it was.
#[test]
fn every_kind_of_build() {
    let sandbox = start();
    let host = sandbox.cargo("pika", &["-vV"]).stdout;
    let mut host = host.lines().filter_map(|line| line.strip_prefix("host: "));
    let host = host.next().expect("a host");
    let kinds: [&[&str]; 4] = [
        &["check", "-v", "--all-targets"],
        &["test", "-v", "--no-run"],
        &["build", "-v", "--release"],
        &["build", "-v", "--target", host],
    ];
    for folder in ["pika", "beside"] {
        for args in kinds {
            sandbox.cargo(folder, args);
        }
    }
    assert!(done(&sandbox.json("", &["dedupe", "--yes"])).1 > 0);
    for folder in ["pika", "beside"] {
        for args in kinds {
            let said = sandbox.cargo(folder, args).stderr;
            assert!(!said.contains("Running `"), "{folder} {args:?}: {said}");
        }
    }
}

#[test]
fn the_new_layout() {
    let sandbox = start();
    let Some([toolchain, layout]) = crate::units::new_layout(&sandbox) else {
        return;
    };
    let args = [toolchain, "build", "-v", layout];
    for folder in ["pika", "beside"] {
        build_with(&sandbox, folder, &args);
    }
    let targets = ["pika/target", "beside/target"].map(|path| sandbox.path(path));
    let space = du(&targets);
    let (links, freed) = done(&sandbox.json("", &["dedupe", "--yes"]));
    assert!(freed > 0);
    if links {
        assert_eq!(du(&targets), space - freed);
    }
    for folder in ["pika", "beside"] {
        let expected = (vec![], "top leaf 1 hello\n".to_owned());
        assert_eq!(build_with(&sandbox, folder, &args), expected);
    }
    sandbox.run("", &["dedupe"]).code(0).says("nothing to do");
}

/// A folder in which a build runs stays, and gives nothing.
#[test]
fn a_build_is_running() {
    let sandbox = start();
    for folder in ["pika", "beside"] {
        build(&sandbox, folder);
    }
    let lock = fs::File::open(sandbox.path("pika/target/debug/.cargo-lock")).expect("a lock");
    lock.lock().expect("locked");
    let answer = sandbox.json("", &["dedupe", "--yes"]);
    assert_eq!(answer["plan"]["actions"], Value::Array(vec![]), "{answer}");
    let kept = answer["plan"]["kept"].to_string();
    assert!(
        kept.contains("\"busy\"") && kept.contains("nothing_to_share"),
        "{kept}"
    );
    // There is something to share, as soon as that folder is free.
    let run = sandbox.run("", &["dedupe", "--dry-run"]).code(0);
    run.says("; 1 other folder left out of the comparison");
    drop(lock);
    assert!(done(&sandbox.json("", &["dedupe", "--yes"])).1 > 0);
}

/// A compiler cache fills a folder with files of another mode, by links: these cannot take the place of the others, which is
/// seen before anything is promised. A clone has the mode of what it replaces.
#[cfg(unix)]
#[test]
fn files_of_another_mode_are_not_promised() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = start();
    for folder in ["pika", "beside"] {
        build(&sandbox, folder);
    }
    for entry in walkdir::WalkDir::new(sandbox.path("beside/target/debug")) {
        let entry = entry.expect("readable");
        if entry.file_type().is_file() {
            let mode = fs::metadata(entry.path())
                .expect("there")
                .permissions()
                .mode();
            let read_only = fs::Permissions::from_mode(mode & !0o222);
            fs::set_permissions(entry.path(), read_only).expect("a mode");
        }
    }
    let before = sandbox.tree("");
    let answer = sandbox.json("", &["dedupe", "--yes"]);
    if answer["plan"]["actions"][0]["method"] == "clones" {
        assert!(done(&answer).1 > 0);
        return;
    }
    assert_eq!(answer["plan"]["actions"], Value::Array(vec![]), "{answer}");
    assert!(sandbox.tree("") == before, "it changed something");
    sandbox
        .run("", &["dedupe", "--yes", "--verbose"])
        .code(0)
        .says("since the owner or mode differs")
        .says("nothing to do");
}

/// The metadata of a library in a folder.
fn metadata(sandbox: &Sandbox, folder: &str, library: &str) -> PathBuf {
    let debug = sandbox.path(&format!("{folder}/target/debug"));
    profile::artifact(&debug, &format!("lib{library}-"), ".rmeta")
}

/// A unit that has changed since the plan was made is kept, with the units that are compiled with it; here only the
/// content shows the change.
#[test]
fn a_file_that_changed_meanwhile_stays() {
    let sandbox = start();
    for folder in ["pika", "beside"] {
        build(&sandbox, folder);
    }
    let mut program = sandbox.program("", &["dedupe", "--yes", "--format", "json"]);
    let program = program.env("CARGO_SHAREDTARGET_TEST_PAUSE_AT", "planned");
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program.stderr(Stdio::piped()).spawn().expect("our program");
    let mut stderr = BufReader::new(child.stderr.take().expect("its standard error"));
    let mut line = String::new();
    while !line.contains("paused at") {
        assert!(stderr.read_line(&mut line).expect("text") > 0, "{line}");
    }
    let path = metadata(&sandbox, "beside", "leaf");
    let modified = fs::metadata(&path).expect("there").modified();
    let mut bytes = fs::read(&path).expect("readable");
    *bytes.last_mut().expect("content") ^= 1;
    fs::write(&path, &bytes).expect("written");
    let file = fs::File::options().write(true).open(&path).expect("a file");
    file.set_modified(modified.expect("a time")).expect("dated");
    let mut stdin = child.stdin.take().expect("its standard input");
    stdin.write_all(b"go\n").expect("told");
    let mut answer = String::new();
    let mut stdout = child.stdout.take().expect("its standard output");
    stdout.read_to_string(&mut answer).expect("text");
    assert_eq!(child.wait().expect("its end").code(), Some(1), "{answer}");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let left = answer["outcome"]["done"][0]["relinked"]["left"].to_string();
    assert!(
        left.contains("leaf") && left.contains("no longer the same"),
        "{left}"
    );
    assert_eq!(fs::read(&path).expect("readable"), bytes);
    assert!(fs::read(metadata(&sandbox, "pika", "leaf")).expect("readable") != bytes);
}

/// A build script of a git dependency that watches what lies elsewhere and is newer than the older one of two builds.
#[test]
fn what_a_script_watches_elsewhere_is_not_newer_afterwards() {
    let sandbox = Sandbox::new();
    let watched = sandbox.path("watched.h");
    sandbox.write("watched.h", "");
    sandbox.write(
        "foo/Cargo.toml",
        "[package]\nname = \"foo\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
    );
    sandbox.write("foo/src/lib.rs", "pub fn it() -> u32 { 1 }\n");
    let script = format!(
        "fn main() {{ println!(\"cargo::rerun-if-changed={}\"); }}\n",
        watched.display()
    );
    sandbox.write("foo/build.rs", &script);
    sandbox.commit_all("foo");
    for name in ["one", "two"] {
        let git = sandbox.path("foo");
        let manifest = format!(
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n\
             [dependencies]\nfoo = {{ git = 'file://{}' }}\n",
            git.display()
        );
        sandbox.write(&format!("all/{name}/Cargo.toml"), &manifest);
        let main = "fn main() { println!(\"{}\", foo::it()) }\n";
        sandbox.write(&format!("all/{name}/src/main.rs"), main);
        sandbox.write("watched.h", name);
        assert_eq!(build(&sandbox, &format!("all/{name}")).1, "1\n");
    }
    assert_eq!(build(&sandbox, "all/two").0, [""; 0]);
    let stale = build(&sandbox, "all/one").0;
    assert_eq!(stale, ["app", "foo"], "the one that is older");
    sandbox.write("watched.h", "newer");
    assert_eq!(build(&sandbox, "all/two").0, ["app", "foo"]);
    sandbox.run("all", &["dedupe", "--yes"]).code(0);
    assert_eq!(build(&sandbox, "all/two").0, [""; 0]);
}
