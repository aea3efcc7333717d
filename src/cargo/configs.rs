//! Reads Cargo's configuration files, and what the disk says against editing them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cargo::config_chain::CONFIG_NAMES;
use crate::cargo::model::{ConfigFile, TomlProblem};
use crate::cargo::{config_edit, toml_read};
use crate::fs;
use crate::markers::CARGO_FOLDER;
use crate::text::failure;

type Configs = BTreeMap<PathBuf, ConfigFile>;

/// Reads the files that count for these folders: those in `.cargo` in each of them and above.
pub(crate) fn read_above<'a>(folders: impl Iterator<Item = &'a Path>, configs: &mut Configs) {
    for folder in folders {
        for above in folder.ancestors() {
            let cargo_folder = above.join(CARGO_FOLDER);
            if configs.contains_key(&cargo_folder.join(CONFIG_NAMES[1])) {
                break;
            }
            read_folder(&cargo_folder, configs);
        }
    }
}

/// Reads the files in one `.cargo` folder. Missing files are noted as such.
pub(crate) fn read_folder(cargo_folder: &Path, configs: &mut Configs) {
    let folder_link = match fs::info(cargo_folder) {
        Ok(Some(info)) => info.is_symlink.then(|| fs::link_target(cargo_folder)),
        _ => None,
    };
    for name in CONFIG_NAMES {
        let path = cargo_folder.join(name);
        configs
            .entry(path.clone())
            .or_insert_with(|| read_file(path, folder_link.clone()));
    }
}

fn read_file(path: PathBuf, folder_link: Option<PathBuf>) -> ConfigFile {
    let mut file = ConfigFile {
        symlink: folder_link,
        ..ConfigFile::default()
    };
    if let Ok(Some(info)) = fs::info(&path) {
        file.read_only = info.read_only;
        if info.is_symlink {
            file.symlink = Some(fs::link_target(&path));
        }
    }
    match fs::read(&path) {
        Ok(None) => {}
        Ok(Some(bytes)) => {
            match toml_read::utf8(&bytes).and_then(config_edit::keys) {
                Ok(keys) => file.keys = keys,
                Err(problem) => file.invalid = Some(problem),
            }
            file.bytes = Some(bytes);
        }
        Err(error) => {
            file.invalid = Some(TomlProblem {
                line: 1,
                column: 1,
                message: failure::words(error.root_cause()),
            });
            file.bytes = Some(Vec::new());
        }
    }
    file.path = path;
    file
}
