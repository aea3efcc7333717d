//! The record of the files that a shared root's runs changed, in the user's state folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::fs::{create_private_folder, read, replace_own};
use crate::setup::journal::Journal;
use crate::target::artifact::abilities;
use crate::target::artifact::abilities::{Abilities, Found};
use crate::warm::circumstances::History;

/// Path of the record in the folder of a shared root's records.
#[must_use]
pub fn journal_file(records: &Path) -> PathBuf {
    records.join("undo.json")
}

/// Reads the record of what was changed; empty if there is none.
///
/// # Errors
///
/// The file cannot be read, or is not a record of ours in a version that we know.
pub fn read_journal(records: &Path) -> Result<Journal> {
    let path = journal_file(records);
    let Some(bytes) = read(&path)? else {
        return Ok(Journal::default());
    };
    let journal: Journal = serde_json::from_slice(&bytes).with_context(|| {
        format!(
            "expected a record of cargo-sharedtarget in `{}`",
            path.display()
        )
    })?;
    anyhow::ensure!(
        journal.version == Journal::default().version,
        "`{}` has version {} and this program knows version {}: use a newer cargo-sharedtarget",
        path.display(),
        journal.version,
        Journal::default().version
    );
    Ok(journal)
}

/// Changes the record.
///
/// # Errors
///
/// It cannot be read or written; it is as it was then.
pub fn change_journal(records: &Path, change: impl FnOnce(&mut Journal)) -> Result<()> {
    let path = journal_file(records);
    let mut journal = read_journal(records)?;
    change(&mut journal);
    create_private_folder(records)?;
    let mut json =
        serde_json::to_vec_pretty(&journal).context("failed to write down what changes")?;
    json.push(b'\n');
    replace_own(&path, &json)
}

/// Reads the record of the circumstances of workspaces. One that cannot be read holds nothing.
#[must_use]
pub fn read_history(records: &Path) -> History {
    let bytes = read(&history_file(records)).ok().flatten();
    let history = bytes.and_then(|bytes| serde_json::from_slice::<History>(&bytes).ok());
    history
        .filter(|history| history.version == History::default().version)
        .unwrap_or_default()
}

/// Writes down what was seen of the circumstances of workspaces, where there are records already.
///
/// # Errors
///
/// It cannot be written; it is as it was then.
pub fn write_history(records: &Path, history: &History) -> Result<()> {
    if !crate::fs::is_folder(records) {
        return Ok(());
    }
    let json = serde_json::to_vec(history).context("failed to write down what was seen")?;
    replace_own(&history_file(records), &json)
}

/// Reads the abilities of programs that earlier runs found, in the user's state folder. Where nothing can be read, none are
/// known.
#[must_use]
pub fn read_abilities(state: &Path) -> Found {
    let bytes = read(&abilities_file(state)).ok().flatten();
    let found = bytes.and_then(|bytes| serde_json::from_slice::<Found>(&bytes).ok());
    found
        .filter(|found| found.rules == abilities::RULES)
        .unwrap_or_default()
}

/// Adds abilities to those that earlier runs found.
///
/// # Errors
///
/// They cannot be written; the file is as it was then.
pub fn add_abilities(state: &Path, programs: BTreeMap<String, Abilities>) -> Result<()> {
    create_private_folder(state)?;
    let mut found = read_abilities(state);
    found.add(programs);
    let json = serde_json::to_vec(&found).context("failed to write down what was seen")?;
    replace_own(&abilities_file(state), &json)
}

fn abilities_file(state: &Path) -> PathBuf {
    state.join("abilities.json")
}

fn history_file(records: &Path) -> PathBuf {
    records.join("circumstances.json")
}
