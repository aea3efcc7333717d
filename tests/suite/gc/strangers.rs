//! Who builds into a folder, and whether all of them are known.

use super::doubts::doubts;
use super::*;

/// A crate of its own, in a folder of its own, with one dependency from the registry.
pub(super) fn other(sandbox: &Sandbox, folder: &str, dependency: &str) {
    let name = folder.rsplit('/').next().expect("a name").replace('.', "_");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n\
         [dependencies]\n{dependency} = \"1\"\n"
    );
    sandbox.write(&format!("{folder}/Cargo.toml"), &manifest);
    let main = format!("fn main() {{ println!(\"{{}}\", {dependency}::it()) }}\n");
    sandbox.write(&format!("{folder}/src/main.rs"), &main);
}

/// Nothing goes, and the folder has this doubt. Without rustup it has one where `[]` is expected.
pub(super) fn checked(sandbox: &Sandbox, gc: &[&str], at: &str, doubt: &str) {
    let unknown = "which compilers are installed is not known";
    let is_alone = doubt == "[]" && sandbox.rustup("", &["--version"]).is_none();
    let doubt = if is_alone { unknown } else { doubt };
    let answer = sandbox.json(at, &[&["gc", "--yes"], gc].concat());
    assert_eq!(gone(&answer), [], "{answer:#}");
    assert!(doubts(&answer).contains(doubt), "{answer:#}");
}

/// A configuration above several repositories: from one of them, the needs of the others cannot be seen.
#[test]
fn a_configuration_above_serves_others() {
    let sandbox = start();
    let plain = Layout(None);
    sandbox.write("many/.cargo/config.toml", "[build]\ntarget-dir = \"all\"\n");
    for (folder, dependency) in [("many/one", "leaf"), ("many/two", "extra")] {
        other(&sandbox, folder, dependency);
        plain.compiles(&sandbox, folder, &["check"]);
    }
    let more = "workspaces outside this search";
    checked(&sandbox, &[], "many/one", more);
    checked(&sandbox, &["--exclude", "two"], "many", more);
    checked(&sandbox, &[], "many", "[]");
    assert_eq!(plain.compiles(&sandbox, "many/two", &["check"]), [""; 0]);
    let aside = sandbox.path(".").join("aside");
    std::fs::rename(sandbox.path("many/two"), &aside).expect("moved");
    // Of a program that was only checked nothing says where it comes from.
    checked(&sandbox, &[], "many", "it has units of `two`");
    std::fs::rename(&aside, sandbox.path("many/two")).expect("moved");
    plain.compiles(&sandbox, "many/two", &["build"]);
    std::fs::remove_dir_all(sandbox.path("many/two")).expect("removed");
    let answer = sandbox.json("many", &["gc", "--yes"]);
    assert_eq!(packages(&answer), ["extra", "two"]);
    assert_eq!(plain.compiles(&sandbox, "many/one", &["check"]), [""; 0]);
}

/// Another workspace builds into the folder, by a variable or by a link: its units show that.
#[test]
fn what_was_made_tells_of_others() {
    let sandbox = start();
    let plain = Layout(None);
    other(&sandbox, "one", "leaf");
    other(&sandbox, "two", "extra");
    plain.compiles(&sandbox, "one", &["build"]);
    let target = sandbox.path("one/target");
    let into = ["build", "--target-dir", target.to_str().expect("Unicode")];
    plain.compiles(&sandbox, "two", &into);
    for (gc, at) in [(&[][..], "one"), (&["one/target"], ".")] {
        checked(&sandbox, gc, at, "two` is also built into it");
    }
    assert_eq!(plain.compiles(&sandbox, "two", &into), [""; 0]);
    std::fs::rename(&target, sandbox.path(".").join("elsewhere")).expect("renamed");
    for folder in ["one/target", "two/target"] {
        std::os::unix::fs::symlink("../elsewhere", sandbox.path(".").join(folder)).expect("a link");
    }
    checked(&sandbox, &[], "one", "points to it");
    assert_eq!(plain.compiles(&sandbox, "two", &["build"]), [""; 0]);
}

/// A package at a path takes the place of one that the `Cargo.lock` names, which does not say so.
#[test]
fn what_paths_override_stays() {
    let sandbox = start();
    let plain = Layout(None);
    sandbox.write(
        "leaf/Cargo.toml",
        "[package]\nname = \"leaf\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
    );
    sandbox.write(
        "leaf/src/lib.rs",
        "pub fn it() -> &'static str { \"mine\" }\n",
    );
    let config = format!("paths = ['{}']\n", sandbox.path("leaf").display());
    sandbox.write("pika/.cargo/config.toml", &config);
    plain.build_all(&sandbox, "pika");
    assert_eq!(gone(&gc(&sandbox, "pika", &[])), []);
    assert_eq!(plain.stale(&sandbox, "pika"), [""; 0]);
}

/// Vendored packages in a worktree whose folder looks like that of a version of one.
#[test]
fn what_is_vendored_stays() {
    let sandbox = start();
    let plain = Layout(None);
    other(&sandbox, "leaf-9.9.9", "leaf");
    let vendored = "leaf-9.9.9/vendor/leaf";
    sandbox.write(
        &format!("{vendored}/Cargo.toml"),
        "[package]\nname = \"leaf\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
    );
    sandbox.write(
        &format!("{vendored}/src/lib.rs"),
        "pub fn it() -> u8 { 1 }\n",
    );
    let sum = "0".repeat(64);
    let sum = format!("{{\"files\":{{}},\"package\":\"{sum}\"}}");
    sandbox.write(&format!("{vendored}/.cargo-checksum.json"), &sum);
    sandbox.write(
        "leaf-9.9.9/.cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"vendor\"\n",
    );
    plain.compiles(&sandbox, "leaf-9.9.9", &["build"]);
    assert_eq!(gone(&gc(&sandbox, "leaf-9.9.9", &[])), []);
    assert_eq!(plain.compiles(&sandbox, "leaf-9.9.9", &["build"]), [""; 0]);
}

/// A folder in a target folder may be that of another workspace.
#[test]
fn what_a_workspace_inside_asks_for_stays() {
    let sandbox = start();
    let plain = Layout(None);
    other(&sandbox, "pika/inner", "extra");
    sandbox.write(
        "pika/inner/.cargo/config.toml",
        "[build]\ntarget-dir = \"../target/inner\"\n",
    );
    plain.compiles(&sandbox, "pika", &["build"]);
    plain.compiles(&sandbox, "pika/inner", &["check"]);
    assert_eq!(gone(&gc(&sandbox, "pika", &[])), []);
    assert_eq!(plain.compiles(&sandbox, "pika/inner", &["check"]), [""; 0]);
}

/// A nested workspace inherits the folder, and was not looked at.
#[test]
fn what_was_excluded_is_not_forgotten() {
    let sandbox = start();
    let plain = Layout(None);
    sandbox.write(
        "pika/.cargo/config.toml",
        "[build]\ntarget-dir = \"target\"\n",
    );
    other(&sandbox, "pika/inner", "extra");
    plain.compiles(&sandbox, "pika", &["build"]);
    plain.compiles(&sandbox, "pika/inner", &["check"]);
    for narrow in [["--exclude", "inner"], ["--max-depth", "0"]] {
        checked(&sandbox, &narrow, "pika", "workspaces outside this search");
    }
}

/// Units without a final product show their workspace by metadata: the tests of a library, or units that were only
/// checked.
#[test]
fn units_tell_of_others() {
    let sandbox = start();
    for layout in Layout::all(&sandbox) {
        other(&sandbox, "one", "leaf");
        other(&sandbox, "two", "extra");
        std::fs::rename(
            sandbox.path("two/src/main.rs"),
            sandbox.path("two/src/lib.rs"),
        )
        .expect("a library");
        layout.compiles(&sandbox, "one", &["build"]);
        let target = sandbox.path("one/target");
        let target = target.to_str().expect("Unicode");
        for args in [&["test", "--no-run"][..], &["check"]] {
            let args = [args, &["--target-dir", target]].concat();
            layout.compiles(&sandbox, "two", &args);
            let answer = gc(&sandbox, "one", &[]);
            let went = gone(&answer);
            // The new layout makes folders that nothing comes into.
            assert!(went.iter().all(|(_, why)| why == "unfinished"), "{went:?}");
            let doubt = "it has units of `two`";
            assert!(answer.to_string().contains(doubt), "{answer:#}");
            assert_eq!(layout.compiles(&sandbox, "two", &args), [""; 0]);
        }
        std::fs::remove_dir_all(sandbox.path("two")).expect("removed");
        assert_eq!(packages(&gc(&sandbox, "one", &[])), ["extra", "two"]);
        assert_eq!(layout.compiles(&sandbox, "one", &["build"]), [""; 0]);
        std::fs::remove_dir_all(sandbox.path("one")).expect("removed");
    }
}
