//! Target folders: what each one is, whose it is, and how much it takes.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fs::model::{Busy, Identity, Tag, Usage};
use crate::markers::OWNER_SUFFIX;

/// A folder that Cargo builds into, or built into once.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TargetFolder {
    pub(crate) path: PathBuf,
    /// The workspaces whose builds write into it now.
    pub(crate) users: Vec<PathBuf>,
    /// How it came to be known.
    pub(crate) known: FolderOrigin,
    /// The marks in its top level.
    pub(crate) marks: Marks,
    /// Its size; `None` if it was not asked for.
    pub(crate) usage: Option<Usage>,
    /// When something was last built or warmed into it, as far as its newest folders tell.
    pub(crate) last_build: Option<Timestamp>,
}

/// How a target folder came to be known. The first that fits, from the top, is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "by")]
pub(crate) enum FolderOrigin {
    /// Our owner file stands beside it.
    Owner {
        /// The content of the owner file.
        owner: Owner,
        /// Whether that workspace is still there.
        state: OwnerState,
    },
    /// Cargo's default place for this workspace.
    Default {
        /// The workspace.
        workspace: PathBuf,
    },
    /// Cargo's default place for a package that is a member of this workspace now.
    Member {
        /// The workspace.
        workspace: PathBuf,
    },
    /// A configuration file names it.
    Config {
        /// The file.
        file: PathBuf,
    },
    /// An earlier version of a configuration file named it, by our own record.
    Journal {
        /// The file.
        file: PathBuf,
    },
    /// Cargo's default place for a workspace that is gone but for this, by the sources of its products.
    Remains {
        /// The workspace.
        workspace: PathBuf,
        /// Whether that may come back.
        state: OwnerState,
    },
    /// It lies under the shared root, but no owner file says whose it is.
    SharedRoot,
    /// It carries Cargo's marks, but nothing names it.
    Found,
}

/// The note beside every folder that we have Cargo make: `<folder>.sharedtarget.json`.
///
/// It stands beside and not inside, because `cargo clean` deletes the folder with everything in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Owner {
    /// The workspace root that builds into the folder.
    pub(crate) workspace: PathBuf,
    /// The top folder of its worktree, if it is in one.
    pub(crate) worktree: Option<PathBuf>,
    /// The repository's common git directory, if it is in one.
    pub(crate) common_dir: Option<PathBuf>,
    /// How the folder came about.
    pub(crate) layout: Layout,
    /// The filesystem that the workspace lay on, so that one that is not mounted is not taken for gone.
    pub(crate) device: Option<u64>,
    /// The stamp of the worktree. Paths are taken over by others: what was built from one tree must never be
    /// fresh for another that was moved to its place.
    #[serde(default)]
    pub(crate) stamp: Option<String>,
}

/// The state of the workspace that an [`Owner`] names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum OwnerState {
    /// Its folder is there.
    Present,
    /// It is gone for good.
    Gone,
    /// It is not there, but may come back.
    Missing {
        /// Why that is possible.
        why: String,
    },
}

/// How target folders are laid out.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Layout {
    /// One folder under the shared root for each workspace of each worktree
    #[default]
    Isolated,
    /// Each worktree keeps Cargo's own `target/`; builds write only there
    InPlace,
    /// One build-dir above the worktrees; `target/` holds only final programs
    BuildDir,
    /// One folder for all; worktrees can get each other's code
    Flat,
}

/// The layouts that can be decided for each worktree on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WorktreeLayout {
    /// Each worktree keeps Cargo's own `target/`
    InPlace,
    /// A folder under the shared root
    Isolated,
}

impl WorktreeLayout {
    /// Its name in settings and on the command line.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InPlace => "in-place",
            Self::Isolated => "isolated",
        }
    }
}

impl From<WorktreeLayout> for Layout {
    fn from(layout: WorktreeLayout) -> Self {
        match layout {
            WorktreeLayout::InPlace => Self::InPlace,
            WorktreeLayout::Isolated => Self::Isolated,
        }
    }
}

/// The marks in the top level of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Marks {
    pub(crate) tag: Tag,
    /// Entries that only Cargo makes are there: `.rustc_info.json`, or a profile folder with Cargo's own content.
    pub(crate) cargo: bool,
    /// Top-level entries that Cargo does not make.
    pub(crate) foreign: Vec<String>,
    /// The profile folders, where the lock files are.
    pub(crate) profiles: Vec<PathBuf>,
    /// A path that git tracks inside it.
    pub(crate) tracked: Option<PathBuf>,
    /// Git could not say whether it tracks anything inside, with its error.
    pub(crate) tracked_unclear: Option<String>,
    /// A lock in it is held: a build is running.
    pub(crate) busy: Option<Busy>,
    /// The folder itself is a symbolic link.
    pub(crate) symlink: bool,
    /// Which folder it was when it was looked at.
    #[serde(skip)]
    pub(crate) identity: Identity,
}

/// Something that an interrupted run left.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Trash {
    pub(crate) path: PathBuf,
    /// Its kind.
    pub(crate) kind: Litter,
    /// It carries the mark that we put into what we may delete later, and no branch can have brought it.
    pub(crate) ours: bool,
    /// A path in it that git tracks, or one in the target folder around it.
    #[serde(skip)]
    pub(crate) tracked: Option<PathBuf>,
    /// Git's error, if it could not be asked.
    #[serde(skip)]
    pub(crate) tracked_unclear: Option<String>,
    /// The lock that another run holds on it.
    #[serde(skip)]
    pub(crate) busy: Option<Busy>,
    /// Its space; `None` if it was not measured.
    pub(crate) usage: Option<Usage>,
}

/// The kinds of things that an interrupted run leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Litter {
    /// A half-deleted folder.
    HalfDeleted,
    /// The folder in a target folder in which units are put together.
    Stage,
    /// A new file that was not put in its place, or a folder with one.
    Unplaced,
    /// A folder that was made for a file that is not there, with nothing else in it.
    Holder,
}

/// The owner file of a target folder.
///
/// It stands beside the folder and not in it, since `cargo clean` deletes the folder with everything in it.
#[must_use]
pub(crate) fn owner_file(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(OWNER_SUFFIX);
    folder.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_lies_beside_its_folder() {
        assert_eq!(
            owner_file(Path::new("/s/pika/main")),
            Path::new("/s/pika/main.sharedtarget.json")
        );
    }
}
