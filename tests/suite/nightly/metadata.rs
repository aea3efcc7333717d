//! `embed-metadata=no`, which a nightly Cargo has by default (rust-lang/cargo#17267): metadata lies in `.rmeta`
//! alone, so that a library is two files, and its dependents need both.

use super::*;

/// A library is taken with both of its files.
#[test]
fn a_library_comes_with_its_metadata() {
    let Some(sandbox) = start("") else { return };
    sandbox.run("beside", &["warm", "--yes"]).code(0);
    for end in [".rlib", ".rmeta"] {
        let of = |folder| {
            let files = files(&sandbox, folder, end).into_iter();
            files
                .filter(|path| !path.to_string_lossy().contains("/waits/"))
                .count()
        };
        let [ours, theirs] = ["beside", "pika"].map(of);
        assert_eq!(ours, theirs);
        assert!(ours >= 1, "{end}");
    }
    // Only with that can a program be compiled anew with what was taken.
    sandbox.write(
        "beside/app/src/main.rs",
        "fn main() { println!(\"now {}\", low::it()) }\n",
    );
    let (compiled, said) = build(&sandbox, "beside");
    assert_eq!(
        (compiled, said.as_str()),
        (vec!["app".to_owned()], "now low 1\n")
    );
}

/// A library without either of its two files is not taken.
#[test]
fn half_of_a_library_is_none() {
    for end in [".rlib", ".rmeta"] {
        let Some(sandbox) = start("") else { return };
        let low = files(&sandbox, "pika", end);
        let mut low = low
            .iter()
            .filter(|path| path.to_string_lossy().contains("/low/"));
        fs::remove_file(low.next().expect("a file of `low`")).expect("removed");
        let ran = sandbox.run("beside", &["warm", "--yes", "-v"]);
        let low = files(&sandbox, "beside", "");
        let mut low = low
            .iter()
            .filter(|path| path.to_string_lossy().contains("/low/"));
        assert_eq!(low.next(), None, "{end}: {ran:?}");
        let (compiled, said) = build(&sandbox, "beside");
        assert_eq!(said, "low 1\n", "{end}: {ran:?}");
        assert_eq!(compiled, ["app", "low"], "{end}: {ran:?}");
    }
}

/// The other way makes other libraries, under the same names.
#[test]
fn libraries_of_the_other_kind_are_compiled_again() {
    for (donor, destination) in [("false", "true"), ("true", "false")] {
        let config = format!("[unstable]\nembed-metadata = {donor}\n");
        let Some(sandbox) = start(&config) else {
            return;
        };
        sandbox.write(".cargo/config.toml", &config.replace(donor, destination));
        let ran = sandbox.run("beside", &["warm", "--yes", "-v"]);
        let (compiled, said) = build(&sandbox, "beside");
        assert_eq!(said, "low 1\n", "{ran:?}");
        assert_eq!(compiled, ["app", "low"], "{ran:?}");
    }
}
