//! Timers in words.

use std::io;
use std::path::Path;

use crate::plan::action::{Change, Plan, Section};
use crate::plan::outcome::Outcome;
use crate::setup::timer::files;
use crate::setup::timer::model::{SwitchTimer, Switched, WriteTimer};
use crate::survey::timer_files::TimerSystem;
use crate::term::table::{Align, Table};
use crate::term::view::{HEADING, Out, View, wrapped};
use crate::text::shell;

/// Where it is shown.
pub(crate) static SECTION: Section = Section {
    plan_order: 10,
    plan,
    outcome_order: 10,
    outcome,
};

fn manager(system: TimerSystem) -> &'static str {
    match system {
        TimerSystem::Systemd => "systemd",
        TimerSystem::Launchd => "launchd",
        TimerSystem::TaskScheduler => "the Task Scheduler",
    }
}

/// Writes what a plan does to timers.
fn plan(out: Out<'_>, plan: &Plan, view: &View) -> io::Result<()> {
    let switch = plan.all::<SwitchTimer>().next();
    let by = switch.map_or_else(String::new, |switch| {
        format!(", by {}", manager(switch.system))
    });
    let mut table = Table::new(&[("HOW", Align::Left), ("FILE", Align::Left)]);
    let (mut files, mut sets) = (0, None);
    for WriteTimer {
        schedule,
        edit,
        runs,
    } in plan.all::<WriteTimer>()
    {
        let how = match edit.change {
            Change::Create => "new",
            Change::Edit => "renew",
            Change::Remove => "remove",
        };
        table.linked_row(
            vec![how.into(), view.paths.show(&edit.file)],
            view.link(&edit.file),
        );
        if edit.change != Change::Remove {
            sets = Some((*schedule, runs));
        }
        files += 1;
    }
    match (sets, switch) {
        (Some((schedule, _)), _) => {
            writeln!(
                out,
                "{HEADING}Set a timer{HEADING:#}: {}{by}",
                schedule.name()
            )?;
        }
        (None, Some(SwitchTimer { on: true, .. })) => {
            writeln!(out, "{HEADING}Start the timer{HEADING:#}{by}")?;
        }
        (None, _) => writeln!(out, "{HEADING}Remove the timer{HEADING:#}{by}")?,
    }
    if files > 0 {
        table.write(out, view.width)?;
    }
    if let Some((_, [program, words @ ..])) = sets.map(|(when, runs)| (when, &runs[..])) {
        let program = shell::word(Path::new(program));
        let runs = format!("it runs {}", files::line(&program, words));
        wrapped(out, &runs, "  ", view.width)?;
    }
    if let Some(switch) = switch.filter(|switch| !switch.answers) {
        wrapped(
            out,
            &unanswered(switch.system, switch.on, &switch.to_run()),
            "  ",
            view.width,
        )?;
    }
    writeln!(out)
}

/// Says that a timer is at work only later, and how it is at once.
fn unanswered(system: TimerSystem, on: bool, command: &str) -> String {
    let who = match system {
        TimerSystem::Systemd => "no user manager of systemd answers here",
        TimerSystem::Launchd => "launchd has no session of yours here",
        TimerSystem::TaskScheduler => "the Task Scheduler does not answer here",
    };
    let when = match (system, on) {
        (TimerSystem::TaskScheduler, true) => "run this to set the timer",
        (_, true) => "the timer starts at your next login; to start it now, run",
        (_, false) => "a timer of another login stops when that login ends; to stop it now, run",
    };
    format!("{who}: {when}: {command}")
}

/// Writes what was done to timers.
fn outcome(out: Out<'_>, outcome: &Outcome, view: &View) -> io::Result<()> {
    let switched = outcome.all(SwitchTimer::KIND);
    for one in switched.filter_map(|done| done.detail::<Switched>()) {
        writeln!(out, "{} the timer", if one.on { "set" } else { "removed" })?;
        if let Some(command) = &one.to_run {
            wrapped(
                out,
                &unanswered(one.system, one.on, command),
                "  ",
                view.width,
            )?;
        }
    }
    Ok(())
}
