//! Surveys for the tests of what is decided over them.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::cargo::model::Dirs;
use crate::fs::model::{Tag, Usage};
use crate::git::model::Head;
use crate::size::Bytes;
use crate::survey::folder::{FolderOrigin, Marks, TargetFolder};
use crate::survey::model::{
    CargoAnswer, Repository, RepositorySettings, SharedRoot, Survey, Workspace, Worktree,
    WorktreePlace,
};

pub(crate) fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 50)
}

/// A workspace outside git that builds into `target`.
pub(crate) fn workspace(root: &str, target: &str) -> Workspace {
    Workspace {
        root: root.into(),
        place: None,
        nested_in: None,
        ignored: false,
        cargo_inside: None,
        built: true,
        used: true,
        dirs: Dirs {
            target_dir: target.into(),
            build_dir: target.into(),
            ..Dirs::default()
        },
        target_elsewhere: None,
        config: PathBuf::from(root).join(".cargo/config.toml"),
        cargo: CargoAnswer::NotAsked,
        stamp: Some(root.into()),
    }
}

/// A workspace in a worktree of the repository `/r/.git`, confirmed by a Cargo that knows `build-dir`.
pub(crate) fn placed(root: &str, worktree: &str) -> Workspace {
    let path = PathBuf::from(root)
        .strip_prefix(worktree)
        .expect("inside")
        .to_owned();
    Workspace {
        stamp: Some(worktree.into()),
        place: Some(WorktreePlace {
            common_dir: "/r/.git".into(),
            worktree: worktree.into(),
            path,
        }),
        cargo: CargoAnswer::Said {
            knows_build_dir: true,
            packages: Vec::new(),
        },
        ..workspace(root, &format!("{root}/target"))
    }
}

/// The repository `/r/.git` with its main worktree `/r` and these linked ones.
pub(crate) fn repository(linked: &[&str]) -> Repository {
    let worktree = |(at, path): (usize, &&str)| Worktree {
        path: path.into(),
        main: at == 0,
        head: Head::Unknown,
        commit: None,
        locked: None,
        prunable: None,
        present: true,
        inside_root: true,
        stamp: Some((*path).into()),
    };
    Repository {
        common_dir: "/r/.git".into(),
        name: "r".into(),
        bare: false,
        worktrees: ["/r"]
            .iter()
            .chain(linked)
            .enumerate()
            .map(worktree)
            .collect(),
        exclude: None,
        settings: RepositorySettings::default(),
        settings_file: None,
        doubt: None,
    }
}

/// A target folder with the right marks, last built a day ago.
pub(crate) fn folder(path: &str, known: FolderOrigin) -> TargetFolder {
    let day_old = now() - SignedDuration::from_hours(24);
    TargetFolder {
        path: path.into(),
        users: Vec::new(),
        known,
        marks: Marks {
            tag: Tag::Valid,
            cargo: true,
            ..Marks::default()
        },
        usage: Some(Usage {
            on_disk: Bytes(10),
            newest: Some(day_old),
            ..Usage::default()
        }),
        last_build: Some(day_old),
    }
}

/// A survey with the shared root `/s`.
pub(crate) fn survey(workspaces: Vec<Workspace>, mut folders: Vec<TargetFolder>) -> Survey {
    for folder in &mut folders {
        let uses =
            |w: &&Workspace| w.dirs.target_dir == folder.path || w.dirs.build_dir == folder.path;
        folder.users = workspaces
            .iter()
            .filter(uses)
            .map(|w| w.root.clone())
            .collect();
    }
    Survey {
        roots: vec!["/r".into()],
        workspaces,
        shared_root: SharedRoot {
            path: "/s".into(),
            exists: true,
            ..SharedRoot::default()
        },
        folders,
        ..Survey::default()
    }
}
