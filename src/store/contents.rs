//! The content of a local store.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

use crate::fs::EntryKind;
use crate::fs::model::Problem;
use crate::progress::Progress;
use crate::size::Bytes;
use crate::store::StorePaths;
use crate::store::model::{HeldObject, HeldUnit, HeldWith, StoreContents, StoredUnit};
use crate::text::failure;
use crate::{fs, store};

/// Looks at everything in a store; at nothing if there is none.
#[must_use]
pub(crate) fn contents(places: &StorePaths, progress: &Progress) -> StoreContents {
    let mut contents = StoreContents {
        folder: places.root().to_owned(),
        ..StoreContents::default()
    };
    if !crate::store::local::is_there(places) {
        return contents;
    }
    let objects = objects(places, &mut contents, progress);
    let mut files: Vec<PathBuf> = Vec::new();
    for circumstances in folders(&places.units()) {
        for package in folders(&circumstances) {
            let names = fs::names(&package).unwrap_or_default().into_iter();
            let ours = names.filter(|name| name.strip_suffix(".json").is_some_and(store::is_key));
            files.extend(ours.map(|name| package.join(name)));
        }
    }
    let read: Vec<(PathBuf, Read)> = files
        .into_par_iter()
        .map(|file| {
            let read = read(&file);
            (file, read)
        })
        .collect();
    let mut clear = contents.problems.is_empty();
    let mut with: BTreeMap<String, HeldWith> = BTreeMap::new();
    let mut packages: HashSet<(String, String, String)> = HashSet::new();
    let mut used: HashSet<PathBuf> = HashSet::new();
    for (file, read) in read {
        let unit = match read {
            Read::Unit(unit) => unit,
            // No run can use the file, and the contents that it names are unused then.
            Read::Rubbish => {
                contents.rest.push(file);
                continue;
            }
            Read::Unclear(message) => {
                clear = false;
                contents.problems.push(Problem {
                    path: file,
                    message,
                });
                continue;
            }
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
    // Another version may understand the unreadable descriptions, and they may need any of the contents.
    let unused = objects
        .into_keys()
        .filter(|path| clear && !used.contains(path));
    contents.unused = unused.collect();
    contents.unused.sort();
    let left = folders(&places.assembled()).into_iter();
    let ours = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("run-"))
    };
    contents.rest.extend(left.filter(ours));
    // Assembled units have file names of their own.
    let written = [places.objects(), places.units(), places.sets()];
    let written = written.iter().filter(|folder| fs::is_folder(folder));
    for (path, on_disk) in written.flat_map(|folder| fs::leftovers(folder)) {
        contents.rest.push(path);
        contents.rest_on_disk += on_disk;
    }
    let refused = fs::refuses_store(places.root(), &places.parts());
    let refused = refused.map(|(path, message)| Problem { path, message });
    contents.problems.extend(refused);
    let units = contents.units.iter();
    let descriptions = units.clone().map(|unit| unit.file.as_path());
    let contained = units.flat_map(|unit| unit.objects.iter().map(|object| object.path.as_path()));
    let unused = contents.unused.iter().chain(&contents.rest);
    let all: HashSet<&Path> = descriptions
        .chain(contained)
        .chain(unused.map(PathBuf::as_path))
        .collect();
    let seen = fs::seen_at(&Vec::from_iter(all), progress);
    contents.seen = seen;
    contents.on_disk += contents.rest_on_disk;
    contents.own += contents.rest_on_disk;
    contents
}

/// The result of reading a file that has the name of a description.
enum Read {
    Unit(Box<StoredUnit>),
    /// Half of a description, or text that is none.
    Rubbish,
    /// A newer one, or one that cannot be read now.
    Unclear(String),
}

fn read(file: &Path) -> Read {
    let bytes = match fs::info(file) {
        Ok(Some(info)) if info.is_file => fs::read(file),
        _ => return Read::Unclear("expected the description of a unit".into()),
    };
    match bytes {
        Ok(Some(bytes)) => match serde_json::from_slice(&bytes) {
            Ok(unit) => Read::Unit(Box::new(unit)),
            Err(_) if serde_json::from_slice::<serde_json::Value>(&bytes).is_ok() => {
                Read::Unclear("a newer cargo-sharedtarget may have written it".into())
            }
            Err(_) => Read::Rubbish,
        },
        Ok(None) => Read::Unclear("it is gone".into()),
        Err(error) => Read::Unclear(failure::words(error.as_ref())),
    }
}

type Objects = HashMap<PathBuf, HeldObject>;

fn objects(places: &StorePaths, contents: &mut StoreContents, progress: &Progress) -> Objects {
    let root = places.objects();
    let all: Mutex<Objects> = Mutex::default();
    // A folder behind a link is not ours.
    if !fs::is_folder(&root) {
        return Objects::new();
    }
    contents.problems = fs::walk(&root, progress, &|_, entries| {
        let mut all = all.lock().unwrap_or_else(|error| error.into_inner());
        for entry in entries
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::File)
        {
            let path = root.join(&entry.path);
            if !is_object(&entry.path) {
                continue;
            }
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

fn held(places: &StorePaths, file: PathBuf, unit: &StoredUnit, objects: &Objects) -> HeldUnit {
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

/// Whether a path is that of an object: two digits of its hash, and the others.
fn is_object(path: &Path) -> bool {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    matches!(&parts[..], [two, rest] if two.len() == 2 && store::is_key(&format!("{two}{rest}")))
}

/// The folders in a folder; what links lead to is not ours.
fn folders(folder: &Path) -> Vec<PathBuf> {
    if !fs::is_folder(folder) {
        return Vec::new();
    }
    let names = fs::names(folder).unwrap_or_default().into_iter();
    let all = names.map(|name| folder.join(name));
    all.filter(|path| fs::is_folder(path)).collect()
}
