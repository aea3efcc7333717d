//! This program by the name `thag`: options, manifests and configuration of thag.

use std::path::Path;

use crate::registry::{Registry, once, sandbox_with};
use crate::sandbox::Run;
use crate::scripts::desk::Desk;

/// Code of a crate that says which of some features it has.
fn says(crate_: &str, features: &[&str]) -> String {
    let pushes = features
        .iter()
        .map(|name| format!("if cfg!(feature = \"{name}\") {{ all.push(\"{name}\"); }}\n"));
    let pushes: String = pushes.collect();
    format!(
        "pub fn says() -> String {{\n#[allow(unused_mut)] let mut all: Vec<&str> = vec![\"{crate_}\"];\n{pushes}all.join(\" \")\n}}\n"
    )
}

/// A desk whose registry has crates with features, with another name for their library, and one of thag's own.
fn desk() -> Desk {
    let prepared = once("thag", |folder| {
        let registry = Registry::new(folder);
        for (name, features, more) in [
            ("alpha", &[][..], ""),
            (
                "gamma",
                &["derive", "extra"],
                "[features]\nderive = []\nextra = []",
            ),
            (
                "clap",
                &["cargo", "color", "derive"],
                "[features]\ncargo = []\ncolor = []\nderive = []\ndefault = [\"color\"]",
            ),
            ("md5", &[], ""),
            ("thag_common", &[], ""),
            ("two-words", &[], ""),
        ] {
            let code = says(name, features);
            registry.publish((name, "1.0.0"), &[], more, &[("src/lib.rs", &code)]);
        }
        let foreign = "compile_error!(\"a foreign crate\");";
        registry.publish(("io", "1.0.0"), &[], "", &[("src/lib.rs", foreign)]);
        let code = says("md-5", &[]);
        let library = "[lib]\nname = \"md5\"";
        registry.publish(("md-5", "1.0.0"), &[], library, &[("src/lib.rs", &code)]);
        let code = "pub fn says() -> String { format!(\"beta of {}\", alpha::says()) }\n";
        registry.publish(("beta", "1.2.0"), &["alpha"], "", &[("src/lib.rs", code)]);
    });
    let mut box_ = sandbox_with(&prepared);
    let cache = box_.outside("cache");
    box_.env("CARGO_SHAREDTARGET_CACHE_DIR", cache);
    Desk { box_ }
}

impl Desk {
    fn thag_link(&self) -> String {
        let link = self.box_.outside("bin/thag");
        if !link.exists() {
            std::fs::create_dir_all(link.parent().expect("a folder")).expect("a folder");
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_cargo-sharedtarget"), &link)
                .expect("a link");
        }
        link.display().to_string()
    }

    /// Runs this program by the name `thag`, with any exit code.
    fn thag(&self, args: &[&str]) -> Run {
        self.box_.command(&self.thag_link(), "", args)
    }

    /// The same with variables; what it prints.
    #[track_caller]
    fn thag_with(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let mut command = self.box_.prepared(self.thag_link(), "", args);
        command.envs(variables.iter().copied());
        Run::from(command.output().expect("our program"))
            .code(0)
            .stdout
    }

    /// The same with a text on standard input.
    #[track_caller]
    fn thag_filters(&self, args: &[&str], input: &str) -> String {
        let text = self.box_.outside("input");
        std::fs::write(&text, input).expect("written");
        let mut command = self.box_.prepared(self.thag_link(), "", args);
        command.stdin(std::fs::File::open(&text).expect("a file"));
        Run::from(command.output().expect("our program"))
            .code(0)
            .stdout
    }

    /// Runs it; it has to end well.
    #[track_caller]
    fn thag_prints(&self, args: &[&str]) -> String {
        self.thag(args).code(0).stdout
    }

    /// Writes thag's configuration.
    fn configure(&self, text: &str) {
        let file = self.box_.outside("home/.config/thag_rs/config.toml");
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("written");
    }

    /// Writes a package with a library.
    fn library(&self, folder: &str, name: &str, code: &str) {
        self.box_.write(
            &format!("{folder}/Cargo.toml"),
            &format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n"),
        );
        self.box_.write(&format!("{folder}/src/lib.rs"), code);
    }
}

#[test]
fn snippets_print_their_value() {
    let desk = desk();
    for (text, prints) in [
        ("println!(\"hello\");", "hello\n"),
        (
            "//: Title\n//# Purpose: show\n//# Categories: basic\nlet x = 6;\nx * 7\n",
            "42\n",
        ),
        ("/// Doc\nlet x = \"a\";\nx", "\"a\"\n"),
        ("let v = vec![1, 2];\nv.iter().max()", "Some(2)\n"),
        ("fn f() -> u8 { 7 }\nf()", "7\n"),
        ("fn f() { println!(\"f\") }\nf()", "f\n"),
        // Imports of thag, and the same ones of the snippet itself.
        (
            "use std::io;\nlet mut out = io::stdout();\nout.write_all(b\"x\\n\")?;",
            "x\n",
        ),
        (
            "let e: Box<dyn Error> = \"boom\".into();\nprintln!(\"{e}\");",
            "boom\n",
        ),
        (
            "let mut text = String::new();\nio::stdin().read_to_string(&mut text)?;\ntext.len()",
            "0\n",
        ),
        (
            "#![allow(dead_code)]\nuse std::fmt::Debug;\nstruct S;\nfn f(x: impl Debug) { println!(\"{x:?}\") }\nf(1);",
            "1\n",
        ),
        ("fn main() { println!(\"main\") }", "main\n"),
    ] {
        desk.box_.write("a.rs", text);
        assert_eq!(desk.thag_prints(&["a.rs"]), prints, "{text}");
        // Both read from standard input, too.
        if !text.contains("stdin") {
            assert_eq!(desk.thag_filters(&["-s"], text), prints, "{text}");
        }
    }
    for (args, prints) in [
        (&["-e", "1 + 1"][..], "2\n"),
        (&["--expr", "let a = 2; a * a"], "4\n"),
        (&["-e", "\"text\""], "\"text\"\n"),
        (&["-u", "-e", "\"text\""], "text\n"),
        (&["-u", "false", "-e", "\"text\""], "\"text\"\n"),
        (&["-e", "println!(\"x\")"], "x\n"),
        (&["-e", "alpha::says()"], "\"alpha\"\n"),
        (&["-qq", "-f", "-t", "-m", "-e", "1"], "1\n"),
    ] {
        assert_eq!(desk.thag_prints(args), prints, "{args:?}");
    }
    desk.configure("[misc]\nunquote = true\n");
    assert_eq!(desk.thag_prints(&["-e", "\"text\""]), "text\n");
    // The program is kept, and the place of a mistake is the user's.
    let run = desk.thag(&["-e", "1 + 1"]).code(0);
    assert_eq!(
        (&*run.stdout, run.stderr.contains("Compiling")),
        ("2\n", true)
    );
    let run = desk.thag(&["-e", "1 + 1"]).code(0);
    assert_eq!((&*run.stdout, &*run.stderr), ("2\n", ""));
    let run = desk.thag(&["-e", "let x = 1;\nx + y"]).code(1);
    assert!(run.stderr.contains("--> <expr>:2:5"), "{}", run.stderr);
}

#[test]
fn loops_over_lines() {
    let desk = desk();
    let lines = "one\nthree\n";
    for (args, prints) in [
        (&["-l", "line.len()"][..], "3\n5\n"),
        (&["--loop", "println!(\"{i} {line}\")"], "1 one\n2 three\n"),
        (&["-l", "let n = line.len(); n * 2"], "6\n10\n"),
        (
            &[
                "-B",
                "let mut all = 0;",
                "-E",
                "println!(\"{all}\");",
                "-l",
                "all += line.len();",
            ],
            "8\n",
        ),
        (
            &[
                "-M",
                "[dependencies]\nalpha = \"1\"",
                "-l",
                "alpha::says() + &line",
            ],
            "\"alphaone\"\n\"alphathree\"\n",
        ),
    ] {
        assert_eq!(desk.thag_filters(args, lines), prints, "{args:?}");
    }
    for wrong in [&["-B", "x();", "a.rs"][..], &["-l", "1", "-e", "1"]] {
        assert!(desk.thag(wrong).code != Some(0), "{wrong:?}");
    }
}

#[test]
fn crates_that_only_the_code_names() {
    let desk = desk();
    let manifest = "/*[toml]\n[dependencies]\nalpha = \"1\"\n";
    for (name, text, prints) in [
        (
            "none",
            "use beta::says;\nsays()",
            "\"beta of alpha\"\n".to_owned(),
        ),
        (
            "more",
            &format!(
                "{manifest}*/\nuse beta as b;\nformat!(\"{{}} {{}}\", alpha::says(), b::says())"
            ),
            "\"alpha beta of alpha\"\n".to_owned(),
        ),
        (
            "dash",
            "extern crate two_words;\ntwo_words::says()",
            "\"two-words\"\n".to_owned(),
        ),
        // The manifest's features name a crate that the manifest does not.
        (
            "feature",
            "/*[toml]\n[features]\ndefault = [\"gamma/extra\"]\n*/\ngamma::says()",
            "\"gamma derive extra\"\n".to_owned(),
        ),
        (
            "optional",
            "/*[toml]\n[dependencies]\nalpha = { version = \"1\", optional = true }\n[features]\ndefault = [\"gamma/extra\", \"own\"]\nown = [\"dep:alpha\"]\n*/\ngamma::says() + &alpha::says()",
            "\"gamma derive extraalpha\"\n".to_owned(),
        ),
        // Its features are the manifest's, where that names it.
        (
            "named",
            "/*[toml]\n[dependencies]\ngamma = \"1\"\n*/\ngamma::says()",
            "\"gamma\"\n".to_owned(),
        ),
        (
            "target",
            "/*[toml]\n[target.'cfg(unix)'.dependencies]\ngamma = \"1\"\n*/\ngamma::says()",
            "\"gamma\"\n".to_owned(),
        ),
        // A module of the standard library is no crate, and quoted code names none.
        (
            "module",
            "fn text(error: io::Error) -> String { error.to_string() }\ntext(io::Error::other(\"x\"))",
            "\"x\"\n".to_owned(),
        ),
        ("quoted", "stringify!(::io::x()).len()", "9\n".to_owned()),
        (
            "default",
            "clap::says()",
            "\"clap cargo color derive\"\n".to_owned(),
        ),
    ] {
        desk.box_.write(&format!("{name}.rs"), text);
        let file = format!("{name}.rs");
        assert_eq!(desk.thag_prints(&[&file]), prints, "{text}");
        let run = desk.thag(&[&file]).code(0);
        assert_eq!(run.stderr, "", "it was built again: {text}");
        if text.contains("[toml]") {
            assert_eq!(desk.prints(&[&file]), prints, "{text}");
        }
    }
    // By the first line, and by an option.
    desk.box_
        .write("line.rs", "#! /usr/bin/env thag\n/// Doc\ngamma::says()");
    assert_eq!(desk.prints(&["line.rs"]), "\"gamma derive\"\n");
    desk.box_.write("plain.rs", "gamma::says()");
    assert_eq!(
        desk.prints(&["--as", "thag", "plain.rs"]),
        "\"gamma derive\"\n"
    );
    assert_eq!(desk.prints(&["--as", "thag", "-e", "6 * 7"]), "42\n");
    desk.run(&["plain.rs"]).code(101);
    // Which, and with what, is a matter of the configuration and of an option.
    assert_eq!(desk.thag_prints(&["-i", "min", "plain.rs"]), "\"gamma\"\n");
    let run = desk.thag(&["--infer", "none", "plain.rs"]).code(1);
    assert!(
        run.stderr.contains("`--infer config` adds them"),
        "{}",
        run.stderr
    );
    let run = desk.thag(&["--infer", "max", "-f", "default.rs"]).code(1);
    assert!(run.stderr.contains("`max` is unknown"), "{}", run.stderr);
    assert_eq!(desk.thag_prints(&["plain.rs"]), "\"gamma derive\"\n");
    desk.configure(
        "[dependencies]\nalways_include_features = []\n\
         [dependencies.feature_overrides.gamma]\nrequired_features = [\"extra\", \"no-such\"]\n\
         [dependencies.feature_overrides.clap]\ndefault_features = false\n",
    );
    assert_eq!(desk.thag_prints(&["plain.rs"]), "\"gamma extra\"\n");
    assert_eq!(desk.thag_prints(&["default.rs"]), "\"clap\"\n");
    assert_eq!(desk.thag_prints(&["named.rs"]), "\"gamma\"\n");
    desk.configure("[dependencies]\ninference_level = \"none\"\n");
    desk.thag(&["plain.rs"]).code(1);
    desk.configure("[dependencies]\ninference_level = 1\n");
    let run = desk.thag(&["plain.rs"]).code(1);
    assert!(
        run.stderr.contains("thag_rs/config.toml:2:"),
        "{}",
        run.stderr
    );
    // A script of Cargo's is none of thag's.
    desk.box_.write("own.rs", "fn main() { println!(\"own\") }");
    assert_eq!(desk.prints(&["own.rs"]), "own\n");
}

#[test]
fn no_crate_takes_the_place_of_one_that_the_manifest_names() {
    let desk = desk();
    let with = |name: &str| format!("/*[toml]\n[dependencies]\n{name} = \"1\"\n*/\nmd5::says()");
    // The library of `md-5` is called as another crate is.
    desk.box_.write("a.rs", &with("md-5"));
    assert_eq!(desk.thag_prints(&["a.rs"]), "\"md-5\"\n");
    desk.box_.write("b.rs", "md5::says()");
    assert_eq!(desk.thag_prints(&["b.rs"]), "\"md5\"\n");
    // A crate that was added goes when the manifest names one.
    desk.box_.write("b.rs", &with("md-5"));
    assert_eq!(desk.thag_prints(&["b.rs"]), "\"md-5\"\n");
    desk.box_.write("b.rs", &with("alpha"));
    assert_eq!(desk.thag_prints(&["b.rs"]), "\"md5\"\n");
    // Also with an alias, and where only `--infer` asks for crates.
    desk.box_.write(
        "c.rs",
        "/*[toml]\n[dependencies]\nmd5 = { package = \"alpha\", version = \"1\" }\n*/\nmd5::says()",
    );
    assert_eq!(desk.thag_prints(&["c.rs"]), "\"alpha\"\n");
    desk.box_.write("d.rs", "---\n[dependencies]\nmd-5 = { version = \"1\", optional = true }\n[features]\ndefault = [\"md-5\"]\n---\nprintln!(\"{}\", md5::says());\n");
    assert_eq!(desk.prints(&["--infer", "d.rs"]), "md-5\n");
    // A manifest that cannot be resolved gets none.
    desk.box_.write("e.rs", &with("no-such-crate"));
    let run = desk.thag(&["e.rs"]).code(1);
    assert!(
        run.stderr.contains("no crate is added to its manifest"),
        "{}",
        run.stderr
    );
}

#[test]
fn places_of_thags_own_crates() {
    let desk = desk();
    let text = "/*[toml]\n[dependencies]\nthag_common = { version = \"1, thag-auto\" }\n*/\nthag_common::says()";
    desk.box_.write("a.rs", text);
    assert_eq!(desk.thag_prints(&["a.rs"]), "\"thag_common\"\n");
    assert_eq!(desk.prints(&["a.rs"]), "\"thag_common\"\n");
    let code = |place: &str| format!("pub fn says() -> &'static str {{ \"{place}\" }}\n");
    desk.library("dev/thag_common", "thag_common", &code("dev"));
    desk.library("work/thag_common", "thag_common", &code("work"));
    let path = |folder: &str| desk.box_.path(folder).display().to_string();
    let (dev, work) = (path("dev"), path("work"));
    assert_eq!(
        desk.thag_with(&["a.rs"], &[("THAG_DEV_PATH", &dev)]),
        "\"dev\"\n"
    );
    assert_eq!(
        desk.thag_with(&["a.rs"], &[("THAG_DEV_PATH", "dev")]),
        "\"dev\"\n"
    );
    assert_eq!(
        desk.thag_with(
            &["a.rs"],
            &[
                ("CI", "1"),
                ("GITHUB_WORKSPACE", &work),
                ("THAG_DEV_PATH", &dev)
            ]
        ),
        "\"work\"\n"
    );
    // A change there is seen, and the variable decides again each time.
    desk.library("dev/thag_common", "thag_common", &code("changed"));
    assert_eq!(
        desk.thag_with(&["a.rs"], &[("THAG_DEV_PATH", &dev)]),
        "\"changed\"\n"
    );
    assert_eq!(desk.thag_prints(&["a.rs"]), "\"thag_common\"\n");
    // A branch of a repository.
    desk.library("repository/thag_common", "thag_common", &code("branch"));
    for args in [
        &["init", "-q", "-b", "next"][..],
        &["add", "."],
        &["commit", "-q", "-m", "one"],
    ] {
        desk.box_.command("git", "repository", args).code(0);
    }
    let url = format!("file://{}", path("repository"));
    let variables = [
        ("THAG_GIT_REPO", &*url),
        ("THAG_GIT_REF", "next"),
        ("CARGO_NET_OFFLINE", "false"),
    ];
    assert_eq!(desk.thag_with(&["a.rs"], &variables), "\"branch\"\n");
    let mut gone = desk.box_.prepared(desk.thag_link(), "", &["a.rs"]);
    let gone = Run::from(
        gone.env("THAG_DEV_PATH", "none")
            .output()
            .expect("our program"),
    );
    assert!(
        gone.stderr.contains("found no folder") && gone.stderr.contains("THAG_DEV_PATH"),
        "{}",
        gone.stderr
    );
}

#[test]
fn crates_in_folders_of_the_configuration() {
    let desk = desk();
    let code = |place: &str| format!("pub fn says() -> &'static str {{ \"{place}\" }}\n");
    desk.box_
        .write("a.rs", "use thag_demo_proc_macros::says;\nsays()");
    let run = desk.thag(&["a.rs"]).code(1);
    assert!(
        run.stderr
            .contains("found no crate `thag_demo_proc_macros`"),
        "{}",
        run.stderr
    );
    desk.library("demo/proc_macros", "thag_demo_proc_macros", &code("demo"));
    assert_eq!(desk.thag_prints(&["a.rs"]), "\"demo\"\n");
    desk.library(
        "demo/proc_macros",
        "thag_demo_proc_macros",
        &code("changed"),
    );
    assert_eq!(desk.thag_prints(&["a.rs"]), "\"changed\"\n");
    desk.library("mine", "thag_demo_proc_macros", &code("mine"));
    let mine = desk.box_.path("mine").display().to_string();
    desk.configure(&format!(
        "[proc_macros]\ndemo_proc_macro_crate_path = \"{mine}\"\n"
    ));
    assert_eq!(desk.thag_prints(&["a.rs"]), "\"mine\"\n");
    // A manifest that names it is what counts.
    desk.box_.write(
        "b.rs",
        "/*[toml]\n[dependencies]\nthag_demo_proc_macros = { path = \"demo/proc_macros\" }\n*/\nthag_demo_proc_macros::says()",
    );
    assert_eq!(desk.thag_prints(&["b.rs"]), "\"changed\"\n");
}

#[test]
fn options_in_place_of_a_run() {
    let desk = desk();
    desk.box_.write(
        "s/a.rs",
        "fn main() { println!(\"{} {:?}\", cfg!(debug_assertions), std::env::args().skip(1).collect::<Vec<_>>()); std::process::exit(7) }\n\
         #[test] fn good() {}\n#[test] fn bad() { assert!(false) }\n",
    );
    let run = desk.thag(&["s/a.rs", "--", "-x", "--", "b"]).code(7);
    assert_eq!(run.stdout, "true [\"-x\", \"--\", \"b\"]\n");
    let built = desk.thag_prints(&["-b", "s/a.rs"]);
    assert!(Path::new(built.trim()).is_file(), "{built}");
    let package = desk.thag_prints(&["-g", "s/a.rs"]);
    assert!(
        Path::new(package.trim()).join("Cargo.toml").is_file(),
        "{package}"
    );
    let checked = desk.thag(&["-c", "s/a.rs"]).code(0);
    assert!(checked.stderr.contains("Finished"), "{}", checked.stderr);
    let tree = desk.thag_prints(&["s/a.rs", "-A", "--", "tree"]);
    assert!(tree.starts_with("a v0.0.1"), "{tree}");
    let tests = desk.thag(&["-T", "s/a.rs", "--", "good"]).code(0);
    assert!(
        tests.stdout.contains("test good ... ok"),
        "{}",
        tests.stdout
    );
    let tests = desk.thag(&["-T", "s/a.rs"]).code(101);
    assert!(
        tests.stdout.contains("test bad ... FAILED"),
        "{}",
        tests.stdout
    );
    // A module without a `main`.
    desk.box_.write("s/module.rs", "fn two() -> u8 { 2 }\n#[cfg(test)] mod tests { #[test] fn is_two() { assert_eq!(super::two(), 2) } }\n");
    let tests = desk.thag(&["-T", "s/module.rs"]).code(0);
    assert!(
        tests.stdout.contains("test tests::is_two ... ok"),
        "{}",
        tests.stdout
    );
    desk.box_.write(
        "s/b.rs",
        "/*[toml]\n[features]\nx = []\n*/\ncfg!(feature = \"x\")",
    );
    assert_eq!(desk.thag_prints(&["s/b.rs"]), "false\n");
    assert_eq!(desk.thag_prints(&["--features", "x", "s/b.rs"]), "true\n");
    // The program is installed where Cargo's own are, and replaces none without being told.
    let home = desk.box_.outside("own-home");
    std::fs::create_dir_all(&home).expect("a folder");
    let install = |args: &[&str]| {
        let mut command = desk.box_.prepared(desk.thag_link(), "", args);
        Run::from(
            command
                .env("CARGO_HOME", &home)
                .output()
                .expect("our program"),
        )
    };
    let run = install(&["-x", "s/a.rs"]).code(0);
    let program = home.join("bin/a");
    assert_eq!(run.stdout.trim(), program.display().to_string());
    let installed = desk
        .box_
        .command(&program.display().to_string(), "", &["z"])
        .code(7);
    assert_eq!(installed.stdout, "false [\"z\"]\n");
    let run = install(&["-x", "s/a.rs"]).code(1);
    assert!(run.stderr.contains("is there already"), "{}", run.stderr);
    install(&["-x", "-f", "s/a.rs"]).code(0);
    // The cache, and what is unknown.
    desk.thag(&["--clean", "bins"]).code(0);
    assert!(!Path::new(built.trim()).exists());
    desk.thag(&["--clean"]).code(0);
    assert!(!desk.cache("target").join("debug").exists());
    for (wrong, says) in [
        (&["-r"][..], "`--rapid` of thag is unknown here"),
        (&["-d"], "`--edit` of thag is unknown here"),
        (&["-C"], "thag_rs/config.toml"),
        (&["s/a.rs", "-A"], "expected a subcommand"),
        (&["none.rs"], "none.rs"),
    ] {
        let run = desk.thag(wrong).code(1);
        assert!(run.stderr.contains(says), "{wrong:?}: {}", run.stderr);
    }
    desk.thag(&["s/a.rs", "word"]).code(2);
    assert!(
        desk.thag_prints(&["--version"])
            .starts_with("thag 1.1.0 (cargo-sharedtarget ")
    );
}
