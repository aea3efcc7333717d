//! Looking at a clone runs nothing of it.
#![cfg(unix)]

mod clone;
mod leads;
mod looking;
mod wire;
mod words;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use wire::Tripwire;

use crate::sandbox::Sandbox;

#[test]
fn doctor_says_why_a_wrapper_of_a_clone_was_not_asked() {
    let sandbox = Sandbox::new();
    let wire = Tripwire { sandbox: &sandbox };
    sandbox.repository("r", &[]);
    wire.put("r/sccache");
    sandbox.write(
        "r/.cargo/config.toml",
        "[build]\nrustc-wrapper = \"./sccache\"\n",
    );
    let said = sandbox.run("r", &["doctor"]).said();
    assert!(
        said.contains("`./sccache` was not run to learn its version, because"),
        "{said}"
    );
    assert_eq!(wire.fired(), None);
}

/// A clone must not choose among the programs of the machine: another user may have put one there.
#[test]
fn doctor_asks_no_wrapper_that_a_clone_names_by_its_path() {
    let mut sandbox = Sandbox::new();
    let path = std::env::var("PATH").expect("a PATH");
    let bin = sandbox.outside("bin").display().to_string();
    sandbox.env("PATH", format!("{bin}:{path}"));
    let wire = Tripwire { sandbox: &sandbox };
    sandbox.repository("r", &[]);
    for at in ["../tmp/sccache", "../bin/sccache"] {
        wire.put(at);
    }
    let program = |at: &str| sandbox.outside(at).display().to_string();
    let (there, usual) = (program("tmp/sccache"), program("bin/sccache"));
    let config = |wrapper: &str| format!("[build]\nrustc-wrapper = \"{wrapper}\"\n");
    sandbox.write("r/.cargo/config.toml", &config(&there));
    let said = sandbox.run("r", &["doctor"]).said();
    assert!(said.contains("not the program of that name"), "{said}");
    assert_eq!(wire.fired(), None);
    // The one on the path is the user's choice, and so is one that their own configuration names.
    sandbox.write("r/.cargo/config.toml", &config(&usual));
    sandbox
        .run("r", &["doctor", "--verbose"])
        .says("sccache 0.8.2");
    assert!(wire.fired().is_some());
    fs::remove_dir_all(sandbox.path("r/.cargo")).expect("it can go");
    let own = sandbox.outside("cargo-home/config.toml");
    fs::write(own, config(&there)).expect("a file");
    sandbox.run("r", &["doctor", "-v"]).says("sccache 0.8.2");
    assert!(wire.fired().is_some());
}

#[test]
fn a_wrapper_in_a_worktree_is_refused() {
    let sandbox = Sandbox::new();
    let wire = Tripwire { sandbox: &sandbox };
    sandbox.repository("r", &[]);
    wire.put("r/evil");
    let inside = sandbox.path("r/evil").display().to_string();
    for (wrapper, why) in [
        ("./evil", "we run no program of a worktree"),
        (inside.as_str(), "we run no program of a worktree"),
    ] {
        let run = sandbox.run("r", &["setup", "--dry-run", "--rustc-wrapper", wrapper]);
        run.says(why).code(101);
        assert_eq!(wire.fired(), None);
    }
}

#[test]
fn the_line_for_a_common_hooks_folder_passes_submodules_over() {
    let sandbox = Sandbox::new();
    sandbox.repository("sub", &[]);
    sandbox.repository("r", &[]);
    let allow = ["-c", "protocol.file.allow=always"];
    let sub = sandbox.path("sub").display().to_string();
    sandbox.git(
        "r",
        &[&allow[..], &["submodule", "add", "-q", &sub, "sub"]].concat(),
    );
    sandbox.git("r", &["commit", "-q", "-m", "a submodule"]);
    let hooks = sandbox.outside("hooks");
    fs::create_dir_all(&hooks).expect("a folder");
    let bin = sandbox.outside("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let fired = sandbox.outside("fired");
    let write = |path: &Path, text: String| {
        fs::write(path, text).expect("a file");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a program");
    };
    write(
        &bin.join("cargo-sharedtarget"),
        format!("#!/bin/sh\npwd >>'{}'\n", fired.display()),
    );
    let line = cargo_sharedtarget::hook::hook_script::LINE;
    write(
        &hooks.join("post-checkout"),
        format!("#!/bin/sh\nset -eu\n{line}\n"),
    );
    let mut sandbox = sandbox;
    let path = std::env::var("PATH").expect("a PATH");
    sandbox.env("PATH", format!("{}:{path}", bin.display()));
    let hooks = hooks.display().to_string();
    sandbox.git("r", &["config", "--global", "core.hooksPath", &hooks]);
    let args = ["clone", "-q", "--recurse-submodules", "r", "copy"];
    sandbox.git("", &[&allow[..], &args].concat());
    assert!(sandbox.exists("copy/sub/Cargo.toml"));
    assert!(!fired.exists(), "it ran in a submodule");
    sandbox.git("copy", &["worktree", "add", "-q", "-b", "b", "../tree"]);
    let said = fs::read_to_string(&fired).expect("it runs in a new worktree");
    assert_eq!(said.trim(), sandbox.path("tree").display().to_string());
}

/// The toolchain is at fault, and the wrapper is not to be taken out for it.
#[test]
fn doctor_blames_no_wrapper_for_a_compiler_that_is_not_asked() {
    let mut sandbox = Sandbox::new();
    let path = std::env::var("PATH").expect("a PATH");
    let bin = sandbox.outside("bin").display().to_string();
    sandbox.env("PATH", format!("{bin}:{path}"));
    sandbox.repository("r", &[]);
    Tripwire { sandbox: &sandbox }.put("../bin/sccache");
    let config = "[build]\nrustc-wrapper = \"sccache\"\n";
    sandbox.write("r/.cargo/config.toml", config);
    sandbox.write("r/rust-toolchain.toml", "[toolchain]\npath = \"tools\"\n");
    let run = sandbox.run("r", &["doctor"]);
    assert!(!run.said().contains("sccache` cannot"), "{}", run.said());
    run.says("names a toolchain by its path");
}

#[test]
fn a_script_takes_cargo_and_rustc_from_no_relative_folder_of_the_path() {
    let sandbox = Sandbox::new();
    let wire = Tripwire { sandbox: &sandbox };
    for program in ["cargo", "rustc", "rustup", "bin/cargo", "bin/rustc"] {
        wire.put(&format!("r/{program}"));
    }
    sandbox.write("r/x.rs", "fn main() { println!(\"script\"); }\n");
    let path = format!("bin:.:{}", std::env::var("PATH").expect("a PATH"));
    let mut run = sandbox.program("r", &["run", "x.rs"]);
    let run = run.env("PATH", path).output().expect("our program");
    let run = crate::sandbox::Run::from(run).code(0);
    assert_eq!(run.stdout, "script\n");
    assert_eq!(wire.fired(), None);
}

/// Rustup reads through links, and as much as there is; where we cannot do the same, the file counts as by path.
#[test]
fn a_toolchain_by_path_is_seen_however_it_is_written() {
    let by_path = "[toolchain]\npath = \"/proc/self/cwd/evil\"\n";
    for way in [
        "linked",
        "large",
        "above one that is not text",
        "above a dangling link",
    ] {
        let sandbox = Sandbox::new();
        let wire = Tripwire { sandbox: &sandbox };
        sandbox.repository("r", &[]);
        fs::create_dir_all(sandbox.path("r/evil/lib")).expect("a folder");
        sandbox.package("r/sub", "inner", "inner");
        for program in ["cargo", "rustc"] {
            wire.put(&format!("r/evil/bin/{program}"));
            wire.put(&format!("r/sub/evil/bin/{program}"));
        }
        fs::create_dir_all(sandbox.path("r/sub/evil/lib")).expect("a folder");
        let file = "r/rust-toolchain.toml";
        match way {
            "linked" => {
                sandbox.write("r/x/tc.toml", by_path);
                std::os::unix::fs::symlink("x/tc.toml", sandbox.path(file)).expect("a link");
            }
            "large" => sandbox.write(file, &format!("{}{by_path}", "# comment\n".repeat(150_000))),
            _ => sandbox.write(file, by_path),
        }
        match way {
            "above one that is not text" => {
                fs::write(sandbox.path("r/sub/rust-toolchain.toml"), b"# \xff\n").expect("a file");
            }
            "above a dangling link" => {
                let link = sandbox.path("r/sub/rust-toolchain");
                std::os::unix::fs::symlink("nowhere", link).expect("a link");
            }
            _ => {}
        }
        for folder in ["r", "r/sub"] {
            for command in [&["doctor"][..], &["audit"], &["setup", "-n"], &["gc", "-n"]] {
                let said = sandbox.run(folder, command).said();
                assert_eq!(wire.fired(), None, "{way}: {command:?} in {folder}\n{said}");
            }
        }
    }
}

/// `git worktree add` of a branch that tracks a program by our name.
#[test]
fn the_hook_takes_no_program_from_a_relative_folder_of_the_path() {
    let sandbox = Sandbox::new();
    let wire = Tripwire { sandbox: &sandbox };
    sandbox.repository("r", &[]);
    sandbox.run("r", &["hook", "install", "--yes"]).code(0);
    sandbox.git("r", &["switch", "-q", "-c", "evil"]);
    wire.put("r/cargo-sharedtarget");
    sandbox.commit_all("r");
    sandbox.git("r", &["switch", "-q", "main"]);
    let _ = wire.fired();
    let path = std::env::var("PATH").expect("a PATH");
    for (at, path) in [format!(".:{path}"), format!(":{path}")].iter().enumerate() {
        let at = format!("../w{at}");
        let mut git = sandbox.prepared(
            "git",
            "r",
            &["worktree", "add", "-q", "--detach", &at, "evil"],
        );
        assert!(git.env("PATH", path).status().expect("git").success());
        assert_eq!(wire.fired(), None, "{path}");
    }
}
