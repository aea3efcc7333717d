//! `dedupe`: have target folders share what is the same in them.

use std::sync::Arc;

use anyhow::Result;

use crate::command::Ui;
use crate::command::conduct;
use crate::command::gc::folders;
use crate::command::look;
use crate::exit::Exit;
use crate::model::Kept;
use crate::model::Subject;
use crate::plan;
use crate::progress::Progress;
use crate::report::Spinner;
use crate::survey::Request;
use crate::survey::relink;

/// Has identical files of units share their storage.
///
/// # Errors
///
/// A root cannot be read, another run is at work, or the answer cannot be written.
pub fn run(request: &Request, ui: &Ui) -> Result<Exit> {
    let survey = look(request, ui)?;
    let folders = folders(&survey, request);
    let plan = {
        let progress = Arc::new(Progress::default());
        let _spinner = Spinner::start(Arc::clone(&progress), ui.shows_progress());
        let (mut sharers, mut kept) = (Vec::new(), Vec::new());
        for taken in relink::take(&survey, &folders, &progress) {
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
        let contents = relink::contents(&sharers, &progress);
        let warnings = plan::warnings(&survey);
        let mut plan = plan::dedupe::dedupe(&sharers, &contents, kept, warnings);
        plan::finish_litter(&survey, request.litter(), &mut plan);
        plan
    };
    conduct("dedupe", &survey, &plan, request, ui)
}
