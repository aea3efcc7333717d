//! `clean`: delete whole target folders.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use rayon::prelude::*;

use crate::clean::decide::CleanOptions;
use crate::git;
use crate::git::model::Head;
use crate::plan::action::Warning;
use crate::plan::conduct::{Ui, conduct, look};
use crate::progress::Progress;
use crate::survey::Request;
use crate::survey::model::Survey;
use crate::term::Spinner;
use crate::term::exit::Exit;
use crate::text::failure;

/// Deletes the target folders that the rules cover; with `merged`, also those of worktrees whose branch is merged.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub(crate) fn run(
    request: &Request,
    mut options: CleanOptions,
    merged: bool,
    ui: &Ui,
) -> Result<Exit> {
    let survey = look(request, ui)?;
    let mut problems = Vec::new();
    // Without the other worktrees it is not known who else builds into a folder.
    if merged && !request.inside_root_only {
        (options.merged, problems) = self::merged(&survey, ui);
    }
    let mut plan = crate::clean::decide::clean(&survey, &options, ui.view.now);
    plan.warnings.extend(problems);
    plan.warnings
        .extend(crate::clean::decide::kept_though_merged(&survey, &options));
    conduct("clean", &survey, &plan, request, ui)
}

/// The linked worktrees whose branch is merged, each with its branch and the one that this is merged into; and where git does
/// not tell.
fn merged(survey: &Survey, ui: &Ui) -> (BTreeMap<PathBuf, (String, String)>, Vec<Warning>) {
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    progress.stage("asking git what is merged");
    let worktrees = survey.repositories.iter().flat_map(|one| &one.worktrees);
    let linked: Vec<(&PathBuf, &String)> = worktrees
        .filter(|one| one.present && !one.main)
        .filter_map(|one| match &one.head {
            Head::Branch(branch) => Some((&one.path, branch)),
            _ => None,
        })
        .collect();
    let asked: Vec<_> = linked
        .into_par_iter()
        .map(|(worktree, branch)| {
            let into = git::merged::merged_into(worktree, branch);
            (worktree.clone(), branch.clone(), into)
        })
        .collect();
    let (mut found, mut problems) = (BTreeMap::new(), Vec::new());
    for (worktree, branch, into) in asked {
        match into {
            Ok(Some(into)) => {
                found.insert(worktree, (branch, into));
            }
            Ok(None) => {}
            Err(error) => problems.push(Warning::Problem {
                message: failure::words(error.as_ref()),
                path: worktree,
            }),
        }
    }
    (found, problems)
}
