//! Looks for worktrees that are gone, and keeps the record of when a run first saw that.

use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;

use crate::clean::model::DeleteFolder;
use crate::clean::orphans;
use crate::clean::orphans::{DeletedOrphan, OrphanRecord, Sighting};
use crate::clean::stale::AllDirs;
use crate::fs;
use crate::plan::action::Warning;
use crate::plan::conduct::Ui;
use crate::plan::report;
use crate::progress::Progress;
use crate::size::Bytes;
use crate::survey::Request;
use crate::survey::away::may_be_away;
use crate::survey::folder::TargetFolder;
use crate::survey::model::Survey;
use crate::survey::records::read_journal;
use crate::term::exit::Exit;

/// Findings of a run about worktrees that are gone, to be kept once the plan is carried out.
#[derive(Debug, Default)]
pub(crate) struct OrphanNotes {
    /// The file of the record; `None` where nothing is looked at.
    file: Option<PathBuf>,
    before: OrphanRecord,
    /// The record as this look leaves it.
    after: OrphanRecord,
    /// The deletions in the plan.
    planned: Vec<DeletedOrphan>,
}

/// Path of the record in the folder of a shared root's records.
fn record_file(records: &Path) -> PathBuf {
    records.join("orphans.json")
}

/// A record that cannot be read holds nothing, so that each day begins anew.
fn read(file: &Path) -> OrphanRecord {
    let bytes = fs::read(file).ok().flatten();
    let record = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    record.unwrap_or_default()
}

/// Looks for orphans under the shared root. Where the settings say so, where a build waits for this run, and where the root
/// cannot be written, there are none.
pub(crate) fn look(
    survey: &Survey,
    dirs: &AllDirs,
    request: &Request,
    ui: &Ui,
    progress: &Progress,
) -> (Vec<DeleteFolder>, OrphanNotes) {
    let root = &survey.shared_root;
    let is_closed = !root.exists || root.unreachable.is_some() || request.environment.in_a_build;
    let Some(records) = root.records.as_deref().filter(|_| !is_closed) else {
        return Default::default();
    };
    if survey.settings.orphans == Some(false) {
        return Default::default();
    }
    let file = record_file(records);
    let before = read(&file);
    let now = ui.view.now;
    let journal = read_journal(records).unwrap_or_default();
    let (mut gone, mut due) = (Vec::new(), Vec::new());
    for (folder, owner, inside) in orphans::candidates(survey, dirs) {
        // A root may serve several containers or machines, each with worktrees that the others cannot see.
        if !journal.has_set_up(&owner.workspace) {
            continue;
        }
        let seen = before.since(inside, owner);
        // A newer build means that a clock was behind, or that the worktree came back and was built since.
        let seen = seen.filter(|since| folder.last_build.is_none_or(|built| built <= *since));
        // A worktree that is only away is no orphan, and counts from the start should it be gone later.
        if may_be_away(owner, &survey.repositories, seen).is_some() {
            continue;
        }
        let since = seen.unwrap_or(now);
        if orphans::is_due(since, folder.last_build, now) {
            due.push((folder, since));
        }
        gone.push(Sighting {
            folder: inside.to_owned(),
            owner: owner.clone(),
            since,
        });
    }
    let measured = due.into_par_iter().filter_map(|(folder, since)| {
        let folder = TargetFolder {
            usage: Some(fs::usage(&folder.path, progress)),
            ..folder.clone()
        };
        orphans::delete(&folder, since, survey, dirs, now)
    });
    let deletions: Vec<DeleteFolder> = measured.collect();
    let planned = deletions.iter().map(|one| DeletedOrphan {
        folder: one.path.clone(),
        workspace: one.workspace.clone().unwrap_or_default(),
        freed: one.usage.as_ref().map_or(Bytes(0), |usage| usage.freeable),
        time: now,
    });
    let notes = OrphanNotes {
        planned: planned.collect(),
        file: Some(file),
        after: OrphanRecord {
            gone,
            deleted: before.deleted.clone(),
        },
        before,
    };
    (deletions, notes)
}

impl OrphanNotes {
    /// The deletions of earlier runs of a timer that the user has not been told about.
    #[must_use]
    pub(crate) fn untold(&self) -> Option<Warning> {
        let deleted = &self.before.deleted;
        Some(Warning::OrphansDeleted {
            since: deleted.first()?.time,
            folders: deleted.iter().map(|one| one.folder.clone()).collect(),
            freed: deleted.iter().map(|one| one.freed).sum(),
        })
    }

    /// Keeps the record of a run that was carried out, and tells in a quiet one what earlier runs have deleted.
    ///
    /// A timer's run has no reader, so it notes what it has deleted for the next run to tell; each other run has told it.
    /// Where the record cannot be written, a later run sees these worktrees for the first time.
    ///
    /// # Errors
    ///
    /// The user's terminal cannot be written.
    pub(crate) fn keep(self, ran: &Result<Exit>, by_timer: bool, ui: &Ui) -> Result<()> {
        let untold = self.untold().filter(|_| ui.quiet && !by_timer);
        let ran = matches!(ran, Ok(Exit::Done | Exit::Incomplete)) && !ui.dry_run;
        let Some(file) = self.file.filter(|_| ran) else {
            return Ok(());
        };
        if let Some(warning) = untold {
            ui.warn(|out| report::warning(out, &warning, &ui.preview_view()))?;
        }
        let went = |one: &DeletedOrphan| !fs::exists(&one.folder);
        let mut record = self.after;
        match by_timer {
            true => record.deleted.extend(self.planned.into_iter().filter(went)),
            false => record.deleted.clear(),
        }
        if record == OrphanRecord::default() && self.before != record {
            let _ = fs::remove_file(&file);
        } else if record != self.before
            && let Ok(mut json) = serde_json::to_vec_pretty(&record)
        {
            json.push(b'\n');
            let _ = fs::replace_own(&file, &json);
        }
        Ok(())
    }
}
