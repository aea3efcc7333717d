//! `gc`: what goes, what stays, and what Cargo compiles afterwards.

mod budgets;
mod doubts;
mod leaked;
mod rules;
mod settings;
mod strangers;
#[cfg(target_os = "linux")]
mod unused;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::profile;
use crate::registry::{Registry, compiled, copy_all, once, sandbox_with};
use crate::sandbox::{Run, Sandbox};
use crate::units::new_layout;

/// The output of the repository's program.
const OUTPUT: &str = "leaf 1.0.0, scripted, extra over leaf 1.0.0, helped\n";

/// A registry, and a repository `pika` that was never built.
fn prepared() -> PathBuf {
    once("gc", |folder| {
        let registry = Registry::new(folder);
        for version in ["1.0.0", "1.1.0"] {
            let text = format!("pub fn it() -> &'static str {{ \"leaf {version}\" }}\n");
            registry.publish(("leaf", version), &[], "", &[("src/lib.rs", &text)]);
        }
        let script = "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
             let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
             std::fs::write(format!(\"{out}/made.rs\"), \"\\\"scripted\\\"\").unwrap();\n}\n";
        let scripted =
            "pub fn it() -> &'static str { include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\")) }\n";
        let files = [("src/lib.rs", scripted), ("build.rs", script)];
        registry.publish(("scripted", "1.0.0"), &[], "", &files);
        let extra = "pub fn it() -> String { format!(\"extra over {}\", leaf::it()) }\n";
        registry.publish(("extra", "1.0.0"), &["leaf"], "", &[("src/lib.rs", extra)]);
    })
}

/// The manifest of the application, with these dependencies from the registry.
fn manifest(dependencies: &[&str]) -> String {
    let mut text = String::from(
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n[features]\nloud = []\n\
         [dependencies]\nhelper = { path = \"helper\" }\n",
    );
    for name in dependencies {
        text.push_str(&format!("{name} = \"1\"\n"));
    }
    text
}

fn main_of(extra: bool) -> &'static str {
    match extra {
        true => {
            "fn main() { println!(\"{}, {}, {}, {}\", leaf::it(), scripted::it(), extra::it(), helper::it()) }\n"
        }
        false => {
            "fn main() { println!(\"{}, {}, {}\", leaf::it(), scripted::it(), helper::it()) }\n"
        }
    }
}

/// A sandbox with the repository: an application, a library of its own, and three packages from the registry.
fn start() -> Sandbox {
    let sandbox = sandbox_with(&prepared());
    sandbox.write("pika/Cargo.toml", &manifest(&["leaf", "scripted", "extra"]));
    sandbox.write("pika/src/main.rs", main_of(true));
    sandbox.write(
        "pika/tests/it.rs",
        "#[test] fn it() { assert_eq!(helper::it(), \"helped\") }\n",
    );
    sandbox.write(
        "pika/helper/Cargo.toml",
        "[package]\nname = \"helper\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    sandbox.write(
        "pika/helper/src/lib.rs",
        "pub fn it() -> &'static str { \"helped\" }\n",
    );
    sandbox.cargo(
        "pika",
        &["update", "--offline", "leaf", "--precise", "1.0.0"],
    );
    sandbox.commit_all("pika");
    // These tests are about locked packages.
    sandbox.git("pika", &["add", "--force", "Cargo.lock"]);
    sandbox.commit_all("pika");
    sandbox
}

/// A way in which Cargo lays target folders out, as `cargo`'s first and last arguments.
#[derive(Clone, Copy)]
struct Layout(Option<[&'static str; 2]>);

impl Layout {
    /// Those that the machine's toolchains know.
    fn all(sandbox: &Sandbox) -> Vec<Self> {
        let new = new_layout(sandbox);
        [Some(Self(None)), new.map(|new| Self(Some(new)))]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Runs cargo verbosely, for the packages that it compiles.
    #[track_caller]
    fn compiles(self, sandbox: &Sandbox, folder: &str, args: &[&str]) -> Vec<String> {
        let mut all: Vec<&str> = self.0.iter().map(|[toolchain, _]| *toolchain).collect();
        all.extend(args);
        all.extend(["--offline", "-v"]);
        all.extend(self.0.iter().map(|[_, flag]| *flag));
        made(&sandbox.cargo(folder, &all).said())
    }

    /// The output of the program, built if it has to be.
    #[track_caller]
    fn output(self, sandbox: &Sandbox, folder: &str) -> String {
        let mut all: Vec<&str> = self.0.iter().map(|[toolchain, _]| *toolchain).collect();
        all.extend(["run", "-q", "--offline"]);
        all.extend(self.0.iter().map(|[_, flag]| *flag));
        sandbox.cargo(folder, &all).stdout
    }

    /// Everything that people build.
    fn build_all(self, sandbox: &Sandbox, folder: &str) {
        for args in EVERYTHING {
            self.compiles(sandbox, folder, args);
        }
    }

    /// The commands of [`EVERYTHING`] that compile something now, with that.
    fn stale(self, sandbox: &Sandbox, folder: &str) -> Vec<String> {
        let all = EVERYTHING.iter();
        all.flat_map(|args| self.compiles(sandbox, folder, args))
            .collect()
    }
}

/// The packages that a verbose build compiled or checked, sorted.
fn made(said: &str) -> Vec<String> {
    compiled(&said.replace("Checking ", "Compiling "))
}

/// The commands that people run in a worktree.
const EVERYTHING: [&[&str]; 4] = [
    &["build"],
    &["test", "--no-run"],
    &["check"],
    &["build", "--release"],
];

/// The size of a folder by `du`, in bytes.
fn du(path: &Path) -> u64 {
    let output = Command::new("du")
        .args(["-s", "--block-size=1"])
        .arg(path)
        .output()
        .expect("du");
    let text = String::from_utf8(output.stdout).expect("text");
    let bytes = text.split('\t').next().expect("a number");
    bytes.parse().expect("a number")
}

/// Runs `gc --yes` with these options and checks what it says that it freed against `du`.
#[track_caller]
fn gc(sandbox: &Sandbox, folder: &str, args: &[&str]) -> Value {
    let target = sandbox.path(&format!("{folder}/target"));
    let before = du(&target);
    let answer = sandbox.json(folder, &[&["gc", "--yes"], args].concat());
    let freed = answer["outcome"]["freed"]["on_disk"].as_u64().unwrap_or(0);
    assert_eq!(before - du(&target), freed, "{answer:#}");
    if !answer["outcome"].is_null() {
        assert_eq!(
            answer["plan"]["freeable"].as_u64(),
            Some(freed),
            "as it was planned"
        );
    }
    answer
}

/// The packages of the units that went, with the word for why, sorted.
fn gone(answer: &Value) -> Vec<(String, String)> {
    let actions = answer["plan"]["actions"]
        .as_array()
        .expect("actions")
        .iter();
    let units = actions.flat_map(|action| action["units"].as_array().expect("units"));
    let mut gone: Vec<(String, String)> = units
        .map(|unit| {
            let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
            (text(&unit["package"]), text(&unit["why"]["reason"]))
        })
        .collect();
    gone.sort();
    gone.dedup();
    gone
}

/// The names of the packages that went.
fn packages(answer: &Value) -> Vec<String> {
    let mut names: Vec<String> = gone(answer).into_iter().map(|(name, _)| name).collect();
    names.dedup();
    names
}

/// Makes everything below a folder look as if it was made and last read so many days ago.
fn age(folder: &Path, days: u64) {
    let status = Command::new("find")
        .arg(folder)
        .args(["-exec", "touch", "-h", "-d"])
        .arg(format!("{days} days ago"))
        .args(["{}", "+"])
        .status();
    assert!(status.expect("find").success());
}

/// Copies what was built in one worktree to another place, where it does not matter what happens to it.
fn copy(sandbox: &Sandbox, from: &str, to: &str) {
    copy_all(&sandbox.path(from), &sandbox.path(".").join(to));
}
