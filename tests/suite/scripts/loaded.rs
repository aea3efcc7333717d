//! Programs that load libraries of their own when they run.

use std::fs;

use crate::scripts::desk::Desk;

/// A desk with a script whose dependency is a library of its own.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.box_.write(
        "lib/Cargo.toml",
        "[package]\nname = \"lib\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"dylib\"]\n",
    );
    desk.box_
        .write("lib/src/lib.rs", "pub fn says() -> u8 { 1 }\n");
    desk.box_.write(
        "a.rs",
        "---\n[dependencies]\nlib.path = \"lib\"\n---\nfn main() { println!(\"{}\", lib::says()); }\n#[test] fn it() { assert_eq!(lib::says(), 1); }\n",
    );
    desk
}

#[test]
fn a_library_of_its_own_is_found() {
    let desk = desk();
    assert_eq!(desk.prints_built(&["a.rs"]), "1\n");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "1\n");
    // It is the program's own: another script's of the same name changes nothing.
    fs::remove_dir_all(desk.cache("target")).expect("removed");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "1\n");
    desk.box_
        .write("lib/src/lib.rs", "pub fn says() -> u8 { 2 }\n");
    assert_eq!(desk.prints_built(&["a.rs"]), "2\n");
    let run = desk.run(&["--test", "a.rs"]).code(101);
    assert!(
        run.stdout.contains("left: 2") || run.said().contains("left: 2"),
        "{}",
        run.said()
    );
    // One that is damaged is made anew.
    let kept = desk.kept();
    let libraries = kept.iter().map(|kept| kept.join("lib"));
    for library in libraries
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
    {
        let path = library.expect("an entry").path();
        fs::write(path, "").expect("written");
    }
    assert_eq!(desk.prints(&["a.rs"]), "2\n");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "2\n");
}

#[test]
fn what_a_build_script_has_made_is_found() {
    let desk = Desk::new();
    desk.box_.write(
        "native/Cargo.toml",
        "[package]\nname = \"native\"\nedition = \"2021\"\nlinks = \"seven\"\n",
    );
    let ending = std::env::consts::DLL_SUFFIX;
    desk.box_.write(
        "native/build.rs",
        &format!(
            "fn main() {{ let out = std::env::var(\"OUT_DIR\").unwrap(); std::fs::write(format!(\"{{out}}/seven.c\"), \"int seven(void) {{ return 7; }}\").unwrap();\n\
             let made = std::process::Command::new(\"cc\").args([\"-shared\", \"-fPIC\", \"-o\", &format!(\"{{out}}/libseven{ending}\"), &format!(\"{{out}}/seven.c\")]).status().unwrap(); assert!(made.success());\n\
             println!(\"cargo::rustc-link-search=native={{out}}\\ncargo::rustc-link-lib=dylib=seven\"); }}\n"
        ),
    );
    desk.box_.write(
        "native/src/lib.rs",
        "unsafe extern \"C\" { fn seven() -> i32; }\npub fn says() -> i32 { unsafe { seven() } }\n",
    );
    desk.box_.write(
        "a.rs",
        "---\n[dependencies]\nnative.path = \"native\"\n---\nfn main() { println!(\"{}\", native::says()); }\n",
    );
    assert_eq!(desk.prints_built(&["a.rs"]), "7\n");
    fs::remove_dir_all(desk.cache("target")).expect("removed");
    assert_eq!(desk.prints_at_once(&["a.rs"]), "7\n");
}
