//! The program that configurations have Cargo run in place of the compiler.

use super::SetupOptions;
use crate::config_chain;
use crate::model::{ConfigFile, Kept, KeptReason, Subject, Survey, Workspace};

/// What the configuration of a workspace is to say of it; nothing if one above says so already, or will.
pub(super) fn of_workspace(
    workspace: &Workspace,
    survey: &Survey,
    options: &SetupOptions,
) -> Option<String> {
    let own = survey.configs.get(&workspace.config);
    let says = |file: &ConfigFile| file.keys.rustc_wrapper.is_some();
    let now = config_chain::wrapper(&workspace.root, &survey.configs, &survey.surroundings);
    let above =
        now.map(|(wrapper, _)| wrapper) == wanted(survey, options) && !own.is_some_and(says);
    if above || options.config_at.is_some() {
        return None;
    }
    of(own, survey, options)
}

/// What a configuration is to say of it: what was decided, unless the user has set another one there.
pub(super) fn of(
    file: Option<&ConfigFile>,
    survey: &Survey,
    options: &SetupOptions,
) -> Option<String> {
    let wanted = wanted(survey, options)?;
    let there = file.and_then(|file| file.keys.rustc_wrapper.as_deref());
    let may = options.replace || there.is_none_or(|there| there == wanted);
    may.then(|| wanted.to_owned())
}

fn wanted<'a>(survey: &'a Survey, options: &'a SetupOptions) -> Option<&'a str> {
    let decided = options.settings.rustc_wrapper.as_ref();
    let decided = decided.or(survey.settings.rustc_wrapper.as_ref());
    decided.filter(|_| !options.no_wrapper).map(String::as_str)
}

/// The configurations in which the user has set another one.
pub(super) fn conflicts(survey: &Survey, options: &SetupOptions) -> Vec<Kept> {
    let Some(wanted) = wanted(survey, options).filter(|_| !options.replace) else {
        return Vec::new();
    };
    let conflicts = survey.configs.iter().filter_map(|(path, file)| {
        let there = file.keys.rustc_wrapper.as_ref()?;
        (there != wanted).then(|| Kept {
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
