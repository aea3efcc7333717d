//! Settings that a package is compiled with but that stand in other files than its own: in the manifest of its
//! workspace, and in Cargo's configuration.
//!
//! Cargo has most of that in a unit's hash (profiles, lints, features, flags), but not all, such as what
//! `[workspace.package]` says or which linker is used. So its values are compared, without those that surely do not matter. Numbers that
//! are none are never the same, which costs a compilation.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::cargo::config_edit;

/// The entries of a workspace's manifest that may matter to one of its packages; `None` if one of the two manifests
/// is not valid.
///
/// Left out is what the root manifest says of its own package, which members there are, what Cargo has in the hash of
/// every unit (profiles), and what of `[workspace.package]`, `[workspace.dependencies]` and `[workspace.lints]` the
/// package does not take over.
#[must_use]
pub(crate) fn from_workspace(root: &str, package: &str) -> Option<Table> {
    const OF_ITS_PACKAGE: [&str; 17] = [
        "package",
        "project",
        "lib",
        "bin",
        "example",
        "test",
        "bench",
        "dependencies",
        "dev-dependencies",
        "dev_dependencies",
        "build-dependencies",
        "build_dependencies",
        "target",
        "features",
        "badges",
        "lints",
        "profile",
    ];
    let mut root: Table = toml::from_str(root).ok()?;
    let package: Table = toml::from_str(package).ok()?;
    let mut taken = BTreeSet::new();
    take_over(&package, &mut taken);
    for key in OF_ITS_PACKAGE {
        root.remove(key);
    }
    if let Some(workspace) = root.get_mut("workspace").and_then(Value::as_table_mut) {
        for key in ["members", "exclude", "default-members"] {
            workspace.remove(key);
        }
        for key in ["package", "dependencies"] {
            if let Some(table) = workspace.get_mut(key).and_then(Value::as_table_mut) {
                table.retain(|name, _| taken.contains(name));
            }
        }
        workspace.retain(|name, _| name != "lints" || taken.contains(name));
    }
    Some(root)
}

/// Whether a manifest takes over a value of `[workspace.package]`; `None` if it is not valid.
#[must_use]
pub(crate) fn takes_over(package: &str) -> Option<bool> {
    let package: Table = toml::from_str(package).ok()?;
    let mut taken = BTreeSet::new();
    if let Some(table) = package.get("package").and_then(Value::as_table) {
        take_over(table, &mut taken);
    }
    Some(!taken.is_empty())
}

/// The keys whose values a package takes over from its workspace.
fn take_over(package: &Table, taken: &mut BTreeSet<String>) {
    for (key, value) in package {
        let Some(table) = value.as_table() else {
            continue;
        };
        if table.get("workspace").and_then(Value::as_bool) == Some(true) {
            taken.insert(key.clone());
        } else {
            take_over(table, taken);
        }
    }
}

/// The entries of a configuration file that may matter to compiled artifacts; `None` if the file is not valid.
///
/// Left out is where Cargo builds, how it talks to people and to registries, and what is compared for itself, since it
/// reaches some units only: variables, and programs that run as the compiler or in its place. So are the files that it
/// includes, since each says something itself.
#[must_use]
pub(crate) fn from_config(text: &str) -> Option<Table> {
    const TALK: [&str; 10] = [
        "alias",
        "cache",
        "cargo-new",
        "env",
        "http",
        "include",
        "install",
        "net",
        "registries",
        "term",
    ];
    let mut config: Table = toml::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    for key in TALK {
        config.remove(key);
    }
    if let Some(build) = config.get_mut("build").and_then(Value::as_table_mut) {
        for key in ["target-dir", "build-dir", "jobs"]
            .into_iter()
            .chain(config_edit::COMPILERS)
        {
            build.remove(key);
        }
        if build.is_empty() {
            config.remove("build");
        }
    }
    Some(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = r#"
        [workspace]
        members = ["a"]
        resolver = "3"
        [workspace.package]
        version = "1.0.0"
        description = "d"
        [workspace.dependencies]
        serde = "1"
        other = { version = "1", features = ["x"] }
        [workspace.lints.rust]
        unused = "warn"
        [profile.dev]
        opt-level = 1
        [package]
        name = "root"
    "#;
    const PACKAGE: &str = r#"
        [package]
        name = "a"
        version.workspace = true
        [target.'cfg(unix)'.dependencies]
        serde = { workspace = true, features = ["derive"] }
    "#;

    #[track_caller]
    fn assert_matters(matters: bool, from: &str, to: &str) {
        assert!(ROOT.contains(from), "{from}");
        let one = from_workspace(ROOT, PACKAGE).expect("valid");
        let two = from_workspace(&ROOT.replace(from, to), PACKAGE).expect("valid");
        assert_eq!(one != two, matters, "{from} -> {to}");
    }

    #[test]
    fn what_is_taken_over_matters() {
        assert_matters(true, "1.0.0", "1.0.1");
        assert_matters(true, "serde = \"1\"", "serde = \"2\"");
        assert_matters(true, "resolver = \"3\"", "resolver = \"2\"");
        assert_matters(
            true,
            "[workspace]",
            "[workspace.metadata.x]\na = 1\n[workspace]",
        );
        assert_matters(
            true,
            "[package]",
            "[patch.crates-io]\nx.path = \"x\"\n[package]",
        );
    }

    #[test]
    fn what_is_of_others_does_not() {
        assert_matters(false, "description = \"d\"", "description = \"e\"");
        assert_matters(false, "features = [\"x\"]", "features = []");
        assert_matters(false, "[\"a\"]", "[\"a\", \"b\"]");
        assert_matters(false, "unused = \"warn\"", "unused = \"deny\"");
        assert_matters(false, "opt-level = 1", "opt-level = 2");
        assert_matters(false, "name = \"root\"", "name = \"r\" # comment");
        assert_eq!(from_workspace("[", PACKAGE), None);
    }

    #[test]
    fn lints_matter_to_whoever_takes_them_over() {
        let package = format!("{PACKAGE}\n[lints]\nworkspace = true\n");
        let stricter = ROOT.replace("warn", "deny");
        assert_ne!(
            from_workspace(ROOT, &package),
            from_workspace(&stricter, &package)
        );
    }

    #[test]
    fn configurations_without_places() {
        let plain = |text: &str| from_config(text).expect("valid");
        assert_eq!(
            plain(""),
            plain("build.target-dir = '/x'\n[term]\nquiet = true")
        );
        assert_ne!(plain(""), plain("build.rustflags = ['-g']"));
        assert_eq!(plain(""), plain("[env]\nA = '1'"));
        assert_eq!(plain(""), plain("build.rustc-wrapper = 'x'"));
        assert_eq!(plain(""), plain("include = ['x.toml']"));
        for (one, other, same) in [
            (
                "a = 1\n[b]\nc = 'x'",
                "b = { c = \"x\" } # why\na = 0x1",
                true,
            ),
            ("[[a]]\nb = 1", "a = [{ b = 1 }]", true),
            ("a = 1", "a = '1'", false),
            ("a = 1", "a = 1.0", false),
            ("a = [1, 2]", "a = [2, 1]", false),
            ("a = nan", "a = nan", false),
        ] {
            assert_eq!(plain(one) == plain(other), same, "{one:?} {other:?}");
        }
        assert_eq!(from_config("["), None);
    }
}
