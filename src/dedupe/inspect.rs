//! Looks at target folders for files that are the same.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::clean::look;
use crate::dedupe::decide::{Content, Sharer, wanted};
use crate::fs;
use crate::fs::LockMode;
use crate::fs::model::{Identity, Rights};
use crate::plan::kept::KeptReason;
use crate::progress::Progress;
use crate::size::Bytes;
use crate::survey::folder::TargetFolder;
use crate::survey::linker;
use crate::survey::model::Survey;
use crate::target::unit::Inventory;
use crate::target::unit_file::Sharing;
use crate::target::{linked, read};
use crate::warm::inspect;

/// The content of some target folders, or the reason why nothing in one of them may change, in their order.
///
/// Folders in others of them are left out: they are looked at with those.
#[must_use]
pub(crate) fn take(
    survey: &Survey,
    folders: &[&TargetFolder],
    progress: &Progress,
) -> Vec<Result<Sharer, (PathBuf, Bytes, KeptReason)>> {
    progress.stage("looking at units");
    let outer = look::outermost(folders).into_iter();
    let sharers = outer.map(|folder| {
        let inventory = read::read(&folder.path, progress);
        let refused = || inspect::doubt(&folder.path).map(inspect::not_a_donor);
        let obstacle = look::obstacle(folder, &inventory).or_else(|| busy(&inventory));
        match obstacle.or_else(refused) {
            Some(reason) => Err((folder.path.clone(), inventory.totals.on_disk, reason)),
            None => Ok(sharer(inventory, look::users_of(folder, survey), survey)),
        }
    });
    sharers.collect()
}

/// A folder whose files may share storage.
#[must_use]
pub(crate) fn sharer(mut inventory: Inventory, users: Vec<PathBuf>, survey: &Survey) -> Sharer {
    if users.is_empty() || !users.iter().all(|user| linker::is_usual(survey, user)) {
        for unit in &mut inventory.units {
            linked::take_back(&mut unit.files);
        }
    }
    let repositories = inspect::repositories(&inventory);
    if !repositories.is_empty() {
        let inside = |path: &Path| repositories.iter().any(|top| path.starts_with(top));
        let units = &mut inventory.units;
        units.retain(|unit| !unit.files.iter().any(|file| inside(&file.path)));
    }
    let files = inventory.units.iter().flat_map(|unit| &unit.files);
    let mut real = files.filter(|file| {
        matches!(file.sharing, Sharing::Link | Sharing::Copy) && file.length > Bytes(0)
    });
    let clones = real
        .next()
        .is_some_and(|file| fs::clones_here(&inventory.folder.join(&file.path)));
    Sharer {
        inventory,
        users,
        clones,
    }
}

/// A build is running in a folder, or that is unknown: then its content may change at any time.
fn busy(inventory: &Inventory) -> Option<KeptReason> {
    let profiles: BTreeSet<&Path> = inventory
        .units
        .iter()
        .map(|unit| Path::new(&unit.id.profile))
        .collect();
    let profiles: Vec<PathBuf> = profiles.into_iter().map(Path::to_owned).collect();
    let busy = fs::lock_to_read(&inventory.folder, &profiles, LockMode::Once).err()?;
    Some(KeptReason::Busy {
        lock: busy.lock,
        why: busy.why,
    })
}

/// Where a file lies: the disk, and its parts there.
type Place<'a> = (u64, &'a [(u64, u64)]);

/// Looks into all files that may be the same as another one. Files that cannot be read, or that another user owns, are left out.
///
/// Files that lie at one place of the disk are read once.
#[must_use]
pub(crate) fn contents(sharers: &[Sharer], progress: &Progress) -> HashMap<Identity, Content> {
    progress.stage("comparing");
    let wanted = wanted(sharers);
    let lying: Vec<Option<fs::Lying>> = wanted
        .par_iter()
        .map(|file| file.clones.then(|| fs::lies(&file.path)).flatten())
        .collect();
    // The first of those that lie at one place is read for all of them.
    let mut places: HashMap<Place<'_>, usize> = HashMap::new();
    let first: Vec<usize> = wanted
        .iter()
        .zip(&lying)
        .enumerate()
        .map(|(at, (file, lying))| match lying {
            Some(lying) => *places
                .entry((file.identity.device, &lying.extents))
                .or_insert(at),
            None => at,
        })
        .collect();
    let hashes: Vec<Option<[u8; 32]>> = wanted
        .par_iter()
        .enumerate()
        .with_max_len(1)
        .map(|(at, file)| {
            let hash = (first[at] == at).then(|| fs::hash_content(&file.path));
            progress.add(1, file.length);
            hash.flatten()
        })
        .collect();
    let rights: Vec<Option<Rights>> = wanted
        .par_iter()
        .map(|file| {
            let mine = fs::theirs(&file.path) != Some(fs::Theirs::Owner);
            let rights = fs::rights(&file.path).filter(|_| mine)?;
            Some(match file.clones {
                true => rights.without_mode(),
                false => rights,
            })
        })
        .collect();
    let all = wanted.iter().zip(&lying).enumerate();
    all.filter_map(|(at, (file, lying))| {
        let content = Content {
            hash: hashes[first[at]]?,
            extents: lying.as_ref().map(|lying| lying.extents.clone()),
            shared: lying.as_ref().is_some_and(|lying| lying.shared),
            rights: rights[at]?,
        };
        Some((file.identity, content))
    })
    .collect()
}
