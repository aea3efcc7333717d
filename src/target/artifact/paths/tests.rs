//! Artifacts made by hand, because no compiler here makes such ones.

use super::*;

const SOURCE: &str = "/w/target/out/x.rs";

fn sources() -> Vec<String> {
    vec![SOURCE.to_owned(), "src/lib.rs".to_owned()]
}

/// Metadata with these pieces in the middle.
fn metadata(pieces: &[&[u8]]) -> Vec<u8> {
    let middle = pieces.concat();
    [b"rust\0\0\0\x0a...", &middle[..], b"rust-end-file"].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&number(text.len())[..], text.as_bytes(), &[SENTINEL]].concat()
}

#[track_caller]
fn judge(pieces: &[&[u8]]) -> Option<String> {
    foreign_path(&metadata(pieces), &["/w/target", "/w"], &sources(), &|_| {
        true
    })
}

#[test]
fn only_the_list_of_sources_explains() {
    assert_eq!(judge(&[]), None);
    assert_eq!(judge(&[&text(SOURCE)]), None);
    assert_eq!(
        judge(&[&text(SOURCE), &text("/w/folder"), &text(SOURCE)]),
        None
    );
    let long = "x".repeat(200);
    let long = format!("/w/target/{long}.inc");
    let found = foreign_path(&metadata(&[&text(&long)]), &["/w/target"], &[long], &|_| {
        true
    });
    assert_eq!(found, None, "its length has two bytes");
    for pieces in [
        &[&text("/w/target/out")[..]][..],
        &[&text("/w/target/out/x.rsx")],
        &[b"\x12", SOURCE.as_bytes(), b"\0"],
        &[b"\x13", SOURCE.as_bytes(), &[SENTINEL]],
        &[
            &text(SOURCE),
            &text("/w/folder"),
            &text("/w/target/out/y.rs"),
        ],
        &[&text("/w/folder"), &text(SOURCE)],
        &[&text("\"/w/target/out/x.rs\"")],
    ] {
        assert!(judge(pieces).is_some(), "{pieces:?}");
    }
}

/// Sources of local packages have relative names, and in metadata the working folder behind them.
#[test]
fn names_of_local_sources() {
    let sources = ["src/lib.rs".to_owned(), "/w/src/lib.rs".to_owned()];
    let judge = |texts: [&str; 3]| {
        let texts = texts.map(text).concat();
        foreign_path(&metadata(&[&texts]), &["/w"], &sources, &|_| true)
    };
    assert_eq!(judge(["src/lib.rs", "/w", "/w/src/lib.rs"]), None);
    assert!(judge(["src/lib.rs", "/w", "/w/src/main.rs"]).is_some());
    assert!(judge(["src/lib.rs", "/w/t", "/w/src/lib.rs"]).is_some());
    assert!(judge(["src/main.rs", "/w", "/w/src/lib.rs"]).is_some());
}

#[test]
fn what_is_not_understood_is_reported() {
    let found = foreign_path(
        b"...=/w/target/out/x.rs\"",
        &["/w/target"],
        &sources(),
        &|_| true,
    );
    assert_eq!(found.as_deref(), Some(SOURCE));
    assert_eq!(foreign_path(b"", &["/w"], &[], &|_| true), None);
    assert_eq!(foreign_path(b"/w/x", &["", "/"], &[], &|_| true), None);
}

#[test]
fn modules_for_webassembly() {
    let section = |name: &str, content: &[u8]| {
        let named = [&number(name.len())[..], name.as_bytes(), content].concat();
        [&[0][..], &number(named.len()), &named].concat()
    };
    let module = |name: &str, content: &[u8]| {
        [
            crate::target::artifact::wasm::MAGIC,
            &section(name, content),
        ]
        .concat()
    };
    let judge = |bytes: &[u8]| foreign_path(bytes, &["/w/target"], &sources(), &|_| true);
    assert_eq!(judge(&module(".debug_str", b"/w/target/out")), None);
    assert_eq!(judge(&module(".rmeta", &text(SOURCE))), None);
    assert_eq!(judge(&module("code", SOURCE.as_bytes())), None);
    assert!(judge(&module("code", b"/w/target/out/x.rsx")).is_some());
    let whole =
        |bytes: &[u8]| crate::target::artifact::whole("x.wasm", std::io::Cursor::new(bytes));
    let two = [&module("a", b"1")[..], &section("b", &[0; 200])].concat();
    assert_eq!(whole(&two), Ok(()));
    assert!(
        (0..two.len())
            .filter(|cut| ![8, 13].contains(cut))
            .all(|cut| whole(&two[..cut]).is_err())
    );
}

#[test]
fn paths_of_windows() {
    let roots = [r"\\?\C:\w\target"];
    for text in [r"C:\w\target\x", "c:/w/target", r#""C:\\w\\target\\x""#] {
        assert!(names_root(text.as_bytes(), &roots), "{text}");
    }
    assert!(!names_root(br"C:\w\tar", &roots));
    assert!(names_root(b"//server/w/x", &[r"\\server\w\"]));
    let source = vec![r"C:\w\target\out/x.rs".to_owned()];
    let found = |path: &str| foreign_path(&metadata(&[&text(path)]), &roots, &source, &|_| true);
    assert_eq!(found(r"c:\w\target\out\x.rs"), None);
    assert!(found(r"C:\w\target\out\y.rs").is_some());
    assert!(found(r"C:\\w\\target\\out\\x.rs").is_some());
}

#[test]
fn variables_that_no_source_explains() {
    let variable = |value: Option<&str>| vec![("V".to_owned(), value.map(str::to_owned))];
    let judge = |value| {
        let env = variable(value);
        foreign_variable(&env, &["/w/target"], &sources()).is_some()
    };
    assert!(!judge(None));
    assert!(!judge(Some("/usr/lib")));
    assert!(!judge(Some("/w/target/out")), "to include what lies there");
    assert!(judge(Some("/w/target/out/y.rs")));
    assert!(judge(Some("-L /w/target/out")));
}

#[test]
fn a_path_in_another_language_counts_if_something_is_there() {
    let judge = |text: &[u8], there: &'static str| is_of_nothing(text, &move |path| path == there);
    let engines = b"/w/target/out/lib/engines-3\0rest";
    assert!(judge(engines, "/elsewhere"));
    assert!(!judge(engines, "/w/target/out/lib/engines-3"));
    let quoted = b"/w/target/out/lib/engines-3\"\0";
    assert!(!judge(quoted, "/w/target/out/lib/engines-3"));
    assert!(!judge(b"/w/target/out/my data\0", "/w/target/out/my data"));
    // Something may be put behind it.
    assert!(!judge(b"/w/target/out/%s/x\0", "/w/target/out/%s/x"));
    assert!(
        !judge(b"/w/target/out/lib", "/elsewhere"),
        "no null byte ends it"
    );
    assert!(!judge(b"/w/\xff\0", "/elsewhere"));
}
