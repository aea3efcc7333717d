//! Warming when things go wrong: whatever happens, the next build succeeds, and runs the right code.

mod damaged;
mod dedupe;
mod filesystems;
mod killed;
mod linker;
mod litter;
mod meanwhile;

use std::fs;
use std::path::PathBuf;

use crate::profile;
use crate::registry::{Registry, compiled, copy_all, once, sandbox_with};
use crate::sandbox::Sandbox;

/// How many packages of each kind there are: one for each file that is damaged.
const PLAIN: usize = 7;
const SCRIPTED: usize = 8;

/// A registry, and two workspaces that were built:
///
/// - `large` uses `all`, which depends on the libraries `plain0`…, on `scripted0`…, which include what their build
///   scripts wrote, and on the procedural macro `plugin`;
/// - `little` uses `plain0`, `scripted0` and `plugin` itself.
///
/// Each package has a number, and the programs print the sum.
fn prepared() -> PathBuf {
    once("warm-faults", |folder| {
        let registry = Registry::new(folder);
        let (mut needs, mut sum) = (vec!["plugin".to_owned()], vec!["plugin::one!()".to_owned()]);
        let text = "extern crate proc_macro;\n#[proc_macro]\n\
                    pub fn one(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"1\".parse().unwrap() }\n";
        let files = [("src/lib.rs", text)];
        registry.publish(("plugin", "1.0.0"), &[], "[lib]\nproc-macro = true", &files);
        for number in 0..PLAIN {
            let name = format!("plain{number}");
            let files = [("src/lib.rs", "pub const N: u32 = 10;\n")];
            registry.publish((&name, "1.0.0"), &[], "", &files);
            needs.push(name);
            sum.push(format!("plain{number}::N"));
        }
        let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
             println!(\"cargo::rustc-check-cfg=cfg(said)\\ncargo::rustc-cfg=said\");\n    eprintln!(\"words\");\n    \
             let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
             println!(\"cargo::rustc-link-search={out}\");\n    \
             std::fs::write(out + \"/made.rs\", \"pub const N: u32 = 100;\").unwrap();\n}\n";
        let text = "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n";
        for number in 0..SCRIPTED {
            let name = format!("scripted{number}");
            let files = [("build.rs", script), ("src/lib.rs", text)];
            registry.publish((&name, "1.0.0"), &[], "", &files);
            needs.push(name);
            sum.push(format!("scripted{number}::N"));
        }
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        let text = format!("pub fn it() -> u32 {{ {} }}\n", sum.join(" + "));
        registry.publish(("all", "1.0.0"), &needs, "", &[("src/lib.rs", &text)]);

        let sandbox = sandbox_with(folder);
        let little = ["plain0", "scripted0", "plugin"];
        app(
            &sandbox,
            "little",
            &little,
            "plain0::N + scripted0::N + plugin::one!()",
        );
        app(&sandbox, "large", &["all"], "all::it()");
        for name in ["little", "large"] {
            sandbox.cargo(name, &["build", "-q"]);
            copy_all(&sandbox.path(name), &folder.join(name));
        }
    })
}

fn app(sandbox: &Sandbox, folder: &str, needs: &[&str], sum: &str) {
    let needs: Vec<String> = needs
        .iter()
        .map(|name| format!("{name} = \"1\"\n"))
        .collect();
    let manifest = format!(
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [dependencies]\n{}[profile.dev]\ndebug = 0\n",
        needs.concat()
    );
    sandbox.write(&format!("{folder}/Cargo.toml"), &manifest);
    let main = format!("fn main() {{ println!(\"{{}}\", {sum}) }}\n");
    sandbox.write(&format!("{folder}/src/main.rs"), &main);
    sandbox.write(&format!("{folder}/.gitignore"), "target\n");
}

/// The output of each program.
fn output(name: &str) -> String {
    match name {
        "little" => "111\n".into(),
        _ => format!("{}\n", 1 + 10 * PLAIN + 100 * SCRIPTED),
    }
}

/// One of the workspaces as a repository `pika` in a folder, and `beside`, a worktree of it that nothing was built in.
fn start_in(folder: &str, name: &str, mounted: impl FnOnce(&Sandbox)) -> Sandbox {
    let prepared = prepared();
    let sandbox = sandbox_with(&prepared);
    mounted(&sandbox);
    let (pika, beside) = (format!("{folder}pika"), format!("{folder}beside"));
    copy_all(&prepared.join(name), &sandbox.path(&pika));
    sandbox.git(&pika, &["init", "-q", "-b", "main"]);
    sandbox.commit_all(&pika);
    sandbox.worktree(&pika, &beside);
    sandbox
}

fn start(name: &str) -> Sandbox {
    start_in("", name, |_| {})
}

/// Builds, which must succeed and give the right program, and says what was compiled.
#[track_caller]
fn build(sandbox: &Sandbox, folder: &str, name: &str) -> Vec<String> {
    let run = sandbox.cargo(folder, &["build", "-v"]);
    let program = sandbox.path(&format!("{folder}/target/debug/app"));
    let said = sandbox.prepared(program, folder, &[]).output();
    let said = String::from_utf8(said.expect("a program").stdout);
    assert_eq!(said.expect("text"), output(name));
    compiled(&run.stderr)
}

/// Warms without asking, and gives the document.
#[track_caller]
fn warm(sandbox: &Sandbox, folder: &str, args: &[&str]) -> serde_json::Value {
    sandbox.json(folder, &[&["warm", "--yes"], args].concat())
}

/// How many units a run put in place.
#[track_caller]
fn units(answer: &serde_json::Value) -> u64 {
    let units = answer["outcome"]["done"][0]["warmed"]["units"].as_u64();
    units.unwrap_or_else(|| panic!("nothing was warmed: {answer}"))
}

/// All files below a folder.
fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).into_iter();
    let entries = entries.map(|entry| entry.expect("readable"));
    entries
        .filter(|entry| !entry.file_type().is_dir())
        .map(walkdir::DirEntry::into_path)
        .collect()
}
