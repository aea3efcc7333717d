//! What the audit is told by artifacts and manifests, of real compilers and Cargos.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use cargo_metadata::MetadataCommand;
use cargo_sharedtarget::asked::asked_by;
use cargo_sharedtarget::debug_info::{DebugInfo, sections};
use cargo_sharedtarget::survey::compiler_name;

use crate::sandbox::Sandbox;

/// A library with something in it, and a program that uses it.
const LIBRARY: &str = "use std::collections::BTreeMap;
    #[derive(Clone, Debug, Default)] pub struct Words { pub places: BTreeMap<String, Vec<usize>>, pub next: Option<Box<Words>> }
    pub fn words(text: &str) -> Words {
        let mut words = Words::default();
        for (at, word) in text.split(' ').enumerate() { words.places.entry(word.to_owned()).or_default().push(at); }
        Words { next: Some(Box::new(words.clone())), ..words }
    }";

fn workspace() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.package("app", "app", "");
    sandbox.write("app/src/lib.rs", LIBRARY);
    let program = "fn main() { println!(\"{:?}\", app::words(\"a b a\")); }";
    sandbox.write("app/src/main.rs", program);
    sandbox
}

/// How long the files are that a build left, and what is debug information of it, by a build with these settings.
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

/// What a build without debug information is shorter by is what is said to be debug information, and not much more.
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
    // What only line tables save is no more than what is said to be something else, and the tables stay.
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
    let toolchains = cargo_sharedtarget::cargo::toolchains().unwrap_or_default();
    assert!(!toolchains.is_empty() || cfg!(windows));
    for toolchain in toolchains {
        let toolchain = format!("+{toolchain}");
        let version = sandbox
            .command("rustc", "", &[&toolchain, "--version"])
            .code(0);
        for (file, kind) in kinds {
            let lib = if file.ends_with("rmeta") {
                "--crate-type=lib"
            } else {
                kind
            };
            sandbox
                .command("rustc", "", &[&toolchain, "it.rs", lib, kind, "-o", file])
                .code(0);
            let found = compiler_name::of(&sandbox.path(file));
            let expected = (file != "it").then(|| version.stdout.trim().to_owned());
            assert_eq!(found, expected, "{toolchain} {file}");
        }
    }
    assert_eq!(compiler_name::of(&sandbox.path("it.rs")), None);
    assert_eq!(compiler_name::of(&sandbox.path("nowhere")), None);
}

/// A workspace by the manifests of its packages, with all features that metadata know.
struct Manifests {
    sandbox: Sandbox,
}

impl Manifests {
    fn new(packages: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::new();
        let members = packages
            .iter()
            .filter(|(folder, _)| folder.starts_with("in/"));
        let members: Vec<String> = members.map(|(folder, _)| format!("\"{folder}\"")).collect();
        let root = format!(
            "[workspace]\nmembers = [{}]\nexclude = [\"out\"]\nresolver = \"2\"\n",
            members.join(", ")
        );
        sandbox.write("Cargo.toml", &root);
        for (folder, rest) in packages {
            let name = folder.rsplit('/').next().expect("a name");
            let (name, version) = name.rsplit_once('@').unwrap_or((name, "1.0.0"));
            let text = format!(
                "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n{rest}"
            );
            sandbox.write(&format!("{folder}/Cargo.toml"), &text);
            sandbox.write(&format!("{folder}/src/lib.rs"), "");
            if rest.contains("build-dependencies") {
                sandbox.write(&format!("{folder}/build.rs"), "fn main() {}");
            }
        }
        Self { sandbox }
    }

    /// Who asks for these features, as `feature: package (kind) by member`.
    fn asked(&self, package: &str, version: &str, features: &[&str]) -> Vec<String> {
        let triple = if cfg!(windows) {
            "x86_64-pc-windows-msvc"
        } else {
            "x86_64-unknown-linux-gnu"
        };
        let args = [
            "metadata",
            "--format-version=1",
            "--offline",
            "--filter-platform",
            triple,
        ];
        let said = self.sandbox.cargo("", &args).stdout;
        let metadata = MetadataCommand::parse(said).expect("metadata");
        let features = features
            .iter()
            .map(|feature| (*feature).to_owned())
            .collect();
        let asked = asked_by(&metadata, package, version, &features);
        let shown = asked.iter().map(|by| {
            let member = by.member.as_deref().unwrap_or("nobody");
            format!(
                "{}: {} ({}) by {member}",
                by.feature, by.package, by.dependency
            )
        });
        shown.collect()
    }
}

const DEEP: &str = "[features]\ndefault = [\"std\"]\nstd = [\"alloc\"]\nalloc = []\nextra = [\"dep:helper\"]\nmore = [\"extra\"]\n\
                    unused = []\n[dependencies]\nhelper = { path = \"../helper\", optional = true }\n";

#[test]
fn who_asks_for_features() {
    let manifests = Manifests::new(&[
        ("out/deep", DEEP),
        ("out/helper", ""),
        // By an entry with defaults, through two members; the nearer one is by name.
        ("out/plain", "[dependencies]\ndeep.path = \"../deep\"\n"),
        // By a feature that is on, by one that is off, and by one of a dependency that is off.
        (
            "out/named",
            "[features]\ndefault = [\"on\"]\non = [\"deep/more\"]\noff = [\"deep/unused\"]\n\
             [dependencies]\ndeep = { path = \"../deep\", default-features = false }\n",
        ),
        (
            "out/optional",
            "[features]\nweak = [\"deep?/unused\"]\n\
             [dependencies]\ndeep = { path = \"../deep\", optional = true, features = [\"unused\"] }\n",
        ),
        (
            "in/a",
            "[dependencies]\nb.path = \"../b\"\nnamed.path = \"../../out/named\"\n",
        ),
        (
            "in/b",
            "[dependencies]\nplain.path = \"../../out/plain\"\noptional = { path = \"../../out/optional\", features = [\"weak\"] }\n\
             [build-dependencies]\ndeep = { path = \"../../out/deep\", default-features = false, features = [\"alloc\"] }\n\
             [dev-dependencies]\ndeep = { path = \"../../out/deep\", default-features = false, features = [\"more\"] }\n",
        ),
        (
            "in/c",
            "[dependencies]\nrenamed = { path = \"../../out/deep\", package = \"deep\", default-features = false }\n\
             plain.path = \"../../out/plain\"\n\
             [features]\ndefault = [\"renamed/extra\", \"renamed/alloc\"]\n",
        ),
    ]);
    let all = ["default", "std", "alloc", "extra", "more", "unused"];
    assert_eq!(
        manifests.asked("deep", "1.0.0", &all),
        [
            "alloc: b (build) by b",
            "alloc: c (normal) by c",
            "alloc: plain (normal) by b",
            "default: plain (normal) by b",
            "extra: b (dev) by b",
            "extra: c (normal) by c",
            "extra: named (normal) by a",
            "more: b (dev) by b",
            "more: named (normal) by a",
            "std: plain (normal) by b",
        ]
    );
    assert_eq!(
        manifests.asked("deep", "1.0.0", &["std"]),
        ["std: plain (normal) by b"]
    );
    assert!(manifests.asked("deep", "1.0.1", &all).is_empty());
    assert!(manifests.asked("nothing", "1.0.0", &all).is_empty());
    assert!(manifests.asked("a", "1.0.0", &["default"]).is_empty());
}

#[test]
fn who_asks_for_features_of_one_version_and_target() {
    let features = "[features]\none = []\ntwo = []\nthree = []\n";
    let manifests = Manifests::new(&[
        ("out/deep@1.0.0", features),
        ("out/deep@2.0.0-beta.1", features),
        (
            "in/both",
            "[dependencies]\ndeep = { path = \"../../out/deep@1.0.0\", features = [\"one\"] }\n\
             new-deep = { package = \"deep\", path = \"../../out/deep@2.0.0-beta.1\", features = [\"two\"] }\n",
        ),
        (
            "in/target",
            "[target.'cfg(any(unix, windows))'.dependencies]\ndeep = { path = \"../../out/deep@1.0.0\", features = [\"two\"] }\n",
        ),
        (
            "in/elsewhere",
            "[target.'cfg(target_os = \"hermit\")'.dependencies]\ndeep = { path = \"../../out/deep@1.0.0\", features = [\"three\"] }\n",
        ),
    ]);
    let all = ["one", "two", "three"];
    assert_eq!(
        manifests.asked("deep", "1.0.0", &all),
        [
            "one: both (normal) by both",
            "two: target (normal) by target"
        ]
    );
    let new = manifests.asked("deep", "2.0.0-beta.1", &all);
    assert_eq!(new, ["two: both (normal) by both"]);
}

/// An optional dependency is asked for nothing by its entry as long as something else is what brings it in.
#[test]
fn who_asks_for_features_of_what_is_optional() {
    let user = |features: &str| {
        format!(
            "[features]\n{features}\n[dependencies]\ndeep = {{ path = \"../../out/deep\", optional = true, features = [\"two\"] }}\n\
             [dev-dependencies]\ndeep = {{ path = \"../../out/deep\", features = [\"one\"] }}\n"
        )
    };
    for (features, expected) in [
        ("", &["one: user (dev) by user"][..]),
        (
            "default = [\"deep\"]",
            &["one: user (dev) by user", "two: user (normal) by user"],
        ),
        (
            "default = [\"dep:deep\"]",
            &["one: user (dev) by user", "two: user (normal) by user"],
        ),
        (
            "default = [\"deep/three\"]",
            &[
                "one: user (dev) by user",
                "three: user (dev) by user",
                "three: user (normal) by user",
                "two: user (normal) by user",
            ],
        ),
        (
            "default = [\"deep?/three\"]",
            &["one: user (dev) by user", "three: user (dev) by user"],
        ),
    ] {
        let manifests = Manifests::new(&[
            ("out/deep", "[features]\none = []\ntwo = []\nthree = []\n"),
            ("in/user", &user(features)),
        ]);
        let found = manifests.asked("deep", "1.0.0", &["one", "two", "three"]);
        assert_eq!(found, expected, "{features}");
    }
}
