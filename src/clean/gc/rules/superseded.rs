//! Units that have a newer build.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ffi::OsStr;

use crate::clean::gc::rules::{Covered, RuleInput};
use crate::clean::model::CollectReason;
use crate::target::unit::{Source, Unit, UnitId, UnitKind};

pub(super) fn units(input: &RuleInput<'_>) -> Vec<Covered> {
    if !input.options.superseded {
        return Vec::new();
    }
    let units = &input.folder.inventory.units;
    // Two workspaces may each have a package of that name.
    let told = |at: usize| input.folder.users.len() <= 1 || units[at].source != Source::Local;
    let superseded = superseded(units).into_iter().filter(|(at, _)| told(*at));
    superseded
        .map(|(at, by)| (at, CollectReason::Superseded { by }))
        .collect()
}

/// The units that have a newer build: of the same target of the same package, in the same profile folder, and checked
/// or built alike (a checked unit does not supersede a built one).
fn superseded(units: &[Unit]) -> Vec<(usize, UnitId)> {
    let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
    for (at, unit) in units.iter().enumerate() {
        let known = !matches!(unit.kind, UnitKind::Unknown { .. } | UnitKind::Doc);
        if known && unit.newest.is_some() && unit.package.is_some() {
            let key = (
                &unit.id.profile,
                &unit.package,
                &unit.version,
                &unit.source,
                &unit.targets,
                is_checked(unit),
            );
            alike.entry(key).or_default().push(at);
        }
    }
    let mut found = Vec::new();
    for mut all in alike.into_values().filter(|all| all.len() > 1) {
        all.sort_by_key(|at| Reverse(units[*at].newest));
        let newest = &units[all[0]];
        let older = all
            .iter()
            .skip(1)
            .filter(|at| units[**at].newest < newest.newest);
        found.extend(older.map(|at| (*at, newest.id.clone())));
    }
    found.sort_unstable_by_key(|(at, _)| *at);
    found
}

/// Whether a unit was only checked: there are metadata, and nothing that is linked.
pub(crate) fn is_checked(unit: &Unit) -> bool {
    let mut metadata = false;
    for file in &unit.files {
        match file.path.extension().and_then(OsStr::to_str) {
            Some("rmeta") => metadata = true,
            Some("rlib" | "so" | "dylib" | "dll") => return false,
            _ => {}
        }
    }
    metadata && unit.kind != UnitKind::BuildScriptRun
}
