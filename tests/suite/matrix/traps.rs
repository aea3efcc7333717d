//! Crates of the registry that make it hard to tell what may be carried to another worktree.

use crate::matrix::third_party::{KEEPING, Packed};

pub(crate) const TRAPS: [Packed; 10] = [
    // Asks for a variable when it is compiled, as its build script does in three ways.
    Packed {
        name: "reg-asks",
        manifest: "",
        dependencies: &[],
        files: &[(
            "src/lib.rs",
            "pub fn line() -> String { format!(\"asks {:?}\", option_env!(\"WHICH\")) }\n",
        )],
    },
    Packed {
        name: "reg-asks-script",
        manifest: "",
        dependencies: &[],
        files: &[
            (
                "build.rs",
                r#"
fn main() {
    println!("cargo::rerun-if-env-changed=WHICH");
    println!("cargo::rustc-env=SAID={}", std::env::var("WHICH").unwrap_or_default());
}
"#,
            ),
            (
                "src/lib.rs",
                "pub fn line() -> String { format!(\"script asks {:?}\", env!(\"SAID\")) }\n",
            ),
        ],
    },
    // Looks for a file of the worktree, from OUT_DIR upwards or where a variable says, and says so.
    Packed {
        name: "reg-upwards",
        manifest: "",
        dependencies: &[],
        files: &[("build.rs", UPWARDS), ("src/lib.rs", FOUND)],
    },
    Packed {
        name: "reg-upwards-top",
        manifest: "",
        dependencies: &[("reg-upwards", false)],
        files: &[(
            "src/lib.rs",
            "pub fn line() -> String { format!(\"top of {}\", reg_upwards::line()) }\n",
        )],
    },
    // Leaves a note in OUT_DIR of where that is.
    Packed {
        name: "reg-notes",
        manifest: "links = \"notes\"\n",
        dependencies: &[],
        files: &[
            (
                "build.rs",
                r#"
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/where.txt"), format!("prefix={out}/lib\n")).unwrap();
    println!("cargo::metadata=root={out}");
}
"#,
            ),
            ("src/lib.rs", "pub fn it() {}\n"),
        ],
    },
    // Leaves a link in OUT_DIR that has its full path.
    Packed {
        name: "reg-links",
        manifest: "links = \"links\"\n",
        dependencies: &[],
        files: &[
            (
                "build.rs",
                r#"
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap();
    let _ = std::fs::remove_file(format!("{out}/link.txt"));
    std::fs::write(format!("{out}/real.txt"), "real").unwrap();
    std::os::unix::fs::symlink(format!("{out}/real.txt"), format!("{out}/link.txt")).unwrap();
    println!("cargo::metadata=root={out}");
}
"#,
            ),
            ("src/lib.rs", "pub fn it() {}\n"),
        ],
    },
    // Keeps the path of OUT_DIR where only the compiler finds it: in a constant, in code that is compiled in the crate
    // that calls it, and in a macro.
    Packed {
        name: "reg-hides-const",
        manifest: "",
        dependencies: &[],
        files: &[
            ("build.rs", KEEPING),
            (
                "src/lib.rs",
                "pub const AT: &str = concat!(env!(\"OUT_DIR\"), \"/kept.txt\");\n",
            ),
        ],
    },
    Packed {
        name: "reg-hides-code",
        manifest: "",
        dependencies: &[],
        files: &[
            ("build.rs", KEEPING),
            (
                "src/lib.rs",
                r#"
#[inline(always)]
pub fn at() -> &'static str { concat!(env!("OUT_DIR"), "/kept.txt") }
pub fn generic<T: Default + Into<u8>>() -> Vec<u8> {
    let mut text = vec![T::default().into()];
    text.extend_from_slice(concat!(env!("OUT_DIR"), "/kept.txt").as_bytes());
    text.split_off(1)
}
"#,
            ),
        ],
    },
    Packed {
        name: "reg-hides-macro",
        manifest: "",
        dependencies: &[],
        files: &[
            (
                "build.rs",
                r##"
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/kept.txt"), "kept").unwrap();
    let text = format!("#[macro_export] macro_rules! at {{ () => {{ \"{out}/kept.txt\" }} }}");
    std::fs::write(format!("{out}/made.rs"), text).unwrap();
}
"##,
            ),
            (
                "src/lib.rs",
                "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n",
            ),
        ],
    },
    // Puts a file that its program needs beside that program, where Cargo does not know of it.
    Packed {
        name: "reg-beside",
        manifest: "",
        dependencies: &[],
        files: &[
            (
                "build.rs",
                r#"
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap();
    let profile = std::path::Path::new(&out).ancestors().find(|at| at.ends_with("debug")).unwrap();
    std::fs::write(profile.join("beside.txt"), "beside").unwrap();
}
"#,
            ),
            (
                "src/lib.rs",
                r#"
pub fn line() -> String {
    let program = std::env::current_exe().unwrap();
    let beside = std::fs::read_to_string(program.with_file_name("beside.txt"));
    format!("{:?}", beside.ok())
}
"#,
            ),
        ],
    },
];

const UPWARDS: &str = r#"
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let found = std::path::Path::new(&out).ancestors().map(|at| at.join("mark.txt")).find(|at| at.exists());
    let Some(found) = found else {
        println!("cargo::rustc-env=FOUND=nothing");
        return;
    };
    println!("cargo::rerun-if-changed={}", found.display());
    println!("cargo::rustc-env=FOUND={}", std::fs::read_to_string(found).unwrap().trim());
}
"#;

const FOUND: &str = "pub fn line() -> String { format!(\"found {:?}\", env!(\"FOUND\")) }\n";
