//! Artifacts of real compilers: which are whole, and in which a path of their first home is more than a name.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use cargo_sharedtarget::target::artifact::paths::{foreign_path, foreign_variable, names_root};
use cargo_sharedtarget::target::artifact::whole;
use cargo_sharedtarget::target::dep_info::RustcDepInfo;

use crate::amount::{Amount, amount};
use crate::sandbox::Sandbox;

/// Where everything is built: bitcode has texts that are not ASCII in other ways.
const WORK: &str = "wörk tree";

/// A build script that fills the `OUT_DIR` of every package, and sets a variable to a path there.
const BUILD: &str = r#"fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let write = |name: &str, text: &str| std::fs::write(format!("{out}/{name}"), text).unwrap();
    write("x.rs", "pub fn any<T: Into<usize>>(i: T, a: &[u8]) -> u8 { a[i.into()] }
        pub fn one(i: usize) -> u8 { if i > 3 { panic!(\"too many {i}\") } [1, 2, 3, 4][i] }");
    write("name.rs", "pub fn name() -> &'static str { file!() }");
    write("x.inc", "pub fn inc() {}");
    write("x.bin", "hello");
    println!("cargo::rustc-env=MADE={out}/x.bin");
    println!("cargo::rerun-if-changed=build.rs");
}"#;

/// As `BUILD`, for a library in C that is compiled with debug information. SAYS is what it returns.
#[cfg(unix)]
const BUILD_C: &str = r#"use std::process::Command;
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/x.c"), "const char *c_it(void) { return SAYS; }").unwrap();
    let run = |command: &mut Command| assert!(command.status().unwrap().success());
    run(Command::new("cc").args(["-g", "-c", "-o"]).arg(format!("{out}/x.o")).arg(format!("{out}/x.c")));
    run(Command::new("ar").arg("rcs").arg(format!("{out}/libx.a")).arg(format!("{out}/x.o")));
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static=x");
    println!("cargo::rerun-if-changed=build.rs");
}"#;

/// The packages by name, with whether a path is more than a name in them; `None` where the compiler decides.
const CASES: &[(&str, Option<bool>, &str)] = &[
    (
        "included",
        Some(false),
        r#"include!(concat!(env!("OUT_DIR"), "/x.rs"));"#,
    ),
    (
        "included_inc",
        Some(false),
        r#"include!(concat!(env!("OUT_DIR"), "/x.inc"));"#,
    ),
    (
        "bytes",
        Some(false),
        r#"pub const B: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/x.bin"));
           pub static S: &str = include_str!(env!("MADE"));
           pub fn it() -> usize { B.len() + S.len() }"#,
    ),
    (
        "bytes_and_path",
        Some(true),
        r#"pub const B: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/x.bin"));
           pub const P: &str = concat!(env!("OUT_DIR"), "/x.bin");"#,
    ),
    (
        "bytes_and_path_in_code",
        Some(true),
        r#"static B: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/x.bin"));
           #[inline(never)] pub fn it() -> (&'static [u8], &'static str) { (B, concat!(env!("OUT_DIR"), "/x.bin")) }"#,
    ),
    (
        "code_and_path",
        Some(true),
        r#"include!(concat!(env!("OUT_DIR"), "/x.rs"));
           pub const P: &str = concat!(env!("OUT_DIR"), "/x.rs");"#,
    ),
    (
        "code_and_longer_path",
        Some(true),
        r#"include!(concat!(env!("OUT_DIR"), "/x.rs"));
           #[inline(never)] pub fn it() -> &'static str { concat!(env!("OUT_DIR"), "/x.rsx") }"#,
    ),
    (
        "constant",
        Some(true),
        r#"pub const D: &str = env!("OUT_DIR");"#,
    ),
    (
        "inline",
        Some(true),
        r#"#[inline] pub fn it() -> usize { std::fs::read(env!("OUT_DIR")).unwrap().len() }
           pub fn any<T: Default>() -> (T, &'static str) { (T::default(), env!("OUT_DIR")) }"#,
    ),
    (
        "variable",
        Some(true),
        r#"pub fn it() -> &'static str { env!("MADE") }"#,
    ),
    (
        "by_macro",
        Some(true),
        r#"pub fn it() -> &'static str { mac::out!() }"#,
    ),
    ("macro_by_macro", Some(true), r#"mac::given!();"#),
    (
        "message",
        Some(true),
        r#"#[inline(never)] pub fn it(x: Option<u8>) -> u8 {
               debug_assert!(x.is_some(), "nothing in {}", env!("OUT_DIR"));
               x.expect(env!("OUT_DIR"))
           }"#,
    ),
    (
        "owned",
        Some(true),
        r#"#[inline(never)] pub fn it() -> String { env!("OUT_DIR").to_string() }"#,
    ),
    (
        "name",
        None,
        r#"include!(concat!(env!("OUT_DIR"), "/name.rs"));"#,
    ),
    ("nothing", Some(false), "pub fn it() {}"),
];

/// Cases whose paths are kept only by code that is compiled, so that what was only checked does not have them.
const IN_CODE: &[&str] = &[
    "bytes_and_path_in_code",
    "code_and_longer_path",
    "inline",
    "variable",
    "by_macro",
    "message",
    "owned",
];

const MACROS: &str = r##"extern crate proc_macro;
use proc_macro::{Literal, TokenStream, TokenTree};
fn path() -> String { std::env::var("OUT_DIR").unwrap() }
#[proc_macro] pub fn out(_: TokenStream) -> TokenStream { TokenTree::from(Literal::string(&path())).into() }
#[proc_macro] pub fn given(_: TokenStream) -> TokenStream {
    format!("#[macro_export] macro_rules! m {{ () => {{ {:?} }} }}", path()).parse().unwrap()
}"##;

const PROFILES: &str = r#"
[workspace]
members = ["*"]
exclude = ["target"]
resolver = "2"
"#;

fn workspace() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.env("RUSTUP_AUTO_INSTALL", "0");
    sandbox.write(&format!("{WORK}/Cargo.toml"), PROFILES);
    let package = |name: &str, build: Option<&str>, code: &str, rest: &str| {
        let text = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{rest}"
        );
        sandbox.write(&format!("{WORK}/{name}/Cargo.toml"), &text);
        sandbox.write(&format!("{WORK}/{name}/src/lib.rs"), code);
        if let Some(build) = build {
            sandbox.write(&format!("{WORK}/{name}/build.rs"), build);
        }
    };
    package("mac", None, MACROS, "[lib]\nproc-macro = true\n");
    for (name, _, code) in CASES {
        let uses = if code.contains("mac::") {
            "[dependencies]\nmac = { path = \"../mac\" }\n"
        } else {
            ""
        };
        package(name, Some(BUILD), code, uses);
    }
    #[cfg(unix)]
    for (name, says) in [("c_name", "__FILE__"), ("c_plain", "\\\"plain\\\"")] {
        let code = "unsafe extern \"C\" { fn c_it() -> *const u8; } pub fn it() -> *const u8 { unsafe { c_it() } }";
        package(name, Some(&BUILD_C.replace("SAYS", says)), code, "");
    }
    sandbox
}

/// Whether a toolchain is there; says it if not.
fn installed(sandbox: &Sandbox, toolchain: &str) -> bool {
    let version = sandbox.prepared("cargo", "", &[toolchain, "--version"]);
    let there = { version }
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        say(&format!("skipped: no toolchain {toolchain}"));
    }
    there
}

#[expect(clippy::print_stderr, reason = "a test that did nothing says so")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// The artifacts in `deps` of a profile folder, by crate, and of the crate what its `.d` says.
fn crates(profile: &Path) -> BTreeMap<String, (Vec<PathBuf>, RustcDepInfo)> {
    let mut crates: BTreeMap<String, (Vec<PathBuf>, RustcDepInfo)> = BTreeMap::new();
    for entry in fs::read_dir(profile.join("deps")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let file = path.file_name().expect("a name").to_string_lossy();
        let (stem, extension) = file.rsplit_once('.').expect("an extension");
        let name = stem.rsplit_once('-').map_or(stem, |(name, _)| name);
        match extension {
            "rlib" | "rmeta" => {
                let name = name.strip_prefix("lib").expect("a library").to_owned();
                crates.entry(name).or_default().0.push(path);
            }
            "d" => {
                let text = fs::read_to_string(&path).expect("text");
                crates.entry(name.to_owned()).or_default().1 = RustcDepInfo::parse(&text);
            }
            _ => {}
        }
    }
    crates
}

/// The first path in one of these artifacts that is more than a name.
fn first_foreign(artifacts: &[PathBuf], roots: &[&str], sources: &[String]) -> Option<String> {
    artifacts.iter().find_map(|artifact| {
        let bytes = fs::read(artifact).expect("an artifact");
        foreign_path(&bytes, roots, sources, &|_| true)
    })
}

const THIN: &str = "profile.release.lto='thin'";
const FAT: &str = "profile.release.lto='fat'";
const DEBUG: &str = "profile.release.debug=true";

/// Deletes the libraries, so that only new ones are there, and keeps the build scripts, which take the time.
fn clear(target: &Path) {
    for file in walkdir::WalkDir::new(target).into_iter().flatten() {
        let extension = file.path().extension().and_then(|text| text.to_str());
        if matches!(extension, Some("rlib" | "rmeta" | "d")) {
            fs::remove_file(file.path()).expect("removed");
        }
    }
}

/// Builds everything, and fails the test where an artifact is not whole or a path not judged right.
fn judge(toolchain: &str, builds: &[&[&str]]) {
    let sandbox = workspace();
    if !installed(&sandbox, toolchain) {
        return;
    }
    for build in builds {
        let mut args = vec![toolchain];
        args.extend_from_slice(build);
        args.extend(["--offline", "--quiet"]);
        clear(&sandbox.path(WORK).join("target"));
        sandbox.cargo(WORK, &args);
        let target = sandbox.path(WORK).join("target");
        let release = build.contains(&"--release");
        let profile = target.join(if release { "release" } else { "debug" });
        let target = target.display().to_string();
        let roots = [target.as_str()];
        let crates = crates(&profile);
        for (name, expected, _) in CASES {
            let (artifacts, info) = &crates[*name];
            assert_ne!(artifacts.len(), 0, "{name}");
            let found = first_foreign(artifacts, &roots, &info.sources);
            let message = format!("{toolchain} {build:?} {name}: {found:?}");
            let checked = build[0] == "check";
            match expected {
                Some(true) if checked && IN_CODE.contains(name) => {}
                Some(expected) => assert_eq!(found.is_some(), *expected, "{message}"),
                None => {}
            }
            // On Windows it may be as in a literal, with two backslashes.
            if let Some(found) = found.filter(|_| cfg!(unix)) {
                assert!(found.starts_with(&target), "{message}");
            }
            let variable = foreign_variable(&info.env, &roots, &info.sources);
            let kept = match *name {
                "constant" | "inline" | "message" | "owned" => Some("OUT_DIR"),
                "variable" => Some("MADE"),
                _ => None,
            };
            assert_eq!(variable, kept, "{message}");
            // A root that is no folder of this build: nothing is below it.
            let away = [sandbox.path("elsewhere").display().to_string()];
            assert_eq!(first_foreign(artifacts, &[&away[0]], &info.sources), None);
        }
        #[cfg(unix)]
        if build[0] == "build" {
            let judge = |name: &str| {
                let (artifacts, info) = &crates[name];
                first_foreign(artifacts, &roots, &info.sources)
            };
            let found = judge("c_name").expect("__FILE__");
            assert!(found.ends_with("/x.c"), "{found}");
            assert_eq!(judge("c_plain"), None);
        }
        all_whole(&profile);
        let output = named(&profile.join("build"), "output");
        let variable = output.iter().find(|path| {
            let text = fs::read(path).expect("text");
            names_root(&text, &roots)
        });
        assert!(variable.is_some());
    }
}

fn named(folder: &Path, name: &str) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(folder).into_iter();
    files
        .map(|entry| entry.expect("readable").into_path())
        .filter(|path| path.ends_with(name))
        .collect()
}

/// Every artifact in a profile folder passes, and a part of it does not.
fn all_whole(profile: &Path) {
    let mut checked = 0;
    for entry in walkdir::WalkDir::new(profile) {
        let entry = entry.expect("readable");
        let name = entry.file_name().to_string_lossy();
        let known = match name.rsplit_once('.') {
            Some((_, "rlib" | "rmeta" | "so" | "dylib" | "dll" | "exe" | "o" | "dwo" | "a")) => {
                true
            }
            None => name.starts_with("build_script_build-"),
            _ => false,
        };
        if !known || !entry.file_type().is_file() {
            continue;
        }
        let bytes = fs::read(entry.path()).expect("an artifact");
        assert_eq!(whole(&name, Cursor::new(&bytes)), Ok(()), "{name}");
        checked += 1;
        for part in 0..8 {
            let length = bytes.len() * part / 8;
            assert!(
                whole(&name, Cursor::new(&bytes[..length])).is_err(),
                "{name} {length}"
            );
        }
        let shorter = &bytes[..bytes.len() - 1];
        assert!(whole(&name, Cursor::new(shorter)).is_err(), "{name}");
    }
    assert!(checked >= CASES.len());
}

/// The sources of a vendored package lie in the worktree, and so do the names of them and the working folder.
#[test]
fn a_vendored_package() {
    let mut sandbox = Sandbox::new();
    sandbox.env("RUSTUP_AUTO_INSTALL", "0");
    let manifest = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{rest}")
    };
    let uses = "[dependencies]\nnamed = \"1\"\nkept = \"1\"\n";
    sandbox.write("work/Cargo.toml", &manifest("app", uses));
    sandbox.write(
        "work/src/lib.rs",
        "pub fn it() { named::it(1); kept::it(); }",
    );
    let places = "pub mod m; pub fn it(i: usize) -> u8 { m::it::<usize>(i) + [1, 2][i] }";
    let path =
        "pub mod m; #[inline(never)] pub fn it() -> &'static str { env!(\"CARGO_MANIFEST_DIR\") }";
    for (name, code) in [("named", places), ("kept", path)] {
        let module = "pub fn it<T: Into<usize>>(i: T) -> u8 { [1, 2][i.into()] }";
        sandbox.write(
            &format!("work/vendor/{name}/Cargo.toml"),
            &manifest(name, ""),
        );
        sandbox.write(&format!("work/vendor/{name}/src/lib.rs"), code);
        sandbox.write(&format!("work/vendor/{name}/src/m.rs"), module);
        let sums = format!("work/vendor/{name}/.cargo-checksum.json");
        sandbox.write(&sums, "{\"files\":{}}");
    }
    let config =
        "[source.crates-io]\nreplace-with = \"mine\"\n[source.mine]\ndirectory = \"vendor\"\n";
    sandbox.write("work/.cargo/config.toml", config);
    let work = sandbox.path("work").display().to_string();
    for toolchain in ["+stable", "+1.89.0", "+nightly"] {
        if !installed(&sandbox, toolchain) {
            continue;
        }
        let folder = format!("target/{}", &toolchain[1..]);
        for profile in ["debug", "release"] {
            let mut args = vec![toolchain, "build", "--offline", "--target-dir", &folder];
            args.extend((profile == "release").then_some("--release"));
            sandbox.cargo("work", &args);
            let crates = crates(&sandbox.path("work").join(&folder).join(profile));
            let judge = |name: &str| {
                let (artifacts, info) = &crates[name];
                assert_eq!(artifacts.len(), 2);
                first_foreign(artifacts, &[&work], &info.sources)
            };
            assert_eq!(judge("named"), None, "{toolchain} {profile}");
            assert!(judge("kept").is_some(), "{toolchain} {profile}");
        }
    }
}

/// Units for other systems have other kinds of object files.
#[test]
fn other_object_files() {
    let mut sandbox = Sandbox::new();
    sandbox.env("RUSTUP_AUTO_INSTALL", "0");
    let code = "#![no_std]\n#[inline(never)] pub fn it() -> &'static str { \"SAYS\" }
        pub fn any<T: Into<usize>>(i: T) -> u8 { [1, 2][i.into()] }
        #[inline(never)] pub fn place(i: usize) -> u8 { any(i) }\n";
    let source = sandbox.path("work/kept.rs").display().to_string();
    let kept = sandbox.path("work/kept").display().to_string();
    sandbox.write(
        "work/kept.rs",
        &code.replace("SAYS", &kept.replace('\\', "/")),
    );
    sandbox.write("work/named.rs", &code.replace("SAYS", "nothing"));
    let root = sandbox.path("work").display().to_string();
    for triple in [
        "x86_64-pc-windows-gnu",
        "aarch64-apple-darwin",
        "wasm32-unknown-unknown",
    ] {
        let libdir = ["+stable", "--print=target-libdir", "--target", triple];
        let libdir = sandbox.prepared("rustc", "work", &libdir).output();
        let libdir = String::from_utf8(libdir.expect("rustc").stdout).expect("text");
        if !Path::new(libdir.trim()).is_dir() {
            say(&format!("skipped: no target {triple}"));
            continue;
        }
        for (name, foreign) in [("kept", true), ("named", false)] {
            let source = source.replace("kept", name);
            let args = [
                "+stable",
                "--target",
                triple,
                "--crate-type=rlib",
                "-g",
                "-O",
            ];
            let output = ["-Cembed-bitcode=no", "-Cpanic=abort", "-oout.rlib", &source];
            let output = sandbox
                .prepared("rustc", "work", &[&args[..], &output].concat())
                .output();
            assert!(output.expect("rustc").status.success());
            let bytes = fs::read(sandbox.path("work/out.rlib")).expect("a library");
            assert_eq!(whole("x.rlib", Cursor::new(&bytes)), Ok(()), "{triple}");
            for length in (0..bytes.len()).step_by(13) {
                let part = Cursor::new(&bytes[..length]);
                assert!(whole("x.rlib", part).is_err(), "{triple} {length}");
            }
            let found = foreign_path(&bytes, &[&root], std::slice::from_ref(&source), &|_| true);
            assert_eq!(found.is_some(), foreign, "{triple} {name} {found:?}");
        }
    }
}

#[test]
fn the_usual_toolchain() {
    let fast = "profile.release.codegen-units=1";
    let builds: &[&[&str]] = &[
        &["check"],
        &["build"],
        &["build", "--release", "--config", THIN],
        &["build", "--release", "--config", FAT, "--config", DEBUG],
        &["build", "--config", "profile.dev.split-debuginfo='packed'"],
        &["build", "--release", "--config", fast],
    ];
    let some = if amount() == Amount::Usual { 4 } else { 6 };
    judge("+stable", &builds[..some]);
}

#[test]
fn the_oldest_toolchain() {
    if crate::amount::without_longest() {
        return;
    }
    judge("+1.89.0", &[&["build"]]);
}

#[test]
fn the_next_toolchain() {
    judge("+nightly", &[&["build", "--release", "--config", THIN]]);
}
