//! Moving: a target folder is renamed to where its workspace builds from now on, with everything in it.
//!
//! Cargo knows what it has made by paths relative to the target folder, so all of it is as fresh at the new place as it was
//! at the old one. Units in which a compiler or a build script has written the old place down are the exception, which
//! Cargo does not notice: they lose the hash by which Cargo knows that they are complete, and are compiled again. Text
//! files of a build script that name the old place follow, as where units are copied ([`crate::warm::relocate`]).

pub(crate) mod act;
pub(crate) mod inspect;
pub(crate) mod programs;
pub(crate) mod report;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::fs::model::{Identity, Usage};
use crate::plan::action::{Action, Kind, Section};
use crate::plan::left::LeftUnit;
use crate::plan::outcome::{Came, Detail, Stopped};
use crate::plan::run::Run;

/// A target folder is moved to another place.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MoveFolder {
    /// The workspace whose builds find it there.
    pub(crate) workspace: PathBuf,
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
    /// Why it is moved, where others are deleted.
    pub(crate) why: MoveReason,
    /// The place of final programs, which Cargo may have apart from what they are made of.
    pub(crate) programs: Programs,
    /// Its sizes; `None` if they were not asked for.
    pub(crate) usage: Option<Usage>,
    /// Units that cannot follow, and are compiled again.
    pub(crate) left: Vec<LeftUnit>,
    /// The hashes by which Cargo knows that these are complete, relative to the folder.
    #[serde(skip)]
    pub(crate) left_hashes: Vec<PathBuf>,
    /// Text files that name the old place, relative to the folder.
    #[serde(skip)]
    pub(crate) notes: Vec<PathBuf>,
    /// The hashes of the units whose notes these are: Cargo does not see those while only some of them are written.
    #[serde(skip)]
    pub(crate) noted_hashes: Vec<PathBuf>,
    /// Links in it that lead into it by its whole path, relative to the folder.
    #[serde(skip)]
    pub(crate) links: Vec<PathBuf>,
    /// The names of the folder in these notes: every one that it has had.
    #[serde(skip)]
    pub(crate) names: Vec<String>,
    /// Which folder was looked at.
    #[serde(skip)]
    pub(crate) identity: Identity,
}

/// Why a folder is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "reason")]
pub(crate) enum MoveReason {
    /// It is of the main worktree.
    MainWorktree,
    /// It is of a workspace in no git repository.
    NoRepository,
    /// Something was built into it lately.
    BuiltLately {
        /// When, as far as its newest folders tell.
        last_build: Timestamp,
    },
    /// It is moved back to where it was before `setup`.
    Undone,
}

/// The place of a moved folder's final programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Programs {
    /// The new place, like that of all else.
    Along,
    /// The old place, which stays the `target-dir`, while the new one is the `build-dir`.
    Stay,
    /// The new place, where they are already: it was the `target-dir`, and the old place the `build-dir`.
    AreThere,
}

impl MoveFolder {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("move_folder", "moved");
}

/// The result of a move.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Moved {
    /// How many units are compiled again.
    pub(crate) compiled_again: usize,
    /// Notes that could not be written anew: their scripts run again.
    pub(crate) left: Vec<String>,
}

impl Detail for Moved {
    fn name(&self) -> &'static str {
        "moved"
    }

    fn left(&self) -> usize {
        self.left.len()
    }
}

impl Action for MoveFolder {
    fn kind(&self) -> Kind {
        Self::KIND
    }

    fn path(&self) -> &Path {
        &self.from
    }

    fn section(&self) -> &'static Section {
        &report::SECTION
    }

    fn leads_into_shared_root(&self) -> bool {
        true
    }

    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped> {
        Ok(Came::with(act::folder(self, run.context)?))
    }
}

/// Refuses work in folders that were to be moved before, and were not.
///
/// # Errors
///
/// A folder is at its old place still, or nowhere.
pub(crate) fn expect_moved<'a>(
    mut folders: impl Iterator<Item = &'a Path>,
    run: &Run<'_>,
) -> Result<(), Stopped> {
    let moves: Vec<&MoveFolder> = run.plan.all().collect();
    let to_come = |folder: &&Path| {
        let mut moves = moves.iter().filter(|one| one.to == **folder);
        moves.any(|one| !run.outcome(|outcome| outcome.did(MoveFolder::KIND, &one.from)))
    };
    match folders.find(to_come) {
        Some(folder) => Err(Stopped::Skipped(format!(
            "nothing was moved to `{}`",
            folder.display()
        ))),
        None => Ok(()),
    }
}

/// Where a folder lies when all moves of a plan are done.
pub(crate) fn place_after<'a>(folder: &'a Path, moves: &'a [MoveFolder]) -> &'a Path {
    let moved = moves.iter().find(|one| one.from == folder);
    moved.map_or(folder, |one| &one.to)
}
