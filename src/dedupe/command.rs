//! `dedupe`: have target folders share what is the same in them.

use std::sync::Arc;

use anyhow::Result;

use crate::clean::gc_command::all_folders;
use crate::dedupe::inspect;
use crate::plan;
use crate::plan::conduct::{Ui, conduct, look};
use crate::plan::kept::{Kept, Subject};
use crate::progress::Progress;
use crate::survey::Request;
use crate::term::Spinner;
use crate::term::exit::Exit;

/// Has identical files of units share their storage.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub(crate) fn run(request: &Request, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let folders = all_folders(&survey, request);
    let plan = {
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
        let (mut sharers, mut kept) = (Vec::new(), Vec::new());
        for taken in inspect::take(&survey, &folders, &progress) {
            match taken {
                Ok(sharer) => sharers.push(sharer),
                Err((path, on_disk, reason)) => kept.push(Kept {
                    subject: Subject::Folder,
                    path,
                    reason,
                    on_disk: Some(on_disk),
                    last_build: None,
                }),
            }
        }
        let contents = inspect::contents(&sharers, &progress);
        let warnings = plan::warnings(&survey);
        let mut plan = crate::dedupe::plan::dedupe(&sharers, &contents, kept, warnings);
        crate::clean::litter::finish_litter(&survey, request.litter(), &mut plan);
        plan
    };
    conduct("dedupe", &survey, &plan, request, ui)
}
