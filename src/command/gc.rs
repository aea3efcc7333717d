//! `gc`: delete single units.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::{Ui, conduct, look};
use crate::exit::Exit;
use crate::fs;
use crate::model::{KeptReason, Survey, TargetFolder};
use crate::plan::stock::Compilers;
use crate::plan::{self, GcOptions};
use crate::progress::Progress;
use crate::report::Spinner;
use crate::size::Bytes;
use crate::survey::{Request, stock};

/// Deletes the units that the rules cover.
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
    let folders = folders(&survey, request);
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

/// The target folders that a run is about: those that were named, or else those that lie under the roots, or that a
/// workspace there builds into. The other worktrees of a repository that is met were looked at to know what they ask
/// for; theirs are left to whoever names them.
pub(super) fn folders<'a>(survey: &'a Survey, request: &Request) -> Vec<&'a TargetFolder> {
    let within = |path: &Path| survey.roots.iter().any(|root| path.starts_with(root));
    let meant = |folder: &&TargetFolder| match request.only_folders {
        true => request.folders.contains(&folder.path),
        false => within(&folder.path) || folder.users.iter().any(|user| within(user)),
    };
    // What only has the name is no target folder; of a link, what it leads to counts.
    let real = |folder: &&TargetFolder| {
        let no = plan::unfit(&folder.marks, &folder.marks.foreign);
        !matches!(no, Some(KeptReason::NotATarget { .. }))
    };
    survey.folders.iter().filter(meant).filter(real).collect()
}
