//! Units that no build can ask for, by the files `Cargo.lock`.

use std::collections::HashMap;

use crate::cargo::lockfile::Lock;
use crate::clean::folder_use::Graph;
use crate::clean::gc::rules::{Covered, RuleInput};
use crate::clean::model::CollectReason;
use crate::target::unit::{Source, Unit};

/// Crates that only the standard library is built with (`-Zbuild-std`): what they need stands in no `Cargo.lock`.
const OF_THE_STANDARD_LIBRARY: [&str; 3] = ["core", "std", "compiler_builtins"];

/// No `Cargo.lock` names their package, or that of one of their dependencies. The name of a unit comes from all of
/// its dependencies, so that a build of a unit with this name has the same ones.
pub(super) fn units(input: &RuleInput<'_>) -> Vec<Covered> {
    let locks = match &input.folder.wanted.locks {
        Ok(locks) if input.options.unreferenced && doubts(input).is_empty() => locks,
        _ => return Vec::new(),
    };
    let units = &input.folder.inventory.units;
    let named = |unit: &Unit| match &unit.source {
        Source::Unknown => true,
        Source::Local => {
            let package = unit.package.as_deref();
            // By `paths` in a configuration, a package at a path takes the place of one that is locked.
            let is_named =
                |lock: &Lock, package: &str| lock.names_local(package) || lock.names(package);
            package.is_none_or(|package| locks.iter().any(|lock| is_named(lock, package)))
        }
        _ => locks.iter().any(|lock| lock.covers(unit)),
    };
    let roots = (0..units.len()).filter(|at| !named(&units[*at]));
    let mut found = Vec::new();
    let mut package: HashMap<usize, String> = HashMap::new();
    Graph::spread(&input.graph.dependents, roots, |at, by| {
        let reason = match by.and_then(|by| package.get(&by).cloned()) {
            Some(from) if named(&units[at]) => {
                package.insert(at, from.clone());
                CollectReason::MadeWithUnreferenced { package: from }
            }
            _ => {
                let own = units[at].package.clone().unwrap_or_default();
                package.insert(at, own);
                CollectReason::Unreferenced
            }
        };
        found.push((at, reason));
        true
    });
    found
}

/// The reasons why units that no build asks for cannot be recognised.
pub(super) fn doubts(input: &RuleInput<'_>) -> Vec<String> {
    if !input.options.unreferenced {
        return Vec::new();
    }
    if let Err(why) = &input.folder.wanted.locks {
        return vec![why.clone()];
    }
    let standard = input.folder.inventory.units.iter().find(|unit| {
        let package = unit.package.as_deref().unwrap_or_default();
        unit.source == Source::Local && OF_THE_STANDARD_LIBRARY.contains(&package)
    });
    let doubt = standard.map(|unit| {
        let profile = &unit.id.profile;
        format!("the standard library was built in `{profile}`, and no Cargo.lock lists its dependencies")
    });
    doubt.into_iter().collect()
}
