//! Manifests in all forms, snippets, and mistakes with their place in the script.

use crate::scripts::desk::Desk;

/// A main that uses a crate from the registry.
const MAIN: &str = "fn main() { println!(\"{}\", beta::says()); }\n";

#[test]
fn manifests_in_all_forms() {
    let desk = Desk::new();
    let forms = [
        (
            "front",
            format!(
                "#!/usr/bin/env -S cargo sharedtarget run\n---\n[dependencies]\nbeta = \"1\"\n---\n{MAIN}"
            ),
        ),
        (
            "fence",
            format!("-----cargo\ndependencies.beta = \"1\"\n-----\n#![allow(unused)]\n{MAIN}"),
        ),
        (
            "crlf",
            format!(
                "---\r\n[dependencies]\r\nbeta = \"1\"\r\n---\r\n{}",
                MAIN.replace('\n', "\r\n")
            ),
        ),
        (
            "bom",
            format!("\u{feff}---\n[dependencies]\nbeta = \"1\"\n---\n{MAIN}"),
        ),
        (
            "block",
            format!(
                "#!/usr/bin/env rust-script\n//! What it does.\n//!\n//! ```cargo\n//! [dependencies]\n//! beta = \"1\"\n//! ```\n{MAIN}"
            ),
        ),
        (
            "stars",
            format!("/*!\n * ```cargo\n * [dependencies]\n * beta = \"1\"\n * ```\n */\n{MAIN}"),
        ),
        ("line", format!("// cargo-deps: beta\n{MAIN}")),
        (
            "table",
            format!("// cargo-deps: alpha=\"1\", beta={{ version = \"1.2\" }}\n{MAIN}"),
        ),
        (
            "toml",
            format!("/*[toml]\n[dependencies]\nbeta = \"1\"\n*/\n{MAIN}"),
        ),
        (
            "thag",
            "/*[toml]\n[package]\nedition = \"2018\"\n*/\nuse beta::says;\nfn main() { println!(\"{}\", says()); }\n".to_owned(),
        ),
    ];
    for (name, text) in &forms {
        desk.box_.write(&format!("{name}.rs"), text);
        assert_eq!(
            desk.prints(&[&format!("{name}.rs")]),
            "beta of alpha\n",
            "{name}"
        );
    }
    for (name, _) in &forms {
        assert_eq!(
            desk.prints_at_once(&[&format!("{name}.rs")]),
            "beta of alpha\n",
            "{name}"
        );
    }
    // Their dependencies were compiled once.
    let files = walkdir::WalkDir::new(desk.cache("target/debug")).into_iter();
    let names = files.map(|entry| entry.expect("an entry").into_path());
    let libraries = names.filter(|path| path.extension().is_some_and(|end| end == "rlib"));
    assert_eq!(libraries.count(), 2);
}

#[test]
fn what_no_manifest_names_is_found() {
    let desk = Desk::with(
        "a.rs",
        "use beta::says;\nprintln!(\"{} {}\", says(), alpha::says());\n",
    );
    let run = desk.run(&["a.rs"]).code(101);
    assert!(
        run.stderr
            .contains("note: it names alpha, beta, and no manifest does"),
        "{}",
        run.stderr
    );
    assert_eq!(desk.prints(&["--infer", "a.rs"]), "beta of alpha alpha\n");
    assert_eq!(
        desk.prints_at_once(&["--infer", "a.rs"]),
        "beta of alpha alpha\n"
    );
    // They are remembered: the next build does not ask for them.
    desk.box_
        .write("a.rs", "use beta::says;\nprintln!(\"{}!\", says());\n");
    assert_eq!(desk.prints(&["--infer", "a.rs"]), "beta of alpha!\n");
    desk.box_
        .write("b.rs", "\nprintln!(\"{}\", no_such_crate::says());\n");
    let run = desk.run(&["--infer", "b.rs"]).code(101);
    assert!(
        run.stderr
            .contains("b.rs:2:16: found no crate for `no_such_crate`"),
        "{}",
        run.stderr
    );
}

#[test]
fn snippets() {
    let desk = Desk::new();
    for (name, text, code, prints) in [
        ("one", "println!(\"{}\", 6 * 7)", 0, "42\n"),
        (
            "question",
            "let n: u8 = \"7\".parse()?;\nprintln!(\"{n}\");\n",
            0,
            "7\n",
        ),
        (
            "error",
            "#!/usr/bin/env x\nlet n: u8 = \"x\".parse()?;\nprintln!(\"{n}\");\n",
            1,
            "",
        ),
        (
            "items",
            "use std::fmt::Write as _;\nfn twice(n: u8) -> u8 { n * 2 }\nlet mut s = String::new();\nwrite!(s, \"{}\", twice(4))?;\nprintln!(\"{s}\");\nOk(())\n",
            0,
            "8\n",
        ),
        ("comment", "// only\n//! a comment\n", 0, ""),
        ("empty", "", 0, ""),
    ] {
        desk.box_.write(&format!("{name}.rs"), text);
        let run = desk.run(&[&format!("{name}.rs")]).code(code);
        assert_eq!(run.stdout, prints, "{name}");
    }
}

#[test]
fn mistakes_in_manifests_have_their_place() {
    let desk = Desk::new();
    for (text, place, word) in [
        (
            "#!x\n---\n[dependencies]\nbeta = 1 2\n---\n",
            "4:8",
            "manifest",
        ),
        (
            "//! x\n//! ```cargo\n//! [dependencies\n//! ```\n",
            "3:18",
            "manifest",
        ),
        ("// x\n/*[toml]\na = 'b\n*/\n", "3:7", "manifest"),
        ("//cargo-deps: a b\n", "1:15", "`a b`"),
        ("\n---\n[dependencies]\n", "3:15", "`---`"),
    ] {
        desk.box_.write("a.rs", text);
        let run = desk.run(&["a.rs"]).code(101);
        let expected = format!("error: {}:{place}: ", desk.box_.path("a.rs").display());
        assert!(run.stderr.starts_with(&expected), "{text}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{text}: {}", run.stderr);
    }
    desk.box_
        .write("a.rs", "//! ```cargo\n//!\n//! [lib]\n//! ```\n");
    let run = desk.run(&["a.rs"]).code(101);
    assert!(
        run.stderr
            .contains("a.rs: in the manifest on lines 1 to 4: ")
            && run.stderr.contains("`lib`"),
        "{}",
        run.stderr
    );
    assert!(!desk.cache("bins").exists());
}

#[test]
fn the_compiler_points_at_the_script() {
    let desk = Desk::new();
    let place = |name: &str, text: &str, place: &str| {
        desk.box_.write(name, text);
        let run = desk.run(&[name]).code(101);
        let expected = format!("--> {}:{place}\n", desk.box_.path(name).display());
        assert!(
            run.stderr.contains(&expected),
            "{name}: no {expected} in {}",
            run.stderr
        );
        assert!(!run.stderr.contains("main.rs"), "{name}: {}", run.stderr);
    };
    place(
        "plain.rs",
        "fn main() {\n    let x: u8 = \"a\";\n}\n",
        "2:17",
    );
    place(
        "front.rs",
        "---\n[dependencies]\n---\nfn main() { let x: u8 = \"a\"; }\n",
        "4:25",
    );
    place("snippet.rs", "let x: u8 = \"a\";\n", "1:13");
    place(
        "later.rs",
        "use std::fs;\n\nlet x: u8 = \"ü\"; let y: u8 = 'b';\n",
        "3:30",
    );
    place(
        "included.rs",
        "---\n---\nfn main() { print!(\"{}\", include_str!(\"w\")); let x: u8 = \"a\"; }\n",
        "3:58",
    );
    desk.box_.write("w", "");
}

#[test]
fn panics_and_macros_name_the_script() {
    let desk = Desk::new();
    for (name, text) in [
        (
            "plain.rs",
            "fn main() {\n println!(\"{} {}\", file!(), line!());\n panic!(\"oh\"); }\n",
        ),
        (
            "front.rs",
            "---\n---\nfn main() { println!(\"{} {}\", file!(), line!() - 1);\n\n panic!(\"oh\"); }\n",
        ),
    ] {
        desk.box_.write(name, text);
        let run = desk.run(&[name]).code(101);
        let path = desk.box_.path(name).display().to_string();
        assert_eq!(run.stdout, format!("{path} 2\n"));
        assert!(
            run.stderr.contains(&format!("panicked at {path}:")),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn paths_are_relative_to_the_script() {
    let desk = Desk::new();
    desk.box_.write("s/word.txt", "word");
    desk.box_.write("s/part.rs", "pub const PART: u8 = 1;\n");
    desk.box_
        .write("s/deep/mod.rs", "pub const DEEP: u8 = 2;\n");
    desk.box_.write("s/inc.rs", "3");
    let code = "mod part;\nmod deep;\nfn main() { println!(\"{} {} {} {}\", include_str!(\"word.txt\"), part::PART, deep::DEEP, include!(\"inc.rs\")); }\n";
    for (name, text) in [
        ("plain", code.to_owned()),
        ("front", format!("---\n---\n{code}")),
    ] {
        desk.box_.write(&format!("s/{name}.rs"), &text);
        assert_eq!(
            desk.prints(&[&format!("s/{name}.rs")]),
            "word 1 2 3\n",
            "{name}"
        );
    }
    desk.box_.write("s/part.rs", "pub const PART: u8 = 9;\n");
    assert_eq!(desk.prints_built(&["s/plain.rs"]), "word 9 2 3\n");
    assert_eq!(desk.prints_built(&["s/front.rs"]), "word 9 2 3\n");
}

#[test]
fn tests_of_a_script() {
    let desk = Desk::with(
        "a.rs",
        "---\n---\nfn main() { println!(\"main\"); }\n#[test] fn good() {}\n#[test] fn bad() { assert!(false); }\n",
    );
    let run = desk.run(&["--test", "a.rs", "good"]).code(0);
    assert!(run.stdout.contains("1 passed; 0 failed"), "{}", run.said());
    let run = desk.run(&["--test", "--release", "a.rs"]).code(101);
    assert!(run.stdout.contains("1 passed; 1 failed"), "{}", run.said());
    assert!(run.said().contains("a.rs:5:20"), "{}", run.said());
    assert_eq!(desk.prints(&["a.rs"]), "main\n");
}

#[test]
fn what_is_built_and_where() {
    let desk = Desk::with(
        "a.rs",
        "---\n[dependencies]\nalpha = \"1\"\n---\nfn main() { println!(\"hi\"); }\n",
    );
    let package = desk.prints(&["--package-dir", "a.rs"]);
    let manifest = std::fs::read_to_string(std::path::Path::new(package.trim()).join("Cargo.toml"))
        .expect("a manifest");
    assert!(
        manifest.contains("name = \"a\"") && manifest.contains("alpha"),
        "{manifest}"
    );
    assert!(!desk.cache("bins").exists(), "nothing is built for it");
    let program = desk.prints(&["--build-only", "a.rs"]);
    let run = desk.box_.command(program.trim(), "", &[]).code(0);
    assert_eq!(run.stdout, "hi\n");
    assert_eq!(desk.prints_at_once(&["--build-only", "a.rs"]), program);
    assert_eq!(desk.prints_built(&["--force", "a.rs"]), "hi\n");
}

#[test]
fn modules_of_modules_are_not_mistaken() {
    let desk = Desk::new();
    desk.box_.write("n.rs", "pub mod a;\n");
    desk.box_
        .write("n/a.rs", "pub const A: &str = \"right\";\n");
    desk.box_.write("a.rs", "pub const A: &str = \"wrong\";\n");
    let code = "mod n;\nmod a;\nfn main() { let _ = a::A; println!(\"{}\", n::a::A); }\n";
    desk.box_.write("plain.rs", code);
    desk.box_
        .write("comment.rs", &format!("//! ```cargo\n//! ```\n{code}"));
    desk.box_.write("front.rs", &format!("---\n---\n{code}"));
    for name in ["plain.rs", "comment.rs", "front.rs"] {
        assert_eq!(desk.prints(&[name]), "right\n", "{name}");
    }
}

#[test]
fn copies_have_modules_of_modules() {
    let desk = Desk::new();
    desk.box_.write("n.rs", "mod a;\npub fn word() -> String { format!(\"{} {}\", a::b::WORD, include_str!(\"n.txt\")) }\n");
    desk.box_.write("n.txt", "text");
    desk.box_.write("n/a.rs", "pub mod b;\n");
    desk.box_
        .write("n/a/b.rs", "pub const WORD: &str = \"deep\";\n");
    desk.box_
        .write("a.rs", "fn wrong() { let x: u8 = \"\"; }\n");
    for (name, text) in [
        (
            "front.rs",
            "---\n---\nmod n;\nfn main() { println!(\"{}\", n::word()); }\n",
        ),
        ("snippet.rs", "mod n;\nprintln!(\"{}\", n::word());\n"),
    ] {
        desk.box_
            .write("n/a/b.rs", "pub const WORD: &str = \"deep\";\n");
        desk.box_.write(name, text);
        // A file that was written in the tick in which a build begins may have changed since, and the program is not
        // kept.
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(desk.prints(&[name]), "deep text\n");
        assert_eq!(desk.prints_at_once(&[name]), "deep text\n");
        // Each file counts, also one that is compiled from a copy.
        desk.box_
            .write("n/a/b.rs", "pub const WORD: &str = \"low\";\n");
        assert_eq!(desk.prints_built(&[name]), "low text\n");
        desk.box_.write(
            "n/a.rs",
            "pub mod b { pub const WORD: &str = \"inner\"; }\n",
        );
        assert_eq!(desk.prints_built(&[name]), "inner text\n");
        desk.box_.write("n/a.rs", "pub mod b;\n");
        assert_eq!(desk.prints_built(&[name]), "low text\n");
        desk.box_
            .write("n/a.rs", "pub mod b;\nconst X: u8 = \"\";\n");
        let run = desk.run(&[name]).code(101);
        let place = format!("--> {}:2:15\n", desk.box_.path("n/a.rs").display());
        assert!(run.stderr.contains(&place), "{}", run.stderr);
        desk.box_.write("n/a.rs", "pub mod b;\n");
    }
}

#[test]
fn brackets_may_nest_deeply() {
    let desk = Desk::new();
    let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    // Without optimisation our own parser needs three times the stack.
    let (deep, half) = (nested(16_000), nested(5_000));
    for (name, text) in [
        (
            "plain.rs",
            format!(
                "#![allow(unused)]\nfn main() {{ println!(\"{{}}\", {{ let x = {deep}; x }}); }}\n"
            ),
        ),
        (
            "front.rs",
            format!(
                "---\n---\n#![allow(unused)]\nfn main() {{ let x = {deep}; println!(\"{{x}}\"); }}\n"
            ),
        ),
        (
            "snippet.rs",
            format!("#![allow(unused)]\nlet x = {half};\nprintln!(\"{{x}}\");\n"),
        ),
    ] {
        desk.box_.write(name, &text);
        assert_eq!(desk.prints(&[name]), "1\n", "{name}");
        assert_eq!(desk.prints_at_once(&[name]), "1\n", "{name}");
    }
}

#[test]
fn a_macro_that_includes_finds_nothing_else() {
    let code = "macro_rules! inc { ($x:expr) => { include_str!($x) } }\nfn main() { println!(\"{}\", inc!(\"Cargo.toml\").len()); }\n";
    let desk = Desk::with("front.rs", &format!("---\n---\n{code}"));
    desk.box_.write("plain.rs", code);
    desk.box_.write("Cargo.toml", "# mine\n");
    assert_eq!(desk.prints(&["plain.rs"]), "7\n");
    let run = desk.run(&["front.rs"]).code(101);
    assert!(
        run.stderr.contains("note: it is compiled from a copy"),
        "{}",
        run.stderr
    );
}

#[test]
fn names_that_get_in_the_way() {
    let desk = Desk::new();
    desk.box_
        .write("alpha.rs", "println!(\"{}\", alpha::says());\n");
    assert_eq!(desk.prints(&["--infer", "alpha.rs"]), "alpha\n");
    let long = "l".repeat(230);
    for name in ["...rs", "..rs", &long] {
        desk.box_.write(
            &format!("d/{name}"),
            "---\n---\nfn main() { println!(\"{}\", file!()); }\n",
        );
        let path = desk.box_.path("d").join(name);
        assert_eq!(
            desk.prints(&[&format!("d/{name}")]),
            format!("{}\n", path.display())
        );
    }
    desk.box_
        .write("a=b/x.rs", "---\n---\nfn main() { let x: u8 = \"\"; }\n");
    let run = desk.run(&["a=b/x.rs"]).code(101);
    assert!(run.stderr.contains("a=b/x.rs:3:25"), "{}", run.stderr);
}

#[test]
fn what_cargo_finds_wrong_leads_to_the_script() {
    let desk = Desk::with(
        "a.rs",
        "\n---\n[dependencies]\nno-such-crate = \"1\"\n---\nfn main() {}\n",
    );
    let run = desk.run(&["a.rs"]).code(101);
    let note = format!(
        "note: Cargo's manifest is made from lines 2 to 5 of {}",
        desk.box_.path("a.rs").display()
    );
    assert!(run.stderr.contains(&note), "{}", run.stderr);
    // A broken lock file of ours is none of the user's business.
    desk.box_.write(
        "a.rs",
        "---\n[dependencies]\nalpha = \"1\"\n---\nfn main() { println!(\"{}\", alpha::says()); }\n",
    );
    let package = desk.prints(&["--package-dir", "a.rs"]);
    let workspace = std::path::Path::new(package.trim())
        .parent()
        .expect("a workspace");
    std::fs::write(workspace.join("Cargo.lock"), "[[").expect("written");
    assert_eq!(desk.prints(&["a.rs"]), "alpha\n");
}
