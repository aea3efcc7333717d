//! Changes of files, as actions of a plan.

use std::path::Path;

use crate::fs;
use crate::plan::action::{Action, EditFile, Kind, Section};
use crate::plan::outcome::{Came, Stopped};
use crate::plan::run::Run;
use crate::setup::model::{
    Exclude, InstallWrapper, RecordOwner, RemoveSharedRoot, Restore, WriteConfig, WriteSettings,
};
use crate::setup::report::{REMOVED_ROOT, SECTION};
use crate::setup::write;
use crate::survey::folder::{Litter, Trash};
use crate::text::failure;

/// Whether litter is what a killed run left of this change.
fn is_of(edit: &EditFile, litter: &Trash) -> bool {
    let folder = edit.file.parent();
    match litter.kind {
        Litter::Unplaced => folder == litter.path.parent(),
        Litter::Holder => folder == Some(litter.path.as_path()),
        Litter::HalfDeleted | Litter::Stage => false,
    }
}

/// Changes a file, if that could be recorded.
fn changed(
    edit: &EditFile,
    run: &Run<'_>,
    change: fn(&EditFile) -> Result<(), Stopped>,
) -> Result<Came, Stopped> {
    if let Some(why) = &run.not_recorded {
        return Err(Stopped::Failed(format!(
            "not changed, because undo could not restore it: {why}"
        )));
    }
    change(edit)?;
    Ok(Came::default())
}

impl Action for RecordOwner {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.file
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        write::owner(&self.file, &self.owner, run.context)?;
        Ok(Came::default())
    }
}

impl Action for Exclude {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.0.file
    }

    fn recorded_edit(&self) -> Option<&EditFile> {
        Some(&self.0)
    }

    fn takes(&self, litter: &Trash) -> bool {
        is_of(&self.0, litter)
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        changed(&self.0, run, write::write)
    }
}

impl Action for InstallWrapper {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.0.file
    }

    fn recorded_edit(&self) -> Option<&EditFile> {
        Some(&self.0)
    }

    fn takes(&self, litter: &Trash) -> bool {
        is_of(&self.0, litter)
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        changed(&self.0, run, write::install_script)
    }
}

impl Action for WriteSettings {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.edit.file
    }

    fn recorded_edit(&self) -> Option<&EditFile> {
        Some(&self.edit)
    }

    fn takes(&self, litter: &Trash) -> bool {
        is_of(&self.edit, litter)
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        changed(&self.edit, run, write::write)
    }
}

impl Action for WriteConfig {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.edit.file
    }

    fn recorded_edit(&self) -> Option<&EditFile> {
        Some(&self.edit)
    }

    fn takes(&self, litter: &Trash) -> bool {
        is_of(&self.edit, litter)
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn leads_into_shared_root(&self) -> bool {
        self.target_dir.is_some() || self.build_dir.is_some()
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        if self.is_in_place() {
            // Where neither the record nor git's folder can be written, as in a sandbox, its builds would fail without.
            write::in_place(&self.edit)?;
            return Ok(Came::default());
        }
        if let Some(exclude) = &self.needs
            && !run.outcome(|outcome| outcome.did(Exclude::KIND, exclude))
        {
            return Err(Stopped::Skipped(format!(
                "git would show it, because `{}` was not changed",
                exclude.display()
            )));
        }
        if let Some(script) = &self.rustc_wrapper {
            let path = Path::new(script);
            let mut planned = run.plan.all::<InstallWrapper>();
            if planned.any(|install| install.0.file == path)
                && !run.outcome(|outcome| outcome.did(InstallWrapper::KIND, path))
            {
                return Err(Stopped::Skipped(format!(
                    "every build would fail, because `{script}` was not written"
                )));
            }
        }
        changed(&self.edit, run, write::write)
    }
}

impl Action for Restore {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.edit.file
    }

    fn takes(&self, litter: &Trash) -> bool {
        is_of(&self.edit, litter)
    }

    fn puts_back(&self) -> bool {
        true
    }

    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn apply(&self, _run: &Run<'_>) -> Result<Came, Stopped> {
        let made = self.remove_folder.then_some(self.remove_above);
        write::restore(&self.edit, made)?;
        Ok(Came::default())
    }
}

impl Action for RemoveSharedRoot {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn section(&self) -> &'static Section {
        &REMOVED_ROOT
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        // A configuration that could not be put back still leads into it.
        let others = run.plan.actions.iter();
        let mut others = others
            .filter(|other| other.phase() == self.phase() && other.as_type::<Self>().is_none());
        if others.any(|other| !run.outcome(|outcome| outcome.did(other.kind(), other.path()))) {
            return Err(Stopped::Skipped("not all was put back".into()));
        }
        let removed = fs::remove_bare(&self.path, &self.owner_files);
        removed.map_err(|error| Stopped::Skipped(failure::words(error.as_ref())))?;
        Ok(Came::default())
    }
}
