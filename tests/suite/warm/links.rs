//! The files of a donor that are shared, one by one, and those that are not.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::*;

/// The files below a folder by relative path.
fn files(folder: &Path) -> BTreeMap<PathBuf, fs::Metadata> {
    let entries = walkdir::WalkDir::new(folder).into_iter();
    let entries = entries.map(|entry| entry.expect("readable"));
    entries
        .filter(|entry| !entry.file_type().is_dir())
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).expect("inside");
            (path.to_owned(), entry.metadata().expect("readable"))
        })
        .collect()
}

/// Whether a build replaces a file: libraries and metadata, programs of build scripts, which Cargo removes first where each
/// has two names (before 1.100), and procedural macros where the linker says that it is LLD.
fn is_linkable(path: &Path) -> bool {
    let names_itself = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let name = path.file_name().expect("a name").to_string_lossy();
    let in_build = path.starts_with("debug/build") && path.iter().count() == 4;
    match path.extension() {
        Some(end) if end == "so" => names_itself,
        Some(end) => end == "rlib" || end == "rmeta",
        None => {
            in_build && (name == "build-script-build" || name.starts_with("build_script_build-"))
        }
    }
}

/// Third-party files that a build replaces are the donor's own; all else is a copy with the same content, time and mode,
/// and no two names of one file that were not two before.
#[test]
fn only_what_a_build_replaces_is_linked() {
    let sandbox = start();
    let answer = sandbox.json("beside", &["warm", "--yes"]);
    // Where this filesystem clones, nothing is linked; `faults` makes one of each kind.
    let links = answer["outcome"]["done"][0]["warmed"]["method"] == "links";
    let donor = files(&sandbox.path("pika/target"));
    let warmed = files(&sandbox.path("beside/target"));
    let mut linked = 0;
    for (path, file) in &warmed {
        let own = ["CACHEDIR.TAG", ".rustc_info.json"];
        if own.iter().any(|name| path.ends_with(name)) || path.to_string_lossy().contains(".cargo-")
        {
            continue;
        }
        let original = &donor[path];
        let same = file.ino() == original.ino() && file.dev() == original.dev();
        let shown = path.display();
        assert_eq!(same, links && is_linkable(path), "{shown}");
        assert_eq!(
            file.modified().expect("a time"),
            original.modified().expect("a time"),
            "{shown}"
        );
        assert_eq!(
            (file.mode(), file.len()),
            (original.mode(), original.len()),
            "{shown}"
        );
        if is_linkable(path) {
            linked += 1;
        } else if links {
            assert_eq!(file.nlink(), original.nlink(), "{shown}");
            let here = warmed.values().filter(|other| other.ino() == file.ino());
            assert_eq!(
                file.nlink(),
                here.count() as u64,
                "{shown}: no name elsewhere"
            );
        }
    }
    let names_itself = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let debug = |folder: &str| sandbox.path(&format!("{folder}/target/debug"));
    let of_scripts = if profile::is_new(&debug("beside")) {
        0
    } else {
        4
    };
    let expected = 6 + of_scripts + usize::from(names_itself);
    assert_eq!(
        linked, expected,
        "leaf, made and top; two names of two scripts; macs"
    );
    let times = |folder: &str| {
        let made = profile::out_dirs(&debug(folder), "made");
        assert_eq!(made.len(), 1, "{made:?}");
        fs::metadata(&made[0]).and_then(|out| out.modified())
    };
    assert_eq!(
        times("beside").expect("a time"),
        times("pika").expect("a time"),
        "an OUT_DIR is as old as it was"
    );
}

/// Building in the one, also from nothing, leaves every byte and time of the other.
#[test]
fn a_new_compilation_leaves_the_donor_alone() {
    let mut sandbox = start();
    warm(&sandbox, "beside", &[]);
    let before = (sandbox.tree("pika"), times(&sandbox.path("pika")));
    build(&sandbox, "beside");
    sandbox.env("RUSTFLAGS", "--cfg other");
    build(&sandbox, "beside");
    sandbox.env("RUSTFLAGS", "");
    // The same names, and stale: each file is made anew in its place.
    for file in profile::fingerprint_files(&sandbox.path("beside/target/debug")) {
        let name = file.file_name().expect("a name").to_string_lossy();
        if name.starts_with("dep-") || name.starts_with("run-build-script-") {
            fs::remove_file(&file).expect("removed");
        }
    }
    let (compiled, output) = build(&sandbox, "beside");
    assert_eq!(
        (compiled.len(), output.as_str()),
        (8, OUTPUT),
        "{compiled:?}"
    );
    let after = (sandbox.tree("pika"), times(&sandbox.path("pika")));
    assert!(before == after);
    assert_eq!(compile(&sandbox, "pika"), Vec::<String>::new());
}

fn times(folder: &Path) -> BTreeMap<PathBuf, std::time::SystemTime> {
    let files = files(folder).into_iter();
    let files = files.filter(|(path, _)| !path.starts_with(".git"));
    files
        .map(|(path, file)| (path, file.modified().expect("a time")))
        .collect()
}

/// `cargo clean` of either leaves the other.
#[test]
fn cleaning_one_leaves_the_other() {
    let sandbox = start();
    warm(&sandbox, "beside", &[]);
    sandbox.cargo("pika", &["clean"]);
    assert_eq!(
        build(&sandbox, "beside"),
        (OWN.map(str::to_owned).into(), OUTPUT.into())
    );
    warm(&sandbox, "pika", &[]);
    sandbox.cargo("beside", &["clean"]);
    assert!(
        !sandbox.exists("beside/target"),
        "the tag lets cargo take it for its own"
    );
    assert_eq!(
        build(&sandbox, "pika"),
        (OWN.map(str::to_owned).into(), OUTPUT.into())
    );
}
