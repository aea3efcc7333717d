//! The cache of scripts, for people.

use std::io;
use std::path::Path;

use crate::clean::model::{CollectFolder, DeleteFolder, FinishTrash};
use crate::plan::action::{DropReason, Plan, Section};
use crate::plan::outcome::Outcome;
use crate::script::model::{DropScript, KeptProgram, ScriptCache, ScriptPart, ScriptShare};
use crate::script::paths;
use crate::size::Bytes;
use crate::survey::settings::CacheLimits;
use crate::term::table::{Align, Table};
use crate::term::view::{GOOD, HEADING, Out, View, ago, counted};

/// Writes what there is.
pub(crate) fn info(
    out: Out<'_>,
    (cache, shares): (&ScriptCache, &[ScriptShare]),
    limits: &CacheLimits,
    top: usize,
    view: &View,
) -> io::Result<()> {
    writeln!(
        out,
        "{HEADING}{}{HEADING:#} {} on disk",
        view.paths.show(&cache.root),
        cache.on_disk
    )?;
    let mut table = Table::new(&[("ON DISK", Align::Right), ("WHAT", Align::Left)]);
    let programs: Bytes = cache.programs.iter().map(|program| program.on_disk).sum();
    let packages: Bytes = cache.packages.iter().map(|package| package.on_disk).sum();
    table.row(vec![
        programs.to_string(),
        format!("bins: {}", counted(cache.programs.len(), "program")),
    ]);
    table.row(vec![
        cache.target.unwrap_or_default().to_string(),
        "target: what all scripts were compiled with".into(),
    ]);
    table.row(vec![
        packages.to_string(),
        format!("packages: {}", counted(cache.packages.len(), "script")),
    ]);
    table.write(out, view.width)?;
    if !shares.is_empty() {
        writeln!(out)?;
        scripts(out, shares, top, view)?;
    }
    writeln!(out)?;
    let gone = |program: &&KeptProgram| !program.script_exists;
    let of_gone: Bytes = cache
        .programs
        .iter()
        .filter(gone)
        .map(|program| program.on_disk)
        .sum();
    let many = cache.programs.iter().filter(gone).count();
    if many > 0 {
        writeln!(
            out,
            "unused: {} of scripts that are gone or came by standard input, {of_gone}",
            counted(many, "program")
        )?;
    }
    writeln!(
        out,
        "kept to {} after each build; programs and dependencies not used for {} go (max-size and max-age in sharedtarget.toml)",
        limits.max_size,
        days(limits),
    )
}

fn days(limits: &CacheLimits) -> String {
    counted(
        usize::try_from(limits.max_age.0.as_hours() / 24).unwrap_or_default(),
        "day",
    )
}

fn scripts(out: Out<'_>, shares: &[ScriptShare], top: usize, view: &View) -> io::Result<()> {
    let mut table = Table::new(&[
        ("ITS OWN", Align::Right),
        ("SHARE", Align::Right),
        ("LAST RUN", Align::Left),
        ("SCRIPT", Align::Left),
    ]);
    for share in shares.iter().take(top) {
        let gone = if share.script_exists { "" } else { " (gone)" };
        let script = named(Some(&share.script), &share.script, view);
        table.row(vec![
            share.own.to_string(),
            share.shared.to_string(),
            ago(share.last_run, view),
            format!("{script}{gone}"),
        ]);
    }
    table.write(out, view.width)?;
    if shares.len() > top {
        let more = shares.len() - top;
        writeln!(out, "  and {more} more (--top {} shows all)", shares.len())?;
    }
    Ok(())
}

fn named(script: Option<&Path>, path: &Path, view: &View) -> String {
    let script = script.unwrap_or(path);
    match script.parent() {
        Some(folder) if paths::is_input(script) => {
            format!("standard input in {}", view.paths.show(folder))
        }
        _ => view.paths.show(script),
    }
}

/// Where it is shown.
pub(crate) static SECTION: Section = Section {
    plan_order: 7,
    plan,
    outcome_order: 8,
    outcome,
};

/// Writes which parts would go.
fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let drops: Vec<&DropScript> = plan.all().collect();
    if drops.is_empty() {
        return Ok(());
    }
    const SHOWN: usize = 10;
    let shown = if view.verbose { drops.len() } else { SHOWN };
    writeln!(
        out,
        "{HEADING}Delete {}{HEADING:#} of scripts",
        parts(drops.iter().map(|drop| drop.what))
    )?;
    let mut table = Table::new(&[
        ("ON DISK", Align::Right),
        ("LAST USE", Align::Left),
        ("WHY", Align::Left),
        ("WHAT", Align::Left),
    ]);
    for drop in drops.iter().take(shown) {
        let what = match drop.what {
            ScriptPart::Program => "program",
            ScriptPart::Package => "package",
            ScriptPart::OwnTarget => "target folder",
            ScriptPart::Compilers => "notes",
        };
        let why = match drop.why {
            DropReason::All => "asked for",
            DropReason::Idle => "not used for that long",
            DropReason::Budget => "for space, the oldest first",
        };
        table.row(vec![
            drop.on_disk.to_string(),
            ago(drop.last_use, view),
            why.into(),
            format!(
                "{what} of {}",
                named(drop.script.as_deref(), &drop.path, view)
            ),
        ]);
    }
    table.write(out, view.width)?;
    if drops.len() > shown {
        writeln!(
            out,
            "  and {} more (--verbose shows them)",
            drops.len() - shown
        )?;
    }
    // Else the sum stands below those.
    if !plan.has::<CollectFolder>() && !plan.has::<DeleteFolder>() && !plan.has::<FinishTrash>() {
        writeln!(out, "  together they free {GOOD}{}{GOOD:#}", plan.freeable)?;
    }
    writeln!(out)
}

/// Writes which parts went.
fn outcome(out: Out<'_>, outcome: &Outcome, _view: &View) -> io::Result<()> {
    let done = outcome.all(DropScript::KIND);
    let what = |path: &Path| {
        let above = path.parent().and_then(Path::file_name);
        match path.file_name() {
            _ if above.is_some_and(|name| name == "bins") => ScriptPart::Program,
            Some(name) if name == "target" => ScriptPart::OwnTarget,
            Some(name) if name == "compilers" => ScriptPart::Compilers,
            _ => ScriptPart::Package,
        }
    };
    let went: Vec<ScriptPart> = done.map(|done| what(&done.path)).collect();
    if went.is_empty() {
        return Ok(());
    }
    let others = [DeleteFolder::KIND, CollectFolder::KIND, FinishTrash::KIND];
    // The freed space of all of it stands where the rest is reported.
    let freed = match outcome.done.iter().any(|done| others.contains(&done.what)) {
        true => String::new(),
        false => format!(": freed {GOOD}{}{GOOD:#}", outcome.freed.on_disk),
    };
    writeln!(out, "deleted {} of scripts{freed}", parts(went.into_iter()))
}

fn parts(all: impl Iterator<Item = ScriptPart>) -> String {
    let all: Vec<ScriptPart> = all.collect();
    let counts = [
        (ScriptPart::Program, "program"),
        (ScriptPart::Package, "package"),
        (ScriptPart::OwnTarget, "target folder"),
        (ScriptPart::Compilers, "note of compilers"),
    ];
    let counts = counts.into_iter().filter_map(|(part, name)| {
        let many = all.iter().filter(|one| **one == part).count();
        (many > 0).then(|| counted(many, name))
    });
    counts.collect::<Vec<_>>().join(", ")
}
