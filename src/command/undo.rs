//! `undo`: put configurations and excludes back.

use anyhow::Result;

use super::{Ui, conduct, look};
use crate::exit::Exit;
use crate::fs;
use crate::model::{Kept, KeptReason};
use crate::plan::{self, Recorded};
use crate::survey::Request;

/// Puts every file back that a setup changed.
///
/// # Errors
///
/// A root or the record cannot be read, another run is at work, or the answer cannot be written.
pub fn run(request: &Request, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let journal = fs::read_journal(&survey.shared_root.path)?;
    let mut files = Vec::new();
    for file in journal.files() {
        let place = file.parent().and_then(std::path::Path::parent);
        let repository = plan::worktree_of(file, &survey.repositories).map(|(found, _)| found);
        files.push(Recorded {
            exclude: repository.map(|found| found.common_dir.join("info").join("exclude")),
            file: file.to_owned(),
            bytes: fs::read(file)?,
            place_exists: place.is_some_and(fs::is_folder),
        });
    }
    let plan = plan::undo(&journal, files);
    let by_hand = |kept: &Kept| kept.reason == KeptReason::ChangedByHand;
    let incomplete = plan.kept.iter().any(by_hand);
    let exit = conduct("undo", &survey, &plan, request, ui)?;
    // Not all is as it was, though nothing failed.
    Ok(match exit {
        Exit::Done if incomplete => Exit::Incomplete,
        other => other,
    })
}
