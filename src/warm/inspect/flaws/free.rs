//! Files that several target folders have as hard links, and that hold no path of any of them.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::fs::model::Identity;
use crate::target::artifact::paths;
use crate::target::unit_file::UnitFile;

/// Files with several hard links that hold no path at or below a folder: one look at each serves all target folders there that
/// have it.
#[derive(Debug)]
pub(crate) struct FreeFiles {
    folder: String,
    files: Mutex<HashSet<FileState>>,
}

/// A file as it is: only the system sets the time of its last change.
type FileState = (Identity, u64, Option<Timestamp>);

impl FreeFiles {
    /// For target folders with a folder above all of them; `None` where that is too short to mean anything.
    pub(crate) fn of<'a>(mut folders: impl Iterator<Item = &'a Path>) -> Option<Self> {
        let first = folders.next()?;
        let above = folders.fold(first, |above, folder| {
            let mut all = above.ancestors();
            all.find(|one| folder.starts_with(one)).unwrap_or(above)
        });
        let folder = above.to_str().filter(|_| above.components().count() > 2)?;
        Some(Self {
            folder: folder.to_owned(),
            files: Mutex::default(),
        })
    }

    fn state(file: &UnitFile) -> FileState {
        (file.identity, file.length.0, file.changed())
    }

    /// Whether it serves for a file and these roots.
    pub(super) fn is_for(&self, file: &UnitFile, roots: &[&str]) -> bool {
        let below = |root: &&str| Path::new(root).starts_with(&self.folder);
        file.links > 1 && file.changed().is_some() && roots.iter().all(below)
    }

    pub(super) fn has(&self, file: &UnitFile) -> bool {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.contains(&Self::state(file))
    }

    /// Looks at a file, and remembers it if it is free.
    pub(super) fn look(&self, file: &UnitFile, bytes: &[u8]) -> bool {
        let free = paths::is_free_of(bytes, &self.folder);
        if free {
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            files.insert(Self::state(file));
        }
        free
    }
}
