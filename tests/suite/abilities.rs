//! Abilities of real macros and build scripts, as their programs show them.

use std::fs;
use std::path::Path;

use cargo_sharedtarget::target::artifact::abilities::{self, Abilities, Reach};

use crate::profile;
use crate::sandbox::Sandbox;

/// The code of each program, by name, and the ability that it is found to have. On other processors only the ability
/// to start programs is found.
const CASES: &[(&str, Reach, bool, &str)] = &[
    ("plain", Reach::Nothing, false, "String::from(\"x\")"),
    ("panics", Reach::Nothing, false, "assert!(file!().len() < 99, \"{}\", 1.5); String::new()"),
    (
        "table",
        Reach::Nothing,
        false,
        "let mut all = std::collections::HashMap::new(); all.insert(1, \"x\"); format!(\"{all:?}\")",
    ),
    ("time", Reach::Nothing, false, "format!(\"{:?}\", std::time::SystemTime::now())"),
    (
        "thread",
        Reach::Variables,
        false,
        "std::thread::spawn(|| 1).join().unwrap().to_string()",
    ),
    ("variable", Reach::Variables, false, "std::env::var(\"FOO\").unwrap_or_default()"),
    ("variables", Reach::Files, true, "std::env::vars().count().to_string()"),
    (
        "manifest",
        Reach::Variables,
        true,
        "std::env::var(\"CARGO_MANIFEST_DIR\").unwrap()",
    ),
    ("working", Reach::Variables, true, "std::env::var(\"PWD\").unwrap()"),
    (
        "head",
        Reach::Programs,
        false,
        "std::fs::read_to_string(\".git/HEAD\").unwrap_or_default()",
    ),
    (
        "ignores",
        Reach::Files,
        false,
        "std::fs::read_to_string(\".gitignore\").unwrap_or_default()",
    ),
    (
        "named",
        Reach::Files,
        false,
        "mod sys { pub mod random { pub fn rust_panic() -> String { default_hook() }
             fn default_hook() -> String { std::fs::read_to_string(\"x\").unwrap_or_default() } } }
         sys::random::rust_panic()",
    ),
    (
        "pointers",
        Reach::Files,
        false,
        "unsafe extern \"C\" { fn getpid() -> i32; fn unlink(path: *const u8) -> i32; }
         struct Call(&'static str, *const ());
         unsafe impl Sync for Call {}
         static CALLS: [Call; 2] = [Call(\"a\", getpid as *const ()), Call(\"b\", unlink as *const ())];
         let call = CALLS.iter().find(|call| call.0 == std::hint::black_box(\"b\")).unwrap();
         let call: unsafe extern \"C\" fn(*const u8) -> i32 = unsafe { std::mem::transmute(call.1) };
         unsafe { call(c\"x\".as_ptr().cast()) }.to_string()",
    ),
    ("file", Reach::Files, false, "std::fs::read_to_string(\"x\").unwrap_or_default()"),
    (
        "open",
        Reach::Files,
        false,
        "let mut text = String::new();
         std::io::Read::read_to_string(&mut std::fs::File::open(\"x\").unwrap(), &mut text).unwrap();
         text",
    ),
    ("exists", Reach::Files, false, "std::path::Path::new(\"x\").exists().to_string()"),
    ("writes", Reach::Files, false, "std::fs::write(\"x\", \"y\").unwrap(); String::new()"),
    ("lists", Reach::Files, false, "std::fs::read_dir(\".\").unwrap().count().to_string()"),
    ("net", Reach::Files, false, "std::net::TcpStream::connect(\"[::1]:1\").is_ok().to_string()"),
    ("here", Reach::Files, true, "std::env::current_dir().unwrap().display().to_string()"),
    ("real", Reach::Files, true, "std::fs::canonicalize(\".\").unwrap().display().to_string()"),
    ("starts", Reach::Programs, true, "format!(\"{:?}\", std::process::Command::new(\"git\").output())"),
    (
        "hidden",
        Reach::Files,
        false,
        "trait T { fn it(&self) -> String; }
         struct A;
         impl T for A { fn it(&self) -> String { String::new() } }
         struct B;
         impl T for B { fn it(&self) -> String { std::fs::read_to_string(\"x\").unwrap_or_default() } }
         let any: Vec<Box<dyn T>> = vec![Box::new(A), Box::new(B)];
         any.iter().map(|one| one.it()).collect()",
    ),
];

/// Programs that only this processor and system have.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
const NATIVE: &[(&str, Reach, bool, &str)] = &[
    (
        "untyped",
        Reach::Files,
        false,
        "mod asm { std::arch::global_asm!(\".globl an_unlink\", \"an_unlink:\", \"jmp unlink@PLT\"); }
         unsafe extern \"C\" { fn an_unlink(path: *const u8) -> i32; }
         unsafe { an_unlink(c\"x\".as_ptr().cast()) }.to_string()",
    ),
    (
        "instruction",
        Reach::Programs,
        true,
        "let done: usize;
         unsafe { std::arch::asm!(\"syscall\", inlateout(\"rax\") 39usize => done, out(\"rcx\") _, out(\"r11\") _) };
         done.to_string()",
    ),
];
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
const NATIVE: &[(&str, Reach, bool, &str)] = &[];

/// Only of macros.
const MACROS: &[(&str, Reach, bool, &str)] = &[
    (
        "arguments",
        Reach::Nothing,
        true,
        "format!(\"{:?}\", std::env::args().next())",
    ),
    (
        "source",
        Reach::Nothing,
        true,
        "format!(\"{:?}\", proc_macro::Span::call_site().local_file())",
    ),
];

fn expected(reach: Reach, knows_place: bool) -> Abilities {
    Abilities { reach, knows_place }
}

#[track_caller]
fn assert_can(name: &str, program: &Path, expected: Abilities) {
    let found = abilities::of(&fs::read(program).expect("the program"));
    if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        assert_eq!(found, expected, "{name}");
    } else {
        assert!(found.reach >= expected.reach && found.knows_place, "{name}");
    }
}

#[test]
fn what_macros_and_scripts_can_look_at() {
    if crate::amount::without_longest() {
        return;
    }
    let sandbox = Sandbox::new();
    let manifest = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{rest}")
    };
    sandbox.write(
        "r/Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"*/\"]\nexclude = [\"target\"]
        [profile.fast]\ninherits = \"dev\"\n[profile.fast.build-override]\nopt-level = 3\n",
    );
    for (name, _, _, does) in CASES.iter().chain(NATIVE).chain(MACROS) {
        sandbox.write(
            &format!("r/{name}/Cargo.toml"),
            &manifest(name, "[lib]\nproc-macro = true\n"),
        );
        sandbox.write(
            &format!("r/{name}/src/lib.rs"),
            &format!(
                "#[proc_macro] pub fn it(_: proc_macro::TokenStream) -> proc_macro::TokenStream {{
                    let text: String = {{ {does} }};
                    format!(\"{{text:?}}\").parse().unwrap()
                }}"
            ),
        );
    }
    for (name, _, _, does) in CASES {
        sandbox.write(
            &format!("r/s-{name}/Cargo.toml"),
            &manifest(&format!("s-{name}"), ""),
        );
        sandbox.write(&format!("r/s-{name}/src/lib.rs"), "");
        sandbox.write(
            &format!("r/s-{name}/build.rs"),
            // It is not run, or not to the end: what it asks for is not there.
            &format!("fn main() {{ if std::hint::black_box(false) {{ let text: String = {{ {does} }}; println!(\"{{text}}\"); }} }}"),
        );
    }
    for profile in ["dev", "fast"] {
        sandbox.cargo("r", &["build", "--profile", profile]).code(0);
        let folder = if profile == "dev" { "debug" } else { profile };
        let folder = sandbox.path("r/target").join(folder);
        for (name, reach, knows_place, _) in CASES.iter().chain(NATIVE).chain(MACROS) {
            let file = format!(
                "{}{name}{}",
                std::env::consts::DLL_PREFIX,
                std::env::consts::DLL_SUFFIX
            );
            assert_can(name, &folder.join(file), expected(*reach, *knows_place));
        }
        for (name, reach, knows_place, _) in CASES {
            let package = format!("s-{name}");
            let programs = profile::script_programs(&folder, &package);
            assert_eq!(programs.len(), 1, "{package}");
            assert_can(&package, &programs[0], expected(*reach, *knows_place));
        }
    }
}

/// Without the names of its functions nothing is known of a program but what it imports.
#[test]
fn stripped_programs_may_look_at_files() {
    let sandbox = Sandbox::new();
    sandbox.write("r/x.rs", "fn main() { println!(\"x\") }");
    sandbox
        .command("rustc", "r", &["-Cstrip=symbols", "x.rs"])
        .code(0);
    let program = sandbox
        .path("r")
        .join(format!("x{}", std::env::consts::EXE_SUFFIX));
    let found = abilities::of(&fs::read(program).expect("the program"));
    assert!(
        found.reach >= Reach::Files && found.knows_place,
        "{found:?}"
    );
    assert_eq!(abilities::of(b"no program"), Abilities::ANY);
}
