//! Deletes single units of a target folder, each whole or not at all.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::clean::model::{CollectFolder, CollectedOther};
use crate::fs;
use crate::fs::{Ledger, Removal};
use crate::plan::apply::Deleted;
use crate::plan::outcome::{Collected, Stopped};
use crate::plan::run::Context;
use crate::target::layout;
use crate::target::unit_file::UnitFile;
use crate::text::failure;
use crate::warm::place::{held, unchanged};

/// Deletes the units of one folder, under Cargo's locks.
///
/// A unit is deleted only if every file of it is as it was in the plan, and no folder of it has another entry. Its
/// fingerprint is deleted first, so that Cargo makes anew whatever a killed run leaves of the unit: it does not run a
/// build script again because an output of it is missing.
pub(crate) fn folder(
    folder: &CollectFolder,
    context: &Context<'_>,
    ledger: &Ledger,
) -> Result<(Deleted, Collected), Stopped> {
    fs::checkpoint("collecting");
    let path = folder.path.as_path();
    match fs::info(path)? {
        Some(info) if !info.is_symlink && info.identity == folder.identity => {}
        _ => {
            return Err(Stopped::Skipped(
                "another folder has replaced the planned one; run again".into(),
            ));
        }
    }
    let of_units = folder.units.iter().map(|unit| &unit.id.profile);
    let of_others = folder.others.iter().map(|other| &other.profile);
    let profiles: BTreeSet<PathBuf> = of_units.chain(of_others).map(PathBuf::from).collect();
    let profiles: Vec<PathBuf> = profiles.into_iter().collect();
    // Held until all is gone: a build would find half of it.
    let _locks = fs::lock_to_write(path, &profiles).map_err(|busy| held(&busy, "it"))?;
    fs::checkpoint("collect-locked");
    let uses = fs::Uses::now();
    // A program in use keeps its dependencies too, and so everything is kept.
    let of_units = folder.units.iter().flat_map(|unit| &unit.files);
    let of_others = folder.others.iter().flat_map(|other| &other.files);
    let mut files = of_units.chain(of_others);
    let used = uses.of(path);
    if let Some(busy) = used.or_else(|| files.find_map(|file| uses.runs(file.identity))) {
        return Err(held(&busy, "it"));
    }
    let of_units = folder.units.iter().flat_map(|unit| &unit.files);
    let of_others = folder.others.iter().flat_map(|other| &other.files);
    let seen = crate::target::read::seen(of_units.chain(of_others));
    let removal = Removal::new(Some(&seen), ledger, context.progress);
    let gone = folder.units.par_iter().map(|unit| {
        let files = unit.files.iter().map(|file| file.path.as_path());
        let entries = entries(&unit.id.profile, files);
        remove(path, &unit.files, &entries, &removal)
    });
    let of_others = folder.others.par_iter().map(
        |CollectedOther {
             path: inner, files, ..
         }| {
            let entry = std::slice::from_ref(inner);
            remove(path, files, entry, &removal)
        },
    );
    let (gone, of_others): (Vec<_>, Vec<_>) = (gone.collect(), of_others.collect());
    let done = |results: &[Result<(), String>]| results.iter().filter(|one| one.is_ok()).count();
    let (units, others) = (done(&gone), done(&of_others));
    let left = gone.into_iter().chain(of_others);
    let left = left.filter_map(Result::err).collect();
    fs::checkpoint("collected");
    Ok((
        Deleted::from(removal.finish()),
        Collected {
            units,
            others,
            left,
        },
    ))
}

/// Deletes some entries of a folder, if their files are as they were. Where one of them cannot be deleted, those
/// after it are kept: with its fingerprint a unit has to be whole.
fn remove(
    folder: &Path,
    files: &[UnitFile],
    entries: &[PathBuf],
    removal: &Removal<'_>,
) -> Result<(), String> {
    for file in files {
        // A folder tells by its time whether something came into it.
        unchanged(&folder.join(&file.path), file)
            .map_err(|error| failure::words(error.as_ref()))?;
    }
    for entry in entries {
        let path = folder.join(entry);
        removal.remove(&path);
        if fs::exists(&path) {
            return Err(format!("`{}` still exists", path.display()));
        }
        fs::checkpoint("collected-entry");
    }
    Ok(())
}

/// The entries that a unit consists of, each with everything in it: its hashes first, then the rest of its fingerprint.
///
/// Cargo takes a unit with a hash for fresh, also without the explanation beside it (`.json`), without which nothing of the
/// unit can be understood here.
fn entries<'a>(profile: &str, files: impl Iterator<Item = &'a Path>) -> Vec<PathBuf> {
    let depth = profile.split('/').count();
    let files: BTreeSet<&Path> = files.collect();
    let entries: BTreeSet<(u8, PathBuf)> = files
        .iter()
        .flat_map(|file| {
            let first = |many: usize| -> PathBuf { file.iter().take(depth + many).collect() };
            let inner = layout::in_profile(file, profile, layout::entry);
            let print = layout::in_profile(file, profile, layout::fingerprint_folder);
            let of_unit = inner.map(|many| (if Some(many) == print { 1 } else { 2 }, first(many)));
            // In the new layout it lies in the unit's folder.
            let of_print = print.map(|many| (1, first(many)));
            let mut explanation = file.as_os_str().to_owned();
            explanation.push(".json");
            let explained = print.is_some() && files.contains(Path::new(&explanation));
            let hash = explained.then(|| (0, file.to_path_buf()));
            of_unit.into_iter().chain(of_print).chain(hash)
        })
        .collect();
    entries.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_of_a_unit_goes_first() {
        let hash = "0123456789abcdef";
        let of = |profile: &str, paths: &[&str]| -> Vec<String> {
            let paths: Vec<String> = paths.iter().map(|path| path.replace('#', hash)).collect();
            let entries = entries(profile, paths.iter().map(Path::new));
            let shown = entries.iter().map(|path| path.display().to_string());
            shown.map(|path| path.replace(hash, "#")).collect()
        };
        let classic = [
            "debug/.fingerprint/a-#",
            "debug/.fingerprint/a-#/dep-lib-a",
            "debug/.fingerprint/a-#/lib-a",
            "debug/.fingerprint/a-#/lib-a.json",
            "debug/build/a-#/out/x",
            "debug/build/a-#/out/x.json",
        ];
        assert_eq!(
            of("debug", &classic),
            [
                "debug/.fingerprint/a-#/lib-a",
                "debug/.fingerprint/a-#",
                "debug/build/a-#"
            ]
        );
        let new = [
            "t/debug/build/a/#/out/x",
            "t/debug/build/a/#",
            "t/debug/build/a/#/fingerprint/run-x",
            "t/debug/build/a/#/run/stdout",
        ];
        assert_eq!(
            of("t/debug", &new),
            ["t/debug/build/a/#/fingerprint", "t/debug/build/a/#"]
        );
    }
}
