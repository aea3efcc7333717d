//! Text for people.

use std::collections::BTreeMap;
use std::io;

use crate::plan::action::{CreateSharedRoot, Plan, Section, Warning};
use crate::plan::advice::advice;
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::plan::outcome::{NotDone, Outcome};
use crate::plan::{left, reasons};
use crate::size::Bytes;
use crate::survey::model::Survey;
use crate::term::view::{
    ERROR, GOOD, HEADING, Out, Style, View, WARNING, counted, wrapped, wrapped_after,
};

/// The sections of all actions, each once, in an order.
fn sections(plan: &Plan, order: fn(&Section) -> u8) -> Vec<&'static Section> {
    let all = plan.actions.iter().map(|action| action.section());
    let by_place: BTreeMap<u8, &Section> = all.map(|section| (order(section), section)).collect();
    by_place.into_values().collect()
}

/// Writes a plan. `absence` says what was looked for and is not there, for a plan that has nothing to say of anything.
pub(crate) fn plan(out: Out<'_>, plan: &Plan, absence: &str, view: &View) -> io::Result<()> {
    for section in sections(plan, |section| section.plan_order) {
        (section.plan)(out, plan, view)?;
    }
    kept(out, &plan.kept, view)?;
    for one in plan.warnings.iter().filter(|one| !stands_above(one, plan)) {
        warning(out, one, view)?;
    }
    let copies = plan.actions.iter().map(|action| action.copies()).sum();
    if sections(plan, |section| section.plan_order).len() > 1 {
        balance(out, plan.freeable, copies, "up to ")?;
    }
    let lost = |warning: &Warning| matches!(warning, Warning::NoRecord { .. });
    if plan.actions.is_empty() && !plan.is_stuck() && !plan.warnings.iter().any(lost) {
        let why = match plan.kept.is_empty() && !absence.is_empty() {
            true => format!(": {absence}"),
            false => String::new(),
        };
        writeln!(out, "{GOOD}nothing to do{GOOD:#}{why}")?;
    }
    Ok(())
}

/// Writes what all of it changes on the disk, where copies take a part of what comes free.
fn balance(out: Out<'_>, freed: Bytes, copied: Bytes, at_most: &str) -> io::Result<()> {
    if copied == Bytes(0) {
        return Ok(());
    }
    if freed == Bytes(0) {
        return writeln!(out, "in total, {at_most}{copied} more on disk, for copies");
    }
    let sum = match freed.0.checked_sub(copied.0) {
        Some(less) => format!("{GOOD}{}{GOOD:#} less", Bytes(less)),
        None => format!(
            "{WARNING}{at_most}{} more{WARNING:#}",
            Bytes(copied.0 - freed.0)
        ),
    };
    writeln!(
        out,
        "in total, {sum} on disk: {freed} freed, {at_most}{copied} copied"
    )
}

/// Says what a run looked for and did not find, as a fragment; nothing where something of all of it is there.
pub(crate) fn absence(command: &str, survey: &Survey, view: &View) -> String {
    let roots: Vec<String> = survey
        .roots
        .iter()
        .map(|root| view.paths.show(root))
        .collect();
    let (first, more) = match &roots[..] {
        [] => return String::new(),
        [first] => (first, String::new()),
        [first, rest @ ..] => (
            first,
            format!(" and {}", counted(rest.len(), "other folder")),
        ),
    };
    let roots = match &**first {
        "." => format!("the current folder{more}"),
        first => format!("{first}{more}"),
    };
    let (workspaces, folders) = (&survey.workspaces, &survey.folders);
    match (command, workspaces.is_empty(), folders.is_empty()) {
        ("undo", ..) => format!("no run of `setup` has changed anything in {roots}"),
        (_, true, true) => {
            format!("no Cargo workspace and no target folder in {roots} or below")
        }
        (_, false, true) => format!("no workspace in {roots} has a target folder"),
        (_, _, false) => String::new(),
    }
}

/// Returns whether a warning repeats why something is kept.
fn stands_above(warning: &Warning, plan: &Plan) -> bool {
    let Warning::Problem { path, .. } = warning else {
        return false;
    };
    plan.kept.iter().any(|kept| match &kept.reason {
        KeptReason::ConfigInvalid { file, .. } | KeptReason::LockInvalid { file, .. } => {
            file == path
        }
        KeptReason::CargoRefused { message, .. } => message.contains(&*path.to_string_lossy()),
        _ => false,
    })
}

/// Writes a warning.
pub(crate) fn warning(out: Out<'_>, warning: &Warning, view: &View) -> io::Result<()> {
    let words = reasons::warning(warning, &view.paths);
    write!(out, "{WARNING}warning{WARNING:#}: ")?;
    wrapped_after(out, "warning: ".len(), &words, "  ", view.width)
}

/// Says what stays cold though something could be done about it: beside an answer that does not show what is kept.
pub(crate) fn stuck(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let mut said: Vec<&KeptReason> = Vec::new();
    for kept in plan.kept.iter().filter(|kept| kept.reason.waits()) {
        if said.contains(&&kept.reason) {
            continue;
        }
        said.push(&kept.reason);
        let reason = reasons::kept(&kept.reason, &view.paths, view.now);
        let advice = advice(&kept.reason);
        let advice = advice.unwrap_or("fix that, then run `cargo sharedtarget onboard`".into());
        writeln!(
            out,
            "{WARNING}warning{WARNING:#}: {} {reason}: {advice}",
            view.paths.show(&kept.path)
        )?;
    }
    Ok(())
}

/// Where the making of the shared root is shown.
pub(crate) static SHARED_ROOT: Section = Section {
    plan_order: 0,
    plan: shared_root,
    outcome_order: 0,
    outcome: |_, _, _| Ok(()),
};

fn shared_root(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    for root in plan.all::<CreateSharedRoot>() {
        writeln!(
            out,
            "{HEADING}Create the shared root{HEADING:#} {}",
            view.paths.show(&root.path)
        )?;
        writeln!(out)?;
    }
    Ok(())
}

/// The words before freed bytes, where some of them become free only with a clone that may be somewhere else.
pub(crate) fn at_most(outcome: &Outcome) -> &'static str {
    match outcome.freed.shared {
        Bytes(0) => "",
        Bytes(_) => "up to ",
    }
}

/// Counts the things that are as they should be; names everything else, with one step to take for each kind.
fn kept(out: Out<'_>, all: &[Kept], view: &View) -> io::Result<()> {
    let ordinary = |kept: &&Kept| {
        matches!(
            kept.reason,
            KeptReason::UpToDate { .. }
                | KeptReason::InUse { .. }
                | KeptReason::AsItWas
                | KeptReason::TimerAsAsked
                | KeptReason::NeverBuilt { .. }
                | KeptReason::Fixture { .. }
                | KeptReason::IgnoredByGit
        )
    };
    let (plain, notable): (Vec<&Kept>, Vec<&Kept>) =
        all.iter().partition(|kept| ordinary(kept) && !view.verbose);
    if !notable.is_empty() {
        writeln!(out, "{HEADING}Keep{HEADING:#}")?;
        let mut groups: Vec<(String, Vec<&Kept>)> = Vec::new();
        for kept in notable {
            let reason = reasons::kept(&kept.reason, &view.paths, view.now);
            match groups.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, group)) => group.push(kept),
                None => groups.push((reason, vec![kept])),
            }
        }
        let mut given: Vec<String> = Vec::new();
        for (reason, group) in groups {
            kept_alike(out, &reason, &group, view)?;
            for kept in &group {
                let (KeptReason::Warm { left, .. }
                | KeptReason::Harvested { left, .. }
                | KeptReason::NothingFits { left, .. }) = &kept.reason
                else {
                    continue;
                };
                if view.verbose {
                    left::left(out, &left.iter().collect::<Vec<_>>(), view)?;
                }
            }
            let hint = group.first().and_then(|kept| advice(&kept.reason));
            if let Some(hint) = hint.filter(|hint| !given.contains(hint)) {
                wrapped(out, &format!("hint: {hint}"), "      ", view.width)?;
                given.push(hint);
            }
            if let Some(line) = group.first().and_then(|kept| reasons::line(&kept.reason)) {
                writeln!(out, "{line}")?;
            }
        }
        writeln!(out)?;
    }
    let unbuilt = |kept: &&&Kept| matches!(kept.reason, KeptReason::NeverBuilt { .. });
    let nested = plain.iter().filter(unbuilt).count();
    let fixture = |kept: &&&Kept| matches!(kept.reason, KeptReason::Fixture { .. });
    let fixtures = plain.iter().filter(fixture).count();
    let ignored = plain.iter();
    let ignored = ignored.filter(|kept| kept.reason == KeptReason::IgnoredByGit);
    let ignored = ignored.count();
    let folders = plain
        .iter()
        .filter(|kept| kept.subject == Subject::Folder)
        .count();
    let timers = plain.iter();
    let timers = timers.filter(|kept| kept.reason == KeptReason::TimerAsAsked);
    let timers = timers.count();
    let configs = plain.len() - nested - fixtures - ignored - folders - timers;
    let counts: Vec<String> = [
        (configs, "configuration", "up to date"),
        (folders, "target folder", "in use"),
        (nested, "workspace", "inside others, never built"),
        (fixtures, "workspace", "used as test fixtures"),
        (ignored, "workspace", "in folders that git ignores"),
        (timers, "file", "of the timer"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, what, how)| format!("{} {how}", counted(count, what)))
    .collect();
    if !counts.is_empty() {
        writeln!(out, "Also kept: {}", counts.join(", "))?;
    }
    Ok(())
}

/// The things that are kept for one reason.
fn kept_alike(out: Out<'_>, reason: &str, group: &[&Kept], view: &View) -> io::Result<()> {
    const SHOWN: usize = 10;
    let shown = if view.verbose { group.len() } else { SHOWN };
    for kept in group.iter().take(shown) {
        let size = kept
            .on_disk
            .map(|bytes| format!("  {bytes}"))
            .unwrap_or_default();
        writeln!(out, "  {}{size}", view.paths.show(&kept.path))?;
    }
    if group.len() > shown {
        writeln!(
            out,
            "  and {} more (--verbose shows them)",
            group.len() - shown
        )?;
    }
    wrapped(out, reason, "      ", view.width)
}

/// Writes what was done.
pub(crate) fn outcome(out: Out<'_>, plan: &Plan, outcome: &Outcome, view: &View) -> io::Result<()> {
    for section in sections(plan, |section| section.outcome_order) {
        (section.outcome)(out, outcome, view)?;
    }
    let copied = outcome.copied();
    if outcome.freed.entries > 0 {
        balance(out, outcome.freed.on_disk, copied, "")?;
        for disk in &outcome.filesystems {
            let (before, after) = (disk.available_before, disk.available_after);
            let change = match after.0.checked_sub(before.0) {
                Some(more) => format!("{} more", Bytes(more)),
                None if before.0 - after.0 <= copied.0 => {
                    format!("{} less", Bytes(before.0 - after.0))
                }
                None => format!(
                    "{} less, perhaps because other programs write too",
                    Bytes(before.0 - after.0)
                ),
            };
            let at = match outcome.filesystems.len() {
                1 => String::new(),
                _ => format!(" of {}", view.paths.show(&disk.at)),
            };
            writeln!(
                out,
                "the filesystem{at} reports {change}: {before} available before, {after} now"
            )?;
        }
    }
    not_done(out, outcome, view)
}

/// Writes what was not done, and why.
pub(crate) fn not_done(out: Out<'_>, outcome: &Outcome, view: &View) -> io::Result<()> {
    let stopped = |out: Out<'_>, all: &[NotDone], word: &str, style: Style| -> io::Result<()> {
        for one in all {
            writeln!(
                out,
                "{style}{word}{style:#} {}: {}",
                view.paths.show(&one.path),
                one.message
            )?;
        }
        Ok(())
    };
    stopped(out, &outcome.skipped, "skipped", WARNING)?;
    stopped(out, &outcome.failed, "failed", ERROR)?;
    Ok(())
}
