//! The record of the files that a shared root's runs changed, in the user's state folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};

use crate::fs::{create_private_folder, read, replace_own};
use crate::survey::build_env::History;
use crate::survey::journal::Journal;
use crate::text::failure::Hint as _;

/// Path of the record in the folder of a shared root's records.
#[must_use]
pub(crate) fn journal_file(records: &Path) -> PathBuf {
    records.join("undo.json")
}

/// Reads the record of what was changed; empty if there is none.
///
/// # Errors
///
/// The file cannot be read, or is not a record of ours in a version that we know.
pub(crate) fn read_journal(records: &Path) -> Result<Journal> {
    let path = journal_file(records);
    let Some(bytes) = read(&path)? else {
        return Ok(Journal::default());
    };
    let journal = serde_json::from_slice::<Journal>(&bytes).with_context(|| {
        format!(
            "expected a record of cargo-sharedtarget in `{}`",
            path.display()
        )
    });
    let journal = journal
        .hint("move that file away; `undo` then no longer knows the changes that it records")?;
    let known = Journal::default().version;
    if journal.version != known {
        return Err(anyhow!(
            "`{}` has version {}; this program supports version {known}",
            path.display(),
            journal.version,
        ))
        .hint("use a newer cargo-sharedtarget");
    }
    Ok(journal)
}

/// Changes the record.
///
/// # Errors
///
/// It cannot be read or written; it is as it was then.
pub(crate) fn change_journal(records: &Path, change: impl FnOnce(&mut Journal)) -> Result<()> {
    let path = journal_file(records);
    let mut journal = read_journal(records)?;
    change(&mut journal);
    create_private_folder(records)?;
    let mut json = serde_json::to_vec_pretty(&journal).context("failed to record the changes")?;
    json.push(b'\n');
    replace_own(&path, &json)
}

/// Reads the record of the build environments of workspaces. A record that cannot be read holds nothing.
#[must_use]
pub(crate) fn read_history(records: &Path) -> History {
    let bytes = read(&history_file(records)).ok().flatten();
    let history = bytes.and_then(|bytes| serde_json::from_slice::<History>(&bytes).ok());
    history
        .filter(|history| history.version == History::default().version)
        .unwrap_or_default()
}

/// Writes the build environments of workspaces that were seen.
///
/// # Errors
///
/// It cannot be written; it is as it was then.
pub(crate) fn write_history(records: &Path, history: &History) -> Result<()> {
    let json = serde_json::to_vec(history).context("failed to record the observations")?;
    replace_own(&history_file(records), &json)
}

fn history_file(records: &Path) -> PathBuf {
    records.join("circumstances.json")
}
