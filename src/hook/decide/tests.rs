//! Every state that a repository can be in.

use super::*;
use crate::hook::model::{HookFiles, HooksElsewhere, InstallHook, RemoveHook};

fn file(bytes: &[u8], executable: bool) -> FoundProgram {
    FoundProgram::File {
        bytes: bytes.to_owned(),
        mode: if executable { 0o755 } else { 0o644 },
        executable,
    }
}

fn program() -> Option<&'static Path> {
    Some(Path::new("/bin/us"))
}

/// Everything that can stand where a hook is.
fn hooks() -> Vec<FoundProgram> {
    let ours = hook_script::script(program(), false);
    vec![
        FoundProgram::Nothing,
        file(&ours, true),
        file(&ours, false),
        file(&hook_script::script(program(), true), true),
        file(&hook_script::script(None, false), true),
        file(&hook_script::sealed(0, b""), true),
        file(&hook_script::sealed(99, b""), true),
        file(&[&ours[..], b"mine"].concat(), true),
        file(b"foreign", true),
        file(b"foreign", false),
        FoundProgram::Link("away".into()),
        FoundProgram::Other,
        FoundProgram::Unreadable("why".into()),
    ]
}

fn sites() -> Vec<HookSite> {
    let mut all = Vec::new();
    let folders = [
        HooksFolder::Missing,
        HooksFolder::There,
        HooksFolder::Link("away".into()),
        HooksFolder::Other,
    ];
    let elsewhere = |runs_us| HooksElsewhere {
        folder: "/other".into(),
        runs_us,
    };
    for folder in folders {
        for elsewhere in [None, Some(elsewhere(false)), Some(elsewhere(true))] {
            for unfinished in [false, true] {
                for hook in hooks() {
                    for before in hooks() {
                        let nothing = [&hook, &before].map(|f| *f == FoundProgram::Nothing);
                        if folder == HooksFolder::Missing && nothing != [true, true] {
                            continue;
                        }
                        all.push(HookSite {
                            repository: format!("/{}", all.len()).into(),
                            folder: folder.clone(),
                            elsewhere: elsewhere.clone(),
                            files: HookFiles {
                                hook: hook.clone(),
                                before,
                            },
                            unfinished,
                        });
                    }
                }
            }
        }
    }
    all
}

/// The site once the change is made.
fn carried_out(site: &HookSite, change: &HookChange) -> HookSite {
    let mut site = site.clone();
    let nothing = || FoundProgram::Nothing;
    let HookFiles { hook, before } = &mut site.files;
    match change.how {
        HookStep::Create | HookStep::CreateFolder | HookStep::Renew | HookStep::Chain => {
            site.folder = HooksFolder::There;
            if change.how == HookStep::Chain {
                *before = hook.clone();
            }
            *hook = file(&change.content, true);
        }
        HookStep::Remove | HookStep::RemoveFolder => *hook = nothing(),
        HookStep::PutBack => *hook = std::mem::replace(before, nothing()),
        HookStep::Tidy if hook == before => *before = nothing(),
        HookStep::Tidy => {}
    }
    site.unfinished = false;
    site
}

fn the_change(plan: &Plan) -> Option<&HookChange> {
    assert_eq!(plan.actions.len() + plan.kept.len(), 1, "each exactly once");
    let install = plan.all::<InstallHook>().map(|hook| &hook.change);
    let remove = plan.all::<RemoveHook>().map(|hook| &hook.0);
    let change = install.chain(remove).next();
    assert_eq!(change.is_some(), !plan.actions.is_empty(), "{plan:?}");
    change
}

#[test]
fn after_a_change_nothing_is_left_to_do_and_no_foreign_hook_is_lost() {
    let foreign = |found: &FoundProgram| match found {
        FoundProgram::File { bytes, .. } => hook_script::whose(bytes) == Whose::Foreign,
        _ => false,
    };
    for site in sites() {
        let one = std::slice::from_ref(&site);
        for installs in [true, false] {
            let decide = if installs {
                install_hook
            } else {
                uninstall_hook
            };
            let plan = decide(one, program());
            let Some(change) = the_change(&plan) else {
                continue;
            };
            assert_eq!(obstacle(&site), None);
            assert!(!installs || site.elsewhere.is_none());
            let changed = matches!(&site.files.hook, FoundProgram::File { bytes, .. }
                if hook_script::whose(bytes) == Whose::Changed);
            assert!(!changed, "{:?}", change.how);

            let after = carried_out(&site, change);
            for found in [&site.files.hook, &site.files.before] {
                let still = [&after.files.hook, &after.files.before].contains(&found);
                assert!(
                    still || !foreign(found),
                    "{}: {:?}",
                    site.repository.display(),
                    change.how
                );
            }
            let again = decide(std::slice::from_ref(&after), program());
            assert!(
                the_change(&again).is_none(),
                "{}: {:?}",
                site.repository.display(),
                change.how
            );
            assert!(
                hooks_are_as_asked(&again, installs) || site.elsewhere.is_some(),
                "{}: {:?}",
                site.repository.display(),
                change.how
            );
        }
    }
}
