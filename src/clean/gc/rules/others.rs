//! What belongs to no unit: the compiler's caches, and artifacts without a hash in their names.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::age::since;
use crate::clean::folder_use::FolderUse;
use crate::clean::gc::GcOptions;
use crate::clean::model::CollectReason;
use crate::target::layout;
use crate::target::unit::{Group, Other};
use crate::target::unit_file::{Sharing, UnitFile};

/// The caches of the compiler that stay because of something in them which the compiler does not make.
pub(super) fn foreign_to_the_compiler(stock: &FolderUse) -> Vec<String> {
    let sessions = Sessions::of(stock).0;
    let mut foreign: Vec<PathBuf> = sessions
        .into_values()
        .filter_map(|session| session.foreign)
        .collect();
    foreign.sort_unstable();
    let said = |path: PathBuf| format!("rustc makes no `{}`, so that it stays", path.display());
    foreign.into_iter().map(said).collect()
}

/// The compiler's caches in a folder.
pub(super) struct Sessions(HashMap<PathBuf, Session>);

/// A cache of the compiler's for one crate.
#[derive(Default)]
pub(super) struct Session {
    /// The newest modification in it.
    newest: Option<Timestamp>,
    /// Something in it that the compiler does not make, so that all of it stays.
    foreign: Option<PathBuf>,
}

impl Sessions {
    pub(super) fn of(stock: &FolderUse) -> Self {
        let mut all = HashMap::new();
        for other in &stock.inventory.others {
            if matches!(other.group, Group::Incremental { .. }) {
                let session: &mut Session = all.entry(crate::clean::gc::whole(other)).or_default();
                session.newest = session.newest.max(other.file.modified());
                if session.foreign.is_none() && !is_of_the_compiler(other) {
                    session.foreign = Some(other.file.path.clone());
                }
            }
        }
        Self(all)
    }
}

pub(super) fn is_of_the_compiler(other: &Other) -> bool {
    let names = other.file.path.iter().map(OsStr::to_string_lossy);
    let names: Vec<_> = names
        .skip_while(|name| name != "incremental")
        .skip(1)
        .collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    // The folder of all caches itself stays in any case.
    let shape = |folder| names.is_empty() || layout::is_of_the_compiler(&names, folder);
    match other.file.sharing {
        Sharing::Special => false,
        sharing => shape(sharing == Sharing::Folder),
    }
}

/// Whether something that belongs to no unit may go.
pub(super) fn other(
    other: &Other,
    stock: &FolderUse,
    sessions: &Sessions,
    options: &GcOptions,
    now: Timestamp,
) -> Option<CollectReason> {
    if !matches!(other.group, Group::Incremental { .. } | Group::Unhashed) {
        return None;
    }
    let mut names = other.file.path.iter().filter_map(|name| name.to_str());
    let profile: Vec<&str> = names
        .by_ref()
        .take_while(|name| *name != "incremental")
        .collect();
    let alone = options.is_profile_alone();
    let folder = &stock.inventory.folder;
    let in_profile =
        |depth: usize| options.covers(folder, &profile[..depth.min(profile.len())].join("/"));
    match &other.group {
        Group::Incremental { name } => {
            let whole = crate::clean::gc::whole(other);
            // The folder of all caches itself stays.
            if whole.file_name()? == "incremental" || !options.covers(folder, &profile.join("/")) {
                return None;
            }
            let session = sessions.0.get(&whole)?;
            if session.foreign.is_some() {
                return None;
            }
            if alone {
                return Some(CollectReason::Profile);
            }
            let gone = stock.wanted.crates.as_ref();
            if options.crate_gone && gone.is_ok_and(|crates| !crates.contains(name)) {
                return Some(CollectReason::CrateGone);
            }
            let newest = session.newest?;
            let asked = options.incremental?;
            (since(newest, now) >= asked).then_some(CollectReason::Incremental)
        }
        Group::Unhashed if alone && is_artifact(&other.file) => {
            let depth = other.file.path.components().count() - 1;
            let within = (1..=depth.min(2)).any(in_profile);
            within.then_some(CollectReason::Profile)
        }
        _ => None,
    }
}

/// Whether a file without a hash in its name is one that the compiler writes, by how its name ends. What has no end
/// cannot be told from what somebody put there, and what lies in a folder that the compiler does not make is not its:
/// a library in a repository is no artifact.
pub(super) fn is_artifact(file: &UnitFile) -> bool {
    const ENDS: [&str; 13] = [
        "d", "so", "dylib", "dll", "a", "lib", "exp", "pdb", "exe", "wasm", "js", "rlib", "rmeta",
    ];
    let names = file.path.iter().map(OsStr::to_string_lossy);
    let names: Vec<_> = names.skip_while(|name| name != "deps").collect();
    let above = match &names[..] {
        [_, _] => true,
        [_, folder, _] => folder.starts_with("rmeta"),
        _ => false,
    };
    let end = file.path.extension().and_then(OsStr::to_str);
    above && file.sharing != Sharing::Special && end.is_some_and(|end| ENDS.contains(&end))
}
