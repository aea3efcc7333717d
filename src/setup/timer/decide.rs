//! Decides how the timer of a shared root comes to be as it was asked for.

use std::path::Path;

use crate::plan::action::{Change, EditFile, Plan};
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::setup::timer::files;
use crate::setup::timer::model::{FoundFile, Job, Schedule, SwitchTimer, TimerSite, WriteTimer};

/// Decides which files of a timer are written or go, and whether the system's manager is told.
///
/// Where a file was changed by hand, a timer that was asked for is left as it is; one that is to go is stopped, and
/// that file stays.
#[must_use]
pub(crate) fn schedule(site: &TimerSite, job: &Job, schedule: Schedule) -> Plan {
    let mut plan = Plan::default();
    let by_hand = site.files.iter().filter(|(_, found)| !may_change(found));
    let by_hand = by_hand.map(|(file, _)| kept(file, KeptReason::ChangedByHand));
    plan.kept.extend(by_hand);
    match schedule {
        Schedule::Off => off(site, &mut plan),
        _ if plan.kept.is_empty() => on(site, job, schedule, &mut plan),
        _ => {}
    }
    plan
}

/// Whether a file is not there, or as we wrote it.
fn may_change(found: &FoundFile) -> bool {
    match found {
        FoundFile::Nothing => true,
        FoundFile::File(bytes) => files::is_unchanged(bytes),
        FoundFile::Other => false,
    }
}

fn on(site: &TimerSite, job: &Job, schedule: Schedule, plan: &mut Plan) {
    for (file, found) in &site.files {
        let ending = file.extension().unwrap_or_default().to_string_lossy();
        let text = files::file(site.system, &ending, job, schedule, &site.name);
        match found {
            FoundFile::File(bytes) if *bytes == text => {
                plan.kept.push(kept(file, KeptReason::TimerAsAsked));
            }
            _ => plan.add(write(file, found, Some(text), schedule, job)),
        }
    }
    if !plan.actions.is_empty() || !site.enabled || site.active == Some(false) {
        plan.actions.extend(
            switch(site, true).map(|one| -> Box<dyn crate::plan::action::Action> { Box::new(one) }),
        );
    }
}

fn off(site: &TimerSite, plan: &mut Plan) {
    let starts = site
        .files
        .last()
        .is_some_and(|(_, found)| may_change(found) && *found != FoundFile::Nothing);
    if site.enabled || site.active == Some(true) || starts {
        plan.actions.extend(
            switch(site, false)
                .map(|one| -> Box<dyn crate::plan::action::Action> { Box::new(one) }),
        );
    }
    let job = Job {
        words: Vec::new(),
        variables: Vec::new(),
    };
    for (file, found) in site.files.iter().rev() {
        if may_change(found) && *found != FoundFile::Nothing {
            plan.add(write(file, found, None, Schedule::Off, &job));
        }
    }
}

fn write(
    file: &Path,
    found: &FoundFile,
    after: Option<Vec<u8>>,
    schedule: Schedule,
    job: &Job,
) -> WriteTimer {
    let before = match found {
        FoundFile::File(bytes) => Some(bytes.clone()),
        _ => None,
    };
    WriteTimer {
        schedule,
        runs: job.words.clone(),
        edit: EditFile {
            file: file.to_owned(),
            change: match (&before, &after) {
                (_, None) => Change::Remove,
                (None, _) => Change::Create,
                (Some(_), _) => Change::Edit,
            },
            before,
            after,
        },
    }
}

/// How the manager is told that a timer begins or ends.
#[must_use]
pub(crate) fn switch(site: &TimerSite, on: bool) -> Option<SwitchTimer> {
    let (file, _) = site.files.last()?;
    Some(SwitchTimer {
        system: site.system,
        name: site.name.clone(),
        on,
        file: file.clone(),
        link: site.link.clone(),
        answers: site.active.is_some(),
        active: site.active == Some(true),
    })
}

fn kept(file: &Path, reason: KeptReason) -> Kept {
    Kept {
        subject: Subject::File,
        path: file.to_owned(),
        reason,
        on_disk: None,
        last_build: None,
    }
}

/// Whether a timer is left as it is, though something else was asked for.
#[must_use]
pub(crate) fn is_left(plan: &Plan) -> bool {
    plan.kept
        .iter()
        .any(|kept| kept.reason == KeptReason::ChangedByHand)
}
