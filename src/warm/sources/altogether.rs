//! Whether two worktrees are the same altogether.
//!
//! A build script or a macro that reads files may have read any of them and names none, or a part. It finds the same
//! in another worktree only if everything is the same: tracked files, others, and those that git ignores.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::fs::model::{SourceFile, Tag};
use crate::git::sources::Listing;
use crate::plan::left::LeftReason;
use crate::warm::sources::{Ask, Compared, unknown};
use crate::{fs, markers};

/// All files of two worktrees, but for git's own and what Cargo has built.
pub(crate) struct Altogether {
    all: Result<Compared, LeftReason>,
}

impl Altogether {
    /// Compares the two.
    pub(crate) fn look(
        ask: Ask<'_>,
        top: &Path,
        listings: Result<&(Listing, Listing), LeftReason>,
    ) -> Self {
        Self {
            all: listings.map(|(there, here)| compare(ask, top, there, here)),
        }
    }

    /// The destination's files.
    pub(crate) fn here(&self) -> Vec<SourceFile> {
        self.all
            .as_ref()
            .map_or_else(|_| Vec::new(), |all| all.here.clone())
    }

    /// Whether both have been the same since a moment, and the destination did not change since the look began.
    pub(crate) fn since(&self, at: Timestamp, begin: Timestamp) -> Result<(), LeftReason> {
        let all = self.all.as_ref().map_err(Clone::clone)?;
        all.all_same()?;
        if all.newest_here >= Some(begin) {
            return Err(unknown(
                "the worktree's files are changing, or their mtime is in the future",
            ));
        }
        match all.newer(at, |_| true).or_else(|| all.newer_folder(at)) {
            Some(file) => Err(LeftReason::SourceNewer {
                file: match file.as_os_str().is_empty() {
                    true => PathBuf::from("."),
                    false => file.to_owned(),
                },
            }),
            None => Ok(()),
        }
    }
}

fn compare(ask: Ask<'_>, top: &Path, there: &Listing, here: &Listing) -> Compared {
    let tops = [ask.from_worktree, top];
    let mut files: BTreeSet<PathBuf> = BTreeSet::new();
    for listing in [there, here] {
        // A file counts however deep it lies, if Cargo did not build it.
        files.extend(own_ignored(ask, &tops, top, listing));
        files.extend(listing.files.iter().cloned());
        // Of another worktree, `.git` is a file that leads to this repository, and a build here has nothing to do with it.
        let is_own = |folder: &Path| {
            let git = |top: &&Path| {
                let git = top.join(folder).join(".git");
                fs::is_folder(&git) || (fs::exists(&git) && !is_of_worktree(ask, &git))
            };
            tops.iter().any(git)
        };
        let repositories = listing.repositories.iter();
        files.extend(repositories.filter(|folder| is_own(folder)).cloned());
    }
    // Git does not tell of them, but a program that looks finds them.
    let (one, two) = (empty_folders(tops[0], there), empty_folders(tops[1], here));
    files.extend(one.symmetric_difference(&two).cloned());
    Compared::of(ask.from_worktree, top, files)
}

/// The folders of a worktree in which git lists nothing.
fn empty_folders(top: &Path, listing: &Listing) -> BTreeSet<PathBuf> {
    let files = listing.files.iter().chain(&listing.ignored);
    let whole = listing.ignored_folders.iter().chain(&listing.repositories);
    let above = files
        .chain(whole.clone())
        .flat_map(|path| path.ancestors().skip(1));
    let above: BTreeSet<&Path> = above.collect();
    let known: BTreeSet<&Path> = above
        .iter()
        .copied()
        .chain(whole.map(PathBuf::as_path))
        .collect();
    let mut empty = BTreeSet::new();
    for folder in above {
        for name in fs::names(&top.join(folder)).unwrap_or_default() {
            let path = folder.join(&name);
            if name != ".git" && !known.contains(path.as_path()) && fs::is_folder(&top.join(&path))
            {
                empty.insert(path);
            }
        }
    }
    empty
}

/// Whether a `.git` is that of a worktree of the repository that both are of.
fn is_of_worktree(ask: Ask<'_>, git: &Path) -> bool {
    let text = fs::read(git).ok().flatten().unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let common = ask.workspace.place.as_ref().map(|place| &place.common_dir);
    let leads = text.trim().strip_prefix("gitdir: ").zip(common);
    leads.is_some_and(|(leads, common)| Path::new(leads).starts_with(common.join("worktrees")))
}

/// The ignored files and folders of one worktree among several that are its own: neither Cargo nor we have built
/// them, and they are no other worktrees. A folder that holds a worktree is opened.
pub(crate) fn own_ignored(
    ask: Ask<'_>,
    tops: &[&Path],
    destination: &Path,
    listing: &Listing,
) -> Vec<PathBuf> {
    let others = ask.others.iter().map(PathBuf::as_path);
    let worktrees: Vec<&Path> = others.chain([destination]).collect();
    let ignored = listing.ignored.iter().chain(&listing.ignored_folders);
    let mut next: Vec<PathBuf> = ignored.cloned().collect();
    let mut own = Vec::new();
    while let Some(path) = next.pop() {
        let places: Vec<PathBuf> = tops.iter().map(|top| top.join(&path)).collect();
        let is_worktree = |place: &PathBuf| worktrees.contains(&place.as_path());
        if is_built(tops, &path) || places.iter().any(is_worktree) {
            continue;
        }
        let holds = |place: &&PathBuf| worktrees.iter().any(|one| one.starts_with(place));
        match places.iter().find(holds).map(|place| fs::names(place)) {
            Some(Ok(names)) => next.extend(names.iter().map(|name| path.join(name))),
            // A folder that cannot be read counts as a whole.
            Some(Err(_)) | None => own.push(path),
        }
    }
    own
}

/// Whether a path in one of the worktrees is a folder that Cargo builds into or a shared root, or lies in one: a shared root
/// has git ignore what is in it one by one.
fn is_built(tops: &[&Path], path: &Path) -> bool {
    let above = path.ancestors();
    let mut above = above.filter(|above| !above.as_os_str().is_empty());
    let of_builds = |folder: PathBuf| {
        let root = || fs::is_folder(&folder.join(markers::SHARED_ROOT_MARK));
        fs::tag(&folder) == Tag::Valid && (root() || markers::read(&fs::shape(&folder)).cargo)
    };
    above.any(|above| tops.iter().any(|top| of_builds(top.join(above))))
}
