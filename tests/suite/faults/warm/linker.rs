//! A linker that opens the file that is there and writes into it, as some do.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// Links to a new file, and copies that over the old one without removing it first.
const LINKER: &str = r#"#!/bin/sh
for word; do
    [ "$before" = -o ] && out=$word
    before=$word
done
if [ -e "$out" ]; then echo "$out" >> "$0.log"; fi
cc "$@" -o "$out.linked" && cat "$out.linked" > "$out" && chmod +x "$out" && rm "$out.linked"
"#;

/// Compiling procedural macros and build scripts again, in place, reaches no byte of the donor: a macro is a link only where
/// the usual linker is used. (Cargo 1.95 removes a program first, and a macro not.)
#[test]
fn that_writes_in_place() {
    let sandbox = start("little");
    let linker = sandbox.path("linker");
    fs::write(&linker, LINKER).expect("a script");
    fs::set_permissions(&linker, fs::Permissions::from_mode(0o755)).expect("permissions");
    let config = format!("[target.'cfg(unix)']\nlinker = \"{}\"\n", linker.display());
    sandbox.write("beside/.cargo/config.toml", &config);
    assert_eq!(units(&warm(&sandbox, "beside", &[])), 5);
    for file in profile::fingerprint_files(&sandbox.path("beside/target/debug")) {
        let name = file.file_name().expect("a name").to_string_lossy();
        if name.starts_with("dep-") || name.starts_with("run-build-script-") {
            fs::remove_file(&file).expect("removed");
        }
    }
    let before = sandbox.tree("pika");
    let mut cargo = sandbox.prepared("cargo", "beside", &["build", "-v"]);
    let built = cargo.output().expect("cargo");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    assert_eq!(compiled(&said), ["app", "plain0", "plugin", "scripted0"]);
    assert!(sandbox.tree("pika") == before);
    assert_eq!(build(&sandbox, "pika", "little"), Vec::<String>::new());
    let log = fs::read_to_string(sandbox.path("linker.log")).unwrap_or_default();
    assert!(log.contains("libplugin-"), "it wrote over the macro: {log}");
}
