//! What packages are compiled with, besides their own files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::config_chain;
use crate::fs::{self, Source};
use crate::inherited;
use crate::model::{ConfigFile, LeftReason, Surroundings};
use crate::survey::configs;

/// Whether the configurations of two workspaces say the same of what is compiled. A file that counts for both does.
pub(super) fn same(from: &Path, into: &Path, around: &Surroundings) -> Result<(), LeftReason> {
    let mut files = BTreeMap::new();
    configs::read_above([from, into].into_iter(), &mut files);
    configs::read_folder(&around.cargo_home, &mut files);
    let of = |workspace: &Path, other: &Path| -> Vec<(PathBuf, Option<String>)> {
        let shared: Vec<&PathBuf> = config_chain::chain(other, &files, around)
            .map(|(file, _)| &file.path)
            .collect();
        config_chain::chain(workspace, &files, around)
            .filter(|(file, _)| !shared.contains(&&file.path))
            .map(|(file, _)| {
                let text = std::str::from_utf8(file.bytes.as_deref().unwrap_or_default()).ok();
                let text = text.filter(|_| file.invalid.is_none());
                (file.path.clone(), text.and_then(inherited::from_config))
            })
            .filter(|(_, said)| *said != inherited::from_config(""))
            .collect()
    };
    let (there, here) = (of(from, into), of(into, from));
    let differ = |file: &Path| LeftReason::OtherSettings {
        file: file.to_owned(),
    };
    for at in 0..there.len().max(here.len()) {
        match (there.get(at), here.get(at)) {
            (Some((_, Some(one))), Some((_, Some(two)))) if one == two => {}
            (_, Some((file, _))) | (Some((file, _)), None) => return Err(differ(file)),
            (None, None) => {}
        }
    }
    Ok(())
}

/// Whether the manifests of two workspaces say the same of one of their packages, whose own manifest is the same.
pub(super) fn same_manifests(
    from: &Path,
    into: &Path,
    top: &Path,
    folder: &Path,
) -> Result<(), LeftReason> {
    let read = |path: &Path| {
        let text = fs::read(path).ok().flatten();
        text.map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let file = into.join("Cargo.toml");
    let (there, here) = (read(&from.join("Cargo.toml")), read(&file));
    let said = |root: &Option<String>| {
        let package = read(&top.join(folder).join("Cargo.toml"))?;
        inherited::from_workspace(root.as_deref()?, &package)
    };
    if there.is_some() && there == here {
        return Ok(());
    }
    match (said(&there), said(&here)) {
        (Some(there), Some(here)) if there == here => Ok(()),
        _ => Err(LeftReason::OtherSettings { file }),
    }
}

/// What the donor's packages are compiled with besides their own files: the root manifest, and configurations that say
/// anything of it. Each one that has changed since `at` is a doubt.
pub(super) fn newer(from: &Path, around: &Surroundings, at: Timestamp) -> Option<PathBuf> {
    let mut files = BTreeMap::new();
    configs::read_above(std::iter::once(from), &mut files);
    configs::read_folder(&around.cargo_home, &mut files);
    let says = |file: &ConfigFile| {
        let text = String::from_utf8_lossy(file.bytes.as_deref().unwrap_or_default());
        inherited::from_config(&text) != inherited::from_config("")
    };
    let configs = config_chain::chain(from, &files, around).filter(|(file, _)| says(file));
    let mut all = configs
        .map(|(file, _)| file.path.clone())
        .chain([from.join("Cargo.toml")]);
    all.find(|path| Source::at(path).newest.is_none_or(|newest| newest >= at))
}
