//! Decides which folder is the donor.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::survey::folder::{FolderOrigin, Layout};
use crate::survey::model::{Survey, Workspace};
use crate::warm::verdict::Home;

/// A folder that may have what a workspace needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) folder: PathBuf,
    /// How near it is to the workspace.
    pub(crate) relation: Relation,
    /// The workspace that it belongs to, if that is known.
    pub(crate) workspace: Option<PathBuf>,
    /// The top of that one's worktree: paths in it must not be kept.
    pub(crate) worktree: Option<PathBuf>,
    /// Where that one has its final programs.
    pub(crate) programs: Option<PathBuf>,
    /// Whether it is that workspace's alone.
    pub(crate) home: Home,
}

impl Candidate {
    /// The same one, as the user's choice.
    #[must_use]
    pub(crate) fn named(self) -> Self {
        Self {
            relation: Relation::Named,
            ..self
        }
    }
}

/// How near a donor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Relation {
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
pub(crate) fn candidates(survey: &Survey, workspace: &Workspace, into: &Path) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    let mut add = |candidate: Candidate| {
        let folder = &candidate.folder;
        let known = all.iter().any(|other| other.folder == *folder);
        if !known && folder != into && !into.starts_with(folder) {
            all.push(candidate);
        }
    };
    let own = |other: &Workspace| same(&other.root, &workspace.root);
    let family = |other: &Workspace| match (&workspace.place, &other.place) {
        (Some(one), Some(two)) => {
            same(&one.common_dir, &two.common_dir) && same(&one.path, &two.path)
        }
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
            // In the folder of an enclosing workspace, it has final programs at most.
            let of_another = |folder: &Path| {
                let mut others = survey.workspaces.iter();
                !same(folder, &other.dirs.build_dir)
                    && others.any(|one| {
                        same(&one.dirs.build_dir, folder) && !same(&one.root, &other.root)
                    })
            };
            let folders = [&other.dirs.build_dir, &other.dirs.target_dir, &default];
            for folder in folders.into_iter().filter(|folder| !of_another(folder)) {
                add(Candidate {
                    folder: folder.clone(),
                    relation,
                    workspace: Some(other.root.clone()),
                    worktree: Some(top.clone()),
                    programs: Some(other.dirs.target_dir.clone()),
                    home: home(survey, folder, other),
                });
            }
        }
    }
    let shared = |path: &Path| path.starts_with(&survey.shared_root.path);
    for folder in survey.folders.iter().filter(|folder| shared(&folder.path)) {
        let owner = match &folder.known {
            FolderOrigin::Owner { owner, .. } => Some(owner),
            _ => None,
        };
        let top = owner.map(|owner| owner.worktree.as_ref().unwrap_or(&owner.workspace));
        add(Candidate {
            folder: folder.path.clone(),
            relation: Relation::Stranger,
            workspace: owner.map(|owner| owner.workspace.clone()),
            worktree: top.cloned(),
            programs: None,
            home: Home::Single,
        });
    }
    all
}

/// Whether two paths of a survey are the same. They are in normal form, so their text tells. `Path` compares part by part, and
/// for each of a thousand workspaces all others are compared.
fn same(one: &Path, other: &Path) -> bool {
    one.as_os_str() == other.as_os_str()
}

/// Whose a folder is that a workspace builds into, or would by default.
fn home(survey: &Survey, folder: &Path, workspace: &Workspace) -> Home {
    let uses = |other: &Workspace| {
        let dirs = [&other.dirs.build_dir, &other.dirs.target_dir];
        dirs.iter().any(|dir| same(dir, folder)) && !same(&other.root, &workspace.root)
    };
    if survey.workspaces.iter().any(uses) {
        return Home::Several;
    }
    match survey.notes.get(folder) {
        Some(owner) if owner.workspace == workspace.root && owner.layout == Layout::Isolated => {
            Home::Owned
        }
        _ => Home::Single,
    }
}

/// How much a donor has to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Estimate {
    /// How many of its units are wanted.
    pub(crate) units: usize,
    /// Its worktree is at the same commit, so that its local units may be wanted as well.
    pub(crate) same_commit: bool,
    /// When it was last built into.
    pub(crate) newest: Option<Timestamp>,
    /// A build is running in it.
    pub(crate) busy: bool,
}

/// Puts donors in order, the best first: those that have nothing are left out. One in which a build runs comes after
/// all others, a stranger after the family; then counts how many units are wanted, then whether the commit is the same,
/// and then which is the newest.
#[must_use]
pub(crate) fn order(rated: Vec<(Candidate, Estimate)>) -> Vec<(Candidate, Estimate)> {
    let mut all: Vec<_> = rated
        .into_iter()
        .filter(|(_, rating)| rating.units > 0)
        .collect();
    all.sort_by_key(|(candidate, rating)| {
        let stranger = candidate.relation == Relation::Stranger;
        let most = std::cmp::Reverse((rating.units, rating.same_commit, rating.newest));
        (rating.busy, stranger, most)
    });
    all
}

/// The units that a donor has to give, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gives {
    /// Its units that are wanted, by a name that is the same in all folders.
    pub(crate) units: BTreeSet<String>,
    /// When it was last built into.
    pub(crate) newest: Option<Timestamp>,
    /// A build is running in it.
    pub(crate) busy: bool,
}

/// The donors that together have what all have, as few as possible and `most` at most: first the one with most, then
/// each time the one with most that is new; of equal ones the newest.
#[must_use]
pub(crate) fn cover(mut offers: Vec<(Candidate, Gives)>, most: usize) -> Vec<Candidate> {
    let mut covered: BTreeSet<String> = BTreeSet::new();
    let mut chosen = Vec::new();
    while chosen.len() < most {
        let new = |gives: &Gives| gives.units.difference(&covered).count();
        let best = offers
            .iter()
            .enumerate()
            .filter(|(_, (_, gives))| new(gives) > 0)
            .max_by_key(|(_, (_, gives))| (new(gives), gives.newest));
        let Some((at, _)) = best else { break };
        let (candidate, gives) = offers.swap_remove(at);
        covered.extend(gives.units);
        chosen.push(candidate);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::survey::folder::{Layout, Owner, OwnerState};
    use crate::survey::sample::{folder, now, placed, survey, workspace};

    fn shown(all: &[Candidate]) -> Vec<(Relation, String)> {
        let show = |one: &Candidate| (one.relation, one.folder.display().to_string());
        all.iter().map(show).collect()
    }

    fn owned(path: &str, by: &str) -> crate::survey::folder::TargetFolder {
        let owner = Owner {
            workspace: by.into(),
            worktree: None,
            common_dir: None,
            layout: Layout::Isolated,
            device: None,
            stamp: None,
        };
        let state = OwnerState::Present;
        folder(path, FolderOrigin::Owner { owner, state })
    }

    /// The workspace's own folders, then the family's, then the rest under the shared root; each once, and never
    /// the destination or what holds it.
    #[test]
    fn near_ones_first() {
        let mut own = placed("/r", "/r");
        own.dirs.build_dir = "/s/r".into();
        let mut sister = placed("/l", "/l");
        sister.dirs.build_dir = "/s/l".into();
        let other_member = placed("/l/tools", "/l");
        let stranger = workspace("/x", "/x/target");
        let all = vec![own.clone(), sister, other_member, stranger];
        let folders = vec![
            owned("/s/l", "/l"),
            owned("/s/gone", "/gone"),
            owned("/s/r", "/r"),
            folder(
                "/x/target",
                FolderOrigin::Default {
                    workspace: "/x".into(),
                },
            ),
            folder("/s", FolderOrigin::SharedRoot),
        ];
        let found = candidates(&survey(all, folders), &own, Path::new("/s/r"));
        let expected = [
            (Relation::Own, "/r/target"),
            (Relation::Family, "/s/l"),
            (Relation::Family, "/l/target"),
            (Relation::Stranger, "/s/gone"),
        ];
        assert_eq!(
            shown(&found),
            expected.map(|(relation, path)| (relation, path.into()))
        );
        assert_eq!(found[1].worktree.as_deref(), Some(Path::new("/l")));
        assert_eq!(found[3].workspace.as_deref(), Some(Path::new("/gone")));
    }

    /// Outside of git there is no family.
    #[test]
    fn without_a_repository() {
        let own = workspace("/a", "/a/target");
        let all = vec![own.clone(), workspace("/b", "/b/target")];
        let found = candidates(&survey(all, Vec::new()), &own, Path::new("/a/target"));
        assert_eq!(shown(&found), []);
    }

    /// One with nothing is none; a busy one comes last, a stranger after the family; then most units, then newest.
    #[test]
    fn the_best_first() {
        let one = |name: &str, relation, units, age: i64, busy| {
            let same_commit = name.ends_with("at the commit");
            let candidate = Candidate {
                folder: name.into(),
                relation,
                workspace: None,
                worktree: None,
                programs: None,
                home: Home::Single,
            };
            let newest = Some(now() - SignedDuration::from_hours(age));
            let rating = Estimate {
                units,
                same_commit,
                newest,
                busy,
            };
            (candidate, rating)
        };
        let ordered = order(vec![
            one("busy", Relation::Own, 99, 0, true),
            one("nothing", Relation::Own, 0, 0, false),
            one("stranger", Relation::Stranger, 50, 0, false),
            one("busy stranger", Relation::Stranger, 99, 0, true),
            one("fewer", Relation::Family, 9, 0, false),
            one("older", Relation::Family, 10, 5, false),
            one("at the commit", Relation::Family, 10, 9, false),
            one("newer", Relation::Own, 10, 1, false),
        ]);
        let names = ordered
            .iter()
            .map(|(one, _)| one.folder.display().to_string());
        let names: Vec<String> = names.collect();
        let expected = [
            "at the commit",
            "newer",
            "older",
            "fewer",
            "stranger",
            "busy",
            "busy stranger",
        ];
        assert_eq!(names, expected);
        assert!(order(Vec::new()).is_empty());
    }

    #[test]
    fn few_donors_have_what_all_have() {
        let offer = |folder: &str, units: &[&str], hours: i64| {
            let candidate = Candidate {
                folder: folder.into(),
                relation: Relation::Family,
                workspace: None,
                worktree: None,
                programs: None,
                home: Home::Single,
            };
            let gives = Gives {
                units: units.iter().map(|unit| (*unit).to_owned()).collect(),
                newest: Some(now() - SignedDuration::from_hours(hours)),
                busy: false,
            };
            (candidate, gives)
        };
        let offers = || {
            vec![
                offer("/debug-old", &["a", "b", "c"], 9),
                offer("/debug", &["a", "b", "c"], 1),
                offer("/release", &["x", "y"], 5),
                offer("/little", &["a", "z"], 2),
                offer("/nothing", &[], 0),
            ]
        };
        let folders = |most| {
            let chosen = cover(offers(), most).into_iter();
            let folders = chosen.map(|candidate| candidate.folder.display().to_string());
            folders.collect::<Vec<_>>()
        };
        assert_eq!(folders(9), ["/debug", "/release", "/little"]);
        assert_eq!(folders(1), ["/debug"]);
    }
}
