//! `store`: third-party units beyond a target folder.

mod clean;
mod exchange;
mod harvest;
mod status;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::plan::action::Plan;
use crate::plan::conduct::Ui;
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::progress::Progress;
use crate::remote;
use crate::remote::Remote;
use crate::store::StorePaths;
pub(crate) use crate::store::command::clean::{CleanOptions, clean, clean_remote};
pub(crate) use crate::store::command::exchange::{
    PullOptions, PushOptions, pull, pull_first, push,
};
pub(crate) use crate::store::command::harvest::{HarvestOptions, harvest, harvest_aside};
pub(crate) use crate::store::command::status::status;
use crate::store::local::{self as looks, Wish};
use crate::store::model::StoreContents;
use crate::survey::model::{CargoAnswer, Survey, Workspace};
use crate::survey::{Request, no_workspace, settings};
use crate::term::Spinner;
use crate::text::failure::Hint as _;
use crate::warm::inspect;

fn remote(survey: &Survey, request: &Request) -> Result<Remote> {
    let wrong = survey.problems.iter().find(|problem| {
        let name = problem.path.file_name().unwrap_or_default();
        name == settings::FILE_NAME
    });
    let settings = survey.settings.store.remote.as_ref();
    let settings = match (settings, wrong) {
        (Some(settings), _) => settings,
        // It may be what names one.
        (None, Some(problem)) => bail!("`{}`: {}", problem.path.display(), problem.message),
        (None, None) => {
            let own = request.environment.own_settings.as_deref();
            let file = own.unwrap_or(Path::new(settings::FILE_NAME));
            return Err(anyhow!("expected a remote store in the settings"))
                .with_hint(|| format!("name one under `[store.remote]` in `{}`", file.display()));
        }
    };
    remote::open(settings, &request.environment.secrets)
}

type Wished<'a> = Result<(&'a Workspace, Wish), Box<Kept>>;

/// The packages that each workspace of the worktree wants.
fn wishes<'a>(survey: &'a Survey, request: &Request) -> Result<Vec<Wished<'a>>> {
    built(survey, request)?
        .into_iter()
        .map(|workspace| {
            let lock = match inspect::lock(&workspace.root) {
                Ok(Some(lock)) => lock,
                Ok(None) => return Ok(Err(kept(&workspace.root, KeptReason::NoLock))),
                Err(problem) => {
                    let file = workspace.root.join("Cargo.lock");
                    let reason = KeptReason::LockInvalid { file, problem };
                    return Ok(Err(kept(&workspace.root, reason)));
                }
            };
            let wish = looks::wish(&workspace.root, lock, &request.environment)?;
            Ok(Ok((workspace, wish)))
        })
        .collect()
}

/// The packages that each workspace of the worktree wants; workspaces that want nothing stand in the plan with the
/// reason.
fn wanted<'a>(
    survey: &'a Survey,
    request: &Request,
    plan: &mut Plan,
) -> Result<Vec<(&'a Workspace, Wish)>> {
    let mut wanted = Vec::new();
    for wished in wishes(survey, request)? {
        match wished {
            Ok(wished) => wanted.push(wished),
            Err(kept) => plan.kept.push(*kept),
        }
    }
    Ok(wanted)
}

/// The workspaces of the worktree that are built.
fn built<'a>(survey: &'a Survey, request: &Request) -> Result<Vec<&'a Workspace>> {
    let focus = request.focus.as_deref().unwrap_or(Path::new(""));
    let inside = |workspace: &&Workspace| workspace.is_in(focus);
    let all: Vec<&Workspace> = survey.workspaces.iter().filter(inside).collect();
    if all.is_empty() {
        return Err(no_workspace(survey, focus));
    }
    let built = |workspace: &&Workspace| {
        let said = matches!(workspace.cargo, CargoAnswer::Said { .. });
        said && workspace.nested_in.is_none()
    };
    Ok(all.into_iter().filter(built).collect())
}

fn kept(workspace: &Path, reason: KeptReason) -> Box<Kept> {
    Box::new(Kept {
        subject: Subject::Workspace,
        path: workspace.to_owned(),
        reason,
        on_disk: None,
        last_build: None,
    })
}

fn contents(places: &StorePaths, ui: &Ui) -> StoreContents {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("looking at the store");
    looks::contents(places, &progress)
}

/// Where the local store is.
fn places(survey: &Survey, request: &Request) -> Result<StorePaths> {
    let settings = &survey.settings.store;
    let places = looks::places(settings, &request.environment, &survey.shared_root.path);
    places
        .context("found no folder for the store")
        .hint("set `folder` under `[store]` in the settings, or CARGO_SHAREDTARGET_STORE_DIR")
}
