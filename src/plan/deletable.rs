//! What speaks against deleting a folder.

use std::path::Path;

use crate::model::{KeptReason, Known, Marks, Survey, Tag, TargetFolder};

/// Says why a folder must not be deleted, whatever the reason to delete it; `None` if nothing speaks against it.
///
/// `stays` names the folders that builds write into afterwards.
pub(super) fn obstacle<'a>(
    folder: &TargetFolder,
    survey: &Survey,
    mut stays: impl Iterator<Item = &'a Path>,
    allowed: &[String],
) -> Option<KeptReason> {
    let path = folder.path.as_path();
    if survey.shared_root.path.starts_with(path) {
        return Some(KeptReason::SharedRoot);
    }
    if let Some(found) = survey
        .overrides
        .iter()
        .find(|found| found.folder.starts_with(path))
    {
        return Some(KeptReason::NamedByEnv {
            variable: found.variable.clone(),
        });
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
                "the symbolic link `{}` leads to it, and others may too",
                link.display()
            ),
        });
    }
    unfit(&folder.marks, allowed).or_else(|| inside(folder))
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
                && matches!(&link.known, Known::Default { workspace } if leads_here(workspace))
        })
        .map(|link| link.path.as_path())
}

/// What the top level of a folder says against deleting it. Looked at again just before the deletion.
#[must_use]
pub fn unfit(marks: &Marks, allowed: &[String]) -> Option<KeptReason> {
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
            return no("it has no CACHEDIR.TAG and none of Cargo's marks");
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

/// What lies deeper. A folder that was not measured was not looked into, and stays.
fn inside(folder: &TargetFolder) -> Option<KeptReason> {
    let Some(usage) = &folder.usage else {
        return Some(KeptReason::NotATarget {
            why: "it was not looked into".into(),
        });
    };
    if let Some(path) = &usage.git_inside {
        return Some(KeptReason::GitInside { path: path.clone() });
    }
    if let Some(path) = &usage.sources_inside {
        return Some(KeptReason::SourcesInside { path: path.clone() });
    }
    let problem = usage.unreadable.first()?;
    Some(KeptReason::Unreadable {
        path: problem.path.clone(),
        message: problem.message.clone(),
    })
}
