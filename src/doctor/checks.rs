//! Decides what is wrong with a setup.

pub(crate) mod place;
pub(crate) mod tools;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::model::{SetBy, Tracked};
use crate::cargo::{config_chain, wrapper_script};
use crate::doctor::model::{Diagnosis, DiagnosisKind, DoctorFacts, DoctorReport, Fix, Severity};
use crate::fs::model::Problem;
use crate::plan::hook_state::HookState;
use crate::survey::model::{Survey, Workspace};
use crate::survey::shared_place::shared_places;
use crate::text::shell;

/// Decides what is wrong, the worst first. Everything that is found stands in it with what fixes it.
#[must_use]
pub(crate) fn checkup(survey: &Survey, facts: DoctorFacts, now: Timestamp) -> DoctorReport {
    let mut diagnoses = Vec::new();
    diagnoses.extend(shared(survey));
    diagnoses.extend(taken_along(&facts));
    diagnoses.extend(place::cargo_inside(survey));
    diagnoses.extend(place::refused(survey));
    diagnoses.extend(place::misled(survey));
    diagnoses.extend(overrides(survey));
    diagnoses.extend(configs(survey, &facts));
    diagnoses.extend(place::flags_twice(survey));
    diagnoses.extend(place::closed(survey, &facts));
    diagnoses.extend(place::broken_links(&facts));
    diagnoses.extend(place::place(survey, &facts));
    diagnoses.extend(place::orphans(survey, now));
    diagnoses.extend(place::half_removed(&facts));
    diagnoses.extend(hooks(survey, &facts));
    diagnoses.extend(place::timers(&facts));
    diagnoses.extend(tools::tools(survey, &facts));
    diagnoses.extend(tools::wrappers(survey, &facts));
    diagnoses.extend(tools::variables(&facts));
    diagnoses.extend(analyzers(&facts));
    diagnoses.sort_by_key(|diagnosis| (diagnosis.severity, diagnosis.kind));
    DoctorReport {
        to_write: place::to_write(survey, &facts),
        facts,
        diagnoses,
        problems: problems(survey),
    }
}

/// Files that could not be read, without those of a diagnosis.
fn problems(survey: &Survey) -> Vec<Problem> {
    let refused = survey.shared_root.refused.as_ref();
    let problems = survey.problems.iter();
    let rest = problems.filter(|one| refused.is_none_or(|why| why.message != one.message));
    rest.cloned().collect()
}

impl DoctorReport {
    /// The paths of all problems that are fixed in one way.
    #[must_use]
    pub(crate) fn to_fix(&self, how: Fix) -> BTreeSet<&Path> {
        let mended = self
            .diagnoses
            .iter()
            .filter(|one| one.automatic == Some(how));
        mended
            .flat_map(|one| &one.paths)
            .map(std::path::PathBuf::as_path)
            .collect()
    }

    /// Whether there is more than hints: a problem, or a file that cannot be read.
    #[must_use]
    pub(crate) fn complains(&self) -> bool {
        let mut severities = self.diagnoses.iter().map(|one| one.severity);
        severities.any(|severity| severity != Severity::Hint) || !self.problems.is_empty()
    }
}

/// Folders that several worktrees of one repository build into.
fn shared(survey: &Survey) -> Vec<Diagnosis> {
    let diagnoses = shared_places(survey).into_iter().map(|place| {
        let (dir, all, worktrees) = (place.folder, place.workspaces, place.worktrees);
        // A configuration in one worktree counts in another one that lies inside it.
        let inherited = all.iter().find(|one| {
            let own = one.place.as_ref().map(|place| place.worktree.as_path());
            let by = [&one.dirs.target_set_by, &one.dirs.build_set_by];
            by.iter().any(|by| matches!(by, SetBy::Config(file)
                if worktrees.iter().any(|other| Some(*other) != own && file.starts_with(other))
                    && own.is_some_and(|own| !file.starts_with(own))))
        });
        let many = worktrees.len();
        let (kind, what) = match inherited {
            Some(one) => (
                DiagnosisKind::Inherited,
                format!("`{}` builds into `{}`, because of the configuration of the worktree around it", one.root.display(), dir.display()),
            ),
            None => (
                DiagnosisKind::SharedByWorktrees,
                format!("{many} worktrees of one repository build into `{}`", dir.display()),
            ),
        };
        Diagnosis {
            severity: Severity::Danger,
            kind,
            paths: worktrees.into_iter().map(Path::to_owned).collect(),
            what,
            why: "Cargo decides freshness by mtime, so it can print `Finished` and run another worktree's code; \
                builds also wait for each other's lock".into(),
            fix: "cargo sharedtarget setup --replace".into(),
            // Configurations that git tracks are edited only for users who ask for that.
            automatic: (!all.iter().any(|one| is_tracked(one, survey))).then_some(Fix::Configure),
        }
    });
    diagnoses.collect()
}

fn is_tracked(workspace: &Workspace, survey: &Survey) -> bool {
    let file = survey.configs.get(&workspace.config);
    file.is_some_and(|file| file.tracked != Tracked::No && file.bytes.is_some())
}

fn overrides(survey: &Survey) -> Vec<Diagnosis> {
    let family = |repository: &crate::survey::model::Repository| {
        let present = repository
            .worktrees
            .iter()
            .filter(|worktree| worktree.present);
        present.count() > 1
    };
    let several = survey.repositories.iter().any(family);
    let diagnoses = survey.overrides.iter().map(|one| Diagnosis {
        severity: if several { Severity::Danger } else { Severity::Broken },
        kind: DiagnosisKind::EnvOverride,
        paths: vec![one.folder.clone()],
        what: format!("`{}` is set to `{}`", one.variable, one.value),
        why: match several {
            true => "it beats every configuration: from this shell, all worktrees build into one folder and may \
                run each other's code".into(),
            false => "it beats every configuration, so this shell ignores the setup".into(),
        },
        fix: format!("unset {}", one.variable),
        automatic: None,
    });
    diagnoses.collect()
}

/// Configuration files that do not do what they seem to.
fn configs(survey: &Survey, facts: &DoctorFacts) -> Vec<Diagnosis> {
    let mut diagnoses = Vec::new();
    for (path, file) in &survey.configs {
        if let (Tracked::Yes, Some(value)) = (&file.tracked, file.keys.absolute_folder()) {
            diagnoses.push(tracked_path(path, value, facts.uncommitted.contains(path)));
        }
        let [legacy, current] = CONFIG_NAMES;
        let beside = |name: &str| {
            survey
                .configs
                .get(&path.with_file_name(name))
                .is_some_and(|file| file.bytes.is_some())
        };
        if path.ends_with(current) && file.bytes.is_some() && beside(legacy) {
            diagnoses.push(Diagnosis {
                severity: Severity::Broken,
                kind: DiagnosisKind::LegacyConfig,
                paths: vec![path.with_file_name(legacy), path.clone()],
                what: format!("`{}` is beside `{legacy}`", path.display()),
                why: format!("Cargo reads `{legacy}` and ignores `{current}`"),
                fix: format!("merge `{legacy}` into `{current}`, and delete it"),
                automatic: None,
            });
        }
    }
    diagnoses
}

/// A tracked configuration that names a path of one machine. In an uncommitted change, only a commit would do harm.
fn tracked_path(path: &Path, value: &str, uncommitted: bool) -> Diagnosis {
    let (severity, what, why, fix) = match uncommitted {
        true => (
            Severity::Hint,
            "an uncommitted change in it names",
            "in a commit, every checkout would build into that path, and so would all your worktrees",
            "keep this change out of commits, or take it back with `cargo sharedtarget undo` if `setup` made it".into(),
        ),
        false => (
            Severity::Danger,
            "it names",
            "every checkout builds into that path, and so do all your worktrees",
            untrack(path),
        ),
    };
    Diagnosis {
        severity,
        kind: DiagnosisKind::TrackedPath,
        paths: vec![path.to_owned()],
        what: format!("git tracks `{}`, and {what} `{value}`", path.display()),
        why: why.into(),
        fix,
        automatic: None,
    }
}

/// The command by which git forgets a file. A name may look like an option or a pattern.
fn untrack(path: &Path) -> String {
    let folder = shell::word(path.parent().unwrap_or(path));
    let name = shell::word(Path::new(path.file_name().unwrap_or_default()));
    format!("git --literal-pathspecs -C {folder} rm --cached {name}")
}

fn hooks(survey: &Survey, facts: &DoctorFacts) -> Vec<Diagnosis> {
    let diagnoses = facts.hooks.iter().filter_map(|status| {
        let repository = survey
            .repositories
            .iter()
            .find(|one| one.common_dir == status.repository);
        let worktrees = repository.map_or(&[][..], |one| &one.worktrees);
        let present = || worktrees.iter().filter(|worktree| worktree.present);
        // A submodule lies elsewhere than its repository.
        let place = present().next().map(|worktree| &worktree.path);
        let place = place.unwrap_or(&status.repository);
        let (severity, what, mend) = match &status.state {
            HookState::NotExecutable => (Severity::Broken, "the hook is not executable", INSTALL),
            HookState::OutOfDate => (
                Severity::Broken,
                "the hook has another version, or names a program that has moved",
                INSTALL,
            ),
            HookState::Unfinished => (
                Severity::Broken,
                "the installation of the hook was interrupted",
                INSTALL,
            ),
            HookState::TakenOut { .. } => (
                Severity::Broken,
                "the hook was removed, and the earlier hook is still renamed",
                INSTALL,
            ),
            HookState::Overwritten { .. } => (
                Severity::Broken,
                "another hook has replaced ours",
                "cargo sharedtarget hook status",
            ),
            HookState::Shadowed { .. } => (
                Severity::Waste,
                "git reads its hooks from another folder",
                "cargo sharedtarget hook status",
            ),
            HookState::NotInstalled => {
                // Where Cargo itself sets them up, a hook would only do it sooner.
                let by_cargo = |root: &Path| {
                    config_chain::wrapper(root, &survey.configs, &survey.surroundings)
                        .is_some_and(|(wrapper, _)| wrapper_script::is_ours(wrapper))
                };
                let mut workspaces = survey
                    .workspaces
                    .iter()
                    .filter(|workspace| present().any(|worktree| workspace.is_in(&worktree.path)));
                if present().count() < 2 || workspaces.any(|workspace| by_cargo(&workspace.root)) {
                    return None;
                }
                (
                    Severity::Hint,
                    "there are several worktrees, but no hook sets up new ones",
                    INSTALL,
                )
            }
            _ => return None,
        };
        Some(Diagnosis {
            severity,
            kind: DiagnosisKind::Hook,
            paths: vec![status.file.clone()],
            what: format!("`{}`: {what}", status.repository.display()),
            why: "a new worktree starts cold, with Cargo's own target folder".into(),
            fix: format!("{mend} {}", shell::word(place)),
            automatic: (mend == INSTALL).then_some(Fix::InstallHook),
        })
    });
    diagnoses.collect()
}

const INSTALL: &str = "cargo sharedtarget hook install";

/// Target folders that tools take along into new worktrees.
fn taken_along(facts: &DoctorFacts) -> Vec<Diagnosis> {
    let diagnoses = facts.taken_along.iter().map(|one| {
        let (file, folder) = (one.file.display(), one.folder.display());
        let (kind, how, why) = match one.linked {
            true => (
                DiagnosisKind::LinkedTarget,
                "linked",
                "all worktrees build into one folder then: Cargo says `Finished` and runs another worktree's code; and each build waits for the others",
            ),
            false => (
                DiagnosisKind::CopiedTarget,
                "copied",
                "the copies are newer than the sources of the new worktree: Cargo says `Finished` and runs code of the worktree that they come from; and each copy takes the whole space",
            ),
        };
        Diagnosis {
            severity: Severity::Danger,
            kind,
            paths: vec![one.file.clone()],
            what: format!("`{file}` has `{folder}` {how} into new worktrees"),
            why: why.into(),
            fix: format!("take `{folder}` out of `{file}`; `cargo sharedtarget onboard` warms a new worktree"),
            automatic: None,
        }
    });
    diagnoses.collect()
}

fn analyzers(facts: &DoctorFacts) -> Vec<Diagnosis> {
    let diagnoses = facts.analyzers.iter().map(|one| {
        let absolute = one.folder.as_deref().filter(|folder| Path::new(folder).is_absolute());
        let file = one.file.display();
        match absolute {
            Some(folder) => Diagnosis {
                severity: Severity::Danger,
                kind: DiagnosisKind::Analyzer,
                paths: vec![one.file.clone()],
                what: format!("`{file}` makes rust-analyzer build into `{folder}`"),
                why: "every worktree with this setting builds into that one folder, and can show another \
                    worktree's errors".into(),
                fix: "set `rust-analyzer.cargo.targetDir` to true".into(),
                automatic: None,
            },
            None => Diagnosis {
                severity: Severity::Hint,
                kind: DiagnosisKind::Analyzer,
                paths: vec![one.file.clone()],
                what: format!("`{file}` gives rust-analyzer a target folder of its own"),
                why: "rust-analyzer and your builds do not wait for each other, but it compiles everything once \
                    more and shares nothing".into(),
                fix: "keep it if locks made you wait; otherwise remove `rust-analyzer.cargo.targetDir`".into(),
                automatic: None,
            },
        }
    });
    diagnoses.collect()
}
