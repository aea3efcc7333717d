//! The compiler's version, which a new folder gets, too.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

const INFO: &str = "target/.rustc_info.json";

/// Runs Cargo with a wrapper that writes down how the compiler is called, and takes these calls.
fn asked(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let (wrapper, log) = (sandbox.path("wrapper"), sandbox.path("log"));
    if !wrapper.exists() {
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> '{}'\nexec \"$@\"\n",
            log.display()
        );
        fs::write(&wrapper, script).expect("a script");
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    fs::write(&log, "").expect("a log");
    let mut cargo = sandbox.prepared("cargo", folder, &["build", "-v"]);
    let output = cargo
        .env("RUSTC_WRAPPER", &wrapper)
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{output:?}");
    let log = fs::read_to_string(log).expect("a log");
    log.lines().map(str::to_owned).collect()
}

/// Cargo asks the compiler for its version in each target folder, unless it is there already. All other answers depend
/// on variables of a shell, such as `RUSTC_BOOTSTRAP`, which Cargo does not write down with them: it asks for those.
#[test]
fn a_first_build_knows_the_version_of_the_compiler() {
    let asks = |calls: &[String]| {
        let of = |end: &str| calls.iter().filter(|call| call.contains(end)).count();
        (of(" -vV"), of(" --crate-name ___ "))
    };
    let sandbox = start();
    let cold = asks(&asked(&sandbox, "pika"));
    assert!(cold.0 > 0 && cold.1 > 0, "{cold:?}");
    warm(&sandbox, "beside", &[]);
    let first = asks(&asked(&sandbox, "beside"));
    assert_eq!(first, (0, cold.1));
    assert_eq!(asks(&asked(&sandbox, "beside")), (0, 0));

    // A compiler that was replaced is asked.
    sandbox.worktree("pika", "third");
    warm(&sandbox, "third", &[]);
    assert!(sandbox.path("third").join(INFO).exists());
    let wrapper = sandbox.path("wrapper");
    let text = fs::read_to_string(&wrapper).expect("a script") + "# another\n";
    fs::write(&wrapper, text).expect("a script");
    assert_eq!(asks(&asked(&sandbox, "third")), cold);
}

/// Where another toolchain may be used, the compiler is asked. Answers that are there stay.
#[test]
fn answers_of_another_toolchain_are_not_given() {
    let sandbox = start();
    sandbox.cargo("pika", &["build", "-q"]);
    // The same compiler by another file, which is not known without running it.
    let named = match crate::sandbox::chosen_toolchain() {
        Some(chosen) => format!("channel = \"{chosen}\""),
        None => "components = [\"rustc\"]".to_owned(),
    };
    let file = "beside/rust-toolchain.toml";
    sandbox.write(file, &format!("[toolchain]\n{named}\n"));
    warm(&sandbox, "beside", &[]);
    assert!(!sandbox.path("beside").join(INFO).exists());
    assert!(sandbox.path("beside/target/debug").is_dir());

    sandbox.worktree("pika", "third");
    sandbox.write("third/target/.rustc_info.json", "mine");
    warm(&sandbox, "third", &[]);
    let there = fs::read_to_string(sandbox.path("third").join(INFO));
    assert_eq!(there.expect("a file"), "mine");

    // Every user may have written what stands there.
    let info = sandbox.path("pika").join(INFO);
    fs::set_permissions(info, fs::Permissions::from_mode(0o666)).expect("permissions");
    sandbox.worktree("pika", "fourth");
    warm(&sandbox, "fourth", &[]);
    assert!(sandbox.path("fourth/target/debug").is_dir());
    assert!(!sandbox.path("fourth").join(INFO).exists());
}
