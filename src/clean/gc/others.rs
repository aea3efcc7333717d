//! Files that belong to no unit, in the groups in which they are collected: each one whole.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::target::layout;
use crate::target::unit::{Group, Inventory, Other};
use crate::target::unit_file::{Sharing, UnitFile};

/// A file that belongs to no unit, or the folder of a compiler's cache with everything in it.
#[derive(Debug)]
pub(crate) struct WholeOther<'a> {
    /// Relative to the target folder.
    pub(crate) path: PathBuf,
    /// The profile folder that it lies in.
    pub(crate) profile: String,
    pub(crate) group: &'a Group,
    /// The file, or the folder and everything in it.
    pub(crate) files: Vec<&'a UnitFile>,
    /// A file in a compiler's cache or remnant that the compiler does not make, so that the whole folder is kept.
    pub(crate) foreign: Option<&'a Path>,
}

impl<'a> WholeOther<'a> {
    /// All in the profile folders of a target folder, by path.
    pub(crate) fn all(inventory: &'a Inventory) -> Vec<Self> {
        let mut found: BTreeMap<PathBuf, Self> = BTreeMap::new();
        for other in &inventory.others {
            let (Some(path), Some(profile)) = (whole(other), other.profile()) else {
                continue;
            };
            let one = found.entry(path).or_insert_with_key(|path| Self {
                path: path.clone(),
                profile,
                group: &other.group,
                files: Vec::new(),
                foreign: None,
            });
            one.files.push(&other.file);
            if one.is_cache() && one.foreign.is_none() && !is_of_the_compiler(other) {
                one.foreign = Some(&other.file.path);
            }
        }
        // A remnant of the compiler's is a folder that it alone has filled.
        for other in &inventory.others {
            let path = &other.file.path;
            let above = path.ancestors().skip(1);
            let around = above.filter(|above| found.contains_key(*above)).last();
            if let Some(one) = around.map(Path::to_owned).and_then(|at| found.get_mut(&at))
                && *one.group == Group::Leaked
                && other.group != Group::Leaked
            {
                one.foreign.get_or_insert(path);
            }
        }
        found.into_values().collect()
    }

    /// Whether it is a cache of the compiler's for one crate.
    pub(crate) fn is_cache(&self) -> bool {
        matches!(self.group, Group::Incremental { .. })
    }

    /// Its files that have further links.
    pub(crate) fn linked(&self) -> impl Iterator<Item = &'a UnitFile> {
        self.files.iter().copied().filter(|file| file.links > 1)
    }

    /// The newest modification in it.
    pub(crate) fn newest(&self) -> Option<Timestamp> {
        self.files.iter().filter_map(|file| file.modified()).max()
    }
}

/// The path of what is collected with an entry; `None` for what never is.
fn whole(other: &Other) -> Option<PathBuf> {
    let path = other.file.path.as_path();
    match &other.group {
        // In the profile folder, `incremental` and the name of the cache, or `deps` and that of a folder.
        Group::Incremental { .. } | Group::Leaked => {
            Some(path.iter().take(other.profile_depth + 2).collect())
        }
        Group::Unhashed | Group::Final => Some(path.to_owned()),
        Group::Doc | Group::Cargo | Group::Folder | Group::Foreign => None,
    }
}

fn is_of_the_compiler(other: &Other) -> bool {
    let names = other.in_profile().skip(1).map(OsStr::to_string_lossy);
    let names: Vec<_> = names.collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    match other.file.sharing {
        Sharing::Special => false,
        sharing => layout::is_of_the_compiler(&names, sharing == Sharing::Folder),
    }
}
