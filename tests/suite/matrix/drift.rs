//! Third-party crates that differ between two worktrees.

use std::fs;

use crate::amount::{Amount, amount};
use crate::matrix::facts::cargos;
use crate::matrix::{full, third_party};
use crate::sandbox::Sandbox;

/// Two worktrees with these files, where MARK stands for the worktree's mark, and a clone of the second one.
pub(crate) struct Pair {
    pub(crate) sandbox: Sandbox,
}

const DONOR: &str = "a/tree";
const SECOND: &str = "b/tree";
const CLONE: &str = "c/tree";

impl Pair {
    /// `before` is done to a worktree before its lock file is made.
    pub(crate) fn new(files: &[(&str, &str)], before: impl Fn(&Sandbox, &str)) -> Self {
        let mut sandbox = Sandbox::new();
        if !full() {
            sandbox.env("CARGO_INCREMENTAL", "0");
        }
        third_party::make(&sandbox);
        sandbox.write("m/repo/.gitignore", "target\n");
        sandbox.git("m/repo", &["init", "-q", "-b", "main"]);
        sandbox.commit_all("m/repo");
        for (worktree, mark) in [(DONOR, "aaa"), (SECOND, "bbb")] {
            let path = sandbox.path(worktree).display().to_string();
            sandbox.git("m/repo", &["worktree", "add", "-q", "-b", mark, &path]);
            let git = sandbox.path("from-git").display().to_string();
            for (path, text) in files {
                let text = text.replace("MARK", mark).replace("GIT", &git);
                sandbox.write(&format!("{worktree}/{path}"), &text);
            }
            before(&sandbox, worktree);
            sandbox.cargo(worktree, &["generate-lockfile"]);
            sandbox.commit_all(worktree);
        }
        age(&sandbox.path(SECOND));
        sandbox.git("", &["clone", "-q", "-b", "bbb", "m/repo", CLONE]);
        Self { sandbox }
    }

    /// Compares the second worktree, once it is warm, with the clone: with the donor there and without.
    #[track_caller]
    fn same_as_clone(&self) {
        self.same_as_clone_after(None);
    }

    /// The same, in a worktree that built this before the donor was built.
    #[track_caller]
    fn same_as_clone_after(&self, before: Option<&[&str]>) {
        let sandbox = &self.sandbox;
        let all = if full() { usize::MAX } else { 1 };
        for cargo in cargos().take(all) {
            let clear =
                |folder: &str| drop(fs::remove_dir_all(sandbox.path(folder).join("target")));
            let build = ["run", "-v", "--locked"];
            for worktree in [DONOR, SECOND, CLONE] {
                clear(worktree);
            }
            if let Some(before) = before {
                cargo.run(sandbox, SECOND, before).code(0);
            }
            let donor = cargo.run(sandbox, DONOR, &build).code(0).stdout;
            let clone = cargo.run(sandbox, CLONE, &build).code(0).stdout;
            assert_ne!(donor, clone);
            for alive in [true, false] {
                if !alive {
                    clear(SECOND);
                }
                // With the donor there also what the lock file does not name.
                let args: &[&str] = match alive {
                    true => &["warm", "--yes", "--all-units"],
                    false => &["warm", "--yes"],
                };
                let warm = sandbox.run(SECOND, args).code(0);
                let (target, gone) = (sandbox.path("a/tree/target"), sandbox.path("gone"));
                if !alive {
                    fs::rename(&target, &gone).expect("moved");
                }
                let second = cargo.run(sandbox, SECOND, &build);
                assert_eq!(
                    second.stdout,
                    clone,
                    "{cargo:?}, donor alive: {alive}\n{}\n{}",
                    warm.said(),
                    second.stderr
                );
                if !alive {
                    fs::rename(&gone, &target).expect("moved");
                }
            }
        }
    }
}

const fn program(lines: &'static str) -> (&'static str, &'static str) {
    ("src/main.rs", lines)
}

fn app(dependencies: &str) -> String {
    format!(
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n{dependencies}"
    )
}

/// Cargo's hash does not have the revision of a git dependency.
#[test]
fn another_revision_of_a_git_dependency() {
    let manifest = app("from-git = { git = \"file://GIT\" }\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program("fn main() { println!(\"{}\", from_git::line()); }\n"),
    ];
    let pair = Pair::new(&files, |sandbox, worktree| {
        let text = format!("pub fn line() -> String {{ \"git of {worktree}\".to_owned() }}\n");
        sandbox.write("from-git/src/lib.rs", &text);
        sandbox.commit_all("from-git");
    });
    pair.same_as_clone();
}

/// A variable that each worktree's configuration sets, and crates that ask for it.
#[test]
fn another_variable() {
    let manifest = app("reg-asks = \"1\"\nreg-asks-script = \"1\"\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        (".cargo/config.toml", "[env]\nWHICH = \"MARK\"\n"),
        program("fn main() { println!(\"{}, {}\", reg_asks::line(), reg_asks_script::line()); }\n"),
    ];
    Pair::new(&files, |_, _| ()).same_as_clone();
}

/// A build script that finds a file of the worktree that it is built for, and tells Cargo.
#[test]
fn a_build_script_that_reads_the_worktree() {
    let manifest = app("reg-upwards-top = \"1\"\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("mark.txt", "MARK"),
        program("fn main() { println!(\"{}\", reg_upwards_top::line()); }\n"),
    ];
    Pair::new(&files, |_, _| ()).same_as_clone();
}

/// A crate that each worktree vendors for itself, changed, with the checksum as it was.
#[test]
fn another_text_of_a_vendored_crate() {
    let manifest = app("from-git = { git = \"file://GIT\" }\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program("fn main() { println!(\"{}\", from_git::line()); }\n"),
        (
            "vendor/from-git/Cargo.toml",
            "[package]\nname = \"from-git\"\nversion = \"0.3.0\"\nedition = \"2021\"\n",
        ),
        (
            "vendor/from-git/.cargo-checksum.json",
            "{\"files\":{},\"package\":null}",
        ),
        (
            "vendor/from-git/src/lib.rs",
            "pub fn line() -> String { \"vendored by MARK\".to_owned() }\n",
        ),
    ];
    let pair = Pair::new(&files, |_, _| ());
    for worktree in [DONOR, SECOND, CLONE] {
        let git = pair.sandbox.path("from-git").display().to_string();
        let config = format!(
            "[source.\"git+file://{git}\"]\ngit = \"file://{git}\"\nreplace-with = \"vendored\"\n\
             [source.vendored]\ndirectory = \"vendor\"\n"
        );
        pair.sandbox
            .write(&format!("{worktree}/.cargo/config.toml"), &config);
    }
    pair.same_as_clone();
}

/// The second worktree patches what the donor takes from the registry.
#[test]
fn patched_in_one_only() {
    let manifest = app("patched = \"1\"\nreg-on-patched = \"1\"\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program("fn main() { println!(\"{}, {}\", patched::line(), reg_on_patched::line()); }\n"),
    ];
    let pair = Pair::new(&files, |sandbox, worktree| {
        if worktree == SECOND {
            let manifest = app("patched = \"1\"\nreg-on-patched = \"1\"\n")
                + "[patch.crates-io]\npatched = { path = \"mine\" }\n";
            sandbox.write("b/tree/Cargo.toml", &manifest);
            let mine = "[package]\nname = \"patched\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
            sandbox.write("b/tree/mine/Cargo.toml", mine);
            sandbox.write(
                "b/tree/mine/src/lib.rs",
                "pub fn line() -> String { \"mine\".to_owned() }\n",
            );
        }
    });
    pair.same_as_clone();
}

/// The second worktree has another profile for a dependency.
#[test]
fn another_profile_of_a_dependency() {
    let manifest = app("reg-mid = \"1\"\nreg-asks = \"1\"\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program(
            "fn main() { println!(\"MARK {} {} {}\", reg_mid::line(), reg_asks::line(), cfg!(debug_assertions)); }\n",
        ),
    ];
    let pair = Pair::new(&files, |sandbox, worktree| {
        if worktree == SECOND {
            let manifest = app("reg-mid = \"1\"\nreg-asks = \"1\"\n")
                + "[profile.dev.package.reg-mid]\nopt-level = 3\n";
            sandbox.write("b/tree/Cargo.toml", &manifest);
        }
    });
    pair.same_as_clone();
}

/// The second worktree has built its own version of a patched crate already, before the donor built at all: what the
/// donor compiled against its own must not come to it, though Cargo would take it for fresh.
#[test]
fn patched_and_built_before() {
    let manifest = app("patched = \"1\"\nreg-on-patched = \"1\"\n")
        + "[patch.crates-io]\npatched = { path = \"mine\" }\n";
    let mine = "[package]\nname = \"patched\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program("fn main() { println!(\"{}, {}\", patched::line(), reg_on_patched::line()); }\n"),
        ("mine/Cargo.toml", mine),
        (
            "mine/src/lib.rs",
            "pub fn line() -> String { \"MARK\".to_owned() }\n",
        ),
    ];
    let pair = Pair::new(&files, |_, _| ());
    pair.same_as_clone_after(Some(&["build", "-p", "patched"]));
}

/// A crate of the worktree in a folder that is named like those of the registry, and one like those of git.
#[test]
fn a_path_that_looks_like_cargo_home() {
    let registry = "home/.cargo/registry/src/some-index-1949cf8c6b5b557f/looks-1.0.0";
    let git = "home/.cargo/git/checkouts/seems-0123456789abcdef/0123456";
    let manifest = app(&format!(
        "looks = {{ path = \"{registry}\" }}\nseems = {{ path = \"{git}\" }}\nreg-mid = \"1\"\n"
    ));
    let package = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n")
    };
    let library = "pub fn line() -> String { \"MARK\".to_owned() }\n";
    let (looks, seems) = (package("looks"), package("seems"));
    let paths = [registry, git].map(|at| [format!("{at}/Cargo.toml"), format!("{at}/src/lib.rs")]);
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program(
            "fn main() { println!(\"{} {} {}\", looks::line(), seems::line(), reg_mid::line()); }\n",
        ),
        (&paths[0][0], &looks),
        (&paths[0][1], library),
        (&paths[1][0], &seems),
        (&paths[1][1], library),
    ];
    Pair::new(&files, |_, _| ()).same_as_clone();
}

/// A note in OUT_DIR of where that is, read by a build script of the worktree.
#[test]
fn a_note_of_where_it_is() {
    let manifest = app("reg-notes = \"1\"\n");
    let build = r#"fn main() {
    let root = std::env::var("DEP_NOTES_ROOT").unwrap();
    let note = std::fs::read_to_string(format!("{root}/where.txt")).unwrap();
    assert_eq!(note, format!("prefix={root}/lib\n"));
}"#;
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("build.rs", build),
        program("fn main() { reg_notes::it(); println!(\"MARK\"); }\n"),
    ];
    Pair::new(&files, |_, _| ()).same_as_clone();
}

/// A link in OUT_DIR, followed by a build script of the worktree.
#[test]
fn a_link_to_where_it_is() {
    let manifest = app("reg-links = \"1\"\n");
    let build = r#"fn main() {
    let root = std::env::var("DEP_LINKS_ROOT").unwrap();
    let link = std::fs::canonicalize(format!("{root}/link.txt")).unwrap();
    assert!(link.starts_with(&root), "{link:?} is not in {root}");
}"#;
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("build.rs", build),
        program("fn main() { reg_links::it(); println!(\"MARK\"); }\n"),
    ];
    Pair::new(&files, |_, _| ()).same_as_clone();
}

/// The path of OUT_DIR in what no program of the donor's has to have: in constants, in code for others, in a macro;
/// and in the bitcode that is all there is with link-time optimisation.
#[test]
fn a_hidden_path() {
    if crate::amount::without_longest() {
        return;
    }
    let dependencies = "reg-hides-const = \"1\"\nreg-hides-code = \"1\"\nreg-hides-macro = \"1\"\n\
        reg-keep-top = \"1\"\nreg-keep-env = \"1\"\n";
    let main = r#"fn main() {
    let generic = String::from_utf8(reg_hides_code::generic::<u8>()).unwrap();
    let own = std::env::current_exe().unwrap();
    let own = own.ancestors().find(|at| at.ends_with("target")).unwrap();
    for at in [reg_hides_const::AT, reg_hides_code::at(), &generic, reg_hides_macro::at!()] {
        let below = std::path::Path::new(at).strip_prefix(own);
        println!("MARK {below:?} {:?}", std::fs::read_to_string(at));
    }
    for line in [reg_keep_top::line(), reg_keep_env::line()] {
        println!("{}", line.replace(own.to_str().unwrap(), "<own>"));
    }
}
"#;
    let profiles = ["", "[profile.dev]\nlto = \"fat\"\n"];
    // The standard library as well is compiled from bitcode then, five times.
    let some = if amount() == Amount::Usual { 1 } else { 2 };
    for profile in &profiles[..some] {
        let manifest = app(dependencies) + profile;
        let files = [("Cargo.toml", manifest.as_str()), program(main)];
        Pair::new(&files, |_, _| ()).same_as_clone();
    }
}

/// Each worktree's configuration puts a crate of its own in the place of the registry's, and no lock file says so.
#[test]
fn overridden_by_paths() {
    let manifest = app("patched = \"1\"\nreg-on-patched = \"1\"\n");
    let mine = "[package]\nname = \"patched\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program("fn main() { println!(\"{}, {}\", patched::line(), reg_on_patched::line()); }\n"),
        (".cargo/config.toml", "paths = [\"mine\"]\n"),
        ("mine/Cargo.toml", mine),
        (
            "mine/src/lib.rs",
            "pub fn line() -> String { \"MARK\".to_owned() }\n",
        ),
    ];
    Pair::new(&files, |_, _| ()).same_as_clone();
}

/// A file that a build script puts beside the programs, where Cargo does not know of it.
#[test]
fn a_file_beside_the_program() {
    let manifest = app("reg-beside = \"1\"\n");
    let files = [
        ("Cargo.toml", manifest.as_str()),
        program("fn main() { println!(\"MARK {}\", reg_beside::line()); }\n"),
    ];
    Pair::new(&files, |_, _| ()).same_as_clone();
}

/// Makes everything in a folder old.
fn age(folder: &std::path::Path) {
    let time = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.expect("readable");
        if entry.file_type().is_file() && entry.file_name() != ".git" {
            let file = fs::File::options()
                .append(true)
                .open(entry.path())
                .expect("a file");
            file.set_modified(time).expect("a time");
        }
    }
}
