//! What packages are compiled with, besides their own files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config_chain;
use crate::fs;
use crate::inherited;
use crate::model::{LeftReason, Surroundings};
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
                let text = String::from_utf8_lossy(file.bytes.as_deref().unwrap_or_default());
                (file.path.clone(), inherited::from_config(&text))
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
