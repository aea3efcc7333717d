//! Units that are left, why, and the words for it.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::target::unit::UnitId;
use crate::term::view::{Out, View};
use crate::text::shown;

/// Writes what is not taken, by reason.
pub(crate) fn left(out: Out<'_>, all: &[&LeftUnit], view: &View) -> io::Result<()> {
    left_as(
        out,
        "not taken; Cargo compiles them if a build needs them:",
        all,
        view,
    )
}

/// Writes what something is not done with, by reason.
pub(crate) fn left_as(
    out: Out<'_>,
    heading: &str,
    all: &[&LeftUnit],
    view: &View,
) -> io::Result<()> {
    let mut groups: Vec<(&'static str, Vec<&LeftUnit>)> = Vec::new();
    for unit in all {
        let words = words(&unit.reason);
        match groups.iter_mut().find(|(known, _)| *known == words) {
            Some((_, group)) => group.push(unit),
            None => groups.push((words, vec![unit])),
        }
    }
    if groups.is_empty() {
        return Ok(());
    }
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    writeln!(out, "  {heading}")?;
    for (words, group) in groups {
        writeln!(out, "  {:>5}  {words}{}", group.len(), named(&group, view))?;
        if view.verbose {
            for unit in group {
                let version = unit.version.as_deref().unwrap_or_default();
                let detail = detail(&unit.reason, view);
                writeln!(
                    out,
                    "         {} {version} ({}){detail}",
                    shown(&unit.package),
                    unit.id
                )?;
            }
        }
    }
    Ok(())
}

/// The first few packages, of reasons that one would want to know more about.
pub(crate) fn named(group: &[&LeftUnit], view: &View) -> String {
    let ordinary = group.iter().all(|unit| {
        matches!(
            unit.reason.root(),
            LeftReason::Local | LeftReason::NotLocked | LeftReason::Documentation
        )
    });
    if ordinary || view.verbose {
        return String::new();
    }
    let mut names: Vec<&str> = group.iter().map(|unit| unit.package.as_str()).collect();
    names.dedup();
    let more = match names.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!(" and {more} more"),
        _ => String::new(),
    };
    names.truncate(NAMED);
    format!(": {}{more}", shown(&names.join(", ")))
}

pub(crate) fn words(reason: &LeftReason) -> &'static str {
    match reason {
        LeftReason::Local => "of local packages",
        LeftReason::DependsOn { because, .. } => match because.root() {
            LeftReason::Local => "depending on a local package",
            LeftReason::PathInside { .. } => {
                "depending on a unit that contains a path of the donor"
            }
            LeftReason::NotLocked => "depending on a version that is not in Cargo.lock",
            _ => "depending on a unit that is not taken",
        },
        LeftReason::NotLocked => "of versions that are not in Cargo.lock",
        LeftReason::OtherCompiler => "compiled by another compiler",
        LeftReason::OtherFlags => "compiled with other flags",
        LeftReason::OtherEnvironment { .. } => {
            "with a build script or a macro that ran in another environment"
        }
        LeftReason::EnvironmentUnknown { .. } => "possibly built in another environment",
        LeftReason::OtherWrapper { .. } => "compiled through another wrapper or compiler program",
        LeftReason::Documentation => "of documentation",
        LeftReason::Program => "of programs",
        LeftReason::Unknown { .. } => "of an unknown kind or source",
        LeftReason::Incomplete { .. } => "with a dependency that is gone or has changed",
        LeftReason::Stale => "older than a dependency",
        LeftReason::PathInside { .. } => "containing a path of the donor",
        LeftReason::WroteOutside { .. } => "with a build script that wrote outside OUT_DIR",
        LeftReason::LinkInside { .. } => "containing a symbolic link that leads outside",
        LeftReason::Damaged { .. } => "with incomplete or changed files",
        LeftReason::SourcesInside => "with sources in the donor's worktree",
        LeftReason::OtherDependency { .. } => {
            "compiled with another dependency than this folder has"
        }
        LeftReason::Occupied => "present here in an unknown form",
        LeftReason::Awaited { .. } => "replacing a dependency that units here were compiled with",
        LeftReason::SourcesUnknown { .. } => "with sources that cannot be compared",
        LeftReason::SourceDiffers { .. } => "with different sources here",
        LeftReason::SourceNewer { .. } => "possibly older than the donor's sources",
        LeftReason::ChangedElsewhere { .. } => "with uncommitted changes that may be copied here",
        LeftReason::OtherSettings { .. } => {
            "with different settings in a manifest or configuration"
        }
        LeftReason::BuildScript { .. } => "with a build script that may act differently here",
        LeftReason::OtherWorktree { .. } => "possibly compiled in another worktree",
    }
}

pub(crate) fn detail(reason: &LeftReason, view: &View) -> String {
    let show = |path: &Path| view.paths.show(path);
    match reason {
        LeftReason::DependsOn { root, because } => {
            format!(": through {root}{}", detail(because, view))
        }
        LeftReason::Unknown { why } => format!(": {why}"),
        LeftReason::OtherEnvironment { variable } => format!(": {variable}"),
        LeftReason::EnvironmentUnknown { file } => match file {
            Some(file) => format!(": {} has changed since", show(file)),
            None => ": its worktree is gone or unknown".into(),
        },
        LeftReason::OtherWrapper { program } => format!(": {}", show(program)),
        LeftReason::Incomplete { missing } => format!(": {missing}"),
        LeftReason::PathInside { file, path } => format!(": {path} in {}", show(file)),
        LeftReason::WroteOutside { file } | LeftReason::LinkInside { file } => {
            format!(": {}", show(file))
        }
        LeftReason::SourcesUnknown { why } | LeftReason::BuildScript { why } => format!(": {why}"),
        LeftReason::SourceDiffers { file }
        | LeftReason::SourceNewer { file }
        | LeftReason::OtherSettings { file } => format!(": {}", show(file)),
        LeftReason::ChangedElsewhere { file, worktree } => {
            format!(": {} in {}", show(file), show(worktree))
        }
        LeftReason::OtherWorktree { worktree } => match worktree {
            Some(worktree) => format!(": {}", show(worktree)),
            None => String::new(),
        },
        LeftReason::Damaged { file, why } => format!(": {}: {why}", show(file)),
        LeftReason::OtherDependency {
            dependency: package,
        }
        | LeftReason::Awaited { by: package } => {
            format!(": {package}")
        }
        LeftReason::Local
        | LeftReason::OtherCompiler
        | LeftReason::OtherFlags
        | LeftReason::NotLocked
        | LeftReason::Documentation
        | LeftReason::Program
        | LeftReason::Stale
        | LeftReason::SourcesInside
        | LeftReason::Occupied => String::new(),
    }
}

/// How many units are named for a reason unless everything is asked for.
pub(crate) const NAMED: usize = 3;

/// A unit that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LeftUnit {
    /// Its package, or what is known of it.
    pub(crate) package: String,
    /// The package's version, where it is known.
    pub(crate) version: Option<String>,
    pub(crate) id: UnitId,
    #[serde(flatten)]
    pub(crate) reason: LeftReason,
}

/// Why a unit is not taken. Cargo compiles it, as it would have done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "reason")]
pub(crate) enum LeftReason {
    /// Its package is local, and nothing but third-party crates is asked for.
    Local,
    /// It is unknown whether its sources are the same.
    SourcesUnknown {
        /// Why not.
        why: String,
    },
    /// A source of it is not the same in the worktree.
    SourceDiffers {
        /// The file, relative to the top of the worktree.
        file: PathBuf,
    },
    /// A source of it may have changed in the donor's worktree since it was compiled.
    SourceNewer {
        /// The file or folder, relative to the top of the worktree where it lies in it.
        file: PathBuf,
    },
    /// A source of it is changed and not committed in some worktree, so that a tool that makes worktrees may be about to
    /// copy it into this one, with a time from before.
    ChangedElsewhere {
        /// The file, relative to the top of that worktree.
        file: PathBuf,
        /// That worktree.
        worktree: PathBuf,
    },
    /// The manifest of the workspace or a configuration says something else of it than in the donor's worktree.
    OtherSettings {
        /// The file.
        file: PathBuf,
    },
    /// Its build script might do something else here.
    BuildScript {
        /// Why.
        why: String,
    },
    /// It may have been compiled in another worktree than the donor's.
    OtherWorktree {
        /// That worktree, where something names it.
        worktree: Option<PathBuf>,
    },
    /// A dependency is not taken, so that Cargo may make another one than it was compiled with.
    DependsOn {
        /// The package at the root of it.
        root: String,
        /// Why that one is not taken.
        because: Box<LeftReason>,
    },
    /// The worktree's `Cargo.lock` does not have its package at this version.
    NotLocked,
    /// Another compiler made it than the one that the worktree uses.
    OtherCompiler,
    /// The worktree's configurations ask for other flags of the compiler, so that its builds do not look for it.
    OtherFlags,
    /// A variable that a configuration sets has another value here, and may have gone into it.
    OtherEnvironment {
        /// The variable.
        variable: String,
    },
    /// The environment of its build is not known.
    EnvironmentUnknown {
        /// The configuration that has changed since; none where its worktree is gone or not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<PathBuf>,
    },
    /// Another program, or none, runs as the compiler or in its place here than where it was made.
    OtherWrapper {
        /// The program.
        program: PathBuf,
    },
    /// Pages are made anew each time.
    Documentation,
    /// It is a program, which nothing depends on.
    Program,
    /// Its kind or its source is unknown.
    Unknown {
        /// The part that could not be understood.
        why: String,
    },
    /// A dependency is not there any more, or not as it was.
    Incomplete {
        /// The dependency's name.
        missing: String,
    },
    /// Cargo would compile it again: a dependency is newer.
    Stale,
    /// It keeps a path of the donor, which may be deleted.
    PathInside {
        /// The file that keeps it.
        file: PathBuf,
        /// The path.
        path: String,
    },
    /// Its build script put something outside of its `OUT_DIR`, which would be missing.
    WroteOutside {
        /// A file that seems to be the script's.
        file: PathBuf,
    },
    /// It holds a symbolic link that leads out of it.
    LinkInside {
        /// The link.
        file: PathBuf,
    },
    /// A file of it is not whole, or has changed since it was built.
    Damaged {
        /// The file.
        file: PathBuf,
        /// The damage.
        why: String,
    },
    /// Its sources lie in the donor's worktree.
    SourcesInside,
    /// The worktree has a dependency that it compiled itself, and that is not the same as the donor's.
    OtherDependency {
        /// The dependency's package.
        dependency: String,
    },
    /// A unit of the worktree was compiled with another unit of this name, which is gone: Cargo would take the former
    /// for fresh by the times of this one.
    Awaited {
        /// The package of the former.
        by: String,
    },
    /// The worktree has it in a form that Cargo or we do not understand.
    Occupied,
}

impl LeftReason {
    /// The reason at the root.
    #[must_use]
    pub(crate) fn root(&self) -> &Self {
        match self {
            Self::DependsOn { because, .. } => because.root(),
            other => other,
        }
    }
}
