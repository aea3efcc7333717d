//! Decides what is done. Everything here is a pure function over a survey, with the time passed in.

pub(crate) mod action;
pub(crate) mod apply;
pub(crate) mod conduct;
pub(crate) mod hook_state;
pub(crate) mod json;
pub(crate) mod kept;
pub(crate) mod left;
pub(crate) mod outcome;
pub(crate) mod reasons;
pub(crate) mod report;
pub(crate) mod run;

use crate::plan::action::Warning;
use crate::survey::model::Survey;

/// What the user should know of the survey, whatever is done.
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
    overrides.chain(problems).collect()
}
