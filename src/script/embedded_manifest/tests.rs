use super::*;

fn dependency(text: &str) -> (Form, String) {
    let embedded = find(text).unwrap_or_else(|problem| panic!("{text}: {}", problem.message));
    let named = embedded
        .table
        .get("dependencies")
        .and_then(|table| table.get("a"));
    (
        embedded.form,
        named
            .map(ToString::to_string)
            .unwrap_or_default()
            .trim()
            .to_owned(),
    )
}

#[test]
fn all_forms() {
    for (text, form) in [
        (
            "---\n[dependencies]\na = \"1\"\n---\nfn main() {}\n",
            Form::Frontmatter,
        ),
        (
            "---cargo\n[dependencies]\na = \"1\"\n---\n",
            Form::Frontmatter,
        ),
        (
            "#!/usr/bin/env x\n\n----- cargo \n[dependencies]\na = \"1\"\n-----\n",
            Form::Frontmatter,
        ),
        (
            "\u{feff}---\r\n[dependencies]\r\na = \"1\"\r\n---\r\n",
            Form::Frontmatter,
        ),
        (
            "//! Über\n//!\n//! ```cargo\n//! [dependencies]\n//! a = \"1\"\n//! ```\nfn main() {}",
            Form::CodeBlock,
        ),
        (
            "#!/usr/bin/env x\n#![allow(unused)]\n//! ````cargo\n//! [dependencies]\n//! a = \"1\"\n//! ````\n",
            Form::CodeBlock,
        ),
        (
            "/*!\n```cargo\n[dependencies]\na = \"1\"\n```\n*/\n",
            Form::CodeBlock,
        ),
        (
            "/*!\n * ```cargo\n * [dependencies]\n * a = \"1\"\n * ```\n */\n",
            Form::CodeBlock,
        ),
        (
            "#!/usr/bin/env x\n\n/// Über\n/// ```Cargo\n/// [dependencies]\n/// a = \"1\"\n/// ```\nuse a;\n",
            Form::CodeBlock,
        ),
        ("// cargo-deps: b, a = \"1\"\nfn main() {}", Form::DepsLine),
        (
            "// Cargo-Deps : a = \"1\"\n// cargo-deps: a = \"2\"\n",
            Form::DepsLine,
        ),
        (
            "//cargo-deps: b={version=\"1\", features=[\"x\", \"y\"]},a=\"1\"",
            Form::DepsLine,
        ),
        (
            "/*[toml]\n[dependencies]\na = \"1\"\n*/\n",
            Form::TomlComment,
        ),
        (
            "---\n[dependencies]\na = \"1\"\n---\n//! ```cargo\n//! [dependencies]\n//! a = 2\n//! ```\n",
            Form::Frontmatter,
        ),
        (
            "// Licence\n\n/*[toml]\r\n[dependencies]\r\na = \"1\"\r\n*/\r\n",
            Form::TomlComment,
        ),
        // Behind code, as thag has it, and before another one, which it takes no notice of.
        (
            "use b;\n  /*[toml]\n[dependencies]\na = \"1\"\n*/\n",
            Form::TomlComment,
        ),
        (
            "let b = \"\n/*[toml]\n[x]\n*/\n\";\n/*[toml]\n[dependencies]\na = \"1\"\n*/\n",
            Form::TomlComment,
        ),
        (
            "/*[toml]\n[dependencies]\na = \"1\"\n*/\n/*[toml]\n[dependencies]\na = \"2\"\n*/\n",
            Form::TomlComment,
        ),
        // A text that is no Rust has no literals.
        (
            "let b = );\n/*[toml]\n[dependencies]\na = \"1\"\n*/\n",
            Form::TomlComment,
        ),
    ] {
        assert_eq!(dependency(text), (form, "\"1\"".into()), "{text}");
    }
}

#[test]
fn what_is_no_manifest() {
    for text in [
        "",
        "fn main() {}\n//! ```cargo\n//! [x]\n",
        "//! ```rust\n//! [x]\n//! ```\n",
        "use a;\n/// ```cargo\nfn main() {}",
        "let a = \"\n---\n\";",
        "/* [toml] */",
        "let b = \"\n/*[toml]\n[x]\n*/\n\";",
        "use a;\n/// x\n/**\n/*[toml]\n[x]\n*/\n*/\nfn f() {}",
        "use a; // /*[toml] */",
        "use a;\n/*[toml]",
        "a ---\n---",
        "//! text",
        "#![allow(",
    ] {
        let embedded = find(text).unwrap_or_else(|problem| panic!("{text}: {}", problem.message));
        assert_eq!(embedded.form, Form::None, "{text}");
    }
}

#[test]
fn mistakes_have_their_place_in_the_script() {
    let place = |text: &str| {
        let problem = find(text).expect_err(text);
        (problem.line, problem.column, problem.message)
    };
    for (text, line, column, word) in [
        ("#!x\n---\n[dependencies]\na = \n---\n", 4, 5, "manifest"),
        (
            "//! Ü\n//! ```cargo\n//! [dependencies]\n//! a = 1 2\n//! ```\n",
            4,
            9,
            "manifest",
        ),
        ("\n/*[toml]\n[dependencies\n*/", 3, 14, "manifest"),
        ("\n---\n[a]\n", 3, 4, "`---`"),
        ("---\n[a]\n----\n", 3, 4, "more `-`"),
        ("#!x\n---\n[a]\n[[bin]]\n---\n", 4, 3, "`bin`"),
        ("---rust\n---\n", 1, 4, "`rust`"),
        (
            "//! x\n//! ```cargo\n//! [a]\nfn main() {}\n",
            2,
            5,
            "code block",
        ),
        ("/*! x\n", 1, 1, "*/"),
        ("// cargo-deps: a b\n", 1, 16, "`a b`"),
        ("// cargo-deps: x, a=1=\n", 1, 22, "manifest"),
        ("// cargo-deps: a\n/*[toml]\n*/", 2, 1, "second"),
    ] {
        let (l, c, message) = place(text);
        assert_eq!((l, c), (line, column), "{text}: {message}");
        assert!(message.contains(word), "{text}: {message}");
    }
}

#[test]
fn only_frontmatter_is_foreign_to_the_compiler() {
    let text = "#!x\n---\na = 'ü'\r\n---\nfn main() {}\n";
    let embedded = find(text).expect("a manifest");
    assert_eq!(embedded.lines, Some((2, 4)));
    let blank = blanked(text, &embedded.foreign.expect("frontmatter"));
    assert_eq!(blank, "#!x\n   \n        \r\n   \nfn main() {}\n");
    assert_eq!(blank.len(), text.len());
    let other = find("/*[toml]\na = 1\n*/").expect("a manifest");
    assert_eq!((other.foreign, other.lines), (None, Some((1, 3))));
}

#[test]
fn a_manifest_may_end_with_any_letter() {
    let embedded = find("//\n// cargo-deps: a, grün, ü").expect("a manifest");
    assert_eq!(embedded.lines, Some((2, 2)));
}

#[test]
fn what_the_code_holds_is_not_in_the_manifest() {
    // TOML has none that stands alone; the compiler has nothing against one in a comment.
    for text in [
        "/*[toml]\n[dependencies]\na = \"1\"\n*/\n/* \r */",
        "// \r\n//! ```cargo\r\n//! [dependencies]\r\n//! a = \"1\"\r\n//! ```\r\n",
        "// \r x\n// cargo-deps: a=\"1\"\r\n",
    ] {
        assert_eq!(dependency(text).1, "\"1\"", "{text:?}");
    }
}

#[test]
fn documentation_of_an_item_has_no_manifest() {
    for text in [
        "use b;\n/// ```cargo\n/// [dependencies]\n/// a = 1\n/// ```\nfn f() {}\n",
        "// x\n/// ```cargo\n/// [dependencies]\n/// a = 1\n/// ```\nfn f() {}\n",
        "/** ```cargo\n[dependencies]\na = 1\n``` */\nfn f() {}\n",
    ] {
        assert_eq!(dependency(text), (Form::None, String::new()), "{text}");
    }
}
