use super::*;
use crate::script::body::wrap::{OPENING, SUCCESS};

fn with_files(text: &str, copy: bool, files: &[&str]) -> Body {
    let exists = |path: &Path| files.iter().any(|file| path == Path::new("/s").join(file));
    let files = Files {
        exists: &exists,
        copy_of: &|file| Some(Path::new("/copies").join(file.file_name()?)),
    };
    let making = Making {
        copy,
        ..Making::default()
    };
    body(text, Path::new("/s"), making, files)
}

/// The program made from a snippet, with `«` for how `main` begins and `√` for its success.
fn wrapped(text: &str) -> String {
    let copy = with_files(text, false, &[]).text.expect("a snippet");
    let lines = |text: &str| text.lines().count().max(1);
    assert_eq!(lines(&copy), lines(text), "{copy}");
    short(&copy)
}

fn short(copy: &str) -> String {
    copy.replace(OPENING, "«").replace(SUCCESS, "√")
}

#[test]
fn programs_stay() {
    let programs = [
        "fn main() {}",
        "#!/usr/bin/env cargo\nfn main() {}",
        "#![allow(dead_code)]\n#[tokio::main]\npub(crate) async fn main() {}",
        "use a::b;\n/// Is it.\nfn main() -> Result<(), ()> { Ok(()) }",
        "fn main() { let x = ; }",
        "fn main() {}\nlet stray = 1;",
        "fn main() { \"unfinished }",
        "fn main() {",
        "#![no_main]\nfn x() {}",
        "#![cfg_attr(unix, no_main)]",
        "criterion::criterion_main!(all);",
        "cfg_if! { if #[cfg(unix)] { fn main() {} } else { fn main() {} } }",
    ];
    for program in programs {
        let stays = Body {
            depth: 0,
            ..with_files(program, false, &[])
        };
        assert_eq!(stays, Body::default(), "{program}");
        let copy = with_files(program, true, &[]);
        assert_eq!(copy.text.as_deref(), Some(program));
        assert_eq!(copy.shifts, []);
    }
}

#[test]
fn what_only_looks_like_a_main_is_none() {
    for text in [
        "// fn main() {}\nx();",
        "let s = \"fn main() {}\";",
        "let s = r#\"\nfn main() {}\"#;",
        "mod a { fn main() {} }",
        "/* /* fn main() {} */ fn main() {} */ x();",
        "fn main_loop() {}",
        "let x = quote! { fn main() {} };",
        "macro_rules! x { () => { fn main() {} } }",
        "if x_main != y {}",
    ] {
        assert!(wrapped(text).contains('«'), "{text}");
    }
}

#[test]
fn snippets_get_a_main_around_them() {
    let cases = [
        ("", "« √ }"),
        ("x();", "« x(); √ }"),
        ("x();\n", "« x(); √ }\n"),
        ("\nx();\n", "«\nx(); √ }\n"),
        ("     \n   \nx();", "«     \n   \nx(); √ }"),
        ("println!(\"x\");", "« println!(\"x\"); √ }"),
        ("println!(\"x\")", "« println!(\"x\"); √ }"),
        ("use a::b;\nb();", "use a::b; «\nb(); √ }"),
        ("use a::b; b();", "use a::b; « b(); √ }"),
        ("use a::b;b();", "use a::b; « b(); √ }"),
        (
            "use a; // {\n\n// }\nb()\n",
            "use a; « // {\n\n// }\nb(); √ }\n",
        ),
        ("// c\nx();", "«// c\nx(); √ }"),
        ("/* a\n b */ x();", "«/* a\n b */ x(); √ }"),
        ("/* a */ x();", "/* a */ « x(); √ }"),
        ("/// of y\nlet y = 1;", "« /// of y\nlet y = 1; √ }"),
        (
            "use a;\n/// of y\n#[allow(x)]\nlet y = 1;",
            "use a; «\n/// of y\n#[allow(x)]\nlet y = 1; √ }",
        ),
        ("fn helper() {}", "fn helper() {} « √ }"),
        ("fn helper() {} // c\n", "fn helper() {} « √ } // c\n"),
        ("// c\n", "« √ }// c\n"),
        (
            "macro_rules! m { () => {} }\nm!();\nfn f() {}\n",
            "macro_rules! m { () => {} } «\nm!();\nfn f() {} √ }\n",
        ),
        ("thread_local! { x }", "« thread_local! { x }; √ }"),
        ("x() // }", "« x(); √ } // }"),
        ("x() /* } */ ", "« x(); √ } /* } */ "),
        (
            "let a = 'a'; let b: &'static str = r#\"}\"#;",
            "« let a = 'a'; let b: &'static str = r#\"}\"#; √ }",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(wrapped(text), expected, "from {text:?}");
    }
}

#[test]
fn what_a_file_begins_with_stays_outside() {
    let cases = [
        ("#!/usr/bin/env x\nx();", "«\nx(); √ }"),
        ("#!/usr/bin/env x\r\nx();\r\n", "«\r\nx(); √ }\r\n"),
        ("#!/usr/bin/env x", "« √ }"),
        (
            "#!/usr/bin/env x\nuse a;\nx();",
            "#!/usr/bin/env x\nuse a; «\nx(); √ }",
        ),
        ("#![allow(x)]\nx();", "#![allow(x)] «\nx(); √ }"),
        (
            "#! /* c */ [allow(x)]\nx();",
            "#! /* c */ [allow(x)] «\nx(); √ }",
        ),
        (
            "#!/bin/x\n#![allow(x)]\nx();",
            "#!/bin/x\n#![allow(x)] «\nx(); √ }",
        ),
        ("//! Doc.\nx();", "//! Doc.\n« x(); √ }"),
        ("//! Doc.\r\n\r\nx();", "//! Doc.\r\n«\r\nx(); √ }"),
        (
            "//! Doc.\n//! More.\n// c\nx();",
            "//! Doc.\n//! More.\n«// c\nx(); √ }",
        ),
        ("/*! Doc. */\nx();", "/*! Doc. */ «\nx(); √ }"),
        ("\u{feff}x();", "\u{feff}« x(); √ }"),
        ("\u{feff}\r\nx();", "\u{feff}«\r\nx(); √ }"),
        ("\u{feff}#!/bin/x\nx();", "\u{feff}«\nx(); √ }"),
        ("use ä::ö;\n\tx(\"ü\");", "use ä::ö; «\n\tx(\"ü\"); √ }"),
        (
            "extern crate a;\nmod b { }\nstruct S;\nimpl S {}\nx()",
            "extern crate a;\nmod b { }\nstruct S;\nimpl S {} «\nx(); √ }",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(wrapped(text), expected, "from {text:?}");
    }
}

#[test]
fn only_where_it_must_be_a_line_is_put_at_the_end() {
    let copy = |text| short(&with_files(text, false, &[]).text.expect("a snippet"));
    assert_eq!(copy("//! Doc."), "//! Doc.\n« √ }");
    assert_eq!(copy("//! Doc.\n"), "//! Doc.\n« √ }");
    assert_eq!(
        copy("x();\n/// Of nothing."),
        "« x();\n/// Of nothing.\n; √ }"
    );
    assert_eq!(
        copy("x();\n/// Of nothing.\n"),
        "« x();\n/// Of nothing.\n; √ }"
    );
}

#[test]
fn results_that_a_snippet_ends_with() {
    let own = [
        "Ok(())",
        "Err(\"x\".into())",
        "Result::Ok(())",
        "std::result::Result::Ok(())",
        "Ok::<_, _>(())",
        "return Ok(())",
        "return Ok(());",
        "loop { x(); }",
        "loop { x(); };",
        "if a { Ok(()) } else if b { return Ok(()); } else { Err(c) }",
        "match a { 1 => Ok(()), 2 => { x(); Err(y) } _ => panic!() }",
        "unsafe { Ok(()) }",
        "(Ok(()))",
        "std::process::exit(1);",
        "panic!(\"x\")",
        "unimplemented!();",
    ];
    for text in own {
        assert_eq!(wrapped(text), format!("« {text} }}"));
    }
    let others = [
        "Ok::<(), std::io::Error>(())",
        "anyhow::Ok(())",
        "anyhow::Result::<()>::Ok(())",
    ];
    for text in others {
        assert_eq!(wrapped(text), format!("« {text}?; √ }}"));
    }
    let values = [
        "1 + 1",
        "Some(1)",
        "x()?",
        "match a { _ => x() }",
        "if a { Ok(()) }",
        "if a { Ok(()) } else { Err(c)? }",
        "loop { if a { break; } }",
        "loop { select! { a => break } }",
        "for x in y {}",
    ];
    for text in values {
        assert_eq!(wrapped(text), format!("« {text}; √ }}"));
    }
    assert_eq!(wrapped("Ok(());"), "« Ok(()); √ }");
    assert_eq!(wrapped("let x = Ok(());"), "« let x = Ok(()); √ }");
    assert_eq!(
        wrapped("fn run() -> io::Result<()> { x() }\nrun()"),
        "fn run() -> io::Result<()> { x() } «\nrun()?; √ }"
    );
    assert_eq!(wrapped("fn run() {}\nrun()"), "fn run() {} «\nrun(); √ }");
}

#[test]
fn what_cannot_be_parsed_is_wrapped_all_the_same() {
    assert_eq!(
        wrapped("use a;\nlet x = ;\nOk(())"),
        "use a; «\nlet x = ;\nOk(()) }"
    );
}

#[test]
fn what_is_no_rust_is_left_to_the_compiler() {
    for text in ["let x = \"", "x(", "/* ", "}"] {
        assert_eq!(with_files(text, false, &[]), Body::default());
        assert_eq!(with_files(text, true, &[]).text.as_deref(), Some(text));
    }
}

#[test]
fn modules_are_named_with_their_files() {
    let files = [
        "a.rs",
        "b/mod.rs",
        "c/d.rs",
        "c/e/mod.rs",
        "o/f.rs",
        "n.rs",
        "n",
    ];
    let cases = [
        ("mod a;", "#[path = \"/s/a.rs\"] mod a;"),
        (
            "pub(crate) mod b;",
            "#[path = \"/s/b/mod.rs\"] pub(crate) mod b;",
        ),
        (
            "/// Doc.\npub mod a;",
            "/// Doc.\n#[path = \"/s/a.rs\"] pub mod a;",
        ),
        ("mod x;", "#[path = \"/s/x.rs\"] mod x;"),
        ("mod r#fn;", "#[path = \"/s/fn.rs\"] mod r#fn;"),
        (
            "mod c { mod d; pub mod e; }",
            "mod c { #[path = \"/s/c/d.rs\"] mod d; #[path = \"/s/c/e/mod.rs\"] pub mod e; }",
        ),
        (
            "#[path = \"o\"] mod c { mod f; mod g { mod h; } }",
            "#[path = \"o\"] mod c { #[path = \"/s/o/f.rs\"] mod f; mod g { #[path = \"/s/o/g/h.rs\"] mod h; } }",
        ),
        (
            "#[path = \"p/q.rs\"] mod x;",
            "#[path = \"/s/p/q.rs\"] mod x;",
        ),
        (
            "#[path = r\"/p/q.rs\"] mod x;",
            "#[path = r\"/p/q.rs\"] mod x;",
        ),
        (
            "#[path = concat!(\"a\", \"b\")] mod x;",
            "#[path = concat!(\"a\", \"b\")] mod x;",
        ),
        (
            "#[cfg_attr(unix, path = \"u.rs\")] mod x;",
            "#[cfg_attr(unix, path = \"/s/u.rs\")] #[cfg_attr(not(any(unix)), path = \"/s/x.rs\")] mod x;",
        ),
        (
            "#[cfg(unix)] mod a;",
            "#[cfg(unix)] #[path = \"/s/a.rs\"] mod a;",
        ),
        (
            "cfg_if! { if #[cfg(x)] { mod a; } }",
            "cfg_if! { if #[cfg(x)] { #[path = \"/s/a.rs\"] mod a; } }",
        ),
        (
            "mod i {} fn f() { mod a; }",
            "mod i {} fn f() { #[path = \"/s/a.rs\"] mod a; }",
        ),
    ];
    for (text, expected) in cases {
        let copy = with_files(&format!("fn main() {{}}\n{text}"), true, &files);
        let copy_text = copy.text.expect("asked for");
        assert_eq!(copy_text, format!("fn main() {{}}\n{expected}"));
        assert_eq!(copy.nested, []);
    }
    let copy = with_files("mod n;", false, &files);
    let nested = Nested {
        file: "/s/n.rs".into(),
        copy: "/copies/n.rs".into(),
    };
    assert_eq!(copy.nested, [nested]);
    assert!(
        copy.text
            .is_some_and(|text| text.contains("#[path = \"/copies/n.rs\"] mod n;"))
    );
}

#[test]
fn a_lifetime_in_a_macro_is_no_module() {
    let copy = with_files("m! { 'mod a; 'pub mod b; }", false, &[]);
    let copy = short(&copy.text.expect("a snippet"));
    assert_eq!(
        copy,
        "« m! { 'mod a; 'pub #[path = \"/s/b.rs\"] mod b; }; √ }"
    );
}

#[test]
fn a_condition_of_more_lines_moves_none() {
    let text = "#[cfg_attr(all(x = r\"a\n\\b\"), path = \"/p.rs\")]\nmod a;\n";
    let copy = with_files(text, true, &[]).text.expect("a copy");
    let attribute = r#"#[cfg_attr(not(any(all (x = "a\n\\b"))), path = "/s/a.rs")]"#;
    assert!(copy.contains(attribute), "{copy}");
    assert_eq!(
        copy.lines().nth(2).map(|line| line.contains("mod a;")),
        Some(true)
    );
}

#[test]
fn modules_in_files_of_their_own() {
    for text in [
        "mod a;",
        "pub(crate) mod a;",
        "mod x { mod a; }",
        "cfg_if! { mod a; }",
        "\"",
    ] {
        assert!(has_module_files(text), "{text}");
    }
    for text in [
        "mod a { fn b() {} }",
        "// mod a;",
        "\"mod a;\"",
        "fn a() {}",
    ] {
        assert!(!has_module_files(text), "{text}");
    }
}

#[test]
fn included_files_are_named_absolutely() {
    let cases = [
        ("include!(\"a.rs\");", "include!(\"/s/a.rs\");"),
        (
            "x(std::include_str!(r#\"a\"#,));",
            "x(std::include_str!(\"/s/a\",));",
        ),
        (
            "println!(\"{}\", include_str!(\"../a\"));",
            "println!(\"{}\", include_str!(\"/s/../a\"));",
        ),
        (
            "#![doc = include_str!(\"a.md\")]",
            "#![doc = include_str!(\"/s/a.md\")]",
        ),
        (
            "mod m { const A: &[u8] = ::core::include_bytes!(\"ä\\\"\"); }",
            "mod m { const A: &[u8] = ::core::include_bytes!(\"/s/ä\\\"\"); }",
        ),
        ("x(include_str!(\"/a\"));", "x(include_str!(\"/a\"));"),
        (
            "x(include_str!(concat!(\"a\", \"b\")));",
            "x(include_str!(concat!(\"a\", \"b\")));",
        ),
        (
            "x(include_str!(env!(\"A\")));",
            "x(include_str!(env!(\"A\")));",
        ),
        ("other::include_str!(\"a\");", "other::include_str!(\"a\");"),
        (
            "include_str(\"a\"); // include_str!(\"a\")",
            "include_str(\"a\"); // include_str!(\"a\")",
        ),
        (
            "let s = \"include_str!(\\\"a\\\")\";",
            "let s = \"include_str!(\\\"a\\\")\";",
        ),
    ];
    for (text, expected) in cases {
        let copy = with_files(&format!("fn main() {{}} {text}"), true, &[]).text;
        let copy = copy.expect("asked for");
        assert_eq!(copy, format!("fn main() {{}} {expected}"));
    }
}

#[test]
fn literals_are_escaped() {
    let text = "fn main() { include!(\"a\") }";
    let making = Making {
        copy: true,
        ..Making::default()
    };
    let files = Files {
        exists: &|_| false,
        copy_of: &|_| None,
    };
    let copy = body(text, Path::new("/a\"b\\c"), making, files).text;
    let expected = Path::new("/a\"b\\c").join("a");
    let expected = format!(
        "fn main() {{ include!({:?}) }}",
        expected.to_str().expect("text")
    );
    assert_eq!(copy, Some(expected));
}

#[test]
fn a_literal_of_more_lines_keeps_them() {
    let text = "x(include_str!(\"a\\\n  b\"), y);\n";
    let copy = with_files(text, false, &[]);
    let expected = "« x(include_str!(\"/s/ab\"\n    ), y); √ }\n";
    assert_eq!(short(copy.text.as_deref().expect("a snippet")), expected);
    assert_eq!(copy.in_script(2, 7), (2, 7));
}

/// Each character that the script and its copy have in common is told as one place, however it is shifted.
#[test]
fn columns_lead_back() {
    let texts = [
        "ä(); öü();",
        "\u{feff}x(); y()",
        "\tuse a; x(\"→\"); mod a; y(include_str!(\"§\"), z) // c",
        "#!/bin/x\nuse a; mod b; Zzz()\n",
        "use a;\nx(include_str!(\"b\"), include_str!(\"cc\"), z);\n\nOk::<(), E>(())",
    ];
    for text in texts {
        let copy = with_files(text, false, &[]);
        let made = copy.text.as_deref().expect("a snippet");
        let script: Vec<&str> = text.trim_start_matches('\u{feff}').split('\n').collect();
        let mut seen = 0;
        for (at, line) in made.trim_start_matches('\u{feff}').split('\n').enumerate() {
            for (column, char) in line.chars().enumerate() {
                let (line, column) = (at + 1, column + 1);
                let inside = copy.shifts.iter().any(|shift| {
                    shift.line == line
                        && (shift.column..shift.column + shift.length).contains(&column)
                });
                let (script_line, script_column) = copy.in_script(line, column);
                assert_eq!(script_line, line);
                let chars = script[line - 1].chars();
                assert!(script_column <= chars.count() + 1, "{made} {column}");
                if !inside {
                    let there = script[line - 1].chars().nth(script_column - 1);
                    assert_eq!(there, Some(char), "{made} {line} {column}");
                    seen += 1;
                }
            }
        }
        let replaced: usize = copy.shifts.iter().map(|shift| shift.replaced).sum();
        let all: usize = script.iter().map(|line| line.chars().count()).sum();
        assert_eq!(seen + replaced, all, "{made}");
    }
}

#[test]
fn what_is_inserted_lies_where_the_script_goes_on() {
    let copy = with_files("use a; x()", false, &[]);
    let begin = "use a; ".len() + 1;
    let opening = OPENING.len() + 1;
    assert_eq!(copy.in_script(1, begin - 1), (1, begin - 1));
    assert_eq!(copy.in_script(1, begin), (1, begin));
    assert_eq!(copy.in_script(1, begin + 5), (1, begin));
    assert_eq!(copy.in_script(1, begin + opening), (1, begin));
    assert_eq!(copy.in_script(1, begin + opening + 2), (1, begin + 2));
    assert_eq!(copy.in_script(1, begin + opening + 3), (1, begin + 3));
    assert_eq!(copy.in_script(1, begin + opening + 8), (1, begin + 3));
    assert_eq!(copy.in_script(7, 3), (7, 3));
}

#[test]
fn no_piece_of_a_script_is_too_little() {
    let text = "\u{feff}#!/bin/x\r\n//! Ü\r\n#[cfg_attr(a, path = \"b\")]\r\npub(crate) mod c { mod d; }\r\n\
                /* ü */ x(include_str!(r#\"ä\"#), 'e', \"f\\\n\"); // ö\r\n\
                loop { match y { 1 => Ok::<(), Z>(()), _ => break } }\r\nr()?";
    for (from, _) in text.char_indices() {
        for (to, _) in text[from..].char_indices() {
            let piece = &text[from..from + to];
            let copy = with_files(piece, true, &[]).text.expect("asked for");
            let lines = piece.matches('\n').count();
            let made = copy.matches('\n').count();
            assert!(made == lines || made == lines + 1, "{piece} {copy}");
        }
    }
}

#[test]
fn expressions_keep_their_lines() {
    let prelude = ["#![feature(x)]".to_owned()];
    let files = Files {
        exists: &|_| false,
        copy_of: &|_| None,
    };
    for code in [
        Code::Expression,
        Code::Loop { counted: true },
        Code::Loop { counted: false },
    ] {
        let making = Making {
            code,
            prelude: &prelude,
            ..Making::default()
        };
        for text in ["1 +\n  x // end", "fn main() {}", "no ) Rust"] {
            let made = body(text, Path::new("/s"), making, files);
            let copy = made.text.as_deref().expect("a program");
            let head = copy.find(text).expect("the expression");
            assert!(copy.starts_with("#![allow") && copy[..head].contains("#![feature(x)]"));
            assert_eq!(made.in_script(1, copy[..head].chars().count() + 1), (1, 1));
            assert_eq!(made.in_script(2, 3), (2, 3));
        }
    }
}

#[test]
fn what_nests_too_deeply_is_left_to_the_compiler() {
    let deep = |many: usize| format!("let x = {}1{};", "(".repeat(many), ")".repeat(many));
    let copy = with_files(&deep(1000), false, &[]);
    assert_eq!(copy.depth, 1000);
    assert!(copy.text.is_some_and(|text| text.starts_with("fn main")));
    assert_eq!(with_files(&deep(200_000), false, &[]).text, None);
}
