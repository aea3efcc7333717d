//! Finds problems of the disk and of the folders on it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::clean::decide;
use crate::clean::decide::CleanOptions;
use crate::clean::model::DeleteFolder;
use crate::doctor::model::{
    ClosedFolder, Diagnosis, DiagnosisKind, DoctorFacts, Fix, HalfRemoved, Left, LostTimer,
    Severity,
};
use crate::fs::model::freeable;
use crate::size::Bytes;
use crate::survey::joined_flags;
use crate::survey::model::{Survey, Workspace, worktree_of};
use crate::term::view::counted;
use crate::text::shell;

/// Less than this part of a disk is little, …
const LITTLE: u64 = 20;

/// … and so is less than this, on whatever disk.
const SMALL: Bytes = Bytes(5_000_000_000);

/// Links in the place of target folders that lead to nothing, as to a disk that was emptied or is not mounted.
pub(crate) fn broken_links(facts: &DoctorFacts) -> Vec<Diagnosis> {
    let diagnosis = |(path, to): &(PathBuf, PathBuf)| Diagnosis {
        severity: Severity::Broken,
        kind: DiagnosisKind::BrokenLink,
        paths: vec![path.clone()],
        what: format!(
            "`{}` is a link to `{}`, which does not exist",
            path.display(),
            to.display()
        ),
        why: "Cargo cannot create the folder, so every build fails".into(),
        fix: format!("mount or create `{}`, or delete the link", to.display()),
        automatic: None,
    };
    facts.broken_links.iter().map(diagnosis).collect()
}

/// Builds that lead into a folder that cannot be written from here.
pub(crate) fn closed(survey: &Survey, facts: &DoctorFacts) -> Option<Diagnosis> {
    let root = &survey.shared_root;
    let first = facts.closed.first()?;
    let many = facts.closed.len();
    let who = match many {
        1 => format!("`{}` builds", first.workspace.display()),
        _ => format!("{many} workspaces build"),
    };
    // The user must ask for the deletion of folders that are not ours.
    let replace = match root.is_lost || first.folder.starts_with(&root.path) {
        true => "",
        false => " --replace",
    };
    Some(Diagnosis {
        severity: Severity::Broken,
        kind: DiagnosisKind::Unreachable,
        paths: facts
            .closed
            .iter()
            .map(|one| one.workspace.clone())
            .collect(),
        what: format!(
            "{who} into `{}`, which is not writable from here: {}",
            first.folder.display(),
            first.why
        ),
        why: "every build fails here, for example in a sandbox or container that has only the worktree"
            .into(),
        fix: match many {
            1 => format!(
                "cargo sharedtarget onboard --layout in-place{replace} {}",
                shell::word(&first.workspace)
            ),
            _ => format!("cargo sharedtarget setup --layout in-place{replace}"),
        },
        automatic: None,
    })
}

/// The folders that a sandbox has to let builds write, and git's, if `onboard` is to do more than to warm.
pub(crate) fn to_write(survey: &Survey, facts: &DoctorFacts) -> BTreeSet<PathBuf> {
    let root = &survey.shared_root;
    let place = |one: &ClosedFolder| match one.folder.starts_with(&root.path) {
        true => root.path.clone(),
        false => one.folder.clone(),
    };
    // A folder that is not there cannot be allowed either.
    let closed = facts.closed.iter().filter(|_| !root.is_lost);
    closed
        .flat_map(|one| one.also.iter().cloned().chain([place(one)]))
        .collect()
}

/// Problems of the place of target folders.
pub(crate) fn place(survey: &Survey, facts: &DoctorFacts) -> Vec<Diagnosis> {
    let Some(place) = &facts.place else {
        return Vec::new();
    };
    let mut diagnoses = Vec::new();
    let path = place.path.display();
    if let Some(network) = &place.network {
        diagnoses.push(Diagnosis {
            severity: Severity::Danger,
            kind: DiagnosisKind::NoLocks,
            paths: vec![place.path.clone()],
            what: format!("`{path}` is on a network filesystem ({network})"),
            why: "Cargo takes no locks there, so two builds can write into one folder; we delete nothing, since a \
                build may be running".into(),
            fix: "cargo sharedtarget setup --replace --shared-root DIR, with a folder on a disk of this machine".into(),
            automatic: None,
        });
    }
    if place.available < SMALL || place.available.0 < place.total.0 / LITTLE {
        diagnoses.push(Diagnosis {
            severity: Severity::Waste,
            kind: DiagnosisKind::NearlyFull,
            paths: vec![place.path.clone()],
            what: format!(
                "{} of {} are free at `{path}`",
                place.available, place.total
            ),
            why: "a build that runs out of space leaves incomplete files, and the next build compiles them \
                again".into(),
            fix: match survey.folders.is_empty() {
                true => "delete other files: no target folder is here".into(),
                false => "cargo sharedtarget gc --min-free 20GB".into(),
            },
            automatic: None,
        });
    }
    if place.clones == Some(false) {
        diagnoses.push(Diagnosis {
            severity: Severity::Hint,
            kind: DiagnosisKind::NoClones,
            paths: vec![place.path.clone()],
            what: format!("the filesystem of `{path}` cannot clone files"),
            why: "hard links share libraries all the same; programs and output of build scripts are copied for \
                each worktree".into(),
            fix: "a shared root on XFS, btrfs or APFS, if that space matters".into(),
            automatic: None,
        });
    }
    let shared_device = survey
        .folders
        .iter()
        .find(|folder| folder.path.starts_with(&survey.shared_root.path));
    if let Some(shared) = shared_device.map(|folder| folder.marks.identity.device) {
        let others = survey
            .folders
            .iter()
            .filter(|folder| !folder.users.is_empty() && folder.marks.identity.device != shared);
        let others: Vec<PathBuf> = others.map(|folder| folder.path.clone()).collect();
        if !others.is_empty() {
            diagnoses.push(Diagnosis {
                severity: Severity::Waste,
                kind: DiagnosisKind::OtherFilesystem,
                what: format!("{} on another filesystem than `{}`", counted(others.len(), "target folder"), survey.shared_root.path.display()),
                paths: others,
                why: "files can share storage only on one filesystem, so units of other folders are copied".into(),
                fix: "cargo sharedtarget setup --replace --shared-root DIR, with a folder on theirs".into(),
                automatic: None,
            });
        }
    }
    diagnoses
}

/// A shared root that must not be used.
pub(crate) fn refused(survey: &Survey) -> Option<Diagnosis> {
    let refused = survey.shared_root.refused.as_ref()?;
    Some(Diagnosis {
        severity: Severity::Danger,
        kind: DiagnosisKind::Refused,
        paths: vec![refused.path.clone()],
        what: refused.what.clone(),
        why: "files in the shared root become part of your programs, so no command uses this one"
            .into(),
        fix: refused.mend.clone(),
        automatic: None,
    })
}

/// Configurations that lead to where the shared root was before it was moved, or to the one that it was copied from.
pub(crate) fn misled(survey: &Survey) -> Vec<Diagnosis> {
    let root = &survey.shared_root;
    let mut all: BTreeMap<(&Path, bool), Vec<&Workspace>> = BTreeMap::new();
    if let Some(original) = &root.copy_of {
        all.insert((original, true), Vec::new());
    }
    for workspace in &survey.workspaces {
        if let Some(was) = root.misled.get(&workspace.root) {
            all.entry((&was.path, was.there))
                .or_default()
                .push(workspace);
        }
    }
    let diagnoses = all.into_iter().map(|((was, copied), led)| {
        let (here, there) = (root.path.display(), was.display());
        let many = led.len();
        let who = match many {
            1 => "1 workspace builds".to_owned(),
            _ => format!("{many} workspaces build"),
        };
        let worktree = |one: &&Workspace| {
            let place = one.place.as_ref();
            place.map_or(&one.root, |place| &place.worktree).clone()
        };
        let tracked = |one: &&Workspace| crate::doctor::checks::is_tracked(one, survey);
        let paths: BTreeSet<PathBuf> = led.iter().map(worktree).collect();
        let by_worktree = many > 0 && led.iter().all(|one| one.place.is_some() && !tracked(one));
        let (severity, kind, what, why) = match copied {
            true => (
                if many > 0 { Severity::Danger } else { Severity::Broken },
                DiagnosisKind::Copied,
                match many {
                    0 => format!("`{here}` is a copy of the shared root `{there}`"),
                    _ => format!("`{here}` is a copy of the shared root `{there}`, and {who} into the original"),
                },
                "the copied configurations name the original, so builds of both write into the same folders; the \
                     copied root is ignored",
            ),
            false => (
                Severity::Broken,
                DiagnosisKind::Moved,
                format!("`{there}` was moved to `{here}`, and {who} into the old place"),
                "their builds start cold, and create the old folder again",
            ),
        };
        Diagnosis {
            severity,
            kind,
            paths: match paths.is_empty() {
                true => vec![root.path.clone()],
                false => paths.into_iter().collect(),
            },
            what,
            why: why.into(),
            fix: "cargo sharedtarget setup".into(),
            automatic: by_worktree.then_some(Fix::Configure),
        }
    });
    diagnoses.collect()
}

/// Worktrees that get the flags of the one around them beside their own.
pub(crate) fn flags_twice(survey: &Survey) -> Option<Diagnosis> {
    let joined = joined_flags::find(survey);
    let first = joined.first()?;
    let worktree = first.worktree;
    let around = worktree_of(first.outer, &survey.repositories)?.1;
    let beside = around.with_file_name(worktree.file_name()?);
    Some(Diagnosis {
        severity: Severity::Waste,
        kind: DiagnosisKind::FlagsTwice,
        paths: joined.iter().map(|one| one.worktree.to_owned()).collect(),
        what: format!(
            "`{}` is inside `{}`, so Cargo adds the rustflags in `{}` to its own",
            worktree.display(),
            around.display(),
            first.outer.display()
        ),
        why: "a unit with other flags is another unit, so Cargo compiles everything again; a worktree beside it \
            would share".into(),
        fix: format!("git worktree move {} {}", shell::word(worktree), shell::word(&beside)),
        automatic: None,
    })
}

/// Remains of worktrees that are gone.
pub(crate) fn orphans(survey: &Survey, now: Timestamp) -> Option<Diagnosis> {
    let options = CleanOptions {
        orphaned: true,
        ..CleanOptions::default()
    };
    let plan = decide::clean(survey, &options, now);
    let folders: Vec<PathBuf> = plan
        .all()
        .map(|delete: &DeleteFolder| delete.path.clone())
        .collect();
    let usages = plan
        .all()
        .filter_map(|delete: &DeleteFolder| delete.usage.as_ref());
    let size = freeable(usages);
    (!folders.is_empty()).then(|| Diagnosis {
        severity: Severity::Waste,
        kind: DiagnosisKind::Orphans,
        what: match folders.as_slice() {
            [one] => format!(
                "`{}` is the target folder of a removed worktree: {size}",
                one.display()
            ),
            many => format!(
                "{} target folders belong to removed worktrees: {size}",
                many.len()
            ),
        },
        why: match folders.len() {
            1 => "no build will use it again".into(),
            _ => "no build will use them again".into(),
        },
        paths: folders,
        fix: "cargo sharedtarget clean --orphaned".into(),
        automatic: None,
    })
}

/// Timers that do nothing, since something that they name is gone.
pub(crate) fn timers(facts: &DoctorFacts) -> Vec<Diagnosis> {
    let diagnosis = |one: &LostTimer| {
        let (first, gone) = (one.files.first(), one.gone.display());
        let name = first.and_then(|file| file.file_stem()).unwrap_or_default();
        let files: Vec<String> = one.files.iter().map(|file| shell::word(file)).collect();
        Diagnosis {
            severity: Severity::Broken,
            kind: DiagnosisKind::Timer,
            what: format!(
                "the timer `{}` names `{gone}`, which is gone",
                name.display()
            ),
            paths: one.files.clone(),
            why: "it fails every time, so nothing limits the size".into(),
            fix: match one.own {
                true => "cargo sharedtarget setup --schedule daily".into(),
                false => format!("{}; rm -f {}", one.stop, files.join(" ")),
            },
            automatic: None,
        }
    };
    facts.timers.iter().map(diagnosis).collect()
}

/// Worktrees that git lists, and that are not there as such.
pub(crate) fn half_removed(facts: &DoctorFacts) -> Vec<Diagnosis> {
    let diagnosis = |one: &HalfRemoved| {
        let (path, repository) = (one.path.display(), shell::word(&one.repository));
        let (what, why) = match one.left {
            Left::Files => (
                format!("git lists the worktree `{path}`, which has no `.git`"),
                "git does not recognize the files there as a worktree, so nothing sets it up",
            ),
            Left::Nothing | Left::Folder => (
                format!("git lists the worktree `{path}`, whose files are gone"),
                "git still treats its branch as checked out; if it is on a disk that is not mounted, `git \
                     worktree lock` keeps it",
            ),
        };
        let with_files =
            |other: &HalfRemoved| other.left == Left::Files && other.repository == one.repository;
        let mend = match one.left {
            Left::Files => format!("git -C {repository} worktree repair"),
            Left::Nothing => format!(
                "git -C {repository} worktree remove {}",
                shell::word(&one.path)
            ),
            // git would forget those with files as well.
            Left::Folder if facts.half_removed.iter().any(with_files) => {
                "fix the worktrees without `.git` first, then delete the folder".into()
            }
            Left::Folder => format!("git -C {repository} worktree prune"),
        };
        Diagnosis {
            severity: Severity::Hint,
            kind: DiagnosisKind::HalfRemoved,
            paths: vec![one.path.clone()],
            what,
            why: why.into(),
            fix: mend,
            automatic: None,
        }
    };
    facts.half_removed.iter().map(diagnosis).collect()
}

/// Workspaces whose tests or build scripts run Cargo in a target folder that lies in a shared root inside a worktree.
pub(crate) fn cargo_inside(survey: &Survey) -> Vec<Diagnosis> {
    let root = &survey.shared_root.path;
    let Some((_, around)) = worktree_of(root, &survey.repositories) else {
        return Vec::new();
    };
    let isolated = survey
        .workspaces
        .iter()
        .filter(|one| one.dirs.target_dir.starts_with(root));
    let found = isolated.filter_map(|one| {
        let sign = one.cargo_inside.as_ref()?;
        // A manifest there is a project; that a test asks for its folder says less.
        let is_made = sign.file_name().is_some_and(|name| name == "Cargo.toml");
        Some(Diagnosis {
            severity: match is_made {
                true => Severity::Danger,
                false => Severity::Hint,
            },
            kind: DiagnosisKind::CargoInside,
            paths: vec![one.root.clone()],
            what: format!(
                "tests or build scripts of `{}` may run Cargo in its target folder (see `{}`)",
                one.root.display(),
                sign.display()
            ),
            why: format!(
                "the shared root is inside the worktree `{}`, so they read its configuration and use its folder: \
                     they would run another worktree's code, or block for ever on a build that waits for them",
                around.display()
            ),
            fix: "cargo sharedtarget setup --layout in-place".into(),
            automatic: None,
        })
    });
    found.collect()
}
