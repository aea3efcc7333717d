//! Inputs that no list of sources names: a unit that may depend on one is compiled, and prints the same as a cold
//! build.

use std::fs;

use super::build;
use crate::sandbox::Sandbox;

const MANIFEST: &str = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

/// Makes a repository of a folder. Git tracks its lock, so that a new worktree is the same altogether.
pub(super) fn commit(sandbox: &Sandbox, folder: &str) {
    if !sandbox.exists(&format!("{folder}/.git")) {
        sandbox.git(folder, &["init", "-q", "-b", "main"]);
        sandbox.write(&format!("{folder}/.gitignore"), "target\n");
        sandbox
            .cargo(folder, &["generate-lockfile", "--offline"])
            .code(0);
    }
    sandbox.git(folder, &["add", "-A"]);
    sandbox.git(folder, &["commit", "-q", "-m", "work"]);
}

/// A repository in a folder, whose program says what its build script found out: the value of this expression.
fn with_script(folder: &str, found_out: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let write = |file: &str, text: &str| sandbox.write(&format!("{folder}/{file}"), text);
    write("Cargo.toml", MANIFEST);
    write(
        "build.rs",
        &format!(
            "fn main() {{\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    let it: String = {found_out};\n    \
             println!(\"cargo:rustc-env=IT={{it}}\");\n}}\n"
        ),
    );
    write(
        "src/main.rs",
        "fn main() { println!(\"{}\", env!(\"IT\")) }\n",
    );
    sandbox
}

/// Warms a worktree, which gives something else than its donor when it is built cold: it does so warm as well.
#[track_caller]
pub(super) fn assert_as_cold(sandbox: &Sandbox, worktree: &str, donors: &str) {
    sandbox.run(worktree, &["warm", "--yes"]);
    let warm = build(sandbox, worktree).1;
    fs::remove_dir_all(sandbox.path(&format!("{worktree}/target"))).expect("removed");
    let cold = build(sandbox, worktree).1;
    assert_eq!(warm, cold);
    assert_ne!(cold, donors, "the case shows nothing");
}

/// Where nothing differs, what a script that reads files went into is taken: the cases below are left for what they show.
#[test]
fn what_reads_files_is_taken_where_all_is_the_same() {
    let read = "std::fs::read_to_string(\"data.txt\").unwrap()";
    let sandbox = with_script("r", read);
    sandbox.write("r/data.txt", "one");
    commit(&sandbox, "r");
    build(&sandbox, "r");
    sandbox.worktree("r", "w2");
    sandbox.run("w2", &["warm", "--yes"]).code(0);
    let (compiled, said) = build(&sandbox, "w2");
    assert_eq!(
        (compiled.len(), said.as_str()),
        (0, "one\n"),
        "{compiled:?}"
    );
}

#[test]
fn an_empty_folder_in_one_of_them() {
    let sandbox = with_script(
        "r",
        "std::path::Path::new(\"plugins\").exists().to_string()",
    );
    commit(&sandbox, "r");
    fs::create_dir(sandbox.path("r/plugins")).expect("a folder");
    let donors = build(&sandbox, "r").1;
    sandbox.worktree("r", "w2");
    assert_as_cold(&sandbox, "w2", &donors);
}

#[test]
fn what_another_tool_put_into_the_target_folder() {
    let read = "std::fs::read_to_string(\"target/gen/api.txt\").unwrap_or(\"nothing\".into())";
    let sandbox = with_script("r", read);
    commit(&sandbox, "r");
    sandbox.write("r/target/gen/api.txt", "generated");
    let donors = build(&sandbox, "r").1;
    sandbox.worktree("r", "w2");
    assert_as_cold(&sandbox, "w2", &donors);
}

#[test]
fn a_folder_above_that_a_script_walks_up_to() {
    let walk = "{ let here = std::path::PathBuf::from(std::env::var(\"CARGO_MANIFEST_DIR\").unwrap()); \
                let mut all = here.ancestors().map(|above| above.join(\"cfg/app.txt\")); \
                std::fs::read_to_string(all.find(|file| file.exists()).unwrap()).unwrap() }";
    let sandbox = with_script("a/r", walk);
    sandbox.write("a/cfg/app.txt", "one");
    sandbox.write("b/cfg/app.txt", "two");
    commit(&sandbox, "a/r");
    let donors = build(&sandbox, "a/r").1;
    sandbox.worktree("a/r", "b/w2");
    assert_as_cold(&sandbox, "b/w2", &donors);
}

/// It is in neither worktree's folder above, and nothing but the source says that it ever was.
#[test]
fn a_file_above_that_is_gone_since() {
    for path in [
        "\"../outside.txt\"",
        "concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../outside.txt\")",
    ] {
        let sandbox = with_script(
            "r",
            &format!("std::path::Path::new({path}).exists().to_string()"),
        );
        sandbox.write("outside.txt", "one");
        commit(&sandbox, "r");
        let donors = build(&sandbox, "r").1;
        fs::remove_file(sandbox.path("outside.txt")).expect("removed");
        sandbox.worktree("r", "w2");
        assert_as_cold(&sandbox, "w2", &donors);
    }
}

#[test]
fn a_hash_of_where_the_out_dir_is() {
    let hash = "{ use std::hash::Hasher as _; \
                let mut hash = std::collections::hash_map::DefaultHasher::new(); \
                hash.write(std::env::var(\"OUT_DIR\").unwrap().split(\"/target/\").next().unwrap().as_bytes()); \
                format!(\"{:x}\", hash.finish()) }";
    let sandbox = with_script("r", hash);
    commit(&sandbox, "r");
    let donors = build(&sandbox, "r").1;
    sandbox.worktree("r", "w2");
    assert_as_cold(&sandbox, "w2", &donors);
}

#[test]
fn what_is_in_gits_own_folder() {
    let head =
        "std::fs::read_to_string(\".git/HEAD\").unwrap_or(\"a file\".into()).trim().to_owned()";
    let sandbox = with_script("r", head);
    commit(&sandbox, "r");
    let donors = build(&sandbox, "r").1;
    sandbox.worktree("r", "w2");
    assert_as_cold(&sandbox, "w2", &donors);
}

/// A linker script that the configuration names, at another commit.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_the_linker_reads() {
    let sandbox = Sandbox::new();
    sandbox.write("r/Cargo.toml", MANIFEST);
    sandbox.write(
        "r/.cargo/config.toml",
        "[build]\nrustflags = [\"-Clink-arg=defs.ld\"]\n",
    );
    sandbox.write("r/defs.ld", "VAL = 1;\n");
    sandbox.write(
        "r/src/main.rs",
        "extern \"C\" { static VAL: u8; }\nfn main() { println!(\"{}\", &raw const VAL as usize) }\n",
    );
    commit(&sandbox, "r");
    let donors = build(&sandbox, "r").1;
    sandbox.worktree("r", "w2");
    sandbox.write("w2/defs.ld", "VAL = 2;\n");
    commit(&sandbox, "w2");
    assert_as_cold(&sandbox, "w2", &donors);
}

/// A folder that was there already came in the place of another one, and then something came to it.
#[test]
fn a_folder_that_was_put_in_place_and_filled() {
    let sandbox = Sandbox::new();
    sandbox.write("r/Cargo.toml", MANIFEST);
    sandbox.write(
        "r/src/main.rs",
        "mod cfg { pub mod a; }\nfn main() { println!(\"{}\", cfg::a::V) }\n",
    );
    sandbox.write("r/src/cfg/a.rs", "pub const V: &str = \"one\";\n");
    sandbox.write("r/src/next/a.rs", "pub const V: &str = \"two\";\n");
    commit(&sandbox, "r");
    let donors = build(&sandbox, "r").1;
    let path = |name: &str| sandbox.path(&format!("r/src/{name}"));
    fs::rename(path("cfg"), path("old")).expect("moved");
    fs::rename(path("next"), path("cfg")).expect("moved");
    std::thread::sleep(std::time::Duration::from_millis(50));
    sandbox.write("r/src/cfg/NOTES.md", "a note\n");
    commit(&sandbox, "r");
    sandbox.worktree("r", "w2");
    assert_as_cold(&sandbox, "w2", &donors);
}

/// A folder beside the worktrees counts where a path leads to it, and not where a URL ends in its name: the main worktree of
/// a repository is often called like the project.
#[test]
fn a_folder_beside_them_that_a_url_names() {
    let compiled = |name: &str| {
        let read = format!("std::fs::read_to_string(\"data.txt\").unwrap_or(\"{name}\".into())");
        let sandbox = with_script("r", &read);
        sandbox.write("r/data.txt", "one");
        commit(&sandbox, "r");
        build(&sandbox, "r");
        sandbox.write("project/data.txt", "two");
        sandbox.worktree("r", "w2");
        sandbox.run("w2", &["warm", "--yes"]);
        build(&sandbox, "w2").0.len()
    };
    assert_eq!(compiled("https://example.com/owner/project/issues"), 0);
    assert_ne!(compiled("../project/data.txt"), 0);
    assert_ne!(compiled("project/data.txt"), 0);
}

/// Where a run has looked into a program, the next one knows what it can do, unless it goes by other rules.
#[test]
fn what_a_program_can_do_is_known_the_second_time() {
    let sandbox = with_script("r", "String::from(\"one\")");
    commit(&sandbox, "r");
    build(&sandbox, "r");
    let compiled = |worktree: &str| {
        sandbox.worktree("r", worktree);
        let run = sandbox.run(worktree, &["warm", "--yes", "--from", "../r"]);
        run.code(0);
        build(&sandbox, worktree).0.len()
    };
    assert_eq!(compiled("w2"), 0);
    let mut places = walkdir::WalkDir::new(sandbox.outside("home")).into_iter();
    let known = places.find_map(|entry| {
        let path = entry.expect("a folder").into_path();
        path.ends_with("abilities.json").then_some(path)
    });
    let known = known.expect("a file for the next run");
    let text = fs::read_to_string(&known).expect("text");
    let other = text.replace("\"nothing\"", "\"programs\"");
    assert_ne!(text, other);
    fs::write(&known, &other).expect("a file");
    assert_ne!(compiled("w3"), 0, "it is believed");
    fs::write(&known, other.replace("\"rules\":1", "\"rules\":0")).expect("a file");
    assert_eq!(compiled("w4"), 0, "it is not believed");
}

/// Whether a file can be run is no part of its text, and a script can ask for it.
#[test]
fn whether_a_file_can_be_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let asks = "{ use std::os::unix::fs::PermissionsExt as _; \
                let mode = std::fs::metadata(\"run.sh\").unwrap().permissions().mode(); \
                (mode & 0o100).to_string() }";
    let sandbox = with_script("r", asks);
    sandbox.write("r/run.sh", "exit\n");
    commit(&sandbox, "r");
    let runnable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sandbox.path("r/run.sh"), runnable).expect("a mode");
    let donors = build(&sandbox, "r").1;
    sandbox.worktree("r", "w2");
    assert_as_cold(&sandbox, "w2", &donors);
}

/// In both worktrees lies one of another repository, whose `.git` is a file.
#[test]
fn a_worktree_of_another_repository_inside() {
    let read = "std::fs::read_to_string(\"ext/data.txt\").unwrap_or(\"nothing\".into())";
    let sandbox = with_script("r", read);
    commit(&sandbox, "r");
    sandbox.write("other/data.txt", "one");
    sandbox.commit_all("other");
    sandbox.worktree("other", "r/ext");
    let donors = build(&sandbox, "r").1;
    sandbox.worktree("r", "w2");
    sandbox.worktree("other", "w2/ext");
    sandbox.write("w2/ext/data.txt", "two");
    assert_as_cold(&sandbox, "w2", &donors);
}

/// The compiler bundles the static library that a script has it look for, and names it in no list of sources.
#[test]
fn a_static_library_of_the_worktree() {
    let sandbox = Sandbox::new();
    sandbox.write("r/Cargo.toml", MANIFEST);
    sandbox.write(
        "r/build.rs",
        "fn main() {\n    println!(\"cargo:rerun-if-changed=build.rs\");\n    \
         println!(\"cargo:rustc-link-search=native=native\");\n    println!(\"cargo:rustc-link-lib=static=it\");\n}\n",
    );
    sandbox.write(
        "r/src/lib.rs",
        "extern \"C\" { fn it() -> i32; }\npub fn get() -> i32 { unsafe { it() } }\n",
    );
    sandbox.write(
        "r/src/main.rs",
        "fn main() { println!(\"{}\", app::get()) }\n",
    );
    let library = |folder: &str, value: &str| {
        let code = format!("#[no_mangle]\npub extern \"C\" fn it() -> i32 {{ {value} }}\n");
        sandbox.write(&format!("{folder}/native/it.rs"), &code);
        let args = [
            "--crate-type=staticlib",
            "-Cpanic=abort",
            "-o",
            "native/libit.a",
            "native/it.rs",
        ];
        sandbox.command("rustc", folder, &args).code(0);
    };
    library("r", "1");
    commit(&sandbox, "r");
    let donors = build(&sandbox, "r").1;
    sandbox.worktree("r", "w2");
    library("w2", "2");
    sandbox.git("w2", &["commit", "-q", "-a", "-m", "another library"]);
    assert_as_cold(&sandbox, "w2", &donors);
}
