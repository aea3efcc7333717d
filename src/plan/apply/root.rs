//! Makes the shared root.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::plan::action::{Action, CreateSharedRoot, Kind, Section};
use crate::plan::outcome::{Came, Stopped};
use crate::plan::report;
use crate::plan::run::Run;
use crate::{fs, markers};

/// Why nothing can be recorded.
pub(crate) const NO_STATE: &str =
    "found no folder for the record of changes: set HOME or XDG_STATE_HOME to an absolute path";

/// Makes the shared root: tagged as a cache for backups and the like, and ignored by git wherever it lies.
///
/// Its token comes last, so that a root with a token is whole, and the first file in it makes git ignore it. If that does
/// not come to its end, all of it that was made goes again.
///
/// # Errors
///
/// A part of it cannot be written, or there is no state folder to enter it into.
pub(crate) fn create_shared_root(path: &Path, records: Option<&Path>) -> anyhow::Result<()> {
    let records = records.context(NO_STATE)?;
    let mut made = Made::default();
    let result = create(path, records, &mut made);
    if result.is_err() {
        made.take_back();
    }
    result
}

impl Action for CreateSharedRoot {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn section(&self) -> &'static Section {
        &report::SHARED_ROOT
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        create_shared_root(&self.path, run.context.records)?;
        Ok(Came::default())
    }
}

fn create(path: &Path, records: &Path, made: &mut Made) -> anyhow::Result<()> {
    let is_new = !fs::exists(path);
    made.folder(path)?;
    if is_new {
        fs::close_if_open(path)?;
    }
    let tag = markers::tag_file();
    for (name, content) in [
        (markers::GITIGNORE, b"*\n".as_slice()),
        (markers::TAG_NAME, tag.as_slice()),
    ] {
        made.file(&path.join(name), content)?;
    }
    let mark = path.join(markers::SHARED_ROOT_MARK);
    fs::no_link(path, &mark)?;
    made.note_folders(&mark);
    crate::survey::known_roots::register_root(records, path)
}

/// The files and folders that were made where nothing was, in the order in which they were made.
#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Made {
    /// Notes which folders on the way to a path are not there yet.
    fn note_folders(&mut self, path: &Path) {
        let above = path.ancestors();
        let missing: Vec<&Path> = above.take_while(|path| !fs::exists(path)).collect();
        let missing = missing.into_iter().rev();
        self.folders.extend(missing.map(Path::to_owned));
    }

    fn folder(&mut self, path: &Path) -> anyhow::Result<()> {
        self.note_folders(path);
        fs::create_folder(path)
    }

    fn file(&mut self, path: &Path, content: &[u8]) -> anyhow::Result<()> {
        if !fs::exists(path) {
            self.files.push(path.to_owned());
        }
        fs::write_if_absent(path, content)
    }

    /// Takes away what was made, the last first; a folder with anything in it stays. Git ignores the rest until the end.
    fn take_back(self) {
        if let Some(mark) = self.folders.last() {
            fs::remove_leftovers(mark);
            fs::remove_empty_folder(mark);
        }
        for file in self.files.iter().rev() {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            fs::remove_empty_folder(folder);
        }
    }
}
