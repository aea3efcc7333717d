use super::*;
use crate::script::embedded_manifest;

const AROUND: PackageContext<'_> = PackageContext {
    stem: "größe 2",
    id: "0123456789abcdef",
    wanted: &[],
    script: "/s/größe 2.rs",
    main: "/s/größe 2.rs",
    folder: "/s",
    front: Front::Own,
    dialect: Dialect::Own,
    is_flat: false,
};

fn made(text: &str) -> Result<(DocumentMut, String), String> {
    let embedded = embedded_manifest::find(text).expect("a manifest");
    let made = package(&embedded, &Table::new(), &AROUND)?;
    let read = |document: &DocumentMut| -> DocumentMut {
        let text = document.to_string();
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    let mut both = read(&made.manifest);
    for (key, item) in read(&made.workspace).iter() {
        assert!(!both.contains_key(key), "{key} stands in both");
        both.insert(key, item.clone());
    }
    Ok((both, made.program))
}

#[test]
fn a_script_without_a_manifest() {
    let (made, program) = made("fn main() {}").expect("a package");
    assert_eq!(program, "gr__e_2-0123456789abcdef");
    assert_eq!(made["package"]["name"].as_str(), Some("größe-2"));
    assert_eq!(made["package"]["version"].as_str(), Some("0.0.0"));
    assert_eq!(made["package"]["edition"].as_str(), Some("2024"));
    assert_eq!(
        made["profile"]["dev"]["debug"].as_str(),
        Some("line-tables-only")
    );
    assert_eq!(
        made["profile"]["dev"]["package"]["*"]["debug"].as_bool(),
        Some(false)
    );
    let bins = made["bin"].as_array_of_tables().expect("programs");
    assert_eq!(bins.len(), 1);
    let bin = bins.get(0).expect("one");
    assert_eq!(bin["path"].as_str(), Some("/s/größe 2.rs"));
    assert_eq!(bin["name"].as_str(), Some(program.as_str()));
    let members = made["workspace"]["members"].as_array().expect("members");
    let first = members.get(0).and_then(|first| first.as_str());
    assert_eq!(first, Some(program.as_str()));
    assert_eq!(made["workspace"]["resolver"].as_str(), Some("3"));
    assert_eq!(script(&made), Some("/s/größe 2.rs".into()));
}

#[test]
fn what_the_manifest_says_stays() {
    let text = "---\npackage.name = 'mine'\npackage.version = '1.2.3+b'\npackage.edition = '2018'\n\
        profile.dev.debug = 2\n[profile.release]\nlto = true\n[features]\nx = []\n---\n";
    let (made, program) = made(text).expect("a package");
    assert_eq!(program, "gr__e_2-0123456789abcdef");
    assert_eq!(made["package"]["name"].as_str(), Some("mine"));
    assert_eq!(made["package"]["version"].as_str(), Some("1.2.3+b"));
    assert_eq!(made["package"]["edition"].as_str(), Some("2018"));
    assert_eq!(made["workspace"]["resolver"].as_str(), Some("1"));
    assert_eq!(made["profile"]["dev"]["debug"].as_integer(), Some(2));
    assert_eq!(made["profile"]["release"]["lto"].as_bool(), Some(true));
    assert!(made["features"].get("x").is_some());
}

#[test]
fn paths_are_relative_to_the_script() {
    let text = "//! ```cargo\n//! [workspace.dependencies]\n//! a = { path = 'a' }\n//! ```\n";
    let (whole, _) = made(text).expect("a package");
    let path = whole["workspace"]["dependencies"]["a"]["path"].as_str();
    assert_eq!(
        path.map(|path| path.replace('\\', "/")),
        Some("/s/a".into())
    );
    let text = "//! ```cargo\n//! [package]\n//! build = 'make.rs'\n//! [dependencies]\n//! a = { path = '../a' }\n//! b = '1'\n\
        //! [dependencies.c]\n//! path = '/c'\n//! [target.'cfg(unix)'.dev-dependencies]\n//! d = { path = 'd' }\n\
        //! [patch.crates-io]\n//! b = { path = 'b' }\n//! ```\n";
    let (made, _) = made(text).expect("a package");
    assert_eq!(made["package"]["edition"].as_str(), Some("2021"));
    let paths = [
        made["package"]["build"].as_str(),
        made["dependencies"]["a"]["path"].as_str(),
        made["dependencies"]["c"]["path"].as_str(),
        made["target"]["cfg(unix)"]["dev-dependencies"]["d"]["path"].as_str(),
        made["patch"]["crates-io"]["b"]["path"].as_str(),
    ];
    let slashes = |path: Option<&str>| path.map(|path| path.replace('\\', "/"));
    let expected = ["/s/make.rs", "/s/../a", "/c", "/s/d", "/s/b"];
    assert_eq!(
        paths.map(slashes),
        expected.map(|path| Some(path.to_owned()))
    );
    assert_eq!(named(&made), ["a", "b", "c", "d", "größe_2"]);
}

#[test]
fn what_is_inferred_comes_in_addition() {
    let embedded = embedded_manifest::find("/*[toml]\n[dependencies]\nserde-json = '1'\n*/")
        .expect("a manifest");
    let mut inferred = Table::new();
    inferred.insert("serde_json", value("2"));
    inferred.insert("rand", value("0.9"));
    let made = package(&embedded, &inferred, &AROUND)
        .expect("a package")
        .manifest;
    assert_eq!(made["dependencies"]["serde-json"].as_str(), Some("1"));
    assert!(made["dependencies"].get("serde_json").is_none());
    assert_eq!(made["dependencies"]["rand"].as_str(), Some("0.9"));
}

#[test]
fn a_script_that_is_named_as_a_crate() {
    let embedded = embedded_manifest::find("use regex::Regex;").expect("no manifest");
    let around = PackageContext {
        stem: "regex",
        wanted: &["regex"],
        ..AROUND
    };
    let made = package(&embedded, &Table::new(), &around).expect("a package");
    assert_eq!(
        made.manifest["package"]["name"].as_str(),
        Some("regex-script")
    );
    assert_eq!(
        workspace_of("[package]\nworkspace = '../x'"),
        Some("../x".into())
    );
    assert_eq!(workspace_of("[workspace]"), None);
}

#[test]
fn what_a_script_cannot_have() {
    for (manifest, word) in [
        ("[lib]", "`lib`"),
        ("[[bin]]\nname = 'a'", "`bin`"),
        ("[workspace]\nmembers = ['a']", "workspace.members"),
        ("package = 1", "`package`"),
        ("[package]\nname = 1", "package.name"),
        ("dependencies = 'a'", "`dependencies`"),
    ] {
        let text = format!("/*[toml]\n{manifest}\n*/");
        let error = made(&text).expect_err(&text);
        assert!(error.contains(word), "{text}: {error}");
    }
}

#[test]
fn what_rust_script_says_where_a_manifest_does_not() {
    let around = PackageContext {
        front: Front::RustScript,
        dialect: Dialect::RustScript,
        is_flat: true,
        ..AROUND
    };
    let made = |text: &str| {
        let embedded = embedded_manifest::find(text).expect("a manifest");
        package(&embedded, &Table::new(), &around).expect("a package")
    };
    let plain = made("fn main() {}");
    let about = &plain.manifest["package"];
    assert_eq!(about["edition"].as_str(), Some("2021"));
    assert_eq!(about["version"].as_str(), Some("0.1.0"));
    let release = &plain.workspace["profile"]["release"];
    let own = &release["package"]["gr__e_2"];
    assert_eq!(own["strip"].as_bool(), Some(true), "{}", plain.workspace);
    assert!(plain.workspace["profile"].get("dev").is_none());
    assert!(plain.workspace["workspace"].get("members").is_none());
    let said = made("// cargo-deps: a\n");
    assert_eq!(said.manifest["package"]["edition"].as_str(), Some("2021"));
    let said = made("//! ```cargo\n//! [profile.release]\n//! lto = true\n//! ```\n");
    assert!(
        said.workspace["profile"]["release"]
            .get("package")
            .is_none()
    );
    let front = made("---\n---\n");
    assert_eq!(front.manifest["package"]["edition"].as_str(), Some("2024"));
}

#[test]
fn names_are_cargos() {
    for (stem, name) in [
        ("report", "report"),
        ("s-h.w§c!", "s-h-w-c-"),
        ("a_b.c", "a_b_c"),
        ("42answer", "answer"),
        ("42", "package"),
        ("", "package"),
        ("-x", "x"),
        ("_x", "_x"),
        ("größe", "größe"),
    ] {
        assert_eq!(as_cargo_names(stem), name, "{stem}");
    }
    assert_eq!(as_cargo_names(&"日".repeat(90)).len(), 198);
}
