//! Linkers: whether each replaces a file that lies where it writes, and whether it says who it is.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use crate::sandbox::Sandbox;

/// A linker: the argument by which the compiler uses it, the name by which the program recognises it in a file, and
/// whether it makes a new file for a program.
const LINKERS: [(&str, Option<&str>, bool); 4] = [
    ("bfd", None, true),
    ("gold", Some("gold"), true),
    ("lld", Some("LLD"), true),
    ("mold", Some("mold "), false),
];

/// Has rustc link twice in the same place; whether a second link to the first file is left alone. `None` if the
/// linker is not there.
fn replaces(sandbox: &Sandbox, linker: Option<&str>, kind: &str) -> Option<bool> {
    let run = |what: &str| {
        let file = match kind {
            "bin" => "fn main() { println!(\"WHAT\") }",
            _ => "#[unsafe(no_mangle)] pub extern \"C\" fn it() -> u8 { \"WHAT\".len() as u8 }",
        };
        sandbox.write("a.rs", &file.replace("WHAT", what));
        let mut args = vec!["a.rs", "--edition=2024", "--crate-type", kind, "-o", "out"];
        let flag = linker.map(|name| format!("-Clink-arg=-fuse-ld={name}"));
        args.extend(flag.as_deref());
        sandbox.command("rustc", "", &args)
    };
    let _ = fs::remove_file(sandbox.path("out"));
    let _ = fs::remove_file(sandbox.path("second"));
    if run("one").code != Some(0) {
        return None;
    }
    fs::hard_link(sandbox.path("out"), sandbox.path("second")).expect("a link");
    let before = fs::read(sandbox.path("second")).expect("readable");
    run("other").code(0);
    assert_ne!(fs::read(sandbox.path("out")).expect("readable"), before);
    let inode = |path| fs::metadata(sandbox.path(path)).expect("there").ino();
    let same = fs::read(sandbox.path("second")).expect("readable") == before;
    assert_eq!(same, inode("out") != inode("second"));
    Some(same)
}

/// Each linker makes a new file for a shared library; for a program those do that the program trusts with one.
#[test]
fn a_linker_that_names_itself_replaces_what_is_linked() {
    let sandbox = Sandbox::new();
    for (linker, mark, programs) in LINKERS {
        let Some(replaced) = replaces(&sandbox, Some(linker), "cdylib") else {
            eprintln!("skipped: no linker {linker}");
            continue;
        };
        assert!(replaced, "{linker}");
        let bytes = fs::read(sandbox.path("out")).expect("readable");
        let found = mark.is_none_or(|mark| memchr::memmem::find(&bytes, mark.as_bytes()).is_some());
        assert!(found, "{linker} does not say so");
        if programs {
            assert_eq!(
                replaces(&sandbox, Some(linker), "bin"),
                Some(true),
                "{linker}"
            );
        }
    }
    // The toolchain's own.
    assert_eq!(replaces(&sandbox, None, "cdylib"), Some(true));
    assert_eq!(replaces(&sandbox, None, "bin"), Some(true));
}
