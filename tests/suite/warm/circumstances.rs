//! Differences between worktrees besides their sources.

use std::fs;

use super::{OUTPUT, OWN, app, build, compile, left, start, warm};
use crate::profile;
use crate::registry::{Registry, copy_all, once, sandbox_with};
use crate::sandbox::Sandbox;

/// A compiler of another version makes other units, so those of the donor would be of no use.
#[test]
fn another_compiler() {
    const OTHER: &str = "1.89.0";
    let sandbox = start();
    let version = sandbox.prepared("cargo", "", &["+1.89.0", "--version"]);
    let there = { version }
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("skipped: no toolchain {OTHER}");
        return;
    }
    let toolchain = format!("[toolchain]\nchannel = \"{OTHER}\"\n");
    sandbox.write("beside/rust-toolchain.toml", &toolchain);
    let said = sandbox.run("beside", &["warm", "--yes", "-v"]).code(0);
    said.says("compiled by another compiler");
    // The same text in both names the same compiler.
    sandbox.write("pika/rust-toolchain.toml", &toolchain);
    fs::remove_dir_all(sandbox.path("pika/target")).expect("removed");
    compile(&sandbox, "pika");
    warm(&sandbox, "beside", &[]);
    assert_eq!(compile(&sandbox, "beside"), OWN);
    // And what is not is asked for.
    sandbox.worktree("pika", "third");
    let channel = format!("{OTHER}\n");
    sandbox.write("third/rust-toolchain", &channel);
    warm(&sandbox, "third", &[]);
    assert_eq!(compile(&sandbox, "third"), OWN);
}

/// A package whose build script writes down a variable that only the configuration sets; one watches it, one not.
pub(super) fn prepared() -> std::path::PathBuf {
    once("warm-env", |folder| {
        let registry = Registry::new(folder);
        for (name, watch) in [
            ("watches", "println!(\"cargo::rerun-if-env-changed=MODE\");"),
            ("looks", ""),
        ] {
            let script = format!(
                "fn main() {{ println!(\"cargo::rerun-if-changed=build.rs\"); {watch}\n\
                 println!(\"cargo::rustc-env=SEEN={{}}\", std::env::var(\"MODE\").unwrap_or_default()); }}\n"
            );
            let text = "pub fn it() -> &'static str { env!(\"SEEN\") }\n";
            registry.publish(
                (name, "1.0.0"),
                &[],
                "",
                &[("build.rs", &script), ("src/lib.rs", text)],
            );
        }
        let sandbox = sandbox_with(folder);
        let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                        [dependencies]\nwatches = \"1\"\nlooks = \"1\"\n";
        sandbox.write("pika/Cargo.toml", manifest);
        let main = "fn main() { println!(\"{} {}\", watches::it(), looks::it()) }\n";
        sandbox.write("pika/src/main.rs", main);
        sandbox.write("pika/.gitignore", "target\n");
        sandbox.cargo("pika", &["build"]);
        copy_all(&sandbox.path("pika"), &folder.join("pika"));
    })
}

/// Both packages run their scripts again where the variable is another one: by Cargo's own doing, and since what
/// the other script said is not taken.
#[test]
fn another_environment() {
    let prepared = prepared();
    let sandbox = sandbox_with(&prepared);
    copy_all(&prepared.join("pika"), &sandbox.path("pika"));
    sandbox.commit_all("pika");
    sandbox.worktree("pika", "beside");
    let run = |sandbox: &Sandbox, folder| sandbox.cargo(folder, &["run", "-q"]).stdout;
    sandbox.write("beside/.cargo/config.toml", "[env]\nMODE = \"two\"\n");
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    assert!(
        left(&answer).contains(&("looks".into(), "other_environment".into())),
        "{answer}"
    );
    assert_eq!(run(&sandbox, "beside"), "two two\n");
    assert_eq!(run(&sandbox, "pika"), " \n");
    // Where they say the same, all of it is taken.
    sandbox.worktree("pika", "third");
    sandbox.write("third/.cargo/config.toml", "[env]\nMODE = \"two\"\n");
    let answer = sandbox.json(
        "third",
        &[
            "warm",
            "--yes",
            "--from",
            &sandbox.path("beside").display().to_string(),
        ],
    );
    assert!(
        left(&answer).iter().all(|(_, reason)| reason == "local"),
        "{answer}"
    );
    assert_eq!(run(&sandbox, "third"), "two two\n");
}

/// No name of a profile or of a package makes a file look like another one, such as what a script said like what lies
/// in its `OUT_DIR`.
#[test]
fn profiles_and_packages_that_are_called_like_folders_of_cargo() {
    let sandbox = sandbox_with(&prepared());
    let profiles = ["out", "deps", "fingerprint"];
    for folder in ["pika", "beside"] {
        let profile = |name: &str| format!("[profile.{name}]\ninherits = \"dev\"\n");
        let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                        [dependencies]\nlooks = \"1\"\n";
        let profiles = profiles.map(profile).concat();
        sandbox.write(
            &format!("{folder}/Cargo.toml"),
            &(manifest.to_owned() + &profiles),
        );
        let main = "fn main() { println!(\"{}\", looks::it()) }\n";
        sandbox.write(&format!("{folder}/src/main.rs"), main);
    }
    let run = |folder: &str, profile: &str| {
        let args = ["run", "-q", "--profile", profile];
        sandbox.cargo(folder, &args).stdout
    };
    sandbox.write("beside/.cargo/config.toml", "[env]\nMODE = \"two\"\n");
    for profile in profiles {
        assert_eq!(run("pika", profile), "\n", "{profile}");
    }
    let donor = sandbox.path("pika/target").display().to_string();
    let answer = sandbox.json("beside", &["warm", "--yes", "--from", &donor]);
    let left = left(&answer);
    let other = left.iter().filter(|(_, why)| why == "other_environment");
    assert_eq!(other.count(), profiles.len(), "{answer}");
    for profile in profiles {
        assert_eq!(run("beside", profile), "two\n", "{profile}");
    }
}

/// A build that was stopped after a dependency leaves that to the worktree: what the donor compiled with its own
/// must not be put on it if the two are not the same.
#[test]
fn what_a_stopped_build_left_is_compared() {
    let sandbox = start();
    app(&sandbox, "beside", "hello");
    // `made` includes what lies in its own folder, so that each worktree's is another one; `top` was begun.
    sandbox.cargo("beside", &["build", "-p", "made"]);
    sandbox.cargo("beside", &["build", "-p", "top"]);
    let mut fingerprints = profile::fingerprints(&sandbox.path("beside/target/debug"));
    fingerprints.retain(|(package, _)| package == "top");
    assert_eq!(fingerprints.len(), 1);
    fs::write(fingerprints[0].1.join("lib-top"), "").expect("emptied");
    let said = sandbox.run("beside", &["warm", "--yes"]).said();
    let (compiled, output) = build(&sandbox, "beside");
    assert!(compiled.contains(&"top".to_owned()), "{said}");
    assert_eq!(output, OUTPUT);
}
