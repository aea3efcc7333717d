//! What a package is compiled with that stands in other files than its own: in the manifest of its workspace, and in
//! Cargo's configuration.
//!
//! Cargo has most of that in a unit's hash (profiles, lints, features, flags), but not all, such as what
//! `[workspace.package]` says or which linker is used. So it is compared as text, without what surely does not matter.

use std::collections::BTreeSet;

use toml_edit::{DocumentMut, Item, TableLike};

use crate::cargo::{config_edit, toml_values};

/// What the manifest of a workspace says that may matter to one of its packages, as text that is equal exactly if it
/// is; `None` if one of the two is not valid.
///
/// Left out is what the root manifest says of its own package, which members there are, what Cargo has in the hash of
/// every unit (profiles), and what of `[workspace.package]`, `[workspace.dependencies]` and `[workspace.lints]` the
/// package does not take over.
#[must_use]
pub(crate) fn from_workspace(root: &str, package: &str) -> Option<String> {
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
    let mut root: DocumentMut = root.parse().ok()?;
    let package: DocumentMut = package.parse().ok()?;
    let mut taken = BTreeSet::new();
    take_over(package.as_item(), &mut taken);
    for key in OF_ITS_PACKAGE {
        root.remove(key);
    }
    if let Some(workspace) = root.get_mut("workspace").and_then(Item::as_table_like_mut) {
        for key in ["members", "exclude", "default-members"] {
            workspace.remove(key);
        }
        for key in ["package", "dependencies"] {
            if let Some(table) = workspace.get_mut(key).and_then(Item::as_table_like_mut) {
                keep(table, |name| taken.contains(name));
            }
        }
        keep(workspace, |name| name != "lints" || taken.contains(name));
    }
    Some(toml_values::plain(root.as_item()))
}

/// The keys whose values a package takes over from its workspace.
fn take_over(item: &Item, taken: &mut BTreeSet<String>) {
    for (key, item) in item.as_table_like().into_iter().flat_map(TableLike::iter) {
        let table = item.as_table_like();
        let flag = table.and_then(|table| table.get("workspace")?.as_bool());
        if flag == Some(true) {
            taken.insert(key.to_owned());
        } else {
            take_over(item, taken);
        }
    }
}

fn keep(table: &mut dyn TableLike, wanted: impl Fn(&str) -> bool) {
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys.iter().filter(|key| !wanted(key)) {
        table.remove(key);
    }
}

/// What a configuration file says that may matter to what is compiled, as text that is equal exactly if it is; `None`
/// if it is not valid.
///
/// Left out is where Cargo builds, how it talks to people and to registries, and what is compared for itself, since it
/// reaches some units only: variables, and programs that run as the compiler or in its place. So are the files that it
/// includes, since each says something itself.
#[must_use]
pub(crate) fn from_config(text: &str) -> Option<String> {
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
    let mut config: DocumentMut = text.trim_start_matches('\u{feff}').parse().ok()?;
    for key in TALK {
        config.remove(key);
    }
    if let Some(build) = config.get_mut("build").and_then(Item::as_table_like_mut) {
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
    Some(toml_values::plain(config.as_item()))
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
        assert_eq!(from_config("["), None);
    }
}
