//! A workspace that Cargo does not accept, and a Cargo that knows less.

use crate::faults::harness::works;
use crate::sandbox::Sandbox;

/// The reason for which the workspace in a folder is kept, in the plan.
fn kept(sandbox: &Sandbox, plan: &serde_json::Value, folder: &str) -> String {
    let path = sandbox.path(folder).display().to_string();
    let all = plan["plan"]["kept"].as_array().expect("a list");
    all.iter()
        .filter(|kept| kept["path"] == path.as_str())
        .map(ToString::to_string)
        .collect()
}

#[test]
fn does_not_stop_the_rest() {
    let sandbox = Sandbox::new();
    for name in ["good", "invalid", "toolchain", "config"] {
        sandbox.repository(name, &[]);
        sandbox.cargo(name, &["build", "-q", "--offline"]);
    }
    sandbox.write(
        "invalid/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"x\"\n",
    );
    sandbox.write(
        "toolchain/rust-toolchain.toml",
        "[toolchain]\nchannel = \"1.2.3-nowhere\"\n",
    );
    sandbox.write("config/.cargo/config.toml", "[build\n");
    let mut broken = vec!["invalid", "config"];
    // Nothing else reads that file.
    if sandbox.rustup("", &["--version"]).is_some() {
        broken.push("toolchain");
    } else {
        eprintln!("skipped: no rustup, and so no toolchain that is missing");
    }
    let before: Vec<_> = broken.iter().map(|name| sandbox.tree(name)).collect();

    let ran = sandbox.json("", &["--yes"]);
    assert!(
        kept(&sandbox, &ran, "invalid").contains("cargo_refused"),
        "{ran}"
    );
    assert!(kept(&sandbox, &ran, "invalid").contains("version"), "{ran}");
    assert!(
        !broken.contains(&"toolchain")
            || kept(&sandbox, &ran, "toolchain").contains("1.2.3-nowhere"),
        "{ran}"
    );
    assert!(
        kept(&sandbox, &ran, "config").contains("config_invalid"),
        "{ran}"
    );
    assert!(!sandbox.exists("good/target"));
    assert_eq!(sandbox.cargo_run("good"), "hello\n");
    let after: Vec<_> = broken.iter().map(|name| sandbox.tree(name)).collect();
    assert!(before == after, "what is broken stays as it is");
}

#[test]
fn between_plan_and_deletion_keeps_the_folder() {
    let sandbox = Sandbox::new();
    sandbox.repository("pika", &["beside"]);
    for worktree in ["pika", "beside"] {
        sandbox.cargo(worktree, &["build", "-q", "--offline"]);
    }
    let stopped =
        crate::faults::harness::Stopped::at(sandbox.program("pika", &["--yes"]), "written");
    sandbox.write("beside/Cargo.toml", "[package]\n");
    stopped.go_on().code(1).says("Cargo does not tell");
    assert!(sandbox.exists("beside/target/debug/app"));
    assert!(!sandbox.exists("pika/target"));
}

#[test]
fn an_old_cargo_gets_no_build_dir() {
    if !works("cargo", &["+1.89.0", "--version"]) {
        eprintln!("skipped: there is no cargo 1.89");
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.package("pika", "app", "hello");
    sandbox.write(
        "pika/rust-toolchain.toml",
        "[toolchain]\nchannel = \"1.89.0\"\n",
    );
    sandbox.commit_all("pika");
    sandbox.worktree("pika", "pika/inside");
    sandbox.cargo("pika", &["build", "-q", "--offline"]);
    // Without a guard, the worktree inside could build into its folder.
    let kept = sandbox.json("pika", &["--yes"]);
    assert_eq!(sandbox.why_kept(&kept, "pika"), "old_cargo");
    assert!(!sandbox.exists("pika/.cargo") && sandbox.exists("pika/inside/.cargo"));

    let ran = sandbox.json("pika", &["--layout", "isolated", "--yes"]);
    assert!(
        ran["plan"]["warnings"].to_string().contains("no_guard"),
        "{ran}"
    );
    for folder in ["pika", "pika/inside"] {
        let config = sandbox.read(&format!("{folder}/.cargo/config.toml"));
        assert!(
            config.contains("target-dir") && !config.contains("build-dir"),
            "{config}"
        );
    }
    assert!(!sandbox.exists("pika/target"));
    let built = sandbox.cargo("pika", &["build", "--offline"]);
    assert!(!built.stderr.contains("unused"), "{}", built.stderr);
    assert_eq!(sandbox.cargo_run("pika"), "hello\n");
    assert!(!sandbox.exists("pika/target"));
}
