//! A question for Cargo, by all that decides the answer and is known before it.

use std::path::{Component, Path};

use toml::{Table, Value};

use crate::cargo::answers::{bytes, is_plain, names_a_place, table};
use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::{REMOVED, config_edit, toml_read, toolchain};
use crate::markers::CARGO_FOLDER;

/// Variables that Cargo gives to us and not to itself, or that only change how it looks.
const OF_NO_MATTER: [&str; 4] = [
    "CARGO_TERM_",
    "CARGO_SHAREDTARGET_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
];

/// Variables with which Cargo reads a file or runs a program that is not looked at here.
const NAME_FILES: [&str; 3] = ["CARGO_RESOLVER_LOCKFILE_PATH", "RUSTC", "CARGO_BUILD_RUSTC"];

/// The name under which the answers to a question are kept; `None` where anything decides them that is not known here.
pub(super) fn name(root: &Path, options: &[&str]) -> Option<String> {
    let resolves = !options.contains(&"--no-deps");
    let mut question = Question::new(root);
    for option in options {
        question.add("option", option.as_bytes());
    }
    question.variables()?;
    question.add("toolchain", &toolchain::identity(root)?);
    question.manifests(resolves)?;
    question.configurations(resolves)?;
    if resolves {
        let lock = bytes(&root.join("Cargo.lock"))??;
        question.for_this_alone |= names_a_place(&Value::Table(table(&lock)?));
        question.add("lock", &lock);
    }
    Some(question.name())
}

struct Question<'a> {
    root: &'a Path,
    hasher: blake3::Hasher,
    /// The answer holds for no other workspace, though all else be the same there.
    for_this_alone: bool,
}

impl<'a> Question<'a> {
    fn new(root: &'a Path) -> Self {
        Self {
            root,
            hasher: blake3::Hasher::new(),
            for_this_alone: !is_plain(root),
        }
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        for part in [name.as_bytes(), value] {
            self.hasher.update(&(part.len() as u64).to_le_bytes());
            self.hasher.update(part);
        }
    }

    fn name(mut self) -> String {
        if self.for_this_alone {
            self.add("root", self.root.as_os_str().as_encoded_bytes());
        }
        self.hasher.finalize().to_hex()[..32].to_owned()
    }

    /// The variables that Cargo reads.
    fn variables(&mut self) -> Option<()> {
        let is_read = |name: &str| {
            name.starts_with("CARGO_") && !OF_NO_MATTER.iter().any(|start| name.starts_with(start))
                || name.starts_with("RUST")
                || name.starts_with("__CARGO")
        };
        let all = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            (is_read(&name) && !REMOVED.contains(&name.as_str())).then_some((name, value))
        });
        let mut all: Vec<_> = all.collect();
        all.sort();
        for (name, value) in all {
            let bytes = value.as_encoded_bytes();
            // `@` begins the name of a file with arguments for rustc.
            let names_file = name.ends_with("RUSTFLAGS") && bytes.contains(&b'@');
            if NAME_FILES.contains(&name.as_str()) || names_file {
                return None;
            }
            let here = self.root.as_os_str().as_encoded_bytes();
            let mut parts = Path::new(&value).components();
            self.for_this_alone |= memchr::memmem::find(bytes, here).is_some()
                || parts.any(|part| part == Component::ParentDir);
            self.add(&name, bytes);
        }
        Some(())
    }

    /// The manifest. Where it makes no workspace of its own, Cargo looks for one above; a manifest there goes by its own
    /// targets and members, which are no input.
    fn manifests(&mut self, resolves: bool) -> Option<()> {
        let root = self.root;
        let manifest = bytes(&root.join("Cargo.toml"))??;
        let table = table(&manifest)?;
        let mut above = root.ancestors().skip(1);
        if !table.contains_key("workspace")
            && !above.all(|above| bytes(&above.join("Cargo.toml")) == Some(None))
        {
            return None;
        }
        // An unused replacement may be outside of the workspace, or in no answer.
        let replaced = ["patch", "replace"].iter().any(|key| {
            let value = table.get(*key);
            value.is_some_and(|value| has_key(value, &["path"]))
        });
        if resolves && replaced {
            return None;
        }
        self.for_this_alone |= names_a_place(&Value::Table(table));
        self.add("manifest", &manifest);
        Some(())
    }

    /// The configurations, the nearest first.
    fn configurations(&mut self, resolves: bool) -> Option<()> {
        for (depth, above) in self.root.ancestors().enumerate() {
            let Some(found) = configuration(&above.join(CARGO_FOLDER), resolves)? else {
                continue;
            };
            self.configuration("configuration", &found, depth > 0);
            self.add("depth", &depth.to_le_bytes());
            // A relative path in it starts from its folder.
            if depth > 0 && found.may_name_a_path {
                self.add("for", above.as_os_str().as_encoded_bytes());
            }
        }
        let home = toolchain::home("CARGO_HOME", ".cargo")?;
        self.add("home", home.as_os_str().as_encoded_bytes());
        if let Some(found) = configuration(&home, resolves)? {
            self.configuration("configuration of the home", &found, true);
        }
        Some(())
    }

    fn configuration(&mut self, name: &str, found: &Configuration, is_outside: bool) {
        // `{workspace-path-hash}` is another one for each workspace; and a folder for all may be in one of them.
        self.for_this_alone |=
            found.text.contains('{') || found.names_a_place || (is_outside && found.places_builds);
        self.add(name, found.text.as_bytes());
    }
}

/// The words of the configuration in a folder.
struct Configuration {
    text: String,
    /// It names a folder that builds write into.
    places_builds: bool,
    names_a_place: bool,
    /// Some text in it may be a path from its folder on.
    may_name_a_path: bool,
}

/// The configuration in a `.cargo` folder, if there is one. `None` if it cannot be read, or has Cargo read something else
/// that is not looked at here: other configurations, folders with packages, another `Cargo.lock`, arguments in a file.
///
/// Dependencies do not go by the folders that a build writes into, which `setup` names in each worktree anew.
fn configuration(folder: &Path, resolves: bool) -> Option<Option<Configuration>> {
    let mut all = Vec::new();
    let (mut places_builds, mut names_place, mut may_name_path) = (false, false, false);
    for name in CONFIG_NAMES {
        let Some(bytes) = bytes(&folder.join(name))? else {
            continue;
        };
        let text = toml_read::utf8(&bytes).ok()?;
        let mut table: Table = toml::from_str(text).ok()?;
        if config_edit::keys(text).ok()?.includes || reads_more(&table, resolves) {
            return None;
        }
        if let Some(Value::Table(build)) = table.get_mut("build") {
            for key in ["target-dir", "build-dir"] {
                places_builds |= !resolves && build.contains_key(key);
                if resolves {
                    build.remove(key);
                }
            }
        }
        table.retain(|_, value| !matches!(value, Value::Table(table) if table.is_empty()));
        if !table.is_empty() {
            all.push(format!("{name}\n{}", toml::to_string(&table).ok()?));
            let value = Value::Table(table);
            may_name_path |= may_name_a_path(&value);
            names_place |= names_a_place(&value);
        }
    }
    Some((!all.is_empty()).then(|| Configuration {
        text: all.join("\n"),
        places_builds,
        names_a_place: names_place,
        may_name_a_path: may_name_path,
    }))
}

/// Whether a text in a configuration may be a relative path: it has a separator, a link to the folder above, or the
/// ending of a target specification.
fn may_name_a_path(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.contains(['/', '\\']) || text.contains("..") || text.ends_with(".json")
        }
        Value::Array(all) => all.iter().any(may_name_a_path),
        Value::Table(table) => table.values().any(may_name_a_path),
        _ => false,
    }
}

/// Whether a configuration has Cargo read packages in folders, which may change whatever the `Cargo.lock` says, or another
/// file. Cargo reads a vendored source only where it resolves dependencies.
fn reads_more(table: &Table, resolves: bool) -> bool {
    let keys =
        |name: &str, keys: &[&str]| table.get(name).is_some_and(|value| has_key(value, keys));
    let in_files = |name: &str| {
        let value = table.get(name);
        value.is_some_and(|value| value.to_string().contains('@'))
    };
    table.contains_key("paths")
        || keys("patch", &["path"])
        || (resolves && keys("source", &["directory", "local-registry"]))
        || keys("resolver", &["lockfile-path"])
        || keys("build", &["rustc"])
        || in_files("build")
        || in_files("target")
}

/// Whether a value has one of these keys, at any depth.
fn has_key(value: &Value, keys: &[&str]) -> bool {
    match value {
        Value::Table(table) => table
            .iter()
            .any(|(key, value)| keys.contains(&key.as_str()) || has_key(value, keys)),
        Value::Array(all) => all.iter().any(|value| has_key(value, keys)),
        _ => false,
    }
}
