//! Warming, with real builds: what the next build compiles, and whether it is the right code that runs.

mod again;
mod apart;
mod build_scripts;
mod busy;
#[cfg(unix)]
mod circumstances;
mod donors;
#[cfg(unix)]
mod environment;
mod flags;
mod handed;
mod links;
mod local;
mod onboard;
mod proven;
#[cfg(unix)]
mod relink;
#[cfg(unix)]
mod rustc_info;
mod scripts;
mod setup;
mod speak;
mod times;
mod tracked;

use std::fs;
use std::path::PathBuf;

use crate::profile;
use crate::registry::{Registry, compiled, copy_all, once, sandbox_with};
use crate::sandbox::{Run, Sandbox};

/// The packages that are compiled in a warm worktree: its own ones, their dependents, and one that keeps its
/// `OUT_DIR`.
const OWN: [&str; 4] = ["app", "keeps", "over", "patched"];

/// The units that can be taken: `leaf`, `macs`, `top`, `made`, and the build scripts of `made` and `keeps` with their
/// runs.
const UNITS: usize = 8;

const OUTPUT: &str = "leaf 1.0.0, 42, made; data; over patched; hello\n";

/// A build script that writes a file of these words into its `OUT_DIR`.
fn script(name: &str, text: &str) -> String {
    format!(
        "fn main() {{\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
         let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
         std::fs::write(format!(\"{{out}}/{name}\"), r#\"{text}\"#).unwrap();\n}}\n"
    )
}

/// A registry, and a workspace `pika` that was built with packages of every kind from it:
///
/// - `leaf` is plain, and there are two versions of it; `macs` is a procedural macro;
/// - `made` includes what its build script wrote; `keeps` opens that when it runs, and so cannot be taken;
/// - `top` depends on the first three;
/// - `over` depends on `patched`, and the workspace replaces `patched` by a folder of its own.
fn prepared() -> PathBuf {
    once("warm-suite", |folder| {
        let registry = Registry::new(folder);
        for version in ["1.0.0", "1.1.0"] {
            let text = format!("pub fn it() -> &'static str {{ \"leaf {version}\" }}\n");
            registry.publish(("leaf", version), &[], "", &[("src/lib.rs", &text)]);
        }
        let text = "#[proc_macro]\npub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    \
                    \"42\".parse().unwrap()\n}\nextern crate proc_macro;\n";
        let plugin = "[lib]\nproc-macro = true";
        registry.publish(("macs", "1.0.0"), &[], plugin, &[("src/lib.rs", text)]);
        let run = script("made.rs", "pub const MADE: &str = \"made\";");
        let text = "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n";
        let files = [("build.rs", run.as_str()), ("src/lib.rs", text)];
        registry.publish(("made", "1.0.0"), &[], "", &files);
        let run = script("data", "data");
        let text = "pub fn it() -> String { std::fs::read_to_string(concat!(env!(\"OUT_DIR\"), \"/data\")).unwrap() }\n";
        let files = [("build.rs", run.as_str()), ("src/lib.rs", text)];
        registry.publish(("keeps", "1.0.0"), &[], "", &files);
        let text = "pub fn it() -> String {\n    format!(\"{}, {}, {}\", leaf::it(), macs::answer!(), made::MADE)\n}\n";
        let needs = ["leaf", "macs", "made"];
        registry.publish(("top", "1.0.0"), &needs, "", &[("src/lib.rs", text)]);
        let text = "pub fn it() -> &'static str { \"of the registry\" }\n";
        registry.publish(("patched", "1.0.0"), &[], "", &[("src/lib.rs", text)]);
        let text = "pub fn it() -> String { format!(\"over {}\", patched::it()) }\n";
        registry.publish(("over", "1.0.0"), &["patched"], "", &[("src/lib.rs", text)]);

        let sandbox = sandbox_with(folder);
        app(&sandbox, "pika", "hello");
        sandbox.cargo("pika", &["update", "leaf", "--precise", "1.0.0"]);
        assert_eq!(build(&sandbox, "pika").1, OUTPUT);
        copy_all(&sandbox.path("pika"), &folder.join("pika"));
    })
}

/// Writes the workspace.
fn app(sandbox: &Sandbox, folder: &str, says: &str) {
    let write = |path: &str, text: &str| sandbox.write(&format!("{folder}/{path}"), text);
    write(
        "Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [dependencies]\ntop = \"1\"\nkeeps = \"1\"\nover = \"1\"\n\
         [patch.crates-io]\npatched = { path = \"patched\" }\n",
    );
    let main = format!(
        "fn main() {{ println!(\"{{}}; {{}}; {{}}; {says}\", top::it(), keeps::it(), over::it()) }}\n"
    );
    write("src/main.rs", &main);
    write(
        "patched/Cargo.toml",
        "[package]\nname = \"patched\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
    );
    write(
        "patched/src/lib.rs",
        "pub fn it() -> &'static str { \"patched\" }\n",
    );
    write(".gitignore", "target\n");
}

/// `pika`, a repository that was built, and `beside`, a worktree of it in which nothing was.
fn start() -> Sandbox {
    let prepared = prepared();
    let sandbox = sandbox_with(&prepared);
    copy_all(&prepared.join("pika"), &sandbox.path("pika"));
    sandbox.git("pika", &["init", "-q", "-b", "main"]);
    sandbox.commit_all("pika");
    sandbox.worktree("pika", "beside");
    sandbox
}

/// Builds, and says what was compiled and what the program then prints.
#[track_caller]
fn build(sandbox: &Sandbox, folder: &str) -> (Vec<String>, String) {
    let run = sandbox.cargo(folder, &["build", "-v"]);
    let program = sandbox.path(&format!("{folder}/target/debug/app"));
    let output = sandbox.prepared(program, folder, &[]).output();
    let output = output.expect("the program");
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stdout).expect("text");
    (compiled(&run.stderr), output)
}

/// Forgets what was built of `keeps`. In the copy that tests start from, it opens what was never there; built
/// again, it opens what is in its own folder.
fn forget_keeps(sandbox: &Sandbox, folder: &str) {
    for inner in [".fingerprint", "build"] {
        let inner = sandbox.path(&format!("{folder}/target/debug/{inner}"));
        // Since Cargo 1.100 only one of them is there, and a package has a folder in it.
        for entry in fs::read_dir(inner).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.file_name().is_some_and(|name| {
                let name = name.to_string_lossy();
                name == "keeps" || name.starts_with("keeps-")
            }) {
                fs::remove_dir_all(path).expect("removed");
            }
        }
    }
}

/// Builds, and says what was compiled.
#[track_caller]
fn compile(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    compiled(&sandbox.cargo(folder, &["build", "-v"]).stderr)
}

/// Warms without asking, which must succeed.
#[track_caller]
fn warm(sandbox: &Sandbox, folder: &str, args: &[&str]) -> Run {
    sandbox
        .run(folder, &[&["warm", "--yes"], args].concat())
        .code(0)
}

/// How many units a run in JSON put in place.
#[track_caller]
fn units(answer: &serde_json::Value) -> usize {
    let done = answer["outcome"]["done"].as_array();
    let units = done
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .filter(|done| done["what"] == "warm")
        .map(|done| done["warmed"]["units"].as_u64().expect("a number"));
    usize::try_from(units.sum::<u64>()).expect("a small number")
}

/// The packages that a plan leaves, each with its reason, also where it takes nothing.
#[track_caller]
fn left(answer: &serde_json::Value) -> Vec<(String, String)> {
    let list = |name: &str| answer["plan"][name].as_array().expect("a list");
    let actions = list("actions").iter().map(|action| &action["left"]);
    let kept = list("kept").iter().map(|kept| &kept["reason"]["left"]);
    let units = actions
        .chain(kept)
        .filter_map(|left| left.as_array())
        .flatten();
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    units
        .map(|unit| (text(&unit["package"]), text(&unit["reason"])))
        .collect()
}

/// The point of it all: the first build compiles only what may differ, and what runs is the worktree's own code.
#[test]
fn the_first_build_compiles_what_is_local() {
    let sandbox = start();
    app(&sandbox, "beside", "hello beside");
    let text = "pub fn it() -> &'static str { \"patched beside\" }\n";
    sandbox.write("beside/patched/src/lib.rs", text);
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(units(&answer), UNITS, "{answer}");
    let before = sandbox.tree("pika");
    let (names, output) = build(&sandbox, "beside");
    assert_eq!(names, OWN);
    let expected = "leaf 1.0.0, 42, made; data; over patched beside; hello beside\n";
    assert_eq!(output, expected);
    assert!(sandbox.tree("pika") == before, "the donor is as it was");
    assert_eq!(compile(&sandbox, "pika"), Vec::<String>::new());
    assert_eq!(compile(&sandbox, "beside"), Vec::<String>::new());
    assert!(
        sandbox
            .read("beside/target/CACHEDIR.TAG")
            .starts_with("Signature: 8a477f59")
    );
    assert!(!sandbox.exists("beside/target/.sharedtarget-warm"));
}

/// All that one builds is taken, for each profile, and for a target with what the host needs for it.
#[test]
fn all_profiles_and_a_triple() {
    let sandbox = start();
    let host = sandbox.cargo("pika", &["-vV"]).stdout;
    let mut host = host.lines().filter_map(|line| line.strip_prefix("host: "));
    let host = host.next().expect("a host");
    let release: &[&str] = &["build", "-v", "--release"];
    let triple: &[&str] = &["build", "-v", "--target", host];
    for args in [release, triple] {
        sandbox.cargo("pika", args);
    }
    warm(&sandbox, "beside", &[]);
    for args in [&["build", "-v"][..], release, triple, &["check", "-v"]] {
        let said = sandbox.cargo("beside", args).stderr;
        let mut names = compiled(&said);
        if args == ["check", "-v"] {
            // The donor was not checked.
            assert!(!names.contains(&"macs".into()), "{names:?}");
            names = OWN.map(str::to_owned).into();
        }
        assert_eq!(names, OWN, "{args:?}");
    }
    let program = sandbox.path(&format!("beside/target/{host}/debug/app"));
    let output = sandbox.prepared(program, "beside", &[]).output();
    assert_eq!(output.expect("a program").stdout, OUTPUT.as_bytes());
}

/// A workspace in a folder that leads elsewhere through a link builds there, and is warmed there.
#[test]
fn a_target_folder_on_another_disk() {
    let sandbox = start();
    fs::create_dir(sandbox.path("disk")).expect("a folder");
    let link = sandbox.path("beside/target");
    std::os::unix::fs::symlink(sandbox.path("disk"), link).expect("a link");
    warm(&sandbox, "beside", &[]);
    assert_eq!(
        build(&sandbox, "beside"),
        (OWN.map(str::to_owned).into(), OUTPUT.into())
    );
    assert!(sandbox.exists("disk/debug/app"));
    sandbox.worktree("pika", "third");
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    let answer = sandbox.json("third", &["warm", "--yes"]);
    assert_eq!(units(&answer), UNITS, "it is a donor as well: {answer}");
}

/// The layout from Cargo 1.100: one folder for each unit.
#[test]
fn the_new_layout() {
    let sandbox = start();
    let Some([toolchain, layout]) = crate::units::new_layout(&sandbox) else {
        return;
    };
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    let build = |folder: &str| {
        let run = sandbox.cargo(folder, &[toolchain, "build", "-v", layout]);
        let program = sandbox.path(&format!("{folder}/target/debug/app"));
        let output = sandbox.prepared(program, folder, &[]).output();
        let output = String::from_utf8(output.expect("a program").stdout);
        assert_eq!(output.expect("text"), OUTPUT, "{folder}");
        compiled(&run.stderr)
    };
    build("pika");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert_eq!(units(&answer), UNITS, "{answer}");
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    assert_eq!(build("beside"), OWN);
    sandbox.worktree("pika", "third");
    assert_eq!(units(&sandbox.json("third", &["warm", "--yes"])), UNITS);
    fs::remove_dir_all(sandbox.path("beside/target")).expect("removed");
    assert_eq!(build("third"), OWN);
}

/// A package from git, and one from a folder that stands in for a registry, are third-party too.
#[test]
fn git_and_vendored_packages() {
    let mut sandbox = start();
    sandbox.env("CARGO_NET_OFFLINE", "false");
    let package = |folder: &str, name: &str| {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n");
        sandbox.write(&format!("{folder}/Cargo.toml"), &manifest);
        let text = format!("pub fn it() -> &'static str {{ \"{name}\" }}\n");
        sandbox.write(&format!("{folder}/src/lib.rs"), &text);
    };
    package("from-git", "from-git");
    sandbox.commit_all("from-git");
    package("vendored/leaf-1.0.0", "leaf");
    sandbox.write("vendored/leaf-1.0.0/.cargo-checksum.json", "{\"files\":{}}");
    let repository = sandbox.path("from-git").display().to_string();
    let vendored = sandbox.path("vendored").display().to_string();
    sandbox.package("one", "app", "");
    let manifest = sandbox.read("one/Cargo.toml");
    let more =
        format!("[dependencies]\nleaf = \"1\"\nfrom-git = {{ git = 'file://{repository}' }}\n");
    sandbox.write("one/Cargo.toml", &(manifest + &more));
    let main = "fn main() { println!(\"{} {}\", leaf::it(), from_git::it()) }\n";
    sandbox.write("one/src/main.rs", main);
    let config = format!(
        "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = '{vendored}'\n"
    );
    sandbox.write("one/.cargo/config.toml", &config);
    sandbox.commit_all("one");
    sandbox.worktree("one", "two");
    assert_eq!(build(&sandbox, "one").1, "leaf from-git\n");
    fs::copy(
        sandbox.path("one/Cargo.lock"),
        sandbox.path("two/Cargo.lock"),
    )
    .expect("copied");
    let answer = sandbox.json("two", &["warm", "--yes"]);
    assert_eq!(units(&answer), 2, "{answer}");
    let (names, output) = build(&sandbox, "two");
    assert_eq!(
        (names, output),
        (vec!["app".into()], "leaf from-git\n".into())
    );
}
