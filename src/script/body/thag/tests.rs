use std::path::Path;

use super::*;
use crate::script::body::{Files, Making, Snippet, body};

/// The program made of a snippet, with `«` for all that stands before it, `√` for success, and `[…]` around what is printed.
fn wrapped(text: &str) -> String {
    let made = made(text, false);
    let printed = made.replace("::std::println!(\"{:?}\", ", "[");
    let printed = match printed == made {
        true => printed,
        false => printed.replace(&format!("); {SUCCESS}"), &format!("]; {SUCCESS}")),
    };
    printed.replace(SUCCESS, "√")
}

fn made(text: &str, unquote: bool) -> String {
    let making = Making {
        snippet: Snippet::Thag { unquote },
        ..Making::default()
    };
    let files = Files {
        exists: &|_| false,
        copy_of: &|_| None,
    };
    let made = body(text, Path::new("/s"), making, files)
        .text
        .expect("a snippet");
    let lines = |text: &str| text.lines().count().max(1);
    assert!(lines(&made) >= lines(text), "{made}");
    made.replace(&format!("{BEFORE}{OPENING} "), "«")
}

#[test]
fn all_of_a_snippet_is_inside() {
    for (text, expected) in [
        ("", "«√ }"),
        ("x();", "«x(); √ }"),
        (
            "use a::b;\n/// Doc\nlet c = 1;\n",
            "«use a::b;\n/// Doc\nlet c = 1; √ }\n",
        ),
        ("fn f() {}\n// c\n", "«fn f() {} √ }\n// c\n"),
        (
            "#!/usr/bin/env thag\n/*[toml]\n*/\nx();",
            "«\n/*[toml]\n*/\nx(); √ }",
        ),
        ("#![allow(x)]\nx();", "#![allow(x)]«\nx(); √ }"),
        (
            "#!/usr/bin/env thag\n#![allow(x)]\n//! Doc\nx();",
            "#!/usr/bin/env thag\n#![allow(x)]\n//! Doc\n«x(); √ }",
        ),
        ("//! Doc", "//! Doc\n«√ }"),
        ("x(); // c", "«x(); √ } // c"),
        ("x();\n/// of nothing\n", "«x();\n/// of nothing\n; √ }"),
        ("x();\n/// of nothing", "«x();\n/// of nothing\n; √ }"),
        ("let x = ;", "«let x = ; √ }"),
    ] {
        assert_eq!(wrapped(text), expected, "from {text:?}");
    }
}

#[test]
fn a_value_at_the_end_is_printed() {
    for (text, expected) in [
        ("1 + 1", "«[1 + 1]; √ }"),
        (
            "let x = 1;\nx + 1 // c\n",
            "«let x = 1;\n[x + 1]; √ } // c\n",
        ),
        ("use a::b; b::c(1, 2)", "«use a::b; [b::c(1, 2)]; √ }"),
        ("vec![1]", "«[vec![1]]; √ }"),
        ("let x = 1; all! { x }", "«let x = 1; [all! { x }]; √ }"),
        ("if a { 1 } else { 2 }", "«[if a { 1 } else { 2 }]; √ }"),
        (
            "let a = 1; match a { _ => { 2 } }.max(3)",
            "«let a = 1; [match a { _ => { 2 } }.max(3)]; √ }",
        ),
        (
            "/// Doc\n#[allow(x)]\nmatch a { _ => 2 }",
            "«/// Doc\n#[allow(x)]\n[match a { _ => 2 }]; √ }",
        ),
        ("fn f() -> u8 { 1 }\nf()", "«fn f() -> u8 { 1 }\n[f()]; √ }"),
        ("fn f() {}\nf()", "«fn f() {}\nf(); √ }"),
        ("{ let a = 1; a }", "«[{ let a = 1; a }]; √ }"),
        ("S { a: 1 }", "«[S { a: 1 }]; √ }"),
        (
            "for x in y { v.push(x) }",
            "«[for x in y { v.push(x) }]; √ }",
        ),
        ("let mut v = 1; v.sort()", "«let mut v = 1; [v.sort()]; √ }"),
        ("Ok::<u8, E>(1)", "«[Ok::<u8, E>(1)]; √ }"),
        // Behind attributes of the crate, too.
        ("#![allow(x)]\n1 + 1", "#![allow(x)]«\n[1 + 1]; √ }"),
        (
            "//! Doc\n#![allow(x)]\nfn f() {}\nlet a = 1;\na",
            "//! Doc\n#![allow(x)]«\nfn f() {}\nlet a = 1;\n[a]; √ }",
        ),
        ("//! Doc\n{ 1 }", "//! Doc\n«[{ 1 }]; √ }"),
        // Not printed: `()` by its looks.
        ("println!(\"x\")", "«println!(\"x\"); √ }"),
        (
            "for x in y { v.push(x); }",
            "«for x in y { v.push(x); }; √ }",
        ),
        ("if a { b(); }", "«if a { b(); }; √ }"),
        ("x += 1", "«x += 1; √ }"),
        ("while a { 1 }", "«while a { 1 }; √ }"),
        ("a! { 1 }", "«a! { 1 } √ }"),
        ("x(); Ok(())", "«x(); Ok(()) }"),
    ] {
        assert_eq!(wrapped(text), expected, "from {text:?}");
    }
    assert_eq!(
        made("\"a\"", true),
        format!(
            "«::std::println!(\"{{}}\", ::std::format!(\"{{:?}}\", \"a\").trim_matches('\"')); {SUCCESS} }}"
        )
    );
}

#[test]
fn values_that_a_loop_prints() {
    for (code, printed) in [
        ("line.len()", true),
        ("println!(\"{line}\")", false),
        ("println!(\"{line}\");", false),
        ("let a = 1; a", true),
        ("{ 1 }", true),
        ("{}", false),
        ("if i > 1 { println!(); }", false),
        ("return;", false),
        ("no ) Rust", false),
    ] {
        assert_eq!(prints(code), printed, "{code}");
    }
}
