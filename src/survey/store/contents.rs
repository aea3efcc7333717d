//! What a local store holds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

use super::unit;
use crate::fs::{self, EntryKind};
use crate::model::{HeldObject, HeldUnit, HeldWith, StoreContents, StoredUnit};
use crate::progress::Progress;
use crate::size::Bytes;
use crate::store::Places;

/// Looks at everything in a store; at nothing if there is none.
#[must_use]
pub fn contents(places: &Places, progress: &Progress) -> StoreContents {
    let mut contents = StoreContents {
        folder: places.root().to_owned(),
        ..StoreContents::default()
    };
    if !super::is_there(places) {
        return contents;
    }
    let objects = objects(places, &mut contents, progress);
    let mut files: Vec<PathBuf> = Vec::new();
    for circumstances in names(&places.units()) {
        for package in names(&circumstances) {
            files.extend(names(&package));
        }
    }
    let read: Vec<(PathBuf, Option<StoredUnit>)> = files
        .into_par_iter()
        .map(|file| {
            let unit = unit(&file);
            (file, unit)
        })
        .collect();
    let mut with: BTreeMap<String, HeldWith> = BTreeMap::new();
    let mut packages: HashSet<(String, String, String)> = HashSet::new();
    let mut used: HashSet<PathBuf> = HashSet::new();
    for (file, unit) in read {
        let Some(unit) = unit else {
            // Nobody can use it, and what it is about is unused then.
            contents.rest.push(file);
            continue;
        };
        let last_use = fs::info(&file)
            .ok()
            .flatten()
            .and_then(|info| info.modified);
        let held = held(places, file, &unit, &objects);
        used.extend(held.objects.iter().map(|object| object.path.clone()));
        let by = with
            .entry(unit.circumstances.clone())
            .or_insert_with(|| HeldWith {
                circumstances: unit.circumstances.clone(),
                built_with: fs::read(&places.built_with(&unit.circumstances))
                    .ok()
                    .flatten()
                    .and_then(|bytes| serde_json::from_slice(&bytes).ok()),
                packages: 0,
                units: 0,
                length: Bytes(0),
                last_use: None,
            });
        let package = (
            unit.circumstances.clone(),
            unit.package.name.clone(),
            unit.package.version.clone(),
        );
        by.packages += usize::from(packages.insert(package));
        by.units += 1;
        by.length += unit.length();
        by.last_use = by.last_use.max(last_use);
        contents.units.push(held);
    }
    contents.units.sort_by(|one, two| one.file.cmp(&two.file));
    contents.built_with = with.into_values().collect();
    let unused = objects.into_keys().filter(|path| !used.contains(path));
    contents.unused = unused.collect();
    contents.unused.sort();
    contents.rest.extend(names(&places.assembled()));
    contents
}

type Objects = HashMap<PathBuf, HeldObject>;

fn objects(places: &Places, contents: &mut StoreContents, progress: &Progress) -> Objects {
    let root = places.objects();
    let all: Mutex<Objects> = Mutex::default();
    if !fs::exists(&root) {
        return Objects::new();
    }
    contents.problems = fs::walk(&root, progress, &|_, entries| {
        let mut all = all.lock().unwrap_or_else(|error| error.into_inner());
        for entry in entries
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::File)
        {
            let path = root.join(&entry.path);
            let object = HeldObject {
                path: path.clone(),
                on_disk: entry.on_disk,
                alone: entry.links == 1,
            };
            all.insert(path, object);
        }
    });
    let all = all.into_inner().unwrap_or_else(|error| error.into_inner());
    contents.on_disk = all.values().map(|object| object.on_disk).sum();
    let alone = all.values().filter(|object| object.alone);
    contents.own = alone.map(|object| object.on_disk).sum();
    all
}

fn held(places: &Places, file: PathBuf, unit: &StoredUnit, objects: &Objects) -> HeldUnit {
    let mut hashes: Vec<&str> = unit.files.iter().map(|file| file.hash.as_str()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let own = hashes
        .iter()
        .filter_map(|hash| objects.get(&places.object(hash)));
    HeldUnit {
        key: unit.key.clone(),
        package: unit.package.clone(),
        dependencies: unit.dependencies.clone(),
        objects: own.cloned().collect(),
        last_use: fs::info(&file)
            .ok()
            .flatten()
            .and_then(|info| info.modified),
        file,
    }
}

/// What is in a folder, but for what describes the folder itself.
fn names(folder: &Path) -> Vec<PathBuf> {
    let names = fs::names(folder).unwrap_or_default().into_iter();
    let others = names.filter(|name| name != "built-with.json");
    others.map(|name| folder.join(name)).collect()
}
