//! `warm`: give a worktree what others have compiled.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};

use crate::cargo::model::Dirs;
use crate::plan::conduct::{Ui, conduct, look, warn_of_stores};
use crate::store::command;
use crate::store::supply::FromStore;
use crate::survey::Request;
use crate::survey::model::Scope;
use crate::term::exit::Exit;
use crate::text::failure::Hint as _;
use crate::warm::decide::{self as decide, Candidate};
use crate::warm::inspect::Trust;
use crate::warm::options::WarmOptions;
use crate::warm::{choose_donor, inspect};
use crate::{fs, survey};

/// Warms every workspace of the worktree that the request is about.
///
/// # Errors
///
/// There is no workspace in it, or the named donor is none; or the answer cannot be written.
pub(crate) fn run(request: &Request, options: &WarmOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let pulled = command::pull_first(&survey, request, ui);
    let focus = request.focus.as_deref().unwrap_or(Path::new(""));
    let named = donor(options, request)?;
    let dirs: Vec<Dirs> = survey.workspaces.iter().map(|w| w.dirs.clone()).collect();
    let trust = Trust::default();
    let decided = choose_donor::each(
        &survey,
        &dirs,
        focus,
        named.as_ref(),
        options.how(request, &trust, ui),
        &FromStore,
    )?;
    let stuck = decided
        .all
        .iter()
        .any(|one| one.as_ref().is_err_and(|kept| kept.reason.is_stuck()));
    let mut plan = decide::plan(&survey, decided.all);
    crate::clean::litter::finish_litter(&survey, Scope::Stages, &mut plan);
    let refused = trust.refused(&plan);
    plan.kept.extend(refused);
    plan.warnings
        .extend(pulled.into_iter().chain(decided.warnings));
    let exit = conduct("warm", &survey, &plan, request, ui)?;
    if matches!(exit, Exit::Done | Exit::Incomplete) && !ui.dry_run {
        decided.held.iter().for_each(|held| held.note_use());
    }
    warn_of_stores(&plan, ui)?;
    Ok(exit.unless(stuck))
}

/// The donor that the user named, if one was.
pub(crate) fn donor(options: &WarmOptions, request: &Request) -> Result<Option<Candidate>> {
    let from = options.from.as_deref();
    from.map(|from| named(from, request)).transpose()
}

/// The hint for a `--from` that names nothing of use.
const LEAVE_OUT: &str = "omit --from to use the best donor among the other worktrees";

fn named(from: &Path, request: &Request) -> Result<Candidate> {
    let path = fs::folder(from).hint(LEAVE_OUT)?;
    if !fs::exists(&path.join("Cargo.toml")) {
        let built = inspect::rate(&path, None).units > 0;
        if !built {
            return Err(anyhow!(
                "expected a target folder with units, or a workspace that has one: `{}`",
                path.display()
            ))
            .hint(LEAVE_OUT);
        }
        return Ok(choose_donor::named(path, None, None, None));
    }
    let said = request.environment.cargo.metadata(&path);
    let said = said.with_context(|| format!("Cargo does not accept `{}`", path.display()))?;
    let folder = said.build_dir.unwrap_or_else(|| said.target_dir.clone());
    let worktree = survey::worktree_at(&said.workspace_root)?;
    Ok(choose_donor::named(
        fs::canonical_as_far_as_it_exists(&folder),
        Some(said.workspace_root),
        Some(worktree),
        Some(said.target_dir),
    ))
}
