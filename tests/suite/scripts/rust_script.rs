//! This program by the name `rust-script`: options, variables and manifests of rust-script.

use std::path::Path;

use crate::sandbox::Run;
use crate::scripts::desk::Desk;

impl Desk {
    /// Runs this program by the name `rust-script`, with any exit code.
    fn rust_script(&self, args: &[&str]) -> Run {
        let link = self.link();
        self.box_.command(&link, "", args)
    }

    fn link(&self) -> String {
        let link = self.box_.outside("bin/rust-script");
        if !link.exists() {
            std::fs::create_dir_all(link.parent().expect("a folder")).expect("a folder");
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_cargo-sharedtarget"), &link)
                .expect("a link");
        }
        link.display().to_string()
    }

    /// Runs it; it has to end well and to say nothing besides.
    #[track_caller]
    fn answers(&self, args: &[&str]) -> String {
        let run = self.rust_script(args).code(0);
        assert_eq!(run.stderr, "", "{args:?}");
        run.stdout
    }

    /// Runs it with something on standard input.
    fn filters(&self, args: &[&str], input: &str) -> String {
        let text = self.box_.path("input");
        std::fs::write(&text, input).expect("written");
        let output = self
            .box_
            .prepared(self.link(), "", args)
            .stdin(std::fs::File::open(&text).expect("a file"))
            .output()
            .expect("our program");
        Run::from(output).code(0).stdout
    }

    /// How many programs were kept.
    fn programs(&self) -> usize {
        self.kept().len()
    }
}

#[test]
fn expressions() {
    let desk = Desk::new();
    for (args, prints) in [
        (&["-e", "1 + 1"][..], "2\n"),
        (&["--expr", "[1, 2, 3]"], "[1, 2, 3]\n"),
        (&["-e", "println!(\"hello\")"], "hello\n"),
        (
            &["-e", "\"42\".parse::<u8>()?.wrapping_add(1) // more"],
            "43\n",
        ),
        (
            &["-e", "let text = String::from(\"a\");\n&*text.repeat(2)"],
            "\"aa\"\n",
        ),
        (&["-e", "[1].iter().max()"], "Some(1)\n"),
        (
            &["-e", "TypeId::of::<u8>() == TypeId::of::<u8>()"],
            "true\n",
        ),
        (
            &[
                "-e",
                "std::env::args().skip(1).collect::<Vec<_>>()",
                "a",
                "--b",
                "--",
            ],
            "[\"a\", \"--b\", \"--\"]\n",
        ),
        (&["-d", "alpha=1", "-e", "alpha::says()"], "\"alpha\"\n"),
        (
            &[
                "--dep",
                "alpha",
                "-d",
                "beta=1.2.0",
                "-e",
                "format!(\"{} {}\", alpha::says(), beta::says())",
            ],
            "\"alpha beta of alpha\"\n",
        ),
        (&["-e", "cfg!(debug_assertions)"], "false\n"),
        (&["--debug", "-e", "cfg!(debug_assertions)"], "true\n"),
    ] {
        assert_eq!(desk.answers(args), prints, "{args:?}");
    }
    let kept = desk.programs();
    assert_eq!(desk.answers(&["-e", "1 + 1"]), "2\n");
    assert_eq!(desk.programs(), kept, "it was kept");
    let run = desk.rust_script(&["-e", "\"x\".parse::<u8>()?"]).code(1);
    assert_eq!(
        (&*run.stdout, &*run.stderr),
        ("", "Error: invalid digit found in string\n")
    );
    let run = desk.rust_script(&["-e", "let x = 1;\nx + y"]).code(1);
    assert!(run.stderr.contains("--> <expr>:2:5"), "{}", run.stderr);
    let run = desk.rust_script(&["-e", "swing begin"]).code(1);
    assert!(run.stderr.contains("--> <expr>:1:7"), "{}", run.stderr);
    for wrong in [
        &["-d", "=1", "-e", "1"][..],
        &["-d", "alpha", "-d", "alpha=1", "-e", "1"],
    ] {
        assert!(
            desk.rust_script(wrong)
                .code(1)
                .stderr
                .contains("dependency"),
            "{wrong:?}"
        );
    }
}

#[test]
fn all_that_decides_about_an_expression_is_in_its_key() {
    let desk = Desk::new();
    desk.box_.write(
        "one/m/Cargo.toml",
        "[package]\nname = \"m\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
    );
    desk.box_.write(
        "one/m/src/lib.rs",
        "#[macro_export]\nmacro_rules! word { () => { \"one\" } }\n",
    );
    desk.box_.write(
        "two/m/Cargo.toml",
        "[package]\nname = \"m\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
    );
    desk.box_.write(
        "two/m/src/lib.rs",
        "#[macro_export]\nmacro_rules! word { () => { \"two\" } }\n",
    );
    let dep = "m={ path = \"m\" }";
    for (args, prints) in [
        (
            &["-b", "one", "-d", dep, "-x", "m", "-e", "word!()"][..],
            "\"one\"\n",
        ),
        (
            &["-b", "two", "-d", dep, "-x", "m", "-e", "word!()"],
            "\"two\"\n",
        ),
        (
            &[
                "--base-path",
                "one",
                "-d",
                dep,
                "--extern",
                "m",
                "-e",
                "word!()",
            ],
            "\"one\"\n",
        ),
        (&["-e", "|x: u8| x + 1; 1"], "1\n"),
        (&["--debug", "-e", "|x: u8| x + 1; 1"], "1\n"),
    ] {
        assert_eq!(desk.rust_script(args).code(0).stdout, prints, "{args:?}");
    }
    assert_eq!(desk.programs(), 4);
    desk.box_.write(
        "one/m/src/lib.rs",
        "#[macro_export]\nmacro_rules! word { () => { \"three\" } }\n",
    );
    let args = ["-b", "one", "-d", dep, "-x", "m", "-e", "word!()"];
    assert_eq!(
        desk.answers(&args),
        "\"three\"\n",
        "its dependency has changed"
    );
    // A feature is asked for, and a stable compiler has none.
    let run = desk.rust_script(&["-u", "never_type", "-e", "1"]);
    assert!(
        run.code == Some(0) || run.stderr.contains("E0554"),
        "{}",
        run.said()
    );
}

#[test]
fn filters() {
    let desk = Desk::new();
    for (args, prints) in [
        (
            &[
                "--loop",
                "let mut n = 0; move |l| { n += 1; println!(\"{n}: {}\", l.trim_end()) }",
            ][..],
            "1: a\n2: b\n",
        ),
        (
            &["--count", "-l", "|l, n| format!(\"{n}{}\", l.trim_end())"],
            "\"1a\"\n\"2b\"\n",
        ),
        (&["-l", "|l| l.len() // each"], "2\n1\n"),
        (
            &[
                "-l",
                "|l: &str| { let _ = std::io::stdout().write_all(l.as_bytes()); }",
            ],
            "a\nb",
        ),
    ] {
        assert_eq!(desk.filters(args, "a\nb"), prints, "{args:?}");
    }
    desk.rust_script(&["--count", "x.rs"]).code(2);
    desk.rust_script(&["-e", "-l", "1"]).code(2);
}

#[test]
fn manifests_of_rust_script() {
    let desk = Desk::new();
    let main = "fn main() { println!(\"{}\", beta::says()); }\n";
    let snippet = "println!(\"{}\", beta::says());\n";
    let line = |marker: &str| {
        format!(
            "{marker} What it does.\n{marker}\n{marker} ```Cargo\n{marker} [dependencies]\n{marker} beta = \"1\"\n{marker} ```\n"
        )
    };
    let block = "/*!\n```cargo\n[dependencies]\nbeta = \"1\"\n```\n*/\n".to_owned();
    let heads = [
        line("//!"),
        line("///"),
        format!("#!/usr/bin/env rust-script\n{}", line("///")),
        block,
        "// Cargo-Deps : beta\n// cargo-deps: alpha, beta=\"1\"\n".to_owned(),
    ];
    for (at, head) in heads.iter().enumerate() {
        for (kind, code) in [("main", main), ("snippet", snippet)] {
            let name = format!("{kind}{at}.rs");
            desk.box_
                .write(&name, &format!("{head}use beta as _;\n{code}"));
            let run = desk.rust_script(&[&name]).code(0);
            assert_eq!(run.stdout, "beta of alpha\n", "{name}: {head}");
            // It is the same by our own name.
            assert_eq!(desk.prints(&[&name]), "beta of alpha\n", "{name}: {head}");
        }
    }
    // Documentation of something else is none of the script.
    desk.box_.write("later.rs", "fn main() { f(); }\n/// ```cargo\n/// [dependencies]\n/// none = \"1\"\n/// ```\nfn f() {}\n");
    desk.answers(&["later.rs"]);
}

#[test]
fn what_rust_script_builds_scripts_with() {
    let desk = Desk::new();
    // A word of the edition 2024.
    desk.box_.write(
        "edition.rs",
        "#!/usr/bin/env rust-script\nlet gen = 1;\nprintln!(\"{}\", gen);\n",
    );
    assert_eq!(desk.answers(&["edition.rs"]), "1\n");
    assert_eq!(desk.prints(&["edition.rs"]), "1\n");
    desk.box_.write(
        "plain.rs",
        "let gen = 1;\nprintln!(\"{} {}\", gen, env!(\"CARGO_PKG_VERSION\"));\n",
    );
    assert_eq!(desk.answers(&["plain.rs"]), "1 0.1.0\n");
    desk.run(&["plain.rs"]).code(101);
    desk.box_.write(
        "boxed.rs",
        "// cargo-deps: alpha\nfn f() -> Result<u8, Box<dyn std::error::Error + Send + Sync>> { Ok(1) }\nprintln!(\"{}\", f()?);\n",
    );
    assert_eq!(desk.answers(&["boxed.rs"]), "1\n");
    assert_eq!(desk.prints(&["boxed.rs"]), "1\n");
    desk.box_
        .write("gone.rs", "std::fs::File::open(\"none\")?;\n");
    let run = desk.rust_script(&["gone"]).code(1);
    assert!(
        run.stderr
            .starts_with("Error: Os { code: 2, kind: NotFound"),
        "{}",
        run.stderr
    );
    // A debugger finds variables in what `--debug` builds.
    desk.box_.write("a.rs", "fn main() {}\n");
    let folder = desk.answers(&["-p", "a.rs"]);
    let root = Path::new(folder.trim()).parent().expect("a workspace");
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).expect("a manifest");
    assert!(
        manifest.contains("strip = true") && !manifest.contains("debug ="),
        "{manifest}"
    );
}

const VARIABLES: &str = "for name in [\"PATH\", \"BASE_PATH\", \"SAFE_NAME\", \"PKG_NAME\"] {\n\
    println!(\"{}\", std::env::var(format!(\"RUST_SCRIPT_{}\", name)).unwrap());\n}\n\
    println!(\"{}\", env!(\"RUST_SCRIPT_SAFE_NAME\"));\n";

#[test]
fn variables_at_build_and_at_run() {
    let desk = Desk::new();
    desk.box_.write("s/My 1.rs", VARIABLES);
    let (file, folder) = (desk.box_.path("s/My 1.rs"), desk.box_.path("s"));
    let (file, folder) = (file.display(), folder.display());
    let said = format!("{file}\n{folder}\nMy 1\nmy_1\nMy 1\n");
    assert_eq!(desk.answers(&["s/My 1.rs"]), said);
    assert_eq!(desk.prints(&["s/My 1.rs"]), said);
    let other = desk.box_.path("other");
    let said = format!("{file}\n{}\nMy 1\nmy_1\nMy 1\n", other.display());
    assert_eq!(desk.answers(&["-b", "other", "s/My 1.rs"]), said);
    let cwd = desk.box_.path("");
    let cwd = cwd.display().to_string();
    let said = format!("\n{}\nexpr\nexpr\nexpr\n", cwd.trim_end_matches('/'));
    assert_eq!(desk.answers(&["-e", VARIABLES]), said);
}

#[test]
fn what_is_included_by_the_base_path_is_tracked() {
    let desk = Desk::new();
    desk.box_.write("s/part.rs", "pub const PART: u8 = 1;\n");
    desk.box_.write("s/word.txt", "word");
    let code = "mod part { include!(concat!(env!(\"RUST_SCRIPT_BASE_PATH\"), \"/part.rs\")); }\n\
        fn main() { println!(\"{} {}\", part::PART, include_str!(concat!(env!(\"RUST_SCRIPT_BASE_PATH\"), \"/word.txt\"))); }\n";
    desk.box_.write("s/a.rs", code);
    desk.box_.write("s/front.rs", &format!("---\n---\n{code}"));
    for name in ["s/a.rs", "s/front.rs"] {
        desk.box_.write("s/part.rs", "pub const PART: u8 = 1;\n");
        assert_eq!(desk.answers(&[name]), "1 word\n");
        let before = desk.programs();
        desk.box_.write("s/part.rs", "pub const PART: u8 = 2;\n");
        assert_eq!(desk.answers(&[name]), "2 word\n");
        assert_eq!(desk.programs(), before);
        assert_eq!(desk.prints(&[name]), "2 word\n");
        assert_eq!(desk.prints_at_once(&[name]), "2 word\n");
    }
}

#[test]
fn packages_where_the_user_wants_them() {
    let desk = Desk::new();
    desk.box_.write(
        "a.rs",
        "// cargo-deps: alpha\nprintln!(\"{}\", alpha::says());\n",
    );
    for option in ["-p", "--package", "--gen-pkg-only"] {
        let folder = desk.answers(&[option, "a.rs"]);
        let run = desk.box_.cargo(folder.trim(), &["run", "-q"]);
        assert_eq!(run.stdout, "alpha\n", "{}", run.said());
    }
    assert_eq!(desk.programs(), 0, "nothing is built for it");
    let folder = desk.box_.path("out");
    let said = desk.answers(&["-p", "--pkg-path", "out", "a.rs"]);
    assert_eq!(said, format!("{}\n", folder.display()));
    assert_eq!(desk.box_.cargo("out", &["run", "-q"]).stdout, "alpha\n");
    std::fs::remove_dir_all(&folder).expect("removed");
    for _ in 0..2 {
        assert_eq!(desk.answers(&["--pkg-path", "out", "a.rs"]), "alpha\n");
        assert!(desk.box_.exists("out/Cargo.toml"));
    }
    desk.box_
        .write("mine/Cargo.toml", "[package]\nname = \"mine\"\n");
    let run = desk.rust_script(&["--pkg-path", "mine", "a.rs"]).code(1);
    assert!(run.stderr.contains("mine/Cargo.toml"), "{}", run.stderr);
    assert_eq!(
        desk.box_.read("mine/Cargo.toml"),
        "[package]\nname = \"mine\"\n"
    );
}

#[test]
fn tests_are_run_by_cargo() {
    let desk = Desk::with(
        "a.rs",
        "fn main() { println!(\"main\"); }\n#[test] fn good() { println!(\"seen {}\", env!(\"RUST_SCRIPT_SAFE_NAME\")); }\n#[test] fn bad() { assert!(false); }\n",
    );
    let run = desk
        .rust_script(&["--test", "a.rs", "good", "--", "--nocapture"])
        .code(0);
    assert!(
        run.stdout.contains("1 passed; 0 failed") && run.stdout.contains("seen a"),
        "{}",
        run.said()
    );
    let run = desk.rust_script(&["--test", "a.rs"]).code(101);
    assert!(run.stdout.contains("1 passed; 1 failed"), "{}", run.said());
    let run = desk.rust_script(&["--test", "a.rs", "--help"]).code(0);
    assert!(run.stdout.contains("cargo test"), "{}", run.said());
    assert_eq!(desk.answers(&["a.rs"]), "main\n");
    desk.rust_script(&["--test", "--bench", "a.rs"]).code(2);
}

#[test]
fn how_a_program_is_run() {
    let desk = Desk::with(
        "s/a.rs",
        "println!(\"{:?}\", std::env::args().collect::<Vec<_>>());\n",
    );
    assert_eq!(
        desk.answers(&["./s/a.rs", "--", "-x", "--"]),
        "[\"./s/a.rs\", \"--\", \"-x\", \"--\"]\n"
    );
    assert_eq!(
        desk.answers(&["--", "s/a", "--help"]),
        "[\"s/a\", \"--help\"]\n"
    );
    let said = desk.answers(&["-w", "env -u 'A B' A=1", "s/a.rs", "b c"]);
    assert!(said.ends_with("/a\", \"b c\"]\n"), "{said}");
    let said = desk.answers(&[
        "--wrapper",
        "/usr/bin/env",
        "-e",
        "std::env::args().count()",
        "x",
    ]);
    assert_eq!(said, "2\n");
    for wrong in ["", "'", "no-such-program-at-all"] {
        let run = desk.rust_script(&["-w", wrong, "s/a.rs"]).code(1);
        assert!(run.stderr.starts_with("error: "), "{wrong}: {}", run.stderr);
    }
    let run = desk.rust_script(&["none.rs"]).code(1);
    assert!(run.stderr.contains("none.rs"), "{}", run.stderr);
    desk.rust_script(&[]).code(2);
    let run = desk.rust_script(&["--version"]).code(0);
    assert!(run.stdout.starts_with("rust-script 0."), "{}", run.stdout);
    // A file in the working directory does not choose the toolchain.
    desk.box_.write(
        "rust-toolchain.toml",
        "[toolchain]\nchannel = \"non-existing\"\n",
    );
    desk.answers(&["s/a.rs"]);
    desk.answers(&["-f", "s/a.rs"]);
    std::fs::remove_file(desk.box_.path("rust-toolchain.toml")).expect("removed");
    for option in ["-c", "-o", "--cargo-output"] {
        let run = desk.rust_script(&["-f", option, "s/a.rs"]).code(0);
        assert!(run.stderr.contains("Finished"), "{option}: {}", run.stderr);
    }
    assert_eq!(
        desk.answers(&["--clear-cache"]),
        "rust-script cache cleared.\n"
    );
    assert_eq!(desk.programs(), 0);
    assert_eq!(desk.answers(&["--clear-cache", "-e", "1"]), "1\n");
}

#[test]
fn its_options_by_our_own_name() {
    let desk = Desk::with(
        "a.rs",
        "println!(\"{:?}\", std::env::args().skip(1).collect::<Vec<_>>());\n",
    );
    assert_eq!(
        desk.prints(&["-d", "alpha", "-e", "alpha::says()"]),
        "\"alpha\"\n"
    );
    assert_eq!(
        desk.prints_at_once(&["-d", "alpha", "-e", "alpha::says()"]),
        "\"alpha\"\n"
    );
    assert_eq!(desk.prints(&["-e", "cfg!(debug_assertions)"]), "true\n");
    assert_eq!(desk.prints(&["-cw", "env", "a.rs", "x"]), "[\"x\"]\n");
    assert_eq!(
        desk.prints(&["--debug", "-w", "env", "a.rs", "--", "x"]),
        "[\"x\"]\n"
    );
    desk.run(&["--debug", "--release", "a.rs"]).code(2);
    desk.run(&["-x", "alpha", "a.rs"]).code(2);
}
