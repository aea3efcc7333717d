//! `cache`: what scripts have left, and how it is kept small.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};

use crate::clean::decide::CleanOptions;
use crate::clean::folder_use::Compilers;
use crate::clean::gc::GcOptions;
use crate::clean::look;
use crate::clean::model::FinishTrash;
use crate::markers::TRASH_PREFIX;
use crate::plan::action::{Plan, boxed};
use crate::plan::apply;
use crate::plan::conduct::{Format, Ui, conduct_under};
use crate::plan::outcome::Outcome;
use crate::plan::run::Context;
use crate::progress::Progress;
use crate::script::evict::{CacheOptions, CachePart, TargetPart};
use crate::script::model::{DropScript, ScriptCache};
use crate::script::paths::ScriptCachePaths;
use crate::script::{cache, evict, json};
use crate::size::Bytes;
use crate::survey::Request;
use crate::survey::folder::Litter;
use crate::survey::model::Survey;
use crate::survey::settings::CacheLimits;
use crate::term::Spinner;
use crate::term::exit::Exit;
use crate::text::failure::Hint as _;
use crate::{age, fs, survey};

/// Shows what the cache of scripts holds.
///
/// # Errors
///
/// The answer cannot be written.
pub(crate) fn info(
    places: &ScriptCachePaths,
    limits: &CacheLimits,
    top: usize,
    ui: &Ui,
) -> Result<Exit> {
    let cache = look(places, ui);
    let shares = {
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
        cache::shares(&cache, places, &progress)
    };
    let about = (&cache, &shares[..]);
    let mut out = ui.answer();
    match ui.format {
        Format::Json => json::script_cache(&mut out, about, limits)?,
        Format::Human => crate::script::report::info(&mut out, about, limits, top, &ui.view)?,
    }
    Ok(Exit::Done)
}

/// Deletes what the rules cover. It waits until all scripts are built that are being built.
///
/// `request` is about the target folder of scripts.
///
/// # Errors
///
/// Another user owns the cache, it cannot be locked, the target folder cannot be looked at, or the answer cannot be written.
pub(crate) fn clean(
    places: &ScriptCachePaths,
    options: &CacheOptions,
    request: &Request,
    ui: &Ui,
) -> Result<Exit> {
    if fs::theirs(places.root()) == Some(fs::Theirs::Owner) {
        let at = places.root().display();
        return Err(anyhow!("another user owns `{at}`, so it is left alone")).hint(
            "its owner can clean it; CARGO_SHAREDTARGET_CACHE_DIR names the folder of yours",
        );
    }
    // Without a question nothing is between the look and the act. With one, no build is to wait for its answer: each part is
    // looked at again before it goes.
    let asks = !ui.yes && ui.can_ask();
    let _alone = match ui.yes && !ui.dry_run {
        true => alone(places)?,
        false => None,
    };
    let cache = look(places, ui);
    let decided = evict::clean(&cache, options, ui.view.now);
    let (survey, mut plan) = {
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
        of_target(&decided.target, places, request, ui.view.now, &progress)?
    };
    add(&mut plan, decided.drops);
    if options.part == CachePart::All && options.older_than.is_none() && options.max_size.is_none()
    {
        let names = fs::names(places.root()).unwrap_or_default();
        let trash = names
            .into_iter()
            .filter(|name| name.starts_with(TRASH_PREFIX));
        let trash = trash.map(|name| places.root().join(name));
        let ours = trash.filter(|path| fs::is_our_trash(path));
        plan.actions.extend(boxed(ours.map(|path| FinishTrash {
            kind: Litter::HalfDeleted,
            path,
            usage: None,
        })));
    }
    let lock = || match asks {
        true => alone(places),
        false => Ok(None),
    };
    conduct_under("cache clean", &survey, &plan, request, ui, &lock)
}

/// Keeps the cache within its limits, after a build whose program is `spared` with its folder. Says nothing: what cannot be
/// deleted now can be the next time.
///
/// # Errors
///
/// The target folder cannot be looked at.
pub(crate) fn keep_within(
    places: &ScriptCachePaths,
    limits: &CacheLimits,
    spared: &Path,
    request: &Request,
    now: jiff::Timestamp,
) -> Result<Outcome> {
    let progress = Arc::new(Progress::default());
    // If another run builds, the last one keeps to the limits.
    let Some(_alone) = fs::try_lock_alone(&places.mark())? else {
        return Ok(Outcome::default());
    };
    let cache = cache::look(places, now, &progress);
    let swept = places.root().join(SWEPT);
    let daily = fs::info(&swept)?.and_then(|info| info.modified);
    let is_due = age::is_due(daily, DAY, now);
    let options = CacheOptions {
        part: CachePart::All,
        // To ask each unit for its age takes longer than to measure them all.
        older_than: is_due.then_some(limits.max_age),
        max_size: Some(limits.max_size),
        spared: Some(spared.to_owned()),
        recent: Some(RECENT),
    };
    let outcome = delete(&cache, &options, places, request, now, &progress)?;
    if is_due {
        fs::note_use(&swept, now);
    }
    Ok(outcome)
}

/// Deletes everything, without a word, once all scripts are built that are being built.
///
/// # Errors
///
/// The cache cannot be locked, or the target folder cannot be looked at.
pub(crate) fn clear(
    places: &ScriptCachePaths,
    part: CachePart,
    request: &Request,
    now: jiff::Timestamp,
) -> Result<Outcome> {
    let progress = Arc::new(Progress::default());
    let _alone = alone(places)?;
    let cache = cache::look(places, now, &progress);
    let options = CacheOptions {
        part,
        ..CacheOptions::default()
    };
    delete(&cache, &options, places, request, now, &progress)
}

fn delete(
    cache: &ScriptCache,
    options: &CacheOptions,
    places: &ScriptCachePaths,
    request: &Request,
    now: jiff::Timestamp,
    progress: &Arc<Progress>,
) -> Result<Outcome> {
    let decided = evict::clean(cache, options, now);
    let mut plan = match decided.target {
        TargetPart::Stays => Plan::default(),
        ref part => of_target(part, places, request, now, progress)?.1,
    };
    add(&mut plan, decided.drops);
    let context = Context {
        moved: None,
        shared_root: places.root(),
        records: None,
        cargo: &request.environment.cargo,
        now,
        progress,
        remote: None,
    };
    Ok(apply::apply(&plan, &context))
}

/// The empty file whose time is that of the last look at the age of everything.
const SWEPT: &str = ".swept";

/// Programs are built side by side, and the one that was built first must not go for the one that is built last.
const RECENT: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

const DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Locks out builds of scripts, once all running ones have ended.
fn alone(places: &ScriptCachePaths) -> Result<Option<fs::LockGuard>> {
    const YOURSELF: &str = "where no script is being built, delete the folder yourself";
    let mark = places.mark();
    if !fs::exists(&mark) {
        return Ok(None);
    }
    if let Some(lock) = fs::try_lock_alone(&mark).hint(YOURSELF)? {
        return Ok(Some(lock));
    }
    let _ = writeln!(
        crate::plan::conduct::beside(),
        "waiting for scripts that are being built in `{}`",
        places.root().display()
    );
    fs::lock_alone(&mark).hint(YOURSELF).map(Some)
}

fn look(places: &ScriptCachePaths, ui: &Ui) -> ScriptCache {
    let now = ui.view.now;
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    cache::look(places, now, &progress)
}

/// Plans for the target folder of scripts: as `clean` and `gc` do it with any other one.
fn of_target(
    part: &TargetPart,
    places: &ScriptCachePaths,
    request: &Request,
    now: jiff::Timestamp,
    progress: &Arc<Progress>,
) -> Result<(Survey, Plan)> {
    let found = match part {
        TargetPart::Stays => None,
        // A folder behind a link is not ours.
        _ if !fs::is_folder(&places.target()) => None,
        _ => survey::target_folder(&places.target()),
    };
    let Some((folder, from)) = found else {
        return Ok(Default::default());
    };
    let request = Request {
        roots: vec![from],
        folders: vec![folder],
        only_folders: true,
        // There is none here, and what lies in one would be kept.
        shared_root: Some(places.root().join(".none")),
        sizes: *part == TargetPart::Goes,
        to_act: true,
        looks_only: false,
        ..request.clone()
    };
    let survey = survey::survey(&request, progress)?;
    let plan = match part {
        TargetPart::Units {
            older_than,
            max_size,
        } => {
            let options = GcOptions {
                older_than: *older_than,
                max_size: *max_size,
                ..GcOptions::default()
            };
            let folders = crate::clean::gc_command::folders(&survey, &request);
            let (folders, _) = look::take(&survey, &folders, &request, progress);
            crate::clean::gc::gc(folders, &Compilers::default(), &options, now, Vec::new())
        }
        _ => {
            let options = CleanOptions {
                all: true,
                ..CleanOptions::default()
            };
            crate::clean::decide::clean(&survey, &options, now)
        }
    };
    Ok((survey, plan))
}

fn add(plan: &mut Plan, drops: Vec<DropScript>) {
    let freed: Bytes = drops.iter().map(|drop| drop.on_disk).sum();
    plan.freeable += freed;
    plan.actions.extend(boxed(drops));
}
