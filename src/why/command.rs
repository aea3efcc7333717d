//! `why`: why the last build compiled what it compiled.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, anyhow};

use crate::cargo::lockfile::Lock;
use crate::fs;
use crate::plan::conduct::{Format, Ui, look};
use crate::progress::Progress;
use crate::survey::model::{CargoAnswer, Survey, Workspace};
use crate::survey::{Request, no_workspace};
use crate::term::Spinner;
use crate::term::exit::Exit;
use crate::text::failure::Hint as _;
use crate::warm::choose_donor::{Destination, EngineOptions};
use crate::warm::inspect;
use crate::warm::inspect::Trust;
use crate::warm::options::WarmOptions;
use crate::why::model::{ComparedFolder, WorkspaceBuild};
use crate::why::spec::Spec;
use crate::why::{decide, gather, json, question, report};

/// Says why the last build of a worktree compiled what it compiled. Changes nothing.
///
/// # Errors
///
/// There is no workspace, no package of that name, or the answer cannot be written.
pub(crate) fn run(request: &Request, at: &Path, package: Option<&Spec>, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let focus = request.focus.as_deref().unwrap_or(at);
    let workspaces = workspaces(&survey, at, focus);
    if workspaces.is_empty() {
        return Err(no_workspace(&survey, focus));
    }
    let progress = Arc::new(Progress::default());
    let spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    let mut builds = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for workspace in workspaces {
        let lock = inspect::lock(&workspace.root).ok().flatten();
        let build = of_workspace(
            &survey,
            workspace,
            lock.as_ref(),
            request,
            package,
            ui,
            &progress,
        );
        names.extend(lock.iter().flat_map(Lock::all).map(|(name, version)| {
            let meant = package.is_some_and(|spec| spec.means(name, Some(version)));
            // Another version of it is no typing error.
            if meant {
                String::new()
            } else {
                name.to_owned()
            }
        }));
        builds.push(build);
    }
    drop(spinner);
    if let Some(spec) = package {
        let is_known = names.iter().any(String::is_empty);
        if !is_known && builds.iter().all(|build| build.units.is_empty()) {
            return Err(no_package(spec, &names, &builds));
        }
    }
    let mut out = ui.answer();
    match ui.format {
        Format::Json => json::why(&mut out, &survey, package, &builds)?,
        Format::Human => report::why(&mut out, package, &builds, &ui.view)?,
    }
    Ok(Exit::Done)
}

/// The workspace that a folder lies in; where it lies in none, those of the worktree that were built.
fn workspaces<'a>(survey: &'a Survey, at: &Path, worktree: &Path) -> Vec<&'a Workspace> {
    let in_worktree = survey
        .workspaces
        .iter()
        .filter(|one| one.is_in(worktree) && !matches!(one.cargo, CargoAnswer::Elsewhere { .. }));
    let around = in_worktree.clone().filter(|one| at.starts_with(&one.root));
    if let Some(innermost) = around.max_by_key(|one| one.root.as_os_str().len()) {
        return vec![innermost];
    }
    let all: Vec<&Workspace> = in_worktree.collect();
    let built = all
        .iter()
        .copied()
        .filter(|one| fs::exists(&built_into(survey, one)));
    match built.collect::<Vec<_>>() {
        // Fixtures and templates are workspaces too.
        built if built.is_empty() => {
            let outer = all.iter().copied().filter(|one| one.nested_in.is_none());
            outer.collect()
        }
        built => built,
    }
}

/// The folder that a build of the workspace in this shell writes units into: as Cargo has it, variables beat configurations,
/// and those for the target folder leave a configured build folder where it is.
fn built_into(survey: &Survey, workspace: &Workspace) -> PathBuf {
    let named = |variable: &str| {
        let mut overrides = survey.overrides.iter();
        let found = overrides.find(|one| one.variable == variable)?;
        Some(found.folder.clone())
    };
    let dirs = &workspace.dirs;
    named("CARGO_BUILD_BUILD_DIR").unwrap_or_else(|| match dirs.build_dir == dirs.target_dir {
        true => named("CARGO_TARGET_DIR")
            .or_else(|| named("CARGO_BUILD_TARGET_DIR"))
            .unwrap_or_else(|| dirs.build_dir.clone()),
        false => dirs.build_dir.clone(),
    })
}

fn of_workspace(
    survey: &Survey,
    workspace: &Workspace,
    lock: Option<&Lock>,
    request: &Request,
    package: Option<&Spec>,
    ui: &Ui,
    progress: &Progress,
) -> WorkspaceBuild {
    let into = built_into(survey, workspace);
    let into = into.as_path();
    progress.stage("looking at units");
    let there = inspect::inventory(into, progress);
    let marked = gather::marked(&there, &workspace.root);
    let question = question::question(&there, &marked, package, lock);
    let trust = Trust::default();
    let options = WarmOptions::default();
    // The rules are those of the hook, which leaves more than `warm` does by hand.
    let how = EngineOptions {
        unsettled: true,
        ..options.how(request, &trust, ui)
    };
    let cold = Destination { workspace, into };
    let neighbours = gather::neighbours(cold, survey, how, &there, &question, progress);
    let facts = gather::facts(&neighbours, &there, workspace, lock, &question);
    let compared = facts.donors.iter().map(|donor| donor.folder.clone());
    let compared: Vec<ComparedFolder> = compared.collect();
    let units = decide::explain(&facts, &question);
    WorkspaceBuild {
        workspace: workspace.root.clone(),
        folder: into.to_owned(),
        build: question.build,
        unfinished: question::unfinished(&there),
        compared,
        units,
        problems: there.problems.clone(),
        refused: neighbours.refused,
    }
}

/// No unit is of the package, and no `Cargo.lock` has it.
fn no_package(spec: &Spec, names: &[String], builds: &[WorkspaceBuild]) -> anyhow::Error {
    let version = names.contains(&spec.name);
    let places: Vec<String> = builds
        .iter()
        .map(|build| format!("`{}`", build.workspace.join("Cargo.lock").display()))
        .collect();
    let failed: Result<()> = Err(anyhow!(
        "expected a package in {}: `{}`",
        places.join(" or "),
        spec.text
    ));
    let failed = match (version, spec.nearest(names.iter().map(String::as_str))) {
        (true, _) => failed.hint(format!(
            "leave the version out; another version of `{}` exists",
            spec.name
        )),
        (false, Some(name)) => failed.hint(format!("a package with a similar name is `{name}`")),
        (false, None) => failed.hint("`cargo tree` lists the packages"),
    };
    failed.expect_err("it is one")
}
