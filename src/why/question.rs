//! Which units are to be explained.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::cargo::lockfile::Lock;
use crate::target::fingerprint;
use crate::target::unit::{Inventory, Source, Unit, UnitId};
use crate::target::unit_file::UnitFile;
use crate::warm::decide::name;
use crate::why::model::LastBuild;
use crate::why::session::{self, Origin, Span};
use crate::why::spec::Spec;

/// The units that are to be explained.
#[derive(Debug)]
pub(crate) struct Question {
    /// How each unit of the folder came to be there.
    pub(crate) origins: Vec<Origin>,
    pub(crate) build: Option<LastBuild>,
    /// The units that the last build compiled, by index.
    pub(crate) compiled: BTreeSet<usize>,
    /// The units to explain, by index.
    pub(crate) asked: BTreeSet<usize>,
}

impl Question {
    /// When the build began that has compiled a unit: of an earlier one, only the moment of that unit is known.
    pub(crate) fn began(&self, at: usize) -> Option<Timestamp> {
        let Origin::Compiled(span) = *self.origins.get(at)? else {
            return None;
        };
        let build = self.build.filter(|_| self.compiled.contains(&at));
        Some(build.map_or(span.began, |build| build.began))
    }
}

/// Which units are to be explained: those of a package, or those that the last build compiled.
pub(crate) fn question(
    there: &Inventory,
    marked: &BTreeSet<UnitId>,
    package: Option<&Spec>,
    lock: Option<&Lock>,
) -> Question {
    let units = &there.units;
    let origins: Vec<Origin> = units
        .iter()
        .map(|unit| session::origin(unit, marked.contains(&unit.id)))
        .collect();
    let spans: Vec<Option<Span>> = origins
        .iter()
        .map(|origin| match origin {
            Origin::Compiled(span) => Some(*span),
            _ => None,
        })
        .collect();
    let last = session::last(&spans);
    let build = last.as_ref().map(|(span, units)| LastBuild {
        began: span.began,
        ended: span.ended,
        units: units.len(),
    });
    let compiled: BTreeSet<usize> = last.into_iter().flat_map(|(_, units)| units).collect();
    let asked = match package {
        None => compiled.clone(),
        Some(spec) => {
            let is_meant = |unit: &Unit| {
                let version = version(unit, lock);
                spec.means(&name(unit), version.as_deref()) && has_fingerprint(unit)
            };
            let all = units.iter().enumerate();
            all.filter(|(_, unit)| is_meant(unit))
                .map(|(at, _)| at)
                .collect()
        }
    };
    Question {
        origins,
        build,
        compiled,
        asked,
    }
}

/// Returns whether there is a fingerprint, though it may be empty: nothing can be said about other files of Cargo's.
fn has_fingerprint(unit: &Unit) -> bool {
    let is_hash =
        |file: &UnitFile| file.is_fingerprint() && fingerprint::target(&file.name()).is_some();
    unit.files.iter().any(is_hash)
}

/// The packages of units that have an empty fingerprint: their build failed, or it still runs.
pub(crate) fn unfinished(there: &Inventory) -> Vec<String> {
    let is_empty = |file: &UnitFile| {
        let name = file.name();
        let is_hash = !name.ends_with(".json") && fingerprint::target(&name).is_some();
        file.is_fingerprint() && is_hash && file.length.0 == 0
    };
    let units = there.units.iter();
    let units = units.filter(|unit| unit.files.iter().any(is_empty));
    let names: BTreeSet<String> = units.map(name).collect();
    names.into_iter().collect()
}

/// The version of a unit's package, of a local one by `Cargo.lock`.
pub(crate) fn version(unit: &Unit, lock: Option<&Lock>) -> Option<String> {
    let local = || {
        let package = unit.package.as_deref()?;
        let version = lock?.local_version(package)?;
        (unit.source == Source::Local).then(|| version.to_owned())
    };
    unit.version.clone().or_else(local)
}
