//! Decides what is done. Everything here is a pure function over a survey, with the time passed in.

pub(crate) mod action;
pub mod apply;
pub mod conduct;
pub mod hook_state;
pub mod json;
pub(crate) mod kept;
pub mod left;
pub(crate) mod outcome;
pub(crate) mod reasons;
pub mod report;
pub mod run;

use crate::plan::action::Warning;
use crate::survey::model::Survey;

/// What the user should know of the survey, whatever is done.
#[must_use]
pub fn warnings(survey: &Survey) -> Vec<Warning> {
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
