//! Shows the units that are put into the store and taken out of it.

use std::io;
use std::path::Path;

use crate::plan::action::{DropReason, Plan, Section};
use crate::plan::left;
use crate::plan::left::{LeftReason, LeftUnit};
use crate::plan::outcome::{Collected, Outcome};
use crate::size::Bytes;
use crate::store::Bounds;
use crate::store::model::{
    DropRemote, DropUnits, HarvestUnits, Moved, PullUnits, PushUnits, RemotePart, StoreContents,
    TellProvider,
};
use crate::survey::model::StoreSettings;
use crate::term::table::{Align, Table};
use crate::term::view::{HEADING, Out, View, WARNING, ago, counted};
use crate::text::shown;

/// Where it is shown.
pub(crate) static SECTION: Section = Section {
    plan_order: 4,
    plan,
    outcome_order: 4,
    outcome,
};

/// Writes which units would be kept in the store, and which provider would be told about them.
fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let harvests: Vec<&HarvestUnits> = plan.all().collect();
    if let Some(first) = harvests.first() {
        let units: usize = harvests.iter().map(|harvest| harvest.units.len()).sum();
        let folder = view.paths.show(&first.into);
        match units {
            0 => writeln!(
                out,
                "{HEADING}Record the list of units built together{HEADING:#} in the store {folder}"
            )?,
            _ => {
                let units = counted(units, "unit");
                writeln!(
                    out,
                    "{HEADING}Keep {units}{HEADING:#} in the store {folder}"
                )?;
            }
        }
        let mut table = Table::new(&[
            ("NEW", Align::Right),
            ("THERE", Align::Right),
            ("SIZE", Align::Right),
            ("FROM", Align::Left),
            ("FOR", Align::Left),
        ]);
        for harvest in &harvests {
            let from = harvest.from.as_deref().unwrap_or(Path::new(""));
            table.row(vec![
                harvest.units.len().to_string(),
                harvest.present.to_string(),
                harvest.length.to_string(),
                view.paths.show(from),
                view.paths.show(&harvest.workspace),
            ]);
        }
        table.write(out, view.width)?;
        let all: Vec<&LeftUnit> = harvests.iter().flat_map(|harvest| &harvest.left).collect();
        not_kept(out, &all, view)?;
        writeln!(out)?;
    }
    for tell in plan.all::<TellProvider>() {
        writeln!(
            out,
            "{HEADING}Notify{HEADING:#} {} of {}",
            shown(tell.program.first().map_or("", String::as_str)),
            counted(tell.units, "unit")
        )?;
        writeln!(out)?;
    }
    transfers(out, plan, view)?;
    drops(out, plan, view)
}

/// Writes what would be fetched from a remote store, or put there.
fn transfers(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    for action in &plan.actions {
        if let Some(drop) = action.as_type::<DropRemote>() {
            let count = counted(drop.objects.len(), "object");
            writeln!(out, "{HEADING}Delete {count}{HEADING:#} from {}", drop.from)?;
            writeln!(out, "  {}; {} remain", drop.length, drop.staying)?;
            writeln!(out)?;
        }
        let pull = action.as_type::<PullUnits>();
        let push = action.as_type::<PushUnits>();
        let (verb, how, units, present, length, workspace) = match (pull, push) {
            (Some(pull), _) => {
                let how = format!("from {}", pull.from);
                let units = pull.units.len();
                (
                    "Fetch",
                    how,
                    units,
                    pull.present,
                    pull.length,
                    &pull.workspace,
                )
            }
            (_, Some(push)) => {
                let how = format!("to {}", push.into);
                let units = push.units.len();
                (
                    "Upload",
                    how,
                    units,
                    push.present,
                    push.length,
                    &push.workspace,
                )
            }
            _ => continue,
        };
        if units == 0 {
            writeln!(
                out,
                "{HEADING}Record the list of units built together{HEADING:#} {how}"
            )?;
            writeln!(out)?;
            continue;
        }
        let count = counted(units, "unit");
        writeln!(out, "{HEADING}{verb} {count}{HEADING:#} {how}")?;
        writeln!(
            out,
            "  {length} uncompressed, for {}; {present} already there",
            view.paths.show(workspace)
        )?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes which units would be deleted.
fn drops(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    for drop in plan.all::<DropUnits>() {
        writeln!(
            out,
            "{HEADING}Delete {}{HEADING:#} from the store {}",
            counted(drop.units.len(), "unit"),
            view.paths.show(&drop.folder)
        )?;
        let words = [
            (DropReason::All, "asked for"),
            (DropReason::Idle, "not used for that long"),
            (
                DropReason::Budget,
                "over the budget, oldest first, with the units that depend on them",
            ),
        ];
        for (why, words) in words {
            let count = drop.units.iter().filter(|unit| unit.why == why).count();
            if count > 0 {
                writeln!(out, "  {count:>5}  {words}")?;
            }
        }
        writeln!(
            out,
            "  with {}, which frees {}; target folders keep their links to the same files",
            counted(drop.objects.len(), "file"),
            drop.freeable
        )?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes what the local store holds.
pub(crate) fn status(
    out: Out<'_>,
    contents: &StoreContents,
    settings: &StoreSettings,
    parts: Option<&[RemotePart]>,
    view: &View,
) -> io::Result<()> {
    let folder = view.paths.show(&contents.folder);
    let bounds = Bounds::of(settings);
    if contents.units.is_empty() {
        writeln!(
            out,
            "the store {folder} is empty: `cargo sharedtarget store harvest` fills it"
        )?;
    } else {
        let units = counted(contents.units.len(), "unit");
        let (on_disk, own) = (contents.on_disk, contents.own);
        writeln!(out, "{HEADING}the store{HEADING:#} {folder}")?;
        writeln!(
            out,
            "  {units}, {on_disk} on disk, {own} of it in no target folder"
        )?;
        let mut table = Table::new(&[
            ("UNITS", Align::Right),
            ("PACKAGES", Align::Right),
            ("LOGICAL", Align::Right),
            ("LAST USE", Align::Left),
            ("BUILT WITH", Align::Left),
        ]);
        for with in &contents.built_with {
            let known = with.built_with.as_ref();
            let compiler = known.and_then(|known| known.rustc.lines().next());
            table.row(vec![
                with.units.to_string(),
                with.packages.to_string(),
                with.length.to_string(),
                ago(with.last_use, view),
                compiler.unwrap_or("unknown compiler").to_owned(),
            ]);
        }
        table.write(out, view.width)?;
    }
    if let (Some(size), Some(age)) = (bounds.max_size, bounds.max_age) {
        writeln!(
            out,
            "each harvest limits it to {}, and deletes units not used for {}",
            size.exact(),
            age.exact()
        )?;
    }
    for (when, program) in [("before", &settings.before), ("after", &settings.after)] {
        if let Some(program) = program {
            writeln!(
                out,
                "{when} a build: {}",
                shown(program.first().map_or("", String::as_str))
            )?;
        }
    }
    if let Some(remote) = &settings.remote {
        let said = |key: &str| remote.get(key).map(String::as_str);
        let kind = said("type").unwrap_or_default();
        let place = ["bucket", "container", "endpoint", "root"];
        let place: Vec<&str> = place.into_iter().filter_map(said).collect();
        let when = match settings.pull {
            Some(true) => ", queried before a worktree is warmed",
            _ => "",
        };
        writeln!(out, "remote store: {kind} {}{when}", place.join(" "))?;
    }
    if let Some(parts) = parts {
        remote_parts(out, parts, view)?;
    }
    for problem in &contents.problems {
        let path = view.paths.show(&problem.path);
        writeln!(
            out,
            "{WARNING}warning{WARNING:#}: {path}: {}",
            problem.message
        )?;
    }
    Ok(())
}

fn remote_parts(out: Out<'_>, parts: &[RemotePart], view: &View) -> io::Result<()> {
    if parts.is_empty() {
        return writeln!(out, "the remote store is empty");
    }
    let mut table = Table::new(&[
        ("IN THE REMOTE STORE", Align::Left),
        ("OBJECTS", Align::Right),
        ("SIZE", Align::Right),
        ("OLDEST", Align::Left),
        ("NEWEST", Align::Left),
    ]);
    for part in parts {
        table.row(vec![
            part.kind.clone(),
            part.objects.to_string(),
            part.length.to_string(),
            ago(part.oldest, view),
            ago(part.newest, view),
        ]);
    }
    table.write(out, view.width)
}

/// Writes which units are not kept; those that never are, such as local packages and programs, only with `--verbose`.
pub(crate) fn not_kept(out: Out<'_>, all: &[&LeftUnit], view: &View) -> io::Result<()> {
    let ordinary = |reason: &LeftReason| {
        matches!(
            reason.root(),
            LeftReason::Local
                | LeftReason::Program
                | LeftReason::Documentation
                | LeftReason::NotLocked
        )
    };
    let notable: Vec<&LeftUnit> = all
        .iter()
        .filter(|unit| view.verbose || !ordinary(&unit.reason))
        .copied()
        .collect();
    left::left_as(out, "not kept:", &notable, view)
}

/// Writes what was done.
fn outcome(out: Out<'_>, outcome: &Outcome, _view: &View) -> io::Result<()> {
    for done in outcome.all(DropUnits::KIND) {
        let units = done
            .detail()
            .map_or(0, |collected: &Collected| collected.units);
        let freed = done.freed.unwrap_or_default().on_disk;
        writeln!(
            out,
            "deleted {} from the store: freed {freed}",
            counted(units, "unit")
        )?;
    }
    for done in &outcome.done {
        let Some(moved) = done.detail::<Moved>() else {
            continue;
        };
        let units = counted(moved.units, "unit");
        match done.what {
            DropRemote::KIND => {
                let count = counted(moved.units, "object");
                writeln!(
                    out,
                    "deleted {count} from {}",
                    shown(&done.path.to_string_lossy())
                )?;
            }
            HarvestUnits::KIND | PushUnits::KIND if moved.units == 0 => {
                writeln!(out, "recorded the list of units built together")?;
            }
            HarvestUnits::KIND => {
                let (linked, copied) = (moved.linked, moved.copied);
                writeln!(out, "kept {units}: {linked} linked, {copied} copied")?;
            }
            TellProvider::KIND => {
                let shared = match moved.linked {
                    Bytes(0) => String::new(),
                    linked => format!("; it now shares {linked} with the store"),
                };
                writeln!(
                    out,
                    "notified {} of {units}{shared}",
                    shown(&done.path.to_string_lossy())
                )?;
            }
            PullUnits::KIND | PushUnits::KIND => {
                let (verb, bytes) = match done.what {
                    PullUnits::KIND => ("fetched", moved.transferred),
                    _ => ("pushed", moved.transferred),
                };
                writeln!(
                    out,
                    "{verb} {units}: {bytes} transferred, {} uncompressed",
                    moved.copied
                )?;
            }
            _ => {}
        }
        for left in &moved.left {
            writeln!(out, "  skipped {left}")?;
        }
    }
    Ok(())
}
