//! The outcome of a run.

use std::any::Any;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::fs::model::Freed;
use crate::plan::action::Kind;
use crate::size::Bytes;
use crate::text::failure;

/// The outcome of a run.
#[derive(Debug, Default, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Outcome {
    pub(crate) done: Vec<Done>,
    /// The actions that were not carried out because something had changed since the plan.
    pub(crate) skipped: Vec<NotDone>,
    pub(crate) failed: Vec<NotDone>,
    /// Bytes and files that deletions and sharing freed.
    pub(crate) freed: Freed,
    #[serde(skip)]
    pub(crate) deleted: Freed,
    pub(crate) filesystems: Vec<Filesystem>,
}

impl Outcome {
    /// Whether this was done to this path.
    #[must_use]
    pub(crate) fn did(&self, what: Kind, path: &Path) -> bool {
        self.all(what).any(|done| done.path == path)
    }

    /// The actions of a kind that succeeded.
    pub(crate) fn all(&self, what: Kind) -> impl Iterator<Item = &Done> {
        self.done.iter().filter(move |done| done.what == what)
    }

    /// How many actions of a kind succeeded.
    #[must_use]
    pub(crate) fn count(&self, what: Kind) -> usize {
        self.all(what).count()
    }

    /// Bytes that were copied, and take space of their own.
    #[must_use]
    pub(crate) fn copied(&self) -> Bytes {
        let details = self.done.iter().filter_map(|done| done.detail.as_ref());
        details.map(|detail| detail.copied()).sum()
    }

    /// Whether everything was done, and nothing of it was left.
    #[must_use]
    pub(crate) fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && self.done.iter().all(Done::is_whole)
    }
}

/// An action that succeeded.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) what: Kind,
    pub(crate) path: PathBuf,
    /// Bytes and files that it freed, for a deletion and for relinking.
    pub(crate) freed: Option<Freed>,
    /// Details about its units.
    pub(crate) detail: Option<Box<dyn Detail>>,
}

impl Done {
    /// The detail, if it is of this type.
    #[must_use]
    pub(crate) fn detail<T: Detail>(&self) -> Option<&T> {
        let detail: &dyn Any = &**self.detail.as_ref()?;
        detail.downcast_ref()
    }

    /// Whether nothing of it was left.
    #[must_use]
    pub(crate) fn is_whole(&self) -> bool {
        self.detail.as_ref().is_none_or(|detail| detail.left() == 0)
    }
}

impl Serialize for Done {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("what", &self.what)?;
        map.serialize_entry("path", &self.path)?;
        if let Some(freed) = &self.freed {
            map.serialize_entry("freed", freed)?;
        }
        if let Some(detail) = &self.detail {
            let fields: &dyn erased_serde::Serialize = &**detail;
            map.serialize_entry(detail.name(), fields)?;
        }
        map.end()
    }
}

/// Details about the units of an action.
pub(crate) trait Detail: fmt::Debug + erased_serde::Serialize + Any + Send + Sync {
    /// Its name in JSON.
    fn name(&self) -> &'static str;

    /// How much of it was not done after all.
    fn left(&self) -> usize;

    /// Bytes that were copied, and take space of their own.
    fn copied(&self) -> Bytes {
        Bytes(0)
    }
}

/// Details about a deletion of units.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Collected {
    /// How many units are gone.
    pub(crate) units: usize,
    /// How many files and folders are gone that belong to no unit.
    pub(crate) others: usize,
    /// The reasons why something is kept after all.
    pub(crate) left: Vec<String>,
}

impl Detail for Collected {
    fn name(&self) -> &'static str {
        "collected"
    }

    fn left(&self) -> usize {
        self.left.len()
    }
}

/// The result of an action that did not stop.
#[derive(Debug, Default)]
pub(crate) struct Came {
    pub(crate) freed: Option<Freed>,
    /// Its number in the ledger of files of several links, which are counted when all deletions are over.
    pub(crate) number: Option<usize>,
    /// Details about its units.
    pub(crate) detail: Option<Box<dyn Detail>>,
    /// Why it did not come to its end: what it freed until then counts all the same.
    pub(crate) failed: Option<String>,
}

impl Came {
    /// The result of an action that changes units and frees nothing.
    pub(crate) fn with(detail: impl Detail) -> Self {
        Self {
            detail: Some(Box::new(detail)),
            ..Self::default()
        }
    }
}

/// How an action ended if it did not succeed.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Something had changed; nothing was done.
    Skipped(String),
    /// It went wrong.
    Failed(String),
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(failure::words(error.as_ref()))
    }
}

/// An action that was not carried out.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NotDone {
    /// The kind of action.
    pub(crate) what: Kind,
    pub(crate) path: PathBuf,
    pub(crate) message: String,
}

/// The free space of a filesystem before and after.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Filesystem {
    pub(crate) at: PathBuf,
    pub(crate) available_before: Bytes,
    /// Available bytes after. Other programs write too, so the difference is only roughly ours.
    pub(crate) available_after: Bytes,
}
