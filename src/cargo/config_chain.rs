//! Where Cargo builds, by its configuration files.
//!
//! Reading the files is some twenty times quicker than running `cargo metadata` in every workspace, which is
//! good enough to list and to plan with. Whatever is acted on is confirmed by Cargo itself.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher};
use std::path::{Path, PathBuf};

use rustc_stable_hash::StableSipHasher128;

use crate::cargo::model::{ConfigContext, ConfigFile, ConfigKeys, Dirs, SetBy};
use crate::markers::{CARGO_FOLDER, TARGET};

/// The two names of a configuration file; where both exist, Cargo reads the first, the legacy one, and warns.
///
/// Source: `GlobalContext::get_file_path` in Cargo's `context/mod.rs`.
pub(crate) const CONFIG_NAMES: [&str; 2] = ["config", "config.toml"];

/// The template variable that names a workspace by its path (Cargo 1.91 and later, in `build-dir` only).
pub(crate) const WORKSPACE_PATH_HASH: &str = "{workspace-path-hash}";

/// Resolves the folders that a build in `workspace` writes into, without the environment.
#[must_use]
pub(crate) fn resolve(
    workspace: &Path,
    configs: &BTreeMap<PathBuf, ConfigFile>,
    around: &ConfigContext,
) -> Dirs {
    let setting = |key: fn(&ConfigKeys) -> Option<&String>| {
        chain(workspace, configs, around).find_map(|(file, base)| {
            let value = key(&file.keys)?;
            Some((value, file, base))
        })
    };
    let (target_dir, target_set_by) = match setting(|keys| keys.target_dir.as_ref()) {
        Some((value, file, base)) => (base.join(value), SetBy::Config(file.path.clone())),
        None => (workspace.join(TARGET), SetBy::Default),
    };
    let (build_dir, build_set_by) = match setting(|keys| keys.build_dir.as_ref()) {
        Some((value, file, base)) => (
            base.join(expand(value, workspace, around)),
            SetBy::Config(file.path.clone()),
        ),
        None => (target_dir.clone(), target_set_by.clone()),
    };
    Dirs {
        target_dir,
        target_set_by,
        build_dir,
        build_set_by,
    }
}

/// The configuration files that count for a workspace, nearest first, each with the folder that relative
/// paths in it start from.
pub(crate) fn chain<'a>(
    workspace: &'a Path,
    configs: &'a BTreeMap<PathBuf, ConfigFile>,
    around: &'a ConfigContext,
) -> impl Iterator<Item = (&'a ConfigFile, &'a Path)> {
    let above = workspace
        .ancestors()
        .map(|dir| (dir.join(CARGO_FOLDER), dir));
    let home = around
        .cargo_home
        .parent()
        .map(|parent| (around.cargo_home.clone(), parent));
    above.chain(home).filter_map(|(folder, base)| {
        let file = CONFIG_NAMES
            .iter()
            .filter_map(|name| configs.get(&folder.join(name)))
            .find(|f| f.bytes.is_some())?;
        Some((file, base))
    })
}

/// The program that Cargo runs in place of the compiler, with the file that says so.
#[must_use]
pub(crate) fn wrapper<'a>(
    workspace: &'a Path,
    configs: &'a BTreeMap<PathBuf, ConfigFile>,
    around: &'a ConfigContext,
) -> Option<(&'a str, &'a Path)> {
    let mut files = chain(workspace, configs, around);
    files.find_map(|(file, _)| Some((file.keys.rustc_wrapper.as_deref()?, file.path.as_path())))
}

/// The configuration by which a workspace may have another `Cargo.lock` than the one beside its manifest.
#[must_use]
pub(crate) fn names_lock_file<'a>(
    workspace: &'a Path,
    configs: &'a BTreeMap<PathBuf, ConfigFile>,
    around: &'a ConfigContext,
) -> Option<&'a Path> {
    let mut files = chain(workspace, configs, around);
    let found = files.find(|(file, _)| file.keys.lockfile_path.is_some());
    found.map(|(file, _)| file.path.as_path())
}

/// A program that a configuration names, as Cargo finds it: one with a separator in it from the folder that the
/// configuration is for, any other one on the path.
///
/// Source: `ConfigRelativePath::resolve_program` in Cargo's `context/path.rs`.
#[must_use]
pub(crate) fn program(named: &str, config: &Path) -> String {
    let base = config.parent().and_then(Path::parent);
    match base.filter(|_| Path::new(named).components().count() > 1) {
        Some(base) => base.join(named).to_string_lossy().into_owned(),
        None => named.to_owned(),
    }
}

/// Expands the template variables of `build.build-dir`. An unknown one stays, as Cargo then refuses to build.
#[must_use]
pub(crate) fn expand(template: &str, workspace: &Path, around: &ConfigContext) -> String {
    if !template.contains('{') {
        return template.to_owned();
    }
    template
        .replace("{workspace-root}", &workspace.to_string_lossy())
        .replace("{cargo-cache-home}", &around.cargo_home.to_string_lossy())
        .replace(
            WORKSPACE_PATH_HASH,
            &workspace_path_hash(&workspace.join("Cargo.toml")).to_string_lossy(),
        )
}

/// The text that Cargo puts for `{workspace-path-hash}`: the hash of the canonical path of the root manifest, with
/// its first two hex digits as a folder of their own.
///
/// Source: `custom_build_dir` in Cargo's `core/workspace.rs` and `util/hex.rs`, seen with 1.95. A test holds it
/// against `cargo metadata`.
#[must_use]
pub(crate) fn workspace_path_hash(manifest: &Path) -> PathBuf {
    let mut hasher = StableSipHasher128::new();
    manifest.hash(&mut hasher);
    let hex: String = Hasher::finish(&hasher)
        .to_le_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Path::new(&hex[..2]).join(&hex[2..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(path: &str, target: Option<&str>, build: Option<&str>) -> (PathBuf, ConfigFile) {
        let keys = ConfigKeys {
            target_dir: target.map(str::to_owned),
            build_dir: build.map(str::to_owned),
            ..ConfigKeys::default()
        };
        let file = ConfigFile {
            path: path.into(),
            bytes: Some(Vec::new()),
            keys,
            ..ConfigFile::default()
        };
        (path.into(), file)
    }

    fn dirs(configs: &[(PathBuf, ConfigFile)]) -> Dirs {
        let around = ConfigContext {
            cargo_home: "/home/me/.cargo".into(),
            ..ConfigContext::default()
        };
        resolve(
            Path::new("/r/w"),
            &configs.iter().cloned().collect(),
            &around,
        )
    }

    #[test]
    fn the_nearest_file_decides_key_by_key() {
        let home = config(
            "/home/me/.cargo/config.toml",
            Some("all"),
            Some("{cargo-cache-home}/b"),
        );
        assert_eq!(dirs(&[]).target_dir, Path::new("/r/w/target"));
        assert_eq!(dirs(&[]).build_dir, Path::new("/r/w/target"));
        let found = dirs(std::slice::from_ref(&home));
        assert_eq!(
            found.target_dir,
            Path::new("/home/me/all"),
            "relative to the parent of CARGO_HOME"
        );
        assert_eq!(found.build_dir, Path::new("/home/me/.cargo/b"));
        let found = dirs(&[config("/r/.cargo/config.toml", Some("t"), None), home]);
        assert_eq!(
            found.target_dir,
            Path::new("/r/t"),
            "relative to the parent of .cargo"
        );
        assert_eq!(found.build_dir, Path::new("/home/me/.cargo/b"));
    }

    #[test]
    fn the_legacy_name_wins() {
        let found = dirs(&[
            config("/r/w/.cargo/config", Some("/old"), None),
            config("/r/w/.cargo/config.toml", Some("/new"), Some("/b")),
        ]);
        assert_eq!(found.target_dir, Path::new("/old"));
        assert_eq!(
            found.build_dir,
            Path::new("/old"),
            "the other file is not read at all"
        );
    }

    #[test]
    fn templates_name_the_workspace() {
        let found = dirs(&[config(
            "/.cargo/config.toml",
            None,
            Some("/b/{workspace-path-hash}"),
        )]);
        let hash = workspace_path_hash(Path::new("/r/w/Cargo.toml"));
        assert_eq!(found.build_dir, Path::new("/b").join(&hash));
        assert_eq!(hash.components().count(), 2);
        let found = dirs(&[config(
            "/.cargo/config.toml",
            None,
            Some("{workspace-root}/out"),
        )]);
        assert_eq!(found.build_dir, Path::new("/r/w/out"));
    }
}
