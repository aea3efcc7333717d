//! Decides which folder is the donor.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{Known, Survey, Workspace};

/// A folder that may have what a workspace needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The target folder.
    pub folder: PathBuf,
    /// How near it is to the workspace.
    pub relation: Relation,
    /// The workspace that it belongs to, if that is known.
    pub workspace: Option<PathBuf>,
    /// The top of that one's worktree: paths in it must not be kept.
    pub worktree: Option<PathBuf>,
}

/// How near a donor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Named by the user.
    Named,
    /// The workspace itself built there before.
    Own,
    /// The same workspace in another worktree.
    Family,
    /// Anything else under the shared root.
    Stranger,
}

/// The folders that may have what a workspace needs which builds into `into`: its own earlier ones, those of its
/// family, and all others under the shared root; each once, with the nearest relation.
#[must_use]
pub fn candidates(survey: &Survey, workspace: &Workspace, into: &Path) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    let mut add = |candidate: Candidate| {
        let folder = &candidate.folder;
        let known = all.iter().any(|other| other.folder == *folder);
        if !known && folder != into && !into.starts_with(folder) {
            all.push(candidate);
        }
    };
    let own = |other: &Workspace| other.root == workspace.root;
    let family = |other: &Workspace| match (&workspace.place, &other.place) {
        (Some(one), Some(two)) => one.common_dir == two.common_dir && one.path == two.path,
        _ => false,
    };
    for (relation, belongs) in [
        (Relation::Own, &own as &dyn Fn(&Workspace) -> bool),
        (Relation::Family, &family),
    ] {
        for other in survey.workspaces.iter().filter(|other| belongs(other)) {
            let place = other.place.as_ref();
            let top = place.map_or(&other.root, |place| &place.worktree);
            let default = other.root.join("target");
            for folder in [&other.dirs.build_dir, &other.dirs.target_dir, &default] {
                add(Candidate {
                    folder: folder.clone(),
                    relation,
                    workspace: Some(other.root.clone()),
                    worktree: Some(top.clone()),
                });
            }
        }
    }
    let shared = |path: &Path| path.starts_with(&survey.shared_root.path);
    for folder in survey.folders.iter().filter(|folder| shared(&folder.path)) {
        let owner = match &folder.known {
            Known::Owner { owner, .. } => Some(owner),
            _ => None,
        };
        let top = owner.map(|owner| owner.worktree.as_ref().unwrap_or(&owner.workspace));
        add(Candidate {
            folder: folder.path.clone(),
            relation: Relation::Stranger,
            workspace: owner.map(|owner| owner.workspace.clone()),
            worktree: top.cloned(),
        });
    }
    all
}

/// How much a donor has to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rating {
    /// How many of its units are wanted.
    pub units: usize,
    /// When it was last built into.
    pub newest: Option<Timestamp>,
    /// A build is running in it.
    pub busy: bool,
}

/// Puts donors in order, the best first: those that have nothing are left out. One in which a build runs comes after
/// all others, a stranger after the family; then counts how many units are wanted, and then which is the newest.
#[must_use]
pub fn order(rated: Vec<(Candidate, Rating)>) -> Vec<(Candidate, Rating)> {
    let mut all: Vec<_> = rated
        .into_iter()
        .filter(|(_, rating)| rating.units > 0)
        .collect();
    all.sort_by_key(|(candidate, rating)| {
        let stranger = candidate.relation == Relation::Stranger;
        let most = std::cmp::Reverse((rating.units, rating.newest));
        (rating.busy, stranger, most)
    });
    all
}
