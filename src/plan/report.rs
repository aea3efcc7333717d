//! Text for people.

use std::io;
use std::path::Path;

use crate::clean::report as collect;
use crate::dedupe::report as relink;
use crate::hook::report as hook;
use crate::plan::reasons;
use crate::script::report as cache;
use crate::store::report as store;
use crate::term::table::{Align, Table};
use crate::term::view::{ERROR, GOOD, HEADING, Out, Style, View, WARNING, ago, counted, wrapped};
use crate::warm::report as warm;

use crate::fs::model::Usage;
use crate::plan::action::{Action, EditFile, Plan, Warning};
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::plan::outcome::{Deed, NotDone, Outcome};
use crate::size::Bytes;
use crate::survey::model::SharedRoot;
use crate::text::shown;

/// Writes a plan.
///
/// # Errors
///
/// The writer fails.
pub fn plan(out: Out<'_>, plan: &Plan, shared_root: &SharedRoot, view: &View) -> io::Result<()> {
    writes(out, plan, shared_root, view)?;
    warm::plan(out, plan, view)?;
    store::plan(out, plan, view)?;
    relink::plan(out, plan, view)?;
    hook::plan(out, plan, view)?;
    cache::plan(out, plan, view)?;
    collect::plan(out, plan, view)?;
    deletions(out, plan, view)?;
    kept(out, &plan.kept, view)?;
    for one in &plan.warnings {
        warning(out, one, view)?;
    }
    let lost = |warning: &Warning| matches!(warning, Warning::NoRecord { .. });
    if plan.actions.is_empty()
        && !plan.kept.iter().any(|kept| kept.reason.is_stuck())
        && !plan.warnings.iter().any(lost)
    {
        let found_nothing = plan.kept.is_empty();
        let why = if found_nothing {
            ": nothing was found here"
        } else {
            ""
        };
        writeln!(out, "{GOOD}nothing to do{GOOD:#}{why}")?;
    }
    Ok(())
}

/// Writes a warning.
///
/// # Errors
///
/// The writer fails.
pub fn warning(out: Out<'_>, warning: &Warning, view: &View) -> io::Result<()> {
    let words = reasons::warning(warning, &view.paths);
    writeln!(out, "{WARNING}warning{WARNING:#}: {words}")
}

/// Says what stays cold though something could be done about it: beside an answer that does not show what is kept.
///
/// # Errors
///
/// The writer fails.
pub fn stuck(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    for kept in plan.kept.iter().filter(|kept| kept.reason.is_stuck()) {
        let reason = reasons::kept(&kept.reason, &view.paths, view.now);
        let advice = reasons::advice(&kept.reason).unwrap_or_default();
        writeln!(
            out,
            "{WARNING}warning{WARNING:#}: {} {reason}: {advice}",
            view.paths.show(&kept.path)
        )?;
    }
    Ok(())
}

fn writes(out: Out<'_>, plan: &Plan, shared_root: &SharedRoot, view: &View) -> io::Result<()> {
    let show = |path: &Path| view.paths.show(path);
    if plan
        .actions
        .iter()
        .any(|action| matches!(action, Action::CreateSharedRoot { .. }))
    {
        writeln!(
            out,
            "{HEADING}Make the shared root{HEADING:#} {}",
            show(&shared_root.path)
        )?;
        writeln!(out)?;
    }
    let mut table = Table::new(&[
        ("LAYOUT", Align::Left),
        ("CONFIG", Align::Left),
        ("BUILDS INTO", Align::Left),
    ]);
    let mut count = 0;
    let mut wrapper = None;
    let mut ignored: Vec<&EditFile> = Vec::new();
    let mut restored: Vec<(&EditFile, bool)> = Vec::new();
    let mut owners = 0;
    for action in &plan.actions {
        match action {
            Action::WriteConfig {
                layout,
                target_dir,
                build_dir,
                rustc_wrapper,
                edit,
                ..
            } => {
                wrapper = wrapper.or(rustc_wrapper.as_deref());
                let into = target_dir
                    .as_deref()
                    .map(show)
                    .or_else(|| build_dir.as_deref().map(|b| show(Path::new(b))));
                table.row(vec![
                    reasons::layout(*layout).into(),
                    show(&edit.file),
                    into.unwrap_or_default(),
                ]);
                count += 1;
            }
            Action::Exclude(edit) => ignored.push(edit),
            Action::Restore { edit, .. } => restored.push((edit, edit.after.is_none())),
            Action::RecordOwner { .. } => owners += 1,
            _ => {}
        }
    }
    if count > 0 {
        writeln!(
            out,
            "{HEADING}Write {}{HEADING:#}",
            counted(count, "configuration")
        )?;
        table.write(out, view.width)?;
        if let Some(wrapper) = wrapper {
            writeln!(out, "  the compiler is run by {}", show(Path::new(wrapper)))?;
        }
        writeln!(out)?;
    }
    if let [first, others @ ..] = &ignored[..] {
        let more = if others.is_empty() {
            String::new()
        } else {
            format!(" and {} more", others.len())
        };
        writeln!(
            out,
            "{HEADING}Have git ignore them{HEADING:#} by {}{more}",
            show(&first.file)
        )?;
        writeln!(out)?;
    }
    for action in &plan.actions {
        if let Action::InstallWrapper(edit) = action {
            writeln!(
                out,
                "{HEADING}Write the script{HEADING:#} {}",
                show(&edit.file)
            )?;
            let text = "Cargo runs it in place of the compiler: it sets up new worktrees at their first build";
            wrapped(out, text, "  ", view.width)?;
            writeln!(out)?;
        }
        if let Action::WriteSettings { says, edit } = action {
            writeln!(
                out,
                "{HEADING}Write the settings{HEADING:#} {}",
                show(&edit.file)
            )?;
            for line in says {
                writeln!(out, "  {}", shown(line))?;
            }
            writeln!(out)?;
        }
    }
    if count == 0 && owners > 0 {
        writeln!(
            out,
            "{HEADING}Note the owners{HEADING:#} of {}",
            counted(owners, "target folder")
        )?;
    }
    if !restored.is_empty() {
        writeln!(
            out,
            "{HEADING}Put back {}{HEADING:#}",
            counted(restored.len(), "file")
        )?;
        let mut table = Table::new(&[("HOW", Align::Left), ("FILE", Align::Left)]);
        for (edit, removed) in restored {
            let how = if removed { "remove" } else { "as it was" };
            table.linked_row(vec![how.into(), show(&edit.file)], view.link(&edit.file));
        }
        table.write(out, view.width)?;
        writeln!(out)?;
    }
    Ok(())
}

fn deletions(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let columns = [
        ("LOGICAL", Align::Right),
        ("ON DISK", Align::Right),
        ("FREEABLE", Align::Right),
        ("LAST BUILD", Align::Left),
        ("WHY", Align::Left),
        ("FOLDER", Align::Left),
    ];
    let mut table = Table::new(&columns);
    let (mut count, mut litter) = (0, 0);
    for action in &plan.actions {
        let (link, path, usage, built, why) = match action {
            Action::DeleteFolder(delete) => (
                view.link(&delete.path),
                described(&delete.path, delete.workspace.as_deref(), view),
                &delete.usage,
                delete.last_build,
                reasons::delete(&delete.why),
            ),
            Action::FinishTrash { path, usage, .. } => {
                litter += 1;
                let link = view.link(path);
                (link, view.paths.show(path), usage, None, "left behind")
            }
            _ => continue,
        };
        let mut cells = sizes(usage.as_ref());
        cells.extend([ago(built, view), why.into(), path]);
        table.linked_row(cells, link);
        count += 1;
    }
    if count > 0 {
        writeln!(
            out,
            "{HEADING}Delete {}{HEADING:#}",
            folders_and_litter(count - litter, litter)
        )?;
        table.write(out, view.width)?;
        writeln!(out, "  together they free {GOOD}{}{GOOD:#}", plan.freeable)?;
        writeln!(out)?;
    }
    Ok(())
}

/// A folder, with its workspace where the path does not tell.
fn described(path: &Path, workspace: Option<&Path>, view: &View) -> String {
    let shown = view.paths.show(path);
    match workspace {
        Some(workspace) if !path.starts_with(workspace) || shown.contains("/build/") => {
            format!("{shown} (of {})", view.paths.show(workspace))
        }
        _ => shown,
    }
}

fn sizes(usage: Option<&Usage>) -> Vec<String> {
    let show = |bytes: fn(&Usage) -> Bytes| {
        usage.map_or_else(|| "-".into(), |usage| bytes(usage).to_string())
    };
    vec![
        show(|u| u.logical),
        show(|u| u.on_disk),
        show(|u| u.freeable),
    ]
}

/// What is as it should be is counted; everything else is named, with what to do once for each kind.
fn kept(out: Out<'_>, all: &[Kept], view: &View) -> io::Result<()> {
    let ordinary = |kept: &&Kept| {
        matches!(
            kept.reason,
            KeptReason::UpToDate { .. }
                | KeptReason::InUse { .. }
                | KeptReason::AsItWas
                | KeptReason::NeverBuilt { .. }
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
                    warm::left(out, &left.iter().collect::<Vec<_>>(), view)?;
                }
            }
            let hint = group.first().and_then(|kept| reasons::advice(&kept.reason));
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
    let untouched = |kept: &&&Kept| matches!(kept.reason, KeptReason::NeverBuilt { .. });
    let nested = plain.iter().filter(untouched).count();
    let folders = plain
        .iter()
        .filter(|kept| kept.subject == Subject::Folder)
        .count();
    let configs = plain.len() - nested - folders;
    let counts: Vec<String> = [
        (configs, "configuration", "as it should be"),
        (folders, "target folder", "in use"),
        (nested, "workspace", "inside others, never built"),
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

/// What is kept for one reason.
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

/// Names target folders by their count, and what interrupted runs left.
fn folders_and_litter(folders: usize, litter: usize) -> String {
    let left = "what an interrupted run left";
    match (folders, litter) {
        (0, 1..) => left.into(),
        (_, 0) => counted(folders, "target folder"),
        _ => format!("{}, and {left}", counted(folders, "target folder")),
    }
}

/// Writes what was done.
///
/// # Errors
///
/// The writer fails.
pub fn outcome(out: Out<'_>, outcome: &Outcome, view: &View) -> io::Result<()> {
    let count = |deed: Deed| outcome.done.iter().filter(|done| done.what == deed).count();
    let written = count(Deed::WriteConfig);
    let restored = count(Deed::Restore);
    let (deleted, litter) = (count(Deed::DeleteFolder), count(Deed::FinishTrash));
    if written > 0 {
        writeln!(out, "wrote {}", counted(written, "configuration"))?;
    }
    if count(Deed::InstallWrapper) > 0 {
        writeln!(out, "wrote the script")?;
    }
    if count(Deed::WriteSettings) > 0 {
        writeln!(out, "wrote the settings")?;
    }
    if restored > 0 {
        writeln!(out, "put back {}", counted(restored, "file"))?;
    }
    warm::outcome(out, outcome)?;
    store::outcome(out, outcome)?;
    relink::outcome(out, outcome, view)?;
    hook::outcome(out, outcome)?;
    collect::outcome(out, outcome, view)?;
    cache::outcome(out, outcome)?;
    if deleted + litter > 0 || outcome.freed.entries > 0 {
        if deleted + litter > 0
            || count(Deed::Collect)
                + count(Deed::Relink)
                + count(Deed::DropScript)
                + count(Deed::DropUnits)
                == 0
        {
            let (entries, on_disk) = relink::beside(outcome);
            writeln!(
                out,
                "deleted {} ({entries} files): freed {}{GOOD}{on_disk}{GOOD:#}",
                folders_and_litter(deleted, litter),
                relink::at_most(outcome),
            )?;
        }
        for disk in &outcome.filesystems {
            let (before, after) = (disk.available_before, disk.available_after);
            let change = match after.0.checked_sub(before.0) {
                Some(more) => format!("{} more", Bytes(more)),
                None => format!("{} less, since others write too", Bytes(before.0 - after.0)),
            };
            let at = match outcome.filesystems.len() {
                1 => String::new(),
                _ => format!(" of {}", view.paths.show(&disk.at)),
            };
            writeln!(
                out,
                "the filesystem{at} says {change}: {before} available before, {after} now"
            )?;
        }
    }
    not_done(out, outcome, view)
}

/// Writes what was not done, and why.
///
/// # Errors
///
/// The writer fails.
pub fn not_done(out: Out<'_>, outcome: &Outcome, view: &View) -> io::Result<()> {
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
