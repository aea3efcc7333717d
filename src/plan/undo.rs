//! Decides which files go back to what they were.

use std::path::PathBuf;

use crate::journal::{Journal, Undo};
use crate::model::{Action, Change, EditFile, Kept, KeptReason, Plan, Subject, Warning};

/// A file in the record, as it is now.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The file.
    pub file: PathBuf,
    /// Its bytes; `None` if it does not exist.
    pub bytes: Option<Vec<u8>>,
    /// The folder that its `.cargo` or `info` lies in exists.
    pub place_exists: bool,
}

/// Decides for each file in the record whether it goes back.
#[must_use]
pub fn undo(journal: &Journal, files: Vec<Recorded>) -> Plan {
    let mut plan = Plan::default();
    for Recorded {
        file,
        bytes,
        place_exists,
    } in files
    {
        let reason = match journal.undo(&file, bytes.as_deref()) {
            _ if !place_exists => KeptReason::WorktreeGone,
            Undo::AsItWas => KeptReason::AsItWas,
            Undo::ChangedByHand => KeptReason::ChangedByHand,
            Undo::Restore { to, remove_folder } => {
                let change = if to.is_some() {
                    Change::Edit
                } else {
                    Change::Remove
                };
                let edit = EditFile {
                    file,
                    before: bytes,
                    after: to,
                    change,
                };
                plan.actions.push(Action::Restore {
                    edit,
                    remove_folder,
                });
                continue;
            }
        };
        let kept = Kept {
            subject: Subject::File,
            path: file,
            reason,
            on_disk: None,
            last_build: None,
        };
        plan.kept.push(kept);
    }
    // Git goes on ignoring our files until they are gone.
    plan.actions.sort_by_key(|action| match action {
        Action::Restore { edit, .. } => edit.file.ends_with("info/exclude"),
        _ => false,
    });
    if !plan.actions.is_empty() {
        plan.warnings.push(Warning::NoWayBack);
    }
    plan
}
