//! Whether anything may be taken from a folder at all: only from one whose content is the user's own work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::fs::Theirs;
use crate::plan::action::Plan;
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::target::unit::Inventory;
use crate::text::failure;
use crate::{fs, git};

/// Which folders nothing is taken from, asked once each.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    known: Mutex<BTreeMap<PathBuf, Option<KeptReason>>>,
}

impl Trust {
    /// Why nothing may be taken from a folder; `None` if it may.
    #[must_use]
    pub(crate) fn doubt(&self, folder: &Path) -> Option<KeptReason> {
        if let Some(known) = self.lock().get(folder) {
            return known.clone();
        }
        let found = doubt(folder);
        self.lock().insert(folder.to_owned(), found.clone());
        found
    }

    /// Why git may have put something into a folder, so that nothing is written into it either; `None` if it has not.
    #[must_use]
    pub(crate) fn tracked(&self, folder: &Path) -> Option<KeptReason> {
        self.doubt(folder).filter(|why| {
            matches!(
                why,
                KeptReason::TrackedInside { .. } | KeptReason::TrackedUnclear { .. }
            )
        })
    }

    /// The folders that were refused, each with its reason, unless a plan keeps them for another one.
    #[must_use]
    pub(crate) fn refused(&self, plan: &Plan) -> Vec<Kept> {
        let stays = |path: &Path| {
            let mut folders = plan
                .kept
                .iter()
                .filter(|kept| kept.subject == Subject::Folder);
            folders.any(|kept| kept.path == path)
        };
        let known = self.lock();
        let refused = known
            .iter()
            .filter_map(|(path, why)| Some((path, why.as_ref()?)));
        refused
            .filter(|(path, _)| !stays(path))
            .map(|(path, why)| Kept {
                subject: Subject::Folder,
                path: path.clone(),
                reason: not_a_donor(why.clone()),
                on_disk: None,
                last_build: None,
            })
            .collect()
    }

    /// Whether a folder was refused.
    #[must_use]
    pub(crate) fn refuses(&self) -> bool {
        self.lock().values().any(Option::is_some)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Option<KeptReason>>> {
        self.known.lock().unwrap_or_else(|error| error.into_inner())
    }
}

/// The reason for a folder that gives nothing.
#[must_use]
pub(crate) fn not_a_donor(why: KeptReason) -> KeptReason {
    KeptReason::NotADonor {
        because: Box::new(why),
    }
}

/// Why nothing may be taken from a folder; `None` if it may.
///
/// Files that git tracks came with a clone or a branch, so the branch's author decided their content: a unit there
/// may give itself any name. Where git does not answer, the folder counts as tracked.
#[must_use]
pub(crate) fn doubt(folder: &Path) -> Option<KeptReason> {
    if !fs::exists(folder) {
        return None;
    }
    let real = match fs::canonical(folder) {
        Ok(real) => real,
        Err(error) => {
            return Some(KeptReason::Unreadable {
                path: folder.to_owned(),
                message: failure::words(error.as_ref()),
            });
        }
    };
    match fs::theirs(&real) {
        Some(Theirs::Owner) => return Some(KeptReason::OthersOwn { path: real }),
        Some(Theirs::Everybody) => return Some(KeptReason::OthersWrite { path: real }),
        Some(Theirs::Group) | None => {}
    }
    tracked(&real)
}

/// Why git may have put something into a folder, wherever that really lies; `None` if it has not.
fn tracked(folder: &Path) -> Option<KeptReason> {
    match git::tracked_around(folder) {
        Ok(None) => None,
        Ok(Some(path)) => Some(KeptReason::TrackedInside { path }),
        Err(error) => Some(KeptReason::TrackedUnclear {
            message: failure::words(error.as_ref()),
        }),
    }
}

/// The folders in a donor that are repositories in which git tracks something: a submodule that an earlier branch had
/// stays behind, and the repository around it knows nothing of it. Where git does not answer, a folder counts as one.
#[must_use]
pub(crate) fn repositories(donor: &Inventory) -> Vec<PathBuf> {
    let units = donor.units.iter().flat_map(|unit| &unit.files);
    let all = units.chain(donor.others.iter().map(|other| &other.file));
    let marks = all.filter(|file| file.path.file_name().is_some_and(|name| name == ".git"));
    let tops: BTreeSet<&Path> = marks.filter_map(|file| file.path.parent()).collect();
    let mut tops = Vec::from_iter(tops);
    tops.retain(|top| !matches!(git::tracked_at(&donor.folder.join(top)), Ok(None)));
    tops.into_iter().map(Path::to_owned).collect()
}
