//! The record of the files that a plan changes, which `undo` reads.

use std::path::{Path, PathBuf};

use crate::fs;
use crate::plan::action::{CreateSharedRoot, EditFile, Kind, Plan};
use crate::plan::apply::root::NO_STATE;
use crate::plan::kept::{KeptReason, Subject};
use crate::plan::outcome::{Done, Outcome};
use crate::plan::run::Context;
use crate::survey::journal::{Journal, JournalEntry, RecordedContent};
use crate::text::failure;

/// Writes down what is about to change, before it does.
pub(crate) fn record(plan: &Plan, context: &Context<'_>) -> Result<(), String> {
    let entries: Vec<JournalEntry> = plan
        .actions
        .iter()
        .filter_map(|action| Some(entry(action.recorded_edit()?, context)))
        .collect();
    if entries.is_empty() {
        return Ok(());
    }
    let records = context.records.ok_or(NO_STATE)?;
    let mut actions = plan.actions.iter();
    if plan.has::<CreateSharedRoot>() || actions.any(|action| action.leads_into_shared_root()) {
        // A configuration that leads into a folder where Cargo cannot write would break every build.
        fs::expect_writable(context.shared_root).map_err(|error| failure::words(error.as_ref()))?;
    }
    crate::survey::records::change_journal(records, |journal| {
        journal.entries.extend(entries);
    })
    .map_err(|error| failure::words(error.as_ref()))?;
    fs::checkpoint("recorded");
    Ok(())
}

fn entry(edit: &EditFile, context: &Context<'_>) -> JournalEntry {
    let above = edit.file.ancestors().skip(1);
    let made = above.take_while(|folder| !fs::exists(folder)).count();
    let folder = edit.file.parent().and_then(fs::touched);
    JournalEntry {
        since: match edit.before {
            Some(_) => fs::Source::at(&edit.file).newest,
            None => folder,
        },
        time: context.now,
        file: edit.file.clone(),
        before: edit.before.clone().map(RecordedContent::from),
        after: edit.after.clone().map(RecordedContent::from),
        made_folder: made > 0,
        made_above: u32::try_from(made.saturating_sub(1)).unwrap_or_default(),
    }
}

/// Forgets what was put back, and what turned out to be as it was; of the latter goes what a killed run left
/// around it.
pub(crate) fn forget(plan: &Plan, outcome: &Outcome, context: &Context<'_>) {
    let putting_back = plan.actions.iter().filter(|action| action.puts_back());
    let kinds: Vec<Kind> = putting_back.map(|action| action.kind()).collect();
    let put_back = |done: &Done| kinds.contains(&done.what);
    let restored = outcome
        .done
        .iter()
        .filter(|done| put_back(done))
        .map(|done| done.path.clone());
    let settled = plan
        .kept
        .iter()
        .filter(|kept| kept.subject == Subject::File && kept.reason == KeptReason::AsItWas);
    let files: Vec<PathBuf> = restored
        .chain(settled.map(|kept| kept.path.clone()))
        .collect();
    if let (false, Some(records)) = (files.is_empty(), context.records) {
        // If this fails, the next undo finds these files as they were.
        let _ = crate::survey::records::change_journal(records, |journal| {
            clear_up(plan, journal);
            journal.forget(&files);
        });
    }
}

/// A setup that was killed before it put a file in its place left the folder that it made for it, and perhaps
/// the new file under another name.
fn clear_up(plan: &Plan, journal: &Journal) {
    let as_it_was = |file: &Path| {
        plan.kept
            .iter()
            .any(|kept| kept.path == file && kept.reason == KeptReason::AsItWas)
    };
    for entry in journal.entries.iter().filter(|e| as_it_was(&e.file)) {
        if let Some(folder) = entry.file.parent().filter(|folder| fs::is_folder(folder)) {
            fs::remove_leftovers(folder);
            if entry.made_folder {
                fs::remove_empty_folders(folder, entry.made_above);
            }
        }
    }
}
