//! Fetching from the remote store, and putting there.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::Result;

use crate::plan::action::{Plan, Warning, boxed};
use crate::plan::conduct::{Ui, carry_out, conduct_with, look};
use crate::plan::kept::{Kept, KeptReason};
use crate::progress::Progress;
use crate::remote::Remote;
use crate::size::Bytes;
use crate::store::command::{kept, places, remote as remote_store, wanted, wishes};
use crate::store::local::{self as looks, Wish};
use crate::store::model::{Moved, PullUnits, PushUnits, StoredUnit};
use crate::store::report::SECTION;
use crate::store::{Bounds, StorePaths, harvest as acts};
use crate::survey::Request;
use crate::survey::model::{Survey, Workspace};
use crate::term::Spinner;
use crate::term::exit::Exit;
use crate::text::failure;
use crate::{plan, store};

/// How `pull` was asked to do it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PullOptions {
    /// Query the remote for every missing package, even where a set of the same packages was built together.
    pub(crate) all: bool,
}

/// Fetches from the remote store what the worktree that the request is about can use.
///
/// # Errors
///
/// There is no remote store, it is of no use as it is set up, or there is no workspace; or the answer cannot be written.
pub(crate) fn pull(request: &Request, options: PullOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let exchange = Exchange::open(&survey, request, ui)?;
    if !ui.dry_run {
        acts::clear(&exchange.places);
    }
    let plan = exchange.plan(|workspace, wish, plan| {
        match exchange.fetched(wish, workspace, options) {
            Ok(Ok(pull)) => plan.add(pull),
            Ok(Err(kept)) => plan.kept.push(*kept),
            // Then everything is built here, as it would be without one.
            Err(error) => plan.warnings.push(Warning::NoStore {
                why: failure::words(error.as_ref()),
            }),
        }
        Ok(())
    })?;
    let exit = exchange.conduct("store pull", &plan)?;
    if exit == Exit::Done && !ui.dry_run && !plan.actions.is_empty() {
        exchange.keep_within();
    }
    Ok(exit.unless(plan.is_stuck()))
}

/// Fetches what a worktree can use before it is warmed, if settings say so. A failure is a warning: then everything is
/// built here, as it would be without a store.
pub(crate) fn pull_first(survey: &Survey, request: &Request, ui: &Ui) -> Vec<Warning> {
    let wanted = survey.settings.store.pull == Some(true) && !ui.dry_run;
    if !wanted {
        return Vec::new();
    }
    let fetch = || -> Result<Vec<String>> {
        let exchange = Exchange::open(survey, request, ui)?;
        let mut plan = Plan::default();
        for (workspace, wish) in wishes(survey, request)?.into_iter().flatten() {
            let options = PullOptions::default();
            let fetched = exchange.fetched(&wish, workspace, options)?;
            plan.actions.extend(boxed(fetched.ok()));
        }
        if plan.actions.is_empty() {
            return Ok(Vec::new());
        }
        let outcome = carry_out(survey, &plan, request, ui, Some(&exchange.remote))?;
        exchange.keep_within();
        if !ui.quiet {
            ui.warn(|out| (SECTION.outcome)(out, &outcome, &ui.view))?;
        }
        let failed = outcome.failed.into_iter().chain(outcome.skipped);
        let moved = outcome.done.iter().filter_map(|done| done.detail());
        let left = moved.flat_map(|moved: &Moved| moved.left.clone());
        Ok(failed.map(|failed| failed.message).chain(left).collect())
    };
    let wrong = fetch().unwrap_or_else(|error| vec![failure::words(error.as_ref())]);
    let warnings = wrong.into_iter().take(1);
    warnings.map(|why| Warning::NoStore { why }).collect()
}

/// How `push` was asked to do it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PushOptions {
    /// Look for each unit, also for those that the remote store says it has.
    pub(crate) all: bool,
}

/// Puts into the remote store what the local one has of the worktree that the request is about.
///
/// # Errors
///
/// There is no remote store, it cannot be asked, or there is no workspace; or the answer cannot be written.
pub(crate) fn push(request: &Request, options: PushOptions, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let exchange = Exchange::open(&survey, request, ui)?;
    let plan = exchange.plan(|workspace, wish, plan| {
        match exchange.put(wish, workspace, options)? {
            Ok(push) => plan.add(push),
            Err(kept) => plan.kept.push(*kept),
        }
        Ok(())
    })?;
    let exit = exchange.conduct("store push", &plan)?;
    Ok(exit.unless(plan.is_stuck()))
}

/// Exchange between the local store and the remote one.
struct Exchange<'a> {
    survey: &'a Survey,
    request: &'a Request,
    ui: &'a Ui,
    places: StorePaths,
    remote: Remote,
}

impl<'a> Exchange<'a> {
    /// Opens both stores.
    fn open(survey: &'a Survey, request: &'a Request, ui: &'a Ui) -> Result<Self> {
        Ok(Self {
            survey,
            request,
            ui,
            places: places(survey, request)?,
            remote: remote_store(survey, request)?,
        })
    }

    /// Makes a plan of what `decide` adds for each workspace.
    fn plan(&self, decide: impl Fn(&Workspace, &Wish, &mut Plan) -> Result<()>) -> Result<Plan> {
        let mut plan = Plan {
            warnings: plan::warnings(self.survey),
            ..Plan::default()
        };
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), self.ui.shows_progress());
        progress.stage("asking the remote store");
        for (workspace, wish) in wanted(self.survey, self.request, &mut plan)? {
            decide(workspace, &wish, &mut plan)?;
        }
        Ok(plan)
    }

    /// Shows a plan and carries it out, as `command`.
    fn conduct(&self, command: &str, plan: &Plan) -> Result<Exit> {
        let remote = Some(&self.remote);
        conduct_with(command, self.survey, plan, self.request, self.ui, remote)
    }

    /// The units to fetch for a workspace, or the reason why there are none.
    fn fetched(
        &self,
        wish: &Wish,
        workspace: &Workspace,
        options: PullOptions,
    ) -> Result<Result<PullUnits, Box<Kept>>> {
        let (places, remote) = (&self.places, &self.remote);
        let local = looks::stored(places, wish);
        let local = local.into_iter().map(|offered| offered.unit);
        // A unit that has lost a file is fetched again.
        let local: Vec<StoredUnit> = local.filter(|unit| looks::is_whole(places, unit)).collect();
        let packages = local.iter().map(|unit| unit.package.clone()).collect();
        let there: HashSet<&str> = local.iter().map(|unit| unit.key.as_str()).collect();
        let all = looks::remote(remote, wish, &packages, options.all)?;
        let units: Vec<&StoredUnit> = all.iter().chain(&local).collect();
        let usable = store::usable(&units, Some(&wish.lock), |_| false);
        let usable: Vec<&StoredUnit> = usable.into_iter().map(|at| units[at]).collect();
        let new = usable
            .iter()
            .filter(|unit| !there.contains(unit.key.as_str()));
        let new: Vec<StoredUnit> = new.map(|unit| (*unit).clone()).collect();
        if new.is_empty() {
            let reason = match local.is_empty() {
                true => KeptReason::NothingRemote {
                    from: remote.name(),
                },
                false => KeptReason::Harvested {
                    units: local.len(),
                    left: Vec::new(),
                },
            };
            return Ok(Err(kept(&workspace.root, reason)));
        }
        Ok(Ok(PullUnits {
            workspace: workspace.root.clone(),
            from: remote.name(),
            into: places.root().to_owned(),
            summary: wish.before.summary.clone(),
            circumstances: wish.before.circumstances.clone(),
            built_with: wish.before.built_with.clone(),
            keys: usable.iter().map(|unit| unit.key.clone()).collect(),
            present: usable.len() - new.len(),
            length: new.iter().map(StoredUnit::length).sum(),
            units: new,
        }))
    }

    /// The units to put into the remote store for a workspace, or the reason why there are none.
    fn put(
        &self,
        wish: &Wish,
        workspace: &Workspace,
        options: PushOptions,
    ) -> Result<Result<PushUnits, Box<Kept>>> {
        let (places, remote) = (&self.places, &self.remote);
        let summary = &wish.before.summary;
        let set = looks::set(places, summary);
        let all = looks::stored(places, wish).into_iter();
        let all: Vec<StoredUnit> = all
            .map(|offered| offered.unit)
            .filter(|unit| set.keys.binary_search(&unit.key).is_ok())
            .collect();
        if all.is_empty() {
            return Ok(Err(kept(&workspace.root, KeptReason::NothingHarvested)));
        }
        let there = looks::has(remote, summary, &all, options.all)?;
        let new = all.iter().filter(|unit| !there.units.contains(&unit.key));
        let new: Vec<StoredUnit> = new.cloned().collect();
        // A killed run may have put all units there, but not the set that names them.
        if new.is_empty() && there.together {
            let reason = KeptReason::Pushed {
                units: all.len(),
                to: remote.name(),
            };
            return Ok(Err(kept(&workspace.root, reason)));
        }
        Ok(Ok(PushUnits {
            workspace: workspace.root.clone(),
            from: places.root().to_owned(),
            into: remote.name(),
            summary: summary.clone(),
            present: all.len() - new.len(),
            length: new.iter().map(StoredUnit::length).sum(),
            units: new,
            all,
        }))
    }

    /// Keeps the store within its bounds, after what came is there: how much others say that it is, is nothing to go by. Says
    /// nothing; what cannot be deleted now can be the next time.
    fn keep_within(&self) {
        let contents = looks::contents(&self.places, &Progress::default());
        let bounds = Bounds::of(&self.survey.settings.store);
        let dropped = store::dropped(&contents, &bounds, Bytes(0), self.ui.view.now);
        if let Some(dropped) = dropped.filter(|dropped| !dropped.units.is_empty()) {
            let plan = Plan {
                actions: vec![Box::new(dropped)],
                ..Plan::default()
            };
            let _ = carry_out(self.survey, &plan, self.request, self.ui, None);
        }
    }
}
