//! The log of a run: what was asked for, what the survey found, what is decided, and how each action ended.
//!
//! It says what the JSON says, a line for each part. The lists of a part, such as the units that are left, have a line for
//! each entry at the level `trace`. Warnings are named only: some of them have values of variables.

use std::fmt;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{Level, debug, enabled, info, trace, warn};

use crate::plan::action::{Action, Plan};
use crate::plan::outcome::{Came, Stopped};
use crate::survey::Request;
use crate::survey::model::Survey;

/// Logs what is asked for.
pub(crate) fn request(request: &Request) {
    debug!(
        roots = ?request.roots,
        focus = ?request.focus,
        folders = ?request.folders,
        shared_root = ?request.shared_root,
        config_at = ?request.config_at,
        max_depth = ?request.looking.max_depth,
        to_act = request.to_act,
        "looks"
    );
}

/// Logs what was found.
pub(crate) fn survey(survey: &Survey, begun: Instant) {
    info!(
        took = ?begun.elapsed(),
        repositories = survey.repositories.len(),
        workspaces = survey.workspaces.len(),
        folders = survey.folders.len(),
        "found"
    );
    if !enabled!(Level::DEBUG) {
        return;
    }
    let (settings, store) = (&survey.settings, &survey.settings.store);
    // Programs, without their arguments, and the kind of a remote store: the rest may be secret.
    debug!(
        local = ?settings.local,
        max_size = ?settings.max_size,
        min_free = ?settings.min_free,
        max_age = ?settings.max_age,
        keep_programs = ?settings.keep_programs,
        rustc_wrapper = ?settings.rustc_wrapper,
        shared_with_group = ?settings.shared_with_group,
        "settings"
    );
    debug!(
        folder = ?store.folder,
        max_size = ?store.max_size,
        max_age = ?store.max_age,
        before = ?store.before.as_ref().and_then(|words| words.first()),
        after = ?store.after.as_ref().and_then(|words| words.first()),
        harvest = ?store.harvest,
        pull = ?store.pull,
        remote = ?store.remote.as_ref().and_then(|remote| remote.get("type")),
        "settings of the store"
    );
    part(&"shared root", &survey.shared_root);
    for repository in &survey.repositories {
        part(&"repository", repository);
    }
    for workspace in &survey.workspaces {
        part(&"workspace", workspace);
    }
    for folder in &survey.folders {
        part(&"folder", folder);
    }
    for problem in &survey.problems {
        part(&"problem", problem);
    }
    for variable in survey.overrides.iter().map(|one| &one.variable) {
        debug!(variable, "beats the configuration");
    }
}

/// Logs what is decided.
pub(crate) fn plan(name: &str, plan: &Plan, dry_run: bool) {
    info!(
        command = name,
        actions = plan.actions.len(),
        kept = plan.kept.len(),
        warnings = plan.warnings.len(),
        freeable = plan.freeable.0,
        dry_run,
        "decided"
    );
    if !enabled!(Level::DEBUG) {
        return;
    }
    for action in &plan.actions {
        part(&"plans", action);
    }
    for kept in &plan.kept {
        part(&"keeps", kept);
    }
    for warning in &plan.warnings {
        let name = serde_json::to_value(warning).unwrap_or_default();
        debug!(warning = %name["warning"], "warns");
    }
}

/// Carries an action out, and logs it.
pub(crate) fn carried_out(
    action: &dyn Action,
    act: impl FnOnce() -> Result<Came, Stopped>,
) -> Result<Came, Stopped> {
    let (kind, path, begun) = (action.kind().name(), action.path(), Instant::now());
    debug!(kind, ?path, "begins");
    let result = act();
    let took = begun.elapsed();
    match &result {
        Ok(Came {
            failed: Some(why), ..
        })
        | Err(Stopped::Failed(why)) => {
            warn!(kind, ?path, ?took, why, "failed");
        }
        Err(Stopped::Skipped(why)) => warn!(kind, ?path, ?took, why, "skipped"),
        Ok(came) => {
            info!(kind, ?path, ?took, freed = ?came.freed, "done");
            if let Some(detail) = &came.detail {
                let detail: &dyn erased_serde::Serialize = &**detail;
                part(&format_args!("done {kind}"), detail);
            }
        }
    }
    result
}

/// Logs what a part of the JSON says.
fn part(what: &dyn fmt::Display, value: &(impl Serialize + ?Sized)) {
    if !enabled!(Level::DEBUG) {
        return;
    }
    let Ok(Value::Object(mut fields)) = serde_json::to_value(value) else {
        return;
    };
    let mut lists = Vec::new();
    take_lists(&mut fields, &mut lists);
    let fields = Value::Object(fields);
    debug!("{what} {fields}");
    for (name, list) in lists {
        for one in list {
            trace!("{what}, {name}: {one}");
        }
    }
}

/// Takes the lists out of an object, and out of the objects in it.
fn take_lists(fields: &mut Map<String, Value>, lists: &mut Vec<(String, Vec<Value>)>) {
    for (name, value) in fields.iter_mut() {
        match value {
            Value::Array(list) => lists.push((name.clone(), std::mem::take(list))),
            Value::Object(inner) => take_lists(inner, lists),
            _ => {}
        }
    }
    fields.retain(|_, value| !value.is_array());
}
