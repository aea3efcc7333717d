//! `undo`: put configurations and excludes back.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Ui, conduct, look};
use crate::config_chain::CONFIG_NAMES;
use crate::exclude_edit;
use crate::exit::Exit;
use crate::fs;
use crate::journal::Journal;
use crate::model::{Kept, KeptReason};
use crate::plan::{self, Recorded};
use crate::survey::{Request, is_meant};
use crate::wrapper_script;

/// Puts every file back that a setup changed.
///
/// # Errors
///
/// A root or the record cannot be read, another run is at work, or the answer cannot be written.
pub fn run(request: &Request, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let journal = match &survey.shared_root.records {
        Some(records) => fs::read_journal(records)?,
        None => Journal::default(),
    };
    let mut files = Vec::new();
    for file in journal
        .files()
        .into_iter()
        .filter(|file| is_meant(file, &survey))
    {
        let place = file.parent().and_then(Path::parent);
        let repository = plan::worktree_of(file, &survey.repositories).map(|(found, _)| found);
        files.push(Recorded {
            exclude: repository.map(|found| exclude_edit::file(&found.common_dir)),
            file: file.to_owned(),
            bytes: fs::read(file)?,
            place_exists: place.is_some_and(fs::is_folder),
            beside: beside(file)?,
        });
    }
    let mut plan = plan::undo(&journal, files);
    plan::finish_litter(&survey, plan::Scope::All, &mut plan);
    let by_hand = |kept: &Kept| {
        matches!(
            kept.reason,
            KeptReason::ChangedByHand | KeptReason::StillNamed
        )
    };
    let incomplete = plan.kept.iter().any(by_hand);
    let exit = conduct("undo", &survey, &plan, request, ui)?;
    // Not all is as it was, though nothing failed.
    Ok(match exit {
        Exit::Done if incomplete => Exit::Incomplete,
        other => other,
    })
}

/// The configurations beside a script that one of them may name.
fn beside(file: &Path) -> Result<Vec<(PathBuf, Option<Vec<u8>>)>> {
    if !file.ends_with(wrapper_script::NAME) {
        return Ok(Vec::new());
    }
    let configs = CONFIG_NAMES.map(|name| file.with_file_name(name));
    let read = |config: PathBuf| fs::read(&config).map(|bytes| (config, bytes));
    configs.into_iter().map(read).collect()
}
