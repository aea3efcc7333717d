//! The content of the page, whatever the names are.

pub(crate) mod sample;

use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::audit::model::Difference;
use crate::fs::model::Problem;
use crate::term::Paths;

/// Text that ends elements, comments, attributes, strings, lines and the template's parts, wherever it is not
/// escaped.
const HOSTILE: &str = "</script><script>alert(1)</script><!--<script>]]>&lt;\"'`${1}\\u003c\\\u{2028}\u{2029}\u{0}\u{7}\r\n\
                       {{script}}{{data}}\u{202e}\u{feff}<img src=x onerror=alert(1)>";

fn view() -> View {
    View {
        paths: Paths::default(),
        width: None,
        links: false,
        verbose: false,
        now: "2026-06-01T12:00:00Z".parse().expect("a time"),
    }
}

/// The way to the terminal, which the page goes too, must not change it.
#[test]
fn the_page_reaches_standard_output_as_it_is() {
    let page = written(&hostile());
    let mut out = Vec::new();
    let mut screen = crate::term::Screen::new(&mut out);
    screen.write_all(page.as_bytes()).expect("written");
    drop(screen);
    assert!(out == page.as_bytes());
    let unsafe_ones: Vec<char> = page
        .chars()
        .filter(|c| *c != '\n' && text::is_unsafe(*c))
        .collect();
    assert!(unsafe_ones.is_empty(), "{unsafe_ones:?}");
}

fn written(audit: &Audit) -> String {
    let mut page = Vec::new();
    crate::audit::html::audit(&mut page, audit, &view()).expect("memory takes it");
    String::from_utf8(page).expect("a page is text")
}

/// The text between the tags of the data.
fn data_of(page: &str) -> &str {
    let open = "<script type=\"application/json\" id=\"audit\">";
    let (_, after) = page.split_once(open).expect("the data are there");
    let (data, _) = after.split_once("</script>").expect("the data end");
    data
}

fn hostile() -> Audit {
    let mut audit = sample::audit(12);
    let text = || HOSTILE.to_owned();
    let path = || PathBuf::from(HOSTILE);
    audit.folders[0].path = path();
    audit.folders[0].workspaces = vec![path()];
    for shares in [&mut audit.profiles, &mut audit.triples, &mut audit.kinds] {
        shares[0].name = text();
    }
    let package = &mut audit.packages[0];
    package.name = text();
    package.version = Some(text());
    for asked in &mut package.asked_by {
        (asked.feature, asked.package, asked.member) = (text(), text(), Some(text()));
    }
    for variant in &mut package.variants {
        variant.id.profile = text();
        variant.id.hash = text();
        variant.targets = vec![text()];
        variant.features = vec![text(), "plain".into()];
        (variant.triple, variant.compiler) = (Some(text()), Some(text()));
        variant.rustflags = vec![text()];
        let (more, less) = (vec![text()], vec![text()]);
        variant.differs = vec![Difference::Features { more, less }];
    }
    audit.unused[0].names = vec![text()];
    audit.unused[0].command = text();
    let finding = &mut audit.findings[0];
    (finding.what, finding.change, finding.file) = (text(), text(), Some(path()));
    let (path, message) = (path(), text());
    audit.problems.push(Problem { path, message });
    audit
}

#[test]
fn nothing_that_a_name_says_becomes_markup() {
    let page = written(&hostile());
    let data = data_of(&page);
    let special = data.find(['<', '>', '&', '\u{2028}', '\u{2029}', '\u{0}', '\n', '\r']);
    assert_eq!(special.map(|at| &data[at..]), None);
    let frame = page.replace(data, "");
    let empty = written(&Audit::default());
    assert_eq!(
        frame,
        empty.replace(data_of(&empty), ""),
        "names stand in the data only"
    );
    for tag in ["<script", "</script", "<!--"] {
        assert_eq!(
            page.matches(tag).count(),
            empty.matches(tag).count(),
            "{tag}"
        );
    }
}

#[test]
fn names_arrive_as_they_are() {
    let page = written(&hostile());
    let data: Value = serde_json::from_str(data_of(&page)).expect("it is JSON");
    let package = &data["packages"][0];
    assert_eq!(package["name"], HOSTILE);
    assert_eq!(package["variants"][0]["features"][0], HOSTILE);
    assert_eq!(data["folders"][0]["path"]["full"], HOSTILE);
    assert_eq!(data["problems"][0]["message"], HOSTILE);
    assert_eq!(data["made"], "2026-06-01T12:00:00Z");
}

#[test]
#[cfg(unix)]
fn a_path_need_not_be_unicode() {
    use std::os::unix::ffi::OsStrExt;
    let mut audit = sample::audit(3);
    audit.folders[0].path = std::ffi::OsStr::from_bytes(b"/code/\xff<b>").into();
    let page = written(&audit);
    let data: Value = serde_json::from_str(data_of(&page)).expect("it is JSON");
    assert_eq!(data["folders"][0]["path"]["full"], "/code/\u{fffd}<b>");
}

#[test]
fn all_of_an_audit_is_there() {
    let audit = sample::audit(40);
    let page = written(&audit);
    let data: Value = serde_json::from_str(data_of(&page)).expect("it is JSON");
    let plain = serde_json::to_value(&audit).expect("it is JSON");
    for part in [
        "total", "profiles", "triples", "kinds", "packages", "unused",
    ] {
        assert_eq!(data[part], plain[part], "{part}");
    }
    let folder = &data["folders"][0];
    for (name, value) in plain["folders"][0].as_object().expect("an object") {
        let is_path = name == "path" || name == "workspaces";
        assert!(is_path || folder[name] == *value, "{name}");
    }
    for (name, value) in plain["findings"][0].as_object().expect("an object") {
        assert!(
            name == "file" || data["findings"][0][name] == *value,
            "{name}"
        );
    }
}

#[test]
fn nothing_is_there_without_folders() {
    let page = written(&Audit::default());
    let data: Value = serde_json::from_str(data_of(&page)).expect("it is JSON");
    assert_eq!(data["packages"], Value::Array(Vec::new()));
    assert_eq!(data["total"]["on_disk"], 0);
    assert!(
        !page.contains("{{"),
        "all parts of the template are filled in"
    );
}

#[test]
fn the_page_asks_for_nothing() {
    let page = written(&Audit::default());
    let policy = "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';";
    assert!(page.contains(policy), "the policy");
    let page = page.to_lowercase();
    for outside in [
        "://",
        "\"//",
        "'//",
        "`//",
        "(//",
        "=//",
        "url(",
        "@import",
        "@font-face",
        " src=",
        "srcset",
        "<link",
        "<img",
        "<iframe",
        "<object",
        "<form",
        "import(",
        "import ",
        "fetch(",
        "xmlhttprequest",
        "sendbeacon",
        "websocket",
        "eventsource",
        "worker(",
        "window.open",
        "location",
    ] {
        assert!(!page.contains(outside), "`{outside}` could load something");
    }
    let frame = page.replace(data_of(&page), "");
    for markup in [
        "innerhtml",
        "outerhtml",
        "insertadjacenthtml",
        "document.write",
        "domparser",
        "createcontextualfragment",
        "sethtml",
        "srcdoc",
        "eval(",
        "new function",
        "settimeout(\"",
        ".setattribute(\"on",
        "javascript:",
    ] {
        assert!(
            !frame.contains(markup),
            "`{markup}` takes text as markup or code"
        );
    }
}

/// Writes pages to be looked at: `SHAREDTARGET_PAGE=page.html cargo test --lib html`, and beside it those of an empty
/// audit, a hostile one and a large one.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "who looks at the pages says where they go"
)]
fn pages_to_look_at() {
    let Some(path) = std::env::var_os("SHAREDTARGET_PAGE").map(PathBuf::from) else {
        return;
    };
    let pages = [
        ("html", sample::audit(420)),
        ("empty.html", Audit::default()),
        ("hostile.html", hostile()),
        ("large.html", sample::audit(5_000)),
    ];
    for (extension, audit) in pages {
        std::fs::write(path.with_extension(extension), written(&audit)).expect("it can be written");
    }
}
