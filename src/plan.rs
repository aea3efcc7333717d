//! One plan feeds the preview, the question, the JSON and the execution.
//!
//! - [`action`] has the [`action::Plan`], and the trait that an action of any feature implements.
//! - [`kept`] has the reasons why something is kept as it is; [`reasons`], [`left`], [`hook_state`] and [`tool_state`] put
//!   reasons into words.
//! - [`conduct`] is what every command that changes something goes through: show the plan, ask, lock the shared root, carry out,
//!   report. It alone knows of `--dry-run` and `--yes`.
//! - [`mod@apply`] carries a plan out in five phases, and writes down what it changes before it does ([`apply`]'s `record`).
//! - [`report`] shows a plan and its outcome to people, [`mod@json`] to programs, [`markdown`] on the page of a CI job.
//! - [`run`] is what actions have in hand meanwhile, [`outcome`] what became of them.
//!
//! # Invariants
//!
//! Everything that was looked at stands in a plan exactly once: as an action, or as kept with a reason. An action looks at the
//! disk again before it acts. One failure never stops the rest.

pub(crate) mod action;
pub(crate) mod advice;
pub(crate) mod apply;
pub(crate) mod conduct;
pub(crate) mod edge;
pub(crate) mod hook_state;
pub(crate) mod json;
pub(crate) mod kept;
pub(crate) mod left;
mod log;
pub(crate) mod markdown;
pub(crate) mod outcome;
pub(crate) mod reasons;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod tool_state;

use crate::plan::action::Warning;
use crate::survey::joined_flags;
use crate::survey::model::Survey;

/// Warnings that the survey gives, whatever is done.
#[must_use]
pub(crate) fn warnings(survey: &Survey) -> Vec<Warning> {
    let overrides = survey.overrides.iter().map(|found| Warning::EnvOverride {
        variable: found.variable.clone(),
        value: found.value.clone(),
    });
    let problems = survey.problems.iter().map(|problem| Warning::Problem {
        path: problem.path.clone(),
        message: problem.message.clone(),
    });
    overrides
        .chain(problems)
        .chain(flags_twice(survey))
        .collect()
}

/// Warns of worktrees that get the flags of the one around them beside their own.
fn flags_twice(survey: &Survey) -> Option<Warning> {
    let joined = joined_flags::find(survey);
    let file = joined.first()?.outer.to_owned();
    let worktrees = joined.iter().map(|one| one.worktree.to_owned()).collect();
    Some(Warning::FlagsTwice { worktrees, file })
}
