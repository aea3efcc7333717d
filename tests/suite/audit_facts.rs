//! Facts that the audit learns from artifacts of real compilers, and from manifests.

mod asked;

#[cfg(target_os = "linux")]
use std::collections::BTreeMap;
use std::fs::File;
#[cfg(target_os = "linux")]
use std::path::Path;

use cargo_sharedtarget::survey::compiler_name;
use cargo_sharedtarget::target::artifact::debug_info::{DebugInfo, sections};

use crate::sandbox::Sandbox;

/// A library with something in it.
#[cfg(target_os = "linux")]
const LIBRARY: &str = "use std::collections::BTreeMap;
    #[derive(Clone, Debug, Default)] pub struct Words { pub places: BTreeMap<String, Vec<usize>>, pub next: Option<Box<Words>> }
    pub fn words(text: &str) -> Words {
        let mut words = Words::default();
        for (at, word) in text.split(' ').enumerate() { words.places.entry(word.to_owned()).or_default().push(at); }
        Words { next: Some(Box::new(words.clone())), ..words }
    }";

/// A package with that library, and a program that uses it.
#[cfg(target_os = "linux")]
fn workspace() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.package("app", "app", "");
    sandbox.write("app/src/lib.rs", LIBRARY);
    let program = "fn main() { println!(\"{:?}\", app::words(\"a b a\")); }";
    sandbox.write("app/src/main.rs", program);
    sandbox
}

/// How long the files are that a build with these settings makes, and what of them is debug information.
#[cfg(target_os = "linux")]
fn built(
    sandbox: &Sandbox,
    name: &str,
    settings: &[&str],
) -> BTreeMap<&'static str, (u64, DebugInfo)> {
    let target = sandbox.outside(name).display().to_string();
    let mut args = vec!["build", "--quiet", "--offline", "--target-dir", &target];
    for setting in settings {
        args.extend(["--config", setting]);
    }
    sandbox.cargo("app", &args);
    let program = if cfg!(windows) { "app.exe" } else { "app" };
    let measure = |file: &'static str| {
        let path = Path::new(&target).join("debug").join(file);
        let file = File::open(&path).expect("an artifact");
        let length = file.metadata().expect("a length").len();
        let name = path.file_name().expect("a name").to_string_lossy();
        (length, sections(&name, file))
    };
    BTreeMap::from([program, "libapp.rlib"].map(|file| (file, measure(file))))
}

/// The bytes that a build without debug information saves are the bytes that the audit counts, and not many more.
#[test]
#[cfg(target_os = "linux")]
fn what_no_debug_information_saves() {
    let sandbox = workspace();
    let none = built(&sandbox, "none", &["profile.dev.debug=0"]);
    for (_, info) in none.values() {
        assert_eq!(*info, DebugInfo::default());
    }
    let optimized = "profile.dev.opt-level=1";
    let none_optimized = built(&sandbox, "none-o", &["profile.dev.debug=0", optimized]);
    let lines = "profile.dev.debug='line-tables-only'";
    let unpacked = "profile.dev.split-debuginfo='unpacked'";
    let packed = "profile.dev.split-debuginfo='packed'";
    let zipped = "build.rustflags=['-Clink-arg=-Wl,--compress-debug-sections=zlib']";
    let with: &[(&str, &[&str])] = &[
        ("full", &["profile.dev.debug=2"]),
        ("limited", &["profile.dev.debug=1"]),
        ("lines", &[lines]),
        ("unpacked", &["profile.dev.debug=2", unpacked]),
        ("packed", &["profile.dev.debug=2", packed]),
        ("zipped", &["profile.dev.debug=2", zipped]),
        ("optimized", &["profile.dev.debug=2", optimized]),
    ];
    let mut all = BTreeMap::new();
    for (name, settings) in with {
        let full = built(&sandbox, name, settings);
        let none = if settings.contains(&optimized) {
            &none_optimized
        } else {
            &none
        };
        for (file, (length, info)) in &full {
            let saved = length - none[file].0;
            let said = info.total().0;
            assert!(said <= saved, "{name} {file}: {said} of {saved}");
            // Names of symbols, and in what is not optimized code that is there for debuggers.
            let most = said / 20 + 10_000;
            assert!(saved - said < most, "{name} {file}: {said} of {saved}");
        }
        all.insert(*name, full);
    }
    // Line tables alone save no more than the bytes that count as the rest, and the tables are still there.
    for (file, (length, info)) in &all["full"] {
        let (less, only) = all["lines"][file];
        assert!(
            length - less <= info.other.0 + 10_000,
            "{file}: {length} {less} {info:?}"
        );
        assert!(
            only.line_tables.0 > info.line_tables.0 / 2,
            "{file}: {only:?} {info:?}"
        );
        assert!(only.other < info.other, "{file}");
    }
}

/// Object files of other systems: nothing but the standard library is missing to make them here.
#[test]
fn debug_information_of_other_systems() {
    let mut sandbox = Sandbox::new();
    sandbox.env("RUSTC_BOOTSTRAP", "1");
    let source = "#![feature(no_core, lang_items)] #![no_core] #![crate_type = \"lib\"]
        #[lang = \"pointee_sized\"] pub trait P {} #[lang = \"meta_sized\"] pub trait M: P {} #[lang = \"sized\"] pub trait S: M {}
        #[unsafe(no_mangle)] pub extern \"C\" fn it() {}";
    sandbox.write("it.rs", source);
    for triple in [
        "x86_64-unknown-linux-gnu",
        "i686-unknown-linux-gnu",
        "powerpc64-unknown-linux-gnu",
        "aarch64-apple-darwin",
        "x86_64-pc-windows-gnu",
        "x86_64-pc-windows-msvc",
        "wasm32-unknown-unknown",
    ] {
        for kind in ["obj", "link"] {
            let [full, none] = ["-g", "-Cdebuginfo=0"].map(|debug| {
                let output = format!(
                    "{triple}{debug}.{}",
                    if kind == "obj" { "o" } else { "rlib" }
                );
                let emit = format!("--emit={kind}={output}");
                let made = ["it.rs", "--edition=2021", "--target", triple, debug, &emit];
                sandbox.command("rustc", "", &made).code(0);
                let file = File::open(sandbox.path(&output)).expect("an artifact");
                let length = file.metadata().expect("a length").len();
                (length, sections(&output, file))
            });
            assert_eq!(none.1, DebugInfo::default(), "{triple} {kind}");
            let (saved, said) = (full.0 - none.0, full.1.total().0);
            let message = format!("{triple} {kind}: {said} of {saved}, {:?}", full.1);
            assert!(
                said > 0 && said <= saved && saved < said * 2 + 500,
                "{message}"
            );
            let has_lines = full.1.line_tables.0 > 0;
            assert_eq!(has_lines, !triple.ends_with("msvc"), "{message}");
        }
    }
}

/// Every toolchain says the name that is found in what it makes.
#[test]
fn which_compiler_made_it() {
    let mut sandbox = Sandbox::new();
    sandbox.env("RUSTUP_AUTO_INSTALL", "0");
    sandbox.write("it.rs", "");
    let kinds = [
        ("libit.rlib", "--crate-type=rlib"),
        ("libit.rmeta", "--emit=metadata"),
        ("it.so", "--crate-type=proc-macro"),
        ("dynamic.so", "--crate-type=dylib"),
        ("it", "--crate-type=staticlib"),
    ];
    let listed = sandbox.rustup("", &["toolchain", "list", "--quiet"]);
    let listed = listed.map_or_else(String::new, |run| run.stdout);
    let toolchains = listed.lines().map(|name| vec![format!("+{name}")]);
    let mut checked = 0;
    for toolchain in toolchains.chain([Vec::new()]) {
        let rustc = |args: &[&str]| {
            let all = [
                &toolchain.iter().map(String::as_str).collect::<Vec<_>>(),
                args,
            ]
            .concat();
            sandbox.command("rustc", "", &all)
        };
        let version = rustc(&["--version"]).stdout;
        let minor = version
            .split('.')
            .nth(1)
            .and_then(|minor| minor.parse().ok());
        // Earlier toolchains were not examined. And a toolchain may be broken.
        if minor.is_none_or(|minor: u32| minor < 89) {
            continue;
        }
        checked += 1;
        for (file, kind) in kinds {
            let more = if file.ends_with("rmeta") {
                "--crate-type=lib"
            } else {
                "-Ccodegen-units=1"
            };
            rustc(&["it.rs", kind, more, "-o", file]).code(0);
            let found = compiler_name::of(&sandbox.path(file));
            let expected = (file != "it").then(|| version.trim().to_owned());
            assert_eq!(found, expected, "{file}");
        }
    }
    assert!(checked > 0);
    assert_eq!(compiler_name::of(&sandbox.path("it.rs")), None);
    assert_eq!(compiler_name::of(&sandbox.path("nowhere")), None);
}
