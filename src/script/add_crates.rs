//! Adds crates that only the code names, and remembers them.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use crate::cargo::Cargo;
use crate::fs;
use crate::script::build::{ScriptBuild, dir};
use crate::script::infer::Named;
use crate::script::package;
use crate::script::thag::config::{FILE, Inference};
use crate::script::thag::{self, Features, ThagRules};
use crate::script::write_package::MANIFEST;
use crate::text::failure;
use crate::text::failure::Hint as _;

/// Name of the file with what was found for the names in the code.
const INFERRED: &str = "inferred.toml";

/// Rules by which crates are added.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AddRules<'a> {
    /// Each with the features that the code needs.
    Own,
    /// Each with the features that thag asks for.
    Thag(&'a ThagRules),
}

impl<'a> AddRules<'a> {
    /// The rules for a script; nothing if no crate is added to it.
    pub(crate) fn of(thag: Option<&'a ThagRules>, infer: bool) -> Option<Self> {
        match thag {
            Some(rules) if infer || rules.config.inference != Inference::None => {
                Some(Self::Thag(rules))
            }
            None if infer => Some(Self::Own),
            _ => None,
        }
    }

    fn features(self, named: &Named) -> Features {
        match self {
            Self::Own => Features {
                names: named.features.clone(),
                defaults: true,
            },
            Self::Thag(rules) => rules.features(&named.name),
        }
    }

    /// Returns whether a dependency has all features that the code needs. Thag's rules do not go by the code.
    fn suffices(self, named: &Named, dependency: &Item) -> bool {
        let features = dependency.get("features").and_then(Item::as_array);
        let has = |name: &String| {
            let mut all = features.into_iter().flatten();
            all.any(|feature| feature.as_str() == Some(name))
        };
        matches!(self, Self::Thag(_)) || self.features(named).names.iter().all(has)
    }

    /// Takes crates out of a list that thag's configuration has a folder for, and returns them as dependencies.
    ///
    /// # Errors
    ///
    /// There is no such folder.
    fn folders(self, missing: &mut Vec<Named>) -> Result<Table> {
        let mut found = Table::new();
        let Self::Thag(rules) = self else {
            return Ok(found);
        };
        for (name, folder) in &rules.folders {
            let before = missing.len();
            missing.retain(|named| named.name != *name);
            if missing.len() == before {
                continue;
            }
            if !fs::exists(folder) {
                let folder = folder.display();
                return Err(anyhow::anyhow!("found no crate `{name}` at `{folder}`"))
                    .with_hint(|| format!("thag's configuration `{FILE}` names its folder, relative to the working directory"));
            }
            let mut table = InlineTable::new();
            table.insert("path", folder.to_string_lossy().as_ref().into());
            found.insert(name, value(table));
        }
        Ok(found)
    }
}

/// Crates that only the code names, in the state before and after Cargo was asked.
#[derive(Debug, Default)]
pub(crate) struct Added {
    /// Dependencies for these names.
    pub(crate) crates: Table,
    /// Names that a dependency of the manifest stands for, whose own name is another one.
    provided: BTreeSet<String>,
    /// Hash of what the answer holds for.
    by: String,
}

impl Added {
    /// Returns the known crates for names that only the code has. Removes from `missing` those for which thag's
    /// configuration has a folder.
    ///
    /// # Errors
    ///
    /// Such a folder does not exist.
    pub(crate) fn known(
        rules: AddRules<'_>,
        folder: &Path,
        manifest: &DocumentMut,
        missing: &mut Vec<Named>,
    ) -> Result<Self> {
        let by = by(rules, manifest);
        let mut added = read(folder).filter(|added| added.by == by);
        let added = added.get_or_insert_with(|| Self {
            by,
            ..Self::default()
        });
        let mut added = std::mem::take(added);
        added.crates.retain(|name, item| {
            let mut missing = missing.iter();
            missing.any(|one| package::same(&one.name, name) && rules.suffices(one, item))
        });
        for (name, item) in rules.folders(missing)?.iter() {
            added.crates.insert(name, item.clone());
        }
        Ok(added)
    }

    /// Those of the names for which nothing is known.
    pub(crate) fn unknown<'n>(&self, missing: &'n [Named]) -> Vec<&'n Named> {
        let is_known = |named: &Named| {
            let mut crates = self.crates.iter();
            self.provided.contains(&named.name)
                || crates.any(|(name, _)| package::same(name, &named.name))
        };
        missing.iter().filter(|named| !is_known(named)).collect()
    }

    /// Asks Cargo for crates, and remembers them. `own` is the manifest of the package, which lies in `folder`. Returns a
    /// sentence for each that was not found.
    ///
    /// # Errors
    ///
    /// Thag's rules ask for more than is known here, or the package cannot be written.
    pub(crate) fn add(
        &mut self,
        rules: AddRules<'_>,
        build: &ScriptBuild<'_>,
        cargo: &Cargo,
        (own, folder): (&DocumentMut, &Path),
        missing: &[Named],
    ) -> Result<Vec<String>> {
        let file = folder.join(MANIFEST);
        let mut doubts = Vec::new();
        // Features of crates that are not there yet are no manifest for Cargo.
        let begun = thag::without_foreign_features(own);
        fs::replace(&file, begun.to_string().as_bytes())?;
        let depends = |key: &str| own.get(key).and_then(Item::as_table_like);
        if depends("dependencies").is_some_and(|all| !all.is_empty()) || own.contains_key("target")
        {
            let triple = build.host;
            match cargo.libraries(folder, dir(build, folder), triple, build.toolchain) {
                Ok(libraries) => self.provided.extend(libraries),
                Err(error) => {
                    // Whether the manifest has a crate for a name cannot be told: none takes its place.
                    let said = failure::words(error.as_ref());
                    doubts.push(format!(
                        "{}: no crate is added to its manifest: {said}",
                        build.shown
                    ));
                    return Ok(doubts);
                }
            }
        }
        let unknown: Vec<&Named> = self.unknown(missing);
        if let (AddRules::Thag(thag), false) = (rules, unknown.is_empty())
            && thag.config.inference == Inference::Max
        {
            return Err(anyhow::anyhow!(
                "the inference `max` is unknown: it asks for each feature of `{}`",
                unknown[0].name
            ))
            .hint("name the features in the manifest, or in `feature_overrides` of thag's configuration");
        }
        for named in unknown {
            // Cargo asks for the newest version, and knows the names that are written with another dash.
            let features = rules.features(named);
            let is_lenient = matches!(rules, AddRules::Thag(_));
            let added = add_one(
                cargo,
                (folder, dir(build, folder)),
                &named.name,
                features,
                is_lenient,
                build.toolchain,
            );
            // It may be no crate: what comes by a glob of another one looks the same.
            if let Err(error) = added {
                doubts.push(format!(
                    "{}:{}:{}: found no crate for `{}`: {}",
                    build.shown,
                    named.line,
                    named.column,
                    named.name,
                    failure::words(error.as_ref())
                ));
            }
        }
        let bytes = fs::read(&file)?.unwrap_or_default();
        let now: DocumentMut = String::from_utf8_lossy(&bytes)
            .parse()
            .with_context(|| format!("failed to read `{}`", file.display()))?;
        let all = now.get("dependencies").and_then(Item::as_table_like);
        for (name, item) in all.into_iter().flat_map(|all| all.iter()) {
            if missing.iter().any(|one| package::same(&one.name, name)) {
                self.crates.insert(name, item.clone());
            }
        }
        self.remember(folder, missing)?;
        Ok(doubts)
    }

    fn remember(&self, folder: &Path, missing: &[Named]) -> Result<()> {
        let is_missing = |name: &str| missing.iter().any(|one| package::same(&one.name, name));
        let mut kept = DocumentMut::new();
        kept.insert("by", value(&self.by));
        let provided = self.provided.iter().filter(|name| is_missing(name));
        kept.insert("provided", value(Array::from_iter(provided)));
        let mut crates = Table::new();
        for (name, item) in self.crates.iter().filter(|(name, _)| is_missing(name)) {
            crates.insert(name, item.clone());
        }
        kept.insert("crates", Item::Table(crates));
        fs::replace(&folder.join(INFERRED), kept.to_string().as_bytes())
    }
}

/// Adds one crate. Where that is allowed, features are left out that it does not have.
fn add_one(
    cargo: &Cargo,
    (folder, dir): (&Path, &Path),
    name: &str,
    features: Features,
    is_lenient: bool,
    toolchain: Option<&str>,
) -> Result<()> {
    let Features {
        mut names,
        defaults,
    } = features;
    loop {
        let all: Vec<String> = names.iter().cloned().collect();
        let Err(error) = cargo.add(folder, dir, name, &all, defaults, toolchain) else {
            return Ok(());
        };
        let said = failure::words(error.as_ref());
        let known = names.len();
        for unknown in thag::unknown_features(&said) {
            names.remove(unknown);
        }
        if !is_lenient || names.len() == known {
            bail!(error);
        }
    }
}

/// Hash of all that decides which crates are added besides the names in the code: the rules, and what the manifest depends
/// on.
fn by(rules: AddRules<'_>, manifest: &DocumentMut) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{rules:?}").as_bytes());
    for (key, item) in manifest.iter() {
        if key == "target" || key.ends_with("dependencies") {
            hasher.update(format!("{key} {item}").as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

fn read(folder: &Path) -> Option<Added> {
    let bytes = fs::read(&folder.join(INFERRED)).ok()??;
    let read: DocumentMut = String::from_utf8_lossy(&bytes).parse().ok()?;
    let provided = read.get("provided")?.as_array()?.iter();
    let provided = provided.filter_map(|name| name.as_str().map(str::to_owned));
    Some(Added {
        crates: read.get("crates")?.as_table()?.clone(),
        provided: provided.collect(),
        by: read.get("by")?.as_str()?.to_owned(),
    })
}
