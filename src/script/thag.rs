//! Rules of thag, for a user or a script that comes from there: crates that only the code names, their features, and places
//! that a configuration or a variable names.
//!
//! Source: `src/manifest.rs` of thag_rs 1.1, and `src/config.rs` of thag_common.

pub(crate) mod config;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike, value};

use crate::script::dialect::{Front, names_thag};
use crate::script::package::same;
use crate::script::thag::config::{Config, Inference};

/// Crates of thag's own whose place thag finds by the environment, each with its folder in the repository.
const OWN: [(&str, &str); 5] = [
    ("thag_common", "thag_common"),
    ("thag_rs", ""),
    ("thag_proc_macros", "thag_proc_macros"),
    ("thag_profiler", "thag_profiler"),
    ("thag_styling", "thag_styling"),
];

/// Mark behind the version of a dependency whose place the environment decides.
const AUTO: &str = "thag-auto";

/// Repository of thag, where only the name of a branch is known.
const REPOSITORY: &str = "https://github.com/durbanlegend/thag_rs";

/// Rules for one script, with all that the environment and thag's configuration say about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ThagRules {
    /// Which crates are added, and with which features.
    pub(crate) config: Config,
    /// Folders of crates that only the configuration names, absolute.
    pub(crate) folders: Vec<(&'static str, PathBuf)>,
    /// Source of thag's own crates, where a manifest leaves that open.
    pub(crate) source: Source,
}

/// Options of a command line that take the place of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ThagOptions {
    /// Which crates are added, and with which features.
    pub(crate) inference: Option<Inference>,
    /// A text that a snippet ends with is printed without quotes.
    pub(crate) unquote: Option<bool>,
}

/// Source of thag's own crates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Source {
    /// The registry, in the version that the manifest names.
    #[default]
    Registry,
    /// A folder with thag's repository, absolute.
    Folder(PathBuf),
    /// A branch of a repository.
    Git {
        /// Address of the repository.
        url: String,
        /// Name of the branch.
        branch: String,
    },
}

/// Features with which a crate is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Features {
    /// Names of features; those that the crate does not have are left out.
    pub(crate) names: BTreeSet<String>,
    /// The crate's default features are on.
    pub(crate) defaults: bool,
}

/// Returns true if a script may be written for thag. A text that only looks like that costs a look at the configuration.
pub(crate) fn may_concern(front: Front, text: &str) -> bool {
    front == Front::Thag || text.contains("/*[toml]") || names_thag(text)
}

impl ThagRules {
    /// Collects what concerns one script. `cwd` is the folder that thag's paths are relative to. Nothing that the script
    /// does not mention is in the answer, so that it decides about no other script.
    pub(crate) fn of(
        config: Config,
        text: &str,
        cwd: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let named = config.crates.iter().filter(|(name, _)| text.contains(name));
        let folders = named.map(|(name, folder)| (*name, cwd.join(folder)));
        Self {
            folders: folders.collect(),
            source: match text.contains(AUTO) {
                true => source(cwd, variable),
                false => Source::Registry,
            },
            config: Config {
                crates: Vec::new(),
                ..config
            },
        }
    }

    /// Features of a crate that only the code names.
    pub(crate) fn features(&self, name: &str) -> Features {
        let Config {
            inference,
            always,
            overrides,
            ..
        } = &self.config;
        if *inference != Inference::Config {
            return Features {
                names: BTreeSet::new(),
                defaults: true,
            };
        }
        let own = overrides.iter().find(|(known, _)| same(known, name));
        let required = own.into_iter().flat_map(|(_, own)| &own.required_features);
        Features {
            names: always
                .iter()
                .chain(required)
                .filter(|name| !name.is_empty())
                .cloned()
                .collect(),
            defaults: own.is_none_or(|(_, own)| own.default_features),
        }
    }

    /// Replaces the mark behind the versions of a manifest by the source that the environment names.
    ///
    /// # Errors
    ///
    /// The environment names a folder that `exists` does not find; as a fragment.
    pub(crate) fn resolve(
        &self,
        manifest: &mut DocumentMut,
        exists: &dyn Fn(&Path) -> bool,
    ) -> Result<(), String> {
        let root = manifest.as_table_mut();
        if let Some(targets) = root.get_mut("target").and_then(Item::as_table_like_mut) {
            for (_, target) in targets.iter_mut() {
                if let Some(target) = target.as_table_like_mut() {
                    self.resolve_in(target, exists)?;
                }
            }
        }
        self.resolve_in(root, exists)
    }

    fn resolve_in(
        &self,
        table: &mut dyn TableLike,
        exists: &dyn Fn(&Path) -> bool,
    ) -> Result<(), String> {
        for key in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(all) = table.get_mut(key).and_then(Item::as_table_like_mut) else {
                continue;
            };
            for (name, item) in all.iter_mut() {
                let Some(version) = marked(item) else {
                    continue;
                };
                let name = name.get().to_owned();
                let own = OWN.iter().find(|(own, _)| same(own, &name));
                self.place(item, version, own.map(|(_, folder)| *folder), exists)?;
            }
        }
        Ok(())
    }

    /// Writes the source of a dependency that has the mark. `folder` is its folder in thag's repository, if it is one of thag's own.
    fn place(
        &self,
        item: &mut Item,
        version: String,
        folder: Option<&str>,
        exists: &dyn Fn(&Path) -> bool,
    ) -> Result<(), String> {
        if item.is_str() {
            let mut table = toml_edit::InlineTable::new();
            table.insert("version", version.as_str().into());
            *item = value(table);
        }
        let Some(table) = item.as_table_like_mut() else {
            return Ok(());
        };
        match (&self.source, folder) {
            (Source::Registry, _) | (_, None) => {
                table.insert("version", value(version));
            }
            (Source::Folder(repository), Some(folder)) => {
                let place = match folder {
                    "" => repository.clone(),
                    folder => repository.join(folder),
                };
                if !exists(&place) {
                    return Err(format!(
                        "found no folder `{}`, which THAG_DEV_PATH, or GITHUB_WORKSPACE in CI, names for `{AUTO}`",
                        place.display()
                    ));
                }
                table.remove("version");
                table.insert("path", value(place.to_string_lossy().into_owned()));
            }
            (Source::Git { url, branch }, Some(_)) => {
                table.remove("version");
                table.insert("git", value(url));
                table.insert("branch", value(branch));
            }
        }
        Ok(())
    }
}

/// Version of a dependency, if it has the mark behind it.
fn marked(item: &Item) -> Option<String> {
    let version = item.as_str().or_else(|| item.get("version")?.as_str())?;
    let (version, mark) = version.rsplit_once(',')?;
    (mark.trim() == AUTO).then(|| version.trim().to_owned())
}

/// Source that the environment names, in thag's order.
fn source(cwd: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Source {
    let ci = variable("CI").and_then(|_| variable("GITHUB_WORKSPACE"));
    if let Some(folder) = ci.or_else(|| variable("THAG_DEV_PATH")) {
        return Source::Folder(cwd.join(folder));
    }
    match variable("THAG_GIT_REF") {
        None => Source::Registry,
        Some(branch) => Source::Git {
            url: variable("THAG_GIT_REPO").unwrap_or_else(|| REPOSITORY.to_owned()),
            branch,
        },
    }
}

/// A manifest without the features of crates that it does not name: the code names these, and until they are added
/// Cargo would refuse the manifest.
pub(crate) fn without_foreign_features(manifest: &DocumentMut) -> DocumentMut {
    let known = crate::script::package::named(manifest);
    let mut manifest = manifest.clone();
    let Some(features) = manifest
        .get_mut("features")
        .and_then(Item::as_table_like_mut)
    else {
        return manifest;
    };
    let names: Vec<String> = features.iter().map(|(name, _)| name.to_owned()).collect();
    for (_, item) in features.iter_mut() {
        if let Some(all) = item.as_array_mut() {
            all.retain(|one| {
                let Some(one) = one.as_str() else {
                    return true;
                };
                let of = one.strip_prefix("dep:").unwrap_or(one);
                let of = of.split('/').next().unwrap_or(of).trim_end_matches('?');
                let is_known = known.iter().any(|known| same(known, of));
                is_known || !one.contains(['/', ':']) && names.iter().any(|name| name == one)
            });
        }
    }
    manifest
}

/// Names of the features that Cargo says a crate does not have.
///
/// Source: `src/cargo/ops/cargo_add/mod.rs` of Cargo.
pub(crate) fn unknown_features(said: &str) -> Vec<&str> {
    let list = said
        .split_once("unrecognized feature")
        .and_then(|(_, rest)| rest.split_once(": "));
    let list = list.map_or("", |(_, list)| list.lines().next().unwrap_or_default());
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}

/// Program that reads standard input line by line, as thag's `--loop` makes it. `line` is the line, `i` its number from 1.
///
/// Source: `build_loop` in `src/code_utils.rs` of thag_rs.
pub(crate) fn line_loop(
    code: &str,
    toml: Option<&str>,
    begin: Option<&str>,
    end: Option<&str>,
) -> String {
    let manifest = toml.map_or_else(String::new, |toml| format!("/*[toml]\n{toml}\n*/\n"));
    let (begin, end) = (begin.unwrap_or_default(), end.unwrap_or_default());
    let code = match crate::script::body::prints(code) {
        true => format!("let _ = writeln!(io::stdout(), \"{{:?}}\", {{ {code}\n }});"),
        false => format!("{code}\n"),
    };
    format!(
        "{manifest}#[allow(unused_imports)] use std::io::{{self, BufRead, Write as _}};\n\
         #[allow(unused_assignments, unused_variables, unused_mut, unused_braces)]\n\
         fn main() -> Result<(), Box<dyn std::error::Error>> {{\n{begin}\n\
         let mut i = 0;\nlet stdin = io::stdin();\nfor line in stdin.lock().lines() {{\n\
         let line = line?;\ni += 1;\n{code}}}\n{end}\nOk(())\n}}\n"
    )
}
