//! The reasons that forbid the deletion of a folder.

use std::path::{Path, PathBuf};

use crate::cargo::config_chain;
use crate::cargo::manifest::normalise;
use crate::cargo::model::ConfigFile;
use crate::fs::model::{BusyReason, Tag, Usage};
use crate::plan::kept::KeptReason;
use crate::survey::folder::{FolderOrigin, Marks, TargetFolder};
use crate::survey::model::{EnvOverride, Survey};

/// Says why a folder must not be deleted, whatever the reason to delete it; `None` if nothing speaks against it.
///
/// `stays` names the folders that builds write into afterwards.
pub(crate) fn obstacle<'a>(
    folder: &TargetFolder,
    survey: &Survey,
    mut stays: impl Iterator<Item = &'a Path>,
    allowed: &[String],
) -> Option<KeptReason> {
    let path = folder.path.as_path();
    if survey.shared_root.path.starts_with(path) {
        return Some(KeptReason::SharedRoot);
    }
    if let Some(variable) = named_by_environment(path, survey) {
        return Some(KeptReason::NamedByEnv { variable });
    }
    if let Some(file) = named_by_a_stranger(path, survey) {
        return Some(KeptReason::NamedByStranger { file });
    }
    let workspaces = survey
        .workspaces
        .iter()
        .map(|workspace| workspace.root.as_path());
    let worktrees = survey
        .repositories
        .iter()
        .flat_map(|r| r.worktrees.iter().map(|w| w.path.as_path()));
    if let Some(sources) = workspaces
        .chain(worktrees)
        .find(|sources| sources.starts_with(path))
    {
        return Some(KeptReason::SourcesInside {
            path: sources.to_owned(),
        });
    }
    if let Some(used) = stays.find(|used| used.starts_with(path) && *used != path) {
        return Some(KeptReason::HoldsUsed {
            path: used.to_owned(),
        });
    }
    if let Some(link) = link_to(path, survey) {
        return Some(KeptReason::NotATarget {
            why: format!(
                "the symbolic link `{}` points to it, and others may too",
                link.display()
            ),
        });
    }
    unfit(&folder.marks, allowed).or_else(|| inside(folder))
}

/// The variable that names the folder. A relative value means another folder in each place that it is used in.
pub(crate) fn named_by_environment(folder: &Path, survey: &Survey) -> Option<String> {
    let names = |found: &&EnvOverride| {
        let value = Path::new(&found.value);
        found.folder.starts_with(folder)
            || survey.workspaces.iter().any(|workspace| {
                let expanded =
                    config_chain::expand(&found.value, &workspace.root, &survey.surroundings);
                value.is_relative() && workspace.root.join(&expanded).starts_with(folder)
                    || Path::new(&expanded).starts_with(folder)
            })
    };
    survey
        .overrides
        .iter()
        .find(names)
        .map(|found| found.variable.clone())
}

/// A configuration that names the folder and stands where no workspace is that we know, such as one with a
/// broken manifest.
fn named_by_a_stranger(folder: &Path, survey: &Survey) -> Option<PathBuf> {
    let names = |file: &&ConfigFile| {
        let Some(base) = file.path.parent().and_then(Path::parent) else {
            return false;
        };
        let values = [&file.keys.target_dir, &file.keys.build_dir];
        let mut values = values.into_iter().flatten();
        // Most name none, and there may be thousands of both.
        values.any(|value| normalise(&base.join(value)) == folder)
            && !survey
                .workspaces
                .iter()
                .any(|workspace| workspace.root.starts_with(base))
    };
    survey
        .configs
        .values()
        .find(names)
        .map(|file| file.path.clone())
}

/// The link by which a workspace builds into a folder, where its default `target` is one.
fn link_to<'a>(folder: &Path, survey: &'a Survey) -> Option<&'a Path> {
    let leads_here = |workspace: &Path| {
        survey.workspaces.iter().any(|known| {
            known.root == workspace
                && [&known.dirs.target_dir, &known.dirs.build_dir]
                    .into_iter()
                    .any(|dir| dir == folder)
        })
    };
    survey
        .folders
        .iter()
        .find(|link| {
            link.marks.symlink
                && matches!(&link.known, FolderOrigin::Default { workspace } if leads_here(workspace))
        })
        .map(|link| link.path.as_path())
}

/// The reason in a folder's top level that forbids its deletion. The top level is read again just before the
/// deletion.
#[must_use]
pub(crate) fn unfit(marks: &Marks, allowed: &[String]) -> Option<KeptReason> {
    let no = |why: &str| {
        Some(KeptReason::NotATarget {
            why: why.to_owned(),
        })
    };
    if marks.symlink {
        return no("it is a symbolic link");
    }
    match marks.tag {
        Tag::Wrong => return no("its CACHEDIR.TAG is not Cargo's"),
        Tag::Missing if !marks.cargo => {
            return no("it has no CACHEDIR.TAG and none of Cargo's files");
        }
        Tag::Missing | Tag::Valid => {}
    }
    let names: Vec<String> = marks
        .foreign
        .iter()
        .filter(|name| !allowed.contains(name))
        .cloned()
        .collect();
    if !names.is_empty() {
        return Some(KeptReason::ForeignEntries { names });
    }
    if let Some(path) = &marks.tracked {
        return Some(KeptReason::TrackedInside { path: path.clone() });
    }
    if let Some(message) = &marks.tracked_unclear {
        return Some(KeptReason::TrackedUnclear {
            message: message.clone(),
        });
    }
    marks.busy.as_ref().map(|busy| KeptReason::Busy {
        lock: busy.lock.clone(),
        why: busy.why.clone(),
    })
}

/// The reason that a filesystem is mounted inside: its files belong elsewhere, and only have another name here.
pub(crate) fn mounted(usage: &Usage) -> Option<KeptReason> {
    usage.mounted.clone().map(|lock| KeptReason::Busy {
        lock,
        why: BusyReason::Mounted,
    })
}

/// The reason in deeper levels that forbids the deletion. A folder that was not measured is kept, because its content
/// is unknown.
fn inside(folder: &TargetFolder) -> Option<KeptReason> {
    let Some(usage) = &folder.usage else {
        return Some(KeptReason::NotATarget {
            why: "it was not inspected".into(),
        });
    };
    // Without Cargo's tag and our owner file, a user may have made what is in it.
    let known =
        folder.marks.tag == Tag::Valid || matches!(folder.known, FolderOrigin::Owner { .. });
    let made_again = usage.git_made_again.as_ref().filter(|_| !known);
    if let Some(path) = usage.git_inside.as_ref().or(made_again) {
        return Some(KeptReason::GitInside { path: path.clone() });
    }
    if let Some(path) = &usage.sources_inside {
        return Some(KeptReason::SourcesInside { path: path.clone() });
    }
    if let Some(reason) = mounted(usage) {
        return Some(reason);
    }
    let problem = usage.unreadable.first()?;
    Some(KeptReason::Unreadable {
        path: problem.path.clone(),
        message: problem.message.clone(),
    })
}
