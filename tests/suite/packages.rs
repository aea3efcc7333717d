//! The packages that the program is built from.

use std::process::Command;

use serde_json::Value;

/// `.ci/run` checks the program without remote stores by the oldest Rust; the packages of these say which one they need.
#[test]
fn none_needs_a_newer_rust() {
    let output = Command::new("cargo")
        .args(["metadata", "--locked", "--all-features"])
        .args(["--format-version", "1", "--filter-platform"])
        .arg("x86_64-unknown-linux-gnu")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 200, "{}", packages.len());
    let version = |package: &Value| -> Option<Vec<u32>> {
        let parts = package["rust_version"].as_str()?.split('.');
        Some(parts.map(|part| part.parse().expect("a number")).collect())
    };
    let name = |package: &Value| package["name"].as_str().expect("a name").to_owned();
    let ours = packages
        .iter()
        .find(|package| name(package) == env!("CARGO_PKG_NAME"));
    let mut ours = version(ours.expect("our package")).expect("a version");
    ours.resize(3, 0);
    for package in packages {
        let Some(mut needs) = version(package) else {
            continue;
        };
        needs.resize(3, 0);
        assert!(needs <= ours, "{} needs Rust {needs:?}", name(package));
    }
}
