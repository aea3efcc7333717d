//! The decisions of `setup`, without a disk.

use std::path::{Path, PathBuf};

use super::*;
use crate::clean::model::DeleteFolder;
use crate::setup::model::{Exclude, RecordOwner, WriteConfig};

/// The plan of a setup in which nothing can be warmed.
fn plan_of(survey: &Survey, options: &SetupOptions) -> Plan {
    setup(survey, options).with(survey, Vec::new(), Vec::new())
}
use crate::cargo::config_chain::WORKSPACE_PATH_HASH;
use crate::cargo::model::{ConfigContext, ConfigFile, Tracked};
use crate::cargo::{config_chain, config_edit};
use crate::plan::action::EditFile;
use crate::survey::folder::{FolderOrigin, Owner, OwnerState};
use crate::survey::model::CargoAnswer;
use crate::survey::sample::{folder, placed, repository, survey};

/// The main worktree `/r` and the linked one `/x`, each built once into its own `target`.
fn two_worktrees() -> Survey {
    let default = |root: &str| FolderOrigin::Default {
        workspace: root.into(),
    };
    let workspaces = vec![placed("/r", "/r"), placed("/x", "/x")];
    let folders = vec![
        folder("/r/target", default("/r")),
        folder("/x/target", default("/x")),
    ];
    Survey {
        repositories: vec![repository(&["/x"])],
        ..survey(workspaces, folders)
    }
}

fn plan(survey: &Survey) -> Plan {
    plan_of(survey, &SetupOptions::default())
}

/// The configurations to be written, by workspace.
fn written(plan: &Plan) -> Vec<(&Path, &Path)> {
    plan.all::<WriteConfig>()
        .filter_map(|write| Some((write.workspace.as_deref()?, write.target_dir.as_deref()?)))
        .collect()
}

fn deleted(plan: &Plan) -> Vec<&Path> {
    plan.all()
        .map(|delete: &DeleteFolder| delete.path.as_path())
        .collect()
}

fn reason<'a>(plan: &'a Plan, path: &str) -> &'a KeptReason {
    let mut found = plan.kept.iter().filter(|kept| kept.path == Path::new(path));
    let kept = found
        .next()
        .unwrap_or_else(|| panic!("{path} is not kept: {plan:?}"));
    assert!(found.next().is_none(), "{path} is kept twice");
    &kept.reason
}

/// Gives a workspace the configuration that a setup would have given it, with this folder.
fn configure(survey: &mut Survey, at: usize, target_dir: &str) {
    configure_with(
        survey,
        at,
        &format!("[build]\ntarget-dir = \"{target_dir}\"\n"),
    );
}

fn configure_with(survey: &mut Survey, at: usize, text: &str) {
    let workspace = &mut survey.workspaces[at];
    let file = ConfigFile {
        path: workspace.config.clone(),
        keys: config_edit::keys(text).expect("valid"),
        bytes: Some(text.as_bytes().to_vec()),
        ..ConfigFile::default()
    };
    survey.configs.insert(file.path.clone(), file);
    workspace.dirs = config_chain::resolve(&workspace.root, &survey.configs, &survey.surroundings);
}

fn owner(workspace: &str) -> Owner {
    Owner {
        workspace: workspace.into(),
        worktree: Some(workspace.into()),
        common_dir: Some("/r/.git".into()),
        layout: Layout::Isolated,
        device: None,
        stamp: Some(workspace.into()),
    }
}

#[test]
fn each_worktree_gets_a_folder_and_loses_its_old_one() {
    let survey = two_worktrees();
    let plan = plan(&survey);
    let expected = [("/r", "/s/r/main"), ("/x", "/s/r/x")];
    assert_eq!(
        written(&plan),
        expected.map(|(w, t)| (Path::new(w), Path::new(t)))
    );
    assert_eq!(
        deleted(&plan),
        [Path::new("/r/target"), Path::new("/x/target")]
    );
    assert!(plan.kept.is_empty(), "{:?}", plan.kept);
    for delete in plan.all::<DeleteFolder>() {
        assert_eq!(
            delete.released_by.len(),
            1,
            "cargo is asked again before it goes"
        );
    }
}

#[test]
fn the_names_stay_when_a_copy_of_a_worktree_appears() {
    let mut survey = two_worktrees();
    configure(&mut survey, 0, "/s/r/main");
    configure(&mut survey, 1, "/s/r/main");
    let state = OwnerState::Present;
    survey.notes.insert("/s/r/main".into(), owner("/r"));
    survey.folders.push(folder(
        "/s/r/main",
        FolderOrigin::Owner {
            owner: owner("/r"),
            state,
        },
    ));
    let plan = plan(&survey);
    let into = |root: &str| {
        written(&plan)
            .into_iter()
            .find(|(w, _)| *w == Path::new(root))
            .map(|(_, t)| t.to_owned())
    };
    assert_eq!(into("/r"), None, "its owner is as it should be");
    assert_eq!(
        into("/x"),
        Some(PathBuf::from("/s/r/x")),
        "the copied configuration is not believed"
    );
    assert!(!deleted(&plan).contains(&Path::new("/s/r/main")));
}

#[test]
fn a_moved_worktree_takes_its_folder_along() {
    let mut survey = two_worktrees();
    configure(&mut survey, 1, "/s/r/old");
    let mut moved = owner("/r/gone");
    moved.stamp = survey.workspaces[1].stamp.clone();
    survey.notes.insert("/s/r/old".into(), moved.clone());
    let known = FolderOrigin::Owner {
        owner: moved,
        state: OwnerState::Gone,
    };
    survey.folders.push(folder("/s/r/old", known));
    let plan = plan(&survey);
    assert!(
        !deleted(&plan).contains(&Path::new("/s/r/old")),
        "it is in use, whatever its note says"
    );
    let noted = plan.all::<RecordOwner>().any(|note| {
        note.owner.workspace == Path::new("/x") && note.file.ends_with("old.sharedtarget.json")
    });
    assert!(noted, "the note is put right");
}

#[test]
fn a_name_that_somebody_has_is_not_given_again() {
    let mut survey = two_worktrees();
    let mut other = owner("/elsewhere");
    other.common_dir = Some("/elsewhere/.git".into());
    let known = FolderOrigin::Owner {
        owner: other.clone(),
        state: OwnerState::Present,
    };
    survey.notes.insert("/s/R/main".into(), other);
    survey.folders.push(folder("/s/R/main", known));
    let plan = plan(&survey);
    assert_eq!(
        written(&plan)[0].1,
        Path::new("/s/r-2/main"),
        "names differ by more than case"
    );
    assert!(matches!(
        reason(&plan, "/s/R/main"),
        KeptReason::OwnerElsewhere { .. }
    ));
}

/// Gives a configuration file a fault.
type Spoil = fn(&mut ConfigFile);

#[test]
fn what_may_not_be_edited_keeps_its_folder_too() {
    let spoils: [(&str, Spoil); 4] = [
        ("tracked", |file| file.tracked = Tracked::Yes),
        ("git silent", |file| {
            file.tracked = Tracked::Unclear("no".into());
        }),
        ("a link", |file| file.symlink = Some("/elsewhere".into())),
        ("read-only", |file| file.read_only = true),
    ];
    for (what, spoil) in spoils {
        let mut survey = two_worktrees();
        let path = survey.workspaces[0].config.clone();
        let mut file = ConfigFile {
            path: path.clone(),
            bytes: Some(Vec::new()),
            ..ConfigFile::default()
        };
        spoil(&mut file);
        survey.configs.insert(path, file);
        let plan = plan(&survey);
        assert_eq!(written(&plan).len(), 1, "{what}");
        assert!(
            matches!(reason(&plan, "/r/target"), KeptReason::InUse { .. }),
            "{what}"
        );
        reason(&plan, "/r");
    }
}

#[test]
fn the_users_own_choice_stays_unless_replaced() {
    let mut survey = two_worktrees();
    configure(&mut survey, 0, "/fast/disk");
    let kept = plan(&survey);
    assert!(
        matches!(reason(&kept, "/r"), KeptReason::ConfigSet { value, .. } if value == "/fast/disk")
    );
    let replaced = plan_of(
        &survey,
        &SetupOptions {
            replace: true,
            ..SetupOptions::default()
        },
    );
    assert_eq!(written(&replaced)[0].1, Path::new("/s/r/main"));
}

#[test]
fn a_nested_workspace_that_was_never_built_is_left_alone() {
    let mut survey = two_worktrees();
    let mut template = placed("/r/template", "/r");
    template.nested_in = Some("/r".into());
    (template.built, template.used) = (false, false);
    survey.workspaces.push(template.clone());
    let before = plan(&survey);
    assert!(matches!(
        reason(&before, "/r/template"),
        KeptReason::NeverBuilt { .. }
    ));
    let main = written(&before)[0].1;
    assert_eq!(
        main,
        guard("main", "/r"),
        "it would mix with the one around it"
    );
    // Another worktree builds it.
    survey.workspaces[2].used = true;
    let known = plan(&survey);
    let own = (Path::new("/r/template"), Path::new("/s/r/main+template"));
    assert!(written(&known).contains(&own), "{:?}", written(&known));
    survey.workspaces[2].used = false;
    // A cargo without build-dir would mix them all the same.
    survey.workspaces[0].cargo = CargoAnswer::Said {
        knows_build_dir: false,
        packages: Vec::new(),
    };
    assert_eq!(
        *reason(&plan(&survey), "/r"),
        KeptReason::OldCargo { tracked: false }
    );
    let isolated = SetupOptions {
        layout: Some(Layout::Isolated),
        ..SetupOptions::default()
    };
    let asked_for = plan_of(&survey, &isolated);
    assert_eq!(written(&asked_for)[0].1, Path::new("/s/r/main"));
    let unguarded = |warning: &Warning| matches!(warning, Warning::NoGuard { workspaces: 1 });
    assert!(asked_for.warnings.iter().any(unguarded));
}

#[test]
fn a_workspace_of_tests_keeps_the_one_around_it_in_place() {
    let mut survey = two_worktrees();
    let mut fixture = placed("/r/tests/sample", "/r");
    fixture.nested_in = Some("/r".into());
    survey.workspaces.push(fixture);
    let kept = plan(&survey);
    assert!(matches!(
        reason(&kept, "/r/tests/sample"),
        KeptReason::Fixture { .. }
    ));
    assert!(matches!(
        reason(&kept, "/r"),
        KeptReason::FixtureInside { .. }
    ));
    let isolated = SetupOptions {
        layout: Some(Layout::Isolated),
        ..SetupOptions::default()
    };
    let asked_for = plan_of(&survey, &isolated);
    assert_eq!(
        written(&asked_for).len(),
        3,
        "all of them, as they were asked for"
    );
    configure(&mut survey, 1, "/s/r/x");
    let as_its_sibling = plan(&survey);
    let written = written(&as_its_sibling);
    assert!(written.iter().any(|(root, _)| *root == Path::new("/r")));
}

/// The folder that a guard leads to.
fn guard(name: &str, root: &str) -> PathBuf {
    let around = ConfigContext::default();
    let template = format!("/s/build/r/{name}/{WORKSPACE_PATH_HASH}");
    config_chain::expand(&template, Path::new(root), &around).into()
}

/// One that is not set up would build into the folder of the worktree around it.
#[test]
fn a_guard_stands_where_a_worktree_lies_inside() {
    let workspaces = vec![placed("/r", "/r"), placed("/r/x", "/r/x")];
    let mut survey = Survey {
        repositories: vec![repository(&["/r/x"])],
        ..survey(workspaces, Vec::new())
    };
    let before = plan(&survey);
    let main = guard("main", "/r");
    let expected: [(&Path, &Path); 2] = [
        (Path::new("/r"), &main),
        (Path::new("/r/x"), Path::new("/s/r/x")),
    ];
    assert_eq!(written(&before), expected);
    let build_dirs: Vec<Option<&str>> = before
        .all::<WriteConfig>()
        .map(|write| write.build_dir.as_deref())
        .collect();
    let template = format!("/s/build/r/main/{WORKSPACE_PATH_HASH}");
    assert_eq!(
        build_dirs,
        [Some(template.as_str()), Some("/s/r/x")],
        "what the guard says is not taken over"
    );
    for write in before.all::<WriteConfig>() {
        let text = write.edit.after.clone().expect("a text");
        let text = String::from_utf8(text).expect("a text");
        let at = usize::from(write.workspace.as_deref() == Some(Path::new("/r/x")));
        configure_with(&mut survey, at, &text);
    }
    assert!(written(&plan(&survey)).is_empty(), "it stays");
    let without = SetupOptions {
        guard: Some(false),
        ..SetupOptions::default()
    };
    let without = plan_of(&survey, &without);
    let expected = [("/r", "/s/r/main"), ("/r/x", "/s/r/x")];
    assert_eq!(
        written(&without),
        expected.map(|(w, t)| (Path::new(w), Path::new(t)))
    );
    let edit = &without.all::<WriteConfig>().next().expect("a write").edit;
    let text = edit.after.as_deref().map(String::from_utf8_lossy);
    assert_eq!(
        text.as_deref(),
        Some("[build]\ntarget-dir = \"/s/r/main\"\n")
    );
}

#[test]
fn flat_is_refused_for_several_worktrees() {
    let survey = two_worktrees();
    let flat = SetupOptions {
        layout: Some(Layout::Flat),
        ..SetupOptions::default()
    };
    let plan = plan_of(&survey, &flat);
    assert!(matches!(
        reason(&plan, "/r"),
        KeptReason::FlatUnsafe { worktrees: 2 }
    ));
    assert!(plan.actions.is_empty());
    let all_the_same = SetupOptions {
        allow_unsafe_sharing: true,
        ..flat
    };
    let plan = plan_of(&survey, &all_the_same);
    assert_eq!(written(&plan)[0].1, written(&plan)[1].1);
    assert!(
        plan.warnings
            .iter()
            .any(|warning| matches!(warning, Warning::SharedByWorktrees { .. }))
    );
}

#[test]
fn git_is_told_only_of_files_that_we_make() {
    let mut survey = two_worktrees();
    let path = survey.workspaces[0].config.clone();
    let users = ConfigFile {
        path: path.clone(),
        bytes: Some(b"[net]\n".to_vec()),
        ..ConfigFile::default()
    };
    survey.configs.insert(path, users);
    let plan = plan(&survey);
    let excludes: Vec<&EditFile> = plan.all::<Exclude>().map(|exclude| &exclude.0).collect();
    assert_eq!(
        excludes.len(),
        1,
        "one file for all worktrees of a repository"
    );
    assert_eq!(excludes[0].file, Path::new("/r/.git/info/exclude"));
}

/// Units that one tree built must never be fresh for another tree that was moved to its path.
#[test]
fn two_worktrees_that_change_places_keep_what_each_has_built() {
    let mut survey = two_worktrees();
    configure(&mut survey, 0, "/s/r/x");
    configure(&mut survey, 1, "/s/r/main");
    for (folder, root) in [("/s/r/main", "/r"), ("/s/r/x", "/x")] {
        survey.notes.insert(folder.into(), owner(root));
    }
    survey.workspaces[0].stamp = Some("/x".into());
    survey.workspaces[1].stamp = Some("/r".into());
    let plan = plan(&survey);
    assert!(
        written(&plan).is_empty(),
        "the configurations moved along: {plan:?}"
    );
}

#[test]
fn a_new_worktree_at_an_old_path_gets_a_folder_that_nobody_built_into() {
    let mut survey = two_worktrees();
    survey.notes.insert("/s/r/x".into(), owner("/x"));
    survey.workspaces[1].stamp = Some("made later".into());
    let plan = plan(&survey);
    assert_eq!(written(&plan)[1].1, Path::new("/s/r/x-2"));
}
