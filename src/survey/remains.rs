//! The remains of a workspace or worktree that is gone: a folder with nothing in it but what builds and setup made there.
//!
//! A user may build into such a folder by `--target-dir`, by a variable, or through a link. So the target folder
//! itself has to say whose it was: Cargo lists the sources of each final product beside it.

use std::path::{Path, PathBuf};

use crate::cargo::config_edit;
use crate::fs::model::Tag;
use crate::markers::CARGO_FOLDER;
use crate::survey::folder::{FolderOrigin, OwnerState, TargetFolder};
use crate::survey::model::{Repository, Survey, worktree_of};
use crate::target::dep_info::RustcDepInfo;
use crate::text::failure;
use crate::{fs, git};

/// The name of Cargo's own target folder.
const TARGET: &str = "target";

/// The most that is read of the list of a product's sources.
const MOST: u64 = 16 << 20;

/// The signs that sources may come back to a folder below them, though git knows nothing of that: another version control, or
/// a workspace that may have a member there.
const HOLDERS: [&str; 4] = [".jj", ".hg", ".svn", "Cargo.toml"];

/// Says of the folders that nothing names which of them are Cargo's own of a workspace that is gone.
pub(super) fn tell(survey: &mut Survey) {
    let (repositories, shared_root) = (&survey.repositories, &survey.shared_root.path);
    for folder in &mut survey.folders {
        let found = folder.known == FolderOrigin::Found && folder.path.ends_with(TARGET);
        let Some(above) = folder.path.parent().filter(|_| found) else {
            continue;
        };
        if folder.marks.tag == Tag::Valid
            && folder.marks.cargo
            && folder.marks.foreign.is_empty()
            && is_bare(above, shared_root)
            && made_from(above, folder)
        {
            folder.known = FolderOrigin::Remains {
                workspace: above.to_owned(),
                state: state(above, folder, repositories),
            };
        }
    }
}

/// Forgets configurations of ours in what is left of workspaces that are gone: nothing reads them any more.
pub(super) fn forget_configs(survey: &mut Survey, folders: &[(PathBuf, FolderOrigin)]) {
    for (_, known) in folders {
        if let FolderOrigin::Owner { owner, state } = known
            && *state == OwnerState::Gone
            && is_bare(&owner.workspace, &survey.shared_root.path)
        {
            let cargo_folder = owner.workspace.join(CARGO_FOLDER);
            survey
                .configs
                .retain(|path, _| !path.starts_with(&cargo_folder));
        }
    }
}

/// Whether nothing is in a folder but a target folder with Cargo's tag, a `Cargo.lock`, and a configuration that leads under
/// the shared root. No project is there then, and none is half-way there.
pub(crate) fn is_bare(folder: &Path, shared_root: &Path) -> bool {
    let Ok(names) = fs::names(folder) else {
        return false;
    };
    names.iter().all(|name| {
        let path = folder.join(name);
        match name.as_str() {
            TARGET => fs::is_folder(&path) && fs::tag(&path) == Tag::Valid,
            // Cargo makes it, and where git ignores it, nothing else removes it.
            "Cargo.lock" => true,
            CARGO_FOLDER => is_ours(&path, shared_root),
            _ => false,
        }
    })
}

/// Whether a `.cargo` folder has nothing but a configuration with a target folder under the shared root.
fn is_ours(cargo_folder: &Path, shared_root: &Path) -> bool {
    let leads = |name: &String| {
        let text = fs::read_start(&cargo_folder.join(name), MOST).ok()??;
        let keys = config_edit::keys(std::str::from_utf8(&text).ok()?).ok()?;
        Some(Path::new(&keys.target_dir?).starts_with(shared_root))
    };
    let names = fs::names(cargo_folder).unwrap_or_default();
    matches!(names.as_slice(), [one] if leads(one) == Some(true))
}

/// Whether there are final products in a target folder, and all of them were made from sources in this folder around it.
fn made_from(above: &Path, folder: &TargetFolder) -> bool {
    let mut any = false;
    for profile in &folder.marks.profiles {
        for place in [profile.clone(), profile.join("examples")] {
            let place = folder.path.join(place);
            let names = fs::names(&place).unwrap_or_default();
            for name in names.iter().filter(|name| name.ends_with(".d")) {
                let bytes = fs::read_start(&place.join(name), MOST).ok().flatten();
                let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default());
                let sources = RustcDepInfo::parse(&text).sources;
                let sources: Vec<&Path> = sources.iter().map(Path::new).collect();
                let inside = |source: &&Path| source.starts_with(&folder.path);
                // Tests make packages in the target folder, and these are no workspace's.
                if !sources.is_empty() && sources.iter().all(inside) {
                    continue;
                }
                let mut sources = sources.iter().filter(|source| !inside(source));
                if !sources.any(|source| source.starts_with(above)) {
                    return false;
                }
                any = true;
            }
        }
    }
    any
}

/// Whether the workspace that was there is gone for good. Doubt means that it may come back.
fn state(above: &Path, folder: &TargetFolder, repositories: &[Repository]) -> OwnerState {
    let missing = |why: &str| OwnerState::Missing {
        why: why.to_owned(),
    };
    let device = |path: &Path| {
        fs::info(path)
            .ok()
            .flatten()
            .map(|info| info.identity.device)
    };
    let own = device(above);
    if own.is_none()
        || own != Some(folder.marks.identity.device)
        || own != above.parent().and_then(device)
    {
        return missing("it may be on a disk that is not mounted");
    }
    let worktrees = || repositories.iter().flat_map(|one| &one.worktrees);
    if worktrees().any(|one| one.path == *above && one.locked.is_some()) {
        return missing("its worktree is locked in git");
    }
    if worktrees().any(|one| one.path == *above && one.main) {
        return missing("it is the main worktree of a repository");
    }
    match worktree_of(above, repositories) {
        // A branch that is checked out again brings its folders back.
        Some((_, worktree)) => match git::was_there(worktree, above) {
            Ok(false) => OwnerState::Gone,
            Ok(true) => missing("another branch may contain it"),
            Err(error) => missing(&failure::words(error.as_ref())),
        },
        None => {
            let around = above.ancestors().skip(1);
            let mut marks = around.flat_map(|around| HOLDERS.map(|name| around.join(name)));
            match marks.find(|mark| fs::exists(mark)) {
                Some(mark) => missing(&format!("`{}` above it may bring it back", mark.display())),
                None => OwnerState::Gone,
            }
        }
    }
}
