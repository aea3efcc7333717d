//! A plan, and the actions that it is made of.

use std::any::Any;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::plan::kept::Kept;
use crate::plan::outcome::{Came, Outcome, Stopped};
use crate::plan::run::Run;
use crate::size::Bytes;
use crate::survey::folder::Trash;
use crate::term::table::Table;
use crate::term::view::{Out, View};

/// The actions and decisions of a run. One plan feeds the preview, the question, the JSON and the execution.
///
/// Everything that was looked at stands in it exactly once, as an [`Action`] or as [`Kept`].
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Plan {
    /// The actions, in the order in which they are carried out within each [`Phase`].
    pub(crate) actions: Vec<Box<dyn Action>>,
    /// Things that are kept as they are, each with its reason.
    pub(crate) kept: Vec<Kept>,
    /// Warnings to read before saying yes.
    pub(crate) warnings: Vec<Warning>,
    /// Bytes that the deletions free together: each inode once, and only inodes whose every link is deleted; and the bytes
    /// that sharing frees.
    pub(crate) freeable: Bytes,
    /// The part of that which comes free because folders share files, in a plan that also deletes.
    #[serde(skip)]
    pub(crate) by_sharing: Bytes,
    /// The part that comes free because units are deleted.
    #[serde(skip)]
    pub(crate) by_units: Bytes,
}

impl Plan {
    /// Adds an action to the end.
    pub(crate) fn add(&mut self, action: impl Action) {
        self.actions.push(Box::new(action));
    }

    /// The actions of one type, in their order.
    pub(crate) fn all<T: Action>(&self) -> impl Iterator<Item = &T> {
        all(&self.actions)
    }

    /// Returns whether there was something to do that could not even be planned.
    #[must_use]
    pub(crate) fn is_stuck(&self) -> bool {
        self.kept.iter().any(|kept| kept.reason.is_stuck())
    }

    /// Returns whether anything is deleted for good.
    #[must_use]
    pub(crate) fn deletes(&self) -> bool {
        self.actions.iter().any(|action| action.deletes())
    }

    /// Returns whether there is an action of a type.
    #[must_use]
    pub(crate) fn has<T: Action>(&self) -> bool {
        self.all::<T>().next().is_some()
    }
}

/// Actions of one type as a part of a plan.
pub(crate) fn boxed<T: Action>(
    actions: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = Box<dyn Action>> {
    let actions = actions.into_iter();
    actions.map(|action| -> Box<dyn Action> { Box::new(action) })
}

/// The actions of one type among several, in their order.
pub(crate) fn all<T: Action>(actions: &[Box<dyn Action>]) -> impl Iterator<Item = &T> {
    actions.iter().filter_map(|action| action.as_type())
}

/// One thing that would be done: it knows how it is shown, and how it is carried out.
///
/// The fields of the type are the action's JSON, with its kind before them as `action`.
pub(crate) trait Action: fmt::Debug + erased_serde::Serialize + Any + Send + Sync {
    /// The kind of action.
    fn kind(&self) -> Kind;

    /// The file or folder that it changes.
    fn path(&self) -> &Path;

    /// When it is carried out.
    fn phase(&self) -> Phase {
        Phase::Write
    }

    /// Adds its rows to a [summary](crate::plan::markdown), with what became of it if it was carried out.
    fn summarize(&self, _outcome: Option<&Outcome>, _table: &mut Table, _view: &View) {}

    /// Where it is shown in a plan, and in what became of it.
    fn section(&self) -> &'static Section;

    /// The file that it changes as a whole, if `undo` is to put that back.
    fn recorded_edit(&self) -> Option<&EditFile> {
        None
    }

    /// Whether it puts a file back, so that there is nothing left to undo of it.
    fn puts_back(&self) -> bool {
        false
    }

    /// Whether it is to free space.
    fn frees(&self) -> bool {
        false
    }

    /// Bytes that it copies, which take space of their own unless the filesystem clones.
    fn copies(&self) -> Bytes {
        Bytes(0)
    }

    /// Returns whether it deletes something for good, so that the user must have confirmed it. Litter does not count:
    /// the user agreed to its deletion before.
    fn deletes(&self) -> bool {
        false
    }

    /// Returns whether a piece of litter is deleted with it, or taken up again by it.
    fn takes(&self, _litter: &Trash) -> bool {
        false
    }

    /// Whether the run has the lock of the shared root meanwhile: not where Cargo's locks, or a lock of its own, keep others
    /// away, and it uses no name that the plan gives out.
    fn locks_shared_root(&self) -> bool {
        true
    }

    /// Whether it has builds go into the shared root, which must be there and writable then.
    fn leads_into_shared_root(&self) -> bool {
        false
    }

    /// Carries it out: looks at everything again, and does nothing where something has changed since the plan was made.
    ///
    /// # Errors
    ///
    /// How far it came, if it did not succeed.
    fn apply(&self, run: &Run<'_>) -> Result<Came, Stopped>;
}

impl dyn Action {
    /// The action as what it is, if it is of this type.
    #[must_use]
    pub(crate) fn as_type<T: Action>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }
}

impl Serialize for dyn Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Tagged<'a> {
            action: Kind,
            #[serde(flatten)]
            fields: &'a dyn erased_serde::Serialize,
        }
        let fields: &dyn erased_serde::Serialize = self;
        Tagged {
            action: self.kind(),
            fields,
        }
        .serialize(serializer)
    }
}

/// A kind of action. In JSON: its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    name: &'static str,
    done: &'static str,
}

impl Kind {
    /// A kind by its name in JSON, and by the name of the point right after it, for tests that kill the program there.
    #[must_use]
    pub(crate) const fn new(name: &'static str, done: &'static str) -> Self {
        Self { name, done }
    }

    /// Its name in JSON.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        self.name
    }

    /// The name of the point right after it.
    #[must_use]
    pub(crate) fn checkpoint(self) -> &'static str {
        self.done
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// When an action is carried out: all of one phase come before those of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Files are written, one after the other.
    Write,
    /// Folders get units, one after the other: each is done by all processors.
    Warm,
    /// Units are moved into and between stores.
    Store,
    /// Folders come to share storage, one after the other: a donor must not be locked by two of us.
    Share,
    /// Side by side, since most deletions are small and each one waits for Cargo and the disk.
    Delete,
}

impl Phase {
    /// The words that are shown while the phase lasts; `None` if each action says its own.
    #[must_use]
    pub(crate) fn stage(self) -> Option<&'static str> {
        match self {
            Self::Write => Some("writing"),
            Self::Warm => Some("warming"),
            Self::Store => None,
            Self::Share => Some("sharing"),
            Self::Delete => Some("deleting"),
        }
    }
}

/// A part of what is shown of a plan and of its outcome. `plan_order` identifies a section.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its place among the sections of a plan.
    pub(crate) plan_order: u8,
    /// Writes what a plan would do.
    pub(crate) plan: fn(Out<'_>, &Plan, &View) -> std::io::Result<()>,
    /// Its place among the sections of an outcome.
    pub(crate) outcome_order: u8,
    pub(crate) outcome: fn(Out<'_>, &Outcome, &View) -> std::io::Result<()>,
}

/// Make the shared root, with its mark.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CreateSharedRoot {
    pub(crate) path: PathBuf,
}

impl CreateSharedRoot {
    /// Its kind.
    pub(crate) const KIND: Kind = Kind::new("create_shared_root", "shared-root-made");
}

/// A change of one file, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EditFile {
    pub(crate) file: PathBuf,
    /// Its bytes when it was planned; `None` if it did not exist. The edit is skipped if they differ by then.
    #[serde(skip)]
    pub(crate) before: Option<Vec<u8>>,
    /// Its bytes afterwards; `None` to remove it.
    #[serde(skip)]
    pub(crate) after: Option<Vec<u8>>,
    /// The kind of change, for the reader.
    pub(crate) change: Change,
}

/// The kind of change of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// It is new.
    Create,
    /// Its content changes.
    Edit,
    /// It is deleted.
    Remove,
}

/// The reason why a part of the script cache is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum DropReason {
    /// All of its kind was asked for.
    All,
    /// It was not used for as long as was asked for.
    Idle,
    /// For space: what was used longest ago.
    Budget,
}

/// A warning to read before saying yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "warning")]
pub(crate) enum Warning {
    /// A provider of units was of no use.
    Provider {
        /// The program.
        program: String,
        /// The problem, in words.
        why: String,
    },
    /// The store could not be used.
    NoStore {
        /// Why not.
        why: String,
    },
    /// Units of the store are of no use.
    StoreLeft {
        /// The provider that they came from; `None` if they were in the local store.
        #[serde(skip_serializing_if = "Option::is_none")]
        program: Option<String>,
        /// Of how many packages.
        packages: usize,
        /// The first of these.
        first: String,
        /// The problem with that package, in words.
        why: String,
    },
    /// The environment beats the configuration files in this shell.
    EnvOverride {
        /// The variable.
        variable: String,
        /// Its value.
        value: String,
    },
    /// Several worktrees of a repository build into one folder: one can run another's code.
    SharedByWorktrees {
        /// The folder.
        folder: PathBuf,
        /// The workspaces.
        workspaces: Vec<PathBuf>,
    },
    /// Deleted folders do not come back.
    NoWayBack,
    /// Target folders stay in the shared root, though nothing leads there any more.
    StayBehind {
        /// The folders.
        folders: Vec<PathBuf>,
    },
    /// Configurations lead into a shared root, and no record says what they held before.
    NoRecord {
        /// The shared root, by the mark in it.
        root: PathBuf,
        /// The configurations.
        files: Vec<PathBuf>,
    },
    /// The next build of these workspaces starts cold.
    ColdStart {
        /// How many.
        workspaces: usize,
    },
    /// The shared root cannot be written from here.
    Unreachable {
        /// Why not.
        why: String,
        /// A workspace that is set up builds into its own `target` for that.
        in_place: bool,
    },
    /// Cargo joins the flags of worktrees with those of the one that they lie in.
    FlagsTwice {
        /// The inner ones.
        worktrees: Vec<PathBuf>,
        /// The configuration further out.
        file: PathBuf,
    },
    /// These have no guard, so that a worktree inside one shares its folder until it is set up.
    NoGuard {
        /// How many workspaces.
        workspaces: usize,
    },
    /// Target folders of other worktrees are left out, since the roots name only some of the worktrees.
    OtherWorktrees {
        /// How many target folders.
        folders: usize,
    },
    /// The settings' budget cannot be kept to without what is in use.
    OverBudget {
        /// How much is over it.
        bytes: Bytes,
    },
    /// Less space is free than the settings say, also after all that may be deleted.
    LowSpace {
        /// How much less.
        bytes: Bytes,
    },
    /// A timer's run has deleted target folders whose worktrees are gone.
    OrphansDeleted {
        /// The folders.
        folders: Vec<PathBuf>,
        /// The space that they took.
        freed: Bytes,
        /// When the first of them was deleted.
        since: Timestamp,
    },
    /// A git hook that is called under another name from now on seems to look at its name.
    HookGoesByItsName {
        /// The hook.
        file: PathBuf,
    },
    /// Something could not be read; it is left out.
    Problem {
        /// Its path.
        path: PathBuf,
        /// Why.
        message: String,
    },
}
