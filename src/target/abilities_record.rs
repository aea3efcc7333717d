//! The abilities of programs that earlier runs found, in the user's state folder: reading a large program takes longer than
//! everything else that is asked of a unit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};

use crate::fs::model::Identity;
use crate::fs::{create_private_folder, read, replace_own, with_content};
use crate::target::artifact::abilities;
use crate::target::artifact::abilities::{Abilities, AbilitiesRecord, CONTENT};
use crate::target::unit_file::UnitFile;

/// Reads the abilities of programs that earlier runs found, in the user's state folder. Where nothing can be read, none are
/// known.
#[must_use]
pub(crate) fn read_abilities(state: &Path) -> AbilitiesRecord {
    let bytes = read(&abilities_file(state)).ok().flatten();
    let found = bytes.and_then(|bytes| serde_json::from_slice::<AbilitiesRecord>(&bytes).ok());
    found
        .filter(|found| found.rules == abilities::RULES)
        .unwrap_or_default()
}

/// Adds abilities to those that earlier runs found.
///
/// # Errors
///
/// They cannot be written; the file is as it was then.
pub(crate) fn add_abilities(state: &Path, programs: BTreeMap<String, Abilities>) -> Result<()> {
    create_private_folder(state)?;
    let mut found = read_abilities(state);
    found.add(programs);
    let json = serde_json::to_vec(&found).context("failed to record the observations")?;
    replace_own(&abilities_file(state), &json)
}

pub(crate) fn abilities_file(state: &Path) -> PathBuf {
    state.join("abilities.json")
}

/// The abilities of programs that this run and earlier ones have looked into, whatever folder they are in.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownAbilities(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
pub(crate) struct Table {
    before: Option<AbilitiesRecord>,
    new: BTreeMap<String, Abilities>,
}

impl KnownAbilities {
    /// The abilities of the program at this path, which are found if they are not known.
    ///
    /// A link to a file changes the time by which the file is known, so that most programs are looked up by their content
    /// the next time: a hash of it takes a tenth of the time that a look into it takes.
    pub(crate) fn of(&self, state: Option<&Path>, file: &UnitFile, path: &Path) -> Abilities {
        let Some((state, key)) = state.zip(key(file)) else {
            return with_content(path, abilities::of).unwrap_or(Abilities::ANY);
        };
        if let Some(known) = self.get(state, &key) {
            return known;
        }
        let found = with_content(path, |bytes| {
            let content = content_key(bytes);
            let able = self
                .get(state, &content)
                .unwrap_or_else(|| abilities::of(bytes));
            self.add(content, able);
            able
        });
        // It may be readable the next time.
        let Some(able) = found else {
            return Abilities::ANY;
        };
        self.add(key, able);
        able
    }

    fn get(&self, state: &Path, key: &str) -> Option<Abilities> {
        let mut table = self.table();
        let before = table.before.get_or_insert_with(|| read_abilities(state));
        let known = before.programs.get(key).copied();
        known.or_else(|| table.new.get(key).copied())
    }

    fn add(&self, key: String, able: Abilities) {
        self.table().new.insert(key, able);
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down what this run has found. Where that cannot be written, the next run finds it again.
    pub(crate) fn keep(&self, state: &Path) {
        let new = std::mem::take(&mut self.table().new);
        if !new.is_empty() {
            let _ = add_abilities(state, new);
        }
    }
}

/// A key of all files with this content.
fn content_key(bytes: &[u8]) -> String {
    format!("{CONTENT}{}", blake3::hash(bytes).to_hex())
}

/// A key that no other file has, nor this one after a change: only the system sets the time of the last change.
pub(crate) fn key(file: &UnitFile) -> Option<String> {
    let Identity { device, inode } = file.identity;
    let (modified, changed) = (file.modified()?, file.changed()?);
    let [modified, changed] = [modified, changed].map(|time| time.as_nanosecond());
    Some(format!(
        "{device}-{inode}-{}-{modified}-{changed}",
        file.length.0
    ))
}
