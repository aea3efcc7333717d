//! Checks again whether a folder may give or get units: git may track it since the plan was made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::fs::Theirs;
use crate::plan::outcome::Stopped;
use crate::text::failure;
use crate::{fs, git};

/// The answers about folders in this run, each asked for once.
#[derive(Default)]
pub(crate) struct Trusted {
    known: BTreeMap<PathBuf, Option<String>>,
}

impl Trusted {
    /// Makes sure that these files may be taken from a folder, relative to which they are named.
    pub(crate) fn gives<'a>(
        &mut self,
        folder: &Path,
        files: impl Iterator<Item = &'a Path>,
    ) -> Result<(), Stopped> {
        // Each file has to be what it was, or nothing is taken.
        if !fs::exists(folder) {
            return Ok(());
        }
        let theirs = match fs::theirs(folder) {
            Some(Theirs::Owner) => Some("another user owns it"),
            Some(Theirs::Everybody) => Some("every user may write to it"),
            Some(Theirs::Group) | None => None,
        };
        if let Some(why) = theirs {
            let folder = folder.display();
            return Err(Stopped::Skipped(format!(
                "no unit is taken from `{folder}`: {why}"
            )));
        }
        self.ask(folder, git::tracked_around)?;
        let inside: BTreeSet<PathBuf> = files
            .flat_map(|file| file.ancestors().skip(1))
            .map(|above| folder.join(above))
            .collect();
        let mut tops = inside.iter().filter(|top| top.as_path() != folder);
        tops.try_for_each(|top| self.ask(top, git::tracked_at))
    }

    /// Makes sure that git has put nothing into a folder that is written into.
    pub(crate) fn gets(&mut self, folder: &Path) -> Result<(), Stopped> {
        match fs::exists(folder) {
            true => self.ask(folder, git::tracked_around),
            false => Ok(()),
        }
    }

    fn ask(
        &mut self,
        folder: &Path,
        tracked: impl FnOnce(&Path) -> anyhow::Result<Option<PathBuf>>,
    ) -> Result<(), Stopped> {
        if !self.known.contains_key(folder) {
            let why = match tracked(folder) {
                Ok(None) => None,
                Ok(Some(path)) => Some(format!("git tracks `{}`", path.display())),
                Err(error) => Some(format!(
                    "git cannot tell whether it tracks files in `{}`: {}",
                    folder.display(),
                    failure::words(error.as_ref())
                )),
            };
            self.known.insert(folder.to_owned(), why);
        }
        match self.known.get(folder) {
            Some(Some(why)) => Err(Stopped::Skipped(format!(
                "{why}, so a branch can change its content"
            ))),
            _ => Ok(()),
        }
    }
}
