//! The program that configurations have Cargo run in place of the compiler.

use std::path::Path;

use crate::cargo::wrapper_script::{Whose, is_ours};
use crate::cargo::{config_chain, wrapper_script};
use crate::plan::action::{Change, EditFile};
use crate::plan::kept::{Kept, KeptReason, Subject};
use crate::setup::decide::SetupOptions;
use crate::survey::model::{Survey, Workspace};

/// The program that the configuration of a workspace is to name; `None` if a configuration above names it already, or
/// will, or if the user has set another one here or above.
pub(crate) fn of_workspace(
    workspace: &Workspace,
    survey: &Survey,
    options: &SetupOptions,
) -> Option<String> {
    let own = survey.configs.get(&workspace.config);
    let wanted = wanted(survey, options)?;
    let now = config_chain::wrapper(&workspace.root, &survey.configs, &survey.surroundings);
    let says_itself = own.is_some_and(|file| file.keys.rustc_wrapper.is_some());
    let serves = |there: &str| there == wanted || is_ours(there);
    match now {
        _ if options.config_at.is_some() => None,
        Some((there, _)) if serves(there) => says_itself.then(|| there.to_owned()),
        Some(_) => options.replace.then(|| wanted.to_owned()),
        None => Some(wanted.to_owned()),
    }
}

/// The program that a configuration above the worktrees is to name: the decided one, unless the user has set another
/// one.
pub(crate) fn of_place(path: &Path, survey: &Survey, options: &SetupOptions) -> Option<String> {
    let wanted = wanted(survey, options)?;
    let there = around(path, survey).map(|(there, _)| there);
    let may = options.replace || there.is_none_or(|there| there == wanted);
    may.then(|| wanted.to_owned())
}

/// The program that counts where a configuration lies, with the file that names it.
fn around<'a>(config: &'a Path, survey: &'a Survey) -> Option<(&'a str, &'a Path)> {
    let base = config.parent().and_then(Path::parent)?;
    config_chain::wrapper(base, &survey.configs, &survey.surroundings)
}

fn wanted<'a>(survey: &'a Survey, options: &'a SetupOptions) -> Option<&'a str> {
    let decided = options.settings.rustc_wrapper.as_ref();
    let decided = decided.or(survey.settings.rustc_wrapper.as_ref());
    decided
        .filter(|wrapper| !options.no_wrapper && !is_ours(wrapper))
        .map(String::as_str)
}

/// The configurations in which the user has set another one.
pub(crate) fn conflicts(survey: &Survey, options: &SetupOptions) -> Vec<Kept> {
    // The script runs the program that is set.
    let chained = options.replace || options.auto_onboard.is_some();
    let Some(wanted) = wanted(survey, options).filter(|_| !chained) else {
        return Vec::new();
    };
    let conflicts = survey.configs.iter().filter_map(|(path, file)| {
        let there = file.keys.rustc_wrapper.as_ref()?;
        // A script that is there runs what was asked for then: it is another matter if that changes.
        let differs = match is_ours(there) {
            true => options.settings.rustc_wrapper.is_some(),
            false => there != wanted,
        };
        differs.then(|| Kept {
            subject: Subject::File,
            path: path.clone(),
            reason: KeptReason::ConfigSet {
                file: path.clone(),
                key: "rustc-wrapper".into(),
                value: there.clone(),
            },
            on_disk: None,
            last_build: None,
        })
    });
    conflicts.collect()
}

/// The script by which new worktrees are set up.
pub(crate) struct Script {
    /// As the configuration names it.
    pub(crate) name: String,
    /// The edit that puts it in its place; `None` if it is there.
    pub(crate) edit: Option<EditFile>,
}

/// Decides the content of the script beside a configuration, if it is asked for. The script runs the program that was
/// set in place of the compiler before.
pub(crate) fn script(
    config: &Path,
    survey: &Survey,
    options: &SetupOptions,
) -> Result<Option<Script>, KeptReason> {
    let Some(program) = &options.auto_onboard else {
        return Ok(None);
    };
    let path = config.with_file_name(wrapper_script::NAME);
    let Some(name) = path.to_str().map(str::to_owned) else {
        return Err(KeptReason::Unwritable { path });
    };
    let before = survey.wrapper_script.clone();
    let chained = match before.as_deref().map(wrapper_script::whose) {
        Some(Whose::Foreign) => return Err(KeptReason::ChangedByHand),
        Some(Whose::Ours { next }) => next,
        None => None,
    };
    let own = around(config, survey)
        .filter(|(there, _)| !is_ours(there) && !there.is_empty())
        .map(|(there, file)| config_chain::program(there, file));
    // The script does not run a program that does not run any more.
    let gone = survey
        .settings
        .rustc_wrapper
        .as_ref()
        .filter(|_| options.no_wrapper);
    let chained = chained.filter(|next| !is_ours(next) && Some(next) != gone);
    let next = wanted(survey, options)
        .map(str::to_owned)
        .or(own)
        .or(chained);
    if let Some(next) = next.as_ref().filter(|next| next.contains(char::is_control)) {
        let path = next.into();
        return Err(KeptReason::Unwritable { path });
    }
    let after = wrapper_script::script(program.as_deref(), next.as_deref());
    let is_there = before.as_ref() == Some(&after);
    let change = match before {
        Some(_) => Change::Edit,
        None => Change::Create,
    };
    let edit = EditFile {
        file: path,
        before,
        after: Some(after),
        change,
    };
    let edit = Some(edit).filter(|_| !is_there);
    Ok(Some(Script { name, edit }))
}
