//! The record of what was changed, in the shared root.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{create_folder, read, replace};
use crate::journal::Journal;
use crate::marks::SHARED_ROOT_MARK;

/// Where the record of a shared root is.
#[must_use]
pub fn journal_file(shared_root: &Path) -> PathBuf {
    shared_root.join(SHARED_ROOT_MARK).join("undo.json")
}

/// Reads the record of what was changed; empty if there is none.
///
/// # Errors
///
/// The file cannot be read, or is not a record of ours in a version that we know.
pub fn read_journal(shared_root: &Path) -> Result<Journal> {
    let path = journal_file(shared_root);
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
pub fn change_journal(shared_root: &Path, change: impl FnOnce(&mut Journal)) -> Result<()> {
    let path = journal_file(shared_root);
    let mut journal = read_journal(shared_root)?;
    change(&mut journal);
    create_folder(&shared_root.join(SHARED_ROOT_MARK))?;
    let mut json =
        serde_json::to_vec_pretty(&journal).context("failed to write down what changes")?;
    json.push(b'\n');
    replace(&path, &json)
}
