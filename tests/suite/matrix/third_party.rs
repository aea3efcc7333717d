//! Crates that are no worktree's own: packed into a registry in a folder, or in a git repository beside.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::matrix::traps::TRAPS;
use crate::registry::once;
use crate::sandbox::Sandbox;

/// One crate of the registry: name, what its manifest says besides its dependencies, its files.
pub(crate) struct Packed {
    pub(crate) name: &'static str,
    pub(crate) manifest: &'static str,
    /// The name of the dependency, and whether the build script needs it.
    pub(crate) dependencies: &'static [(&'static str, bool)],
    pub(crate) files: &'static [(&'static str, &'static str)],
}

/// These keep the path of a folder in the build folder, and read from there when they run or expand. Warming must
/// leave them out, and the units that depend on them.
const KEEPERS: [&str; 4] = ["reg-keep", "reg-keep-env", "reg-keep-mac", "reg-keep-top"];
/// Compiled against a crate that each worktree has its own version of.
const ON_LOCAL: &str = "reg-on-patched";

/// Every third-party crate of the matrix by package name, and whether it has to be there after `warm`.
pub(crate) fn all() -> Vec<(&'static str, bool)> {
    let required = |name: &str| !KEEPERS.contains(&name) && name != ON_LOCAL;
    let names = REGISTRY.iter().map(|packed| packed.name);
    let names = names.filter(|name| *name != "patched").chain(["from-git"]);
    names.map(|name| (name, required(name))).collect()
}

const REGISTRY: [Packed; 12] = [
    Packed {
        name: "reg-leaf",
        manifest: "",
        dependencies: &[],
        files: &[(
            "src/lib.rs",
            "pub fn line() -> String { \"leaf\".to_owned() }\n",
        )],
    },
    Packed {
        name: "reg-mid",
        manifest: "",
        dependencies: &[("reg-leaf", false)],
        files: &[(
            "src/lib.rs",
            "pub fn line() -> String { format!(\"mid, {}\", reg_leaf::line()) }\n",
        )],
    },
    // C, compiled by the build script and linked statically.
    Packed {
        name: "reg-sys",
        manifest: "links = \"regc\"\n",
        dependencies: &[],
        files: &[
            ("c/regc.c", "int regc(void) { return 42; }\n"),
            (
                "build.rs",
                r#"
fn run(program: &str, args: &[&str]) {
    let status = std::process::Command::new(program).args(args).status().unwrap();
    assert!(status.success());
}
fn main() {
    println!("cargo::rerun-if-changed=c/regc.c");
    let out = std::env::var("OUT_DIR").unwrap();
    run("cc", &["-fPIC", "-c", "c/regc.c", "-o", &format!("{out}/regc.o")]);
    run("ar", &["crs", &format!("{out}/libregc.a"), &format!("{out}/regc.o")]);
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static=regc");
    println!("cargo::metadata=root={out}");
}
"#,
            ),
            (
                "src/lib.rs",
                "extern \"C\" { fn regc() -> i32; }\n\
                 pub fn line() -> String { format!(\"sys, C says {}\", unsafe { regc() }) }\n",
            ),
        ],
    },
    // Includes code from its OUT_DIR, which has a place that a panic names: a path in the library, and harmless.
    Packed {
        name: "reg-gen",
        manifest: "",
        dependencies: &[("reg-leaf", true)],
        files: &[
            (
                "build.rs",
                r#"
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap();
    let text = format!("pub fn made(at: usize) -> u8 {{ [1, 2, 3][at] }}\nconst BY: &str = {:?};\n", reg_leaf::line());
    std::fs::write(format!("{out}/made.rs"), text).unwrap();
}
"#,
            ),
            (
                "src/lib.rs",
                "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n\
                 pub fn line() -> String { format!(\"gen {} by {BY}\", made(std::env::args().count().min(2))) }\n",
            ),
        ],
    },
    Packed {
        name: "reg-mac",
        manifest: "[lib]\nproc-macro = true\n",
        dependencies: &[("reg-leaf", false)],
        files: &[(
            "src/lib.rs",
            r#"use proc_macro::TokenStream;
#[proc_macro] pub fn expand(_: TokenStream) -> TokenStream { format!("\"mac, {}\"", reg_leaf::line()).parse().unwrap() }
"#,
        )],
    },
    // Uses the C library's build script's word for where it is, in its own build script.
    Packed {
        name: "reg-sys-top",
        manifest: "",
        dependencies: &[("reg-sys", false)],
        files: &[
            (
                "build.rs",
                r#"
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let root = std::env::var("DEP_REGC_ROOT").unwrap();
    assert!(std::path::Path::new(&root).join("libregc.a").exists(), "{root}");
}
"#,
            ),
            (
                "src/lib.rs",
                "pub fn line() -> String { format!(\"top of {}\", reg_sys::line()) }\n",
            ),
        ],
    },
    Packed {
        name: "reg-keep",
        manifest: "",
        dependencies: &[],
        files: &[
            ("build.rs", KEEPING),
            (
                "src/lib.rs",
                r#"
const AT: &str = concat!(env!("OUT_DIR"), "/kept.txt");
pub fn line() -> String { format!("keep {:?} at {AT}", std::fs::read_to_string(AT)) }
"#,
            ),
        ],
    },
    Packed {
        name: "reg-keep-top",
        manifest: "",
        dependencies: &[("reg-keep", false)],
        files: &[(
            "src/lib.rs",
            "pub fn line() -> String { format!(\"top of {}\", reg_keep::line()) }\n",
        )],
    },
    // The same path by another name.
    Packed {
        name: "reg-keep-env",
        manifest: "",
        dependencies: &[],
        files: &[
            ("build.rs", KEEPING),
            (
                "src/lib.rs",
                r#"
const AT: &str = env!("KEPT_AT");
pub fn line() -> String { format!("keep by name {:?} at {AT}", std::fs::read_to_string(AT)) }
"#,
            ),
        ],
    },
    // The same path in the library of a macro, read while others are compiled.
    Packed {
        name: "reg-keep-mac",
        manifest: "[lib]\nproc-macro = true\n",
        dependencies: &[],
        files: &[
            ("build.rs", KEEPING),
            (
                "src/lib.rs",
                r#"use proc_macro::TokenStream;
#[proc_macro] pub fn expand(_: TokenStream) -> TokenStream {
    let at = concat!(env!("OUT_DIR"), "/kept.txt");
    let said = format!("macro kept {:?} at {at}", std::fs::read_to_string(at));
    format!("{said:?}").parse().unwrap()
}
"#,
            ),
        ],
    },
    // `[patch]` replaces this one by a crate of the worktree.
    Packed {
        name: "patched",
        manifest: "",
        dependencies: &[],
        files: &[(
            "src/lib.rs",
            "pub fn line() -> String { \"patched=registry\".to_owned() }\n",
        )],
    },
    Packed {
        name: ON_LOCAL,
        manifest: "",
        dependencies: &[("patched", false), ("reg-leaf", false)],
        files: &[(
            "src/lib.rs",
            "pub fn line() -> String { format!(\"{} on {}\", reg_leaf::line(), patched::line()) }\n",
        )],
    },
];

/// Leaves a file in OUT_DIR, and says where by a name of its own.
pub(crate) const KEEPING: &str = r#"
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let at = format!("{}/kept.txt", std::env::var("OUT_DIR").unwrap());
    std::fs::write(&at, "kept").unwrap();
    println!("cargo::rustc-env=KEPT_AT={at}");
}
"#;

/// Makes the registry and the git repository, and has every Cargo in the sandbox use them in place of crates.io.
pub(crate) fn make(sandbox: &Sandbox) {
    let prepared = once("matrix", |folder| {
        for packed in REGISTRY.iter().chain(&TRAPS) {
            pack(folder, packed);
        }
    });
    let config = format!(
        "[source.crates-io]\nreplace-with = \"mine\"\n[source.mine]\nlocal-registry = \"{}\"\n",
        prepared.join("registry").display()
    );
    fs::write(sandbox.outside("cargo-home/config.toml"), config).expect("a config");
    let manifest = "[package]\nname = \"from-git\"\nversion = \"0.3.0\"\nedition = \"2021\"\n";
    sandbox.write("from-git/Cargo.toml", manifest);
    sandbox.write(
        "from-git/src/lib.rs",
        "pub fn line() -> String { \"from git\".to_owned() }\n",
    );
    sandbox.commit_all("from-git");
}

/// Adds a crate to the registry in a folder.
fn pack(prepared: &Path, packed: &Packed) {
    let write = |path: &str, text: &str| {
        let path = prepared.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    };
    let folder = format!("{}-1.0.0", packed.name);
    let mut manifest = format!(
        "[package]\nname = \"{}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{}",
        packed.name, packed.manifest
    );
    let mut index = Vec::new();
    for (name, build) in packed.dependencies {
        let (table, kind) = if *build {
            ("build-dependencies", "build")
        } else {
            ("dependencies", "normal")
        };
        manifest += &format!("[{table}.{name}]\nversion = \"1\"\n");
        index.push(serde_json::json!({
            "name": name, "req": "^1", "features": [], "optional": false,
            "default_features": true, "target": null, "kind": kind,
        }));
    }
    write(&format!("packed/{folder}/Cargo.toml"), &manifest);
    for (path, text) in packed.files {
        write(&format!("packed/{folder}/{path}"), text);
    }
    let registry = prepared.join("registry");
    fs::create_dir_all(&registry).expect("a folder");
    let file = registry.join(format!("{folder}.crate"));
    let mut tar = Command::new("tar");
    tar.arg("-czf").arg(&file).arg(&folder);
    let tar = tar.current_dir(prepared.join("packed")).status();
    assert!(tar.expect("tar").success());
    let sum = Command::new("sha256sum").arg(&file).output();
    let sum = String::from_utf8(sum.expect("sha256sum").stdout).expect("text");
    let mut line = serde_json::json!({
        "name": packed.name, "vers": "1.0.0", "deps": index,
        "cksum": sum.split(' ').next().expect("a sum"), "features": {}, "yanked": false,
    });
    if let Some(links) = packed.manifest.strip_prefix("links = \"") {
        line["links"] = links.trim_end_matches("\"\n").into();
    }
    let (one, two) = (&packed.name[..2], &packed.name[2..4]);
    write(
        &format!("registry/index/{one}/{two}/{}", packed.name),
        &format!("{line}\n"),
    );
}
