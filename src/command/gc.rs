//! `gc`: delete single units.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use jiff::SignedDuration;

use super::{Ui, carry_out, conduct, look};
use crate::exit::Exit;
use crate::fs;
use crate::marks::SHARED_ROOT_MARK;
use crate::model::{KeptReason, Survey, TargetFolder};
use crate::plan::stock::Compilers;
use crate::plan::{self, GcOptions};
use crate::progress::Progress;
use crate::report::{Spinner, human};
use crate::size::Bytes;
use crate::survey::{Request, stock};

/// Deletes the units that the rules cover; without rules what no build misses, and what the settings say.
///
/// `min_free` is how much is to be free on the filesystem afterwards.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub fn run(
    request: &Request,
    mut options: GcOptions,
    min_free: Option<Bytes>,
    ui: &Ui,
) -> Result<Exit> {
    let survey = look(request, ui)?;
    let settings = survey.settings.clone();
    let mut folders = folders(&survey, request);
    if options.is_empty() && min_free.is_none() {
        options = GcOptions {
            keep_programs: options.keep_programs,
            older_than: settings.max_age,
            max_size: settings.max_size.filter(|_| !request.only_folders),
            ..GcOptions::sure()
        };
        if options.max_size.is_some() {
            folders = all_folders(&survey, &folders);
        }
    }
    options.keep_programs |= settings.keep_programs == Some(true);
    let plan = {
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
        let (stocks, _) = stock::take(&survey, &folders, request, &progress);
        let compilers = match options.toolchain_gone {
            true => stock::compilers(&stocks),
            false => Compilers::default(),
        };
        for (wanted, folder) in min_free
            .iter()
            .flat_map(|wanted| folders.iter().map(move |one| (wanted, one)))
        {
            let free = fs::available(&folder.path)?;
            let least = Bytes(wanted.0.saturating_sub(free.0));
            options.to_free.insert(folder.marks.identity.device, least);
        }
        let warnings = plan::warnings(&survey);
        plan::gc(stocks, &compilers, &options, ui.view.now, warnings)
    };
    conduct("gc", &survey, &plan, request, ui)
}

/// The empty file in the shared root whose time is that of the last look at the age of everything.
const SWEPT: &str = "swept";

/// To ask each unit for its age takes longer than to measure them all.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Keeps to what the settings say, after a worktree was set up: of its own folders nothing goes. Says what was freed, beside
/// the answer.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or nothing can be said.
pub(super) fn keep_to_settings(request: &Request, ui: &Ui) -> Result<()> {
    let survey = look(request, ui)?;
    let settings = survey.settings.clone();
    if !settings.limit() || !survey.shared_root.exists {
        return Ok(());
    }
    let focus = request.focus.as_deref().unwrap_or(Path::new(""));
    let folders = all_folders(&survey, &[]);
    let swept = survey.shared_root.path.join(SHARED_ROOT_MARK).join(SWEPT);
    let last = fs::info(&swept)?.and_then(|info| info.modified);
    let due = last.is_none_or(|last| ui.view.now.duration_since(last) >= DAY);
    let progress = Arc::new(Progress::default());
    let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
    let is_large = settings.max_size.is_some_and(|most| {
        let usages = folders.iter().map(|one| fs::usage(&one.path, &progress));
        plan::on_disk(usages.collect::<Vec<_>>().iter()) > most
    });
    let older_than = settings.max_age.filter(|_| due);
    if !is_large && older_than.is_none() {
        return Ok(());
    }
    let own = survey
        .workspaces
        .iter()
        .filter(|workspace| workspace.is_in(focus));
    let own = own.flat_map(|one| [one.dirs.target_dir.clone(), one.dirs.build_dir.clone()]);
    let options = GcOptions {
        older_than,
        max_size: settings.max_size,
        keep_programs: settings.keep_programs == Some(true),
        spared: own.collect(),
        ..GcOptions::default()
    };
    let (stocks, _) = stock::take(&survey, &folders, request, &progress);
    let plan = plan::gc(
        stocks,
        &Compilers::default(),
        &options,
        ui.view.now,
        Vec::new(),
    );
    let outcome = carry_out(&survey, &plan, request, ui)?;
    if due {
        fs::note_use(&swept, ui.view.now);
    }
    if outcome.freed.on_disk > Bytes(0) {
        let freed = outcome.freed.on_disk;
        ui.narrate(&format!("kept to the settings: freed {freed}"))?;
    }
    ui.warn(|out| human::not_done(out, &outcome, &ui.preview_view()))
}

/// What the settings are about: all target folders under the shared root, those of all worktrees that were met, and those
/// that were meant anyway.
fn all_folders<'a>(survey: &'a Survey, meant: &[&'a TargetFolder]) -> Vec<&'a TargetFolder> {
    let covered = |folder: &&TargetFolder| {
        folder.path.starts_with(&survey.shared_root.path)
            || !folder.users.is_empty()
            || meant.iter().any(|one| one.path == folder.path)
    };
    let all = survey.folders.iter().filter(covered);
    all.filter(is_real).collect()
}

/// The target folders that a run is about: those that were named, or else those that lie under the roots, or that a
/// workspace there builds into. The other worktrees of a repository that is met were looked at to know what they ask
/// for; theirs are left to whoever names them.
pub(super) fn folders<'a>(survey: &'a Survey, request: &Request) -> Vec<&'a TargetFolder> {
    let within = |path: &Path| survey.roots.iter().any(|root| path.starts_with(root));
    let meant = |folder: &&TargetFolder| match request.only_folders {
        true => request.folders.contains(&folder.path),
        false => within(&folder.path) || folder.users.iter().any(|user| within(user)),
    };
    survey
        .folders
        .iter()
        .filter(meant)
        .filter(is_real)
        .collect()
}

/// What only has the name is no target folder; of a link, what it leads to counts.
fn is_real(folder: &&TargetFolder) -> bool {
    let no = plan::unfit(&folder.marks, &folder.marks.foreign);
    !matches!(no, Some(KeptReason::NotATarget { .. }))
}
